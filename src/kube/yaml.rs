//! The YAML reader: from a text to objects, by its documents and list items.
//!
//! The text is split into documents and list items first (see [`split`](super::split)), so that a
//! broken one doesn't lose the others, other kinds cost next to nothing, and the pieces can be
//! parsed on all cores.

use super::decode::{self, Inherited, NonObjects, Registry};
use super::piece::{Piece, in_file};
use super::split::{self, Chunk, Shape};
use super::{Manifest, Watch};
use crate::diagnostic::{Diagnostic, Problem};
use crate::object::ObjectRef;
use crate::parallel;
use crate::text::FileId;
use crate::text::yaml::{self, Error, Node};

/// The largest text in which objects of other kinds are parsed to see that they can be.
const SMALL: usize = 1 << 20;

/// How many items of a list are parsed at once.
const AT_ONCE: usize = 32;

/// What reads a text.
struct YamlReader<'a> {
    file: FileId,
    text: &'a str,
    registry: &'a Registry,
    non_objects: NonObjects,
    others: Others,
}

/// What is done with objects of kinds that aren't decoded.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Others {
    /// They are parsed, to see that they can be.
    Parsed,
    /// They aren't looked at.
    PassedOver,
}

/// Reads a YAML text.
pub(super) fn read(
    file: FileId,
    text: &str,
    non_objects: NonObjects,
    registry: &Registry,
    watch: &Watch<'_>,
) -> Manifest {
    let chunks = split::split(text, registry);
    let reader = YamlReader {
        file,
        text,
        registry,
        non_objects,
        others: if non_objects == NonObjects::Told && text.len() <= SMALL {
            Others::Parsed
        } else {
            Others::PassedOver
        },
    };
    let runs: Vec<&[Chunk<'_>]> = chunks
        .chunk_by(Chunk::continues_in)
        .flat_map(|run| run.chunks(AT_ONCE))
        .collect();
    let parts: Vec<Manifest> = parallel::map(&runs, |run| {
        let read = reader.run(run);
        watch(run.iter().map(|chunk| chunk.text.len()).sum());
        read
    });
    let mut whole = Manifest::default();
    whole.extend(parts);
    whole
}

impl YamlReader<'_> {
    /// Reads chunks that are alike. Items of one list, end to end, are parsed all at once, since the
    /// parser takes its time to begin, and one by one where something is wrong with any of them.
    fn run(&self, run: &[Chunk<'_>]) -> Manifest {
        let mut manifest = Manifest::default();
        if let [first, .., last] = run
            && let Some(together) = first.up_to(last, self.text)
            && let Ok(document) = yaml::document(together.text)
            && let Some(items) = document.root().items()
            // A quote that one item opens might end in another.
            && items.len() == run.len()
        {
            self.items(&together, items, &mut manifest);
            return manifest;
        }
        for chunk in run {
            self.chunk(chunk, &mut manifest);
        }
        manifest
    }

    fn chunk(&self, chunk: &Chunk<'_>, manifest: &mut Manifest) {
        if chunk.shape == Shape::OtherKind {
            manifest.skipped += 1;
            if self.others == Others::PassedOver {
                return;
            }
        }
        let document = match yaml::document(chunk.text) {
            Ok(document) => document,
            Err(error) => {
                manifest.diagnostics.push(self.broken(chunk, &error));
                return;
            }
        };
        match &chunk.shape {
            Shape::OtherKind => {}
            Shape::Document => {
                let inherited = Inherited::document(self.non_objects);
                self.object(chunk, document.root(), &inherited, manifest);
            }
            Shape::Item(_) => match document.root().items() {
                Some(items) => self.items(chunk, items, manifest),
                None => self.items(chunk, std::iter::once(document.root()), manifest),
            },
        }
    }

    /// Reads items of a list.
    fn items<'a>(
        &self,
        chunk: &Chunk<'_>,
        items: impl Iterator<Item = Node<'a>>,
        manifest: &mut Manifest,
    ) {
        let inherited = match &chunk.shape {
            Shape::Item(list) => Inherited::item(&list.api_version, &list.kind),
            _ => Inherited::document(NonObjects::PassedOver),
        };
        for item in items {
            self.object(chunk, item, &inherited, manifest);
        }
    }

    fn object(
        &self,
        chunk: &Chunk<'_>,
        node: Node<'_>,
        inherited: &Inherited,
        manifest: &mut Manifest,
    ) {
        let piece = Piece::Yaml {
            node,
            file: self.file,
            first_line: chunk.line,
        };
        decode::object(piece, inherited, self.registry, manifest);
    }

    /// What is told of a chunk that can't be read.
    fn broken(&self, chunk: &Chunk<'_>, error: &Error) -> Diagnostic {
        let mut message = error.to_string();
        if chunk.text.contains("{{") {
            message.push_str(" (a template? render it first)");
        }
        let span = in_file(error.span(), self.file, chunk.line);
        Diagnostic::new(span, Problem::Unreadable { message })
    }
}

/// What an object may be called whose shape isn't known: its kind and name, where it says them.
pub(super) fn title(object: Node<'_>) -> ObjectRef {
    let kind = object.get("kind").and_then(Node::as_str);
    let name = object
        .get("metadata")
        .and_then(|metadata| metadata.get("name"))
        .and_then(Node::as_str);
    ObjectRef::new(kind.unwrap_or_default(), "", name.unwrap_or_default())
}

//! The YAML reader: from a document to objects.
//!
//! A document is what kubectl takes for one (see [`stream`](super::stream)). One that is proved to be
//! of another kind isn't parsed ([`block_style`]); a list as kubectl prints it is read item by item,
//! on all cores ([`split`]); all others are parsed as they are.

use super::block_style::{self, Stands};
use super::decode::{self, Inherited, NonObjects, Registry, Told};
use super::piece::{Piece, Within};
use super::split::{self, Item, List};
use super::{AliasBudget, Manifest, OnProgress};
use crate::diagnostic::{Diagnostic, Problem};
use crate::object::ObjectRef;
use crate::parallel;
use crate::text::yaml::{self, Document, Error, Limits, Node};
use crate::text::{FileId, Fingerprint, Span};

/// How many items of a list are parsed at once.
const AT_ONCE: usize = 32;

/// What reads the documents of a file.
#[derive(Clone, Copy)]
pub(super) struct YamlReader<'a> {
    pub(super) file: FileId,
    pub(super) registry: &'a Registry,
    pub(super) non_objects: NonObjects,
    pub(super) aliases: &'a AliasBudget,
    pub(super) on_progress: &'a OnProgress<'a>,
}

/// What kubectl stumbles over: a text that can't be read, and where.
pub(super) struct Stumble {
    pub(super) span: Span,
    pub(super) message: String,
}

impl YamlReader<'_> {
    /// Reads a document that begins on this line.
    pub(super) fn document(&self, text: &str, line: u32) -> Result<Manifest, Stumble> {
        let mut manifest = Manifest::default();
        let list = split::list(text, line);
        if list.is_some_and(|list| self.list(&list, text, line, &mut manifest)) {
            return Ok(manifest);
        }
        let progress = || (self.on_progress)(text.len());
        if let Some(proved) = block_style::prove(text, Stands::Document)
            && !self.registry.wants(proved.kind)
        {
            manifest.skipped += 1;
            progress();
            return Ok(manifest);
        }
        let limits = Limits::default().as_deep_as_kubectl();
        let document =
            yaml::first_document(text, limits).map_err(|error| self.stumble(text, line, &error))?;
        let piece = self.piece(text, line, &document, document.root());
        if let Some(problem) = self.aliases.refuse(&document) {
            let diagnostic = Diagnostic::new(piece.span(), problem);
            manifest
                .diagnostics
                .push(diagnostic.with_content(Fingerprint::of(text.as_bytes())));
        } else {
            decode::value(piece, self.non_objects, self.registry, &mut manifest);
            self.tell_repeated(&document, &piece, &mut manifest);
            self.tell_after(&document, text, &piece, &mut manifest);
        }
        progress();
        Ok(manifest)
    }

    fn piece<'a>(
        &self,
        text: &'a str,
        line: u32,
        document: &Document<'_>,
        node: Node<'a>,
    ) -> Piece<'a> {
        let begin = Span {
            file: self.file,
            line,
            column: 1,
        };
        let within = Within {
            text,
            begin,
            unaliased: document.size().aliased == 0,
        };
        Piece::Yaml { node, within }
    }

    /// Reads a list by its items, if they can be read so.
    fn list(&self, list: &List<'_>, text: &str, line: u32, manifest: &mut Manifest) -> bool {
        let Some(head) = list.head() else {
            return false;
        };
        let around = self.piece("", line, &head, head.root());
        let Ok(inherited) = Inherited::read(around) else {
            return false;
        };
        let runs: Vec<Option<Manifest>> = parallel::map_chunks(&list.items, AT_ONCE, |run| {
            let read = self.run(run, list.dash, &inherited);
            (self.on_progress)(run.iter().map(|item| item.text.len()).sum());
            read
        });
        let Some(found) = runs.into_iter().collect::<Option<Vec<Manifest>>>() else {
            return false;
        };
        let told = || Told {
            content: Fingerprint::of(text.as_bytes()),
            ..around.told()
        };
        decode::add_items(told, &inherited, found, manifest);
        true
    }

    /// Reads items of a list; none where they have to be read with the rest of it.
    fn run(&self, run: &[Item<'_>], dash: usize, inherited: &Inherited) -> Option<Manifest> {
        let mut manifest = Manifest::default();
        for item in run {
            let proved = block_style::prove(item.text, Stands::Item(dash));
            if proved.is_some_and(|proved| !self.registry.wants(proved.kind)) {
                manifest.skipped += 1;
                continue;
            }
            let document = yaml::first_document(item.text, Limits::default()).ok()?;
            let mut items = document.root().items()?;
            let (Some(node), None) = (items.next(), items.next()) else {
                return None;
            };
            if document.end().range().end != item.text.len() || document.size().aliased > 0 {
                return None;
            }
            let piece = self.piece(item.text, item.line, &document, node);
            if !piece.is_null() && !piece.is_mapping() {
                return None;
            }
            decode::item(piece, inherited, self.registry, &mut manifest).ok()?;
            self.tell_repeated(&document, &piece, &mut manifest);
        }
        Some(manifest)
    }

    /// Tells of keys that stand twice in what gave objects.
    fn tell_repeated(&self, document: &Document<'_>, piece: &Piece<'_>, manifest: &mut Manifest) {
        let (Piece::Yaml { within, .. }, false) = (piece, manifest.objects.is_empty()) else {
            return;
        };
        tell_repeated(document, within, manifest);
    }

    /// Tells of what follows the end of a document in the same text, if it is more than comments.
    fn tell_after(
        &self,
        document: &Document<'_>,
        text: &str,
        piece: &Piece<'_>,
        manifest: &mut Manifest,
    ) {
        let (Piece::Yaml { within, .. }, NonObjects::Told) = (piece, self.non_objects) else {
            return;
        };
        let end = document.end();
        let rest = text.get(end.range().start..).unwrap_or_default();
        let is_nothing = |line: &str| {
            let line = line.trim();
            line.is_empty() || line.starts_with('#') || line == "..." || line == "---"
        };
        if !rest.lines().all(is_nothing) {
            let problem = Diagnostic::new(within.span(end), Problem::AfterEnd);
            manifest.diagnostics.push(problem);
        }
    }

    fn stumble(&self, text: &str, line: u32, error: &Error) -> Stumble {
        let mut message = error.to_string();
        if text.contains("{{") {
            message.push_str(" (a template? render it first)");
        }
        let begin = Span {
            file: self.file,
            line,
            column: 1,
        };
        let within = Within {
            text,
            begin,
            unaliased: false,
        };
        Stumble {
            span: within.span(error.span()),
            message,
        }
    }
}

/// Tells of keys that stand twice.
pub(super) fn tell_repeated(document: &Document<'_>, within: &Within<'_>, manifest: &mut Manifest) {
    for repeated in document.repeated() {
        let problem = Problem::RepeatedKey {
            key: crate::text::beginning(&repeated.key).into_owned(),
            first: within.span(repeated.first).line,
        };
        let span = within.span(repeated.again);
        manifest.diagnostics.push(Diagnostic::new(span, problem));
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

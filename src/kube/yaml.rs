//! The YAML reader: from a text to objects, by its documents and list items.
//!
//! The text is split into documents and list items first (see [`split`](super::split)), so that a
//! broken one doesn't lose the others, other kinds cost next to nothing, and the pieces can be
//! parsed on all cores.

use super::interpret::{self, Inherited};
use super::raw::{Format, Locate, Piece, RawObject, RawRule, RawSpec, RawSubject, ShapeError};
use super::split::{self, Chunk, Shape};
use super::{Manifest, Watch};
use crate::diagnostic::{Diagnostic, Problem};
use crate::parallel;
use crate::text::yaml::{self, Error, Spanned};
use crate::text::{FileId, Span};

/// The largest text in which objects of other kinds are parsed to see that they can be.
const SMALL: usize = 1 << 20;

/// How many items of a list are parsed at once.
const AT_ONCE: usize = 32;

/// YAML's [`Format`]: every piece carries its line and column.
pub(super) struct Yaml;

impl<'a> Format<'a> for Yaml {
    type Rule = Spanned<RawRule<'a>>;
    type Subject = Spanned<RawSubject<'a>>;
    type Spec = Spanned<RawSpec<'a>>;
    type Item = Spanned<RawObject<'a, Yaml>>;
}

impl<'a, T> Piece<'a, T> for Spanned<T> {
    fn open(self, at: &dyn Locate) -> Result<(T, Span), ShapeError> {
        let span = at.line_column(self.span.line.into(), self.span.column.into());
        Ok((self.value, span))
    }
}

/// Where a chunk stands in its source.
struct ChunkPlaces {
    source: FileId,
    line: u32,
}

impl ChunkPlaces {
    fn of(source: FileId, chunk: &Chunk<'_>) -> Self {
        ChunkPlaces {
            source,
            line: chunk.line,
        }
    }

    fn locate(&self, span: yaml::Span) -> Span {
        self.line_column(span.line.into(), span.column.into())
    }
}

impl Locate for ChunkPlaces {
    fn line_column(&self, line: u64, column: u64) -> Span {
        let line = u32::try_from(line).unwrap_or(u32::MAX);
        Span {
            file: self.source,
            line: self.line.saturating_add(line.max(1)) - 1,
            column: u32::try_from(column).unwrap_or(u32::MAX),
        }
    }

    fn slice(&self, _: &str) -> Span {
        self.line_column(1, 1)
    }
}

/// Reads a YAML text. `named` says whether the user named the file, and so should hear of
/// documents that are no Kubernetes objects.
pub(super) fn read(source: FileId, text: &str, named: bool, watch: &Watch<'_>) -> Manifest {
    let chunks = split::split(text);
    let parse_others = named && text.len() <= SMALL;
    let runs: Vec<&[Chunk<'_>]> = chunks
        .chunk_by(Chunk::continues_in)
        .flat_map(|run| run.chunks(AT_ONCE))
        .collect();
    let parts: Vec<Manifest> = parallel::map(&runs, |run| {
        let read = read_run(source, text, run, named, parse_others);
        watch(run.iter().map(|chunk| chunk.text.len()).sum());
        read
    });
    let mut whole = Manifest::default();
    for part in parts {
        whole.extend(part);
    }
    whole
}

/// Reads chunks that are alike. Items of one list, end to end, are parsed all at once, since the
/// parser takes its time to begin, and one by one where something is wrong with any of them.
fn read_run(
    source: FileId,
    text: &str,
    run: &[Chunk<'_>],
    named: bool,
    parse_others: bool,
) -> Manifest {
    if let [first, .., last] = run
        && let Some(together) = first.up_to(last, text)
        && let Ok(items) = read_items(source, &together)
        // A quote that one item opens might end in another.
        && items.count == run.len()
    {
        return items.read;
    }
    let mut whole = Manifest::default();
    for chunk in run {
        whole.extend(match chunk.shape {
            Shape::OtherKind if !parse_others => {
                whole.skipped += 1;
                continue;
            }
            Shape::OtherKind => read_other(source, chunk),
            Shape::Document => read_document(source, chunk, named),
            Shape::Item(_) => match read_items(source, chunk) {
                Ok(items) => items.read,
                Err(error) => {
                    let places = ChunkPlaces::of(source, chunk);
                    let mut manifest = Manifest::default();
                    manifest.diagnostics.push(describe(&error, chunk, &places));
                    manifest
                }
            },
        });
    }
    whole
}

/// Passes over an object of another kind, if it can be parsed.
fn read_other(source: FileId, chunk: &Chunk<'_>) -> Manifest {
    let mut manifest = Manifest::default();
    manifest.skipped += 1;
    if let Err(error) = yaml::document(chunk.text) {
        let places = ChunkPlaces::of(source, chunk);
        manifest.diagnostics.push(describe(&error, chunk, &places));
    }
    manifest
}

fn read_document(source: FileId, chunk: &Chunk<'_>, named: bool) -> Manifest {
    let places = ChunkPlaces::of(source, chunk);
    let mut manifest = Manifest::default();
    let document = match yaml::document(chunk.text) {
        Ok(document) => document,
        Err(error) => {
            manifest.diagnostics.push(describe(&error, chunk, &places));
            return manifest;
        }
    };
    match document.read::<Spanned<RawObject<'_, Yaml>>>() {
        Ok(object) => {
            let inherited = Inherited::document(named);
            interpret::object(object, &places, &inherited, &mut manifest);
        }
        Err(error) => manifest.diagnostics.push(describe(&error, chunk, &places)),
    }
    manifest
}

/// The items of a list, and how many they were.
struct Items {
    read: Manifest,
    count: usize,
}

/// Reads one item of a list, or several that follow one another.
fn read_items(source: FileId, chunk: &Chunk<'_>) -> Result<Items, Error> {
    let places = ChunkPlaces::of(source, chunk);
    let mut manifest = Manifest::default();
    let inherited = match &chunk.shape {
        Shape::Item(list) => Inherited::item(&list.api_version, &list.kind),
        _ => Inherited::document(false),
    };
    let document = yaml::document(chunk.text)?;
    let objects = document.read::<Vec<Spanned<RawObject<'_, Yaml>>>>()?;
    let count = objects.len();
    for object in objects {
        interpret::object(object, &places, &inherited, &mut manifest);
    }
    Ok(Items {
        read: manifest,
        count,
    })
}

/// What is wrong with a chunk: broken text, or a sound text of the wrong shape.
fn describe(error: &Error, chunk: &Chunk<'_>, places: &ChunkPlaces) -> Diagnostic {
    let mut message = error.to_string();
    let problem = if error.is_shape() {
        Problem::Refused {
            object: chunk.title(),
            why: message,
        }
    } else {
        if chunk.text.contains("{{") {
            message.push_str(" (a template? render it first)");
        }
        Problem::Unreadable { message }
    };
    Diagnostic::new(places.locate(error.span()), problem)
}

//! The YAML reader: the one place that knows the YAML library.
//!
//! The text is split into documents and list items first (see [`split`](super::split)), so that a
//! broken one doesn't lose the others, other kinds cost next to nothing, and the pieces can be
//! parsed on all cores.

use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde_saphyr::budget::BudgetBreach;
use serde_saphyr::options::NonFiniteFloatPolicy;
use serde_saphyr::{Error, Location, MergeKeyPolicy, Options, Spanned};

use super::interpret::{self, Inherited};
use super::raw::{
    Format, Locate, Piece, RawObject, RawRule, RawSpec, RawSubject, ShapeError, Skipped,
};
use super::split::{self, Chunk, Shape};
use super::{Manifest, Watch, scalar, wording};
use crate::diagnostic::{Diagnostic, Problem};
use crate::parallel;
use crate::text::{FileId, Span};

/// The deepest nesting that is read.
const MAX_DEPTH: usize = wording::MAX_DEPTH;
/// The most bytes of strings that one document may have, aliases expanded.
const MAX_STRINGS: usize = 256 << 20;
/// The most nodes that one document may have, aliases expanded.
const MAX_NODES: usize = 50_000_000;
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
        let span = at.line_column(self.referenced.line(), self.referenced.column());
        Ok((self.value, span))
    }
}

/// A value and the line on which it stands, for other files in YAML.
#[derive(Debug, serde::Deserialize)]
#[serde(transparent)]
pub(crate) struct OnLine<T>(Spanned<T>);

impl<T> OnLine<T> {
    pub(crate) fn line(&self) -> u64 {
        self.0.referenced.line()
    }

    pub(crate) fn into_value(self) -> T {
        self.0.value
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

    fn locate(&self, location: Option<Location>) -> Span {
        location.map_or_else(
            || self.line_column(1, 1),
            |location| self.line_column(location.line(), location.column()),
        )
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
    if let Err(error) = parse::<Skipped>(chunk.text) {
        let places = ChunkPlaces::of(source, chunk);
        manifest.diagnostics.push(describe(&error, chunk, &places));
    }
    manifest
}

fn read_document(source: FileId, chunk: &Chunk<'_>, named: bool) -> Manifest {
    let places = ChunkPlaces::of(source, chunk);
    let mut manifest = Manifest::default();
    match parse::<Spanned<RawObject<'_, Yaml>>>(&scalar::respelled(chunk.text)) {
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
    let text = scalar::respelled(chunk.text);
    let objects = parse::<Vec<Spanned<RawObject<'_, Yaml>>>>(&text)?;
    let count = objects.len();
    for object in objects {
        interpret::object(object, &places, &inherited, &mut manifest);
    }
    Ok(Items {
        read: manifest,
        count,
    })
}

/// The options for every use of the parser: limits that a full dump stays below and a bomb doesn't.
fn options() -> Options {
    let mut budget = serde_saphyr::Budget::default();
    budget.max_depth = MAX_DEPTH;
    budget.flow_nesting_limit = MAX_DEPTH;
    budget.max_nodes = MAX_NODES;
    budget.max_events = MAX_NODES * 2;
    budget.max_total_scalar_bytes = MAX_STRINGS;
    let mut options = Options::default();
    options.budget = Some(budget);
    options.with_snippet = false;
    options.non_finite_float_policy = NonFiniteFloatPolicy::PassThrough;
    options
}

/// Reads one YAML document into any type, or says on which line of it what is wrong.
pub(crate) fn read_any<'a, T: Deserialize<'a>>(text: &'a str) -> Result<T, (u64, String)> {
    parse(text).map_err(|error| {
        let line = error.location().map_or(1, |location| location.line());
        (line, in_words(&error))
    })
}

/// A key of a document that is a mapping, and where it stands, from 1.
pub(crate) struct TopKey {
    pub(crate) name: String,
    pub(crate) line: usize,
    pub(crate) column: usize,
}

/// The keys of a document that is a mapping, in its order, or on which line what is wrong.
pub(crate) fn top_keys(text: &str) -> Result<Vec<TopKey>, (u64, String)> {
    let mut options = options();
    // What is merged in stands elsewhere.
    options.merge_keys = MergeKeyPolicy::AsOrdinary;
    serde_saphyr::from_str_with_options::<TopKeys>(text, options)
        .map(|keys| keys.0)
        .map_err(|error| {
            let line = error.location().map_or(1, |location| location.line());
            (line, in_words(&error))
        })
}

struct TopKeys(Vec<TopKey>);

impl<'de> Deserialize<'de> for TopKeys {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct KeysVisitor;
        impl<'de> Visitor<'de> for KeysVisitor {
            type Value = TopKeys;
            fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
                f.write_str("a mapping")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<TopKeys, A::Error> {
                let mut keys = Vec::new();
                while let Some((key, _)) = map.next_entry::<Spanned<String>, Skipped>()? {
                    let number = |number: u64| usize::try_from(number.max(1)).unwrap_or(1);
                    keys.push(TopKey {
                        line: number(key.referenced.line()),
                        column: number(key.referenced.column()),
                        name: key.value,
                    });
                }
                Ok(TopKeys(keys))
            }
        }
        deserializer.deserialize_map(KeysVisitor)
    }
}

fn parse<'a, T: Deserialize<'a>>(text: &'a str) -> Result<T, Error> {
    serde_saphyr::from_str_with_options(text, options())
}

/// What is wrong with a chunk: broken text, or a sound text of the wrong shape.
fn describe(error: &Error, chunk: &Chunk<'_>, places: &ChunkPlaces) -> Diagnostic {
    let flaw = match error {
        Error::DuplicateMappingKey { .. } => None,
        _ if wording::is_repeated_key(&one_line(error)) => None,
        _ => Some(parse::<Skipped>(chunk.text)),
    };
    let error = match &flaw {
        Some(Ok(_)) => {
            let problem = Problem::Refused {
                object: chunk.title(),
                why: in_words(error),
            };
            return Diagnostic::new(places.locate(error.location()), problem);
        }
        Some(Err(flaw)) => flaw,
        None => error,
    };
    let mut message = in_words(error);
    if chunk.text.contains("{{") {
        message.push_str(" (a template? render it first)");
    }
    Diagnostic::new(
        places.locate(error.location()),
        Problem::Unreadable { message },
    )
}

fn in_words(error: &Error) -> String {
    match error.without_snippet() {
        Error::DuplicateMappingKey { key: Some(key), .. } => {
            format!("duplicate key `{key}`")
        }
        Error::DuplicateMappingKey { key: None, .. } => "duplicate key".to_owned(),
        Error::AliasError { error, .. } => in_words(error),
        Error::Budget { breach, .. } => breach_in_words(breach),
        Error::AliasReplayLimitExceeded { .. }
        | Error::AliasExpansionLimitExceeded { .. }
        | Error::AliasReplayStackDepthExceeded { .. } => {
            "aliases expand to too much (an alias bomb?)".to_owned()
        }
        Error::RecursiveReferencesRequireWeakTypes { .. } => {
            "an alias inside its own anchor".to_owned()
        }
        Error::Unexpected { expected, .. } => match *expected {
            "sequence start" => "a list belongs here".to_owned(),
            "mapping start" => "a mapping belongs here".to_owned(),
            other => format!("expected {other}"),
        },
        _ => wording::plain(&one_line(error)),
    }
}

fn breach_in_words(breach: &BudgetBreach) -> String {
    match breach {
        BudgetBreach::Depth { .. } => wording::TOO_DEEP.to_owned(),
        BudgetBreach::Nodes { .. } | BudgetBreach::Events { .. } => {
            format!("aliases expand to more than {MAX_NODES} nodes (an alias bomb?)")
        }
        BudgetBreach::Aliases { .. } => "too many aliases".to_owned(),
        BudgetBreach::Anchors { .. } => "too many anchors".to_owned(),
        BudgetBreach::AliasAnchorRatio { .. } => {
            "far more aliases than anchors (an alias bomb?)".to_owned()
        }
        BudgetBreach::RecordedAnchorEvents { .. } | BudgetBreach::RecordedAnchorBytes { .. } => {
            "anchors hold too much (an alias bomb?)".to_owned()
        }
        BudgetBreach::MergeKeys { .. } => "too many merge keys".to_owned(),
        _ => "more than is read of one document".to_owned(),
    }
}

/// The library's message without its own rendering of the place.
fn one_line(error: &Error) -> String {
    let text = error.without_snippet().to_string();
    let line = text.lines().next().unwrap_or("not valid YAML").trim();
    let line = line.strip_prefix("error: ").unwrap_or(line);
    let line = match line.find(": ") {
        Some(at) if line.starts_with("line ") => &line[at + 2..],
        _ => line,
    };
    match line.rfind(" at line ") {
        Some(at) => line[..at].to_owned(),
        None => line.to_owned(),
    }
}

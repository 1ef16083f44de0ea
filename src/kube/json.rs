//! The JSON reader: one object, a list of them, or a stream of either (JSON Lines).
//!
//! Pieces are borrowed as raw slices first, so their position in the text gives their place, and
//! the items of a list can be parsed on all cores.

use serde::Deserialize;
use serde_json::value::RawValue;

use super::interpret::{self, Inherited};
use super::raw::{Format, Locate, Piece, RawObject, ShapeError, Text};
use super::{Manifest, Watch, wording};
use crate::diagnostic::{Diagnostic, Problem};
use crate::object::ObjectRef;
use crate::parallel;
use crate::text::{FileId, LineIndex, Span};

/// How many items of a list are read at once: so many that the system takes their memory back when
/// they have been put together.
const AT_ONCE: usize = 1024;

/// JSON's [`Format`]: pieces are raw slices of the text.
pub(super) struct Json;

impl<'a> Format<'a> for Json {
    type Rule = &'a RawValue;
    type Subject = &'a RawValue;
    type Spec = &'a RawValue;
    type Item = &'a RawValue;
}

impl<'a, T: Deserialize<'a>> Piece<'a, T> for &'a RawValue {
    fn open(self, at: &dyn Locate) -> Result<(T, Span), ShapeError> {
        let span = at.slice(self.get());
        match serde_json::from_str(self.get()) {
            Ok(value) => Ok((value, span)),
            Err(error) => Err(ShapeError {
                span: Some(within(span, &error)),
                message: in_words(&error),
                unreadable: wording::is_repeated_key(&one_line(&error)),
            }),
        }
    }
}

/// A text with the places of its slices.
struct TextPlaces<'a> {
    source: FileId,
    text: &'a str,
    lines: LineIndex,
    watch: &'a Watch<'a>,
}

impl Locate for TextPlaces<'_> {
    fn line_column(&self, line: u64, column: u64) -> Span {
        Span {
            file: self.source,
            line: u32::try_from(line).unwrap_or(u32::MAX),
            column: u32::try_from(column).unwrap_or(u32::MAX),
        }
    }

    fn slice(&self, slice: &str) -> Span {
        let offset = (slice.as_ptr() as usize).saturating_sub(self.text.as_ptr() as usize);
        self.lines
            .span(self.source, self.text, offset.min(self.text.len()))
    }
}

/// What reading a text as JSON gave.
pub(super) struct JsonText {
    /// What was read, and what was wrong.
    pub(super) manifest: Manifest,
    /// Whether all of the text is JSON.
    pub(super) sound: bool,
    /// Whether at least its beginning is.
    pub(super) begins_sound: bool,
}

/// Reads a JSON text, past what is broken in it.
pub(super) fn read(source: FileId, text: &str, watch: &Watch<'_>) -> JsonText {
    let (lines, list) = parallel::join(
        || LineIndex::new(text),
        || serde_json::from_str::<ListHead<'_>>(text).ok(),
    );
    let places = TextPlaces {
        source,
        text,
        lines,
        watch,
    };
    let mut read = JsonText {
        manifest: Manifest::default(),
        sound: true,
        begins_sound: false,
    };
    // A dump is one list and nearly all of the work, so it is looked through but once.
    if let Some(head) = list
        && read_list(&head, &places, &mut read.manifest)
    {
        return read;
    }
    let mut offset = 0;
    loop {
        let rest = &text[offset..];
        let mut stream = serde_json::Deserializer::from_str(rest).into_iter::<&RawValue>();
        loop {
            match stream.next() {
                None => return read,
                Some(Ok(value)) => {
                    read.begins_sound |= read.sound;
                    read_value(value, &places, &mut read.manifest);
                }
                Some(Err(error)) => {
                    read.sound = false;
                    let begin = places.slice(&rest[..0]);
                    let message = if stands_at(rest, &error) == Some(b'#') {
                        "JSON has no `#` comments; a file that ends in .yaml may have them"
                            .to_owned()
                    } else {
                        in_words(&error)
                    };
                    read.manifest.diagnostics.push(Diagnostic::new(
                        within(begin, &error),
                        Problem::Unreadable { message },
                    ));
                    let failed = offset + stream.byte_offset();
                    match next_value(text, failed) {
                        Some(next) => {
                            offset = next;
                            break;
                        }
                        None => return read,
                    }
                }
            }
        }
    }
}

/// The byte at which an error is told.
fn stands_at(text: &str, error: &serde_json::Error) -> Option<u8> {
    let line = text.split('\n').nth(error.line().checked_sub(1)?)?;
    line.as_bytes().get(error.column().checked_sub(1)?).copied()
}

/// Where, after a broken value that begins about `from`, a line begins with the next one.
fn next_value(text: &str, from: usize) -> Option<usize> {
    memchr::memchr_iter(b'\n', &text.as_bytes()[from..])
        .map(|at| from + at + 1)
        .find(|&begin| {
            // The whitespace that leads up to a broken value isn't past it.
            text[begin..].starts_with('{') && !text[from..begin].trim().is_empty()
        })
}

/// A list as far as it has to be known before its items are read.
#[derive(Deserialize)]
struct ListHead<'a> {
    #[serde(borrow, rename = "apiVersion")]
    api_version: Option<Text<'a>>,
    #[serde(borrow)]
    kind: Option<Text<'a>>,
    #[serde(borrow)]
    items: Option<Vec<&'a RawValue>>,
}

fn read_value(value: &RawValue, places: &TextPlaces<'_>, manifest: &mut Manifest) {
    if value.get().starts_with('[') {
        match serde_json::from_str::<Vec<&RawValue>>(value.get()) {
            Ok(items) => read_items(&items, &Inherited::document(true), places, manifest),
            Err(error) => manifest
                .diagnostics
                .push(broken(places.slice(value.get()), &error)),
        }
        return;
    }
    if let Ok(head) = serde_json::from_str::<ListHead<'_>>(value.get())
        && read_list(&head, places, manifest)
    {
        return;
    }
    read_object(value, &Inherited::document(true), places, manifest);
}

/// Reads the items of a list, if it is one.
fn read_list(head: &ListHead<'_>, places: &TextPlaces<'_>, manifest: &mut Manifest) -> bool {
    let (Some(items), Some(Text::Str(api_version)), Some(Text::Str(kind))) =
        (&head.items, &head.api_version, &head.kind)
    else {
        return false;
    };
    if !kind.ends_with("List") {
        return false;
    }
    read_items(items, &Inherited::item(api_version, kind), places, manifest);
    true
}

fn read_items(
    items: &[&RawValue],
    inherited: &Inherited,
    places: &TextPlaces<'_>,
    manifest: &mut Manifest,
) {
    let parts: Vec<Manifest> = parallel::map_chunks(items, AT_ONCE, |items| {
        let mut part = Manifest::default();
        part.objects.reserve_exact(items.len());
        for item in items {
            read_object(item, inherited, places, &mut part);
        }
        (places.watch)(items.iter().map(|item| item.get().len()).sum());
        part
    });
    let count = parts.iter().map(|part| part.objects.len()).sum();
    manifest.objects.reserve_exact(count);
    for part in parts {
        manifest.extend(part);
    }
}

fn read_object(
    value: &RawValue,
    inherited: &Inherited,
    places: &TextPlaces<'_>,
    manifest: &mut Manifest,
) {
    let span = places.slice(value.get());
    match serde_json::from_str::<RawObject<'_, Json>>(value.get()) {
        Ok(object) => interpret::placed_object(object, span, places, inherited, manifest),
        Err(error) => manifest.diagnostics.push(broken(span, &error)),
    }
}

fn broken(span: Span, error: &serde_json::Error) -> Diagnostic {
    let message = in_words(error);
    let problem = if error.is_data() && !wording::is_repeated_key(&one_line(error)) {
        Problem::Refused {
            object: ObjectRef::new("", "", ""),
            why: message,
        }
    } else {
        Problem::Unreadable { message }
    };
    Diagnostic::new(within(span, error), problem)
}

/// The place of an error that is counted from the beginning of a slice.
fn within(begin: Span, error: &serde_json::Error) -> Span {
    let line = u32::try_from(error.line()).unwrap_or(u32::MAX);
    let column = u32::try_from(error.column()).unwrap_or(u32::MAX);
    if line <= 1 {
        Span {
            column: begin.column.saturating_add(column.max(1)) - 1,
            ..begin
        }
    } else {
        Span {
            line: begin.line.saturating_add(line) - 1,
            column: column.max(1),
            ..begin
        }
    }
}

fn in_words(error: &serde_json::Error) -> String {
    wording::plain(&one_line(error))
}

/// The library's message without its own rendering of the place.
fn one_line(error: &serde_json::Error) -> String {
    let text = error.to_string();
    match text.rfind(" at line ") {
        Some(at) => text[..at].to_owned(),
        None => text,
    }
}

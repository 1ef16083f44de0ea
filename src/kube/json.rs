//! The JSON reader: one object, a list of them, or a stream of either (JSON Lines).
//!
//! Pieces are borrowed as raw slices first, so their position in the text gives their place, and
//! the items of a list can be parsed on all cores.

use serde::Deserialize;
use serde_json::value::RawValue;

use super::decode::{self, Inherited, NonObjects, Registry};
use super::piece::{Fault, Piece, ShapeError};
use super::shape::Text;
use super::{Manifest, Watch, wording};
use crate::diagnostic::{Diagnostic, Problem};
use crate::parallel;
use crate::text::{FileId, LineIndex, Span, TextTooLarge};

/// How many items of a list are read at once: so many that the system takes their memory back when
/// they have been put together.
const AT_ONCE: usize = 1024;

/// A text with the places of its slices.
pub(super) struct JsonText<'a> {
    file: FileId,
    text: &'a str,
    lines: &'a LineIndex,
}

impl JsonText<'_> {
    /// Where a slice of the text begins.
    pub(super) fn span_of(&self, slice: &RawValue) -> Span {
        self.span_at(slice.get())
    }

    fn span_at(&self, slice: &str) -> Span {
        let offset = (slice.as_ptr() as usize).saturating_sub(self.text.as_ptr() as usize);
        self.lines
            .span(self.file, self.text, offset.min(self.text.len()))
    }
}

/// What reads a text.
struct JsonReader<'a> {
    text: JsonText<'a>,
    registry: &'a Registry,
    watch: &'a Watch<'a>,
}

/// What reading a text as JSON gave.
pub(super) struct Read {
    /// What was read, and what was wrong.
    pub(super) manifest: Manifest,
    /// Whether all of the text is JSON.
    pub(super) sound: bool,
    /// Whether at least its beginning is.
    pub(super) begins_sound: bool,
}

/// Reads a JSON text, past what is broken in it.
///
/// # Errors
/// If its lines can't be numbered.
pub(super) fn read(
    file: FileId,
    text: &str,
    registry: &Registry,
    watch: &Watch<'_>,
) -> Result<Read, TextTooLarge> {
    let (lines, list) = parallel::join(
        || LineIndex::new(text),
        || serde_json::from_str::<ListHead<'_>>(text).ok(),
    );
    let lines = lines?;
    let reader = JsonReader {
        text: JsonText {
            file,
            text,
            lines: &lines,
        },
        registry,
        watch,
    };
    let mut read = Read {
        manifest: Manifest::default(),
        sound: true,
        begins_sound: false,
    };
    // A dump is one list and nearly all of the work, so it is looked through but once.
    if let Some(head) = list
        && reader.list(&head, &mut read.manifest)
    {
        return Ok(read);
    }
    let mut offset = 0;
    loop {
        let rest = &text[offset..];
        let mut stream = serde_json::Deserializer::from_str(rest).into_iter::<&RawValue>();
        loop {
            match stream.next() {
                None => return Ok(read),
                Some(Ok(value)) => {
                    read.begins_sound |= read.sound;
                    reader.value(value, &mut read.manifest);
                }
                Some(Err(error)) => {
                    read.sound = false;
                    let begin = reader.text.span_at(&rest[..0]);
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
                        None => return Ok(read),
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

impl JsonReader<'_> {
    fn value(&self, value: &RawValue, manifest: &mut Manifest) {
        let inherited = Inherited::document(NonObjects::Told);
        if value.get().starts_with('[') {
            match serde_json::from_str::<Vec<&RawValue>>(value.get()) {
                Ok(items) => self.items(&items, &inherited, manifest),
                Err(error) => manifest.diagnostics.push(Diagnostic::new(
                    within(self.text.span_of(value), &error),
                    Problem::Unreadable {
                        message: in_words(&error),
                    },
                )),
            }
            return;
        }
        if let Ok(head) = serde_json::from_str::<ListHead<'_>>(value.get())
            && self.list(&head, manifest)
        {
            return;
        }
        self.object(value, &inherited, manifest);
    }

    /// Reads the items of a list, if it is one.
    fn list(&self, head: &ListHead<'_>, manifest: &mut Manifest) -> bool {
        let (Some(items), Some(Text::Str(api_version)), Some(Text::Str(kind))) =
            (&head.items, &head.api_version, &head.kind)
        else {
            return false;
        };
        if !kind.ends_with("List") {
            return false;
        }
        self.items(items, &Inherited::item(api_version, kind), manifest);
        true
    }

    fn items(&self, items: &[&RawValue], inherited: &Inherited, manifest: &mut Manifest) {
        let parts: Vec<Manifest> = parallel::map_chunks(items, AT_ONCE, |items| {
            let mut part = Manifest::default();
            for item in items {
                self.object(item, inherited, &mut part);
            }
            (self.watch)(items.iter().map(|item| item.get().len()).sum());
            part
        });
        manifest.extend(parts);
    }

    fn object(&self, raw: &RawValue, inherited: &Inherited, manifest: &mut Manifest) {
        let piece = Piece::Json {
            raw,
            text: &self.text,
        };
        decode::object(piece, inherited, self.registry, manifest);
    }
}

/// The `apiVersion` and `kind` of an object, where they stand before anything but plain strings, as
/// in what kubectl prints. Nearly all of a dump needs no more to be told apart.
pub(super) fn leading_header(object: &str) -> Option<(&str, &str)> {
    let mut rest = object.strip_prefix('{')?;
    let (mut api_version, mut kind) = (None, None);
    loop {
        let (key, after) = plain_string(rest.trim_ascii_start())?;
        let (value, after) = plain_string(
            after
                .trim_ascii_start()
                .strip_prefix(':')?
                .trim_ascii_start(),
        )?;
        match key {
            "apiVersion" => api_version = Some(value),
            "kind" => kind = Some(value),
            _ => {}
        }
        if let (Some(api_version), Some(kind)) = (api_version, kind) {
            let is_said = !api_version.is_empty() && !kind.is_empty();
            return is_said.then_some((api_version, kind));
        }
        rest = after.trim_ascii_start().strip_prefix(',')?;
    }
}

/// A string without escapes at the beginning of a text, and what follows it.
fn plain_string(text: &str) -> Option<(&str, &str)> {
    let inner = text.strip_prefix('"')?;
    let end = memchr::memchr2(b'"', b'\\', inner.as_bytes())?;
    let after = inner[end..].strip_prefix('"')?;
    Some((&inner[..end], after))
}

/// What is wrong with a slice that begins there.
pub(super) fn shape_error(begin: Span, error: &serde_json::Error) -> ShapeError {
    let repeats = wording::is_repeated_key(&one_line(error));
    ShapeError {
        span: within(begin, error),
        message: in_words(error),
        fault: if error.is_data() && !repeats {
            Fault::Content
        } else {
            Fault::Text
        },
    }
}

/// The place of an error that is counted from the beginning of a slice.
fn within(begin: Span, error: &serde_json::Error) -> Span {
    // No text has more lines or columns than fit: `text::MAX_BYTES`.
    let number = |count: usize| u32::try_from(count.max(1)).ok();
    let (Some(line), Some(column)) = (number(error.line()), number(error.column())) else {
        return begin;
    };
    if line == 1 {
        Span {
            column: begin.column + (column - 1),
            ..begin
        }
    } else {
        Span {
            line: begin.line + (line - 1),
            column,
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

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;

    use super::leading_header;

    #[test]
    fn a_header_is_read_from_plain_strings_alone() {
        let found = Some(("v1", "Pod"));
        for (text, header) in [
            (r#"{"apiVersion":"v1","kind":"Pod","x":1}"#, found),
            ("{ \"kind\" : \"Pod\" ,\n \"apiVersion\":\t\"v1\" }", found),
            (r#"{"a":"b","kind":"Pod","apiVersion":"v1"}"#, found),
            (r#"{"a":1,"kind":"Pod","apiVersion":"v1"}"#, None),
            (r#"{"kind":"P\u006fd","apiVersion":"v1"}"#, None),
            (
                r#"{"k\u0069nd":"Pod","kind":"Role","apiVersion":"v1"}"#,
                None,
            ),
            (r#"{"kind":"Pod","apiVersion":""}"#, None),
            (r#"{"kind":"Pod"}"#, None),
            (r#"["kind","Pod"]"#, None),
            ("{}", None),
            ("5", None),
        ] {
            assert_eq!(leading_header(text), header, "{text}");
        }
    }
}

//! The JSON reader: an object, or a list of them.
//!
//! Pieces are borrowed as raw slices first, so their position in the text gives their place, and
//! the items of a list can be parsed on all cores.

use serde::Deserialize;
use serde_json::value::RawValue;

use super::decode::{self, Inherited, ListInList, NonObjects, Registry, Told};
use super::json_value::value_end;
use super::metadata::RawMetadata;
use super::piece::{Fault, Piece, ShapeError, Within};
use super::shape::Text;
use super::yaml::{tell_repeated, unreadable};
use super::{Manifest, OnProgress, wording};
use crate::diagnostic::{Diagnostic, Problem};
use crate::object::ObjectRef;
use crate::parallel;
use crate::text::yaml::{self, Limits};
use crate::text::{FileId, Fingerprint, LineIndex, Span};

/// How many items of a list are read at once: so many that the system takes their memory back when
/// they have been put together.
const AT_ONCE: usize = 1024;

/// A text with the places of its slices.
pub(super) struct JsonText<'a> {
    pub(super) file: FileId,
    pub(super) text: &'a str,
    pub(super) lines: &'a LineIndex,
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

/// What reads the JSON values of a text.
pub(super) struct JsonReader<'a> {
    pub(super) text: JsonText<'a>,
    pub(super) registry: &'a Registry,
    pub(super) non_objects: NonObjects,
    pub(super) on_progress: &'a OnProgress<'a>,
}

/// A list as far as it has to be known before its items are read.
#[derive(Deserialize)]
struct ListHead<'a> {
    #[serde(borrow, rename = "apiVersion")]
    api_version: Text<'a>,
    #[serde(borrow)]
    kind: Text<'a>,
    #[serde(borrow)]
    metadata: Option<RawMetadata<'a>>,
    #[serde(borrow)]
    items: Vec<&'a RawValue>,
}

/// A text that is one list, as a dump is.
pub(super) struct Dump<'a>(ListHead<'a>);

/// Looks at a text for one list and nothing else. A dump is nearly all of the work, so it is looked
/// through but once.
pub(super) fn dump(text: &str) -> Option<Dump<'_>> {
    let head: ListHead<'_> = serde_json::from_str(text).ok()?;
    let is_shallow = |item: &&RawValue| {
        let item = item.get();
        item.len() < DEEP || value_end(item.as_bytes(), 0).is_ok()
    };
    head.items.iter().all(is_shallow).then_some(Dump(head))
}

/// An object in fewer bytes can't be nested deeper than Go reads.
const DEEP: usize = 2 * 9_990;

impl<'a> JsonReader<'a> {
    /// Reads a text that is one list; nothing where it has to be read in another way.
    pub(super) fn dump(&self, dump: &Dump<'_>, whole: &str) -> Option<Manifest> {
        let head = &dump.0;
        let (Text::Str(api_version), Text::Str(kind)) = (&head.api_version, &head.kind) else {
            return None;
        };
        if kind.is_empty()
            || head
                .metadata
                .as_ref()
                .is_some_and(|m| m.check_types().is_err())
        {
            return None;
        }
        let inherited = Inherited::of(api_version, kind);
        let parts: Vec<Result<Manifest, ListInList>> =
            parallel::map_chunks(&head.items, AT_ONCE, |items| {
                let mut part = Manifest::default();
                for item in items {
                    self.item(item, &inherited, &mut part)?;
                }
                (self.on_progress)(items.iter().map(|item| item.get().len()).sum());
                Ok(part)
            });
        let is_object = |item: &&RawValue| item.get().starts_with('{') || item.get() == "null";
        if !head.items.iter().all(is_object) {
            return None;
        }
        let found = parts.into_iter().collect::<Result<Vec<_>, _>>().ok()?;
        let mut manifest = Manifest::default();
        let told = || Told {
            span: self.text.span_at(whole),
            title: ObjectRef::new(&**kind, "", ""),
            content: Fingerprint::of(whole.as_bytes()),
        };
        decode::add_items(told, &inherited, found, &mut manifest);
        Some(manifest)
    }

    /// Reads a value.
    pub(super) fn value(&self, raw: &str) -> Manifest {
        let mut manifest = Manifest::default();
        if let Ok(raw) = serde_json::from_str::<&RawValue>(raw) {
            let piece = Piece::Json {
                raw,
                text: &self.text,
            };
            decode::value(piece, self.non_objects, self.registry, &mut manifest);
            if !manifest.diagnostics.iter().any(Diagnostic::is_unjudged) {
                return manifest;
            }
        }
        let mut manifest = Manifest::default();
        self.leniently(raw, &mut manifest, |piece, manifest| {
            decode::value(piece, self.non_objects, self.registry, manifest);
        });
        (self.on_progress)(raw.len());
        manifest
    }

    fn item(
        &self,
        raw: &RawValue,
        inherited: &Inherited,
        manifest: &mut Manifest,
    ) -> Result<(), ListInList> {
        let before = manifest.diagnostics.len();
        let piece = Piece::Json {
            raw,
            text: &self.text,
        };
        decode::item(piece, inherited, self.registry, manifest)?;
        let mut told = manifest.diagnostics[before..].iter();
        if !told.any(Diagnostic::is_unjudged) {
            return Ok(());
        }
        manifest.diagnostics.truncate(before);
        let mut read = Ok(());
        self.leniently(raw.get(), manifest, |piece, manifest| {
            read = decode::item(piece, inherited, self.registry, manifest);
        });
        read
    }

    /// Reads as Go does what is sound JSON, but isn't for everyone: with keys that stand twice, the
    /// first of which may hold anything, escapes of half characters, or nested deep.
    fn leniently(
        &self,
        raw: &str,
        manifest: &mut Manifest,
        read: impl FnOnce(Piece<'_>, &mut Manifest),
    ) {
        let within = Within {
            text: raw,
            begin: self.text.span_at(raw),
            unaliased: true,
        };
        match yaml::json_document(raw, Limits::default().as_deep_as_kubectl()) {
            Ok(document) => {
                let before = manifest.objects.len();
                let node = document.root();
                read(Piece::Yaml { node, within }, manifest);
                if manifest.objects.len() > before {
                    tell_repeated(&document, &within, manifest);
                }
            }
            Err(error) => {
                let problem = Problem::Unreadable {
                    message: unreadable(&error, raw, self.registry),
                };
                let diagnostic = Diagnostic::new(within.span(error.span()), problem);
                manifest
                    .diagnostics
                    .push(diagnostic.with_content(Fingerprint::of(raw.as_bytes())));
            }
        }
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

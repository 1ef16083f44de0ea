//! Pieces of a text, in YAML or JSON: each is read into a type when its turn comes, and says where it
//! stands.

use std::fmt;
use std::sync::LazyLock;

use memchr::memmem::Finder;
use serde::Deserialize;
use serde::de::{Deserializer, SeqAccess, Visitor};
use serde_json::value::RawValue;

use super::decode::Told;
use super::json::{self, JsonText};
use super::yaml::title;
use crate::object::ObjectRef;
use crate::text::yaml::{self, Handle, YamlNode};
use crate::text::{Fingerprint, Span};

/// What looks for the word that makes an object a list.
static ITEMS: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new("items"));

/// An object, or a part of one, that isn't read yet.
#[derive(Clone, Copy)]
pub(super) enum Piece<'a> {
    /// A node of a document that begins on this line of its file.
    Yaml {
        node: YamlNode<'a>,
        within: Within<'a>,
    },
    /// A slice of a text.
    Json {
        raw: &'a RawValue,
        text: &'a JsonText<'a>,
    },
}

/// A piece that doesn't have the shape of what it should be.
#[derive(Debug)]
pub(super) struct ShapeError {
    pub(super) span: Span,
    pub(super) message: String,
    /// Whether the text itself is at fault, rather than what it says.
    pub(super) fault: Fault,
}

/// Whether a refusal says what stands where something else belongs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Values {
    /// It does.
    Told,
    /// It doesn't: what stands there may be a secret.
    Withheld,
}

/// What is at fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fault {
    /// The text can't be read, or holds a key twice.
    Text,
    /// The text is sound, but says what an API server refuses.
    Content,
}

/// The text that a document was read from, and where it begins.
#[derive(Clone, Copy)]
pub(super) struct Within<'a> {
    pub(super) text: &'a str,
    pub(super) begin: Span,
    /// Whether nodes stand for themselves, so that their own text says all of them.
    pub(super) unaliased: bool,
}

impl Within<'_> {
    /// The place in its file of what stands in the text.
    ///
    /// No file has more lines or columns than fit: [`text::MAX_BYTES`](crate::text::MAX_BYTES).
    pub(super) fn span(&self, at: yaml::NodeSpan) -> Span {
        let line = at.line.max(1);
        let before = if line == 1 {
            self.begin.column.max(1) - 1
        } else {
            0
        };
        Span {
            file: self.begin.file,
            line: self.begin.line + (line - 1),
            column: before + at.column,
        }
    }
}

impl<'a> Piece<'a> {
    /// Where it begins.
    pub(super) fn span(&self) -> Span {
        match self {
            Piece::Yaml { node, within } => within.span(node.span()),
            Piece::Json { raw, text } => text.span_of(raw),
        }
    }

    /// What its text is, as far as that says all of it.
    pub(super) fn fingerprint(&self) -> Fingerprint {
        let text = match self {
            Piece::Yaml { node, within } => {
                let own = within.text.get(node.definition().range());
                own.filter(|_| within.unaliased).unwrap_or(within.text)
            }
            Piece::Json { raw, .. } => raw.get(),
        };
        Fingerprint::of(text.as_bytes())
    }

    /// Reads it into a type.
    pub(super) fn read<T: Deserialize<'a>>(&self) -> Result<T, ShapeError> {
        match self {
            Piece::Yaml { node, within } => node.read().map_err(|error| ShapeError {
                span: within.span(error.span()),
                message: error.to_string(),
                fault: if error.is_shape() {
                    Fault::Content
                } else {
                    Fault::Text
                },
            }),
            Piece::Json { raw, text } => serde_json::from_str(raw.get())
                .map_err(|error| json::shape_error(text.span_of(raw), &error)),
        }
    }

    /// The same; what doesn't fit is told with the way to its field.
    ///
    /// In JSON the way isn't known: what doesn't fit there is read once more as YAML.
    pub(super) fn read_by_field<T: Deserialize<'a>>(
        &self,
        values: Values,
    ) -> Result<T, ShapeError> {
        let Piece::Yaml { node, within } = self else {
            return self.read();
        };
        node.read().map_err(|error| {
            let what = match values {
                Values::Told => error.to_string(),
                Values::Withheld => error.without_values(),
            };
            let (message, fault) = match (error.is_shape(), node.path_to(&error)) {
                (true, Some(path)) => (format!("{path}: {what}"), Fault::Content),
                (true, None) => (what, Fault::Content),
                (false, _) => (what, Fault::Text),
            };
            ShapeError {
                span: within.span(error.span()),
                message,
                fault,
            }
        })
    }

    /// The `apiVersion` and `kind`, where they can be had without reading the object.
    pub(super) fn leading_header(&self) -> Option<(&'a str, &'a str)> {
        match self {
            // The object has been read, and its header costs nothing.
            Piece::Yaml { .. } => None,
            Piece::Json { raw, .. } => json::leading_header(raw.get()),
        }
    }

    /// Whether the word is in it that makes an object a list.
    pub(super) fn may_be_list(&self) -> bool {
        match self {
            Piece::Yaml { .. } => true,
            Piece::Json { raw, .. } => {
                ITEMS.find(raw.get().as_bytes()).is_some()
                    || memchr::memchr(b'\\', raw.get().as_bytes()).is_some()
            }
        }
    }

    /// Whether it is nothing.
    pub(super) fn is_null(&self) -> bool {
        match self {
            Piece::Yaml { node, .. } => node.is_null(),
            Piece::Json { raw, .. } => raw.get() == "null",
        }
    }

    /// Whether it has keys.
    pub(super) fn is_mapping(&self) -> bool {
        match self {
            Piece::Yaml { node, .. } => node.written_entries().is_some(),
            Piece::Json { raw, .. } => raw.get().starts_with('{'),
        }
    }

    /// Whether it has items.
    pub(super) fn is_list(&self) -> bool {
        match self {
            Piece::Yaml { node, .. } => node.items().is_some(),
            Piece::Json { raw, .. } => raw.get().starts_with('['),
        }
    }

    /// What an object is called of which nothing could be decoded.
    pub(super) fn title(&self) -> ObjectRef {
        match self {
            Piece::Yaml { node, .. } => title(*node),
            Piece::Json { .. } => ObjectRef::new("", "", ""),
        }
    }

    /// What is told of it as a whole.
    pub(super) fn told(&self) -> Told {
        Told {
            span: self.span(),
            title: self.title(),
            content: self.fingerprint(),
        }
    }

    /// The part of it that was noted while the rest was read.
    pub(super) fn part(&self, part: Part<'a>) -> Piece<'a> {
        match (*self, part.0) {
            (Piece::Json { text, .. }, PartOf::Json(raw)) => Piece::Json { raw, text },
            (Piece::Yaml { node, within }, PartOf::Yaml(handle)) => Piece::Yaml {
                node: node.other(handle),
                within,
            },
            // A part is of the text that it was read from.
            (whole, _) => whole,
        }
    }
}

/// A part of an object that a shape keeps unread, so that its place is known when it is.
///
/// It can be read from manifests alone: in YAML it is a node's number, in JSON a slice of the text.
#[derive(Debug)]
pub struct Part<'a>(PartOf<'a>);

#[derive(Debug)]
enum PartOf<'a> {
    Yaml(Handle),
    Json(&'a RawValue),
}

impl<'de: 'a, 'a> Deserialize<'de> for Part<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct PartVisitor;
        impl<'de> Visitor<'de> for PartVisitor {
            type Value = Part<'de>;
            fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
                f.write_str("a part of a manifest")
            }
            fn visit_newtype_struct<D: Deserializer<'de>>(
                self,
                deserializer: D,
            ) -> Result<Self::Value, D::Error> {
                let raw = <&RawValue>::deserialize(deserializer)?;
                Ok(Part(PartOf::Json(raw)))
            }
            fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<Self::Value, A::Error> {
                Ok(Part(PartOf::Yaml(Handle::from_seq(seq)?)))
            }
        }
        deserializer.deserialize_newtype_struct(Handle::NAME, PartVisitor)
    }
}

//! Pieces of a text, in YAML or JSON: each is read into a type when its turn comes, and says where it
//! stands.

use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, SeqAccess, Visitor};
use serde_json::value::RawValue;

use super::json::{self, JsonText};
use super::yaml::title;
use crate::object::ObjectRef;
use crate::text::yaml::{self, Handle, Node};
use crate::text::{FileId, Span};

/// An object, or a part of one, that isn't read yet.
#[derive(Clone, Copy)]
pub(super) enum Piece<'a> {
    /// A node of a document that begins on this line of its file.
    Yaml {
        node: Node<'a>,
        file: FileId,
        first_line: u32,
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

/// What is at fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fault {
    /// The text can't be read, or holds a key twice.
    Text,
    /// The text is sound, but says what an API server refuses.
    Content,
}

impl<'a> Piece<'a> {
    /// Where it begins.
    pub(super) fn span(&self) -> Span {
        match self {
            Piece::Yaml {
                node,
                file,
                first_line,
            } => in_file(node.span(), *file, *first_line),
            Piece::Json { raw, text } => text.span_of(raw),
        }
    }

    /// Reads it into a type.
    pub(super) fn read<T: Deserialize<'a>>(&self) -> Result<T, ShapeError> {
        match self {
            Piece::Yaml {
                node,
                file,
                first_line,
            } => node.read().map_err(|error| ShapeError {
                span: in_file(error.span(), *file, *first_line),
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

    /// The `apiVersion` and `kind`, where they can be had without reading the object.
    pub(super) fn leading_header(&self) -> Option<(&'a str, &'a str)> {
        match self {
            // The object has been read, and its header costs nothing.
            Piece::Yaml { .. } => None,
            Piece::Json { raw, .. } => json::leading_header(raw.get()),
        }
    }

    /// What an object is called of which nothing could be decoded.
    pub(super) fn title(&self) -> ObjectRef {
        match self {
            Piece::Yaml { node, .. } => title(*node),
            Piece::Json { .. } => ObjectRef::new("", "", ""),
        }
    }

    /// The part of it that was noted while the rest was read.
    pub(super) fn part(&self, part: Part<'a>) -> Piece<'a> {
        match (*self, part.0) {
            (Piece::Json { text, .. }, PartOf::Json(raw)) => Piece::Json { raw, text },
            (
                Piece::Yaml {
                    node,
                    file,
                    first_line,
                },
                PartOf::Yaml(handle),
            ) => Piece::Yaml {
                node: node.other(handle),
                file,
                first_line,
            },
            // A part is of the text that it was read from.
            (whole, _) => whole,
        }
    }
}

/// The place in its file of what stands in a document that begins on this line of it.
///
/// No file has more lines than fit: [`text::MAX_BYTES`](crate::text::MAX_BYTES).
pub(super) fn in_file(span: yaml::NodeSpan, file: FileId, first_line: u32) -> Span {
    Span {
        file,
        line: first_line + (span.line.max(1) - 1),
        column: span.column,
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

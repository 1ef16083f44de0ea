//! A value with its place.

use std::fmt;
use std::marker::PhantomData;

use serde::de::{self, Deserialize, Deserializer, SeqAccess, Visitor};

use super::NodeSpan;

/// How [`Spanned`] tells the deserializer of a [`YamlNode`](super::YamlNode) to say where it is.
pub(super) const NAME: &str = "$rbac_eval::text::yaml::Spanned";
/// The numbers of a [`NodeSpan`], and the value.
const FIELDS: usize = 5;

/// A value and where it stands, for types that are read from a [`Document`](super::Document).
///
/// It can be read from nothing else: other formats don't know their places.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Spanned<T> {
    /// Where it is used, as [`YamlNode::span`](super::YamlNode::span) says.
    pub span: NodeSpan,
    /// The value.
    pub value: T,
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Spanned<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct SpannedVisitor<T>(PhantomData<T>);
        impl<'de, T: Deserialize<'de>> Visitor<'de> for SpannedVisitor<T> {
            type Value = Spanned<T>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a value of a format that knows its places")
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
                let mut number = |at| {
                    seq.next_element()?
                        .ok_or_else(|| de::Error::invalid_length(at, &self))
                };
                let span = NodeSpan {
                    start: number(0)?,
                    end: number(1)?,
                    line: number(2)?,
                    column: number(3)?,
                };
                let value = seq
                    .next_element()?
                    .ok_or_else(|| de::Error::invalid_length(FIELDS - 1, &self))?;
                Ok(Spanned { span, value })
            }
        }
        deserializer.deserialize_tuple_struct(NAME, FIELDS, SpannedVisitor(PhantomData))
    }
}

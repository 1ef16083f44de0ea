//! Nodes as a source for serde.
//!
//! What doesn't belong where it stands is told at the item of a list that it is, or at the key
//! whose value it is; what a mapping lacks, at the mapping.

use std::borrow::Cow;

use serde::de::value::{BorrowedStrDeserializer, SeqDeserializer, U32Deserializer};
use serde::de::{
    self, DeserializeSeed, Deserializer, EnumAccess, Error as _, IntoDeserializer, MapAccess,
    SeqAccess, Unexpected, VariantAccess, Visitor,
};
use serde::forward_to_deserialize_any;

use super::tree::{Entries, Items, View, YamlNode};
use super::{Error, Handle, NodeSpan, Scalar, resolve, spanned};

impl<'de> YamlNode<'de> {
    fn unexpected(self) -> Unexpected<'de> {
        match self.view() {
            View::Scalar(Scalar::Null) => Unexpected::Unit,
            View::Scalar(Scalar::Bool(value)) => Unexpected::Bool(value),
            View::Scalar(Scalar::Signed(value)) => Unexpected::Signed(value),
            View::Scalar(Scalar::Unsigned(value)) => Unexpected::Unsigned(value),
            View::Scalar(Scalar::Float(value)) => Unexpected::Float(value),
            View::Scalar(Scalar::String(text)) => Unexpected::Str(text),
            View::Sequence(_) => Unexpected::Seq,
            View::Mapping(_) => Unexpected::Map,
        }
    }

    fn is_not(self, wanted: &str) -> Error {
        Error::invalid_type(self.unexpected(), &wanted).or_at(self.span())
    }

    /// The text of a scalar that is wanted as a string. A number, which is one only if it is
    /// wanted as such, is the string that it is written as; nothing but `!!str` makes a null one.
    fn string(self) -> Result<&'de str, Error> {
        let (Some(written), Some(scalar)) = (self.written(), self.scalar()) else {
            return Err(Error::shape("a string belongs here", self.span()));
        };
        match scalar {
            Scalar::String(text) => Ok(text),
            Scalar::Null => Err(self.is_not("a string")),
            _ if written.tagged.is_some_and(|tagged| tagged.tag.is_typed()) => {
                Err(self.is_not("a string"))
            }
            _ => Ok(written.text),
        }
    }

    fn mapping_into<V: Visitor<'de>>(
        self,
        entries: Entries<'de>,
        visitor: V,
    ) -> Result<V::Value, Error> {
        let mapping = Mapping {
            entries,
            last: None,
        };
        visitor
            .visit_map(mapping)
            .map_err(|error: Error| error.or_at(self.span()))
    }
}

fn scalar_into<'de, V: Visitor<'de>>(scalar: Scalar<'de>, visitor: V) -> Result<V::Value, Error> {
    match scalar {
        Scalar::Null => visitor.visit_unit(),
        Scalar::Bool(value) => visitor.visit_bool(value),
        Scalar::Signed(value) => visitor.visit_i64(value),
        Scalar::Unsigned(value) => visitor.visit_u64(value),
        Scalar::Float(value) => visitor.visit_f64(value),
        Scalar::String(text) => visitor.visit_borrowed_str(text),
    }
}

impl<'de> Deserializer<'de> for YamlNode<'de> {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.view() {
            View::Scalar(scalar) => scalar_into(scalar, visitor),
            View::Sequence(items) => visitor.visit_seq(Sequence(items)),
            View::Mapping(entries) => self.mapping_into(entries, visitor),
        }
    }

    /// A boolean may be written in quotes.
    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        let value = match self.scalar() {
            Some(Scalar::Bool(value)) => Some(value),
            Some(Scalar::String(text)) => resolve::boolean(resolve::trim(text)),
            _ => None,
        };
        match value {
            Some(value) => visitor.visit_bool(value),
            None => Err(self.is_not("a boolean")),
        }
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_borrowed_str(self.string()?)
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.deserialize_str(visitor)
    }

    fn deserialize_identifier<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.deserialize_str(visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        if self.is_null() {
            visitor.visit_none()
        } else {
            visitor.visit_some(self)
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Error> {
        if name == Handle::NAME {
            let numbers = self.handle().numbers().into_iter();
            return visitor.visit_seq(SeqDeserializer::new(numbers));
        }
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.items() {
            Some(items) => visitor.visit_seq(Sequence(items)),
            None => Err(Error::shape("a list belongs here", self.span())),
        }
    }

    fn deserialize_tuple<V: Visitor<'de>>(
        self,
        length: usize,
        visitor: V,
    ) -> Result<V::Value, Error> {
        match self.items() {
            Some(items) if items.len() > length => {
                Err(Error::invalid_length(items.len(), &visitor))
            }
            _ => self.deserialize_seq(visitor),
        }
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        length: usize,
        visitor: V,
    ) -> Result<V::Value, Error> {
        if name != spanned::NAME {
            return self.deserialize_tuple(length, visitor);
        }
        visitor.visit_seq(Place {
            node: self,
            span: self.span(),
            given: 0,
        })
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.entries() {
            Some(entries) => self.mapping_into(entries, visitor),
            None => Err(Error::shape("a mapping belongs here", self.span())),
        }
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        self.deserialize_map(visitor)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        let variant = match self.entries() {
            None => Variant {
                name: Name::Node(self),
                value: None,
            },
            Some(mut entries) => match (entries.next(), entries.next()) {
                (Some((key, value)), None) => Variant {
                    name: Name::KeyDeserializer(key),
                    value: Some(value),
                },
                _ => return Err(self.is_not("a mapping of one key")),
            },
        };
        visitor.visit_enum(variant)
    }

    /// The document has been found to be sound, so this costs nothing.
    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_unit()
    }

    forward_to_deserialize_any! {
        i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char bytes byte_buf unit unit_struct
    }
}

/// The items of a list.
struct Sequence<'de>(Items<'de>);

impl<'de> SeqAccess<'de> for Sequence<'de> {
    type Error = Error;

    fn next_element_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, Error> {
        let Some(item) = self.0.next() else {
            return Ok(None);
        };
        let read = seed.deserialize(item).map(Some);
        read.map_err(|error| error.or_at(item.span()))
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.0.len())
    }
}

/// The entries of a mapping.
struct Mapping<'de> {
    entries: Entries<'de>,
    /// The last key and its value.
    last: Option<(YamlNode<'de>, YamlNode<'de>)>,
}

impl<'de> MapAccess<'de> for Mapping<'de> {
    type Error = Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, Error> {
        self.last = self.entries.next();
        let Some((key, _)) = self.last else {
            return Ok(None);
        };
        let read = seed.deserialize(KeyDeserializer(key)).map(Some);
        read.map_err(|error| error.or_at(at_entry(key, key)))
    }

    fn next_value_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<T::Value, Error> {
        let Some((key, value)) = self.last.take() else {
            return Err(Error::custom("a value was asked for before its key"));
        };
        let read = seed.deserialize(value);
        read.map_err(|error| error.or_at(at_entry(key, value)))
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.entries.len())
    }
}

/// Where an entry of a mapping is told to be at fault.
fn at_entry(key: YamlNode<'_>, value: YamlNode<'_>) -> NodeSpan {
    value.alias_span().unwrap_or_else(|| key.definition())
}

/// A key, which is a string for whoever wants one.
struct KeyDeserializer<'de>(YamlNode<'de>);

impl<'de> KeyDeserializer<'de> {
    fn string_into<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.0.as_key()? {
            Cow::Borrowed(key) => visitor.visit_borrowed_str(key),
            Cow::Owned(key) => visitor.visit_string(key),
        }
    }
}

impl<'de> Deserializer<'de> for KeyDeserializer<'de> {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.0.deserialize_any(visitor)
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.0.deserialize_bool(visitor)
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.string_into(visitor)
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.string_into(visitor)
    }

    fn deserialize_identifier<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.string_into(visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        if self.0.is_null() {
            visitor.visit_none()
        } else {
            visitor.visit_some(self)
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Error> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        length: usize,
        visitor: V,
    ) -> Result<V::Value, Error> {
        self.0.deserialize_tuple_struct(name, length, visitor)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        self.0.deserialize_enum(name, variants, visitor)
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_unit()
    }

    forward_to_deserialize_any! {
        i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char bytes byte_buf unit unit_struct seq
        tuple map struct
    }
}

/// What [`Spanned`](super::Spanned) reads: the numbers of a place, then the value that is there.
struct Place<'de> {
    node: YamlNode<'de>,
    span: NodeSpan,
    given: u8,
}

impl<'de> SeqAccess<'de> for Place<'de> {
    type Error = Error;

    fn next_element_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, Error> {
        let number = match self.given {
            0 => self.span.start,
            1 => self.span.end,
            2 => self.span.line,
            3 => self.span.column,
            4 => {
                self.given += 1;
                return seed.deserialize(self.node).map(Some);
            }
            _ => return Ok(None),
        };
        self.given += 1;
        let number: U32Deserializer<Error> = number.into_deserializer();
        seed.deserialize(number).map(Some)
    }
}

/// A variant of an enum: a scalar, or the one key of a mapping, with its value.
struct Variant<'de> {
    name: Name<'de>,
    value: Option<YamlNode<'de>>,
}

enum Name<'de> {
    Node(YamlNode<'de>),
    KeyDeserializer(YamlNode<'de>),
}

impl<'de> EnumAccess<'de> for Variant<'de> {
    type Error = Error;
    type Variant = Content<'de>;

    fn variant_seed<V: DeserializeSeed<'de>>(
        self,
        seed: V,
    ) -> Result<(V::Value, Content<'de>), Error> {
        let (name, node) = match self.name {
            Name::Node(node) => {
                let name: BorrowedStrDeserializer<'de, Error> =
                    BorrowedStrDeserializer::new(node.string()?);
                (seed.deserialize(name), node)
            }
            Name::KeyDeserializer(key) => (seed.deserialize(KeyDeserializer(key)), key),
        };
        let name = name.map_err(|error: Error| error.or_at(node.span()))?;
        let content = Content {
            of: node,
            value: self.value,
        };
        Ok((name, content))
    }
}

/// What a variant holds.
struct Content<'de> {
    /// The name.
    of: YamlNode<'de>,
    value: Option<YamlNode<'de>>,
}

impl<'de> Content<'de> {
    fn value(self) -> Result<YamlNode<'de>, Error> {
        self.value
            .ok_or_else(|| self.of.is_not("a mapping of one key"))
    }
}

impl<'de> VariantAccess<'de> for Content<'de> {
    type Error = Error;

    fn unit_variant(self) -> Result<(), Error> {
        match self.value {
            None => Ok(()),
            Some(value) => de::Deserialize::deserialize(value),
        }
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<T::Value, Error> {
        seed.deserialize(self.value()?)
    }

    fn tuple_variant<V: Visitor<'de>>(self, length: usize, visitor: V) -> Result<V::Value, Error> {
        self.value()?.deserialize_tuple(length, visitor)
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        self.value()?.deserialize_map(visitor)
    }
}

//! When two keys of a mapping are the same one, and which string a key is.
//!
//! Whole numbers are compared by what they are (`0xB` and `11` are one key), all others by how
//! they read.

use std::borrow::Cow;
use std::hash::{Hash, Hasher};

use super::YamlFault;
use super::resolve::{self, Scalar, Style};
use super::tag::Tag;
use super::tree::Written;

/// What tells a key from others.
#[derive(PartialEq, Eq, Hash)]
pub(super) enum Identity<'a> {
    Integer {
        negative: bool,
        magnitude: u128,
    },
    Text {
        class: Class<'a>,
        text: Cow<'a, str>,
    },
}

/// What sort of scalar a key is.
#[derive(PartialEq, Eq, Hash)]
pub(super) enum Class<'a> {
    String,
    Null,
    Typed(Tag),
    Other(&'a str),
}

impl<'a> Identity<'a> {
    pub(super) fn of(key: Written<'a>) -> Self {
        let text = match key.tagged {
            None => resolve::key(key.text, key.style),
            Some(_) => Cow::Borrowed(key.text),
        };
        let is_plain = key.tagged.is_none() && key.style == Style::Plain;
        let may_be_integer = match key.tagged {
            None => is_plain && begins_as_integer(&text),
            Some(tagged) => tagged.tag == Tag::Int,
        };
        if may_be_integer
            && let Some((negative, magnitude)) = resolve::magnitude(resolve::trim(&text))
        {
            return Identity::Integer {
                negative,
                magnitude,
            };
        }
        let class = match key.tagged {
            None if is_plain && resolve::is_null(&text) => Class::Null,
            None => Class::String,
            Some(tagged) => match tagged.tag {
                Tag::Str | Tag::NonSpecific | Tag::Merge | Tag::Value => Class::String,
                Tag::Other => Class::Other(&tagged.name),
                tag => Class::Typed(tag),
            },
        };
        Identity::Text { class, text }
    }
}

fn begins_as_integer(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_digit() || matches!(c, '+' | '-'))
}

/// Whether two keys are the same one.
pub(super) fn same(one: Written<'_>, other: Written<'_>) -> bool {
    // Nearly all keys are words that differ.
    if one.text != other.text && !(begins_as_integer(one.text) && begins_as_integer(other.text)) {
        let is_tagged = |key: Written<'_>| key.tagged.is_some();
        if !is_tagged(one) && !is_tagged(other) {
            return false;
        }
    }
    Identity::of(one) == Identity::of(other)
}

pub(super) fn hash(key: Written<'_>, hasher: &mut impl Hasher) {
    Identity::of(key).hash(hasher);
}

/// The string that a key is.
pub(super) fn string(key: Written<'_>) -> Result<Cow<'_, str>, YamlFault> {
    let Some(tagged) = key.tagged else {
        if key.style == Style::Plain && resolve::is_null(key.text) {
            return Err(YamlFault::NullAsKey);
        }
        return Ok(resolve::key(key.text, key.style));
    };
    match (tagged.tag, key.scalar()) {
        (Tag::Null, _) | (Tag::Merge | Tag::Value | Tag::Other, Scalar::Null) => {
            Err(YamlFault::NullAsKey)
        }
        (Tag::Bool | Tag::Int | Tag::Float, _) => Err(YamlFault::TagShape(format!(
            "`{}` with the tag `{}` stands where a key belongs",
            key.text, tagged.name
        ))),
        (Tag::Binary, Scalar::String(decoded)) => Ok(Cow::Borrowed(decoded)),
        _ => Ok(Cow::Borrowed(key.text)),
    }
}

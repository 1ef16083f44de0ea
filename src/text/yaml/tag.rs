//! Tags: what a text says that a scalar is.
//!
//! On lists and mappings they mean nothing to kubectl's library, and those that it doesn't know make
//! a scalar the string that is written.

const YAML: &str = "tag:yaml.org,2002:";

/// What a tag means here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Tag {
    Null,
    Bool,
    Int,
    Float,
    /// `!!str`
    Str,
    /// `!`, which makes a scalar a string, however it reads.
    NonSpecific,
    Binary,
    Timestamp,
    /// `!!merge`, which makes `<<` in quotes a merge key.
    Merge,
    /// Any other.
    Other,
}

impl Tag {
    pub(super) fn of(tag: &str) -> Tag {
        if tag == "!" {
            return Tag::NonSpecific;
        }
        match tag.strip_prefix(YAML) {
            Some("null") => Tag::Null,
            Some("bool") => Tag::Bool,
            Some("int") => Tag::Int,
            Some("float") => Tag::Float,
            Some("str") => Tag::Str,
            Some("binary") => Tag::Binary,
            Some("timestamp") => Tag::Timestamp,
            Some("merge") => Tag::Merge,
            _ => Tag::Other,
        }
    }

    /// Whether it makes a scalar something that is no string.
    pub(super) fn is_typed(self) -> bool {
        matches!(self, Tag::Null | Tag::Bool | Tag::Int | Tag::Float)
    }
}

/// A tag as people write it.
pub(super) fn short(tag: &str) -> String {
    match tag.strip_prefix(YAML) {
        Some(name) => format!("!!{name}"),
        None => tag.to_owned(),
    }
}

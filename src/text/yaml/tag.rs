//! Tags: what a text says that a node is.

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
    /// `!`, which keeps a scalar from being anything but a string.
    NonSpecific,
    Binary,
    Timestamp,
    Seq,
    Map,
    /// `!!merge`, which is `<<`.
    Merge,
    /// `!!value`, which is `=`.
    Value,
    /// A tag of some program's own, which means nothing here.
    Other,
}

/// What a tag can stand on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TagShape {
    Scalar,
    Sequence,
    Mapping,
}

impl Tag {
    pub(super) fn of(tag: &granit_parser::Tag) -> Tag {
        if let Some(name) = tag.suffix_in_namespace(YAML) {
            return match &*name {
                "merge" => Tag::Merge,
                "value" => Tag::Value,
                name => named(name.strip_prefix('!').unwrap_or(name)),
            };
        }
        let Some(name) = tag.suffix_in_namespace("!") else {
            return Tag::Other;
        };
        match &*name {
            "" | "!" => Tag::NonSpecific,
            name => named(name.strip_prefix('!').unwrap_or(name)),
        }
    }

    /// Whether it makes a scalar something that is no string.
    pub(super) fn is_typed(self) -> bool {
        matches!(self, Tag::Null | Tag::Bool | Tag::Int | Tag::Float)
    }

    /// Whether it can stand on such a node.
    pub(super) fn fits(self, shape: TagShape) -> bool {
        match self {
            Tag::NonSpecific | Tag::Other => true,
            Tag::Seq => shape == TagShape::Sequence,
            Tag::Map => shape == TagShape::Mapping,
            _ => shape == TagShape::Scalar,
        }
    }
}

fn named(name: &str) -> Tag {
    match name {
        "null" => Tag::Null,
        "bool" => Tag::Bool,
        "int" => Tag::Int,
        "float" => Tag::Float,
        "str" => Tag::Str,
        "binary" => Tag::Binary,
        "timestamp" => Tag::Timestamp,
        "seq" => Tag::Seq,
        "map" => Tag::Map,
        _ => Tag::Other,
    }
}

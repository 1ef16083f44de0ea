//! What can be wrong with a text, or with what it holds.

use std::fmt::Display;

use serde::de::{self, Expected, Unexpected};

use super::NodeSpan;
use crate::text::excerpt;

/// What is said of what stands where something else belongs, if it may be a secret.
const NOT_TOLD: &str = "something else stands here than belongs here (what it is isn't told, since it may be \
                        the secret)";

/// What is wrong, in plain words, and where.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}", .0.fault)]
pub struct Error(Box<Details>);

#[derive(Debug, Clone, PartialEq, Eq)]
struct Details {
    fault: YamlFault,
    span: Option<NodeSpan>,
}

/// What is wrong.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum YamlFault {
    /// The text is no YAML, as the parser says it.
    #[error("{0}")]
    Syntax(String),
    /// A mapping has a key that it had before.
    #[error("{}", repeated(.key.as_deref()))]
    RepeatedKey {
        /// The key, where it is a string.
        key: Option<String>,
        /// Where it stood first, if that is known.
        first: Option<NodeSpan>,
    },
    /// A list or mapping is the key of something, which nothing in JSON can be.
    #[error("{0} stands where a key belongs")]
    CollectionAsKey(&'static str),
    /// A null is the key of something.
    #[error("nothing stands where a key belongs")]
    NullAsKey,
    /// What is the key of something can be none.
    #[error("{0} stands where a key belongs")]
    UnfitKey(&'static str),
    /// A mapping has two keys that only JSON takes for one, so it is up to chance which one wins.
    #[error("two keys become `{key}`, and kubectl takes either of them (put both in quotes)")]
    ClashingKeys {
        /// What both become.
        key: String,
    },
    /// What `<<` should merge is neither a mapping nor a list of them.
    #[error("YAML merge value must be mapping or sequence of mappings")]
    MergeValue,
    /// An alias whose anchor the document doesn't have before it.
    #[error("alias references unknown anchor")]
    UnknownAnchor,
    /// An alias within what its anchor stands for.
    #[error("an alias inside its own anchor")]
    RecursiveAlias,
    /// A scalar that isn't what its tag says.
    #[error("`{}` is not what its tag `{}` says", excerpt(.text), excerpt(.tag))]
    TaggedScalar {
        /// The tag as people write it.
        tag: String,
        /// The beginning of the scalar.
        text: String,
    },
    /// A number that JSON has no spelling for.
    #[error("`{0}` is no number that JSON can hold")]
    NotFinite(String),
    /// A character that no YAML may hold.
    #[error("the character U+{0:04X}, which YAML may not hold here")]
    Forbidden(u32),
    /// Lists and mappings in one another, more than [`super::Limits::depth`].
    #[error("nested deeper than {0} levels")]
    TooDeep(usize),
    /// More than [`super::Limits::nodes`].
    #[error("aliases expand to more than {0} nodes (an alias bomb?)")]
    TooManyNodes(u64),
    /// More than [`super::Limits::bytes`].
    #[error("more than is read of one document")]
    TooManyBytes,
    /// More than kubectl's library decodes of them; see [`super::Size::is_mostly_aliased`].
    #[error("nearly all of it comes from aliases, which kubectl refuses (an alias bomb?)")]
    TooMuchAliased,
    /// The text is longer than four gigabytes, so places in it can't be numbered.
    #[error("longer than 4 GiB")]
    TooLong,
    /// Another document follows, where there may be but one.
    #[error("a second document stands where one belongs")]
    SecondDocument,
    /// The text is sound, but what it holds isn't what belongs there.
    #[error("{0}")]
    TagShape(String),
}

impl Error {
    pub(super) fn new(fault: YamlFault, span: NodeSpan) -> Self {
        Error(Box::new(Details {
            fault,
            span: Some(span),
        }))
    }

    /// An error of what is read into, which doesn't know where it is.
    fn without_place(fault: YamlFault) -> Self {
        Error(Box::new(Details { fault, span: None }))
    }

    pub(super) fn shape(message: impl Into<String>, span: NodeSpan) -> Self {
        Error::new(YamlFault::TagShape(message.into()), span)
    }

    /// Says where, unless that is known more closely.
    #[must_use]
    pub(super) fn or_at(mut self, span: NodeSpan) -> Self {
        self.0.span.get_or_insert(span);
        self
    }

    /// What is wrong.
    #[cfg(test)]
    pub fn fault(&self) -> &YamlFault {
        &self.0.fault
    }

    /// Where, in the text that was read: the node at fault, or the alias that stands for it.
    pub fn span(&self) -> NodeSpan {
        self.0.span.unwrap_or(NodeSpan::BEGIN)
    }

    /// What is wrong, without a word of what the text holds, which may be a secret.
    pub fn without_values(&self) -> String {
        match &self.0.fault {
            YamlFault::TaggedScalar { .. } => "a value is not what its tag says".to_owned(),
            YamlFault::NotFinite(_) => "a number that JSON cannot hold".to_owned(),
            YamlFault::RepeatedKey { .. } => repeated(None),
            YamlFault::ClashingKeys { .. } => {
                "two keys become one, and kubectl takes either of them (put both in quotes)"
                    .to_owned()
            }
            YamlFault::TagShape(_) => NOT_TOLD.to_owned(),
            YamlFault::Syntax(_)
            | YamlFault::CollectionAsKey(_)
            | YamlFault::NullAsKey
            | YamlFault::UnfitKey(_)
            | YamlFault::MergeValue
            | YamlFault::UnknownAnchor
            | YamlFault::RecursiveAlias
            | YamlFault::Forbidden(_)
            | YamlFault::TooDeep(_)
            | YamlFault::TooManyNodes(_)
            | YamlFault::TooManyBytes
            | YamlFault::TooMuchAliased
            | YamlFault::TooLong
            | YamlFault::SecondDocument => self.to_string(),
        }
    }

    /// Whether the text is sound, and only what it holds isn't what belongs there.
    pub fn is_shape(&self) -> bool {
        matches!(self.0.fault, YamlFault::TagShape(_) | YamlFault::NullAsKey)
    }
}

fn repeated(key: Option<&str>) -> String {
    match key {
        Some(key) => format!("duplicate key `{}`", excerpt(key)),
        None => "duplicate key".to_owned(),
    }
}

/// What belongs there, as readers say it.
fn wanted(expected: &dyn Expected) -> String {
    let expected = expected.to_string();
    match &*expected {
        "a sequence" => "a list".to_owned(),
        "a map" => "a mapping".to_owned(),
        _ => expected,
    }
}

/// What stands there.
fn found(unexpected: Unexpected<'_>) -> String {
    match unexpected {
        Unexpected::Bool(value) => format!("the boolean `{value}`"),
        Unexpected::Unsigned(value) => format!("the number `{value}`"),
        Unexpected::Signed(value) => format!("the number `{value}`"),
        Unexpected::Str(value) => {
            // Line ends are escaped, quotes as they stand.
            let value = format!("{:?}", excerpt(value)).replace("\\\"", "\"");
            let value = value
                .strip_prefix('"')
                .and_then(|rest| rest.strip_suffix('"'));
            format!("the string `{}`", value.unwrap_or_default())
        }
        Unexpected::Seq => "a list".to_owned(),
        Unexpected::Map => "a mapping".to_owned(),
        Unexpected::Unit => "nothing".to_owned(),
        other => {
            let words = other.to_string();
            match words.strip_prefix("floating point ") {
                Some(value) => format!("the number {value}"),
                None => words,
            }
        }
    }
}

impl de::Error for Error {
    fn custom<T: Display>(message: T) -> Self {
        let message = message.to_string();
        let repeated = message
            .strip_prefix("duplicate field `")
            .and_then(|rest| rest.strip_suffix('`'));
        match repeated {
            Some(key) => Error::without_place(YamlFault::RepeatedKey {
                key: Some(key.to_owned()),
                first: None,
            }),
            None => Error::without_place(YamlFault::TagShape(message)),
        }
    }

    fn invalid_type(unexpected: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Error::without_place(YamlFault::TagShape(format!(
            "{}, where {} belongs",
            found(unexpected),
            wanted(expected)
        )))
    }

    fn unknown_field(field: &str, expected: &'static [&'static str]) -> Self {
        Error::without_place(YamlFault::TagShape(format!(
            "unknown field `{}`, expected one of `{}`",
            excerpt(field),
            expected.join("`, `")
        )))
    }
}

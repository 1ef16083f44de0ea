//! Fields, held against what an API server takes in them.

use std::fmt::Display;

use compact_str::CompactString;

use super::piece::{Fault, ShapeError};
use super::shape::{Text, TextMap};
use super::unrendered;
use crate::text::{Span, excerpt};

/// Why an object isn't used, in an API server's words.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{why}")]
pub struct Invalid {
    why: String,
    /// Where, if it isn't the object as a whole.
    span: Option<Span>,
    /// What of a shape didn't fit, where that is the reason.
    shape: Option<Fault>,
}

impl Invalid {
    /// What an API server would say.
    pub fn new(why: impl Into<String>) -> Self {
        Invalid {
            why: why.into(),
            span: None,
            shape: None,
        }
    }

    /// A value that isn't one of those that a field may have.
    pub(super) fn unsupported(field: &str, value: &str, supported: &str) -> Self {
        Invalid::new(format!(
            "{field}: unsupported value `{}`: supported values: {supported}",
            excerpt(value)
        ))
    }

    pub(super) fn unknown_field(field: impl Display) -> Self {
        Invalid::new(format!("unknown field `{}`", excerpt(&field.to_string())))
    }

    /// Says where, and of which entry of a list, counted from 1.
    #[must_use]
    pub(super) fn in_entry(self, what: &str, number: usize, span: Span) -> Self {
        Invalid {
            why: format!("{what} {number}: {}", self.why),
            span: Some(span),
            ..self
        }
    }

    /// Says below which field.
    #[must_use]
    pub(super) fn below(self, field: &str) -> Self {
        Invalid {
            why: format!("{field}: {}", self.why),
            ..self
        }
    }

    /// The same without a word of what stands there, which may be a secret.
    #[must_use]
    pub(super) fn withheld(self, field: &str) -> Self {
        Invalid {
            why: format!(
                "{field}: what a server takes doesn't stand there (what does isn't told, since it may be \
                 the secret)"
            ),
            ..self
        }
    }

    /// Where, if it isn't the object as a whole.
    pub(super) fn span(&self) -> Option<Span> {
        self.span
    }

    /// Whether the object didn't come to a server at all, since the text can't be read.
    pub(super) fn is_unreadable(&self) -> bool {
        self.shape == Some(Fault::Text)
    }

    /// Whether it hasn't the shape of such an object, so that nothing of it is known.
    pub(super) fn is_of_shape(&self) -> bool {
        self.shape.is_some()
    }
}

impl From<ShapeError> for Invalid {
    fn from(error: ShapeError) -> Self {
        Invalid {
            why: error.message,
            span: Some(error.span),
            shape: Some(error.fault),
        }
    }
}

/// Refuses a mapping with fields that its type doesn't have, `prefix` being the way to it.
pub(super) fn no_unknown(unknown: &[String], prefix: &str) -> Result<(), Invalid> {
    match unknown.first() {
        None => Ok(()),
        Some(field) => Err(Invalid::unknown_field(format_args!("{prefix}{field}"))),
    }
}

/// A string; an empty one where there is none.
pub(super) fn string(text: Option<Text<'_>>, field: &str) -> Result<CompactString, Invalid> {
    match text {
        None => Ok(CompactString::default()),
        Some(Text::Str(text)) => Ok(text.into()),
        Some(other) => Err(no_string(&other, field)),
    }
}

/// The complaint about what stands in a field where a string belongs.
pub(super) fn no_string(text: &Text<'_>, field: impl Display) -> Invalid {
    let complaint = text.complaint().unwrap_or_default();
    Invalid::new(format!("`{field}` holds {complaint}"))
}

/// A list of strings.
pub(super) fn strings(
    texts: Option<Vec<Text<'_>>>,
    field: &str,
) -> Result<Vec<CompactString>, Invalid> {
    let texts = texts.unwrap_or_default();
    // A list that is collected in place keeps the room that the reader took for it.
    let mut strings = Vec::with_capacity(texts.len());
    for text in texts {
        strings.push(string(Some(text), field)?);
    }
    Ok(strings)
}

/// A mapping of strings, in its order.
pub(super) fn map(
    map: Option<TextMap<'_>>,
    field: impl Display,
) -> Result<Vec<(String, String)>, Invalid> {
    map.unwrap_or_default()
        .0
        .into_iter()
        .map(|(key, value)| match value {
            Text::Str(value) => Ok((key, value.into_owned())),
            other => Err(no_string(&other, format_args!("{field}.{key}"))),
        })
        .collect()
}

/// What names of a kind are made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NameForm {
    /// Source: `ValidateRBACName`, which is `path.ValidatePathSegmentName`.
    PathSegment,
    /// Source: `NameIsDNSSubdomain`.
    Subdomain,
    /// Source: `NameIsDNSLabel`.
    Label,
}

/// How much of a name there is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Whole {
    Name,
    /// What a server makes a name of: `metadata.generateName`.
    Prefix,
}

/// A name of an RBAC object.
pub(super) fn check_name(name: &str, field: &str) -> Result<(), Invalid> {
    NameForm::PathSegment.check(name, Whole::Name, field)
}

impl NameForm {
    pub(super) fn check(self, name: &str, whole: Whole, field: &str) -> Result<(), Invalid> {
        if name.is_empty() {
            return Err(Invalid::new(format!("{field}: required value")));
        }
        let refuse = |why: &str| {
            let shown = excerpt(name);
            let hint = unrendered::hint(name);
            Err(Invalid::new(format!(
                "{field}: invalid value `{shown}`: {why}{hint}"
            )))
        };
        // Of a prefix, a dash at the end is followed by what makes it a name.
        let named = match whole {
            Whole::Prefix if name.len() > 1 => name.strip_suffix('-').unwrap_or(name),
            _ => name,
        };
        match self {
            NameForm::PathSegment => {
                if whole == Whole::Name && matches!(name, "." | "..") {
                    return refuse(&format!("may not be `{name}`"));
                }
                match name.chars().find(|c| matches!(c, '/' | '%')) {
                    Some(c) => refuse(&format!("may not contain `{c}`")),
                    None => Ok(()),
                }
            }
            NameForm::Subdomain if is_dns_subdomain(named) => Ok(()),
            NameForm::Subdomain => {
                refuse("a name is made of lower case letters, digits, `-` and `.`")
            }
            NameForm::Label if is_dns_label(named) => Ok(()),
            NameForm::Label => {
                refuse("a name is made of up to 63 lower case letters, digits and `-`")
            }
        }
    }
}

/// Source: `ValidateNamespaceName`.
pub(super) fn check_namespace(namespace: &str) -> Result<(), Invalid> {
    NameForm::Label.check(namespace, Whole::Name, "metadata.namespace")
}

/// Whether a name is a DNS-1123 label, as names of namespaces are.
pub fn is_dns_label(name: &str) -> bool {
    name.len() <= 63 && !name.contains('.') && is_dns_subdomain(name)
}

/// Whether a text is what may name a label, an annotation or a finalizer: up to 63 letters, digits and
/// `-_.`, after a domain and `/` if there is one.
///
/// Source: `IsQualifiedName`.
pub(super) fn is_qualified_name(name: &str) -> bool {
    let (domain, rest) = match name.split_once('/') {
        None => (None, name),
        Some((domain, rest)) => (Some(domain), rest),
    };
    domain.is_none_or(is_dns_subdomain) && !rest.is_empty() && is_label_value(rest)
}

/// Whether a text is what a label may hold.
///
/// Source: `IsValidLabelValue`.
pub(super) fn is_label_value(value: &str) -> bool {
    let bytes = value.as_bytes();
    let is_edge = |byte: Option<&u8>| byte.is_none_or(u8::is_ascii_alphanumeric);
    bytes.len() <= 63
        && is_edge(bytes.first())
        && is_edge(bytes.last())
        && bytes
            .iter()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.'))
}

/// What is wrong with a label's name.
pub(super) const LABEL_NAME: &str = "a label's name is made of up to 63 letters, digits and `-_.`, after a \
                                     domain and `/` if there is one";
/// What is wrong with a label's value.
pub(super) const LABEL_VALUE: &str = "a label holds up to 63 letters, digits and `-_.`, and begins and ends \
                                      with a letter or digit";

/// That labels are such as a server takes.
///
/// Source: `ValidateLabels`.
pub(super) fn check_labels(labels: &[(String, String)], field: &str) -> Result<(), Invalid> {
    for (key, value) in labels {
        let key_shown = excerpt(key);
        if !is_qualified_name(key) {
            return Err(Invalid::new(format!(
                "{field}: invalid value `{key_shown}`: {LABEL_NAME}"
            )));
        }
        if !is_label_value(value) {
            let value = excerpt(value);
            return Err(Invalid::new(format!(
                "{field}.{key_shown}: invalid value `{value}`: {LABEL_VALUE}"
            )));
        }
    }
    Ok(())
}

/// Whether a name is a DNS-1123 subdomain, as names of service accounts are.
pub(super) fn is_dns_subdomain(name: &str) -> bool {
    name.len() <= 253
        && name.as_bytes().split(|byte| *byte == b'.').all(|label| {
            let inner = |byte: &u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
            label.iter().all(|byte| inner(byte) || *byte == b'-')
                && label.first().is_some_and(inner)
                && label.last().is_some_and(inner)
        })
}

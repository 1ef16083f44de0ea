//! SubjectAccessReviews, answered as an API server fills in their `status`.
//!
//! Reviews are literal: no implied groups, no names to resolve. They stream: each is read,
//! answered and written on its own, in the format in which it came.
//!
//! ```
//! use rbac_eval::authz::chain;
//! use rbac_eval::kube::Manifest;
//! use rbac_eval::review::{Format, Piece, answer};
//! use rbac_eval::text::Files;
//! use rbac_eval::cluster::{Defaults, Snapshot};
//! use rbac_eval::authz::rbac::RbacAuthorizer;
//!
//! let snapshot = Snapshot::new(Files::default(), Manifest::default(), Defaults::Auto);
//! let rbac = RbacAuthorizer::new(snapshot)?;
//! let review = Piece {
//!     bytes: r#"{"apiVersion":"authorization.k8s.io/v1","kind":"SubjectAccessReview","spec":{"user":"eve","resourceAttributes":{"verb":"get","resource":"pods"}}}"#.into(),
//!     line: 1,
//!     format: Format::Json,
//! };
//! let answered = answer(&chain(&rbac), &review).unwrap();
//! assert!(answered.ends_with(r#","status":{"allowed":false}}"#));
//! # Ok::<(), rbac_eval::authz::rbac::TooLarge>(())
//! ```

mod reader;
mod splice;
mod word;

use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};

use crate::authn::UserInfo;
use crate::authz::{Attributes, NonResourceAttributes, ResourceAttributes};
use crate::authz::{Authorizer, Decision, Status};
use crate::kube::{plain_words, read_yaml};

use word::Word;

pub use reader::Reader;

/// The format of a piece of input.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// One JSON value.
    Json,
    /// One YAML document.
    Yaml,
}

/// One review as it came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Piece {
    /// The bytes as they were read; not yet checked to be UTF-8.
    pub bytes: Vec<u8>,
    /// The line on which it begins, from 1.
    pub line: u64,
    /// The format.
    pub format: Format,
}

/// What is wrong with a review, and on which line.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {message}")]
pub struct ReviewError {
    /// The line, from 1.
    pub line: u64,
    /// What is wrong.
    pub message: String,
}

#[derive(Deserialize)]
#[serde(
    rename_all = "camelCase",
    deny_unknown_fields,
    expecting = "a SubjectAccessReview"
)]
struct Review<'a> {
    #[serde(borrow, default)]
    api_version: Word<'a>,
    #[serde(borrow, default)]
    kind: Word<'a>,
    #[serde(borrow, default)]
    metadata: Option<Metadata<'a>>,
    #[serde(borrow, default)]
    spec: Option<Spec<'a>>,
    #[serde(default, rename = "status")]
    _status: IgnoredAny,
}

#[derive(Deserialize)]
#[serde(expecting = "the metadata of a review")]
struct Metadata<'a> {
    #[serde(borrow, default)]
    namespace: Option<Word<'a>>,
}

#[derive(Deserialize)]
#[serde(
    rename_all = "camelCase",
    deny_unknown_fields,
    expecting = "the spec of a review"
)]
struct Spec<'a> {
    #[serde(borrow, default)]
    user: Option<Word<'a>>,
    // v1beta1 calls them `group`.
    #[serde(borrow, default, alias = "group")]
    groups: Option<Vec<Word<'a>>>,
    #[serde(default, rename = "uid")]
    _uid: IgnoredAny,
    #[serde(default, rename = "extra")]
    _extra: IgnoredAny,
    #[serde(borrow, default)]
    resource_attributes: Option<Resource<'a>>,
    #[serde(borrow, default)]
    non_resource_attributes: Option<NonResource<'a>>,
}

#[derive(Deserialize)]
#[serde(
    rename_all = "camelCase",
    deny_unknown_fields,
    expecting = "resourceAttributes"
)]
struct Resource<'a> {
    #[serde(borrow, default)]
    namespace: Option<Word<'a>>,
    #[serde(borrow, default)]
    verb: Option<Word<'a>>,
    #[serde(borrow, default)]
    group: Option<Word<'a>>,
    #[serde(default, rename = "version")]
    _version: IgnoredAny,
    #[serde(borrow, default)]
    resource: Option<Word<'a>>,
    #[serde(borrow, default)]
    subresource: Option<Word<'a>>,
    #[serde(borrow, default)]
    name: Option<Word<'a>>,
    // Selectors narrow a request; RBAC doesn't look at them.
    #[serde(default, rename = "fieldSelector")]
    _field_selector: IgnoredAny,
    #[serde(default, rename = "labelSelector")]
    _label_selector: IgnoredAny,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, expecting = "nonResourceAttributes")]
struct NonResource<'a> {
    #[serde(borrow, default)]
    path: Option<Word<'a>>,
    #[serde(borrow, default)]
    verb: Option<Word<'a>>,
}

/// `status`, as an API server writes it.
#[derive(Serialize)]
struct StatusView<'a> {
    allowed: bool,
    #[serde(skip_serializing_if = "str::is_empty")]
    reason: &'a str,
}

/// Answers one review: the same text with its `status` filled in, without a newline at its end
/// where it is JSON.
///
/// # Errors
/// If the text isn't a SubjectAccessReview or LocalSubjectAccessReview that an API server would
/// take.
pub fn answer(authorizer: &dyn Authorizer, piece: &Piece) -> Result<String, ReviewError> {
    let error = |line: u64, message: String| ReviewError {
        line: piece.line + line.max(1) - 1,
        message,
    };
    let text = str::from_utf8(&piece.bytes).map_err(|problem| {
        let before = &piece.bytes[..problem.valid_up_to()];
        let line = 1 + memchr::memchr_iter(b'\n', before).count() as u64;
        error(line, "bytes that are not UTF-8".to_owned())
    })?;
    let (user, attributes) = match piece.format {
        Format::Json => {
            let review = read_json(text).map_err(|(line, message)| error(line, message))?;
            request(review)
        }
        Format::Yaml => {
            let review: Review<'_> =
                read_yaml(text).map_err(|(line, message)| error(line, message))?;
            request(review)
        }
    }
    .map_err(|message| error(1, message))?;
    let Status { decision, reason } = authorizer.status(&user, &attributes);
    let status = StatusView {
        allowed: decision == Decision::Allow,
        reason: &reason,
    };
    match piece.format {
        Format::Json => splice::json(text, &status),
        Format::Yaml => splice::yaml(text, &status),
    }
    .map_err(|message| error(1, message))
}

/// A review in JSON, or on which line of it what is wrong.
fn read_json(text: &str) -> Result<Review<'_>, (u64, String)> {
    if text.trim_start().starts_with('[') {
        return Err((1, "an array; write one review per line".to_owned()));
    }
    serde_json::from_str(text).map_err(|problem| {
        if problem.is_eof() {
            // Where it ends says nothing of where an end is missing.
            return (1, "this review has no end".to_owned());
        }
        let text = problem.to_string();
        let message = text.rfind(" at line ").map_or(&*text, |at| &text[..at]);
        (problem.line() as u64, plain_words(message))
    })
}

/// The request of a review, or why an API server wouldn't take it.
///
/// Source: `pkg/apis/authorization/validation`.
fn request(review: Review<'_>) -> Result<(UserInfo, Attributes), String> {
    let local = match &*review.kind {
        "SubjectAccessReview" => false,
        "LocalSubjectAccessReview" => true,
        "SelfSubjectAccessReview" | "SelfSubjectRulesReview" => {
            return Err(format!(
                "a {} doesn't say who asks; write a SubjectAccessReview with `spec.user`",
                review.kind
            ));
        }
        "" => return Err("it has no `kind`; expected SubjectAccessReview".to_owned()),
        other => {
            return Err(format!(
                "kind `{other}` is no review; expected SubjectAccessReview or \
                 LocalSubjectAccessReview"
            ));
        }
    };
    if !matches!(
        &*review.api_version,
        "authorization.k8s.io/v1" | "authorization.k8s.io/v1beta1"
    ) {
        return Err(format!(
            "apiVersion `{}` has no {}; expected authorization.k8s.io/v1",
            review.api_version, review.kind
        ));
    }
    let Some(spec) = review.spec else {
        return Err("spec: required value".to_owned());
    };
    let owned = |text: Option<Word<'_>>| text.map_or_else(String::new, Word::into_owned);
    let user = UserInfo {
        name: owned(spec.user),
        groups: spec
            .groups
            .unwrap_or_default()
            .into_iter()
            .map(Word::into_owned)
            .collect(),
    };
    if user.name.is_empty() && user.groups.is_empty() {
        return Err("spec.user: at least one of user or group must be specified".to_owned());
    }
    let attributes = match (spec.resource_attributes, spec.non_resource_attributes) {
        (Some(resource), None) => Attributes::Resource(ResourceAttributes {
            namespace: owned(resource.namespace),
            verb: owned(resource.verb),
            group: owned(resource.group),
            resource: owned(resource.resource),
            subresource: owned(resource.subresource),
            name: owned(resource.name),
        }),
        (None, Some(_)) if local => {
            return Err(
                "spec.nonResourceAttributes: disallowed on this kind of request".to_owned(),
            );
        }
        (None, Some(non_resource)) => Attributes::NonResource(NonResourceAttributes {
            verb: owned(non_resource.verb),
            path: owned(non_resource.path),
        }),
        _ => {
            return Err(
                "spec: exactly one of nonResourceAttributes or resourceAttributes must be \
                 specified"
                    .to_owned(),
            );
        }
    };
    if local {
        let namespace = owned(review.metadata.and_then(|metadata| metadata.namespace));
        if namespace != attributes.namespace() {
            return Err(
                "spec.resourceAttributes.namespace: must match metadata.namespace".to_owned(),
            );
        }
    }
    Ok((user, attributes))
}

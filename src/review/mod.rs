//! SubjectAccessReviews, answered as an API server fills in their `status`.
//!
//! Reviews are literal: no implied groups, no names to resolve. They stream: each is read,
//! answered and written on its own, in the format in which it came.
//!
//! ```
//! use rbac_eval::authz::chain;
//! use rbac_eval::kube::Manifest;
//! use rbac_eval::review::{Encoding, ReviewText, answer};
//! use rbac_eval::text::Files;
//! use rbac_eval::cluster::{Defaults, Snapshot};
//! use rbac_eval::authz::rbac::RbacAuthorizer;
//!
//! let snapshot = Snapshot::new(Files::default(), Manifest::default(), Defaults::Auto);
//! let rbac = RbacAuthorizer::new(snapshot)?;
//! let review = ReviewText {
//!     bytes: r#"{"apiVersion":"authorization.k8s.io/v1","kind":"SubjectAccessReview","spec":{"user":"eve","resourceAttributes":{"verb":"get","resource":"pods"}}}"#.into(),
//!     line: 1,
//!     format: Encoding::Json,
//! };
//! let answered = answer(&chain(&rbac), &review).unwrap();
//! assert!(answered.ends_with(r#","status":{"allowed":false}}"#));
//! # Ok::<(), rbac_eval::authz::rbac::TooLarge>(())
//! ```

mod reader;
mod request;
mod shape;
mod splice;
mod word;

use serde::Serialize;
use serde::de::IgnoredAny;

use crate::authz::{Authorizer, Decision, Status};
use crate::kube::plain_words;
use crate::text::yaml::{self, Document, Limits};

use request::ReviewRefusal;
use shape::{Object, Review};

pub use reader::{MAX_REVIEW, Reviews};

/// The format of a piece of input.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    /// One JSON value.
    Json,
    /// One YAML document.
    Yaml,
}

/// One review as it came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReviewText {
    /// The bytes as they were read; not yet checked to be UTF-8.
    pub bytes: Vec<u8>,
    /// The line on which it begins, from 1.
    pub line: u64,
    /// The format.
    pub format: Encoding,
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
/// If the text isn't a SubjectAccessReview or LocalSubjectAccessReview of version v1 that an API server
/// would take: one with fields of its own types, and valid.
pub fn answer(authorizer: &dyn Authorizer, piece: &ReviewText) -> Result<String, ReviewError> {
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
        Encoding::Json => {
            let review = read_json(text).map_err(|(line, message)| error(line, message))?;
            review.request().map_err(|refusal| {
                let document = yaml::json_document(text, Limits::default());
                error(
                    line_of(&refusal, document.ok().as_ref()),
                    refusal.to_string(),
                )
            })?
        }
        Encoding::Yaml => {
            let broken =
                |problem: yaml::Error| error(problem.span().line.into(), problem.to_string());
            let document = yaml::document(text).map_err(broken)?;
            let review = document.read::<Object<Review<'_>>>();
            let Object(review) = review.map_err(|problem| {
                let (line, message) = misfit(&document, &problem);
                error(line, message)
            })?;
            review
                .request()
                .map_err(|refusal| error(line_of(&refusal, Some(&document)), refusal.to_string()))?
        }
    };
    let Status { decision, reason } = authorizer.status(&user, &attributes);
    let status = StatusView {
        allowed: decision == Decision::Allow,
        reason: &reason,
    };
    match piece.format {
        Encoding::Json => splice::json(text, &status),
        Encoding::Yaml => splice::yaml(text, &status),
    }
    .map_err(|problem| error(1, problem.to_string()))
}

/// A review in JSON, or on which line of it what is wrong.
fn read_json(text: &str) -> Result<Review<'_>, (u64, String)> {
    if text.trim_start().starts_with('[') {
        return Err((1, "an array; write one review per line".to_owned()));
    }
    let problem = match serde_json::from_str::<Object<Review<'_>>>(text) {
        Ok(Object(review)) => return Ok(review),
        Err(problem) => problem,
    };
    if problem.is_eof() {
        // Where it ends says nothing of where an end is missing.
        return Err((1, "this review has no end".to_owned()));
    }
    // That reader doesn't know where a field stands, nor the way to it.
    if serde_json::from_str::<IgnoredAny>(text).is_ok()
        && let Ok(document) = yaml::json_document(text, Limits::default())
        && let Err(problem) = document.read::<Object<Review<'_>>>()
    {
        return Err(misfit(&document, &problem));
    }
    let line = problem.line() as u64;
    let problem = problem.to_string();
    let message = problem
        .rfind(" at line ")
        .map_or(&*problem, |at| &problem[..at]);
    Err((line, plain_words(message)))
}

/// What doesn't belong where it stands: on which line, what, and at which field.
fn misfit(document: &Document<'_>, problem: &yaml::Error) -> (u64, String) {
    let message = match document.path_to(problem) {
        Some(path) => format!("{problem}, at `{path}`"),
        None => problem.to_string(),
    };
    (problem.span().line.into(), message)
}

/// The line of a review that a refusal is about.
fn line_of(refusal: &ReviewRefusal, document: Option<&Document<'_>>) -> u64 {
    let metadata = document
        .filter(|_| refusal.is_of_metadata())
        .and_then(|document| document.root().get("metadata"));
    metadata.map_or(1, |metadata| metadata.span().line.into())
}

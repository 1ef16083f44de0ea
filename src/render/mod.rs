//! Words, tables, JSON and YAML out of result types. Nothing here decides anything.
//!
//! Each result has a serializable view (`apiVersion: rbac-eval/v1`), whose text form says the same
//! in words. The shapes are documented in `docs/json.md` and only ever grow. How a format is
//! written stands in one file each: `text`, `table`, `json`, `yaml`, `csv`, `markdown`, and fed by
//! diagnostics `sarif`, `github`, `junit` and `tap`.

pub mod assertions;
pub mod can_i;
pub mod check;
mod csv;
mod diagnostic;
pub mod diff;
mod folded;
pub mod github;
mod json;
mod junit;
pub mod lookup;
mod markdown;
pub mod matrix;
mod near_miss;
pub mod paths;
pub mod rules_table;
pub mod sarif;
pub mod suggest;
pub mod table;
mod tap;
pub mod text;
mod unjudged;
pub mod upgrade;
mod view;
pub mod who_can;
pub mod words;
mod yaml;

pub use diagnostic::{CaseView, DiagnosticView, RelatedView};
pub use json::to_json;
pub use unjudged::{UnjudgedView, how_many};
pub use view::{AttributesView, GrantView, IncompleteView, RuleView, SourceView, SubjectView};
pub use yaml::to_yaml;

/// The `apiVersion` of every JSON and YAML answer.
pub const API_VERSION: &str = "rbac-eval/v1";

/// The width that text stays within.
pub const WIDTH: usize = 100;

/// Why an answer can't be written in a format.
#[derive(Debug, thiserror::Error)]
pub enum RenderError {
    /// It can't be written as JSON.
    #[error(transparent)]
    Json(#[from] serde_json::Error),
    /// It can't be written as JUnit's XML.
    #[error(transparent)]
    Junit(#[from] quick_junit::SerializeError),
    /// It can't be written as CSV.
    #[error(transparent)]
    Csv(#[from] ::csv::Error),
    /// What was written isn't UTF-8.
    #[error(transparent)]
    Utf8(#[from] std::string::FromUtf8Error),
    /// A line number is too large for any file.
    #[error("a line number is too large: {0}")]
    Line(#[from] std::num::TryFromIntError),
    /// It can't be written at all.
    #[error(transparent)]
    Io(#[from] std::io::Error),
}

//! Words, tables, JSON and YAML out of result types. Nothing here decides anything.
//!
//! Each result has a serializable view (`apiVersion: rbac-eval/v1`), whose text form says the same
//! in words. The shapes are documented in `docs/json.md` and only ever grow.

pub mod can_i;
pub mod check;
pub mod diff;
pub mod github;
pub mod lookup;
pub mod matrix;
pub mod promise;
pub mod rules_table;
pub mod sarif;
pub mod table;
mod view;
pub mod who_can;
pub mod words;

pub use view::{
    AttributesView, BINDING_SCOPE_CLUSTER, BINDING_SCOPE_NAMESPACE, GrantView, IncompleteView,
    ObjectView, RuleView, SourceView, SubjectView,
};

/// The `apiVersion` of every JSON and YAML answer.
pub const API_VERSION: &str = "rbac-eval/v1";

/// The width that text stays within.
pub const WIDTH: usize = 100;

/// Writes a serializable answer as indented JSON with a newline at its end.
///
/// # Errors
/// If it can't be written.
pub fn to_json(
    answer: &impl serde::Serialize,
    out: &mut impl std::io::Write,
) -> std::io::Result<()> {
    serde_json::to_writer_pretty(&mut *out, answer)?;
    out.write_all(b"\n")
}

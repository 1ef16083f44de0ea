//! The answer of `check`.

use serde::Serialize;

use crate::analysis::unjudged::Unjudged;
use crate::diagnostic::{Diagnostic, Level, codes};
use crate::text::Files;

use super::text::{marked, wrapped};
use super::words::count;
use super::{API_VERSION, DiagnosticView, RenderError, SourceView, UnjudgedView, github, sarif};

/// The answer of `check`.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CheckView {
    /// `rbac-eval/v1`
    pub api_version: &'static str,
    /// `Check`
    pub kind: &'static str,
    /// The findings, by place.
    pub findings: Vec<FindingView>,
    /// What of the input isn't judged; each is a finding too.
    pub unjudged: Vec<UnjudgedView>,
    #[serde(skip)]
    diagnostics: Vec<DiagnosticView>,
}

/// A finding.
#[derive(Debug, Clone, Serialize)]
pub struct FindingView {
    /// The stable code.
    pub code: &'static str,
    /// What kind of finding it is.
    pub title: &'static str,
    /// `error`, `warning` or `info`.
    pub level: &'static str,
    /// The object, as `Kind namespace/name`.
    #[serde(skip_serializing_if = "str::is_empty")]
    pub object: String,
    /// What is wrong.
    pub message: String,
    /// Where.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<SourceView>,
}

impl CheckView {
    /// The view of findings whose places are in `files`.
    pub fn new(files: &Files, findings: &[Diagnostic], unjudged: &[Unjudged]) -> Self {
        let diagnostics: Vec<DiagnosticView> = findings
            .iter()
            .map(|finding| DiagnosticView::new(files, finding))
            .collect();
        CheckView {
            api_version: API_VERSION,
            kind: "Check",
            findings: diagnostics.iter().map(FindingView::new).collect(),
            unjudged: UnjudgedView::all(files, unjudged),
            diagnostics,
        }
    }

    /// Two lines a finding, and a count.
    pub fn to_table(&self) -> String {
        let mut out = String::new();
        for finding in &self.diagnostics {
            let level = finding.severity.level().as_str();
            let place = finding.sources.first().map(ToString::to_string);
            out.push_str(&marked(
                0,
                &format!("{} {level}  ", finding.code),
                &finding.object_in_words(),
                &place.unwrap_or_default(),
            ));
            out.push('\n');
            out.push_str(&wrapped(2, finding.remark()));
            out.push('\n');
        }
        let of = |level: Level| {
            let findings = self.diagnostics.iter();
            findings
                .filter(|finding| finding.severity.level() == level)
                .count()
        };
        out.push_str(&format!(
            "{}, {}, {}\n",
            count(of(Level::Error), "error", "errors"),
            count(of(Level::Warning), "warning", "warnings"),
            count(of(Level::Info), "note", "notes"),
        ));
        out
    }

    /// SARIF 2.1.0.
    ///
    /// # Errors
    /// If it can't be written as JSON.
    pub fn to_sarif(&self) -> Result<String, RenderError> {
        sarif::log(codes::FINDINGS, &self.diagnostics)
    }

    /// GitHub's workflow commands.
    pub fn to_github(&self) -> String {
        github::annotations(&self.diagnostics)
    }
}

impl FindingView {
    fn new(finding: &DiagnosticView) -> Self {
        FindingView {
            code: finding.code.id,
            title: finding.code.title,
            level: finding.severity.level().as_str(),
            object: finding.object_in_words(),
            message: finding.message.clone(),
            source: finding.sources.first().cloned(),
        }
    }
}

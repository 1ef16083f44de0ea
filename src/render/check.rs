//! The answer of `check`.

use serde::Serialize;

use crate::analysis::lint::{CODES, Finding, Level};
use crate::authz::rbac::RbacAuthorizer;

use super::github::annotation;
use super::sarif::{SarifFinding, SarifLevel, SarifRule, sarif};
use super::words::{with_place, wrapped};
use super::{API_VERSION, SourceView};

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
    pub source: SourceView,
}

impl CheckView {
    /// The view of findings.
    pub fn new(rbac: &RbacAuthorizer, findings: &[Finding]) -> Self {
        CheckView {
            api_version: API_VERSION,
            kind: "Check",
            findings: findings
                .iter()
                .map(|finding| FindingView {
                    code: finding.code.id,
                    title: finding.code.title,
                    level: finding.level.as_str(),
                    object: finding.object.clone(),
                    message: finding.message.clone(),
                    source: SourceView::new(rbac.snapshot().files(), finding.span),
                })
                .collect(),
        }
    }

    /// Two lines a finding, and a count.
    pub fn to_table(&self) -> String {
        let mut out = String::new();
        for finding in &self.findings {
            let heading = format!("{} {}  {}", finding.code, finding.level, finding.object);
            out.push_str(&with_place(
                0,
                heading.trim_end(),
                &finding.source.to_string(),
            ));
            out.push('\n');
            // Loading's sentences begin with the object; it stands above already.
            let message = finding
                .message
                .strip_prefix(&finding.object)
                .map_or(&*finding.message, str::trim_start);
            out.push_str(&wrapped(2, message));
            out.push('\n');
        }
        let count = |level: Level, one: &str, many: &str| {
            let count = self
                .findings
                .iter()
                .filter(|finding| finding.level == level.as_str())
                .count();
            match count {
                1 => format!("1 {one}"),
                count => format!("{count} {many}"),
            }
        };
        out.push_str(&format!(
            "{}, {}, {}\n",
            count(Level::Error, "error", "errors"),
            count(Level::Warning, "warning", "warnings"),
            count(Level::Info, "note", "notes"),
        ));
        out
    }

    /// SARIF 2.1.0.
    ///
    /// # Errors
    /// If it can't be written as JSON.
    pub fn to_sarif(&self) -> serde_json::Result<String> {
        let rules: Vec<SarifRule> = CODES
            .iter()
            .map(|code| SarifRule {
                id: code.id.to_owned(),
                title: code.title.to_owned(),
            })
            .collect();
        let findings: Vec<SarifFinding> = self
            .findings
            .iter()
            .map(|finding| SarifFinding {
                rule: finding.code.to_owned(),
                level: match finding.level {
                    "error" => SarifLevel::Error,
                    "warning" => SarifLevel::Warning,
                    _ => SarifLevel::Note,
                },
                message: finding.sentence(),
                places: vec![finding.source.clone()],
            })
            .collect();
        sarif(&rules, &findings)
    }

    /// GitHub's workflow commands.
    pub fn to_github(&self) -> String {
        self.findings
            .iter()
            .map(|finding| {
                let level = match finding.level {
                    "info" => "notice",
                    level => level,
                };
                annotation(level, &finding.source, finding.code, &finding.sentence())
            })
            .collect()
    }
}

impl FindingView {
    fn sentence(&self) -> String {
        if self.object.is_empty() || self.message.starts_with(&self.object) {
            self.message.clone()
        } else {
            format!("{}: {}", self.object, self.message)
        }
    }
}

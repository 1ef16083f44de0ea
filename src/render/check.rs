//! The answer of `check`.

use serde::Serialize;

use crate::analysis::lint::{IgnoredBy, SortedFindings};
use crate::analysis::unjudged::Unjudged;
use crate::diagnostic::{Diagnostic, Level, codes};
use crate::text::Files;

use super::sarif::{BaselineState, Reported, Suppression, SuppressionKind};
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
    /// Findings that are ignored, by place.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub ignored: Vec<IgnoredView>,
    /// Findings that the baseline knows, by place.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub known: Vec<FindingView>,
    /// How many findings of the baseline are gone.
    #[serde(skip_serializing_if = "is_none")]
    pub gone: usize,
    /// What of the input isn't judged; each is a finding too.
    pub unjudged: Vec<UnjudgedView>,
    #[serde(skip)]
    diagnostics: Vec<DiagnosticView>,
    /// Those that don't count.
    #[serde(skip)]
    passed_over: Vec<DiagnosticView>,
    #[serde(skip)]
    compared: ComparedWith,
}

/// Whether findings were held against a baseline.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ComparedWith {
    /// There is none.
    Nothing,
    /// One, so that each finding is new or known.
    Baseline,
}

/// A finding that is ignored.
#[derive(Debug, Clone, Serialize)]
pub struct IgnoredView {
    /// The finding.
    #[serde(flatten)]
    pub finding: FindingView,
    /// Why it is ignored.
    pub reason: String,
    /// Where that is written.
    #[serde(rename = "ignoredAt")]
    pub ignored_at: SourceView,
    /// `comment` or `settings`.
    #[serde(rename = "ignoredBy")]
    pub ignored_by: &'static str,
}

fn is_none(count: &usize) -> bool {
    *count == 0
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
    pub fn new(
        files: &Files,
        sorted: &SortedFindings,
        unjudged: &[Unjudged],
        compared: ComparedWith,
    ) -> Self {
        let views = |findings: &mut dyn Iterator<Item = &Diagnostic>| -> Vec<DiagnosticView> {
            findings
                .map(|finding| DiagnosticView::new(files, finding))
                .collect()
        };
        let diagnostics = views(&mut sorted.findings.iter());
        let mut passed_over = views(&mut sorted.ignored.iter().map(|one| &one.finding));
        let ignored = sorted.ignored.iter().zip(&passed_over);
        let ignored = ignored.map(|(one, finding)| IgnoredView {
            finding: FindingView::new(finding),
            reason: one.reason.clone(),
            ignored_at: SourceView::new(files, one.span),
            ignored_by: match one.by {
                IgnoredBy::Comment => "comment",
                IgnoredBy::Settings => "settings",
            },
        });
        let ignored = ignored.collect();
        let known = views(&mut sorted.known.iter());
        CheckView {
            api_version: API_VERSION,
            kind: "Check",
            findings: diagnostics.iter().map(FindingView::new).collect(),
            ignored,
            known: known.iter().map(FindingView::new).collect(),
            gone: sorted.gone,
            unjudged: UnjudgedView::all(files, unjudged),
            diagnostics,
            passed_over: {
                passed_over.extend(known);
                passed_over
            },
            compared,
        }
    }

    /// Adds a finding after the others.
    pub fn add(&mut self, finding: DiagnosticView) {
        self.findings.push(FindingView::new(&finding));
        self.diagnostics.push(finding);
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
        let mut counts = vec![
            count(of(Level::Error), "error", "errors"),
            count(of(Level::Warning), "warning", "warnings"),
            count(of(Level::Info), "note", "notes"),
        ];
        for (number, what) in [(self.ignored.len(), "ignored"), (self.known.len(), "known")] {
            if number > 0 {
                counts.push(format!("{number} {what}"));
            }
        }
        out.push_str(&format!("{}\n", counts.join(", ")));
        out
    }

    /// SARIF 2.1.0.
    ///
    /// # Errors
    /// If it can't be written as JSON.
    pub fn to_sarif(&self) -> Result<String, RenderError> {
        let baseline = |state| (self.compared == ComparedWith::Baseline).then_some(state);
        let new = self.diagnostics.iter().map(|finding| Reported {
            finding,
            suppression: None,
            baseline: baseline(BaselineState::New),
        });
        let mut ignored = self.ignored.iter();
        let passed_over = self.passed_over.iter().map(|finding| {
            let ignored = ignored.next();
            Reported {
                finding,
                suppression: ignored.map(|ignored| Suppression {
                    kind: match ignored.ignored_by {
                        "comment" => SuppressionKind::InSource,
                        _ => SuppressionKind::External,
                    },
                    reason: &ignored.reason,
                }),
                baseline: match ignored {
                    Some(_) => None,
                    None => baseline(BaselineState::Unchanged),
                },
            }
        });
        let all: Vec<Reported<'_>> = new.chain(passed_over).collect();
        sarif::log_of(codes::FINDINGS, &all)
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

//! SARIF 2.1.0, which code scanning reads.

use std::io;

use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};
use serde_sarif::sarif::{
    ArtifactLocation, Location, Message, MultiformatMessageString, PhysicalLocation, Region,
    ReportingDescriptor, Result as SarifResult, ResultLevel, Run, RunAutomationDetails, Sarif,
    Suppression as SarifSuppression, Tool, ToolComponent,
};

use super::{DiagnosticView, RenderError, SourceView, to_json};
use crate::diagnostic::{Code, Level};
use crate::text::escaped;

/// A SARIF log of one run, which could have told of all `codes`.
///
/// # Errors
/// If it can't be written as JSON.
pub fn log(codes: &[&Code], diagnostics: &[DiagnosticView]) -> Result<String, RenderError> {
    let all = diagnostics.iter().map(|finding| Reported {
        finding,
        suppression: None,
        baseline: None,
    });
    log_of(codes, &all.collect::<Vec<_>>())
}

/// A result, and why it may not count.
#[derive(Debug, Clone, Copy)]
pub struct Reported<'v> {
    /// What is found.
    pub finding: &'v DiagnosticView,
    /// Why it is ignored, if it is.
    pub suppression: Option<Suppression<'v>>,
    /// Whether it is new, where that is known.
    pub baseline: Option<BaselineState>,
}

/// Why a result is ignored.
#[derive(Debug, Clone, Copy)]
pub struct Suppression<'v> {
    /// What says so.
    pub kind: SuppressionKind,
    /// Why.
    pub reason: &'v str,
}

/// What says that a result is ignored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SuppressionKind {
    /// A comment beside it.
    InSource,
    /// Something else.
    External,
}

/// Whether a result is new.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BaselineState {
    /// It is.
    New,
    /// It was known.
    Unchanged,
}

/// A SARIF log of one run, some of whose results don't count.
///
/// # Errors
/// If it can't be written as JSON.
pub fn log_of(codes: &[&Code], reported: &[Reported<'_>]) -> Result<String, RenderError> {
    let rules: Vec<ReportingDescriptor> = codes
        .iter()
        .map(|code| {
            ReportingDescriptor::builder()
                .id(code.id)
                .short_description(MultiformatMessageString::builder().text(code.title).build())
                .build()
        })
        .collect();
    let results: Vec<SarifResult> = reported
        .iter()
        .map(|reported| {
            let diagnostic = reported.finding;
            let mut result = SarifResult::builder()
                .rule_id(diagnostic.code.id)
                .level(match diagnostic.severity.level() {
                    Level::Error => ResultLevel::Error,
                    Level::Warning => ResultLevel::Warning,
                    Level::Info => ResultLevel::Note,
                })
                .message(
                    Message::builder()
                        .text(text(&diagnostic.sentence()))
                        .build(),
                )
                .locations(diagnostic.sources.iter().map(location).collect::<Vec<_>>())
                .build();
            result.baseline_state = reported.baseline.map(|state| {
                serde_json::json!(match state {
                    BaselineState::New => "new",
                    BaselineState::Unchanged => "unchanged",
                })
            });
            result.suppressions = reported.suppression.map(|suppression| {
                let kind = match suppression.kind {
                    SuppressionKind::InSource => "inSource",
                    SuppressionKind::External => "external",
                };
                let suppression = SarifSuppression::builder()
                    .kind(serde_json::json!(kind))
                    .justification(text(suppression.reason))
                    .build();
                vec![suppression]
            });
            result
        })
        .collect();
    let driver = ToolComponent::builder()
        .name("rbac-eval")
        .version(env!("CARGO_PKG_VERSION"))
        .rules(rules)
        .build();
    let run = Run::builder()
        .tool(Tool::builder().driver(driver).build())
        .results(results)
        .build();
    let log = Sarif::builder()
        .schema("https://json.schemastore.org/sarif-2.1.0.json")
        .version(serde_json::json!("2.1.0"))
        .runs(vec![run])
        .build();
    written(&log)
}

/// One log with the runs of several, each under the name of what it is about.
///
/// Code scanning tells runs of one tool apart by `automationDetails.id`, whose part before the last `/` is
/// the category.
///
/// # Errors
/// If one of them isn't such a log.
pub fn of_runs(logs: &[(&str, String)]) -> Result<String, RenderError> {
    let mut whole: Option<Sarif> = None;
    for (name, log) in logs {
        let mut log: Sarif = serde_json::from_str(log).map_err(io::Error::from)?;
        for run in &mut log.runs {
            let id = format!("rbac-eval/{name}/");
            run.automation_details = Some(RunAutomationDetails::builder().id(id).build());
        }
        match &mut whole {
            Some(whole) => whole.runs.append(&mut log.runs),
            None => whole = Some(log),
        }
    }
    whole.map_or_else(|| Ok(String::new()), |whole| written(&whole))
}

fn written(log: &Sarif) -> Result<String, RenderError> {
    let mut written = Vec::new();
    to_json(log, &mut written)?;
    Ok(String::from_utf8(written)?)
}

/// A message's text, in which names make no link: `[text](target)` is one in SARIF.
fn text(sentence: &str) -> String {
    escaped(sentence).replace("](", "]\\u{28}")
}

/// What of a path doesn't stay as it is in a URI. A colon could end the name of a scheme.
const IN_URI: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'#')
    .add(b'%')
    .add(b':')
    .add(b'<')
    .add(b'>')
    .add(b'?')
    .add(b'[')
    .add(b'\\')
    .add(b']')
    .add(b'^')
    .add(b'`')
    .add(b'{')
    .add(b'|')
    .add(b'}');

fn uri(path: &str) -> String {
    // Elsewhere a backslash is a letter of a name, and two could be read as the name of a host.
    let path = if cfg!(windows) {
        path.replace('\\', "/")
    } else {
        path.to_owned()
    };
    utf8_percent_encode(&path, IN_URI).to_string()
}

fn location(source: &SourceView) -> Location {
    Location::builder()
        .physical_location(
            PhysicalLocation::builder()
                .artifact_location(ArtifactLocation::builder().uri(uri(&source.file)).build())
                .region(
                    Region::builder()
                        .start_line(i64::from(source.line.max(1)))
                        .build(),
                )
                .build(),
        )
        .build()
}

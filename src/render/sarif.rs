//! SARIF 2.1.0, which code scanning reads.

use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};
use serde_sarif::sarif::{
    ArtifactLocation, Location, Message, MultiformatMessageString, PhysicalLocation, Region,
    ReportingDescriptor, Result as SarifResult, ResultLevel, Run, Sarif, Tool, ToolComponent,
};

use super::SourceView;

/// A kind of result.
#[derive(Debug, Clone)]
pub struct SarifRule {
    /// The stable id.
    pub id: String,
    /// What it is, in a few words.
    pub title: String,
}

/// How grave a result is, in SARIF's words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SarifLevel {
    /// `error`
    Error,
    /// `warning`
    Warning,
    /// `note`
    Note,
}

/// One result.
#[derive(Debug, Clone)]
pub struct SarifFinding {
    /// The id of its rule.
    pub rule: String,
    /// How grave it is.
    pub level: SarifLevel,
    /// What is to be said.
    pub message: String,
    /// Where; several lines may be at fault.
    pub places: Vec<SourceView>,
}

/// A SARIF log of one run.
///
/// # Errors
/// If it can't be written as JSON.
pub fn sarif(rules: &[SarifRule], findings: &[SarifFinding]) -> serde_json::Result<String> {
    let descriptors: Vec<ReportingDescriptor> = rules
        .iter()
        .map(|rule| {
            ReportingDescriptor::builder()
                .id(rule.id.clone())
                .short_description(
                    MultiformatMessageString::builder()
                        .text(rule.title.clone())
                        .build(),
                )
                .build()
        })
        .collect();
    let results: Vec<SarifResult> = findings
        .iter()
        .map(|finding| {
            SarifResult::builder()
                .rule_id(finding.rule.clone())
                .level(match finding.level {
                    SarifLevel::Error => ResultLevel::Error,
                    SarifLevel::Warning => ResultLevel::Warning,
                    SarifLevel::Note => ResultLevel::Note,
                })
                .message(Message::builder().text(finding.message.clone()).build())
                .locations(finding.places.iter().map(location).collect::<Vec<_>>())
                .build()
        })
        .collect();
    let driver = ToolComponent::builder()
        .name("rbac-eval")
        .version(env!("CARGO_PKG_VERSION"))
        .rules(descriptors)
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
    let mut text = serde_json::to_string_pretty(&log)?;
    text.push('\n');
    Ok(text)
}

/// What of a path stays as it is in a URI.
const IN_URI: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'#')
    .add(b'%')
    .add(b'<')
    .add(b'>')
    .add(b'?')
    .add(b'[')
    .add(b']')
    .add(b'^')
    .add(b'`')
    .add(b'{')
    .add(b'|')
    .add(b'}');

fn uri(path: &str) -> String {
    utf8_percent_encode(&path.replace('\\', "/"), IN_URI).to_string()
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

//! Gains for the reports of other tools: one diagnostic each, at the lines that cause it.

use super::{ChangeView, DiffView};
use crate::analysis::risk::WeighedChange;
use crate::diagnostic::{Code, Phrase, Severity, codes};
use crate::render::{DiagnosticView, RenderError, SourceView, github, sarif, unjudged};

/// How many risks are told before the rest is counted.
const FEW_RISKS: usize = 3;

/// What a gain is reported as: the most severe risk's code, with how severe that is.
pub(super) fn code_of(weighed: &WeighedChange) -> (&'static Code, Severity) {
    match weighed.risks.first() {
        Some(risk) => (risk.code, risk.severity),
        None => (&codes::GAINED, codes::GAINED.severity),
    }
}

impl ChangeView {
    /// Who gained what and where, with the risks.
    fn sentence(&self) -> String {
        let who = match &self.everyone {
            Some(everyone) => format!("{} ({everyone})", self.subject),
            None => self.subject.to_string(),
        };
        let scope = match &self.namespace {
            Some(namespace) => format!("in namespace {namespace}"),
            None => "cluster-wide".to_owned(),
        };
        let mut parts = vec![format!(
            "{who} {} {scope}: {}",
            self.change,
            self.few_words()
        )];
        parts.extend(self.risks.iter().take(FEW_RISKS).map(ToString::to_string));
        let more = self.risks.len().saturating_sub(FEW_RISKS);
        if more > 0 {
            parts.push(format!("and {more} more risks (`-o json` lists them)"));
        }
        parts.join("; ")
    }

    /// What is reported of a gain, at the lines that cause it; in a sentence the other risks too.
    fn report(&self) -> Option<DiagnosticView> {
        let (code, severity) = self.reported?;
        let mut sources: Vec<SourceView> = self
            .causes
            .iter()
            .map(|cause| cause.source.clone())
            .collect();
        sources.sort();
        sources.dedup();
        Some(DiagnosticView {
            code,
            severity,
            object: None,
            message: self.sentence(),
            phrase: Phrase::Sentence,
            sources,
            related: Vec::new(),
        })
    }
}

impl DiffView {
    /// SARIF 2.1.0: one result a part that isn't judged, and one a gain, at the lines that cause it.
    ///
    /// # Errors
    /// If it can't be written as JSON.
    pub fn to_sarif(&self) -> Result<String, RenderError> {
        let gained: [&Code; 1] = [&codes::GAINED];
        let codes: Vec<&Code> = unjudged::codes(&self.unknown)
            .into_iter()
            .chain(codes::RISKS.iter().copied())
            .chain(gained)
            .collect();
        sarif::log(&codes, &self.reported())
    }

    /// GitHub's workflow commands: one annotation a part that isn't judged, and one a gain and place.
    pub fn to_github(&self) -> String {
        github::annotations(&self.reported())
    }

    fn reported(&self) -> Vec<DiagnosticView> {
        let unknown = self.unknown.iter().cloned();
        let gains = self.changes.iter().filter_map(ChangeView::report);
        unknown.chain(gains).collect()
    }
}

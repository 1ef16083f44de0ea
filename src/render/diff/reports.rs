//! Gains for the reports of other tools: one diagnostic each, at the lines that cause it.

use super::DiffView;
use crate::analysis::risk::WeighedChange;
use crate::diagnostic::{Code, Diagnostic, Related, codes};
use crate::render::{DiagnosticView, RenderError, github, sarif, unjudged};

/// What is reported of a gain: the most severe risk's code, and in a sentence the others too.
pub(super) fn of_gain(weighed: &WeighedChange, sentence: String) -> Diagnostic {
    let (code, severity) = match weighed.risks.first() {
        Some(risk) => (risk.code, risk.severity),
        None => (&codes::GAINED, codes::GAINED.severity),
    };
    let mut diagnostic = Diagnostic::worded(code, severity, sentence);
    let mut spans = weighed.change.causes.iter().map(|cause| cause.span);
    diagnostic.span = spans.next();
    diagnostic.related = spans
        .map(|span| Related {
            span,
            message: String::new(),
        })
        .collect();
    diagnostic
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
        let unknown = self.unknown.iter();
        unknown.chain(&self.gains).cloned().collect()
    }
}

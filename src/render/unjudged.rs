//! What an answer doesn't judge, as every command shows it.

use serde::Serialize;

use crate::analysis::unjudged::Unjudged;
use crate::diagnostic::{Code, Diagnostic};
use crate::object::ObjectRef;
use crate::text::Files;

use super::text::with_place;
use super::words::count;
use super::{DiagnosticView, SourceView};

/// How many are named in text before the rest is counted.
const SHOWN: usize = 20;

/// A part of the input that isn't judged.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct UnjudgedView {
    /// The object, where one is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub object: Option<ObjectRef>,
    /// Where it stands; absent where no text of the input shows it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<SourceView>,
    /// What it is, and why it isn't judged.
    pub reason: String,
}

impl UnjudgedView {
    /// The views of what isn't judged, whose places are in `files`.
    pub fn all(files: &Files, unjudged: &[Unjudged]) -> Vec<Self> {
        unjudged
            .iter()
            .map(|unjudged| UnjudgedView {
                object: unjudged.object.clone(),
                source: unjudged.span.map(|span| SourceView::new(files, span)),
                reason: unjudged.reason.clone(),
            })
            .collect()
    }

    /// A sentence, with its place.
    pub fn sentence(&self) -> String {
        match &self.source {
            Some(source) => format!("{} ({source})", self.reason),
            None => self.reason.clone(),
        }
    }

    fn to_line(&self, indent: usize, word: &str) -> String {
        let place = self.source.as_ref().map(ToString::to_string);
        let text = format!("{word}: {}", self.reason);
        with_place(indent, &text, &place.unwrap_or_default())
    }
}

/// A line for each, after a word such as `incomplete`; many are counted.
pub fn lines(unjudged: &[UnjudgedView], indent: usize, word: &str) -> Vec<String> {
    let mut lines: Vec<String> = unjudged
        .iter()
        .take(SHOWN)
        .map(|one| one.to_line(indent, word))
        .collect();
    if unjudged.len() > SHOWN {
        let more = unjudged.len() - SHOWN;
        lines.push(format!(
            "{:indent$}{word}: {more} more (`-o json` lists them)",
            ""
        ));
    }
    lines
}

/// A sentence for each; many are counted.
pub fn sentences(unjudged: &[UnjudgedView]) -> Vec<String> {
    let shown = unjudged.iter().take(SHOWN);
    let mut sentences: Vec<String> = shown
        .map(|one| format!("not judged: {}", one.sentence()))
        .collect();
    if unjudged.len() > SHOWN {
        sentences.push(format!("not judged: {} more", unjudged.len() - SHOWN));
    }
    sentences
}

/// How many parts aren't judged, in words.
pub fn how_many(unjudged: usize) -> String {
    count(unjudged, "part isn't judged", "parts aren't judged")
}

/// What isn't judged as rows of a table of so many columns: what it is stands in the first ones, its
/// place in the last.
pub fn rows(unjudged: &[UnjudgedView], columns: usize) -> Vec<Vec<String>> {
    unjudged
        .iter()
        .map(|one| {
            let object = one.object.as_ref().map(ToString::to_string);
            let mut row = vec![NOT_JUDGED.to_owned(), object.unwrap_or_default()];
            row.push(one.sentence());
            row.resize(columns, String::new());
            row
        })
        .collect()
}

/// What stands in the first column of such a row; no kind can be called so.
const NOT_JUDGED: &str = "(not judged)";

/// The diagnostics of what isn't judged, for the reports of other tools.
pub(super) fn diagnostics(files: &Files, unjudged: &[Unjudged]) -> Vec<DiagnosticView> {
    unjudged
        .iter()
        .map(|unjudged| {
            let Unjudged { code, severity, .. } = *unjudged;
            let mut diagnostic = Diagnostic::worded(code, severity, unjudged.reason.clone());
            diagnostic.object.clone_from(&unjudged.object);
            diagnostic.span = unjudged.span;
            DiagnosticView::new(files, &diagnostic)
        })
        .collect()
}

/// The codes of what isn't judged, each once.
pub(super) fn codes(diagnostics: &[DiagnosticView]) -> Vec<&'static Code> {
    let mut codes: Vec<&Code> = diagnostics.iter().map(|one| one.code).collect();
    codes.sort_by_key(|code| code.id);
    codes.dedup();
    codes
}

//! Diagnostics as the formats show them, with places by name.

use crate::diagnostic::{Code, Diagnostic, Phrase, Severity};
use crate::object::ObjectRef;
use crate::text::Files;

use super::SourceView;

/// A diagnostic whose places are told by name.
#[derive(Debug, Clone)]
pub struct DiagnosticView {
    /// Of which kind it is.
    pub code: &'static Code,
    /// How severe it is.
    pub severity: Severity,
    /// The object that it is about.
    pub object: Option<ObjectRef>,
    /// What is to be said.
    pub message: String,
    /// Whether the message names the object.
    pub phrase: Phrase,
    /// The places that are at fault, sorted; none where none is.
    pub sources: Vec<SourceView>,
    /// Other places, with what stands there.
    pub related: Vec<RelatedView>,
}

/// Another place that belongs to a diagnostic.
#[derive(Debug, Clone)]
pub struct RelatedView {
    /// What stands there.
    pub message: String,
    /// Where.
    pub source: SourceView,
}

impl DiagnosticView {
    /// The view of a diagnostic whose places are in `files`.
    pub fn new(files: &Files, diagnostic: &Diagnostic) -> Self {
        let (alike, related): (Vec<_>, Vec<_>) = diagnostic
            .related
            .iter()
            .partition(|related| related.message.is_empty());
        let spans = alike.iter().map(|related| related.span);
        let mut sources: Vec<SourceView> = diagnostic
            .span
            .into_iter()
            .chain(spans)
            .map(|span| SourceView::new(files, span))
            .collect();
        sources.sort();
        sources.dedup();
        DiagnosticView {
            code: diagnostic.code,
            severity: diagnostic.severity,
            object: diagnostic.object.clone(),
            message: diagnostic.message.clone(),
            phrase: diagnostic.phrase,
            sources,
            related: related
                .into_iter()
                .map(|related| RelatedView {
                    message: related.message.clone(),
                    source: SourceView::new(files, related.span),
                })
                .collect(),
        }
    }

    /// The object as it is written; empty where there is none.
    pub fn object_in_words(&self) -> String {
        self.object
            .as_ref()
            .map_or_else(String::new, ToString::to_string)
    }

    /// A sentence that stands alone.
    pub fn sentence(&self) -> String {
        match (&self.object, self.phrase) {
            (Some(object), Phrase::Remark) => format!("{object}: {}", self.message),
            _ => self.message.clone(),
        }
    }

    /// What is said of the object, where its name stands beside it already.
    pub fn remark(&self) -> &str {
        match self.phrase {
            Phrase::Remark => &self.message,
            Phrase::Sentence => self
                .message
                .strip_prefix(&self.object_in_words())
                .map_or(&*self.message, str::trim_start),
        }
    }
}

/// A test, and what is said against it.
#[derive(Debug, Clone, Copy)]
pub struct CaseView<'v> {
    /// The environment that it is about, where there are several.
    pub environment: Option<&'v str>,
    /// What it is called.
    pub name: &'v str,
    /// Where it is written.
    pub source: &'v SourceView,
    /// How it fails; nothing where it passes.
    pub failures: &'v [DiagnosticView],
}

impl CaseView<'_> {
    /// A name of it, after the environment.
    pub fn in_environment(&self, name: &str) -> String {
        match self.environment {
            Some(environment) => format!("{environment}: {name}"),
            None => name.to_owned(),
        }
    }

    /// Whether nothing is said against it.
    pub fn passes(&self) -> bool {
        self.failures.is_empty()
    }

    /// What is said against it, a line each: the failures, and indented what belongs to them, with
    /// its place.
    pub fn lines(&self) -> Vec<String> {
        let mut lines = Vec::new();
        for failure in self.failures {
            lines.push(failure.message.trim_end().to_owned());
            let related = failure.related.iter();
            lines
                .extend(related.map(|related| format!("  {} {}", related.message, related.source)));
        }
        lines
    }
}

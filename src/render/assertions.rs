//! The answer of `test`.

use serde::Serialize;

use crate::analysis::assertions::{Assertion, Outcome, Violation};
use crate::analysis::unjudged::Unjudged;
use crate::authz::rbac::RbacAuthorizer;
use crate::diagnostic::{Diagnostic, Related, codes};
use crate::entra::Directory;
use crate::text::Files;

use super::text::{marked, with_place, wrapped};
use super::view::{GrantView, SourceView, SubjectView, grant_span};
use super::words::{describe_object, describe_request};
use super::{API_VERSION, CaseView, DiagnosticView, RenderError, UnjudgedView, junit, tap};

/// The answer of `test`.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct TestView {
    /// `rbac-eval/v1`
    pub api_version: &'static str,
    /// `Test`
    pub kind: &'static str,
    /// The assertions, in the order of the files.
    pub promises: Vec<AssertionView>,
    /// How many hold.
    pub kept: usize,
    /// How many don't.
    pub broken: usize,
    /// How many could be broken by what isn't judged.
    pub unknown: usize,
    /// What isn't judged.
    pub unjudged: Vec<UnjudgedView>,
}

/// An assertion and whether it holds.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct AssertionView {
    /// Its name.
    pub name: String,
    /// Where it is written.
    pub source: SourceView,
    /// Whether it holds.
    pub kept: bool,
    /// `kept`, `broken`, or `unjudged` where what isn't judged could break it.
    pub outcome: &'static str,
    /// Whether it held on BASE, where that was asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kept_on_base: Option<bool>,
    /// How it doesn't hold.
    pub breaches: Vec<BreachView>,
    /// What isn't judged and could break it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub unjudged: Vec<UnjudgedView>,
    #[serde(skip)]
    failures: Vec<DiagnosticView>,
}

/// One way in which an assertion doesn't hold.
#[derive(Debug, Clone, Serialize)]
pub struct BreachView {
    /// In a sentence.
    pub message: String,
    /// The grants that break it.
    pub grants: Vec<BreakingGrant>,
}

/// A grant and its subject.
#[derive(Debug, Clone, Serialize)]
pub struct BreakingGrant {
    /// The subject that the binding names.
    pub subject: SubjectView,
    /// Binding, role, rule, scope and source.
    #[serde(flatten)]
    pub grant: GrantView,
}

impl BreakingGrant {
    fn in_words(&self) -> String {
        format!(
            "{} gives {} the {} {}, rule {}",
            describe_object(&self.grant.binding),
            self.subject,
            self.grant.role.kind,
            self.grant.role.name,
            self.grant.rule
        )
    }
}

impl BreachView {
    fn new(rbac: &RbacAuthorizer, directory: &Directory, breach: &Violation) -> Self {
        let can = if breach.can { "can" } else { "can't" };
        BreachView {
            message: format!("{} {can} {}", breach.who, describe_request(&breach.request)),
            grants: breach
                .grants
                .iter()
                .map(|grant| {
                    let binding = rbac.snapshot().binding(grant.binding);
                    let subject = &binding.subjects[grant.subject];
                    BreakingGrant {
                        subject: SubjectView::new(subject, binding, directory),
                        grant: GrantView::new(rbac, grant),
                    }
                })
                .collect(),
        }
    }

    /// What is reported of it: the sentence, and beside it the grants where their rules stand.
    fn diagnostic(&self, rbac: &RbacAuthorizer, breach: &Violation) -> Diagnostic {
        let code = &codes::ASSERTION_BROKEN;
        let mut diagnostic = Diagnostic::worded(code, code.severity, self.message.clone());
        diagnostic.related = breach
            .grants
            .iter()
            .zip(&self.grants)
            .map(|(grant, view)| Related {
                span: grant_span(rbac, grant),
                message: view.in_words(),
            })
            .collect();
        diagnostic
    }
}

impl AssertionView {
    /// The view of an assertion of a file.
    pub fn new(
        rbac: &RbacAuthorizer,
        directory: &Directory,
        file: &str,
        assertion: &Assertion,
        outcome: &Outcome,
        kept_on_base: Option<bool>,
    ) -> Self {
        let (broken, unknown): (&[Violation], &[Unjudged]) = match outcome {
            Outcome::Holds => (&[], &[]),
            Outcome::Fails(breaches) => (breaches, &[]),
            Outcome::Unknown(unjudged) => (&[], unjudged),
        };
        let files = rbac.snapshot().files();
        let breaches: Vec<BreachView> = broken
            .iter()
            .map(|breach| BreachView::new(rbac, directory, breach))
            .collect();
        let failures = breaches
            .iter()
            .zip(broken)
            .map(|(view, breach)| DiagnosticView::new(files, &view.diagnostic(rbac, breach)))
            .chain(unjudged_failure(files, unknown))
            .collect();
        AssertionView {
            name: assertion.name.clone(),
            source: SourceView {
                file: file.to_owned(),
                line: assertion.line,
                rendered: None,
            },
            kept: *outcome == Outcome::Holds,
            outcome: match outcome {
                Outcome::Holds => "kept",
                Outcome::Fails(_) => "broken",
                Outcome::Unknown(_) => "unjudged",
            },
            kept_on_base,
            breaches,
            unjudged: UnjudgedView::all(files, unknown),
            failures,
        }
    }

    fn is(&self, outcome: &str) -> bool {
        self.outcome == outcome
    }

    /// What of BASE is worth saying.
    fn before(&self) -> &'static str {
        match (self.kept, self.kept_on_base) {
            (false, Some(true)) => " (it held before)",
            (false, Some(false)) => " (it didn't hold before either)",
            (true, Some(false)) => " (it didn't hold before)",
            _ => "",
        }
    }
}

/// That an assertion could be broken by what isn't judged: one sentence, and beside it each part.
fn unjudged_failure(files: &Files, unjudged: &[Unjudged]) -> Option<DiagnosticView> {
    let first = unjudged.first()?;
    let code = &codes::ASSERTION_UNJUDGED;
    let message = match unjudged.len() {
        1 => "what isn't judged could break it".to_owned(),
        count => format!("{count} parts that aren't judged could break it"),
    };
    let mut diagnostic = Diagnostic::worded(code, code.severity, message);
    diagnostic.span = first.span;
    let parts = unjudged.iter().take(FEW);
    diagnostic.related = parts
        .filter_map(|part| {
            let message = part.reason.clone();
            part.span.map(|span| Related { span, message })
        })
        .collect();
    Some(DiagnosticView::new(files, &diagnostic))
}

/// How many parts that aren't judged stand below an assertion.
const FEW: usize = 3;

impl TestView {
    /// The view of all assertions.
    pub fn new(promises: Vec<AssertionView>, unjudged: Vec<UnjudgedView>) -> Self {
        let count = |outcome| {
            let assertions = promises.iter();
            assertions.filter(|assertion| assertion.is(outcome)).count()
        };
        TestView {
            api_version: API_VERSION,
            kind: "Test",
            kept: count("kept"),
            broken: count("broken"),
            unknown: count("unjudged"),
            unjudged,
            promises,
        }
    }

    /// A line an assertion, and below a broken one the grants that break it.
    pub fn to_table(&self) -> String {
        let mut out = String::new();
        let width = if self.unknown > 0 { 8 } else { 6 };
        for assertion in &self.promises {
            let mark = match assertion.outcome {
                "kept" => "kept",
                "broken" => "BROKEN",
                _ => "UNJUDGED",
            };
            let text = format!("{}{}", assertion.name, assertion.before());
            out.push_str(&marked(
                0,
                &format!("{mark:width$}  "),
                &text,
                &assertion.source.to_string(),
            ));
            out.push('\n');
            for failure in &assertion.failures {
                out.push_str(&wrapped(8, &failure.message));
                out.push('\n');
                for related in &failure.related {
                    let place = related.source.to_string();
                    out.push_str(&with_place(10, &related.message, &place));
                    out.push('\n');
                }
            }
        }
        out.push_str(&wrapped(
            0,
            &match self.unknown {
                0 => format!("{} kept, {} broken", self.kept, self.broken),
                unknown => format!(
                    "{} kept, {} broken, {unknown} unjudged",
                    self.kept, self.broken
                ),
            },
        ));
        out.push('\n');
        out
    }

    fn cases<'v>(&'v self, environment: Option<&'v str>) -> impl Iterator<Item = CaseView<'v>> {
        self.promises.iter().map(move |assertion| CaseView {
            environment,
            name: &assertion.name,
            source: &assertion.source,
            failures: &assertion.failures,
        })
    }
}

/// Answers, each with the environment that it is about where there are several.
type Views<'v> = [(Option<&'v str>, &'v TestView)];

/// The Test Anything Protocol, version 13.
pub fn tap_of(views: &Views<'_>) -> String {
    tap::report(&cases_of(views))
}

/// JUnit XML.
///
/// # Errors
/// If it can't be written.
pub fn junit_of(views: &Views<'_>) -> Result<String, RenderError> {
    junit::report(&cases_of(views))
}

fn cases_of<'v>(views: &'v Views<'v>) -> Vec<CaseView<'v>> {
    let cases = views.iter();
    let cases = cases.flat_map(|(environment, view)| view.cases(*environment));
    cases.collect()
}

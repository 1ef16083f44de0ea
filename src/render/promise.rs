//! The answer of `test`: TAP, JUnit XML, a table, JSON.

use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite};
use serde::Serialize;

use crate::analysis::assertions::{Assertion, Outcome};
use crate::authz::rbac::RbacAuthorizer;
use crate::entra::Directory;

use super::API_VERSION;
use super::view::{GrantView, SourceView, SubjectView};
use super::words::{describe_request, with_place, wrapped};

/// The answer of `test`.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct TestView {
    /// `rbac-eval/v1`
    pub api_version: &'static str,
    /// `Test`
    pub kind: &'static str,
    /// The promises, in the order of the files.
    pub promises: Vec<PromiseView>,
    /// How many hold.
    pub kept: usize,
    /// How many don't.
    pub broken: usize,
}

/// A promise and whether it holds.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PromiseView {
    /// Its name.
    pub name: String,
    /// Where it is written.
    pub source: SourceView,
    /// Whether it holds.
    pub kept: bool,
    /// Whether it held on BASE, where that was asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kept_on_base: Option<bool>,
    /// How it doesn't hold.
    pub breaches: Vec<BreachView>,
}

/// One way in which a promise doesn't hold.
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
            self.grant.binding,
            self.subject,
            self.grant.role.kind,
            self.grant.role.name,
            self.grant.rule
        )
    }
}

impl PromiseView {
    /// The view of a promise of a file.
    pub fn new(
        rbac: &RbacAuthorizer,
        directory: &Directory,
        file: &str,
        promise: &Assertion,
        outcome: &Outcome,
        kept_on_base: Option<bool>,
    ) -> Self {
        let breaches = match outcome {
            Outcome::Holds => Vec::new(),
            Outcome::Fails(breaches) => breaches
                .iter()
                .map(|breach| BreachView {
                    message: format!(
                        "{} {} {}",
                        breach.who,
                        if breach.can { "can" } else { "can't" },
                        describe_request(&breach.request)
                    ),
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
                })
                .collect(),
        };
        PromiseView {
            name: promise.name.clone(),
            source: SourceView {
                file: file.to_owned(),
                line: promise.line,
            },
            kept: breaches.is_empty(),
            kept_on_base,
            breaches,
        }
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

    fn breaches_in_words(&self) -> Vec<(String, String)> {
        let mut words = Vec::new();
        for breach in &self.breaches {
            words.push((breach.message.clone(), String::new()));
            for grant in &breach.grants {
                words.push((
                    format!("  {}", grant.in_words()),
                    grant.grant.source.to_string(),
                ));
            }
        }
        words
    }
}

impl TestView {
    /// The view of all promises.
    pub fn new(promises: Vec<PromiseView>) -> Self {
        let kept = promises.iter().filter(|promise| promise.kept).count();
        TestView {
            api_version: API_VERSION,
            kind: "Test",
            kept,
            broken: promises.len() - kept,
            promises,
        }
    }

    /// A line a promise, and below a broken one the grants that break it.
    pub fn to_table(&self) -> String {
        let mut out = String::new();
        for promise in &self.promises {
            let mark = if promise.kept { "kept  " } else { "BROKEN" };
            let line = format!("{mark}  {}{}", promise.name, promise.before());
            out.push_str(&with_place(0, &line, &promise.source.to_string()));
            out.push('\n');
            for (text, place) in promise.breaches_in_words() {
                let indent = 8 + text.len() - text.trim_start().len();
                out.push_str(&with_place(indent, text.trim_start(), &place));
                out.push('\n');
            }
        }
        out.push_str(&wrapped(
            0,
            &format!("{} kept, {} broken", self.kept, self.broken),
        ));
        out.push('\n');
        out
    }

    /// The Test Anything Protocol, version 13.
    pub fn to_tap(&self) -> String {
        let mut out = format!("TAP version 13\n1..{}\n", self.promises.len());
        for (promise, number) in self.promises.iter().zip(1..) {
            let ok = if promise.kept { "ok" } else { "not ok" };
            // `#` begins a directive.
            let name = promise.name.replace('#', "\\#").replace(['\n', '\r'], " ");
            out.push_str(&format!("{ok} {number} - {name}\n"));
            for (text, place) in promise.breaches_in_words() {
                out.push_str(format!("# {text} {place}").trim_end());
                out.push('\n');
            }
        }
        out
    }

    /// JUnit XML.
    ///
    /// # Errors
    /// If it can't be written.
    pub fn to_junit(&self) -> Result<String, String> {
        let mut report = Report::new("rbac-eval");
        let mut suites: Vec<TestSuite> = Vec::new();
        for same in self
            .promises
            .chunk_by(|a, b| a.source.file == b.source.file)
        {
            let mut suite = TestSuite::new(same[0].source.file.clone());
            for promise in same {
                let mut status = if promise.kept {
                    TestCaseStatus::success()
                } else {
                    TestCaseStatus::non_success(NonSuccessKind::Failure)
                };
                if !promise.kept {
                    let words: Vec<String> = promise
                        .breaches_in_words()
                        .into_iter()
                        .map(|(text, place)| format!("{text} {place}").trim_end().to_owned())
                        .collect();
                    status
                        .set_message(words.first().cloned().unwrap_or_default())
                        .set_description(words.join("\n"));
                }
                let mut case = TestCase::new(promise.name.clone(), status);
                case.set_classname(promise.source.file.clone());
                case.extra
                    .insert("line".into(), promise.source.line.to_string().into());
                suite.add_test_case(case);
            }
            suites.push(suite);
        }
        report.add_test_suites(suites);
        report.to_string().map_err(|error| error.to_string())
    }
}

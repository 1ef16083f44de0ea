//! The answer of `lookup`.

use std::borrow::Cow;
use std::collections::BTreeSet;

use serde::Serialize;

use crate::analysis::lookup::Found;
use crate::analysis::owner::{Owner, Owners};
use crate::analysis::unjudged::with_missing_roles;
use crate::authn::Principal;
use crate::authz::rbac::RbacAuthorizer;
use crate::cluster::BindingId;
use crate::entra::Directory;
use crate::kube::Subject;
use crate::object::ObjectRef;

use super::folded::Folded;
use super::table::{BesideNames, Cells, Columns, Layout, Table, TableRow};
use super::text::with_place;
use super::view::{RuleView, SourceView, SubjectView, scope_cell, scope_word};
use super::words::{describe_object, describe_rule};
use super::{API_VERSION, RenderError, UnjudgedView, unjudged};

/// The answer of `lookup`.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct LookupView {
    /// `rbac-eval/v1`
    pub api_version: &'static str,
    /// `Lookup`
    pub kind: &'static str,
    /// The subjects that the word means, sorted.
    pub subjects: Vec<FoundView>,
    /// What of the input isn't judged, so that more may reach them.
    pub unjudged: Vec<UnjudgedView>,
}

/// A subject and what is bound to it.
#[derive(Debug, Clone, Serialize)]
pub struct FoundView {
    /// The subject.
    #[serde(flatten)]
    pub subject: SubjectView,
    /// Whether it is allowed everything before RBAC is asked.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub privileged: bool,
    /// The bindings that name it, then those that reach it through groups.
    pub bindings: Vec<ReachedView>,
}

/// A binding that reaches a subject.
#[derive(Debug, Clone, Serialize)]
pub struct ReachedView {
    /// The group through which it does.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub through: Option<SubjectView>,
    /// The binding.
    pub binding: ObjectRef,
    /// The role.
    pub role: ObjectRef,
    /// `cluster` or `namespace`.
    pub scope: &'static str,
    /// Where the binding is written.
    pub source: SourceView,
    /// Whether the input lacks the role.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub incomplete: bool,
    /// The role's rules, where they were asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rules: Option<Vec<NumberedRule>>,
    /// Whose it is.
    #[serde(skip)]
    owner: Owner,
}

/// Whether the rules of roles are listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rules {
    /// Under their bindings.
    Listed,
    /// Not at all.
    Hidden,
}

/// A rule of a role.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct NumberedRule {
    /// Its number, from 1.
    pub rule: usize,
    /// The rule.
    pub policy_rule: RuleView,
    /// Where it is written.
    pub source: SourceView,
    #[serde(skip)]
    in_words: String,
}

impl LookupView {
    /// The view of what was found. With `owners` its tables fold what every cluster has.
    pub fn new(
        rbac: &RbacAuthorizer,
        directory: &Directory,
        found: &[(Found, bool)],
        rules: Rules,
        owners: Option<&Owners>,
    ) -> Self {
        let owner = |binding: BindingId, subject: &Subject| {
            let written = rbac.snapshot().binding(binding);
            let principal = Principal::of(subject, written);
            match (owners, principal) {
                (Some(owners), Some(principal)) => owners.of_binding(rbac, &principal, binding),
                _ => Owner::Cluster,
            }
        };
        let subjects = found
            .iter()
            .map(|(found, privileged)| FoundView {
                subject: SubjectView::of(&found.principal, directory),
                privileged: *privileged,
                bindings: found
                    .bindings
                    .iter()
                    .map(|reached| {
                        let binding = rbac.snapshot().binding(reached.binding);
                        let role = rbac.role_of(reached.binding);
                        ReachedView {
                            through: reached.through.as_ref().map(|_| {
                                SubjectView::new(
                                    &binding.subjects[reached.subject],
                                    binding,
                                    directory,
                                )
                            }),
                            owner: owner(reached.binding, &binding.subjects[reached.subject]),
                            scope: scope_word(&binding.scope()),
                            binding: binding.object_ref(),
                            role: binding.role_object(),
                            source: SourceView::new(rbac.snapshot().files(), binding.span),
                            incomplete: role.is_none(),
                            rules: (rules == Rules::Listed).then(|| {
                                role.into_iter()
                                    .flat_map(|role| rbac.effective_rules(role))
                                    .zip(1..)
                                    .map(|(rule, number)| NumberedRule {
                                        rule: number,
                                        policy_rule: RuleView::from(&rule.rule.value),
                                        source: SourceView::new(
                                            rbac.snapshot().files(),
                                            rule.rule.span,
                                        ),
                                        in_words: describe_rule(rule.rule, None),
                                    })
                                    .collect()
                            }),
                        }
                    })
                    .collect(),
            })
            .collect();
        let bindings = found.iter().flat_map(|(found, _)| &found.bindings);
        let missing: BTreeSet<BindingId> = bindings
            .map(|reached| reached.binding)
            .filter(|&binding| rbac.role_of(binding).is_none())
            .collect();
        let missing: Vec<BindingId> = missing.into_iter().collect();
        LookupView {
            api_version: API_VERSION,
            kind: "Lookup",
            subjects,
            unjudged: UnjudgedView::all(
                rbac.snapshot().files(),
                &with_missing_roles(rbac, &missing),
            ),
        }
    }

    /// One block a subject: a table of its bindings, or where rules are listed a text with them. What
    /// every cluster has is counted in a line, where the view was made so. Below stands what isn't judged.
    pub fn to_text(&self, columns: Columns, layout: Layout) -> String {
        let blocks = self.subjects.iter();
        let blocks: Vec<String> = blocks.map(|one| one.to_text(columns, layout)).collect();
        let mut out = blocks.join("\n");
        if !(out.is_empty() || self.unjudged.is_empty()) {
            out.push('\n');
        }
        for line in unjudged::lines(&self.unjudged, 0, "incomplete") {
            out.push_str(&line);
            out.push('\n');
        }
        out
    }

    /// All bindings of all subjects in CSV, and at the end what isn't judged.
    ///
    /// # Errors
    /// If it can't be written.
    pub fn to_csv(&self, layout: Layout) -> Result<String, RenderError> {
        let records = self.subjects.iter().flat_map(|found| {
            found.bindings.iter().map(|reached| {
                let subject = &found.subject;
                let name = subject.display_name.as_deref().unwrap_or_default();
                let mut cells: Cells<'_> =
                    vec![subject.kind.into(), subject.full_name(), name.into()];
                cells.extend(reached.cells(Columns::All));
                TableRow::from(cells)
            })
        });
        let table = Table {
            records: records.collect(),
            header: CSV_HEADER.to_vec(),
        };
        let unjudged = unjudged::rows(&self.unjudged, table.header.len());
        table.sorted(layout).to_csv(layout.headers, &unjudged)
    }

    /// The subjects, as `lookup` and `--as` take them.
    pub fn to_names(&self) -> Vec<String> {
        let subjects = self.subjects.iter();
        subjects.map(|found| found.subject.to_word()).collect()
    }

    /// What [`to_names`](Self::to_names) can't say.
    pub fn beside_names(&self) -> BesideNames<'_> {
        unjudged::beside_names(&self.unjudged)
    }
}

/// The headings of the wide table; short columns come first.
const HEADER: [&str; 5] = ["SCOPE", "ROLE", "BINDING", THROUGH, "SOURCE"];
const THROUGH: &str = "THROUGH GROUP";
/// How many columns the table has that isn't wide.
const NARROW: usize = 4;
/// The headings in CSV, where the subject stands in each record.
pub const CSV_HEADER: [&str; 8] = [
    "KIND", "SUBJECT", "NAME", HEADER[0], HEADER[1], HEADER[2], HEADER[3], HEADER[4],
];

/// The headings of the table.
pub fn headings(columns: Columns) -> &'static [&'static str] {
    match columns {
        Columns::Few => &HEADER[..NARROW],
        Columns::All => &HEADER,
    }
}

impl ReachedView {
    fn cells(&self, columns: Columns) -> Cells<'_> {
        let missing = if self.incomplete {
            " (not in the input)"
        } else {
            ""
        };
        let (binding, role) = (&self.binding, &self.role);
        let mut cells: Cells<'_> = vec![
            scope_cell(binding),
            format!("{}/{}{missing}", role.kind, role.name).into(),
            match columns {
                Columns::Few => Cow::Borrowed(&*binding.name),
                Columns::All => format!("{}/{}", binding.kind, binding.name).into(),
            },
            match &self.through {
                Some(group) => match &group.display_name {
                    Some(name) => format!("{} ({name})", group.name).into(),
                    None => Cow::Borrowed(&*group.name),
                },
                None => Cow::default(),
            },
        ];
        if columns == Columns::All {
            cells.push(self.source.to_string().into());
        }
        cells
    }
}

impl FoundView {
    fn to_text(&self, columns: Columns, layout: Layout) -> String {
        let mut out = format!("{}\n", self.subject);
        if self.privileged {
            out.push_str("  system:masters is allowed everything before RBAC is asked\n");
        }
        if self.bindings.is_empty() {
            out.push_str("  no binding reaches it\n");
            return out;
        }
        let mut folded = Folded::default();
        let bindings = self.bindings.iter();
        let shown: Vec<&ReachedView> = bindings
            .filter(|reached| !folded.folds(reached.owner))
            .collect();
        if let (true, Some(whose)) = (shown.is_empty(), folded.whose()) {
            out.push_str(&format!("  no binding but {whose} reaches it\n"));
        }
        if self.bindings.iter().all(|reached| reached.rules.is_none()) {
            let table = Table {
                header: headings(columns).to_vec(),
                records: shown
                    .iter()
                    .map(|reached| reached.cells(columns).into())
                    .collect(),
            };
            let table = table.sorted(layout).without_empty(THROUGH);
            out.push_str(&table.to_text(layout.headers));
        } else {
            for reached in shown {
                out.push_str(&reached.to_block());
            }
        }
        out.push_str(&folded.to_line());
        out
    }
}

impl ReachedView {
    /// The binding with the rules of its role.
    fn to_block(&self) -> String {
        let through = match &self.through {
            Some(group) => format!(" through {group}"),
            None => String::new(),
        };
        let heading = format!(
            "{} to {}{through}",
            describe_object(&self.binding),
            describe_object(&self.role)
        );
        let mut out = with_place(2, &heading, &self.source.to_string());
        out.push('\n');
        for rule in self.rules.iter().flatten() {
            let text = format!("rule {}: {}", rule.rule, rule.in_words);
            out.push_str(&with_place(4, &text, &rule.source.to_string()));
            out.push('\n');
        }
        if self.incomplete {
            out.push_str("    the input lacks this role; it may exist on the cluster\n");
        }
        out
    }
}

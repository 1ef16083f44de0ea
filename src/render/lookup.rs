//! The answer of `lookup`.

use serde::Serialize;

use crate::analysis::lookup::Found;
use crate::authz::rbac::RbacAuthorizer;
use crate::entra::Directory;
use crate::object::{ObjectRef, Scope};

use super::text::with_place;
use super::view::{RuleView, SourceView, SubjectView, scope_word};
use super::words::{describe_object, describe_rule};
use super::{API_VERSION, table};

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
    /// The view of what was found.
    pub fn new(
        rbac: &RbacAuthorizer,
        directory: &Directory,
        found: &[(Found, bool)],
        rules: Rules,
    ) -> Self {
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
        LookupView {
            api_version: API_VERSION,
            kind: "Lookup",
            subjects,
        }
    }

    /// One block a subject: a table of its bindings, with their rules below where asked for.
    pub fn to_text(&self) -> String {
        let blocks: Vec<String> = self.subjects.iter().map(FoundView::to_text).collect();
        blocks.join("\n")
    }
}

impl FoundView {
    fn to_text(&self) -> String {
        let mut out = format!("{}\n", self.subject);
        if self.privileged {
            out.push_str("  system:masters is allowed everything before RBAC is asked\n");
        }
        if self.bindings.is_empty() {
            out.push_str("  no binding reaches it\n");
            return out;
        }
        let row = |reached: &ReachedView| {
            vec![
                match reached.binding.scope() {
                    Scope::Cluster => "(cluster)".to_owned(),
                    Scope::Namespace(namespace) => namespace.to_string(),
                },
                reached.binding.name.to_string(),
                format!(
                    "{}/{}{}",
                    reached.role.kind,
                    reached.role.name,
                    if reached.incomplete {
                        " (not in the input)"
                    } else {
                        ""
                    }
                ),
                match &reached.through {
                    Some(group) => match &group.display_name {
                        Some(name) => format!("{} ({name})", group.name),
                        None => group.name.clone(),
                    },
                    None => String::new(),
                },
                reached.source.to_string(),
            ]
        };
        let header = ["SCOPE", "BINDING", "ROLE", "THROUGH GROUP", "SOURCE"];
        if self.bindings.iter().all(|reached| reached.rules.is_none()) {
            let rows: Vec<Vec<String>> = self.bindings.iter().map(row).collect();
            out.push_str(&table::text(Some(&header), &rows));
            return out;
        }
        for reached in &self.bindings {
            let through = match &reached.through {
                Some(group) => format!(" through {group}"),
                None => String::new(),
            };
            let heading = format!(
                "{} to {}{through}",
                describe_object(&reached.binding),
                describe_object(&reached.role)
            );
            out.push_str(&with_place(2, &heading, &reached.source.to_string()));
            out.push('\n');
            for rule in reached.rules.iter().flatten() {
                let text = format!("rule {}: {}", rule.rule, rule.in_words);
                out.push_str(&with_place(4, &text, &rule.source.to_string()));
                out.push('\n');
            }
            if reached.incomplete {
                out.push_str("    the input lacks this role; it may exist on the cluster\n");
            }
        }
        out
    }
}

//! The answer of `diff`.

use serde::Serialize;

use crate::analysis::diff::{Cause, Change, Direction};
use crate::analysis::risk::{Found, RISKS, Severity};
use crate::authn::Principal;
use crate::authz::rbac::RbacAuthorizer;
use crate::entra::Directory;
use crate::kube::{BindingKind, RoleKind, SubjectKind};

mod markdown;
mod words;

use super::API_VERSION;
use super::github::annotation;
use super::sarif::{SarifFinding, SarifLevel, SarifRule, sarif};
use super::view::{ObjectView, RuleView, SourceView, SubjectView};
use super::who_can::everyone;
use super::words::{with_place, wrapped};
use words::{FEW_RISKS, in_words, verdict};

/// The answer of `diff`.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DiffView {
    /// `rbac-eval/v1`
    pub api_version: &'static str,
    /// `Diff`
    pub kind: &'static str,
    /// What was compared with what.
    pub base: String,
    /// What was compared with what.
    pub head: String,
    /// What changed, gains of everyone first, then the gravest.
    pub changes: Vec<ChangeView>,
    /// Bindings that have to be deleted and made anew.
    pub recreate: Vec<RecreateView>,
    /// How much changed.
    pub summary: Summary,
    /// What else the reader has to know.
    pub notes: Vec<String>,
}

/// One entry.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ChangeView {
    /// `gained` or `lost`.
    pub change: &'static str,
    /// Who.
    pub subject: SubjectView,
    /// Whom a group of Kubernetes' own means.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub everyone: Option<String>,
    /// How many people a group holds, where the directory knows.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub people: Option<usize>,
    /// `cluster` or `namespace`.
    pub scope: &'static str,
    /// The namespace.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,
    /// The requests.
    pub rule: RuleView,
    /// Those among them that aren't meant.
    pub except: Vec<ExceptView>,
    /// The severity of the gravest risk.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub severity: Option<&'static str>,
    /// The risks of a gain, the gravest first.
    pub risks: Vec<RiskView>,
    /// Through what, on the side that allows.
    pub causes: Vec<CauseView>,
    #[serde(skip)]
    in_words: String,
    #[serde(skip)]
    rank: Rank,
}

/// Gains of everyone first, then the gravest, gains before losses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Rank {
    not_everyone: bool,
    severity: std::cmp::Reverse<Option<Severity>>,
    direction: Direction,
}

/// What an entry leaves out.
#[derive(Debug, Clone, Serialize)]
pub struct ExceptView {
    /// The namespace in which it is left out; absent for everywhere.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,
    /// The requests.
    pub rule: RuleView,
}

/// A risk.
#[derive(Debug, Clone, Serialize)]
pub struct RiskView {
    /// The stable id.
    pub id: &'static str,
    /// How grave it is here.
    pub severity: &'static str,
    /// Why.
    pub why: &'static str,
}

/// Through what something was gained or lost.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CauseView {
    /// What of the change did it.
    pub what: &'static str,
    /// The side that allows: `head` for a gain, `base` for a loss.
    pub side: &'static str,
    /// The binding.
    pub binding: ObjectView,
    /// The role.
    pub role: ObjectView,
    /// The number of the rule in the role, from 1.
    pub rule: usize,
    /// The ClusterRole that the rule is gathered from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub aggregated_from: Option<String>,
    /// Where what did it is written.
    pub source: SourceView,
    /// Where the binding is written.
    pub binding_source: SourceView,
    /// Where the rule is written.
    pub rule_source: SourceView,
}

/// A binding whose roleRef differs.
#[derive(Debug, Clone, Serialize)]
pub struct RecreateView {
    /// The binding.
    pub binding: ObjectView,
    /// The role on BASE.
    pub from: ObjectView,
    /// The role on HEAD.
    pub to: ObjectView,
    /// Where it is written on HEAD.
    pub source: SourceView,
}

/// How much changed.
#[derive(Debug, Clone, Serialize)]
pub struct Summary {
    /// Entries gained.
    pub gained: usize,
    /// Entries lost.
    pub lost: usize,
    /// Subjects that gained or lost.
    pub subjects: usize,
    /// The gravest severity.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub severity: Option<&'static str>,
    /// One line of verdict.
    pub verdict: String,
}

/// A side of the comparison.
#[derive(Debug, Clone, Copy)]
pub struct Side<'s> {
    /// What the user called it.
    pub name: &'s str,
    /// Its policy.
    pub rbac: &'s RbacAuthorizer,
}

impl DiffView {
    /// The view of changes, each with its risks.
    pub fn new(
        base: Side<'_>,
        head: Side<'_>,
        directory: &Directory,
        changes: &[(Change, Vec<Found>)],
        notes: Vec<String>,
    ) -> Self {
        let mut views: Vec<ChangeView> = changes
            .iter()
            .map(|(change, risks)| ChangeView::new(base, head, directory, change, risks))
            .collect();
        // Stable, so that within a rank subjects stay in order.
        views.sort_by_key(|view| view.rank);
        let count = |direction| {
            changes
                .iter()
                .filter(|(change, _)| change.direction == direction)
                .count()
        };
        let mut subjects: Vec<&Principal> =
            changes.iter().map(|(change, _)| &change.subject).collect();
        subjects.dedup();
        let gravest = changes
            .iter()
            .flat_map(|(_, risks)| risks)
            .map(|found| found.severity)
            .max();
        let mut summary = Summary {
            gained: count(Direction::Gained),
            lost: count(Direction::Lost),
            subjects: subjects.len(),
            severity: gravest.map(Severity::as_str),
            verdict: String::new(),
        };
        summary.verdict = verdict(&summary);
        DiffView {
            api_version: API_VERSION,
            kind: "Diff",
            base: base.name.to_owned(),
            head: head.name.to_owned(),
            changes: views,
            recreate: recreated(base, head),
            summary,
            notes,
        }
    }

    /// Whether any entry is at least this grave.
    pub fn has(&self, severity: Severity) -> bool {
        self.changes
            .iter()
            .any(|change| change.rank.severity.0 >= Some(severity))
    }

    /// What a reviewer needs, in words.
    pub fn to_text(&self) -> String {
        let mut out = wrapped(0, &self.summary.verdict);
        out.push('\n');
        for change in &self.changes {
            let severity = change
                .severity
                .map_or_else(String::new, |severity| format!("{severity}  "));
            let heading = format!("{severity}{}", change.heading());
            out.push_str(&format!("\n{}\n", wrapped(0, &heading)));
            for text in change.risks_in_words() {
                out.push_str(&format!("{}\n", wrapped(2, &text)));
            }
            for cause in &change.causes {
                let span = match cause.side {
                    "base" => format!("{} ({})", cause.source, self.base),
                    _ => cause.source.to_string(),
                };
                out.push_str(&format!("{}\n", with_place(2, &cause.in_words(), &span)));
            }
        }
        self.afterwords(&mut out);
        out
    }

    fn afterwords(&self, out: &mut String) {
        if !self.recreate.is_empty() || !self.notes.is_empty() {
            out.push('\n');
        }
        for recreate in &self.recreate {
            let text = format!("note: {}", recreate.in_words());
            out.push_str(&with_place(0, &text, &recreate.source.to_string()));
            out.push('\n');
        }
        for note in &self.notes {
            out.push_str(&format!("{}\n", wrapped(0, &format!("note: {note}"))));
        }
    }

    /// SARIF 2.1.0: one result a gain, at the lines that cause it.
    ///
    /// # Errors
    /// If it can't be written as JSON.
    pub fn to_sarif(&self) -> serde_json::Result<String> {
        let mut rules: Vec<SarifRule> = RISKS
            .iter()
            .map(|risk| SarifRule {
                id: risk.id.to_owned(),
                title: risk.why.to_owned(),
            })
            .collect();
        rules.push(SarifRule {
            id: GAINED.to_owned(),
            title: "a subject may do what it couldn't before".to_owned(),
        });
        let findings: Vec<SarifFinding> = self
            .gains()
            .map(|change| SarifFinding {
                rule: change
                    .risks
                    .first()
                    .map_or(GAINED, |risk| risk.id)
                    .to_owned(),
                level: match change.severity {
                    Some("critical" | "high") => SarifLevel::Error,
                    Some("medium") => SarifLevel::Warning,
                    _ => SarifLevel::Note,
                },
                message: change.sentence(),
                places: change.places(),
            })
            .collect();
        sarif(&rules, &findings)
    }

    /// GitHub's workflow commands: one annotation a gain.
    pub fn to_github(&self) -> String {
        self.gains()
            .flat_map(|change| {
                let level = match change.severity {
                    Some("critical" | "high") => "error",
                    Some("medium") => "warning",
                    _ => "notice",
                };
                let title = change.risks.first().map_or(GAINED, |risk| risk.id);
                let sentence = change.sentence();
                change
                    .places()
                    .into_iter()
                    .map(move |span| annotation(level, &span, title, &sentence))
            })
            .collect()
    }

    fn gains(&self) -> impl Iterator<Item = &ChangeView> {
        self.changes
            .iter()
            .filter(|change| change.rank.direction == Direction::Gained)
    }
}

/// The id of gains without a risk.
const GAINED: &str = "gained";

impl ChangeView {
    fn new(
        base: Side<'_>,
        head: Side<'_>,
        directory: &Directory,
        change: &Change,
        risks: &[Found],
    ) -> Self {
        let (side, rbac) = match change.direction {
            Direction::Gained => ("head", head.rbac),
            Direction::Lost => ("base", base.rbac),
        };
        let subject = SubjectView::of(&change.subject, directory);
        let everyone = everyone(change.subject.kind, &change.subject.name);
        let severity = risks.iter().map(|found| found.severity).max();
        let people = (change.subject.kind == SubjectKind::Group
            && directory.group(&change.subject.name).is_some())
        .then(|| directory.members_of(&change.subject.name).len());
        ChangeView {
            change: match change.direction {
                Direction::Gained => "gained",
                Direction::Lost => "lost",
            },
            rank: Rank {
                not_everyone: everyone.is_none() || change.direction == Direction::Lost,
                severity: std::cmp::Reverse(severity),
                direction: change.direction,
            },
            subject,
            everyone,
            people,
            scope: match change.namespace {
                Some(_) => super::BINDING_SCOPE_NAMESPACE,
                None => super::BINDING_SCOPE_CLUSTER,
            },
            namespace: change.namespace.clone(),
            rule: RuleView::from(&change.rule),
            except: change
                .except
                .iter()
                .map(|except| ExceptView {
                    namespace: except.namespace.clone(),
                    rule: RuleView::from(&except.rule),
                })
                .collect(),
            severity: severity.map(Severity::as_str),
            risks: risks
                .iter()
                .map(|found| RiskView {
                    id: found.risk.id,
                    severity: found.severity.as_str(),
                    why: found.risk.why,
                })
                .collect(),
            causes: change
                .causes
                .iter()
                .map(|cause| CauseView::new(rbac, side, change.direction, cause))
                .collect(),
            in_words: in_words(change),
        }
    }

    fn who(&self) -> String {
        let mut who = self.subject.to_string();
        if let Some(everyone) = &self.everyone {
            who.push_str(&format!(" ({everyone})"));
        }
        if let Some(people) = self.people {
            who.push_str(&format!(" [{people} people]"));
        }
        who
    }

    fn span(&self) -> String {
        self.namespace.as_ref().map_or_else(
            || "cluster-wide".to_owned(),
            |namespace| format!("in namespace {namespace}"),
        )
    }

    fn heading(&self) -> String {
        format!(
            "{} {} {}: {}",
            self.who(),
            self.change,
            self.span(),
            self.in_words
        )
    }

    fn sentence(&self) -> String {
        let mut parts = vec![self.heading()];
        parts.extend(self.risks_in_words());
        parts.join("; ")
    }

    /// The gravest risks, and how many more there are.
    fn risks_in_words(&self) -> Vec<String> {
        let mut words: Vec<String> = self
            .risks
            .iter()
            .take(FEW_RISKS)
            .map(|risk| format!("{} ({}): {}", risk.id, risk.severity, risk.why))
            .collect();
        let more = self.risks.len() - words.len();
        if more > 0 {
            words.push(format!("and {more} more risks (`-o json` lists them)"));
        }
        words
    }

    fn places(&self) -> Vec<SourceView> {
        let mut places: Vec<SourceView> = self
            .causes
            .iter()
            .map(|cause| cause.source.clone())
            .collect();
        places.sort();
        places.dedup();
        places
    }
}

impl CauseView {
    fn new(rbac: &RbacAuthorizer, side: &'static str, direction: Direction, cause: &Cause) -> Self {
        let source = |span| SourceView::new(rbac.snapshot().files(), span);
        let namespace = || Some(cause.binding_namespace.clone());
        CauseView {
            what: cause.deed.in_words(direction),
            side,
            binding: ObjectView {
                kind: cause.binding_kind.as_str(),
                namespace: (cause.binding_kind == BindingKind::RoleBinding)
                    .then(namespace)
                    .flatten(),
                name: cause.binding_name.clone(),
            },
            role: ObjectView {
                kind: cause.role_kind.as_str(),
                namespace: (cause.role_kind == RoleKind::Role)
                    .then(namespace)
                    .flatten(),
                name: cause.role_name.clone(),
            },
            rule: cause.rule,
            aggregated_from: cause.gathered_from.clone(),
            source: source(cause.span),
            binding_source: source(cause.binding_place),
            rule_source: source(cause.rule_place),
        }
    }

    fn in_words(&self) -> String {
        let from = self
            .aggregated_from
            .as_ref()
            .map_or_else(String::new, |role| format!(" from ClusterRole {role}"));
        format!(
            "{}: {} to {}, rule {}{from}",
            self.what, self.binding, self.role, self.rule
        )
    }
}

impl RecreateView {
    fn in_words(&self) -> String {
        format!(
            "{} has to be deleted and made anew: its roleRef changes from {} to {}, which an API \
             server refuses in span",
            self.binding, self.from, self.to
        )
    }
}

/// Bindings on both sides that name different roles.
fn recreated(base: Side<'_>, head: Side<'_>) -> Vec<RecreateView> {
    let mut found = Vec::new();
    for id in head.rbac.snapshot().bindings() {
        let binding = head.rbac.snapshot().binding(id);
        let before =
            base.rbac
                .snapshot()
                .find_binding(binding.kind, &binding.namespace, &binding.name);
        let Some(before) = before.map(|id| base.rbac.snapshot().binding(id)) else {
            continue;
        };
        if before.role_ref != binding.role_ref {
            found.push(RecreateView {
                binding: ObjectView::binding(binding),
                from: ObjectView::role_of(before),
                to: ObjectView::role_of(binding),
                source: SourceView::new(head.rbac.snapshot().files(), binding.span),
            });
        }
    }
    found
}

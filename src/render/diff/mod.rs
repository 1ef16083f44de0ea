//! The answer of `diff`: its view. How it is written stands in a file a form.

mod comment;
mod entry;
mod group;
mod reports;
mod text;
mod words;

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use crate::analysis::diff::{Cause, Direction, RoleRefChange, groups};
use crate::analysis::nobody::Nobodies;
use crate::analysis::risk::{WeighedChange, WeighedRisk};
use crate::analysis::unjudged::Unjudged;
use crate::authn::{ImpliedGroup, Principal};
use crate::authz::rbac::RbacAuthorizer;
use crate::diagnostic::{Code, Severity};
use crate::entra::Directory;
use crate::kube::SubjectKind;
use crate::object::ObjectRef;

pub use comment::MOST as COMMENT_BYTES;
pub use entry::RuleDetail;
use group::Grouping;
pub use group::{GroupCauseView, GroupView};
use words::Counted;

use super::diagnostic::DiagnosticView;
use super::view::{RuleView, SourceView, SubjectView, scope_word};
use super::words::{describe_implied_group, describe_rule};
use super::{API_VERSION, UnjudgedView, unjudged};

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
    /// What of HEAD isn't judged, unless BASE has the same: what it gives isn't among the changes.
    pub unjudged: Vec<UnjudgedView>,
    /// What changed, the gravest first, and among what is alike gains of everyone.
    pub changes: Vec<ChangeView>,
    /// The changes put together by what brought them about, but for those of [`nobody`](Self::nobody).
    pub groups: Vec<GroupView>,
    /// Subjects of changes that can match nobody, so that nothing is gained or lost.
    pub nobody: Vec<UnmatchedView>,
    /// Bindings that must be deleted and recreated.
    pub recreate: Vec<RecreateView>,
    /// How much changed.
    pub summary: Summary,
    /// What else the reader has to know.
    pub notes: Vec<String>,
    /// One a part that isn't judged, for the reports of other tools.
    #[serde(skip)]
    unknown: Vec<DiagnosticView>,
    /// Groups that are told together, by their places.
    #[serde(skip)]
    entries: Vec<Vec<usize>>,
}

/// A subject that can match nobody.
#[derive(Debug, Clone, Serialize)]
pub struct UnmatchedView {
    /// The subject.
    pub subject: SubjectView,
    /// The code of the finding of `check`.
    pub code: &'static str,
    /// Why no request can be theirs, and what to bind instead.
    pub message: String,
    /// The places of its changes in `changes`, from 0.
    pub changes: Vec<usize>,
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
    /// The rule in a few words.
    #[serde(skip)]
    in_words: String,
    /// What it leaves out, to stand behind the rule.
    #[serde(skip)]
    but_not: String,
    /// What a report of another tool says of a gain; none of a loss.
    #[serde(skip)]
    reported: Option<(&'static Code, Severity)>,
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

/// A side of the comparison, as a word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum SideView {
    /// What was before.
    Base,
    /// What is now.
    Head,
}

/// Through what something was gained or lost.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CauseView {
    /// Which part of the change did it.
    pub what: &'static str,
    /// The side that allows: `head` for a gain, `base` for a loss.
    pub side: SideView,
    /// The binding.
    pub binding: ObjectRef,
    /// The role.
    pub role: ObjectRef,
    /// The number of the rule in the role, from 1.
    pub rule: usize,
    /// The ClusterRole that the rule is gathered from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub aggregated_from: Option<String>,
    /// Where that part of the change is written.
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
    pub binding: ObjectRef,
    /// The role on BASE.
    pub from: ObjectRef,
    /// The role on HEAD.
    pub to: ObjectRef,
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
    /// Parts that aren't judged.
    pub unjudged: usize,
    /// The gravest severity.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub severity: Option<&'static str>,
    /// One line of verdict.
    pub verdict: String,
}

impl DiffView {
    /// The view of changes, each with its risks, in the order in which they are given. The sides
    /// are called as their snapshots are.
    pub fn new(
        base: &RbacAuthorizer,
        head: &RbacAuthorizer,
        directory: &Directory,
        changes: &[WeighedChange],
        unjudged: &[Unjudged],
        role_refs: &[RoleRefChange],
        notes: Vec<String>,
    ) -> Self {
        let mut views = Vec::with_capacity(changes.len());
        for weighed in changes {
            let (side, allowing) = match weighed.change.direction {
                Direction::Gained => (SideView::Head, head),
                Direction::Lost => (SideView::Base, base),
            };
            let view = ChangeView::new(allowing, side, directory, weighed);
            views.push(view);
        }
        let grouping = Grouping::new(changes, &views, base, head, directory);
        // What HEAD adds must make nobody of no one.
        let nobodies = Nobodies::new(base.snapshot(), directory);
        let mut nobody: BTreeMap<&Principal, UnmatchedView> = BTreeMap::new();
        let mut grouped = Vec::new();
        for group in groups(changes.iter().map(|weighed| &weighed.change)) {
            let Some(view) = grouping.view(&group) else {
                continue;
            };
            let subject = &changes[view.changes[0]].change.subject;
            match nobodies.why_surely(subject) {
                None => grouped.push(view),
                Some(why) => {
                    let one = nobody.entry(subject).or_insert_with(|| UnmatchedView {
                        subject: view.subject,
                        code: why.code().id,
                        message: why.to_string(),
                        changes: Vec::new(),
                    });
                    one.changes.extend(view.changes);
                }
            }
        }
        let entries = grouping.entries(&grouped);
        drop(grouping);
        let count = |direction| {
            changes
                .iter()
                .filter(|weighed| weighed.change.direction == direction)
                .count()
        };
        let subjects: BTreeSet<&Principal> = changes
            .iter()
            .map(|weighed| &weighed.change.subject)
            .collect();
        let of_unjudged = unjudged.iter().map(|one| one.severity);
        let severity = changes
            .iter()
            .filter_map(WeighedChange::severity)
            .chain(of_unjudged)
            .max();
        let files = head.snapshot().files();
        let mut summary = Summary {
            gained: count(Direction::Gained),
            lost: count(Direction::Lost),
            subjects: subjects.len(),
            unjudged: unjudged.len(),
            severity: severity.map(Severity::as_str),
            verdict: String::new(),
        };
        let subjects = |change| {
            let groups = grouped.iter().filter(|group| group.change == change);
            let subjects: BTreeSet<&SubjectView> = groups.map(|group| &group.subject).collect();
            subjects.len()
        };
        let mut gravest = None;
        for risk in grouped.iter().filter_map(|group| group.gravest) {
            if gravest.is_none_or(|(severity, _)| risk.severity > severity) {
                gravest = Some((risk.severity, risk.code.id));
            }
        }
        summary.verdict = words::verdict(&Counted {
            gaining: subjects("gained"),
            losing: subjects("lost"),
            nobody: nobody.len(),
            unjudged: unjudged.len(),
            gravest,
        });
        DiffView {
            api_version: API_VERSION,
            kind: "Diff",
            base: base.snapshot().name().to_owned(),
            head: head.snapshot().name().to_owned(),
            unjudged: UnjudgedView::all(files, unjudged),
            unknown: unjudged::diagnostics(files, unjudged),
            changes: views,
            groups: grouped,
            entries,
            nobody: nobody.into_values().collect(),
            recreate: role_refs
                .iter()
                .map(|change| RecreateView {
                    binding: change.binding.clone(),
                    from: change.from.clone(),
                    to: change.to.clone(),
                    source: SourceView::new(files, change.span),
                })
                .collect(),
            summary,
            notes,
        }
    }
}

impl ChangeView {
    fn new(
        rbac: &RbacAuthorizer,
        side: SideView,
        directory: &Directory,
        weighed: &WeighedChange,
    ) -> Self {
        let WeighedChange { change, risks } = weighed;
        let people = (change.subject.kind == SubjectKind::Group
            && directory.group(&change.subject.name).is_some())
        .then(|| directory.members_of(&change.subject.name).len());
        ChangeView {
            change: match change.direction {
                Direction::Gained => "gained",
                Direction::Lost => "lost",
            },
            subject: SubjectView::of(&change.subject, directory),
            everyone: ImpliedGroup::of(&change.subject).map(|group| describe_implied_group(&group)),
            people,
            scope: scope_word(&change.scope),
            namespace: change.scope.namespace().map(str::to_owned),
            rule: RuleView::from(&change.rule),
            except: change
                .except
                .iter()
                .map(|except| ExceptView {
                    namespace: except.scope.namespace().map(str::to_owned),
                    rule: RuleView::from(&except.rule),
                })
                .collect(),
            severity: weighed.severity().map(Severity::as_str),
            risks: risks.iter().map(RiskView::new).collect(),
            causes: change
                .causes
                .iter()
                .map(|cause| CauseView::new(rbac, side, change.direction, cause))
                .collect(),
            in_words: describe_rule(&change.rule, None),
            but_not: words::but_not(change),
            reported: (change.direction == Direction::Gained).then(|| reports::code_of(weighed)),
        }
    }
}

impl RiskView {
    fn new(risk: &WeighedRisk) -> Self {
        RiskView {
            id: risk.code.id,
            severity: risk.severity.as_str(),
            why: risk.code.title,
        }
    }
}

impl CauseView {
    fn new(rbac: &RbacAuthorizer, side: SideView, direction: Direction, cause: &Cause) -> Self {
        let source = |span| SourceView::new(rbac.snapshot().files(), span);
        CauseView {
            what: words::cause(cause.kind, direction),
            side,
            binding: cause.binding.clone(),
            role: cause.role.clone(),
            rule: cause.rule,
            aggregated_from: cause.aggregated_from.clone(),
            source: source(cause.span),
            binding_source: source(cause.binding_span),
            rule_source: source(cause.rule_span),
        }
    }
}

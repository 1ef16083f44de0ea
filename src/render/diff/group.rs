//! Changes of one cause, as data.

use std::cell::RefCell;
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use compact_str::CompactString;
use hashbrown::HashMap;
use serde::Serialize;

use crate::analysis::diff::{Cause, CauseKind, ChangeGroup, Direction, Except};
use crate::analysis::owner::are_of_default_role;
use crate::analysis::risk::{WeighedChange, WeighedRisk};
use crate::authz::rbac::RbacAuthorizer;
use crate::diagnostic::Severity;
use crate::entra::Directory;
use crate::kube::default_policy::is_default;
use crate::kube::{PolicyRule, RoleKind, SubjectKind};
use crate::object::ObjectRef;

use super::{CauseView, ChangeView, RiskView, SideView};
use crate::render::view::{SourceView, SubjectView};

/// What one part of a change gave a subject in a scope, or took from it.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct GroupView {
    /// `gained` or `lost`.
    pub change: &'static str,
    /// What did it.
    pub cause: GroupCauseView,
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
    /// The role.
    pub role: ObjectRef,
    /// How many rules of the role took part.
    pub rules: usize,
    /// How many the role has.
    pub role_rules: usize,
    /// The severity of the gravest risk.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub severity: Option<&'static str>,
    /// The risks of all its changes, the gravest first.
    pub risks: Vec<RiskView>,
    /// The places of its changes in `changes`, from 0.
    pub changes: Vec<usize>,
    /// What did it, as it did the first change.
    #[serde(skip)]
    pub(super) first: CauseView,
    /// What else gives parts of the same.
    #[serde(skip)]
    pub(super) others: Vec<CauseView>,
    #[serde(skip)]
    pub(super) more_others: usize,
    #[serde(skip)]
    pub(super) gravest: Option<WeighedRisk>,
    /// Whether it is all that the rules give.
    #[serde(skip)]
    pub(super) whole: bool,
    /// Whether the role has the name of one that every cluster starts with.
    #[serde(skip)]
    pub(super) built_in: bool,
    /// The changes of such a role by rules that it doesn't start with.
    #[serde(skip)]
    pub(super) beyond_built_in: Vec<usize>,
    /// Whether the subject is called by the name that people know.
    #[serde(skip)]
    pub(super) by_known_name: bool,
}

/// What did it, without the rules.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct GroupCauseView {
    /// Which part of the change did it.
    pub what: &'static str,
    /// The side that allows: `head` for a gain, `base` for a loss.
    pub side: SideView,
    /// The binding, where it or one of its subjects is that part.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub binding: Option<ObjectRef>,
    /// The ClusterRole that the rules are gathered from, where it is that part.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub aggregated_from: Option<String>,
    /// Where that part of the change is written; of several rules the first.
    pub source: SourceView,
    #[serde(skip)]
    pub(super) kind: CauseKind,
}

impl GroupCauseView {
    /// Whether a role that was bound already gives more or less than it did.
    pub(super) fn is_of_rules(&self) -> bool {
        match self.kind {
            CauseKind::Binding | CauseKind::Subject | CauseKind::RoleRef | CauseKind::Role => false,
            CauseKind::AggregatedRole
            | CauseKind::Labels
            | CauseKind::AggregationRule
            | CauseKind::Rule => true,
        }
    }
}

/// Makes the views of groups, from the views of their changes.
pub(super) struct Grouping<'v> {
    weighed: &'v [WeighedChange],
    changes: &'v [ChangeView],
    base: &'v RbacAuthorizer,
    head: &'v RbacAuthorizer,
    /// How many groups of the directory are called so, letter case aside.
    called: HashMap<String, usize>,
    /// Whether rules are of the built-in roles of these names.
    of_built_in: RefCell<HashMap<(&'v str, &'v PolicyRule), bool>>,
}

impl<'v> Grouping<'v> {
    pub(super) fn new(
        weighed: &'v [WeighedChange],
        changes: &'v [ChangeView],
        base: &'v RbacAuthorizer,
        head: &'v RbacAuthorizer,
        directory: &Directory,
    ) -> Self {
        let mut called = HashMap::new();
        for group in directory.groups() {
            *called.entry(group.display_name.to_lowercase()).or_default() += 1;
        }
        Grouping {
            weighed,
            changes,
            base,
            head,
            called,
            of_built_in: RefCell::default(),
        }
    }

    /// Whether a built-in role of this name starts with what a change gives.
    fn is_of_built_in(&self, place: usize, cause: &Cause) -> bool {
        let change = &self.weighed[place].change;
        let mut causes = change.causes.iter();
        let role = causes.find(|own| own.role == cause.role);
        let Some(role) = role.map(|own| &*own.role.name) else {
            return false;
        };
        let version = self.head.snapshot().version().minor;
        let mut known = self.of_built_in.borrow_mut();
        *known
            .entry((role, &change.rule))
            .or_insert_with(|| are_of_default_role(version, role, &[&change.rule]))
    }

    /// The view of a group; none of one without changes.
    pub(super) fn view(&self, group: &ChangeGroup) -> Option<GroupView> {
        let &first = group.changes.first()?;
        let change = &self.weighed[first].change;
        let view = &self.changes[first];
        let (side, rbac) = match change.direction {
            Direction::Gained => (SideView::Head, self.head),
            Direction::Lost => (SideView::Base, self.base),
        };
        let cause = |cause| CauseView::new(rbac, side, change.direction, cause);
        let role = &group.cause.role;
        let key = group.cause.key();
        let told = cause(&group.cause);
        let is_cluster_role = role.kind == RoleKind::ClusterRole.as_str();
        let kind = match is_cluster_role {
            true => RoleKind::ClusterRole,
            false => RoleKind::Role,
        };
        let found = rbac.snapshot().find_role(kind, &role.namespace, &role.name);
        let built_in = is_cluster_role && is_default(&role.kind, &role.namespace, &role.name);
        let risks = self.risks(&group.changes);
        let known_name = view.subject.display_name.as_ref();
        let is_group = view.subject.kind == SubjectKind::Group.as_str();
        Some(GroupView {
            change: view.change,
            cause: GroupCauseView {
                what: told.what,
                side,
                binding: key.binding.cloned(),
                aggregated_from: key.aggregated_from.map(str::to_owned),
                source: told.source.clone(),
                kind: group.cause.kind,
            },
            by_known_name: is_group
                && known_name.is_some_and(|name| self.called.get(&name.to_lowercase()) == Some(&1)),
            subject: view.subject.clone(),
            everyone: view.everyone.clone(),
            people: view.people,
            scope: view.scope,
            namespace: view.namespace.clone(),
            rules: group.rules,
            role_rules: found.map_or(group.rules, |role| rbac.effective_rules(role).len()),
            whole: found.is_none_or(|role| {
                group.changes.iter().all(|&place| {
                    let change = &self.weighed[place].change;
                    let mut causes = change.causes.iter();
                    let rule = causes
                        .find(|cause| cause.key() == key)
                        .and_then(|cause| rbac.effective_rule(role, cause.rule));
                    change.except.is_empty()
                        && rule.is_some_and(|rule| is_same(rule.rule, &change.rule))
                })
            }),
            built_in,
            beyond_built_in: match built_in {
                true => {
                    let places = group.changes.iter().copied();
                    places
                        .filter(|&place| !self.is_of_built_in(place, &group.cause))
                        .collect()
                }
                false => Vec::new(),
            },
            role: role.clone(),
            gravest: risks.first().copied(),
            severity: risks.first().map(|risk| risk.severity.as_str()),
            risks: risks.iter().map(RiskView::new).collect(),
            first: told,
            others: group.others.iter().map(cause).collect(),
            more_others: group.more_others,
            changes: group.changes.clone(),
        })
    }

    /// The risks of changes: each once, as grave as its gravest, the gravest first.
    fn risks(&self, places: &[usize]) -> Vec<WeighedRisk> {
        let mut risks: Vec<WeighedRisk> = Vec::new();
        let mut known: HashMap<&str, usize> = HashMap::new();
        for risk in places.iter().flat_map(|&place| &self.weighed[place].risks) {
            let place = *known.entry(risk.code.id).or_insert_with(|| {
                risks.push(*risk);
                risks.len() - 1
            });
            risks[place].severity = risks[place].severity.max(risk.severity);
        }
        risks.sort_by_key(|risk| Reverse(risk.severity));
        risks
    }

    /// Groups that say the same of several subjects, or in several scopes, together: by their places, the
    /// first of each in their order.
    pub(super) fn entries(&self, groups: &[GroupView]) -> Vec<Vec<usize>> {
        type Content<'c> = (&'c PolicyRule, &'c [Except], Vec<(&'static str, Severity)>);
        let mut contents: HashMap<Content<'_>, usize> = HashMap::new();
        let mut content = |place: usize| {
            let WeighedChange { change, risks } = &self.weighed[place];
            let risks = risks.iter().map(|risk| (risk.code.id, risk.severity));
            let next = contents.len();
            let key = (&change.rule, &*change.except, risks.collect());
            *contents.entry(key).or_insert(next)
        };
        let mut entries: Vec<Vec<usize>> = Vec::new();
        let mut known: BTreeMap<(Together<'_>, Vec<usize>), usize> = BTreeMap::new();
        for (place, group) in groups.iter().enumerate() {
            let mut said: Vec<usize> = group.changes.iter().map(|&place| content(place)).collect();
            said.sort_unstable();
            let entry = *known
                .entry((Together::new(group), said))
                .or_insert(entries.len());
            match entries.get_mut(entry) {
                Some(together) => together.push(place),
                None => entries.push(vec![place]),
            }
        }
        entries
    }
}

/// Whether two rules list the same, in whatever order.
fn is_same(a: &PolicyRule, b: &PolicyRule) -> bool {
    let words =
        |list: &[CompactString]| -> BTreeSet<CompactString> { list.iter().cloned().collect() };
    a == b || a.lists().map(words) == b.lists().map(words)
}

/// What groups that are told together have in common.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Together<'g> {
    change: &'static str,
    what: &'static str,
    binding: Option<&'g ObjectRef>,
    role: &'g ObjectRef,
    aggregated_from: Option<&'g str>,
    rules: usize,
    others: Vec<(&'static str, &'g ObjectRef)>,
}

impl<'g> Together<'g> {
    fn new(group: &'g GroupView) -> Self {
        Together {
            change: group.change,
            what: group.cause.what,
            binding: group.cause.binding.as_ref(),
            role: &group.role,
            aggregated_from: group.cause.aggregated_from.as_deref(),
            rules: group.rules,
            others: group
                .others
                .iter()
                .map(|other| (other.what, &other.binding))
                .collect(),
        }
    }
}

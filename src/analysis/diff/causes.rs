//! Through what a subject gained or lost something, and what of the change did it.

use crate::authn::Principal;
use crate::authz::rbac::RbacAuthorizer;
use crate::cluster::RoleId;
use crate::kube::{Binding, BindingKind, Role, RoleKind};
use crate::text::Located;
use crate::text::Span;

use super::{Direction, Given};

/// What of a change gave something or took it away.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Deed {
    /// The binding is on one side alone.
    Binding,
    /// The binding names the subject on one side alone.
    Subject,
    /// The binding names another role.
    RoleRef,
    /// The role is on one side alone.
    Role,
    /// The role that the rule is gathered from is on one side alone.
    AggregatedRole,
    /// The role that the rule is gathered from is labelled otherwise.
    Labels,
    /// The role gathers by other selectors.
    AggregationRule,
    /// The rule itself, or a part of it.
    Rule,
}

impl Deed {
    /// The deed in words.
    pub fn in_words(self, direction: Direction) -> &'static str {
        match (self, direction) {
            (Deed::Binding, Direction::Gained) => "binding added",
            (Deed::Binding, Direction::Lost) => "binding removed",
            (Deed::Subject, Direction::Gained) => "subject added",
            (Deed::Subject, Direction::Lost) => "subject removed",
            (Deed::RoleRef, _) => "roleRef changed",
            (Deed::Role, Direction::Gained) => "role added",
            (Deed::Role, Direction::Lost) => "role removed",
            (Deed::AggregatedRole, Direction::Gained) => "aggregated role added",
            (Deed::AggregatedRole, Direction::Lost) => "aggregated role removed",
            (Deed::Labels, _) => "role re-labelled",
            (Deed::AggregationRule, _) => "aggregation changed",
            (Deed::Rule, Direction::Gained) => "rule added or widened",
            (Deed::Rule, Direction::Lost) => "rule removed or narrowed",
        }
    }
}

/// One way in which a subject is given something, on the side that gives it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cause {
    /// What of the change did it.
    pub deed: Deed,
    /// The kind of the binding.
    pub binding_kind: BindingKind,
    /// The namespace of a RoleBinding; else empty.
    pub binding_namespace: String,
    /// The name of the binding.
    pub binding_name: String,
    /// The kind of the role.
    pub role_kind: RoleKind,
    /// The name of the role.
    pub role_name: String,
    /// The number of the rule in the role, from 1.
    pub rule: usize,
    /// The ClusterRole that the rule is gathered from, if it is.
    pub gathered_from: Option<String>,
    /// Where the binding is written.
    pub binding_place: Span,
    /// Where the rule is written.
    pub rule_place: Span,
    /// Where the deed is to be seen: the binding, the subject, the role or the rule.
    pub span: Span,
}

/// Says through what a subject is given something by `with` and not by `without`.
pub(super) fn cause(
    with: &RbacAuthorizer,
    without: &RbacAuthorizer,
    given: &Given,
    subject: &Principal,
) -> Cause {
    let binding = with.snapshot().binding(given.binding);
    let rule = with.effective_rule(given.role, given.rule);
    let rule_place = rule.map_or(with.snapshot().role(given.role).span, |rule| {
        with.rule_place(&rule)
    });
    let origin = rule.map_or(given.role, |rule| rule.origin);
    let (deed, span) = deed(with, without, given, subject, origin, rule_place);
    Cause {
        deed,
        binding_kind: binding.kind,
        binding_namespace: binding.namespace.to_string(),
        binding_name: binding.name.to_string(),
        role_kind: binding.role_ref.kind,
        role_name: binding.role_ref.name.to_string(),
        rule: given.rule,
        gathered_from: (origin != given.role)
            .then(|| with.snapshot().role(origin).name.to_string()),
        binding_place: binding.span,
        rule_place,
        span,
    }
}

fn deed(
    with: &RbacAuthorizer,
    without: &RbacAuthorizer,
    given: &Given,
    subject: &Principal,
    origin: RoleId,
    rule_place: Span,
) -> (Deed, Span) {
    let binding = with.snapshot().binding(given.binding);
    let Some(other) = same_binding(without, binding) else {
        return (Deed::Binding, binding.span);
    };
    if other.role_ref != binding.role_ref {
        return (Deed::RoleRef, binding.span);
    }
    let names_subject = other
        .subjects
        .iter()
        .any(|other_subject| Principal::of(other_subject, other).as_ref() == Some(subject));
    if !names_subject {
        return (Deed::Subject, binding.subjects[given.subject].span);
    }
    let role = with.snapshot().role(given.role);
    let Some(other_role) = same_role(without, role) else {
        return (Deed::Role, role.span);
    };
    if origin == given.role {
        return (Deed::Rule, rule_place);
    }
    if other_role.aggregation_rule != role.aggregation_rule {
        return (Deed::AggregationRule, role.span);
    }
    let origin = with.snapshot().role(origin);
    match same_role(without, origin) {
        None => (Deed::AggregatedRole, origin.span),
        Some(other) if other.labels != origin.labels => (Deed::Labels, origin.span),
        Some(_) => (Deed::Rule, rule_place),
    }
}

fn same_binding<'s>(rbac: &'s RbacAuthorizer, binding: &Binding) -> Option<&'s Located<Binding>> {
    rbac.snapshot()
        .find_binding(binding.kind, &binding.namespace, &binding.name)
        .map(|id| rbac.snapshot().binding(id))
}

fn same_role<'s>(rbac: &'s RbacAuthorizer, role: &Role) -> Option<&'s Located<Role>> {
    rbac.snapshot()
        .find_role(role.kind, &role.namespace, &role.name)
        .map(|id| rbac.snapshot().role(id))
}

//! Through what a subject gained or lost something, and what of the change did it.

use crate::authn::Principal;
use crate::authz::rbac::RbacAuthorizer;
use crate::cluster::{BindingId, RoleId};
use crate::kube::{Binding, Role};
use crate::object::ObjectRef;
use crate::text::Located;
use crate::text::Span;

use super::sides::{Given, Side};

/// Which part of a change gave something or took it away.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum CauseKind {
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

/// One way in which a subject is given something, on the side that gives it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cause {
    /// Which part of the change did it.
    pub kind: CauseKind,
    /// The binding.
    pub binding: ObjectRef,
    /// The role.
    pub role: ObjectRef,
    /// The number of the rule in the role, from 1.
    pub rule: usize,
    /// The ClusterRole that the rule is aggregated from, if it is.
    pub aggregated_from: Option<String>,
    /// Where the binding is written.
    pub binding_span: Span,
    /// Where the rule is written.
    pub rule_span: Span,
    /// Where the part of the change is written: the binding, the subject, the role or the rule.
    pub span: Span,
}

/// Says through what a subject is given something by `with` and not by `without`.
pub(super) fn cause(
    with: &Side<'_>,
    without: &Side<'_>,
    given: &Given,
    subject: &Principal,
) -> Cause {
    let rbac = with.rbac;
    let binding = rbac.snapshot().binding(given.binding);
    let rule = rbac.effective_rule(given.role, given.rule);
    let rule_span = rule.map_or(rbac.snapshot().role(given.role).span, |rule| rule.rule.span);
    let origin = rule.map_or(given.role, |rule| rule.origin);
    let (kind, span) = kind(with, without, given, subject, origin, rule_span);
    Cause {
        kind,
        binding: binding.object_ref(),
        role: binding.role_object(),
        rule: given.rule,
        aggregated_from: (origin != given.role)
            .then(|| rbac.snapshot().role(origin).name.to_string()),
        binding_span: binding.span,
        rule_span,
        span,
    }
}

fn kind(
    with: &Side<'_>,
    without: &Side<'_>,
    given: &Given,
    subject: &Principal,
    origin: RoleId,
    rule_span: Span,
) -> (CauseKind, Span) {
    let names_subject = |binding| without.names(binding, subject);
    let (with, without) = (with.rbac, without.rbac);
    let binding = with.snapshot().binding(given.binding);
    let Some(other_id) = same_binding(without, binding) else {
        return (CauseKind::Binding, binding.span);
    };
    let other = without.snapshot().binding(other_id);
    if other.role_ref != binding.role_ref {
        return (CauseKind::RoleRef, binding.span);
    }
    if !names_subject(other_id) {
        return (CauseKind::Subject, binding.subjects[given.subject].span);
    }
    let role = with.snapshot().role(given.role);
    let Some(other_role) = same_role(without, role) else {
        return (CauseKind::Role, role.span);
    };
    if origin == given.role {
        return (CauseKind::Rule, rule_span);
    }
    if other_role.aggregation_rule != role.aggregation_rule {
        return (CauseKind::AggregationRule, role.span);
    }
    let origin = with.snapshot().role(origin);
    match same_role(without, origin) {
        None => (CauseKind::AggregatedRole, origin.span),
        Some(other) if other.labels != origin.labels => (CauseKind::Labels, origin.span),
        Some(_) => (CauseKind::Rule, rule_span),
    }
}

fn same_binding(rbac: &RbacAuthorizer, binding: &Binding) -> Option<BindingId> {
    rbac.snapshot()
        .find_binding(binding.kind, &binding.namespace, &binding.name)
}

fn same_role<'s>(rbac: &'s RbacAuthorizer, role: &Role) -> Option<&'s Located<Role>> {
    rbac.snapshot()
        .find_role(role.kind, &role.namespace, &role.name)
        .map(|id| rbac.snapshot().role(id))
}

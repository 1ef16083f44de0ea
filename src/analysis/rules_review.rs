//! All that a user may do in a namespace, as `kubectl auth can-i --list` asks it.

use std::ops::ControlFlow;

use crate::authn::UserInfo;
use crate::authz::rbac::RbacAuthorizer;
use crate::authz::rbac::rules::{breakdown, compact};
use crate::cluster::BindingId;
use crate::kube::PolicyRule;

/// The rules that apply to a user in a namespace, broken down, put together and sorted as kubectl
/// prints them.
///
/// Cluster-wide rules come first, then the namespace's, each by binding; `system:masters` isn't
/// asked, as on a server. A RoleBinding's rules about URLs are listed, as a server lists them,
/// although they grant nothing.
///
/// Source: `RBACAuthorizer.RulesFor` of Kubernetes, and `printStatus` of `kubectl auth can-i`.
///
/// ```
/// use rbac_eval::kube::Manifest;
/// use rbac_eval::analysis::rules_review::rules_review;
/// use rbac_eval::text::Files;
/// use rbac_eval::cluster::{Defaults, Snapshot};
/// use rbac_eval::authz::rbac::RbacAuthorizer;
/// use rbac_eval::authn::UserInfo;
///
/// let snapshot = Snapshot::new(Files::default(), Manifest::default(), Defaults::Auto);
/// let rbac = RbacAuthorizer::new(snapshot)?;
/// let rules = rules_review(&rbac, &UserInfo::impersonated("alice", []), "default");
/// assert!(rules.iter().any(|rule| rule.resources == ["selfsubjectaccessreviews"]));
/// # Ok::<(), rbac_eval::authz::rbac::TooLarge>(())
/// ```
pub fn rules_review(rbac: &RbacAuthorizer, user: &UserInfo, namespace: &str) -> Vec<PolicyRule> {
    let mut bindings: Vec<BindingId> = Vec::new();
    let _ = rbac.visit(user, namespace, |applied| {
        bindings.push(applied.binding);
        ControlFlow::<()>::Continue(())
    });
    // A binding counts once, however many of its subjects match.
    bindings.sort_unstable();
    bindings.dedup();
    let atoms = bindings
        .into_iter()
        .filter_map(|binding| rbac.role_of(binding))
        .flat_map(|role| rbac.effective_rules(role))
        .flat_map(|rule| breakdown(rule.rule))
        .collect();
    compact(atoms)
}

//! All that a user may do in a namespace, as `kubectl auth can-i --list` asks it.

use crate::manifest::PolicyRule;
use crate::rules::{breakdown, compact};
use crate::store::{BindingId, PolicyStore, Principal};
use crate::user::UserInfo;

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
/// use rbac_eval::manifest::Manifest;
/// use rbac_eval::query::rules_review::rules_review;
/// use rbac_eval::source::Sources;
/// use rbac_eval::store::{Defaults, PolicyStore};
/// use rbac_eval::user::UserInfo;
///
/// let store = PolicyStore::new(Sources::default(), Manifest::default(), Defaults::Auto);
/// let rules = rules_review(&store, &UserInfo::impersonated("alice", []), "default");
/// assert!(rules.iter().any(|rule| rule.resources == ["selfsubjectaccessreviews"]));
/// ```
pub fn rules_review(store: &PolicyStore, user: &UserInfo, namespace: &str) -> Vec<PolicyRule> {
    let namespace = store.namespace(namespace);
    let names = std::iter::once((Principal::User, &user.name))
        .chain(user.groups.iter().map(|group| (Principal::Group, group)));
    let mut bindings: Vec<BindingId> = names
        .flat_map(|(principal, name)| store.edges(principal, name, namespace))
        .map(|edge| BindingId::new(edge.binding))
        .collect();
    // A binding counts once, however many of its subjects match.
    bindings.sort_unstable();
    bindings.dedup();
    let atoms = bindings
        .into_iter()
        .filter_map(|binding| store.role_of(binding))
        .flat_map(|role| store.effective_rules(role))
        .flat_map(|rule| breakdown(rule.rule))
        .collect();
    compact(atoms)
}

//! What an upgrade of Kubernetes changes beside what bindings give: which types servers have, and what a
//! right still reaches.

use std::collections::{BTreeMap, BTreeSet};

use super::diff::{Cause, Change, Direction};
use super::owner::{Owner, Owners};
use super::who_can::who_can;
use crate::authn::{ImpliedGroup, Principal};
use crate::authz::rbac::{RbacAuthorizer, TooLarge};
use crate::authz::{Attributes, ResourceAttributes};
use crate::cluster::{Reach, Snapshot};
use crate::kube::{BindingKind, Minor};
use crate::object::{ObjectRef, Scope};

/// The subresources that let someone into a pod by a WebSocket.
///
/// Source: the gate `AuthorizePodWebsocketUpgradeCreatePermission`.
const INTO_PODS: [&str; 3] = ["attach", "exec", "portforward"];

/// The types that servers have by themselves, and on.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TypesChanged {
    /// The full names of those that come, sorted.
    pub gained: Vec<String>,
    /// The full names of those that go, sorted.
    pub lost: Vec<String>,
}

impl TypesChanged {
    /// The types of two clusters that differ in their version alone.
    pub fn between(before: &Snapshot, after: &Snapshot) -> Self {
        let on = |snapshot: &Snapshot| -> BTreeSet<String> {
            let resources = snapshot.discovery().resources().iter();
            resources
                .filter(|resource| !resource.off_by_default)
                .map(|resource| resource.full_name())
                .collect()
        };
        let (before, after) = (on(before), on(after));
        TypesChanged {
            gained: after.difference(&before).cloned().collect(),
            lost: before.difference(&after).cloned().collect(),
        }
    }
}

/// Someone who gets into pods by a `get` alone, which an upgrade takes from them.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct IntoPodsByGet {
    /// Who.
    pub principal: Principal,
    /// Where.
    pub scope: Scope,
    /// The subresources of pods, sorted.
    pub subresources: Vec<&'static str>,
}

/// Everyone who gets into running pods below Kubernetes 1.35 and no longer from there on, since they may
/// `get` and not `create` there. None where the upgrade doesn't pass 1.35. With owners, grants that every
/// cluster has are passed over.
///
/// Source: `AuthorizePodWebsocketUpgradeCreatePermission`, on by default from 1.35.
///
/// # Errors
/// Where the grants are more than are listed.
pub fn into_pods_by_get(
    before: &RbacAuthorizer,
    after: &RbacAuthorizer,
    owners: Option<&Owners>,
) -> Result<Vec<IntoPodsByGet>, TooLarge> {
    let [from, to] = [before, after].map(|rbac| rbac.snapshot().version().minor);
    let takes_create = Minor::EXEC_TAKES_CREATE;
    if !(from < takes_create && takes_create <= to) {
        return Ok(Vec::new());
    }
    let mut found: BTreeMap<(Principal, Scope), Vec<&'static str>> = BTreeMap::new();
    for subresource in INTO_PODS {
        let by_get = holders(before, "get", subresource, owners)?;
        let by_create = holders(after, "create", subresource, None)?;
        for (principal, scope) in by_get {
            let creates = [Scope::Cluster, scope.clone()]
                .into_iter()
                .any(|scope| by_create.contains(&(principal.clone(), scope)));
            if !creates {
                let subresources = found.entry((principal, scope)).or_default();
                subresources.push(subresource);
            }
        }
    }
    let found = found.into_iter();
    let found = found.map(|((principal, scope), subresources)| IntoPodsByGet {
        principal,
        scope,
        subresources,
    });
    Ok(found.collect())
}

/// Who may do this with a subresource of any pod, and where; with owners, by grants of the cluster's own.
fn holders(
    rbac: &RbacAuthorizer,
    verb: &str,
    subresource: &str,
    owners: Option<&Owners>,
) -> Result<BTreeSet<(Principal, Scope)>, TooLarge> {
    let request = Attributes::Resource(ResourceAttributes {
        verb: verb.to_owned(),
        resource: "pods".to_owned(),
        subresource: subresource.to_owned(),
        ..ResourceAttributes::default()
    });
    let mut found = BTreeSet::new();
    for able in who_can(rbac, &request, Reach::Anywhere)?.able {
        for grant in able.grants {
            let owner = owners.map(|owners| owners.of_listed(rbac, &able.principal, &grant));
            if owner.is_some_and(|owner| owner != Owner::Cluster) {
                continue;
            }
            let scope = rbac.snapshot().binding(grant.binding).scope();
            found.insert((able.principal.clone(), scope));
        }
    }
    Ok(found)
}

/// Whether a change is of a component of the cluster: Kubernetes itself, or AKS, binds them everywhere. What
/// everyone of a kind gains or loses is not.
pub fn is_of_component(change: &Change, sides: [&RbacAuthorizer; 2], owners: &Owners) -> bool {
    let [before, after] = sides;
    let rbac = match change.direction {
        Direction::Lost => before,
        Direction::Gained => after,
    };
    let is_default = |cause: &Cause| {
        let kinds = [BindingKind::ClusterRoleBinding, BindingKind::RoleBinding];
        let kind = kinds
            .into_iter()
            .find(|kind| kind.as_str() == cause.binding.kind);
        let ObjectRef {
            namespace, name, ..
        } = &cause.binding;
        let found = kind.and_then(|kind| rbac.snapshot().find_binding(kind, namespace, name));
        found.is_some_and(|id| owners.of_binding(rbac, &change.subject, id) != Owner::Cluster)
    };
    ImpliedGroup::of(&change.subject).is_none() && change.causes.iter().all(is_default)
}

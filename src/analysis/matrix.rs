//! Tables of what is allowed: resources by verbs for one user, subjects by verbs for one resource.

use std::collections::BTreeMap;

use crate::authz::chain;

use crate::ask::{AskedScope, ResolvedTarget};
use crate::authn::UserInfo;
use crate::authn::{ImpliedGroup, MASTERS, Principal};
use crate::authz::rbac::RbacAuthorizer;
use crate::authz::{Attributes, ResourceAttributes};
use crate::authz::{Authorizer, Decision};
use crate::kube::discovery::ApiResource;

use crate::kube::SubjectKind;

use super::owner::{Owner, Owners};
use super::who_can::{Ability, abilities, abilities_by_binding};
use crate::cluster::Reach;
use crate::object::Scope;

/// The verbs of real requests for objects, which are the columns.
pub const VERBS: [&str; 8] = [
    "get",
    "list",
    "watch",
    "create",
    "update",
    "patch",
    "delete",
    "deletecollection",
];

/// What a cell says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Cell {
    /// Allowed.
    Yes,
    /// Allowed for some names only.
    Partial,
    /// Not allowed.
    No,
}

impl From<Ability> for Cell {
    fn from(ability: Ability) -> Self {
        match ability {
            Ability::Yes => Cell::Yes,
            Ability::ForNames => Cell::Partial,
            Ability::No => Cell::No,
        }
    }
}

/// One resource and what a user may do with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResourceRow<'c> {
    /// The resource.
    pub resource: &'c ApiResource,
    /// A cell for each of [`VERBS`].
    pub cells: [Cell; VERBS.len()],
}

/// One subject and what it may do with a resource.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SubjectRow {
    /// The subject.
    pub principal: Principal,
    /// A cell for each of [`VERBS`].
    pub cells: [Cell; VERBS.len()],
}

/// What a user may do with every resource of the catalogue, in a namespace; cluster-scoped
/// resources are asked about in the whole cluster.
///
/// ```
/// use rbac_eval::kube::Manifest;
/// use rbac_eval::analysis::matrix::{Cell, resources_by_verbs};
/// use rbac_eval::text::Files;
/// use rbac_eval::cluster::{Defaults, Snapshot};
/// use rbac_eval::authz::rbac::RbacAuthorizer;
/// use rbac_eval::authn::UserInfo;
///
/// let snapshot = Snapshot::new(Files::default(), Manifest::default(), Defaults::Auto);
/// let rbac = RbacAuthorizer::new(snapshot)?;
/// let root = UserInfo::new("root", ["system:masters"]);
/// let rows = resources_by_verbs(&rbac, &root, "default");
/// assert!(rows.iter().all(|row| row.cells == [Cell::Yes; 8]));
/// # Ok::<(), rbac_eval::authz::rbac::TooLarge>(())
/// ```
pub fn resources_by_verbs<'s>(
    rbac: &'s RbacAuthorizer,
    user: &UserInfo,
    namespace: &str,
) -> Vec<ResourceRow<'s>> {
    let authorizer = chain(rbac);
    rbac.snapshot()
        .discovery()
        .resources()
        .iter()
        .map(|resource| {
            let target = ResolvedTarget::of(resource);
            let cells = VERBS.map(|verb| {
                let request = target
                    .request(verb, AskedScope::Namespace(namespace))
                    .attributes;
                if authorizer.decide(user, &request) == Decision::Allow {
                    Cell::Yes
                } else if rbac.allows_some_name(user, &request) {
                    Cell::Partial
                } else {
                    Cell::No
                }
            });
            ResourceRow { resource, cells }
        })
        .collect()
}

/// What every subject may do with a resource. The request's verb doesn't matter.
pub fn subjects_by_verbs(
    rbac: &RbacAuthorizer,
    request: &ResourceAttributes,
    reach: Reach,
) -> Vec<SubjectRow> {
    abilities(rbac, &with_each_verb(request), reach)
        .into_iter()
        .map(|(principal, abilities)| SubjectRow {
            principal,
            cells: abilities.map(Cell::from),
        })
        .collect()
}

/// What grants of one scope give a subject.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScopeCells {
    /// The namespace of a RoleBinding, or the whole cluster.
    pub scope: Scope,
    /// A cell for each of [`VERBS`].
    pub cells: [Cell; VERBS.len()],
}

/// Where each subject of [`subjects_by_verbs`] may do what: for each scope that a binding gives it any of it
/// in, the whole cluster first.
pub fn scopes_of_subjects(
    rbac: &RbacAuthorizer,
    request: &ResourceAttributes,
    reach: Reach,
) -> BTreeMap<Principal, Vec<ScopeCells>> {
    let masters = Principal::new(SubjectKind::Group, "", MASTERS);
    let mut found = vec![(masters, Scope::Cluster, [Ability::Yes; VERBS.len()])];
    for (id, abilities) in abilities_by_binding(rbac, &with_each_verb(request), reach) {
        let binding = rbac.snapshot().binding(id);
        let principals = binding.subjects.iter();
        let principals = principals.filter_map(|subject| Principal::of(subject, binding));
        found.extend(principals.map(|principal| (principal, binding.scope(), abilities)));
    }
    found.sort_unstable();
    found.dedup_by(|(principal, scope, more), (known, at, abilities)| {
        let same = (&*principal, &*scope) == (&*known, &*at);
        if same {
            for (ability, more) in abilities.iter_mut().zip(more) {
                *ability = (*ability).max(*more);
            }
        }
        same
    });
    let mut scopes: BTreeMap<Principal, Vec<ScopeCells>> = BTreeMap::new();
    for (principal, scope, abilities) in found {
        let cells = abilities.map(Cell::from);
        let of = scopes.entry(principal).or_default();
        of.push(ScopeCells { scope, cells });
    }
    scopes
}

/// Whose the rows of [`subjects_by_verbs`] are: every binding that gives a subject any of it has to be
/// Kubernetes' or AKS' own, or the row is the cluster's.
pub fn owners_of_subjects(
    rbac: &RbacAuthorizer,
    request: &ResourceAttributes,
    reach: Reach,
    owners: &Owners,
) -> BTreeMap<Principal, Owner> {
    // Before RBAC is asked, in every cluster.
    let masters = Principal::new(SubjectKind::Group, "", MASTERS);
    let mut found = BTreeMap::from([(masters, Owner::Kubernetes)]);
    for id in abilities_by_binding(rbac, &with_each_verb(request), reach).into_keys() {
        let binding = rbac.snapshot().binding(id);
        let principals = binding.subjects.iter();
        for principal in principals.filter_map(|subject| Principal::of(subject, binding)) {
            // What everyone may do is about the people of this cluster.
            let owner = match ImpliedGroup::of(&principal) {
                Some(_) => Owner::Cluster,
                None => owners.of_binding(rbac, &principal, id),
            };
            let known = found.entry(principal).or_insert(owner);
            *known = owner.max(*known);
        }
    }
    found
}

fn with_each_verb(request: &ResourceAttributes) -> [Attributes; VERBS.len()] {
    VERBS.map(|verb| {
        Attributes::Resource(ResourceAttributes {
            verb: verb.to_owned(),
            ..request.clone()
        })
    })
}

//! What is bound to this subject?

use crate::authn::UserInfo;
use std::collections::BTreeSet;

use crate::ask::bound_subjects;
use crate::authn::ANONYMOUS;
use crate::authn::Principal;
use crate::authn::{AUTHENTICATED, MASTERS, SERVICE_ACCOUNTS, UNAUTHENTICATED};
use crate::authz::rbac::RbacAuthorizer;
use crate::cluster::BindingId;
use crate::kube::SubjectKind;

/// A binding that reaches a subject.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Reached {
    /// The binding.
    pub binding: BindingId,
    /// The number, from 0, of the subject in the binding.
    pub subject: usize,
    /// The group through which it reaches; none where the binding names the subject itself.
    pub through: Option<String>,
}

/// A subject and the bindings that reach it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// Who.
    pub principal: Principal,
    /// The bindings: those that name it, then those through groups.
    pub bindings: Vec<Reached>,
}

/// All subjects that some binding names, sorted.
pub fn subjects(rbac: &RbacAuthorizer) -> BTreeSet<Principal> {
    bound_subjects(rbac.snapshot())
}

/// The groups that Kubernetes itself puts a subject into.
pub fn implied_groups(principal: &Principal) -> Vec<String> {
    match principal.kind {
        SubjectKind::Group => Vec::new(),
        SubjectKind::User if principal.name == ANONYMOUS => vec![UNAUTHENTICATED.to_owned()],
        SubjectKind::User => vec![AUTHENTICATED.to_owned()],
        SubjectKind::ServiceAccount => vec![
            SERVICE_ACCOUNTS.to_owned(),
            format!("{SERVICE_ACCOUNTS}:{}", principal.namespace),
            AUTHENTICATED.to_owned(),
        ],
    }
}

/// Every binding that names a subject or one of its groups. The groups that Kubernetes implies
/// are added to the given ones.
///
/// ```
/// use rbac_eval::kube::{Manifest, SubjectKind};
/// use rbac_eval::authn::Principal;
/// use rbac_eval::analysis::lookup::lookup;
/// use rbac_eval::text::Files;
/// use rbac_eval::cluster::{Defaults, Snapshot};
/// use rbac_eval::authz::rbac::RbacAuthorizer;
///
/// let snapshot = Snapshot::new(Files::default(), Manifest::default(), Defaults::Auto);
/// let rbac = RbacAuthorizer::new(snapshot)?;
/// let alice = Principal::new(SubjectKind::User, "", "alice");
/// let found = lookup(&rbac, alice, &[]);
/// assert!(found.bindings.iter().all(|reached| reached.through.is_some()));
/// # Ok::<(), rbac_eval::authz::rbac::TooLarge>(())
/// ```
pub fn lookup(rbac: &RbacAuthorizer, principal: Principal, groups: &[String]) -> Found {
    let mut bindings = Vec::new();
    let mut add = |user: UserInfo, through: Option<&str>| {
        let applied = rbac.applied_anywhere(&user).into_iter();
        bindings.extend(applied.map(|applied| Reached {
            binding: applied.binding,
            subject: applied.subject,
            through: through.map(str::to_owned),
        }));
    };
    add(principal.as_user(), None);
    let mut all: BTreeSet<String> = implied_groups(&principal).into_iter().collect();
    all.extend(groups.iter().cloned());
    for group in &all {
        let group_alone = Principal::new(SubjectKind::Group, "", group);
        add(group_alone.as_user(), Some(group));
    }
    bindings.sort_by_key(|reached| (reached.through.clone(), reached.binding, reached.subject));
    Found {
        principal,
        bindings,
    }
}

/// Whether a subject is, or is through a group, in `system:masters`.
pub fn is_privileged(principal: &Principal, groups: &[String]) -> bool {
    (principal.kind == SubjectKind::Group && principal.name == MASTERS)
        || groups.iter().any(|group| group == MASTERS)
}

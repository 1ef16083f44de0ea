//! What is bound to this subject?

use std::collections::BTreeSet;

use crate::manifest::SubjectKind;
use crate::principal::Principal;
use crate::store::{BindingId, PolicyStore, Principal as Key};
use crate::user::{ANONYMOUS, service_account_name};
use crate::user::{AUTHENTICATED, MASTERS, SERVICE_ACCOUNTS, UNAUTHENTICATED};

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
pub fn subjects(store: &PolicyStore) -> BTreeSet<Principal> {
    store
        .bindings()
        .flat_map(|id| {
            let binding = store.binding(id);
            binding
                .subjects
                .iter()
                .filter_map(move |subject| Principal::of(subject, binding))
        })
        .collect()
}

/// Whether a word means a subject: its name, or for a ServiceAccount `NAMESPACE/NAME` or its full
/// user name; with `exact` the whole of it in its letter case, else any part in any case.
pub fn is_called(principal: &Principal, word: &str, exact: bool) -> bool {
    let mut names = vec![principal.name.clone()];
    if principal.kind == SubjectKind::ServiceAccount {
        names.push(format!("{}/{}", principal.namespace, principal.name));
        names.push(service_account_name(&principal.namespace, &principal.name));
    }
    if exact {
        names.iter().any(|name| name == word)
    } else {
        let word = word.to_lowercase();
        names.iter().any(|name| name.to_lowercase().contains(&word))
    }
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
/// use rbac_eval::manifest::{Manifest, SubjectKind};
/// use rbac_eval::principal::Principal;
/// use rbac_eval::query::lookup::lookup;
/// use rbac_eval::source::Sources;
/// use rbac_eval::store::{Defaults, PolicyStore};
///
/// let store = PolicyStore::new(Sources::default(), Manifest::default(), Defaults::Auto);
/// let alice = Principal::new(SubjectKind::User, "", "alice");
/// let found = lookup(&store, alice, &[]);
/// assert!(found.bindings.iter().all(|reached| reached.through.is_some()));
/// ```
pub fn lookup(store: &PolicyStore, principal: Principal, groups: &[String]) -> Found {
    let mut bindings = Vec::new();
    let mut add = |kind: Key, name: &str, through: Option<&str>| {
        bindings.extend(store.all_edges(kind, name).map(|edge| Reached {
            binding: BindingId::new(edge.binding),
            subject: edge.subject as usize,
            through: through.map(str::to_owned),
        }));
    };
    match principal.kind {
        SubjectKind::Group => add(Key::Group, &principal.name, None),
        SubjectKind::User => add(Key::User, &principal.name, None),
        SubjectKind::ServiceAccount => {
            let name = service_account_name(&principal.namespace, &principal.name);
            add(Key::User, &name, None);
        }
    }
    let mut all: BTreeSet<String> = implied_groups(&principal).into_iter().collect();
    all.extend(groups.iter().cloned());
    for group in &all {
        add(Key::Group, group, Some(group));
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

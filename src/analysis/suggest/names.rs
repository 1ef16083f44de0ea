//! Names for new objects, which no object of the input has.

use hashbrown::HashSet;

use crate::authn::Principal;
use crate::authz::Attributes;
use crate::cluster::Snapshot;
use crate::kube::{BindingKind, RoleKind, SubjectKind};

/// The most letters of a name, before a number that tells it from another.
const LONGEST: usize = 56;

/// Names of bindings and roles of one kind and namespace that aren't free.
///
/// A role that is missing counts too: what is called like it would be given to whom its bindings name.
pub(super) struct TakenNames<'s> {
    bindings: HashSet<&'s str>,
    roles: HashSet<&'s str>,
}

impl<'s> TakenNames<'s> {
    pub(super) fn of(snapshot: &'s Snapshot, namespace: &str) -> Self {
        let (binding_kind, role_kind) = kinds(namespace);
        let mut bindings = HashSet::new();
        let mut roles = HashSet::new();
        for id in snapshot.roles() {
            let role = snapshot.role(id);
            if role.kind == role_kind && role.namespace == namespace {
                roles.insert(&*role.value.metadata.name);
            }
        }
        for id in snapshot.bindings() {
            let binding = &snapshot.binding(id).value;
            if binding.kind == binding_kind && binding.namespace == namespace {
                bindings.insert(&*binding.metadata.name);
            }
            let refers = binding.role_ref.kind == role_kind
                && (role_kind == RoleKind::ClusterRole || binding.namespace == namespace);
            if refers {
                roles.insert(&*binding.role_ref.name);
            }
        }
        TakenNames { bindings, roles }
    }

    /// A free name of a binding.
    pub(super) fn binding(&self, wanted: &str) -> String {
        free(wanted, |name| !self.bindings.contains(name))
    }

    /// A name that is free for both a binding and a role.
    pub(super) fn both(&self, wanted: &str) -> String {
        free(wanted, |name| {
            !self.bindings.contains(name) && !self.roles.contains(name)
        })
    }
}

/// What grants in a namespace, or in the whole cluster where it is empty.
pub(super) fn kinds(namespace: &str) -> (BindingKind, RoleKind) {
    match namespace {
        "" => (BindingKind::ClusterRoleBinding, RoleKind::ClusterRole),
        _ => (BindingKind::RoleBinding, RoleKind::Role),
    }
}

/// The wanted name, or the first with a number that is free.
fn free(wanted: &str, is_free: impl Fn(&str) -> bool) -> String {
    if is_free(wanted) {
        return wanted.to_owned();
    }
    let mut number = 2_usize;
    loop {
        let name = format!("{wanted}-{number}");
        // So many names aren't taken, so this ends.
        if is_free(&name) {
            return name;
        }
        number += 1;
    }
}

/// Words as one name: small letters, digits, and `-` for all between them.
pub(super) fn name_of<'w>(words: impl IntoIterator<Item = &'w str>) -> String {
    let mut name = String::new();
    for word in words {
        if !name.is_empty() && !name.ends_with('-') {
            name.push('-');
        }
        for character in word.chars() {
            match character.to_ascii_lowercase() {
                letter @ ('a'..='z' | '0'..='9') => name.push(letter),
                _ if name.is_empty() || name.ends_with('-') => {}
                _ => name.push('-'),
            }
        }
    }
    name.truncate(LONGEST);
    let name = name.trim_matches('-');
    match name {
        "" => "grant".to_owned(),
        name => name.to_owned(),
    }
}

/// The words for someone.
pub(super) fn words_of(principal: &Principal) -> Vec<&str> {
    match principal.kind {
        SubjectKind::ServiceAccount => vec![&principal.namespace, &principal.name],
        SubjectKind::User | SubjectKind::Group => vec![&principal.name],
    }
}

/// The words for a request.
pub(super) fn words_of_request(attributes: &Attributes) -> Vec<&str> {
    let words = match attributes {
        Attributes::Resource(request) => vec![
            &*request.verb,
            &*request.resource,
            &*request.subresource,
            &*request.name,
        ],
        Attributes::NonResource(request) => vec![&*request.verb, &*request.path],
    };
    words.into_iter().filter(|word| !word.is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_a_dns_label() {
        for (words, expected) in [
            (
                &["alice@contoso.com", "get", "pods"][..],
                "alice-contoso-com-get-pods",
            ),
            (&["ÄÖ", "get", "/healthz"], "get-healthz"),
            (&["ÄÖ"], "grant"),
            (&["-a--B-", "x"], "a-b-x"),
        ] {
            assert_eq!(name_of(words.iter().copied()), expected);
        }
        let long = name_of(["a-".repeat(200).as_str()]);
        assert!(crate::kube::is_dns_label(&long), "{long}");
    }
}

//! Bindings: their roles, and whether their subjects can be anyone.

use crate::text::Located;
use std::collections::{BTreeMap, BTreeSet};

use crate::analysis::nobody::Nobodies;
use crate::authn::Principal;
use crate::authz::rbac::RbacAuthorizer;
use crate::cluster::BindingId;
use crate::diagnostic::Diagnostic;
use crate::entra::Directory;
use crate::entra::is_object_id;
use crate::kube::{Binding, RoleKind, Subject, SubjectKind};

use super::finding::Finding;

pub(super) fn findings(
    rbac: &RbacAuthorizer,
    directory: &Directory,
    findings: &mut Vec<Diagnostic>,
) {
    let names = Names::new(rbac, directory);
    let nobodies = Nobodies::new(rbac.snapshot(), directory);
    let mut grants: BTreeMap<BoundRole, BindingId> = BTreeMap::new();
    for id in rbac.snapshot().bindings() {
        let binding = rbac.snapshot().binding(id);
        if !binding.is_bootstrapped() {
            one(rbac, directory, &names, &nobodies, id, findings);
        }
        for subject in &binding.subjects {
            let Some(principal) = Principal::of(subject, binding) else {
                continue;
            };
            let granted = BoundRole {
                principal,
                namespace: binding.namespace.to_string(),
                role: (binding.role_ref.kind, binding.role_ref.name.to_string()),
            };
            match grants.get(&granted) {
                None => {
                    grants.insert(granted, id);
                }
                Some(&other) if other != id && !binding.is_bootstrapped() => {
                    let (role, name) = granted.role;
                    let found = Finding::SameGrantTwice {
                        other: rbac.snapshot().binding(other).object_ref(),
                        principal: granted.principal,
                        role,
                        name,
                    };
                    findings.push(at_subject(binding, subject, found));
                }
                Some(_) => {}
            }
        }
    }
}

/// What a binding gives: who, where, which role.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct BoundRole {
    principal: Principal,
    namespace: String,
    role: (RoleKind, String),
}

/// A finding about a subject of a binding.
fn at_subject(binding: &Binding, subject: &Located<Subject>, finding: Finding) -> Diagnostic {
    Diagnostic::new(subject.span, finding).about(binding.object_ref())
}

fn one(
    rbac: &RbacAuthorizer,
    directory: &Directory,
    names: &Names,
    nobodies: &Nobodies<'_>,
    id: BindingId,
    findings: &mut Vec<Diagnostic>,
) {
    let binding = rbac.snapshot().binding(id);
    let mut of_binding = |finding| {
        findings.push(Diagnostic::new(binding.span, finding).about(binding.object_ref()));
    };
    if rbac.role_of(id).is_none() {
        of_binding(Finding::RoleNotFound {
            role: binding.role_ref.kind,
            name: binding.role_ref.name.clone(),
            input: rbac.snapshot().completeness(),
        });
    }
    if binding.subjects.is_empty() {
        of_binding(Finding::NoSubjects);
    }
    for subject in &binding.subjects {
        let found = match subject.kind {
            SubjectKind::ServiceAccount => missing_account(rbac, binding, subject),
            SubjectKind::Group | SubjectKind::User => Principal::of(subject, binding)
                .and_then(|principal| nobodies.why(&principal))
                .map(Finding::Nobody)
                .or_else(|| unknown_id(directory, subject)),
        };
        let known = names.differs_by_case(subject.kind, &subject.name);
        let letter_case = known.map(|known| Finding::LetterCase {
            kind: subject.kind,
            name: subject.name.clone(),
            known: known.to_owned(),
        });
        for finding in found.into_iter().chain(letter_case) {
            findings.push(at_subject(binding, subject, finding));
        }
    }
}

fn missing_account(rbac: &RbacAuthorizer, binding: &Binding, subject: &Subject) -> Option<Finding> {
    let namespace = subject.namespace_in(binding);
    let is_missing = rbac
        .snapshot()
        .lacks_service_account(namespace, &subject.name);
    is_missing.then(|| Finding::NoSuchServiceAccount {
        namespace: namespace.to_owned(),
        name: subject.name.clone(),
    })
}

/// An object ID that a directory should know.
fn unknown_id(directory: &Directory, subject: &Subject) -> Option<Finding> {
    let id = &*subject.name;
    let is_known = directory.group(id).is_some() || directory.person(id).is_some();
    if directory.is_empty() || !is_object_id(id) || is_known {
        return None;
    }
    let id = id.to_owned();
    match subject.kind {
        SubjectKind::Group => Some(Finding::UnknownGroupId { id }),
        SubjectKind::User => Some(Finding::UnknownUserId { id }),
        SubjectKind::ServiceAccount => None,
    }
}

/// All names that are known, by their lower case.
struct Names {
    users: BTreeMap<String, Alike>,
    groups: BTreeMap<String, Alike>,
}

impl Names {
    fn new(rbac: &RbacAuthorizer, directory: &Directory) -> Self {
        let mut names = Names {
            users: BTreeMap::new(),
            groups: BTreeMap::new(),
        };
        for id in rbac.snapshot().bindings() {
            for subject in &rbac.snapshot().binding(id).subjects {
                match subject.kind {
                    SubjectKind::User => add(&mut names.users, &subject.name),
                    SubjectKind::Group => add(&mut names.groups, &subject.name),
                    SubjectKind::ServiceAccount => {}
                }
            }
        }
        for person in directory.people() {
            let known = person.cluster_name();
            alike(&mut names.users, known).in_directory = Some(known.to_owned());
        }
        for group in directory.groups() {
            alike(&mut names.groups, &group.id).in_directory = Some(group.id.clone());
        }
        names
    }

    /// Another known name that is this one but for case: the directory's, else the one with the
    /// most letters in lower case.
    fn differs_by_case(&self, kind: SubjectKind, name: &str) -> Option<&str> {
        let names = match kind {
            SubjectKind::User => &self.users,
            SubjectKind::Group => &self.groups,
            SubjectKind::ServiceAccount => return None,
        };
        let alike = names.get(&name.to_lowercase())?;
        let known = match &alike.in_directory {
            Some(known) => known,
            // The greatest is the one with the most letters in lower case.
            None => alike.in_bindings.iter().next_back()?,
        };
        (known != name).then_some(known)
    }
}

/// Spellings of one name.
#[derive(Default)]
struct Alike {
    in_directory: Option<String>,
    in_bindings: BTreeSet<String>,
}

fn alike<'n>(names: &'n mut BTreeMap<String, Alike>, name: &str) -> &'n mut Alike {
    names.entry(name.to_lowercase()).or_default()
}

fn add(names: &mut BTreeMap<String, Alike>, name: &str) {
    let alike = alike(names, name);
    alike.in_bindings.insert(name.to_owned());
    // Tokens carry object IDs in lower case.
    if is_object_id(name) {
        alike.in_bindings.insert(name.to_lowercase());
    }
}

//! Bindings: their roles, and whether their subjects can be anyone.

use crate::text::Located;
use std::collections::{BTreeMap, BTreeSet};

use crate::authn::Principal;
use crate::authz::rbac::RbacAuthorizer;
use crate::cluster::BindingId;
use crate::entra::is_object_id;
use crate::entra::{Directory, PersonKind};
use crate::kube::{Binding, BindingKind, RoleKind, Subject, SubjectKind};

use super::{Code, Finding, Level, codes};

/// The service account that every namespace has by itself.
const DEFAULT_SERVICE_ACCOUNT: &str = "default";

pub(super) fn findings(rbac: &RbacAuthorizer, directory: &Directory, findings: &mut Vec<Finding>) {
    let names = Names::new(rbac, directory);
    let mut grants: BTreeMap<Granted, BindingId> = BTreeMap::new();
    for id in rbac.snapshot().bindings() {
        let binding = rbac.snapshot().binding(id);
        if !binding.is_bootstrapped() {
            one(rbac, directory, &names, id, findings);
        }
        for subject in &binding.subjects {
            let Some(principal) = Principal::of(subject, binding) else {
                continue;
            };
            let granted = Granted {
                principal,
                namespace: binding.namespace.to_string(),
                role: (binding.role_ref.kind, binding.role_ref.name.to_string()),
            };
            match grants.get(&granted) {
                None => {
                    grants.insert(granted, id);
                }
                Some(&other) if other != id && !binding.is_bootstrapped() => {
                    let message = format!(
                        "{} gives {} the {} {} already",
                        title(rbac.snapshot().binding(other)),
                        granted.principal,
                        granted.role.0,
                        granted.role.1,
                    );
                    findings.push(finding(binding, subject, &codes::SAME_GRANT_TWICE, message));
                }
                Some(_) => {}
            }
        }
    }
}

/// What a binding gives: who, where, which role.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Granted {
    principal: Principal,
    namespace: String,
    role: (RoleKind, String),
}

fn title(binding: &Binding) -> String {
    match binding.kind {
        BindingKind::ClusterRoleBinding => format!("{} {}", binding.kind, binding.name),
        BindingKind::RoleBinding => {
            format!("{} {}/{}", binding.kind, binding.namespace, binding.name)
        }
    }
}

fn finding(
    binding: &Binding,
    subject: &Located<Subject>,
    code: &'static Code,
    message: String,
) -> Finding {
    Finding {
        code,
        level: code.level,
        span: subject.span,
        object: title(binding),
        message,
    }
}

fn one(
    rbac: &RbacAuthorizer,
    directory: &Directory,
    names: &Names,
    id: BindingId,
    findings: &mut Vec<Finding>,
) {
    let binding = rbac.snapshot().binding(id);
    if rbac.role_of(id).is_none() {
        let (level, whether) = if rbac.snapshot().is_complete() {
            (Level::Error, "doesn't exist")
        } else {
            (
                Level::Warning,
                "isn't in the input; it may exist on the cluster",
            )
        };
        findings.push(Finding {
            code: &codes::ROLE_NOT_FOUND,
            level,
            span: binding.span,
            object: title(binding),
            message: format!(
                "the {} {} that it names {whether}",
                binding.role_ref.kind, binding.role_ref.name
            ),
        });
    }
    if binding.subjects.is_empty() {
        findings.push(Finding {
            code: &codes::NO_SUBJECTS,
            level: codes::NO_SUBJECTS.level,
            span: binding.span,
            object: title(binding),
            message: "it has no subjects, so it grants nothing".to_owned(),
        });
    }
    for subject in &binding.subjects {
        let mut add = |code, message| findings.push(finding(binding, subject, code, message));
        match subject.kind {
            SubjectKind::ServiceAccount => {
                if let Some(message) = missing_account(rbac, binding, subject) {
                    add(&codes::NO_SUCH_SERVICE_ACCOUNT, message);
                }
            }
            SubjectKind::Group => {
                if let Some((code, message)) = group(directory, names, &subject.name) {
                    add(code, message);
                }
            }
            SubjectKind::User => {
                if let Some((code, message)) = user(directory, &subject.name) {
                    add(code, message);
                }
            }
        }
        if let Some(known) = names.differs_by_case(subject.kind, &subject.name) {
            add(
                &codes::LETTER_CASE,
                format!(
                    "{} {} differs from {known} by case alone; names are compared letter by letter",
                    subject.kind, subject.name
                ),
            );
        }
    }
}

fn missing_account(rbac: &RbacAuthorizer, binding: &Binding, subject: &Subject) -> Option<String> {
    let namespace = subject.namespace_in(binding);
    let known = rbac
        .snapshot()
        .has_service_account(namespace, &subject.name)
        || subject.name == DEFAULT_SERVICE_ACCOUNT;
    // Only a complete dump, or a manifest that makes the namespace's accounts itself, can tell.
    let can_tell = rbac.snapshot().knows_service_accounts()
        && (rbac.snapshot().is_complete() || rbac.snapshot().has_service_accounts_in(namespace));
    (can_tell && !known).then(|| {
        format!(
            "ServiceAccount {namespace}/{} isn't in the input",
            subject.name
        )
    })
}

fn group(directory: &Directory, names: &Names, name: &str) -> Option<(&'static Code, String)> {
    if name.starts_with("system:") {
        return None;
    }
    if is_object_id(name) {
        if directory.is_empty() || directory.group(name).is_some() {
            return None;
        }
        return Some(match directory.person(name) {
            Some(person) => {
                let what = match person.kind {
                    PersonKind::ServicePrincipal => "a service principal or managed identity",
                    PersonKind::Guest | PersonKind::Member => "a user",
                };
                let known = person.known_name().unwrap_or(name);
                (
                    &codes::NOT_A_GROUP,
                    format!(
                        "{name} ({known}) is {what}, not a group; bind it as `kind: User` named {}",
                        person.cluster_name()
                    ),
                )
            }
            None => (
                &codes::UNKNOWN_OBJECT_ID,
                format!("the directory knows no group {name}"),
            ),
        });
    }
    // A prefix is how other identity providers' groups are told apart.
    if name.contains(':') {
        return None;
    }
    let by_name = if name.contains('@') {
        "an e-mail address"
    } else if name.contains(' ') || names.entra {
        "a display name"
    } else {
        return None;
    };
    let id = match directory.group_named(name) {
        Ok(Some(found)) => format!("bind {}", found.id),
        _ => "bind the group's object ID".to_owned(),
    };
    Some((
        &codes::GROUP_BY_NAME,
        format!(
            "Group {name} is {by_name}; Entra ID's tokens carry object IDs, so it matches nobody: \
             {id}"
        ),
    ))
}

fn user(directory: &Directory, name: &str) -> Option<(&'static Code, String)> {
    if directory.is_empty() || name.starts_with("system:") {
        return None;
    }
    let Some(person) = directory.person(name) else {
        return match directory.group(name) {
            Some(group) => Some((
                &codes::WRONG_USER_NAME,
                format!(
                    "{name} ({}) is a group; bind it as `kind: Group`",
                    group.display_name
                ),
            )),
            None => is_object_id(name).then(|| {
                (
                    &codes::UNKNOWN_OBJECT_ID,
                    format!("the directory knows no user or service principal {name}"),
                )
            }),
        };
    };
    let seen = person.cluster_name();
    if seen.eq_ignore_ascii_case(name) {
        return None;
    }
    let what = match person.kind {
        PersonKind::Member => "is a member, whom the cluster knows by the user principal name",
        PersonKind::Guest => "is a guest, whom the cluster knows by the object ID",
        PersonKind::ServicePrincipal => "is a service principal, known by the object ID",
    };
    Some((
        &codes::WRONG_USER_NAME,
        format!("{name} {what}: bind {seen}"),
    ))
}

/// All names that are known, by their lower case.
struct Names {
    users: BTreeMap<String, Alike>,
    groups: BTreeMap<String, Alike>,
    /// Whether groups are Entra ID's: a directory was given, or some are object IDs.
    entra: bool,
}

impl Names {
    fn new(rbac: &RbacAuthorizer, directory: &Directory) -> Self {
        let mut names = Names {
            users: BTreeMap::new(),
            groups: BTreeMap::new(),
            entra: !directory.is_empty(),
        };
        for id in rbac.snapshot().bindings() {
            for subject in &rbac.snapshot().binding(id).subjects {
                match subject.kind {
                    SubjectKind::User => add(&mut names.users, &subject.name),
                    SubjectKind::Group => {
                        names.entra |= is_object_id(&subject.name);
                        add(&mut names.groups, &subject.name);
                    }
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

//! From the objects of a snapshot to the frozen arrays of the index.

use hashbrown::HashMap;

use crate::authn::service_account_name;
use crate::cluster::{RoleId, Snapshot};
use crate::diagnostic::{Diagnostic, Problem};
use crate::kube::{BindingKind, ObjectRef, RoleKind, SubjectKind};

use super::compiled::WrittenRules;
use super::index::{NO_ROLE, NameKind, NewEdge, SubjectIndex};
use super::interner::Interner;
use super::{RbacAuthorizer, aggregate};

impl RbacAuthorizer {
    /// Builds the index over a snapshot.
    pub fn new(snapshot: Snapshot) -> Self {
        let (roles, bindings) = (snapshot.all_roles(), snapshot.all_bindings());
        let mut strings = Interner::default();
        // What is needed together stands together: every decision asks for a namespace.
        for same in bindings.chunk_by(|a, b| a.namespace == b.namespace) {
            strings.intern(&same[0].namespace);
        }
        let mut rules = WrittenRules::default();
        let mut first_rule = Vec::with_capacity(roles.len());
        let mut count = 0u32;
        for role in roles {
            first_rule.push(count);
            for rule in &role.rules {
                rules.push(&mut strings, rule);
                count += 1;
            }
        }
        let effective = aggregate::effective_rules(roles, &first_rule);
        let mut diagnostics = snapshot.diagnostics().to_vec();
        for &(role, more) in &effective.stale {
            let role = &roles[role];
            diagnostics.push(Diagnostic::new(
                role.span,
                Problem::StaleAggregation {
                    object: ObjectRef::new("ClusterRole", "", role.name.clone()),
                    count: more,
                },
            ));
        }
        diagnostics.sort_by_key(|diagnostic| diagnostic.span);
        let compiled = rules.effective(effective.rules);
        let by_name: HashMap<(RoleKind, &str, &str), RoleId> = roles
            .iter()
            .zip(0..)
            .map(|(role, number)| ((role.kind, &*role.namespace, &*role.name), RoleId(number)))
            .collect();
        let mut edges = Vec::new();
        let mut role_of = Vec::with_capacity(bindings.len());
        for (binding, number) in bindings.iter().zip(0..) {
            let namespace = match binding.kind {
                BindingKind::ClusterRoleBinding => None,
                BindingKind::RoleBinding => Some(strings.intern(&binding.namespace)),
            };
            let role_namespace = match binding.role_ref.kind {
                RoleKind::ClusterRole => "",
                RoleKind::Role => &binding.namespace,
            };
            let role_ref = &binding.role_ref;
            let role = by_name
                .get(&(role_ref.kind, role_namespace, &*role_ref.name))
                .copied();
            role_of.push(role);
            for (subject, subject_number) in binding.subjects.iter().zip(0..) {
                let (kind, name) = match subject.kind {
                    SubjectKind::User => (NameKind::User, strings.intern(&subject.name)),
                    SubjectKind::Group => (NameKind::Group, strings.intern(&subject.name)),
                    SubjectKind::ServiceAccount => {
                        let namespace = subject.namespace_in(binding);
                        if namespace.is_empty() {
                            continue;
                        }
                        let name = service_account_name(namespace, &subject.name);
                        (NameKind::User, strings.intern(&name))
                    }
                };
                edges.push(NewEdge {
                    kind,
                    name,
                    namespace,
                    binding: number,
                    subject: subject_number,
                    role: role.map_or(NO_ROLE, |role| role.0),
                });
            }
        }
        drop(by_name);
        let index = SubjectIndex::new(edges, &strings);
        RbacAuthorizer {
            snapshot,
            diagnostics,
            strings,
            compiled,
            first_rule,
            role_of,
            index,
        }
    }
}

//! From the objects that count to the frozen arrays of a store.

use std::collections::BTreeSet;

use hashbrown::HashMap;

use crate::bootstrap::DefaultPolicy;
use crate::catalogue::Catalogue;
use crate::manifest::{
    Binding, BindingKind, CustomResourceDefinition, Diagnostic, Object, Problem, Role, RoleKind,
    SubjectKind,
};
use crate::source::Sources;
use crate::user::service_account_name;

use super::compiled::WrittenRules;
use super::index::{NO_ROLE, NewEdge, Principal, SubjectIndex};
use super::interner::Interner;
use super::{KnownNamespace, PolicyStore, RoleId, aggregate};

/// What a store holds beside its objects.
pub(super) struct BuildContext {
    pub(super) sources: Sources,
    pub(super) diagnostics: Vec<Diagnostic>,
    pub(super) defaults: Option<DefaultPolicy>,
    pub(super) input_objects: usize,
    pub(super) whole: bool,
}

/// The objects by kind, sorted.
pub(super) struct Builder {
    roles: Vec<Role>,
    bindings: Vec<Binding>,
    definitions: Vec<CustomResourceDefinition>,
    namespaces: Vec<KnownNamespace>,
    service_accounts: BTreeSet<(String, String)>,
}

impl Builder {
    pub(super) fn new(objects: Vec<Object>) -> Self {
        let mut builder = Builder {
            roles: Vec::new(),
            bindings: Vec::new(),
            definitions: Vec::new(),
            namespaces: Vec::new(),
            service_accounts: BTreeSet::new(),
        };
        for object in objects {
            match object {
                Object::Role(role) => builder.roles.push(role),
                Object::Binding(binding) => builder.bindings.push(binding),
                Object::CustomResourceDefinition(definition) => {
                    builder.definitions.push(definition);
                }
                Object::Namespace { name, labels, .. } => {
                    builder.namespaces.push(KnownNamespace {
                        name: name.to_string(),
                        labels,
                    });
                }
                Object::ServiceAccount {
                    namespace, name, ..
                } => {
                    builder
                        .service_accounts
                        .insert((namespace.to_string(), name.to_string()));
                }
            }
        }
        builder
            .roles
            .sort_by(|a, b| (a.kind, &a.namespace, &a.name).cmp(&(b.kind, &b.namespace, &b.name)));
        builder
            .bindings
            .sort_by(|a, b| (a.kind, &a.namespace, &a.name).cmp(&(b.kind, &b.namespace, &b.name)));
        builder.namespaces.sort();
        builder
    }

    pub(super) fn build(self, context: BuildContext) -> PolicyStore {
        let mut strings = Interner::default();
        // What is needed together stands together: every decision asks for a namespace.
        for same in self.bindings.chunk_by(|a, b| a.namespace == b.namespace) {
            strings.intern(&same[0].namespace);
        }
        let mut rules = WrittenRules::default();
        let mut first_rule = Vec::with_capacity(self.roles.len());
        let mut count = 0u32;
        for role in &self.roles {
            first_rule.push(count);
            for rule in &role.rules {
                rules.push(&mut strings, rule);
                count += 1;
            }
        }
        let effective = aggregate::effective_rules(&self.roles, &first_rule);
        let mut diagnostics = context.diagnostics;
        for &(role, more) in &effective.stale {
            let role = &self.roles[role];
            diagnostics.push(Diagnostic::new(
                role.place,
                Problem::StaleAggregation {
                    object: format!("ClusterRole {}", role.name),
                    count: if more == 1 {
                        "1 rule".to_owned()
                    } else {
                        format!("{more} rules")
                    },
                },
            ));
        }
        diagnostics.sort_by_key(|diagnostic| diagnostic.place);
        let roles = rules.effective(effective.rules);
        let by_name: HashMap<(RoleKind, &str, &str), RoleId> = self
            .roles
            .iter()
            .zip(0..)
            .map(|(role, number)| ((role.kind, &*role.namespace, &*role.name), RoleId(number)))
            .collect();
        let mut edges = Vec::new();
        let mut role_of = Vec::with_capacity(self.bindings.len());
        for (binding, number) in self.bindings.iter().zip(0..) {
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
                let (principal, name) = match subject.kind {
                    SubjectKind::User => (Principal::User, strings.intern(&subject.name)),
                    SubjectKind::Group => (Principal::Group, strings.intern(&subject.name)),
                    SubjectKind::ServiceAccount => {
                        let namespace = subject.namespace_in(binding);
                        if namespace.is_empty() {
                            continue;
                        }
                        let name = service_account_name(namespace, &subject.name);
                        (Principal::User, strings.intern(&name))
                    }
                };
                edges.push(NewEdge {
                    principal,
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
        PolicyStore {
            sources: context.sources,
            diagnostics,
            catalogue: Catalogue::with_definitions(&self.definitions),
            roles: self.roles,
            bindings: self.bindings,
            namespaces: self.namespaces,
            service_accounts: self.service_accounts,
            defaults: context.defaults,
            input_objects: context.input_objects,
            whole: context.whole,
            strings,
            compiled: roles,
            first_rule,
            role_of,
            index,
        }
    }
}

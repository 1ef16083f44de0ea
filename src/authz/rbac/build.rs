//! From the objects of a snapshot to the frozen arrays of the index.

use hashbrown::HashMap;

use crate::authn::service_account_name;
use crate::cluster::{RoleId, Snapshot};
use crate::diagnostic::{Diagnostic, Problem};
use crate::kube::{BindingKind, ObjectRef, RoleKind, SubjectKind};

use super::compiled::WrittenRules;
use super::index::{NO_ROLE, NameKind, NewEdge, SubjectIndex};
use super::interner::Interner;
use super::number::narrow;
use super::{HashState, RbacAuthorizer, TooLarge, aggregate};

impl RbacAuthorizer {
    /// Builds the index over a snapshot.
    ///
    /// # Errors
    ///
    /// Where the snapshot has more strings, rules or subjects than 32 bits can number, or aggregated
    /// ClusterRoles gather more than the limit that the error names.
    pub fn new(snapshot: Snapshot) -> Result<Self, TooLarge> {
        RbacAuthorizer::with_hash_state(snapshot, HashState::random())
    }

    /// The same with a hash state of the caller's, on which no answer depends: for tests.
    ///
    /// # Errors
    ///
    /// Those of [`new`](RbacAuthorizer::new).
    pub fn with_hash_state(snapshot: Snapshot, hash_state: HashState) -> Result<Self, TooLarge> {
        let (roles, bindings) = (snapshot.all_roles(), snapshot.all_bindings());
        let mut strings = Interner::new(hash_state);
        // What is needed together stands together: every decision asks for a namespace.
        for same in bindings.chunk_by(|a, b| a.namespace == b.namespace) {
            strings.intern(&same[0].namespace)?;
        }
        let mut rules = WrittenRules::default();
        let mut first_rule = Vec::with_capacity(roles.len() + 1);
        let mut count = 0;
        first_rule.push(0);
        for role in roles {
            for rule in &role.rules {
                rules.push(&mut strings, rule)?;
            }
            count += role.rules.len();
            first_rule.push(narrow(count, "rules")?);
        }
        let effective = aggregate::effective_rules(roles, &first_rule)?;
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
        let compiled = rules.effective(&effective.lists, &effective.list_of)?;
        let by_name: HashMap<(RoleKind, &str, &str), RoleId> = roles
            .iter()
            .zip(snapshot.roles())
            .map(|(role, id)| ((role.kind, &*role.namespace, &*role.name), id))
            .collect();
        let mut edges = Vec::new();
        let mut role_of = Vec::with_capacity(bindings.len());
        for (number, binding) in bindings.iter().enumerate() {
            let number = narrow(number, "bindings")?;
            let namespace = match binding.kind {
                BindingKind::ClusterRoleBinding => None,
                BindingKind::RoleBinding => Some(strings.intern(&binding.namespace)?),
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
            let role_number = match role {
                Some(role) => narrow(role.index(), "roles")?,
                None => NO_ROLE,
            };
            for (subject_number, subject) in binding.subjects.iter().enumerate() {
                let (kind, name) = match subject.kind {
                    SubjectKind::User => (NameKind::User, strings.intern(&subject.name)?),
                    SubjectKind::Group => (NameKind::Group, strings.intern(&subject.name)?),
                    SubjectKind::ServiceAccount => {
                        let namespace = subject.namespace_in(binding);
                        if namespace.is_empty() {
                            continue;
                        }
                        let name = service_account_name(namespace, &subject.name);
                        (NameKind::User, strings.intern(&name)?)
                    }
                };
                edges.push(NewEdge {
                    kind,
                    name,
                    namespace,
                    binding: number,
                    subject: narrow(subject_number, "subjects of a binding")?,
                    role: role_number,
                });
            }
        }
        drop(by_name);
        let index = SubjectIndex::new(edges, &strings)?;
        Ok(RbacAuthorizer {
            snapshot,
            diagnostics,
            strings,
            compiled,
            first_rule,
            is_gathered: effective.is_gathered,
            role_of,
            index,
        })
    }
}

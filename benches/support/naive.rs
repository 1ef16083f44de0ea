//! The baseline: what an API server does for a request.
//!
//! As upstream's authorizer over its informer caches: a list of all ClusterRoleBindings and of the
//! namespace's RoleBindings is taken out of a map of shared objects, each is held against the user
//! by comparing strings, the role of one that applies is looked up by its key, and its rules are
//! held against the request one by one.
//!
//! Source: `VisitRulesFor` of `pkg/registry/rbac/validation`, `RuleAllows` of
//! `plugin/pkg/auth/authorizer/rbac`, and the listers and the store of client-go.

use std::collections::HashMap;
use std::sync::Arc;

use rbac_eval::authn::UserInfo;
use rbac_eval::authz::Attributes;
use rbac_eval::authz::rbac::RbacAuthorizer;
use rbac_eval::authz::rbac::rules::rule_allows;
use rbac_eval::kube::{Binding, BindingKind, PolicyRule, RoleKind, Subject, SubjectKind};

/// Objects by `NAME` or `NAMESPACE/NAME`, as an informer's store holds them.
#[derive(Default)]
pub struct Caches {
    roles: HashMap<String, Arc<Vec<PolicyRule>>>,
    cluster_role_bindings: HashMap<String, Arc<Binding>>,
    role_bindings: HashMap<String, Arc<Binding>>,
    /// The keys of the RoleBindings of each namespace.
    in_namespace: HashMap<String, Vec<String>>,
}

fn key(namespace: &str, name: &str) -> String {
    if namespace.is_empty() {
        name.to_owned()
    } else {
        format!("{namespace}/{name}")
    }
}

impl Caches {
    pub fn new(rbac: &RbacAuthorizer) -> Self {
        let mut caches = Caches::default();
        for id in rbac.snapshot().roles() {
            let role = rbac.snapshot().role(id);
            let rules = rbac.effective_rules(id).map(|rule| rule.rule.value.clone());
            let rules = Arc::new(rules.collect());
            caches.roles.insert(key(&role.namespace, &role.name), rules);
        }
        for id in rbac.snapshot().bindings() {
            let binding = Arc::new(rbac.snapshot().binding(id).value.clone());
            let key = key(&binding.namespace, &binding.name);
            if binding.kind == BindingKind::ClusterRoleBinding {
                caches.cluster_role_bindings.insert(key, binding);
            } else {
                let namespace = binding.namespace.to_string();
                let keys = caches.in_namespace.entry(namespace).or_default();
                keys.push(key.clone());
                caches.role_bindings.insert(key, binding);
            }
        }
        caches
    }

    pub fn allows(&self, user: &UserInfo, attributes: &Attributes) -> bool {
        let namespace = attributes.namespace();
        // The store makes a list, and the lister another.
        let stored: Vec<_> = self.cluster_role_bindings.values().cloned().collect();
        let grants = |binding: &Arc<Binding>| self.grants(binding, user, attributes);
        if stored.to_vec().iter().any(grants) {
            return true;
        }
        let keys = self.in_namespace.get(namespace).into_iter().flatten();
        let stored: Vec<_> = keys
            .filter_map(|key| self.role_bindings.get(key).cloned())
            .collect();
        stored.to_vec().iter().any(grants)
    }

    fn grants(&self, binding: &Binding, user: &UserInfo, attributes: &Attributes) -> bool {
        let applies = |subject: &Subject| applies_to(subject, user, &binding.namespace);
        if !binding.subjects.iter().any(|subject| applies(subject)) {
            return false;
        }
        let namespace = match binding.role_ref.kind {
            RoleKind::ClusterRole => "",
            RoleKind::Role => &binding.namespace,
        };
        self.roles
            .get(&key(namespace, &binding.role_ref.name))
            .is_some_and(|rules| rules.iter().any(|rule| rule_allows(rule, attributes)))
    }
}

fn applies_to(subject: &Subject, user: &UserInfo, namespace: &str) -> bool {
    match subject.kind {
        SubjectKind::User => user.name == subject.name,
        SubjectKind::Group => user.groups.iter().any(|group| *group == subject.name),
        SubjectKind::ServiceAccount => {
            let namespace = if subject.namespace.is_empty() {
                namespace
            } else {
                &subject.namespace
            };
            user.name
                .strip_prefix("system:serviceaccount:")
                .and_then(|rest| rest.strip_prefix(namespace))
                .and_then(|rest| rest.strip_prefix(':'))
                .is_some_and(|name| !namespace.is_empty() && name == subject.name)
        }
    }
}

//! The parts that the views of several answers share.

use serde::Serialize;

use crate::authorizer::Grant;
use crate::manifest::{Binding, BindingKind, PolicyRule, RoleKind, Subject, SubjectKind};
use crate::source::{Place, Sources};
use crate::store::PolicyStore;

/// The scope of a grant that a ClusterRoleBinding gives.
pub const BINDING_SCOPE_CLUSTER: &str = "cluster";
/// The scope of a grant that a RoleBinding gives.
pub const BINDING_SCOPE_NAMESPACE: &str = "namespace";

/// A file and line.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct SourceView {
    /// The file, as it was given or found.
    pub file: String,
    /// The line, from 1.
    pub line: u32,
}

impl SourceView {
    /// The view of a place.
    pub fn new(sources: &Sources, place: Place) -> Self {
        SourceView {
            file: sources.name(place.source).to_owned(),
            line: place.line,
        }
    }
}

impl std::fmt::Display for SourceView {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}", self.file, self.line)
    }
}

/// A role or binding.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct ObjectView {
    /// The kind.
    pub kind: &'static str,
    /// The namespace, if it has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,
    /// The name.
    pub name: String,
}

impl ObjectView {
    /// The view of a binding.
    pub fn binding(binding: &Binding) -> Self {
        ObjectView {
            kind: binding.kind.as_str(),
            namespace: (binding.kind == BindingKind::RoleBinding)
                .then(|| binding.namespace.clone()),
            name: binding.name.clone(),
        }
    }

    /// The view of the role that a binding names, whether it is there or not.
    pub fn role_of(binding: &Binding) -> Self {
        ObjectView {
            kind: binding.role_ref.kind.as_str(),
            namespace: (binding.role_ref.kind == RoleKind::Role).then(|| binding.namespace.clone()),
            name: binding.role_ref.name.clone(),
        }
    }
}

impl std::fmt::Display for ObjectView {
    /// `Kind namespace/name`.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.namespace {
            Some(namespace) => write!(f, "{} {namespace}/{}", self.kind, self.name),
            None => write!(f, "{} {}", self.kind, self.name),
        }
    }
}

/// A subject as a binding writes it; a ServiceAccount's namespace is filled in.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct SubjectView {
    /// The kind.
    pub kind: &'static str,
    /// The namespace of a ServiceAccount.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,
    /// The name.
    pub name: String,
}

impl SubjectView {
    /// The view of a binding's subject.
    pub fn new(subject: &Subject, binding: &Binding) -> Self {
        let namespace = (subject.kind == SubjectKind::ServiceAccount).then(|| {
            if subject.namespace.is_empty() {
                binding.namespace.clone()
            } else {
                subject.namespace.clone()
            }
        });
        SubjectView {
            kind: subject.kind.as_str(),
            namespace,
            name: subject.name.clone(),
        }
    }
}

impl std::fmt::Display for SubjectView {
    /// `Kind name`, or `ServiceAccount namespace/name`.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.namespace {
            Some(namespace) => write!(f, "{} {namespace}/{}", self.kind, self.name),
            None => write!(f, "{} {}", self.kind, self.name),
        }
    }
}

/// A PolicyRule, as Kubernetes writes it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RuleView {
    /// The verbs.
    pub verbs: Vec<String>,
    /// The API groups.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub api_groups: Vec<String>,
    /// The resources.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub resources: Vec<String>,
    /// The names.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub resource_names: Vec<String>,
    /// The URLs.
    #[serde(rename = "nonResourceURLs", skip_serializing_if = "Vec::is_empty")]
    pub non_resource_urls: Vec<String>,
}

impl From<&PolicyRule> for RuleView {
    fn from(rule: &PolicyRule) -> Self {
        RuleView {
            verbs: rule.verbs.clone(),
            api_groups: rule.api_groups.clone(),
            resources: rule.resources.clone(),
            resource_names: rule.resource_names.clone(),
            non_resource_urls: rule.non_resource_urls.clone(),
        }
    }
}

/// One grant: binding, role, rule, scope, and where the rule is written.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct GrantView {
    /// The binding.
    pub binding: ObjectView,
    /// The role.
    pub role: ObjectView,
    /// The number of the rule in the role, from 1.
    pub rule: usize,
    /// `cluster` or `namespace`.
    pub scope: &'static str,
    /// Where the rule is written.
    pub source: SourceView,
}

impl GrantView {
    /// The view of a grant.
    pub fn new(store: &PolicyStore, grant: &Grant) -> Self {
        let binding = store.binding(grant.binding);
        let place = store
            .effective_rule(grant.role, grant.rule)
            .map_or(store.role(grant.role).place, |rule| store.rule_place(&rule));
        GrantView {
            binding: ObjectView::binding(binding),
            role: ObjectView::role_of(binding),
            rule: grant.rule,
            scope: match binding.kind {
                BindingKind::ClusterRoleBinding => BINDING_SCOPE_CLUSTER,
                BindingKind::RoleBinding => BINDING_SCOPE_NAMESPACE,
            },
            source: SourceView::new(store.sources(), place),
        }
    }
}

//! The objects, in Kubernetes' own terms.
//!
//! Names and words are [`CompactString`]s: nearly all are short enough to need no allocation of their
//! own, so that a load takes less time and memory.

use std::fmt;

use compact_str::CompactString;

use serde::Serialize;

use crate::object::{ObjectRef, Scope};
use crate::text::Located;

/// An object of the input that RBAC asks about.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
pub enum Object {
    /// A Role or ClusterRole.
    Role(Role),
    /// A RoleBinding or ClusterRoleBinding.
    Binding(Binding),
    /// A CustomResourceDefinition, which teaches the catalogue a resource.
    CustomResourceDefinition(CustomResourceDefinition),
    /// A Namespace.
    Namespace(Namespace),
    /// A ServiceAccount.
    ServiceAccount(ServiceAccount),
}

/// The kind, namespace and name of an object, borrowed from it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct ObjectKey<'a> {
    kind: &'static str,
    /// Of a CustomResourceDefinition the API group, since its name is made of group and plural.
    namespace: &'a str,
    name: &'a str,
}

impl Object {
    /// The kind, namespace and name.
    pub fn object_ref(&self) -> ObjectRef {
        if let Object::CustomResourceDefinition(definition) = self {
            let name = format!("{}.{}", definition.plural, definition.group);
            return ObjectRef::new("CustomResourceDefinition", "", name);
        }
        let ObjectKey {
            kind,
            namespace,
            name,
        } = self.key();
        ObjectRef::new(kind, namespace, name)
    }

    /// What makes two objects the same one.
    pub(crate) fn key(&self) -> ObjectKey<'_> {
        let (kind, namespace, name) = match self {
            Object::Role(role) => (role.kind.as_str(), &*role.namespace, &*role.name),
            Object::Binding(binding) => {
                (binding.kind.as_str(), &*binding.namespace, &*binding.name)
            }
            Object::CustomResourceDefinition(definition) => (
                "CustomResourceDefinition",
                &*definition.group,
                &*definition.plural,
            ),
            Object::Namespace(namespace) => ("Namespace", "", &*namespace.name),
            Object::ServiceAccount(account) => {
                ("ServiceAccount", &*account.namespace, &*account.name)
            }
        };
        ObjectKey {
            kind,
            namespace,
            name,
        }
    }
}

/// Whether a role is namespaced.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
pub enum RoleKind {
    /// `ClusterRole`
    ClusterRole,
    /// `Role`
    Role,
}

impl RoleKind {
    /// The kind as manifests write it.
    pub fn as_str(self) -> &'static str {
        match self {
            RoleKind::ClusterRole => "ClusterRole",
            RoleKind::Role => "Role",
        }
    }
}

impl fmt::Display for RoleKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Whether a binding is namespaced.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
pub enum BindingKind {
    /// `ClusterRoleBinding`
    ClusterRoleBinding,
    /// `RoleBinding`
    RoleBinding,
}

impl BindingKind {
    /// The kind as manifests write it.
    pub fn as_str(self) -> &'static str {
        match self {
            BindingKind::ClusterRoleBinding => "ClusterRoleBinding",
            BindingKind::RoleBinding => "RoleBinding",
        }
    }
}

impl fmt::Display for BindingKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// One rule of a role (`rbac.authorization.k8s.io/v1` PolicyRule).
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
pub struct PolicyRule {
    /// The verbs, or `*`.
    pub verbs: Vec<CompactString>,
    /// The API groups, `""` for the core group, or `*`.
    pub api_groups: Vec<CompactString>,
    /// Resources, `resource/subresource`, `*/subresource`, or `*`.
    pub resources: Vec<CompactString>,
    /// The names that the rule is restricted to; none for no restriction.
    pub resource_names: Vec<CompactString>,
    /// URLs outside the API resources, whole or with a trailing `*`.
    pub non_resource_urls: Vec<CompactString>,
}

/// A Role or ClusterRole.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
pub struct Role {
    /// Which of the two.
    pub kind: RoleKind,
    /// The namespace of a Role; empty for a ClusterRole.
    pub namespace: CompactString,
    /// The name.
    pub name: CompactString,
    /// The labels, sorted by key; aggregation selects by them.
    pub labels: Vec<(String, String)>,
    /// The rules as written.
    pub rules: Vec<Located<PolicyRule>>,
    /// Which other ClusterRoles' rules this one gathers.
    pub aggregation_rule: Option<AggregationRule>,
    /// Whether it carries a `metadata.uid`, so comes from a server.
    pub from_server: bool,
    /// Whether it is labelled as one of the default policy's objects.
    pub bootstrapped: bool,
}

/// The selectors of an aggregated ClusterRole.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
pub struct AggregationRule {
    /// A ClusterRole that any of these selects is gathered.
    pub cluster_role_selectors: Vec<LabelSelector>,
}

/// A label selector: everything in it has to hold. An empty one selects everything.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
pub struct LabelSelector {
    /// Labels that have to be there with exactly this value.
    pub match_labels: Vec<(String, String)>,
    /// Further requirements.
    pub match_expressions: Vec<LabelSelectorRequirement>,
}

/// One requirement of a [`LabelSelector`].
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
pub struct LabelSelectorRequirement {
    /// The label's key.
    pub key: String,
    /// What has to be true of it.
    pub operator: LabelOperator,
    /// The values that `In` and `NotIn` speak of.
    pub values: Vec<String>,
}

/// The operator of a [`LabelSelectorRequirement`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
pub enum LabelOperator {
    /// The label is there and its value is listed.
    In,
    /// The label is absent or its value is not listed.
    NotIn,
    /// The label is there.
    Exists,
    /// The label is absent.
    DoesNotExist,
}

impl LabelSelector {
    /// Whether labels (sorted by key) satisfy the selector.
    ///
    /// Source: `LabelSelectorAsSelector` of apimachinery.
    ///
    /// ```
    /// use rbac_eval::kube::LabelSelector;
    ///
    /// let labels = [("tier".to_owned(), "gold".to_owned())];
    /// assert!(LabelSelector::default().matches(&labels));
    /// let selector = LabelSelector { match_labels: labels.to_vec(), ..Default::default() };
    /// assert!(selector.matches(&labels));
    /// assert!(!selector.matches(&[]));
    /// ```
    pub fn matches(&self, labels: &[(String, String)]) -> bool {
        let value = |key: &str| {
            labels
                .iter()
                .find(|(label, _)| label == key)
                .map(|(_, value)| value)
        };
        self.match_labels
            .iter()
            .all(|(key, wanted)| value(key) == Some(wanted))
            && self
                .match_expressions
                .iter()
                .all(|requirement| match requirement.operator {
                    LabelOperator::In => {
                        value(&requirement.key).is_some_and(|is| requirement.values.contains(is))
                    }
                    LabelOperator::NotIn => {
                        !value(&requirement.key).is_some_and(|is| requirement.values.contains(is))
                    }
                    LabelOperator::Exists => value(&requirement.key).is_some(),
                    LabelOperator::DoesNotExist => value(&requirement.key).is_none(),
                })
    }
}

/// What a [`Subject`] is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
pub enum SubjectKind {
    /// `Group`
    Group,
    /// `ServiceAccount`
    ServiceAccount,
    /// `User`
    User,
}

impl SubjectKind {
    /// The kind as manifests write it.
    pub fn as_str(self) -> &'static str {
        match self {
            SubjectKind::User => "User",
            SubjectKind::Group => "Group",
            SubjectKind::ServiceAccount => "ServiceAccount",
        }
    }
}

impl fmt::Display for SubjectKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// An entry of a binding.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
pub struct Subject {
    /// What it is.
    pub kind: SubjectKind,
    /// The namespace as written; an empty one of a ServiceAccount means the binding's own.
    pub namespace: CompactString,
    /// The name.
    pub name: CompactString,
}

impl Role {
    /// The kind, namespace and name.
    pub fn object_ref(&self) -> ObjectRef {
        ObjectRef::new(self.kind.as_str(), &*self.namespace, &*self.name)
    }
}

impl Binding {
    /// The kind, namespace and name.
    pub fn object_ref(&self) -> ObjectRef {
        ObjectRef::new(self.kind.as_str(), &*self.namespace, &*self.name)
    }

    /// The role that it names, whether that exists or not.
    pub fn role_object(&self) -> ObjectRef {
        let namespace = match self.role_ref.kind {
            RoleKind::ClusterRole => "",
            RoleKind::Role => &*self.namespace,
        };
        ObjectRef::new(self.role_ref.kind.as_str(), namespace, &*self.role_ref.name)
    }

    /// Where it grants.
    pub fn scope(&self) -> Scope {
        match self.kind {
            BindingKind::ClusterRoleBinding => Scope::Cluster,
            BindingKind::RoleBinding => Scope::Namespace(self.namespace.clone()),
        }
    }
}

impl Subject {
    /// The namespace that a ServiceAccount is looked for in: its own, else the binding's. Empty
    /// where neither says one, so that it matches nobody.
    pub fn namespace_in<'a>(&'a self, binding: &'a Binding) -> &'a str {
        if self.namespace.is_empty() {
            &binding.namespace
        } else {
            &self.namespace
        }
    }
}

/// The role that a binding names.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
pub struct RoleRef {
    /// Which kind of role.
    pub kind: RoleKind,
    /// Its name; a Role is looked up in the binding's namespace.
    pub name: CompactString,
}

/// A RoleBinding or ClusterRoleBinding.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
pub struct Binding {
    /// Which of the two.
    pub kind: BindingKind,
    /// The namespace of a RoleBinding; empty for a ClusterRoleBinding.
    pub namespace: CompactString,
    /// The name.
    pub name: CompactString,
    /// Whom it binds.
    pub subjects: Vec<Located<Subject>>,
    /// To which role.
    pub role_ref: RoleRef,
    /// Whether it carries a `metadata.uid`, so comes from a server.
    pub from_server: bool,
    /// Whether it is labelled as one of the default policy's objects.
    pub bootstrapped: bool,
}

/// What a CustomResourceDefinition says of its resource.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
pub struct CustomResourceDefinition {
    /// The API group.
    pub group: String,
    /// The plural name, the one that rules use.
    pub plural: String,
    /// The singular name.
    pub singular: String,
    /// The kind.
    pub kind: String,
    /// Short names.
    pub short_names: Vec<String>,
    /// Whether objects of it live in namespaces.
    pub namespaced: bool,
    /// The served versions.
    pub versions: Vec<String>,
    /// The subresources that it has: `status`, `scale`.
    pub subresources: Vec<String>,
}

/// A Namespace.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
pub struct Namespace {
    /// The name.
    pub name: CompactString,
    /// The labels, sorted by key.
    pub labels: Vec<(String, String)>,
}

/// A ServiceAccount.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
pub struct ServiceAccount {
    /// The namespace.
    pub namespace: CompactString,
    /// The name.
    pub name: CompactString,
}

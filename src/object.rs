//! How any object is named, and where it applies.

use std::fmt;

use compact_str::CompactString;
use serde::Serialize;

/// The kind, namespace and name of an object: what makes two objects the same one.
///
/// ```
/// use rbac_eval::object::ObjectRef;
///
/// let role = ObjectRef::new("Role", "prod", "pod-reader");
/// assert_eq!(role.to_string(), "Role prod/pod-reader");
/// assert_eq!(ObjectRef::new("ClusterRole", "", "view").to_string(), "ClusterRole view");
/// // One that is written without a name has none to be called by.
/// assert_eq!(ObjectRef::new("Role", "prod", "").to_string(), "this Role");
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
pub struct ObjectRef {
    /// The kind, as manifests write it.
    pub kind: CompactString,
    /// The namespace; empty for an object of the whole cluster.
    #[serde(skip_serializing_if = "CompactString::is_empty")]
    pub namespace: CompactString,
    /// The name.
    pub name: CompactString,
}

impl ObjectRef {
    /// The object of this kind, namespace and name.
    pub fn new(
        kind: impl Into<CompactString>,
        namespace: impl Into<CompactString>,
        name: impl Into<CompactString>,
    ) -> Self {
        ObjectRef {
            kind: kind.into(),
            namespace: namespace.into(),
            name: name.into(),
        }
    }

    /// Where the object lives.
    pub fn scope(&self) -> Scope {
        Scope::of(&self.namespace)
    }
}

impl fmt::Display for ObjectRef {
    /// `Kind namespace/name`, or `Kind name`; without a name `this Kind`, and without a kind `this
    /// object`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ObjectRef {
            kind,
            namespace,
            name,
        } = self;
        match (&**kind, &**namespace, &**name) {
            ("", _, _) => f.write_str("this object"),
            (kind, _, "") => write!(f, "this {kind}"),
            (kind, "", name) => write!(f, "{kind} {name}"),
            (kind, namespace, name) => write!(f, "{kind} {namespace}/{name}"),
        }
    }
}

/// Where something applies: in the whole cluster, every namespace included, or in one namespace.
///
/// The cluster comes before every namespace.
///
/// ```
/// use rbac_eval::object::Scope;
///
/// assert_eq!(Scope::of(""), Scope::Cluster);
/// assert!(Scope::Cluster < Scope::of("default"));
/// assert_eq!(Scope::of("default").to_string(), "namespace default");
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
pub enum Scope {
    /// The whole cluster.
    Cluster,
    /// One namespace.
    Namespace(CompactString),
}

impl Scope {
    /// The scope that a `namespace` field says; an empty one means the whole cluster.
    pub fn of(namespace: &str) -> Self {
        if namespace.is_empty() {
            Scope::Cluster
        } else {
            Scope::Namespace(namespace.into())
        }
    }

    /// The namespace; none for the whole cluster.
    pub fn namespace(&self) -> Option<&str> {
        match self {
            Scope::Cluster => None,
            Scope::Namespace(namespace) => Some(namespace),
        }
    }

    /// Whether a request with this namespace (empty: none) is in the scope.
    pub fn contains(&self, namespace: &str) -> bool {
        match self {
            Scope::Cluster => true,
            Scope::Namespace(own) => !namespace.is_empty() && own == namespace,
        }
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Scope::Cluster => f.write_str("cluster-wide"),
            Scope::Namespace(namespace) => write!(f, "namespace {namespace}"),
        }
    }
}

//! One request, as an authorizer sees it.

/// What is asked: about a resource, or about a URL outside the API resources.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Attributes {
    /// A request for an API resource.
    Resource(ResourceAttributes),
    /// A request for a URL such as `/healthz`.
    NonResource(NonResourceAttributes),
}

/// A request for an API resource. Empty means: not given.
///
/// ```
/// use rbac_eval::authz::ResourceAttributes;
///
/// let attributes = ResourceAttributes {
///     verb: "get".into(),
///     resource: "pods".into(),
///     subresource: "log".into(),
///     ..Default::default()
/// };
/// assert_eq!(attributes.combined_resource(), "pods/log");
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct ResourceAttributes {
    /// The namespace; empty for a request about the whole cluster.
    pub namespace: String,
    /// The verb.
    pub verb: String,
    /// The API group; empty for the core group.
    pub group: String,
    /// The resource, in the plural.
    pub resource: String,
    /// The subresource.
    pub subresource: String,
    /// The name of the object.
    pub name: String,
}

/// A request for a URL outside the API resources.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct NonResourceAttributes {
    /// The verb, in lower case as HTTP methods become.
    pub verb: String,
    /// The path.
    pub path: String,
}

impl From<ResourceAttributes> for Attributes {
    fn from(attributes: ResourceAttributes) -> Self {
        Attributes::Resource(attributes)
    }
}

impl From<NonResourceAttributes> for Attributes {
    fn from(attributes: NonResourceAttributes) -> Self {
        Attributes::NonResource(attributes)
    }
}

impl ResourceAttributes {
    /// A request to do something to a resource, in the plural, of the core group and the whole
    /// cluster.
    pub fn new(verb: impl Into<String>, resource: impl Into<String>) -> Self {
        ResourceAttributes {
            verb: verb.into(),
            resource: resource.into(),
            ..ResourceAttributes::default()
        }
    }

    /// The same in a namespace.
    #[must_use]
    pub fn in_namespace(self, namespace: impl Into<String>) -> Self {
        ResourceAttributes {
            namespace: namespace.into(),
            ..self
        }
    }

    /// The same in an API group.
    #[must_use]
    pub fn in_group(self, group: impl Into<String>) -> Self {
        ResourceAttributes {
            group: group.into(),
            ..self
        }
    }

    /// `resource`, or `resource/subresource`.
    pub fn combined_resource(&self) -> String {
        if self.subresource.is_empty() {
            self.resource.clone()
        } else {
            format!("{}/{}", self.resource, self.subresource)
        }
    }
}

impl Attributes {
    /// The namespace of the request; empty where it has none.
    pub fn namespace(&self) -> &str {
        match self {
            Attributes::Resource(attributes) => &attributes.namespace,
            Attributes::NonResource(_) => "",
        }
    }

    /// The verb.
    pub fn verb(&self) -> &str {
        match self {
            Attributes::Resource(attributes) => &attributes.verb,
            Attributes::NonResource(attributes) => &attributes.verb,
        }
    }
}

//! What a review asks: its shape, and what an API server refuses of it.

use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::authn::UserInfo;
use crate::authz::{Attributes, NonResourceAttributes, ResourceAttributes};

use super::word::Word;

#[derive(Deserialize)]
#[serde(
    rename_all = "camelCase",
    deny_unknown_fields,
    expecting = "a SubjectAccessReview"
)]
pub(super) struct Review<'a> {
    #[serde(borrow, default)]
    api_version: Word<'a>,
    #[serde(borrow, default)]
    kind: Word<'a>,
    #[serde(borrow, default)]
    metadata: Option<ReviewMetadata<'a>>,
    #[serde(borrow, default)]
    spec: Option<Spec<'a>>,
    #[serde(default, rename = "status")]
    _status: IgnoredAny,
}

#[derive(Deserialize)]
#[serde(expecting = "the metadata of a review")]
struct ReviewMetadata<'a> {
    #[serde(borrow, default)]
    namespace: Option<Word<'a>>,
}

#[derive(Deserialize)]
#[serde(
    rename_all = "camelCase",
    deny_unknown_fields,
    expecting = "the spec of a review"
)]
struct Spec<'a> {
    #[serde(borrow, default)]
    user: Option<Word<'a>>,
    // v1beta1 calls them `group`.
    #[serde(borrow, default, alias = "group")]
    groups: Option<Vec<Word<'a>>>,
    #[serde(default, rename = "uid")]
    _uid: IgnoredAny,
    #[serde(default, rename = "extra")]
    _extra: IgnoredAny,
    #[serde(borrow, default)]
    resource_attributes: Option<ReviewedResource<'a>>,
    #[serde(borrow, default)]
    non_resource_attributes: Option<ReviewedUrl<'a>>,
}

#[derive(Deserialize)]
#[serde(
    rename_all = "camelCase",
    deny_unknown_fields,
    expecting = "resourceAttributes"
)]
struct ReviewedResource<'a> {
    #[serde(borrow, default)]
    namespace: Option<Word<'a>>,
    #[serde(borrow, default)]
    verb: Option<Word<'a>>,
    #[serde(borrow, default)]
    group: Option<Word<'a>>,
    #[serde(default, rename = "version")]
    _version: IgnoredAny,
    #[serde(borrow, default)]
    resource: Option<Word<'a>>,
    #[serde(borrow, default)]
    subresource: Option<Word<'a>>,
    #[serde(borrow, default)]
    name: Option<Word<'a>>,
    // Selectors narrow a request; RBAC doesn't look at them.
    #[serde(default, rename = "fieldSelector")]
    _field_selector: IgnoredAny,
    #[serde(default, rename = "labelSelector")]
    _label_selector: IgnoredAny,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, expecting = "nonResourceAttributes")]
struct ReviewedUrl<'a> {
    #[serde(borrow, default)]
    path: Option<Word<'a>>,
    #[serde(borrow, default)]
    verb: Option<Word<'a>>,
}

/// Why an API server wouldn't take a review.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum ReviewRefusal {
    #[error("a {kind} doesn't say who asks; write a SubjectAccessReview with `spec.user`")]
    SelfReview { kind: String },
    #[error("it has no `kind`; expected SubjectAccessReview")]
    NoKind,
    #[error("kind `{kind}` is no review; expected SubjectAccessReview or LocalSubjectAccessReview")]
    OtherKind { kind: String },
    #[error("apiVersion `{version}` has no {kind}; expected authorization.k8s.io/v1")]
    NoSuchVersion { version: String, kind: String },
    #[error("spec: required value")]
    NoSpec,
    #[error("spec.user: at least one of user or group must be specified")]
    NoOne,
    #[error("spec.nonResourceAttributes: disallowed on this kind of request")]
    UrlInNamespace,
    #[error("spec: exactly one of nonResourceAttributes or resourceAttributes must be specified")]
    NotOneRequest,
    #[error("spec.resourceAttributes.namespace: must match metadata.namespace")]
    OtherNamespace,
}

/// Whether a review may ask about the whole cluster, or about its own namespace alone.
#[derive(Clone, Copy, PartialEq, Eq)]
enum ReviewExtent {
    Cluster,
    Local,
}

impl Review<'_> {
    /// Who asks, and what; or why an API server wouldn't take the review.
    ///
    /// Source: `pkg/apis/authorization/validation`.
    pub(super) fn request(self) -> Result<(UserInfo, Attributes), ReviewRefusal> {
        let extent = self.extent()?;
        if !matches!(
            &*self.api_version,
            "authorization.k8s.io/v1" | "authorization.k8s.io/v1beta1"
        ) {
            return Err(ReviewRefusal::NoSuchVersion {
                version: self.api_version.into_owned(),
                kind: self.kind.into_owned(),
            });
        }
        let spec = self.spec.ok_or(ReviewRefusal::NoSpec)?;
        let owned = |text: Option<Word<'_>>| text.map_or_else(String::new, Word::into_owned);
        let groups = spec.groups.unwrap_or_default();
        let user = UserInfo {
            name: owned(spec.user),
            groups: groups.into_iter().map(Word::into_owned).collect(),
        };
        if user.name.is_empty() && user.groups.is_empty() {
            return Err(ReviewRefusal::NoOne);
        }
        let attributes = match (spec.resource_attributes, spec.non_resource_attributes) {
            (Some(resource), None) => Attributes::Resource(ResourceAttributes {
                namespace: owned(resource.namespace),
                verb: owned(resource.verb),
                group: owned(resource.group),
                resource: owned(resource.resource),
                subresource: owned(resource.subresource),
                name: owned(resource.name),
            }),
            (None, Some(_)) if extent == ReviewExtent::Local => {
                return Err(ReviewRefusal::UrlInNamespace);
            }
            (None, Some(non_resource)) => Attributes::NonResource(NonResourceAttributes {
                verb: owned(non_resource.verb),
                path: owned(non_resource.path),
            }),
            _ => return Err(ReviewRefusal::NotOneRequest),
        };
        if extent == ReviewExtent::Local {
            let namespace = owned(self.metadata.and_then(|metadata| metadata.namespace));
            if namespace != attributes.namespace() {
                return Err(ReviewRefusal::OtherNamespace);
            }
        }
        Ok((user, attributes))
    }

    fn extent(&self) -> Result<ReviewExtent, ReviewRefusal> {
        match &*self.kind {
            "SubjectAccessReview" => Ok(ReviewExtent::Cluster),
            "LocalSubjectAccessReview" => Ok(ReviewExtent::Local),
            "SelfSubjectAccessReview" | "SelfSubjectRulesReview" => {
                Err(ReviewRefusal::SelfReview {
                    kind: self.kind.to_string(),
                })
            }
            "" => Err(ReviewRefusal::NoKind),
            other => Err(ReviewRefusal::OtherKind {
                kind: other.to_owned(),
            }),
        }
    }
}

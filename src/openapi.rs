//! Conversions from `k8s-openapi`'s types, for programs that have objects rather than text.
//!
//! ```
//! use k8s_openapi::api::rbac::v1;
//! use rbac_eval::kube::PolicyRule;
//!
//! let rule = v1::PolicyRule {
//!     verbs: vec!["get".into()],
//!     api_groups: Some(vec!["".into()]),
//!     resources: Some(vec!["pods".into()]),
//!     ..Default::default()
//! };
//! assert_eq!(PolicyRule::from(rule).resources, ["pods"]);
//! ```
//!
//! Whole objects go in as text ([`SourceText::of_objects`](crate::text::SourceText::of_objects)).

use k8s_openapi::api::authorization::v1::{
    NonResourceAttributes as OpenApiNonResource, ResourceAttributes as OpenApiResource,
    SubjectAccessReviewSpec, SubjectAccessReviewStatus,
};
use k8s_openapi::api::rbac::v1;

use crate::authn::UserInfo;
use crate::authz::{Attributes, NonResourceAttributes, ResourceAttributes};
use crate::authz::{Decision, Status};
use crate::kube::PolicyRule;

impl From<v1::PolicyRule> for PolicyRule {
    fn from(rule: v1::PolicyRule) -> Self {
        let compact = |words: Vec<String>| words.into_iter().map(Into::into).collect();
        PolicyRule {
            verbs: compact(rule.verbs),
            api_groups: compact(rule.api_groups.unwrap_or_default()),
            resources: compact(rule.resources.unwrap_or_default()),
            resource_names: compact(rule.resource_names.unwrap_or_default()),
            non_resource_urls: compact(rule.non_resource_urls.unwrap_or_default()),
        }
    }
}

impl From<&SubjectAccessReviewSpec> for UserInfo {
    /// The user and groups as written: a review implies none.
    fn from(spec: &SubjectAccessReviewSpec) -> Self {
        UserInfo {
            name: spec.user.clone().unwrap_or_default(),
            groups: spec.groups.clone().unwrap_or_default(),
        }
    }
}

impl From<OpenApiResource> for ResourceAttributes {
    fn from(attributes: OpenApiResource) -> Self {
        ResourceAttributes {
            namespace: attributes.namespace.unwrap_or_default(),
            verb: attributes.verb.unwrap_or_default(),
            group: attributes.group.unwrap_or_default(),
            resource: attributes.resource.unwrap_or_default(),
            subresource: attributes.subresource.unwrap_or_default(),
            name: attributes.name.unwrap_or_default(),
        }
    }
}

impl From<OpenApiNonResource> for NonResourceAttributes {
    fn from(attributes: OpenApiNonResource) -> Self {
        NonResourceAttributes {
            verb: attributes.verb.unwrap_or_default(),
            path: attributes.path.unwrap_or_default(),
        }
    }
}

/// That a review asks about neither a resource nor a URL, or about both.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("exactly one of nonResourceAttributes or resourceAttributes must be specified")]
pub struct AmbiguousReview;

impl TryFrom<SubjectAccessReviewSpec> for Attributes {
    type Error = AmbiguousReview;

    fn try_from(spec: SubjectAccessReviewSpec) -> Result<Self, Self::Error> {
        match (spec.resource_attributes, spec.non_resource_attributes) {
            (Some(resource), None) => Ok(Attributes::Resource(resource.into())),
            (None, Some(non_resource)) => Ok(Attributes::NonResource(non_resource.into())),
            _ => Err(AmbiguousReview),
        }
    }
}

impl From<Status> for SubjectAccessReviewStatus {
    fn from(status: Status) -> Self {
        SubjectAccessReviewStatus {
            allowed: status.decision == Decision::Allow,
            reason: Some(status.reason).filter(|reason| !reason.is_empty()),
            ..SubjectAccessReviewStatus::default()
        }
    }
}

//! What a review asks, and what an API server refuses of it.

use crate::authn::UserInfo;
use crate::authz::{Attributes, NonResourceAttributes, ResourceAttributes};
use crate::kube::{Invalid, LabelOperator, RawMetadata, check_label, check_values};
use crate::text::excerpt;

use super::shape::{Object, Requirement, Review, Selector, Spec};
use super::word::Word;

/// The only version that servers have had since 1.22.
const VERSION: &str = "authorization.k8s.io/v1";

/// Why an API server wouldn't take a review.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum ReviewRefusal {
    #[error("a {kind} doesn't say who asks; write a SubjectAccessReview with `spec.user`")]
    SelfReview { kind: String },
    #[error("it has no `kind`; expected SubjectAccessReview")]
    NoKind,
    #[error("kind `{kind}` is no review; expected SubjectAccessReview or LocalSubjectAccessReview")]
    OtherKind { kind: String },
    #[error("apiVersion `{version}` has no {kind}; expected {VERSION}")]
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
    #[error("metadata.namespace: required value")]
    NoNamespace,
    #[error("{0}")]
    Metadata(Invalid),
    #[error("metadata: must be empty")]
    MetadataOfCluster,
    #[error("metadata: must be empty except for namespace")]
    MetadataOfNamespace,
    #[error("{field}.rawSelector: may not be specified at the same time as requirements")]
    TwoSelectors { field: &'static str },
    #[error("{field}.requirements: required value: there is no rawSelector either")]
    NoRequirements { field: &'static str },
    #[error("{field}.key: must be specified")]
    NoKey { field: String },
    #[error("{0}")]
    Requirement(Invalid),
}

impl ReviewRefusal {
    /// Whether it is about `metadata`.
    pub(super) fn is_of_metadata(&self) -> bool {
        matches!(
            self,
            ReviewRefusal::Metadata(_)
                | ReviewRefusal::MetadataOfCluster
                | ReviewRefusal::MetadataOfNamespace
        )
    }
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
    /// Source: `pkg/apis/authorization/validation`, and the create handler before it, which clears what a
    /// server sets itself, and the namespace of what is in none.
    pub(super) fn request(self) -> Result<(UserInfo, Attributes), ReviewRefusal> {
        let extent = self.extent()?;
        if &*self.api_version != VERSION {
            return Err(ReviewRefusal::NoSuchVersion {
                version: excerpt(&self.api_version).into_owned(),
                kind: excerpt(&self.kind).into_owned(),
            });
        }
        let namespace = namespace_of(self.metadata.as_ref(), extent)?;
        let Object(spec) = self.spec.ok_or(ReviewRefusal::NoSpec)?;
        let (user, attributes) = asked(spec, extent)?;
        if extent == ReviewExtent::Local {
            if namespace != attributes.namespace() {
                return Err(ReviewRefusal::OtherNamespace);
            }
            // It is posted to a namespace, which is never the empty one.
            if namespace.is_empty() {
                return Err(ReviewRefusal::NoNamespace);
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
                kind: excerpt(other).into_owned(),
            }),
        }
    }
}

/// The namespace that the metadata of a review names. There may be nothing else.
fn namespace_of(
    metadata: Option<&RawMetadata<'_>>,
    extent: ReviewExtent,
) -> Result<String, ReviewRefusal> {
    let Some(metadata) = metadata else {
        return Ok(String::new());
    };
    metadata.check_types().map_err(ReviewRefusal::Metadata)?;
    metadata.check_fields().map_err(ReviewRefusal::Metadata)?;
    if !metadata.is_empty_but_for_namespace() {
        return Err(match extent {
            ReviewExtent::Cluster => ReviewRefusal::MetadataOfCluster,
            ReviewExtent::Local => ReviewRefusal::MetadataOfNamespace,
        });
    }
    let namespace = metadata.namespace().map_err(ReviewRefusal::Metadata)?;
    Ok(namespace.into())
}

/// Who asks, and what.
fn asked(spec: Spec<'_>, extent: ReviewExtent) -> Result<(UserInfo, Attributes), ReviewRefusal> {
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
        (Some(Object(resource)), None) => {
            let selectors = [
                (&resource.field_selector, SelectorKind::Fields),
                (&resource.label_selector, SelectorKind::Labels),
            ];
            for (selector, kind) in selectors {
                if let Some(Object(selector)) = selector {
                    check_selector(selector, kind)?;
                }
            }
            Attributes::Resource(ResourceAttributes {
                namespace: owned(resource.namespace),
                verb: owned(resource.verb),
                group: owned(resource.group),
                resource: owned(resource.resource),
                subresource: owned(resource.subresource),
                name: owned(resource.name),
            })
        }
        (None, Some(_)) if extent == ReviewExtent::Local => {
            return Err(ReviewRefusal::UrlInNamespace);
        }
        (None, Some(Object(non_resource))) => Attributes::NonResource(NonResourceAttributes {
            verb: owned(non_resource.verb),
            path: owned(non_resource.path),
        }),
        _ => return Err(ReviewRefusal::NotOneRequest),
    };
    Ok((user, attributes))
}

/// What a selector selects by.
#[derive(Clone, Copy, PartialEq, Eq)]
enum SelectorKind {
    Fields,
    Labels,
}

/// Source: `validateFieldSelectorAttributes` and `validateLabelSelectorAttributes`. Operators that a
/// server doesn't know are taken, since newer clients may know them.
fn check_selector(selector: &Selector<'_>, kind: SelectorKind) -> Result<(), ReviewRefusal> {
    let field = match kind {
        SelectorKind::Fields => "spec.resourceAttributes.fieldSelector",
        SelectorKind::Labels => "spec.resourceAttributes.labelSelector",
    };
    let has_raw = selector
        .raw_selector
        .as_ref()
        .is_some_and(|raw| !raw.is_empty());
    let requirements = selector.requirements.as_deref().unwrap_or_default();
    match (has_raw, requirements.is_empty()) {
        (true, false) => return Err(ReviewRefusal::TwoSelectors { field }),
        (false, true) => return Err(ReviewRefusal::NoRequirements { field }),
        _ => {}
    }
    for (number, Object(requirement)) in requirements.iter().enumerate() {
        check_requirement(requirement, kind, format!("{field}.requirements[{number}]"))?;
    }
    Ok(())
}

fn check_requirement(
    requirement: &Requirement<'_>,
    kind: SelectorKind,
    field: String,
) -> Result<(), ReviewRefusal> {
    let key = requirement.key.as_deref().unwrap_or_default();
    let operator = requirement.operator.as_deref().unwrap_or_default();
    let values = requirement.values.as_deref().unwrap_or_default();
    check_values(LabelOperator::named(operator), values.len(), &field)
        .map_err(ReviewRefusal::Requirement)?;
    match kind {
        SelectorKind::Fields if key.is_empty() => Err(ReviewRefusal::NoKey { field }),
        SelectorKind::Fields => Ok(()),
        SelectorKind::Labels => {
            check_label(key, values, &field).map_err(ReviewRefusal::Requirement)
        }
    }
}

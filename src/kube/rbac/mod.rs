//! The objects of RBAC: roles, and bindings of subjects to them.
//!
//! Source of the refusals: `pkg/apis/rbac/validation` of Kubernetes, and kubectl's refusal of unknown
//! fields.

mod binding;
mod role;

pub use binding::{Binding, BindingKind, RoleRef, Subject, SubjectKind};
pub use role::{AggregationRule, OtherDefinitions, PolicyRule, Role, RoleKind};

use super::decode::{GroupVersion, Served};

/// The API group of RBAC's objects.
const GROUP: &str = "rbac.authorization.k8s.io";
/// The version in which servers have RBAC's objects.
const API_VERSION: &str = "rbac.authorization.k8s.io/v1";
/// The version that spelled subjects otherwise.
const ALPHA: &str = "v1alpha1";

/// Whether API servers have RBAC's kinds in a group and version.
fn served(version: &GroupVersion<'_>) -> Served {
    match (version.group, version.version) {
        (GROUP, "v1") => Served::Current,
        (GROUP, "v1beta1" | ALPHA) => Served::Dropped,
        // A group that only looks like RBAC's: no server has these kinds there.
        (GROUP | "" | "authorization.k8s.io" | "rbac.authorization.k8s", _) => {
            Served::Only(API_VERSION)
        }
        _ => Served::OtherGroup,
    }
}

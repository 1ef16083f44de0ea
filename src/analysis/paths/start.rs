//! Where paths begin.

use crate::analysis::owner::{Owner, Owners};
use crate::ask::NamedSubject;
use crate::authn::{ANONYMOUS, ImpliedGroup, Principal, UserInfo};
use crate::authz::rbac::RbacAuthorizer;
use crate::kube::SubjectKind;

/// Where paths begin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PathStart {
    /// The subject.
    pub principal: Principal,
    /// The groups that were given, or that the directory knows.
    pub groups: Vec<String>,
    /// As they ask, with the groups that Kubernetes adds. Of a group it is someone in it and in no other.
    pub user: UserInfo,
}

impl PathStart {
    /// A subject that a word means, with the groups that the directory knows.
    pub fn of(NamedSubject { principal, groups }: NamedSubject) -> Self {
        let as_user = principal.as_user();
        let user = match principal.kind {
            SubjectKind::Group => UserInfo::impersonated("", as_user.groups),
            SubjectKind::User | SubjectKind::ServiceAccount => {
                UserInfo::impersonated(&as_user.name, groups.iter().cloned())
            }
        };
        PathStart {
            principal,
            groups,
            user,
        }
    }

    /// Exactly this user with these groups.
    pub fn of_user(user: UserInfo) -> Self {
        PathStart {
            principal: Principal::new(SubjectKind::User, "", &user.name),
            groups: user.groups.clone(),
            user,
        }
    }

    /// How `lookup` calls what `paths` takes as a beginning: `anonymous`, `sa:NAMESPACE/NAME`, or any word.
    pub fn word(given: &str) -> &str {
        match given {
            "anonymous" => ANONYMOUS,
            word => word.strip_prefix("sa:").unwrap_or(word),
        }
    }

    /// Whether a binding of Kubernetes' default policy, or one that AKS makes, names them: what such owners
    /// reach is by construction. That everyone is named by some doesn't make everyone one.
    pub fn is_system(&self, rbac: &RbacAuthorizer) -> bool {
        if ImpliedGroup::of(&self.principal).is_some() {
            return false;
        }
        let owners = Owners::new();
        let mut applied = rbac.applied_anywhere(&self.principal.as_user()).into_iter();
        applied.any(|applied| {
            owners.of_binding(rbac, &self.principal, applied.binding) != Owner::Cluster
        })
    }
}

//! Who a subject is, however a binding writes it.

use std::fmt;

use crate::authn::{MASTERS, UserInfo, service_account_name, split_service_account};
use crate::kube::{Binding, Subject, SubjectKind};

/// A subject as one party: a ServiceAccount has its namespace filled in, and a User of a service
/// account's full name is that ServiceAccount.
///
/// ```
/// use rbac_eval::kube::SubjectKind;
/// use rbac_eval::authn::Principal;
///
/// let ci = Principal::new(SubjectKind::User, "", "system:serviceaccount:prod:ci");
/// assert_eq!(ci, Principal::new(SubjectKind::ServiceAccount, "prod", "ci"));
/// assert_eq!(ci.to_string(), "ServiceAccount prod/ci");
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Principal {
    /// What it is.
    pub kind: SubjectKind,
    /// The namespace of a ServiceAccount; else empty.
    pub namespace: String,
    /// The name.
    pub name: String,
}

impl Principal {
    /// The party of this kind and name.
    pub fn new(kind: SubjectKind, namespace: &str, name: &str) -> Self {
        if kind == SubjectKind::User
            && let Some((namespace, name)) = split_service_account(name)
        {
            return Principal {
                kind: SubjectKind::ServiceAccount,
                namespace: namespace.to_owned(),
                name: name.to_owned(),
            };
        }
        let namespaced = kind == SubjectKind::ServiceAccount;
        Principal {
            kind,
            namespace: if namespaced { namespace } else { "" }.to_owned(),
            name: name.to_owned(),
        }
    }

    /// Whom a subject of a binding is; none for one that can match nobody.
    pub fn of(subject: &Subject, binding: &Binding) -> Option<Self> {
        let namespace = subject.namespace_in(binding);
        (subject.kind != SubjectKind::ServiceAccount || !namespace.is_empty())
            .then(|| Principal::new(subject.kind, namespace, &subject.name))
    }

    /// Whether it is `system:masters`, which is allowed everything before RBAC is asked.
    pub fn is_masters(&self) -> bool {
        self.kind == SubjectKind::Group && self.name == MASTERS
    }

    /// The user who is exactly this party and nothing else: no group is implied.
    pub fn as_user(&self) -> UserInfo {
        let none: [&str; 0] = [];
        match self.kind {
            SubjectKind::User => UserInfo::new(self.name.clone(), none),
            SubjectKind::Group => UserInfo::new("", [self.name.clone()]),
            SubjectKind::ServiceAccount => {
                UserInfo::new(service_account_name(&self.namespace, &self.name), none)
            }
        }
    }
}

impl fmt::Display for Principal {
    /// `Kind name`, or `ServiceAccount namespace/name`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.kind == SubjectKind::ServiceAccount {
            write!(f, "{} {}/{}", self.kind, self.namespace, self.name)
        } else {
            write!(f, "{} {}", self.kind, self.name)
        }
    }
}

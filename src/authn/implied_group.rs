//! The groups that Kubernetes itself puts whole classes of askers into.

use super::{AUTHENTICATED, Principal, SERVICE_ACCOUNTS, UNAUTHENTICATED};
use crate::kube::SubjectKind;

/// Whom a group of Kubernetes' own means.
///
/// ```
/// use rbac_eval::authn::{ImpliedGroup, Principal};
/// use rbac_eval::kube::SubjectKind;
///
/// let group = Principal::new(SubjectKind::Group, "", "system:serviceaccounts:prod");
/// let prod = ImpliedGroup::ServiceAccountsOf("prod".to_owned());
/// assert_eq!(ImpliedGroup::of(&group), Some(prod));
/// let user = Principal::new(SubjectKind::User, "", "system:authenticated");
/// assert_eq!(ImpliedGroup::of(&user), None);
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum ImpliedGroup {
    /// `system:authenticated`: everyone with any credentials.
    Authenticated,
    /// `system:unauthenticated`: anyone without.
    Unauthenticated,
    /// `system:serviceaccounts`: every service account of the cluster.
    ServiceAccounts,
    /// `system:serviceaccounts:NAMESPACE`: every service account of a namespace.
    ServiceAccountsOf(String),
}

impl ImpliedGroup {
    /// Which of them a subject is, if any.
    pub fn of(principal: &Principal) -> Option<Self> {
        if principal.kind != SubjectKind::Group {
            return None;
        }
        match &*principal.name {
            AUTHENTICATED => Some(ImpliedGroup::Authenticated),
            UNAUTHENTICATED => Some(ImpliedGroup::Unauthenticated),
            SERVICE_ACCOUNTS => Some(ImpliedGroup::ServiceAccounts),
            name => name
                .strip_prefix(SERVICE_ACCOUNTS)
                .and_then(|rest| rest.strip_prefix(':'))
                .map(|namespace| ImpliedGroup::ServiceAccountsOf(namespace.to_owned())),
        }
    }
}

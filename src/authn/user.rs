//! Who asks: a name and groups, and which groups Kubernetes implies.

/// The group of everyone who has authenticated.
pub const AUTHENTICATED: &str = "system:authenticated";
/// The group of everyone who has not.
pub const UNAUTHENTICATED: &str = "system:unauthenticated";
/// The user of requests that have not authenticated.
pub const ANONYMOUS: &str = "system:anonymous";
/// The group that is allowed everything before RBAC is asked.
pub const MASTERS: &str = "system:masters";
/// The group of all service accounts.
pub const SERVICE_ACCOUNTS: &str = "system:serviceaccounts";

const SERVICE_ACCOUNT_PREFIX: &str = "system:serviceaccount:";

/// Who asks: what a request carries once it has authenticated.
///
/// ```
/// use rbac_eval::authn::UserInfo;
///
/// let user = UserInfo::impersonated("system:serviceaccount:prod:app", []);
/// assert_eq!(
///     user.groups,
///     ["system:serviceaccounts", "system:serviceaccounts:prod", "system:authenticated"],
/// );
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct UserInfo {
    /// The user name.
    pub name: String,
    /// The groups.
    pub groups: Vec<String>,
}

impl UserInfo {
    /// A user with exactly these groups, as in a SubjectAccessReview.
    pub fn new(
        name: impl Into<String>,
        groups: impl IntoIterator<Item = impl Into<String>>,
    ) -> Self {
        UserInfo {
            name: name.into(),
            groups: groups.into_iter().map(Into::into).collect(),
        }
    }

    /// The user that `--as NAME --as-group GROUP…` makes of a request.
    ///
    /// A service account without given groups gets its own two. Everyone but `system:anonymous`
    /// gets `system:authenticated`, unless `system:unauthenticated` was given; `system:anonymous`
    /// gets `system:unauthenticated`.
    ///
    /// Source: `WithImpersonation` of the API server.
    pub fn impersonated(name: &str, groups: impl IntoIterator<Item = String>) -> Self {
        let mut groups: Vec<String> = groups.into_iter().collect();
        if groups.is_empty()
            && let Some((namespace, _)) = split_service_account(name)
        {
            groups.push(SERVICE_ACCOUNTS.to_owned());
            groups.push(format!("{SERVICE_ACCOUNTS}:{namespace}"));
        }
        let has = |groups: &[String], wanted: &str| groups.iter().any(|group| group == wanted);
        if name == ANONYMOUS {
            if !has(&groups, UNAUTHENTICATED) {
                groups.push(UNAUTHENTICATED.to_owned());
            }
        } else if !has(&groups, AUTHENTICATED) && !has(&groups, UNAUTHENTICATED) {
            groups.push(AUTHENTICATED.to_owned());
        }
        UserInfo {
            name: name.to_owned(),
            groups,
        }
    }

    /// Whether the user is in `system:masters`, and so is allowed everything.
    pub fn is_privileged(&self) -> bool {
        self.groups.iter().any(|group| group == MASTERS)
    }

    /// Whether the Node authorizer, which RBAC can't see, may allow this user more.
    pub fn is_node(&self) -> bool {
        self.name.starts_with("system:node:")
    }
}

/// Whether Kubernetes puts everyone, or every service account, into a group of this name.
///
/// ```
/// assert!(rbac_eval::authn::is_group_of_everyone("system:authenticated"));
/// ```
pub fn is_group_of_everyone(group: &str) -> bool {
    matches!(group, AUTHENTICATED | UNAUTHENTICATED | SERVICE_ACCOUNTS)
}

/// The user name of a service account.
pub fn service_account_name(namespace: &str, name: &str) -> String {
    format!("{SERVICE_ACCOUNT_PREFIX}{namespace}:{name}")
}

/// The namespace and name of a service account, out of its user name.
///
/// Source: `serviceaccount.SplitUsername`.
///
/// ```
/// use rbac_eval::authn::split_service_account;
///
/// assert_eq!(split_service_account("system:serviceaccount:prod:app"), Some(("prod", "app")));
/// assert_eq!(split_service_account("system:serviceaccount:prod"), None);
/// ```
pub fn split_service_account(user: &str) -> Option<(&str, &str)> {
    let (namespace, name) = user.strip_prefix(SERVICE_ACCOUNT_PREFIX)?.split_once(':')?;
    let is_label = |part: &str, dots: bool| {
        !part.is_empty()
            && part.len() <= 253
            && part.split('.').all(|label| {
                let edge = |byte: Option<&u8>| {
                    byte.is_some_and(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
                };
                edge(label.as_bytes().first())
                    && edge(label.as_bytes().last())
                    && label.bytes().all(|byte| {
                        byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-'
                    })
            })
            && (dots || !part.contains('.'))
    };
    (is_label(namespace, false) && is_label(name, true)).then_some((namespace, name))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn groups(name: &str, given: &[&str]) -> Vec<String> {
        UserInfo::impersonated(name, given.iter().map(|&group| group.to_owned())).groups
    }

    #[test]
    fn implied_groups_follow_the_impersonation_filter() {
        assert_eq!(groups("alice", &[]), [AUTHENTICATED]);
        assert_eq!(groups("alice", &["devs"]), ["devs", AUTHENTICATED]);
        assert_eq!(groups("alice", &[AUTHENTICATED, "x"]), [AUTHENTICATED, "x"]);
        assert_eq!(groups("alice", &[UNAUTHENTICATED]), [UNAUTHENTICATED]);
        assert_eq!(groups(ANONYMOUS, &[]), [UNAUTHENTICATED]);
        assert_eq!(
            groups(ANONYMOUS, &[AUTHENTICATED]),
            [AUTHENTICATED, UNAUTHENTICATED]
        );
        assert_eq!(
            groups("system:serviceaccount:a:b", &["devs"]),
            ["devs", AUTHENTICATED]
        );
        assert_eq!(groups("system:serviceaccount:a:B", &[]), [AUTHENTICATED]);
        assert_eq!(groups("system:serviceaccount:a:b:c", &[]), [AUTHENTICATED]);
    }
}

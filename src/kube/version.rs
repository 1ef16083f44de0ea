//! Versions of Kubernetes.

use std::fmt;

/// A minor version of Kubernetes: what `1.34` names, whatever the patch.
///
/// ```
/// use rbac_eval::kube::Minor;
///
/// let minor = Minor::parse("v1.34.2-gke.1300").unwrap();
/// assert_eq!(minor.to_string(), "1.34");
/// assert!(minor < Minor::parse("1.35").unwrap());
/// assert_eq!(Minor::parse("34"), None);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Minor(u16);

impl Minor {
    /// From here on `get` no longer suffices for exec, attach and portforward.
    ///
    /// Source: the gate `AuthorizePodWebsocketUpgradeCreatePermission`, on by default from 1.35.
    pub const EXEC_TAKES_CREATE: Self = Minor(35);

    /// From here on the verbs of constrained impersonation mean something, where their gate is on.
    ///
    /// Source: KEP-5284, the gate `ConstrainedImpersonation`: alpha in 1.35, on by default from 1.36.
    pub const CONSTRAINED_IMPERSONATION_ALPHA: Self = Minor(35);

    /// From here on a beta API is off unless the cluster's owner switches it on.
    ///
    /// Source: KEP-3136; what was on by then stayed on until it left.
    pub(super) const BETA_OFF: Self = Minor(25);

    /// The version `1.MINOR`.
    pub const fn new(minor: u16) -> Self {
        Minor(minor)
    }

    /// The minor of `1.34`, `v1.34.2`, or what a provider prints: `v1.34.2-gke.1300`, `v1.34.2+k3s1`.
    pub fn parse(version: &str) -> Option<Self> {
        let rest = version.strip_prefix('v').unwrap_or(version);
        let rest = rest.split(['-', '+']).next()?.strip_prefix("1.")?;
        let (minor, patch) = rest.split_once('.').unwrap_or((rest, "0"));
        let is_number = |word: &str| word.bytes().all(|byte| byte.is_ascii_digit());
        if !is_number(minor) || !is_number(patch) {
            return None;
        }
        patch.parse::<u32>().ok()?;
        minor.parse().ok().map(Minor)
    }

    /// How many minors lie between the two.
    pub fn distance(self, other: Self) -> u16 {
        self.0.abs_diff(other.0)
    }
}

impl fmt::Display for Minor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "1.{}", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_read_with_and_without_patch() {
        for (text, found) in [
            ("1.34", Some(34)),
            ("v1.34.2", Some(34)),
            ("v1.34.2-gke.1300", Some(34)),
            ("v1.34.2+k3s1", Some(34)),
            ("1.+34", None),
            ("1.-34", None),
            ("1", None),
            ("1.", None),
            ("2.1", None),
            ("1.x", None),
            ("1.34.x", None),
            ("1.99999", None),
            ("", None),
        ] {
            assert_eq!(Minor::parse(text), found.map(Minor::new), "{text}");
        }
    }
}

//! The default ClusterRoles, Roles and bindings that a cluster starts with.
//!
//! An API server makes them when it starts (`kubernetes.io/bootstrapping: rbac-defaults`), so a
//! repository that only binds `view` means the `view` that is built in here. One object a line,
//! one file a version of Kubernetes.

use std::sync::LazyLock;

use crate::kube::{self, Objects, Role, RoleKind};
use crate::text::{Files, SourceText};

/// The default policy of one version of Kubernetes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DefaultPolicy {
    /// The version, as `1.37`.
    pub version: &'static str,
    lines: &'static str,
}

static POLICIES: [DefaultPolicy; 2] = [
    DefaultPolicy {
        version: "1.24",
        lines: include_str!("policy-1.24.jsonl"),
    },
    DefaultPolicy {
        version: "1.37",
        lines: include_str!("policy-1.37.jsonl"),
    },
];

/// The names of the ClusterRoles of each of [`POLICIES`].
static CLUSTER_ROLES: LazyLock<[Vec<String>; POLICIES.len()]> = LazyLock::new(|| {
    POLICIES.map(|policy| {
        let objects = policy.objects(&mut Files::default());
        let roles = objects.of::<Role>().iter();
        roles
            .filter(|role| role.kind == RoleKind::ClusterRole)
            .map(|role| role.name.to_string())
            .collect()
    })
});

impl DefaultPolicy {
    /// The policy of the newest version that is built in.
    pub fn newest() -> Self {
        POLICIES[POLICIES.len() - 1]
    }

    /// The policy of this version, as `1.24` or `v1.24`.
    ///
    /// ```
    /// use rbac_eval::kube::default_policy::DefaultPolicy;
    ///
    /// assert!(DefaultPolicy::of_version("1.24").is_some());
    /// assert!(DefaultPolicy::of_version("0.9").is_none());
    /// ```
    pub fn of_version(version: &str) -> Option<Self> {
        let version = version.strip_prefix('v').unwrap_or(version);
        POLICIES
            .iter()
            .find(|policy| policy.version == version)
            .copied()
    }

    /// All versions that are built in, the oldest first.
    pub fn versions() -> impl Iterator<Item = &'static str> {
        POLICIES.iter().map(|policy| policy.version)
    }

    /// The policies of all versions that are built in, the oldest first.
    pub fn all() -> impl Iterator<Item = Self> {
        POLICIES.iter().copied()
    }

    /// The names of its ClusterRoles.
    pub fn cluster_roles(self) -> impl Iterator<Item = &'static str> {
        let (_, policy) = POLICIES
            .iter()
            .zip(&*CLUSTER_ROLES)
            .find(|(policy, _)| **policy == self)
            .unzip();
        policy.into_iter().flatten().map(String::as_str)
    }

    /// The name of the text that its objects come from.
    pub fn file_name(self) -> String {
        format!("built-in/{}.jsonl", self.version)
    }

    /// The objects, from a source named after the version.
    pub fn objects(self, files: &mut Files) -> Objects {
        let text = SourceText {
            name: self.file_name(),
            bytes: self.lines.as_bytes().to_vec(),
            named: true,
        };
        kube::parse(files, &[text]).objects
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_is_an_object_that_a_server_takes() {
        for policy in POLICIES {
            let text = SourceText {
                name: "policy.jsonl".to_owned(),
                bytes: policy.lines.as_bytes().to_vec(),
                named: true,
            };
            let manifest = kube::parse(&mut Files::default(), &[text]);
            assert_eq!(manifest.diagnostics, []);
            assert_eq!(manifest.objects.len(), policy.lines.lines().count());
            assert_eq!(manifest.skipped, 0);
        }
    }
}

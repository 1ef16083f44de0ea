//! The default ClusterRoles, Roles and bindings that a cluster starts with.
//!
//! An API server makes them when it starts (`kubernetes.io/bootstrapping: rbac-defaults`), so a
//! repository that only binds `view` means the `view` that is built in here. Most objects are the same from
//! version to version: `policies.txt` holds each form of each object once, with the first and the last
//! version that has it.
//!
//! Source: upstream's own test data of each version, and for 1.29 to 1.32 what its code makes
//! (`plugin/pkg/auth/authorizer/rbac/bootstrappolicy`).

use std::sync::LazyLock;

use crate::kube::{self, Minor, Objects, Role, RoleKind};
use crate::text::{Files, SourceText};

/// The default policy of one version of Kubernetes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct DefaultPolicy {
    /// The version, as `1.37`.
    pub version: Minor,
}

/// The versions that are built in, the oldest first.
static VERSIONS: [DefaultPolicy; 10] = [
    DefaultPolicy::of(24),
    DefaultPolicy::of(29),
    DefaultPolicy::of(30),
    DefaultPolicy::of(31),
    DefaultPolicy::of(32),
    DefaultPolicy::of(33),
    DefaultPolicy::of(34),
    DefaultPolicy::of(35),
    DefaultPolicy::of(36),
    DefaultPolicy::of(37),
];

/// A form of an object, and the versions that have it.
struct PolicyEntry {
    first: Minor,
    last: Minor,
    /// The object in JSON.
    object: &'static str,
}

impl PolicyEntry {
    fn of_line(line: &'static str) -> Option<Self> {
        let mut parts = line.splitn(3, ' ');
        Some(PolicyEntry {
            first: Minor::parse(parts.next()?)?,
            last: Minor::parse(parts.next()?)?,
            object: parts.next()?,
        })
    }

    fn is_of(&self, version: Minor) -> bool {
        self.first <= version && version <= self.last
    }
}

/// All forms of all objects, by kind, namespace and name.
fn entries() -> impl Iterator<Item = PolicyEntry> {
    include_str!("policies.txt")
        .lines()
        .filter_map(PolicyEntry::of_line)
}

/// A ClusterRole's name, and the versions that have it.
struct NamedPolicyEntry {
    name: String,
    entry: PolicyEntry,
}

/// The ClusterRoles, each form of each.
static CLUSTER_ROLES: LazyLock<Vec<NamedPolicyEntry>> = LazyLock::new(|| {
    let text = |entry: &PolicyEntry| source(String::new(), entry.object.as_bytes().to_vec());
    let named = entries().filter_map(|entry| {
        let objects = kube::parse(&mut Files::default(), &[text(&entry)]).objects;
        let role = objects.of::<Role>().first()?;
        let name = (role.kind == RoleKind::ClusterRole).then(|| role.name.to_string())?;
        Some(NamedPolicyEntry { name, entry })
    });
    named.collect()
});

fn source(name: String, bytes: Vec<u8>) -> SourceText {
    SourceText {
        name,
        bytes,
        named: true,
    }
}

impl DefaultPolicy {
    const fn of(minor: u16) -> Self {
        DefaultPolicy {
            version: Minor::new(minor),
        }
    }

    /// The policy of the newest version that is built in.
    pub fn newest() -> Self {
        VERSIONS[VERSIONS.len() - 1]
    }

    /// The policy of this version, as `1.24` or `v1.24`; of a patch such as `1.24.17` its minor's.
    ///
    /// ```
    /// use rbac_eval::kube::default_policy::DefaultPolicy;
    ///
    /// assert!(DefaultPolicy::of_version("1.24").is_some());
    /// assert!(DefaultPolicy::of_version("0.9").is_none());
    /// ```
    pub fn of_version(version: &str) -> Option<Self> {
        DefaultPolicy::of_minor(Minor::parse(version)?)
    }

    /// The policy of this version, where it is built in.
    pub fn of_minor(minor: Minor) -> Option<Self> {
        DefaultPolicy::all().find(|policy| policy.version == minor)
    }

    /// The policy of the nearest version that is built in; of two, that of the older one.
    pub fn nearest(minor: Minor) -> Self {
        let nearest = DefaultPolicy::all().min_by_key(|policy| policy.version.distance(minor));
        nearest.unwrap_or_else(DefaultPolicy::newest)
    }

    /// The policies of all versions that are built in, the oldest first.
    pub fn all() -> impl Iterator<Item = Self> {
        VERSIONS.iter().copied()
    }

    /// The names of its ClusterRoles.
    pub fn cluster_roles(self) -> impl Iterator<Item = &'static str> {
        let roles = CLUSTER_ROLES.iter();
        roles
            .filter(move |role| role.entry.is_of(self.version))
            .map(|role| &*role.name)
    }

    /// The name of the text that its objects come from.
    pub fn file_name(self) -> String {
        format!("built-in/{}.jsonl", self.version)
    }

    /// The text of its objects: one object a line.
    pub fn text(self) -> String {
        let lines = entries().filter(|entry| entry.is_of(self.version));
        lines.flat_map(|entry| [entry.object, "\n"]).collect()
    }

    /// The objects, from a source named after the version.
    pub fn objects(self, files: &mut Files) -> Objects {
        let text = source(self.file_name(), self.text().into_bytes());
        kube::parse(files, &[text]).objects
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_is_an_object_that_a_server_takes() {
        let lines = include_str!("policies.txt").lines().count();
        assert_eq!(entries().count(), lines);
        for policy in DefaultPolicy::all() {
            let text = policy.text();
            let count = text.lines().count();
            let text = source("policy.jsonl".to_owned(), text.into_bytes());
            let manifest = kube::parse(&mut Files::default(), &[text]);
            assert_eq!(manifest.diagnostics, []);
            assert_eq!(manifest.objects.len(), count);
            assert_eq!(manifest.skipped, 0);
        }
    }
}

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

use crate::kube::{self, Minor, Objects};
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
    kind: &'static str,
    namespace: &'static str,
    name: &'static str,
    /// The object in JSON.
    object: &'static str,
}

impl PolicyEntry {
    /// `FIRST LAST KIND NAMESPACE/NAME OBJECT`
    fn of_line(line: &'static str) -> Option<Self> {
        let mut parts = line.splitn(5, ' ');
        let [first, last] = [Minor::parse(parts.next()?)?, Minor::parse(parts.next()?)?];
        let kind = parts.next()?;
        let (namespace, name) = parts.next()?.split_once('/')?;
        Some(PolicyEntry {
            first,
            last,
            kind,
            namespace,
            name,
            object: parts.next()?,
        })
    }

    fn is_of(&self, version: Minor) -> bool {
        self.first <= version && version <= self.last
    }
}

/// All forms of all objects, by kind, namespace and name.
static ENTRIES: LazyLock<Vec<PolicyEntry>> = LazyLock::new(|| {
    let lines = include_str!("policies.txt").lines();
    lines.filter_map(PolicyEntry::of_line).collect()
});

/// Whether the default policy of some version has an object of this name.
///
/// ```
/// use rbac_eval::kube::default_policy::is_default;
///
/// assert!(is_default("ClusterRole", "", "view"));
/// assert!(!is_default("Role", "shop", "view"));
/// ```
pub fn is_default(kind: &str, namespace: &str, name: &str) -> bool {
    let mut entries = ENTRIES.iter();
    entries.any(|entry| (entry.kind, entry.namespace, entry.name) == (kind, namespace, name))
}

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
        let entries = ENTRIES.iter();
        entries
            .filter(move |entry| entry.kind == "ClusterRole" && entry.is_of(self.version))
            .map(|entry| entry.name)
    }

    /// The name of the text that its objects come from.
    pub fn file_name(self) -> String {
        format!("built-in/{}.jsonl", self.version)
    }

    /// The text of its objects: one object a line.
    pub fn text(self) -> String {
        let lines = ENTRIES.iter().filter(|entry| entry.is_of(self.version));
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
        assert_eq!(ENTRIES.len(), lines);
        for entry in ENTRIES.iter() {
            let text = source("entry.jsonl".to_owned(), entry.object.as_bytes().to_vec());
            let objects = kube::parse(&mut Files::default(), &[text]).objects;
            let [key] = Vec::from_iter(objects.keys())[..] else {
                panic!("{}", entry.object);
            };
            let named = (entry.kind, entry.namespace, entry.name);
            assert_eq!((key.kind, key.namespace, key.name), named);
        }
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

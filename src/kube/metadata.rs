//! `metadata`: what every object has.

use compact_str::CompactString;
use serde::Serialize;

use super::fields::{Invalid, map, no_string};
use super::shape::{Text, TextMap, mapping};

/// The label of the objects that an API server makes by itself.
const BOOTSTRAPPING: (&str, &str) = ("kubernetes.io/bootstrapping", "rbac-defaults");

/// The annotation in which `kubectl apply` keeps a copy of the whole object.
const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";

/// What every object has: its name and what is attached to it.
///
/// Objects dereference to it, so that `role.name` is the name of a role.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
pub struct Metadata {
    /// The namespace; empty for an object of the whole cluster.
    pub namespace: CompactString,
    /// The name.
    pub name: CompactString,
    /// The labels, sorted by key.
    pub labels: Vec<(String, String)>,
    /// The annotations, sorted by key.
    ///
    /// All but `kubectl.kubernetes.io/last-applied-configuration`, which is a copy of the object: it
    /// says nothing that the object doesn't, and would double what a dump takes in memory. A server
    /// takes 256 KiB of annotations at most; what a manifest has beyond that is kept all the same.
    pub annotations: Box<[(CompactString, Box<str>)]>,
    /// The unique ID that a server gave the object; none where it doesn't come from a server.
    pub uid: Option<Box<str>>,
    /// Whether it has a `resourceVersion`, as everything that a server prints.
    pub has_resource_version: bool,
}

impl Metadata {
    /// The metadata of an object that has nothing but a name.
    pub fn new(namespace: impl Into<CompactString>, name: impl Into<CompactString>) -> Self {
        Metadata {
            namespace: namespace.into(),
            name: name.into(),
            ..Metadata::default()
        }
    }

    /// Whether the object comes from a server: it has a `uid`.
    pub fn is_from_server(&self) -> bool {
        self.uid.is_some()
    }

    /// Whether the object stands as a server prints it: with a `uid` and a `resourceVersion`.
    pub fn is_printed_by_server(&self) -> bool {
        self.is_from_server() && self.has_resource_version
    }

    /// Whether the object is labelled as one of the default policy's.
    pub fn is_bootstrapped(&self) -> bool {
        let (key, value) = BOOTSTRAPPING;
        self.labels.iter().any(|(k, v)| k == key && v == value)
    }

    /// The value of an annotation.
    pub fn annotation(&self, key: &str) -> Option<&str> {
        let at = self
            .annotations
            .binary_search_by(|(known, _)| (**known).cmp(key));
        at.ok().map(|at| &*self.annotations[at].1)
    }
}

mapping! {
    /// `metadata` as it is written.
    pub struct RawMetadata<'a> expecting "the object's metadata" {
        name: Text<'a> = "name",
        namespace: Text<'a> = "namespace",
        uid: Text<'a> = "uid",
        resource_version: Text<'a> = "resourceVersion",
        labels: TextMap<'a> = "labels",
        annotations: TextMap<'a> = "annotations",
    }
    ignoring [
        "generateName", "selfLink", "generation", "creationTimestamp",
        "deletionTimestamp", "deletionGracePeriodSeconds", "ownerReferences", "finalizers",
        "managedFields", "clusterName", "continue", "remainingItemCount",
    ]
    keeping unknown
}

/// What isn't part of an object's name.
pub(super) struct Attached {
    pub(super) labels: Vec<(String, String)>,
    pub(super) annotations: Box<[(CompactString, Box<str>)]>,
    pub(super) uid: Option<Box<str>>,
}

/// The fields that hold more than a name, held against what an API server takes.
pub(super) fn attached(
    labels: Option<TextMap<'_>>,
    annotations: Option<TextMap<'_>>,
    uid: Option<Text<'_>>,
) -> Result<Attached, Invalid> {
    let mut labels = map(labels, "metadata.labels")?;
    labels.sort();
    let mut annotations: Vec<(CompactString, Box<str>)> = map(annotations, "metadata.annotations")?
        .into_iter()
        .filter(|(key, _)| key != LAST_APPLIED)
        .map(|(key, value)| (key.into(), value.into_boxed_str()))
        .collect();
    annotations.sort();
    let uid: Option<Box<str>> = match uid {
        None => None,
        Some(Text::Str(uid)) => (!uid.is_empty()).then(|| uid.into()),
        Some(other) => return Err(no_string(&other, "metadata.uid")),
    };
    Ok(Attached {
        labels,
        annotations: annotations.into_boxed_slice(),
        uid,
    })
}

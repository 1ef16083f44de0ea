//! What is to be known of the version of Kubernetes that an answer is for.

use crate::cluster::{Snapshot, VersionSource};
use crate::kube::default_policy::DefaultPolicy;

/// What of the version isn't as one would expect.
pub(super) fn notes(snapshot: &Snapshot) -> Vec<String> {
    let version = snapshot.version();
    let mut notes = Vec::new();
    if let VersionSource::Nodes { oldest } = version.told_by
        && oldest < version.minor
    {
        notes.push(format!(
            "the nodes run Kubernetes {oldest} to {newest}, so the API server is taken for {newest}; \
             `--kubernetes-version` names another",
            newest = version.minor
        ));
    }
    let used = DefaultPolicy::nearest(version.minor).version;
    if used != version.minor {
        notes.push(format!(
            "Kubernetes {} isn't built in; its API resources, and its default policy where the input \
             lacks it, are taken to be those of {used}",
            version.minor
        ));
    }
    notes
}

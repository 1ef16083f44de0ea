//! Which Kubernetes a cluster runs, and what a snapshot of it starts from.

use crate::kube::default_policy::DefaultPolicy;
use crate::kube::{Manifest, Minor, Node};

/// Which built-in default policy a snapshot starts from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Defaults {
    /// That of the cluster's own version, unless the input is a server's complete policy.
    #[default]
    Auto,
    /// None.
    None,
    /// This one.
    Version(DefaultPolicy),
}

/// What is said of a cluster beside its objects.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Assumed {
    /// The version of Kubernetes that it runs; where it is left open, the input's Nodes tell it.
    pub version: Option<ClusterVersion>,
    /// The default policy that it starts with.
    pub defaults: Defaults,
}

impl From<Defaults> for Assumed {
    fn from(defaults: Defaults) -> Self {
        Assumed {
            version: None,
            defaults,
        }
    }
}

/// The version of Kubernetes that a cluster runs, as far as that is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClusterVersion {
    /// The version.
    pub minor: Minor,
    /// How it is known.
    pub told_by: VersionSource,
}

/// How a cluster's version is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum VersionSource {
    /// Someone said so.
    User,
    /// The Nodes of a dump tell it: an API server is no older than the newest kubelet, and
    /// at most three versions newer.
    Nodes {
        /// The oldest kubelet's version.
        oldest: Minor,
    },
    /// Nothing tells it; it is the newest that is built in.
    Nothing,
}

impl ClusterVersion {
    /// The version that was said, else that of the Nodes that a server printed, else the newest.
    ///
    /// Source: Kubernetes' version skew policy: a kubelet is never newer than its API server.
    pub(super) fn of(said: Option<Self>, manifest: &Manifest) -> Self {
        if let Some(said) = said {
            return said;
        }
        let nodes = manifest.objects.of::<Node>().iter();
        let printed = nodes.filter(|node| node.is_printed_by_server());
        let kubelets: Vec<Minor> = printed.filter_map(|node| node.kubelet).collect();
        match (kubelets.iter().min(), kubelets.iter().max()) {
            (Some(&oldest), Some(&minor)) => ClusterVersion {
                minor,
                told_by: VersionSource::Nodes { oldest },
            },
            _ => ClusterVersion {
                minor: DefaultPolicy::newest().version,
                told_by: VersionSource::Nothing,
            },
        }
    }

    /// The version that someone says it is.
    pub fn said(minor: Minor) -> Self {
        ClusterVersion {
            minor,
            told_by: VersionSource::User,
        }
    }

    /// Whether anything tells it.
    pub fn is_known(self) -> bool {
        self.told_by != VersionSource::Nothing
    }

    /// Whether what holds before a version may hold here: it is older, or nothing tells which it is.
    pub fn may_be_before(self, version: Minor) -> bool {
        self.minor < version || !self.is_known()
    }
}

//! Nodes.

use std::ops::Deref;

use compact_str::CompactString;
use serde::Serialize;

use super::decode::{
    Decode, Detail, Extent, FoundPlaceholder, GroupVersion, Served, Source, United,
};
use super::fields::Invalid;
use super::metadata::{Metadata, RawMetadata};
use super::piece::Values;
use super::shape::{StrictText, Text, mapping, named, word};
use super::version::Minor;

/// A Node.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
pub struct Node {
    /// The name and what is attached to it.
    pub metadata: Metadata,
    /// The minor version of its kubelet, where its status tells one.
    #[serde(skip)]
    pub kubelet: Option<Minor>,
    /// What keeps pods from it; none where they aren't read, as by all but
    /// [`Registry::with_workloads`](super::Registry::with_workloads).
    #[serde(skip)]
    pub taints: Option<Vec<Taint>>,
}

/// A taint of a Node: pods that don't tolerate it are kept from the Node.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
pub struct Taint {
    /// The key.
    pub key: CompactString,
    /// The value, if it has one.
    pub value: Option<CompactString>,
    /// What becomes of pods: `NoSchedule`, `PreferNoSchedule`, `NoExecute`.
    pub effect: CompactString,
}

impl Deref for Node {
    type Target = Metadata;

    fn deref(&self) -> &Metadata {
        &self.metadata
    }
}

mapping! {
    /// A Node as it is written.
    struct RawNode<'a> expecting "a Kubernetes object" {
        metadata: Box<RawMetadata<'a>> = "metadata",
        status: RawStatus<'a> = "status",
    }
    once { api_version = "apiVersion", kind = "kind", spec = "spec" }
}

mapping! {
    /// What of `status` matters here.
    struct RawStatus<'a> expecting "the status of a Node" {
        node_info: RawNodeInfo<'a> = "nodeInfo",
    }
}

mapping! {
    /// `status.nodeInfo`
    struct RawNodeInfo<'a> expecting "what a Node says of itself" {
        kubelet_version: Text<'a> = "kubeletVersion",
    }
}

mapping! {
    /// What the scheduler depends on.
    struct RawScheduling<'a> expecting "a Kubernetes object" {
        spec: RawNodeSpec<'a> = "spec",
    }
}

mapping! {
    /// What of `spec` matters here.
    struct RawNodeSpec<'a> expecting "the spec of a Node" {
        taints: Vec<RawTaint<'a>> = "taints",
    }
}

mapping! {
    /// An entry of `spec.taints`.
    struct RawTaint<'a> expecting "a taint" {
        key: StrictText<'a> = "key",
        value: StrictText<'a> = "value",
        effect: StrictText<'a> = "effect",
    }
}

impl Decode for Node {
    const KINDS: &'static [&'static str] = &["Node"];

    fn served(version: &GroupVersion<'_>) -> Served {
        Served::in_version("v1", version)
    }

    fn decode(source: &mut Source<'_>) -> Result<Self, Invalid> {
        let raw: RawNode<'_> = source.read()?;
        let metadata = source.metadata(raw.metadata, Extent::Cluster)?;
        let told = raw.status.and_then(|status| status.node_info);
        let kubelet = match told.and_then(|info| info.kubelet_version) {
            Some(Text::Str(version)) => Minor::parse(&version),
            _ => None,
        };
        let taints = match source.detail() {
            Detail::Access => None,
            Detail::Workloads => Some(taints(source)?),
        };
        Ok(Node {
            metadata,
            kubelet,
            taints,
        })
    }

    fn kind(&self) -> &'static str {
        "Node"
    }

    /// A Node gives nothing, whatever it is called.
    fn placeholder(&self) -> Option<FoundPlaceholder<'_>> {
        None
    }

    fn same_content(&self, other: &Self) -> bool {
        let asks_nothing_of_labels = self.taints.is_none() && other.taints.is_none();
        self.kubelet == other.kubelet
            && (asks_nothing_of_labels
                || (&self.taints, &self.labels) == (&other.taints, &other.labels))
    }

    /// Where nobody asks for pods, the later definition stands alone.
    fn unite(&mut self, _other: &Self) -> United {
        match self.taints {
            None => United::Merged,
            Some(_) => United::Apart,
        }
    }
}

fn taints(source: &Source<'_>) -> Result<Vec<Taint>, Invalid> {
    let raw: RawScheduling<'_> = source.read_by_field(Values::Told)?;
    let taints = raw.spec.and_then(|spec| spec.taints).unwrap_or_default();
    let taints = taints.into_iter().map(|taint| Taint {
        key: word(taint.key),
        value: named(taint.value),
        effect: word(taint.effect),
    });
    Ok(taints.collect())
}

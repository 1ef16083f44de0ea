//! Nodes.

use std::ops::Deref;

use serde::Serialize;

use super::decode::{Decode, Extent, FoundPlaceholder, GroupVersion, Served, Source};
use super::fields::Invalid;
use super::metadata::{Metadata, RawMetadata};
use super::shape::{Text, mapping};
use super::version::Minor;

/// A Node.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
pub struct Node {
    /// The name and what is attached to it.
    pub metadata: Metadata,
    /// The minor version of its kubelet, where its status tells one.
    #[serde(skip)]
    pub kubelet: Option<Minor>,
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
        Ok(Node { metadata, kubelet })
    }

    fn kind(&self) -> &'static str {
        "Node"
    }

    /// A Node gives nothing, whatever it is called.
    fn placeholder(&self) -> Option<FoundPlaceholder<'_>> {
        None
    }

    fn same_content(&self, other: &Self) -> bool {
        self.kubelet == other.kubelet
    }
}

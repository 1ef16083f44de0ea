//! Namespaces.

use std::ops::Deref;

use serde::Serialize;

use super::decode::{Decode, Extent, GroupVersion, Served, Source};
use super::fields::Invalid;
use super::metadata::{Metadata, RawMetadata};
use super::shape::mapping;

/// A Namespace.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
pub struct Namespace {
    /// The name and what is attached to it; selectors of namespaces select by the labels.
    pub metadata: Metadata,
}

impl Deref for Namespace {
    type Target = Metadata;

    fn deref(&self) -> &Metadata {
        &self.metadata
    }
}

mapping! {
    /// A Namespace as it is written.
    struct RawNamespace<'a> expecting "a Kubernetes object" {
        metadata: Box<RawMetadata<'a>> = "metadata",
    }
    once { api_version = "apiVersion", kind = "kind", spec = "spec" }
}

impl Decode for Namespace {
    const KINDS: &'static [&'static str] = &["Namespace"];

    fn served(version: &GroupVersion<'_>) -> Served {
        Served::in_version("v1", version)
    }

    fn decode(source: &mut Source<'_>) -> Result<Self, Invalid> {
        let raw: RawNamespace<'_> = source.read()?;
        let metadata = source.metadata(raw.metadata, Extent::Cluster)?;
        Ok(Namespace { metadata })
    }

    fn kind(&self) -> &'static str {
        "Namespace"
    }

    fn same_content(&self, other: &Self) -> bool {
        self.labels == other.labels
    }
}

//! PersistentVolumeClaims.

use std::ops::Deref;

use compact_str::CompactString;
use serde::Serialize;

use super::decode::{Decode, Extent, GroupVersion, Served, Source, United};
use super::fields::Invalid;
use super::metadata::{Metadata, RawMetadata};
use super::piece::Values;
use super::shape::{StrictText, mapping, named};

/// A PersistentVolumeClaim.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
pub struct PersistentVolumeClaim {
    /// The name and what is attached to it.
    pub metadata: Metadata,
    /// The volume that it is bound to, or asks for.
    pub volume_name: Option<CompactString>,
    /// The class that it asks for: an empty one asks for volumes of no class, and none for the default
    /// class.
    pub storage_class: Option<CompactString>,
}

impl Deref for PersistentVolumeClaim {
    type Target = Metadata;

    fn deref(&self) -> &Metadata {
        &self.metadata
    }
}

mapping! {
    /// A PersistentVolumeClaim as it is written.
    struct RawClaim<'a> expecting "a Kubernetes object" {
        metadata: Box<RawMetadata<'a>> = "metadata",
        spec: RawClaimSpec<'a> = "spec",
    }
    once { api_version = "apiVersion", kind = "kind" }
}

mapping! {
    /// What of `spec` matters here.
    struct RawClaimSpec<'a> expecting "the spec of a claim" {
        volume_name: StrictText<'a> = "volumeName",
        storage_class: StrictText<'a> = "storageClassName",
    }
}

impl Decode for PersistentVolumeClaim {
    const KINDS: &'static [&'static str] = &["PersistentVolumeClaim"];

    fn served(version: &GroupVersion<'_>) -> Served {
        Served::in_version("v1", version)
    }

    fn decode(source: &mut Source<'_>) -> Result<Self, Invalid> {
        let raw: RawClaim<'_> = source.read_by_field(Values::Told)?;
        let mut metadata = source.metadata(raw.metadata, Extent::Namespaced)?;
        source.fill_in_namespace(&mut metadata);
        let spec = raw.spec.unwrap_or_default();
        Ok(PersistentVolumeClaim {
            metadata,
            volume_name: named(spec.volume_name),
            storage_class: spec.storage_class.map(CompactString::from),
        })
    }

    fn kind(&self) -> &'static str {
        "PersistentVolumeClaim"
    }

    fn same_content(&self, other: &Self) -> bool {
        (&self.volume_name, &self.storage_class) == (&other.volume_name, &other.storage_class)
    }

    fn unite(&mut self, _other: &Self) -> United {
        United::Apart
    }
}

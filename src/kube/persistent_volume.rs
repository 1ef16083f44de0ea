//! PersistentVolumes.

use std::ops::Deref;

use compact_str::CompactString;
use serde::Serialize;

use super::decode::{Decode, Extent, GroupVersion, Served, Source, United};
use super::fields::Invalid;
use super::metadata::{Metadata, RawMetadata};
use super::piece::Values;
use super::shape::{StrictText, mapping, named, word};

/// A PersistentVolume.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
pub struct PersistentVolume {
    /// The name and what is attached to it.
    pub metadata: Metadata,
    /// What it is made of.
    pub source: PersistentVolumeSource,
    /// The claim that it is kept for.
    pub claim_ref: Option<ClaimRef>,
    /// The class of claims that may take it; empty for claims of no class.
    pub storage_class: CompactString,
}

/// What a PersistentVolume is made of.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
pub enum PersistentVolumeSource {
    /// A file or folder of the node on which the pod happens to run.
    HostPath {
        /// Where on the node.
        path: CompactString,
    },
    /// A disk or folder of nodes that the volume names.
    Local {
        /// Where on the node.
        path: CompactString,
    },
    /// What a CSI driver provides.
    Csi {
        /// The driver.
        driver: CompactString,
    },
    /// Any other, by the name of its field: `nfs`.
    Other(CompactString),
}

/// The claim that a volume is kept for.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
pub struct ClaimRef {
    /// The claim's namespace.
    pub namespace: CompactString,
    /// The claim's name.
    pub name: CompactString,
}

impl PersistentVolume {
    /// The path of the node that it opens, if it opens one: of `hostPath`, or of `local`.
    pub fn node_path(&self) -> Option<&str> {
        match &self.source {
            PersistentVolumeSource::HostPath { path } | PersistentVolumeSource::Local { path } => {
                Some(path)
            }
            PersistentVolumeSource::Csi { .. } | PersistentVolumeSource::Other(_) => None,
        }
    }
}

impl Deref for PersistentVolume {
    type Target = Metadata;

    fn deref(&self) -> &Metadata {
        &self.metadata
    }
}

mapping! {
    /// A PersistentVolume as it is written.
    struct RawPersistentVolume<'a> expecting "a Kubernetes object" {
        metadata: Box<RawMetadata<'a>> = "metadata",
        spec: RawVolumeSpec<'a> = "spec",
    }
    once { api_version = "apiVersion", kind = "kind" }
}

mapping! {
    /// What of `spec` matters here. What isn't known otherwise is what the volume is made of.
    struct RawVolumeSpec<'a> expecting "the spec of a volume" {
        host_path: RawPath<'a> = "hostPath",
        local: RawPath<'a> = "local",
        csi: RawDriver<'a> = "csi",
        claim_ref: RawClaimRef<'a> = "claimRef",
        storage_class: StrictText<'a> = "storageClassName",
    }
    ignoring [
        "accessModes", "capacity", "mountOptions", "nodeAffinity", "persistentVolumeReclaimPolicy",
        "volumeAttributesClassName", "volumeMode",
    ]
    keeping unknown
}

mapping! {
    /// `hostPath` and `local`
    struct RawPath<'a> expecting "a path of the node" {
        path: StrictText<'a> = "path",
    }
}

mapping! {
    /// `csi`
    struct RawDriver<'a> expecting "a volume of a CSI driver" {
        driver: StrictText<'a> = "driver",
    }
}

mapping! {
    /// `claimRef`
    struct RawClaimRef<'a> expecting "a reference to a claim" {
        namespace: StrictText<'a> = "namespace",
        name: StrictText<'a> = "name",
    }
}

impl Decode for PersistentVolume {
    const KINDS: &'static [&'static str] = &["PersistentVolume"];

    fn served(version: &GroupVersion<'_>) -> Served {
        Served::in_version("v1", version)
    }

    fn decode(source: &mut Source<'_>) -> Result<Self, Invalid> {
        let raw: RawPersistentVolume<'_> = source.read_by_field(Values::Told)?;
        let metadata = source.metadata(raw.metadata, Extent::Cluster)?;
        let spec = raw.spec.unwrap_or_default();
        let mut known = [
            spec.host_path.map(|host| PersistentVolumeSource::HostPath {
                path: word(host.path),
            }),
            spec.local.map(|local| PersistentVolumeSource::Local {
                path: word(local.path),
            }),
            spec.csi.map(|csi| PersistentVolumeSource::Csi {
                driver: word(csi.driver),
            }),
        ]
        .into_iter()
        .flatten();
        let other = || {
            let kind = spec.unknown.into_iter().next();
            kind.map(|kind| PersistentVolumeSource::Other(kind.into()))
        };
        // Source: `ValidatePersistentVolumeSpec`.
        let made_of = match (known.next(), known.next()) {
            (Some(_), Some(_)) => {
                return Err(Invalid::new(
                    "spec: may not specify more than 1 volume type",
                ));
            }
            (Some(made_of), None) => Some(made_of),
            (None, _) => other(),
        };
        let Some(made_of) = made_of else {
            return Err(Invalid::new("spec: must specify a volume type"));
        };
        let claim_ref = spec.claim_ref.map(|claim| ClaimRef {
            namespace: word(claim.namespace),
            name: word(claim.name),
        });
        Ok(PersistentVolume {
            metadata,
            source: made_of,
            claim_ref,
            storage_class: named(spec.storage_class).unwrap_or_default(),
        })
    }

    fn kind(&self) -> &'static str {
        "PersistentVolume"
    }

    fn same_content(&self, other: &Self) -> bool {
        (&self.source, &self.claim_ref, &self.storage_class)
            == (&other.source, &other.claim_ref, &other.storage_class)
    }

    fn unite(&mut self, _other: &Self) -> United {
        United::Apart
    }
}

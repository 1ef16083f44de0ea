//! Volumes of a pod.

use compact_str::CompactString;
use serde::Serialize;

use super::fields::{Invalid, map};
use super::shape::{Flag, StrictText, TextMap, is_set, mapping, named, word};

/// A volume of a pod.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
pub struct Volume {
    /// The name, by which containers mount it.
    pub name: CompactString,
    /// What it holds.
    pub source: VolumeSource,
}

/// What a volume holds.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
pub enum VolumeSource {
    /// A Secret of the pod's namespace.
    Secret {
        /// The Secret.
        name: CompactString,
        /// Whether the pod runs without it.
        optional: bool,
    },
    /// A ConfigMap of the pod's namespace.
    ConfigMap {
        /// The ConfigMap.
        name: CompactString,
        /// Whether the pod runs without it.
        optional: bool,
    },
    /// A file or folder of the node.
    HostPath {
        /// Where on the node.
        path: CompactString,
        /// What has to be there: `Socket`, `DirectoryOrCreate`; without one, nothing is looked at.
        path_type: Option<CompactString>,
    },
    /// What a PersistentVolumeClaim of the pod's namespace is bound to.
    PersistentVolumeClaim {
        /// The claim.
        claim: CompactString,
        /// Whether it can't be written.
        read_only: bool,
    },
    /// Several sources in one.
    Projected(Vec<ProjectedSource>),
    /// What a CSI driver makes for the pod.
    Csi {
        /// The driver.
        driver: CompactString,
        /// `volumeAttributes`, sorted by key: what the driver is told.
        attributes: Vec<(String, String)>,
        /// The Secret of the pod's namespace that the driver is handed.
        node_publish_secret: Option<CompactString>,
    },
    /// Any other, by the name of its field: `emptyDir`, `nfs`.
    Other(CompactString),
}

/// An entry of a projected volume.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
pub enum ProjectedSource {
    /// A Secret of the pod's namespace.
    Secret {
        /// The Secret.
        name: CompactString,
        /// Whether the pod runs without it.
        optional: bool,
    },
    /// A ConfigMap of the pod's namespace.
    ConfigMap {
        /// The ConfigMap.
        name: CompactString,
        /// Whether the pod runs without it.
        optional: bool,
    },
    /// A token of the pod's ServiceAccount.
    ServiceAccountToken {
        /// Whom it is for; without one, the API server itself.
        audience: Option<CompactString>,
    },
    /// Any other, by the name of its field: `downwardAPI`, `clusterTrustBundle`.
    Other(CompactString),
}

mapping! {
    /// A volume as it is written.
    pub(super) struct RawVolume<'a> expecting "a volume" {
        name: StrictText<'a> = "name",
        secret: RawSecretVolume<'a> = "secret",
        config_map: RawConfigMap<'a> = "configMap",
        host_path: RawHostPath<'a> = "hostPath",
        claim: RawClaimVolume<'a> = "persistentVolumeClaim",
        projected: RawProjected<'a> = "projected",
        csi: RawCsi<'a> = "csi",
    }
    keeping unknown
}

mapping! {
    /// `secret` of a volume.
    pub(super) struct RawSecretVolume<'a> expecting "a Secret as a volume" {
        name: StrictText<'a> = "secretName",
        optional: Flag = "optional",
    }
}

mapping! {
    /// A Secret or ConfigMap that is called `name`.
    pub(super) struct RawConfigMap<'a> expecting "a reference to an object" {
        name: StrictText<'a> = "name",
        optional: Flag = "optional",
    }
}

mapping! {
    /// `hostPath`
    pub(super) struct RawHostPath<'a> expecting "a path of the node" {
        path: StrictText<'a> = "path",
        path_type: StrictText<'a> = "type",
    }
}

mapping! {
    /// `persistentVolumeClaim`
    pub(super) struct RawClaimVolume<'a> expecting "a claim as a volume" {
        name: StrictText<'a> = "claimName",
        read_only: Flag = "readOnly",
    }
}

mapping! {
    /// `projected`
    pub(super) struct RawProjected<'a> expecting "a projected volume" {
        sources: Vec<RawSource<'a>> = "sources",
    }
}

mapping! {
    /// An entry of `projected.sources`.
    pub(super) struct RawSource<'a> expecting "a source of a projected volume" {
        secret: RawConfigMap<'a> = "secret",
        config_map: RawConfigMap<'a> = "configMap",
        token: RawToken<'a> = "serviceAccountToken",
    }
    keeping unknown
}

mapping! {
    /// `serviceAccountToken`
    pub(super) struct RawToken<'a> expecting "a token as a volume" {
        audience: StrictText<'a> = "audience",
    }
}

mapping! {
    /// `csi`
    pub(super) struct RawCsi<'a> expecting "a volume of a CSI driver" {
        driver: StrictText<'a> = "driver",
        attributes: TextMap<'a> = "volumeAttributes",
        node_publish_secret: RawConfigMap<'a> = "nodePublishSecretRef",
    }
}

impl Volume {
    /// A volume, which is found at `field` of its object.
    pub(super) fn read(raw: RawVolume<'_>, field: impl Fn() -> String) -> Result<Self, Invalid> {
        let name = word(raw.name);
        let csi = raw.csi.map(|csi| csi_source(csi, &field)).transpose()?;
        let projected = match raw.projected {
            None => None,
            Some(projected) => {
                let sources = projected.sources.unwrap_or_default();
                let mut read = Vec::with_capacity(sources.len());
                for (source, number) in sources.into_iter().zip(0..) {
                    let field = || format!("{}.projected.sources[{number}]", field());
                    read.extend(ProjectedSource::read(source, field)?);
                }
                Some(VolumeSource::Projected(read))
            }
        };
        let known = [
            raw.secret.map(|secret| VolumeSource::Secret {
                name: word(secret.name),
                optional: is_set(secret.optional),
            }),
            raw.config_map.map(|map| VolumeSource::ConfigMap {
                name: word(map.name),
                optional: is_set(map.optional),
            }),
            raw.host_path.map(|host| VolumeSource::HostPath {
                path: word(host.path),
                path_type: named(host.path_type),
            }),
            raw.claim.map(|claim| VolumeSource::PersistentVolumeClaim {
                claim: word(claim.name),
                read_only: is_set(claim.read_only),
            }),
            projected,
            csi,
        ];
        let source = only_one(known.into_iter().flatten(), "volume", field)?;
        // A volume that says nothing is an empty folder. Source: `SetDefaults_Volume`.
        let source = source.unwrap_or_else(|| {
            let kind = raw.unknown.into_iter().next();
            VolumeSource::Other(kind.map_or_else(|| "emptyDir".into(), CompactString::from))
        });
        Ok(Volume { name, source })
    }
}

fn csi_source(raw: RawCsi<'_>, field: impl Fn() -> String) -> Result<VolumeSource, Invalid> {
    let mut attributes = map(
        raw.attributes,
        format_args!("{}.csi.volumeAttributes", field()),
    )?;
    attributes.sort();
    Ok(VolumeSource::Csi {
        driver: word(raw.driver),
        attributes,
        node_publish_secret: named(raw.node_publish_secret.and_then(|secret| secret.name)),
    })
}

impl ProjectedSource {
    fn read(raw: RawSource<'_>, field: impl Fn() -> String) -> Result<Option<Self>, Invalid> {
        let known = [
            raw.secret.map(|secret| ProjectedSource::Secret {
                name: word(secret.name),
                optional: is_set(secret.optional),
            }),
            raw.config_map.map(|map| ProjectedSource::ConfigMap {
                name: word(map.name),
                optional: is_set(map.optional),
            }),
            raw.token.map(|token| ProjectedSource::ServiceAccountToken {
                audience: named(token.audience),
            }),
        ];
        let other = || {
            let kind = raw.unknown.into_iter().next();
            kind.map(|kind| ProjectedSource::Other(kind.into()))
        };
        Ok(only_one(known.into_iter().flatten(), "projection", field)?.or_else(other))
    }
}

/// The source that there is. Source: `validateVolumeSource`, `validateProjectionSources`.
fn only_one<T>(
    mut sources: impl Iterator<Item = T>,
    what: &str,
    field: impl Fn() -> String,
) -> Result<Option<T>, Invalid> {
    let first = sources.next();
    if sources.next().is_some() {
        return Err(Invalid::new(format!(
            "{}: may not specify more than 1 {what} type",
            field()
        )));
    }
    Ok(first)
}

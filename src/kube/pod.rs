//! Pods.

use std::ops::Deref;

use compact_str::CompactString;
use serde::Serialize;

use super::container::ContainerRole;
use super::decode::{Decode, Extent, GroupVersion, Served, Source, United};
use super::fields::{Invalid, string};
use super::metadata::{Metadata, RawMetadata};
use super::piece::Values;
use super::pod_spec::{PodSpec, RawPodSpec};
use super::shape::{Flag, StrictText, mapping, named};

/// A Pod.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
pub struct Pod {
    /// The name and what is attached to it.
    pub metadata: Metadata,
    /// What runs, and as whom.
    pub spec: PodSpec,
    /// What manages it, if anything does. Whoever writes a pod may claim any owner.
    pub owner: Option<ControllerRef>,
    /// How far it has come, where its status tells.
    pub phase: Option<PodPhase>,
}

/// The owner that manages an object: the first of `metadata.ownerReferences` that is its controller.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
pub struct ControllerRef {
    /// The kind.
    pub kind: CompactString,
    /// The name, in the object's own namespace or of the whole cluster.
    pub name: CompactString,
}

/// How far a pod has come: `status.phase`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
pub enum PodPhase {
    /// Not all of its containers have been started.
    Pending,
    /// It runs.
    Running,
    /// All containers have ended well.
    Succeeded,
    /// All containers have ended, one of them in failure.
    Failed,
    /// Its node doesn't answer, or the phase is none that is known.
    Unknown,
}

impl PodPhase {
    fn of(phase: &str) -> Self {
        match phase {
            "Pending" => PodPhase::Pending,
            "Running" => PodPhase::Running,
            "Succeeded" => PodPhase::Succeeded,
            "Failed" => PodPhase::Failed,
            _ => PodPhase::Unknown,
        }
    }
}

impl Pod {
    /// Whether a server says that it has ended, so that nothing runs in it any more. What a manifest
    /// says of its own status counts for nothing: a server drops it when the pod is made.
    pub fn is_finished(&self) -> bool {
        let has_ended = matches!(self.phase, Some(PodPhase::Succeeded | PodPhase::Failed));
        has_ended && self.is_from_server()
    }
}

impl Deref for Pod {
    type Target = Metadata;

    fn deref(&self) -> &Metadata {
        &self.metadata
    }
}

mapping! {
    /// A Pod as it is written.
    struct RawPod<'a> expecting "a Kubernetes object" {
        metadata: Box<RawMetadata<'a>> = "metadata",
        spec: Box<RawPodSpec<'a>> = "spec",
        status: RawPodStatus<'a> = "status",
    }
    once { api_version = "apiVersion", kind = "kind" }
}

mapping! {
    /// What of `status` matters here.
    struct RawPodStatus<'a> expecting "the status of a Pod" {
        phase: StrictText<'a> = "phase",
    }
}

impl Decode for Pod {
    const KINDS: &'static [&'static str] = &["Pod"];

    fn served(version: &GroupVersion<'_>) -> Served {
        Served::in_version("v1", version)
    }

    fn decode(source: &mut Source<'_>) -> Result<Self, Invalid> {
        let raw: RawPod<'_> = source.read_by_field(Values::Told)?;
        let owner = raw.metadata.as_deref().map(owner).transpose()?.flatten();
        let mut metadata = source.metadata(raw.metadata, Extent::Namespaced)?;
        let spec = PodSpec::read(raw.spec.map(|spec| *spec), "spec")?;
        // Templates may leave the image to others, but not pods. Source: `validateContainersOnlyForPod`.
        let mut containers = spec.containers.iter();
        if let Some(container) = containers.find(|container| {
            container.image.is_empty() && container.role != ContainerRole::Ephemeral
        }) {
            let list = container.role.list();
            let name = crate::text::excerpt(&container.name);
            return Err(Invalid::new(format!(
                "spec.{list}: `{name}` has no image, which is a required value"
            )));
        }
        source.fill_in_namespace(&mut metadata);
        let phase = raw.status.and_then(|status| named(status.phase));
        Ok(Pod {
            metadata,
            spec,
            owner,
            phase: phase.as_deref().map(PodPhase::of),
        })
    }

    fn kind(&self) -> &'static str {
        "Pod"
    }

    fn same_content(&self, other: &Self) -> bool {
        let content = |pod: &Self| (pod.is_finished(), pod.owner.clone());
        (&self.spec, &self.labels, &self.annotations)
            == (&other.spec, &other.labels, &other.annotations)
            && content(self) == content(other)
    }

    fn unite(&mut self, _other: &Self) -> United {
        United::Apart
    }
}

/// The controller among the owners that metadata names.
fn owner(raw: &RawMetadata<'_>) -> Result<Option<ControllerRef>, Invalid> {
    let mut owners = raw.owner_references.iter().flatten();
    let Some(owner) = owners.find(|owner| owner.controller == Some(Flag(true))) else {
        return Ok(None);
    };
    let read = |text: &Option<_>, field: &str| string(Option::clone(text), field);
    Ok(Some(ControllerRef {
        kind: read(&owner.kind, "metadata.ownerReferences.kind")?,
        name: read(&owner.name, "metadata.ownerReferences.name")?,
    }))
}

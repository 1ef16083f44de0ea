//! What makes pods: Deployments, ReplicaSets, StatefulSets, DaemonSets, Jobs, CronJobs and
//! ReplicationControllers.

use std::fmt;
use std::ops::Deref;

use compact_str::CompactString;
use serde::Serialize;

use super::decode::{Decode, Extent, GroupVersion, Served, Source, United};
use super::fields::Invalid;
use super::metadata::{Attached, Metadata, Number, RawMetadata};
use super::piece::Values;
use super::pod_spec::{PodSpec, RawPodSpec};
use super::selector::{RawSelector, selector};
use super::shape::mapping;

/// Which kind of workload.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
pub enum WorkloadKind {
    /// `CronJob`
    CronJob,
    /// `DaemonSet`
    DaemonSet,
    /// `Deployment`
    Deployment,
    /// `Job`
    Job,
    /// `ReplicaSet`
    ReplicaSet,
    /// `ReplicationController`
    ReplicationController,
    /// `StatefulSet`
    StatefulSet,
}

impl WorkloadKind {
    /// All of them.
    pub const ALL: [WorkloadKind; 7] = [
        WorkloadKind::CronJob,
        WorkloadKind::DaemonSet,
        WorkloadKind::Deployment,
        WorkloadKind::Job,
        WorkloadKind::ReplicaSet,
        WorkloadKind::ReplicationController,
        WorkloadKind::StatefulSet,
    ];

    /// The kind as manifests write it.
    pub fn as_str(self) -> &'static str {
        match self {
            WorkloadKind::CronJob => "CronJob",
            WorkloadKind::DaemonSet => "DaemonSet",
            WorkloadKind::Deployment => "Deployment",
            WorkloadKind::Job => "Job",
            WorkloadKind::ReplicaSet => "ReplicaSet",
            WorkloadKind::ReplicationController => "ReplicationController",
            WorkloadKind::StatefulSet => "StatefulSet",
        }
    }

    /// The API group; empty for the core group.
    pub fn group(self) -> &'static str {
        GroupVersion::of(self.api_version()).group
    }

    /// The version in which servers have it.
    fn api_version(self) -> &'static str {
        match self {
            WorkloadKind::DaemonSet
            | WorkloadKind::Deployment
            | WorkloadKind::ReplicaSet
            | WorkloadKind::StatefulSet => "apps/v1",
            WorkloadKind::CronJob | WorkloadKind::Job => "batch/v1",
            WorkloadKind::ReplicationController => "v1",
        }
    }

    /// The kind of this name.
    fn named(name: &str) -> Option<Self> {
        WorkloadKind::ALL
            .into_iter()
            .find(|kind| kind.as_str() == name)
    }

    /// Whether API servers have it in a group and version.
    ///
    /// Source: the deprecated API migration guide of Kubernetes.
    fn served(self, version: &GroupVersion<'_>) -> Served {
        use WorkloadKind::{CronJob, DaemonSet, Deployment, ReplicaSet, StatefulSet};

        match (self, version.group, version.version) {
            (Deployment | ReplicaSet | DaemonSet, "extensions", "v1beta1")
            | (Deployment | StatefulSet, "apps", "v1beta1")
            | (Deployment | ReplicaSet | DaemonSet | StatefulSet, "apps", "v1beta2")
            | (CronJob, "batch", "v1beta1" | "v2alpha1") => Served::Dropped,
            _ => match Served::in_version(self.api_version(), version) {
                // A group of Kubernetes' own that doesn't have it: nothing else is meant.
                Served::OtherGroup
                    if ["", "apps", "batch", "extensions"].contains(&version.group) =>
                {
                    Served::Only(self.api_version())
                }
                served => served,
            },
        }
    }
}

impl fmt::Display for WorkloadKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What makes pods of a template.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
pub struct Workload {
    /// Which kind.
    pub kind: WorkloadKind,
    /// The name and what is attached to it.
    pub metadata: Metadata,
    /// How many pods it asks for; where nothing is said, one. DaemonSets, Jobs and CronJobs don't say it
    /// here.
    pub replicas: Option<i64>,
    /// What is attached to each of its pods.
    pub template: TemplateMetadata,
    /// The spec of each of its pods.
    pub spec: PodSpec,
}

/// What is attached to each pod of a workload.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
pub struct TemplateMetadata {
    /// The labels, sorted by key.
    pub labels: Vec<(String, String)>,
    /// The annotations, sorted by key.
    pub annotations: Box<[(CompactString, Box<str>)]>,
}

impl Deref for Workload {
    type Target = Metadata;

    fn deref(&self) -> &Metadata {
        &self.metadata
    }
}

mapping! {
    /// A workload as it is written.
    struct RawWorkload<'a> expecting "a Kubernetes object" {
        metadata: Box<RawMetadata<'a>> = "metadata",
        spec: RawWorkloadSpec<'a> = "spec",
    }
    once { api_version = "apiVersion", kind = "kind" }
}

mapping! {
    /// The spec of all workloads but a CronJob.
    struct RawWorkloadSpec<'a> expecting "the spec of an object" {
        replicas: Number = "replicas",
        template: Box<RawTemplate<'a>> = "template",
    }
}

mapping! {
    /// `spec.template`
    struct RawTemplate<'a> expecting "the template of pods" {
        metadata: Box<RawMetadata<'a>> = "metadata",
        spec: RawPodSpec<'a> = "spec",
    }
}

mapping! {
    /// The selector of a workload of `apps`.
    struct RawSelecting<'a> expecting "a Kubernetes object" {
        spec: RawSelectingSpec<'a> = "spec",
    }
}

mapping! {
    /// The same in its spec.
    struct RawSelectingSpec<'a> expecting "the spec of an object" {
        selector: RawSelector<'a> = "selector",
    }
}

mapping! {
    /// A CronJob as it is written.
    struct RawCronJob<'a> expecting "a Kubernetes object" {
        metadata: Box<RawMetadata<'a>> = "metadata",
        spec: RawCronSpec<'a> = "spec",
    }
    once { api_version = "apiVersion", kind = "kind" }
}

mapping! {
    /// The spec of a CronJob.
    struct RawCronSpec<'a> expecting "the spec of an object" {
        job_template: RawJobTemplate<'a> = "jobTemplate",
    }
}

mapping! {
    /// `spec.jobTemplate`
    struct RawJobTemplate<'a> expecting "the template of jobs" {
        spec: RawWorkloadSpec<'a> = "spec",
    }
}

impl Decode for Workload {
    const KINDS: &'static [&'static str] = &[
        "CronJob",
        "DaemonSet",
        "Deployment",
        "Job",
        "ReplicaSet",
        "ReplicationController",
        "StatefulSet",
    ];

    /// Whether any of the kinds is in a group and version.
    fn served(version: &GroupVersion<'_>) -> Served {
        let served = WorkloadKind::ALL.map(|kind| kind.served(version));
        let any = |wanted: Served| served.contains(&wanted).then_some(wanted);
        any(Served::Current)
            .or_else(|| any(Served::Dropped))
            .unwrap_or(Served::OtherGroup)
    }

    fn served_kind(kind: &str, version: &GroupVersion<'_>) -> Served {
        WorkloadKind::named(kind).map_or(Served::OtherGroup, |kind| kind.served(version))
    }

    fn decode(source: &mut Source<'_>) -> Result<Self, Invalid> {
        let Some(kind) = WorkloadKind::named(source.kind()) else {
            return Err(Invalid::new("kind: no workload is called so"));
        };
        let (raw_metadata, spec, field) = if kind == WorkloadKind::CronJob {
            let raw: RawCronJob<'_> = source.read_by_field(Values::Told)?;
            let jobs = raw.spec.and_then(|spec| spec.job_template);
            let spec = jobs.and_then(|jobs| jobs.spec);
            (raw.metadata, spec, "spec.jobTemplate.spec.template")
        } else {
            let raw: RawWorkload<'_> = source.read_by_field(Values::Told)?;
            (raw.metadata, raw.spec, "spec.template")
        };
        let mut metadata = source.metadata(raw_metadata, Extent::Namespaced)?;
        let spec = spec.unwrap_or_default();
        let template = spec.template.map(|template| *template).unwrap_or_default();
        let attached = attached(template.metadata, field)?;
        let replicas = match kind {
            WorkloadKind::Deployment
            | WorkloadKind::ReplicaSet
            | WorkloadKind::ReplicationController
            | WorkloadKind::StatefulSet => spec.replicas.map(|number| number.0),
            WorkloadKind::CronJob | WorkloadKind::DaemonSet | WorkloadKind::Job => None,
        };
        if let Some(replicas @ ..0) = replicas {
            return Err(Invalid::new(format!(
                "spec.replicas: invalid value `{replicas}`: must be greater than or equal to 0"
            )));
        }
        let spec = PodSpec::read(template.spec, &format!("{field}.spec"))?;
        let is_current = source.group_version() == GroupVersion::of(kind.api_version());
        if is_current && kind.group() == "apps" {
            check_selector(source, &attached)?;
        }
        source.fill_in_namespace(&mut metadata);
        Ok(Workload {
            kind,
            metadata,
            replicas,
            template: attached,
            spec,
        })
    }

    fn kind(&self) -> &'static str {
        self.kind.as_str()
    }

    fn same_content(&self, other: &Self) -> bool {
        (&self.spec, &self.template, self.replicas, &self.labels)
            == (&other.spec, &other.template, other.replicas, &other.labels)
    }

    fn unite(&mut self, _other: &Self) -> United {
        United::Apart
    }
}

/// That a workload selects the pods that it makes. A patch of kustomize's, which looks like a workload,
/// mostly doesn't.
///
/// Source: `ValidateDeploymentSpec` and its like.
fn check_selector(source: &Source<'_>, template: &TemplateMetadata) -> Result<(), Invalid> {
    let raw: RawSelecting<'_> = source.read_by_field(Values::Told)?;
    let Some(raw) = raw.spec.and_then(|spec| spec.selector) else {
        return Err(Invalid::new("spec.selector: required value"));
    };
    let selector = selector(raw, "spec.selector")?;
    if selector.match_labels.is_empty() && selector.match_expressions.is_empty() {
        return Err(Invalid::new(
            "spec.selector: an empty one is not valid here",
        ));
    }
    if !selector.matches(&template.labels) {
        return Err(Invalid::new(
            "spec.template.metadata.labels: `selector` does not match template `labels`",
        ));
    }
    Ok(())
}

/// What a template attaches to its pods.
fn attached(raw: Option<Box<RawMetadata<'_>>>, field: &str) -> Result<TemplateMetadata, Invalid> {
    let mut raw = raw.unwrap_or_default();
    let read = raw.attached().map_err(|error| error.below(field))?;
    let Attached {
        labels,
        annotations,
        ..
    } = read;
    Ok(TemplateMetadata {
        labels,
        annotations,
    })
}

//! Pods: getting into them, and what is found there.

use crate::cluster::VersionSource;
use crate::kube::{
    ContainerRole, EnvironmentKind, Metadata, Minor, Pod, PodSpec, ProjectedSource, ServiceAccount,
    VolumeSource, Workload, WorkloadKind,
};

use super::edge::EdgeId;
use super::escape::may_escape;
use super::haves::AreaView;
use super::index::{PathIndex, narrow};
use super::model::{Area, Certainty, Ground, PathNode};
use super::power::Power;
use super::search::Search;
use super::sink::Sink;

/// Where a pod finds the token of its account.
///
/// Source: `DefaultAPITokenMountPath` of the admission plugin ServiceAccount.
const TOKEN_PATH: &str = "/var/run/secrets/kubernetes.io/serviceaccount";
/// The annotation of pods that a node runs by itself: they have no account, and no Secrets of the API.
const MIRROR: &str = "kubernetes.io/config.mirror";
/// How audiences begin that may be the API server's own. Which it is, its flags say.
const AUDIENCES: [&str; 4] = [
    "https://kubernetes.default.svc",
    "https://container.googleapis.com/v1/projects/",
    "https://oidc.eks.",
    "https://oidc.prod-aks.azure.com/",
];
/// What a server adds to a version of kubelets at most.
///
/// Source: Kubernetes' version skew policy.
const SKEW: u16 = 3;

/// Whether a pod is one that a node runs by itself, of which the API shows a copy.
pub(super) fn is_mirror(pod: &Pod) -> bool {
    pod.annotation(MIRROR).is_some()
}

/// How sure it is that a cluster is older than a version; none where it isn't.
pub(super) fn is_before(index: &PathIndex<'_>, version: Minor) -> Option<Certainty> {
    let known = index.rbac.snapshot().version();
    let is_older = known.minor < version;
    match known.told_by {
        VersionSource::Nothing => Some(Certainty::State),
        VersionSource::User => is_older.then_some(Certainty::Definite),
        // The server may be newer than its nodes.
        VersionSource::Nodes { .. } => {
            is_older.then(|| match known.minor.distance(version) > SKEW {
                true => Certainty::Definite,
                false => Certainty::State,
            })
        }
    }
}

/// How a token of a pod's account stands in its files, if it does.
fn token_of(index: &PathIndex<'_>, metadata: &Metadata, spec: &PodSpec) -> Option<Certainty> {
    let containers = spec.containers.iter();
    let mut containers = containers.filter(|container| container.role != ContainerRole::Ephemeral);
    let accounts = index.rbac.snapshot().objects().of::<ServiceAccount>();
    let of_account = || {
        let key = (&*metadata.namespace, spec.service_account());
        let at = accounts.binary_search_by(|one| (&*one.namespace, &*one.name).cmp(&key));
        at.ok().and_then(|at| accounts[at].automount)
    };
    let automounts = spec.automount_service_account_token.or_else(of_account);
    // What is mounted there already isn't covered.
    let is_free = containers.any(|container| {
        let mut mounts = container.volume_mounts.iter();
        !mounts.any(|mount| mount.mount_path.trim_end_matches('/') == TOKEN_PATH)
    });
    if automounts != Some(false) && is_free {
        return Some(Certainty::Definite);
    }
    let volumes = spec.volumes.iter();
    let tokens = volumes.filter_map(|volume| {
        let VolumeSource::Projected(sources) = &volume.source else {
            return None;
        };
        let sources = sources.iter().filter_map(|source| match source {
            ProjectedSource::ServiceAccountToken { audience } => audience_of(audience.as_deref()),
            _ => None,
        });
        let certainty = sources.min()?;
        Some(certainty.max(reading_of(spec, &volume.name)))
    });
    tokens.min()
}

/// How sure it is that an API server takes tokens for an audience.
fn audience_of(audience: Option<&str>) -> Option<Certainty> {
    match audience {
        None => Some(Certainty::Definite),
        Some(of) => {
            let mut known = AUDIENCES.iter();
            known
                .any(|known| of.starts_with(known))
                .then_some(Certainty::State)
        }
    }
}

/// How sure a volume is read from inside: where no container mounts it, a container may still be added that
/// does.
fn reading_of(spec: &PodSpec, volume: &str) -> Certainty {
    let mut containers = spec.containers.iter();
    let is_mounted = containers.any(|container| {
        let mut mounts = container.volume_mounts.iter();
        mounts.any(|mount| mount.name == volume)
    });
    match is_mounted {
        true => Certainty::Definite,
        false => Certainty::State,
    }
}

/// The Secrets that are read from inside of a pod, by the files and the environment of its containers.
///
/// Those that images are pulled by stay with the node, and those of a CSI driver with the driver, which may
/// hand on what it gets for them.
fn secrets_inside(spec: &PodSpec) -> Vec<(&str, Certainty)> {
    let mut found = Vec::new();
    for volume in &spec.volumes {
        let reading = reading_of(spec, &volume.name);
        match &volume.source {
            VolumeSource::Secret { name, .. } => found.push((&**name, reading)),
            VolumeSource::Projected(sources) => {
                for source in sources {
                    if let ProjectedSource::Secret { name, .. } = source {
                        found.push((name, reading));
                    }
                }
            }
            VolumeSource::Csi {
                node_publish_secret: Some(name),
                ..
            } => found.push((name, Certainty::State)),
            _ => {}
        }
    }
    for container in &spec.containers {
        let from = container.environment.iter();
        let from = from.filter(|from| from.kind == EnvironmentKind::Secret);
        found.extend(from.map(|from| (&*from.name, Certainty::Definite)));
    }
    found
}

/// Whether a workload makes pods at all.
pub(super) fn makes_pods(workload: &Workload) -> bool {
    workload.replicas != Some(0)
}

/// Whether a workload makes a pod of this name: a StatefulSet numbers its pods.
fn makes_pod_named(workload: &Workload, name: &str) -> bool {
    workload.kind == WorkloadKind::StatefulSet
        && makes_pods(workload)
        && name
            .strip_prefix(&*workload.name)
            .and_then(|rest| rest.strip_prefix('-'))
            .and_then(|number| number.parse::<i64>().ok().map(|at| (number, at)))
            .is_some_and(|(number, at)| {
                at.to_string() == number && (0..workload.replicas.unwrap_or(1)).contains(&at)
            })
}

impl Search<'_> {
    /// Getting into pods that are there.
    pub(super) fn enter_pods(&mut self, view: &AreaView<'_>) {
        const EXEC: &[Power] = &[Power::CreateExec];
        const ATTACH: &[Power] = &[Power::CreateAttach];
        let definite = Certainty::Definite;
        let state = Certainty::State;
        self.enter(view, EdgeId::Exec, definite, EXEC);
        // What runs there takes input only where its spec says so.
        self.enter(view, EdgeId::Exec, state, ATTACH);
        if let Some(certainty) = is_before(self.index, Minor::EXEC_TAKES_CREATE) {
            self.enter(view, EdgeId::Exec, certainty, &[Power::GetExec]);
            self.enter(view, EdgeId::Exec, state, &[Power::GetAttach]);
        }
        let ephemeral = [Power::UpdateEphemeral, Power::PatchEphemeral];
        self.enter(view, EdgeId::Ephemeral, state, &ephemeral);
        // A node writes the status of its pods, and deletes them.
        if !self.is_node(view.who) {
            let patch = [Power::UpdatePod, Power::PatchPod];
            self.enter(view, EdgeId::PodPatch, state, &patch);
        }
    }

    fn enter(&mut self, view: &AreaView<'_>, edge: EdgeId, certainty: Certainty, powers: &[Power]) {
        if let Some(ground) = view.unnamed_of(powers) {
            let grounds = vec![ground];
            if view.is_of_here(&grounds) {
                self.reach_as(PathNode::Pods(view.area), edge, certainty, grounds);
            }
            return;
        }
        let index = self.index;
        for name in view.listed(powers) {
            let Some(ground) = view.named_of(powers, name) else {
                continue;
            };
            for pod in index.pods_in(view.area) {
                let of = &index.pods[pod as usize];
                if *of.name == *name && !of.is_finished() {
                    let node = PathNode::Pod(pod);
                    self.reach_as(node, edge, certainty, vec![ground.clone()]);
                }
            }
            for workload in index.all_workloads_in(view.area) {
                if makes_pod_named(&index.all_workloads[workload as usize], name) {
                    let node = PathNode::Workload(workload);
                    let certainty = certainty.max(Certainty::State);
                    self.reach_as(node, edge, certainty, vec![ground.clone()]);
                }
            }
        }
    }

    /// The pods of an area, and the workloads, whose pods a repository doesn't hold.
    pub(super) fn open_pods(&mut self, class: PathNode, area: Area) {
        let index = self.index;
        for pod in index.pods_in(area) {
            if !index.pods[pod as usize].is_finished() {
                self.member_of(PathNode::Pod(pod), class, Certainty::Definite);
            }
        }
        for workload in index.all_workloads_in(area) {
            if makes_pods(&index.all_workloads[workload as usize]) {
                self.member_of(PathNode::Workload(workload), class, Certainty::State);
            }
        }
    }

    /// What is found in a pod.
    pub(super) fn open_pod(&mut self, node: PathNode, pod: u32) {
        let pod = &self.index.pods[pod as usize];
        self.look_inside(node, pod, &pod.spec, is_mirror(pod));
        let machine = pod.spec.node_name.as_deref();
        let machine = machine.and_then(|name| self.index.machine(name));
        self.escape(node, pod, &pod.spec, machine);
    }

    /// What is found in the pods of a workload.
    pub(super) fn open_workload(&mut self, node: PathNode, workload: u32) {
        let workload = &self.index.all_workloads[workload as usize];
        self.look_inside(node, workload, &workload.spec, false);
        let machine = workload.spec.node_name.as_deref();
        let machine = machine.and_then(|name| self.index.machine(name));
        self.escape(node, workload, &workload.spec, machine);
    }

    fn look_inside(
        &mut self,
        node: PathNode,
        metadata: &Metadata,
        spec: &PodSpec,
        is_mirror: bool,
    ) {
        let index = self.index;
        let Some(namespace) = index.namespace(&metadata.namespace).filter(|_| !is_mirror) else {
            return;
        };
        if let Some(certainty) = token_of(index, metadata, spec)
            && let Some(account) = index.account(namespace, spec.service_account())
        {
            let grounds = [Ground::Node(node)];
            self.take_account_as(account, EdgeId::PodAccount, certainty, &grounds);
        }
        let inside = secrets_inside(spec);
        if inside.is_empty() {
            return;
        }
        for secret in index.secrets_in(Area::Namespace(namespace)) {
            let named = inside
                .iter()
                .filter(|(name, _)| *index.secrets[secret].name == **name);
            if let Some(certainty) = named.map(|(_, certainty)| *certainty).min() {
                let secret = PathNode::Secret(narrow(secret));
                self.reach_as(
                    secret,
                    EdgeId::PodSecrets,
                    certainty,
                    vec![Ground::Node(node)],
                );
            }
        }
    }

    /// From a pod onto its node. Where the input doesn't tell which that is, it may be any that takes all
    /// pods.
    fn escape(
        &mut self,
        node: PathNode,
        metadata: &Metadata,
        spec: &PodSpec,
        machine: Option<u32>,
    ) {
        let index = self.index;
        let grounds = vec![Ground::Node(node)];
        if index.is_of_azure {
            let sink = PathNode::Sink(Sink::MachineIdentities);
            self.reach(sink, EdgeId::PodImds, grounds.clone());
        }
        if !may_escape(index.rbac.snapshot(), &metadata.namespace, spec) {
            return;
        }
        if let Some(machine) = machine {
            self.reach(PathNode::Host(machine), EdgeId::PodEscape, grounds);
            return;
        }
        let machines = 0..narrow(index.machines.len());
        let open: Vec<u32> = machines
            .clone()
            .filter(|&one| index.takes_all_pods(one))
            .collect();
        let candidates = match open.is_empty() {
            true => machines.collect(),
            false => open,
        };
        if candidates.is_empty() {
            self.reach(PathNode::Hosts, EdgeId::PodEscape, grounds.clone());
        }
        for machine in candidates {
            self.reach(PathNode::Host(machine), EdgeId::PodEscape, grounds.clone());
        }
    }
}

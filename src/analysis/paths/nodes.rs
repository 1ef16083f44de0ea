//! Nodes: what is on them, and what their kubelets are asked.

use crate::kube::{Node, Pod, PodSpec, WorkloadKind};

use super::edge::EdgeId;
use super::escape::writes_logs;
use super::haves::AreaView;
use super::index::{PathIndex, narrow};
use super::joint::secrets_of;
use super::model::{Area, Certainty, Ground, PathNode};
use super::pods::{is_mirror, makes_pods};
use super::power::Power;
use super::search::Search;
use super::sink::Sink;
use super::steps::HalfKind;

/// The labels of nodes that the control plane runs on, from which whoever is root takes its keys.
const CONTROL_PLANE: [&str; 2] = [
    "node-role.kubernetes.io/control-plane",
    "node-role.kubernetes.io/master",
];
/// How labels begin that AKS gives its nodes.
const AZURE: &str = "kubernetes.azure.com/";

/// Whether AKS made a node.
pub(super) fn is_of_azure(node: &Node) -> bool {
    node.labels.iter().any(|(key, _)| key.starts_with(AZURE))
}

fn is_control_plane(node: &Node) -> bool {
    let mut labels = node.labels.iter();
    labels.any(|(key, _)| CONTROL_PLANE.contains(&&**key))
}

impl PathIndex<'_> {
    /// Whether pods that say nothing of nodes may come to this one.
    pub(super) fn takes_all_pods(&self, machine: u32) -> bool {
        self.node(machine).is_none_or(|node| {
            let mut taints = node.taints.iter().flatten();
            !taints.any(|taint| taint.effect == "NoSchedule" || taint.effect == "NoExecute")
        })
    }
}

impl Search<'_> {
    /// What whoever is root on a node has.
    pub(super) fn open_host(&mut self, node: PathNode, machine: u32) {
        self.member_of(PathNode::Machine(machine), node, Certainty::Definite);
        if self.index.node(machine).is_some_and(is_control_plane) {
            let everything = PathNode::Everything(Area::Cluster);
            for found in [everything, PathNode::Masters] {
                self.reach(found, EdgeId::NodeControlPlane, vec![Ground::Node(node)]);
            }
        }
    }

    /// DaemonSets have a pod on every node, but for what the input doesn't tell of nodes.
    pub(super) fn open_daemons(&mut self, node: PathNode) {
        let index = self.index;
        for workload in index.daemon_sets.iter().copied() {
            let workload = &index.all_workloads[workload as usize];
            self.take_from_node(
                &workload.namespace,
                &workload.spec,
                (EdgeId::NodePods, Certainty::State),
                &[Ground::Node(node)],
            );
        }
    }

    /// The account of a pod that runs on a node that is held, and the Secrets that it may read.
    fn take_from_node(
        &mut self,
        namespace: &str,
        spec: &PodSpec,
        (edge, certainty): (EdgeId, Certainty),
        grounds: &[Ground],
    ) {
        let index = self.index;
        let Some(namespace) = index.namespace(namespace) else {
            return;
        };
        if let Some(account) = index.account(namespace, spec.service_account()) {
            self.take_account_as(account, edge, certainty, grounds);
        }
        let names = secrets_of(spec);
        for secret in index.secrets_in(Area::Namespace(namespace)) {
            if names.contains(&&*index.secrets[secret].name) {
                let secret = PathNode::Secret(narrow(secret));
                self.reach_as(secret, edge, certainty, grounds.to_vec());
            }
        }
    }

    /// What someone asks of kubelets, and writes of nodes.
    pub(super) fn ask_nodes(&mut self, view: &AreaView<'_>) {
        let index = self.index;
        let proxy = [Power::GetNodeProxy, Power::CreateNodeProxy];
        if let Some(ground) = view.unnamed_of(&proxy) {
            let pods = PathNode::Pods(Area::EveryNamespace);
            self.reach(pods, EdgeId::NodesProxy, vec![ground.clone()]);
            self.half(HalfKind::NodeProxied, view, None, vec![ground]);
        }
        for name in view.listed(&proxy) {
            let Some(ground) = view.named_of(&proxy, name) else {
                continue;
            };
            if let Some(machine) = index.machine(name) {
                self.enter_node(machine, &ground);
            }
            self.half(HalfKind::NodeProxied, view, Some(name), vec![ground]);
        }
        let reads = [
            Power::GetNodeLog,
            Power::GetNodePods,
            Power::GetNodeConfigz,
            Power::GetNodeStats,
        ];
        if let Some(ground) = reads.iter().find_map(|&power| view.any(power)) {
            let sink = PathNode::Sink(Sink::Kubelets);
            self.reach(sink, EdgeId::KubeletRead, vec![ground]);
        }
        self.named_halves(
            view,
            HalfKind::LogsRead,
            &[Power::GetNodeLog, Power::GetNodeProxy],
        );
        // A node writes of itself alone.
        if !self.is_node(view.who) {
            self.write_nodes(view);
        }
    }

    fn write_nodes(&mut self, view: &AreaView<'_>) {
        let status = [Power::UpdateNodeStatus, Power::PatchNodeStatus];
        self.named_halves(view, HalfKind::NodeReported, &status);
        if let Some(ground) = view.unnamed(Power::CreateNode) {
            self.half(HalfKind::NodeMade, view, None, vec![ground]);
        }
        for name in view.listed(&[Power::CreateNode, Power::PatchNode]) {
            let made = view.made_by_name(Power::CreateNode, &[Power::PatchNode], name);
            if let Some(grounds) = made.filter(|_| self.index.machine(name).is_none()) {
                self.half(HalfKind::NodeMade, view, Some(name), grounds);
            }
        }
        let unschedules = [
            Power::UpdateNode,
            Power::PatchNode,
            Power::UpdateNodeStatus,
            Power::PatchNodeStatus,
            Power::DeleteNode,
        ];
        self.named_halves(view, HalfKind::NodeLeft, &unschedules);
        // A taint evicts.
        if let Some(ground) = view.unnamed_of(&[Power::UpdateNode, Power::PatchNode]) {
            self.half_in(
                HalfKind::PodsEvicted,
                Area::EveryNamespace,
                None,
                vec![ground],
            );
        }
    }

    /// Halves of requests that carry a name: one for all, or one for each that is listed.
    fn named_halves(&mut self, view: &AreaView<'_>, kind: HalfKind, powers: &[Power]) {
        if let Some(ground) = view.unnamed_of(powers) {
            self.half(kind, view, None, vec![ground]);
        }
        for name in view.listed(powers) {
            if let Some(ground) = view.named_of(powers, name) {
                self.half(kind, view, Some(name), vec![ground]);
            }
        }
    }

    /// Pods that someone evicts, or puts onto a node of choice.
    pub(super) fn move_pods(&mut self, view: &AreaView<'_>) {
        if self.is_node(view.who) {
            return;
        }
        if let Some(ground) = view.unnamed_of(&[Power::DeletePod, Power::EvictPod]) {
            self.half(HalfKind::PodsEvicted, view, None, vec![ground]);
        }
        if let Some(ground) = view.unnamed(Power::BindPod) {
            self.half(HalfKind::PodsBound, view, None, vec![ground]);
        }
    }

    /// The pods of one node, by its kubelet.
    fn enter_node(&mut self, machine: u32, ground: &Ground) {
        let index = self.index;
        for &pod in &index.pods_on[machine as usize] {
            if !index.pods[pod as usize].is_finished() {
                let node = PathNode::Pod(pod);
                self.reach(node, EdgeId::NodesProxy, vec![ground.clone()]);
            }
        }
        for workload in index.daemon_sets.iter().copied() {
            let node = PathNode::Workload(workload);
            let state = Certainty::State;
            self.reach_as(node, EdgeId::NodesProxy, state, vec![ground.clone()]);
        }
    }

    /// What requests about nodes make together.
    pub(super) fn join_nodes(&mut self) {
        let held: Vec<u32> = self.reached().iter().filter_map(machine_of).collect();
        if !self.halves(HalfKind::NodeProxied).is_empty() {
            self.join_proxies(&held);
        }
        if !self.halves(HalfKind::LogsRead).is_empty() {
            self.join_logs();
        }
        if !held.is_empty() {
            self.join_steering(&held);
        }
    }

    /// A node whose address becomes the API server's own, which then asks itself, as its kubelet client.
    fn join_proxies(&mut self, held: &[u32]) {
        let everything = PathNode::Everything(Area::Cluster);
        if self.has(everything) {
            return;
        }
        let proxied = self.halves(HalfKind::NodeProxied).to_vec();
        for proxy in proxied {
            let name = proxy.name.as_deref();
            let any_name = |kind| {
                let half = self.halves(kind).first();
                half.map(|half| half.grounds.as_slice())
            };
            let told = match name {
                Some(_) => self.half_over(HalfKind::NodeReported, Area::Cluster, name),
                None => any_name(HalfKind::NodeReported),
            };
            let made = match name {
                Some(_) => self.half_over(HalfKind::NodeMade, Area::Cluster, name),
                None => any_name(HalfKind::NodeMade),
            };
            // A node says its own address.
            let own = held.iter().find(|&&machine| {
                name.is_none_or(|name| self.index.machines[machine as usize] == name)
            });
            let own = own.map(|&machine| vec![Ground::Node(PathNode::Machine(machine))]);
            let other = told.or(made).map(<[Ground]>::to_vec);
            if let Some(other) = other.or(own) {
                let grounds = [other, proxy.grounds.clone()].concat();
                self.reach(everything, EdgeId::NodesStatusProxy, grounds);
            }
        }
    }

    /// Logs of a node, where a pod puts links to other files.
    fn join_logs(&mut self) {
        let index = self.index;
        let reached = self.reached().to_vec();
        for node in reached {
            let (namespace, spec): (&str, &PodSpec) = match node {
                PathNode::Pod(pod) => {
                    let pod = &index.pods[pod as usize];
                    (&pod.namespace, &pod.spec)
                }
                PathNode::Workload(workload) => {
                    let workload = &index.all_workloads[workload as usize];
                    (&workload.namespace, &workload.spec)
                }
                _ => continue,
            };
            let Some(name) = spec.node_name.as_deref() else {
                continue;
            };
            if let Some(machine) = index.machine(name)
                && let Some(read) = self.half_over(HalfKind::LogsRead, Area::Cluster, Some(name))
                && writes_logs(index.rbac.snapshot(), namespace, spec)
            {
                let grounds = [&[Ground::Node(node)], read].concat();
                self.reach(PathNode::Host(machine), EdgeId::PodEscape, grounds);
            }
        }
    }

    /// Pods of others that come to a node that is held.
    fn join_steering(&mut self, held: &[u32]) {
        let evicted = self.halves(HalfKind::PodsEvicted).to_vec();
        let bound = self.halves(HalfKind::PodsBound).to_vec();
        let home = Ground::Node(PathNode::Machine(held[0]));
        for half in bound {
            let grounds = [vec![home.clone()], half.grounds].concat();
            self.steer(half.area, &grounds, |pod| {
                pod.spec.node_name.is_none() && pod.owner.is_some()
            });
        }
        if evicted.is_empty() {
            return;
        }
        let Some(closed) = self.others_closed(held) else {
            return;
        };
        for half in evicted {
            let grounds = [vec![home.clone()], half.grounds, closed.clone()].concat();
            // What nobody makes anew is gone, and a DaemonSet's pods stay with their nodes.
            self.steer(half.area, &grounds, |pod| {
                let owner = pod.owner.as_ref();
                owner.is_some_and(|owner| owner.kind != "DaemonSet" && owner.kind != "Node")
            });
        }
    }

    /// What keeps pods from all nodes but those that are held.
    fn others_closed(&self, held: &[u32]) -> Option<Vec<Ground>> {
        if let Some(all) = self.half_over(HalfKind::NodeLeft, Area::Cluster, None) {
            return Some(all.to_vec());
        }
        let others = 0..narrow(self.index.machines.len());
        let others: Vec<u32> = others.filter(|machine| !held.contains(machine)).collect();
        if others.is_empty() {
            return None;
        }
        let mut grounds = Vec::new();
        for machine in others {
            let name = self.index.machines[machine as usize];
            let left = self.half_over(HalfKind::NodeLeft, Area::Cluster, Some(name))?;
            grounds.extend_from_slice(left);
        }
        Some(grounds)
    }

    fn steer(&mut self, area: Area, grounds: &[Ground], moves: impl Fn(&Pod) -> bool) {
        let index = self.index;
        let how = (EdgeId::Steer, EdgeId::Steer.certainty());
        for pod in index.pods_in(area) {
            let pod = &index.pods[pod as usize];
            if moves(pod) && !pod.is_finished() && !is_mirror(pod) {
                self.take_from_node(&pod.namespace, &pod.spec, how, grounds);
            }
        }
        for workload in index.all_workloads_in(area) {
            let workload = &index.all_workloads[workload as usize];
            if workload.kind != WorkloadKind::DaemonSet && makes_pods(workload) {
                self.take_from_node(&workload.namespace, &workload.spec, how, grounds);
            }
        }
    }
}

fn machine_of(node: &PathNode) -> Option<u32> {
    match node {
        PathNode::Machine(machine) => Some(*machine),
        _ => None,
    }
}

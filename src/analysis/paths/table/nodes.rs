//! What a node has, and what leads to it.

use crate::diagnostic::Severity;

use super::super::model::Certainty;
use super::{EdgeGroup, EdgeSeverity, EdgeText, Proof};

pub(super) static NODES: &[EdgeText] = &[
    EdgeText {
        id: "node-pods",
        group: EdgeGroup::Nodes,
        certainty: Certainty::Definite,
        less_sure: None,
        severity: EdgeSeverity::Fixed(Severity::High),
        from: "a Node",
        to: "the pods on it: their accounts, and the Secrets and ConfigMaps that they mount",
        condition: "None. A pod's `nodeName` is the node; a DaemonSet's pods are on every node.",
        why: "The Node authorizer lets a kubelet read what its pods mount, and make tokens of their accounts \
            that are bound to them.",
        blocked: Some(
            "NodeRestriction keeps a node to its own pods: no Secret of others, no token of an account without \
            a pod there, no new pod but a mirror of a static one.",
        ),
        close: "Keep strong accounts and their Secrets on nodes of their own, by taints and node selectors.",
        proof: &[Proof::Performed(&["CSR-NODECLIENT"]), Proof::Recorded],
    },
    EdgeText {
        id: "node-rbac",
        group: EdgeGroup::Nodes,
        certainty: Certainty::Definite,
        less_sure: None,
        severity: EdgeSeverity::Fixed(Severity::High),
        from: "a Node",
        to: "what is bound to Group `system:nodes`, or to User `system:node:N`",
        condition: "None. A binding names the group or the user.",
        why: "RBAC adds to what the Node authorizer allows, and doesn't know which pods are on the node. AKS \
            clusters of 2022 and 2023 bind ClusterRole `system:node` to the group, so that each node may list \
            every Secret.",
        blocked: None,
        close: "Remove `system:nodes` from bindings: the Node authorizer gives kubelets what they need.",
        proof: &[Proof::Source(
            "the RBAC authorizer, and dumps of such clusters",
        )],
    },
    EdgeText {
        id: "node-control-plane",
        group: EdgeGroup::Nodes,
        certainty: Certainty::Definite,
        less_sure: None,
        severity: EdgeSeverity::Fixed(Severity::Critical),
        from: "a Node of the control plane",
        to: "cluster-admin",
        condition: "None. The input has a Node of that role (label `node-role.kubernetes.io/control-plane`). \
            Managed clusters such as AKS have none.",
        why: "Such a node holds etcd's data, the CA's keys, and the credentials of the API server.",
        blocked: None,
        close: "Run no other pods there: keep the taint, and remove tolerations of it.",
        proof: &[Proof::Documentation(
            "Kubernetes: Cluster Architecture, PKI certificates",
        )],
    },
    EdgeText {
        id: "nodes-proxy",
        group: EdgeGroup::Nodes,
        certainty: Certainty::Definite,
        less_sure: None,
        severity: EdgeSeverity::Fixed(Severity::Critical),
        from: "someone",
        to: "all pods of a Node",
        condition: "`get` or `create` on `nodes/proxy`, by a ClusterRoleBinding; with resourceNames, N is among \
            them. `get` is enough at the kubelet itself; by way of the API server a POST takes `create`.",
        why: "The kubelet asks for `nodes/proxy` before it runs a command in a pod. A WebSocket begins with a \
            GET, which is judged as `get`. Finer rights on the kubelet's API don't change that. No admission \
            and no audit of the API server sees a command that is sent to the kubelet.",
        blocked: Some("A network without a way to the kubelets, for those who have `get` alone."),
        close: "Remove `nodes/proxy`; monitoring needs `nodes/metrics` or `nodes/stats`.",
        proof: &[
            Proof::Performed(&["NODE-PROXY"]),
            Proof::Documentation("KEP-2862"),
        ],
    },
    EdgeText {
        id: "nodes-status-proxy",
        group: EdgeGroup::Nodes,
        certainty: Certainty::State,
        less_sure: None,
        severity: EdgeSeverity::Fixed(Severity::Critical),
        from: "someone",
        to: "the identity by which the API server asks kubelets",
        condition: "By ClusterRoleBindings: `update` or `patch` on `nodes/status`, or `create` on `nodes`; and \
            `get` or `create` on `nodes/proxy`; with resourceNames, of the same Node. These are different \
            requests.",
        why: "The Node's status says where its kubelet is. Where it says the API server's own address, \
            the API server asks itself with its client certificate. With kubeadm that is `system:masters` below \
            1.29 and since then Group `kubeadm:cluster-admins`, which is bound to cluster-admin; of AKS it \
            isn't known.",
        blocked: Some(
            "A check of the kubelets' certificates; an egress selector such as AKS' konnectivity.",
        ),
        close: "Keep writes of `nodes/status` and `nodes/proxy` apart; remove `nodes/proxy`.",
        proof: &[Proof::Performed(&["NODE-PROXY", "NODE-CREATE"])],
    },
    EdgeText {
        id: "kubelet-read",
        group: EdgeGroup::Nodes,
        certainty: Certainty::State,
        less_sure: None,
        severity: EdgeSeverity::Fixed(Severity::Medium),
        from: "someone",
        to: "specifications and logs of a Node's pods",
        condition: "`get` on `nodes/log`, `nodes/pods`, `nodes/configz` or `nodes/stats`, by a \
            ClusterRoleBinding; with resourceNames, N is among them.",
        why: "The kubelet answers these without `nodes/proxy`. `nodes/log` reads the files of `/var/log`.",
        blocked: Some(
            "A kubelet of a version without the finer rights; a network without a way to it.",
        ),
        close: "Grant `nodes/metrics` or `nodes/stats` alone.",
        proof: &[Proof::Documentation("KEP-2862")],
    },
    EdgeText {
        id: "steer",
        group: EdgeGroup::Nodes,
        certainty: Certainty::Somebody,
        less_sure: None,
        severity: EdgeSeverity::Fixed(Severity::High),
        from: "someone who also holds a Node",
        to: "pods of others, which come to that Node",
        condition: "A Node is held. Either pods are driven away (`delete` on `pods`, `create` on \
            `pods/eviction`, or a NoExecute taint) and the other nodes are closed (`update` or `patch` on \
            `nodes` or `nodes/status`, or `delete` on `nodes`); or pending pods are put there: `create` on \
            `pods/binding`. These are different requests.",
        why: "The scheduler places a pod that was driven away on the node that is left; a binding of a pod is \
            the scheduler's own word, and a right on it is all that is asked.",
        blocked: Some("NodeRestriction, for what a node does to other nodes."),
        close: "Leave `pods/binding` to schedulers; keep rights on nodes apart from rights on others' pods.",
        proof: &[Proof::Performed(&["BINDING"])],
    },
];

//! The edges: by which steps someone becomes someone else.

use super::model::Certainty;

macro_rules! edges {
    ($( $edge:ident $id:literal $certainty:ident; )*) => {
        /// A kind of step, by which what is held leads to more.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum EdgeId {
            $( #[doc = concat!("`", $id, "`")] $edge, )*
        }

        /// All edges.
        pub const EDGES: &[EdgeId] = &[ $( EdgeId::$edge, )* ];

        impl EdgeId {
            /// The edge's name, as `--edges` takes it.
            pub fn as_str(self) -> &'static str {
                match self { $( EdgeId::$edge => $id, )* }
            }

            /// How sure a step of this kind is where the input shows all that it can.
            pub fn certainty(self) -> Certainty {
                match self { $( EdgeId::$edge => Certainty::$certainty, )* }
            }
        }
    };
}

edges! {
    Member "member" Definite;
    SameName "same-name" Definite;
    Masters "masters" Definite;
    Everything "everything" Definite;
    EverythingNs "everything-ns" Definite;
    Bind "bind" Definite;
    BindPut "bind-put" Definite;
    BindHeld "bind-held" Definite;
    BindCovered "bind-covered" Definite;
    GiveByRole "give-by-role" Definite;
    Escalate "escalate" Definite;
    Aggregate "aggregate" Definite;
    TakeoverRole "takeover-role" Definite;
    ImpersonateUser "impersonate-user" Definite;
    ImpersonateGroup "impersonate-group" Definite;
    ImpersonateSa "impersonate-sa" Definite;
    ImpersonateNode "impersonate-node" Definite;
    Token "token" Definite;
    Ghost "ghost" Definite;
    TokenSecret "token-secret" Definite;
    SecretRetarget "secret-retarget" Definite;
    SecretRead "secret-read" Definite;
    SecretToSa "secret-to-sa" Definite;
    CsrApprove "csr-approve" State;
    CsrNodeclient "csr-nodeclient" State;
    BootstrapToken "bootstrap-token" State;
    CsrPut "csr-put" State;
    ImpersonateConstrained "impersonate-constrained" State;
    ImpersonateExtra "impersonate-extra" Outside;
    SecretToUser "secret-to-user" State;
    RunAs "run-as" Definite;
    RunAsPut "run-as-put" Definite;
    RunMount "run-mount" Definite;
    RunPrivileged "run-privileged" Definite;
    RunPv "run-pv" Definite;
    OwnNamespace "own-namespace" Definite;
    PsaLabel "psa-label" Definite;
    GateDelete "gate-delete" Definite;
    PodPatch "pod-patch" State;
    Ephemeral "ephemeral" State;
    Exec "exec" Definite;
    PodAccount "pod-account" Definite;
    PodSecrets "pod-secrets" Definite;
    PodEscape "pod-escape" State;
    PodImds "pod-imds" State;
    NodePods "node-pods" Definite;
    NodeRbac "node-rbac" Definite;
    NodeControlPlane "node-control-plane" Definite;
    NodesProxy "nodes-proxy" Definite;
    NodesStatusProxy "nodes-status-proxy" State;
    KubeletRead "kubelet-read" State;
    Steer "steer" Somebody;
    MutatingWebhook "mutating-webhook" Somebody;
    ValidatingWebhook "validating-webhook" Somebody;
    MutatingPolicy "mutating-policy" Somebody;
    PolicyParam "policy-param" State;
    Apiservice "apiservice" Somebody;
    CrdConversion "crd-conversion" Somebody;
    ServiceTraffic "service-traffic" Somebody;
    Dns "dns" Somebody;
    Trust "trust" State;
    Deputy "deputy" State;
    DeputyImpersonates "deputy-impersonates" Definite;
    SourceWrite "source-write" State;
    IngressNginx "ingress-nginx" State;
    Anonymous "anonymous" State;
    Authenticated "authenticated" Definite;
}

/// A set of edges.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EdgeSet(u128);

impl EdgeSet {
    /// Every edge.
    pub fn all() -> Self {
        EDGES.iter().copied().collect()
    }

    /// Whether an edge is in the set.
    pub fn has(self, edge: EdgeId) -> bool {
        self.0 & (1 << edge as u32) != 0
    }
}

impl FromIterator<EdgeId> for EdgeSet {
    fn from_iter<I: IntoIterator<Item = EdgeId>>(edges: I) -> Self {
        EdgeSet(
            edges
                .into_iter()
                .fold(0, |set, edge| set | 1 << edge as u32),
        )
    }
}

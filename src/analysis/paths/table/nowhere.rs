//! What is no edge, on purpose.

use super::Proof;

/// A right that leads nowhere by itself, though it looks as if it did.
#[derive(Debug, PartialEq, Eq)]
pub struct NoEdge {
    /// The right.
    pub what: &'static str,
    /// Why it leads nowhere.
    pub reason: &'static str,
    /// How that is known.
    pub proof: Proof,
}

/// What is no edge, on purpose.
pub static NO_EDGES: &[NoEdge] = &[
    NoEdge {
        what: "`sign` on `signers` (`csr-sign`)",
        reason: "Who writes certificates into `certificatesigningrequests/status` needs the key of a CA that is \
            trusted: the API server takes no other certificate.",
        proof: Proof::Performed(&["CSR-SIGN"]),
    },
    NoEdge {
        what: "Writes on `podtemplates`",
        reason: "No controller makes pods of them.",
        proof: Proof::Performed(&["WL-podtemplates"]),
    },
    NoEdge {
        what: "Writes on `deployments/status`",
        reason: "The status doesn't change the template of the pods.",
        proof: Proof::Performed(&["WL-SCALE"]),
    },
    NoEdge {
        what: "Writes on `deployments/scale` and other `scale`",
        reason: "A Scale carries a number and nothing else.",
        proof: Proof::Source("the `scale` subresources"),
    },
    NoEdge {
        what: "`update` or `delete` on `secrets`, as reading",
        reason: "An update answers what its writer sent; a delete of one Secret answers no content.",
        proof: Proof::Performed(&["SECRET-READ"]),
    },
    NoEdge {
        what: "`pods/*` in a rule",
        reason: "It is no wildcard and covers no subresource: `pods/exec` isn't given by it.",
        proof: Proof::Performed(&["SUBRES"]),
    },
    NoEdge {
        what: "Writes on `leases`",
        reason: "Who takes a controller's lock stops it, and gets none of its rights.",
        proof: Proof::Source("leader election of controllers"),
    },
    NoEdge {
        what: "Writes on `priorityclasses` and `runtimeclasses`",
        reason: "They say which pod goes first and how it is run; a RuntimeClass leads on only if a handler of \
            the nodes is unsafe, which the input doesn't show.",
        proof: Proof::Source("the scheduler and the kubelet"),
    },
    NoEdge {
        what: "`create` on `pods/eviction` alone",
        reason: "It ends a pod. Only with a node that is held does it become `steer`.",
        proof: Proof::Source("the eviction subresource"),
    },
    NoEdge {
        what: "`create` on `tokenreviews` and `subjectaccessreviews`",
        reason: "They answer questions: whose a token is, and what someone may do.",
        proof: Proof::Source("the authentication and authorization APIs"),
    },
    NoEdge {
        what: "Any right on `events`",
        reason: "Nothing acts on events.",
        proof: Proof::Source("the events API"),
    },
];

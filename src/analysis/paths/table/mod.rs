//! The edges in words: under what condition each leads on, why it works, how it is closed, and how that is
//! known. `docs/edges.md` is made of this table; a test holds the two together.

mod credentials;
mod deputies;
mod nodes;
mod nowhere;
mod people;
mod pods;
mod rbac;
mod requests;

use std::fmt;

use crate::diagnostic::Severity;

use super::model::Certainty;

pub use nowhere::{NO_EDGES, NoEdge};

/// One edge in words. They are Markdown: names stand in backticks.
///
/// ```
/// use rbac_eval::analysis::paths::{Certainty, EdgeText};
///
/// let token = EdgeText::of("token").unwrap();
/// assert_eq!(token.certainty, Certainty::Definite);
/// assert_eq!(token.docs(), "docs/edges.md#token");
/// ```
#[derive(Debug, PartialEq, Eq)]
pub struct EdgeText {
    /// The edge's name, as `--edges` takes it.
    pub id: &'static str,
    /// What the edge belongs to.
    pub group: EdgeGroup,
    /// How sure a step of this kind is where the input shows all that it can.
    pub certainty: Certainty,
    /// When a step is less sure than that, and why.
    pub less_sure: Option<&'static str>,
    /// How grave a step of this kind is.
    pub severity: EdgeSeverity,
    /// What it takes to be held.
    pub from: &'static str,
    /// What is held afterwards.
    pub to: &'static str,
    /// The exact condition: verbs, resources, names, and which of them have to be one identity's.
    pub condition: &'static str,
    /// Why it works: what the API server, a controller or a kubelet does.
    pub why: &'static str,
    /// What outside of RBAC may block it.
    pub blocked: Option<&'static str>,
    /// What to remove or to set.
    pub close: &'static str,
    /// How it is known.
    pub proof: &'static [Proof],
}

impl EdgeText {
    /// The words about an edge.
    pub fn of(id: &str) -> Option<&'static EdgeText> {
        edge_texts().find(|text| text.id == id)
    }

    /// The page that explains the edge, and the heading there.
    pub fn docs(&self) -> String {
        format!("docs/edges.md#{}", self.id)
    }
}

/// The words about all edges, group by group.
pub fn edge_texts() -> impl Iterator<Item = &'static EdgeText> {
    EdgeGroup::ALL.iter().flat_map(|group| group.edges())
}

/// What edges are about: the sections of `docs/edges.md`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum EdgeGroup {
    /// What someone is without any request.
    Being,
    /// Writing RBAC's own objects.
    Rbac,
    /// Credentials of others, through the API.
    Credentials,
    /// Making and changing pods.
    Running,
    /// What a pod has.
    InPod,
    /// What a node has, and what leads to it.
    Nodes,
    /// Seeing and changing what others ask for.
    Requests,
    /// Controllers that do as an object says.
    Deputies,
    /// Identities of Azure.
    Azure,
    /// What nobody in particular has.
    Everybody,
}

impl EdgeGroup {
    /// All groups, in the order of the page.
    pub const ALL: &[EdgeGroup] = &[
        EdgeGroup::Being,
        EdgeGroup::Rbac,
        EdgeGroup::Credentials,
        EdgeGroup::Running,
        EdgeGroup::InPod,
        EdgeGroup::Nodes,
        EdgeGroup::Requests,
        EdgeGroup::Deputies,
        EdgeGroup::Azure,
        EdgeGroup::Everybody,
    ];

    /// The group's heading.
    pub fn title(self) -> &'static str {
        match self {
            EdgeGroup::Being => "Being somebody",
            EdgeGroup::Rbac => "Writing roles and bindings",
            EdgeGroup::Credentials => "Credentials of others",
            EdgeGroup::Running => "Running a pod",
            EdgeGroup::InPod => "Being in a pod",
            EdgeGroup::Nodes => "On a node",
            EdgeGroup::Requests => "Requests of others",
            EdgeGroup::Deputies => "Controllers as deputies",
            EdgeGroup::Azure => "Azure",
            EdgeGroup::Everybody => "Anonymous and everybody",
        }
    }

    /// What the edges of the group have in common.
    pub fn about(self) -> &'static str {
        match self {
            EdgeGroup::Being => {
                "What someone is by a name, a group or a binding. No request is made."
            }
            EdgeGroup::Rbac => {
                "The API server lets nobody hand out more than they have, but for the verbs `bind` and \
                 `escalate`."
            }
            EdgeGroup::Credentials => "A token, a certificate, a password, or another's name.",
            EdgeGroup::Running => {
                "Who makes a pod says what runs in it, as which account, with which mounts. Two more ways \
                 aren't followed yet: custom types whose controllers make pods, and ports of running pods \
                 (`pods/portforward`, `pods/proxy`, `services/proxy`)."
            }
            EdgeGroup::InPod => {
                "A pod is a node of its own: it has its account, its mounts and its privileges. Who holds no \
                 more than a token of the account has neither the mounts nor the privileges."
            }
            EdgeGroup::Nodes => "A node runs pods, and holds what they are given.",
            EdgeGroup::Requests => {
                "Someone else has to act: what they send, see or are sent is changed on its way."
            }
            EdgeGroup::Deputies => {
                "A controller reads an object and does what it says with rights of its own."
            }
            EdgeGroup::Azure => {
                "This group is empty: a later version fills it. Until then no path goes on from an identity \
                 of Azure; `pod-imds` ends there."
            }
            EdgeGroup::Everybody => "What is bound to everyone is everyone's first step.",
        }
    }

    /// The edges of the group.
    pub fn edges(self) -> &'static [EdgeText] {
        match self {
            EdgeGroup::Being => people::BEING,
            EdgeGroup::Rbac => rbac::RBAC,
            EdgeGroup::Credentials => credentials::CREDENTIALS,
            EdgeGroup::Running => pods::RUNNING,
            EdgeGroup::InPod => pods::IN_POD,
            EdgeGroup::Nodes => nodes::NODES,
            EdgeGroup::Requests => requests::REQUESTS,
            EdgeGroup::Deputies => deputies::DEPUTIES,
            EdgeGroup::Azure => &[],
            EdgeGroup::Everybody => people::EVERYBODY,
        }
    }
}

/// How grave a step is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum EdgeSeverity {
    /// It only says who someone is.
    Nothing,
    /// Always the same.
    Fixed(Severity),
    /// As grave as what it leads to.
    OfTarget,
}

impl fmt::Display for EdgeSeverity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            EdgeSeverity::Nothing => f.pad("none by itself"),
            EdgeSeverity::Fixed(severity) => severity.fmt(f),
            EdgeSeverity::OfTarget => f.pad("that of what it leads to"),
        }
    }
}

/// How it is known that something works, or doesn't.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Proof {
    /// It was performed on a real API server: the ids of the steps.
    Performed(&'static [&'static str]),
    /// It is a step of the recorded attacks, in which a systematic attacker performed each request.
    Recorded,
    /// It was read in Kubernetes' sources: where.
    Source(&'static str),
    /// It is documented: where.
    Documentation(&'static str),
}

impl fmt::Display for Proof {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Proof::Performed(steps) => {
                f.write_str("performed on a real API server (")?;
                for (at, step) in steps.iter().enumerate() {
                    let comma = if at == 0 { "" } else { ", " };
                    write!(f, "{comma}`{step}`")?;
                }
                f.write_str(")")
            }
            Proof::Recorded => f.write_str("a step of the recorded attacks"),
            Proof::Source(place) => write!(f, "read in the source ({place})"),
            Proof::Documentation(place) => write!(f, "documented ({place})"),
        }
    }
}

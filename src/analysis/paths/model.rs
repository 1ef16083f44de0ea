//! What can be held, and by what: the nodes of paths.

use compact_str::CompactString;

use crate::cluster::BindingId;

/// How sure a step is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Certainty {
    /// The input shows all that it needs.
    Definite,
    /// It needs a state of the cluster that the input doesn't show.
    State,
    /// Someone else has to act.
    Somebody,
    /// It rests on facts outside of the cluster.
    Outside,
}

impl Certainty {
    /// All of them, the surest first.
    pub const ALL: [Certainty; 4] = [
        Certainty::Definite,
        Certainty::State,
        Certainty::Somebody,
        Certainty::Outside,
    ];

    /// The certainty as it is written.
    pub fn as_str(self) -> &'static str {
        match self {
            Certainty::Definite => "definite",
            Certainty::State => "state",
            Certainty::Somebody => "somebody",
            Certainty::Outside => "outside",
        }
    }
}

/// Where a right holds, or what is reached is: all of the cluster, every namespace but nothing of the
/// cluster itself, or one namespace.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Area {
    Cluster,
    EveryNamespace,
    Namespace(u32),
}

impl Area {
    /// Whether what holds here holds there.
    pub(super) fn has(self, other: Area) -> bool {
        match self {
            Area::Cluster => true,
            Area::EveryNamespace => other != Area::Cluster,
            Area::Namespace(_) => self == other,
        }
    }
}

/// A role by its number: those of the snapshot come first, then those that aren't there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct RoleNo(pub(super) u32);

impl RoleNo {
    /// Every verb on everything: what a role gives that someone may rewrite at will.
    pub(super) const EVERYTHING: Self = RoleNo(u32::MAX);
}

/// Someone by their number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct IdentityNo(pub(super) u32);

/// How someone is held.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Hold {
    /// By a credential.
    #[default]
    Real,
    /// By impersonation, which can't impersonate further.
    Impersonated,
}

/// What can be held or reached.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum PathNode {
    /// Someone.
    Identity(IdentityNo, Hold),
    /// Every ServiceAccount that is there.
    Accounts(Area),
    /// Every ServiceAccount that is there or that a binding names, by impersonation.
    ImpersonatedAccounts(Area),
    /// Every User whom a binding names, by impersonation.
    ImpersonatedUsers,
    /// Everyone but `system:masters`, by a certificate.
    Anyone,
    /// That all identities that are held have a role.
    Right(RoleNo, Area),
    /// The same of everything; in all of the cluster that is cluster-admin.
    Everything(Area),
    /// Membership in `system:masters`.
    #[default]
    Masters,
    /// A role that wasn't there is made, without rules.
    Made(RoleNo),
    /// That a role gives what another does, to whomever it is bound.
    Gain(RoleNo, RoleNo),
    /// The credential of a Node, by its number: what is on the Node's disk isn't told by it.
    Machine(u32),
    /// The credential of a Node of choice.
    Machines,
    /// All that is on a Node, as its root.
    Host(u32),
    /// The same of a Node of choice.
    Hosts,
    /// Being in a Pod, by its number.
    Pod(u32),
    /// Being in any Pod.
    Pods(Area),
    /// Being in a Pod of a workload, by its number.
    Workload(u32),
    /// What is reached, and from which no step goes on.
    Sink(super::sink::Sink),
    /// A Secret, by its number.
    Secret(u32),
    /// Every Secret.
    Secrets(Area),
}

/// A role that someone has somewhere, and by what.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Right {
    pub(super) area: Area,
    pub(super) role: RoleNo,
    pub(super) by: RightBy,
}

/// What gives a right.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum RightBy {
    /// A subject, by its number from 0, of a binding of the input.
    Binding(BindingId, u32),
    /// A step of the path.
    Step(PathNode),
    /// A step, and one that put another role's rules into the role.
    Steps(PathNode, PathNode),
    /// A step that put a role's rules into another, which this binding gives.
    Rewritten(BindingId, u32, PathNode),
}

/// What a step rests on.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum Ground {
    /// Someone who is held makes a request that a rule of a right allows.
    Request {
        who: PathNode,
        power: super::power::Power,
        right: Right,
        rule: u32,
        /// Where the request is made, and for which name.
        area: Area,
        name: Option<CompactString>,
    },
    /// Someone who is held has a role.
    Has { who: PathNode, right: Right },
    /// Something that was reached before.
    Node(PathNode),
}

//! Paths: whom a subject can become, step by step, and what it reaches.
//!
//! What is held grows by steps, each a kind of [`EdgeId`]: a token of a ServiceAccount, a binding to a
//! stronger role, a pod that runs as another account. A request is judged as RBAC judges it, with the
//! rights of one identity and its groups; steps of several requests may be made by different ones of those
//! who are held. The search ends where nothing more is gained, so that what isn't reached can't be reached
//! by these steps.

mod bindings;
mod blockers;
mod deputies;
mod edge;
mod escape;
mod goal;
mod haves;
mod index;
mod intercept;
mod joint;
mod model;
mod nodes;
mod own_pods;
mod path;
mod pod_security;
mod pods;
mod power;
mod reached;
mod search;
mod sink;
mod start;
mod steps;
// The page is made of all its words, the program tells a part of them.
#[cfg_attr(not(feature = "internals"), allow(dead_code))]
mod table;

use crate::authn::UserInfo;
use crate::authz::rbac::RbacAuthorizer;
use crate::parallel;

use index::PathIndex;
use search::Search;

pub use edge::{EDGES, EdgeId, EdgeSet};
pub use goal::Goal;
pub use model::Certainty;
pub use path::{FoundPath, Hop, HopRequest, PathArea, PathEnd};
pub use reached::News;
pub use start::PathStart;
pub use table::{EdgeGroup, EdgeSeverity, EdgeText, NO_EDGES, NoEdge, Proof, edge_texts};

/// Knows the ways through one cluster.
#[derive(Debug)]
pub struct Paths<'s> {
    index: PathIndex<'s>,
}

/// How a search is bounded.
#[derive(Debug, Clone, Copy)]
pub struct Bounds {
    /// The edges that are followed.
    pub edges: EdgeSet,
    /// How sure steps have to be at least.
    pub certainty: Certainty,
}

impl<'s> Paths<'s> {
    /// The ways through the cluster that is judged by. Pods, workloads and Secrets are looked at where they
    /// were read, see [`Registry::with_workloads`](crate::kube::Registry::with_workloads).
    pub fn new(rbac: &'s RbacAuthorizer) -> Self {
        Paths {
            index: PathIndex::new(rbac),
        }
    }

    /// Whether the input knows what a goal names.
    pub fn knows(&self, goal: &Goal) -> bool {
        !goal.nodes(&self.index).is_empty()
    }

    /// The best way from each start to each goal that it reaches, in the order of both.
    pub fn ways(
        &self,
        starts: &[PathStart],
        bounds: Bounds,
        goals: &[Goal],
    ) -> Vec<Vec<FoundPath>> {
        parallel::map(starts, |start| {
            let way = |goal: &Goal| self.from(&start.user, bounds, Some(goal)).path(goal);
            goals.iter().filter_map(way).collect()
        })
    }

    /// All that someone becomes and reaches; with a goal, no more than it takes to reach that.
    pub fn from(&self, user: &UserInfo, bounds: Bounds, goal: Option<&Goal>) -> Reachable<'_> {
        let mut search = Search::new(&self.index, bounds.edges);
        search.start(user);
        let goals = goal.map(|goal| goal.nodes(&self.index));
        search.run(bounds.certainty, goals.as_deref());
        Reachable {
            search,
            start: user.clone(),
        }
    }
}

/// What someone becomes and reaches.
#[derive(Debug)]
pub struct Reachable<'p> {
    search: Search<'p>,
    start: UserInfo,
}

impl Reachable<'_> {
    /// Whether a goal is reached.
    pub fn reaches(&self, goal: &Goal) -> bool {
        let nodes = goal.nodes(self.search.index);
        nodes.into_iter().any(|node| self.search.has(node))
    }

    /// The surest step of a kind that something was first reached by, with all that leads there.
    #[cfg_attr(not(feature = "internals"), allow(dead_code))]
    pub fn surest(&self, edge: EdgeId) -> Option<Certainty> {
        let reached = self.search.reached().iter();
        let found = reached.filter_map(|&node| self.search.found(node));
        let by_edge = found.filter(|found| found.edge == Some(edge));
        by_edge.map(|found| found.certainty).min()
    }

    /// What is reached, in the order in which it is, and whether it gives more.
    pub fn goals(&self) -> Vec<(Goal, News)> {
        self.search.goals(&self.start)
    }

    /// The way to a goal, if it is reached.
    pub fn path(&self, goal: &Goal) -> Option<FoundPath> {
        match self.reaches(goal) {
            true => self.search.path(goal),
            false => None,
        }
    }
}

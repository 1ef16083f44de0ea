//! How grave a gain is.
//!
//! [`RISKS`] is a table: what one may ask to do harm, how grave that is cluster-wide, and why. A
//! gain has a risk if it lets a subject make a request of it that it couldn't before.
//!
//! - A gain in one namespace weighs one level less than the same cluster-wide; namespace
//!   `kube-system` weighs like the cluster.
//! - A gain for some names only weighs one level less again, and is none where a request of the
//!   kind carries no name. A create carries one in a server-side apply, which takes `patch` (or
//!   `update`) of the name as well.
//! - A risk of several parts counts where the subject has all of them after the change, whichever
//!   bindings give them, and the change gives the first, which says what is reached, or the last that
//!   was lacking.

mod gained;
mod held;
mod table;

use std::cmp::Reverse;

use crate::analysis::diff::{Change, Direction};
use crate::authn::ImpliedGroup;
use crate::authz::rbac::RbacAuthorizer;
use crate::cluster::ClusterVersion;
use crate::diagnostic::{Code, Severity};
use crate::kube::{Minor, SubjectKind};

use gained::Gain;
use held::{Held, is_lesser, is_like_all};
use table::MAKE_ACCOUNTS;
pub use table::RISKS;

/// The scope of a type, which says what namespace a real request carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TypeScope {
    /// Namespaced.
    Namespaced,
    /// Cluster-scoped; requests carry no namespace.
    Cluster,
    /// Namespaces themselves: a request for one of them is judged in it.
    Namespace,
    /// Namespaced, and the risk is about this namespace alone.
    In(&'static str),
}

/// RiskyRequests that are alike: any of the verbs on any of the resources. `*` stands for one that no
/// rule names, so that only a wildcard covers it.
#[derive(Debug, Clone, Copy)]
pub struct RiskyRequests {
    /// The verbs.
    pub verbs: &'static [&'static str],
    /// The API group.
    pub group: &'static str,
    /// The resources, with their subresource if they have one. None stand for any of the group.
    pub resources: &'static [&'static str],
    /// The scope of their types.
    pub scope: TypeScope,
}

/// What makes a risk.
#[derive(Debug, Clone, Copy)]
pub enum Pattern {
    /// Any of these requests.
    Any(&'static [RiskyRequests]),
    /// All that one of these ways takes.
    Ways(&'static [Way]),
    /// The making of service accounts where a binding names one that isn't there.
    Ghosts,
    /// Any gain at all of this subject.
    Subject(SubjectKind, &'static str),
}

/// What one identity needs all of.
#[derive(Debug, Clone, Copy)]
pub struct Way {
    /// One of each. The first says what is reached, and its names how much of it.
    pub parts: &'static [&'static [RiskyRequests]],
    /// Whether all are asked of one request, so that their names must meet.
    pub meet: bool,
}

/// An entry of the table.
#[derive(Debug, Clone, Copy)]
pub struct Risk {
    /// Its id, how severe it is cluster-wide, and in its title why.
    pub code: &'static Code,
    /// What makes it.
    pub pattern: Pattern,
    /// Names that weigh like all names.
    pub like_all: &'static [&'static str],
    /// The versions of Kubernetes where it is one.
    pub minors: RiskyMinors,
}

/// The versions of Kubernetes where something is a risk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RiskyMinors {
    /// All that are known.
    All,
    /// Those before this one. Where nothing tells the cluster's version it may be one of them.
    Before(Minor),
    /// Those from this one on.
    From(Minor),
}

impl RiskyMinors {
    fn may_be(self, version: ClusterVersion) -> bool {
        match self {
            RiskyMinors::All => true,
            RiskyMinors::Before(minor) => version.may_be_before(minor),
            RiskyMinors::From(minor) => minor <= version.minor,
        }
    }
}

impl RiskyRequests {
    /// Whether any resource of the group is meant, those that rules name included.
    fn is_of_any(&self) -> bool {
        self.resources.is_empty()
    }
}

/// A risk that a change brings, weighed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WeighedRisk {
    /// The risk.
    pub code: &'static Code,
    /// How severe it is here.
    pub severity: Severity,
}

/// A change with its risks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WeighedChange {
    /// What was gained or lost.
    pub change: Change,
    /// The risks of a gain, the most severe first.
    pub risks: Vec<WeighedRisk>,
}

impl WeighedChange {
    /// The severity of the most severe risk; none where there is no risk.
    pub fn severity(&self) -> Option<Severity> {
        self.risks.iter().map(|risk| risk.severity).max()
    }

    /// Whether everyone of a kind gains something.
    fn is_gain_of_everyone(&self) -> bool {
        self.change.direction == Direction::Gained
            && ImpliedGroup::of(&self.change.subject).is_some()
    }
}

/// Weighs changes, and puts them into the order in which they matter: the most severe first, and among
/// those gains of everyone, gains before losses. What matters alike keeps its order.
pub fn weigh(
    changes: Vec<Change>,
    base: &RbacAuthorizer,
    head: &RbacAuthorizer,
) -> Vec<WeighedChange> {
    let mut held = Held::new(base, head);
    let mut weighed: Vec<WeighedChange> = changes
        .into_iter()
        .map(|change| WeighedChange {
            risks: weighed_risks(&change, &mut held),
            change,
        })
        .collect();
    weighed.sort_by_key(|weighed| {
        (
            Reverse(weighed.severity()),
            !weighed.is_gain_of_everyone(),
            weighed.change.direction,
        )
    });
    weighed
}

/// The namespace that weighs like the cluster.
const KUBE_SYSTEM: &str = "kube-system";

/// The risks of a gain, the gravest first. A loss has none.
#[cfg(feature = "internals")]
pub fn risks_of(change: &Change, base: &RbacAuthorizer, head: &RbacAuthorizer) -> Vec<WeighedRisk> {
    weighed_risks(change, &mut Held::new(base, head))
}

fn weighed_risks(change: &Change, held: &mut Held<'_>) -> Vec<WeighedRisk> {
    if change.direction == Direction::Lost {
        return Vec::new();
    }
    let gain = Gain::new(change);
    let version = held.head().snapshot().version();
    let mut risks: Vec<WeighedRisk> = RISKS
        .iter()
        .filter(|risk| risk.minors.may_be(version))
        .filter_map(|risk| {
            let weight = weight(risk, &gain, held)?;
            let mut severity = risk.code.severity;
            if weight.in_namespace {
                severity = severity.lowered();
            }
            if weight.named {
                severity = severity.lowered();
            }
            Some(WeighedRisk {
                code: risk.code,
                severity,
            })
        })
        .collect();
    risks.sort_by_key(|risk| Reverse(risk.severity));
    risks
}

/// What makes a risk weigh less.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Weight {
    in_namespace: bool,
    named: bool,
}

fn weight(risk: &Risk, gain: &Gain<'_>, held: &mut Held<'_>) -> Option<Weight> {
    let change = gain.change();
    let in_namespace = is_lesser(&change.scope);
    let names = &*change.rule.resource_names;
    let of_change = |named| Weight {
        in_namespace,
        named,
    };
    match &risk.pattern {
        Pattern::Subject(kind, name) => {
            let subject = &change.subject;
            (subject.kind == *kind && subject.name == *name).then(|| of_change(false))
        }
        Pattern::Any(requests) => gain
            .is_of(requests, held)
            .then(|| of_change(!names.is_empty() && !is_like_all(names, risk.like_all))),
        Pattern::Ghosts => (gain.is_of(MAKE_ACCOUNTS, held) && held.has_ghosts(&change.scope))
            .then(|| of_change(!names.is_empty())),
        Pattern::Ways(ways) => ways
            .iter()
            .filter_map(|way| held.opened(way, risk.like_all, gain))
            .min(),
    }
}

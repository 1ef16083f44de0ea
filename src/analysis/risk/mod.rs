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
//! - A risk of two parts counts where the subject has both on the side of the gain, whichever rules
//!   give them, and hadn't both before.

mod gained;
mod table;

use std::cmp::Reverse;

use crate::analysis::diff::{Change, Direction};
use crate::authn::ImpliedGroup;
use crate::authz::rbac::RbacAuthorizer;
use crate::diagnostic::{Code, Severity};
use crate::kube::SubjectKind;
use crate::object::Scope;

use gained::{Gain, Held};
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
    /// The resources, with their subresource if they have one.
    pub resources: &'static [&'static str],
    /// The scope of their types.
    pub scope: TypeScope,
}

/// What makes a risk.
#[derive(Debug, Clone, Copy)]
pub enum Pattern {
    /// Any of these requests.
    Any(&'static [RiskyRequests]),
    /// One of the first and one of the second.
    Both(&'static [RiskyRequests], &'static [RiskyRequests]),
    /// Any gain at all of this subject.
    Subject(SubjectKind, &'static str),
}

/// An entry of the table.
#[derive(Debug, Clone, Copy)]
pub struct Risk {
    /// Its id, how severe it is cluster-wide, and in its title why.
    pub code: &'static Code,
    /// What makes it.
    pub pattern: Pattern,
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
    let mut risks: Vec<WeighedRisk> = RISKS
        .iter()
        .filter_map(|risk| {
            let weight = weight(&risk.pattern, &gain, held)?;
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
#[derive(Debug, Clone, Copy)]
struct Weight {
    in_namespace: bool,
    named: bool,
}

fn weight(pattern: &Pattern, gain: &Gain<'_>, held: &mut Held<'_>) -> Option<Weight> {
    let change = gain.change();
    let in_namespace = match &change.scope {
        Scope::Cluster => false,
        Scope::Namespace(namespace) => namespace != KUBE_SYSTEM,
    };
    let named = match pattern {
        Pattern::Subject(kind, name) => {
            let subject = &change.subject;
            return (subject.kind == *kind && subject.name == *name).then_some(Weight {
                in_namespace,
                named: false,
            });
        }
        Pattern::Any(requests) => gain.is_of(requests, held),
        Pattern::Both(first, second) => {
            (gain.is_of(first, held) || gain.is_of(second, held))
                && held.only_now([first, second], gain)
        }
    }
    .then_some(!change.rule.resource_names.is_empty())?;
    Some(Weight {
        in_namespace,
        named,
    })
}

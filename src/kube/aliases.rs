//! How much the aliases of all texts may stand for.
//!
//! Each document alone is held to what kubectl's library decodes, which still is some 400,000 nodes of
//! a few hundred bytes. So that many such documents can't take all memory, a run has one budget for
//! them all. Where it is spent, the run is begun anew with a rule that doesn't depend on the order in
//! which texts were read: no document may have more nodes by aliases than are written in it.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::diagnostic::Problem;
use crate::text::yaml::Size;

/// How many nodes aliases may stand for in one run.
pub const ALIASED_IN_ALL: u64 = 2_000_000;

/// What a run may still take of aliases.
#[derive(Debug)]
pub(super) struct AliasBudget {
    taken: AtomicU64,
    rule: Rule,
}

/// How a document is held against the budget.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Rule {
    /// All are read until the budget is spent.
    Spend,
    /// Those are read that aliases at most double.
    Double,
}

impl AliasBudget {
    pub(super) fn new() -> Self {
        AliasBudget {
            taken: AtomicU64::new(0),
            rule: Rule::Spend,
        }
    }

    /// The rule for a run whose budget was spent.
    pub(super) fn spent() -> Self {
        AliasBudget {
            taken: AtomicU64::new(0),
            rule: Rule::Double,
        }
    }

    /// Whether the run has to be begun anew.
    pub(super) fn is_spent(&self) -> bool {
        self.rule == Rule::Spend && self.taken.load(Ordering::Relaxed) > ALIASED_IN_ALL
    }

    /// What is told of a document whose aliases stand for too much.
    pub(super) fn refuse(&self, size: Size) -> Option<Problem> {
        if size.aliased == 0 {
            return None;
        }
        let taken = self.taken.fetch_add(size.aliased, Ordering::Relaxed);
        let refused = match self.rule {
            Rule::Spend => taken.saturating_add(size.aliased) > ALIASED_IN_ALL,
            Rule::Double => size.aliased > size.nodes.saturating_sub(size.aliased),
        };
        refused.then(|| Problem::Unreadable {
            message: format!(
                "aliases expand to {} nodes here, and to more than {ALIASED_IN_ALL} in all texts together \
                 (an alias bomb?)",
                size.aliased
            ),
        })
    }
}

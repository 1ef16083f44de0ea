//! How much a comparison may cost. Rules can be written so that what two sides have in common falls
//! into more pieces than anyone could read: such a comparison is refused, never cut.

use std::cell::Cell;

/// How many steps a comparison may take. A step is a look at one word or rule; ten million of them
/// take about a second.
const STEPS: usize = 15_000_000;
/// How many changes, causes and exceptions an answer may have together.
const PARTS: usize = 1_000_000;
/// How many words the rules of an answer may have together.
const WORDS: usize = 5_000_000;

/// A comparison that is too large, and by which limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "the sides can't be compared within the limit of {limit} {what}; compare fewer objects at a time"
)]
#[non_exhaustive]
pub struct TooMuch {
    /// The limit.
    pub limit: usize,
    /// What it is a limit of, in the plural.
    pub what: &'static str,
}

/// What a comparison has cost as yet.
#[derive(Debug, Default)]
pub(super) struct Work {
    steps: Cell<usize>,
    parts: Cell<usize>,
    words: Cell<usize>,
}

impl Work {
    /// Adds steps.
    pub(super) fn steps(&self, count: usize) -> Result<(), TooMuch> {
        add(&self.steps, count, STEPS, "steps")
    }

    /// Adds changes, causes or exceptions of the answer.
    pub(super) fn parts(&self, count: usize) -> Result<(), TooMuch> {
        add(
            &self.parts,
            count,
            PARTS,
            "changes, causes and exceptions in the answer",
        )
    }

    /// Adds words of the answer.
    pub(super) fn words(&self, count: usize) -> Result<(), TooMuch> {
        add(&self.words, count, WORDS, "words in the answer's rules")
    }

    /// How many steps there were.
    #[cfg(any(test, feature = "internals"))]
    pub(super) fn total_steps(&self) -> usize {
        self.steps.get()
    }
}

fn add(total: &Cell<usize>, count: usize, limit: usize, what: &'static str) -> Result<(), TooMuch> {
    let sum = total.get().saturating_add(count);
    total.set(sum);
    if sum > limit {
        return Err(TooMuch { limit, what });
    }
    Ok(())
}

//! How much a comparison may cost. Rules can be written so that what two sides have in common falls
//! into more pieces than anyone could read: such a comparison is refused, never cut.

use std::cell::Cell;

use crate::authz::rbac::TooLarge;

/// How many steps a comparison may take. A step is a look at one word or rule; a million of them
/// take about a tenth of a second.
const STEPS: usize = 10_000_000;
/// How many changes an answer may have.
const CHANGES: usize = 120_000;
/// How many causes and exceptions the changes of an answer may have together.
const PARTS: usize = 400_000;
/// How many words the rules of an answer may have together.
const WORDS: usize = 3_000_000;

/// What a comparison has cost as yet.
#[derive(Debug, Default)]
pub(super) struct Work {
    steps: Cell<usize>,
    changes: Cell<usize>,
    parts: Cell<usize>,
    words: Cell<usize>,
}

impl Work {
    /// Adds steps.
    pub(super) fn steps(&self, count: usize) -> Result<(), TooLarge> {
        add(&self.steps, count, STEPS, "steps to compare its rules")
    }

    /// Adds a change to the answer.
    pub(super) fn change(&self) -> Result<(), TooLarge> {
        add(&self.changes, 1, CHANGES, "changes between the sides")
    }

    /// Adds causes or exceptions to the answer.
    pub(super) fn parts(&self, count: usize) -> Result<(), TooLarge> {
        let what = "causes and exceptions of changes between the sides";
        add(&self.parts, count, PARTS, what)
    }

    /// Adds words to the answer.
    pub(super) fn words(&self, count: usize) -> Result<(), TooLarge> {
        let what = "words in the rules of changes between the sides";
        add(&self.words, count, WORDS, what)
    }

    /// How many steps there were.
    #[cfg(any(test, feature = "internals"))]
    pub(super) fn total_steps(&self) -> usize {
        self.steps.get()
    }
}

fn add(
    total: &Cell<usize>,
    count: usize,
    limit: usize,
    what: &'static str,
) -> Result<(), TooLarge> {
    let sum = total.get().saturating_add(count);
    total.set(sum);
    if sum > limit {
        return Err(TooLarge { limit, what });
    }
    Ok(())
}

//! Boxes that no other box has to do with: each of them is one piece, without a walk.

use std::rc::Rc;

use hashbrown::HashMap;

use crate::authz::rbac::TooLarge;

use super::boxes::{Dimension, RuleBox, Vocabulary, Word};
use super::index::Index;
use super::work::Work;

/// What tells which of some boxes stand alone. Most rules of a new role do.
pub(super) struct Alone<'d> {
    /// How many of the boxes list a target.
    listed: HashMap<Word, usize>,
    covered: &'d [&'d Index],
    vocabulary: &'d Vocabulary,
}

impl<'d> Alone<'d> {
    pub(super) fn new<C>(
        boxes: &[(C, Rc<RuleBox>)],
        covered: &'d [&'d Index],
        vocabulary: &'d Vocabulary,
        work: &Work,
    ) -> Result<Self, TooLarge> {
        let mut listed = HashMap::with_capacity(boxes.len());
        for (_, one) in boxes {
            work.steps(one.words.iter().map(Vec::len).sum())?;
            for &target in one.of(Dimension::Target) {
                *listed.entry(target).or_default() += 1;
            }
        }
        Ok(Alone {
            listed,
            covered,
            vocabulary,
        })
    }

    /// Whether no other box lists a target that covers one of the box's, or is covered by one.
    pub(super) fn has(&self, one: &RuleBox) -> bool {
        one.of(Dimension::Target).iter().all(|&target| {
            let mut general = self.vocabulary.more_general(Dimension::Target, target);
            self.vocabulary.is_least(target)
                && self.listed.get(&target) == Some(&1)
                && !self.is_covered(target)
                && !general.any(|word| self.listed.contains_key(&word) || self.is_covered(word))
        })
    }

    fn is_covered(&self, target: Word) -> bool {
        let mut covered = self.covered.iter();
        covered.any(|index| index.lists(Dimension::Target, target))
    }
}

//! What some boxes give and others don't, put together into few, readable rules.
//!
//! One walk through the dimensions, from names to verbs. In each, words that the same boxes list make
//! a class, and the walk goes on once for a class: a rule of 100 words in each dimension is looked at
//! 100 times in each, where it has 100 million points. On the way back classes are put together
//! where all that is below them is equal: verbs first, then resources, groups and names.

use std::cmp::Ordering;
use std::rc::Rc;

use compact_str::CompactString;
use hashbrown::HashMap;

use crate::kube::PolicyRule;
use crate::kube::discovery::RESOURCE_VERBS;

use crate::authz::rbac::TooLarge;

use super::boxes::{ANY, DIMENSIONS, Dimension, RuleBox, Vocabulary, Word};
use super::index::{Index, NodeId};
use super::work::Work;

/// Whether pieces are told apart by which boxes give them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Givers {
    /// Each piece is given whole by the same boxes.
    Apart,
    /// It doesn't matter.
    Together,
}

/// The number of a list of words, or of boxes, in [`NumberLists`].
type ListId = usize;

/// Points that no other given one covers, and none of the other side: every combination of these
/// words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct RulePiece {
    /// The boxes that give all of it, by number; none where that doesn't matter.
    pub(super) givers: Rc<[usize]>,
    /// For each dimension the words, sorted by number.
    pub(super) words: [Rc<[Word]>; DIMENSIONS],
}

impl RulePiece {
    /// All of a box, whoever gives it.
    pub(super) fn whole(one: &RuleBox) -> Self {
        RulePiece {
            givers: Rc::default(),
            words: one.words.each_ref().map(|words| Rc::from(&**words)),
        }
    }

    /// The piece as a rule about resources.
    pub(super) fn resource_rule(&self, vocabulary: &Vocabulary) -> PolicyRule {
        PolicyRule {
            api_groups: self.sorted(Dimension::Group, vocabulary),
            resources: self.sorted(Dimension::Target, vocabulary),
            resource_names: if *self.words[Dimension::Name as usize] == [ANY] {
                Vec::new()
            } else {
                self.sorted(Dimension::Name, vocabulary)
            },
            ..self.url_verbs(vocabulary)
        }
    }

    /// The piece as a rule about URLs.
    pub(super) fn url_rule(&self, vocabulary: &Vocabulary) -> PolicyRule {
        PolicyRule {
            non_resource_urls: self.sorted(Dimension::Target, vocabulary),
            ..self.url_verbs(vocabulary)
        }
    }

    fn url_verbs(&self, vocabulary: &Vocabulary) -> PolicyRule {
        let mut verbs = self.sorted(Dimension::Verb, vocabulary);
        verbs.sort_by_cached_key(verb_rank);
        PolicyRule {
            verbs,
            ..PolicyRule::default()
        }
    }

    fn sorted(&self, dimension: Dimension, vocabulary: &Vocabulary) -> Vec<CompactString> {
        let mut texts = vocabulary.texts(dimension, &self.words[dimension as usize]);
        texts.sort_unstable();
        texts
    }
}

/// The place of a verb in the order in which people list verbs.
fn verb_rank(verb: &CompactString) -> usize {
    RESOURCE_VERBS
        .iter()
        .position(|known| known == verb)
        .unwrap_or(RESOURCE_VERBS.len())
}

/// The order of rules in an answer: resources before URLs, by verbs, resources and groups. No two
/// pieces are equal in all of these: they would be one piece.
pub(super) fn in_order(a: &PolicyRule, b: &PolicyRule) -> Ordering {
    fn verbs(rule: &PolicyRule) -> impl Iterator<Item = (usize, &CompactString)> {
        rule.verbs.iter().map(|verb| (verb_rank(verb), verb))
    }
    let is_url = |rule: &PolicyRule| !rule.non_resource_urls.is_empty();
    is_url(a)
        .cmp(&is_url(b))
        .then_with(|| verbs(a).cmp(verbs(b)))
        .then_with(|| a.resources.cmp(&b.resources))
        .then_with(|| a.api_groups.cmp(&b.api_groups))
}

/// The points that boxes of `given` list, of those the most general, and of those the ones that no
/// box of `covered` covers; in pieces that can't be put together further.
///
/// # Errors
/// If that takes too long, since the boxes cut one another into too many classes.
pub(super) fn pieces(
    given: &Index,
    covered: &[&Index],
    givers: Givers,
    vocabulary: &Vocabulary,
    work: &Work,
) -> Result<Vec<RulePiece>, TooLarge> {
    let mut walk = Walk {
        indexes: std::iter::once(given)
            .chain(covered.iter().copied())
            .collect(),
        givers,
        vocabulary,
        work,
        lists: NumberLists::default(),
    };
    let roots: Vec<ReachedBoxes> = (0..walk.indexes.len())
        .filter(|&index| !walk.indexes[index].is_empty())
        .map(|index| ReachedBoxes {
            index,
            at: At::Node(Index::ROOT),
            in_general: false,
        })
        .collect();
    let found = walk.walk(&Dimension::ALL, &roots)?;
    let lists = walk.lists.lists;
    Ok(found
        .into_iter()
        .map(|found| RulePiece {
            givers: lists[found.givers].clone(),
            words: found.words.map(|list| lists[list].clone()),
        })
        .collect())
}

/// The index of what is given; the others are of what is covered.
const GIVEN: usize = 0;

/// Boxes that list the words of the way here, or more general ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
struct ReachedBoxes {
    index: usize,
    at: At,
    /// Whether one of the words is a more general one. It makes no difference to what is covered.
    in_general: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
enum At {
    Node(NodeId),
    Box(usize),
}

/// A piece as the walk makes it. Of dimensions that it hasn't come to, the words are the empty list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct NewPiece {
    givers: ListId,
    words: [ListId; DIMENSIONS],
}

/// NumberLists, each once, so that they are compared as numbers.
#[derive(Debug)]
struct NumberLists {
    lists: Vec<Rc<[usize]>>,
    numbers: HashMap<Rc<[usize]>, ListId>,
}

/// The number of the empty list.
const EMPTY: ListId = 0;

impl Default for NumberLists {
    fn default() -> Self {
        let mut lists = NumberLists {
            lists: Vec::new(),
            numbers: HashMap::new(),
        };
        lists.number(&[]);
        lists
    }
}

impl NumberLists {
    fn number(&mut self, list: &[usize]) -> ListId {
        if let Some(&number) = self.numbers.get(list) {
            return number;
        }
        let list: Rc<[usize]> = list.into();
        self.lists.push(list.clone());
        self.numbers.insert(list, self.lists.len() - 1);
        self.lists.len() - 1
    }
}

struct Walk<'w> {
    indexes: Vec<&'w Index>,
    givers: Givers,
    vocabulary: &'w Vocabulary,
    work: &'w Work,
    lists: NumberLists,
}

impl Walk<'_> {
    /// The pieces below the words of the way here, in these dimensions.
    fn walk(
        &mut self,
        dimensions: &[Dimension],
        reached: &[ReachedBoxes],
    ) -> Result<Vec<NewPiece>, TooLarge> {
        let Some((&dimension, further)) = dimensions.split_first() else {
            return Ok(self.end(reached)?.into_iter().collect());
        };
        let reached = self.opened(dimension, reached)?;
        if let Some(piece) = self.whole_box(dimensions, &reached)? {
            return Ok(vec![piece]);
        }
        let mut classes: HashMap<Vec<ReachedBoxes>, Vec<Word>> = HashMap::new();
        for word in self.listed(dimension, &reached)? {
            let next = self.step(dimension, &reached, word)?;
            classes.entry(next).or_default().push(word);
        }
        let mut together: HashMap<NewPiece, Vec<Word>> = HashMap::new();
        for (next, mut words) in classes {
            let found = self.walk(further, &next)?;
            let found_alone = found.len() == 1;
            for found in found {
                self.work.steps(words.len())?;
                let together: &mut Vec<Word> = together.entry(found).or_default();
                match together.is_empty() && found_alone {
                    true => *together = std::mem::take(&mut words),
                    false => together.extend_from_slice(&words),
                }
            }
        }
        let mut all = Vec::with_capacity(together.len());
        for (mut found, mut words) in together {
            words.sort_unstable();
            found.words[dimension as usize] = self.lists.number(&words);
            all.push(found);
        }
        Ok(all)
    }

    /// All that is left of a box that stands alone, where none of its own words covers another.
    fn whole_box(
        &mut self,
        dimensions: &[Dimension],
        reached: &[ReachedBoxes],
    ) -> Result<Option<NewPiece>, TooLarge> {
        let &[
            ReachedBoxes {
                index: GIVEN,
                at: At::Box(number),
                in_general: false,
            },
        ] = reached
        else {
            return Ok(None);
        };
        let one = self.indexes[GIVEN].get(number);
        if dimensions.contains(&Dimension::Target) && one.of(Dimension::Target).len() > 1 {
            return Ok(None);
        }
        let Some(mut piece) = self.end(reached)? else {
            return Ok(None);
        };
        for &dimension in dimensions {
            let words = one.of(dimension);
            self.work.steps(words.len())?;
            piece.words[dimension as usize] = self.lists.number(words);
        }
        Ok(Some(piece))
    }

    /// What was reached, with few boxes in place of their node.
    fn opened(
        &self,
        dimension: Dimension,
        reached: &[ReachedBoxes],
    ) -> Result<Vec<ReachedBoxes>, TooLarge> {
        let mut opened = Vec::with_capacity(reached.len());
        for &one in reached {
            match one.at {
                At::Node(node)
                    if self.indexes[one.index]
                        .children(node, dimension, self.work)?
                        .is_none() =>
                {
                    let boxes = self.indexes[one.index].boxes_of(node);
                    opened.extend(boxes.iter().map(|&number| ReachedBoxes {
                        at: At::Box(number),
                        ..one
                    }));
                }
                _ => opened.push(one),
            }
        }
        opened.sort_unstable();
        opened.dedup();
        Ok(opened)
    }

    /// The words that given boxes list which list all words of the way here.
    fn listed(
        &self,
        dimension: Dimension,
        reached: &[ReachedBoxes],
    ) -> Result<Vec<Word>, TooLarge> {
        let mut words = Vec::new();
        for one in reached {
            if one.index != GIVEN || one.in_general {
                continue;
            }
            match one.at {
                At::Box(number) => {
                    words.extend_from_slice(self.indexes[GIVEN].get(number).of(dimension));
                }
                At::Node(node) => {
                    let children = self.indexes[GIVEN].children(node, dimension, self.work)?;
                    words.extend(children.iter().flat_map(|children| children.keys()));
                }
            }
        }
        self.work.steps(words.len())?;
        words.sort_unstable();
        words.dedup();
        Ok(words)
    }

    /// What is reached by a word more.
    fn step(
        &self,
        dimension: Dimension,
        reached: &[ReachedBoxes],
        word: Word,
    ) -> Result<Vec<ReachedBoxes>, TooLarge> {
        self.work.steps(1 + reached.len())?;
        let mut next = Vec::with_capacity(reached.len() + 2);
        for &one in reached {
            let index = self.indexes[one.index];
            let general = ReachedBoxes {
                in_general: one.index == GIVEN,
                ..one
            };
            let mut more_general = self.vocabulary.more_general(dimension, word);
            match one.at {
                At::Box(number) => {
                    let lists = |word| index.get(number).lists(dimension, word);
                    if more_general.any(lists) {
                        next.push(general);
                    } else if lists(word) {
                        next.push(one);
                    }
                }
                At::Node(node) => {
                    let Some(children) = index.children(node, dimension, self.work)? else {
                        continue;
                    };
                    let child = |word| children.get(&word).copied().map(At::Node);
                    next.extend(child(word).map(|at| ReachedBoxes { at, ..one }));
                    next.extend(
                        more_general
                            .filter_map(child)
                            .map(|at| ReachedBoxes { at, ..general }),
                    );
                }
            }
        }
        next.sort_unstable();
        next.dedup();
        Ok(next)
    }

    /// The point at the end of a way, unless it is covered.
    fn end(&mut self, reached: &[ReachedBoxes]) -> Result<Option<NewPiece>, TooLarge> {
        if reached
            .iter()
            .any(|one| one.index != GIVEN || one.in_general)
        {
            return Ok(None);
        }
        let givers = match self.givers {
            Givers::Together => EMPTY,
            Givers::Apart => {
                let mut givers = Vec::with_capacity(reached.len());
                for one in reached {
                    match one.at {
                        At::Box(number) => givers.push(number),
                        At::Node(node) => {
                            let boxes = self.indexes[GIVEN].boxes_of(node);
                            self.work.steps(boxes.len())?;
                            givers.extend_from_slice(&boxes);
                        }
                    }
                }
                givers.sort_unstable();
                givers.dedup();
                self.lists.number(&givers)
            }
        };
        Ok(Some(NewPiece {
            givers,
            words: [EMPTY; DIMENSIONS],
        }))
    }
}

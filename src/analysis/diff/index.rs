//! Boxes by their words: a tree that is made as far as it is asked.

use std::cell::{OnceCell, RefCell};
use std::rc::Rc;

use hashbrown::HashMap;

use crate::authz::rbac::TooLarge;

use super::boxes::{ANY, DIMENSIONS, Dimension, RuleBox, Vocabulary, Word};
use super::work::Work;

/// So few boxes are looked at one by one.
const FEW: usize = 8;

/// The number of a node. A node is for the boxes that list one word in each dimension so far.
pub(super) type NodeId = usize;

/// The nodes below a node, by word. Words whose boxes are the same lead to one node.
type Children = Rc<HashMap<Word, NodeId>>;

#[derive(Debug)]
struct IndexNode {
    /// The boxes, sorted.
    boxes: Rc<[usize]>,
    children: Option<Children>,
}

/// Some boxes, to be found by their words.
#[derive(Debug)]
pub(super) struct Index {
    boxes: Vec<Rc<RuleBox>>,
    nodes: RefCell<Vec<IndexNode>>,
    /// The boxes that list a word, for each dimension.
    listing: [OnceCell<HashMap<Word, Vec<usize>>>; DIMENSIONS],
}

impl Index {
    pub(super) fn new(boxes: Vec<Rc<RuleBox>>) -> Self {
        let root = IndexNode {
            boxes: (0..boxes.len()).collect(),
            children: None,
        };
        Index {
            boxes,
            nodes: RefCell::new(vec![root]),
            listing: Default::default(),
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.boxes.is_empty()
    }

    pub(super) const ROOT: NodeId = 0;

    pub(super) fn get(&self, number: usize) -> &RuleBox {
        &self.boxes[number]
    }

    /// The boxes of a node.
    pub(super) fn boxes_of(&self, node: NodeId) -> Rc<[usize]> {
        self.nodes.borrow()[node].boxes.clone()
    }

    /// The nodes below one whose boxes are told apart by this dimension next; none where the boxes
    /// are few.
    pub(super) fn children(
        &self,
        node: NodeId,
        dimension: Dimension,
        work: &Work,
    ) -> Result<Option<Children>, TooLarge> {
        let boxes = {
            let node = &self.nodes.borrow()[node];
            if node.boxes.len() <= FEW {
                return Ok(None);
            }
            if let Some(children) = &node.children {
                return Ok(Some(children.clone()));
            }
            node.boxes.clone()
        };
        let mut listing: HashMap<Word, Vec<usize>> = HashMap::new();
        for &number in &*boxes {
            let words = self.boxes[number].of(dimension);
            work.steps(words.len())?;
            for &word in words {
                listing.entry(word).or_default().push(number);
            }
        }
        let mut nodes = self.nodes.borrow_mut();
        let mut known: HashMap<Rc<[usize]>, NodeId> = HashMap::new();
        let mut children = HashMap::with_capacity(listing.len());
        for (word, boxes) in listing {
            let boxes: Rc<[usize]> = boxes.into();
            let child = *known.entry(boxes).or_insert_with_key(|boxes| {
                nodes.push(IndexNode {
                    boxes: boxes.clone(),
                    children: None,
                });
                nodes.len() - 1
            });
            children.insert(word, child);
        }
        let children: Children = Rc::new(children);
        nodes[node].children = Some(children.clone());
        Ok(Some(children))
    }

    /// The boxes that list a word.
    fn listing(&self, dimension: Dimension) -> &HashMap<Word, Vec<usize>> {
        self.listing[dimension as usize].get_or_init(|| {
            let mut listing: HashMap<Word, Vec<usize>> = HashMap::new();
            for (one, number) in self.boxes.iter().zip(0..) {
                for &word in one.of(dimension) {
                    listing.entry(word).or_default().push(number);
                }
            }
            listing
        })
    }

    /// Whether a box lists a word.
    pub(super) fn lists(&self, dimension: Dimension, word: Word) -> bool {
        self.listing(dimension).contains_key(&word)
    }

    /// Those boxes that have a point in common with another, cut to what they have in common, each
    /// once.
    pub(super) fn common(
        &self,
        other: &RuleBox,
        vocabulary: &Vocabulary,
        work: &Work,
    ) -> Result<Vec<Rc<RuleBox>>, TooLarge> {
        let mut found: Vec<Rc<RuleBox>> = Vec::new();
        let mut known = hashbrown::HashSet::new();
        for number in self.candidates(other, vocabulary, work)? {
            let one = &self.boxes[number];
            let mut words: [Vec<Word>; DIMENSIONS] = Default::default();
            let mut whole = true;
            for dimension in Dimension::ALL {
                let (a, b) = (one.of(dimension), other.of(dimension));
                work.steps(1 + a.len().min(b.len()))?;
                let both = match dimension {
                    Dimension::Target => common_targets(a, b, vocabulary, work)?,
                    _ => common_words(a, b),
                };
                whole = !both.is_empty();
                words[dimension as usize] = both;
                if !whole {
                    break;
                }
            }
            if whole {
                let common = Rc::new(RuleBox { words });
                if known.insert(common.clone()) {
                    found.push(common);
                }
            }
        }
        Ok(found)
    }

    /// The boxes that may have a point in common with another, by the dimension that leaves fewest.
    fn candidates(
        &self,
        other: &RuleBox,
        vocabulary: &Vocabulary,
        work: &Work,
    ) -> Result<Vec<usize>, TooLarge> {
        let mut best: Option<(usize, Vec<&Vec<usize>>)> = None;
        if self.boxes.len() > FEW {
            // Targets last: the search through those that a wildcard covers ends where it would cost
            // more than it spares.
            for dimension in [
                Dimension::Name,
                Dimension::Group,
                Dimension::Verb,
                Dimension::Target,
            ] {
                let most = best.as_ref().map_or(self.boxes.len(), |&(least, _)| least);
                let Some(lists) = self.overlapping(dimension, other, most, vocabulary, work)?
                else {
                    continue;
                };
                let total = lists.iter().map(|list| list.len()).sum();
                if best.as_ref().is_none_or(|&(least, _)| total < least) {
                    best = Some((total, lists));
                }
            }
        }
        let Some((total, lists)) = best else {
            return Ok((0..self.boxes.len()).collect());
        };
        work.steps(total)?;
        let mut found: Vec<usize> = lists.into_iter().flatten().copied().collect();
        found.sort_unstable();
        found.dedup();
        Ok(found)
    }

    /// Lists of the boxes that overlap another in a dimension; none where all do, or where more than
    /// `most` words would have to be looked up.
    fn overlapping(
        &self,
        dimension: Dimension,
        other: &RuleBox,
        most: usize,
        vocabulary: &Vocabulary,
        work: &Work,
    ) -> Result<Option<Vec<&Vec<usize>>>, TooLarge> {
        if dimension != Dimension::Target && other.lists(dimension, ANY) {
            return Ok(None);
        }
        let listing = self.listing(dimension);
        let mut words: hashbrown::HashSet<Word> = hashbrown::HashSet::new();
        for &word in other.of(dimension) {
            words.insert(word);
            words.extend(vocabulary.more_general(dimension, word));
            if dimension == Dimension::Target {
                words.extend(vocabulary.more_special(word).take(most + 1));
            }
            if words.len() > most {
                work.steps(words.len())?;
                return Ok(None);
            }
        }
        work.steps(words.len())?;
        Ok(Some(
            words.iter().filter_map(|word| listing.get(word)).collect(),
        ))
    }
}

/// What two lists of names, groups or verbs have in common.
fn common_words(a: &[Word], b: &[Word]) -> Vec<Word> {
    match (a, b) {
        ([ANY], other) | (other, [ANY]) => other.to_vec(),
        _ => {
            let (few, many) = if a.len() < b.len() { (a, b) } else { (b, a) };
            let listed = |word: &&Word| many.binary_search(word).is_ok();
            few.iter().filter(listed).copied().collect()
        }
    }
}

/// What two lists of targets have in common.
fn common_targets(
    a: &[Word],
    b: &[Word],
    vocabulary: &Vocabulary,
    work: &Work,
) -> Result<Vec<Word>, TooLarge> {
    let (few, many) = if a.len() < b.len() { (a, b) } else { (b, a) };
    let mut both = Vec::new();
    for &word in few {
        let mut up = std::iter::once(word).chain(vocabulary.more_general(Dimension::Target, word));
        if up.any(|word| many.binary_search(&word).is_ok()) {
            both.push(word);
        }
        if vocabulary.is_least(word) {
            continue;
        }
        work.steps(many.len())?;
        let below = |&&other: &&Word| {
            let mut up = vocabulary.more_general(Dimension::Target, other);
            up.any(|general| general == word)
        };
        both.extend(many.iter().filter(below));
    }
    both.sort_unstable();
    both.dedup();
    Ok(both)
}

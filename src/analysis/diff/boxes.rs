//! Rules as boxes: sets of names × groups × resources × verbs, whose words are numbers.
//!
//! A point of a box is one word, or "any", in each dimension. Requests range over infinitely many
//! verbs, groups, resources, names and paths, so a request that is fresh in every "any" of a point is
//! covered by a union of boxes only if one of them covers the whole point. Hence a point is covered by
//! a union if and only if a single box of it covers the point, and subtraction stays exact.

use compact_str::CompactString;
use hashbrown::HashMap;

use crate::authz::rbac::rules::is_every;
use crate::kube::PolicyRule;

/// The number of a word: of a target among the targets, of all else among the [`Vocabulary`]'s words.
pub(super) type Word = usize;

/// Any name, group or verb; no word has this number.
pub(super) const ANY: Word = 0;

/// How many dimensions a box has.
pub(super) const DIMENSIONS: usize = 4;

/// A dimension of a box. The order is that in which pieces are put together, from the outermost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Dimension {
    /// The names of objects; of URLs any.
    Name,
    /// The API groups; of URLs any.
    Group,
    /// Resources with their subresources, or URLs.
    Target,
    /// The verbs.
    Verb,
}

impl Dimension {
    /// All, in their order.
    pub(super) const ALL: [Dimension; DIMENSIONS] = [
        Dimension::Name,
        Dimension::Group,
        Dimension::Target,
        Dimension::Verb,
    ];
}

/// What a rule gives, of resources or of URLs: every combination of these words.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct RuleBox {
    /// For each [`Dimension`] the words, sorted, each once, at least one.
    pub(super) words: [Vec<Word>; DIMENSIONS],
}

impl RuleBox {
    fn new(words: [Vec<Word>; DIMENSIONS]) -> Option<Self> {
        let words = words.map(|mut words| {
            words.sort_unstable();
            words.dedup();
            words
        });
        let whole = words.iter().all(|words| !words.is_empty());
        whole.then_some(RuleBox { words })
    }

    /// The words of a dimension.
    pub(super) fn of(&self, dimension: Dimension) -> &[Word] {
        &self.words[dimension as usize]
    }

    /// Whether a dimension lists a word.
    pub(super) fn lists(&self, dimension: Dimension, word: Word) -> bool {
        self.of(dimension).binary_search(&word).is_ok()
    }
}

/// What of resources, subresources or URLs a word covers.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum TargetWord {
    /// `*`: every resource and subresource.
    All,
    /// `*/subresource`: this subresource of every resource.
    Subresource(CompactString),
    /// `resource`, or `resource/subresource`.
    Resource(CompactString),
    /// This path alone.
    Path(CompactString),
    /// Every path that begins so.
    Prefix(CompactString),
}

impl TargetWord {
    /// What a word of a rule's resources covers; none for one that no request can match.
    fn resource(word: &str) -> Option<Self> {
        match word.split_once('/') {
            None if word == "*" => Some(TargetWord::All),
            None => Some(TargetWord::Resource(word.into())),
            Some((_, "")) => None,
            Some(("*", subresource)) => Some(TargetWord::Subresource(subresource.into())),
            Some(_) => Some(TargetWord::Resource(word.into())),
        }
    }

    fn url(word: &str) -> Self {
        if word.ends_with('*') {
            TargetWord::Prefix(word.trim_end_matches('*').into())
        } else {
            TargetWord::Path(word.into())
        }
    }

    /// As a rule writes it.
    fn word(&self) -> CompactString {
        match self {
            TargetWord::All => "*".into(),
            TargetWord::Subresource(subresource) => format!("*/{subresource}").into(),
            TargetWord::Resource(word) | TargetWord::Path(word) => word.clone(),
            TargetWord::Prefix(prefix) => format!("{prefix}*").into(),
        }
    }
}

/// The words of all boxes, by number. Targets stand in trees: of two, one covers the other, or they
/// have nothing in common.
#[derive(Debug, Default)]
pub(super) struct Vocabulary {
    /// All words but targets, from number 1: 0 is [`ANY`].
    words: Vec<CompactString>,
    numbers: HashMap<CompactString, Word>,
    targets: Vec<TargetWord>,
    target_numbers: HashMap<TargetWord, Word>,
    /// The least general target that covers each, beside itself.
    parents: Vec<Option<Word>>,
    children: Vec<Vec<Word>>,
}

impl Vocabulary {
    /// The boxes of a rule: what it gives of resources, and of URLs. The vocabulary isn't
    /// [`complete`](Vocabulary::complete) any more.
    pub(super) fn boxes(&mut self, rule: &PolicyRule) -> [Option<RuleBox>; 2] {
        let verbs = self.any_or(&rule.verbs);
        let groups = self.any_or(&rule.api_groups);
        let names = if rule.resource_names.is_empty() {
            vec![ANY]
        } else {
            self.numbers_of(&rule.resource_names)
        };
        let resources = rule
            .resources
            .iter()
            .filter_map(|word| TargetWord::resource(word));
        let resources = resources.map(|target| self.target(target)).collect();
        let urls = rule
            .non_resource_urls
            .iter()
            .map(|word| TargetWord::url(word));
        let urls = urls.map(|target| self.target(target)).collect();
        [
            RuleBox::new([names, groups, resources, verbs.clone()]),
            RuleBox::new([vec![ANY], vec![ANY], urls, verbs]),
        ]
    }

    fn any_or(&mut self, words: &[CompactString]) -> Vec<Word> {
        if is_every(words) {
            vec![ANY]
        } else {
            self.numbers_of(words)
        }
    }

    fn numbers_of(&mut self, words: &[CompactString]) -> Vec<Word> {
        let number = |word: &CompactString| match self.numbers.get(word) {
            Some(&number) => number,
            None => {
                self.words.push(word.clone());
                let number = self.words.len();
                self.numbers.insert(word.clone(), number);
                number
            }
        };
        words.iter().map(number).collect()
    }

    fn target(&mut self, target: TargetWord) -> Word {
        if let Some(&number) = self.target_numbers.get(&target) {
            return number;
        }
        let parent = match &target {
            TargetWord::All | TargetWord::Path(_) | TargetWord::Prefix(_) => None,
            TargetWord::Subresource(_) => Some(self.target(TargetWord::All)),
            TargetWord::Resource(word) => Some(match word.split_once('/') {
                Some((_, subresource)) => self.target(TargetWord::Subresource(subresource.into())),
                None => self.target(TargetWord::All),
            }),
        };
        let number = self.targets.len();
        self.targets.push(target.clone());
        self.parents.push(parent);
        self.target_numbers.insert(target, number);
        number
    }

    /// Finds out which targets cover which. Call it after the last of [`boxes`](Vocabulary::boxes).
    pub(super) fn complete(&mut self) {
        let mut urls: Vec<(&str, bool, Word)> = Vec::new();
        for (target, number) in self.targets.iter().zip(0..) {
            match target {
                // A prefix comes before the path that reads the same.
                TargetWord::Prefix(prefix) => urls.push((prefix, false, number)),
                TargetWord::Path(path) => urls.push((path, true, number)),
                _ => {}
            }
        }
        urls.sort_unstable();
        let mut open: Vec<(&str, Word)> = Vec::new();
        for (text, is_path, number) in urls {
            while open
                .pop_if(|(prefix, _)| !text.starts_with(*prefix))
                .is_some()
            {}
            self.parents[number] = open.last().map(|&(_, parent)| parent);
            if !is_path {
                open.push((text, number));
            }
        }
        self.children = vec![Vec::new(); self.targets.len()];
        for (parent, child) in self.parents.iter().zip(0..) {
            if let Some(parent) = parent {
                self.children[*parent].push(child);
            }
        }
    }

    /// The words that cover a word and more, the least general first.
    pub(super) fn more_general(
        &self,
        dimension: Dimension,
        word: Word,
    ) -> impl Iterator<Item = Word> {
        let first = match dimension {
            Dimension::Target => self.parents[word],
            _ => (word != ANY).then_some(ANY),
        };
        std::iter::successors(first, move |&word| match dimension {
            Dimension::Target => self.parents[word],
            _ => None,
        })
    }

    /// The targets that a target covers, beside itself.
    pub(super) fn more_special(&self, target: Word) -> impl Iterator<Item = Word> {
        let mut open: Vec<Word> = self.children[target].clone();
        std::iter::from_fn(move || {
            let next = open.pop()?;
            open.extend(&self.children[next]);
            Some(next)
        })
    }

    /// Whether a target covers no other.
    pub(super) fn is_least(&self, target: Word) -> bool {
        self.children[target].is_empty()
    }

    /// How a rule writes words of a dimension.
    pub(super) fn texts(&self, dimension: Dimension, words: &[Word]) -> Vec<CompactString> {
        let text = |&word: &Word| match dimension {
            Dimension::Target => self.targets[word].word(),
            _ if word == ANY => "*".into(),
            _ => self.words[word - 1].clone(),
        };
        words.iter().map(text).collect()
    }
}

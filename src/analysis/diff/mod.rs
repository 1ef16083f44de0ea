//! What a change lets whom do that they couldn't before, and what it takes away.
//!
//! Effective permissions are compared, not objects: per subject and scope, what one side allows
//! and the other doesn't. Splitting, renaming or moving rules gives nothing.
//!
//! The law: for a request by a user who is exactly one subject named on either side, the verdicts
//! of the two sides differ if and only if an entry of that subject, in that direction, matches it.
//! (Resources of requests hold no `/`; the subresource is apart.)
//!
//! ```
//! use rbac_eval::analysis::diff::{Direction, diff};
//! use rbac_eval::kube;
//! use rbac_eval::text::{SourceText, Files};
//! use rbac_eval::cluster::{Defaults, Snapshot};
//! use rbac_eval::authz::rbac::RbacAuthorizer;
//!
//! let rbac = |verbs: &str| {
//!     let text = format!("
//! apiVersion: rbac.authorization.k8s.io/v1
//! kind: ClusterRole
//! metadata: {{name: r}}
//! rules: [{{apiGroups: [''], resources: [pods], verbs: {verbs}}}]
//! ---
//! apiVersion: rbac.authorization.k8s.io/v1
//! kind: ClusterRoleBinding
//! metadata: {{name: b}}
//! roleRef: {{kind: ClusterRole, name: r}}
//! subjects: [{{kind: User, name: alice}}]
//! ");
//!     let text = SourceText { name: "x.yaml".into(), bytes: text.into_bytes(), named: true };
//!     let mut files = Files::default();
//!     let manifest = kube::parse(&mut files, &[text]);
//!     RbacAuthorizer::new(Snapshot::new(files, manifest, Defaults::None))
//! };
//! let changes = diff(&rbac("['*']")?, &rbac("[get, list]")?)?;
//! assert_eq!(changes.len(), 1);
//! assert_eq!(changes[0].direction, Direction::Lost);
//! assert_eq!(changes[0].rule.verbs, ["*"]);
//! assert_eq!(changes[0].except[0].rule.verbs, ["get", "list"]);
//! # Ok::<(), rbac_eval::authz::rbac::TooLarge>(())
//! ```

mod alone;
mod boxes;
mod causes;
mod groups;
mod index;
mod pieces;
mod role_refs;
mod sides;
mod work;

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use hashbrown::HashMap;

use crate::authn::Principal;
#[cfg(feature = "internals")]
use crate::authz::Attributes;
#[cfg(feature = "internals")]
use crate::authz::rbac::rules::rule_allows;
use crate::authz::rbac::{RbacAuthorizer, TooLarge};
use crate::kube::PolicyRule;
use crate::object::Scope;

use alone::Alone;
use boxes::{RuleBox, Vocabulary};
pub use causes::{Cause, CauseKind};
pub use groups::{CauseKey, ChangeGroup, groups};
use index::Index;
use pieces::{Givers, RulePiece, in_order, pieces};
pub use role_refs::{RoleRefChange, changed_role_refs};
use sides::{ContentId, Given, GivenRules, ListId, ScopeId, Sides};
use work::Work;

/// Whether something is allowed now or no longer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Direction {
    /// HEAD allows it and BASE doesn't.
    Gained,
    /// BASE allows it and HEAD doesn't.
    Lost,
}

/// What an entry leaves out.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Except {
    /// Where it is left out; the cluster means everywhere.
    pub scope: Scope,
    /// The requests that are left out.
    pub rule: PolicyRule,
}

/// Something that a subject gained or lost.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// Gained or lost.
    pub direction: Direction,
    /// Who.
    pub subject: Principal,
    /// Where.
    pub scope: Scope,
    /// The requests.
    pub rule: PolicyRule,
    /// Those among them that aren't meant, since the other side allows them too.
    pub except: Vec<Except>,
    /// Through what, on the side that allows.
    pub causes: Vec<Cause>,
}

#[cfg(feature = "internals")]
impl Change {
    /// Whether a request is among those gained or lost.
    pub fn matches(&self, attributes: &Attributes) -> bool {
        let namespace = attributes.namespace();
        self.scope.contains(namespace)
            && rule_allows(&self.rule, attributes)
            && !self.except.iter().any(|except| {
                except.scope.contains(namespace) && rule_allows(&except.rule, attributes)
            })
    }
}

/// Everything that HEAD lets subjects do and BASE doesn't, and the reverse, sorted by subject,
/// direction and scope.
///
/// `system:masters` is allowed everything on both sides, so nothing changes for it.
///
/// # Errors
/// If the sides cut one another into more pieces, or the answer is longer, than the limits that the
/// error names.
pub fn diff(base: &RbacAuthorizer, head: &RbacAuthorizer) -> Result<Vec<Change>, TooLarge> {
    compare(base, head, &Work::default())
}

/// How many steps a comparison takes: what it costs, on every machine.
///
/// # Errors
/// Those of [`diff`].
#[cfg(feature = "internals")]
#[doc(hidden)]
pub fn steps(base: &RbacAuthorizer, head: &RbacAuthorizer) -> Result<usize, TooLarge> {
    let work = Work::default();
    compare(base, head, &work)?;
    Ok(work.total_steps())
}

fn compare(
    base: &RbacAuthorizer,
    head: &RbacAuthorizer,
    work: &Work,
) -> Result<Vec<Change>, TooLarge> {
    let sides = Sides::new(base, head);
    let subjects: BTreeSet<&Principal> = sides
        .base
        .subjects()
        .chain(sides.head.subjects())
        .filter(|subject| !subject.is_masters())
        .collect();
    let changed: Vec<(&Principal, [GivenRules; 2])> = subjects
        .into_iter()
        .map(|subject| {
            (
                subject,
                [&sides.base, &sides.head].map(|side| side.given(subject)),
            )
        })
        .filter(|(_, [before, after])| before != after)
        .collect();
    let mut comparison = Comparison::new(&sides, &changed, work);
    // Many subjects are given the same.
    let mut known: HashMap<&[GivenRules; 2], Rc<[Difference]>> = HashMap::new();
    let mut changes = Vec::new();
    for (subject, given) in &changed {
        let differences = match known.get(given) {
            Some(known) => known.clone(),
            None => {
                let [before, after] = given;
                let mut found = comparison.difference(Direction::Gained, after, before)?;
                found.extend(comparison.difference(Direction::Lost, before, after)?);
                let found: Rc<[Difference]> = found.into();
                known.insert(given, found.clone());
                found
            }
        };
        for difference in &*differences {
            comparison.changes_of(subject, difference, &mut changes)?;
        }
    }
    Ok(changes)
}

/// What one side gives in a scope and the other doesn't, whoever it is given to.
struct Difference {
    direction: Direction,
    scope: ScopeId,
    groups: Rc<[GivenTogether]>,
}

/// What the same rules give.
struct GivenTogether {
    /// The contents of the rules.
    givers: Vec<ContentId>,
    rules: Vec<(PolicyRule, Vec<Except>)>,
}

/// The distinct rules of some lists.
struct Bag {
    number: usize,
    /// Sorted.
    contents: Vec<ContentId>,
    /// Of resources, and of URLs.
    indexes: [Index; 2],
}

/// Which of a bag's indexes is meant.
const RESOURCES: usize = 0;
const URLS: usize = 1;

/// The bags of the scopes in which one side gives a subject something.
type Bags = BTreeMap<ScopeId, Rc<Bag>>;

struct Comparison<'s> {
    sides: &'s Sides<'s>,
    work: &'s Work,
    vocabulary: Vocabulary,
    boxes: HashMap<ContentId, [Option<Rc<RuleBox>>; 2]>,
    bags: HashMap<Vec<ListId>, Rc<Bag>>,
    /// What was found of namespaces, by the bags that decide it.
    known: HashMap<[usize; 4], Rc<[GivenTogether]>>,
}

impl<'s> Comparison<'s> {
    fn new(
        sides: &'s Sides<'s>,
        changed: &[(&Principal, [GivenRules; 2])],
        work: &'s Work,
    ) -> Self {
        let mut vocabulary = Vocabulary::default();
        let mut boxes = HashMap::new();
        let lists: BTreeSet<ListId> = changed
            .iter()
            .flat_map(|(_, given)| given.iter().flatten().map(|&(_, list)| list))
            .collect();
        for list in lists {
            for &content in sides.contents_of(list) {
                boxes.entry(content).or_insert_with(|| {
                    vocabulary
                        .boxes(sides.rule(content))
                        .map(|it| it.map(Rc::new))
                });
            }
        }
        vocabulary.complete();
        Comparison {
            sides,
            work,
            vocabulary,
            boxes,
            bags: HashMap::new(),
            known: HashMap::new(),
        }
    }

    /// The boxes of rules, each with its rule.
    fn boxes_of(&self, contents: &[ContentId], what: usize) -> Vec<(ContentId, Rc<RuleBox>)> {
        let boxes = contents.iter().filter_map(|content| {
            let one = self.boxes.get(content)?[what].clone()?;
            Some((*content, one))
        });
        boxes.collect()
    }

    fn bag(&mut self, lists: Vec<ListId>) -> Rc<Bag> {
        if let Some(known) = self.bags.get(&lists) {
            return known.clone();
        }
        let contents: BTreeSet<ContentId> = lists
            .iter()
            .flat_map(|&list| self.sides.contents_of(list))
            .copied()
            .collect();
        let contents: Vec<ContentId> = contents.into_iter().collect();
        let bag = Rc::new(Bag {
            number: self.bags.len(),
            indexes: [RESOURCES, URLS].map(|what| {
                let boxes = self.boxes_of(&contents, what).into_iter();
                Index::new(boxes.map(|(_, one)| one).collect())
            }),
            contents,
        });
        self.bags.insert(lists, bag.clone());
        bag
    }

    fn bags_of(&mut self, given: &GivenRules) -> Bags {
        given
            .chunk_by(|a, b| a.0 == b.0)
            .map(|same| {
                (
                    same[0].0,
                    self.bag(same.iter().map(|&(_, list)| list).collect()),
                )
            })
            .collect()
    }

    /// What `with` gives and `without` doesn't.
    fn difference(
        &mut self,
        direction: Direction,
        with: &GivenRules,
        without: &GivenRules,
    ) -> Result<Vec<Difference>, TooLarge> {
        let (with, without) = (self.bags_of(with), self.bags_of(without));
        let nothing = self.bag(Vec::new());
        let at = |bags: &Bags, scope| bags.get(&scope).unwrap_or(&nothing).clone();
        let everywhere = at(&with, ScopeId::CLUSTER);
        let without_everywhere = at(&without, ScopeId::CLUSTER);
        let mut differences = Vec::new();
        for (&scope, here) in &with {
            let without_here = at(&without, scope);
            let groups = if scope == ScopeId::CLUSTER {
                self.groups(
                    here,
                    &[&without_everywhere],
                    &[RESOURCES, URLS],
                    |piece, what| self.excepts_of_cluster(piece, what, &without),
                )?
            } else {
                let key = [here, &without_here, &without_everywhere, &everywhere];
                let key = key.map(|bag| bag.number);
                match self.known.get(&key) {
                    Some(known) => known.clone(),
                    None => {
                        let covering = [&*without_everywhere, &*without_here, &*everywhere];
                        // In a namespace, URLs are never granted.
                        let groups =
                            self.groups(here, &covering, &[RESOURCES], |piece, what| {
                                // What is left out there and everywhere is one thing.
                                self.excepts(piece, what, &covering[..2])
                            })?;
                        self.known.insert(key, groups.clone());
                        groups
                    }
                }
            };
            if !groups.is_empty() {
                differences.push(Difference {
                    direction,
                    scope,
                    groups,
                });
            }
        }
        Ok(differences)
    }

    /// What the rules of a bag give and those of no other bag, apart by the rules that give it.
    fn groups(
        &self,
        here: &Bag,
        covering: &[&Bag],
        what: &[usize],
        excepts: impl Fn(&RulePiece, usize) -> Result<Vec<Except>, TooLarge>,
    ) -> Result<Rc<[GivenTogether]>, TooLarge> {
        let is_covered = |content: &ContentId| {
            let mut covering = covering.iter();
            covering.any(|bag| bag.contents.binary_search(content).is_ok())
        };
        let left: Vec<ContentId> = here
            .contents
            .iter()
            .copied()
            .filter(|content| !is_covered(content))
            .collect();
        if left.is_empty() {
            return Ok(Rc::default());
        }
        let mut groups: BTreeMap<Vec<ContentId>, Vec<(PolicyRule, Vec<Except>)>> = BTreeMap::new();
        let mut add = |givers, piece: &RulePiece, what| {
            let rule = self.rule(piece, what);
            let except = excepts(piece, what)?;
            groups.entry(givers).or_default().push((rule, except));
            Ok(())
        };
        for &what in what {
            let covered: Vec<&Index> = covering.iter().map(|bag| &bag.indexes[what]).collect();
            let boxes = self.boxes_of(&left, what);
            let alone = Alone::new(&boxes, &covered, &self.vocabulary, self.work)?;
            let (alone, boxes): (Vec<_>, Vec<_>) =
                boxes.into_iter().partition(|(_, one)| alone.has(one));
            for (content, one) in alone {
                add(vec![content], &RulePiece::whole(&one), what)?;
            }
            let (contents, boxes): (Vec<ContentId>, _) = boxes.into_iter().unzip();
            let given = Index::new(boxes);
            for piece in pieces(&given, &covered, Givers::Apart, &self.vocabulary, self.work)? {
                let givers = piece.givers.iter().map(|&giver| contents[giver]).collect();
                add(givers, &piece, what)?;
            }
        }
        let groups = groups.into_iter().map(|(givers, mut rules)| {
            rules.sort_by(|(a, _), (b, _)| in_order(a, b));
            GivenTogether { givers, rules }
        });
        Ok(groups.collect())
    }

    fn rule(&self, piece: &RulePiece, what: usize) -> PolicyRule {
        if what == RESOURCES {
            piece.resource_rule(&self.vocabulary)
        } else {
            piece.url_rule(&self.vocabulary)
        }
    }

    /// What bags cover of a piece, as an index of what they have in common with it; none where that is
    /// nothing.
    fn common(
        &self,
        piece: &RulePiece,
        what: usize,
        bags: &[&Bag],
    ) -> Result<Option<Index>, TooLarge> {
        if bags.iter().all(|bag| bag.indexes[what].is_empty()) {
            return Ok(None);
        }
        let whole = RuleBox {
            words: piece.words.each_ref().map(|words| words.to_vec()),
        };
        let mut common = Vec::new();
        for bag in bags {
            let index = &bag.indexes[what];
            common.extend(index.common(&whole, &self.vocabulary, self.work)?);
        }
        Ok((!common.is_empty()).then(|| Index::new(common)))
    }

    /// What of a piece is left out, in few rules.
    fn left_out(
        &self,
        common: Option<&Index>,
        covered: Option<&Index>,
        what: usize,
    ) -> Result<Vec<PolicyRule>, TooLarge> {
        let Some(common) = common else {
            return Ok(Vec::new());
        };
        let found = pieces(
            common,
            covered.as_slice(),
            Givers::Together,
            &self.vocabulary,
            self.work,
        )?;
        let mut rules: Vec<PolicyRule> = found.iter().map(|piece| self.rule(piece, what)).collect();
        rules.sort_by(in_order);
        Ok(rules)
    }

    /// What bags of the other side leave out of a piece, wherever the piece applies.
    fn excepts(
        &self,
        piece: &RulePiece,
        what: usize,
        bags: &[&Bag],
    ) -> Result<Vec<Except>, TooLarge> {
        let common = self.common(piece, what, bags)?;
        let rules = self.left_out(common.as_ref(), None, what)?;
        let except = |rule| Except {
            scope: Scope::Cluster,
            rule,
        };
        Ok(rules.into_iter().map(except).collect())
    }

    /// What the other side leaves out of a piece for the whole cluster: everywhere, and beyond that
    /// in namespaces.
    fn excepts_of_cluster(
        &self,
        piece: &RulePiece,
        what: usize,
        without: &Bags,
    ) -> Result<Vec<Except>, TooLarge> {
        let mut excepts = Vec::new();
        let mut everywhere = None;
        let mut known: HashMap<usize, Vec<PolicyRule>> = HashMap::new();
        for (&scope, bag) in without {
            let rules = if scope == ScopeId::CLUSTER {
                everywhere = self.common(piece, what, &[bag])?;
                self.left_out(everywhere.as_ref(), None, what)?
            } else if what == URLS {
                // In a namespace, URLs are never granted.
                continue;
            } else if let Some(rules) = known.get(&bag.number) {
                rules.clone()
            } else {
                let common = self.common(piece, what, &[bag])?;
                let rules = self.left_out(common.as_ref(), everywhere.as_ref(), what)?;
                known.insert(bag.number, rules.clone());
                rules
            };
            self.work.parts(rules.len())?;
            self.work.words(rules.iter().map(size).sum())?;
            excepts.extend(rules.into_iter().map(|rule| Except {
                scope: self.sides.scope(scope).clone(),
                rule,
            }));
        }
        Ok(excepts)
    }

    /// What a difference means for one subject.
    fn changes_of(
        &self,
        subject: &Principal,
        difference: &Difference,
        changes: &mut Vec<Change>,
    ) -> Result<(), TooLarge> {
        let (with, without) = match difference.direction {
            Direction::Gained => (&self.sides.head, &self.sides.base),
            Direction::Lost => (&self.sides.base, &self.sides.head),
        };
        let mut groups: Vec<(Vec<Given>, &GivenTogether)> =
            Vec::with_capacity(difference.groups.len());
        let ways = self.sides.ways(with, subject, difference.scope);
        for group in &*difference.groups {
            let given = ways.through(&group.givers);
            self.work.parts(given.len())?;
            groups.push((given, group));
        }
        groups.sort_by(|(a, _), (b, _)| a.cmp(b));
        for (given, group) in groups {
            self.work.parts(given.len() * (group.rules.len() - 1))?;
            let causes: Vec<Cause> = given
                .iter()
                .map(|given| causes::cause(with, without, given, subject))
                .collect();
            for (rule, except) in &group.rules {
                self.work.change()?;
                self.work.parts(except.len())?;
                let excepted: usize = except.iter().map(|except| size(&except.rule)).sum();
                self.work.words(size(rule) + excepted)?;
                changes.push(Change {
                    direction: difference.direction,
                    subject: subject.clone(),
                    scope: self.sides.scope(difference.scope).clone(),
                    rule: rule.clone(),
                    except: except.clone(),
                    causes: causes.clone(),
                });
            }
        }
        Ok(())
    }
}

/// How many words a rule has.
fn size(rule: &PolicyRule) -> usize {
    rule.lists().iter().map(|words| words.len()).sum()
}

//! Changes put together by what brought them about, as a reviewer reads them: one binding that is added
//! is one thing, however many rules its role has.

use std::cmp::Reverse;

use hashbrown::HashMap;

use crate::authn::Principal;
use crate::object::{ObjectRef, Scope};

use super::{Cause, CauseKind, Change, Direction};

/// What one part of a change gave a subject in a scope, or took from it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChangeGroup {
    /// What did it, as it did the first of the changes.
    pub cause: Cause,
    /// What else gives parts of the same, one of each, of the first few.
    pub others: Vec<Cause>,
    /// How many more of those there are.
    pub more_others: usize,
    /// How many rules of the role took part.
    pub rules: usize,
    /// The places of the changes in the list that was grouped, in order.
    pub changes: Vec<usize>,
}

/// How many other causes of a group are kept.
const MOST_OTHERS: usize = 3;

/// A cause but for the rule: what a group has in common.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct CauseKey<'c> {
    /// Which part of the change it is.
    pub kind: CauseKind,
    /// The binding, where it or its entry is that part.
    pub binding: Option<&'c ObjectRef>,
    /// The role.
    pub role: &'c ObjectRef,
    /// The ClusterRole that the rules are gathered from, where it is that part.
    pub aggregated_from: Option<&'c str>,
}

impl Cause {
    /// What this cause has in common with others of one thing that changed.
    pub fn key(&self) -> CauseKey<'_> {
        use CauseKind::{AggregatedRole, Binding, Labels, RoleRef, Rule, Subject};
        let of_binding = matches!(self.kind, Binding | Subject | RoleRef);
        let of_part = matches!(self.kind, Rule | AggregatedRole | Labels);
        CauseKey {
            kind: self.kind,
            binding: of_binding.then_some(&self.binding),
            role: &self.role,
            aggregated_from: self.aggregated_from.as_deref().filter(|_| of_part),
        }
    }
}

/// Puts changes together by subject, scope, direction and cause, each into one group, in the order in which
/// the first of each stands. What several causes give belongs to the one that gives the most.
pub fn groups<'c>(changes: impl Iterator<Item = &'c Change>) -> Vec<ChangeGroup> {
    let changes: Vec<&Change> = changes.collect();
    let mut numbers: HashMap<(Direction, &Principal, &Scope), usize> = HashMap::new();
    let mut parties: Vec<Vec<usize>> = Vec::new();
    for (place, change) in changes.iter().enumerate() {
        let party = (change.direction, &change.subject, &change.scope);
        let number = *numbers.entry(party).or_insert_with(|| {
            parties.push(Vec::new());
            parties.len() - 1
        });
        parties[number].push(place);
    }
    let mut groups: Vec<ChangeGroup> = parties
        .iter()
        .flat_map(|places| groups_of(places, &changes))
        .collect();
    groups.sort_by_key(|group| group.changes.first().copied());
    groups
}

/// The groups of one subject, scope and direction.
fn groups_of(places: &[usize], changes: &[&Change]) -> Vec<ChangeGroup> {
    let mut by_cause: HashMap<CauseKey<'_>, usize> = HashMap::new();
    let mut causes: Vec<(CauseKey<'_>, Vec<(usize, &Cause)>)> = Vec::new();
    for &place in places {
        for cause in &changes[place].causes {
            let key = cause.key();
            let number = *by_cause.entry(key).or_insert_with(|| {
                causes.push((key, Vec::new()));
                causes.len() - 1
            });
            causes[number].1.push((place, cause));
        }
    }
    causes.sort_by_key(|(_, given)| Reverse(given.len()));
    let mut taken: HashMap<usize, usize> = HashMap::new();
    let mut groups: Vec<ChangeGroup> = Vec::new();
    for (_, given) in &causes {
        let free = given.iter().filter(|(place, _)| !taken.contains_key(place));
        let free: Vec<(usize, &Cause)> = free.copied().collect();
        let Some((_, first)) = free.first() else {
            continue;
        };
        let mut rules: Vec<usize> = free.iter().map(|(_, cause)| cause.rule).collect();
        rules.sort_unstable();
        rules.dedup();
        let mut own: Vec<usize> = free.iter().map(|(place, _)| *place).collect();
        own.dedup();
        taken.extend(own.iter().map(|&place| (place, groups.len())));
        groups.push(ChangeGroup {
            cause: (*first).clone(),
            others: Vec::new(),
            more_others: 0,
            rules: rules.len(),
            changes: own,
        });
    }
    for (key, given) in &causes {
        let mut touched: Vec<usize> = given.iter().map(|(place, _)| taken[place]).collect();
        touched.sort_unstable();
        touched.dedup();
        for number in touched {
            let group = &mut groups[number];
            if group.cause.key() == *key {
                continue;
            }
            if group.others.len() < MOST_OTHERS {
                group.others.push(given[0].1.clone());
            } else {
                group.more_others += 1;
            }
        }
    }
    groups
}

//! The rules that aggregated ClusterRoles gather.

mod circles;
mod selected;

use compact_str::CompactString;
use hashbrown::{HashMap, HashSet};

use crate::kube::{Role, RoleKind};
use crate::text::Located;

use super::number::TooLarge;
use circles::sources_first;
use selected::{Selected, SetId, selected};

/// The number of a rule, counted over all roles of a snapshot.
pub(super) type RuleNumber = u32;

/// How many rules aggregated roles may gather together. Those that gather the same count once.
const MOST: usize = 4_000_000;

/// The effective rules of all roles, as numbers of written rules.
///
/// A role without aggregation has its own. An aggregated one has those of every other ClusterRole
/// that a selector matches, selector by selector and by name within each, equal rules once; and
/// first its own where it comes from a server, since those are what the server uses.
///
/// Aggregated roles may gather from one another. Each is computed after its sources. Roles in a
/// circle end up with the same rules, all that any of them gathers from outside of it; their order
/// on a server depends on its timing, here it is by the names of the roles.
///
/// Roles that gather the same share one list, so that cost follows what is written and what differs.
///
/// `first_rule` has the number of each role's first rule, and at its end the count of all.
///
/// # Errors
///
/// If there is more to gather than the limits that the error names.
///
/// Source: `clusterroleaggregation` controller of kube-controller-manager.
pub(super) fn effective_rules(
    roles: &[Located<Role>],
    first_rule: &[RuleNumber],
) -> Result<Effective, TooLarge> {
    let own = |role: usize| first_rule[role]..first_rule[role + 1];
    let mut effective = Effective {
        lists: Vec::with_capacity(roles.len()),
        list_of: Vec::with_capacity(roles.len()),
        stale: Vec::new(),
        is_gathered: vec![false; roles.len()],
    };
    for (number, role) in roles.iter().enumerate() {
        // An aggregated role has none as yet.
        effective.list_of.push(effective.lists.len());
        effective.lists.push(match role.aggregation_rule {
            Some(_) => Vec::new(),
            None => own(number).collect(),
        });
    }
    let aggregated: Vec<usize> = (0..roles.len())
        .filter(|&role| roles[role].aggregation_rule.is_some())
        .collect();
    if aggregated.is_empty() {
        return Ok(effective);
    }
    let content = Contents::new(roles, first_rule);
    let Selected { sets, of } = selected(roles, &aggregated)?;
    for &role in sets.iter().flatten() {
        effective.is_gathered[role] = true;
    }
    let mut looked_at = 0;
    // What roles outside of every circle gather, by the sets that they gather from.
    let mut known: HashMap<&[SetId], usize> = HashMap::new();
    for group in sources_first(&graph(&aggregated, &sets, &of)) {
        // Sets stand in the graph too, after the roles.
        let mut group = group.into_iter().filter(|&node| node < aggregated.len());
        let Some(first) = group.next() else {
            continue;
        };
        let group: Vec<usize> = std::iter::once(first).chain(group).collect();
        let role = aggregated[first];
        let is_source_of_itself = |set: &SetId| sets[*set].binary_search(&role).is_ok();
        let shared = group.len() == 1 && !of[first].iter().any(is_source_of_itself);
        let gathered = match known.get(&*of[first]).filter(|_| shared) {
            Some(&list) => list,
            None => {
                let mut gathered = RuleUnion::new(&content, &mut looked_at);
                let mut done: HashSet<SetId> = HashSet::new();
                for &at in &group {
                    // In a circle a role's own rules come back to it.
                    let role = aggregated[at];
                    if group.len() > 1 && roles[role].holds_rules() {
                        gathered.extend(own(role))?;
                    }
                    for &set in of[at].iter().filter(|&&set| done.insert(set)) {
                        for &source in &sets[set] {
                            // Those of the same group have none as yet.
                            gathered.extend(effective.rules_of(source).iter().copied())?;
                        }
                    }
                }
                effective.lists.push(gathered.rules);
                effective.lists.len() - 1
            }
        };
        if shared {
            known.insert(&of[first], gathered);
        }
        for role in group.into_iter().map(|at| aggregated[at]) {
            effective.list_of[role] = if roles[role].holds_rules() {
                let gathered = &effective.lists[gathered];
                let again: HashSet<RuleNumber> =
                    gathered.iter().map(|&rule| content.of(rule)).collect();
                let is_stale = |rule: &RuleNumber| !again.contains(&content.of(*rule));
                let more = own(role).filter(is_stale).count();
                if more > 0 && roles[role].is_from_server() {
                    effective.stale.push((role, more));
                }
                let mut all = RuleUnion::new(&content, &mut looked_at);
                all.extend(own(role))?;
                // What is written twice stays so.
                all.rules = own(role).collect();
                all.extend(gathered.iter().copied())?;
                effective.lists.push(all.rules);
                effective.lists.len() - 1
            } else {
                gathered
            };
        }
    }
    effective.stale.sort_unstable();
    Ok(effective)
}

/// What [`effective_rules`] found.
pub(super) struct Effective {
    /// Lists of the numbers of effective rules.
    pub(super) lists: Vec<Vec<RuleNumber>>,
    /// Which of the lists each role has.
    pub(super) list_of: Vec<usize>,
    /// Roles from a server with more rules than the input gives, and how many more.
    pub(super) stale: Vec<(usize, usize)>,
    /// For each role, whether a selector matches it.
    pub(super) is_gathered: Vec<bool>,
}

impl Effective {
    fn rules_of(&self, role: usize) -> &[RuleNumber] {
        &self.lists[self.list_of[role]]
    }
}

/// What each aggregated role needs, by number: the sets of its selectors, which are numbered after
/// the roles. A set needs its aggregated roles.
fn graph(aggregated: &[usize], sets: &[Vec<usize>], of: &[Vec<SetId>]) -> Vec<Vec<usize>> {
    let sets_of = of.iter();
    let sets_of = sets_of.map(|sets| sets.iter().map(|set| aggregated.len() + set).collect());
    let position = |role: &usize| aggregated.binary_search(role).ok();
    let members = sets.iter();
    let members = members.map(|roles| roles.iter().filter_map(position).collect());
    sets_of.chain(members).collect()
}

/// Rules in the order in which they come, equal ones once.
struct RuleUnion<'c> {
    content: &'c Contents,
    looked_at: &'c mut usize,
    known: HashSet<RuleNumber>,
    rules: Vec<RuleNumber>,
}

impl<'c> RuleUnion<'c> {
    fn new(content: &'c Contents, looked_at: &'c mut usize) -> Self {
        RuleUnion {
            content,
            looked_at,
            known: HashSet::new(),
            rules: Vec::new(),
        }
    }

    fn extend(&mut self, rules: impl ExactSizeIterator<Item = RuleNumber>) -> Result<(), TooLarge> {
        *self.looked_at += rules.len();
        if *self.looked_at > MOST {
            return Err(TooLarge {
                limit: MOST,
                what: "rules that aggregated ClusterRoles gather",
            });
        }
        for rule in rules {
            #[cfg(test)]
            tests::LOOKED_AT.set(tests::LOOKED_AT.get() + 1);
            if self.known.insert(self.content.of(rule)) {
                self.rules.push(rule);
            }
        }
        Ok(())
    }
}

/// For each rule, the number of the first one that is equal to it.
struct Contents {
    first_equal: Vec<RuleNumber>,
}

impl Contents {
    fn new(roles: &[Located<Role>], first_rule: &[RuleNumber]) -> Self {
        type Key<'a> = [&'a [CompactString]; 5];
        let total = roles.iter().map(|role| role.rules.len()).sum();
        let mut first_equal = vec![0; total];
        let mut known: HashMap<Key<'_>, RuleNumber> = HashMap::new();
        for (role, &first) in roles.iter().zip(first_rule) {
            if role.kind != RoleKind::ClusterRole {
                continue;
            }
            for (rule, number) in role.rules.iter().zip(first..) {
                first_equal[number as usize] = *known.entry(rule.lists()).or_insert(number);
            }
        }
        Contents { first_equal }
    }

    fn of(&self, rule: RuleNumber) -> RuleNumber {
        self.first_equal[rule as usize]
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;
    use crate::kube::OtherDefinitions;
    use crate::kube::{AggregationRule, LabelSelector, Metadata, PolicyRule};
    use crate::text::{Files, Span};

    thread_local! {
        /// How many rules were looked at, which is the cost.
        pub(super) static LOOKED_AT: Cell<usize> = const { Cell::new(0) };
        /// How many roles selectors were held against.
        pub(super) static MATCHED: Cell<usize> = const { Cell::new(0) };
    }

    fn cluster_role(
        name: &str,
        label: &str,
        verb: Option<&str>,
        selected: &[&str],
    ) -> Located<Role> {
        let span = Span::whole(Files::default().add("made up"));
        let label_of = |value: &str| vec![("part".to_owned(), value.to_owned())];
        let rules = verb.map(|verb| PolicyRule {
            verbs: vec![verb.into()],
            ..PolicyRule::default()
        });
        let selectors = selected.iter().map(|selected| LabelSelector {
            match_labels: label_of(selected),
            ..LabelSelector::default()
        });
        let role = Role {
            kind: RoleKind::ClusterRole,
            metadata: Metadata {
                labels: label_of(label),
                ..Metadata::new("", name)
            },
            rules: rules
                .into_iter()
                .map(|rule| Located::new(rule, span))
                .collect(),
            aggregation_rule: (!selected.is_empty()).then(|| AggregationRule {
                cluster_role_selectors: selectors.collect(),
            }),
            others: OtherDefinitions::default(),
        };
        Located::new(role, span)
    }

    /// The verbs of each role's effective rules, which roles are stale, and how many rules were
    /// looked at.
    fn gathered(roles: &[Located<Role>]) -> (Vec<Vec<String>>, Vec<(usize, usize)>, usize) {
        let mut first_rule = vec![0];
        let mut written: Vec<&PolicyRule> = Vec::new();
        for role in roles {
            written.extend(role.rules.iter().map(|rule| &rule.value));
            first_rule.push(RuleNumber::try_from(written.len()).unwrap());
        }
        LOOKED_AT.set(0);
        let effective = effective_rules(roles, &first_rule).unwrap();
        let verb = |&rule: &RuleNumber| written[rule as usize].verbs[0].to_string();
        let verbs =
            (0..roles.len()).map(|role| effective.rules_of(role).iter().map(verb).collect());
        (verbs.collect(), effective.stale, LOOKED_AT.get())
    }

    /// `count` aggregated roles, each of which gathers from the next one and from a leaf.
    fn ring(count: usize) -> Vec<Located<Role>> {
        let aggregated = (0..count).map(|at| {
            let selected = [format!("ring{}", (at + 1) % count), format!("leaf{at}")];
            let selected: Vec<&str> = selected.iter().map(|label| &**label).collect();
            cluster_role(
                &format!("ring{at:04}"),
                &format!("ring{at}"),
                None,
                &selected,
            )
        });
        let leaves = (0..count).map(|at| {
            cluster_role(
                &format!("z{at:04}"),
                &format!("leaf{at}"),
                Some(&format!("v{at}")),
                &[],
            )
        });
        aggregated.chain(leaves).collect()
    }

    #[test]
    fn a_ring_costs_what_it_gives() {
        for count in [3, 80, 800] {
            let (verbs, _, looked_at) = gathered(&ring(count));
            let all: Vec<String> = (0..count).map(|at| format!("v{at}")).collect();
            assert!(verbs[..count].iter().all(|verbs| *verbs == all), "{count}");
            // The leaves' rules, each once.
            assert_eq!(looked_at, count);
        }
    }

    /// `count` aggregated roles with selectors of their own that all gather the same `count` leaves.
    fn many_of_many(count: usize) -> Vec<Located<Role>> {
        let aggregated = (0..count).map(|at| {
            let own = format!("a{at}");
            cluster_role(&format!("a{at:04}"), &own, None, &["leaf", &own])
        });
        let leaves = (0..count)
            .map(|at| cluster_role(&format!("z{at:04}"), "leaf", Some(&format!("v{at}")), &[]));
        aggregated.chain(leaves).collect()
    }

    #[test]
    fn roles_that_gather_the_same_share_what_they_gather() {
        // Each selector is new, so the sets of sets differ; but for the selectors the input is linear.
        let cost = |count: usize| {
            MATCHED.set(0);
            let roles: Vec<Located<Role>> = many_of_many(count)
                .into_iter()
                .map(|mut role| {
                    if let Some(rule) = &mut role.aggregation_rule {
                        rule.cluster_role_selectors.truncate(1);
                    }
                    role
                })
                .collect();
            let (verbs, _, looked_at) = gathered(&roles);
            assert!(verbs[..count].iter().all(|verbs| verbs.len() == count));
            (looked_at, MATCHED.get())
        };
        assert_eq!(cost(100), (100, 101));
        assert_eq!(cost(200), (200, 201));
    }

    #[test]
    fn roles_that_gather_themselves_gather_the_same() {
        // All are in one circle, which has one list.
        let mut roles = many_of_many(100);
        for role in &mut roles[..100] {
            role.metadata.labels = vec![("part".to_owned(), "leaf".to_owned())];
        }
        let (verbs, _, looked_at) = gathered(&roles);
        assert!(verbs[..100].iter().all(|verbs| verbs.len() == 100));
        assert_eq!(looked_at, 100);
    }

    #[test]
    fn gathering_without_end_is_refused() {
        let refused = |count: usize| {
            let roles = many_of_many(count);
            let mut first_rule = vec![0];
            for role in &roles {
                first_rule.push(first_rule[first_rule.len() - 1] + role.rules.len() as RuleNumber);
            }
            effective_rules(&roles, &first_rule).err()
        };
        // As many as there may be: each of 2,000 roles gathers 2,000 rules.
        assert_eq!(refused(2_000), None);
        assert_eq!(
            refused(2_001).unwrap().to_string(),
            "the policy is too large: more than 4000000 rules that aggregated ClusterRoles gather"
        );
    }

    #[test]
    fn a_chain_is_gathered_in_one_pass_whatever_the_names() {
        for descending in [false, true] {
            let count = 300;
            let name = |at: usize| {
                if descending {
                    format!("r{:04}", count - at)
                } else {
                    format!("r{at:04}")
                }
            };
            let mut roles: Vec<Located<Role>> = (0..count)
                .map(|at| {
                    let next = format!("part{}", at + 1);
                    cluster_role(&name(at), &format!("part{at}"), None, &[&next])
                })
                .collect();
            roles.push(cluster_role(
                "leaf",
                &format!("part{count}"),
                Some("get"),
                &[],
            ));
            roles.sort_by(|a, b| a.name.cmp(&b.name));
            let (verbs, _, looked_at) = gathered(&roles);
            assert!(verbs.iter().all(|verbs| *verbs == ["get"]));
            assert_eq!(looked_at, count);
        }
    }

    /// A role as a server has filled it in, with the rules of these verbs.
    fn served(name: &str, label: &str, verbs: &[&str], selected: &str) -> Located<Role> {
        let mut role = cluster_role(name, label, None, &[selected]);
        let rule = |&verb: &&str| cluster_role("", "", Some(verb), &[]).rules.remove(0);
        role.rules = verbs.iter().map(rule).collect();
        role.metadata.has_uid = true;
        role
    }

    #[test]
    fn what_a_server_filled_in_and_the_input_does_not_give_is_stale() {
        let leaf = || cluster_role("z", "leaf", Some("get"), &[]);
        for (verbs, expected, stale) in [
            (&[][..], &["get"][..], 0),
            (&["get"], &["get"], 0),
            (&["list"], &["list", "get"], 1),
            (&["list", "get", "watch"], &["list", "get", "watch"], 2),
        ] {
            let (found, found_stale, _) = gathered(&[served("a", "", verbs, "leaf"), leaf()]);
            assert_eq!(found[0], expected);
            let stale: Vec<_> = (stale > 0).then_some((0, stale)).into_iter().collect();
            assert_eq!(found_stale, stale, "{verbs:?}");
        }
        // In a circle a role's own rules come back to it; several are in the order of the roles.
        let (found, stale, _) = gathered(&[
            served("a", "one", &["list"], "two"),
            served("b", "two", &["watch"], "one"),
            served("c", "", &["delete"], "leaf"),
            served("d", "", &["create", "update"], "leaf"),
            leaf(),
        ]);
        assert_eq!(found[0], ["list", "watch"]);
        assert_eq!(found[1], ["watch", "list"]);
        assert_eq!(stale, [(2, 1), (3, 2)]);
    }

    /// What roles gather is shared only where none of them has a part in it.
    #[test]
    fn who_gathers_from_a_role_with_rules_of_its_own_gathers_those_too() {
        let leaf = || cluster_role("z", "leaf", Some("get"), &[]);
        // The first role is among those that it gathers from, and the second gathers from the same.
        let (found, _, _) = gathered(&[
            served("a", "leaf", &["list"], "leaf"),
            cluster_role("b", "", None, &["leaf"]),
            leaf(),
        ]);
        assert_eq!(found[0], ["list", "get"]);
        assert_eq!(found[1], ["list", "get"]);
        // The same for two in a circle: who stands outside of it has rules in its selectors' order.
        let mut first = served("a", "one", &["list"], "leaf");
        let selectors = [cluster_role("", "", None, &["leaf", "two"])];
        first.value.aggregation_rule = selectors[0].aggregation_rule.clone();
        let (found, _, _) = gathered(&[
            first,
            cluster_role("b", "two", None, &["one"]),
            cluster_role("c", "", None, &["leaf", "two"]),
            leaf(),
        ]);
        assert_eq!(found[0], ["list", "get"]);
        assert_eq!(found[2], ["get", "list"]);
    }
}

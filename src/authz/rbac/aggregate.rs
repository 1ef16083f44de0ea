//! The rules that aggregated ClusterRoles gather.

mod circles;

use compact_str::CompactString;
use hashbrown::{HashMap, HashSet};

use crate::kube::{Role, RoleKind};
use crate::text::Located;

use circles::sources_first;

/// The number of a rule, counted over all roles of a snapshot.
pub(super) type RuleNumber = u32;

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
/// `first_rule` has the number of each role's first rule, and at its end the count of all.
///
/// Source: `clusterroleaggregation` controller of kube-controller-manager.
pub(super) fn effective_rules(roles: &[Located<Role>], first_rule: &[RuleNumber]) -> Effective {
    let own = |role: usize| first_rule[role]..first_rule[role + 1];
    let mut effective = Effective {
        rules: (0..roles.len())
            .map(|role| match roles[role].aggregation_rule {
                Some(_) => Vec::new(),
                None => own(role).collect(),
            })
            .collect(),
        stale: Vec::new(),
    };
    let aggregated: Vec<usize> = (0..roles.len())
        .filter(|&role| roles[role].aggregation_rule.is_some())
        .collect();
    if aggregated.is_empty() {
        return effective;
    }
    let content = Contents::new(roles, first_rule);
    let sources: Vec<Vec<usize>> = aggregated
        .iter()
        .map(|&role| sources_of(roles, role))
        .collect();
    // Sources that are aggregated themselves, as positions in `aggregated`.
    let aggregated_sources: Vec<Vec<usize>> = sources
        .iter()
        .map(|sources| {
            let position = |source| aggregated.binary_search(source).ok();
            sources.iter().filter_map(position).collect()
        })
        .collect();
    let served = |role: usize| roles[role].holds_rules().then(|| own(role));
    for group in sources_first(&aggregated_sources) {
        let mut gathered = RuleUnion::new(&content);
        for &at in &group {
            // In a circle a role's own rules come back to it.
            if group.len() > 1 {
                gathered.extend(served(aggregated[at]).into_iter().flatten());
            }
            for &source in &sources[at] {
                // Those of the same group have none as yet.
                gathered.extend(effective.rules[source].iter().copied());
            }
        }
        for role in group.iter().map(|&at| aggregated[at]) {
            let Some(own) = served(role) else {
                effective.rules[role].clone_from(&gathered.rules);
                continue;
            };
            let more = own.clone().filter(|&rule| !gathered.contains(rule)).count();
            if more > 0 && roles[role].is_from_server() {
                effective.stale.push((role, more));
            }
            let known: HashSet<RuleNumber> = own.clone().map(|rule| content.of(rule)).collect();
            let rest = gathered.rules.iter().copied();
            let rest = rest.filter(|&rule| !known.contains(&content.of(rule)));
            effective.rules[role] = own.chain(rest).collect();
        }
    }
    effective.stale.sort_unstable();
    effective
}

/// What [`effective_rules`] found.
pub(super) struct Effective {
    /// For each role, the numbers of its effective rules.
    pub(super) rules: Vec<Vec<RuleNumber>>,
    /// Roles from a server with more rules than the input gives, and how many more.
    pub(super) stale: Vec<(usize, usize)>,
}

/// The ClusterRoles that an aggregated one gathers from, in the order in which it does.
fn sources_of(roles: &[Located<Role>], aggregated: usize) -> Vec<usize> {
    let selectors = roles[aggregated]
        .aggregation_rule
        .iter()
        .flat_map(|rule| &rule.cluster_role_selectors);
    let mut sources = Vec::new();
    let mut known = HashSet::new();
    for selector in selectors {
        for (number, role) in roles.iter().enumerate() {
            if number != aggregated
                && role.kind == RoleKind::ClusterRole
                && role.label_sets().any(|labels| selector.matches(labels))
                && known.insert(number)
            {
                sources.push(number);
            }
        }
    }
    sources
}

/// Rules in the order in which they come, equal ones once.
struct RuleUnion<'c> {
    content: &'c Contents,
    known: HashSet<RuleNumber>,
    rules: Vec<RuleNumber>,
}

impl<'c> RuleUnion<'c> {
    fn new(content: &'c Contents) -> Self {
        RuleUnion {
            content,
            known: HashSet::new(),
            rules: Vec::new(),
        }
    }

    fn extend(&mut self, rules: impl Iterator<Item = RuleNumber>) {
        for rule in rules {
            #[cfg(test)]
            tests::LOOKED_AT.set(tests::LOOKED_AT.get() + 1);
            if self.known.insert(self.content.of(rule)) {
                self.rules.push(rule);
            }
        }
    }

    fn contains(&self, rule: RuleNumber) -> bool {
        self.known.contains(&self.content.of(rule))
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
                let key: Key<'_> = [
                    &rule.verbs,
                    &rule.api_groups,
                    &rule.resources,
                    &rule.resource_names,
                    &rule.non_resource_urls,
                ];
                first_equal[number as usize] = *known.entry(key).or_insert(number);
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
        let effective = effective_rules(roles, &first_rule);
        let verb = |&rule: &RuleNumber| written[rule as usize].verbs[0].to_string();
        let verbs = effective.rules.iter();
        let verbs = verbs.map(|rules| rules.iter().map(verb).collect());
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
        role.metadata.uid = Some("0".into());
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
}

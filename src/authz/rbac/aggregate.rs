//! The rules that aggregated ClusterRoles gather.

use compact_str::CompactString;
use hashbrown::{HashMap, HashSet};

use crate::kube::{Role, RoleKind};
use crate::text::Located;

/// The number of a rule, counted over all roles of a store.
pub(super) type RuleNumber = u32;

/// The effective rules of all roles, as numbers of written rules: `effective[role]`.
///
/// A role without aggregation has its own. An aggregated one has those of every other ClusterRole
/// that a selector matches, selector by selector and by name within each, equal rules once; and
/// first its own where it comes from a server, since those are what the server uses. Aggregated
/// roles feed one another, so this is a fixed point.
///
/// Source: `clusterroleaggregation` controller of kube-controller-manager.
pub(super) fn effective_rules(roles: &[Located<Role>], first_rule: &[RuleNumber]) -> Effective {
    let own = |role: usize| {
        let first = first_rule[role];
        let count = u32::try_from(roles[role].rules.len()).unwrap_or(u32::MAX);
        first..first + count
    };
    let aggregated: Vec<usize> = (0..roles.len())
        .filter(|&role| roles[role].aggregation_rule.is_some())
        .collect();
    let mut rules: Vec<Vec<RuleNumber>> = (0..roles.len())
        .map(|role| {
            if roles[role].aggregation_rule.is_some() && !roles[role].is_from_server() {
                Vec::new()
            } else {
                own(role).collect()
            }
        })
        .collect();
    if aggregated.is_empty() {
        return Effective {
            rules,
            stale: Vec::new(),
        };
    }
    let content = Contents::new(roles, first_rule);
    let files: Vec<Vec<usize>> = aggregated
        .iter()
        .map(|&role| selected(roles, role))
        .collect();
    // What the selectors give, apart from what a server had filled in.
    let mut gathered: Vec<Vec<RuleNumber>> = vec![Vec::new(); aggregated.len()];
    // Rules pass on at least one role further with each pass, and their order as far again; in a
    // circle of roles the order might go round forever.
    for _ in 0..2 * aggregated.len() + 2 {
        let mut changed = false;
        for (at, &role) in aggregated.iter().enumerate() {
            let mut seen = HashSet::new();
            let mut union = Vec::new();
            for &source in &files[at] {
                for &rule in &rules[source] {
                    if seen.insert(content.of(rule)) {
                        union.push(rule);
                    }
                }
            }
            if union == gathered[at] {
                continue;
            }
            changed = true;
            gathered[at] = union;
            rules[role] = if roles[role].is_from_server() {
                let mut all: Vec<RuleNumber> = own(role).collect();
                let mut seen: HashSet<u32> = all.iter().map(|&rule| content.of(rule)).collect();
                all.extend(
                    gathered[at]
                        .iter()
                        .copied()
                        .filter(|&rule| seen.insert(content.of(rule))),
                );
                all
            } else {
                gathered[at].clone()
            };
        }
        if !changed {
            break;
        }
    }
    let stale = aggregated
        .iter()
        .enumerate()
        .filter(|&(_, &role)| roles[role].is_from_server())
        .filter_map(|(at, &role)| {
            let given: HashSet<u32> = gathered[at].iter().map(|&rule| content.of(rule)).collect();
            let more = own(role)
                .filter(|&rule| !given.contains(&content.of(rule)))
                .count();
            (more > 0).then_some((role, more))
        })
        .collect();
    Effective { rules, stale }
}

/// What [`effective_rules`] found.
pub(super) struct Effective {
    /// For each role, the numbers of its effective rules.
    pub(super) rules: Vec<Vec<RuleNumber>>,
    /// Roles from a server with more rules than the input gives, and how many more.
    pub(super) stale: Vec<(usize, usize)>,
}

/// The ClusterRoles that feed an aggregated one, in the order in which they do.
fn selected(roles: &[Located<Role>], aggregated: usize) -> Vec<usize> {
    let mut files = Vec::new();
    let selectors = roles[aggregated]
        .aggregation_rule
        .iter()
        .flat_map(|rule| &rule.cluster_role_selectors);
    for selector in selectors {
        for (number, role) in roles.iter().enumerate() {
            if number != aggregated
                && role.kind == RoleKind::ClusterRole
                && selector.matches(&role.labels)
            {
                files.push(number);
            }
        }
    }
    files
}

/// Equal rules share a number here.
struct Contents {
    of: Vec<u32>,
}

impl Contents {
    fn new(roles: &[Located<Role>], first_rule: &[RuleNumber]) -> Self {
        type Key<'a> = [&'a [CompactString]; 5];
        let total = roles.iter().map(|role| role.rules.len()).sum();
        let mut of = vec![0; total];
        let mut known: HashMap<Key<'_>, u32> = HashMap::new();
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
                let next = u32::try_from(known.len()).unwrap_or(u32::MAX);
                of[number as usize] = *known.entry(key).or_insert(next);
            }
        }
        Contents { of }
    }

    fn of(&self, rule: RuleNumber) -> u32 {
        self.of[rule as usize]
    }
}

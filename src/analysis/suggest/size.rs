//! How much a role gives, so that roles can be compared.

use std::cmp::Ordering;

use hashbrown::HashSet;

use crate::authz::rbac::rules::{breakdown, is_every};
use crate::kube::{BindingKind, CompactString, PolicyRule};

/// How many things a role gives: those with three wildcards first, then with two, with one, with none,
/// and last those for one name alone. A single thing of a wider kind outweighs all narrower ones.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct RoleSize([usize; 5]);

impl RoleSize {
    fn add(&mut self, rule: &PolicyRule, count: usize) {
        let place = &mut self.0[width(rule)];
        *place = place.saturating_add(count);
    }

    /// That of rules, each counted by itself: never less than what they give together.
    pub(super) fn at_most(rules: &[PolicyRule]) -> Self {
        let mut size = RoleSize::default();
        for rule in rules {
            size.add(rule, combinations(rule));
        }
        size
    }
}

/// The place of a rule, or of one of its parts, in a [`RoleSize`].
fn width(rule: &PolicyRule) -> usize {
    if !rule.resource_names.is_empty() {
        return 4;
    }
    let resource = |word: &CompactString| word == "*" || word.starts_with("*/");
    let wide = [
        is_every(&rule.verbs),
        is_every(&rule.api_groups),
        rule.resources.iter().any(resource)
            || rule.non_resource_urls.iter().any(|url| url.ends_with('*')),
    ];
    3 - wide.into_iter().filter(|is| *is).count()
}

/// How many parts a rule has.
fn combinations(rule: &PolicyRule) -> usize {
    let names = rule.resource_names.len().max(1);
    let resources = [rule.api_groups.len(), rule.resources.len(), names]
        .into_iter()
        .fold(1, usize::saturating_mul);
    resources
        .saturating_add(rule.non_resource_urls.len())
        .saturating_mul(rule.verbs.len())
}

/// The rule in the fewest words that say the same, as a binding of this kind gives it: a RoleBinding gives
/// no URL.
pub(super) fn plain_rule(rule: &PolicyRule, kind: BindingKind) -> PolicyRule {
    let words = |words: &[CompactString]| -> Vec<CompactString> {
        if is_every(words) {
            return vec!["*".into()];
        }
        let mut words = words.to_vec();
        words.sort_unstable();
        words.dedup();
        words
    };
    let mut names = rule.resource_names.clone();
    names.sort_unstable();
    names.dedup();
    PolicyRule {
        verbs: words(&rule.verbs),
        api_groups: words(&rule.api_groups),
        resources: words(&rule.resources),
        resource_names: names,
        non_resource_urls: match kind {
            BindingKind::ClusterRoleBinding => words(&rule.non_resource_urls),
            BindingKind::RoleBinding => Vec::new(),
        },
    }
}

/// Counts what roles give, as long as the work is bounded.
pub(super) struct Counter {
    left: usize,
}

impl Default for Counter {
    fn default() -> Self {
        /// How many parts of rules are looked at for one question. Those of the default policy have some
        /// thousands together.
        const MOST: usize = 500_000;
        Counter { left: MOST }
    }
}

impl Counter {
    /// The size of rules, of which each thing counts once. Beyond the bound rules are counted each by itself.
    pub(super) fn size(&mut self, rules: &[PolicyRule]) -> RoleSize {
        let parts = rules.iter().map(combinations);
        let parts = parts.fold(0, usize::saturating_add);
        match parts.cmp(&self.left) {
            Ordering::Greater => RoleSize::at_most(rules),
            _ => {
                self.left -= parts;
                let parts: HashSet<PolicyRule> = rules.iter().flat_map(breakdown).collect();
                let mut size = RoleSize::default();
                for part in &parts {
                    size.add(part, 1);
                }
                size
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(verbs: &[&str], resources: &[&str], names: &[&str]) -> PolicyRule {
        let words = |words: &[&str]| words.iter().map(|&word| word.into()).collect();
        PolicyRule {
            verbs: words(verbs),
            api_groups: words(&[""]),
            resources: words(resources),
            resource_names: words(names),
            non_resource_urls: Vec::new(),
        }
    }

    fn size(rules: &[PolicyRule]) -> RoleSize {
        Counter::default().size(rules)
    }

    #[test]
    fn wider_things_outweigh_narrower_ones() {
        let named = rule(&["get", "list"], &["pods"], &["a", "b", "c"]);
        let two = rule(&["get", "list"], &["pods"], &[]);
        let three = rule(&["get", "list", "watch"], &["pods"], &[]);
        let every_verb = rule(&["*"], &["pods"], &[]);
        let every = rule(&["*"], &["*"], &[]);
        let order = [named, two, three, every_verb, every];
        let sizes: Vec<RoleSize> = order
            .iter()
            .map(|one| size(std::slice::from_ref(one)))
            .collect();
        assert!(sizes.is_sorted_by(|a, b| a < b), "{sizes:?}");
    }

    #[test]
    fn what_two_rules_give_counts_once() {
        let two = rule(&["get", "list"], &["pods"], &[]);
        let one = rule(&["get"], &["pods"], &[]);
        assert_eq!(
            size(&[two.clone(), one.clone()]),
            size(std::slice::from_ref(&two))
        );
        assert!(RoleSize::at_most(&[two.clone(), one]) > size(&[two]));
    }
}

//! Which ClusterRoles the selectors of aggregated ones match.

use hashbrown::{HashMap, HashSet};

use crate::authz::rbac::number::TooLarge;
use crate::kube::{LabelOperator, LabelSelector, Role, RoleKind};
use crate::text::Located;

/// How many matches of selectors with ClusterRoles are looked at. Equal selectors are looked at once.
const MOST: usize = 40_000_000;

/// The number of a set of ClusterRoles.
pub(super) type SetId = usize;

/// Sets of ClusterRoles, by number, each once: what selectors match.
#[derive(Debug, Default)]
pub(super) struct Selected {
    /// The numbers of the roles of each set, sorted.
    pub(super) sets: Vec<Vec<usize>>,
    /// For each aggregated role the sets of its selectors, in their order, each once.
    pub(super) of: Vec<Vec<SetId>>,
}

/// Finds what the selectors of aggregated roles match, themselves included.
///
/// # Errors
/// If they match more than is looked at.
pub(super) fn selected(
    roles: &[Located<Role>],
    aggregated: &[usize],
) -> Result<Selected, TooLarge> {
    let labels = Labels::new(roles);
    let mut looks = Looks::default();
    let mut selected = Selected::default();
    let mut set_of_selector: HashMap<&LabelSelector, SetId> = HashMap::new();
    let mut set_of_roles: HashMap<Vec<usize>, SetId> = HashMap::new();
    for &role in aggregated {
        let selectors = roles[role].aggregation_rule.iter();
        let selectors = selectors.flat_map(|rule| &rule.cluster_role_selectors);
        let mut sets = Vec::new();
        let mut known = HashSet::new();
        for selector in selectors {
            let set = match set_of_selector.get(selector) {
                Some(&set) => set,
                None => {
                    let matching = labels.matching(selector, &mut looks)?;
                    let next = set_of_roles.len();
                    let set = *set_of_roles.entry(matching).or_insert(next);
                    set_of_selector.insert(selector, set);
                    set
                }
            };
            if known.insert(set) {
                sets.push(set);
            }
        }
        selected.of.push(sets);
    }
    selected.sets = vec![Vec::new(); set_of_roles.len()];
    for (roles, set) in set_of_roles {
        selected.sets[set] = roles;
    }
    Ok(selected)
}

/// How many roles were looked at.
#[derive(Default)]
struct Looks(usize);

impl Looks {
    fn add(&mut self, count: usize) -> Result<(), TooLarge> {
        #[cfg(test)]
        super::tests::MATCHED.set(super::tests::MATCHED.get() + count);
        self.0 += count;
        if self.0 > MOST {
            return Err(TooLarge {
                limit: MOST,
                what: "ClusterRoles that selectors of aggregation rules match, role by role",
            });
        }
        Ok(())
    }
}

/// The ClusterRoles by their labels.
struct Labels<'r> {
    roles: &'r [Located<Role>],
    /// All ClusterRoles.
    all: Vec<usize>,
    by_key: HashMap<&'r str, Vec<usize>>,
    by_label: HashMap<&'r str, HashMap<&'r str, Vec<usize>>>,
}

impl<'r> Labels<'r> {
    fn new(roles: &'r [Located<Role>]) -> Self {
        let mut labels = Labels {
            roles,
            all: Vec::new(),
            by_key: HashMap::new(),
            by_label: HashMap::new(),
        };
        for (number, role) in roles.iter().enumerate() {
            if role.kind != RoleKind::ClusterRole {
                continue;
            }
            labels.all.push(number);
            for (key, value) in role.label_sets().flatten() {
                labels.by_key.entry(key).or_default().push(number);
                let values = labels.by_label.entry(key).or_default();
                values.entry(value).or_default().push(number);
            }
        }
        labels
    }

    /// The roles that a selector matches: of those that its most telling requirement leaves, the ones
    /// that fulfil the others.
    fn matching(
        &self,
        selector: &LabelSelector,
        looks: &mut Looks,
    ) -> Result<Vec<usize>, TooLarge> {
        let labels = selector.match_labels.iter();
        let labels = labels.map(|(key, value)| vec![self.with_label(key, value)]);
        let expressions = selector.match_expressions.iter();
        let expressions = expressions.filter_map(|requirement| {
            let key = &*requirement.key;
            match requirement.operator {
                LabelOperator::In => {
                    let values = requirement.values.iter();
                    Some(values.map(|value| self.with_label(key, value)).collect())
                }
                LabelOperator::Exists => Some(vec![list(self.by_key.get(key))]),
                LabelOperator::NotIn | LabelOperator::DoesNotExist => None,
            }
        });
        let count = |lists: &Vec<&[usize]>| lists.iter().map(|list| list.len()).sum::<usize>();
        let lists = labels.chain(expressions).min_by_key(count);
        let lists = lists.unwrap_or_else(|| vec![&self.all]);
        looks.add(1 + count(&lists))?;
        let mut matching: Vec<usize> = lists.into_iter().flatten().copied().collect();
        // A value may be listed twice, and a role be labelled twice.
        matching.sort_unstable();
        matching.dedup();
        let is_one_positive = match (&*selector.match_labels, &*selector.match_expressions) {
            ([_], []) => true,
            ([], [one]) => {
                matches!(one.operator, LabelOperator::In | LabelOperator::Exists)
            }
            _ => false,
        };
        if !is_one_positive {
            let label_sets = matching.iter().map(|&role| self.roles[role].label_sets());
            looks.add(label_sets.map(Iterator::count).sum())?;
            matching.retain(|&role| {
                let mut label_sets = self.roles[role].label_sets();
                label_sets.any(|labels| selector.matches(labels))
            });
        }
        Ok(matching)
    }

    fn with_label(&self, key: &str, value: &str) -> &[usize] {
        list(self.by_label.get(key).and_then(|values| values.get(value)))
    }
}

fn list(roles: Option<&Vec<usize>>) -> &[usize] {
    roles.map_or(&[], Vec::as_slice)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn looking_without_end_is_refused() {
        let mut looks = Looks::default();
        assert_eq!(looks.add(MOST - 1), Ok(()));
        assert_eq!(looks.add(1), Ok(()));
        for more in [2, 0] {
            assert_eq!(looks.add(more).map_err(|error| error.limit), Err(MOST));
        }
    }
}

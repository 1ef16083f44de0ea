//! Atoms put together into few, readable rules. The union stays exactly the same.

use std::collections::{BTreeMap, BTreeSet};

use crate::kube::PolicyRule;
use crate::kube::discovery::RESOURCE_VERBS;

use super::atoms::{AnyOr, Atom, Resource};

/// A verb in the order in which people list verbs.
type Verbs = BTreeSet<(usize, String)>;

fn ordered(verb: &AnyOr) -> (usize, String) {
    let verb = verb.as_deref().unwrap_or("*");
    let rank = RESOURCE_VERBS
        .iter()
        .position(|known| *known == verb)
        .unwrap_or(RESOURCE_VERBS.len());
    (rank, verb.to_owned())
}

/// Rules whose union is the union of the atoms: verbs together where all else is equal, then
/// resources, then groups, then names.
pub(super) fn merge(atoms: &[Atom]) -> Vec<PolicyRule> {
    let mut verbs_of: BTreeMap<(&AnyOr, &Resource, &AnyOr), Verbs> = BTreeMap::new();
    let mut verbs_of_url: BTreeMap<String, Verbs> = BTreeMap::new();
    for atom in atoms {
        match atom {
            Atom::Resource {
                verb,
                group,
                resource,
                name,
            } => {
                verbs_of
                    .entry((group, resource, name))
                    .or_default()
                    .insert(ordered(verb));
            }
            Atom::Url { verb, url } => {
                verbs_of_url
                    .entry(url.word())
                    .or_default()
                    .insert(ordered(verb));
            }
        }
    }
    let mut resources_of: BTreeMap<(Verbs, &AnyOr, &AnyOr), BTreeSet<String>> = BTreeMap::new();
    for ((group, resource, name), verbs) in verbs_of {
        resources_of
            .entry((verbs, group, name))
            .or_default()
            .insert(resource.word());
    }
    let mut groups_of: BTreeMap<(Verbs, BTreeSet<String>, &AnyOr), BTreeSet<String>> =
        BTreeMap::new();
    for ((verbs, group, name), resources) in resources_of {
        groups_of
            .entry((verbs, resources, name))
            .or_default()
            .insert(group.clone().unwrap_or_else(|| "*".to_owned()));
    }
    type Key = (Verbs, BTreeSet<String>, BTreeSet<String>, bool);
    let mut names_of: BTreeMap<Key, BTreeSet<String>> = BTreeMap::new();
    for ((verbs, resources, name), groups) in groups_of {
        names_of
            .entry((verbs, resources, groups, name.is_some()))
            .or_default()
            .extend(name.clone());
    }
    let mut urls_of: BTreeMap<Verbs, BTreeSet<String>> = BTreeMap::new();
    for (url, verbs) in verbs_of_url {
        urls_of.entry(verbs).or_default().insert(url);
    }
    let words = |verbs: Verbs| verbs.into_iter().map(|(_, verb)| verb.into()).collect();
    let mut rules: Vec<PolicyRule> = names_of
        .into_iter()
        .map(|((verbs, resources, groups, _), names)| PolicyRule {
            verbs: words(verbs),
            api_groups: groups.into_iter().map(Into::into).collect(),
            resources: resources.into_iter().map(Into::into).collect(),
            resource_names: names.into_iter().map(Into::into).collect(),
            ..PolicyRule::default()
        })
        .collect();
    rules.extend(urls_of.into_iter().map(|(verbs, urls)| PolicyRule {
        verbs: words(verbs),
        non_resource_urls: urls.into_iter().map(Into::into).collect(),
        ..PolicyRule::default()
    }));
    rules
}

//! Rules in pieces that can be subtracted from one another.
//!
//! An atom is one value or "any" in each dimension. Requests range over infinitely many verbs,
//! groups, resources, names and paths, so a request that is fresh in every "any" of an atom is
//! covered by a set of atoms only if one of them covers the whole atom. Hence an atom is covered by
//! a union if and only if a single atom of it covers it, and subtraction stays exact and small.

use compact_str::CompactString;
use hashbrown::HashSet;

use crate::kube::PolicyRule;

/// One value, or any (`*`).
pub(super) type AnyOr = Option<String>;

/// What of resources and subresources an atom covers.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Resource {
    /// `*`: every resource and subresource.
    All,
    /// `*/subresource`: this subresource of every resource.
    Subresource(String),
    /// `resource`, or `resource/subresource`.
    Exact(String),
}

impl Resource {
    /// What a rule's word covers; none for a word that no request can match.
    fn new(word: &str) -> Option<Self> {
        match word.split_once('/') {
            None if word == "*" => Some(Resource::All),
            None => Some(Resource::Exact(word.to_owned())),
            Some((_, "")) => None,
            Some(("*", subresource)) => Some(Resource::Subresource(subresource.to_owned())),
            Some(_) => Some(Resource::Exact(word.to_owned())),
        }
    }

    fn subresource(&self) -> Option<&str> {
        match self {
            Resource::All => None,
            Resource::Subresource(subresource) => Some(subresource),
            Resource::Exact(word) => word.split_once('/').map(|(_, subresource)| subresource),
        }
    }

    fn covers(&self, other: &Resource) -> bool {
        match self {
            Resource::All => true,
            Resource::Subresource(subresource) => other.subresource() == Some(subresource),
            Resource::Exact(_) => self == other,
        }
    }

    fn intersect(&self, other: &Resource) -> Option<Resource> {
        if self.covers(other) {
            Some(other.clone())
        } else if other.covers(self) {
            Some(self.clone())
        } else {
            None
        }
    }

    /// As a rule writes it.
    pub(super) fn word(&self) -> String {
        match self {
            Resource::All => "*".to_owned(),
            Resource::Subresource(subresource) => format!("*/{subresource}"),
            Resource::Exact(word) => word.clone(),
        }
    }
}

/// What of paths an atom covers.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Url {
    /// This path alone.
    Exact(String),
    /// Every path that begins so.
    Prefix(String),
}

impl Url {
    fn new(word: &str) -> Self {
        if word.ends_with('*') {
            Url::Prefix(word.trim_end_matches('*').to_owned())
        } else {
            Url::Exact(word.to_owned())
        }
    }

    fn covers(&self, other: &Url) -> bool {
        match (self, other) {
            (Url::Exact(_), _) => self == other,
            (Url::Prefix(prefix), Url::Exact(path) | Url::Prefix(path)) => path.starts_with(prefix),
        }
    }

    /// As a rule writes it.
    pub(super) fn word(&self) -> String {
        match self {
            Url::Exact(path) => path.clone(),
            Url::Prefix(prefix) => format!("{prefix}*"),
        }
    }
}

/// One piece of a rule.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Atom {
    Resource {
        verb: AnyOr,
        group: AnyOr,
        resource: Resource,
        name: AnyOr,
    },
    Url {
        verb: AnyOr,
        url: Url,
    },
}

fn covers_value(a: &AnyOr, b: &AnyOr) -> bool {
    a.is_none() || a == b
}

fn intersect_value(a: &AnyOr, b: &AnyOr) -> Option<AnyOr> {
    if covers_value(a, b) {
        Some(b.clone())
    } else if covers_value(b, a) {
        Some(a.clone())
    } else {
        None
    }
}

impl Atom {
    /// Whether every request that the other covers is covered.
    pub(super) fn covers(&self, other: &Atom) -> bool {
        match (self, other) {
            (
                Atom::Resource {
                    verb,
                    group,
                    resource,
                    name,
                },
                Atom::Resource {
                    verb: other_verb,
                    group: other_group,
                    resource: other_resource,
                    name: other_name,
                },
            ) => {
                covers_value(verb, other_verb)
                    && covers_value(group, other_group)
                    && resource.covers(other_resource)
                    && covers_value(name, other_name)
            }
            (
                Atom::Url { verb, url },
                Atom::Url {
                    verb: other_verb,
                    url: other_url,
                },
            ) => covers_value(verb, other_verb) && url.covers(other_url),
            _ => false,
        }
    }

    /// What both cover.
    fn intersect(&self, other: &Atom) -> Option<Atom> {
        match (self, other) {
            (
                Atom::Resource {
                    verb,
                    group,
                    resource,
                    name,
                },
                Atom::Resource {
                    verb: other_verb,
                    group: other_group,
                    resource: other_resource,
                    name: other_name,
                },
            ) => Some(Atom::Resource {
                verb: intersect_value(verb, other_verb)?,
                group: intersect_value(group, other_group)?,
                resource: resource.intersect(other_resource)?,
                name: intersect_value(name, other_name)?,
            }),
            (
                Atom::Url { verb, url },
                Atom::Url {
                    verb: other_verb,
                    url: other_url,
                },
            ) => {
                let url = if url.covers(other_url) {
                    other_url
                } else if other_url.covers(url) {
                    url
                } else {
                    return None;
                };
                Some(Atom::Url {
                    verb: intersect_value(verb, other_verb)?,
                    url: url.clone(),
                })
            }
            _ => None,
        }
    }

    /// Whether only an atom restricted to names can overlap this one where none covers it.
    fn is_any_name_alone(&self) -> bool {
        matches!(
            self,
            Atom::Resource {
                verb: Some(_),
                group: Some(_),
                resource: Resource::Exact(_),
                ..
            }
        )
    }

    fn is_named(&self) -> bool {
        matches!(self, Atom::Resource { name: Some(_), .. })
    }
}

/// The atoms of a rule.
pub(super) fn atoms_of(rule: &PolicyRule) -> Vec<Atom> {
    let any_or = |values: &[CompactString]| -> Vec<AnyOr> {
        if values.iter().any(|value| value == "*") {
            vec![None]
        } else {
            values.iter().map(|value| Some(value.to_string())).collect()
        }
    };
    let names: Vec<AnyOr> = if rule.resource_names.is_empty() {
        vec![None]
    } else {
        rule.resource_names
            .iter()
            .map(|name| Some(name.to_string()))
            .collect()
    };
    let verbs = any_or(&rule.verbs);
    let mut atoms = Vec::new();
    for verb in &verbs {
        for group in &any_or(&rule.api_groups) {
            for resource in rule.resources.iter().filter_map(|word| Resource::new(word)) {
                atoms.extend(names.iter().map(|name| Atom::Resource {
                    verb: verb.clone(),
                    group: group.clone(),
                    resource: resource.clone(),
                    name: name.clone(),
                }));
            }
        }
        atoms.extend(rule.non_resource_urls.iter().map(|url| Atom::Url {
            verb: verb.clone(),
            url: Url::new(url),
        }));
    }
    atoms
}

/// A set of atoms that answers whether it covers one without looking at all of them.
#[derive(Debug, Default)]
pub(super) struct AtomSet {
    all: HashSet<Atom>,
    urls: Vec<Atom>,
}

impl AtomSet {
    pub(super) fn extend(&mut self, atoms: impl IntoIterator<Item = Atom>) {
        for atom in atoms {
            if matches!(atom, Atom::Url { .. }) {
                self.urls.push(atom.clone());
            }
            self.all.insert(atom);
        }
    }

    pub(super) fn covers(&self, atom: &Atom) -> bool {
        self.generalizations(atom)
            .any(|general| self.all.contains(&general))
            || self.urls.iter().any(|url| url.covers(atom))
    }

    /// Whether an atom other than this one covers it.
    pub(super) fn covers_otherwise(&self, atom: &Atom) -> bool {
        self.generalizations(atom)
            .any(|general| general != *atom && self.all.contains(&general))
            || self.urls.iter().any(|url| url != atom && url.covers(atom))
    }

    /// What of an atom this set covers.
    pub(super) fn parts_of(&self, atom: &Atom) -> Vec<Atom> {
        if self.covers(atom) {
            return vec![atom.clone()];
        }
        let named_only = atom.is_any_name_alone();
        self.all
            .iter()
            .filter(|candidate| !named_only || candidate.is_named())
            .filter_map(|candidate| candidate.intersect(atom))
            .collect()
    }

    /// Every resource atom that covers this one.
    fn generalizations<'a>(&self, atom: &'a Atom) -> impl Iterator<Item = Atom> + use<'a> {
        let found: Vec<Atom> = match atom {
            Atom::Url { .. } => Vec::new(),
            Atom::Resource {
                verb,
                group,
                resource,
                name,
            } => {
                let either = |value: &AnyOr| match value {
                    None => vec![None],
                    Some(_) => vec![value.clone(), None],
                };
                let mut resources = vec![resource.clone()];
                if let (Resource::Exact(_), Some(subresource)) = (resource, resource.subresource())
                {
                    resources.push(Resource::Subresource(subresource.to_owned()));
                }
                if *resource != Resource::All {
                    resources.push(Resource::All);
                }
                let mut found = Vec::new();
                for verb in either(verb) {
                    for group in either(group) {
                        for resource in &resources {
                            for name in either(name) {
                                found.push(Atom::Resource {
                                    verb: verb.clone(),
                                    group: group.clone(),
                                    resource: resource.clone(),
                                    name,
                                });
                            }
                        }
                    }
                }
                found
            }
        };
        found.into_iter()
    }
}

/// Those atoms that no other one of them covers, sorted, each once.
pub(super) fn maximal(mut atoms: Vec<Atom>) -> Vec<Atom> {
    atoms.sort();
    atoms.dedup();
    let mut set = AtomSet::default();
    set.extend(atoms.iter().cloned());
    atoms.retain(|atom| !set.covers_otherwise(atom));
    atoms
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(verbs: &[&str], resources: &[&str]) -> PolicyRule {
        let owned = |words: &[&str]| words.iter().map(|&word| word.into()).collect();
        PolicyRule {
            verbs: owned(verbs),
            api_groups: vec![String::new().into()],
            resources: owned(resources),
            ..PolicyRule::default()
        }
    }

    #[test]
    fn a_subresource_of_anything_covers_that_of_one() {
        let mut set = AtomSet::default();
        set.extend(atoms_of(&rule(&["get"], &["*/log"])));
        assert!(set.covers(&atoms_of(&rule(&["get"], &["pods/log"]))[0]));
        assert!(!set.covers(&atoms_of(&rule(&["get"], &["pods"]))[0]));
        assert!(!set.covers(&atoms_of(&rule(&["*"], &["pods/log"]))[0]));
    }

    #[test]
    fn words_that_match_nothing_have_no_atom() {
        assert_eq!(atoms_of(&rule(&["get"], &["pods/", "*/"])), []);
    }

    #[test]
    fn the_greatest_remain() {
        let atoms = atoms_of(&rule(&["get", "list"], &["pods", "*"]));
        assert_eq!(
            maximal(atoms),
            maximal(atoms_of(&rule(&["list", "get"], &["*"])))
        );
    }
}

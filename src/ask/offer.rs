//! The words that a person may write, of what a cluster and a directory know: what a shell offers.
//!
//! Each word means what is said about it, by the same names and the same resolution as everywhere here.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use crate::authn::{ANONYMOUS, SERVICE_ACCOUNTS, service_account_name};
use crate::entra::{Group, Person};
use crate::kube::default_policy::is_default;
use crate::kube::discovery::{ApiResource, OFF_BY_DEFAULT, RESOURCE_VERBS, Resolution, full_name};
use crate::kube::{RoleKind, SubjectKind};

use super::known::BUILT_IN_GROUPS;
use super::request::rules;
use super::{KnownSubjects, Resolver};

/// A word, and what it means.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Offer {
    /// The word.
    pub word: String,
    /// What it means.
    pub about: Offered,
}

/// What a word means that is offered.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Offered {
    /// What it says.
    Itself,
    /// A type, by the shortest of its names that means it alone.
    Type {
        /// Its kind.
        kind: String,
        /// Its API group; empty for the core group.
        group: String,
    },
    /// A type, by its plural name and group, where the plural name means it already.
    FullName {
        /// Its kind.
        kind: String,
    },
    /// A type, by a short name.
    ShortName {
        /// The type.
        of: String,
    },
    /// A type that nothing but rules knows.
    NamedByRules,
    /// A type that servers serve in an alpha or beta version alone, and only where that is switched on.
    OffByDefault {
        /// Its kind.
        kind: String,
        /// The most stable of its versions.
        stage: Stage,
    },
    /// Someone, or a group, by the name that the cluster knows.
    KnownTo {
        /// The name that people know.
        people: String,
    },
    /// Someone, or a group, by the name that people know.
    KnownAs {
        /// The name that the cluster knows.
        cluster: String,
    },
    /// A ServiceAccount, by its user name, where it has a shorter one.
    UserName,
}

/// How stable a version of the API is that isn't stable.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stage {
    /// As `v1beta1`.
    Beta,
    /// As `v1alpha1`.
    Alpha,
}

impl Stage {
    fn of(resource: &ApiResource) -> Self {
        let mut versions = resource.versions.iter();
        match versions.any(|version| version.contains("beta")) {
            true => Stage::Beta,
            false => Stage::Alpha,
        }
    }
}

impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Stage::Beta => "beta",
            Stage::Alpha => "alpha",
        })
    }
}

/// What a shell shows beside the word; nothing where the word says all.
impl fmt::Display for Offered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Offered::Itself | Offered::UserName => Ok(()),
            Offered::Type { kind, group } if group.is_empty() => f.write_str(kind),
            Offered::Type { kind, group } => write!(f, "{kind} of {group}"),
            Offered::FullName { kind } => f.write_str(kind),
            Offered::ShortName { of } => write!(f, "short for {of}"),
            Offered::NamedByRules => f.write_str("named by rules"),
            Offered::OffByDefault { kind, stage } => write!(f, "{stage}, {OFF_BY_DEFAULT}: {kind}"),
            Offered::KnownTo { people } => f.write_str(people),
            Offered::KnownAs { cluster } => f.write_str(cluster),
        }
    }
}

impl Offer {
    /// A word that says itself what it means.
    pub fn itself(word: impl Into<String>) -> Self {
        Offer {
            word: word.into(),
            about: Offered::Itself,
        }
    }
}

impl Resolver<'_> {
    /// The verbs that kubectl or a rule of the cluster knows.
    pub fn offered_verbs(&self) -> Vec<Offer> {
        let mut verbs: Vec<&str> = self.known_verbs(&RESOURCE_VERBS).into_iter().collect();
        // Kubernetes' own first, in its order.
        let place = |verb: &str| RESOURCE_VERBS.iter().position(|known| *known == verb);
        verbs.sort_by_key(|verb| (place(verb).unwrap_or(usize::MAX), *verb));
        verbs.into_iter().map(Offer::itself).collect()
    }

    /// The types that discovery or a rule of the cluster knows, by all names that mean them; last those
    /// that are off by default.
    pub fn offered_types(&self) -> Vec<Offer> {
        let discovery = self.snapshot.discovery();
        let mut offers = Vec::new();
        let mut off = Vec::new();
        for resource in discovery.resources() {
            let full = resource.full_name();
            let kind = resource.kind.clone();
            let means = |word: &str| match discovery.resolve(word) {
                Resolution::Known(found) => std::ptr::eq(found, resource),
                Resolution::Literal(_) | Resolution::Unknown { .. } => false,
            };
            let plural_means_it = means(&resource.plural);
            let word = match plural_means_it {
                true => &resource.plural,
                false => &full,
            };
            if resource.off_by_default {
                let stage = Stage::of(resource);
                off.push(Offer {
                    word: word.clone(),
                    about: Offered::OffByDefault { kind, stage },
                });
                continue;
            }
            let group = resource.group.clone();
            offers.push(Offer {
                word: word.clone(),
                about: Offered::Type {
                    kind: kind.clone(),
                    group,
                },
            });
            if plural_means_it && full != resource.plural {
                offers.push(Offer {
                    word: full.clone(),
                    about: Offered::FullName { kind },
                });
            }
            let short_names = resource.short_names.iter();
            let short_names = short_names.filter(|short| means(short));
            offers.extend(short_names.map(|short| Offer {
                word: short.clone(),
                about: Offered::ShortName { of: full.clone() },
            }));
        }
        offers.extend(self.types_of_rules().into_iter().map(|word| Offer {
            word,
            about: Offered::NamedByRules,
        }));
        offers.extend(off);
        offers
    }

    /// The full names of types that nothing but rules knows. Those of servers' own roles are left out: they
    /// name types that no server has had for long.
    fn types_of_rules(&self) -> BTreeSet<String> {
        let discovery = self.snapshot.discovery();
        let roles = self.snapshot.roles().map(|id| self.snapshot.role(id));
        let own = roles.filter(|role| {
            role.kind == RoleKind::Role || !is_default(role.kind.as_str(), "", &role.name)
        });
        let mut found = BTreeSet::new();
        for rule in own.flat_map(|role| &role.rules) {
            for resource in &rule.resources {
                let plural = resource.split('/').next().unwrap_or_default();
                if plural.is_empty() || plural.contains('*') {
                    continue;
                }
                let groups = rule.api_groups.iter();
                for group in groups.filter(|group| !group.contains('*')) {
                    if discovery.get(group, plural).is_none() {
                        found.insert(full_name(plural, group));
                    }
                }
            }
        }
        found
    }

    /// The URLs that rules name.
    pub fn offered_urls(&self) -> Vec<Offer> {
        let urls = rules(self.snapshot).flat_map(|rule| &rule.non_resource_urls);
        let urls: BTreeSet<&str> = urls.map(|url| &**url).collect();
        let urls = urls.into_iter().filter(|url| !url.contains('*'));
        urls.map(Offer::itself).collect()
    }

    /// The subresources of a type; of all types where none is named.
    pub fn offered_subresources(&self, word: Option<&str>) -> Vec<Offer> {
        let discovery = self.snapshot.discovery();
        let resources = match word.map(|word| discovery.resolve(word)) {
            Some(Resolution::Known(resource)) => std::slice::from_ref(resource),
            Some(Resolution::Literal(_) | Resolution::Unknown { .. }) | None => {
                discovery.resources()
            }
        };
        let names = resources.iter().flat_map(|resource| &resource.subresources);
        let names: BTreeSet<&String> = names.collect();
        names.into_iter().map(Offer::itself).collect()
    }

    /// The namespaces that bindings, ServiceAccounts, Namespaces and every cluster know.
    pub fn offered_namespaces(&self) -> Vec<Offer> {
        let known = KnownSubjects::new([self.snapshot], self.directory);
        let namespaces = known.namespaces().iter();
        namespaces.map(Offer::itself).collect()
    }

    /// The users, by the names that the cluster knows.
    pub fn offered_users(&self) -> Vec<Offer> {
        let known = KnownSubjects::new([self.snapshot], self.directory);
        let mut users = Offers::default();
        for name in known.bound_names(SubjectKind::User) {
            users.add_known(name, self.directory.name_of(name));
        }
        for person in self.directory.people() {
            users.add_known(person.cluster_name(), person.known_name());
        }
        users.add(ANONYMOUS, Offered::Itself);
        let mut users = users.into_vec();
        let accounts = known.accounts().into_iter();
        // They are many, and people come first.
        users.extend(
            accounts.map(|(namespace, name)| Offer::itself(service_account_name(namespace, name))),
        );
        users
    }

    /// The groups, by the names that the cluster knows, and by those that the directory translates.
    pub fn offered_groups(&self) -> Vec<Offer> {
        let known = KnownSubjects::new([self.snapshot], self.directory);
        let mut groups = Offers::default();
        for name in known.bound_names(SubjectKind::Group) {
            groups.add_known(name, self.directory.name_of(name));
        }
        let mut called: BTreeMap<String, usize> = BTreeMap::new();
        for name in self.directory.groups().flat_map(names_of_group) {
            *called.entry(name).or_default() += 1;
        }
        for group in self.directory.groups() {
            let name = &group.display_name;
            // One of several of a name can be told by its ID alone.
            if called.get(&name.to_ascii_lowercase()) == Some(&1) {
                let cluster = group.id.clone();
                groups.add(name, Offered::KnownAs { cluster });
            }
            groups.add_known(&group.id, Some(name));
        }
        for name in BUILT_IN_GROUPS {
            groups.add(name, Offered::Itself);
        }
        let mut groups = groups.into_vec();
        let namespaces = known.namespaces().iter();
        groups.extend(
            namespaces.map(|namespace| Offer::itself(format!("{SERVICE_ACCOUNTS}:{namespace}"))),
        );
        groups
    }

    /// The subjects, by all names that [`Resolver::subjects`] takes.
    pub fn offered_subjects(&self) -> Vec<Offer> {
        let known = KnownSubjects::new([self.snapshot], self.directory);
        let mut subjects = Offers::default();
        for kind in [SubjectKind::User, SubjectKind::Group] {
            for name in known.bound_names(kind) {
                subjects.add_known(name, self.directory.name_of(name));
            }
        }
        for person in self.directory.people() {
            let cluster = person.cluster_name();
            subjects.add_known(cluster, person.known_name());
            for name in names_of(person).filter(|name| *name != cluster) {
                let cluster = cluster.to_owned();
                subjects.add(name, Offered::KnownAs { cluster });
            }
        }
        for group in self.directory.groups() {
            let cluster = group.id.clone();
            subjects.add(&group.display_name, Offered::KnownAs { cluster });
        }
        let mut subjects = subjects.into_vec();
        let accounts = known.accounts();
        let short = accounts.iter();
        subjects
            .extend(short.map(|(namespace, name)| Offer::itself(format!("{namespace}/{name}"))));
        subjects.extend(accounts.iter().map(|(namespace, name)| Offer {
            word: service_account_name(namespace, name),
            about: Offered::UserName,
        }));
        subjects
    }
}

/// The names that people write for someone.
fn names_of(person: &Person) -> impl Iterator<Item = &str> {
    [&*person.user_principal_name, &person.display_name].into_iter()
}

/// The names by which [`Directory::group_named`](crate::entra::Directory::group_named) knows a group.
fn names_of_group(group: &Group) -> BTreeSet<String> {
    let names = [&group.display_name, &group.mail].into_iter();
    names.map(|name| name.to_ascii_lowercase()).collect()
}

/// Words, each once. Of two meanings the first counts.
#[derive(Default)]
struct Offers(BTreeMap<String, Offered>);

impl Offers {
    fn add(&mut self, word: &str, about: Offered) {
        if !word.is_empty() {
            self.0.entry(word.to_owned()).or_insert(about);
        }
    }

    /// Adds a name that the cluster knows, where people may know another one.
    fn add_known(&mut self, word: &str, people: Option<&str>) {
        let people = people.filter(|name| !name.is_empty() && *name != word);
        let about = people.map_or(Offered::Itself, |name| Offered::KnownTo {
            people: name.to_owned(),
        });
        self.add(word, about);
    }

    fn into_vec(self) -> Vec<Offer> {
        let offers = self.0.into_iter();
        offers.map(|(word, about)| Offer { word, about }).collect()
    }
}

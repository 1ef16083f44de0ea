//! What is asked: a verb, a type or URL, and where.

use std::collections::{BTreeMap, HashSet};

use crate::authz::{Attributes, NonResourceAttributes, ResourceAttributes};
use crate::cluster::{Reach, Snapshot};
use crate::kube::discovery::{
    ApiResource, Discovery, NON_RESOURCE_VERBS, RESOURCE_VERBS, Resolution, full_name,
};
use crate::kube::{Minor, PolicyRule, placeholder};
use crate::text::excerpt;

use super::{Note, Resolver, Warning, known_namespaces, nearest};

/// What a request is about, as written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Target<'w> {
    /// A type, or one object of it.
    Resource {
        /// The type as on kubectl's command line: plural, singular, kind or short name, with
        /// `.GROUP` or without.
        word: &'w str,
        /// The name of the object; empty for none.
        name: &'w str,
        /// The subresource; empty for none.
        subresource: &'w str,
    },
    /// A URL outside the API resources, which begins with `/`.
    Url(&'w str),
}

/// That a URL was given a subresource.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("`--subresource` can't be used with a non-resource URL")]
pub struct SubresourceOfUrl;

impl<'w> Target<'w> {
    /// What `TYPE`, `TYPE/NAME` or `NONRESOURCEURL` means on kubectl's command line.
    ///
    /// # Errors
    /// If a URL is given a subresource.
    ///
    /// ```
    /// use rbac_eval::ask::Target;
    ///
    /// let target = Target::parse("pods/web", "log").unwrap();
    /// assert_eq!(target, Target::Resource { word: "pods", name: "web", subresource: "log" });
    /// assert!(Target::parse("/healthz", "log").is_err());
    /// ```
    pub fn parse(text: &'w str, subresource: &'w str) -> Result<Self, SubresourceOfUrl> {
        if !text.starts_with('/') {
            let (word, name) = text.split_once('/').unwrap_or((text, ""));
            return Ok(Target::Resource {
                word,
                name,
                subresource,
            });
        }
        if subresource.is_empty() {
            Ok(Target::Url(text))
        } else {
            Err(SubresourceOfUrl)
        }
    }
}

/// Where a person asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AskedScope<'w> {
    /// In one namespace.
    Namespace(&'w str),
    /// In all namespaces at once.
    AllNamespaces,
}

/// What a request is about, once its type is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResolvedTarget<'s, 'w> {
    about: About<'s, 'w>,
    /// The cluster's version of Kubernetes, for words that someone wrote.
    minor: Option<Minor>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum About<'s, 'w> {
    Url(&'w str),
    Resource {
        meaning: Resolution<'s>,
        word: &'w str,
        name: &'w str,
        subresource: &'w str,
        /// The type with each other group in which rules know it.
        known_in_rules: Vec<String>,
    },
}

/// A request, and how its words were understood.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use]
pub struct ResolvedRequest {
    /// The request as a real one would be.
    pub attributes: Attributes,
    /// Where answers are looked for: anywhere, if all namespaces of a namespaced type were meant.
    pub reach: Reach,
    /// What kubectl warns about, in its order.
    pub warnings: Vec<Warning>,
    /// How words were understood.
    pub notes: Vec<Note>,
    /// The request as kubectl sends it, where that differs.
    pub sent_by_kubectl: Option<Attributes>,
}

impl<'s> Resolver<'s> {
    /// The request of a verb, a target and a place.
    pub fn request(
        &self,
        verb: &str,
        target: &Target<'_>,
        place: AskedScope<'_>,
    ) -> ResolvedRequest {
        self.target(target).request(verb, place)
    }

    /// What of the words of a request nothing knows, and is nearly something that is known; and what isn't
    /// rendered. It changes no answer.
    pub fn doubts_of_request(
        &self,
        verb: &str,
        target: &Target<'_>,
        place: AskedScope<'_>,
    ) -> Vec<Note> {
        let target = &self.target(target);
        let mut notes = Vec::new();
        let namespace = match place {
            AskedScope::Namespace(namespace) if target.is_namespaced() => namespace,
            _ => "",
        };
        let mut words = vec![verb, namespace];
        match &target.about {
            About::Url(path) => words.push(path),
            About::Resource {
                word,
                name,
                subresource,
                ..
            } => words.extend([word, name, subresource]),
        }
        let found = words.into_iter().find_map(placeholder);
        notes.extend(found.map(|found| Note::Unrendered {
            placeholder: excerpt(found).into_owned(),
        }));
        if !target.knows_verb(verb)
            && !self.verb_is_in_rules(verb)
            && let Some(nearest) = self.nearest_verb_for(target, verb)
        {
            notes.push(Note::LikeVerb {
                verb: verb.to_owned(),
                nearest,
            });
        }
        if let About::Resource {
            meaning: Resolution::Unknown {
                group, resource, ..
            },
            word,
            known_in_rules,
            ..
        } = &target.about
            && known_in_rules.is_empty()
            && !self.type_is_in_rules(group, resource)
            && Discovery::in_other_minors(word).is_none()
            && let Some(nearest) = self.nearest_type(word)
        {
            notes.push(Note::LikeType {
                resource: (*word).to_owned(),
                nearest,
            });
        }
        notes.extend(self.like_namespace(namespace));
        notes
    }

    /// What a reader should know of the name of a namespace that the input doesn't know.
    pub fn doubts_of_namespace(&self, namespace: &str) -> Vec<Note> {
        let found = placeholder(namespace).map(|found| Note::Unrendered {
            placeholder: excerpt(found).into_owned(),
        });
        found
            .into_iter()
            .chain(self.like_namespace(namespace))
            .collect()
    }

    fn like_namespace(&self, namespace: &str) -> Option<Note> {
        let nearest = self.nearest_namespace(namespace)?;
        Some(Note::LikeNamespace {
            namespace: namespace.to_owned(),
            nearest,
        })
    }

    /// The known namespace that is most like one that the input doesn't know. None where it knows none:
    /// bindings alone don't tell which there are.
    fn nearest_namespace(&self, namespace: &str) -> Option<String> {
        let knows = self.snapshot.is_complete() || !self.snapshot.namespaces().is_empty();
        if namespace.is_empty() || !knows {
            return None;
        }
        let known = known_namespaces(self.snapshot);
        if known.contains(namespace) {
            return None;
        }
        nearest(namespace, known).map(str::to_owned)
    }

    /// The verb that is most like one, of those that kubectl or a rule of the cluster knows.
    pub(crate) fn nearest_verb(&self, verb: &str) -> Option<String> {
        self.nearest_of_verbs(&RESOURCE_VERBS, verb)
    }

    fn nearest_verb_for(&self, target: &ResolvedTarget<'_, '_>, verb: &str) -> Option<String> {
        match target.about {
            About::Url(_) => self.nearest_of_verbs(&NON_RESOURCE_VERBS, verb),
            About::Resource { .. } => self.nearest_verb(verb),
        }
    }

    fn nearest_of_verbs(&self, known: &[&'static str], verb: &str) -> Option<String> {
        nearest(verb, self.known_verbs(known)).map(str::to_owned)
    }

    /// These verbs and those that rules name, but for `*`.
    pub(super) fn known_verbs(&self, known: &[&'static str]) -> HashSet<&'s str> {
        let of_rules = rules(self.snapshot).flat_map(|rule| &rule.verbs);
        let known = known.iter().copied().chain(of_rules.map(|verb| &**verb));
        // Each once: rules name the same few again and again.
        known.filter(|verb| *verb != "*").collect()
    }

    /// The full name of the type that is most like a word, of those that discovery or a rule of the
    /// cluster knows.
    pub(crate) fn nearest_type(&self, word: &str) -> Option<String> {
        let discovery = self.snapshot.discovery();
        let with_group = word.contains('.');
        let mut names: BTreeMap<String, String> = BTreeMap::new();
        for resource in discovery.resources() {
            let full = resource.full_name();
            if with_group {
                names.entry(full.clone()).or_insert(full);
                continue;
            }
            for name in [&resource.plural, &resource.singular] {
                names.entry(name.clone()).or_insert_with(|| full.clone());
            }
        }
        for rule in rules(self.snapshot) {
            for resource in &rule.resources {
                let plural = resource.split('/').next().unwrap_or_default();
                if plural.is_empty() || plural == "*" {
                    continue;
                }
                for group in rule.api_groups.iter().filter(|group| *group != "*") {
                    let full = full_name(plural, group);
                    let name = if with_group { &full } else { plural };
                    if !names.contains_key(name) {
                        names.insert(name.to_owned(), full);
                    }
                }
            }
        }
        let found = nearest(word, names.keys().map(String::as_str))?;
        names.get(found).cloned()
    }

    /// What a request is about, with its type resolved.
    pub fn target<'w>(&self, target: &Target<'w>) -> ResolvedTarget<'s, 'w> {
        let about = match *target {
            Target::Url(path) => About::Url(path),
            Target::Resource {
                word,
                name,
                subresource,
            } => {
                let meaning = self.snapshot.discovery().resolve(word);
                let known_in_rules = match &meaning {
                    Resolution::Unknown {
                        resource,
                        warned_group,
                        ..
                    } if warned_group.is_empty() => known_in_rules(self.snapshot, resource),
                    _ => Vec::new(),
                };
                About::Resource {
                    meaning,
                    word,
                    name,
                    subresource,
                    known_in_rules,
                }
            }
        };
        ResolvedTarget {
            about,
            minor: Some(self.snapshot.version().minor),
        }
    }

    /// Whether some rule of the cluster lists this verb.
    pub(crate) fn verb_is_in_rules(&self, verb: &str) -> bool {
        rules(self.snapshot).any(|rule| rule.verbs.iter().any(|listed| listed == verb))
    }

    /// Whether some rule of the cluster lists this type under this group.
    pub(crate) fn type_is_in_rules(&self, group: &str, resource: &str) -> bool {
        rules(self.snapshot).any(|rule| {
            rule.resources.iter().any(|listed| listed == resource)
                && rule.api_groups.iter().any(|listed| listed == group)
        })
    }
}

impl<'s> ResolvedTarget<'s, '_> {
    /// A type as a whole, as discovery has it.
    pub fn of(resource: &'s ApiResource) -> Self {
        ResolvedTarget {
            about: About::Resource {
                meaning: Resolution::Known(resource),
                word: "",
                name: "",
                subresource: "",
                known_in_rules: Vec::new(),
            },
            minor: None,
        }
    }

    /// What the word for the type means; none for a URL.
    pub fn meaning(&self) -> Option<&Resolution<'s>> {
        match &self.about {
            About::Url(_) => None,
            About::Resource { meaning, .. } => Some(meaning),
        }
    }

    /// Whether real requests for it carry a namespace because its objects are in namespaces. What
    /// discovery doesn't know is taken for namespaced.
    pub fn is_namespaced(&self) -> bool {
        match self.meaning() {
            None => false,
            Some(Resolution::Known(resource)) => resource.namespaced,
            // `users` and `groups` exist for impersonation alone, which is asked about the whole
            // cluster. Source: `WithImpersonation` of the API server.
            Some(Resolution::Literal(word)) => word == "*",
            Some(Resolution::Unknown { .. }) => true,
        }
    }

    /// Whether kubectl knows this verb for it.
    pub fn knows_verb(&self, verb: &str) -> bool {
        match self.about {
            About::Url(_) => NON_RESOURCE_VERBS.contains(&verb),
            About::Resource { .. } => RESOURCE_VERBS.contains(&verb),
        }
    }

    /// The request of this verb in this place.
    pub fn request(&self, verb: &str, place: AskedScope<'_>) -> ResolvedRequest {
        match &self.about {
            About::Url(path) => ResolvedRequest {
                attributes: Attributes::NonResource(NonResourceAttributes {
                    verb: verb.to_owned(),
                    path: (*path).to_owned(),
                }),
                reach: Reach::Request,
                warnings: self.warned_verb(verb).into_iter().collect(),
                notes: Vec::new(),
                sent_by_kubectl: None,
            },
            About::Resource {
                meaning,
                name,
                subresource,
                ..
            } => {
                let (group, resource) = group_and_resource(meaning);
                let sent = ResourceAttributes {
                    namespace: match place {
                        AskedScope::Namespace(namespace) => namespace.to_owned(),
                        AskedScope::AllNamespaces => String::new(),
                    },
                    verb: verb.to_owned(),
                    group: group.to_owned(),
                    resource: resource.to_owned(),
                    subresource: (*subresource).to_owned(),
                    name: (*name).to_owned(),
                };
                let mut real = sent.clone();
                if !self.is_namespaced() {
                    real.namespace = namespace_of_cluster_scoped(&sent);
                }
                ResolvedRequest {
                    reach: match place {
                        AskedScope::AllNamespaces if self.is_namespaced() => Reach::Anywhere,
                        _ => Reach::Request,
                    },
                    warnings: self.warnings(verb, place),
                    notes: self.notes(verb),
                    sent_by_kubectl: (sent != real).then_some(Attributes::Resource(sent)),
                    attributes: Attributes::Resource(real),
                }
            }
        }
    }

    fn warned_verb(&self, verb: &str) -> Option<Warning> {
        (!self.knows_verb(verb)).then(|| Warning::UnknownVerb {
            verb: verb.to_owned(),
        })
    }

    fn warned_subresource(&self) -> Option<Warning> {
        let About::Resource {
            meaning: Resolution::Known(resource),
            subresource,
            ..
        } = &self.about
        else {
            return None;
        };
        if subresource.is_empty() || resource.may_have_subresource(subresource) {
            return None;
        }
        let known = resource.subresources.iter().map(String::as_str);
        Some(Warning::UnknownSubresource {
            resource: resource.plural.clone(),
            group: resource.group.clone(),
            subresource: (*subresource).to_owned(),
            nearest: nearest(subresource, known).map(str::to_owned),
        })
    }

    fn warnings(&self, verb: &str, place: AskedScope<'_>) -> Vec<Warning> {
        let mut warnings = Vec::new();
        match self.meaning() {
            Some(Resolution::Known(resource))
                if !resource.namespaced && place != AskedScope::AllNamespaces =>
            {
                warnings.push(Warning::NotNamespaced {
                    resource: resource.plural.clone(),
                    group: resource.group.clone(),
                });
            }
            Some(Resolution::Unknown {
                resource,
                warned_group,
                ..
            }) => warnings.push(Warning::UnknownType {
                resource: resource.clone(),
                group: warned_group.clone(),
            }),
            _ => {}
        }
        warnings.extend(self.warned_subresource());
        // kubectl doesn't look at the verb where it asks about all namespaces.
        if place != AskedScope::AllNamespaces {
            warnings.extend(self.warned_verb(verb));
        }
        warnings
    }

    fn notes(&self, verb: &str) -> Vec<Note> {
        let About::Resource {
            meaning,
            word,
            name,
            subresource,
            known_in_rules,
        } = &self.about
        else {
            return Vec::new();
        };
        let mut notes = Vec::new();
        match meaning {
            Resolution::Known(resource) if subresource.is_empty() => {
                let called = resource
                    .subresources
                    .iter()
                    .find(|known| is_nearly(known, name));
                notes.extend(called.map(|subresource| Note::NameOfSubresource {
                    verb: verb.to_owned(),
                    word: (*word).to_owned(),
                    resource: resource.full_name(),
                    name: (*name).to_owned(),
                    subresource: subresource.clone(),
                }));
            }
            Resolution::Unknown { resource, .. } if !known_in_rules.is_empty() => {
                notes.push(Note::KnownInOtherGroups {
                    resource: resource.clone(),
                    known: known_in_rules.clone(),
                });
            }
            _ => {}
        }
        notes.extend(self.note_of_minors(meaning, word));
        notes
    }

    /// That other versions of Kubernetes have the type, or have it on.
    fn note_of_minors(&self, meaning: &Resolution<'_>, word: &str) -> Option<Note> {
        let minor = self.minor?;
        match meaning {
            Resolution::Known(resource) if resource.off_by_default => Some(Note::OffByDefault {
                resource: resource.full_name(),
                versions: resource.versions.clone(),
                minor,
            }),
            Resolution::Unknown { .. } => {
                let (resource, having) = Discovery::in_other_minors(word)?;
                Some(Note::OfOtherMinors {
                    resource,
                    having,
                    minor,
                })
            }
            _ => None,
        }
    }
}

/// Whether a name is that of a subresource, or its plural or singular, letter case aside: closer than
/// names of objects come by chance.
fn is_nearly(subresource: &str, name: &str) -> bool {
    let singular = |word: &str| {
        let lower = word.to_lowercase();
        lower.strip_suffix('s').map(str::to_owned).unwrap_or(lower)
    };
    !name.is_empty() && singular(subresource) == singular(name)
}

fn group_and_resource<'m>(meaning: &'m Resolution<'_>) -> (&'m str, &'m str) {
    match meaning {
        Resolution::Known(resource) => (&resource.group, &resource.plural),
        Resolution::Literal(resource) => ("", resource),
        Resolution::Unknown {
            group, resource, ..
        } => (group, resource),
    }
}

/// The namespace that a real request for a cluster-scoped resource carries: none, but a request
/// for one Namespace object is judged in that namespace (kubernetes#134929).
fn namespace_of_cluster_scoped(attributes: &ResourceAttributes) -> String {
    let is_namespace = attributes.group.is_empty() && attributes.resource == "namespaces";
    let of_one = matches!(&*attributes.verb, "get" | "update" | "patch" | "delete");
    let on_its_path = matches!(&*attributes.subresource, "" | "status" | "finalize");
    if is_namespace && of_one && on_its_path {
        attributes.name.clone()
    } else {
        String::new()
    }
}

pub(super) fn rules(snapshot: &Snapshot) -> impl Iterator<Item = &PolicyRule> {
    snapshot
        .roles()
        .flat_map(|role| &snapshot.role(role).rules)
        .map(|rule| &rule.value)
}

/// The type with each group in which rules of the cluster know it, where discovery doesn't.
fn known_in_rules(snapshot: &Snapshot, resource: &str) -> Vec<String> {
    let lower = resource.to_lowercase();
    let mut groups: Vec<&str> = rules(snapshot)
        .filter(|rule| {
            rule.resources
                .iter()
                .any(|known| known.split('/').next() == Some(&lower))
        })
        .flat_map(|rule| &rule.api_groups)
        .map(|group| group.as_str())
        .filter(|group| !group.is_empty() && *group != "*")
        .collect();
    groups.sort_unstable();
    groups.dedup();
    groups
        .into_iter()
        .map(|group| format!("{lower}.{group}"))
        .collect()
}

//! The requests of an assertion. What nothing knows is an error: such an assertion could never fail.

use std::collections::BTreeSet;

use crate::ask::{
    AskedScope, Note, Resolver, Target, UnknownSubject, did_you_mean, known_namespaces, nearest,
};
use crate::authz::Attributes;
use crate::authz::rbac::TooLarge;
use crate::cluster::Snapshot;
use crate::entra::AmbiguousGroup;
use crate::kube::discovery::Resolution;
use crate::text::yaml::NodeSpan;

use super::format::{AssertedRequests, Namespaces};

/// Why an assertion can't be judged.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CannotJudge {
    /// A URL is asked about with a verb that no HTTP method becomes.
    #[error("`{0}` is no verb for a URL")]
    UnknownUrlVerb(String),
    /// Neither kubectl nor a rule of the input knows the verb.
    #[error("no verb `{verb}` is known{}", did_you_mean(.nearest.as_deref()))]
    UnknownVerb {
        /// The verb.
        verb: String,
        /// The known one that is most like it.
        nearest: Option<String>,
    },
    /// Neither discovery nor a rule of the input knows the type.
    #[error(
        "no resource `{resource}` is known, neither to Kubernetes nor to the input{}",
        did_you_mean(.nearest.as_deref())
    )]
    UnknownType {
        /// The type as written.
        resource: String,
        /// The full name of the known one that is most like it.
        nearest: Option<String>,
    },
    /// The type has no such subresource.
    #[error("{resource} has no subresource `{subresource}`{}", did_you_mean(.nearest.as_deref()))]
    UnknownSubresource {
        /// The full name of the type.
        resource: String,
        /// The subresource.
        subresource: String,
        /// The known one that is most like it.
        nearest: Option<String>,
    },
    /// The input doesn't have the namespace.
    #[error("the input has no namespace `{namespace}`{}", did_you_mean(.nearest.as_deref()))]
    UnknownNamespace {
        /// The namespace.
        namespace: String,
        /// The known one that is most like it.
        nearest: Option<String>,
    },
    /// The selector matches no Namespace.
    #[error("its selector matches no Namespace of the input")]
    NoNamespaceSelected,
    /// Someone whom it names isn't known.
    #[error("{unknown}{}", .unknown.or_else())]
    UnknownSubject {
        /// Who, and who was likely meant.
        unknown: UnknownSubject,
        /// Where the name stands.
        place: NodeSpan,
    },
    /// The answer would have more parts than a limit allows.
    #[error(transparent)]
    TooLarge(#[from] TooLarge),
    /// A group's name means several groups of the directory.
    #[error(transparent)]
    AmbiguousGroup(#[from] AmbiguousGroup),
}

/// Every request of an assertion, and how its words were understood.
#[derive(Debug)]
pub(super) struct Requests {
    pub(super) attributes: Vec<Attributes>,
    pub(super) notes: Vec<Note>,
}

impl Requests {
    /// The requests for each verb, in each namespace that is meant.
    pub(super) fn new(
        resolver: &Resolver<'_>,
        asserted: &AssertedRequests,
    ) -> Result<Self, CannotJudge> {
        let target = if asserted.resource.starts_with('/') {
            Target::Url(&asserted.resource)
        } else {
            Target::Resource {
                word: &asserted.resource,
                name: &asserted.name,
                subresource: &asserted.subresource,
            }
        };
        let target = resolver.target(&target);
        for verb in &asserted.verbs {
            if target.knows_verb(verb) {
                continue;
            }
            if target.meaning().is_none() {
                return Err(CannotJudge::UnknownUrlVerb(verb.clone()));
            }
            if !resolver.verb_is_in_rules(verb) {
                return Err(CannotJudge::UnknownVerb {
                    nearest: resolver.nearest_verb(verb),
                    verb: verb.clone(),
                });
            }
        }
        if let Some(meaning) = target.meaning() {
            check_type(resolver, asserted, meaning)?;
        }
        let namespaces = if target.is_namespaced() {
            Some(namespaces(resolver.snapshot(), &asserted.namespaces)?)
        } else {
            None
        };
        let mut requests = Requests {
            attributes: Vec::new(),
            notes: Vec::new(),
        };
        for verb in &asserted.verbs {
            let places = match &namespaces {
                None => vec![AskedScope::AllNamespaces],
                Some(names) => names
                    .iter()
                    .map(|name| AskedScope::Namespace(name))
                    .collect(),
            };
            for place in places {
                let request = target.request(verb, place);
                requests.attributes.push(request.attributes);
                for note in request.notes {
                    if !requests.notes.contains(&note) {
                        requests.notes.push(note);
                    }
                }
            }
        }
        Ok(requests)
    }
}

/// Refuses a type or subresource that nothing knows.
fn check_type(
    resolver: &Resolver<'_>,
    asserted: &AssertedRequests,
    meaning: &Resolution<'_>,
) -> Result<(), CannotJudge> {
    match meaning {
        Resolution::Known(resource) => {
            let subresource = &asserted.subresource;
            if subresource.is_empty() || resource.may_have_subresource(subresource) {
                Ok(())
            } else {
                Err(CannotJudge::UnknownSubresource {
                    resource: resource.full_name(),
                    nearest: nearest(
                        subresource,
                        resource.subresources.iter().map(String::as_str),
                    )
                    .map(str::to_owned),
                    subresource: subresource.clone(),
                })
            }
        }
        Resolution::Literal(_) => Ok(()),
        Resolution::Unknown {
            resource, group, ..
        } => {
            // The definition may just not be in the input, but then some rule should know it.
            if !group.is_empty() && resolver.type_is_in_rules(group, resource) {
                Ok(())
            } else {
                Err(CannotJudge::UnknownType {
                    nearest: resolver.nearest_type(&asserted.resource),
                    resource: asserted.resource.clone(),
                })
            }
        }
    }
}

/// The namespaces that are meant; those that exist as far as the input knows.
fn namespaces(snapshot: &Snapshot, wanted: &Namespaces) -> Result<BTreeSet<String>, CannotJudge> {
    let known = known_namespaces(snapshot);
    match wanted {
        Namespaces::Every => Ok(known.into_iter().map(str::to_owned).collect()),
        Namespaces::Named(names) => {
            if let Some(missing) = names.iter().find(|name| !known.contains(&***name)) {
                return Err(CannotJudge::UnknownNamespace {
                    nearest: nearest(missing, known).map(str::to_owned),
                    namespace: missing.clone(),
                });
            }
            Ok(names.iter().cloned().collect())
        }
        Namespaces::Labelled(selector) => {
            let selected: BTreeSet<String> = snapshot
                .namespaces()
                .iter()
                .filter(|known| selector.matches(&known.labels))
                .map(|known| known.name.to_string())
                .collect();
            if selected.is_empty() {
                return Err(CannotJudge::NoNamespaceSelected);
            }
            Ok(selected)
        }
    }
}

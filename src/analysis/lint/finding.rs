//! What `check` may find in roles and bindings, and its words.

use std::fmt;

use crate::analysis::nobody::WhyNobody;
use crate::authn::Principal;
use crate::cluster::Completeness;
use crate::diagnostic::{Code, Describe, Phrase, Severity, codes};
use crate::kube::{CompactString, RoleKind, SubjectKind};
use crate::object::ObjectRef;

/// What is wrong with a role or binding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Finding {
    /// A binding names a role that isn't there.
    RoleNotFound {
        role: RoleKind,
        name: CompactString,
        input: Completeness,
    },
    NoSubjects,
    NoSuchServiceAccount {
        namespace: String,
        name: CompactString,
    },
    /// A subject that can be nobody.
    Nobody(WhyNobody),
    UnknownGroupId {
        id: String,
    },
    UnknownUserId {
        id: String,
    },
    LetterCase {
        kind: SubjectKind,
        name: CompactString,
        known: String,
    },
    SameGrantTwice {
        other: ObjectRef,
        principal: Principal,
        role: RoleKind,
        name: String,
    },
    UnusedRole,
    AggregatedByHand,
    /// A rule of the role that can't grant what it seems to.
    Rule {
        /// From 1.
        number: usize,
        fault: RuleFault,
    },
}

/// What is wrong with a rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum RuleFault {
    UrlInNamespace {
        urls: Vec<CompactString>,
    },
    NamesOnNamelessVerbs {
        verbs: Vec<CompactString>,
        resources: Vec<CompactString>,
        names: Vec<CompactString>,
    },
    SubresourceWildcard {
        resource: String,
        parent: String,
    },
    UnknownVerb {
        verb: CompactString,
        guess: VerbGuess,
    },
    UnknownSubresource {
        resource: String,
        subresource: String,
    },
    ClusterScopedInNamespace {
        resource: String,
        kind: RoleKind,
    },
    WrongApiGroup {
        resource: String,
        /// Where it is.
        known_in: Vec<String>,
        /// Where the rule looks for it.
        groups: Vec<CompactString>,
    },
    UnknownType {
        resource: String,
        groups: Vec<CompactString>,
        /// The plural that was meant, where the resource is written otherwise.
        plural: Option<String>,
    },
}

/// What an unknown verb may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum VerbGuess {
    /// This one, but for its letter case.
    LetterCase(&'static str),
    /// None that a server knows for its built-in types.
    Unknown,
    /// One of a custom type's own.
    Custom,
}

impl Describe for Finding {
    fn code(&self) -> &'static Code {
        match self {
            Finding::RoleNotFound { .. } => &codes::ROLE_NOT_FOUND,
            Finding::NoSubjects => &codes::NO_SUBJECTS,
            Finding::NoSuchServiceAccount { .. } => &codes::NO_SUCH_SERVICE_ACCOUNT,
            Finding::Nobody(why) => why.code(),
            Finding::UnknownGroupId { .. } | Finding::UnknownUserId { .. } => {
                &codes::UNKNOWN_OBJECT_ID
            }
            Finding::LetterCase { .. } => &codes::LETTER_CASE,
            Finding::SameGrantTwice { .. } => &codes::SAME_GRANT_TWICE,
            Finding::UnusedRole => &codes::UNUSED_ROLE,
            Finding::AggregatedByHand => &codes::AGGREGATED_BY_HAND,
            Finding::Rule { fault, .. } => fault.code(),
        }
    }

    fn phrase(&self) -> Phrase {
        Phrase::Remark
    }

    fn part(&self) -> Option<String> {
        Some(match self {
            Finding::RoleNotFound { role, name, .. } => format!("{role} {name}"),
            Finding::NoSuchServiceAccount { namespace, name } => {
                format!("ServiceAccount {namespace}/{name}")
            }
            Finding::Nobody(why) => why.subject(),
            Finding::UnknownGroupId { id } => format!("Group {id}"),
            Finding::UnknownUserId { id } => format!("User {id}"),
            Finding::LetterCase { kind, name, .. } => format!("{kind} {name}"),
            Finding::SameGrantTwice {
                principal,
                role,
                name,
                ..
            } => format!("{principal}, {role} {name}"),
            Finding::Rule { fault, .. } => fault.part(),
            Finding::NoSubjects | Finding::UnusedRole | Finding::AggregatedByHand => return None,
        })
    }

    fn severity(&self) -> Severity {
        match self {
            Finding::Rule {
                fault:
                    RuleFault::UnknownVerb {
                        guess: VerbGuess::Custom,
                        ..
                    },
                ..
            } => Severity::Info,
            _ => self.code().severity,
        }
    }
}

impl RuleFault {
    fn code(&self) -> &'static Code {
        match self {
            RuleFault::UrlInNamespace { .. } => &codes::URL_IN_NAMESPACE,
            RuleFault::NamesOnNamelessVerbs { .. } => &codes::NAMES_ON_NAMELESS_VERBS,
            RuleFault::SubresourceWildcard { .. } => &codes::SUBRESOURCE_WILDCARD,
            RuleFault::UnknownVerb { .. } => &codes::UNKNOWN_VERB,
            RuleFault::UnknownSubresource { .. } | RuleFault::UnknownType { .. } => {
                &codes::UNKNOWN_TYPE
            }
            RuleFault::ClusterScopedInNamespace { .. } => &codes::CLUSTER_SCOPED_IN_NAMESPACE,
            RuleFault::WrongApiGroup { .. } => &codes::WRONG_API_GROUP,
        }
    }
}

impl RuleFault {
    /// What of a rule it is about, whatever the number of the rule.
    fn part(&self) -> String {
        let in_groups = |resource: &str, groups: &[CompactString]| {
            format!("resource {resource} of {}", in_words(groups))
        };
        match self {
            RuleFault::UrlInNamespace { urls } => format!("URLs {}", urls.join(", ")),
            RuleFault::NamesOnNamelessVerbs {
                verbs,
                resources,
                names,
            } => format!(
                "verbs {} of {} named {}",
                verbs.join(", "),
                resources.join(", "),
                names.join(", ")
            ),
            RuleFault::SubresourceWildcard { resource, .. } => format!("resource {resource}"),
            RuleFault::UnknownVerb { verb, .. } => format!("verb {verb}"),
            RuleFault::UnknownSubresource {
                resource,
                subresource,
            } => format!("resource {resource}, subresource {subresource}"),
            RuleFault::ClusterScopedInNamespace { resource, .. } => format!("resource {resource}"),
            RuleFault::WrongApiGroup {
                resource, groups, ..
            }
            | RuleFault::UnknownType {
                resource, groups, ..
            } => in_groups(resource, groups),
        }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Finding::RoleNotFound { role, name, input } => {
                let whether = match input {
                    Completeness::Complete => "doesn't exist",
                    Completeness::Partial => "isn't in the input; it may exist on the cluster",
                };
                write!(f, "the {role} {name} that it names {whether}")
            }
            Finding::NoSubjects => f.write_str("it has no subjects, so it grants nothing"),
            Finding::NoSuchServiceAccount { namespace, name } => {
                write!(f, "ServiceAccount {namespace}/{name} isn't in the input")
            }
            Finding::Nobody(why) => why.fmt(f),
            Finding::UnknownGroupId { id } => write!(f, "the directory knows no group {id}"),
            Finding::UnknownUserId { id } => {
                write!(f, "the directory knows no user or service principal {id}")
            }
            Finding::LetterCase { kind, name, known } => write!(
                f,
                "{kind} {name} differs from {known} by case alone; names are compared letter by \
                 letter"
            ),
            Finding::SameGrantTwice {
                other,
                principal,
                role,
                name,
            } => write!(f, "{other} gives {principal} the {role} {name} already"),
            Finding::UnusedRole => f.write_str("nothing in the input binds or aggregates it"),
            Finding::AggregatedByHand => f.write_str(
                "it is aggregated, so a controller overwrites the rules that are written here",
            ),
            Finding::Rule { number, fault } => write!(f, "rule {number}: {fault}"),
        }
    }
}

impl fmt::Display for RuleFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            RuleFault::UrlInNamespace { .. } => f.write_str(
                "URLs are granted by ClusterRoleBindings alone, and only RoleBindings bind this \
                 role",
            ),
            RuleFault::NamesOnNamelessVerbs { verbs, .. } => names_on_nameless_verbs(f, verbs),
            RuleFault::SubresourceWildcard { resource, parent } => write!(
                f,
                "`{resource}` is no wildcard and covers nothing; list the subresources of {parent}"
            ),
            RuleFault::UnknownVerb { verb, guess } => {
                write!(f, "`{verb}` is no verb that a server asks for")?;
                match guess {
                    VerbGuess::LetterCase(known) => {
                        write!(f, "; verbs are in lower case: `{known}`")
                    }
                    VerbGuess::Unknown | VerbGuess::Custom => Ok(()),
                }
            }
            RuleFault::UnknownSubresource {
                resource,
                subresource,
            } => write!(f, "{resource} has no subresource `{subresource}`"),
            RuleFault::ClusterScopedInNamespace { resource, kind } => {
                let how = match kind {
                    RoleKind::Role => "a Role grants it in its namespace alone",
                    RoleKind::ClusterRole => "only RoleBindings bind this role",
                };
                write!(
                    f,
                    "{resource} is cluster-scoped, and {how}; no real request for it carries a \
                     namespace"
                )
            }
            RuleFault::WrongApiGroup {
                resource,
                known_in,
                groups,
            } => write!(
                f,
                "{resource} is in {}, not in {}",
                in_words(known_in),
                in_words(groups)
            ),
            RuleFault::UnknownType {
                resource,
                groups,
                plural,
            } => {
                write!(f, "{} has no resource `{resource}`", in_words(groups))?;
                match plural {
                    Some(plural) => write!(f, "; rules use the plural: `{plural}`"),
                    None => Ok(()),
                }
            }
        }
    }
}

fn names_on_nameless_verbs(f: &mut fmt::Formatter<'_>, verbs: &[CompactString]) -> fmt::Result {
    let creates = verbs.iter().any(|verb| verb == "create");
    let verbs: Vec<&str> = verbs
        .iter()
        .map(|verb| match &**verb {
            "create" => "a plain create",
            verb => verb,
        })
        .collect();
    let verbs = verbs.join(" or ");
    write!(
        f,
        "it is restricted to names, but {verbs} carries none, so "
    )?;
    if creates {
        f.write_str(
            "by itself it never grants; a create of these names is granted by server-side apply alone, \
             where another rule or role gives `patch` (or `update`, for types that an update may \
             create) of them too",
        )
    } else {
        f.write_str("it never grants")
    }
}

/// API groups, the nameless one in words.
fn in_words(groups: &[impl AsRef<str>]) -> String {
    let words: Vec<&str> = groups
        .iter()
        .map(|group| match group.as_ref() {
            "" => "the core group",
            group => group,
        })
        .collect();
    words.join(", ")
}

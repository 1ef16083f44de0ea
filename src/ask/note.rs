//! What a reader should know about how words were understood.

use std::fmt;

use super::UnknownSubject;
use crate::entra::{OVERAGE, PersonKind};
use crate::kube::Minor;

/// What kubectl warns about, and a subresource that it passes on without a word.
/// [`Display`](fmt::Display) is kubectl's sentence, without its prefix.
///
/// Source: `kubectl auth can-i`.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Warning {
    /// A verb that kubectl doesn't know.
    UnknownVerb {
        /// The verb.
        verb: String,
    },
    /// A namespace was given, or taken by default, for a cluster-scoped type.
    NotNamespaced {
        /// The type in the plural.
        resource: String,
        /// Its API group; empty for the core group.
        group: String,
    },
    /// A type that discovery doesn't know.
    UnknownType {
        /// The type as written where it has no group, else in lower case.
        resource: String,
        /// The group as kubectl names it; empty where none was written.
        group: String,
    },
    /// A subresource that the type doesn't have. kubectl doesn't look at it, and says no.
    UnknownSubresource {
        /// The type in the plural.
        resource: String,
        /// Its API group; empty for the core group.
        group: String,
        /// The subresource as written.
        subresource: String,
        /// The subresource of the type that is most like it, if one is.
        nearest: Option<String>,
    },
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Warning::UnknownVerb { verb } => write!(f, "verb '{verb}' is not a known verb"),
            Warning::NotNamespaced { resource, group } => {
                write!(f, "resource '{resource}' is not namespace scoped")?;
                in_group(f, group)
            }
            Warning::UnknownType { resource, group } if group.is_empty() => write!(
                f,
                "the server doesn't have a resource type '{}'",
                resource.to_lowercase()
            ),
            Warning::UnknownType { resource, group } => {
                write!(f, "the server doesn't have a resource type '{resource}'")?;
                in_group(f, group)
            }
            Warning::UnknownSubresource {
                resource,
                group,
                subresource,
                nearest,
            } => {
                write!(f, "resource '{resource}'")?;
                in_group(f, group)?;
                write!(f, " doesn't have a subresource '{subresource}'")?;
                match nearest {
                    Some(nearest) => write!(f, "; did you mean '{nearest}'?"),
                    None => Ok(()),
                }
            }
        }
    }
}

/// The name that was likely meant, at the end of a sentence.
pub(crate) fn did_you_mean(nearest: Option<&str>) -> String {
    nearest.map_or_else(String::new, |name| format!("; did you mean `{name}`?"))
}

/// `1.24`, or `1.29 to 1.31`.
fn from_to(minors: &[Minor]) -> String {
    match minors {
        [] => String::new(),
        [one] => one.to_string(),
        [first, .., last] => format!("{first} to {last}"),
    }
}

fn in_group(f: &mut fmt::Formatter<'_>, group: &str) -> fmt::Result {
    if group.is_empty() {
        return Ok(());
    }
    write!(f, " in group '{group}'")
}

/// How words were understood, where a reader may have meant something else.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Note {
    /// The name of an object is called like a subresource of its type, or nearly so.
    NameOfSubresource {
        /// The verb.
        verb: String,
        /// The type as written.
        word: String,
        /// The type's full name.
        resource: String,
        /// The name.
        name: String,
        /// The subresource.
        subresource: String,
    },
    /// A type that discovery doesn't know in the core group is in rules of other groups.
    KnownInOtherGroups {
        /// The type as written.
        resource: String,
        /// The types with their groups, sorted.
        known: Vec<String>,
    },
    /// A type that servers have in alpha or beta versions alone, which are off unless someone switches them
    /// on.
    OffByDefault {
        /// The type's full name.
        resource: String,
        /// The versions of its API, the preferred one first.
        versions: Vec<String>,
        /// The cluster's version of Kubernetes.
        minor: Minor,
    },
    /// A type that other versions of Kubernetes have by themselves.
    OfOtherMinors {
        /// The type's full name.
        resource: String,
        /// The versions that have it, the oldest first.
        having: Vec<Minor>,
        /// The cluster's version of Kubernetes.
        minor: Minor,
    },
    /// The cluster knows someone by another name.
    UserTranslated {
        /// The name as written.
        name: String,
        /// The name that the cluster sees.
        known_as: String,
        /// What they are in the directory.
        kind: PersonKind,
    },
    /// The cluster knows a group by its object ID.
    GroupTranslated {
        /// The group as written.
        group: String,
        /// Its object ID.
        id: String,
    },
    /// Someone whom nothing knows, or who is written as the cluster doesn't know them.
    UnknownSubject(UnknownSubject),
    /// A user whom no binding and no directory names is called nearly as one whom they do.
    LikeUser {
        /// The name as written.
        name: String,
        /// The known one.
        nearest: String,
    },
    /// A ServiceAccount that nothing knows is called nearly as one that is known.
    LikeAccount {
        /// `NAMESPACE/NAME`
        account: String,
        /// The user name of the known one.
        nearest: String,
    },
    /// A user is written as a ServiceAccount is not.
    AccountAsUser {
        /// The name as written.
        name: String,
        /// The user name of the ServiceAccount that was meant.
        user: String,
    },
    /// A namespace that the input doesn't know is called nearly as one that it does.
    LikeNamespace {
        /// The namespace as written.
        namespace: String,
        /// The known one.
        nearest: String,
    },
    /// A verb that kubectl doesn't know, and no rule of the input, is nearly one that they do.
    LikeVerb {
        /// The verb as written.
        verb: String,
        /// The known one.
        nearest: String,
    },
    /// A type that nothing knows is called nearly as one that is known.
    LikeType {
        /// The type as written.
        resource: String,
        /// The full name of the known one.
        nearest: String,
    },
    /// No one is called so.
    NobodyCalled {
        /// The word.
        word: String,
        /// The known name that is most like it, if one is.
        nearest: Option<String>,
    },
    /// Nothing has put a value in place of a placeholder.
    Unrendered {
        /// The placeholder.
        placeholder: String,
    },
    /// A token doesn't carry that many groups.
    GroupOverage {
        /// The user.
        user: String,
        /// The number of groups.
        groups: usize,
    },
}

impl Note {
    /// Whether it offers a name that differs from the written one by letter case alone.
    pub fn is_about_letter_case(&self) -> bool {
        let (name, nearest) = match self {
            Note::LikeUser { name, nearest } => (name, Some(nearest)),
            Note::UnknownSubject(UnknownSubject::Group { name, nearest }) => {
                (name, nearest.as_ref())
            }
            _ => return false,
        };
        nearest.is_some_and(|nearest| nearest.to_lowercase() == name.to_lowercase())
    }
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Note::NameOfSubresource {
                verb,
                word,
                resource,
                name,
                subresource,
            } => write!(
                f,
                "this asks about {resource} named {name}; for the subresource, say `{verb} {word} \
                 --subresource {subresource}`"
            ),
            Note::KnownInOtherGroups { resource, known } => {
                let known: Vec<String> = known.iter().map(|known| format!("`{known}`")).collect();
                write!(
                    f,
                    "this asks about {resource} in the core group; rules of the input know {}",
                    known.join(", ")
                )
            }
            Note::OffByDefault {
                resource,
                versions,
                minor,
            } => write!(
                f,
                "Kubernetes {minor} has `{resource}` in {} alone, which a server serves only where that is \
                 switched on",
                versions.join(", ")
            ),
            Note::OfOtherMinors {
                resource,
                having,
                minor,
            } => write!(
                f,
                "`{resource}` is a type of Kubernetes {}, not of {minor}, which this answer is for",
                from_to(having)
            ),
            Note::UserTranslated {
                name,
                known_as,
                kind,
            } => {
                let why = match kind {
                    PersonKind::Member => {
                        "a member of the tenant, known by the user principal name"
                    }
                    PersonKind::Guest => "a guest, known by the object ID",
                    PersonKind::ServicePrincipal => "a service principal, known by the object ID",
                };
                write!(f, "to the cluster {name} is {known_as}: {why}")
            }
            Note::GroupTranslated { group, id } => {
                write!(f, "to the cluster the group {group} is {id}")
            }
            Note::UnknownSubject(unknown) => unknown.fmt(f),
            Note::LikeUser { name, nearest } => write!(
                f,
                "no binding names the user `{name}`{}",
                did_you_mean(Some(nearest))
            ),
            Note::LikeAccount { account, nearest } => write!(
                f,
                "no ServiceAccount `{account}` is known, neither as an object of the input nor by a \
                 binding{}",
                did_you_mean(Some(nearest))
            ),
            Note::AccountAsUser { name, user } => write!(
                f,
                "`{name}` is taken for the name of a user; for the ServiceAccount, say `--as {user}`"
            ),
            Note::LikeNamespace { namespace, nearest } => write!(
                f,
                "the input has no namespace `{namespace}`{}",
                did_you_mean(Some(nearest))
            ),
            Note::LikeVerb { verb, nearest } => write!(
                f,
                "neither kubectl nor a rule of the input knows the verb `{verb}`{}",
                did_you_mean(Some(nearest))
            ),
            Note::LikeType { resource, nearest } => write!(
                f,
                "neither Kubernetes nor the input knows the type `{resource}`{}",
                did_you_mean(Some(nearest))
            ),
            Note::NobodyCalled { word, nearest } => write!(
                f,
                "no binding names {word}, and no one in the directory is called so{}",
                did_you_mean(nearest.as_deref())
            ),
            Note::Unrendered { placeholder } => write!(
                f,
                "`{placeholder}` isn't rendered; write the value that belongs there"
            ),
            Note::GroupOverage { user, groups } => write!(
                f,
                "{user} is in {groups} groups; beyond {OVERAGE} a token carries none of them \
                 (overage), and AKS asks Microsoft Graph for them at every sign-in; where it can't, \
                 the cluster sees no groups"
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Source: `resourceFor` of `kubectl auth can-i`.
    #[test]
    fn an_unknown_type_without_a_group_is_told_in_lower_case() {
        let warning = |group: &str| {
            Warning::UnknownType {
                resource: "Foos".to_owned(),
                group: group.to_owned(),
            }
            .to_string()
        };
        assert_eq!(
            warning(""),
            "the server doesn't have a resource type 'foos'"
        );
        assert_eq!(
            warning("Acme"),
            "the server doesn't have a resource type 'Foos' in group 'Acme'"
        );
    }
}

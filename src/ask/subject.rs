//! Which subjects a word means.

use std::collections::BTreeSet;

use crate::authn::{ANONYMOUS, Principal, service_account_name, split_service_account};
use crate::entra::{AmbiguousGroup, Person};
use crate::kube::{SubjectKind, placeholder};
use crate::text::excerpt;

use super::known::nearest_of_all;
use super::who::memberships;
use super::{Note, Resolver, bound_subjects};

/// How much of a name a word has to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Match {
    /// Any part of it, in any letter case.
    Part,
    /// The whole of it, in its letter case.
    Exact,
}

impl Match {
    fn is_in(self, word: &str, name: &str) -> bool {
        match self {
            Match::Part => name.to_lowercase().contains(&word.to_lowercase()),
            Match::Exact => name == word,
        }
    }
}

/// A subject that a word means.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct NamedSubject {
    /// Who.
    pub principal: Principal,
    /// The groups of the directory that they are in, by object ID. None for a group: one that is
    /// within another brings its members into that one, not itself.
    pub groups: Vec<String>,
}

impl Resolver<'_> {
    /// The subjects that a word means, sorted: those of `bound` and of the directory that are
    /// called so, and a service account that is named in full, whether a binding names it or not.
    ///
    /// A word means a subject by its name, by the name that people know, and for a ServiceAccount
    /// by `NAMESPACE/NAME` or its user name.
    pub fn subjects(
        &self,
        bound: impl IntoIterator<Item = Principal>,
        word: &str,
        matching: Match,
    ) -> Vec<NamedSubject> {
        let mut called: Vec<Principal> = bound
            .into_iter()
            .filter(|principal| {
                is_called(principal, word, matching)
                    || self
                        .directory
                        .name_of(&principal.name)
                        .is_some_and(|name| matching.is_in(word, name))
            })
            .collect();
        // Someone whom no binding names may still be reached through groups.
        called.extend(
            self.directory
                .people()
                .filter(|person| is_person(person, word, matching))
                .map(|person| Principal::new(SubjectKind::User, "", person.cluster_name())),
        );
        called.extend(named_in_full(word));
        called.sort();
        called.dedup();
        called
            .into_iter()
            .map(|principal| NamedSubject {
                groups: match principal.kind {
                    SubjectKind::User => memberships(self.directory, &principal.name),
                    SubjectKind::Group | SubjectKind::ServiceAccount => Vec::new(),
                },
                principal,
            })
            .collect()
    }

    /// That no one is called by a word, and who was likely meant: of the subjects of bindings and the people
    /// and groups of the directory, the one whose name is most like it.
    pub fn nobody_called(&self, word: &str, matching: Match) -> Note {
        if let Some(found) = placeholder(word) {
            return Note::Unrendered {
                placeholder: excerpt(found).into_owned(),
            };
        }
        let mut names: BTreeSet<String> = BTreeSet::new();
        for principal in bound_subjects(self.snapshot) {
            if principal.kind == SubjectKind::ServiceAccount {
                names.insert(format!("{}/{}", principal.namespace, principal.name));
            }
            names.insert(principal.name);
        }
        let people = self.directory.people().flat_map(|person| {
            // Whoever wants whole names has to write one that the cluster sees.
            let known = [&*person.display_name, &person.user_principal_name];
            known.into_iter().chain([person.cluster_name()])
        });
        let groups = self.directory.groups();
        let groups = groups.flat_map(|group| [&*group.display_name, &group.id]);
        names.extend(people.chain(groups).map(str::to_owned));
        names.remove("");
        // A part of a name that is written right would have been found.
        let parts = |name: &&String| matching == Match::Exact || !name.contains(word);
        let names = names.iter().filter(parts).map(String::as_str);
        Note::NobodyCalled {
            word: word.to_owned(),
            nearest: nearest_of_all(word, names),
        }
    }

    /// The subject as the cluster knows it, where that isn't as written.
    ///
    /// # Errors
    /// If a group's name means several groups of the directory.
    pub fn translated(
        &self,
        written: &Principal,
    ) -> Result<Option<(Principal, Note)>, AmbiguousGroup> {
        let (name, note) = match written.kind {
            SubjectKind::User => self.user_name(&written.name),
            SubjectKind::Group => self.group(&written.name)?,
            SubjectKind::ServiceAccount => return Ok(None),
        };
        Ok(note.map(|note| (Principal::new(written.kind, "", &name), note)))
    }
}

/// Whether a word means a subject: its name, or for a ServiceAccount `NAMESPACE/NAME` or its full
/// user name.
fn is_called(principal: &Principal, word: &str, matching: Match) -> bool {
    let mut names = vec![principal.name.clone()];
    if principal.kind == SubjectKind::ServiceAccount {
        names.push(format!("{}/{}", principal.namespace, principal.name));
        names.push(service_account_name(&principal.namespace, &principal.name));
    }
    names.iter().any(|name| matching.is_in(word, name))
}

fn is_person(person: &Person, word: &str, matching: Match) -> bool {
    [
        &person.id,
        &person.user_principal_name,
        &person.display_name,
    ]
    .iter()
    .any(|name| matching.is_in(word, name))
}

/// A subject that is named in full, which groups may reach though no binding names it.
fn named_in_full(word: &str) -> Option<Principal> {
    if split_service_account(word).is_some() {
        return Some(Principal::new(SubjectKind::User, "", word));
    }
    if let Some((namespace, name)) = word.split_once('/') {
        let user = service_account_name(namespace, name);
        return split_service_account(&user).map(|_| Principal::new(SubjectKind::User, "", &user));
    }
    (word == ANONYMOUS).then(|| Principal::new(SubjectKind::User, "", word))
}

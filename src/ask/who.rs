//! Who asks, as the cluster sees them.

use crate::authn::{Principal, UserInfo};
use crate::entra::{AmbiguousGroup, Directory, OVERAGE, is_object_id};
use crate::kube::{SubjectKind, placeholder};

use super::{KnownSubjects, Note, Resolver};

/// Who asks, as written: `--as` and `--as-group`, or `as` and `groups` of an assertion.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Who {
    /// The user name or object ID.
    pub name: String,
    /// The groups, by name, e-mail or object ID.
    pub groups: Vec<String>,
}

/// Who asks, as the cluster sees them.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use]
pub struct ResolvedUser {
    /// The user, with the groups that the directory and Kubernetes add.
    pub user: UserInfo,
    /// What was translated.
    pub notes: Vec<Note>,
}

impl Resolver<'_> {
    /// The user as the cluster sees them: the directory translates names and adds the groups of
    /// someone whom it knows, and Kubernetes adds the groups that it implies.
    ///
    /// # Errors
    /// If a group's name means several groups of the directory.
    pub fn user(&self, who: &Who) -> Result<ResolvedUser, AmbiguousGroup> {
        let mut notes = Vec::new();
        let mut groups = Vec::new();
        for group in &who.groups {
            let (group, note) = self.group(group)?;
            groups.push(group);
            notes.extend(note);
        }
        let (name, note) = self.user_name(&who.name);
        notes.extend(note);
        let through = memberships(self.directory, &who.name);
        if through.len() > OVERAGE {
            notes.push(Note::GroupOverage {
                user: name.clone(),
                groups: through.len(),
            });
        }
        for group in through {
            if !groups.contains(&group) {
                groups.push(group);
            }
        }
        Ok(ResolvedUser {
            user: UserInfo::impersonated(&name, groups),
            notes,
        })
    }

    /// What of the names nothing knows, or the cluster knows otherwise, and which were likely meant. It
    /// changes no answer: offline, anyone may be someone.
    pub fn doubts_of(&self, who: &Who) -> Vec<Note> {
        let user = Principal::new(SubjectKind::User, "", &who.name);
        let groups = who.groups.iter();
        let groups = groups.map(|name| Principal::new(SubjectKind::Group, "", name));
        let unbound: Vec<Principal> = std::iter::once(user)
            .chain(groups)
            .filter(|one| placeholder(&one.name).is_some() || !self.is_bound(one))
            .collect();
        if unbound.is_empty() {
            return Vec::new();
        }
        let known = KnownSubjects::new([self.snapshot], self.directory);
        unbound.iter().filter_map(|one| known.doubt(one)).collect()
    }

    /// Whether some binding names a subject.
    fn is_bound(&self, wanted: &Principal) -> bool {
        let as_user = wanted.as_user().name;
        let mut bindings = self.snapshot.bindings().map(|id| self.snapshot.binding(id));
        bindings.any(|binding| {
            let mut subjects = binding.subjects.iter();
            subjects.any(|subject| match subject.kind {
                SubjectKind::User => subject.name == as_user && wanted.kind != SubjectKind::Group,
                SubjectKind::Group => wanted.kind == subject.kind && wanted.name == subject.name,
                SubjectKind::ServiceAccount => {
                    wanted.kind == subject.kind
                        && wanted.name == subject.name
                        && wanted.namespace == subject.namespace_in(binding)
                }
            })
        })
    }

    /// The name by which the cluster knows a user.
    pub(super) fn user_name(&self, name: &str) -> (String, Option<Note>) {
        let Some(person) = self.directory.person(name) else {
            return (name.to_owned(), None);
        };
        let known_as = person.cluster_name().to_owned();
        let note = (known_as != name).then(|| Note::UserTranslated {
            name: name.to_owned(),
            known_as: known_as.clone(),
            kind: person.kind,
        });
        (known_as, note)
    }

    /// The name by which the cluster knows a group: its object ID.
    pub(super) fn group(&self, group: &str) -> Result<(String, Option<Note>), AmbiguousGroup> {
        if is_object_id(group) || group.starts_with("system:") {
            return Ok((group.to_owned(), None));
        }
        Ok(match self.directory.group_named(group)? {
            None => (group.to_owned(), None),
            Some(found) => {
                let note = Note::GroupTranslated {
                    group: group.to_owned(),
                    id: found.id.clone(),
                };
                (found.id.clone(), Some(note))
            }
        })
    }
}

/// The object IDs of the groups that someone is in, sorted; none for whom the directory doesn't
/// know.
pub(super) fn memberships(directory: &Directory, name: &str) -> Vec<String> {
    directory
        .person(name)
        .map_or_else(Vec::new, |person| directory.groups_of(&person.id))
}

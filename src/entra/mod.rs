//! Entra ID (Azure AD) offline: names for object IDs, and who is in which group.
//!
//! On AKS a token carries groups as object IDs, a member user as the user principal name, and a
//! guest or service principal as an object ID. The directory translates between these and the
//! names that people know. It decides nothing.
//!
//! ```
//! use rbac_eval::entra::Directory;
//! use rbac_eval::text::SourceText;
//!
//! let text = SourceText {
//!     name: "directory.yaml".into(),
//!     bytes: br#"
//! groups:
//! - id: e5f6a7b8-dddd-eeee-ffff-abcdef012345
//!   displayName: Team Alpha developers
//!   members: [alice@contoso.com]
//! users:
//! - id: 11111111-1111-1111-1111-111111111111
//!   userPrincipalName: alice@contoso.com
//!   displayName: Alice
//! "#.to_vec(),
//!     named: true,
//! };
//! let directory = Directory::read(&[text]).unwrap();
//! let alice = directory.person("alice@contoso.com").unwrap();
//! assert_eq!(directory.groups_of(&alice.id), ["e5f6a7b8-dddd-eeee-ffff-abcdef012345"]);
//! ```

mod object_id;
mod read;

use std::collections::{BTreeMap, BTreeSet};

pub use object_id::is_object_id;
pub use read::DirectoryError;

/// The number of groups beyond which a token carries none.
pub const OVERAGE: usize = 200;

/// What a party of the directory is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PersonKind {
    /// A user of the tenant: the cluster knows them by their user principal name.
    Member,
    /// A guest user: the cluster knows them by their object ID.
    Guest,
    /// A service principal or managed identity: the cluster knows it by its object ID.
    ServicePrincipal,
}

/// A user, guest or service principal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    /// The object ID, in lower case as tokens carry it.
    pub id: String,
    /// The user principal name; empty for a service principal.
    pub user_principal_name: String,
    /// The display name; may be empty.
    pub display_name: String,
    /// What it is.
    pub kind: PersonKind,
}

impl Person {
    /// The user name that the cluster sees.
    pub fn cluster_name(&self) -> &str {
        match self.kind {
            PersonKind::Member if !self.user_principal_name.is_empty() => &self.user_principal_name,
            _ => &self.id,
        }
    }

    /// The name that people know: the display name, else the user principal name.
    pub fn known_name(&self) -> Option<&str> {
        [&self.display_name, &self.user_principal_name]
            .into_iter()
            .find(|name| !name.is_empty())
            .map(String::as_str)
    }
}

/// A group.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Group {
    /// The object ID, in lower case as tokens carry it.
    pub id: String,
    /// The display name; may be empty.
    pub display_name: String,
    /// The e-mail address; may be empty.
    pub mail: String,
    /// The object IDs of its members, people and groups; those that the directory doesn't know
    /// as well.
    pub members: BTreeSet<String>,
}

/// All that was read.
#[derive(Debug, Clone, Default)]
pub struct Directory {
    groups: BTreeMap<String, Group>,
    people: BTreeMap<String, Person>,
    /// From user principal names in lower case to object IDs.
    by_principal_name: BTreeMap<String, String>,
    /// From members to the groups that name them.
    containing: BTreeMap<String, BTreeSet<String>>,
}

/// That a display name means several groups.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{name}` is the name of {} groups: {}; say which by its object ID", .ids.len(), .ids.join(", "))]
pub struct AmbiguousGroup {
    /// The display name.
    pub name: String,
    /// The object IDs of the groups, sorted.
    pub ids: Vec<String>,
}

impl Directory {
    /// Whether nothing was read.
    pub fn is_empty(&self) -> bool {
        self.groups.is_empty() && self.people.is_empty()
    }

    /// All groups, by object ID.
    pub fn groups(&self) -> impl Iterator<Item = &Group> {
        self.groups.values()
    }

    /// All people, by object ID.
    pub fn people(&self) -> impl Iterator<Item = &Person> {
        self.people.values()
    }

    /// The group of this object ID, in any letter case.
    pub fn group(&self, id: &str) -> Option<&Group> {
        self.groups.get(&id.to_lowercase())
    }

    /// The user, guest or service principal of this object ID or user principal name, in any
    /// letter case, as Entra ID has it.
    pub fn person(&self, word: &str) -> Option<&Person> {
        let word = word.to_lowercase();
        let id = self.by_principal_name.get(&word).unwrap_or(&word);
        self.people.get(id)
    }

    /// The name that people know for an object ID, or for a user principal name.
    pub fn name_of(&self, id: &str) -> Option<&str> {
        let named = |group: &'_ Group| !group.display_name.is_empty();
        match self.group(id).filter(|group| named(group)) {
            Some(group) => Some(&group.display_name),
            None => self
                .person(id)
                .and_then(Person::known_name)
                .filter(|name| !name.eq_ignore_ascii_case(id)),
        }
    }

    /// The name that people know for someone whom the cluster knows by the object ID.
    pub fn name_of_id(&self, name: &str) -> Option<&str> {
        self.name_of(name).filter(|_| is_object_id(name))
    }

    /// The group of this display name or e-mail, letter case aside.
    ///
    /// # Errors
    /// If several are called so.
    pub fn group_named(&self, name: &str) -> Result<Option<&Group>, AmbiguousGroup> {
        let called: Vec<&Group> = self
            .groups
            .values()
            .filter(|group| {
                group.display_name.eq_ignore_ascii_case(name)
                    || (!group.mail.is_empty() && group.mail.eq_ignore_ascii_case(name))
            })
            .collect();
        match &*called {
            [] => Ok(None),
            [one] => Ok(Some(one)),
            several => Err(AmbiguousGroup {
                name: name.to_owned(),
                ids: several.iter().map(|group| group.id.clone()).collect(),
            }),
        }
    }

    /// The object IDs of all groups that hold someone, those that hold them through other groups
    /// included, sorted. A cycle of groups is no trouble.
    pub fn groups_of(&self, id: &str) -> Vec<String> {
        let mut found = BTreeSet::new();
        let mut left = vec![id.to_lowercase()];
        while let Some(member) = left.pop() {
            for group in self.containing.get(&member).into_iter().flatten() {
                if found.insert(group.clone()) {
                    left.push(group.clone());
                }
            }
        }
        found.into_iter().collect()
    }

    /// The object IDs of everyone in a group, through other groups too, without those groups.
    pub fn members_of(&self, group: &str) -> Vec<String> {
        let mut seen = BTreeSet::new();
        let mut members = BTreeSet::new();
        let mut left = vec![group.to_lowercase()];
        while let Some(id) = left.pop() {
            let Some(group) = self.groups.get(&id) else {
                members.insert(id);
                continue;
            };
            if seen.insert(id) {
                left.extend(group.members.iter().cloned());
            }
        }
        members.into_iter().collect()
    }
}

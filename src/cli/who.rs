//! Who asks on the command line, with the help of the directory.

use crate::authn::UserInfo;
use crate::entra::is_object_id;
use crate::entra::{Directory, OVERAGE, Person, PersonKind};
use clap::Args;

use super::exit::Failure;

/// Who asks.
#[derive(Debug, Args)]
pub(super) struct WhoArgs {
    /// The user who asks: a name, system:serviceaccount:NAMESPACE:NAME, or an object ID
    #[arg(long = "as", value_name = "USER")]
    user: Option<String>,

    /// A group of that user, by name or object ID; may be repeated
    #[arg(long = "as-group", value_name = "GROUP")]
    groups: Vec<String>,

    /// The user's uid; taken, but RBAC doesn't look at it
    #[arg(long = "as-uid", value_name = "UID")]
    _uid: Option<String>,
}

/// Who asks, after the directory was asked.
pub(super) struct Asker {
    pub(super) user: UserInfo,
    pub(super) notes: Vec<String>,
}

impl WhoArgs {
    /// The name given with `--as`.
    pub(super) fn require(&self) -> Result<&str, Failure> {
        self.user
            .as_deref()
            .filter(|name| !name.is_empty())
            .ok_or_else(|| {
                Failure::told(
                    "name who is asking with `--as USER`, and their groups with `--as-group \
                     GROUP`: offline, there is no current user",
                )
            })
    }

    /// Whether `--as-group` was given.
    pub(super) fn names_groups(&self) -> bool {
        !self.groups.is_empty()
    }

    /// Whether `--as` was given.
    pub(super) fn is_given(&self) -> bool {
        self.user.is_some()
    }

    /// The user as the cluster sees them: the directory adds the groups of someone it knows, and
    /// translates names.
    pub(super) fn resolve(&self, directory: &Directory) -> Result<Asker, Failure> {
        let name = self.require()?;
        let mut notes = Vec::new();
        let mut groups = Vec::new();
        for group in &self.groups {
            groups.push(group_id(directory, group, &mut notes)?);
        }
        let person = directory.person(name);
        let user_name = match person {
            Some(person) => {
                let known_as = person.cluster_name();
                if known_as != name {
                    notes.push(translated(person, name));
                }
                let through = directory.groups_of(&person.id);
                if through.len() > OVERAGE {
                    notes.push(format!(
                        "{known_as} is in {} groups; beyond {OVERAGE} a token carries none of \
                         them (overage), and AKS asks Microsoft Graph for them at every sign-in; \
                         where it can't, the cluster sees no groups",
                        through.len()
                    ));
                }
                for group in through {
                    if !groups.contains(&group) {
                        groups.push(group);
                    }
                }
                known_as.to_owned()
            }
            None => name.to_owned(),
        };
        Ok(Asker {
            user: UserInfo::impersonated(&user_name, groups),
            notes,
        })
    }
}

/// Says which of a person's names the cluster knows.
fn translated(person: &Person, name: &str) -> String {
    let known_as = person.cluster_name();
    let why = match person.kind {
        PersonKind::Member => "a member of the tenant, known by the user principal name",
        PersonKind::Guest => "a guest, known by the object ID",
        PersonKind::ServicePrincipal => "a service principal, known by the object ID",
    };
    format!("to the cluster {name} is {known_as}: {why}")
}

/// The object ID of a group given by display name or e-mail.
fn group_id(
    directory: &Directory,
    group: &str,
    notes: &mut Vec<String>,
) -> Result<String, Failure> {
    if is_object_id(group) || group.starts_with("system:") {
        return Ok(group.to_owned());
    }
    match directory.group_named(group) {
        Ok(Some(found)) => {
            notes.push(format!("to the cluster the group {group} is {}", found.id));
            Ok(found.id.clone())
        }
        Ok(None) => Ok(group.to_owned()),
        Err(ambiguous) => Err(Failure::told(format!("`--as-group {group}`: {ambiguous}"))),
    }
}

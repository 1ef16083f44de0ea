//! Who can be nobody: a subject of a binding by a name that no token carries.
//!
//! Entra ID's tokens carry groups as object IDs, members by user principal name, and guests and service
//! principals by object ID. A binding by another name lets nobody do anything, however it reads. One
//! place decides it, for all who tell it or leave such a subject out.

use std::fmt;

use crate::authn::Principal;
use crate::cluster::Snapshot;
use crate::diagnostic::{Code, codes};
use crate::entra::{Directory, PersonKind, is_object_id};
use crate::kube::{SubjectKind, placeholder};

/// Why no request can be a subject's. [`Display`](fmt::Display) says so in one sentence, with what to
/// bind instead.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum WhyNobody {
    /// A group by display name or e-mail: `RBAC004`.
    GroupByName {
        /// The name as bound.
        name: String,
        /// How it names the group.
        kind: GroupName,
        /// The group's object ID, where the directory knows it.
        id: Option<String>,
    },
    /// A user or service principal of the directory that is bound as a group: `RBAC006`.
    NotAGroup {
        /// The object ID as bound.
        id: String,
        /// The name that people know.
        known: String,
        /// What it is.
        kind: PersonKind,
        /// The user name that the cluster sees.
        cluster_name: String,
    },
    /// A group of the directory that is bound as a user: `RBAC007`.
    NotAUser {
        /// The object ID as bound.
        name: String,
        /// The name that people know.
        display_name: String,
    },
    /// Someone of the directory by a name that the cluster doesn't see: `RBAC007`.
    WrongUserName {
        /// The name as bound.
        name: String,
        /// What they are.
        kind: PersonKind,
        /// The user name that the cluster sees.
        cluster_name: String,
    },
}

/// How a group is named, where the cluster knows object IDs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GroupName {
    /// By its e-mail address.
    Email,
    /// By its display name.
    DisplayName,
}

/// Knows which subjects can be nobody, as far as a cluster's bindings and a directory tell.
#[derive(Debug, Clone, Copy)]
pub struct Nobodies<'d> {
    directory: &'d Directory,
    entra: bool,
}

impl<'d> Nobodies<'d> {
    /// What bindings of a cluster and a directory, which may be empty, tell.
    ///
    /// Of a change, take the cluster before it: what it adds must not make others nobody.
    pub fn new(snapshot: &Snapshot, directory: &'d Directory) -> Self {
        let is_bound_by_id = || {
            snapshot
                .bindings()
                .flat_map(|id| &snapshot.binding(id).subjects)
                .any(|subject| subject.kind == SubjectKind::Group && is_object_id(&subject.name))
        };
        Nobodies {
            directory,
            entra: !directory.is_empty() || is_bound_by_id(),
        }
    }

    /// Why a subject looks as if it could be nobody, as `check` tells it. An e-mail address or a name with
    /// a space is taken for a group's of Entra ID, whether or not the cluster is known to use that.
    ///
    /// To leave something out because of it, ask [`why_surely`](Self::why_surely).
    pub fn why(&self, principal: &Principal) -> Option<WhyNobody> {
        match principal.kind {
            // Whether an account is there is another matter: whoever makes it is it.
            SubjectKind::ServiceAccount => None,
            SubjectKind::Group => self.group(&principal.name),
            SubjectKind::User => self.user(&principal.name),
        }
    }

    /// Why a subject can be nobody, where it is known that tokens carry object IDs: there is a directory,
    /// or a binding names a group by object ID. Elsewhere an e-mail address may well be a group's name.
    pub fn why_surely(&self, principal: &Principal) -> Option<WhyNobody> {
        self.entra.then(|| self.why(principal)).flatten()
    }

    fn group(&self, name: &str) -> Option<WhyNobody> {
        // What it is rendered to may be anyone.
        if placeholder(name).is_some() {
            return None;
        }
        if name.starts_with("system:") {
            return None;
        }
        if is_object_id(name) {
            if self.directory.group(name).is_some() {
                return None;
            }
            let person = self.directory.person(name)?;
            return Some(WhyNobody::NotAGroup {
                id: name.to_owned(),
                known: person.known_name().unwrap_or(name).to_owned(),
                kind: person.kind,
                cluster_name: person.cluster_name().to_owned(),
            });
        }
        // A prefix is how other identity providers' groups are told apart.
        if name.contains(':') {
            return None;
        }
        let kind = if name.contains('@') {
            GroupName::Email
        } else if name.contains(' ') || self.entra {
            GroupName::DisplayName
        } else {
            return None;
        };
        Some(WhyNobody::GroupByName {
            name: name.to_owned(),
            kind,
            id: match self.directory.group_named(name) {
                Ok(Some(found)) => Some(found.id.clone()),
                _ => None,
            },
        })
    }

    fn user(&self, name: &str) -> Option<WhyNobody> {
        if name.starts_with("system:") {
            return None;
        }
        let Some(person) = self.directory.person(name) else {
            let group = self.directory.group(name)?;
            return Some(WhyNobody::NotAUser {
                name: name.to_owned(),
                display_name: group.display_name.clone(),
            });
        };
        let seen = person.cluster_name();
        // Other letter case is told apart from this.
        (!seen.eq_ignore_ascii_case(name)).then(|| WhyNobody::WrongUserName {
            name: name.to_owned(),
            kind: person.kind,
            cluster_name: seen.to_owned(),
        })
    }
}

impl WhyNobody {
    /// The subject as bound, as `Kind name`.
    pub fn subject(&self) -> String {
        match self {
            WhyNobody::GroupByName { name, .. } => format!("Group {name}"),
            WhyNobody::NotAGroup { id, .. } => format!("Group {id}"),
            WhyNobody::NotAUser { name, .. } | WhyNobody::WrongUserName { name, .. } => {
                format!("User {name}")
            }
        }
    }

    /// The code of the finding of `check`.
    pub fn code(&self) -> &'static Code {
        match self {
            WhyNobody::GroupByName { .. } => &codes::GROUP_BY_NAME,
            WhyNobody::NotAGroup { .. } => &codes::NOT_A_GROUP,
            WhyNobody::NotAUser { .. } | WhyNobody::WrongUserName { .. } => &codes::WRONG_USER_NAME,
        }
    }
}

impl fmt::Display for WhyNobody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            WhyNobody::GroupByName { name, kind, id } => {
                let kind = match kind {
                    GroupName::Email => "an e-mail address",
                    GroupName::DisplayName => "a display name",
                };
                let id = id.as_deref().unwrap_or("the group's object ID");
                write!(
                    f,
                    "Group {name} is {kind}; Entra ID's tokens carry object IDs, so it matches \
                     nobody: bind {id}"
                )
            }
            WhyNobody::NotAGroup {
                id,
                known,
                kind,
                cluster_name,
            } => {
                let what = match kind {
                    PersonKind::ServicePrincipal => "a service principal or managed identity",
                    PersonKind::Guest | PersonKind::Member => "a user",
                };
                write!(
                    f,
                    "{id} ({known}) is {what}, not a group; bind it as `kind: User` named \
                     {cluster_name}"
                )
            }
            WhyNobody::NotAUser { name, display_name } => {
                write!(
                    f,
                    "{name} ({display_name}) is a group; bind it as `kind: Group`"
                )
            }
            WhyNobody::WrongUserName {
                name,
                kind,
                cluster_name,
            } => {
                let what = match kind {
                    PersonKind::Member => {
                        "is a member, whom the cluster knows by the user principal name"
                    }
                    PersonKind::Guest => "is a guest, whom the cluster knows by the object ID",
                    PersonKind::ServicePrincipal => {
                        "is a service principal, known by the object ID"
                    }
                };
                write!(f, "{name} {what}: bind {cluster_name}")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cluster::Defaults;
    use crate::text::{Files, SourceText};

    const ID: &str = "e5f6a7b8-dddd-eeee-ffff-abcdef012345";

    fn text(name: &str, bytes: String) -> SourceText {
        SourceText {
            name: name.into(),
            bytes: bytes.into_bytes(),
            named: true,
        }
    }

    /// A cluster that binds a group.
    fn binding(group: &str) -> Snapshot {
        let text = text(
            "rbac.yaml",
            format!(
                "apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRoleBinding\n\
                 metadata: {{name: viewers}}\nroleRef: {{kind: ClusterRole, name: view}}\n\
                 subjects: [{{kind: Group, name: {group}}}]\n"
            ),
        );
        let mut files = Files::default();
        let manifest = crate::kube::parse(&mut files, &[text]);
        Snapshot::new(files, manifest, Defaults::Auto)
    }

    fn codes_of(
        snapshot: &Snapshot,
        directory: &Directory,
        names: &[&str],
    ) -> Vec<[&'static str; 2]> {
        let nobodies = Nobodies::new(snapshot, directory);
        let id = |why: Option<WhyNobody>| why.map_or("", |why| why.code().id);
        let of = |name: &&str| {
            let (kind, name) = name.split_once(' ').unwrap();
            let kind = match kind {
                "g" => SubjectKind::Group,
                "u" => SubjectKind::User,
                _ => SubjectKind::ServiceAccount,
            };
            let principal = Principal::new(kind, "shop", name);
            [
                id(nobodies.why(&principal)),
                id(nobodies.why_surely(&principal)),
            ]
        };
        names.iter().map(of).collect()
    }

    #[test]
    fn it_is_sure_only_where_tokens_are_known_to_carry_object_ids() {
        let names = [
            "g Dev team",
            "g dev@contoso.com",
            "g developers",
            "g oidc:dev@contoso.com",
            "g ${TEAM} devs",
            "g system:masters",
            "u Dev team",
            "s dev@contoso.com",
        ];
        let nothing = Directory::default();
        let told = codes_of(&binding("developers"), &nothing, &names);
        let elsewhere = ["RBAC004", ""];
        assert_eq!(told[..2], [elsewhere, elsewhere]);
        assert!(told[2..].iter().all(|told| *told == ["", ""]), "{told:?}");

        let told = codes_of(&binding(ID), &nothing, &names);
        assert!(
            told[..3].iter().all(|told| *told == ["RBAC004"; 2]),
            "{told:?}"
        );
        assert!(told[3..].iter().all(|told| *told == ["", ""]), "{told:?}");
    }

    #[test]
    fn a_directory_knows_who_is_bound_as_what_they_are_not() {
        let directory = Directory::read(&[text(
            "directory.yaml",
            format!(
                "groups: [{{id: {ID}, displayName: Devs}}]\nusers:\n\
                 - {{id: 11111111-1111-1111-1111-111111111111, userPrincipalName: al@contoso.com}}\n"
            ),
        )])
        .unwrap();
        let group = format!("g {ID}");
        let as_user = format!("u {ID}");
        let names = [
            &*group,
            &as_user,
            "g 11111111-1111-1111-1111-111111111111",
            "u 11111111-1111-1111-1111-111111111111",
            "u al@contoso.com",
            "u AL@contoso.com",
            "u someone@else.example",
            "g 22222222-2222-2222-2222-222222222222",
        ];
        let told = codes_of(&binding("x"), &directory, &names);
        let codes = ["", "RBAC007", "RBAC006", "RBAC007", "", "", "", ""];
        assert_eq!(told, codes.map(|code| [code; 2]));
    }
}

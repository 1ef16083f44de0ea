//! The directory's formats: what `az` and Microsoft Graph export, and a YAML of our own.

use serde::Deserialize;
use serde::de::IgnoredAny;

use super::{Directory, Group, Person, PersonKind, is_object_id};
use crate::text::yaml::{self, Spanned};
use crate::text::{SourceText, excerpt, with_excerpts};

/// What is wrong with a directory file, and where.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{place}: {message}")]
pub struct DirectoryError {
    /// `file:line`
    pub place: String,
    /// What is wrong.
    pub message: String,
}

/// A group, user or service principal as Microsoft Graph and `az` print it.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Entry {
    #[serde(alias = "objectId")]
    id: String,
    #[serde(default)]
    display_name: Option<String>,
    #[serde(default)]
    mail: Option<String>,
    #[serde(default)]
    user_principal_name: Option<String>,
    #[serde(default)]
    user_type: Option<String>,
    #[serde(default)]
    app_id: Option<IgnoredAny>,
    #[serde(default)]
    service_principal_type: Option<IgnoredAny>,
    #[serde(default, rename = "@odata.type")]
    odata_type: Option<String>,
    #[serde(default)]
    members: Option<Vec<Entry>>,
    #[serde(default)]
    transitive_members: Option<Vec<Entry>>,
}

/// A page of Microsoft Graph.
#[derive(Debug, Deserialize)]
struct Page {
    value: Vec<Entry>,
    #[serde(default, rename = "@odata.context")]
    context: Option<String>,
}

/// A file of our own.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Own {
    #[serde(default)]
    groups: Option<Vec<Spanned<OwnGroup>>>,
    #[serde(default)]
    users: Option<Vec<Spanned<OwnUser>>>,
    #[serde(default)]
    service_principals: Option<Vec<Spanned<OwnServicePrincipal>>>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct OwnGroup {
    id: String,
    #[serde(default)]
    display_name: Option<String>,
    #[serde(default)]
    mail: Option<String>,
    #[serde(default)]
    members: Option<Vec<String>>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct OwnUser {
    id: String,
    #[serde(default)]
    user_principal_name: Option<String>,
    #[serde(default)]
    display_name: Option<String>,
    #[serde(default)]
    guest: Option<bool>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct OwnServicePrincipal {
    id: String,
    #[serde(default)]
    display_name: Option<String>,
}

/// The first look at a JSON object, to tell what it is.
#[derive(Deserialize)]
struct ExportShape {
    #[serde(default)]
    value: Option<IgnoredAny>,
    #[serde(default)]
    id: Option<IgnoredAny>,
    #[serde(default, rename = "objectId")]
    object_id: Option<IgnoredAny>,
}

impl Directory {
    /// Reads directory files, in any mixture of formats. What several files say of one object
    /// adds up.
    ///
    /// - `az ad group list`, `az ad user list`, `az ad sp list`: lists of objects.
    /// - `az ad group member list`: a list of objects that doesn't say of which group; the group's
    ///   object ID is taken from the file's name.
    /// - Microsoft Graph's `{"value": […]}`, with `members` or `transitiveMembers` of groups, or
    ///   the members of the group that `@odata.context` names.
    /// - YAML or JSON with `groups`, `users` and `servicePrincipals`, documented in
    ///   `docs/directory.md`.
    ///
    /// # Errors
    /// If a file is none of these, with its line.
    pub fn read(texts: &[SourceText]) -> Result<Directory, DirectoryError> {
        let mut directory = Directory::default();
        for text in texts {
            read_text(&mut directory, text)?;
        }
        directory.finish();
        Ok(directory)
    }

    fn finish(&mut self) {
        // Members may be written as user principal names, and before the users.
        let by_name = &self.by_principal_name;
        for group in self.groups.values_mut() {
            group.members = std::mem::take(&mut group.members)
                .into_iter()
                .map(|member| by_name.get(&member).cloned().unwrap_or(member))
                .collect();
        }
        for group in self.groups.values() {
            for member in &group.members {
                self.containing
                    .entry(member.clone())
                    .or_default()
                    .insert(group.id.clone());
            }
        }
    }

    fn add_person(&mut self, person: Person) {
        if !person.user_principal_name.is_empty() {
            self.by_principal_name
                .insert(person.user_principal_name.to_lowercase(), person.id.clone());
        }
        match self.people.get_mut(&person.id) {
            None => {
                self.people.insert(person.id.clone(), person);
            }
            Some(known) => {
                if known.display_name.is_empty() {
                    known.display_name = person.display_name;
                }
                if known.user_principal_name.is_empty() {
                    known.user_principal_name = person.user_principal_name;
                }
                if known.kind == PersonKind::Member {
                    known.kind = person.kind;
                }
            }
        }
    }

    fn add_group(&mut self, group: Group) {
        let known = self
            .groups
            .entry(group.id.clone())
            .or_insert_with(|| Group {
                id: group.id,
                ..Group::default()
            });
        if known.display_name.is_empty() {
            known.display_name = group.display_name;
        }
        if known.mail.is_empty() {
            known.mail = group.mail;
        }
        known.members.extend(group.members);
    }

    fn add_entry(&mut self, entry: Entry) -> String {
        let id = entry.id.to_lowercase();
        let odata = entry.odata_type.as_deref().unwrap_or_default();
        let is_service_principal = odata.ends_with("servicePrincipal")
            || entry.app_id.is_some()
            || entry.service_principal_type.is_some();
        let is_user = odata.ends_with(".user") || entry.user_principal_name.is_some();
        if is_service_principal || is_user {
            let user_principal_name = entry.user_principal_name.unwrap_or_default();
            let kind = if is_service_principal {
                PersonKind::ServicePrincipal
            } else if is_guest(entry.user_type.as_deref(), &user_principal_name) {
                PersonKind::Guest
            } else {
                PersonKind::Member
            };
            self.add_person(Person {
                id: id.clone(),
                user_principal_name,
                display_name: entry.display_name.unwrap_or_default(),
                kind,
            });
            return id;
        }
        let is_group = odata.is_empty() || odata.ends_with(".group");
        if !is_group {
            // Devices, contacts and the like, which sign in to nothing.
            return id;
        }
        let nested = [entry.members, entry.transitive_members];
        let members = nested
            .into_iter()
            .flatten()
            .flatten()
            .map(|member| self.add_entry(member))
            .collect();
        self.add_group(Group {
            id: id.clone(),
            display_name: entry.display_name.unwrap_or_default(),
            mail: entry.mail.unwrap_or_default(),
            members,
        });
        id
    }
}

/// Whether a user is a guest: by type, else by the mark in the principal name.
fn is_guest(user_type: Option<&str>, principal_name: &str) -> bool {
    match user_type {
        Some(user_type) => user_type.eq_ignore_ascii_case("guest"),
        None => principal_name.contains("#EXT#"),
    }
}

fn read_text(directory: &mut Directory, source: &SourceText) -> Result<(), DirectoryError> {
    let error = |line: usize, message: String| DirectoryError {
        place: format!("{}:{}", source.name, line.max(1)),
        message,
    };
    let text =
        str::from_utf8(&source.bytes).map_err(|_| error(1, "the file is not UTF-8".to_owned()))?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let json_error = |problem: serde_json::Error| {
        let text = problem.to_string();
        let message = text.rfind(" at line ").map_or(&*text, |at| &text[..at]);
        error(problem.line(), with_excerpts(message))
    };
    match text.trim_start().chars().next() {
        None => Err(error(1, "the file is empty".to_owned())),
        Some('[') => {
            let entries: Vec<Entry> = serde_json::from_str(text).map_err(json_error)?;
            add_list(directory, entries, group_in_name(&source.name));
            Ok(())
        }
        Some('{') => {
            let shape: ExportShape = serde_json::from_str(text).map_err(json_error)?;
            if shape.value.is_some() {
                let page: Page = serde_json::from_str(text).map_err(json_error)?;
                let group = page.context.as_deref().and_then(object_id_in);
                let group = group.or_else(|| group_in_name(&source.name));
                add_list(directory, page.value, group);
            } else if shape.id.is_some() || shape.object_id.is_some() {
                let entry: Entry = serde_json::from_str(text).map_err(json_error)?;
                directory.add_entry(entry);
            } else {
                // YAML's reader takes JSON and knows the lines.
                own(directory, text).map_err(|(line, message)| error(line, message))?;
            }
            Ok(())
        }
        Some(_) => own(directory, text).map_err(|(line, message)| error(line, message)),
    }
}

/// Adds a list; where it belongs to a group, its objects are that group's members.
fn add_list(directory: &mut Directory, entries: Vec<Entry>, group: Option<String>) {
    let members: Vec<String> = entries
        .into_iter()
        .map(|entry| directory.add_entry(entry))
        .collect();
    if let Some(id) = group {
        directory.add_group(Group {
            id,
            members: members.into_iter().collect(),
            ..Group::default()
        });
    }
}

/// The first object ID in a file's name, its folder aside.
fn group_in_name(path: &str) -> Option<String> {
    object_id_in(path.rsplit(['/', '\\']).next().unwrap_or(path))
}

/// The first object ID in a text.
fn object_id_in(text: &str) -> Option<String> {
    let separators = |c: char| !(c.is_ascii_hexdigit() || c == '-');
    text.split(separators)
        .map(|word| word.trim_matches('-'))
        .find(|word| is_object_id(word))
        .map(str::to_lowercase)
}

/// Reads a file of our own form, or says on which line what is wrong.
fn own(directory: &mut Directory, text: &str) -> Result<(), (usize, String)> {
    let at = |line: u32, message: String| (line as usize, message);
    let own: Option<Own> = yaml::document(text)
        .and_then(|document| document.read())
        .map_err(|error| at(error.span().line, error.to_string()))?;
    let own = own.unwrap_or_default();
    if own.groups.is_none() && own.users.is_none() && own.service_principals.is_none() {
        return Err((
            1,
            "it holds neither `groups` nor `users` nor `servicePrincipals`".to_owned(),
        ));
    }
    let checked = |id: &str, what: &str, line: u32| {
        if is_object_id(id) {
            Ok(id.to_lowercase())
        } else {
            Err(at(
                line,
                format!("`{}` is no object ID of a {what} (a GUID)", excerpt(id)),
            ))
        }
    };
    for located in own.groups.unwrap_or_default() {
        let line = located.span.line;
        let group = located.value;
        directory.add_group(Group {
            id: checked(&group.id, "group", line)?,
            display_name: group.display_name.unwrap_or_default(),
            mail: group.mail.unwrap_or_default(),
            members: group
                .members
                .unwrap_or_default()
                .iter()
                .map(|member| member.to_lowercase())
                .collect(),
        });
    }
    for located in own.users.unwrap_or_default() {
        let line = located.span.line;
        let user = located.value;
        let user_principal_name = user.user_principal_name.unwrap_or_default();
        let guest = user
            .guest
            .unwrap_or_else(|| is_guest(None, &user_principal_name));
        directory.add_person(Person {
            id: checked(&user.id, "user", line)?,
            user_principal_name,
            display_name: user.display_name.unwrap_or_default(),
            kind: if guest {
                PersonKind::Guest
            } else {
                PersonKind::Member
            },
        });
    }
    for located in own.service_principals.unwrap_or_default() {
        let line = located.span.line;
        let principal = located.value;
        directory.add_person(Person {
            id: checked(&principal.id, "service principal", line)?,
            user_principal_name: String::new(),
            display_name: principal.display_name.unwrap_or_default(),
            kind: PersonKind::ServicePrincipal,
        });
    }
    Ok(())
}

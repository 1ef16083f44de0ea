//! The answer of `who-can`.

use std::borrow::Cow;

use serde::Serialize;

use crate::analysis::nobody::Nobodies;
use crate::analysis::unjudged::with_missing_roles;
use crate::analysis::who_can::WhoCan;
use crate::authn::{ImpliedGroup, Principal};
use crate::authz::Attributes;
use crate::authz::rbac::Grant;
use crate::authz::rbac::RbacAuthorizer;
use crate::cluster::Reach;
use crate::entra::Directory;
use crate::kube::SubjectKind;

use super::text::wrapped;
use super::view::{AttributesView, GrantView, IncompleteView, SubjectView};
use super::words::{describe_implied_group, describe_request};
use super::{API_VERSION, RenderError, UnjudgedView, csv, table, unjudged};

/// The answer of `who-can`.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct WhoCanView {
    /// `rbac-eval/v1`
    pub api_version: &'static str,
    /// `WhoCan`
    pub kind: &'static str,
    /// What was asked, after names were resolved.
    pub request: AskedView,
    /// Who can. Those with `onlyNames` can for these names only.
    pub subjects: Vec<AllowedView>,
    /// Bindings whose role the input lacks.
    pub incomplete: Vec<IncompleteView>,
    /// What of the input isn't judged, so that others may be able to as well.
    pub unjudged: Vec<UnjudgedView>,
    /// What else the reader has to know.
    pub notes: Vec<String>,
    #[serde(skip)]
    in_words: String,
    /// How many names the rows of a table have, if all stand in each.
    #[serde(skip)]
    names_in_rows: usize,
    /// Whether anyone can beside `system:masters`.
    #[serde(skip)]
    anyone: bool,
}

/// What was asked.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct AskedView {
    /// The request.
    #[serde(flatten)]
    pub attributes: AttributesView,
    /// Whether every namespace was looked at.
    pub all_namespaces: bool,
}

/// Someone who can.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct AllowedView {
    /// Who.
    #[serde(flatten)]
    pub subject: SubjectView,
    /// The names for which alone they can.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub only_names: Option<Vec<String>>,
    /// Whom a group of Kubernetes' own means.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub everyone: Option<String>,
    /// Whether they are allowed everything before RBAC is asked.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub privileged: bool,
    /// Why no request can be theirs, however the binding reads.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub matches_nobody: Option<NobodyView>,
    /// The members of a group, where they were asked for and the directory knows them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub members: Option<Vec<MemberView>>,
    /// Every grant.
    pub grants: Vec<AllowedGrant>,
}

/// Why no request can be a subject's.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct NobodyView {
    /// The code of the finding of `check`.
    pub code: &'static str,
    /// Why, and what to bind instead.
    pub message: String,
    /// Whether the cluster is known to take groups from Entra ID. Else it is so only if it does.
    pub sure: bool,
}

impl NobodyView {
    /// The view of what is known of a subject.
    pub fn of(nobodies: &Nobodies<'_>, principal: &Principal) -> Option<Self> {
        let why = nobodies.why(principal)?;
        Some(NobodyView {
            code: why.code().id,
            message: why.to_string(),
            sure: nobodies.why_surely(principal).is_some(),
        })
    }

    /// What stands beside the subject in a table.
    pub fn mark(&self) -> &'static str {
        match self.sure {
            true => "matches nobody",
            false => "matches nobody with Entra ID",
        }
    }
}

/// A grant, and how its binding writes the subject.
#[derive(Debug, Clone, Serialize)]
pub struct AllowedGrant {
    /// Binding, role, rule, scope and source.
    #[serde(flatten)]
    pub grant: GrantView,
    /// The subject as the binding writes it, where that is another kind: a service account bound
    /// as a User of its full name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subject: Option<SubjectView>,
}

/// Whether the members of groups are listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GroupMembers {
    /// Under their groups, as far as the directory knows them.
    Listed,
    /// Not at all.
    Hidden,
}

/// How much of each grant a table tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Columns {
    /// Who, and through which binding and role.
    Few,
    /// The kinds, the rule and its place as well.
    All,
}

/// A member of a group.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct MemberView {
    /// The user name that the cluster sees; the object ID of someone unknown.
    pub name: String,
    /// The name that people know.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub display_name: Option<String>,
}

/// The members of a group, as the cluster knows them, sorted.
pub fn members_of(directory: &Directory, group: &str) -> Option<Vec<MemberView>> {
    directory.group(group)?;
    let mut members: Vec<MemberView> = directory
        .members_of(group)
        .into_iter()
        .map(|id| match directory.person(&id) {
            Some(person) => MemberView {
                name: person.cluster_name().to_owned(),
                display_name: directory.name_of(&person.id).map(str::to_owned),
            },
            None => MemberView {
                name: id,
                display_name: None,
            },
        })
        .collect();
    members.sort_by(|a, b| a.name.cmp(&b.name));
    Some(members)
}

const HEADER: [&str; 8] = [
    "SUBJECT KIND",
    "SUBJECT",
    "NAME",
    "SCOPE",
    "BINDING",
    "ROLE",
    "RULE",
    "SOURCE",
];
/// What the scope column says of cluster-wide grants; no namespace can be called so.
const CLUSTER_WIDE: &str = "(cluster)";
/// How many columns the table has that isn't wide.
const NARROW: usize = 6;

impl WhoCanView {
    /// The view of an answer.
    pub fn new(
        rbac: &RbacAuthorizer,
        directory: &Directory,
        attributes: &Attributes,
        reach: Reach,
        found: &WhoCan,
        members: GroupMembers,
        notes: Vec<String>,
    ) -> Self {
        let nobodies = Nobodies::new(rbac.snapshot(), directory);
        let allowed =
            |principal: &Principal, grants: &[Grant], only_names, privileged| AllowedView {
                subject: SubjectView::of(principal, directory),
                only_names,
                everyone: ImpliedGroup::of(principal).map(|group| describe_implied_group(&group)),
                privileged,
                matches_nobody: NobodyView::of(&nobodies, principal),
                members: match (members, principal.kind) {
                    (GroupMembers::Listed, SubjectKind::Group) => {
                        members_of(directory, &principal.name)
                    }
                    _ => None,
                },
                grants: grants
                    .iter()
                    .map(|grant| {
                        let binding = rbac.snapshot().binding(grant.binding);
                        let written = &binding.subjects[grant.subject];
                        AllowedGrant {
                            grant: GrantView::new(rbac, grant),
                            subject: (written.kind != principal.kind)
                                .then(|| SubjectView::new(written, binding, directory)),
                        }
                    })
                    .collect(),
            };
        let mut subjects: Vec<AllowedView> = found
            .able
            .iter()
            .map(|found| allowed(&found.principal, &found.grants, None, found.privileged))
            .collect();
        subjects.extend(found.for_names.iter().map(|found| {
            allowed(
                &found.principal,
                &found.grants,
                Some(found.names.clone()),
                false,
            )
        }));
        WhoCanView {
            api_version: API_VERSION,
            kind: "WhoCan",
            request: AskedView {
                attributes: AttributesView::new(attributes),
                all_namespaces: reach == Reach::Anywhere,
            },
            names_in_rows: subjects.iter().map(AllowedView::names_in_rows).sum(),
            subjects,
            incomplete: found
                .incomplete
                .iter()
                .map(|&binding| IncompleteView::new(rbac, binding))
                .collect(),
            unjudged: UnjudgedView::all(
                rbac.snapshot().files(),
                &with_missing_roles(rbac, &found.incomplete),
            ),
            notes,
            anyone: found.anyone(),
            in_words: match reach {
                Reach::Request => describe_request(attributes),
                Reach::Anywhere => format!("{} or in any namespace", describe_request(attributes)),
            },
        }
    }

    /// The table, and below it those limited to names, notes, and what is incomplete.
    pub fn to_table(&self, columns: Columns) -> String {
        let columns = match columns {
            Columns::Few => NARROW,
            Columns::All => HEADER.len(),
        };
        let (able, limited): (Vec<&AllowedView>, Vec<&AllowedView>) = self
            .subjects
            .iter()
            .partition(|able| able.only_names.is_none());
        let mut out = table::text(
            Some(&HEADER[..columns]),
            &self.rows(&able, columns, Row::Table),
        );
        if !self.anyone {
            out.push('\n');
            out.push_str(&wrapped(0, &format!("No one else can {}.", self.in_words)));
            out.push('\n');
        }
        if !limited.is_empty() {
            out.push_str("\nFor some names only:\n");
            let mut header = HEADER[..columns].to_vec();
            header.insert(NARROW, "ONLY NAMES");
            let mut rows = self.rows(&limited, columns, Row::Table);
            let mut names = limited.iter().flat_map(|able| {
                let names = self.names_in_cell(able, ", ");
                let members = able.members.as_deref().unwrap_or_default().len();
                std::iter::repeat_n(names, able.grants.len())
                    .chain(std::iter::repeat_n(String::new(), members))
            });
            for row in &mut rows {
                row.insert(NARROW, names.next().unwrap_or_default().into());
            }
            out.push_str(&table::text(Some(&header), &rows));
        }
        if !self.unjudged.is_empty() || !self.notes.is_empty() {
            out.push('\n');
        }
        for line in unjudged::lines(&self.unjudged, 0, "incomplete") {
            out.push_str(&line);
            out.push('\n');
        }
        for note in &self.notes {
            out.push_str(&wrapped(0, &format!("note: {note}")));
            out.push('\n');
        }
        out
    }

    /// The rows in CSV, those limited to names among them, and at the end what isn't judged.
    ///
    /// # Errors
    /// If it can't be written.
    pub fn to_csv(&self) -> Result<String, RenderError> {
        let mut header = HEADER.to_vec();
        header.push("ONLY NAMES");
        let all: Vec<&AllowedView> = self.subjects.iter().collect();
        let mut rows = self.rows(&all, HEADER.len(), Row::Csv);
        let unjudged = unjudged::rows(&self.unjudged, header.len()).into_iter();
        rows.extend(unjudged.map(|row| row.into_iter().map(Cow::Owned).collect()));
        csv::table(&header, &rows)
    }

    /// The names for which alone someone can. They stand in the row of every grant, so where that would
    /// be too much only the first ones are named.
    fn names_in_cell(&self, allowed: &AllowedView, separator: &str) -> String {
        const FIRST: usize = 10;
        let names = allowed.only_names.as_deref().unwrap_or_default();
        // No name passes for two.
        let joined = |names: &[String]| {
            let names: Vec<String> = names
                .iter()
                .map(|name| name.replace(',', "\\u{2c}").replace(' ', "\\u{20}"))
                .collect();
            names.join(separator)
        };
        if self.names_in_rows <= MOST_NAMES || names.len() <= FIRST {
            return joined(names);
        }
        let more = names.len() - FIRST;
        format!(
            "{} and {more} more (`-o json` lists them)",
            joined(&names[..FIRST])
        )
    }

    fn rows<'v>(
        &'v self,
        subjects: &[&'v AllowedView],
        columns: usize,
        form: Row,
    ) -> Vec<Vec<Cow<'v, str>>> {
        let mut rows = Vec::new();
        for allowed in subjects {
            let mark = match allowed.privileged {
                true => Some("not from RBAC"),
                false => allowed.everyone.as_deref(),
            };
            let name = allowed.subject.display_name.as_deref().or(mark);
            let name = match (&allowed.matches_nobody, name) {
                (None, name) => Cow::Borrowed(name.unwrap_or_default()),
                (Some(nobody), None) => nobody.mark().into(),
                (Some(nobody), Some(name)) => format!("{name} ({})", nobody.mark()).into(),
            };
            let start = || {
                let mut row = Vec::with_capacity(columns + 1);
                row.extend([
                    Cow::Borrowed(allowed.subject.kind),
                    allowed.subject.full_name(),
                    name.clone(),
                ]);
                row
            };
            let only_names = match form {
                Row::Table => String::new(),
                Row::Csv => self.names_in_cell(allowed, " "),
            };
            let end = |mut row: Vec<Cow<'v, str>>| {
                row.resize(columns, Cow::default());
                if form == Row::Csv {
                    row.push(only_names.clone().into());
                }
                row
            };
            if allowed.grants.is_empty() {
                let mut row = start();
                row.push(CLUSTER_WIDE.into());
                rows.push(end(row));
            }
            for allowed_grant in &allowed.grants {
                let grant = &allowed_grant.grant;
                let mut row = start();
                if let Some(written) = &allowed_grant.subject {
                    row[2] = format!("as {} {}", written.kind, written.name).into();
                }
                row.push(scope(grant));
                let (binding, role) = (&grant.binding, &grant.role);
                if columns == NARROW {
                    row.extend([&binding.name, &role.name].map(|name| Cow::Borrowed(&**name)));
                } else {
                    row.extend([
                        format!("{}/{}", binding.kind, binding.name).into(),
                        format!("{}/{}", role.kind, role.name).into(),
                        grant.rule.to_string().into(),
                        grant.source.to_string().into(),
                    ]);
                }
                rows.push(end(row));
            }
            for member in allowed.members.iter().flatten() {
                let kind = match form {
                    Row::Table => "  member".into(),
                    Row::Csv => format!("member of {}", allowed.subject.name).into(),
                };
                let display_name = member.display_name.as_deref().unwrap_or_default();
                let mut row = vec![kind, (&*member.name).into(), display_name.into()];
                row.resize(columns + usize::from(form == Row::Csv), Cow::default());
                rows.push(row);
            }
        }
        rows
    }
}

/// How many names the rows of a table may have.
const MOST_NAMES: usize = 1_000_000;

impl AllowedView {
    /// How many names its rows have, if all stand in each.
    fn names_in_rows(&self) -> usize {
        let names = self.only_names.as_ref().map_or(0, Vec::len);
        names.saturating_mul(self.grants.len())
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Row {
    Table,
    Csv,
}

/// `(cluster)`, or the namespace of the binding.
fn scope(grant: &GrantView) -> Cow<'_, str> {
    match &*grant.binding.namespace {
        "" => CLUSTER_WIDE.into(),
        namespace => namespace.into(),
    }
}

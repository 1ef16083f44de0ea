//! The answer of `who-can`.

use std::borrow::Cow;

use serde::Serialize;

use crate::analysis::nobody::Nobodies;
use crate::analysis::owner::{Owner, Owners};
use crate::analysis::unjudged::with_missing_roles;
use crate::analysis::who_can::WhoCan;
use crate::authn::{ImpliedGroup, Principal};
use crate::authz::Attributes;
use crate::authz::rbac::Grant;
use crate::authz::rbac::RbacAuthorizer;
use crate::cluster::Reach;
use crate::entra::Directory;
use crate::kube::SubjectKind;

use super::folded::Folded;
use super::table::{BesideNames, Cells, Columns, Layout, Table, TableRow};
use super::text::{shown, wrapped};
use super::view::{
    AttributesView, CLUSTER_WIDE, GrantView, IncompleteView, SubjectView, scope_cell,
};
use super::words::{describe_implied_group, describe_request};
use super::{API_VERSION, RenderError, UnjudgedView, unjudged};

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
    /// Whose the row of someone without grants is.
    #[serde(skip)]
    owner: Owner,
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
    /// Whose it is.
    #[serde(skip)]
    owner: Owner,
}

/// Whether the members of groups are listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GroupMembers {
    /// Under their groups, as far as the directory knows them.
    Listed,
    /// Not at all.
    Hidden,
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

/// The headings of all columns; short columns come first.
const HEADER: [&str; 9] = [
    "KIND", "SCOPE", "SUBJECT", "NAME", "ROLE", "BINDING", "RULE", "SOURCE", ONLY_NAMES,
];
const ONLY_NAMES: &str = "ONLY NAMES";
/// The headings in CSV, each with the number of its column among [`HEADER`].
const CSV_COLUMNS: [(&str, usize); HEADER.len()] = [
    ("SUBJECT KIND", 0),
    ("SUBJECT", 2),
    ("NAME", NAME),
    ("SCOPE", 1),
    ("BINDING", 5),
    ("ROLE", 4),
    ("RULE", 6),
    ("SOURCE", 7),
    (ONLY_NAMES, 8),
];
/// The place of the name that people know among [`HEADER`].
const NAME: usize = 3;
/// How many columns the table has that isn't wide.
const NARROW: usize = 6;
/// How many it has that is, but for the names of those limited to some.
const WIDE: usize = 8;

/// How many columns the table has, but for the names of those limited to some.
fn count(columns: Columns) -> usize {
    match columns {
        Columns::Few => NARROW,
        Columns::All => WIDE,
    }
}

/// The headings of the table.
pub fn headings(columns: Columns) -> impl Iterator<Item = &'static str> {
    HEADER[..count(columns)].iter().copied().chain([ONLY_NAMES])
}

impl WhoCanView {
    /// The view of an answer. With `owners` its tables fold what every cluster has.
    #[expect(clippy::too_many_arguments, reason = "each is a part of the answer")]
    pub fn new(
        rbac: &RbacAuthorizer,
        directory: &Directory,
        attributes: &Attributes,
        reach: Reach,
        found: &WhoCan,
        members: GroupMembers,
        owners: Option<&Owners>,
        notes: Vec<String>,
    ) -> Self {
        let nobodies = Nobodies::new(rbac.snapshot(), directory);
        let owner = |principal: &Principal, grant: &Grant| match owners {
            Some(owners) => owners.of_listed(rbac, principal, grant),
            None => Owner::Cluster,
        };
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
                // Every cluster lets `system:masters` do everything.
                owner: match owners {
                    Some(_) if privileged => Owner::Kubernetes,
                    _ => Owner::Cluster,
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
                            owner: owner(principal, grant),
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

    /// The table, and below it those limited to names, notes, and what is incomplete. What every cluster
    /// has is counted in a line, where the view was made so.
    pub fn to_table(&self, columns: Columns, layout: Layout) -> String {
        let mut folded = Folded::default();
        let table = |records: Vec<TableRow<'_>>, header: Vec<&'static str>| {
            let table = Table { header, records };
            let table = table.sorted(layout).without_empty(HEADER[NAME]);
            table.to_text(layout.headers)
        };
        let count = count(columns);
        let (able, limited): (Vec<&AllowedView>, Vec<&AllowedView>) = self
            .subjects
            .iter()
            .partition(|able| able.only_names.is_none());
        let able = self.records(&able, columns, Row::Table, |owner| !folded.folds(owner));
        let any_shown = !able.is_empty();
        let mut out = table(able, HEADER[..count].to_vec());
        let whose = folded.whose();
        let mut limited = self.records(&limited, columns, Row::Limited, |owner| {
            !folded.folds(owner)
        });
        let line = folded.to_line();
        if limited.is_empty() {
            out.push_str(&line);
        }
        let sentence = match whose {
            Some(whose) if !any_shown => Some(format!("No one but {whose} can {}.", self.in_words)),
            _ => (!self.anyone).then(|| format!("No one else can {}.", self.in_words)),
        };
        if let Some(sentence) = sentence {
            let sentence = wrapped(0, &sentence) + "\n";
            out = match any_shown {
                true => format!("{out}\n{sentence}"),
                false => format!("{sentence}{out}"),
            };
        }
        if !limited.is_empty() {
            out.push_str("\nFor some names only:\n");
            let mut header = HEADER[..NARROW].to_vec();
            header.push(ONLY_NAMES);
            header.extend(&HEADER[NARROW..count]);
            for cells in limited
                .iter_mut()
                .flat_map(|record| std::iter::once(&mut record.cells).chain(&mut record.below))
            {
                // Names stand before rule and source.
                let names = cells.pop().unwrap_or_default();
                cells.insert(NARROW, names);
            }
            out.push_str(&table(limited, header));
            out.push_str(&line);
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

    /// All rows in CSV, those limited to names among them, and at the end what isn't judged.
    ///
    /// # Errors
    /// If it can't be written.
    pub fn to_csv(&self, layout: Layout) -> Result<String, RenderError> {
        let all: Vec<&AllowedView> = self.subjects.iter().collect();
        let table = Table {
            header: HEADER.to_vec(),
            records: self.records(&all, Columns::All, Row::Csv, |_| true),
        };
        let unjudged = unjudged::rows(&self.unjudged, HEADER.len());
        let table = table.sorted(layout).arranged(&CSV_COLUMNS);
        table.to_csv(layout.headers, &unjudged)
    }

    /// All who can, and the members that are listed, as `lookup` and `--as` take them.
    pub fn to_names(&self) -> Vec<String> {
        let able = self.subjects.iter();
        let able = able.filter(|able| able.only_names.is_none());
        able.flat_map(|able| {
            let members = able.members.iter().flatten();
            let members = members.map(|member| shown(&member.name).into_owned());
            std::iter::once(able.subject.to_word()).chain(members)
        })
        .collect()
    }

    /// What [`to_names`](Self::to_names) can't say.
    pub fn beside_names(&self) -> BesideNames<'_> {
        let mut warnings = Vec::new();
        let limited = self.subjects.iter();
        let limited = limited.filter(|able| able.only_names.is_some()).count();
        if limited > 0 {
            warnings.push(format!(
                "{limited} more can for some names only, and aren't listed; `-o csv` has them"
            ));
        }
        warnings.extend(unjudged::list_may_lack(&self.unjudged));
        BesideNames {
            warnings,
            notes: &self.notes,
        }
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

    /// The rows, of each subject those that are wanted by whose they are.
    fn records<'v>(
        &'v self,
        subjects: &[&'v AllowedView],
        columns: Columns,
        form: Row,
        mut is_wanted: impl FnMut(Owner) -> bool,
    ) -> Vec<TableRow<'v>> {
        let mut records: Vec<TableRow<'v>> = Vec::new();
        let count = count(columns);
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
            let start = |scope: Cow<'v, str>| {
                let mut row: Cells<'v> = Vec::with_capacity(count + 1);
                row.extend([
                    Cow::Borrowed(allowed.subject.kind),
                    scope,
                    allowed.subject.full_name(),
                    name.clone(),
                ]);
                row
            };
            let only_names = match form {
                Row::Table => String::new(),
                Row::Limited => self.names_in_cell(allowed, ", "),
                Row::Csv => self.names_in_cell(allowed, " "),
            };
            let end = |mut row: Cells<'v>| {
                row.resize(count, Cow::default());
                if form != Row::Table {
                    row.push(only_names.clone().into());
                }
                row
            };
            let first = records.len();
            if allowed.grants.is_empty() && is_wanted(allowed.owner) {
                records.push(end(start(CLUSTER_WIDE.into())).into());
            }
            for allowed_grant in &allowed.grants {
                if !is_wanted(allowed_grant.owner) {
                    continue;
                }
                let grant = &allowed_grant.grant;
                let mut row = start(scope_cell(&grant.binding));
                if let Some(written) = &allowed_grant.subject {
                    row[NAME] = format!("as {} {}", written.kind, written.name).into();
                }
                let (binding, role) = (&grant.binding, &grant.role);
                match columns {
                    Columns::Few => {
                        row.extend([&role.name, &binding.name].map(|name| Cow::Borrowed(&**name)));
                    }
                    Columns::All => row.extend([
                        format!("{}/{}", role.kind, role.name).into(),
                        format!("{}/{}", binding.kind, binding.name).into(),
                        grant.rule.to_string().into(),
                        grant.source.to_string().into(),
                    ]),
                }
                records.push(end(row).into());
            }
            if records.len() == first {
                continue;
            }
            let Some(last) = records.last_mut() else {
                continue;
            };
            last.below
                .extend(allowed.members.iter().flatten().map(|member| {
                    let kind = match form {
                        Row::Table | Row::Limited => "  member".into(),
                        Row::Csv => format!("member of {}", allowed.subject.name).into(),
                    };
                    let display_name = member.display_name.as_deref().unwrap_or_default();
                    let name = Cow::Borrowed(&*member.name);
                    let mut row = vec![kind, Cow::default(), name, display_name.into()];
                    row.resize(count + usize::from(form != Row::Table), Cow::default());
                    row
                }));
        }
        records
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
    /// Of those who can.
    Table,
    /// Of those who can for some names only.
    Limited,
    /// Of either.
    Csv,
}

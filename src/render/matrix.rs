//! The answers of `matrix`.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};

use serde::{Serialize, Serializer};

use crate::analysis::matrix::{Cell, ResourceRow, ScopeCells, SubjectRow, VERBS};
use crate::analysis::owner::Owner;
use crate::authn::{ImpliedGroup, Principal};
use crate::entra::Directory;
use crate::kube::discovery::OFF_BY_DEFAULT;

use super::folded::Folded;
use super::table::{BesideNames, Cells, Layout, Table, TableRow, natural};
use super::text::shown;
use super::view::{CLUSTER_WIDE, SubjectView};
use super::words::{count, describe_implied_group};
use super::{API_VERSION, RenderError, UnjudgedView, markdown, unjudged};

/// The answer of `matrix`.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct MatrixView {
    /// `rbac-eval/v1`
    pub api_version: &'static str,
    /// `Matrix`
    pub kind: &'static str,
    /// Who is asked about, or what.
    pub about: String,
    /// The namespace; absent for the whole cluster.
    #[serde(skip_serializing_if = "str::is_empty")]
    pub namespace: String,
    /// The columns.
    pub verbs: &'static [&'static str],
    /// The rows.
    pub rows: Vec<RowView>,
    /// What of the input isn't judged, so that more may be allowed.
    pub unjudged: Vec<UnjudgedView>,
    /// Whether rows are about subjects or resources.
    #[serde(skip)]
    about_rows: AboutRows,
}

/// What the rows are about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AboutRows {
    /// A resource each.
    Resources,
    /// A subject each.
    Subjects,
    /// A subject each, in the namespaces in which it may do the same.
    SubjectsAnywhere,
}

impl AboutRows {
    /// The headings that say whom or what a row is about: before those of the verbs, and behind them.
    fn labels(self) -> (&'static [&'static str], &'static [&'static str]) {
        match self {
            AboutRows::Resources => (&[], &["RESOURCE"]),
            AboutRows::Subjects => (&["KIND"], &["SUBJECT", NAME]),
            AboutRows::SubjectsAnywhere => AboutRows::Subjects.labels(),
        }
    }

    /// All headings for machines and for Markdown, where the width doesn't matter.
    fn labels_first(self) -> impl Iterator<Item = &'static str> {
        let (before, behind) = self.labels();
        let labels = before.iter().chain(behind).chain(&HEADINGS).copied();
        labels.chain(self.trailing())
    }

    /// All headings; short columns come first.
    pub fn headings(self) -> impl Iterator<Item = &'static str> {
        let (before, behind) = self.labels();
        let all = before.iter().chain(&HEADINGS).chain(behind).copied();
        all.chain(self.trailing())
    }

    /// The heading behind all others: of the namespaces, where rows tell them, and of what is to be known of
    /// a resource.
    fn trailing(self) -> Option<&'static str> {
        match self {
            AboutRows::Resources => Some(SERVED),
            AboutRows::Subjects => None,
            AboutRows::SubjectsAnywhere => Some(NAMESPACES),
        }
    }
}

/// The heading of the namespaces in which a subject may do it, behind all others: they may be many.
const NAMESPACES: &str = "NAMESPACES";

/// The heading of what is to be known of whether servers serve a type.
const SERVED: &str = "SERVED";

/// The heading of the names that people know.
const NAME: &str = "NAME";

/// Which rows of resources a table shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum EmptyRows {
    /// Those in which something is allowed; the others are counted.
    #[default]
    Folded,
    /// All.
    Shown,
}

/// A row.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RowView {
    /// The resource.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resource: Option<String>,
    /// Whether servers serve the resource only where that is switched on.
    #[serde(skip_serializing_if = "is_false")]
    pub off_by_default: bool,
    /// The subject.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subject: Option<SubjectView>,
    /// For each verb `yes`, `no`, or `partial` (some names only).
    pub cells: Vec<CellView>,
    /// Where a subject may do it, where every namespace was asked about: the whole cluster first.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scopes: Option<Vec<ScopeView>>,
    /// Of a line of a table, what stands below [`AboutRows::trailing`].
    #[serde(skip)]
    trailing: Option<String>,
    /// The cells below [`AboutRows::labels`].
    #[serde(skip)]
    labels: Vec<String>,
    /// Whose it is.
    #[serde(skip)]
    owner: Owner,
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde passes a reference"
)]
fn is_false(flag: &bool) -> bool {
    !flag
}

/// What grants of one scope give a subject.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ScopeView {
    /// The namespace; absent for the whole cluster.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,
    /// For each verb `yes`, `no`, or `partial` (some names only).
    pub cells: Vec<CellView>,
}

impl From<&ScopeCells> for ScopeView {
    fn from(of: &ScopeCells) -> Self {
        ScopeView {
            namespace: of.scope.namespace().map(str::to_owned),
            cells: of.cells.iter().map(|&cell| CellView(cell)).collect(),
        }
    }
}

/// A cell, in JSON as a word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct CellView(pub Cell);

impl CellView {
    /// `yes`, `partial` or `no`.
    pub fn as_str(self) -> &'static str {
        match self.0 {
            Cell::Yes => "yes",
            Cell::Partial => "partial",
            Cell::No => "no",
        }
    }

    fn mark(self, marks: Marks) -> &'static str {
        match (self.0, marks) {
            (Cell::Yes, Marks::Symbols) => "✔",
            (Cell::Yes, Marks::Ascii) => "yes",
            (Cell::Partial, _) => "names",
            (Cell::No, Marks::Symbols) => "",
            (Cell::No, Marks::Ascii) => "no",
        }
    }
}

impl Serialize for CellView {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

/// The headings of the verbs' columns.
const HEADINGS: [&str; VERBS.len()] = [
    "GET", "LIST", "WATCH", "CREATE", "UPDATE", "PATCH", "DELETE", "DELCOLL",
];

/// How cells look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Marks {
    /// `✔`, `names`, and blank.
    Symbols,
    /// `yes`, `names`, and `no`.
    Ascii,
}

/// How many bytes of what isn't judged are told in Markdown.
const MOST: usize = 15_000;

impl RowView {
    /// A cell that says whom or what the row is about; what isn't a word of ours is code.
    fn label_in_markdown(&self, heading: &str, cell: &str) -> String {
        let subject = self.subject.as_ref();
        let is_known = subject.is_some_and(|subject| subject.display_name.is_some());
        match heading {
            "KIND" => cell.to_owned(),
            NAME if !is_known => markdown::prose(cell),
            _ => markdown::code(cell),
        }
    }

    /// The rows of a table: of a subject in several namespaces one for each that it may do other things
    /// in, since what holds in one needn't in the next.
    fn lines(&self) -> Vec<RowView> {
        let Some(scopes) = &self.scopes else {
            return vec![self.clone()];
        };
        let mut alike: Vec<(&[CellView], Vec<&str>)> = Vec::new();
        let mut places: HashMap<&[CellView], usize> = HashMap::new();
        for ScopeView { namespace, cells } in scopes {
            let at = *places.entry(cells).or_insert_with(|| {
                alike.push((cells, Vec::new()));
                alike.len() - 1
            });
            alike[at]
                .1
                .push(namespace.as_deref().unwrap_or(CLUSTER_WIDE));
        }
        let line = |(cells, namespaces): (&[CellView], Vec<&str>)| RowView {
            cells: cells.to_vec(),
            scopes: None,
            trailing: Some(namespaces.join(", ")),
            ..self.clone()
        };
        alike.into_iter().map(line).collect()
    }

    /// Whether nothing is allowed.
    fn is_empty(&self) -> bool {
        self.cells.iter().all(|cell| cell.0 == Cell::No)
    }
}

impl MatrixView {
    /// Resources down, verbs across.
    pub fn of_resources(
        user: &str,
        namespace: &str,
        rows: &[ResourceRow<'_>],
        unjudged: Vec<UnjudgedView>,
    ) -> Self {
        MatrixView {
            api_version: API_VERSION,
            kind: "Matrix",
            about: user.to_owned(),
            namespace: namespace.to_owned(),
            verbs: &VERBS,
            unjudged,
            about_rows: AboutRows::Resources,
            rows: rows
                .iter()
                .map(|row| RowView {
                    resource: Some(row.resource.full_name()),
                    off_by_default: row.resource.off_by_default,
                    subject: None,
                    scopes: None,
                    trailing: Some(match row.resource.off_by_default {
                        true => OFF_BY_DEFAULT.to_owned(),
                        false => String::new(),
                    }),
                    cells: row.cells.iter().map(|&cell| CellView(cell)).collect(),
                    labels: vec![row.resource.full_name()],
                    owner: Owner::Cluster,
                })
                .collect(),
        }
    }

    /// Subjects down, verbs across. Tables fold the rows that every cluster has by `owners`.
    pub fn of_subjects(
        resource: &str,
        namespace: &str,
        rows: &[SubjectRow],
        owners: &BTreeMap<Principal, Owner>,
        directory: &Directory,
        unjudged: Vec<UnjudgedView>,
    ) -> Self {
        MatrixView {
            api_version: API_VERSION,
            kind: "Matrix",
            about: resource.to_owned(),
            namespace: namespace.to_owned(),
            verbs: &VERBS,
            unjudged,
            about_rows: AboutRows::Subjects,
            rows: rows
                .iter()
                .map(|row| {
                    let subject = SubjectView::of(&row.principal, directory);
                    let name = subject
                        .display_name
                        .clone()
                        .or_else(|| {
                            ImpliedGroup::of(&row.principal)
                                .map(|group| describe_implied_group(&group))
                        })
                        .or_else(|| {
                            let masters = row.principal.is_masters();
                            masters.then(|| "not from RBAC".to_owned())
                        });
                    RowView {
                        resource: None,
                        off_by_default: false,
                        scopes: None,
                        trailing: None,
                        cells: row.cells.iter().map(|&cell| CellView(cell)).collect(),
                        labels: vec![
                            subject.kind.to_owned(),
                            subject.full_name().into_owned(),
                            name.unwrap_or_default(),
                        ],
                        subject: Some(subject),
                        owner: match owners.get(&row.principal) {
                            Some(&owner) => owner,
                            None => Owner::Cluster,
                        },
                    }
                })
                .collect(),
        }
    }

    /// The view of the same subjects, with where each may do it: for a question about every namespace.
    #[must_use]
    pub fn with_scopes(
        mut self,
        rows: &[SubjectRow],
        scopes: &BTreeMap<Principal, Vec<ScopeCells>>,
    ) -> Self {
        self.about_rows = AboutRows::SubjectsAnywhere;
        for (view, row) in self.rows.iter_mut().zip(rows) {
            let of = scopes.get(&row.principal).into_iter().flatten();
            view.scopes = Some(of.map(ScopeView::from).collect());
        }
        self
    }

    /// The rows of a table.
    fn lines(&self) -> Cow<'_, [RowView]> {
        match self.about_rows {
            AboutRows::SubjectsAnywhere => self.rows.iter().flat_map(RowView::lines).collect(),
            AboutRows::Subjects | AboutRows::Resources => Cow::Borrowed(&self.rows),
        }
    }

    /// The table as text. Rows that every cluster has are counted in a line, and so are, where the rows
    /// are resources, those that are empty.
    pub fn to_table(&self, marks: Marks, empty: EmptyRows, layout: Layout) -> String {
        let mut folded = Folded::default();
        let mut left_out = 0;
        let lines = self.lines();
        let mut rows = Vec::with_capacity(lines.len());
        for row in &*lines {
            let is_about_resource = self.about_rows == AboutRows::Resources;
            if is_about_resource && empty == EmptyRows::Folded && row.is_empty() {
                left_out += 1;
            } else if !folded.folds(row.owner) {
                rows.push(row);
            }
        }
        let mut out = String::new();
        if rows.is_empty() && left_out > 0 {
            out.push_str("none of these verbs is allowed on any type\n");
        }
        if let (true, Some(whose)) = (rows.is_empty(), folded.whose()) {
            out.push_str(&format!("No one but {whose} can do any of this.\n"));
        }
        let table = self.table(&rows, |cell| cell.mark(marks), layout);
        out.push_str(&table.without_empty(NAME).to_text(layout.headers));
        out.push_str(&folded.to_line());
        if left_out > 0 {
            let types = count(left_out, "type", "types");
            out.push_str(&format!(
                "and {types} with nothing allowed; --all shows them\n"
            ));
        }
        for line in unjudged::lines(&self.unjudged, 0, "incomplete") {
            out.push_str(&line);
            out.push('\n');
        }
        out
    }

    /// The table in Markdown, with all rows.
    pub fn to_markdown(&self, marks: Marks, layout: Layout) -> String {
        let header: Vec<&str> = self.about_rows.labels_first().collect();
        let lines = self.lines();
        let rows: Vec<Vec<String>> = self
            .sorted(&lines.iter().collect::<Vec<_>>(), layout)
            .into_iter()
            .map(|row| {
                let names = header.iter().zip(&row.labels);
                let names = names.map(|(heading, cell)| row.label_in_markdown(heading, cell));
                let cells = row.cells.iter().map(|cell| cell.mark(marks).to_owned());
                let trailing = row.trailing.as_deref().map(|cell| match cell {
                    CLUSTER_WIDE | OFF_BY_DEFAULT | "" => markdown::prose(cell),
                    names => markdown::code(names),
                });
                names.chain(cells).chain(trailing).collect()
            })
            .collect();
        let mut out = markdown::table(&header, &rows);
        for sentence in unjudged::sentences(&self.unjudged, "incomplete", MOST) {
            out.push_str(&markdown::quote(&sentence));
        }
        out
    }

    /// All rows in CSV, with `yes`, `no` and `partial`.
    ///
    /// # Errors
    /// If it can't be written.
    pub fn to_csv(&self, layout: Layout) -> Result<String, RenderError> {
        let lines = self.lines();
        let rows: Vec<&RowView> = lines.iter().collect();
        let rows = self.sorted(&rows, layout).into_iter().map(|row| {
            let names = row.labels.iter().map(String::as_str);
            let cells = row.cells.iter().map(|cell| cell.as_str());
            let cells = names.chain(cells).chain(row.trailing.as_deref());
            cells.map(Cow::Borrowed).collect::<Cells<'_>>()
        });
        let table = Table {
            header: self.about_rows.labels_first().collect(),
            records: rows.map(TableRow::from).collect(),
        };
        let unjudged = unjudged::rows(&self.unjudged, table.header.len());
        table.to_csv(layout.headers, &unjudged)
    }

    /// The subjects, as `lookup` and `--as` take them; or the resources, by default those of which something
    /// is allowed.
    pub fn to_names(&self, empty: EmptyRows) -> Vec<String> {
        let wanted = |row: &&RowView| {
            let is_resource = row.resource.is_some();
            !is_resource || empty == EmptyRows::Shown || !row.is_empty()
        };
        let rows = self.rows.iter().filter(wanted);
        rows.filter_map(|row| match (&row.subject, &row.resource) {
            (Some(subject), _) => Some(subject.to_word()),
            (None, resource) => resource.as_deref().map(|name| shown(name).into_owned()),
        })
        .collect()
    }

    /// What [`to_names`](Self::to_names) can't say.
    pub fn beside_names(&self) -> BesideNames<'_> {
        unjudged::beside_names(&self.unjudged)
    }

    /// The rows as a table, sorted.
    fn table<'v>(
        &self,
        rows: &[&'v RowView],
        mark: impl Fn(CellView) -> &'static str,
        layout: Layout,
    ) -> Table<'v> {
        let (before, _) = self.about_rows.labels();
        let record = |row: &'v RowView| {
            let (first, last) = row.labels.split_at(before.len());
            let label = |cell: &'v String| Cow::Borrowed(&**cell);
            let mut cells: Cells<'v> = first.iter().map(label).collect();
            cells.extend(row.cells.iter().map(|&cell| Cow::Borrowed(mark(cell))));
            cells.extend(last.iter().map(label));
            cells.extend(row.trailing.iter().map(label));
            TableRow::from(cells)
        };
        Table {
            header: self.about_rows.headings().collect(),
            records: self.sorted(rows, layout).into_iter().map(record).collect(),
        }
    }

    /// The rows in the order that is asked for: by a verb, those who can't first.
    fn sorted<'v>(&self, rows: &[&'v RowView], layout: Layout) -> Vec<&'v RowView> {
        let (before, behind) = self.about_rows.labels();
        let mut labels = before.iter().chain(behind);
        let mut rows = rows.to_vec();
        let Some(by) = layout.sort_by else {
            return rows;
        };
        if let Some(at) = HEADINGS.iter().position(|heading| *heading == by) {
            rows.sort_by_key(|row| row.cells.get(at).map(|cell| cell.as_str()));
        } else if let Some(at) = labels.position(|heading| *heading == by) {
            let label = |row: &'v RowView| row.labels.get(at).map_or("", String::as_str);
            rows.sort_by(|one, other| natural(label(one), label(other)));
        } else if Some(by) == self.about_rows.trailing() {
            let label = |row: &'v RowView| row.trailing.as_deref().unwrap_or_default();
            rows.sort_by(|one, other| natural(label(one), label(other)));
        }
        rows
    }
}

#[cfg(test)]
mod tests {
    use super::{HEADINGS, VERBS};

    #[test]
    fn each_heading_is_its_verbs() {
        for (heading, verb) in HEADINGS.iter().zip(VERBS) {
            let short = verb.replace("deletecollection", "delcoll");
            assert_eq!(heading.to_lowercase(), short);
        }
    }
}

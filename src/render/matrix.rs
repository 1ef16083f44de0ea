//! The answers of `matrix`.

use serde::{Serialize, Serializer};

use crate::analysis::matrix::{Cell, ResourceRow, SubjectRow, VERBS};
use crate::authn::ImpliedGroup;
use crate::entra::Directory;

use super::view::SubjectView;
use super::words::describe_implied_group;
use super::{API_VERSION, RenderError, UnjudgedView, csv, markdown, table, unjudged};

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
    #[serde(skip)]
    first_columns: &'static [&'static str],
}

/// A row.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RowView {
    /// The resource.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resource: Option<String>,
    /// The subject.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subject: Option<SubjectView>,
    /// For each verb `yes`, `no`, or `partial` (some names only).
    pub cells: Vec<CellView>,
    #[serde(skip)]
    first_cells: Vec<String>,
}

/// A cell, in JSON as a word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
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
    /// A cell of the first columns; what isn't a word of ours is code.
    fn cell_in_markdown(&self, column: &str, cell: &str) -> String {
        let subject = self.subject.as_ref();
        let is_known = subject.is_some_and(|subject| subject.display_name.is_some());
        match column {
            "KIND" => cell.to_owned(),
            "NAME" if !is_known => markdown::prose(cell),
            _ => markdown::code(cell),
        }
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
            first_columns: &["RESOURCE"],
            rows: rows
                .iter()
                .map(|row| RowView {
                    resource: Some(row.resource.full_name()),
                    subject: None,
                    cells: row.cells.iter().map(|&cell| CellView(cell)).collect(),
                    first_cells: vec![row.resource.full_name()],
                })
                .collect(),
        }
    }

    /// Subjects down, verbs across.
    pub fn of_subjects(
        resource: &str,
        namespace: &str,
        rows: &[SubjectRow],
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
            first_columns: &["KIND", "SUBJECT", "NAME"],
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
                        cells: row.cells.iter().map(|&cell| CellView(cell)).collect(),
                        first_cells: vec![
                            subject.kind.to_owned(),
                            subject.full_name().into_owned(),
                            name.unwrap_or_default(),
                        ],
                        subject: Some(subject),
                    }
                })
                .collect(),
        }
    }

    /// The table as text.
    pub fn to_table(&self, marks: Marks) -> String {
        let named = self
            .rows
            .iter()
            .any(|row| row.first_cells.last().is_some_and(|cell| !cell.is_empty()));
        let (header, rows) = self.cells(marks);
        let mut below = String::new();
        for line in unjudged::lines(&self.unjudged, 0, "incomplete") {
            below.push_str(&line);
            below.push('\n');
        }
        if named {
            return table::text(Some(&header), &rows) + &below;
        }
        // Without names, the column for them is only in the way.
        let at = self.first_columns.len() - 1;
        let without = |row: &[String]| {
            let mut row = row.to_vec();
            row.remove(at);
            row
        };
        let mut header = header;
        header.remove(at);
        let rows: Vec<Vec<String>> = rows.iter().map(|row| without(row)).collect();
        table::text(Some(&header), &rows) + &below
    }

    /// The table in Markdown.
    pub fn to_markdown(&self, marks: Marks) -> String {
        let (header, mut rows) = self.cells(marks);
        for (cells, row) in rows.iter_mut().zip(&self.rows) {
            for (cell, column) in cells.iter_mut().zip(self.first_columns) {
                *cell = row.cell_in_markdown(column, cell);
            }
        }
        let mut out = markdown::table(&header, &rows);
        for sentence in unjudged::sentences(&self.unjudged, "incomplete", MOST) {
            out.push_str(&markdown::quote(&sentence));
        }
        out
    }

    /// The table in CSV, with `yes`, `no` and `partial`.
    ///
    /// # Errors
    /// If it can't be written.
    pub fn to_csv(&self) -> Result<String, RenderError> {
        let (header, _) = self.cells(Marks::Ascii);
        let mut rows: Vec<Vec<String>> = self
            .rows
            .iter()
            .map(|row| {
                let cells = row.cells.iter().map(|cell| cell.as_str().to_owned());
                row.first_cells.iter().cloned().chain(cells).collect()
            })
            .collect();
        rows.extend(unjudged::rows(&self.unjudged, header.len()));
        csv::table(&header, &rows)
    }

    fn cells(&self, marks: Marks) -> (Vec<&'static str>, Vec<Vec<String>>) {
        let header = self.first_columns.iter().copied().chain(HEADINGS).collect();
        let rows = self
            .rows
            .iter()
            .map(|row| {
                let cells = row.cells.iter().map(|cell| cell.mark(marks).to_owned());
                row.first_cells.iter().cloned().chain(cells).collect()
            })
            .collect();
        (header, rows)
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

//! Tables as text, like kubectl's, and in CSV.

use std::borrow::Cow;
use std::cmp::Ordering;

use tabled::builder::Builder;
use tabled::settings::{Alignment, Padding, Style};

use super::text::shown;
use super::{RenderError, csv};

/// What stands between columns.
const GAP: usize = 2;

/// Whether a table has headers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Headers {
    /// It has.
    #[default]
    Shown,
    /// It hasn't.
    Hidden,
}

/// How much of each record a table tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Columns {
    /// What most readers want.
    Few,
    /// Kinds, rules and places as well.
    All,
}

/// How a table is laid out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Layout {
    /// Whether it has headers.
    pub headers: Headers,
    /// The heading of the column that it is sorted by; none where records stay in their order.
    pub sort_by: Option<&'static str>,
}

/// What a list of names can't say.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct BesideNames<'v> {
    /// Who may be missing from it.
    pub warnings: Vec<String>,
    /// What else the reader has to know.
    pub notes: &'v [String],
}

/// The cells of a line.
pub(super) type Cells<'v> = Vec<Cow<'v, str>>;

/// A record, and the lines that belong below it wherever it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct TableRow<'v> {
    pub(super) cells: Cells<'v>,
    pub(super) below: Vec<Cells<'v>>,
}

impl<'v> From<Cells<'v>> for TableRow<'v> {
    fn from(cells: Cells<'v>) -> Self {
        TableRow {
            cells,
            below: Vec::new(),
        }
    }
}

/// Records under headings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Table<'v> {
    pub(super) header: Vec<&'static str>,
    pub(super) records: Vec<TableRow<'v>>,
}

impl<'v> Table<'v> {
    /// The same, sorted as the layout says: by a column in [natural order](natural), records that are
    /// alike in it as they stood.
    #[must_use]
    pub(super) fn sorted(mut self, layout: Layout) -> Self {
        let by = layout.sort_by.and_then(|by| self.column(by));
        if let Some(at) = by {
            let cell = |record: &TableRow<'v>| record.cells.get(at).cloned().unwrap_or_default();
            self.records
                .sort_by(|one, other| natural(&cell(one), &cell(other)));
        }
        self
    }

    /// The same without a column in which nothing stands: it would only be in the way.
    #[must_use]
    pub(super) fn without_empty(mut self, heading: &str) -> Self {
        let Some(at) = self.column(heading) else {
            return self;
        };
        let is_empty = |cells: &Cells<'_>| cells.get(at).is_none_or(|cell| cell.is_empty());
        if self.lines().into_iter().all(is_empty) {
            self.header.remove(at);
            for record in &mut self.records {
                let lines = std::iter::once(&mut record.cells).chain(&mut record.below);
                for cells in lines.filter(|cells| at < cells.len()) {
                    cells.remove(at);
                }
            }
        }
        self
    }

    /// The same under other headings, each with the number of the column that stands there.
    #[must_use]
    pub(super) fn arranged(self, columns: &[(&'static str, usize)]) -> Self {
        let cells = |cells: &Cells<'v>| {
            let columns = columns.iter();
            let cells = columns.map(|(_, at)| cells.get(*at).cloned().unwrap_or_default());
            cells.collect()
        };
        let records = self.records.iter().map(|record| TableRow {
            cells: cells(&record.cells),
            below: record.below.iter().map(cells).collect(),
        });
        Table {
            header: columns.iter().map(|(heading, _)| *heading).collect(),
            records: records.collect(),
        }
    }

    fn column(&self, heading: &str) -> Option<usize> {
        self.header.iter().position(|known| *known == heading)
    }

    fn lines(&self) -> Vec<&Cells<'v>> {
        self.records.iter().flat_map(TableRow::lines).collect()
    }

    /// The table as text; nothing where it has no records.
    pub(super) fn to_text(&self, headers: Headers) -> String {
        if self.records.is_empty() {
            return String::new();
        }
        let header = match headers {
            Headers::Shown => Some(&*self.header),
            Headers::Hidden => None,
        };
        text(header, &self.lines())
    }

    /// The table in CSV, with more rows at its end.
    ///
    /// # Errors
    /// If it can't be written.
    pub(super) fn to_csv(
        &self,
        headers: Headers,
        more: &[Vec<String>],
    ) -> Result<String, RenderError> {
        let more: Vec<Cells<'_>> = more
            .iter()
            .map(|row| row.iter().map(|cell| Cow::Borrowed(&**cell)).collect())
            .collect();
        let mut rows = self.lines();
        rows.extend(&more);
        let header = match headers {
            Headers::Shown => Some(&*self.header),
            Headers::Hidden => None,
        };
        csv::table(header, &rows)
    }
}

impl<'v> TableRow<'v> {
    fn lines(&self) -> impl Iterator<Item = &Cells<'v>> {
        std::iter::once(&self.cells).chain(&self.below)
    }
}

/// The order of people, in which `web-9` is before `web-10`. Digits in a row are one number; texts that
/// differ by leading zeros alone are in the order of their bytes.
///
/// Source: kubectl's `--sort-by` orders texts so.
///
/// ```
/// use std::cmp::Ordering;
/// use rbac_eval::render::table::natural;
///
/// assert_eq!(natural("web-9", "web-10"), Ordering::Less);
/// assert_eq!(natural("a.yaml:7", "a.yaml:07"), Ordering::Greater);
/// ```
pub fn natural(one: &str, other: &str) -> Ordering {
    let (mut left, mut right) = (one, other);
    while let (Some(l), Some(r)) = (left.chars().next(), right.chars().next()) {
        let order = if l.is_ascii_digit() && r.is_ascii_digit() {
            let number;
            let other_number;
            (number, left) = leading_number(left);
            (other_number, right) = leading_number(right);
            let lengths = number.len().cmp(&other_number.len());
            lengths.then_with(|| number.cmp(other_number))
        } else {
            left = &left[l.len_utf8()..];
            right = &right[r.len_utf8()..];
            l.cmp(&r)
        };
        if order != Ordering::Equal {
            return order;
        }
    }
    left.len().cmp(&right.len()).then_with(|| one.cmp(other))
}

/// The digits that a text begins with, without zeros before them, and the rest.
fn leading_number(text: &str) -> (&str, &str) {
    let end = text.find(|c: char| !c.is_ascii_digit());
    let (number, rest) = text.split_at(end.unwrap_or(text.len()));
    (number.trim_start_matches('0'), rest)
}

/// A table as text, like kubectl's: without lines, a record to a line, however long that gets.
fn text<C: AsRef<str>>(header: Option<&[&str]>, rows: &[&Vec<C>]) -> String {
    if rows.is_empty() && header.is_none() {
        return String::new();
    }
    if let Some(plain) = plain(header, rows) {
        return plain;
    }
    let mut builder = Builder::default();
    if let Some(header) = header {
        builder.push_record(header.iter().copied());
    }
    for row in rows {
        let cells = row.iter().enumerate();
        builder.push_record(cells.map(|(column, cell)| {
            let (indent, text) = indented(column, cell.as_ref());
            format!("{indent}{}", shown(text))
        }));
    }
    let mut table = builder.build();
    table
        .with(Style::empty())
        .with(Padding::new(0, GAP, 0, 0))
        .with(Alignment::left());
    trimmed(&table.to_string())
}

/// A cell's indentation, which rows below others have in the first column, and its text.
fn indented(column: usize, cell: &str) -> (&str, &str) {
    let text = match column {
        0 => cell.trim_start_matches(' '),
        _ => cell,
    };
    cell.split_at(cell.len() - text.len())
}

/// The table of cells that are plain ASCII. Tables of many rows mostly are such ones, and need no second
/// copy.
fn plain<C: AsRef<str>>(header: Option<&[&str]>, rows: &[&Vec<C>]) -> Option<String> {
    let mut widths: Vec<usize> = Vec::new();
    let mut measure = |column: usize, cell: &str| {
        let (_, text) = indented(column, cell);
        if !cell.is_ascii() || matches!(shown(text), Cow::Owned(_)) {
            return false;
        }
        if widths.len() <= column {
            widths.resize(column + 1, 0);
        }
        widths[column] = widths[column].max(cell.len());
        true
    };
    let mut heading = header.unwrap_or_default().iter().enumerate();
    if !heading.all(|(column, cell)| measure(column, cell)) {
        return None;
    }
    for row in rows {
        let mut cells = row.iter().enumerate();
        if !cells.all(|(column, cell)| measure(column, cell.as_ref())) {
            return None;
        }
    }
    let length: usize = widths.iter().map(|width| width + GAP).sum();
    let mut out = String::with_capacity(length * (rows.len() + 1));
    let mut line = String::with_capacity(length);
    let mut end = |line: &mut String| {
        out.push_str(line.trim_end());
        out.push('\n');
        line.clear();
    };
    let push = |line: &mut String, column: usize, cell: &str| {
        line.push_str(cell);
        line.extend(std::iter::repeat_n(' ', widths[column] - cell.len() + GAP));
    };
    if let Some(header) = header {
        for (column, cell) in header.iter().enumerate() {
            push(&mut line, column, cell);
        }
        end(&mut line);
    }
    for row in rows {
        for (column, cell) in row.iter().enumerate() {
            push(&mut line, column, cell.as_ref());
        }
        end(&mut line);
    }
    Some(out)
}

fn trimmed(table: &str) -> String {
    let mut out = String::with_capacity(table.len());
    for line in table.lines() {
        out.push_str(line.trim_end());
        out.push('\n');
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_is_a_line_however_long() {
        let long = "a".repeat(300);
        for second in ["plain", "größer"] {
            let rows = [
                vec![long.clone(), long.clone(), "x y".to_owned()],
                vec!["b".to_owned(), second.to_owned(), String::new()],
            ];
            let table = text(Some(&["A", "B", "C"]), &rows.each_ref());
            let lines: Vec<&str> = table.lines().collect();
            assert_eq!(lines[1], format!("{long}  {long}  x y"));
            assert_eq!(lines[2], format!("b{}{second}", " ".repeat(301)));
            assert_eq!(lines.len(), 3);
        }
    }

    #[test]
    fn natural_order_is_an_order() {
        let texts = [
            "", "0", "00", "1", "01", "2", "10", "a", "a1", "a01", "a1b", "a10", "b", "ä",
        ];
        for one in texts {
            for other in texts {
                assert_eq!(natural(one, other), natural(other, one).reverse());
                assert_eq!(natural(one, other) == Ordering::Equal, one == other);
                for third in texts {
                    let rises = natural(one, other).is_le() && natural(other, third).is_le();
                    assert!(
                        !rises || natural(one, third).is_le(),
                        "{one} {other} {third}"
                    );
                }
            }
        }
    }

    #[test]
    fn lines_below_a_record_go_where_it_goes() {
        let record = |name: &'static str, below: &[&'static str]| TableRow {
            cells: vec!["x".into(), name.into()],
            below: below
                .iter()
                .map(|one| vec!["  y".into(), (*one).into()])
                .collect(),
        };
        let table = Table {
            header: vec!["A", "B"],
            records: vec![
                record("b10", &["a"]),
                record("b9", &[]),
                record("a", &["z"]),
            ],
        };
        let layout = Layout {
            headers: Headers::Hidden,
            sort_by: Some("B"),
        };
        let sorted = table.sorted(layout).to_text(layout.headers);
        assert_eq!(sorted, "x    a\n  y  z\nx    b9\nx    b10\n  y  a\n");
    }
}

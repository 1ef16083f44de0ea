//! Tables as text, like kubectl's.

use std::borrow::Cow;

use tabled::builder::Builder;
use tabled::settings::{Alignment, Padding, Style};

use super::text::shown;

/// What stands between columns.
const GAP: usize = 2;

/// A table as text, like kubectl's: without lines, a record to a line, however long that gets.
pub fn text<C: AsRef<str>>(header: Option<&[&str]>, rows: &[Vec<C>]) -> String {
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
fn plain<C: AsRef<str>>(header: Option<&[&str]>, rows: &[Vec<C>]) -> Option<String> {
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
            let table = text(Some(&["A", "B", "C"]), &rows);
            let lines: Vec<&str> = table.lines().collect();
            assert_eq!(lines[1], format!("{long}  {long}  x y"));
            assert_eq!(lines[2], format!("b{}{second}", " ".repeat(301)));
            assert_eq!(lines.len(), 3);
        }
    }
}

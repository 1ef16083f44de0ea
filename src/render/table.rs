//! Tables as text, like kubectl's.

use std::borrow::Cow;

use tabled::builder::Builder;
use tabled::settings::{Alignment, Padding, Style};

use crate::entra::is_object_id;

use super::WIDTH;
use super::text::shown;

/// How a text table uses its width.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fit {
    /// Columns are apart by two spaces, and cells wrap so that no line is longer than [`WIDTH`].
    Wrapped,
    /// The same, apart by one space.
    Dense,
    /// Lines are as long as they get, columns apart by three spaces.
    Unbounded,
}

/// A table as text, like kubectl's: without lines.
pub fn text(header: Option<&[&str]>, rows: &[Vec<String>], fit: Fit) -> String {
    if rows.is_empty() && header.is_none() {
        return String::new();
    }
    let gap = match fit {
        Fit::Wrapped => 2,
        Fit::Dense => 1,
        Fit::Unbounded => 3,
    };
    if let Some(plain) = plain(header, rows, fit, gap) {
        return plain;
    }
    let rows: Vec<Vec<String>> = rows
        .iter()
        .map(|row| {
            let cells = row.iter().enumerate();
            cells
                .map(|(column, cell)| {
                    let (indent, text) = indented(column, cell);
                    format!("{indent}{}", shown(text))
                })
                .collect()
        })
        .collect();
    let rows = &*rows;
    let wrapped = match fit {
        Fit::Unbounded => None,
        _ => fitted(header, rows, gap),
    };
    let mut table = builder(header, wrapped.as_deref().unwrap_or(rows)).build();
    table
        .with(Style::empty())
        .with(Padding::new(0, gap, 0, 0))
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

/// The table of cells that are plain ASCII and fit as they are. Tables of many rows mostly are such
/// ones, and need no second copy.
fn plain(header: Option<&[&str]>, rows: &[Vec<String>], fit: Fit, gap: usize) -> Option<String> {
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
        if !cells.all(|(column, cell)| measure(column, cell)) {
            return None;
        }
    }
    let room = WIDTH.saturating_sub(gap * widths.len().saturating_sub(1));
    if fit != Fit::Unbounded && widths.iter().sum::<usize>() > room {
        return None;
    }
    let length: usize = widths.iter().map(|width| width + gap).sum();
    let mut out = String::with_capacity(length * (rows.len() + 1));
    let mut line = String::with_capacity(length);
    let mut end = |line: &mut String| {
        out.push_str(line.trim_end());
        out.push('\n');
        line.clear();
    };
    let push = |line: &mut String, column: usize, cell: &str| {
        line.push_str(cell);
        line.extend(std::iter::repeat_n(' ', widths[column] - cell.len() + gap));
    };
    if let Some(header) = header {
        for (column, cell) in header.iter().enumerate() {
            push(&mut line, column, cell);
        }
        end(&mut line);
    }
    for row in rows {
        for (column, cell) in row.iter().enumerate() {
            push(&mut line, column, cell);
        }
        end(&mut line);
    }
    Some(out)
}

/// The rows with wrapped cells, where they don't fit as they are: the widest columns give way.
fn fitted(header: Option<&[&str]>, rows: &[Vec<String>], gap: usize) -> Option<Vec<Vec<String>>> {
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let least: Vec<usize> = (0..columns)
        .map(|column| {
            let heading = header
                .and_then(|header| header.get(column))
                .map_or(1, |word| word.chars().count());
            let parts = rows
                .iter()
                .filter_map(|row| row.get(column))
                .map(|cell| longest_part(cell));
            parts.fold(heading, usize::max)
        })
        .collect();
    let mut widths: Vec<usize> = (0..columns)
        .map(|column| {
            rows.iter()
                .filter_map(|row| row.get(column))
                .map(|cell| cell.chars().count())
                .max()
                .unwrap_or(0)
                .max(least[column])
        })
        .collect();
    let room = WIDTH.saturating_sub(gap * columns.saturating_sub(1));
    if widths.iter().sum::<usize>() <= room {
        return None;
    }
    let whole: Vec<bool> = (0..columns)
        .map(|column| {
            let cells = rows.iter().filter_map(|row| row.get(column));
            cells.flat_map(|cell| parts(cell)).any(is_whole)
        })
        .collect();
    while widths.iter().sum::<usize>() > room {
        let wider_than = |least: &dyn Fn(usize) -> usize| {
            (0..columns)
                .filter(|&column| widths[column] > least(column))
                .max_by_key(|&column| widths[column])
        };
        // Better a long line than an object ID in pieces.
        let widest = wider_than(&|column| least[column])
            .or_else(|| wider_than(&|column| if whole[column] { least[column] } else { 1 }));
        match widest {
            Some(widest) => widths[widest] -= 1,
            None => break,
        }
    }
    let wrap_row = |row: &Vec<String>| {
        row.iter()
            .zip(&widths)
            .map(|(cell, &width)| wrap(cell, width))
            .collect()
    };
    Some(rows.iter().map(wrap_row).collect())
}

/// The joints of names, after which a line may end.
const JOINTS: [char; 6] = [' ', '-', '/', ':', '@', '_'];

/// The parts of a cell that a line may end after: what stands between joints, but object IDs as a
/// whole, since in pieces they couldn't be copied.
fn parts(cell: &str) -> Vec<&str> {
    cell.split_inclusive(' ')
        .flat_map(|word| {
            if is_whole(word) {
                vec![word]
            } else {
                word.split_inclusive(JOINTS).collect()
            }
        })
        .collect()
}

fn is_whole(word: &str) -> bool {
    is_object_id(word.trim_matches([' ', '(', ')', ',']))
}

/// How much of a cell stays together at the least.
fn longest_part(cell: &str) -> usize {
    parts(cell)
        .into_iter()
        .map(|part| {
            let length = part.trim_end().chars().count();
            if is_whole(part) {
                length
            } else {
                length.min(LONGEST_WORD)
            }
        })
        .max()
        .unwrap_or(0)
}

/// Longer words are broken anywhere.
const LONGEST_WORD: usize = 16;

/// A cell on several lines, broken where names have their joints, else anywhere.
fn wrap(cell: &str, width: usize) -> String {
    if cell.chars().count() <= width {
        return cell.to_owned();
    }
    let mut lines: Vec<String> = Vec::new();
    let mut line = String::new();
    let mut length = 0;
    for part in parts(cell) {
        let part_length = part.chars().count();
        if length + part.trim_end().chars().count() > width && length > 0 {
            lines.push(std::mem::take(&mut line));
            length = 0;
        }
        if part_length <= width || is_whole(part) {
            line.push_str(part);
            length += part_length;
            continue;
        }
        for c in part.chars() {
            if length == width {
                lines.push(std::mem::take(&mut line));
                length = 0;
            }
            line.push(c);
            length += 1;
        }
    }
    lines.push(line);
    let lines: Vec<&str> = lines.iter().map(|line| line.trim_end()).collect();
    lines.join("\n")
}

fn builder(header: Option<&[&str]>, rows: &[Vec<String>]) -> Builder {
    let mut builder = Builder::default();
    if let Some(header) = header {
        builder.push_record(header.iter().copied());
    }
    for row in rows {
        builder.push_record(row);
    }
    builder
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
    fn names_break_at_their_joints() {
        assert_eq!(wrap("system:controller:x", 10), "system:\ncontroller\n:x");
        assert_eq!(wrap("team-alpha/developers", 12), "team-alpha/\ndevelopers");
        assert_eq!(wrap("short", 12), "short");
    }

    #[test]
    fn no_line_is_too_long_and_nothing_is_lost() {
        let long = "a".repeat(90);
        let rows = [vec![long.clone(), long.clone(), "x y".to_owned()]];
        let table = text(Some(&["A", "B", "C"]), &rows, Fit::Wrapped);
        assert!(table.lines().all(|line| line.chars().count() <= WIDTH));
        assert_eq!(table.matches('a').count(), 180);
    }
}

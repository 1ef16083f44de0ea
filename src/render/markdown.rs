//! Markdown, as GitHub reads it.

use std::fmt;

use super::text::clean;

/// A table in Markdown, without padding: it is read by machines, and its length may be bounded.
/// Cells are Markdown already, but for `|` and line breaks.
pub fn table(header: &[&str], rows: &[Vec<String>]) -> String {
    let line = |cells: &mut dyn Iterator<Item = &str>| {
        let cells: Vec<String> = cells.map(|cell| clean(cell).replace('|', "\\|")).collect();
        format!("| {} |\n", cells.join(" | "))
    };
    let mut out = line(&mut header.iter().copied());
    out.push_str(&format!("|{}\n", "---|".repeat(header.len())));
    for row in rows {
        out.push_str(&line(&mut row.iter().map(String::as_str)));
    }
    out
}

/// Text in bold.
pub fn strong(text: &str) -> String {
    format!("**{}**", escape(text))
}

/// What is written literally, such as a command. It holds no backtick.
pub fn code(text: impl fmt::Display) -> String {
    format!("`{text}`")
}

/// A quoted paragraph, apart from what stands before it.
pub fn quote(text: &str) -> String {
    format!("\n> {}\n", escape(text))
}

/// An entry of a list.
pub fn item(text: &str) -> String {
    format!("- {}\n", escape(text))
}

/// An entry of a list within an entry.
pub fn subitem(text: &str) -> String {
    format!("  - {}\n", escape(text))
}

/// The same, with a place behind it.
pub fn subitem_at(text: &str, place: impl fmt::Display) -> String {
    format!("  - {} ({})\n", escape(text), code(place))
}

/// What is shown only after a click.
pub fn details(summary: &str, content: &str) -> String {
    format!("\n<details><summary>{summary}</summary>\n\n{content}\n</details>\n")
}

/// Text that Markdown leaves as it is.
pub fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in clean(text).chars() {
        match c {
            '\\' | '`' | '*' | '_' | '[' | ']' | '<' | '>' | '|' | '#' | '@' | '~' | '&' | '!' => {
                // A named character can't become markup, a mention, or the end of a cell.
                out.push_str(&format!("&#{};", c as u32));
            }
            '\n' | '\r' => out.push(' '),
            c => out.push(c),
        }
    }
    out
}

//! A comment for a pull request.

use super::{ChangeView, DiffView};
use crate::render::table;
use crate::render::words::clean;

impl DiffView {
    /// A comment for a pull request, of less than 65,000 characters.
    pub fn to_markdown(&self) -> String {
        /// GitHub takes 65,536; what follows the table has to fit as well.
        const MOST: usize = 60_000;
        let mut out = format!("**{}**\n", escape(&self.summary.verdict));
        for recreate in &self.recreate {
            out.push_str(&format!("\n> {}\n", escape(&recreate.in_words())));
        }
        for note in &self.notes {
            out.push_str(&format!("\n> {}\n", escape(note)));
        }
        out.truncate(floor(&out, MOST / 2));
        if self.changes.is_empty() {
            return out;
        }
        let header = ["Severity", "Change", "Subject", "Where", "What"];
        let mut rows = Vec::new();
        let mut length = out.len();
        for change in &self.changes {
            let row = change.row();
            length += row.iter().map(|cell| cell.len() + 3).sum::<usize>();
            if length > MOST / 2 {
                break;
            }
            rows.push(row);
        }
        out.push('\n');
        out.push_str(&table::markdown(&header, &rows));
        let left = self.changes.len() - rows.len();
        if left > 0 {
            out.push_str(&format!(
                "\n**{left} more changes don't fit here**; `rbac-eval diff` shows them all.\n"
            ));
        }
        let mut details = String::new();
        let mut told = 0;
        for change in &self.changes {
            let detail = change.details();
            if out.len() + details.len() + detail.len() > MOST {
                break;
            }
            details.push_str(&detail);
            told += 1;
        }
        out.push_str("\n<details><summary>Why, and through which binding</summary>\n\n");
        out.push_str(&details);
        if told < self.changes.len() {
            out.push_str(&format!(
                "\n{} more changes are left out here.\n",
                self.changes.len() - told
            ));
        }
        out.push_str("\n</details>\n");
        out
    }
}

impl ChangeView {
    fn row(&self) -> Vec<String> {
        vec![
            self.severity.unwrap_or_default().to_owned(),
            self.change.to_owned(),
            escape(&self.who()),
            escape(&self.span()),
            escape(&self.in_words),
        ]
    }

    fn details(&self) -> String {
        let mut out = format!("- {}\n", escape(&self.heading()));
        for text in self.risks_in_words() {
            out.push_str(&format!("  - {}\n", escape(&text)));
        }
        for cause in &self.causes {
            out.push_str(&format!(
                "  - {} (`{}`)\n",
                escape(&cause.in_words()),
                cause.source
            ));
        }
        out
    }
}

/// Text that Markdown leaves as it is.
fn escape(text: &str) -> String {
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

/// The greatest boundary of a character that isn't beyond `most`.
fn floor(text: &str, most: usize) -> usize {
    (0..=most.min(text.len()))
        .rev()
        .find(|&at| text.is_char_boundary(at))
        .unwrap_or(0)
}

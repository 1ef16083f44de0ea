//! A comment for a pull request.

use super::{ChangeView, DiffView};
use crate::render::markdown::{
    code, details, escape, item, quote, strong, subitem, subitem_at, table,
};
use crate::render::unjudged;

/// GitHub takes 65,536 characters; what follows the entries has to fit as well.
const MOST: usize = 60_000;

impl DiffView {
    /// A comment for a pull request, of less than 65,000 characters.
    pub fn to_markdown(&self) -> String {
        let mut out = format!("{}\n", strong(&self.summary.verdict));
        for line in unjudged::sentences(&self.unjudged) {
            out.push_str(&quote(&line));
        }
        for recreate in &self.recreate {
            out.push_str(&quote(&recreate.in_words()));
        }
        for note in &self.notes {
            out.push_str(&quote(note));
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
        out.push_str(&table(&header, &rows));
        let left = self.changes.len() - rows.len();
        if left > 0 {
            out.push_str(&format!(
                "\n{}; {} shows them all.\n",
                strong(&format!("{left} more changes don't fit here")),
                code("rbac-eval diff")
            ));
        }
        let mut why = String::new();
        let mut told = 0;
        for change in &self.changes {
            let detail = change.details();
            if out.len() + why.len() + detail.len() > MOST {
                break;
            }
            why.push_str(&detail);
            told += 1;
        }
        if told < self.changes.len() {
            why.push_str(&format!(
                "\n{} more changes are left out here.\n",
                self.changes.len() - told
            ));
        }
        out.push_str(&details("Why, and through which binding", &why));
        out
    }
}

impl ChangeView {
    fn row(&self) -> Vec<String> {
        vec![
            self.severity.unwrap_or_default().to_owned(),
            self.change.to_owned(),
            escape(&self.who()),
            escape(&self.scope_in_words()),
            escape(&self.in_words),
        ]
    }

    fn details(&self) -> String {
        let mut out = item(&self.heading());
        for text in self.risks_in_words() {
            out.push_str(&subitem(&text));
        }
        for cause in &self.causes {
            out.push_str(&subitem_at(&cause.in_words(), &cause.source));
        }
        out
    }
}

/// The greatest boundary of a character that isn't beyond `most`.
fn floor(text: &str, most: usize) -> usize {
    (0..=most.min(text.len()))
        .rev()
        .find(|&at| text.is_char_boundary(at))
        .unwrap_or(0)
}

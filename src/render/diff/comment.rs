//! A comment for a pull request.
//!
//! It is bounded, and whoever writes a change decides how much there is to say of it. So what matters
//! most has the room first, and what doesn't fit is counted at the top.

use super::{CauseView, ChangeView, DiffView};
use crate::render::markdown::{code, details, item, prose, quote, strong, subitem, table};
use crate::render::unjudged;
use crate::render::words::{NameStyle, count};

/// How long a comment gets but for its last lines: GitHub takes 65,536 characters.
pub const MOST: usize = 60_000;

/// How many notes, and bindings to recreate, are told before the rest is counted.
const FEW: usize = 20;

impl DiffView {
    /// A comment for a pull request, or a part of one, of about so many bytes: of [`MOST`] it has less than
    /// 65,000 characters.
    pub fn to_markdown(&self, most: usize) -> String {
        let mut above = String::new();
        for sentence in unjudged::sentences(&self.unjudged, "not judged", most / 4) {
            above.push_str(&quote(&sentence));
        }
        let recreate = self
            .recreate
            .iter()
            .map(|one| one.in_words(NameStyle::Code));
        quote_few(
            recreate,
            "more bindings must be recreated",
            most / 8,
            &mut above,
        );
        let notes = self.notes.iter().map(|note| prose(note));
        quote_few(notes, "more notes", most / 8, &mut above);

        let rows = self.rows(most.saturating_sub(above.len()));
        let mut out = format!("{}\n", strong(&self.summary.verdict));
        let shown = rows.len();
        let grave = self.changes.iter().skip(shown);
        let grave = grave.filter(|change| change.grave).count();
        if grave > 0 {
            let gains = count(grave, "gain", "gains");
            out.push_str(&quote(&format!(
                "{}; {} shows all.",
                strong(&format!(
                    "{gains} of high or critical severity can't be shown here, where a comment ends"
                )),
                code("rbac-eval diff")
            )));
        }
        out.push_str(&above);
        if self.changes.is_empty() {
            return out;
        }
        let header = ["Severity", "Change", "Subject", "Where", "What"];
        out.push('\n');
        out.push_str(&table(&header, &rows));
        let left = self.changes.len() - shown;
        if left > 0 {
            let changes = count(left, "more change doesn't", "more changes don't");
            out.push_str(&format!(
                "\n{}; {} shows all.\n",
                strong(&format!("{changes} fit here")),
                code("rbac-eval diff")
            ));
        }
        let mut why = String::new();
        let mut told = 0;
        for change in &self.changes {
            let detail = change.details();
            if out.len() + why.len() + detail.len() > most {
                break;
            }
            why.push_str(&detail);
            told += 1;
        }
        if told == 0 {
            return out;
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

    /// The rows of the table that fit: those of grave gains, which come first, as long as there is room,
    /// others as long as half of it is left for why.
    fn rows(&self, room: usize) -> Vec<Vec<String>> {
        let mut rows = Vec::new();
        let mut length = 0;
        for change in &self.changes {
            let row = change.row();
            // Bars that are escaped take a little more.
            let bars: usize = row.iter().map(|cell| 5 * cell.matches('|').count()).sum();
            length += row.iter().map(|cell| cell.len() + 3).sum::<usize>() + bars;
            let most = if change.grave { room } else { room / 2 };
            if length > most {
                break;
            }
            rows.push(row);
        }
        rows
    }
}

/// Quotes the first ones, of so many bytes at most, and counts the others.
fn quote_few(
    all: impl ExactSizeIterator<Item = String>,
    more: &str,
    most: usize,
    out: &mut String,
) {
    let mut left = all.len();
    let mut length = 0;
    for one in all.take(FEW) {
        length += one.len();
        if length > most {
            break;
        }
        out.push_str(&quote(&one));
        left -= 1;
    }
    if left > 0 {
        out.push_str(&quote(&format!("{left} {more}")));
    }
}

impl ChangeView {
    fn row(&self) -> Vec<String> {
        vec![
            self.severity.unwrap_or_default().to_owned(),
            self.change.to_owned(),
            self.who(NameStyle::Code),
            self.scope_in_words(NameStyle::Code),
            code(&self.in_words),
        ]
    }

    fn details(&self) -> String {
        let mut out = item(&self.heading(NameStyle::Code));
        for text in self.risks_in_words() {
            out.push_str(&subitem(&prose(&text)));
        }
        for cause in &self.causes {
            out.push_str(&subitem(&cause.with_place()));
        }
        out
    }
}

impl CauseView {
    fn with_place(&self) -> String {
        let place = code(&self.source.to_string());
        format!("{} ({place})", self.in_words(NameStyle::Code))
    }
}

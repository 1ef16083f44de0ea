//! A comment for a pull request.
//!
//! It is bounded, and whoever writes a change decides how much there is to say of it. So what matters
//! most has the room first, and what doesn't fit is counted at the top.

use super::DiffView;
use super::entry::{DiffEntry, Line, RuleDetail};
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
        let nobody = self.nobody.iter().map(|one| one.in_words(NameStyle::Code));
        quote_few(
            nobody,
            "more subjects can match nobody",
            most / 8,
            &mut above,
        );
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

        let entries: Vec<DiffEntry<'_>> = self.entries().collect();
        let rows = rows(&entries, most.saturating_sub(above.len()));
        let mut out = format!("{}\n", strong(&self.summary.verdict));
        let shown = rows.len();
        let grave = entries.iter().skip(shown);
        let grave = grave.filter(|entry| entry.is_grave()).count();
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
        if entries.is_empty() {
            return out;
        }
        let header = ["Severity", "Change", "Subject", "Where", "What"];
        out.push('\n');
        out.push_str(&table(&header, &rows));
        let left = entries.len() - shown;
        if left > 0 {
            let changes = count(left, "more change doesn't", "more changes don't");
            out.push_str(&format!(
                "\n{}; {} shows all.\n",
                strong(&format!("{changes} fit here")),
                code("rbac-eval diff")
            ));
        }
        let why = entries.iter().map(DiffEntry::why);
        let (why, why_fits) = folded("Why, and through which binding", why, most, out.len());
        let rules = entries.iter().map(DiffEntry::each_rule);
        let (rules, rules_fit) = folded("Each rule", rules, most, out.len() + why.len());
        if !(why_fits && rules_fit) {
            out.push_str(&format!(
                "\n{}; {} shows them.\n",
                strong("Why and which rules don't all fit here"),
                code("rbac-eval diff --rules")
            ));
        }
        out + &why + &rules
    }
}

/// Details of the first changes, of which there is room for no more than `most` bytes after `length`, and
/// whether that is all.
fn folded(
    summary: &str,
    parts: impl ExactSizeIterator<Item = impl Iterator<Item = String>>,
    most: usize,
    length: usize,
) -> (String, bool) {
    let mut content = String::new();
    let mut left = parts.len();
    'parts: for part in parts {
        let mut whole = String::new();
        for text in part {
            if length + content.len() + whole.len() + text.len() > most {
                // A heading alone says nothing.
                if whole.lines().count() > 1 {
                    content.push_str(&whole);
                }
                break 'parts;
            }
            whole.push_str(&text);
        }
        content.push_str(&whole);
        left -= 1;
    }
    if content.is_empty() {
        return (String::new(), left == 0);
    }
    if left > 0 {
        let changes = count(left, "change is", "changes are");
        content.push_str(&format!("\n{changes} left out here, whole or in part.\n"));
    }
    (details(summary, &content), left == 0)
}

/// The rows of the table that fit: those of grave gains, which come first, as long as there is room,
/// others as long as half of it is left for why.
fn rows(entries: &[DiffEntry<'_>], room: usize) -> Vec<Vec<String>> {
    let mut rows = Vec::new();
    let mut length = 0;
    for entry in entries {
        let row = entry.row();
        // Bars that are escaped take a little more.
        let bars: usize = row.iter().map(|cell| 5 * cell.matches('|').count()).sum();
        length += row.iter().map(|cell| cell.len() + 3).sum::<usize>() + bars;
        let most = if entry.is_grave() { room } else { room / 2 };
        if length > most {
            break;
        }
        rows.push(row);
    }
    rows
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

impl DiffEntry<'_> {
    fn row(&self) -> Vec<String> {
        let names = NameStyle::Code;
        vec![
            self.severity().unwrap_or_default().to_owned(),
            self.change().to_owned(),
            self.who(names, RuleDetail::Folded),
            self.scope_in_words(names),
            format!(
                "{} {}{}",
                self.what(names),
                self.how_much(names),
                self.risk_ids()
            ),
        ]
    }

    /// The heading, with the risks and causes below.
    fn why(&self) -> impl Iterator<Item = String> {
        let names = NameStyle::Code;
        let risks = self.risks_in_words().into_iter();
        let rules = self.rules_in_words(RuleDetail::Folded).into_iter();
        let causes = self.causes_in_words(names).into_iter();
        std::iter::once(item(&self.heading(names, RuleDetail::Folded)))
            .chain(risks.map(|text| subitem(&prose(&text))))
            .chain(rules.map(|line| subitem(&code(&line.text))))
            .chain(causes.map(|line| subitem(&line.in_markdown())))
    }

    /// The heading, with each rule below.
    fn each_rule(&self) -> impl Iterator<Item = String> {
        let heading = item(&self.heading(NameStyle::Code, RuleDetail::Folded));
        let rules = self.lines_of_rules(RuleDetail::Listed);
        std::iter::once(heading).chain(
            rules.map(|line| subitem(&format!("{} ({})", code(&line.text), code(&line.place)))),
        )
    }
}

impl Line {
    /// The text is Markdown already.
    fn in_markdown(&self) -> String {
        match &*self.place {
            "" => self.text.clone(),
            place => format!("{} ({})", self.text, code(place)),
        }
    }
}

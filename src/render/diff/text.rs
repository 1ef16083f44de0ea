//! What a reviewer needs, as text.

use super::entry::{DiffEntry, Line, RuleDetail, object_apart};
use super::{CauseView, DiffView, RecreateView, RiskView, UnmatchedView};
use crate::render::text::{shown, with_place, wrapped};
use crate::render::unjudged;
use crate::render::words::{NameStyle, count};

impl DiffView {
    /// What a reviewer needs, in words: a line for each thing that is said, however long.
    pub fn to_text(&self, rules: RuleDetail) -> String {
        let mut out = wrapped(0, &self.summary.verdict);
        out.push('\n');
        if !self.unjudged.is_empty() {
            out.push('\n');
        }
        for line in unjudged::lines(&self.unjudged, 0, "not judged") {
            out.push_str(&line);
            out.push('\n');
        }
        let mut after_loss = false;
        for entry in self.entries() {
            if !(entry.is_loss() && after_loss && rules == RuleDetail::Folded) {
                out.push('\n');
            }
            after_loss = entry.is_loss();
            entry.to_text(rules, &mut out);
        }
        self.afterwords(&mut out);
        out
    }

    fn afterwords(&self, out: &mut String) {
        if !(self.nobody.is_empty() && self.recreate.is_empty() && self.notes.is_empty()) {
            out.push('\n');
        }
        for nobody in &self.nobody {
            let text = format!("note: {}", nobody.in_words(NameStyle::Plain));
            out.push_str(&format!("{}\n", wrapped(0, &text)));
        }
        for recreate in &self.recreate {
            let text = format!("note: {}", recreate.in_words(NameStyle::Plain));
            out.push_str(&with_place(0, &text, &recreate.source.to_string()));
            out.push('\n');
        }
        for note in &self.notes {
            out.push_str(&format!("{}\n", wrapped(0, &format!("note: {note}"))));
        }
    }
}

impl DiffEntry<'_> {
    /// A loss takes one line, a gain some more.
    fn to_text(&self, rules: RuleDetail, out: &mut String) {
        let heading = self.heading(NameStyle::Plain, rules);
        let mut causes = self.causes_in_words(NameStyle::Plain).into_iter();
        let mut push = |indent: &str, text: &str, place: &str| {
            let text = format!("{indent}{}", shown(text));
            match place {
                "" => out.push_str(&text),
                place => out.push_str(&format!("{text}  {}", shown(place))),
            }
            out.push('\n');
        };
        if self.is_loss() {
            match causes.next() {
                Some(Line { text, place }) => push("", &format!("{heading}; {text}"), &place),
                None => push("", &heading, ""),
            }
        } else {
            match self.severity() {
                Some(severity) => push(&format!("{severity}  "), &heading, ""),
                None => push("", &heading, ""),
            }
            for text in self.risks_in_words() {
                push("  ", &text, "");
            }
        }
        for line in self.rules_in_words(rules).into_iter().chain(causes) {
            push("  ", &line.text, &line.place);
        }
    }
}

impl std::fmt::Display for RiskView {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} ({}): {}", self.id, self.severity, self.why)
    }
}

impl UnmatchedView {
    /// What doesn't count, since it can be nobody.
    pub(super) fn in_words(&self, names: NameStyle) -> String {
        let changes = count(self.changes.len(), "change is", "changes are");
        format!(
            "{changes} no gain and no loss: {}",
            names.sentence(&self.message)
        )
    }
}

impl CauseView {
    pub(super) fn in_words(&self, names: NameStyle) -> String {
        let from = self
            .aggregated_from
            .as_ref()
            .map_or_else(String::new, |role| {
                format!(" from ClusterRole {}", names.name(role))
            });
        format!(
            "{}: {} to {}, rule {}{from}",
            self.what,
            object_apart(&self.binding, names),
            object_apart(&self.role, names),
            self.rule
        )
    }
}

impl RecreateView {
    pub(super) fn in_words(&self, names: NameStyle) -> String {
        format!(
            "{} must be deleted and recreated: its roleRef changes from {} to {}, and an API \
             server refuses to update a roleRef",
            names.object(&self.binding),
            names.object(&self.from),
            names.object(&self.to)
        )
    }
}

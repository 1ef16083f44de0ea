//! What a reviewer needs, as text.

use super::{CauseView, ChangeView, DiffView, RecreateView, SideView};
use crate::render::text::{marked, with_place, wrapped};
use crate::render::unjudged;
use crate::render::words::NameStyle;

/// How many risks are told before the rest is counted.
const FEW_RISKS: usize = 3;

impl DiffView {
    /// What a reviewer needs, in words.
    pub fn to_text(&self) -> String {
        let mut out = wrapped(0, &self.summary.verdict);
        out.push('\n');
        if !self.unjudged.is_empty() {
            out.push('\n');
        }
        for line in unjudged::lines(&self.unjudged, 0, "not judged") {
            out.push_str(&line);
            out.push('\n');
        }
        for change in &self.changes {
            let severity = change
                .severity
                .map_or_else(String::new, |severity| format!("{severity}  "));
            let heading = marked(0, &severity, &change.heading(NameStyle::Plain), "");
            out.push_str(&format!("\n{heading}\n"));
            for text in change.risks_in_words() {
                out.push_str(&format!("{}\n", wrapped(2, &text)));
            }
            for cause in &change.causes {
                let place = match cause.side {
                    SideView::Base => format!("{} ({})", cause.source, self.base),
                    SideView::Head => cause.source.to_string(),
                };
                out.push_str(&format!(
                    "{}\n",
                    with_place(2, &cause.in_words(NameStyle::Plain), &place)
                ));
            }
        }
        self.afterwords(&mut out);
        out
    }

    fn afterwords(&self, out: &mut String) {
        if !self.recreate.is_empty() || !self.notes.is_empty() {
            out.push('\n');
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

impl ChangeView {
    /// Who, and whom that means.
    pub(super) fn who(&self, names: NameStyle) -> String {
        let mut who = names.subject(&self.subject);
        if let Some(everyone) = &self.everyone {
            who.push_str(&format!(" ({})", names.sentence(everyone)));
        }
        if let Some(people) = self.people {
            who.push_str(&format!(" [{people} people]"));
        }
        who
    }

    pub(super) fn scope_in_words(&self, names: NameStyle) -> String {
        self.namespace.as_ref().map_or_else(
            || "cluster-wide".to_owned(),
            |namespace| format!("in namespace {}", names.name(namespace)),
        )
    }

    /// Who gained or lost what, and where.
    pub(super) fn heading(&self, names: NameStyle) -> String {
        format!(
            "{} {} {}: {}",
            self.who(names),
            self.change,
            self.scope_in_words(names),
            names.name(&self.in_words)
        )
    }

    /// The same with its risks.
    pub(super) fn sentence(&self) -> String {
        let mut parts = vec![self.heading(NameStyle::Plain)];
        parts.extend(self.risks_in_words());
        parts.join("; ")
    }

    /// The most severe risks, and how many more there are.
    pub(super) fn risks_in_words(&self) -> Vec<String> {
        let mut words: Vec<String> = self
            .risks
            .iter()
            .take(FEW_RISKS)
            .map(|risk| format!("{} ({}): {}", risk.id, risk.severity, risk.why))
            .collect();
        let more = self.risks.len() - words.len();
        if more > 0 {
            words.push(format!("and {more} more risks (`-o json` lists them)"));
        }
        words
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
            names.object(&self.binding),
            names.object(&self.role),
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

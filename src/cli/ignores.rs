//! What the settings ignore, of one side or of both.

use crate::analysis::lint::{HeldBy, SettingsIgnore};
use crate::text::{FileId, Span};

use super::environment::IgnoreEntry;
use super::settings::Settings;

/// The entries of `ignore` that are about an environment.
#[derive(Debug, Clone, Default)]
pub(super) struct Ignores(Vec<Ignore>);

#[derive(Debug, Clone)]
struct Ignore {
    entry: IgnoreEntry,
    held_by: HeldBy,
    said_of: SaidOf,
}

/// What an entry is said of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum SaidOf {
    /// All environments, so that it may well match nothing in one of them.
    Everything,
    /// One of them.
    Environment,
}

impl Ignores {
    /// Those of one side.
    pub(super) fn of(settings: &Settings) -> Self {
        let everywhere = settings.ignore_everywhere.iter();
        let everywhere = everywhere.map(|entry| (entry, SaidOf::Everything));
        let here = settings.ignore.iter();
        let here = here.map(|entry| (entry, SaidOf::Environment));
        let all = everywhere.chain(here).map(|(entry, said_of)| Ignore {
            entry: entry.clone(),
            held_by: HeldBy::Both,
            said_of,
        });
        Ignores(all.collect())
    }

    /// Those of two sides: HEAD's as they stand, and what BASE alone has.
    pub(super) fn of_sides(base: Option<&Settings>, head: Option<&Settings>) -> Self {
        let [base, mut all] = [base, head].map(|side| side.map(Ignores::of).unwrap_or_default());
        let holds = |all: &Ignores, one: &Ignore| {
            let mut all = all.0.iter();
            all.any(|other| other.said_of == one.said_of && other.entry.is_like(&one.entry))
        };
        for one in &mut all.0 {
            if !holds(&base, one) {
                one.held_by = HeldBy::Head;
            }
        }
        for mut one in base.0 {
            if !holds(&all, &one) {
                one.held_by = HeldBy::Base;
                all.0.push(one);
            }
        }
        all
    }

    /// Whether HEAD ignores what BASE doesn't.
    pub(super) fn hold_more_than_base(&self) -> bool {
        self.0.iter().any(|one| one.held_by == HeldBy::Head)
    }

    /// Whether there are any.
    pub(super) fn are_said(&self) -> bool {
        !self.0.is_empty()
    }

    /// The same, as they stand in a file.
    pub(super) fn in_file(&self, file: Option<FileId>) -> Vec<SettingsIgnore> {
        let Some(file) = file else {
            return Vec::new();
        };
        let all = self.0.iter().map(|one| SettingsIgnore {
            code: one.entry.code.word.clone(),
            object: one.entry.object.clone(),
            reason: one.entry.reason.clone().unwrap_or_default(),
            span: match one.held_by {
                HeldBy::Both | HeldBy::Head => Span {
                    file,
                    line: one.entry.code.line,
                    column: one.entry.code.column,
                },
                HeldBy::Base => Span::whole(file),
            },
            held_by: one.held_by,
        });
        all.collect()
    }

    /// Whether the entry of this number is said of all environments.
    pub(super) fn is_of_everything(&self, number: usize) -> bool {
        let one = self.0.get(number);
        one.is_some_and(|one| one.said_of == SaidOf::Everything)
    }
}

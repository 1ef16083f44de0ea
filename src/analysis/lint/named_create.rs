//! What makes a `create` of names grant something.
//!
//! A plain create carries no name. But a server-side apply, which is a `patch`, and an `update` of an
//! object that isn't there (of the types that take one) are asked about as `create` with the name, too.
//!
//! Source: `withAuthorization` of the API server's patch and update handlers.

use std::cell::Cell;
use std::collections::HashSet;

use compact_str::CompactString;

use crate::authz::rbac::rules::is_every;
use crate::kube::{PolicyRule, Role};

/// How many words of rules are compared for one role. Where that isn't enough, what was found so far
/// counts, and the finding's words are true either way.
const MOST_WORDS: usize = 2_000_000;

/// The rules of a role that patch or update objects.
pub(super) struct Writers<'r> {
    rules: Vec<&'r PolicyRule>,
    words_left: Cell<usize>,
}

impl<'r> Writers<'r> {
    pub(super) fn of(role: &'r Role) -> Self {
        let writes = |rule: &&PolicyRule| {
            rule.verbs
                .iter()
                .any(|verb| matches!(&**verb, "patch" | "update" | "*"))
        };
        Writers {
            rules: role
                .rules
                .iter()
                .map(|rule| &rule.value)
                .filter(writes)
                .collect(),
            words_left: Cell::new(MOST_WORDS),
        }
    }

    /// Whether one of them is about an object that a rule names.
    pub(super) fn write_what_is_named_by(&self, rule: &PolicyRule) -> bool {
        if self.rules.is_empty() {
            return false;
        }
        let groups = WordSet::of(&rule.api_groups);
        let resources = WordSet::of(&rule.resources);
        let names = WordSet::of(&rule.resource_names);
        self.rules.iter().any(|writer| {
            let words =
                writer.api_groups.len() + writer.resources.len() + writer.resource_names.len();
            match self.words_left.get().checked_sub(words) {
                None => return false,
                Some(left) => self.words_left.set(left),
            }
            groups.meet(&writer.api_groups)
                && resources.meet(&writer.resources)
                && (writer.resource_names.is_empty() || names.have_one_of(&writer.resource_names))
        })
    }
}

/// WordSet of a rule, to be looked up.
struct WordSet<'r> {
    every: bool,
    words: HashSet<&'r str>,
}

impl<'r> WordSet<'r> {
    fn of(words: &'r [CompactString]) -> Self {
        WordSet {
            every: is_every(words),
            words: words.iter().map(CompactString::as_str).collect(),
        }
    }

    fn have_one_of(&self, others: &[CompactString]) -> bool {
        others.iter().any(|other| self.words.contains(&**other))
    }

    /// Whether some word is covered by both, where `*` covers all.
    fn meet(&self, others: &[CompactString]) -> bool {
        is_every(others) || (self.every && !others.is_empty()) || self.have_one_of(others)
    }
}

//! Merge keys: what `<<` puts into a mapping.
//!
//! A mapping's own keys go first and before those that are merged in; of several merged ones, the
//! first goes before the others.

use hashbrown::HashSet;

use super::keys::Identity;
use super::tree::{Node, View};
use super::{Error, Scalar, YamlFault};

/// A key and its value.
type Entry<'a> = (Node<'a>, Node<'a>);

/// That a value can be merged: a mapping, a list of them, or nothing.
pub(super) fn check(value: Node<'_>) -> Result<(), Error> {
    match value.view() {
        View::Scalar(Scalar::Null) | View::Mapping(_) => Ok(()),
        View::Scalar(_) => Err(Error::new(YamlFault::MergeValue, value.span())),
        View::Sequence(mut items) => items.try_for_each(check),
    }
}

/// The entries of a mapping with what is merged into it.
pub(super) fn entries(mapping: Node<'_>) -> Vec<Entry<'_>> {
    let mut gathered = Gathered {
        entries: Vec::new(),
        seen: HashSet::new(),
    };
    gathered.mapping(mapping);
    gathered.entries
}

struct Gathered<'a> {
    entries: Vec<Entry<'a>>,
    seen: HashSet<Identity<'a>>,
}

impl<'a> Gathered<'a> {
    fn mapping(&mut self, mapping: Node<'a>) {
        let mut sources = Vec::new();
        for (key, value) in mapping.written_entries().into_iter().flatten() {
            let Some(written) = key.written() else {
                continue;
            };
            if written.is_merge_key() {
                sources.push(value);
            } else if self.seen.insert(Identity::of(written)) {
                self.entries.push((key, value));
            }
        }
        for source in sources {
            self.merge(source);
        }
    }

    fn merge(&mut self, value: Node<'a>) {
        match value.items() {
            Some(items) => items.for_each(|item| self.merge(item)),
            None => self.mapping(value.merged_in()),
        }
    }
}

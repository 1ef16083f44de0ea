//! The entries of a mapping as they are in the end: of a key that stands several times, the last
//! value, and what `<<` merges in at the place where it stands.
//!
//! So kubectl's library has it: `<<` overwrites what is before it, and what comes after overwrites
//! it in turn. Of a list of mappings, the first goes before the others.

use std::borrow::Cow;

use hashbrown::HashMap;

use super::tree::{View, YamlNode};
use super::{Error, YamlFault};

/// A key and its value.
type Entry<'a> = (YamlNode<'a>, YamlNode<'a>);

/// That a value can be merged: a mapping, or a list of them. An alias of a list is none.
pub(super) fn check(value: YamlNode<'_>) -> Result<(), Error> {
    let refused = |at: YamlNode<'_>| Err(Error::new(YamlFault::MergeValue, at.span()));
    match value.view() {
        View::Mapping(_) => Ok(()),
        View::Sequence(mut items) if value.alias_span().is_none() => {
            match items.find(|item| item.written_entries().is_none()) {
                None => Ok(()),
                Some(item) => refused(item),
            }
        }
        View::Scalar(_) | View::Sequence(_) => refused(value),
    }
}

/// The entries of a mapping, each key once.
pub(super) fn entries(mapping: YamlNode<'_>) -> Vec<Entry<'_>> {
    let mut gathered = Gathered::default();
    gathered.mapping(mapping);
    gathered.entries
}

#[derive(Default)]
struct Gathered<'a> {
    entries: Vec<Entry<'a>>,
    /// Where the entry of a key is.
    known: HashMap<Cow<'a, str>, usize>,
}

impl<'a> Gathered<'a> {
    fn mapping(&mut self, mapping: YamlNode<'a>) {
        for (merges, key, value) in mapping.marked_entries() {
            if merges {
                self.merge(value);
                continue;
            }
            // What can't be a key has been refused.
            let Ok(name) = key.as_key() else {
                continue;
            };
            match self.known.get(&name) {
                Some(&at) => self.entries[at] = (key, value),
                None => {
                    self.known.insert(name, self.entries.len());
                    self.entries.push((key, value));
                }
            }
        }
    }

    fn merge(&mut self, value: YamlNode<'a>) {
        match value.items() {
            Some(items) => items.rev().for_each(|item| self.mapping(item.merged_in())),
            None => self.mapping(value.merged_in()),
        }
    }
}

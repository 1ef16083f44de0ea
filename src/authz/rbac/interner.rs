//! Strings as numbers: each distinct string is kept once, so that a decision compares integers.

use std::hash::BuildHasher;

use foldhash::fast::FixedState;
use hashbrown::HashTable;

/// The number of a string in an [`Interner`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Sym(pub(crate) u32);

impl Sym {
    /// A number that no string has: what a string becomes that the store never saw.
    pub(crate) const NONE: Sym = Sym(u32::MAX);
}

/// All strings, end to end.
#[derive(Debug, Clone, Default)]
pub(crate) struct Interner {
    text: String,
    ends: Vec<u32>,
    table: HashTable<u32>,
}

const STATE: FixedState = FixedState::with_seed(0x7262_6163);

/// The hash of a string, the same in every store.
#[inline]
pub(super) fn hash(string: &str) -> u64 {
    STATE.hash_one(string)
}

impl Interner {
    /// The number of this string, a new one where it is new.
    pub(crate) fn intern(&mut self, string: &str) -> Sym {
        let hash = hash(string);
        let (text, ends) = (&self.text, &self.ends);
        if let Some(&found) = self
            .table
            .find(hash, |&sym| slice(text, ends, sym) == string)
        {
            return Sym(found);
        }
        let sym = u32::try_from(self.ends.len()).unwrap_or(u32::MAX - 1);
        self.text.push_str(string);
        self.ends
            .push(u32::try_from(self.text.len()).unwrap_or(u32::MAX));
        let (text, ends) = (&self.text, &self.ends);
        self.table
            .insert_unique(hash, sym, |&sym| self::hash(slice(text, ends, sym)));
        Sym(sym)
    }

    /// The number of this string, [`Sym::NONE`] where it was never seen.
    pub(crate) fn get(&self, string: &str) -> Sym {
        self.table
            .find(hash(string), |&sym| {
                slice(&self.text, &self.ends, sym) == string
            })
            .map_or(Sym::NONE, |&sym| Sym(sym))
    }

    /// The string of this number.
    pub(super) fn text(&self, sym: Sym) -> &str {
        slice(&self.text, &self.ends, sym.0)
    }

    /// Where the string of this number is written.
    pub(super) fn written(&self, sym: Sym) -> Written {
        stretch(&self.ends, sym.0)
    }

    /// The string that is written there.
    #[inline]
    pub(super) fn read(&self, written: Written) -> &str {
        &self.text[written.begin as usize..written.end as usize]
    }
}

/// Where a string is written, so that it can be read without its number.
#[derive(Debug, Clone, Copy)]
pub(super) struct Written {
    pub(super) begin: u32,
    pub(super) end: u32,
}

fn stretch(ends: &[u32], sym: u32) -> Written {
    let at = sym as usize;
    Written {
        begin: at.checked_sub(1).map_or(0, |before| ends[before]),
        end: ends[at],
    }
}

fn slice<'a>(text: &'a str, ends: &[u32], sym: u32) -> &'a str {
    let Written { begin, end } = stretch(ends, sym);
    &text[begin as usize..end as usize]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_strings_share_a_number() {
        let mut interner = Interner::default();
        let (a, empty, b) = (
            interner.intern("a"),
            interner.intern(""),
            interner.intern("b"),
        );
        assert_eq!(
            [interner.intern("a"), interner.get(""), interner.get("b")],
            [a, empty, b]
        );
        assert_eq!(interner.get("c"), Sym::NONE);
        assert_eq!(interner.text(b), "b");
    }
}

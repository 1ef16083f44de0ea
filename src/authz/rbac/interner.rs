//! Strings as numbers: each distinct string is kept once, so that a decision compares integers.

use hashbrown::HashTable;

use super::hash::HashState;
use super::number::{TooLarge, narrow};

/// The number of a string in an [`Interner`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Sym(pub(crate) u32);

impl Sym {
    /// A number that no string has: what a string becomes that the interner never saw.
    pub(crate) const NONE: Sym = Sym(u32::MAX);
}

/// All strings, end to end.
#[derive(Debug, Clone)]
pub(crate) struct Interner {
    text: String,
    ends: Vec<u32>,
    table: HashTable<u32>,
    hash_state: HashState,
}

impl Interner {
    pub(super) fn new(hash_state: HashState) -> Self {
        Interner {
            text: String::new(),
            ends: Vec::new(),
            table: HashTable::new(),
            hash_state,
        }
    }

    /// The hash of a string, by which this interner and all of its index find it.
    #[inline]
    pub(super) fn hash(&self, string: &str) -> u64 {
        self.hash_state.hash(string)
    }

    /// The number of this string, a new one where it is new.
    pub(crate) fn intern(&mut self, string: &str) -> Result<Sym, TooLarge> {
        let hash = self.hash(string);
        let (text, ends) = (&self.text, &self.ends);
        if let Some(&found) = self
            .table
            .find(hash, |&sym| slice(text, ends, sym) == string)
        {
            return Ok(Sym(found));
        }
        let sym = narrow(self.ends.len(), "distinct strings")?;
        let end = narrow(self.text.len() + string.len(), "bytes of distinct strings")?;
        self.text.push_str(string);
        self.ends.push(end);
        let (text, ends, hash_state) = (&self.text, &self.ends, &self.hash_state);
        self.table
            .insert_unique(hash, sym, |&sym| hash_state.hash(slice(text, ends, sym)));
        Ok(Sym(sym))
    }

    /// The number of this string, [`Sym::NONE`] where it was never seen.
    pub(crate) fn get(&self, string: &str) -> Sym {
        self.table
            .find(self.hash(string), |&sym| {
                slice(&self.text, &self.ends, sym) == string
            })
            .map_or(Sym::NONE, |&sym| Sym(sym))
    }

    /// The string of this number.
    pub(super) fn text(&self, sym: Sym) -> &str {
        slice(&self.text, &self.ends, sym.0)
    }

    /// Where the string of this number is.
    pub(super) fn range(&self, sym: Sym) -> TextRange {
        text_range(&self.ends, sym.0)
    }

    /// The string that is there.
    #[inline]
    pub(super) fn read(&self, range: TextRange) -> &str {
        &self.text[range.begin as usize..range.end as usize]
    }
}

/// Where a string is, so that it can be read without its number.
#[derive(Debug, Clone, Copy)]
pub(super) struct TextRange {
    pub(super) begin: u32,
    pub(super) end: u32,
}

fn text_range(ends: &[u32], sym: u32) -> TextRange {
    let at = sym as usize;
    TextRange {
        begin: at.checked_sub(1).map_or(0, |before| ends[before]),
        end: ends[at],
    }
}

fn slice<'a>(text: &'a str, ends: &[u32], sym: u32) -> &'a str {
    let TextRange { begin, end } = text_range(ends, sym);
    &text[begin as usize..end as usize]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_strings_share_a_number() {
        for bits in [0, 2, 64] {
            let mut interner = Interner::new(HashState::fixed(1, bits));
            let [a, empty, b] = ["a", "", "b"].map(|string| interner.intern(string).unwrap());
            assert_eq!(interner.intern("a"), Ok(a));
            assert_eq!([interner.get(""), interner.get("b")], [empty, b]);
            assert_eq!(interner.get("c"), Sym::NONE);
            assert_eq!(interner.text(b), "b");
            for number in 0..100 {
                interner.intern(&number.to_string()).unwrap();
            }
            assert_eq!(interner.get("a"), a);
        }
    }
}

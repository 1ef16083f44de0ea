//! Where in its text a node stands.

use std::ops::Range;

/// Where a node begins, and the bytes that it takes.
///
/// A collection in block style ends with its last entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NodeSpan {
    /// The byte at which it begins.
    pub start: u32,
    /// The byte after its last one.
    pub end: u32,
    /// The line on which it begins, from 1.
    pub line: u32,
    /// The character of that line at which it begins, from 1.
    pub column: u32,
}

impl NodeSpan {
    /// The beginning of a text.
    pub const BEGIN: NodeSpan = NodeSpan {
        start: 0,
        end: 0,
        line: 1,
        column: 1,
    };

    /// The bytes.
    pub fn range(self) -> Range<usize> {
        self.start as usize..self.end as usize
    }
}

//! How much one document may hold.

/// The most that is read of one document. Aliases count for what they stand for, so that a text
/// which only unfolds to too much is refused without being unfolded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// The deepest nesting of lists and mappings.
    pub depth: usize,
    /// Scalars, lists and mappings.
    pub nodes: u64,
    /// Bytes of scalars and tags.
    pub bytes: u64,
    /// What aliases alone may stand for, in [`Size::events`].
    pub alias_events: u64,
}

impl Default for Limits {
    /// What a full dump of a large cluster stays far below, and a bomb doesn't.
    fn default() -> Self {
        Limits {
            depth: 128,
            nodes: 50_000_000,
            bytes: 256 << 20,
            alias_events: 1_000_000,
        }
    }
}

/// How large a node is with its aliases followed. Sums stay at the largest number rather than
/// begin anew, which is beyond every limit.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Size {
    /// Scalars, lists and mappings.
    pub nodes: u64,
    /// What a parser says of them: one event for a scalar, two for what begins and ends.
    pub events: u64,
    /// Bytes of scalars and tags.
    pub bytes: u64,
}

impl Size {
    pub(super) fn scalar(bytes: usize) -> Size {
        Size {
            nodes: 1,
            events: 1,
            bytes: bytes as u64,
        }
    }

    pub(super) fn collection(tag_bytes: usize) -> Size {
        Size {
            nodes: 1,
            events: 2,
            bytes: tag_bytes as u64,
        }
    }

    pub(super) fn plus(self, other: Size) -> Size {
        Size {
            nodes: self.nodes.saturating_add(other.nodes),
            events: self.events.saturating_add(other.events),
            bytes: self.bytes.saturating_add(other.bytes),
        }
    }

    /// What was added since there was only `earlier`.
    pub(super) fn since(self, earlier: Size) -> Size {
        if self.nodes == u64::MAX || self.events == u64::MAX || self.bytes == u64::MAX {
            return self;
        }
        Size {
            nodes: self.nodes.saturating_sub(earlier.nodes),
            events: self.events.saturating_sub(earlier.events),
            bytes: self.bytes.saturating_sub(earlier.bytes),
        }
    }
}

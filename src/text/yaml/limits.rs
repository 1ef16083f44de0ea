//! How much one document may hold.

/// The most that is read of one document. Aliases count for what they stand for, so that a text
/// which only unfolds to too much is refused without being unfolded.
///
/// Beside these, a document is refused where kubectl's library refuses it: where nearly all of what
/// it decodes comes from aliases ([`Size::is_mostly_aliased`]).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// The deepest nesting of lists and mappings.
    pub depth: usize,
    /// Scalars, lists and mappings.
    pub nodes: u64,
    /// Bytes of scalars and tags.
    pub bytes: u64,
}

impl Default for Limits {
    /// What a full dump of a large cluster stays far below, and a bomb doesn't.
    fn default() -> Self {
        Limits {
            depth: 128,
            nodes: 50_000_000,
            bytes: 256 << 20,
        }
    }
}

impl Limits {
    /// The same, as deep as Go reads JSON.
    #[must_use]
    pub fn as_deep_as_kubectl(self) -> Self {
        Limits {
            depth: 10_000,
            ..self
        }
    }
}

/// How large a node is with its aliases followed. Sums stay at the largest number rather than
/// begin anew, which is beyond every limit.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Size {
    /// Scalars, lists, mappings, and aliases beside what they stand for.
    pub nodes: u64,
    /// Those of them that aliases stand for.
    pub aliased: u64,
    /// Bytes of scalars and tags.
    pub bytes: u64,
}

impl Size {
    pub(super) fn node(bytes: usize) -> Size {
        Size {
            nodes: 1,
            aliased: 0,
            bytes: bytes as u64,
        }
    }

    /// What an alias of this adds.
    pub(super) fn alias(self) -> Size {
        Size {
            nodes: self.nodes.saturating_add(1),
            aliased: self.nodes,
            bytes: self.bytes,
        }
    }

    /// Both together.
    #[must_use]
    pub fn plus(self, other: Size) -> Size {
        Size {
            nodes: self.nodes.saturating_add(other.nodes),
            aliased: self.aliased.saturating_add(other.aliased),
            bytes: self.bytes.saturating_add(other.bytes),
        }
    }

    /// What was added since there was only `earlier`.
    pub(super) fn since(self, earlier: Size) -> Size {
        if self.nodes == u64::MAX || self.bytes == u64::MAX {
            return self;
        }
        Size {
            nodes: self.nodes.saturating_sub(earlier.nodes),
            aliased: self.aliased.saturating_sub(earlier.aliased),
            bytes: self.bytes.saturating_sub(earlier.bytes),
        }
    }

    /// Whether so much of a document comes from aliases that kubectl's library refuses it: more than
    /// 99 % of up to 400,000 nodes, falling to 10 % of 4,000,000. As there, aliases within others
    /// count once, and the document counts too.
    ///
    /// Source: `allowedAliasRatio` of `sigs.k8s.io/yaml/goyaml.v2`.
    #[allow(clippy::cast_precision_loss)] // As there.
    pub fn is_mostly_aliased(self) -> bool {
        const FEW: u64 = 400_000;
        const MANY: u64 = 4_000_000;
        let nodes = self.nodes.saturating_add(1);
        if self.aliased <= 100 || nodes <= 1000 {
            return false;
        }
        let allowed = match nodes {
            ..=FEW => 0.99,
            MANY.. => 0.10,
            _ => 0.99 - 0.89 * ((nodes - FEW) as f64 / (MANY - FEW) as f64),
        };
        self.aliased as f64 / nodes as f64 > allowed
    }
}

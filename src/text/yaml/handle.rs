//! Nodes that are noted while what is around them is read.

use serde::de::{self, SeqAccess};

use super::tree::NodeId;

/// A node's number, for types that are read from a [`Document`](super::Document) and leave a part of
/// it for later: [`YamlNode::other`](super::YamlNode::other) gives the node.
///
/// A type that can be read from other formats too asks for a newtype struct of the name
/// [`Handle::NAME`]; a node then answers with a sequence for [`Handle::from_seq`], and other formats
/// as they do for any newtype struct.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Handle {
    pub(super) id: NodeId,
    pub(super) site: Option<NodeId>,
}

impl Handle {
    /// The name by which a node knows that its handle is wanted.
    pub const NAME: &'static str = "$rbac_eval::text::yaml::Handle";

    /// Reads a handle from what a node gives.
    ///
    /// # Errors
    /// If it is no handle.
    pub fn from_seq<'de, A: SeqAccess<'de>>(mut seq: A) -> Result<Self, A::Error> {
        let mut number = |at| {
            seq.next_element::<u32>()?
                .ok_or_else(|| de::Error::invalid_length(at, &"the numbers of a node"))
        };
        let (id, has_site, site) = (number(0)?, number(1)?, number(2)?);
        Ok(Handle {
            id,
            site: (has_site != 0).then_some(site),
        })
    }

    /// The numbers that [`Handle::from_seq`] reads.
    pub(super) fn numbers(self) -> [u32; 3] {
        [
            self.id,
            u32::from(self.site.is_some()),
            self.site.unwrap_or_default(),
        ]
    }
}

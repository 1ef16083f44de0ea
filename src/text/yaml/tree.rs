//! Documents as trees, in an arena.

use std::borrow::Cow;
use std::fmt;
use std::slice;
use std::vec;

use serde::Deserialize;

use super::resolve::{self, Scalar, Style, TaggedValue};
use super::tag::Tag;
use super::{Error, Handle, NodeSpan, Size, YamlFault, keys, merge};

/// A node's number in its document.
pub(super) type NodeId = u32;

/// A document of a text.
pub struct Document<'t> {
    pub(super) nodes: Vec<NodeSlot<'t>>,
    /// The children of all collections; those of one stand together.
    pub(super) children: Vec<NodeId>,
    pub(super) tagged: Vec<Tagged>,
    pub(super) repeated: Vec<RepeatedKey>,
    pub(super) root: NodeId,
    pub(super) size: Size,
    /// Where the parser found its end.
    pub(super) end: NodeSpan,
}

/// A key that a mapping has twice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RepeatedKey {
    /// The key.
    pub key: String,
    /// Where it stands first.
    pub first: NodeSpan,
    /// Where it stands again, which is the one that counts.
    pub again: NodeSpan,
}

/// A node as the arena keeps it.
pub(super) struct NodeSlot<'t> {
    pub(super) span: NodeSpan,
    pub(super) kind: Kind<'t>,
}

pub(super) enum Kind<'t> {
    Scalar {
        text: Cow<'t, str>,
        style: Style,
        /// Its number among the tagged scalars.
        tagged: Option<u32>,
    },
    Sequence(Children),
    Mapping {
        /// Keys and values in turn.
        children: Children,
        /// Whether the entries aren't those that are written: `<<` is among the keys, or a key stands
        /// twice.
        folds: bool,
    },
    /// What stands at another place; never an alias itself.
    Alias(NodeId),
}

/// A range of [`Document::children`].
#[derive(Clone, Copy)]
pub(super) struct Children {
    pub(super) first: u32,
    pub(super) count: u32,
}

impl Children {
    pub(super) const NONE: Children = Children { first: 0, count: 0 };
}

/// A scalar's tag and the value that it gives.
pub(super) struct Tagged {
    pub(super) tag: Tag,
    pub(super) value: TaggedValue,
}

impl<'t> Document<'t> {
    /// The node that the document is.
    pub fn root(&self) -> YamlNode<'_> {
        YamlNode::new(self, self.root, None)
    }

    /// The keys that a mapping has twice, in the order of the text.
    pub fn repeated(&self) -> &[RepeatedKey] {
        &self.repeated
    }

    /// What ends the document: where `...` or another document begins, or the end of the text.
    pub fn end(&self) -> NodeSpan {
        self.end
    }

    /// How large the document is with its aliases followed.
    pub fn size(&self) -> Size {
        self.size
    }

    /// Reads the whole document into a type, which may borrow from it.
    ///
    /// # Errors
    /// If it holds something else, with the place of what is at fault.
    pub fn read<'a, T: Deserialize<'a>>(&'a self) -> Result<T, Error> {
        self.root().read()
    }

    fn slot(&self, id: NodeId) -> &NodeSlot<'t> {
        &self.nodes[id as usize]
    }

    fn children(&self, children: Children) -> &[NodeId] {
        let first = children.first as usize;
        &self.children[first..first + children.count as usize]
    }

    /// The node that an alias stands for; others stand for themselves.
    pub(super) fn target(&self, id: NodeId) -> NodeId {
        match self.slot(id).kind {
            Kind::Alias(target) => target,
            _ => id,
        }
    }

    /// Whether a node, not what it stands for, is the key `<<`, which merges.
    pub(super) fn is_merge_key(&self, id: NodeId) -> bool {
        matches!(self.slot(id).kind, Kind::Scalar { .. })
            && self.written(id).is_some_and(Written::says_merge)
    }

    /// The scalar that a node is or stands for.
    pub(super) fn written(&self, id: NodeId) -> Option<Written<'_>> {
        match &self.slot(self.target(id)).kind {
            Kind::Scalar {
                text,
                style,
                tagged,
            } => Some(Written {
                text,
                style: *style,
                tagged: tagged.map(|number| &self.tagged[number as usize]),
            }),
            _ => None,
        }
    }
}

impl fmt::Debug for Document<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.root().fmt(f)
    }
}

/// A scalar as it is written.
#[derive(Clone, Copy)]
pub(super) struct Written<'a> {
    pub(super) text: &'a str,
    pub(super) style: Style,
    pub(super) tagged: Option<&'a Tagged>,
}

impl<'a> Written<'a> {
    pub(super) fn scalar(self) -> Scalar<'a> {
        match self.tagged {
            None => resolve::implicit(self.text, self.style),
            Some(tagged) => tagged.value.scalar(self.text),
        }
    }
}

/// A node of a document, at the place where it is used.
#[derive(Clone, Copy)]
pub struct YamlNode<'a> {
    document: &'a Document<'a>,
    /// Never an alias.
    id: NodeId,
    /// The alias by which it was reached, or the mapping that was merged in.
    site: Option<NodeId>,
}

/// What a node is.
#[derive(Debug, Clone)]
pub enum View<'a> {
    /// A string, number, boolean or null.
    Scalar(Scalar<'a>),
    /// A list.
    Sequence(Items<'a>),
    /// A mapping.
    Mapping(Entries<'a>),
}

impl<'a> YamlNode<'a> {
    /// A node that is reached from one whose site is this.
    pub(super) fn new(document: &'a Document<'a>, id: NodeId, site: Option<NodeId>) -> Self {
        let is_alias = |id: NodeId| matches!(document.slot(id).kind, Kind::Alias(_));
        match document.slot(id).kind {
            // The outermost alias is what stands in the document itself.
            Kind::Alias(target) => YamlNode {
                document,
                id: target,
                site: site.filter(|&site| is_alias(site)).or(Some(id)),
            },
            _ => YamlNode { document, id, site },
        }
    }

    /// The same node, told to be where it is merged in, unless an alias does so.
    pub(super) fn merged_in(self) -> Self {
        YamlNode {
            site: self.site.or(Some(self.id)),
            ..self
        }
    }

    /// Where it is used: for what an alias stands for, the alias; for what `<<` merges in, what
    /// follows it; else where it stands.
    pub fn span(self) -> NodeSpan {
        self.document.slot(self.site.unwrap_or(self.id)).span
    }

    /// The alias that it was reached by.
    pub(super) fn alias_span(self) -> Option<NodeSpan> {
        let slot = self.document.slot(self.site?);
        matches!(slot.kind, Kind::Alias(_)).then_some(slot.span)
    }

    /// Where it stands in the document, be it an alias or not.
    pub fn place(self) -> NodeSpan {
        self.alias_span().unwrap_or(self.definition())
    }

    /// Where it stands itself.
    pub fn definition(self) -> NodeSpan {
        self.document.slot(self.id).span
    }

    /// What it is.
    pub fn view(self) -> View<'a> {
        match &self.document.slot(self.id).kind {
            Kind::Sequence(children) => View::Sequence(self.items_of(*children)),
            Kind::Mapping { folds: true, .. } => View::Mapping(self.merged_entries()),
            Kind::Mapping { children, .. } => View::Mapping(self.entries_of(*children)),
            Kind::Scalar { .. } | Kind::Alias(_) => {
                View::Scalar(self.scalar().unwrap_or(Scalar::Null))
            }
        }
    }

    /// What it means, if it is a scalar.
    pub fn scalar(self) -> Option<Scalar<'a>> {
        self.written().map(Written::scalar)
    }

    /// Its text, if it is a scalar: without quotes and escapes, but before it is taken for a
    /// number or anything else.
    #[cfg(test)]
    pub fn text(self) -> Option<&'a str> {
        self.written().map(|written| written.text)
    }

    /// How it is written, if it is a scalar.
    #[cfg(test)]
    pub fn style(self) -> Option<Style> {
        self.written().map(|written| written.style)
    }

    /// The string that it is, if it is one.
    pub fn as_str(self) -> Option<&'a str> {
        match self.scalar() {
            Some(Scalar::String(text)) => Some(text),
            _ => None,
        }
    }

    /// Whether it is null.
    pub fn is_null(self) -> bool {
        matches!(self.scalar(), Some(Scalar::Null))
    }

    /// The string that it is as a key. Whatever a JSON object could have as a key is one.
    ///
    /// # Errors
    /// If it can't be one.
    pub fn as_key(self) -> Result<Cow<'a, str>, Error> {
        let Some(written) = self.written() else {
            let what = match self.view() {
                View::Sequence(_) => "a list",
                _ => "a mapping",
            };
            return Err(Error::new(YamlFault::CollectionAsKey(what), self.span()));
        };
        keys::string(written).map_err(|fault| Error::new(fault, self.span()))
    }

    /// Its items, if it is a list.
    pub fn items(self) -> Option<Items<'a>> {
        match self.document.slot(self.id).kind {
            Kind::Sequence(children) => Some(self.items_of(children)),
            _ => None,
        }
    }

    /// Its keys and values, if it is a mapping: each key once, with what is merged in.
    pub fn entries(self) -> Option<Entries<'a>> {
        match self.document.slot(self.id).kind {
            Kind::Mapping { folds: true, .. } => Some(self.merged_entries()),
            Kind::Mapping { children, .. } => Some(self.entries_of(children)),
            _ => None,
        }
    }

    /// Its keys and values as they are written, `<<` among them, if it is a mapping.
    pub fn written_entries(self) -> Option<Entries<'a>> {
        match self.document.slot(self.id).kind {
            Kind::Mapping { children, .. } => Some(self.entries_of(children)),
            _ => None,
        }
    }

    /// The value of a key, if it is a mapping that has it. All keys are looked at, and where there
    /// are merge keys, they are applied each time: who wants several goes over the entries.
    pub fn get(self, key: &str) -> Option<YamlNode<'a>> {
        self.entries()?
            .find(|(entry, _)| entry.as_key().is_ok_and(|entry| entry == key))
            .map(|(_, value)| value)
    }

    /// Reads it into a type, which may borrow from the document.
    ///
    /// # Errors
    /// If it holds something else, with the place of what is at fault.
    pub fn read<T: Deserialize<'a>>(self) -> Result<T, Error> {
        T::deserialize(self).map_err(|error| error.or_at(self.span()))
    }

    /// Its number, by which [`YamlNode::other`] finds it.
    pub(super) fn handle(self) -> Handle {
        Handle {
            id: self.id,
            site: self.site,
        }
    }

    /// Another node of the same document, by what was read of it; this one where the document has no
    /// such node.
    #[must_use]
    pub fn other(self, handle: Handle) -> Self {
        if self.document.nodes.get(handle.id as usize).is_none() {
            return self;
        }
        YamlNode {
            document: self.document,
            id: handle.id,
            site: handle.site,
        }
    }

    /// Its keys and values as they are written, if it is a mapping, and whether the key is `<<`,
    /// which merges. An alias of that doesn't.
    pub(super) fn marked_entries(self) -> impl Iterator<Item = (bool, YamlNode<'a>, YamlNode<'a>)> {
        let children = match self.document.slot(self.id).kind {
            Kind::Mapping { children, .. } => children,
            _ => Children::NONE,
        };
        let ids = self.document.children(children);
        ids.chunks_exact(2).map(move |entry| {
            let node = |id| YamlNode::new(self.document, id, self.site);
            (
                self.document.is_merge_key(entry[0]),
                node(entry[0]),
                node(entry[1]),
            )
        })
    }

    pub(super) fn written(self) -> Option<Written<'a>> {
        self.document.written(self.id)
    }

    fn items_of(self, children: Children) -> Items<'a> {
        Items {
            of: self,
            children: self.document.children(children).iter(),
        }
    }

    /// The entries of a mapping as they are written, `<<` among them.
    fn entries_of(self, children: Children) -> Entries<'a> {
        Entries(EntriesKind::Written(self.items_of(children)))
    }

    /// The entries of a mapping, with those that `<<` brings.
    fn merged_entries(self) -> Entries<'a> {
        Entries(EntriesKind::Merged(merge::entries(self).into_iter()))
    }
}

impl fmt::Debug for YamlNode<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.view() {
            View::Scalar(scalar) => scalar.fmt(f),
            View::Sequence(items) => f.debug_list().entries(items).finish(),
            View::Mapping(entries) => f.debug_map().entries(entries).finish(),
        }
    }
}

/// The items of a list.
#[derive(Clone)]
pub struct Items<'a> {
    of: YamlNode<'a>,
    children: slice::Iter<'a, NodeId>,
}

impl<'a> Iterator for Items<'a> {
    type Item = YamlNode<'a>;

    fn next(&mut self) -> Option<YamlNode<'a>> {
        let &id = self.children.next()?;
        Some(YamlNode::new(self.of.document, id, self.of.site))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.children.size_hint()
    }
}

impl DoubleEndedIterator for Items<'_> {
    fn next_back(&mut self) -> Option<Self::Item> {
        let &id = self.children.next_back()?;
        Some(YamlNode::new(self.of.document, id, self.of.site))
    }
}

impl ExactSizeIterator for Items<'_> {}

impl fmt::Debug for Items<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.clone()).finish()
    }
}

/// The keys of a mapping with their values.
#[derive(Clone)]
pub struct Entries<'a>(EntriesKind<'a>);

#[derive(Clone)]
enum EntriesKind<'a> {
    Written(Items<'a>),
    Merged(vec::IntoIter<(YamlNode<'a>, YamlNode<'a>)>),
}

impl<'a> Iterator for Entries<'a> {
    type Item = (YamlNode<'a>, YamlNode<'a>);

    fn next(&mut self) -> Option<Self::Item> {
        match &mut self.0 {
            EntriesKind::Written(nodes) => Some((nodes.next()?, nodes.next()?)),
            EntriesKind::Merged(entries) => entries.next(),
        }
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let count = match &self.0 {
            EntriesKind::Written(nodes) => nodes.len() / 2,
            EntriesKind::Merged(entries) => entries.len(),
        };
        (count, Some(count))
    }
}

impl ExactSizeIterator for Entries<'_> {}

impl fmt::Debug for Entries<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.clone()).finish()
    }
}

//! From what a parser says, one event after the other, to a document.

use std::borrow::Cow;
use std::hash::{BuildHasher, Hasher};

use hashbrown::{DefaultHashBuilder, HashMap, HashTable};

use super::keys::{self, Relation};
use super::parse::Properties;
use super::resolve::{self, Scalar, Style};
use super::tag::{self, Tag};
use super::tree::{Children, Document, Kind, NodeId, NodeSlot, Tagged, Written, YamlNode};
use super::{Dialect, Error, Limits, NodeSpan, RepeatedKey, Size, YamlFault, merge};
use crate::text::excerpt;

/// As many keys as are compared one by one to find a duplicate.
const FEW_KEYS: usize = 16;

/// The document of a text that holds nothing.
pub(super) fn empty(span: NodeSpan) -> Document<'static> {
    let kind = Kind::Scalar {
        text: Cow::Borrowed(""),
        style: Style::Plain,
        tagged: None,
    };
    Document {
        nodes: vec![NodeSlot { span, kind }],
        children: Vec::new(),
        tagged: Vec::new(),
        repeated: Vec::new(),
        root: 0,
        size: Size::node(0),
        end: span,
    }
}

/// A list or a mapping.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    Sequence,
    Mapping,
}

/// A collection that is being read.
struct Frame<'t> {
    node: NodeId,
    shape: Shape,
    flow: bool,
    anchor: Option<&'t str>,
    /// Where its children begin among those that wait.
    first: usize,
    /// How deep the collections in it are nested.
    height: usize,
    /// How large the document was before it.
    before: Size,
    /// Its keys, once they are many.
    keys: Option<HashTable<NodeId>>,
    /// Whether its entries aren't those that are written.
    folds: bool,
}

/// What an anchor stands for.
struct Anchor {
    node: NodeId,
    /// How large and how deep it is; none while it is being read.
    complete: Option<(Size, usize)>,
}

/// A document that is being read.
pub(super) struct Builder<'t> {
    text: &'t str,
    limits: Limits,
    dialect: Dialect,
    document: Document<'t>,
    frames: Vec<Frame<'t>>,
    /// The children of the collections that are being read.
    waiting: Vec<NodeId>,
    anchors: HashMap<&'t str, Anchor>,
    hasher: DefaultHashBuilder,
}

impl<'t> Builder<'t> {
    pub(super) fn new(text: &'t str, limits: Limits, dialect: Dialect) -> Self {
        Builder {
            text,
            limits,
            dialect,
            document: Document {
                nodes: Vec::new(),
                children: Vec::new(),
                tagged: Vec::new(),
                repeated: Vec::new(),
                root: 0,
                size: Size::default(),
                end: NodeSpan::BEGIN,
            },
            frames: Vec::new(),
            waiting: Vec::new(),
            anchors: HashMap::new(),
            hasher: DefaultHashBuilder::default(),
        }
    }

    pub(super) fn finish(mut self, end: NodeSpan) -> Document<'t> {
        if self.document.nodes.is_empty() {
            return empty(NodeSpan::BEGIN);
        }
        self.document.end = end;
        self.document
    }

    #[inline]
    pub(super) fn scalar(
        &mut self,
        text: Cow<'t, str>,
        style: Style,
        properties: Properties<'t>,
        span: NodeSpan,
    ) -> Result<(), Error> {
        let mut size = Size::node(text.len());
        let tagged = match properties.tag {
            None => None,
            Some(tag) => {
                size.bytes = size.bytes.saturating_add(tag.len() as u64);
                Some(self.tagged(&tag, &text, span)?)
            }
        };
        let node = self.add(NodeSlot {
            span,
            kind: Kind::Scalar {
                text,
                style,
                tagged,
            },
        })?;
        // `<<` isn't decoded as other keys are.
        let merges = self.expects_key() && self.document.is_merge_key(node);
        if !merges {
            self.grow(size, span)?;
        }
        if let Some(anchor) = properties.anchor {
            let complete = Some((size, 0));
            self.anchors.insert(anchor, Anchor { node, complete });
        }
        self.place(node, span)
    }

    /// The number of a scalar's tag, if the scalar is what the tag says.
    fn tagged(&mut self, tag: &str, text: &str, span: NodeSpan) -> Result<u32, Error> {
        let meaning = Tag::of(tag);
        let Some(value) = resolve::tagged(meaning, text) else {
            let fault = YamlFault::TaggedScalar {
                tag: tag::short(tag),
                text: excerpt(text).into_owned(),
            };
            return Err(Error::new(fault, span));
        };
        let number = self.number(self.document.tagged.len(), span)?;
        self.document.tagged.push(Tagged {
            tag: meaning,
            value,
        });
        Ok(number)
    }

    /// Begins a list or mapping. Its tag means nothing.
    pub(super) fn begin(
        &mut self,
        shape: Shape,
        flow: bool,
        properties: &Properties<'t>,
        span: NodeSpan,
    ) -> Result<(), Error> {
        if self.frames.len() >= self.limits.depth {
            return Err(Error::new(YamlFault::TooDeep(self.limits.depth), span));
        }
        if self.expects_key() {
            return Err(Error::new(collection_as_key(shape), span));
        }
        let span = match (shape, flow, self.frames.last()) {
            (Shape::Sequence, false, Some(parent)) if parent.shape == Shape::Mapping => {
                from_dash(self.text, span)
            }
            _ => span,
        };
        let before = self.document.size;
        self.grow(
            Size::node(properties.tag.as_ref().map_or(0, |tag| tag.len())),
            span,
        )?;
        let kind = match shape {
            Shape::Mapping => Kind::Mapping {
                children: Children::NONE,
                folds: false,
            },
            Shape::Sequence => Kind::Sequence(Children::NONE),
        };
        let node = self.add(NodeSlot { span, kind })?;
        if let Some(anchor) = properties.anchor {
            let complete = None;
            self.anchors.insert(anchor, Anchor { node, complete });
        }
        self.frames.push(Frame {
            node,
            shape,
            flow,
            anchor: properties.anchor,
            first: self.waiting.len(),
            height: 0,
            before,
            keys: None,
            folds: false,
        });
        Ok(())
    }

    pub(super) fn end(&mut self, span: NodeSpan) -> Result<(), Error> {
        let Some(frame) = self.frames.pop() else {
            return Err(Error::new(
                YamlFault::Syntax("an end without a excerpt".to_owned()),
                span,
            ));
        };
        let first = self.number(self.document.children.len(), span)?;
        let ids = &self.waiting[frame.first..];
        let count = self.number(ids.len(), span)?;
        let last = ids
            .last()
            .map(|&id| self.document.nodes[id as usize].span.end);
        self.document.children.extend_from_slice(ids);
        self.waiting.truncate(frame.first);
        let children = Children { first, count };
        let slot = &mut self.document.nodes[frame.node as usize];
        slot.kind = match frame.shape {
            Shape::Mapping => Kind::Mapping {
                children,
                folds: frame.folds,
            },
            Shape::Sequence => Kind::Sequence(children),
        };
        slot.span.end = match (frame.flow, last) {
            (true, _) => span.end,
            (false, Some(last)) => last,
            (false, None) => slot.span.start,
        };
        let (begin, height) = (slot.span, frame.height + 1);
        if let Some(name) = frame.anchor
            // Another anchor of this name may have been set since.
            && let Some(anchor) = self.anchors.get_mut(name)
            && anchor.node == frame.node
        {
            anchor.complete = Some((self.document.size.since(frame.before), height));
        }
        if let Some(parent) = self.frames.last_mut() {
            parent.height = parent.height.max(height);
        }
        self.place(frame.node, begin)
    }

    pub(super) fn alias(&mut self, name: &str, span: NodeSpan) -> Result<(), Error> {
        let Some(anchor) = self.anchors.get(name) else {
            return Err(Error::new(YamlFault::UnknownAnchor, span));
        };
        let target = anchor.node;
        let Some((size, height)) = anchor.complete else {
            return Err(Error::new(YamlFault::RecursiveAlias, span));
        };
        if self.frames.len() + height > self.limits.depth {
            return Err(Error::new(YamlFault::TooDeep(self.limits.depth), span));
        }
        self.grow(size.alias(), span)?;
        if self.expects_key() {
            match self.document.nodes[target as usize].kind {
                Kind::Sequence(_) => {
                    return Err(Error::new(collection_as_key(Shape::Sequence), span));
                }
                Kind::Mapping { .. } => {
                    return Err(Error::new(collection_as_key(Shape::Mapping), span));
                }
                Kind::Scalar { .. } | Kind::Alias(_) => {}
            }
        }
        if let Some(frame) = self.frames.last_mut() {
            frame.height = frame.height.max(height);
        }
        let kind = Kind::Alias(target);
        let node = self.add(NodeSlot { span, kind })?;
        self.place(node, span)
    }

    /// Counts what comes to the document.
    #[inline]
    fn grow(&mut self, size: Size, span: NodeSpan) -> Result<(), Error> {
        let size = self.document.size.plus(size);
        if size.nodes > self.limits.nodes {
            return Err(Error::new(YamlFault::TooManyNodes(self.limits.nodes), span));
        }
        if size.bytes > self.limits.bytes {
            return Err(Error::new(YamlFault::TooManyBytes, span));
        }
        if size.aliased > 0 && size.is_mostly_aliased() {
            return Err(Error::new(YamlFault::TooMuchAliased, span));
        }
        self.document.size = size;
        Ok(())
    }

    #[inline]
    fn add(&mut self, slot: NodeSlot<'t>) -> Result<NodeId, Error> {
        let id = self.number(self.document.nodes.len(), slot.span)?;
        self.document.nodes.push(slot);
        Ok(id)
    }

    fn number(&self, count: usize, span: NodeSpan) -> Result<u32, Error> {
        u32::try_from(count)
            .map_err(|_| Error::new(YamlFault::TooManyNodes(self.limits.nodes), span))
    }

    /// Whether what comes next is the key of a mapping.
    fn expects_key(&self) -> bool {
        self.frames.last().is_some_and(|frame| {
            frame.shape == Shape::Mapping && (self.waiting.len() - frame.first).is_multiple_of(2)
        })
    }

    /// Puts a complete node where it belongs: into the collection that is being read.
    #[inline]
    fn place(&mut self, node: NodeId, span: NodeSpan) -> Result<(), Error> {
        let Some(frame) = self.frames.last() else {
            self.check_value(node, span)?;
            self.document.root = node;
            return Ok(());
        };
        if self.expects_key() {
            self.key(node, span)?;
        } else {
            if frame.folds
                && let Some(&key) = self.waiting.last()
                && self.document.is_merge_key(key)
            {
                merge::check(YamlNode::new(&self.document, node, None))?;
            }
            self.check_value(node, span)?;
        }
        self.waiting.push(node);
        Ok(())
    }

    /// That JSON can hold a value.
    #[inline]
    fn check_value(&self, node: NodeId, span: NodeSpan) -> Result<(), Error> {
        let Some(written) = self.document.written(node) else {
            return Ok(());
        };
        if !written.text.starts_with(['.', '+', '-']) {
            return Ok(());
        }
        match written.scalar() {
            Scalar::Float(value) if !value.is_finite() => Err(Error::new(
                YamlFault::NotFinite(written.text.to_owned()),
                span,
            )),
            _ => Ok(()),
        }
    }

    /// Notes a key of the mapping that is being read, and whether the mapping has it.
    fn key(&mut self, node: NodeId, span: NodeSpan) -> Result<(), Error> {
        let document = &self.document;
        let merges = document.is_merge_key(node);
        let (Some(frame), Some(key)) = (self.frames.last_mut(), document.written(node)) else {
            return Ok(());
        };
        if merges {
            frame.folds = true;
            return Ok(());
        }
        if self.dialect == Dialect::Kubectl
            && let Err(fault) = keys::string(key)
        {
            return Err(Error::new(fault, span));
        }
        let other_key = |id: NodeId| {
            let is_merge = document.is_merge_key(id);
            document.written(id).filter(|_| !is_merge)
        };
        let relation = |&other: &NodeId| {
            other_key(other).map_or(Relation::Different, |other| keys::relation(other, key))
        };
        let relates = |other: &NodeId| relation(other) != Relation::Different;
        let earlier = self.waiting[frame.first..].iter().copied().step_by(2);
        let hash = |id: NodeId| {
            let mut hasher = self.hasher.build_hasher();
            if let Some(key) = document.written(id) {
                keys::hash(key, &mut hasher);
            }
            hasher.finish()
        };
        let first = if earlier.len() < FEW_KEYS {
            earlier.into_iter().find(relates)
        } else {
            let keys = frame.keys.get_or_insert_with(|| {
                let mut keys = HashTable::new();
                for id in earlier {
                    keys.insert_unique(hash(id), id, |&id| hash(id));
                }
                keys
            });
            let found = keys.find(hash(node), relates).copied();
            if found.is_none() {
                keys.insert_unique(hash(node), node, |&id| hash(id));
            }
            found
        };
        let Some(first) = first else {
            return Ok(());
        };
        let name = excerpt(key.text).into_owned();
        if relation(&first) == Relation::Clash {
            let key = keys::string(key).map(Cow::into_owned).unwrap_or(name);
            return Err(Error::new(YamlFault::ClashingKeys { key }, span));
        }
        let first = document.nodes[first as usize].span;
        if self.dialect == Dialect::Kubectl {
            frame.folds = true;
            self.document.repeated.push(RepeatedKey {
                key: name,
                first,
                again: span,
            });
            return Ok(());
        }
        let (key, first) = (Some(name), Some(first));
        Err(Error::new(YamlFault::RepeatedKey { key, first }, span))
    }
}

/// Where a list in block style begins that is the value of a key. Where it isn't indented, the
/// parser says where its first item begins.
fn from_dash(text: &str, span: NodeSpan) -> NodeSpan {
    let before = &text[..span.range().start];
    let line = before.rfind(['\n', '\r']).map_or(0, |end| end + 1);
    let dash = before[line..]
        .bytes()
        .take_while(|&byte| byte == b' ')
        .count();
    if before.as_bytes().get(line + dash) != Some(&b'-') {
        return span;
    }
    let (Ok(start), Ok(column)) = (u32::try_from(line + dash), u32::try_from(dash + 1)) else {
        return span;
    };
    NodeSpan {
        start,
        column,
        ..span
    }
}

fn collection_as_key(shape: Shape) -> YamlFault {
    YamlFault::CollectionAsKey(match shape {
        Shape::Sequence => "a list",
        Shape::Mapping => "a mapping",
    })
}

impl Written<'_> {
    /// Whether the mark of a merge is written here, as a key.
    pub(super) fn says_merge(self) -> bool {
        self.text == "<<"
            && match self.tagged {
                None => self.style == Style::Plain,
                Some(tagged) => matches!(tagged.tag, Tag::Merge | Tag::NonSpecific),
            }
    }
}

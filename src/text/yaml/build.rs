//! From what a parser says, one event after the other, to a document.

use std::borrow::Cow;
use std::hash::{BuildHasher, Hasher};

use granit_parser::StructureStyle;
use hashbrown::{DefaultHashBuilder, HashMap, HashTable};

use super::resolve::{self, Style};
use super::tag::{Tag, TagShape};
use super::tree::{Children, Document, Kind, Node, NodeId, NodeSlot, Tagged, Written};
use super::{Error, Limits, NodeSpan, Size, YamlFault, keys, merge};

/// As many keys as are compared one by one to find a duplicate.
const FEW_KEYS: usize = 16;
/// So much of a scalar is shown in a message.
const SHOWN: usize = 40;

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
        root: 0,
        size: Size::scalar(0),
    }
}

/// A collection that is being read.
struct Frame {
    node: NodeId,
    shape: TagShape,
    style: StructureStyle,
    anchor: usize,
    /// Where its children begin among those that wait.
    first: usize,
    /// How deep the collections in it are nested.
    height: usize,
    /// How large the document was before it.
    before: Size,
    /// Its keys, once they are many.
    keys: Option<HashTable<NodeId>>,
    merges: bool,
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
    document: Document<'t>,
    frames: Vec<Frame>,
    /// The children of the collections that are being read.
    waiting: Vec<NodeId>,
    anchors: HashMap<usize, Anchor>,
    aliased_events: u64,
    hasher: DefaultHashBuilder,
}

impl<'t> Builder<'t> {
    pub(super) fn new(text: &'t str, limits: Limits) -> Self {
        Builder {
            text,
            limits,
            document: Document {
                nodes: Vec::new(),
                children: Vec::new(),
                tagged: Vec::new(),
                root: 0,
                size: Size::default(),
            },
            frames: Vec::new(),
            waiting: Vec::new(),
            anchors: HashMap::new(),
            aliased_events: 0,
            hasher: DefaultHashBuilder::default(),
        }
    }

    pub(super) fn finish(self) -> Document<'t> {
        if self.document.nodes.is_empty() {
            return empty(NodeSpan::BEGIN);
        }
        self.document
    }

    #[inline]
    pub(super) fn scalar(
        &mut self,
        text: Cow<'t, str>,
        style: Style,
        anchor: usize,
        tag: Option<&granit_parser::Tag>,
        span: NodeSpan,
    ) -> Result<(), Error> {
        let mut size = Size::scalar(text.len());
        let tagged = match tag {
            None => None,
            Some(tag) => {
                size = size.plus(Size {
                    bytes: bytes_of(tag),
                    ..Size::default()
                });
                Some(self.tagged(tag, &text, style, span)?)
            }
        };
        self.grow(size, span)?;
        let kind = Kind::Scalar {
            text,
            style,
            tagged,
        };
        let node = self.add(NodeSlot { span, kind })?;
        if anchor != 0 {
            let complete = Some((size, 0));
            self.anchors.insert(anchor, Anchor { node, complete });
        }
        self.place(node, span)
    }

    /// The number of a scalar's tag, if the scalar is what the tag says.
    fn tagged(
        &mut self,
        tag: &granit_parser::Tag,
        text: &str,
        style: Style,
        span: NodeSpan,
    ) -> Result<u32, Error> {
        let meaning = Tag::of(tag);
        if !meaning.fits(TagShape::Scalar) {
            return Err(Error::new(YamlFault::MisplacedTag(tag.original()), span));
        }
        let Some(value) = resolve::tagged(meaning, text, style) else {
            let fault = YamlFault::TaggedScalar {
                tag: tag.original(),
                text: text.chars().take(SHOWN).collect(),
            };
            return Err(Error::new(fault, span));
        };
        let number = self.number(self.document.tagged.len(), span)?;
        self.document.tagged.push(Tagged {
            tag: meaning,
            name: tag.to_string().into_boxed_str(),
            value,
        });
        Ok(number)
    }

    pub(super) fn begin(
        &mut self,
        shape: TagShape,
        style: StructureStyle,
        anchor: usize,
        tag: Option<&granit_parser::Tag>,
        span: NodeSpan,
    ) -> Result<(), Error> {
        if self.frames.len() >= self.limits.depth {
            return Err(Error::new(YamlFault::TooDeep(self.limits.depth), span));
        }
        if self.expects_key() {
            return Err(Error::new(collection_as_key(shape), span));
        }
        if let Some(tag) = tag
            && !Tag::of(tag).fits(shape)
        {
            return Err(Error::new(YamlFault::MisplacedTag(tag.original()), span));
        }
        let span = match (shape, style, self.frames.last()) {
            (TagShape::Sequence, StructureStyle::Block, Some(parent))
                if parent.shape == TagShape::Mapping =>
            {
                from_dash(self.text, span)
            }
            _ => span,
        };
        let before = self.document.size;
        let mut size = Size::collection(0);
        size.bytes = tag.map_or(0, bytes_of);
        self.grow(size, span)?;
        let kind = match shape {
            TagShape::Mapping => Kind::Mapping {
                children: Children::NONE,
                merges: false,
            },
            _ => Kind::Sequence(Children::NONE),
        };
        let node = self.add(NodeSlot { span, kind })?;
        if anchor != 0 {
            let complete = None;
            self.anchors.insert(anchor, Anchor { node, complete });
        }
        self.frames.push(Frame {
            node,
            shape,
            style,
            anchor,
            first: self.waiting.len(),
            height: 0,
            before,
            keys: None,
            merges: false,
        });
        Ok(())
    }

    pub(super) fn end(&mut self, span: NodeSpan) -> Result<(), Error> {
        let Some(frame) = self.frames.pop() else {
            return Err(Error::new(
                YamlFault::Syntax("an end without a beginning".to_owned()),
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
            TagShape::Mapping => Kind::Mapping {
                children,
                merges: frame.merges,
            },
            _ => Kind::Sequence(children),
        };
        slot.span.end = match (frame.style, last) {
            (StructureStyle::Flow, _) => span.end,
            (StructureStyle::Block, Some(last)) => last,
            (StructureStyle::Block, None) => slot.span.start,
        };
        let (begin, height) = (slot.span, frame.height + 1);
        if frame.anchor != 0
            && let Some(anchor) = self.anchors.get_mut(&frame.anchor)
        {
            anchor.complete = Some((self.document.size.since(frame.before), height));
        }
        if let Some(parent) = self.frames.last_mut() {
            parent.height = parent.height.max(height);
        }
        self.place(frame.node, begin)
    }

    pub(super) fn alias(&mut self, anchor: usize, span: NodeSpan) -> Result<(), Error> {
        let Some(anchor) = self.anchors.get(&anchor) else {
            return Err(Error::new(YamlFault::UnknownAnchor, span));
        };
        let target = anchor.node;
        let Some((size, height)) = anchor.complete else {
            return Err(Error::new(YamlFault::RecursiveAlias, span));
        };
        if self.frames.len() + height > self.limits.depth {
            return Err(Error::new(YamlFault::TooDeep(self.limits.depth), span));
        }
        self.aliased_events = self.aliased_events.saturating_add(size.events);
        if self.aliased_events > self.limits.alias_events {
            return Err(Error::new(YamlFault::TooMuchAliased, span));
        }
        self.grow(size, span)?;
        if self.expects_key() {
            match self.document.nodes[target as usize].kind {
                Kind::Sequence(_) => {
                    return Err(Error::new(collection_as_key(TagShape::Sequence), span));
                }
                Kind::Mapping { .. } => {
                    return Err(Error::new(collection_as_key(TagShape::Mapping), span));
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
            frame.shape == TagShape::Mapping && (self.waiting.len() - frame.first).is_multiple_of(2)
        })
    }

    /// Puts a complete node where it belongs: into the collection that is being read.
    #[inline]
    fn place(&mut self, node: NodeId, span: NodeSpan) -> Result<(), Error> {
        let Some(frame) = self.frames.last() else {
            self.document.root = node;
            return Ok(());
        };
        if frame.shape == TagShape::Mapping {
            if self.expects_key() {
                self.key(node, span)?;
            } else if frame.merges
                && let Some(&key) = self.waiting.last()
                && self
                    .document
                    .written(key)
                    .is_some_and(Written::is_merge_key)
            {
                merge::check(Node::new(&self.document, node, None))?;
            }
        }
        self.waiting.push(node);
        Ok(())
    }

    /// Notes a key of the mapping that is being read, unless the mapping has it.
    fn key(&mut self, node: NodeId, span: NodeSpan) -> Result<(), Error> {
        let document = &self.document;
        let (Some(frame), Some(key)) = (self.frames.last_mut(), document.written(node)) else {
            return Ok(());
        };
        if key.is_merge_key() {
            frame.merges = true;
            return Ok(());
        }
        let earlier = self.waiting[frame.first..].iter().copied().step_by(2);
        let is_same = |&other: &NodeId| {
            document
                .written(other)
                .is_some_and(|other| !other.is_merge_key() && keys::same(other, key))
        };
        let hash = |id: NodeId| {
            let mut hasher = self.hasher.build_hasher();
            if let Some(key) = document.written(id) {
                keys::hash(key, &mut hasher);
            }
            hasher.finish()
        };
        let first = if earlier.len() < FEW_KEYS {
            earlier.into_iter().find(is_same)
        } else {
            let keys = frame.keys.get_or_insert_with(|| {
                let mut keys = HashTable::new();
                for id in earlier {
                    keys.insert_unique(hash(id), id, |&id| hash(id));
                }
                keys
            });
            let found = keys.find(hash(node), is_same).copied();
            keys.insert_unique(hash(node), node, |&id| hash(id));
            found
        };
        match first {
            None => Ok(()),
            Some(first) => {
                let fault = YamlFault::RepeatedKey {
                    key: keys::string(key).ok().map(Cow::into_owned),
                    first: Some(document.nodes[first as usize].span),
                };
                Err(Error::new(fault, span))
            }
        }
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

fn collection_as_key(shape: TagShape) -> YamlFault {
    YamlFault::CollectionAsKey(match shape {
        TagShape::Sequence => "a list",
        _ => "a mapping",
    })
}

fn bytes_of(tag: &granit_parser::Tag) -> u64 {
    let (prefix, name) = tag.parts();
    prefix.len() as u64 + name.len() as u64
}

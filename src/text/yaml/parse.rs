//! From tokens to events: where collections begin and end, and what stands where nothing is written.
//!
//! Source of the rules: the grammar of YAML 1.1 as `sigs.k8s.io/yaml/goyaml.v2` takes it.

use std::borrow::Cow;

use super::resolve::Style;
use super::scan::Scanner;
use super::token::{Mark, Syntax, SyntaxError, Token, TokenKind};

const YAML: &str = "tag:yaml.org,2002:";

/// Something that a document is made of, and where it stands.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Event<'t> {
    pub(super) kind: EventKind<'t>,
    pub(super) start: Mark,
    pub(super) end: Mark,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) enum EventKind<'t> {
    DocumentStart,
    DocumentEnd,
    StreamEnd,
    Alias(&'t str),
    Scalar {
        text: Cow<'t, str>,
        style: Style,
        properties: Properties<'t>,
    },
    SequenceStart {
        flow: bool,
        properties: Properties<'t>,
    },
    SequenceEnd,
    MappingStart {
        flow: bool,
        properties: Properties<'t>,
    },
    MappingEnd,
}

/// What may stand before a node.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Properties<'t> {
    pub(super) anchor: Option<&'t str>,
    /// The whole tag; never an empty one.
    pub(super) tag: Option<Box<str>>,
}

/// What comes next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    FirstDocument,
    Document,
    Content,
    DocumentEnd,
    Node(Context),
    BlockEntry { first: bool },
    IndentlessEntry,
    BlockKey { first: bool },
    BlockValue,
    FlowEntry { first: bool },
    PairKey,
    PairValue,
    PairEnd,
    FlowKey { first: bool },
    FlowValue,
    FlowNoValue,
    End,
}

/// Where a node stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Context {
    Block,
    /// In a mapping in block style, where a list needn't be indented.
    BlockOrIndentless,
    Flow,
}

/// What reads a text event by event.
pub(super) struct Parser<'t> {
    scanner: Scanner<'t>,
    state: State,
    outer: Vec<State>,
    /// What opened the collections in flow style that aren't closed yet, and where.
    flows: Vec<(Mark, Syntax)>,
    /// The prefixes of this document's tags, by their handles.
    prefixes: Vec<(&'t str, Cow<'t, str>)>,
}

type Parsed<'t> = Result<Event<'t>, SyntaxError>;

impl<'t> Parser<'t> {
    pub(super) fn new(text: &'t str) -> Self {
        Parser {
            scanner: Scanner::new(text),
            state: State::FirstDocument,
            outer: Vec::new(),
            flows: Vec::new(),
            prefixes: Vec::new(),
        }
    }

    /// The next event; after the end of the text, that end again.
    pub(super) fn next_event(&mut self) -> Parsed<'t> {
        match self.state {
            State::FirstDocument => self.document_start(true),
            State::Document => self.document_start(false),
            State::Content => self.content(),
            State::DocumentEnd => self.document_end(),
            State::Node(context) => self.node(context),
            State::BlockEntry { first } => self.block_entry(first),
            State::IndentlessEntry => self.indentless_entry(),
            State::BlockKey { first } => self.block_key(first),
            State::BlockValue => self.block_value(),
            State::FlowEntry { first } => self.flow_entry(first),
            State::PairKey => self.pair_key(),
            State::PairValue => self.pair_value(),
            State::PairEnd => self.pair_end(),
            State::FlowKey { first } => self.flow_key(first),
            State::FlowValue => self.flow_value(),
            State::FlowNoValue => {
                let at = self.scanner.peek()?.start;
                self.state = State::FlowKey { first: false };
                Ok(nothing(at))
            }
            State::End => {
                let at = self.scanner.peek()?.start;
                Ok(event(EventKind::StreamEnd, at, at))
            }
        }
    }

    fn peek(&mut self) -> Result<&TokenKind<'t>, SyntaxError> {
        Ok(&self.scanner.peek()?.kind)
    }

    /// Takes the next token.
    fn take(&mut self) -> Result<Token<'t>, SyntaxError> {
        self.scanner.peek()?;
        let at = self.scanner.mark;
        let taken = self.scanner.take();
        Ok(taken.unwrap_or(Token {
            kind: TokenKind::StreamEnd,
            start: at,
            end: at,
        }))
    }

    fn refuse<T>(&mut self, problem: Syntax) -> Result<T, SyntaxError> {
        let next = self.scanner.peek()?;
        let at = next.start;
        let ends = matches!(
            next.kind,
            TokenKind::StreamEnd | TokenKind::DocumentStart | TokenKind::DocumentEnd
        );
        // What lacks is easier to find where it began than where it is missed.
        match self.flows.last() {
            Some(&(at, problem)) if ends => Err(SyntaxError { problem, at }),
            _ => Err(SyntaxError { problem, at }),
        }
    }

    /// Goes on with what is around.
    fn leave(&mut self) {
        self.state = self.outer.pop().unwrap_or(State::End);
    }

    fn document_start(&mut self, first: bool) -> Parsed<'t> {
        if !first {
            while matches!(self.peek()?, TokenKind::DocumentEnd) {
                self.take()?;
            }
        }
        let start = self.scanner.peek()?.start;
        match self.peek()? {
            TokenKind::StreamEnd => {
                self.take()?;
                self.state = State::End;
                return Ok(event(EventKind::StreamEnd, start, start));
            }
            TokenKind::Version { .. } | TokenKind::TagPrefix { .. } | TokenKind::DocumentStart => {}
            _ if first => {
                self.directives()?;
                self.outer.push(State::DocumentEnd);
                self.state = State::Node(Context::Block);
                return Ok(event(EventKind::DocumentStart, start, start));
            }
            _ => {}
        }
        self.directives()?;
        if !matches!(self.peek()?, TokenKind::DocumentStart) {
            return self.refuse(Syntax::NoDocumentStart);
        }
        let marker = self.take()?;
        self.outer.push(State::DocumentEnd);
        self.state = State::Content;
        Ok(event(EventKind::DocumentStart, start, marker.end))
    }

    fn directives(&mut self) -> Result<(), SyntaxError> {
        let mut has_version = false;
        self.prefixes.clear();
        loop {
            match self.peek()? {
                &TokenKind::Version { major, minor } => {
                    if has_version {
                        return self.refuse(Syntax::SecondVersion);
                    }
                    if (major, minor) != (1, 1) {
                        return self.refuse(Syntax::OtherVersion);
                    }
                    has_version = true;
                }
                TokenKind::TagPrefix { handle, prefix } => {
                    let (handle, prefix) = (*handle, prefix.clone());
                    if self.prefixes.iter().any(|(known, _)| *known == handle) {
                        return self.refuse(Syntax::SecondHandle);
                    }
                    self.prefixes.push((handle, prefix));
                }
                _ => break,
            }
            self.take()?;
        }
        for (handle, prefix) in [("!", "!"), ("!!", YAML)] {
            if !self.prefixes.iter().any(|(known, _)| *known == handle) {
                self.prefixes.push((handle, Cow::Borrowed(prefix)));
            }
        }
        Ok(())
    }

    fn content(&mut self) -> Parsed<'t> {
        match self.peek()? {
            TokenKind::Version { .. }
            | TokenKind::TagPrefix { .. }
            | TokenKind::DocumentStart
            | TokenKind::DocumentEnd
            | TokenKind::StreamEnd => {
                let at = self.scanner.peek()?.start;
                self.leave();
                Ok(nothing(at))
            }
            _ => self.node(Context::Block),
        }
    }

    fn document_end(&mut self) -> Parsed<'t> {
        let at = self.scanner.peek()?.start;
        let mut end = at;
        if matches!(self.peek()?, TokenKind::DocumentEnd) {
            end = self.take()?.end;
        }
        self.prefixes.clear();
        self.state = State::Document;
        Ok(event(EventKind::DocumentEnd, at, end))
    }

    fn node(&mut self, context: Context) -> Parsed<'t> {
        let start = self.scanner.peek()?.start;
        if matches!(self.peek()?, TokenKind::Alias(_)) {
            let token = self.take()?;
            let TokenKind::Alias(name) = token.kind else {
                return self.refuse(Syntax::NoContent);
            };
            self.leave();
            return Ok(event(EventKind::Alias(name), token.start, token.end));
        }
        let (properties, after) = self.properties(start)?;
        let content = self.scanner.peek()?;
        // What stands there begins after its tag and its anchor.
        let (begin, end) = (content.start, content.end);
        let is_block = context != Context::Flow;
        let (kind, next) = match self.peek()? {
            TokenKind::BlockEntry if context == Context::BlockOrIndentless => (
                EventKind::SequenceStart {
                    flow: false,
                    properties,
                },
                State::IndentlessEntry,
            ),
            TokenKind::Scalar { .. } => {
                let TokenKind::Scalar { text, style } = self.take()?.kind else {
                    return self.refuse(Syntax::NoContent);
                };
                self.leave();
                let kind = EventKind::Scalar {
                    text,
                    style,
                    properties,
                };
                return Ok(event(kind, begin, end));
            }
            TokenKind::FlowSequenceStart => (
                EventKind::SequenceStart {
                    flow: true,
                    properties,
                },
                State::FlowEntry { first: true },
            ),
            TokenKind::FlowMappingStart => (
                EventKind::MappingStart {
                    flow: true,
                    properties,
                },
                State::FlowKey { first: true },
            ),
            TokenKind::BlockSequenceStart if is_block => (
                EventKind::SequenceStart {
                    flow: false,
                    properties,
                },
                State::BlockEntry { first: true },
            ),
            TokenKind::BlockMappingStart if is_block => (
                EventKind::MappingStart {
                    flow: false,
                    properties,
                },
                State::BlockKey { first: true },
            ),
            _ if properties != Properties::default() => {
                self.leave();
                let kind = EventKind::Scalar {
                    text: Cow::Borrowed(""),
                    style: Style::Plain,
                    properties,
                };
                return Ok(event(kind, start, after));
            }
            _ => return self.refuse(Syntax::NoContent),
        };
        self.state = next;
        Ok(event(kind, begin, end))
    }

    /// The anchor and the tag before a node, and where they end.
    fn properties(&mut self, start: Mark) -> Result<(Properties<'t>, Mark), SyntaxError> {
        let mut found = Properties::default();
        let mut end = start;
        let mut has_tag = false;
        // One of each, in any order.
        loop {
            match self.peek()? {
                TokenKind::Anchor(name) if found.anchor.is_none() => found.anchor = Some(name),
                TokenKind::Tag { .. } if !has_tag => {
                    has_tag = true;
                    end = self.scanner.peek()?.end;
                    let TokenKind::Tag { handle, suffix } = self.take()?.kind else {
                        continue;
                    };
                    let prefix = match handle {
                        "" => "",
                        handle => {
                            let known = self.prefixes.iter().find(|(known, _)| *known == handle);
                            match known {
                                Some((_, prefix)) => prefix,
                                None => return self.refuse(Syntax::UndeclaredHandle),
                            }
                        }
                    };
                    found.tag = Some(format!("{prefix}{suffix}").into_boxed_str());
                    continue;
                }
                _ => return Ok((found, end)),
            }
            end = self.take()?.end;
        }
    }

    fn block_entry(&mut self, first: bool) -> Parsed<'t> {
        if first {
            self.take()?;
        }
        let start = self.scanner.peek()?.start;
        match self.peek()? {
            TokenKind::BlockEntry => {
                let at = self.take()?.end;
                match self.peek()? {
                    TokenKind::BlockEntry | TokenKind::BlockEnd => {
                        self.state = State::BlockEntry { first: false };
                        Ok(nothing(at))
                    }
                    _ => {
                        self.outer.push(State::BlockEntry { first: false });
                        self.node(Context::Block)
                    }
                }
            }
            TokenKind::BlockEnd => {
                let end = self.take()?.end;
                self.leave();
                Ok(event(EventKind::SequenceEnd, start, end))
            }
            _ => self.refuse(Syntax::NoEntry),
        }
    }

    fn indentless_entry(&mut self) -> Parsed<'t> {
        let start = self.scanner.peek()?.start;
        if !matches!(self.peek()?, TokenKind::BlockEntry) {
            self.leave();
            return Ok(event(EventKind::SequenceEnd, start, start));
        }
        let at = self.take()?.end;
        match self.peek()? {
            TokenKind::BlockEntry | TokenKind::Key | TokenKind::Value | TokenKind::BlockEnd => {
                self.state = State::IndentlessEntry;
                Ok(nothing(at))
            }
            _ => {
                self.outer.push(State::IndentlessEntry);
                self.node(Context::Block)
            }
        }
    }

    fn block_key(&mut self, first: bool) -> Parsed<'t> {
        if first {
            self.take()?;
        }
        let start = self.scanner.peek()?.start;
        match self.peek()? {
            TokenKind::Key => {
                let at = self.take()?.end;
                match self.peek()? {
                    TokenKind::Key | TokenKind::Value | TokenKind::BlockEnd => {
                        self.state = State::BlockValue;
                        Ok(nothing(at))
                    }
                    _ => {
                        self.outer.push(State::BlockValue);
                        self.node(Context::BlockOrIndentless)
                    }
                }
            }
            TokenKind::BlockEnd => {
                let end = self.take()?.end;
                self.leave();
                Ok(event(EventKind::MappingEnd, start, end))
            }
            _ => self.refuse(Syntax::NoKey),
        }
    }

    fn block_value(&mut self) -> Parsed<'t> {
        let start = self.scanner.peek()?.start;
        if !matches!(self.peek()?, TokenKind::Value) {
            self.state = State::BlockKey { first: false };
            return Ok(nothing(start));
        }
        let at = self.take()?.start;
        match self.peek()? {
            TokenKind::Key | TokenKind::Value | TokenKind::BlockEnd => {
                self.state = State::BlockKey { first: false };
                Ok(nothing(at))
            }
            _ => {
                self.outer.push(State::BlockKey { first: false });
                self.node(Context::BlockOrIndentless)
            }
        }
    }

    fn flow_entry(&mut self, first: bool) -> Parsed<'t> {
        if first {
            let begin = self.take()?.start;
            self.flows.push((begin, Syntax::UnclosedSequence));
        }
        if !first && !matches!(self.peek()?, TokenKind::FlowSequenceEnd) {
            if !matches!(self.peek()?, TokenKind::FlowEntry) {
                return self.refuse(Syntax::OpenSequence);
            }
            self.take()?;
        }
        let Token { start, end, .. } = *self.scanner.peek()?;
        match self.peek()? {
            TokenKind::FlowSequenceEnd => {
                self.take()?;
                self.flows.pop();
                self.leave();
                Ok(event(EventKind::SequenceEnd, start, end))
            }
            // `[a: b]` is a list of a mapping.
            TokenKind::Key => {
                self.take()?;
                self.state = State::PairKey;
                let kind = EventKind::MappingStart {
                    flow: true,
                    properties: Properties::default(),
                };
                Ok(event(kind, start, end))
            }
            _ => {
                self.outer.push(State::FlowEntry { first: false });
                self.node(Context::Flow)
            }
        }
    }

    fn pair_key(&mut self) -> Parsed<'t> {
        match self.peek()? {
            TokenKind::Value | TokenKind::FlowEntry | TokenKind::FlowSequenceEnd => {
                // kubectl's library takes this token for the key that is missing.
                let at = self.take()?.end;
                self.state = State::PairValue;
                Ok(nothing(at))
            }
            _ => {
                self.outer.push(State::PairValue);
                self.node(Context::Flow)
            }
        }
    }

    fn pair_value(&mut self) -> Parsed<'t> {
        if matches!(self.peek()?, TokenKind::Value) {
            self.take()?;
            if !matches!(
                self.peek()?,
                TokenKind::FlowEntry | TokenKind::FlowSequenceEnd
            ) {
                self.outer.push(State::PairEnd);
                return self.node(Context::Flow);
            }
        }
        let at = self.scanner.peek()?.start;
        self.state = State::PairEnd;
        Ok(nothing(at))
    }

    fn pair_end(&mut self) -> Parsed<'t> {
        let at = self.scanner.peek()?.start;
        self.state = State::FlowEntry { first: false };
        Ok(event(EventKind::MappingEnd, at, at))
    }

    fn flow_key(&mut self, first: bool) -> Parsed<'t> {
        if first {
            let begin = self.take()?.start;
            self.flows.push((begin, Syntax::UnclosedMapping));
        }
        if !first && !matches!(self.peek()?, TokenKind::FlowMappingEnd) {
            if !matches!(self.peek()?, TokenKind::FlowEntry) {
                return self.refuse(Syntax::OpenMapping);
            }
            self.take()?;
        }
        let Token { start, end, .. } = *self.scanner.peek()?;
        match self.peek()? {
            TokenKind::FlowMappingEnd => {
                self.take()?;
                self.flows.pop();
                self.leave();
                Ok(event(EventKind::MappingEnd, start, end))
            }
            TokenKind::Key => {
                self.take()?;
                match self.peek()? {
                    TokenKind::Value | TokenKind::FlowEntry | TokenKind::FlowMappingEnd => {
                        let at = self.scanner.peek()?.start;
                        self.state = State::FlowValue;
                        Ok(nothing(at))
                    }
                    _ => {
                        self.outer.push(State::FlowValue);
                        self.node(Context::Flow)
                    }
                }
            }
            _ => {
                self.outer.push(State::FlowNoValue);
                self.node(Context::Flow)
            }
        }
    }

    fn flow_value(&mut self) -> Parsed<'t> {
        if matches!(self.peek()?, TokenKind::Value) {
            self.take()?;
            if !matches!(
                self.peek()?,
                TokenKind::FlowEntry | TokenKind::FlowMappingEnd
            ) {
                self.outer.push(State::FlowKey { first: false });
                return self.node(Context::Flow);
            }
        }
        let at = self.scanner.peek()?.start;
        self.state = State::FlowKey { first: false };
        Ok(nothing(at))
    }
}

fn event(kind: EventKind<'_>, start: Mark, end: Mark) -> Event<'_> {
    Event { kind, start, end }
}

/// What stands where nothing is written.
fn nothing<'t>(at: Mark) -> Event<'t> {
    let kind = EventKind::Scalar {
        text: Cow::Borrowed(""),
        style: Style::Plain,
        properties: Properties::default(),
    };
    event(kind, at, at)
}

//! From a text to tokens, as kubectl's YAML library makes them.
//!
//! Source of the rules: YAML 1.1, with the leave that the scanner of `sigs.k8s.io/yaml/goyaml.v2`
//! takes. What tells them from those of YAML 1.2 decides what a cluster gets: U+0085, U+2028 and
//! U+2029 end lines, `?` is an indicator wherever flow style is, tabs may stand wherever no key can
//! begin, and whatever follows a document's first root isn't looked at.
//!
//! A key in one line (`key: value`) is only known for one when its `:` comes, so tokens wait in a
//! queue until it is certain that none is to be put before them.

use std::borrow::Cow;
use std::collections::VecDeque;

use super::NodeSpan;
use super::chars::{count, is_blank, is_end, is_gap, is_word, line_end, width};
use super::resolve::Style;
use super::token::{Mark, Syntax, SyntaxError, Token, TokenKind};

/// The most characters between the beginning of a key and its `:`.
const KEY_LENGTH: u32 = 1024;
/// The deepest nesting, in flow style as by indentation.
const DEEPEST: usize = 10_000;

/// What may turn out to be a key in one line.
#[derive(Debug, Clone, Copy)]
struct Candidate {
    possible: bool,
    /// Whether nothing else than a key can stand there.
    required: bool,
    /// The number of the token, counted from the beginning.
    token: usize,
    mark: Mark,
}

/// What reads a text token by token.
#[derive(Debug)]
pub(super) struct Scanner<'t> {
    pub(super) text: &'t str,
    pub(super) bytes: &'t [u8],
    pub(super) mark: Mark,
    /// The column of the innermost collection in block style; -1 for none.
    pub(super) indent: i64,
    outer_indents: Vec<i64>,
    /// How many collections in flow style are open.
    pub(super) flow: usize,
    pub(super) key_allowed: bool,
    /// One for each collection in flow style, and one for what is around them. Their tokens' numbers
    /// ascend.
    candidates: Vec<Candidate>,
    queue: VecDeque<Token<'t>>,
    /// How many tokens were taken from the queue.
    taken: usize,
    /// Whether nothing can be put before the first token of the queue any more.
    ready: bool,
    ended: bool,
    /// Where comments stand, where that is asked for.
    comments: Option<Vec<NodeSpan>>,
}

impl<'t> Scanner<'t> {
    pub(super) fn new(text: &'t str) -> Self {
        let offset = if text.starts_with('\u{feff}') { 3 } else { 0 };
        Scanner {
            text,
            bytes: text.as_bytes(),
            mark: Mark {
                offset,
                ..Mark::BEGIN
            },
            indent: -1,
            outer_indents: Vec::new(),
            flow: 0,
            key_allowed: true,
            candidates: vec![Candidate {
                possible: false,
                required: false,
                token: 0,
                mark: Mark::BEGIN,
            }],
            queue: VecDeque::new(),
            taken: 0,
            ready: false,
            ended: false,
            comments: None,
        }
    }

    /// One that keeps the places of comments.
    pub(super) fn with_comments(text: &'t str) -> Self {
        Scanner {
            comments: Some(Vec::new()),
            ..Scanner::new(text)
        }
    }

    /// The comments so far.
    pub(super) fn comments(self) -> Vec<NodeSpan> {
        self.comments.unwrap_or_default()
    }

    /// The next token, which stays in the queue.
    #[inline]
    pub(super) fn peek(&mut self) -> Result<&Token<'t>, SyntaxError> {
        if !self.ready {
            self.make_ready()?;
        }
        Ok(&self.queue[0])
    }

    /// Reads on until it is certain which token is the next one.
    fn make_ready(&mut self) -> Result<(), SyntaxError> {
        while self.queue.is_empty() || self.first_may_follow_key()? {
            if self.ended {
                break;
            }
            self.fetch()?;
        }
        // After the end there is nothing but the end.
        if self.queue.is_empty() {
            self.push(TokenKind::StreamEnd, self.mark);
        }
        self.ready = true;
        Ok(())
    }

    /// Takes the token that was looked at.
    pub(super) fn take(&mut self) -> Option<Token<'t>> {
        let token = self.queue.pop_front()?;
        self.taken += 1;
        self.ready = false;
        Some(token)
    }

    /// Whether the first token of the queue may turn out to be a key.
    fn first_may_follow_key(&mut self) -> Result<bool, SyntaxError> {
        let number = self.taken;
        // Outside of brackets there is but one.
        let first = match &*self.candidates {
            [only] => usize::from(only.token < number),
            many => many.partition_point(|candidate| candidate.token < number),
        };
        let found = self.candidates[first..]
            .iter()
            .take_while(|candidate| candidate.token == number)
            .position(|candidate| candidate.possible);
        match found {
            Some(at) => self.is_valid(first + at),
            None => Ok(false),
        }
    }

    /// Whether what may be a key still can be one here.
    fn is_valid(&mut self, at: usize) -> Result<bool, SyntaxError> {
        let mark = self.mark;
        let candidate = &mut self.candidates[at];
        if !candidate.possible {
            return Ok(false);
        }
        if candidate.mark.line == mark.line && candidate.mark.column + KEY_LENGTH >= mark.column {
            return Ok(true);
        }
        if candidate.required {
            return Err(self.error(Syntax::KeyWithoutColon));
        }
        candidate.possible = false;
        Ok(false)
    }

    pub(super) fn error(&self, problem: Syntax) -> SyntaxError {
        SyntaxError {
            problem,
            at: self.mark,
        }
    }

    #[inline]
    pub(super) fn byte(&self, ahead: usize) -> Option<u8> {
        self.bytes.get(self.mark.offset + ahead).copied()
    }

    /// Goes on by characters of one byte each, none of which ends a line.
    #[inline]
    pub(super) fn skip(&mut self, bytes: u32) {
        self.mark.offset += bytes as usize;
        self.mark.column += bytes;
    }

    /// Goes on to a later place of the same line.
    #[inline]
    pub(super) fn skip_to(&mut self, offset: usize) {
        self.mark.column += count(&self.bytes[self.mark.offset..offset]);
        self.mark.offset = offset;
    }

    /// Goes on to the next line; where no line ends here, nowhere.
    #[inline]
    pub(super) fn skip_line(&mut self) {
        if let Some(bytes) = line_end(self.bytes, self.mark.offset) {
            self.mark.offset += bytes;
            self.mark.line += 1;
            self.mark.column = 0;
        }
    }

    #[inline]
    pub(super) fn skip_blanks(&mut self) {
        while is_blank(self.bytes, self.mark.offset) {
            self.skip(1);
        }
    }

    /// Goes on to the end of the line where a comment stands.
    pub(super) fn skip_comment(&mut self) {
        if self.byte(0) != Some(b'#') {
            return;
        }
        let mut at = self.mark.offset;
        while !is_end(self.bytes, at) {
            at += width(self.bytes[at]);
        }
        let begin = self.mark;
        self.skip_to(at);
        if let Some(comments) = &mut self.comments {
            comments.push(begin.to(self.mark));
        }
    }

    /// Whether `---` or `...` stands at the beginning of this line, with nothing right after it.
    #[inline]
    pub(super) fn is_marker(&self, marker: &[u8]) -> bool {
        let at = self.mark.offset;
        self.mark.column == 0
            && self.bytes[at..].starts_with(marker)
            && is_gap(self.bytes, at + marker.len())
    }

    fn push(&mut self, kind: TokenKind<'t>, start: Mark) {
        let end = self.mark;
        self.queue.push_back(Token { kind, start, end });
    }

    /// Puts a token before the one of this number.
    fn insert(&mut self, number: usize, token: Token<'t>) {
        let at = number.saturating_sub(self.taken).min(self.queue.len());
        self.queue.insert(at, token);
    }

    /// Puts the next token, and those that it implies, into the queue.
    fn fetch(&mut self) -> Result<(), SyntaxError> {
        self.pass_over_gap();
        self.close_deeper(i64::from(self.mark.column));
        let at = self.mark.offset;
        let Some(first) = self.byte(0) else {
            return self.end();
        };
        if self.mark.column == 0 {
            if first == b'%' {
                self.close_all()?;
                let start = self.mark;
                let kind = self.directive()?;
                self.push(kind, start);
                return Ok(());
            }
            for (marker, kind) in [
                (b"---", TokenKind::DocumentStart),
                (b"...", TokenKind::DocumentEnd),
            ] {
                if self.is_marker(marker) {
                    self.close_all()?;
                    return self.indicator(kind, 3);
                }
            }
        }
        let in_flow = self.flow > 0;
        match first {
            b'[' => self.open(TokenKind::FlowSequenceStart),
            b'{' => self.open(TokenKind::FlowMappingStart),
            b']' => self.close(TokenKind::FlowSequenceEnd),
            b'}' => self.close(TokenKind::FlowMappingEnd),
            b',' => {
                self.drop_candidate()?;
                self.key_allowed = true;
                self.indicator(TokenKind::FlowEntry, 1)
            }
            b'-' if is_gap(self.bytes, at + 1) => self.entry(),
            b'?' if in_flow || is_gap(self.bytes, at + 1) => self.key(),
            b':' if in_flow || is_gap(self.bytes, at + 1) => self.value(),
            b'*' | b'&' => {
                self.keep_candidate()?;
                self.key_allowed = false;
                let start = self.mark;
                let name = self.anchor_name()?;
                let kind = match first {
                    b'*' => TokenKind::Alias(name),
                    _ => TokenKind::Anchor(name),
                };
                self.push(kind, start);
                Ok(())
            }
            b'!' => {
                self.keep_candidate()?;
                self.key_allowed = false;
                let start = self.mark;
                let kind = self.tag()?;
                self.push(kind, start);
                Ok(())
            }
            b'|' if !in_flow => self.block_scalar(Style::Literal),
            b'>' if !in_flow => self.block_scalar(Style::Folded),
            b'\'' => self.flow_scalar(Style::SingleQuoted),
            b'"' => self.flow_scalar(Style::DoubleQuoted),
            b'\t' => Err(self.error(Syntax::Tab)),
            b'-' | b':' | b'?' => {
                // What is left of them is followed by no gap.
                self.flow_scalar(Style::Plain)
            }
            b'#' | b'|' | b'>' | b'%' | b'@' | b'`' => Err(self.error(Syntax::NoToken)),
            _ => self.flow_scalar(Style::Plain),
        }
    }

    /// Goes on past blanks, comments and line ends.
    fn pass_over_gap(&mut self) {
        loop {
            let tabs = self.flow > 0 || !self.key_allowed;
            while match self.byte(0) {
                Some(b' ') => true,
                Some(b'\t') => tabs,
                _ => false,
            } {
                self.skip(1);
            }
            self.skip_comment();
            if line_end(self.bytes, self.mark.offset).is_none() {
                return;
            }
            self.skip_line();
            if self.flow == 0 {
                self.key_allowed = true;
            }
        }
    }

    fn end(&mut self) -> Result<(), SyntaxError> {
        if self.mark.column != 0 {
            self.mark.column = 0;
            self.mark.line += 1;
        }
        self.close_all()?;
        self.push(TokenKind::StreamEnd, self.mark);
        self.ended = true;
        Ok(())
    }

    /// Ends all collections in block style.
    fn close_all(&mut self) -> Result<(), SyntaxError> {
        self.close_deeper(-1);
        self.drop_candidate()?;
        self.key_allowed = false;
        Ok(())
    }

    /// Ends the collections in block style that are indented by more than this.
    fn close_deeper(&mut self, column: i64) {
        if self.flow > 0 {
            return;
        }
        while self.indent > column {
            self.push(TokenKind::BlockEnd, self.mark);
            self.indent = self.outer_indents.pop().unwrap_or(-1);
        }
    }

    /// Begins a collection in block style where none is in this column, before the token of this
    /// number or after all.
    fn open_deeper(
        &mut self,
        mark: Mark,
        before: Option<usize>,
        kind: TokenKind<'t>,
    ) -> Result<(), SyntaxError> {
        let column = i64::from(mark.column);
        if self.flow > 0 || self.indent >= column {
            return Ok(());
        }
        self.outer_indents.push(self.indent);
        self.indent = column;
        if self.outer_indents.len() > DEEPEST {
            return Err(self.error(Syntax::IndentTooDeep));
        }
        let token = Token {
            kind,
            start: mark,
            end: mark,
        };
        match before {
            Some(number) => self.insert(number, token),
            None => self.queue.push_back(token),
        }
        Ok(())
    }

    fn indicator(&mut self, kind: TokenKind<'t>, bytes: u32) -> Result<(), SyntaxError> {
        let start = self.mark;
        self.skip(bytes);
        self.push(kind, start);
        Ok(())
    }

    fn open(&mut self, kind: TokenKind<'t>) -> Result<(), SyntaxError> {
        self.keep_candidate()?;
        self.candidates.push(Candidate {
            possible: false,
            required: false,
            token: self.next_number(),
            mark: self.mark,
        });
        self.flow += 1;
        if self.flow > DEEPEST {
            return Err(self.error(Syntax::FlowTooDeep));
        }
        self.key_allowed = true;
        self.indicator(kind, 1)
    }

    fn close(&mut self, kind: TokenKind<'t>) -> Result<(), SyntaxError> {
        self.drop_candidate()?;
        if self.flow > 0 {
            self.flow -= 1;
            self.candidates.pop();
        }
        self.key_allowed = false;
        self.indicator(kind, 1)
    }

    fn entry(&mut self) -> Result<(), SyntaxError> {
        // In flow style, the parser finds out.
        if self.flow == 0 {
            if !self.key_allowed {
                return Err(self.error(Syntax::EntryNotAllowed));
            }
            self.open_deeper(self.mark, None, TokenKind::BlockSequenceStart)?;
        }
        self.drop_candidate()?;
        self.key_allowed = true;
        self.indicator(TokenKind::BlockEntry, 1)
    }

    fn key(&mut self) -> Result<(), SyntaxError> {
        if self.flow == 0 {
            if !self.key_allowed {
                return Err(self.error(Syntax::KeyNotAllowed));
            }
            self.open_deeper(self.mark, None, TokenKind::BlockMappingStart)?;
        }
        self.drop_candidate()?;
        self.key_allowed = self.flow == 0;
        self.indicator(TokenKind::Key, 1)
    }

    fn value(&mut self) -> Result<(), SyntaxError> {
        let last = self.candidates.len() - 1;
        if self.is_valid(last)? {
            let Candidate { token, mark, .. } = self.candidates[last];
            let key = Token {
                kind: TokenKind::Key,
                start: mark,
                end: mark,
            };
            self.insert(token, key);
            self.open_deeper(mark, Some(token), TokenKind::BlockMappingStart)?;
            self.candidates[last].possible = false;
            self.key_allowed = false;
        } else {
            if self.flow == 0 {
                if !self.key_allowed {
                    return Err(self.error(Syntax::ValueNotAllowed));
                }
                self.open_deeper(self.mark, None, TokenKind::BlockMappingStart)?;
            }
            self.key_allowed = self.flow == 0;
        }
        self.indicator(TokenKind::Value, 1)
    }

    /// The number of the token that is put into the queue next.
    fn next_number(&self) -> usize {
        self.taken + self.queue.len()
    }

    /// Notes that a key may begin here.
    fn keep_candidate(&mut self) -> Result<(), SyntaxError> {
        if !self.key_allowed {
            return Ok(());
        }
        let candidate = Candidate {
            possible: true,
            required: self.flow == 0 && self.indent == i64::from(self.mark.column),
            token: self.next_number(),
            mark: self.mark,
        };
        self.drop_candidate()?;
        if let Some(last) = self.candidates.last_mut() {
            *last = candidate;
        }
        Ok(())
    }

    /// Forgets what might have been a key.
    fn drop_candidate(&mut self) -> Result<(), SyntaxError> {
        let Some(last) = self.candidates.last_mut() else {
            return Ok(());
        };
        if last.possible && last.required {
            return Err(self.error(Syntax::KeyWithoutColon));
        }
        last.possible = false;
        Ok(())
    }

    fn block_scalar(&mut self, style: Style) -> Result<(), SyntaxError> {
        self.drop_candidate()?;
        self.key_allowed = true;
        let start = self.mark;
        let (text, end) = self.block_text(style)?;
        self.queue.push_back(Token {
            kind: TokenKind::Scalar {
                text: Cow::Owned(text),
                style,
            },
            start,
            end,
        });
        Ok(())
    }

    /// A scalar that is plain or in quotes.
    fn flow_scalar(&mut self, style: Style) -> Result<(), SyntaxError> {
        self.keep_candidate()?;
        self.key_allowed = false;
        let start = self.mark;
        let (text, end) = match style {
            Style::Plain => self.plain_text()?,
            _ => (self.quoted_text(style)?, self.mark),
        };
        let kind = TokenKind::Scalar { text, style };
        self.queue.push_back(Token { kind, start, end });
        Ok(())
    }

    /// The name after `&` or `*`.
    fn anchor_name(&mut self) -> Result<&'t str, SyntaxError> {
        self.skip(1);
        let name = self.word();
        let ends = is_gap(self.bytes, self.mark.offset)
            || matches!(
                self.byte(0),
                Some(b'?' | b':' | b',' | b']' | b'}' | b'%' | b'@' | b'`')
            );
        if name.is_empty() || !ends {
            return Err(self.error(Syntax::AnchorName));
        }
        Ok(name)
    }

    /// Letters, digits, `-` and `_`.
    pub(super) fn word(&mut self) -> &'t str {
        let begin = self.mark.offset;
        let rest = &self.bytes[begin..];
        let length = rest
            .iter()
            .position(|byte| !is_word(*byte))
            .unwrap_or(rest.len());
        self.skip_to(begin + length);
        &self.text[begin..begin + length]
    }
}

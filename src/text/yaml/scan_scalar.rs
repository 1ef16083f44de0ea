//! The texts of scalars: plain, in quotes, and in blocks.

use std::borrow::Cow;

use super::chars::{count, is_blank, is_end, is_gap, is_separator, line_end, width};
use super::resolve::Style;
use super::scan::Scanner;
use super::token::{Mark, Syntax, SyntaxError};

/// The text of a scalar that is read piece by piece. It is a part of the source for as long as
/// nothing in it is spelled otherwise than it reads.
struct ScalarText<'t> {
    source: &'t str,
    /// Where what comes next to `before` begins.
    begin: usize,
    /// Where it ends.
    end: usize,
    /// What was before, once it isn't what the source holds.
    before: Option<String>,
}

impl<'t> ScalarText<'t> {
    fn new(source: &'t str, begin: usize) -> Self {
        ScalarText {
            source,
            begin,
            end: begin,
            before: None,
        }
    }

    /// Takes in what was gathered, to go on with what isn't in the source.
    fn before(&mut self) -> &mut String {
        let piece = &self.source[self.begin..self.end];
        self.begin = self.end;
        let before = self.before.get_or_insert_default();
        before.push_str(piece);
        before
    }

    /// What comes next begins there.
    fn resume(&mut self, at: usize) {
        self.begin = at;
        self.end = at;
    }

    fn finish(self) -> Cow<'t, str> {
        let piece = &self.source[self.begin..self.end];
        match self.before {
            None => Cow::Borrowed(piece),
            Some(mut before) => {
                before.push_str(piece);
                Cow::Owned(before)
            }
        }
    }
}

/// The line ends that are folded into one space, or kept.
#[derive(Default)]
struct Breaks {
    /// How the first line ends: with U+2028 or U+2029, which stay, or otherwise.
    first: String,
    /// How the empty lines after it end.
    others: String,
}

impl Breaks {
    fn fold_into(&mut self, text: &mut String) {
        if self.first.starts_with('\n') {
            if self.others.is_empty() {
                text.push(' ');
            }
        } else {
            text.push_str(&self.first);
        }
        text.push_str(&self.others);
        self.first.clear();
        self.others.clear();
    }
}

impl<'t> Scanner<'t> {
    /// Goes on to the next line and adds what ended this one: a line feed whatever it was, but for
    /// U+2028 and U+2029.
    fn read_line(&mut self, into: &mut String) {
        let at = self.mark.offset;
        match line_end(self.bytes, at) {
            None => {}
            Some(3) if is_separator(self.bytes, at) => into.push_str(&self.text[at..at + 3]),
            Some(_) => into.push('\n'),
        }
        self.skip_line();
    }

    /// A plain scalar, and where it ends.
    pub(super) fn plain_text(&mut self) -> Result<(Cow<'t, str>, Mark), SyntaxError> {
        let least = self.indent + 1;
        let in_flow = self.flow > 0;
        let mut text = ScalarText::new(self.text, self.mark.offset);
        let mut breaks = Breaks::default();
        let mut end = self.mark;
        let mut has_breaks = false;
        loop {
            if self.is_marker(b"---") || self.is_marker(b"...") || self.byte(0) == Some(b'#') {
                break;
            }
            let begin = self.mark.offset;
            let stop = self.end_of_word(begin, in_flow);
            if stop > begin {
                if has_breaks {
                    breaks.fold_into(text.before());
                    text.resume(begin);
                    has_breaks = false;
                }
                text.end = stop;
                self.skip_to(stop);
                end = self.mark;
            }
            if !is_blank(self.bytes, stop) && line_end(self.bytes, stop).is_none() {
                break;
            }
            loop {
                if is_blank(self.bytes, self.mark.offset) {
                    let is_tab = self.byte(0) == Some(b'\t');
                    if has_breaks && is_tab && i64::from(self.mark.column) < least {
                        return Err(self.error(Syntax::TabInIndent));
                    }
                    self.skip(1);
                } else if line_end(self.bytes, self.mark.offset).is_some() {
                    if has_breaks {
                        self.read_line(&mut breaks.others);
                    } else {
                        self.read_line(&mut breaks.first);
                        has_breaks = true;
                    }
                } else {
                    break;
                }
            }
            if !in_flow && i64::from(self.mark.column) < least {
                break;
            }
        }
        if has_breaks {
            self.key_allowed = true;
        }
        Ok((text.finish(), end))
    }

    /// Where the part of a plain scalar ends that has no gap in it.
    fn end_of_word(&self, begin: usize, in_flow: bool) -> usize {
        let bytes = self.bytes;
        let mut at = begin;
        while let Some(&byte) = bytes.get(at) {
            match byte {
                b' ' | b'\t' | b'\n' | b'\r' => break,
                b':' if is_gap(bytes, at + 1) => break,
                b',' | b'?' | b'[' | b']' | b'{' | b'}' if in_flow => break,
                0xc2 | 0xe2 if line_end(bytes, at).is_some() => break,
                byte => at += width(byte),
            }
        }
        at
    }

    /// A scalar in quotes.
    pub(super) fn quoted_text(&mut self, style: Style) -> Result<Cow<'t, str>, SyntaxError> {
        let single = style == Style::SingleQuoted;
        let quote = if single { b'\'' } else { b'"' };
        let start = self.mark;
        self.skip(1);
        let mut text = ScalarText::new(self.text, self.mark.offset);
        let mut breaks = Breaks::default();
        loop {
            if self.is_marker(b"---") || self.is_marker(b"...") {
                return Err(self.error(Syntax::MarkerInQuotes));
            }
            let mut has_breaks = self.quoted_word(quote, &mut text)?;
            let Some(next) = self.byte(0) else {
                // Where they open is easier to find than where they are missed.
                let problem = Syntax::OpenQuotes;
                return Err(SyntaxError { problem, at: start });
            };
            if next == quote {
                break;
            }
            // An escaped line end leaves nothing but the empty lines after it.
            loop {
                if is_blank(self.bytes, self.mark.offset) {
                    self.skip(1);
                } else if line_end(self.bytes, self.mark.offset).is_some() {
                    if has_breaks {
                        self.read_line(&mut breaks.others);
                    } else {
                        self.read_line(&mut breaks.first);
                        has_breaks = true;
                    }
                } else {
                    break;
                }
            }
            if has_breaks {
                breaks.fold_into(text.before());
                text.resume(self.mark.offset);
            } else {
                text.end = self.mark.offset;
            }
        }
        self.skip(1);
        Ok(text.finish())
    }

    /// Reads up to a gap, or up to the quote that ends the scalar. Tells whether it ended with an
    /// escaped line end.
    fn quoted_word(&mut self, quote: u8, text: &mut ScalarText<'t>) -> Result<bool, SyntaxError> {
        let bytes = self.bytes;
        loop {
            let mut at = self.mark.offset;
            let stop = loop {
                match bytes.get(at) {
                    Some(byte) if *byte == quote => break Some(*byte),
                    Some(b'\\') if quote == b'"' => break Some(b'\\'),
                    Some(b' ' | b'\t' | b'\n' | b'\r') | None => break None,
                    Some(0xc2 | 0xe2) if line_end(bytes, at).is_some() => break None,
                    Some(byte) => at += width(*byte),
                }
            };
            self.skip_to(at);
            text.end = at;
            match stop {
                None => return Ok(false),
                Some(b'\'') if bytes.get(at + 1) == Some(&b'\'') => {
                    text.before().push('\'');
                    self.skip(2);
                }
                Some(b'\\') if line_end(bytes, at + 1).is_some() => {
                    text.before();
                    self.skip(1);
                    self.skip_line();
                    text.resume(self.mark.offset);
                    return Ok(true);
                }
                Some(b'\\') => {
                    let c = self.escaped()?;
                    text.before().push(c);
                }
                Some(_) => return Ok(false),
            }
            text.resume(self.mark.offset);
        }
    }

    /// The character that an escape stands for.
    fn escaped(&mut self) -> Result<char, SyntaxError> {
        let digits = match self.byte(1) {
            Some(b'x') => 2,
            Some(b'u') => 4,
            Some(b'U') => 8,
            other => {
                let c = other.and_then(simple_escape);
                let c = c.ok_or_else(|| self.error(Syntax::UnknownEscape))?;
                self.skip(2);
                return Ok(c);
            }
        };
        let begin = self.mark.offset + 2;
        let code = self
            .bytes
            .get(begin..begin + digits)
            .filter(|digits| digits.iter().all(u8::is_ascii_hexdigit))
            .and_then(|_| u32::from_str_radix(&self.text[begin..begin + digits], 16).ok())
            .ok_or_else(|| self.error(Syntax::EscapeDigits))?;
        let c = char::from_u32(code).ok_or_else(|| self.error(Syntax::EscapeValue))?;
        self.skip_to(begin + digits);
        Ok(c)
    }

    /// A scalar in a block, and where it ends.
    pub(super) fn block_text(&mut self, style: Style) -> Result<(String, Mark), SyntaxError> {
        let (chomping, increment) = self.block_header()?;
        let mut indent = increment.map(|by| self.indent.max(0) + by);
        let mut text = String::new();
        let mut last_break = String::new();
        let mut empty_lines = String::new();
        let mut end = self.block_breaks(&mut indent, &mut empty_lines)?;
        let mut was_blank = false;
        while indent == Some(i64::from(self.mark.column)) && self.byte(0).is_some() {
            let is_blank_here = is_blank(self.bytes, self.mark.offset);
            let folds = style == Style::Folded
                && !was_blank
                && !is_blank_here
                && last_break.starts_with('\n');
            if folds {
                if empty_lines.is_empty() {
                    text.push(' ');
                }
            } else {
                text.push_str(&last_break);
            }
            last_break.clear();
            text.push_str(&empty_lines);
            empty_lines.clear();
            was_blank = is_blank_here;
            let begin = self.mark.offset;
            let mut at = begin;
            while !is_end(self.bytes, at) {
                at += width(self.bytes[at]);
            }
            text.push_str(&self.text[begin..at]);
            self.mark.column += count(&self.bytes[begin..at]);
            self.mark.offset = at;
            self.read_line(&mut last_break);
            end = self.block_breaks(&mut indent, &mut empty_lines)?;
        }
        if chomping != Chomping::Strip {
            text.push_str(&last_break);
        }
        if chomping == Chomping::Keep {
            text.push_str(&empty_lines);
        }
        Ok((text, end))
    }

    /// What follows `|` or `>` on its line.
    fn block_header(&mut self) -> Result<(Chomping, Option<i64>), SyntaxError> {
        self.skip(1);
        let (mut chomping, mut increment) = (None, None);
        // Each of them once, in any order.
        for _ in 0..2 {
            match self.byte(0) {
                Some(b'+') if chomping.is_none() => chomping = Some(Chomping::Keep),
                Some(b'-') if chomping.is_none() => chomping = Some(Chomping::Strip),
                Some(b'0') if increment.is_none() => {
                    return Err(self.error(Syntax::ZeroIndent));
                }
                Some(digit @ b'1'..=b'9') if increment.is_none() => {
                    increment = Some(i64::from(digit - b'0'));
                }
                _ => break,
            }
            self.skip(1);
        }
        self.skip_blanks();
        self.skip_comment();
        if !is_end(self.bytes, self.mark.offset) {
            return Err(self.error(Syntax::BlockHeader));
        }
        self.skip_line();
        Ok((chomping.unwrap_or(Chomping::Clip), increment))
    }

    /// Goes on past indentation and empty lines. Where the indentation isn't known yet, the deepest of
    /// these lines says it. Tells where the last line ended.
    fn block_breaks(
        &mut self,
        indent: &mut Option<i64>,
        breaks: &mut String,
    ) -> Result<Mark, SyntaxError> {
        let mut end = self.mark;
        let mut deepest = 0;
        loop {
            let is_outside = |column: u32| indent.is_none_or(|indent| i64::from(column) < indent);
            while is_outside(self.mark.column) && self.byte(0) == Some(b' ') {
                self.skip(1);
            }
            deepest = deepest.max(i64::from(self.mark.column));
            if is_outside(self.mark.column) && self.byte(0) == Some(b'\t') {
                return Err(self.error(Syntax::TabInIndent));
            }
            if line_end(self.bytes, self.mark.offset).is_none() {
                break;
            }
            self.read_line(breaks);
            end = self.mark;
        }
        if indent.is_none() {
            *indent = Some(deepest.max(self.indent + 1).max(1));
        }
        Ok(end)
    }
}

/// What becomes of the line ends after a block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Chomping {
    /// The first one stays.
    Clip,
    /// None stays.
    Strip,
    /// All stay.
    Keep,
}

/// What a backslash makes of a character that needs no digits.
fn simple_escape(byte: u8) -> Option<char> {
    Some(match byte {
        b'0' => '\0',
        b'a' => '\u{7}',
        b'b' => '\u{8}',
        b't' | b'\t' => '\t',
        b'n' => '\n',
        b'v' => '\u{b}',
        b'f' => '\u{c}',
        b'r' => '\r',
        b'e' => '\u{1b}',
        b' ' => ' ',
        b'"' => '"',
        b'\'' => '\'',
        b'\\' => '\\',
        b'N' => '\u{85}',
        b'_' => '\u{a0}',
        b'L' => '\u{2028}',
        b'P' => '\u{2029}',
        _ => return None,
    })
}

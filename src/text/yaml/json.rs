//! JSON that is sound, but not such as every reader takes: with keys that stand twice, escapes of
//! half characters, or nested deep. Go takes it, and so kubectl does.

use std::borrow::Cow;

use super::build::{Builder, Shape};
use super::parse::Properties;
use super::resolve::Style;
use super::token::Mark;
use super::{Dialect, Document, Error, Limits, YamlFault, chars};

/// The document that a JSON value is as Go reads it. The value has been found to be JSON.
///
/// # Errors
/// If it holds a number that Go can't hold, or more than the limits allow.
pub fn json_document(text: &str, limits: Limits) -> Result<Document<'_>, Error> {
    let mut builder = Builder::new(text, limits, Dialect::Kubectl);
    let mut reader = JsonEvents {
        text,
        mark: Mark::BEGIN,
    };
    let mut flows = Vec::new();
    while let Some(byte) = reader.next() {
        let start = reader.mark;
        match byte {
            b'{' | b'[' => {
                let shape = match byte {
                    b'{' => Shape::Mapping,
                    _ => Shape::Sequence,
                };
                reader.skip_to(start.offset + 1);
                flows.push(start);
                builder.begin(shape, true, &Properties::default(), start.to(reader.mark))?;
            }
            b'}' | b']' => {
                reader.skip_to(start.offset + 1);
                let begin = flows.pop().unwrap_or(start);
                builder.end(begin.to(reader.mark))?;
            }
            b',' | b':' => reader.skip_to(start.offset + 1),
            b'"' => {
                let value = reader.string();
                let span = start.to(reader.mark);
                builder.scalar(value, Style::DoubleQuoted, Properties::default(), span)?;
            }
            _ => {
                let word = reader.word();
                let span = start.to(reader.mark);
                if word.starts_with(|c: char| c == '-' || c.is_ascii_digit())
                    && !word.parse::<f64>().is_ok_and(f64::is_finite)
                {
                    return Err(Error::new(YamlFault::NotFinite(word.to_owned()), span));
                }
                let text = Cow::Borrowed(word);
                builder.scalar(text, Style::Plain, Properties::default(), span)?;
            }
        }
    }
    Ok(builder.finish(reader.mark.here()))
}

struct JsonEvents<'t> {
    text: &'t str,
    mark: Mark,
}

impl<'t> JsonEvents<'t> {
    /// The next byte that is no white space.
    fn next(&mut self) -> Option<u8> {
        loop {
            let byte = *self.text.as_bytes().get(self.mark.offset)?;
            match byte {
                b'\n' => {
                    self.mark.offset += 1;
                    self.mark.line += 1;
                    self.mark.column = 0;
                }
                b' ' | b'\t' | b'\r' => self.skip_to(self.mark.offset + 1),
                byte => return Some(byte),
            }
        }
    }

    fn skip_to(&mut self, offset: usize) {
        self.mark.column += chars::count(&self.text.as_bytes()[self.mark.offset..offset]);
        self.mark.offset = offset;
    }

    /// A number, `true`, `false` or `null`.
    fn word(&mut self) -> &'t str {
        let rest = &self.text[self.mark.offset..];
        let ends = |c: char| matches!(c, ',' | ']' | '}' | ' ' | '\t' | '\r' | '\n');
        let word = &rest[..rest.find(ends).unwrap_or(rest.len())];
        self.skip_to(self.mark.offset + word.len());
        word
    }

    fn string(&mut self) -> Cow<'t, str> {
        let begin = self.mark.offset + 1;
        let bytes = self.text.as_bytes();
        let mut at = begin;
        let mut decoded: Option<String> = None;
        let mut copied = begin;
        while let Some(&byte) = bytes.get(at) {
            match byte {
                b'"' => break,
                b'\\' => {
                    let text = decoded.get_or_insert_default();
                    text.push_str(&self.text[copied..at]);
                    let (c, length) = self.escape(at);
                    text.push(c);
                    at += length;
                    copied = at;
                }
                _ => at += 1,
            }
        }
        self.skip_to((at + 1).min(bytes.len()));
        let rest = &self.text[copied..at];
        match decoded {
            None => Cow::Borrowed(rest),
            Some(mut text) => {
                text.push_str(rest);
                Cow::Owned(text)
            }
        }
    }

    /// What an escape stands for, and how long it is. Half a character is none.
    fn escape(&self, at: usize) -> (char, usize) {
        let unit = |at: usize| {
            let escaped = self.text.get(at..at + 6)?.strip_prefix("\\u")?;
            u16::from_str_radix(escaped, 16).ok()
        };
        let Some(first) = unit(at) else {
            let c = match self.text.as_bytes().get(at + 1) {
                Some(b'b') => '\u{8}',
                Some(b'f') => '\u{c}',
                Some(b'n') => '\n',
                Some(b'r') => '\r',
                Some(b't') => '\t',
                Some(&other) => char::from(other),
                None => char::REPLACEMENT_CHARACTER,
            };
            return (c, 2);
        };
        if let Some(second) = unit(at + 6)
            && let Some(Ok(c)) = char::decode_utf16([first, second]).next()
            && u32::from(c) > 0xffff
        {
            return (c, 12);
        }
        let c = char::from_u32(first.into()).unwrap_or(char::REPLACEMENT_CHARACTER);
        (c, 6)
    }
}

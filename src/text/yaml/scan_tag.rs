//! Tags and directives.

use std::borrow::Cow;

use super::chars::{is_blank, is_end, is_gap, is_word, width};
use super::scan::Scanner;
use super::token::{Syntax, SyntaxError, TokenKind};

impl<'t> Scanner<'t> {
    /// A tag: `!<uri>`, `!handle!suffix`, `!suffix` or `!`.
    pub(super) fn tag(&mut self) -> Result<TokenKind<'t>, SyntaxError> {
        let (handle, suffix) = if self.byte(1) == Some(b'<') {
            self.skip(2);
            let uri = self.uri(Syntax::TagForm)?;
            if uri.is_empty() || self.byte(0) != Some(b'>') {
                return Err(self.error(Syntax::TagForm));
            }
            self.skip(1);
            ("", uri)
        } else {
            let begin = self.mark.offset;
            let handle = self.handle(Syntax::TagForm)?;
            if handle.len() > 1 && handle.ends_with('!') {
                let suffix = self.uri(Syntax::TagForm)?;
                if suffix.is_empty() {
                    return Err(self.error(Syntax::TagForm));
                }
                (handle, suffix)
            } else {
                // It was no handle: its letters are the suffix's.
                let rest = self.uri(Syntax::TagForm)?;
                let suffix = match rest {
                    Cow::Borrowed(_) => Cow::Borrowed(&self.text[begin + 1..self.mark.offset]),
                    Cow::Owned(rest) => Cow::Owned(format!("{}{rest}", &handle[1..])),
                };
                match suffix.is_empty() {
                    true => ("", Cow::Borrowed("!")),
                    false => ("!", suffix),
                }
            }
        };
        if !is_gap(self.bytes, self.mark.offset) {
            return Err(self.error(Syntax::TagForm));
        }
        Ok(TokenKind::Tag { handle, suffix })
    }

    /// `!`, and letters and digits up to another one.
    fn handle(&mut self, form: Syntax) -> Result<&'t str, SyntaxError> {
        let begin = self.mark.offset;
        if self.byte(0) != Some(b'!') {
            return Err(self.error(form));
        }
        self.skip(1);
        self.word();
        if self.byte(0) == Some(b'!') {
            self.skip(1);
        }
        Ok(&self.text[begin..self.mark.offset])
    }

    /// What may be in a tag, with `%41` for `A`.
    fn uri(&mut self, form: Syntax) -> Result<Cow<'t, str>, SyntaxError> {
        let begin = self.mark.offset;
        let mut escapes = false;
        let mut decoded: Vec<u8> = Vec::new();
        while let Some(byte) = self.byte(0) {
            if byte == b'%' {
                if !escapes {
                    escapes = true;
                    decoded.extend_from_slice(&self.bytes[begin..self.mark.offset]);
                }
                let first = self.octet(form)?;
                if matches!(first, 0x80..=0xbf | 0xf8..) {
                    return Err(self.error(form));
                }
                decoded.push(first);
                for _ in 1..width(first) {
                    let next = self.octet(form)?;
                    if next & 0xc0 != 0x80 {
                        return Err(self.error(form));
                    }
                    decoded.push(next);
                }
                continue;
            }
            if !is_word(byte) && !b";/?:@&=+$,.!~*'()[]".contains(&byte) {
                break;
            }
            if escapes {
                decoded.push(byte);
            }
            self.skip(1);
        }
        if !escapes {
            return Ok(Cow::Borrowed(&self.text[begin..self.mark.offset]));
        }
        // Bytes that only look like UTF-8 are in no tag that means anything.
        Ok(Cow::Owned(String::from_utf8_lossy(&decoded).into_owned()))
    }

    /// `%` and two hexadecimal digits.
    fn octet(&mut self, form: Syntax) -> Result<u8, SyntaxError> {
        let at = self.mark.offset;
        let octet = self
            .bytes
            .get(at..at + 3)
            .filter(|bytes| bytes[0] == b'%' && bytes[1..].iter().all(u8::is_ascii_hexdigit))
            .and_then(|_| u8::from_str_radix(&self.text[at + 1..at + 3], 16).ok())
            .ok_or_else(|| self.error(form))?;
        self.skip(3);
        Ok(octet)
    }

    /// A directive and the rest of its line.
    pub(super) fn directive(&mut self) -> Result<TokenKind<'t>, SyntaxError> {
        self.skip(1);
        let name = self.word();
        if name.is_empty() || !is_gap(self.bytes, self.mark.offset) {
            return Err(self.error(Syntax::NoDirectiveName));
        }
        let kind = match name {
            "YAML" => {
                self.skip_blanks();
                let major = self.version_number()?;
                if self.byte(0) != Some(b'.') {
                    return Err(self.error(Syntax::VersionForm));
                }
                self.skip(1);
                let minor = self.version_number()?;
                TokenKind::Version { major, minor }
            }
            "TAG" => {
                let form = Syntax::TagDirectiveForm;
                self.skip_blanks();
                let handle = self.handle(form)?;
                if handle.len() > 1 && !handle.ends_with('!')
                    || !is_blank(self.bytes, self.mark.offset)
                {
                    return Err(self.error(form));
                }
                self.skip_blanks();
                let prefix = self.uri(form)?;
                if prefix.is_empty() || !is_gap(self.bytes, self.mark.offset) {
                    return Err(self.error(form));
                }
                TokenKind::TagPrefix { handle, prefix }
            }
            _ => return Err(self.error(Syntax::UnknownDirective)),
        };
        self.skip_blanks();
        self.skip_comment();
        if !is_end(self.bytes, self.mark.offset) {
            return Err(self.error(Syntax::DirectiveTail));
        }
        self.skip_line();
        Ok(kind)
    }

    fn version_number(&mut self) -> Result<u8, SyntaxError> {
        let begin = self.mark.offset;
        while self.byte(0).is_some_and(|byte| byte.is_ascii_digit()) {
            self.skip(1);
        }
        let digits = &self.text[begin..self.mark.offset];
        let number = Some(digits).filter(|digits| digits.len() <= 2);
        number
            .and_then(|digits| digits.parse().ok())
            .ok_or_else(|| self.error(Syntax::VersionForm))
    }
}

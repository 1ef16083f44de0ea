//! Where a JSON value ends, by the rules of Go's `encoding/json`.

/// The deepest nesting that Go reads.
const DEEPEST: usize = 10_000;

/// What is no JSON, and where.
#[derive(Debug, PartialEq)]
pub(super) struct NotJson {
    pub(super) at: usize,
    pub(super) message: &'static str,
}

/// What may come next within a value.
#[derive(Clone, Copy, PartialEq)]
enum JsonExpects {
    Value,
    /// A value, or the end of the list that just began.
    ValueOrEnd,
    Key,
    /// A key, or the end of the mapping that just began.
    KeyOrEnd,
    /// What follows a value in a list or mapping.
    After,
}

/// The byte after the value that begins there.
pub(super) fn value_end(bytes: &[u8], begin: usize) -> Result<usize, NotJson> {
    let mut scan = Scan { bytes, at: begin };
    // Whether each collection is a mapping.
    let mut open: Vec<bool> = Vec::new();
    let mut expected = JsonExpects::Value;
    loop {
        scan.blanks();
        let Some(byte) = bytes.get(scan.at).copied() else {
            return scan.fail("the text ends within a JSON value");
        };
        match (expected, byte) {
            (JsonExpects::ValueOrEnd, b']') | (JsonExpects::KeyOrEnd, b'}') => {
                scan.at += 1;
                open.pop();
                expected = JsonExpects::After;
            }
            (JsonExpects::Key | JsonExpects::KeyOrEnd, b'"') => {
                scan.string()?;
                scan.blanks();
                if bytes.get(scan.at) != Some(&b':') {
                    return scan.fail("`:` belongs after a key in JSON");
                }
                scan.at += 1;
                expected = JsonExpects::Value;
                continue;
            }
            (JsonExpects::Key | JsonExpects::KeyOrEnd, b'#') => return scan.fail(COMMENT),
            (JsonExpects::Key | JsonExpects::KeyOrEnd, _) => {
                return scan.fail("a key in double quotes belongs here in JSON");
            }
            (JsonExpects::Value | JsonExpects::ValueOrEnd, b'{' | b'[') => {
                open.push(byte == b'{');
                if open.len() > DEEPEST {
                    return scan.fail("nested deeper than 10000 levels");
                }
                scan.at += 1;
                expected = match byte {
                    b'{' => JsonExpects::KeyOrEnd,
                    _ => JsonExpects::ValueOrEnd,
                };
                continue;
            }
            (JsonExpects::Value | JsonExpects::ValueOrEnd, _) => {
                scan.scalar(byte)?;
                expected = JsonExpects::After;
            }
            (JsonExpects::After, b',') => {
                scan.at += 1;
                expected = match open.last() {
                    Some(true) => JsonExpects::Key,
                    _ => JsonExpects::Value,
                };
                continue;
            }
            (JsonExpects::After, b'}' | b']') if open.last() == Some(&(byte == b'}')) => {
                scan.at += 1;
                open.pop();
            }
            (JsonExpects::After, b'#') => return scan.fail(COMMENT),
            (JsonExpects::After, _) => {
                return scan.fail("`,` or the end belongs after a value in JSON");
            }
        }
        if open.is_empty() {
            return Ok(scan.at);
        }
    }
}

const COMMENT: &str = "JSON has no `#` comments";

struct Scan<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl Scan<'_> {
    fn fail<T>(&self, message: &'static str) -> Result<T, NotJson> {
        Err(NotJson {
            at: self.at,
            message,
        })
    }

    fn blanks(&mut self) {
        while matches!(self.bytes.get(self.at), Some(b' ' | b'\t' | b'\r' | b'\n')) {
            self.at += 1;
        }
    }

    fn scalar(&mut self, first: u8) -> Result<(), NotJson> {
        match first {
            b'"' => self.string(),
            b'-' | b'0'..=b'9' => self.number(),
            b't' => self.word(b"true"),
            b'f' => self.word(b"false"),
            b'n' => self.word(b"null"),
            b'#' => self.fail(COMMENT),
            _ => self.fail("no JSON value begins with this character"),
        }
    }

    fn word(&mut self, word: &[u8]) -> Result<(), NotJson> {
        if !self.bytes[self.at..].starts_with(word) {
            return self.fail("no JSON value is spelled so");
        }
        self.at += word.len();
        Ok(())
    }

    fn string(&mut self) -> Result<(), NotJson> {
        self.at += 1;
        loop {
            let rest = &self.bytes[self.at..];
            let special = |byte: &u8| matches!(byte, b'"' | b'\\' | ..0x20);
            match rest.iter().position(special) {
                None => {
                    self.at = self.bytes.len();
                    return self.fail("the text ends within a JSON string");
                }
                Some(found) => self.at += found,
            }
            match self.bytes[self.at] {
                b'"' => {
                    self.at += 1;
                    return Ok(());
                }
                b'\\' => match self.bytes.get(self.at + 1) {
                    Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => self.at += 2,
                    Some(b'u')
                        if self
                            .bytes
                            .get(self.at + 2..self.at + 6)
                            .is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit)) =>
                    {
                        self.at += 6;
                    }
                    _ => return self.fail("an escape that JSON doesn't have"),
                },
                _ => return self.fail("a control character in a JSON string"),
            }
        }
    }

    fn digits(&mut self) -> Result<(), NotJson> {
        let rest = &self.bytes[self.at..];
        match rest.iter().take_while(|byte| byte.is_ascii_digit()).count() {
            0 => self.fail("a digit belongs here in JSON"),
            digits => {
                self.at += digits;
                Ok(())
            }
        }
    }

    fn number(&mut self) -> Result<(), NotJson> {
        if self.bytes[self.at] == b'-' {
            self.at += 1;
        }
        match self.bytes.get(self.at) {
            Some(b'0') => self.at += 1,
            _ => self.digits()?,
        }
        if self.bytes.get(self.at) == Some(&b'.') {
            self.at += 1;
            self.digits()?;
        }
        if matches!(self.bytes.get(self.at), Some(b'e' | b'E')) {
            self.at += 1;
            if matches!(self.bytes.get(self.at), Some(b'+' | b'-')) {
                self.at += 1;
            }
            self.digits()?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_end_where_json_says() {
        for (text, end) in [
            ("{\"a\": [1, {}, []], \"b\\u00e9\": -1.5e+3} x", Ok(38)),
            ("[]", Ok(2)),
            ("null,", Ok(4)),
            ("01", Ok(1)),
            ("\"\\ud800\"", Ok(8)),
            ("{\"a\":1,}", Err(7)),
            ("[1,]", Err(3)),
            ("[1}", Err(2)),
            ("{a: 1}", Err(1)),
            ("{\"a\" 1}", Err(5)),
            ("\"\\x\"", Err(1)),
            ("\"a\nb\"", Err(2)),
            ("1.", Err(2)),
            ("-", Err(1)),
            ("{", Err(1)),
            ("tru", Err(0)),
        ] {
            let found = value_end(text.as_bytes(), 0);
            assert_eq!(found.map_err(|error| error.at), end, "{text}");
        }
        let nested = |depth| "[".repeat(depth) + &"]".repeat(depth);
        assert!(value_end(nested(DEEPEST).as_bytes(), 0).is_ok());
        assert!(value_end(nested(DEEPEST + 1).as_bytes(), 0).is_err());
    }
}

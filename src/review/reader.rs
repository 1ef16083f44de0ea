//! Cutting a stream into reviews without holding more than one of them.

use std::io::{self, BufRead};

use super::{Encoding, ReviewText};

/// The largest review that is read; a longer one is cut here, and so told as malformed.
pub const MAX_REVIEW: usize = 16 << 20;

/// The most room that is made for a line before it is read.
const MAX_USUAL: usize = 4096;

/// Reads reviews off a stream: JSON values, whether on one line or several, or YAML documents.
///
/// The first character that isn't white space decides: `{` means JSON. A JSON value that doesn't
/// end is cut before the next line that begins with `{`. Comments above a YAML document belong to it.
#[derive(Debug)]
pub struct Reviews<R> {
    input: R,
    format: Option<Encoding>,
    /// A line that was read but belongs to the next piece.
    pending: Vec<u8>,
    /// Comments above the next document, and their first line.
    comments: Option<(Vec<u8>, u64)>,
    line: u64,
    /// The length of the last line, which the next one's is likely to be.
    usual: usize,
    done: bool,
}

impl<R: BufRead> Reviews<R> {
    /// A reader over a stream.
    pub fn new(input: R) -> Self {
        Reviews {
            input,
            format: None,
            pending: Vec::new(),
            comments: None,
            line: 0,
            usual: 0,
            done: false,
        }
    }

    /// The next review, if there is one.
    ///
    /// # Errors
    /// If the stream can't be read.
    pub fn next_piece(&mut self) -> io::Result<Option<ReviewText>> {
        loop {
            let Some(first) = self.next_line()? else {
                return Ok(None);
            };
            let line = self.line;
            let Some(format) = self.format_of(&first) else {
                self.keep_comments(&first, line);
                continue;
            };
            let bytes = match format {
                Encoding::Json => self.json_value(first)?,
                Encoding::Yaml => self.yaml_document(first)?,
            };
            if is_blank(&bytes) {
                self.keep_comments(&bytes, line);
                continue;
            }
            let (whole, line) = match self.comments.take() {
                Some((mut comments, line)) if format == Encoding::Yaml => {
                    comments.extend(bytes);
                    (comments, line)
                }
                _ => (bytes, line),
            };
            return Ok(Some(ReviewText {
                bytes: whole,
                line,
                format,
            }));
        }
    }

    /// The format of the stream, which its first line that isn't blank decides.
    fn format_of(&mut self, line: &[u8]) -> Option<Encoding> {
        if self.format.is_none() {
            let trimmed = line.trim_ascii();
            self.format = match trimmed.first() {
                None | Some(b'#') => None,
                Some(b'{' | b'[') => Some(Encoding::Json),
                Some(_) => Some(Encoding::Yaml),
            };
        }
        self.format
    }

    /// Keeps the comments of lines that hold nothing else for the document below them.
    fn keep_comments(&mut self, blank: &[u8], line: u64) {
        for (number, content) in (line..).zip(blank.split_inclusive(|byte| *byte == b'\n')) {
            if content.trim_ascii_start().starts_with(b"#") {
                let (comments, _) = self.comments.get_or_insert_with(|| (Vec::new(), number));
                comments.extend(content);
            } else if let Some((comments, _)) = &mut self.comments {
                // Keeps the count of lines.
                comments.push(b'\n');
            }
        }
        if let Some((comments, _)) = &self.comments
            && comments.len() > MAX_REVIEW
        {
            self.comments = None;
        }
    }

    fn next_line(&mut self) -> io::Result<Option<Vec<u8>>> {
        if !self.pending.is_empty() {
            self.line += 1;
            return Ok(Some(std::mem::take(&mut self.pending)));
        }
        if self.done {
            return Ok(None);
        }
        let mut line = Vec::with_capacity(self.usual);
        let limit = MAX_REVIEW as u64;
        let count = io::Read::take(&mut self.input, limit).read_until(b'\n', &mut line)?;
        if count == 0 {
            self.done = true;
            return Ok(None);
        }
        self.line += 1;
        self.usual = line.len().min(MAX_USUAL);
        if self.line == 1 && line.starts_with(b"\xef\xbb\xbf") {
            line.drain(..3);
        }
        Ok(Some(line))
    }

    fn push_back(&mut self, line: Vec<u8>) {
        self.pending = line;
        self.line -= 1;
    }

    /// Lines until all braces are closed.
    fn json_value(&mut self, first: Vec<u8>) -> io::Result<Vec<u8>> {
        let mut depth = Depth::default();
        depth.feed(&first);
        // An array is no review, but its parts are none either.
        let is_array = first.trim_ascii_start().starts_with(b"[");
        let mut value = first;
        while depth.is_open() && value.len() < MAX_REVIEW {
            let Some(line) = self.next_line()? else {
                break;
            };
            if line.starts_with(b"{") && !is_array {
                self.push_back(line);
                break;
            }
            depth.feed(&line);
            value.extend(line);
        }
        Ok(value)
    }

    /// Lines until the next document begins.
    fn yaml_document(&mut self, first: Vec<u8>) -> io::Result<Vec<u8>> {
        let mut document = first;
        while document.len() < MAX_REVIEW {
            let Some(line) = self.next_line()? else {
                break;
            };
            if is_marker(&line) {
                self.push_back(line);
                break;
            }
            document.extend(line);
        }
        Ok(document)
    }
}

/// Whether a line parts documents.
fn is_marker(line: &[u8]) -> bool {
    (line.starts_with(b"---") || line.starts_with(b"..."))
        && line.get(3).is_none_or(u8::is_ascii_whitespace)
}

/// Whether lines hold no document, but comments or marks at most.
fn is_blank(lines: &[u8]) -> bool {
    let mut rest = lines;
    loop {
        let content = if is_marker(rest) { &rest[3..] } else { rest };
        let begin = |byte: &u8| !byte.is_ascii_whitespace() || *byte == b'\n';
        match content.iter().copied().find(begin) {
            None => return true,
            Some(b'#' | b'\n') => {}
            Some(_) => return false,
        }
        match memchr::memchr(b'\n', rest) {
            None => return true,
            Some(end) => rest = &rest[end + 1..],
        }
    }
}

/// How deep in braces and brackets a JSON text is, strings aside.
#[derive(Default)]
struct Depth {
    open: i64,
    in_string: bool,
    escaped: bool,
}

impl Depth {
    fn feed(&mut self, bytes: &[u8]) {
        let mut rest = bytes;
        while let Some((&byte, after)) = rest.split_first() {
            rest = after;
            match byte {
                _ if self.escaped => self.escaped = false,
                b'\\' if self.in_string => self.escaped = true,
                b'"' => self.in_string = !self.in_string,
                b'{' | b'[' if !self.in_string => self.open += 1,
                b'}' | b']' if !self.in_string => self.open -= 1,
                _ => {}
            }
            if self.in_string && !self.escaped {
                let next = memchr::memchr2(b'"', b'\\', rest).unwrap_or(rest.len());
                rest = &rest[next..];
            }
        }
    }

    fn is_open(&self) -> bool {
        self.open > 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pieces(text: &str) -> Vec<(u64, String)> {
        let mut reader = Reviews::new(text.as_bytes());
        let mut pieces = Vec::new();
        while let Some(piece) = reader.next_piece().unwrap() {
            pieces.push((piece.line, String::from_utf8(piece.bytes).unwrap()));
        }
        pieces
    }

    #[test]
    fn values_are_cut_where_they_end() {
        assert_eq!(
            pieces("\n{\"a\": \"}{\"}\n{\n \"b\": 1\n}\n\n{\"c\":\n{\"d\": 1}\n"),
            [
                (2, "{\"a\": \"}{\"}\n".to_owned()),
                (3, "{\n \"b\": 1\n}\n".to_owned()),
                (7, "{\"c\":\n".to_owned()),
                (8, "{\"d\": 1}\n".to_owned()),
            ]
        );
    }

    #[test]
    fn documents_are_cut_at_their_markers() {
        assert_eq!(
            pieces("# c\na: 1\n---\n---\nb: 2\n...\n"),
            [(1, "# c\na: 1\n".to_owned()), (4, "---\nb: 2\n".to_owned())]
        );
        assert_eq!(
            pieces("\u{feff}\n# c\n\n---\n# d\n--- # e\na: ---x\n---- f\n"),
            [(2, "# c\n\n\n# d\n--- # e\na: ---x\n---- f\n".to_owned())]
        );
    }

    #[test]
    fn comments_above_json_are_left_out() {
        assert_eq!(pieces("# c\n[{\n{}]\n"), [(2, "[{\n{}]\n".to_owned())]);
    }
}

//! From byte offsets to lines and columns.

use super::{FileId, Span, TextTooLarge, check_size};

/// How many bytes are counted together.
const BLOCK: usize = 1 << 10;

/// The line and column at each kilobyte of a text, so that an offset becomes a [`Span`] by looking
/// at that kilobyte alone, however long its line is.
///
/// ```
/// use rbac_eval::text::{LineIndex, Files};
///
/// let file = Files::default().add("f");
/// let text = "a\nbc\n";
/// let span = LineIndex::new(text)?.span(file, text, 3);
/// assert_eq!((span.line, span.column), (2, 2));
/// # Ok::<(), rbac_eval::text::TextTooLarge>(())
/// ```
#[derive(Debug)]
pub struct LineIndex {
    blocks: Vec<Position>,
}

/// A line and column, both from 0.
#[derive(Debug, Clone, Copy, Default)]
struct Position {
    line: u32,
    column: u32,
}

impl Position {
    /// The position after some bytes more.
    fn after(self, bytes: &[u8]) -> Position {
        match memchr::memrchr(b'\n', bytes) {
            None => Position {
                column: self.column + characters(bytes),
                ..self
            },
            Some(last) => Position {
                line: self.line + newlines(bytes),
                column: characters(&bytes[last + 1..]),
            },
        }
    }
}

/// How many characters begin in these bytes of a text, which has no more than [`MAX_BYTES`](super::MAX_BYTES).
fn characters(bytes: &[u8]) -> u32 {
    count(bytes, |byte| byte & 0xc0 != 0x80)
}

/// How many lines end in these bytes of a text, which has no more than [`MAX_BYTES`](super::MAX_BYTES).
pub(crate) fn newlines(bytes: &[u8]) -> u32 {
    count(bytes, |byte| byte == b'\n')
}

/// How many bytes are such. So few are counted together that the count fits a byte, which the
/// compiler turns into instructions for many bytes at once.
#[inline]
fn count(bytes: &[u8], is_such: impl Fn(u8) -> bool) -> u32 {
    bytes
        .chunks(usize::from(u8::MAX))
        .map(|few| {
            let count: u8 = few.iter().map(|&byte| u8::from(is_such(byte))).sum();
            u32::from(count)
        })
        .sum()
}

impl LineIndex {
    /// Counts the lines of a text.
    ///
    /// # Errors
    /// If it is so large that they can't be numbered.
    pub fn new(text: &str) -> Result<Self, TextTooLarge> {
        check_size(text.len())?;
        let mut at = Position::default();
        let mut blocks = Vec::with_capacity(text.len() / BLOCK + 1);
        for block in text.as_bytes().chunks(BLOCK) {
            blocks.push(at);
            at = at.after(block);
        }
        blocks.push(at);
        Ok(LineIndex { blocks })
    }

    /// The place of the byte at `offset`.
    pub fn span(&self, file: FileId, text: &str, offset: usize) -> Span {
        let offset = offset.min(text.len());
        let block = (offset / BLOCK).min(self.blocks.len() - 1);
        let Position { line, column } =
            self.blocks[block].after(&text.as_bytes()[block * BLOCK..offset]);
        Span {
            file,
            line: line + 1,
            column: column + 1,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::Files;

    #[test]
    fn every_offset_has_the_line_and_column_that_counting_gives() {
        let file = Files::default().add("f");
        for text in [
            String::new(),
            "\n".repeat(BLOCK),
            "é\nab\r\n\n".repeat(700),
            format!("{}\n{}", "x".repeat(3 * BLOCK - 1), "y".repeat(BLOCK)),
        ] {
            let index = LineIndex::new(&text).unwrap();
            let (mut line, mut column) = (1, 1);
            for (offset, c) in text.char_indices().chain([(text.len(), ' ')]) {
                let span = index.span(file, &text, offset);
                assert_eq!((span.line, span.column), (line, column), "{offset}");
                (line, column) = if c == '\n' {
                    (line + 1, 1)
                } else {
                    (line, column + 1)
                };
            }
        }
    }
}

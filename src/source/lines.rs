//! From byte offsets to lines and columns.

use super::{Place, SourceId};

/// The beginnings of all lines of a text, so that an offset becomes a [`Place`] by bisection.
///
/// ```
/// use rbac_eval::source::{LineIndex, Sources};
///
/// let source = Sources::default().add("f");
/// let text = "a\nbc\n";
/// let place = LineIndex::new(text).place(source, text, 3);
/// assert_eq!((place.line, place.column), (2, 2));
/// ```
#[derive(Debug)]
pub struct LineIndex {
    starts: Vec<usize>,
}

impl LineIndex {
    /// Finds the beginnings of all lines.
    pub fn new(text: &str) -> Self {
        let mut starts = vec![0];
        starts.extend(memchr::memchr_iter(b'\n', text.as_bytes()).map(|at| at + 1));
        LineIndex { starts }
    }

    /// The place of the byte at `offset`.
    pub fn place(&self, source: SourceId, text: &str, offset: usize) -> Place {
        let line = self.starts.partition_point(|&start| start <= offset);
        let start = self.starts[line - 1];
        let column = text
            .get(start..offset)
            .map_or(offset - start, |before| before.chars().count());
        Place {
            source,
            line: u32::try_from(line).unwrap_or(u32::MAX),
            column: u32::try_from(column + 1).unwrap_or(u32::MAX),
        }
    }
}

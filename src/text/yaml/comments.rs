//! The comments of a text, and what they stand beside.

use super::Error;
use super::NodeSpan;
use super::chars::line_end;
use super::events::check;
use super::scan::Scanner;
use super::token::{SyntaxError, TokenKind};

/// A comment of a text in YAML.
///
/// What looks like one inside of a scalar, such as a line of a literal block, is text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Comment<'t> {
    /// What follows `#`, up to the end of the line.
    pub text: &'t str,
    /// Where its `#` stands.
    pub span: NodeSpan,
    /// What it stands beside.
    pub beside: Neighbor,
}

/// What a comment stands beside.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Neighbor {
    /// What stands before it on its own line.
    OwnLine,
    /// What comes after it: it has its line for itself, or shares it with `---` alone.
    Below {
        /// The line, from 1, on which the next thing stands; none where nothing follows.
        next: Option<u32>,
        /// Whether nothing but such comments is between.
        is_adjacent: bool,
    },
}

/// All comments of a text, in order.
///
/// ```
/// use rbac_eval::text::yaml::{Neighbor, comments};
///
/// let found = comments("# head\na: 1 # beside\nb: |\n  # text\n")?;
/// assert_eq!(found.len(), 2);
/// assert_eq!(found[0].beside, Neighbor::Below { next: Some(2), is_adjacent: true });
/// assert_eq!((found[1].text, found[1].beside), (" beside", Neighbor::OwnLine));
/// # Ok::<(), rbac_eval::text::yaml::Error>(())
/// ```
///
/// # Errors
/// If the text can't be taken apart.
pub fn comments(text: &str) -> Result<Vec<Comment<'_>>, Error> {
    check(text)?;
    let Scanned { comments, begins } = scanned(text).map_err(SyntaxError::told)?;
    let mut found: Vec<Comment<'_>> = Vec::with_capacity(comments.len());
    // From the last one on, so that each knows what is below it.
    for span in comments.into_iter().rev() {
        let beside = if stands_alone(text, span) {
            let at = begins.partition_point(|begin| begin.start < span.start);
            let next = begins.get(at).map(|begin| begin.line);
            let below = span.line + 1;
            let is_adjacent = next == Some(below)
                || found.last().is_some_and(|later| {
                    let leads_on = Neighbor::Below {
                        next,
                        is_adjacent: true,
                    };
                    later.span.line == below && later.beside == leads_on
                });
            Neighbor::Below { next, is_adjacent }
        } else {
            Neighbor::OwnLine
        };
        found.push(Comment {
            text: text
                .get(span.range())
                .unwrap_or_default()
                .trim_start_matches('#'),
            span,
            beside,
        });
    }
    found.reverse();
    Ok(found)
}

/// Where things stand in a text.
struct Scanned {
    comments: Vec<NodeSpan>,
    /// Where all else begins that is written.
    begins: Vec<NodeSpan>,
}

fn scanned(text: &str) -> Result<Scanned, SyntaxError> {
    let mut scanner = Scanner::with_comments(text);
    let mut begins = Vec::new();
    loop {
        let token = scanner.peek()?;
        let span = token.start.here();
        match token.kind {
            TokenKind::StreamEnd => break,
            // Nothing is written for these, or nothing that could be meant.
            TokenKind::BlockEnd
            | TokenKind::BlockMappingStart
            | TokenKind::BlockSequenceStart
            | TokenKind::BlockEntry
            | TokenKind::DocumentStart
            | TokenKind::DocumentEnd => {}
            _ => begins.push(span),
        }
        scanner.take();
    }
    Ok(Scanned {
        comments: scanner.comments(),
        begins,
    })
}

/// Whether nothing but blanks, or the `---` that begins a document, is before it on its line.
fn stands_alone(text: &str, span: NodeSpan) -> bool {
    let before = text.get(..span.range().start).unwrap_or_default();
    let is_end = |&(at, _): &(usize, char)| line_end(text.as_bytes(), at).is_some();
    let begin = before.char_indices().rev().find(is_end);
    let begin = begin.map_or(0, |(at, end)| at + end.len_utf8());
    let before = before.get(begin..).unwrap_or_default().trim();
    matches!(before, "" | "---" | "\u{feff}")
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;

    use super::*;

    fn told(text: &str) -> Vec<(u32, &str, Neighbor)> {
        let found = comments(text).unwrap();
        found
            .iter()
            .map(|comment| (comment.span.line, comment.text.trim(), comment.beside))
            .collect()
    }

    fn below(next: u32, is_adjacent: bool) -> Neighbor {
        let next = Some(next);
        Neighbor::Below { next, is_adjacent }
    }

    #[test]
    fn comments_are_told_from_text() {
        let text = "a: |\n  # text\n  x\n# one\nb: 'x # text\n  # text'\nc: x#text # two\nd: \
                    # three\n  # four\n\n  e\n# five\n";
        assert_eq!(
            told(text),
            [
                (4, "one", below(5, true)),
                (7, "two", Neighbor::OwnLine),
                (8, "three", Neighbor::OwnLine),
                (9, "four", below(11, false)),
                (
                    12,
                    "five",
                    Neighbor::Below {
                        next: None,
                        is_adjacent: false
                    }
                ),
            ]
        );
    }

    #[test]
    fn comments_lead_through_others_to_what_is_below() {
        let text = "--- # a\n# b\n# c\nx:\n# d\n- y\n- z: [1, # e\n  2]\n";
        assert_eq!(
            told(text),
            [
                (1, "a", below(4, true)),
                (2, "b", below(4, true)),
                (3, "c", below(4, true)),
                (5, "d", below(6, true)),
                (7, "e", Neighbor::OwnLine),
            ]
        );
    }

    #[test]
    fn lines_end_as_in_the_parser() {
        assert_eq!(
            told("a: 1\u{2028}# x\u{85}b: 2\r\n# y\r\nc: 3\r# z"),
            [
                (2, "x", below(3, true)),
                (4, "y", below(5, true)),
                (
                    6,
                    "z",
                    Neighbor::Below {
                        next: None,
                        is_adjacent: false
                    }
                ),
            ]
        );
        assert!(comments("a: \"").is_err());
    }
}

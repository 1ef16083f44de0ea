//! Comments that speak to this program, and what of a text they stand beside.
//!
//! A comment is no part of what kubectl sends, so only those are looked at that begin with
//! [`MARKER`], and only in documents that can be read.

use memchr::memmem;

use crate::text::yaml::{self, Comment, Limits, Neighbor, YamlNode};
use crate::text::{FileId, Span};

/// How a comment begins that speaks to this program.
pub const MARKER: &str = "rbac-eval:";

/// A comment that begins with [`MARKER`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ToolComment {
    /// Where it stands.
    pub span: Span,
    /// What follows [`MARKER`], without blanks around it.
    pub text: String,
    /// What it stands beside.
    pub beside: Beside,
}

/// What of a text a comment stands beside. Lines are counted from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Beside {
    /// Nothing that could be meant.
    Nothing,
    /// What stands on a line.
    Line(u32),
    /// A whole object: the comment is at its head.
    Object {
        /// The object's first line.
        first: u32,
        /// The last line before the next object.
        last: u32,
    },
}

impl Beside {
    /// Whether it is this line, or an object that holds it.
    pub fn holds(self, line: u32) -> bool {
        match self {
            Beside::Nothing => false,
            Beside::Line(own) => own == line,
            Beside::Object { first, last } => (first..=last).contains(&line),
        }
    }
}

/// Whether a text may hold such comments.
pub fn may_hold_comments(text: &str) -> bool {
    memmem::find(text.as_bytes(), MARKER.as_bytes()).is_some()
}

/// The comments of a document in YAML that begins on this line; none where it can't be read.
pub(super) fn of_document(file: FileId, text: &str, line: u32) -> Vec<ToolComment> {
    if !may_hold_comments(text) {
        return Vec::new();
    }
    let Ok(comments) = yaml::comments(text) else {
        return Vec::new();
    };
    let spoken = comments.into_iter().filter_map(|comment| {
        let text = comment.text.trim().strip_prefix(MARKER)?.trim().to_owned();
        Some((comment, text))
    });
    let spoken: Vec<(Comment<'_>, String)> = spoken.collect();
    let limits = Limits::default().as_deep_as_kubectl();
    let (false, Ok(document)) = (spoken.is_empty(), yaml::first_document(text, limits)) else {
        return Vec::new();
    };
    let begins = begins(document.root());
    let end = document.end();
    // Where it ends with a line, nothing of it is on the next.
    let end = end.line.saturating_sub(u32::from(end.column == 1)).max(1);
    let in_file = |own: u32| line + (own - 1);
    let object = |first: u32| {
        let at = begins.binary_search(&first).ok()?;
        let next = begins.get(at + 1).map(|next| next - 1);
        let last = next.unwrap_or(end).max(first);
        Some(Beside::Object {
            first: in_file(first),
            last: in_file(last),
        })
    };
    let one = |(comment, text): (Comment<'_>, String)| {
        let beside = match comment.beside {
            Neighbor::OwnLine => Beside::Line(in_file(comment.span.line)),
            Neighbor::Below { next, is_adjacent } => {
                let line = || next.filter(|_| is_adjacent).map(in_file).map(Beside::Line);
                let found = next.and_then(object).or_else(line);
                found.unwrap_or(Beside::Nothing)
            }
        };
        ToolComment {
            span: Span {
                file,
                line: in_file(comment.span.line),
                column: comment.span.column,
            },
            text,
            beside,
        }
    };
    spoken.into_iter().map(one).collect()
}

/// The comments of a text of several documents, as it stands in a file that something else was made of.
pub fn comments(file: FileId, text: &str) -> Vec<ToolComment> {
    if !may_hold_comments(text) {
        return Vec::new();
    }
    let mut found = Vec::new();
    for taken in super::stream::take(text).taken {
        if let super::stream::Taken::Yaml(document, line) = taken {
            found.extend(of_taken(file, text, document, line));
        }
    }
    found
}

/// The comments of a document of a text: those of the line `---` that begins it, too.
pub(super) fn of_taken(file: FileId, text: &str, document: &str, line: u32) -> Vec<ToolComment> {
    let begin = (document.as_ptr() as usize).saturating_sub(text.as_ptr() as usize);
    let before = text.get(..begin).unwrap_or_default();
    let own = before.strip_suffix('\n').unwrap_or(before);
    let own = own.rfind('\n').map_or(0, |at| at + 1);
    let is_marker = before
        .get(own..)
        .is_some_and(|line| line.starts_with("---"));
    let whole = text.get(own..begin + document.len());
    match whole.filter(|_| is_marker && line > 1) {
        Some(whole) => of_document(file, whole, line - 1),
        None => of_document(file, document, line),
    }
}

/// The lines on which the objects of a document begin, sorted: of a list those of its items.
fn begins(root: YamlNode<'_>) -> Vec<u32> {
    let mut begins = Vec::new();
    let mut left = vec![root];
    while let Some(node) = left.pop() {
        match node.get("items").and_then(YamlNode::items) {
            Some(items) => left.extend(items),
            None => begins.push(node.place().line),
        }
    }
    begins.sort_unstable();
    begins.dedup();
    begins
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;

    use super::*;
    use crate::text::Files;

    fn told(text: &str) -> Vec<(u32, Beside)> {
        let file = Files::default().add("x");
        let found = comments(file, text);
        let found = found.into_iter();
        found
            .map(|comment| (comment.span.line, comment.beside))
            .collect()
    }

    #[test]
    fn a_comment_at_the_head_is_beside_the_whole_object() {
        let text = "# rbac-eval: a\n\nkind: Role\nrules:\n# rbac-eval: b\n- verbs: [get] # rbac-eval: c\n\
                    --- # rbac-eval: d\nkind: Role\nx: |\n  # rbac-eval: e\n---\n# other\n# rbac-eval: f\n";
        assert_eq!(
            told(text),
            [
                (1, Beside::Object { first: 3, last: 6 }),
                (5, Beside::Line(6)),
                (6, Beside::Line(6)),
                (7, Beside::Object { first: 8, last: 10 }),
                (13, Beside::Nothing),
            ]
        );
    }

    #[test]
    fn items_of_a_list_have_heads_of_their_own() {
        let text = "# rbac-eval: a\nkind: List\nitems:\n# rbac-eval: b\n- kind: Role\n  x: 1\n\
                    # rbac-eval: c\n\n-\n  kind: Role\n";
        assert_eq!(
            told(text),
            [
                (1, Beside::Line(2)),
                (4, Beside::Object { first: 5, last: 9 }),
                (
                    7,
                    Beside::Object {
                        first: 10,
                        last: 10
                    }
                ),
            ]
        );
    }

    #[test]
    fn what_cant_be_read_holds_none() {
        assert_eq!(told("# rbac-eval: a\nkind: [\n"), []);
        assert_eq!(told("{\"a\": \"# rbac-eval: a\"}\n"), []);
    }
}

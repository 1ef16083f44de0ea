//! Lists taken apart by their lines, so that their items can be read on all cores.
//!
//! Only a document that looks as `kubectl get -o yaml` prints one is taken apart, and only where the
//! parts read as the whole does:
//!
//! - No character but LF and CRLF ends a line, so the lines are those that the parser sees.
//! - What stands around the items, with `items: []` in their place, is read by the parser itself: it
//!   is a mapping of `apiVersion`, `kind` and `metadata` alone, each once, and `items` is found where
//!   the line stands that says it. So nothing before that line is left open, and the parser comes to
//!   the items as it would come to a text that begins there.
//! - An item begins at a dash in the column of the first one, and nothing else stands in that column
//!   or before it. What one item leaves open (quotes, flow style) makes its text unreadable; the
//!   reader of the items then takes the document whole, as it does where it finds an alias.

use memchr::memmem;

use crate::parallel;
use crate::text::newlines;
use crate::text::yaml::{self, Document, Limits};

/// A list that was taken apart.
pub(super) struct List<'a> {
    /// What stands around the items.
    head: String,
    pub(super) items: Vec<Item<'a>>,
    /// The column of the items' dashes, from 0.
    pub(super) dash: usize,
}

/// The text of an item, and the line of the source on which it begins.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Item<'a> {
    pub(super) text: &'a str,
    pub(super) line: u32,
}

impl List<'_> {
    /// What stands around the items, with an empty list in their place.
    pub(super) fn head(&self) -> Option<Document<'_>> {
        yaml::first_document(&self.head, Limits::default()).ok()
    }
}

/// Takes a document apart that begins on this line.
pub(super) fn list(document: &str, line: u32) -> Option<List<'_>> {
    let (items_at, items_line) = items_key(document)?;
    if !has_usual_lines(document) {
        return None;
    }
    let after_key = items_at + line_at(document, items_at).len() + 1;
    let (first, before_first) = first_dash(document, after_key)?;
    let dash = indent_of(line_at(document, first));
    let number = line + items_line + 1 + before_first;
    let mut begins: Vec<(usize, u32)> = Vec::new();
    let mut end = document.len();
    for (offset, lines_before) in shallow_lines(&document[first..], dash) {
        let content = line_at(document, first + offset);
        if indent_of(content) == dash && is_dash(content, dash) {
            begins.push((first + offset, number + lines_before));
        } else if !is_comment_or_blank(content) {
            if content.starts_with(' ') {
                return None;
            }
            end = first + offset;
            break;
        }
    }
    let head = format!("{}items: []\n{}", &document[..items_at], &document[end..]);
    let ends = begins
        .iter()
        .skip(1)
        .map(|&(offset, _)| offset)
        .chain([end]);
    let items = begins
        .iter()
        .zip(ends)
        .map(|(&(begin, line), end)| Item {
            text: &document[begin..end],
            line,
        })
        .collect();
    let list = List { head, items, dash };
    is_list_head(&list, items_line).then_some(list)
}

/// Whether the parser finds around the items what was taken for it.
fn is_list_head(list: &List<'_>, items_line: u32) -> bool {
    let Some(head) = list.head() else {
        return false;
    };
    let Some(entries) = head.root().written_entries() else {
        return false;
    };
    let mut found = false;
    for (key, _) in entries {
        let place = key.definition();
        match key.as_str() {
            Some("items") => found = (place.line, place.column) == (items_line + 1, 1),
            Some("apiVersion" | "kind" | "metadata") => {}
            _ => return false,
        }
    }
    found
        && head.repeated().is_empty()
        && head.size().aliased == 0
        && head.end().range().end == list.head.len()
}

/// Where the line `items:` is, and how many lines are before it.
fn items_key(document: &str) -> Option<(usize, u32)> {
    let at = match document.starts_with("items:") {
        true => 0,
        false => memmem::find(document.as_bytes(), b"\nitems:")? + 1,
    };
    let rest = line_at(document, at).strip_prefix("items:")?;
    let is_alone = rest.trim_ascii().is_empty();
    is_alone.then(|| (at, newlines(&document.as_bytes()[..at])))
}

/// Where the first item begins, and how many lines are before it.
fn first_dash(document: &str, from: usize) -> Option<(usize, u32)> {
    let mut at = from;
    for before in 0.. {
        let line = document.get(at..).filter(|rest| !rest.is_empty())?;
        let line = line_at(line, 0);
        if is_dash(line, indent_of(line)) {
            return Some((at, before));
        }
        if !is_comment_or_blank(line) {
            return None;
        }
        at += line.len() + 1;
    }
    None
}

/// Whether nothing ends a line but LF and CRLF.
fn has_usual_lines(text: &str) -> bool {
    let bytes = text.as_bytes();
    let has_lone_return =
        memchr::memchr_iter(b'\r', bytes).any(|at| bytes.get(at + 1) != Some(&b'\n'));
    !has_lone_return
        && ["\u{85}", "\u{2028}", "\u{2029}"]
            .iter()
            .all(|end| memmem::find(bytes, end.as_bytes()).is_none())
}

fn line_at(text: &str, begin: usize) -> &str {
    let rest = &text[begin..];
    &rest[..memchr::memchr(b'\n', rest.as_bytes()).unwrap_or(rest.len())]
}

fn lines(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut offset = 0;
    let mut newlines = memchr::memchr_iter(b'\n', text.as_bytes());
    let mut done = false;
    std::iter::from_fn(move || {
        if done {
            return None;
        }
        let begin = offset;
        let end = newlines.next().unwrap_or_else(|| {
            done = true;
            text.len()
        });
        offset = end + 1;
        Some((begin, &text[begin..end]))
    })
}

fn is_comment_or_blank(line: &str) -> bool {
    let line = line.trim_ascii_start();
    line.is_empty() || line.starts_with('#')
}

/// Whether a line is indented by more than this, which nearly every line of an item is.
#[inline]
fn is_deeper(line: &str, indent: usize) -> bool {
    let bytes = line.as_bytes();
    bytes.len() > indent && bytes[..=indent].iter().all(|byte| *byte == b' ')
}

/// The lines that aren't indented by more than this: where each begins, and how many lines are
/// before it. Nearly all of a large dump is looked at here, so all cores do.
fn shallow_lines(text: &str, indent: usize) -> Vec<(usize, u32)> {
    /// About how many bytes a core looks at at once.
    const BLOCK: usize = 1 << 20;
    let mut blocks: Vec<(usize, &str)> = Vec::with_capacity(text.len() / BLOCK + 1);
    let mut begin = 0;
    while begin < text.len() {
        let least = (begin + BLOCK).min(text.len());
        let end = memchr::memchr(b'\n', &text.as_bytes()[least..])
            .map_or(text.len(), |newline| least + newline + 1);
        blocks.push((begin, &text[begin..end]));
        begin = end;
    }
    let found: Vec<(u32, Vec<(usize, u32)>)> = parallel::map(&blocks, |&(begin, block)| {
        let mut count = 0;
        let mut shallow = Vec::new();
        // A block ends after the end of a line, after which there is no other.
        for (offset, line) in lines(block.strip_suffix('\n').unwrap_or(block)) {
            if !is_deeper(line, indent) {
                shallow.push((begin + offset, count));
            }
            count += 1;
        }
        (count, shallow)
    });
    let mut before = 0u32;
    let mut all = Vec::with_capacity(found.iter().map(|(_, shallow)| shallow.len()).sum());
    for (count, shallow) in found {
        let counted = |(offset, line)| (offset, before + line);
        all.extend(shallow.into_iter().map(counted));
        before += count;
    }
    all
}

fn indent_of(line: &str) -> usize {
    line.len() - line.trim_start_matches(' ').len()
}

fn is_dash(line: &str, indent: usize) -> bool {
    let rest = &line[indent..];
    rest == "-" || rest == "-\r" || rest.starts_with("- ")
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;

    use super::*;

    #[test]
    fn a_list_as_kubectl_prints_it_becomes_its_items() {
        let text = "apiVersion: v1\nitems:\n- apiVersion: v1\n  kind: Pod\n# c\n- kind: Role\n  x:\n  - a\nkind: List\nmetadata:\n  resourceVersion: \"\"\n";
        let list = list(text, 11).unwrap();
        let items: Vec<_> = list
            .items
            .iter()
            .map(|item| (item.text, item.line))
            .collect();
        assert_eq!(
            items,
            [
                ("- apiVersion: v1\n  kind: Pod\n# c\n", 13),
                ("- kind: Role\n  x:\n  - a\n", 16)
            ]
        );
        assert_eq!(list.dash, 0);
        let head = list.head().unwrap();
        assert_eq!(head.root().get("kind").unwrap().as_str(), Some("List"));
    }

    #[test]
    fn what_is_unsure_stays_whole() {
        for text in [
            // Another key beside the known ones.
            "apiVersion: v1\nkind: List\nitems:\n- x: 1\nextra: 2\n",
            "apiVersion: v1\nkind: List\nitems:\n- x: 1\nkind: Pod\n",
            "apiVersion: v1\n\"kind\": List\nkind: x\nitems:\n- x: 1\n",
            "apiVersion: v1\nkind: List\nitems:\n- x: 1\n\"items\": []\n",
            // Quotes that open before the items.
            "apiVersion: v1\nkind: \"\nitems:\n- x: 1\n\"\n",
            "apiVersion: v1\nkind: {\nitems:\n- x: 1\n}\n",
            // What follows the list isn't in the first column.
            "apiVersion: v1\nkind: List\nitems:\n  - x: 1\n y: 2\n",
            "apiVersion: v1\nkind: List\nitems:\n- x: 1\n...\n",
            "apiVersion: v1\nkind: List\nitems:\n- x: 1\u{2028}- y: 1\n",
            // Flow style.
            "apiVersion: v1\nkind: List\nitems: [{kind: Role}]\n",
            "apiVersion: v1\nkind: List\nitems:\n",
        ] {
            assert!(list(text, 1).is_none(), "{text}");
        }
    }
}

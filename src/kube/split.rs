//! Splitting YAML text into documents and list items by lines alone.
//!
//! A `---` at the beginning of a line always ends a document, whatever surrounds it, and within a
//! document whose top level is a mapping nothing but `- ` at the list's own indentation begins an
//! item of `items:`. Where a document doesn't look like what `kubectl get -o yaml` prints, or an
//! alias may reach from one item to another, it stays whole.

use std::sync::Arc;

use super::decode::Registry;
use crate::parallel;
use crate::text::newlines;
use memchr::memmem::{self, Finder};

/// A piece of text that can be parsed alone.
#[derive(Debug, PartialEq)]
pub(super) struct Chunk<'a> {
    /// The text.
    pub(super) text: &'a str,
    /// The line of the source on which it begins, from 1.
    pub(super) line: u32,
    /// What it is.
    pub(super) shape: Shape,
}

/// What a [`Chunk`] is.
#[derive(Debug, PartialEq)]
pub(super) enum Shape {
    /// A document.
    Document,
    /// One entry of a list's `items`, as a sequence of one.
    Item(Arc<ListHeading>),
    /// An object of a kind that isn't decoded.
    OtherKind,
}

/// What the items of a list take over from it.
#[derive(Debug, PartialEq)]
pub(super) struct ListHeading {
    pub(super) api_version: String,
    pub(super) kind: String,
}

impl<'a> Chunk<'a> {
    /// Whether the next chunk is another item of the same list, or both are of other kinds.
    pub(super) fn continues_in(&self, next: &Chunk<'a>) -> bool {
        let follows = self.text.as_bytes().as_ptr_range().end == next.text.as_ptr();
        match (&self.shape, &next.shape) {
            (Shape::Item(list), Shape::Item(other)) => follows && Arc::ptr_eq(list, other),
            (Shape::OtherKind, Shape::OtherKind) => true,
            _ => false,
        }
    }

    /// This chunk of a text and those up to `last` as one; none where they don't follow.
    pub(super) fn up_to(&self, last: &Chunk<'a>, text: &'a str) -> Option<Chunk<'a>> {
        let Shape::Item(list) = &self.shape else {
            return None;
        };
        let begin = (self.text.as_ptr() as usize).checked_sub(text.as_ptr() as usize)?;
        let end = (last.text.as_ptr() as usize).checked_sub(text.as_ptr() as usize)?;
        Some(Chunk {
            text: text.get(begin..end + last.text.len())?,
            line: self.line,
            shape: Shape::Item(Arc::clone(list)),
        })
    }
}

/// Splits a text. Documents of nothing but comments are left out.
pub(super) fn split<'a>(text: &'a str, registry: &Registry) -> Vec<Chunk<'a>> {
    let mut chunks = Vec::new();
    for (document, line) in documents(text) {
        if is_blank(document) {
            continue;
        }
        match items(document, line, registry) {
            Some(items) => chunks.extend(items),
            None => {
                let shape = match scalar_at(document, 0, "kind") {
                    Some(kind) if is_other_kind(kind, registry) => Shape::OtherKind,
                    _ => Shape::Document,
                };
                chunks.push(Chunk {
                    text: document,
                    line,
                    shape,
                });
            }
        }
    }
    chunks
}

/// Whether this is a kind, and none that is decoded. Lists that weren't split are none of those, nor
/// is what is no string: it has to be told.
fn is_other_kind(kind: &str, registry: &Registry) -> bool {
    kind.starts_with(|c: char| c.is_ascii_alphabetic())
        && !is_word_of_yaml(kind)
        && !kind.ends_with("List")
        && !registry.wants(kind)
}

/// Whether a plain word is a boolean or null.
fn is_word_of_yaml(word: &str) -> bool {
    ["true", "false", "yes", "no", "on", "off", "y", "n", "null"]
        .iter()
        .any(|known| known.eq_ignore_ascii_case(word))
}

/// The documents with the lines on which they begin. A `---` belongs to the document after it.
fn documents(text: &str) -> Vec<(&str, u32)> {
    let mut documents = Vec::new();
    let (mut begin, mut begin_line) = (0, 1);
    let count_lines = |text: &str| newlines(text.as_bytes());
    for offset in marked_lines(text) {
        let line = line_at(text, offset);
        if is_marker(line, "---") {
            if offset > begin && !is_directives(&text[begin..offset]) {
                documents.push((&text[begin..offset], begin_line));
                begin_line += count_lines(&text[begin..offset]);
                begin = offset;
            }
        } else if is_marker(line, "...") {
            let end = offset + line.len();
            documents.push((&text[begin..end], begin_line));
            begin_line += count_lines(&text[begin..end]) + 1;
            begin = (end + 1).min(text.len());
        }
    }
    documents.push((&text[begin..], begin_line));
    documents
}

/// Where lines begin with `---` or `...`, found without looking at the others.
fn marked_lines(text: &str) -> Vec<usize> {
    let bytes = text.as_bytes();
    let find = |marker: &str| -> Vec<usize> {
        let newlines = memmem::find_iter(bytes, marker.as_bytes());
        newlines.map(|newline| newline + 1).collect()
    };
    let (mut found, ends) = parallel::join(|| find("\n---"), || find("\n..."));
    found.extend(ends);
    if text.starts_with("---") || text.starts_with("...") {
        found.push(0);
    }
    found.sort_unstable();
    found
}

fn line_at(text: &str, begin: usize) -> &str {
    let rest = &text[begin..];
    &rest[..memchr::memchr(b'\n', rest.as_bytes()).unwrap_or(rest.len())]
}

/// Whether a text holds directives, and beside them nothing but comments: they belong to the
/// document that the next `---` begins.
fn is_directives(text: &str) -> bool {
    let mut any = false;
    lines(text).all(|(_, line)| {
        any |= line.starts_with('%');
        line.starts_with('%') || is_comment_or_blank(line)
    }) && any
}

/// Whether some line of a text parts documents. No string of JSON can hold one.
pub(super) fn has_marker(text: &str) -> bool {
    marked_lines(text)
        .into_iter()
        .any(|begin| is_marker(line_at(text, begin), "---"))
}

fn is_marker(line: &str, marker: &str) -> bool {
    line.strip_prefix(marker)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with([' ', '\t', '\r']))
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

fn is_blank(document: &str) -> bool {
    lines(document).all(|(_, line)| {
        is_comment_or_blank(line)
            || ["---", "..."].iter().any(|marker| {
                is_marker(line, marker) && is_comment_or_blank(line.trim_start_matches(['-', '.']))
            })
    })
}

/// The items of a document that is a list in block style, as `kubectl get -o yaml` prints it.
fn items<'a>(document: &'a str, line: u32, registry: &Registry) -> Option<Vec<Chunk<'a>>> {
    let mut begins: Vec<(usize, u32)> = Vec::new();
    let mut head = String::new();
    let mut end = document.len();
    let mut in_items = false;
    for ((offset, content), number) in lines(document).zip(line..) {
        let indent = indent_of(content);
        if !in_items {
            match content.strip_prefix("items:") {
                Some(rest) if is_comment_or_blank(rest) => in_items = true,
                Some(_) => return None,
                None => {
                    head.push_str(content);
                    head.push('\n');
                }
            }
        } else if is_dash(content, indent) {
            begins.push((offset, number));
            break;
        } else if !is_comment_or_blank(content) {
            return None;
        }
    }
    if let Some(&(first, number)) = begins.first() {
        let dash = indent_of(line_at(document, first));
        begins.clear();
        for (offset, lines_before) in shallow_lines(&document[first..], dash) {
            let content = line_at(document, first + offset);
            if indent_of(content) == dash && is_dash(content, dash) {
                begins.push((first + offset, number + lines_before));
            } else if !is_comment_or_blank(content) {
                end = first + offset;
                break;
            }
        }
    }
    for (_, content) in lines(&document[end..]) {
        if content.starts_with("items:") {
            return None;
        }
        head.push_str(content);
        head.push('\n');
    }
    let kind = scalar_at(&head, 0, "kind")?;
    let api_version = scalar_at(&head, 0, "apiVersion")?;
    if !kind.ends_with("List") || aliases_reach(document) || !head_is_plain(&head) {
        return None;
    }
    let list = Arc::new(ListHeading {
        api_version: api_version.to_owned(),
        kind: kind.to_owned(),
    });
    let ends = begins
        .iter()
        .skip(1)
        .map(|&(offset, _)| offset)
        .chain([end]);
    let items: Vec<(u32, &str)> = begins
        .iter()
        .zip(ends)
        .map(|(&(begin, line), end)| (line, &document[begin..end]))
        .collect();
    let (kinds, first_kinds) = (Finder::new("kind"), Finder::new("- kind"));
    let chunks = parallel::map_many(&items, |&(line, text)| {
        let indent = item_indent(text).map_or(0, |dash| dash + 2);
        let kind = scalar_found(text, indent, &kinds)
            .or_else(|| scalar_found(text, indent.saturating_sub(2), &first_kinds));
        let shape = match kind {
            Some(kind) if is_other_kind(kind, registry) => Shape::OtherKind,
            _ => Shape::Item(Arc::clone(&list)),
        };
        Chunk { text, line, shape }
    });
    Some(chunks)
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

fn item_indent(item: &str) -> Option<usize> {
    item.find('-')
}

/// Whether what stands around the items is so plain that the lines tell it all.
fn head_is_plain(head: &str) -> bool {
    lines(head).all(|(_, line)| {
        is_comment_or_blank(line)
            || is_marker(line, "---")
            || is_marker(line, "...")
            || line.starts_with(' ')
            || ["apiVersion:", "kind:", "metadata:"]
                .iter()
                .any(|key| line.starts_with(key))
    })
}

/// Whether some `*name` has its `&name` in the text, so that pieces may depend on one another.
fn aliases_reach(text: &str) -> bool {
    let bytes = text.as_bytes();
    memchr::memchr_iter(b'*', bytes).any(|at| {
        let before = at.checked_sub(1).map_or(b'\n', |before| bytes[before]);
        if !matches!(before, b' ' | b'\n' | b'\t' | b'[' | b'{' | b',') {
            return false;
        }
        let name: &str = text[at + 1..]
            .split(|c: char| c.is_whitespace() || ",[]{}".contains(c))
            .next()
            .unwrap_or_default();
        let name = name.trim_end_matches(':');
        !name.is_empty() && memmem::find(bytes, format!("&{name}").as_bytes()).is_some()
    })
}

/// The value of `key:` at exactly this indentation, where there is exactly one and it is a plain
/// word, quoted or not.
fn scalar_at<'a>(text: &'a str, indent: usize, key: &str) -> Option<&'a str> {
    scalar_found(text, indent, &Finder::new(key))
}

/// The same of a key that is looked for in many texts.
fn scalar_found<'a>(text: &'a str, indent: usize, key: &Finder<'_>) -> Option<&'a str> {
    let mut found = None;
    for at in key.find_iter(text.as_bytes()) {
        let begin = memchr::memrchr(b'\n', &text.as_bytes()[..at]).map_or(0, |newline| newline + 1);
        let before = &text.as_bytes()[begin..at];
        // An item's first line has its dash where others have a space, and isn't meant.
        if before.len() != indent || before.iter().any(|byte| *byte != b' ') {
            continue;
        }
        let line = &text[at + key.needle().len()..];
        let line = &line[..memchr::memchr(b'\n', line.as_bytes()).unwrap_or(line.len())];
        let Some(rest) = line.strip_prefix(':') else {
            continue;
        };
        if !rest.starts_with([' ', '\t']) {
            continue;
        }
        let value = rest.trim();
        let value = value.split(" #").next().unwrap_or(value).trim_end();
        let value = ['"', '\'']
            .iter()
            .find_map(|&quote| value.strip_prefix(quote)?.strip_suffix(quote))
            .unwrap_or(value);
        let word = value
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"./-_:".contains(&byte));
        if found.is_some() || value.is_empty() || !word {
            return None;
        }
        found = Some(value);
    }
    found
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;

    use super::*;

    fn shapes(text: &str) -> Vec<(String, u32)> {
        split(text, &Registry::standard())
            .iter()
            .map(|chunk| (format!("{:?}", chunk.shape), chunk.line))
            .collect()
    }

    #[test]
    fn documents_are_told_apart_by_markers_at_the_beginning_of_a_line() {
        let text = "# c\n---\nkind: Role\n--- # next\nkind: Pod\n...\n---\n\n";
        assert_eq!(
            shapes(text),
            [("Document".to_owned(), 2), ("OtherKind".to_owned(), 4)]
        );
        let text = "%YAML 1.2\n---\nkind: Role\n";
        assert_eq!(shapes(text), [("Document".to_owned(), 1)]);
        let text = "kind: Role\nx: |\n  ---\n  ...\n";
        assert_eq!(shapes(text), [("Document".to_owned(), 1)]);
    }

    #[test]
    fn a_list_as_kubectl_prints_it_becomes_its_items() {
        let text = "apiVersion: v1\nitems:\n- apiVersion: v1\n  kind: Pod\n- kind: Role\n  x:\n  - a\nkind: List\nmetadata:\n  resourceVersion: \"\"\n";
        let chunks = split(text, &Registry::standard());
        assert_eq!(chunks[0].shape, Shape::OtherKind);
        assert_eq!(chunks[1].text, "- kind: Role\n  x:\n  - a\n");
        assert_eq!(chunks[1].line, 5);
        assert_eq!(chunks.len(), 2);
    }

    #[test]
    fn what_is_unsure_stays_whole() {
        for text in [
            // An alias that reaches into another item.
            "apiVersion: v1\nkind: List\nitems:\n- x: &a 1\n- y: *a\n",
            // Another key beside the known ones.
            "apiVersion: v1\nkind: List\nitems:\n- x: 1\nextra: 2\n",
            // Flow style.
            "apiVersion: v1\nkind: List\nitems: [{kind: Role}]\n",
            "apiVersion: v1\nkind: List\nitems:\n",
        ] {
            let chunks = split(text, &Registry::standard());
            let whole = chunks.len() == 1 && chunks[0].shape == Shape::Document;
            assert!(whole || chunks.is_empty(), "{text}");
        }
    }
}

//! The way to a place: the keys and numbers that lead to it.

use std::fmt::Write;

use super::tree::{Document, YamlNode};
use super::{Error, NodeSpan};
use crate::text::excerpt;

impl Document<'_> {
    /// The way from the top to what an error is about, as `spec.groups[0]`; none where it is about the
    /// document as a whole.
    pub fn path_to(&self, error: &Error) -> Option<String> {
        self.root().path_to(error)
    }
}

impl YamlNode<'_> {
    /// The way from this node to what an error is about; none where it is about the node as a whole.
    pub fn path_to(self, error: &Error) -> Option<String> {
        let mut path = String::new();
        leads(self, error.span(), &mut path).then_some(path)
    }
}

/// Makes the path that of the place, if the place is in this node. What an alias stands for is told at
/// the alias, so there is no way through one.
fn leads(node: YamlNode<'_>, place: NodeSpan, path: &mut String) -> bool {
    let length = path.len();
    let mut step = |value: YamlNode<'_>, places: [NodeSpan; 2], word: &str| {
        path.push_str(word);
        let found = match value.alias_span() {
            Some(alias) => alias == place,
            None => places.contains(&place) || leads(value, place, path),
        };
        if !found {
            path.truncate(length);
        }
        found
    };
    if let Some(entries) = node.written_entries() {
        for (key, value) in entries {
            let Ok(word) = key.as_key() else {
                continue;
            };
            if step(
                value,
                [key.definition(), value.definition()],
                &field(&word, length == 0),
            ) {
                return true;
            }
        }
    }
    for (number, item) in node.items().into_iter().flatten().enumerate() {
        if step(item, [item.definition(); 2], &format!("[{number}]")) {
            return true;
        }
    }
    false
}

/// A key as one part of a path. One that could be taken for several stands in brackets.
fn field(key: &str, is_first: bool) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '@');
    let mut part = String::new();
    let shown = excerpt(key);
    if key.is_empty() || !key.chars().all(plain) {
        // Writing into a string can't fail.
        let _ = write!(part, "[{shown:?}]");
        return part;
    }
    if !is_first {
        part.push('.');
    }
    part.push_str(&shown);
    part
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::super::document;
    use serde::Deserialize;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Top {
        #[serde(rename = "lists")]
        _lists: Option<BTreeMap<String, Vec<u8>>>,
        #[serde(rename = "inner")]
        _inner: Option<Box<Top>>,
    }

    #[test]
    fn the_way_to_an_error_names_keys_and_numbers() {
        for (text, path) in [
            ("lists: {a: [1, x]}", Some("lists.a[1]")),
            ("lists: {a: x}", Some("lists.a")),
            ("lists:\n  a.b/c:\n  - x\n", Some("lists[\"a.b/c\"][0]")),
            ("inner: {inner: {other: 1}}", Some("inner.inner.other")),
            ("inner: [1]", Some("inner")),
            // At the alias, not where its anchor stands.
            (
                "lists: {a: &x [y]}\ninner: {lists: {b: *x}}",
                Some("lists.a[0]"),
            ),
            ("inner: {other: &x [y]}", Some("inner.other")),
            (
                "lists: &x {}\ninner: {lists: *x, inner: *x, other: 1}",
                Some("inner.other"),
            ),
            ("[1]", None),
            ("1", None),
        ] {
            let document = document(text).unwrap();
            let error = document.read::<Top>().unwrap_err();
            assert_eq!(document.path_to(&error).as_deref(), path, "{text}: {error}");
        }
    }
}

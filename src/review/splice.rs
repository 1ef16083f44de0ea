//! Putting a `status` into the text of a review, and leaving the rest of it as it is.

use std::borrow::Cow;

use serde::de::IgnoredAny;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;
use serde_json::value::RawValue;

use crate::text::yaml::{self, Document};
use crate::text::{Quotes, escaped, escaped_json, holds_misleading, write_yaml};

/// Why a status can't be put into a text.
#[derive(Debug, thiserror::Error)]
pub(super) enum SpliceError {
    #[error(transparent)]
    Json(#[from] serde_json::Error),
    #[error(transparent)]
    Yaml(#[from] yaml::Error),
    #[error(transparent)]
    Write(#[from] std::io::Error),
    #[error(transparent)]
    Text(#[from] std::string::FromUtf8Error),
    #[error("it is no JSON object")]
    NotAnObject,
    #[error("it is no mapping")]
    NotAMapping,
}

/// The members of a JSON object, as slices of its text.
#[derive(Deserialize)]
struct ObjectMembers<'a> {
    #[serde(borrow, default, deserialize_with = "present")]
    status: Option<&'a RawValue>,
    #[serde(default)]
    spec: Option<IgnoredAny>,
}

/// A member that is there, be it null.
fn present<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<&'de RawValue>, D::Error> {
    <&RawValue>::deserialize(deserializer).map(Some)
}

/// A JSON object's text with its `status` replaced or added, on lines of its own where the members
/// of the object are. What misleads becomes escapes of the same value.
pub(super) fn json(text: &str, status: &impl Serialize) -> Result<String, SpliceError> {
    let text = text.trim();
    let members: ObjectMembers<'_> = serde_json::from_str(text)?;
    debug_assert!(members.spec.is_some());
    // A first member that stands beside its brace says nothing of how lines are indented.
    let indent = text.find('"').and_then(|first| {
        let (_, indent) = text[..first].rsplit_once('\n')?;
        indent.trim().is_empty().then(|| indent.to_owned())
    });
    let written = match &indent {
        None => serde_json::to_string(status),
        Some(_) => serde_json::to_string_pretty(status),
    }?;
    let written = match &indent {
        None => written,
        Some(indent) => {
            let lines: Vec<String> = written
                .lines()
                .map(|line| {
                    let inner = line.trim_start();
                    let depth = (line.len() - inner.len()) / 2;
                    format!("{}{inner}", indent.repeat(depth + 1))
                })
                .collect();
            lines.join("\n").trim_start().to_owned()
        }
    };
    if let Some(old) = members.status {
        let begin = old.get().as_ptr() as usize - text.as_ptr() as usize;
        let end = begin + old.get().len();
        let answered = format!("{}{written}{}", &text[..begin], &text[end..]);
        return Ok(nothing_misleads(answered));
    }
    let Some(body) = text.strip_suffix('}') else {
        return Err(SpliceError::NotAnObject);
    };
    let body = body.trim_end();
    let answered = match indent {
        None => format!("{body},\"status\":{written}}}"),
        Some(indent) => format!("{body},\n{indent}\"status\": {written}\n}}"),
    };
    Ok(nothing_misleads(answered))
}

fn nothing_misleads(json: String) -> String {
    match escaped_json(&json) {
        Cow::Borrowed(_) => json,
        Cow::Owned(escaped) => escaped,
    }
}

/// A YAML document's text with its `status` replaced or added at its end. A document that isn't a
/// mapping in block style, or holds what misleads, is written anew.
pub(super) fn yaml(text: &str, status: &impl Serialize) -> Result<String, SpliceError> {
    let document = yaml::document(text)?;
    let keys = top_keys(&document)?;
    let lines = lines(text);
    if holds_misleading(text) || !is_block(&lines, &keys) {
        return written_anew(&document, &lines, status);
    }
    let indent = " ".repeat(keys.first().map_or(0, |key| key.column - 1));
    let mut kept = without_status(&lines, &keys, indent.len());
    if !kept.ends_with('\n') {
        kept.push('\n');
    }
    let mut written = Vec::new();
    write_yaml(status, Quotes::Always, &mut written)?;
    let written = String::from_utf8(written)?;
    kept.push_str(&indent);
    kept.push_str("status:\n");
    for line in written.lines() {
        kept.push_str(&indent);
        kept.push_str("  ");
        kept.push_str(line);
        kept.push('\n');
    }
    Ok(kept)
}

/// A key of a document that is a mapping, and where it stands, from 1.
struct TopKey {
    name: String,
    line: usize,
    column: usize,
}

/// The keys of a document that is a mapping, in its order; what is merged in stands elsewhere.
fn top_keys(document: &Document<'_>) -> Result<Vec<TopKey>, yaml::Error> {
    let entries = document.root().written_entries().into_iter().flatten();
    let keys = entries.map(|(key, _)| {
        let span = key.span();
        Ok(TopKey {
            name: key.as_key()?.into_owned(),
            line: span.line as usize,
            column: span.column as usize,
        })
    });
    keys.collect()
}

/// The lines as YAML counts them: a carriage return alone ends one too.
fn lines(text: &str) -> Vec<&str> {
    let mut lines = Vec::new();
    for mut line in text.split_inclusive('\n') {
        while let Some(at) = line.find('\r')
            && !matches!(&line[at + 1..], "" | "\n")
        {
            lines.push(&line[..=at]);
            line = &line[at + 1..];
        }
        lines.push(line);
    }
    lines
}

/// Whether each key begins a line, and no brace stands before the first.
fn is_block(lines: &[&str], keys: &[TopKey]) -> bool {
    let Some(first) = keys.first() else {
        return false;
    };
    let opens = lines.iter().take(first.line - 1).any(|line| {
        let content = line.split(" #").next().unwrap_or_default();
        !is_aside(content) && content.contains('{')
    });
    !opens
        && keys.iter().all(|key| {
            key.column == first.column
                && lines.get(key.line - 1).is_some_and(|line| {
                    line.len() >= key.column && line.bytes().take(key.column - 1).all(|b| b == b' ')
                })
        })
}

/// The text without its old status; comments around it stay.
fn without_status(lines: &[&str], keys: &[TopKey], indent: usize) -> String {
    let Some(at) = keys.iter().position(|key| key.name == "status") else {
        return lines.concat();
    };
    let begin = keys[at].line - 1;
    let mut end = keys.get(at + 1).map_or(lines.len(), |next| next.line - 1);
    while end > begin + 1 && is_comment_above(lines[end - 1], indent) {
        end -= 1;
    }
    [&lines[..begin], &lines[end..]].concat().concat()
}

/// Whether a line is blank, or a comment too far to the left to be part of an indented block.
fn is_comment_above(line: &str, indent: usize) -> bool {
    let content = line.trim_start_matches(' ');
    content.trim().is_empty() || content.starts_with('#') && line.len() - content.len() <= indent
}

/// Whether a line holds nothing of a document but a comment, a directive or the mark above it.
fn is_aside(line: &str) -> bool {
    let line = line.trim();
    line.is_empty() || line.starts_with(['#', '%']) || line == "---"
}

/// A document in block style, below what stands above the old one.
fn written_anew(
    document: &Document<'_>,
    lines: &[&str],
    status: &impl Serialize,
) -> Result<String, SpliceError> {
    let mut value: Value = document.read()?;
    let Some(object) = value.as_object_mut() else {
        return Err(SpliceError::NotAMapping);
    };
    let status = serde_json::to_value(status)?;
    object.shift_remove("status");
    object.insert("status".to_owned(), status);
    let above = lines.iter().take_while(|line| is_aside(line));
    let mut written: Vec<u8> = Vec::new();
    for line in above {
        let content = line.trim_end_matches(['\r', '\n']);
        if holds_misleading(content) {
            written.extend(escaped(content).bytes());
            written.extend(line[content.len()..].bytes());
        } else {
            written.extend(line.bytes());
        }
    }
    if lines
        .iter()
        .find(|line| !is_aside(line))
        .is_some_and(|line| line.starts_with("---"))
    {
        written.extend(b"---\n");
    }
    write_yaml(&value, Quotes::AsNeeded, &mut written)?;
    String::from_utf8(written).map_err(SpliceError::from)
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;
    use serde_json::json;

    fn yaml(text: &str) -> String {
        super::yaml(text, &json!({"allowed": true})).unwrap()
    }

    #[test]
    fn a_block_keeps_its_text_around_the_old_status() {
        for (text, expected) in [
            ("# c\nkind: a\n", "# c\nkind: a\nstatus:\n  allowed: true\n"),
            ("kind: a", "kind: a\nstatus:\n  allowed: true\n"),
            (
                "status:\n- x\n- status: y\n# about b\nb: {}\n",
                "# about b\nb: {}\nstatus:\n  allowed: true\n",
            ),
            (
                "a: 1\nstatus: |\n  b: 1\n\n  # no comment\n# end\n",
                "a: 1\n# end\nstatus:\n  allowed: true\n",
            ),
            (
                "a: 1\n\"status\" : {x:\n 1}\nb: 1\n",
                "a: 1\nb: 1\nstatus:\n  allowed: true\n",
            ),
            (
                "a: |\n  status: 1\nb: 2\n",
                "a: |\n  status: 1\nb: 2\nstatus:\n  allowed: true\n",
            ),
            (
                "--- # c {\n  a: 1\n  b: 2\n",
                "--- # c {\n  a: 1\n  b: 2\n  status:\n    allowed: true\n",
            ),
            (
                "a: [b\rc]\r\nstatus: {}\rd: 1",
                "a: [b\rc]\r\nd: 1\nstatus:\n  allowed: true\n",
            ),
            (
                "é: 1\nstatus: {}\nß: {b: 1}\n",
                "é: 1\nß: {b: 1}\nstatus:\n  allowed: true\n",
            ),
        ] {
            assert_eq!(yaml(text), expected);
        }
    }

    #[test]
    fn another_style_becomes_a_block() {
        for (text, expected) in [
            // Or what nobody would see.
            (
                "# \u{202e}c\na: b\u{200b}c # \u{202e}\nd: a##[x]\n",
                "# \\u{202e}c\na: \"b\\u200bc\"\nd: \"a\\x23#[x]\"\nstatus:\n  allowed: true\n",
            ),
            (
                "# c\n{a: 'yes', b: [1]}",
                "# c\na: \"yes\"\nb:\n- 1\nstatus:\n  allowed: true\n",
            ),
            (
                "--- {a: 1,\nstatus: 2}\n",
                "---\na: 1\nstatus:\n  allowed: true\n",
            ),
            (
                "---\n{\na: 1,\nb: 2\n}\n",
                "---\na: 1\nb: 2\nstatus:\n  allowed: true\n",
            ),
            ("? a\n: 1\n", "a: 1\nstatus:\n  allowed: true\n"),
        ] {
            assert_eq!(yaml(text), expected);
        }
    }

    #[test]
    fn members_beside_their_brace_stay_there() {
        let status = json!({"allowed": true});
        for (text, expected) in [
            (
                "{\"spec\":{},\n \"status\":null}",
                "{\"spec\":{},\n \"status\":{\"allowed\":true}}",
            ),
            (
                "{\"spec\":{\n }\n}",
                "{\"spec\":{\n },\"status\":{\"allowed\":true}}",
            ),
            (
                "{\n\t\"spec\":{}\n}",
                "{\n\t\"spec\":{},\n\t\"status\": {\n\t\t\"allowed\": true\n\t}\n}",
            ),
        ] {
            assert_eq!(super::json(text, &status).unwrap(), expected);
        }
    }

    #[test]
    fn a_status_of_null_is_replaced() {
        let status = json!({"allowed": true});
        assert_eq!(
            super::json(r#"{"spec":{},"status": null}"#, &status).unwrap(),
            r#"{"spec":{},"status": {"allowed":true}}"#
        );
    }
}

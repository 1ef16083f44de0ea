//! Writing YAML.

use std::borrow::Cow;
use std::io;

use super::misleading::escaped_yaml;

/// Which strings stand in quotes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Quotes {
    /// Those that a reader might take for something else.
    AsNeeded,
    /// All, in single quotes where they hold nothing that has to be escaped.
    Always,
}

/// Writes a serializable answer as YAML, strings so that readers of YAML 1.1 take them for strings
/// too, and so that nothing [`misleads`](super::misleads) who reads it: such characters are escaped.
///
/// # Errors
/// If it can't be written.
pub fn write_yaml(
    answer: &impl serde::Serialize,
    quotes: Quotes,
    out: &mut impl io::Write,
) -> io::Result<()> {
    let mut options = serde_saphyr::SerializerOptions::default();
    options.quote_all = quotes == Quotes::Always;
    options.compact_list_indent = true;
    options.prefer_block_scalars = false;
    let mut lines = EscapedLines {
        out,
        begun: Vec::new(),
    };
    serde_saphyr::to_io_writer_with_options(&mut lines, answer, options)
        .map_err(io::Error::other)?;
    lines.finish()
}

/// Passes YAML on line by line, each with what misleads escaped.
///
/// The serializer knows no way to have more characters escaped than YAML asks for. It writes each scalar
/// on one line, without comments, anchors or tags, so a line is taken apart without a reader of YAML.
struct EscapedLines<'o, W> {
    out: &'o mut W,
    /// The line that isn't whole yet.
    begun: Vec<u8>,
}

impl<W: io::Write> EscapedLines<'_, W> {
    fn line(&mut self, line: &[u8]) -> io::Result<()> {
        // Most lines have nothing that could have to be escaped.
        if line.is_ascii() && memchr::memmem::find(line, b"##").is_none() {
            return self.out.write_all(line);
        }
        let line = str::from_utf8(line).map_err(io::Error::other)?;
        self.out.write_all(escaped_line(line).as_bytes())
    }

    fn finish(mut self) -> io::Result<()> {
        let rest = std::mem::take(&mut self.begun);
        self.line(&rest)
    }
}

impl<W: io::Write> io::Write for EscapedLines<'_, W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut rest = bytes;
        while let Some(end) = memchr::memchr(b'\n', rest) {
            let (line, after) = rest.split_at(end + 1);
            if self.begun.is_empty() {
                self.line(line)?;
            } else {
                let mut begun = std::mem::take(&mut self.begun);
                begun.extend_from_slice(line);
                self.line(&begun)?;
                begun.clear();
                self.begun = begun;
            }
            rest = after;
        }
        self.begun.extend_from_slice(rest);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

/// The line with each scalar that holds what misleads in double quotes, with escapes.
fn escaped_line(line: &str) -> String {
    let mut out = String::with_capacity(line.len() + 16);
    let mut rest = line.trim_end_matches('\n');
    while !rest.is_empty() {
        let blanks = rest.len() - rest.trim_start_matches(' ').len();
        let indicator = ["- ", "? ", ": "]
            .iter()
            .any(|indicator| rest[blanks..].starts_with(indicator));
        let (before, after) = rest.split_at(blanks + usize::from(indicator));
        out.push_str(before);
        if indicator {
            rest = after;
            continue;
        }
        let (scalar, after) = after.split_at(scalar_end(after));
        out.push_str(&escaped_scalar(scalar));
        let after_colon = after.strip_prefix(':');
        if after_colon.is_some() {
            out.push(':');
        }
        rest = after_colon.unwrap_or(after);
    }
    out.push_str(&line[line.trim_end_matches('\n').len()..]);
    out
}

/// Where the scalar ends that a text begins with: at its quote, else before the colon of a key.
fn scalar_end(text: &str) -> usize {
    let bytes = text.as_bytes();
    let mut at = 1;
    match bytes.first() {
        Some(b'"') => {
            while at < bytes.len() && bytes[at] != b'"' {
                at += if bytes[at] == b'\\' { 2 } else { 1 };
            }
            (at + 1).min(bytes.len())
        }
        Some(b'\'') => loop {
            match (bytes.get(at), bytes.get(at + 1)) {
                (Some(b'\''), Some(b'\'')) => at += 2,
                (Some(b'\''), _) => return at + 1,
                (Some(_), _) => at += 1,
                (None, _) => return bytes.len(),
            }
        },
        _ => {
            let colon = text.find(": ");
            let last = text.ends_with(':').then(|| text.len() - 1);
            colon.or(last).unwrap_or(text.len())
        }
    }
}

/// The scalar, in double quotes where it holds what misleads.
fn escaped_scalar(scalar: &str) -> Cow<'_, str> {
    let Cow::Owned(escaped) = escaped_yaml(scalar) else {
        return Cow::Borrowed(scalar);
    };
    if scalar.starts_with('"') {
        return escaped.into();
    }
    let single = scalar
        .strip_prefix('\'')
        .and_then(|rest| rest.strip_suffix('\''));
    let value = single.map_or_else(|| scalar.to_owned(), |inner| inner.replace("''", "'"));
    let value = value.replace('\\', "\\\\").replace('"', "\\\"");
    format!("\"{}\"", escaped_yaml(&value)).into()
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::super::misleads;
    use super::*;

    fn written(value: &Value, quotes: Quotes) -> String {
        let mut out = Vec::new();
        write_yaml(value, quotes, &mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn what_misleads_is_escaped_in_double_quotes() {
        let value = json!({
            "plain": "a\u{202e}b: \\ \"c\"",
            "list": ["it's\u{a0}", {"k\u{200b}: x": {"in": "##vso[a]"}}, "é"],
        });
        assert_eq!(
            written(&value, Quotes::AsNeeded),
            "plain: \"a\\u202eb: \\\\ \\\"c\\\"\"\nlist:\n- \"it's\\xa0\"\n- \"k\\u200b: x\":\n    \
             in: \"\\x23#vso[a]\"\n- é\n"
        );
    }

    /// Names as an attacker writes them: of what YAML gives a meaning, and of what misleads.
    fn hostile() -> impl Strategy<Value = String> {
        let parts = [
            ": ",
            ":",
            "- ",
            "? ",
            " #",
            "##[",
            "'",
            "''",
            "\"",
            "\\",
            "\n",
            "\r",
            "\u{85}",
            "\u{2028}",
            "\u{202e}",
            "\u{a0}",
            "\u{e0041}",
            "\u{feff}",
            "\t",
            " ",
            "a",
            "é",
            "{",
            "]",
            "&b",
            "*b",
            "!c",
            "|",
            ">",
            "---",
            "%",
        ];
        prop::collection::vec(prop::sample::select(parts.to_vec()), 0..8)
            .prop_map(|parts| parts.concat())
    }

    proptest! {
        #[test]
        fn the_value_stays(
            keys in prop::collection::btree_map(hostile(), hostile(), 0..4),
            list in prop::collection::vec(hostile(), 0..4),
        ) {
            let value = json!({"keys": keys, "list": list, "nested": [[list], {"a": keys}]});
            for quotes in [Quotes::AsNeeded, Quotes::Always] {
                let text = written(&value, quotes);
                prop_assert!(!text.contains(|c| misleads(c) && c != '\n'), "{text:?}");
                prop_assert!(!text.contains("##["), "{text:?}");
                let read: Value = serde_yaml::from_str(&text).map_err(|error| {
                    TestCaseError::fail(format!("{error}: {text}"))
                })?;
                prop_assert_eq!(&read, &value, "{}", text);
            }
        }
    }
}

//! From a text to the values that kubectl takes out of it, one after the other.
//!
//! A text whose first character is `{` is a stream of JSON values. Where it ceases to be one after the
//! first value at the latest, what is left is YAML: documents between lines that begin with `---`.
//! Where it ceases to be readable, kubectl stops: what it took before is sent, the rest isn't.
//!
//! Source: `YAMLOrJSONDecoder`, `YAMLReader` and `LineReader` of `k8s.io/apimachinery/pkg/util/yaml`.

use memchr::memmem;

use super::json_value::value_end;
use crate::text::newlines;

/// How far into a text is looked for what it is.
const LOOK: usize = 4096;

/// A value that kubectl takes out of a text, or what it stumbles over.
#[derive(Debug, PartialEq)]
pub(super) enum Taken<'a> {
    /// A JSON value.
    Json(&'a str),
    /// A document in YAML, and the line on which it begins, from 1.
    Yaml(&'a str, u32),
    /// The place, as a byte, of what can't be read, and what is wrong with it.
    Stumble(usize, String),
}

/// What kubectl takes out of a text.
pub(super) struct Stream<'a> {
    pub(super) taken: Vec<Taken<'a>>,
    /// Where the text ceased to be JSON and YAML began: the number of the first document of it, and
    /// what was wrong with the JSON, which kubectl tells if that document is no YAML either.
    pub(super) no_json: Option<(usize, usize, &'static str)>,
}

/// Takes a text apart as kubectl does.
pub(super) fn take(text: &str) -> Stream<'_> {
    let mut taken = Vec::new();
    let mut no_json = None;
    let ended = |taken, no_json| Stream { taken, no_json };
    let mut begin = 0;
    if begins_as_json(text) {
        loop {
            begin = match next_json(text, begin) {
                Next::End => return ended(taken, None),
                Next::Value(value, end) => {
                    taken.push(Taken::Json(value));
                    end
                }
                Next::Broken(at, message) => {
                    let rest = match taken.len() {
                        0 | 1 => begin_of_yaml(text, begin),
                        _ => None,
                    };
                    match rest {
                        Some(rest) => begin = rest,
                        None => {
                            taken.push(Taken::Stumble(at, message.to_owned()));
                            return ended(taken, None);
                        }
                    }
                    no_json = Some((taken.len(), at, message));
                    break;
                }
            };
        }
    }
    let line = 1 + newlines(&text.as_bytes()[..begin]);
    documents(&text[begin..], begin, line, &mut taken);
    ended(taken, no_json)
}

/// Whether the first character of a text is that of a JSON object.
pub(super) fn begins_as_json(text: &str) -> bool {
    let mut look = LOOK.min(text.len());
    while !text.is_char_boundary(look) {
        look -= 1;
    }
    text[..look].trim_start().starts_with('{')
}

enum Next<'a> {
    End,
    Value(&'a str, usize),
    Broken(usize, &'static str),
}

/// The JSON value that follows.
fn next_json(text: &str, from: usize) -> Next<'_> {
    let rest = text.as_bytes()[from..].iter();
    let blanks = rest
        .take_while(|byte| matches!(byte, b' ' | b'\t' | b'\r' | b'\n'))
        .count();
    let begin = from + blanks;
    if begin == text.len() {
        return Next::End;
    }
    match value_end(text.as_bytes(), begin) {
        Ok(end) => Next::Value(&text[begin..end], end),
        Err(error) => Next::Broken(error.at, error.message),
    }
}

/// Where YAML begins after what was JSON: past white space, up to the end of its line. Near the end of
/// the text kubectl doesn't look for it.
fn begin_of_yaml(text: &str, from: usize) -> Option<usize> {
    let mut at = from;
    loop {
        let rest = &text[at..];
        if rest.len() < 4 {
            return None;
        }
        match rest.chars().next()? {
            char::REPLACEMENT_CHARACTER => return None,
            '\n' => return Some(at + 1),
            c if c.is_whitespace() => at += c.len_utf8(),
            _ => return Some(at),
        }
    }
}

/// The documents of a text that begins at this byte and line of the source. The first `---` belongs
/// to the document after it if there is none before; the others belong to none.
fn documents<'a>(text: &'a str, offset: usize, line: u32, taken: &mut Vec<Taken<'a>>) {
    let bytes = text.as_bytes();
    let (mut begin, mut begin_line) = (0, line);
    for marker in markers(text) {
        let end = memchr::memchr(b'\n', &bytes[marker..]).map_or(text.len(), |at| marker + at);
        let after = text[marker + 3..end].trim();
        if !after.is_empty() && !after.starts_with('#') {
            let message =
                "a line that begins with `---` parts documents, and nothing may follow it there";
            taken.push(Taken::Stumble(offset + marker, message.to_owned()));
            return;
        }
        if marker > begin {
            taken.push(Taken::Yaml(&text[begin..marker], begin_line));
            let next = (end + 1).min(text.len());
            begin_line += newlines(&bytes[begin..next]);
            begin = next;
        }
    }
    if begin < text.len() {
        taken.push(Taken::Yaml(&text[begin..], begin_line));
    }
}

/// Where lines begin with `---`.
fn markers(text: &str) -> impl Iterator<Item = usize> {
    let first = text.starts_with("---").then_some(0);
    let others = memmem::find_iter(text.as_bytes(), "\n---").map(|at| at + 1);
    first.into_iter().chain(others)
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;

    use super::*;

    fn told(text: &str) -> Vec<String> {
        take(text)
            .taken
            .into_iter()
            .map(|taken| match taken {
                Taken::Json(value) => format!("json {value}"),
                Taken::Yaml(document, line) => format!("{line} {document}"),
                Taken::Stumble(at, _) => format!("stumble {at}"),
            })
            .collect()
    }

    #[test]
    fn documents_are_parted_by_lines_that_begin_with_three_dashes() {
        for (text, expected) in [
            (
                "# c\n---\na: 1\n--- # next\nb: 2\n",
                &["1 # c\n", "3 a: 1\n", "5 b: 2\n"][..],
            ),
            (
                "---\na: 1\n---\n---\nb: 2",
                &["1 ---\na: 1\n", "4 ---\nb: 2"],
            ),
            ("a: |\n  ---\n", &["1 a: |\n  ---\n"]),
            ("a: 1\r---\rb: 2\n", &["1 a: 1\r---\rb: 2\n"]),
            ("a: 1\n---\nb: 2\n--- c\n", &["1 a: 1\n", "stumble 14"]),
            ("a: 1\n----\n", &["stumble 5"]),
            ("", &[]),
        ] {
            assert_eq!(told(text), expected, "{text}");
        }
    }

    #[test]
    fn json_is_left_after_its_first_value_at_the_latest() {
        for (text, expected) in [
            (
                " {\"a\":1} [2]\n3",
                &["json {\"a\":1}", "json [2]", "json 3"][..],
            ),
            ("{a: 1}\n---\nb: 2\n", &["1 {a: 1}\n", "3 b: 2\n"]),
            (
                "{\"a\":1}\n---\nb: 2\n",
                &["json {\"a\":1}", "2 ---\nb: 2\n"],
            ),
            ("{} # c\nb: 2\n", &["json {}", "1 # c\nb: 2\n"]),
            ("{}\n#c\n", &["json {}", "2 #c\n"]),
            ("{}\n#\n", &["json {}", "stumble 3"]),
            ("{} {} x: 1\n", &["json {}", "json {}", "stumble 6"]),
        ] {
            assert_eq!(told(text), expected, "{text}");
        }
        let far = format!("{}{{}}", " ".repeat(LOOK));
        assert!(matches!(take(&far).taken[..], [Taken::Yaml(..)]));
    }
}

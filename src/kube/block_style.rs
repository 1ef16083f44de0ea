//! A proof, from a text's lines alone, of which kind an object is.
//!
//! Nearly all of a dump is of kinds that nobody asks about, and to parse it would take most of the
//! time. So an object may be passed over unparsed, but only where its lines prove what the parser
//! would find. The proof takes the style in which kubectl prints, and gives up on whatever else
//! stands there; then the text is parsed.
//!
//! What is proved: the parser takes the text without an error; it is one mapping (of an item, the
//! only entry of a list); of that mapping's keys exactly one is `kind` and one is `apiVersion`, with
//! the values that are given back; none is `items`, so that it is no list; and JSON can hold all of
//! it.
//!
//! How, by induction over the lines:
//!
//! - Every line ends with LF or CRLF, and holds no other character that ends a line for YAML, no tab
//!   outside of blocks, and none that YAML forbids. So the parser sees the same lines.
//! - A line is a comment, empty, or some `- ` and then `key:`, `key: scalar` or a scalar. A key is a
//!   word of letters, digits and `._/-`, or stands in quotes that close before its `:`. A scalar is
//!   plain, with none of `: `, ` #`, or a `:` at its end, and doesn't begin with an indicator; or it
//!   is in quotes that close at the end of the line; or it is `{}` or `[]`; or it is the head of a
//!   block. None of these opens anything that the line doesn't close, but for blocks, so the next
//!   line begins where the parser may begin a key or an entry.
//! - The columns of the open collections are kept as the parser keeps them. A line that is indented
//!   by less closes those that are deeper; then it has to be the next entry of what is open in its
//!   column, or be deeper than that and follow a key or dash that has no value yet. A line that is
//!   deeper but follows a value would continue a plain scalar: the proof gives up.
//! - Of a block, the first line says the indentation, which is deeper than what is open; all lines
//!   that are indented so far, or are empty, belong to it.
//! - So a key in the root's column is a key of the root, and no other can be: no merge (`<<` is no
//!   word), no alias, no tag and no flow style is let through.
//! - Words that are null, numbers too large for a key, and values that are no finite number make
//!   kubectl refuse a document; the proof gives up on all that might be one.

use crate::text::yaml::may_stand_in;

/// What is proved of an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Proved<'a> {
    pub(super) api_version: &'a str,
    pub(super) kind: &'a str,
}

/// Where an object stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stands {
    /// It is a document.
    Document,
    /// It is an entry of a list whose dashes are in this column, from 0.
    Item(usize),
}

/// More collections in one another than kubectl prints.
const DEEPEST: usize = 200;
/// No key is longer that the proof takes.
const LONGEST_KEY: usize = 500;

/// What the text of one object proves; none where its lines leave anything open, or where the object is
/// of a kind that is wanted and has to be read anyway.
pub(super) fn prove<'a>(
    text: &'a str,
    place: Stands,
    is_wanted: impl Fn(&str) -> bool,
) -> Option<Proved<'a>> {
    let mut prover = Prover {
        text,
        at: 0,
        open: Vec::with_capacity(16),
        awaits: true,
        began: false,
        place,
        api_version: None,
        kind: None,
    };
    let mut is_known = false;
    while let Some(line) = prover.next_line() {
        prover.line(line?)?;
        if !is_known && let Some(kind) = prover.kind {
            is_known = true;
            if is_wanted(kind) {
                return None;
            }
        }
    }
    Some(Proved {
        api_version: prover.api_version?,
        kind: prover.kind?,
    })
}

/// A collection that is open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Open {
    column: usize,
    is_list: bool,
}

struct Prover<'a> {
    text: &'a str,
    at: usize,
    open: Vec<Open>,
    /// Whether the last key or dash has no value yet.
    awaits: bool,
    began: bool,
    place: Stands,
    api_version: Option<&'a str>,
    kind: Option<&'a str>,
}

impl<'a> Prover<'a> {
    /// The next line without its end; none in place of one that holds what no line may.
    fn next_line(&mut self) -> Option<Option<&'a str>> {
        let line = line_at(self.text, self.at)?;
        self.at += line.len() + 1;
        let line = line.strip_suffix('\r').unwrap_or(line);
        Some(is_plain(line).then_some(line))
    }

    fn line(&mut self, line: &'a str) -> Option<()> {
        let content = line.trim_start_matches(' ');
        if content.is_empty() || content.starts_with('#') {
            return Some(());
        }
        let mut column = line.len() - content.len();
        let mut content = content.trim_end_matches(' ');
        if content == "---" && !self.began && column == 0 && self.place == Stands::Document {
            self.began = true;
            return Some(());
        }
        self.began = true;
        while self.open.last().is_some_and(|open| open.column > column) {
            self.open.pop();
            self.awaits = false;
        }
        let mut is_entry = false;
        while content == "-" || content.starts_with("- ") {
            self.entry(column)?;
            is_entry = true;
            let rest = content[1..].trim_start_matches(' ');
            column += content.len() - rest.len();
            content = rest;
            if content.is_empty() {
                return Some(());
            }
        }
        match key_of(content)? {
            Some((key, value)) => {
                self.key(column)?;
                self.note(key, value)?;
                self.value(value)
            }
            // A scalar on a line of its own may go on on the next one.
            None if is_entry => self.value(content),
            None => None,
        }
    }

    fn push(&mut self, column: usize, is_list: bool) -> Option<()> {
        self.open.push(Open { column, is_list });
        (self.open.len() <= DEEPEST).then_some(())
    }

    /// Takes a dash in this column.
    fn entry(&mut self, column: usize) -> Option<()> {
        match self.open.last().copied() {
            None => {
                if self.place != Stands::Item(column) {
                    return None;
                }
                self.push(column, true)?;
            }
            Some(open) if open.column == column && open.is_list => {
                // The root list has but this entry.
                if self.open.len() == 1 {
                    return None;
                }
            }
            Some(open) if self.awaits && open.column <= column => self.push(column, true)?,
            Some(_) => return None,
        }
        self.awaits = true;
        Some(())
    }

    /// Takes a key in this column.
    fn key(&mut self, column: usize) -> Option<()> {
        if let [.., map, list] = self.open[..]
            && list.column == column
            && list.is_list
            && map.column == column
            && !map.is_list
        {
            self.open.pop();
        }
        match self.open.last() {
            None if self.place == Stands::Document && column == 0 => self.push(column, false),
            Some(open) if open.column == column && !open.is_list => Some(()),
            Some(open) if self.awaits && open.column < column => self.push(column, false),
            _ => None,
        }
    }

    /// Keeps what says the kind, if this is a key of the root.
    fn note(&mut self, key: &'a str, value: &'a str) -> Option<()> {
        let root = match self.place {
            Stands::Document => 1,
            Stands::Item(_) => 2,
        };
        if self.open.len() != root {
            return Some(());
        }
        let kept = match key {
            "kind" => &mut self.kind,
            "apiVersion" => &mut self.api_version,
            "items" => return None,
            // What is in quotes there might be any of these.
            key if key.starts_with(['"', '\'']) => return None,
            _ => return Some(()),
        };
        if kept.is_some() {
            return None;
        }
        *kept = Some(word_of(value)?);
        Some(())
    }

    /// Takes a value that begins on this line.
    fn value(&mut self, value: &'a str) -> Option<()> {
        self.awaits = value.is_empty();
        let whole = match value.as_bytes().first() {
            None => true,
            Some(b'"') => closing_double(value)? == value.len(),
            Some(b'\'') => closing_single(value)? == value.len(),
            Some(b'{') => value == "{}",
            Some(b'[') => value == "[]",
            Some(b'|' | b'>') => return self.block(value),
            Some(_) => is_plain_scalar(value),
        };
        whole.then_some(())
    }

    /// Takes the lines of a block.
    fn block(&mut self, head: &str) -> Option<()> {
        if !matches!(head, "|" | "|-" | "|+" | ">" | ">-" | ">+") {
            return None;
        }
        let least = self.open.last()?.column + 1;
        let mut indent = None;
        while let Some(line) = line_at(self.text, self.at) {
            let content = line.trim_start_matches(' ');
            let spaces = line.len() - content.len();
            let is_empty = content.is_empty() || content == "\r";
            let indent = match indent {
                Some(indent) => indent,
                None if is_empty && spaces == 0 => least,
                None if spaces >= least && !is_empty => *indent.insert(spaces),
                // The block might have no lines, or be indented by more than its first one.
                None => return None,
            };
            if !is_empty && spaces < indent {
                return Some(());
            }
            let line = line.strip_suffix('\r').unwrap_or(line);
            if !line.bytes().all(|byte| matches!(byte, b' '..=b'~' | b'\t'))
                && !may_stand_in(line, '\t')
            {
                return None;
            }
            self.at += line_at(self.text, self.at)?.len() + 1;
        }
        indent.map(|_| ())
    }
}

/// The line that begins there, without its LF.
fn line_at(text: &str, at: usize) -> Option<&str> {
    let rest = text.get(at..).filter(|rest| !rest.is_empty())?;
    Some(&rest[..memchr::memchr(b'\n', rest.as_bytes()).unwrap_or(rest.len())])
}

/// Whether a line holds but what may stand in one, and no tab.
fn is_plain(line: &str) -> bool {
    line.bytes().all(|byte| matches!(byte, b' '..=b'~')) || may_stand_in(line, ' ')
}

/// A key at the beginning of a line's content and what follows it; nothing inside if no key begins
/// there, and nothing at all if that can't be told.
#[allow(clippy::option_option)]
fn key_of(content: &str) -> Option<Option<(&str, &str)>> {
    let end = match content.as_bytes()[0] {
        b'"' => {
            let end = closing_double(content)?;
            if content[..end].contains('\\') {
                return None;
            }
            end
        }
        b'\'' => closing_single(content)?,
        b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'_' | b'.' | b'/' => content
            .bytes()
            .position(|byte| !(byte.is_ascii_alphanumeric() || b"._/-".contains(&byte)))
            .unwrap_or(content.len()),
        _ => return Some(None),
    };
    let Some(rest) = content[end..].strip_prefix(':') else {
        return Some(None);
    };
    if !rest.is_empty() && !rest.starts_with(' ') {
        return Some(None);
    }
    let key = &content[..end];
    let is_number = key.starts_with(|c: char| c.is_ascii_digit()) && key.len() > 18;
    if end > LONGEST_KEY || is_number || matches!(key, "null" | "Null" | "NULL") {
        return None;
    }
    Some(Some((key, rest.trim_start_matches(' '))))
}

/// The byte after a scalar in double quotes that begins a text and closes there.
fn closing_double(text: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    let mut at = 1;
    loop {
        match bytes.get(at)? {
            b'"' => return Some(at + 1),
            b'\\' if b"0abtnvfre\"\\".contains(bytes.get(at + 1)?) => at += 2,
            b'\\' => return None,
            _ => at += 1,
        }
    }
}

/// The byte after a scalar in single quotes that begins a text and closes there.
fn closing_single(text: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    let mut at = 1;
    loop {
        match (bytes.get(at)?, bytes.get(at + 1)) {
            (b'\'', Some(b'\'')) => at += 2,
            (b'\'', _) => return Some(at + 1),
            _ => at += 1,
        }
    }
}

/// Whether a value is plain from its first character to its last, and no number that JSON lacks.
fn is_plain_scalar(value: &str) -> bool {
    let bytes = value.as_bytes();
    let begins = match bytes[0] {
        b'-' => bytes.get(1).is_some_and(|byte| *byte != b' '),
        byte => byte.is_ascii_alphanumeric() || byte > 0x7f || b"/._+(=~<^$\\;)".contains(&byte),
    };
    let is_odd_number = value.len() <= 5 && value.trim_start_matches(['+', '-']).starts_with('.');
    let may_part = |at: usize| {
        bytes.get(at + 1).is_none_or(|next| *next == b' ')
            || at
                .checked_sub(1)
                .is_some_and(|before| bytes[before] == b' ')
    };
    begins && !is_odd_number && !memchr::memchr2_iter(b':', b'#', bytes).any(may_part)
}

/// The word that a value is, in quotes or without them.
fn word_of(value: &str) -> Option<&str> {
    let word = ['"', '\'']
        .iter()
        .find_map(|&quote| value.strip_prefix(quote)?.strip_suffix(quote))
        .unwrap_or(value);
    let is_word = word.starts_with(|c: char| c.is_ascii_alphabetic())
        && word
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"./-".contains(&byte));
    // Plain words that are booleans or null have no more letters.
    let is_string = word.len() != value.len() || word.len() > 5 || !is_word_of_yaml(word);
    (is_word && is_string).then_some(word)
}

/// Whether a plain word may be a boolean or null.
fn is_word_of_yaml(word: &str) -> bool {
    ["true", "false", "yes", "no", "on", "off", "y", "n", "null"]
        .iter()
        .any(|known| known.eq_ignore_ascii_case(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kind(text: &str) -> Option<&str> {
        prove(text, Stands::Document, |kind| kind == "Role").map(|proved| proved.kind)
    }

    const POD: &str = "apiVersion: v1\nkind: Pod\n";

    #[test]
    fn what_kubectl_prints_is_proved() {
        for more in [
            "",
            "metadata:\n  annotations:\n    a: '{\"b\": \"c\"}'\n    \"e\": \"f\\n\"\n  creationTimestamp: null\n",
            "spec:\n  containers:\n  - args:\n    - --a=b\n    - -c\n    env: []\n    name: x\n  - name: y\n  volumes:\n    - a: b\n      c: {}\n",
            "data:\n  a: |\n    kind: Role\n\n      b\n  c: |-\n    d\nz: 2024-01-01T00:00:00Z\n",
            "a:\n- - b\n  - c\n- d:\n    e: f\n- http://x:80/y\n",
            "# c\n\na:\n  # c\n  b: c d  e\n",
            "a: b\r\nc: é\r\n",
        ] {
            assert_eq!(kind(&format!("{POD}{more}")), Some("Pod"), "{more}");
        }
        let item = "- apiVersion: v1\n  kind: Pod\n  spec:\n  - a\n";
        assert!(prove(item, Stands::Item(0), |_| false).is_some());
        assert!(
            prove(
                &item.replace("\n  ", "\n    ").replacen("- ", "  - ", 1),
                Stands::Item(2),
                |_| false
            )
            .is_some()
        );
    }

    #[test]
    fn what_leaves_anything_open_is_not() {
        for more in [
            "kind: Role\n",
            "\"kind\": Role\n",
            "items: []\n",
            "<<: {kind: Role}\n",
            "? kind\n: Role\n",
            "a: &a b\n",
            "a: *a\n",
            "a: !x b\n",
            "a: {b: c}\n",
            "a: [b]\n",
            "a: \"b\n  c\"\n",
            "a: b\n  c\n",
            "a: b: c\n",
            "a: b # c\n",
            "a: \"\\/\"\n",
            "a: |2\n  b\n",
            "a: |\n   \n  b\n",
            "a: |\nb: c\n",
            "a:\tb\n",
            "a: b\tc\n",
            "\ta: b\n",
            "a: b\rc: d\n",
            "a: b\u{85}c: d\n",
            "a: b\u{2028}c: d\n",
            "a: |\n  b\u{2029}c: d\n",
            "a: \u{feff}b\n",
            "a: b\u{1}\n",
            "a: .nan\n",
            "a: -.Inf\n",
            "null: b\n",
            "18446744073709551615: b\n",
            "a:\n  b: c\n d: e\n",
            "a:\n    b: c\n  d: e\n",
            "a:\n- b\nc\n",
            "a: %b\n",
            "a: @b\n",
            "a: - b\n",
            "...\n",
            "---\n",
            "a: 'b'c\n",
            " a: b\n",
            "- a\n",
        ] {
            assert_eq!(kind(&format!("{POD}{more}")), None, "{more:?}");
        }
        for text in [
            "",
            "kind: Pod\n",
            "kind: 5\napiVersion: v1\n",
            "kind: true\napiVersion: v1\n",
        ] {
            assert_eq!(kind(text), None, "{text:?}");
        }
        for item in [
            "- apiVersion: v1\n  kind: Pod\n- kind: Role\n",
            "- - apiVersion: v1\n    kind: Pod\n",
            "- apiVersion: v1\n  kind: Pod\nkind: x\n",
        ] {
            assert_eq!(prove(item, Stands::Item(0), |_| false), None, "{item}");
        }
    }
}

//! Markdown, as GitHub reads it.
//!
//! What comes from the input stands in code spans, where GitHub looks for nothing: no mention, reference,
//! commit, link, emoji or markup. To escape characters wouldn't do: GitHub finds mentions and references
//! in the text that is left when Markdown, its escapes and entities are read already.
//!
//! Source: GitHub Flavored Markdown's specification; `github/markup` issue 1168 for mentions.

use std::borrow::Cow;

use super::text::shown;

/// A table, without padding: it is read by machines, and its length may be bounded. Cells are Markdown
/// already, but for `|`.
pub fn table(header: &[&str], rows: &[Vec<String>]) -> String {
    let line = |cells: &mut dyn Iterator<Item = &str>| {
        let cells: Vec<String> = cells.map(cell).collect();
        format!("| {} |\n", cells.join(" | "))
    };
    let mut out = line(&mut header.iter().copied());
    out.push_str(&format!("|{}\n", "---|".repeat(header.len())));
    for row in rows {
        out.push_str(&line(&mut row.iter().map(String::as_str)));
    }
    out
}

/// A cell, which no `|` of it ends. Behind a backslash readers differ about which of the two is escaped.
fn cell(markdown: &str) -> String {
    let mut out = String::with_capacity(markdown.len());
    for character in markdown.chars() {
        match character {
            '|' if out.ends_with('\\') => out.push_str("\\u{7c}"),
            '|' => out.push_str("\\|"),
            character => out.push(character),
        }
    }
    out
}

/// The most bytes of a code span. No name that Kubernetes gives is longer.
const LONGEST: usize = 256;
/// The most bytes of a sentence.
const LONGEST_SENTENCE: usize = 1024;

/// The most backticks in a row that are written as they are. GitHub's reader sees no fence in more than 80
/// (`MAXBACKTICKS` of cmark-gfm).
const LONGEST_RUN: usize = 16;

/// The text, or of one of more bytes the beginning and the end, and how much is left out.
fn bounded(text: &str, longest: usize) -> Cow<'_, str> {
    if text.len() <= longest {
        return Cow::Borrowed(text);
    }
    let part = longest / 2;
    let is_boundary = |at: &usize| text.is_char_boundary(*at);
    let begin = (0..=part).rev().find(is_boundary).unwrap_or(0);
    let end = (text.len() - part..text.len()).find(is_boundary);
    let (first, last) = (&text[..begin], &text[end.unwrap_or(text.len())..]);
    let left = text.chars().count() - first.chars().count() - last.chars().count();
    Cow::Owned(format!("{first}…({left} characters)…{last}"))
}

/// What is written literally, such as a name or a command, on one line. Of a long one the beginning and
/// the end are shown.
pub fn code(text: &str) -> String {
    let text = &*shown(text);
    if text.is_empty() {
        return String::new();
    }
    let text = &*bounded(text, LONGEST);
    let runs = text.split(|character| character != '`').map(str::len);
    let mut longest = runs.max().unwrap_or(0);
    let text = if longest > LONGEST_RUN {
        longest = 0;
        &*text.replace('`', "\\u{60}")
    } else {
        text
    };
    let fence = "`".repeat(longest + 1);
    // A blank on either side belongs to the fence.
    let blank = if text.starts_with('`') || text.ends_with('`') {
        " "
    } else {
        ""
    };
    format!("{fence}{blank}{text}{blank}{fence}")
}

/// A sentence of ours that holds names of the input, it isn't known where: what is quoted in it, and each
/// word that isn't plain, becomes code.
pub fn prose(text: &str) -> String {
    let text = &*shown(text);
    let text = &*bounded(text, LONGEST_SENTENCE);
    let mut out = Prose::default();
    // Of an odd number one is no quote.
    if text.matches('`').count().is_multiple_of(2) {
        for (number, part) in text.split('`').enumerate() {
            if number % 2 == 0 {
                out.words(part);
            } else {
                out.code(part);
            }
        }
    } else {
        out.words(text);
    }
    out.markdown
}

#[derive(Default)]
struct Prose {
    markdown: String,
}

impl Prose {
    fn words(&mut self, text: &str) {
        // Words that aren't plain stand together where they follow each other.
        let mut odd: Vec<&str> = Vec::new();
        for (number, word) in text.split(' ').enumerate() {
            let blank = if number == 0 { "" } else { " " };
            if !word.is_empty() && !is_plain(word) {
                if odd.is_empty() {
                    self.markdown.push_str(blank);
                }
                odd.push(word);
                continue;
            }
            self.code(&std::mem::take(&mut odd).join(" "));
            self.markdown.push_str(blank);
            self.markdown.push_str(word);
        }
        self.code(&odd.join(" "));
    }

    fn code(&mut self, text: &str) {
        // Two fences beside each other would be one.
        if self.markdown.ends_with('`') && !text.is_empty() {
            self.markdown.push(' ');
        }
        self.markdown.push_str(&code(text));
    }
}

/// Whether a word is one in which GitHub sees nothing, wherever it stands: letters, also with hyphens and
/// apostrophes between them, or a number; and what isn't long enough for a commit's hash.
fn is_plain(word: &str) -> bool {
    let inner = word.strip_prefix('(').unwrap_or(word);
    let word = inner.trim_end_matches([',', ';', ':', ')']);
    // A number with a point would begin a list.
    if let Ok(number) = word.parse::<u32>() {
        return number < 1_000_000 && !inner.ends_with(')') && !word.starts_with('+');
    }
    let word = word.strip_suffix('.').unwrap_or(word);
    let is_hash = |part: &str| part.len() >= 7 && part.bytes().all(|byte| byte.is_ascii_hexdigit());
    let mut parts = word.split(['-', '\'']);
    parts.all(|part| {
        let is_word = part.bytes().all(|byte| byte.is_ascii_alphabetic());
        !part.is_empty() && is_word && !is_hash(part)
    })
}

/// A sentence of ours in bold.
pub fn strong(text: &str) -> String {
    format!("**{text}**")
}

/// A quoted paragraph of Markdown, apart from what stands before it.
pub fn quote(markdown: &str) -> String {
    format!("\n> {markdown}\n")
}

/// An entry of a list.
pub fn item(markdown: &str) -> String {
    format!("- {markdown}\n")
}

/// An entry of a list within an entry.
pub fn subitem(markdown: &str) -> String {
    format!("  - {markdown}\n")
}

/// What is shown only after a click. The summary is ours.
pub fn details(summary: &str, content: &str) -> String {
    format!("\n<details><summary>{summary}</summary>\n\n{content}\n</details>\n")
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;

    use super::*;

    #[test]
    fn what_is_quoted_or_odd_in_a_sentence_is_code() {
        for (text, expected) in [
            ("nothing, and (you) aren't left-handed: 12 parts.", None),
            ("see @bob #1 now", Some("see `@bob #1` now")),
            ("the key `kind` again", Some("the key `kind` again")),
            ("x`y z", Some("``x`y`` z")),
            ("a:`b`", Some("a:`b`")),
            ("@a`b`", Some("`@a` `b`")),
            ("1. item", Some("`1.` item")),
            ("1) item", Some("`1)` item")),
            (
                "deadbeef feedbacc-x facade",
                Some("`deadbeef feedbacc-x` facade"),
            ),
            ("GH-1 :x: www.a.b é - +1", Some("`GH-1 :x: www.a.b é - +1`")),
            ("a  b", Some("a `\\u{20}b`")),
        ] {
            assert_eq!(prose(text), expected.unwrap_or(text));
        }
    }

    #[test]
    fn a_fence_is_longer_than_what_it_holds() {
        for (text, expected) in [
            ("a", "`a`"),
            ("a`b", "``a`b``"),
            ("``", "``` `` ```"),
            ("a\nb", "`a\\nb`"),
            (
                "a`````````````````",
                &*format!("`a{}`", "\\u{60}".repeat(17)),
            ),
            ("", ""),
        ] {
            assert_eq!(code(text), expected);
        }
        let long = code(&"x".repeat(10_000));
        assert!(
            long.len() < 300 && long.contains("…(9744 characters)…"),
            "{long}"
        );
    }

    #[test]
    fn no_bar_ends_a_cell() {
        let rows = [vec![code("a|b"), code("a\\|b"), code("||")]];
        assert_eq!(
            table(&["A", "B", "C"], &rows),
            "| A | B | C |\n|---|---|---|\n| `a\\|b` | `a\\\\u{7c}b` | `\\|\\|` |\n"
        );
    }
}

//! Characters that make a reader see something else than what stands there, and how they are escaped.
//!
//! What an answer shows comes from strangers: a name that turns the direction of writing, hides a part
//! of itself or begins a line could pass for another name, or for a line of the answer.

use std::borrow::Cow;
use std::fmt::Write;

/// The ranges of [`misleads`] beyond ASCII, sorted.
///
/// Sources, all of Unicode 16: `Default_Ignorable_Code_Point` (`DerivedCoreProperties.txt`), the general
/// categories Cc, Cf, Zs, Zl and Zp (`UnicodeData.txt`), noncharacters; and what most fonts draw as a
/// blank, which no property tells: U+2800, U+FFFC, U+13441, U+13442, U+16FE4, U+1D159.
const MISLEADING: &[(char, char)] = &[
    ('\u{80}', '\u{a0}'),
    ('\u{ad}', '\u{ad}'),
    ('\u{34f}', '\u{34f}'),
    ('\u{600}', '\u{605}'),
    ('\u{61c}', '\u{61c}'),
    ('\u{6dd}', '\u{6dd}'),
    ('\u{70f}', '\u{70f}'),
    ('\u{890}', '\u{891}'),
    ('\u{8e2}', '\u{8e2}'),
    ('\u{115f}', '\u{1160}'),
    ('\u{1680}', '\u{1680}'),
    ('\u{17b4}', '\u{17b5}'),
    ('\u{180b}', '\u{180f}'),
    ('\u{2000}', '\u{200f}'),
    ('\u{2028}', '\u{202f}'),
    ('\u{205f}', '\u{206f}'),
    ('\u{2800}', '\u{2800}'),
    ('\u{3000}', '\u{3000}'),
    ('\u{3164}', '\u{3164}'),
    ('\u{fdd0}', '\u{fdef}'),
    ('\u{fe00}', '\u{fe0f}'),
    ('\u{feff}', '\u{feff}'),
    ('\u{ffa0}', '\u{ffa0}'),
    ('\u{fff0}', '\u{fffc}'),
    ('\u{fffe}', '\u{ffff}'),
    ('\u{110bd}', '\u{110bd}'),
    ('\u{110cd}', '\u{110cd}'),
    ('\u{13430}', '\u{1343f}'),
    ('\u{13441}', '\u{13442}'),
    ('\u{16fe4}', '\u{16fe4}'),
    ('\u{1bca0}', '\u{1bca3}'),
    ('\u{1d159}', '\u{1d159}'),
    ('\u{1d173}', '\u{1d17a}'),
    ('\u{e0000}', '\u{e0fff}'),
];

/// Whether a character steers a terminal, breaks a line, can't be seen, changes how others are seen, or
/// can't be told from a space.
///
/// ```
/// use rbac_eval::text::misleads;
///
/// assert!(misleads('\n') && misleads('\u{202e}') && misleads('\u{200b}') && misleads('\u{a0}'));
/// assert!(!misleads(' ') && !misleads('é') && !misleads('部') && !misleads('✔'));
/// ```
pub fn misleads(character: char) -> bool {
    if character.is_ascii() {
        return character.is_ascii_control();
    }
    // The last two of each plane are no characters.
    if u32::from(character) & 0xfffe == 0xfffe {
        return true;
    }
    let after = MISLEADING.partition_point(|(first, _)| *first <= character);
    after > 0 && character <= MISLEADING[after - 1].1
}

/// Where CI systems look for commands in what a job prints, wherever in a line: GitHub Actions (`##[`)
/// and Azure Pipelines (`##[`, `##vso[`).
const COMMANDS: [&[u8]; 2] = [b"##[", b"##vso["];

/// Whether a text begins with what a CI system takes for a command.
fn begins_command(text: &str) -> bool {
    COMMANDS.iter().any(|command| {
        let begin = text.as_bytes().get(..command.len());
        begin.is_some_and(|begin| begin.eq_ignore_ascii_case(command))
    })
}

/// The text, with each character that [`misleads`] written as `write` does, but those of `kept`; and so
/// the first character of what a CI system takes for a command.
fn escaped_by<'t>(text: &'t str, kept: &[char], write: impl Fn(char, &mut String)) -> Cow<'t, str> {
    // Nearly all texts are plain. Without branches, many bytes are looked at in one step.
    let keeps_line_ends = kept.contains(&'\n');
    let plain = |byte: u8| {
        ((b' '..=b'~').contains(&byte) & (byte != b'#')) | (keeps_line_ends & (byte == b'\n'))
    };
    let mut chunks = text.as_bytes().chunks(64);
    if chunks.all(|chunk| chunk.iter().fold(true, |all, &byte| all & plain(byte))) {
        return Cow::Borrowed(text);
    }
    let has_to = |at: usize, character: char| match character {
        '#' => begins_command(&text[at..]),
        ' '..='~' => false,
        character => misleads(character) && !kept.contains(&character),
    };
    let mut found = text.char_indices().filter(|&(at, c)| has_to(at, c));
    let Some((first, _)) = found.next() else {
        return Cow::Borrowed(text);
    };
    let mut out = String::with_capacity(text.len() + 16);
    out.push_str(&text[..first]);
    for (at, character) in text[first..].char_indices() {
        if has_to(first + at, character) {
            write(character, &mut out);
        } else {
            out.push(character);
        }
    }
    Cow::Owned(out)
}

/// The text for people: what misleads is written as `\n` or `\u{202e}`.
///
/// ```
/// use rbac_eval::text::escaped;
///
/// assert_eq!(escaped("pod-reader é"), "pod-reader é");
/// assert_eq!(escaped("ann\nyes \u{1b}[2K"), "ann\\nyes \\u{1b}[2K");
/// assert_eq!(escaped("\u{202e}nimda"), "\\u{202e}nimda");
/// assert_eq!(escaped("a##vso[x]"), "a\\u{23}#vso[x]");
/// ```
pub fn escaped(text: &str) -> Cow<'_, str> {
    escaped_by(text, &[], for_people)
}

/// The same of a whole output, whose line ends stay.
pub fn escaped_lines(text: &str) -> Cow<'_, str> {
    escaped_by(text, &['\n'], for_people)
}

/// A character as people read its escape.
fn for_people(character: char, out: &mut String) {
    match character {
        // `escape_default` leaves a printable character as it is.
        '#' => out.push_str("\\u{23}"),
        character => out.extend(character.escape_default()),
    }
}

/// A JSON text of the same value, in which nothing misleads: such characters stand in strings alone,
/// where JSON has escapes for them.
///
/// ```
/// use rbac_eval::text::escaped_json;
///
/// assert_eq!(escaped_json("[\"a\u{202e}\u{e0001}\"]"), r#"["a\u202e\udb40\udc01"]"#);
/// ```
pub fn escaped_json(text: &str) -> Cow<'_, str> {
    // Raw, these three are blanks between values.
    escaped_by(text, &['\n', '\r', '\t'], |character, out| {
        let mut units = [0; 2];
        for unit in character.encode_utf16(&mut units) {
            // Writing to a string can't fail.
            let _ = write!(out, "\\u{unit:04x}");
        }
    })
}

/// Whether anything in a text misleads but line ends and tabs.
pub fn holds_misleading(text: &str) -> bool {
    matches!(escaped_json(text), Cow::Owned(_))
}

/// The inner of a scalar in double quotes, in which nothing misleads.
pub(super) fn escaped_yaml(text: &str) -> Cow<'_, str> {
    escaped_by(text, &[], |character, out| {
        let number = u32::from(character);
        // Writing to a string can't fail.
        let _ = match number {
            0..=0xff => write!(out, "\\x{number:02x}"),
            0x100..=0xffff => write!(out, "\\u{number:04x}"),
            _ => write!(out, "\\U{number:08x}"),
        };
    })
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;
    use regex_syntax::hir::{Class, HirKind};

    use super::*;

    #[test]
    fn the_table_is_unicode_s() {
        let properties = r"[\p{Default_Ignorable_Code_Point}\p{Cc}\p{Cf}\p{Zs}\p{Zl}\p{Zp}\p{Noncharacter_Code_Point}\x{2800}\x{FFFC}\x{13441}\x{13442}\x{16FE4}\x{1D159}--[ ]]";
        let class = regex_syntax::parse(properties).unwrap();
        let HirKind::Class(Class::Unicode(class)) = class.kind() else {
            panic!("{class:?}");
        };
        let unicode: Vec<char> = class
            .iter()
            .flat_map(|range| range.start()..=range.end())
            .collect();
        let ours: Vec<char> = ('\0'..=char::MAX).filter(|&c| misleads(c)).collect();
        assert_eq!(ours, unicode);
    }

    #[test]
    fn the_ranges_are_sorted_and_apart() {
        assert!(MISLEADING.iter().all(|(first, last)| first <= last));
        assert!(MISLEADING.is_sorted_by(|a, b| a.1 < b.0));
    }

    #[test]
    fn escaped_json_has_the_value() {
        let all: String = ('\0'..=char::MAX).filter(|&c| misleads(c)).collect();
        let all = format!("{all}##[error]##VSO[x] # a");
        let json = serde_json::to_string_pretty(&[&all]).unwrap();
        let escaped = escaped_json(&json);
        assert!(!escaped.contains(|c| misleads(c) && c != '\n'));
        assert!(!escaped.contains("##"));
        assert_eq!(
            serde_json::from_str::<[String; 1]>(&escaped).unwrap(),
            [all]
        );
    }
}

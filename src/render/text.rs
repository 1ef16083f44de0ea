//! Text for a terminal: what may stand in it, and how its lines break.

use std::borrow::Cow;

use super::WIDTH;

/// A text for one line of a terminal: control characters and those that turn the direction of
/// writing are escaped, so that no name can pass for another or for a line of the answer.
///
/// ```
/// use rbac_eval::render::text::clean;
///
/// assert_eq!(clean("pod-reader é"), "pod-reader é");
/// assert_eq!(clean("ann\nyes \u{1b}[2K"), "ann\\nyes \\u{1b}[2K");
/// assert_eq!(clean("\u{202e}nimda"), "\\u{202e}nimda");
/// ```
pub fn clean(text: &str) -> Cow<'_, str> {
    if !text.contains(misleads) {
        return Cow::Borrowed(text);
    }
    let mut clean = String::with_capacity(text.len() + 16);
    for character in text.chars() {
        if misleads(character) {
            clean.extend(character.escape_default());
        } else {
            clean.push(character);
        }
    }
    Cow::Owned(clean)
}

/// Whether a character steers a terminal, or can't be seen and changes how others are.
fn misleads(character: char) -> bool {
    character.is_control()
        || matches!(
            character,
            '\u{61c}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{feff}'
                | '\u{2028}'..='\u{202e}'
                | '\u{2060}'..='\u{206f}'
                | '\u{e0000}'..='\u{e007f}'
        )
}

/// Where places stand, so that they line up.
const PLACE_COLUMN: usize = 57;

/// A line with a place to its right; on two lines where one would be too long. What could mislead
/// is escaped.
pub fn with_place(indent: usize, text: &str, span: &str) -> String {
    let (text, span) = (&*clean(text), &*clean(span));
    let pad = " ".repeat(indent);
    let lines = textwrap::wrap(
        text,
        textwrap::Options::new(WIDTH)
            .initial_indent(&pad)
            .subsequent_indent(&format!("{pad}  "))
            .break_words(false)
            // Names and object IDs stay whole, hyphens in them or not.
            .word_separator(textwrap::WordSeparator::AsciiSpace)
            .word_splitter(textwrap::WordSplitter::NoHyphenation),
    );
    let mut out = lines.join("\n");
    if span.is_empty() {
        return out;
    }
    let last = lines.last().map_or(0, |line| line.chars().count());
    let place_width = span.chars().count();
    // The column gives way where the line would end beyond the width.
    let column = PLACE_COLUMN.min(WIDTH.saturating_sub(place_width));
    if last + 2 <= column {
        out.push_str(&" ".repeat(column - last));
    } else if last + 2 + place_width <= WIDTH {
        out.push_str("  ");
    } else {
        out.push('\n');
        out.push_str(&" ".repeat(column.min(indent + 4).max(indent)));
    }
    out.push_str(span);
    out
}

/// Text wrapped to the width, later lines indented by two more.
pub fn wrapped(indent: usize, text: &str) -> String {
    with_place(indent, text, "")
}

//! Text for a terminal: what may stand in it, and how its lines break.

use std::borrow::Cow;

use crate::text::escaped;

use super::WIDTH;

/// A text for one line of a terminal, so that no name can pass for another, for a line of the answer or
/// for a column of it: what [`misleads`](crate::text::misleads) is escaped, and of blanks in a row all
/// but the first; at either end all.
///
/// ```
/// use rbac_eval::render::text::shown;
///
/// assert_eq!(shown("pod-reader é"), "pod-reader é");
/// assert_eq!(shown("ann\nyes \u{1b}[2K"), "ann\\nyes \\u{1b}[2K");
/// assert_eq!(shown(" ann   yes"), "\\u{20}ann \\u{20}\\u{20}yes");
/// ```
pub fn shown(text: &str) -> Cow<'_, str> {
    let clean = escaped(text);
    let has_blanks = clean.as_bytes().windows(2).any(|pair| pair == b"  ");
    let apart = has_blanks || clean.starts_with(' ') || clean.ends_with(' ');
    if !apart {
        return clean;
    }
    let mut out = String::with_capacity(clean.len() + 16);
    let mut after_blank = true;
    let last = clean.trim_end_matches(' ').len();
    for (at, character) in clean.char_indices() {
        let is_blank = character == ' ';
        if is_blank && (after_blank || at >= last) {
            out.push_str("\\u{20}");
        } else {
            out.push(character);
        }
        after_blank = is_blank;
    }
    Cow::Owned(out)
}

/// Where places stand, so that they line up.
const PLACE_COLUMN: usize = 57;

/// A line with a place to its right; on two lines where one would be too long. Both are [`shown`].
pub fn with_place(indent: usize, text: &str, span: &str) -> String {
    marked(indent, "", text, span)
}

/// The same, after a word of ours and the blanks behind it, which stay.
pub fn marked(indent: usize, mark: &str, text: &str, span: &str) -> String {
    let (text, span) = (&*format!("{mark}{}", shown(text)), &*shown(span));
    let text = text.trim_end();
    let pad = " ".repeat(indent);
    // Further in than any line below this one, so that no name makes a line of its own by its length.
    let further = format!("{pad}    ");
    // Nearly all texts are plain and fit.
    let fits = text.is_ascii() && indent + text.len() <= WIDTH;
    let lines = match fits {
        true => vec![Cow::Owned(format!("{pad}{text}"))],
        false => folded(text, &pad, &further),
    };
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
        out.push_str(&further);
    }
    out.push_str(span);
    out
}

/// A text on lines of the width, later ones further in.
fn folded<'t>(text: &'t str, first: &'t str, later: &'t str) -> Vec<Cow<'t, str>> {
    textwrap::wrap(
        text,
        textwrap::Options::new(WIDTH)
            .initial_indent(first)
            .subsequent_indent(later)
            .break_words(false)
            // Names and object IDs stay whole, hyphens in them or not.
            .word_separator(textwrap::WordSeparator::AsciiSpace)
            .word_splitter(textwrap::WordSplitter::NoHyphenation),
    )
}

/// Text wrapped to the width, later lines indented by four more.
pub fn wrapped(indent: usize, text: &str) -> String {
    with_place(indent, text, "")
}

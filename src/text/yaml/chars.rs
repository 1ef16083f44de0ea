//! Characters as the scanner tells them apart, at a byte of a text.

/// How many bytes a line end takes that stands there; none where there is none.
///
/// kubectl's YAML is version 1.1: beside LF, CR and CRLF, the characters U+0085, U+2028 and U+2029
/// end a line.
#[inline]
pub(super) fn line_end(bytes: &[u8], at: usize) -> Option<usize> {
    match bytes.get(at)? {
        b'\n' => Some(1),
        b'\r' if bytes.get(at + 1) == Some(&b'\n') => Some(2),
        b'\r' => Some(1),
        0xc2 if bytes.get(at + 1) == Some(&0x85) => Some(2),
        0xe2 if is_separator(bytes, at) => Some(3),
        _ => None,
    }
}

/// Whether U+2028 or U+2029 stands there, which stay what they are where lines are folded.
#[inline]
pub(super) fn is_separator(bytes: &[u8], at: usize) -> bool {
    matches!(bytes.get(at..at + 3), Some([0xe2, 0x80, 0xa8 | 0xa9]))
}

/// Whether a space or tab stands there.
#[inline]
pub(super) fn is_blank(bytes: &[u8], at: usize) -> bool {
    matches!(bytes.get(at), Some(b' ' | b'\t'))
}

/// Whether a line or the text ends there.
#[inline]
pub(super) fn is_end(bytes: &[u8], at: usize) -> bool {
    at >= bytes.len() || line_end(bytes, at).is_some()
}

/// Whether no word goes on there.
#[inline]
pub(super) fn is_gap(bytes: &[u8], at: usize) -> bool {
    is_blank(bytes, at) || is_end(bytes, at)
}

/// Whether names of anchors and handles may have this byte.
#[inline]
pub(super) fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-')
}

/// How many bytes the character takes that begins with this one.
#[inline]
pub(super) fn width(first: u8) -> usize {
    match first {
        0..=0x7f => 1,
        0x80..=0xdf => 2,
        0xe0..=0xef => 3,
        _ => 4,
    }
}

/// How many characters begin in these bytes.
#[inline]
pub(super) fn count(bytes: &[u8]) -> u32 {
    let first = |byte: &&u8| **byte & 0xc0 != 0x80;
    // No text has more characters than fit: `text::MAX_BYTES`.
    u32::try_from(bytes.iter().filter(first).count()).unwrap_or(u32::MAX)
}

/// The first character that no YAML may hold: controls, and what Unicode says is no character.
///
/// A byte order mark is one too, wherever it isn't the first character: there, kubectl's library
/// may pass over whatever stands at the beginning of later lines.
pub(super) fn forbidden(text: &str) -> Option<(usize, char)> {
    let mut from = 0;
    let bytes = text.as_bytes();
    while let Some(found) = bytes[from..].iter().position(|byte| is_suspect(*byte)) {
        let at = from + found;
        let c = text[at..].chars().next()?;
        let allowed = match c {
            '\u{feff}' => at == 0,
            '\u{85}' => true,
            c => !matches!(c, '\0'..='\u{1f}' | '\u{7f}'..='\u{9f}' | '\u{fffe}' | '\u{ffff}'),
        };
        if !allowed {
            return Some((at, c));
        }
        from = at + c.len_utf8();
    }
    None
}

/// Whether a byte is, or begins, a character that may be forbidden.
#[inline]
fn is_suspect(byte: u8) -> bool {
    match byte {
        b'\t' | b'\n' | b'\r' => false,
        0..=0x1f | 0x7f | 0xc2 | 0xef => true,
        _ => false,
    }
}

/// Whether a line may hold all of these characters, and none of them ends a line. A control
/// character has to be named to be let through.
pub fn may_stand_in(line: &str, control: char) -> bool {
    line.chars().all(|c| match c {
        ' '..='~' => true,
        '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}' => false,
        c => c == control || c > '\u{9f}',
    })
}

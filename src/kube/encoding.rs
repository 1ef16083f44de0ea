//! From the bytes of a file to its text, as kubectl takes them.
//!
//! Source: `FileVisitor` of `k8s.io/cli-runtime`, which lets a byte order mark say what the text is
//! encoded in, and puts U+FFFD in place of what is no UTF-8.

use std::borrow::Cow;

/// The text of a file.
pub(super) fn text_of(bytes: &[u8]) -> Cow<'_, str> {
    match bytes {
        [0xef, 0xbb, 0xbf, rest @ ..] => String::from_utf8_lossy(rest),
        [0xff, 0xfe, rest @ ..] => utf_16(rest, u16::from_le_bytes),
        [0xfe, 0xff, rest @ ..] => utf_16(rest, u16::from_be_bytes),
        bytes => String::from_utf8_lossy(bytes),
    }
}

fn utf_16(bytes: &[u8], unit: impl Fn([u8; 2]) -> u16) -> Cow<'static, str> {
    let (pairs, rest) = bytes.as_chunks::<2>();
    let units = pairs.iter().map(|pair| unit(*pair));
    let mut text: String = char::decode_utf16(units)
        .map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER))
        .collect();
    if !rest.is_empty() {
        text.push(char::REPLACEMENT_CHARACTER);
    }
    text.into()
}

#[cfg(test)]
mod tests {
    use super::text_of;

    #[test]
    fn a_byte_order_mark_says_the_encoding() {
        for (bytes, text) in [
            (&b"\xef\xbb\xbfa"[..], "a"),
            (b"\xff\xfea\0\xe9\0", "aé"),
            (b"\xfe\xff\0a\xd8\x3d\xde\0", "a😀"),
            (b"\xff\xfe\0\xd8a\0b", "\u{fffd}a\u{fffd}"),
            (b"a\xe2\x80b\xf0\x9f\x80\xff", "a\u{fffd}b\u{fffd}\u{fffd}"),
            (b"", ""),
        ] {
            assert_eq!(text_of(bytes), text);
        }
    }
}

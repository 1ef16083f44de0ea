//! Plain scalars as kubectl's YAML library resolves them, where ours resolves them otherwise.
//!
//! Source: `resolve` of `sigs.k8s.io/yaml/goyaml.v2`. It takes underscores out of whatever begins
//! as a number does, knows booleans in three spellings each, and leaves numbers that a float
//! can't hold as strings.

use std::borrow::Cow;

use granit_parser::{Event, Parser, ScalarStyle};

const BOOLEANS: [&str; 8] = ["y", "n", "yes", "no", "on", "off", "true", "false"];

/// The text with such scalars written so that every reader takes them for the same. Lines stay
/// where they are.
pub(super) fn respelled(text: &str) -> Cow<'_, str> {
    let mut parts = text
        .as_bytes()
        .split(|&byte| PARTS[usize::from(byte)])
        .filter(|part| may_be_respelled(part));
    if !parts.any(|part| str::from_utf8(part).is_ok_and(|part| respelling(part).is_some())) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 16);
    let mut copied = 0;
    for event in Parser::new_from_str(text) {
        // What can't be parsed is told by the reader proper.
        let Ok((event, span)) = event else {
            return Cow::Borrowed(text);
        };
        if let Event::Scalar(value, ScalarStyle::Plain, _, None) = event
            && let Some(spelling) = respelling(&value)
            && let Some(range) = span.byte_range()
            && range.start >= copied
            && text.get(range.clone()) == Some(&*value)
        {
            out.push_str(&text[copied..range.start]);
            out.push_str(&spelling);
            copied = range.end;
        }
    }
    out.push_str(&text[copied..]);
    Cow::Owned(out)
}

/// The bytes that part what may be scalars.
const PARTS: [bool; 256] = {
    let mut parts = [false; 256];
    let bytes = b" \n\t\r,[]{}\"':";
    let mut at = 0;
    while at < bytes.len() {
        parts[bytes[at] as usize] = true;
        at += 1;
    }
    parts
};

/// Whether a scalar is at all like those that [`respelling`] looks at; most aren't.
#[inline]
fn may_be_respelled(scalar: &[u8]) -> bool {
    match scalar.first() {
        Some(first) if first.is_ascii_alphabetic() => scalar.len() <= "false".len(),
        Some(first) => matches!(first, b'0'..=b'9' | b'+' | b'-' | b'.'),
        None => false,
    }
}

/// How a plain scalar has to be written to be read as kubectl reads it, where it isn't so.
fn respelling(scalar: &str) -> Option<String> {
    let first = scalar.bytes().next()?;
    if first.is_ascii_alphabetic() {
        if scalar.len() > "false".len() {
            return None;
        }
        let known = |word: &&&str| word.eq_ignore_ascii_case(scalar);
        let word = BOOLEANS.iter().find(known)?;
        return (!is_usual_case(scalar, word)).then(|| quoted(scalar));
    }
    if first == b'.' {
        return (is_decimal(scalar) && !is_finite(scalar)).then(|| quoted(scalar));
    }
    if !matches!(first, b'0'..=b'9' | b'+' | b'-') {
        return None;
    }
    if !scalar.contains('_') {
        return (is_decimal(scalar) && !is_finite(scalar)).then(|| quoted(scalar));
    }
    let plain = scalar.replace('_', "");
    if is_integer(&plain) || is_decimal(&plain) && is_finite(&plain) {
        Some(plain)
    } else {
        Some(quoted(scalar))
    }
}

fn quoted(scalar: &str) -> String {
    format!("'{}'", scalar.replace('\'', "''"))
}

/// Whether a word is in lower case, capitalized or in capitals.
fn is_usual_case(scalar: &str, lower: &str) -> bool {
    let (first, rest) = scalar.split_at(1);
    scalar == lower
        || scalar == lower.to_ascii_uppercase()
        || first == lower[..1].to_ascii_uppercase() && rest == &lower[1..]
}

/// An integer with a prefix for its base.
fn is_integer(scalar: &str) -> bool {
    let unsigned = scalar.strip_prefix(['+', '-']).unwrap_or(scalar);
    [
        ("0x", 16),
        ("0X", 16),
        ("0o", 8),
        ("0O", 8),
        ("0b", 2),
        ("0B", 2),
    ]
    .iter()
    .any(|(prefix, base)| {
        unsigned.strip_prefix(prefix).is_some_and(|digits| {
            digits.starts_with(|c: char| c.is_ascii_alphanumeric())
                && u64::from_str_radix(digits, *base).is_ok()
        })
    })
}

/// `[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?`
fn is_decimal(scalar: &str) -> bool {
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let unsigned = scalar.strip_prefix(['+', '-']).unwrap_or(scalar);
    let (mantissa, exponent) = unsigned.split_once(['e', 'E']).unwrap_or((unsigned, "0"));
    let exponent = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    digits(whole)
        && digits(fraction)
        && digits(exponent)
        && !(whole.is_empty() && fraction.is_empty())
        && !exponent.is_empty()
}

fn is_finite(scalar: &str) -> bool {
    scalar.parse::<f64>().is_ok_and(f64::is_finite)
}

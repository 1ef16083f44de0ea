//! What scalars mean.
//!
//! A plain scalar without a tag is what kubectl's YAML library takes it for. Source: `resolve` of
//! `sigs.k8s.io/yaml/goyaml.v2`. It takes underscores out of whatever begins as a number does,
//! knows booleans in three spellings each, and leaves numbers that a float can't hold as strings.

use std::borrow::Cow;

use super::binary;
use super::tag::Tag;

/// How a scalar is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Style {
    /// Without quotes.
    Plain,
    /// `'…'`
    SingleQuoted,
    /// `"…"`
    DoubleQuoted,
    /// `|`
    Literal,
    /// `>`
    Folded,
}

/// What a scalar means.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Scalar<'a> {
    /// Nothing.
    Null,
    /// A boolean.
    Bool(bool),
    /// A whole number below zero, or one written so.
    Signed(i64),
    /// A whole number.
    Unsigned(u64),
    /// Another number; not always a finite one.
    Float(f64),
    /// A string.
    String(&'a str),
}

/// A scalar's value where its tag decides it.
#[derive(Debug, PartialEq)]
pub(super) enum TaggedValue {
    Null,
    Bool(bool),
    Signed(i64),
    Unsigned(u64),
    Float(f64),
    /// As written.
    Text,
    /// What `!!binary` holds.
    Decoded(Box<str>),
}

/// What a scalar without a tag means.
#[inline]
pub(super) fn implicit(text: &str, style: Style) -> Scalar<'_> {
    if style != Style::Plain {
        return Scalar::String(text);
    }
    resolved(text).unwrap_or(Scalar::String(text))
}

/// What a plain scalar means that is no string.
fn resolved(text: &str) -> Option<Scalar<'static>> {
    let Some(first) = text.bytes().next() else {
        return Some(Scalar::Null);
    };
    match first {
        b'~' | b'n' | b'N' if is_null(text) => Some(Scalar::Null),
        b'y' | b'Y' | b'n' | b'N' | b't' | b'T' | b'f' | b'F' | b'o' | b'O' => boolean(text)
            .filter(|_| is_usual_case(text))
            .map(Scalar::Bool),
        b'.' => match special(text) {
            Some(value) => Some(Scalar::Float(value)),
            None => decimal(&without_separators(text)?).map(Scalar::Float),
        },
        b'0'..=b'9' | b'+' | b'-' => match special(text) {
            Some(value) => Some(Scalar::Float(value)),
            None if text.contains('_') => number(&text.replace('_', "")),
            None => number(text),
        },
        _ => None,
    }
}

/// What a scalar with a tag means; none where it can't be what the tag says.
///
/// Of times, only that they would be strings is known; so one that is tagged as such is refused.
pub(super) fn tagged(tag: Tag, text: &str) -> Option<TaggedValue> {
    match (tag, resolved(text)) {
        (Tag::Str | Tag::NonSpecific | Tag::Merge | Tag::Other, _) => Some(TaggedValue::Text),
        (Tag::Binary, _) => {
            let text = go_string(&binary::decode(text)?);
            Some(TaggedValue::Decoded(text.into_boxed_str()))
        }
        (Tag::Null, Some(Scalar::Null)) => Some(TaggedValue::Null),
        (Tag::Bool, Some(Scalar::Bool(value))) => Some(TaggedValue::Bool(value)),
        (Tag::Int, Some(Scalar::Signed(value))) => Some(TaggedValue::Signed(value)),
        (Tag::Int, Some(Scalar::Unsigned(value))) => Some(TaggedValue::Unsigned(value)),
        (Tag::Float, Some(Scalar::Float(value))) => Some(TaggedValue::Float(value)),
        (Tag::Float, Some(whole @ (Scalar::Signed(_) | Scalar::Unsigned(_)))) => {
            signed(whole).map(TaggedValue::Float)
        }
        _ => None,
    }
}

/// A whole number of up to 63 bits as one that needn't be whole.
#[allow(clippy::cast_precision_loss)] // As kubectl's library loses it.
fn signed(whole: Scalar<'_>) -> Option<f64> {
    match whole {
        Scalar::Signed(value) => Some(value as f64),
        Scalar::Unsigned(value) => i64::try_from(value).ok().map(|value| value as f64),
        _ => None,
    }
}

/// Bytes as Go makes JSON of a string that holds them: each that isn't UTF-8 becomes U+FFFD.
fn go_string(mut bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len());
    loop {
        match str::from_utf8(bytes) {
            Ok(rest) => {
                text.push_str(rest);
                return text;
            }
            Err(error) => {
                let (valid, rest) = bytes.split_at(error.valid_up_to());
                text.push_str(str::from_utf8(valid).unwrap_or_default());
                text.push('\u{fffd}');
                bytes = &rest[1..];
            }
        }
    }
}

impl TaggedValue {
    pub(super) fn scalar<'a>(&'a self, text: &'a str) -> Scalar<'a> {
        match self {
            TaggedValue::Null => Scalar::Null,
            TaggedValue::Bool(value) => Scalar::Bool(*value),
            TaggedValue::Signed(value) => Scalar::Signed(*value),
            TaggedValue::Unsigned(value) => Scalar::Unsigned(*value),
            TaggedValue::Float(value) => Scalar::Float(*value),
            TaggedValue::Text => Scalar::String(text),
            TaggedValue::Decoded(decoded) => Scalar::String(decoded),
        }
    }
}

/// The boolean that a text is in any spelling, if it is one.
#[inline]
pub(super) fn boolean(text: &str) -> Option<bool> {
    if text.len() > "false".len() {
        return None;
    }
    let is_any = |words: [&str; 4]| words.iter().any(|word| word.eq_ignore_ascii_case(text));
    if is_any(["y", "yes", "on", "true"]) {
        return Some(true);
    }
    is_any(["n", "no", "off", "false"]).then_some(false)
}

/// Whether a word is in lower case, capitalized or in capitals.
fn is_usual_case(word: &str) -> bool {
    let upper = |text: &str| text.bytes().all(|byte| byte.is_ascii_uppercase());
    let lower = |text: &str| text.bytes().all(|byte| byte.is_ascii_lowercase());
    lower(word) || upper(word) || upper(&word[..1]) && lower(&word[1..])
}

/// Whether a plain scalar is null.
fn is_null(text: &str) -> bool {
    matches!(text, "" | "~" | "null" | "Null" | "NULL")
}

/// The white space that isn't part of a boolean in quotes.
pub(super) fn trim(text: &str) -> &str {
    text.trim_matches([' ', '\t', '\r', '\n'])
}

/// The numbers that are words.
fn special(text: &str) -> Option<f64> {
    match text {
        ".nan" | ".NaN" | ".NAN" => Some(f64::NAN),
        ".inf" | ".Inf" | ".INF" | "+.inf" | "+.Inf" | "+.INF" => Some(f64::INFINITY),
        "-.inf" | "-.Inf" | "-.INF" => Some(f64::NEG_INFINITY),
        _ => None,
    }
}

/// A number that begins with its point, without underscores; none where one isn't between digits.
fn without_separators(text: &str) -> Option<Cow<'_, str>> {
    if !text.contains('_') {
        return Some(Cow::Borrowed(text));
    }
    let bytes = text.as_bytes();
    let is_digit = |at: Option<usize>| {
        at.and_then(|at| bytes.get(at))
            .is_some_and(u8::is_ascii_digit)
    };
    let parts_digits = bytes
        .iter()
        .enumerate()
        .filter(|(_, byte)| **byte == b'_')
        .all(|(at, _)| is_digit(at.checked_sub(1)) && is_digit(Some(at + 1)));
    parts_digits.then(|| Cow::Owned(text.replace('_', "")))
}

/// `[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?`, if a float can hold it.
fn decimal(text: &str) -> Option<f64> {
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    let (mantissa, exponent) = unsigned.split_once(['e', 'E']).unwrap_or((unsigned, "0"));
    let exponent = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let is_decimal = digits(whole)
        && digits(fraction)
        && digits(exponent)
        && !(whole.is_empty() && fraction.is_empty())
        && !exponent.is_empty();
    let value: f64 = Some(text).filter(|_| is_decimal)?.parse().ok()?;
    value.is_finite().then_some(value)
}

/// A number without underscores.
fn number(text: &str) -> Option<Scalar<'static>> {
    if let Some(whole) = integer(text) {
        return Some(whole);
    }
    if let Some(value) = decimal(text) {
        return Some(Scalar::Float(value));
    }
    // Go's library reads what follows `0b` by itself, sign and all.
    let rest = text.strip_prefix("0b")?;
    integer_in(2, rest)
}

/// A whole number as Go reads one in any base: `0x`, `0o`, `0b`, and `0` for base 8.
fn integer(text: &str) -> Option<Scalar<'static>> {
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    let (radix, digits) = match unsigned.as_bytes() {
        [b'0', b'x' | b'X', ..] => (16, &unsigned[2..]),
        [b'0', b'o' | b'O', ..] => (8, &unsigned[2..]),
        [b'0', b'b' | b'B', ..] => (2, &unsigned[2..]),
        [b'0', _, ..] => (8, &unsigned[1..]),
        _ => (10, unsigned),
    };
    if digits.starts_with(['+', '-']) {
        return None;
    }
    if unsigned.len() == text.len() {
        return integer_in(radix, digits);
    }
    let sign = &text[..1];
    integer_in(radix, &format!("{sign}{digits}"))
}

/// A whole number with a sign or without one.
fn integer_in(radix: u32, text: &str) -> Option<Scalar<'static>> {
    if let Ok(value) = i64::from_str_radix(text, radix) {
        return Some(match u64::try_from(value) {
            Ok(value) if !text.starts_with('-') => Scalar::Unsigned(value),
            _ => Scalar::Signed(value),
        });
    }
    if text.starts_with(['+', '-']) {
        return None;
    }
    u64::from_str_radix(text, radix).ok().map(Scalar::Unsigned)
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;

    use super::*;

    fn read(text: &str) -> Scalar<'_> {
        implicit(text, Style::Plain)
    }

    #[test]
    fn strings_are_what_nothing_else_is() {
        for text in [
            "get",
            "yEs",
            "oN",
            "tRUE",
            "nULL",
            "1e400",
            "-1e400",
            ".5e999",
            "1_e400",
            "1_a",
            "_1",
            "a_b",
            "v1",
            "-",
            "+",
            ".",
            "..",
            "5b9d7d0e-0000",
            "1:30",
            ".5_",
            "é",
            "0x",
            "0b2",
            "0xg",
            "1e",
            "e3",
            "inf",
            "nan",
            "Infinity",
            "-Infinity",
            "+nan",
            "=",
            "<<",
            "~~",
            "0xFFFFFFFFFFFFFFFFF",
            "1,000",
            "+-1",
            "--1",
        ] {
            assert_eq!(read(text), Scalar::String(text), "{text}");
        }
        assert_eq!(implicit("1", Style::SingleQuoted), Scalar::String("1"));
        assert_eq!(implicit("", Style::Literal), Scalar::String(""));
    }

    #[test]
    fn words_are_booleans_and_nulls_in_three_spellings() {
        for word in ["y", "yes", "on", "true", "Y", "Yes", "ON", "True", "TRUE"] {
            assert_eq!(read(word), Scalar::Bool(true), "{word}");
        }
        for word in [
            "n", "no", "off", "false", "N", "No", "OFF", "False", "FALSE",
        ] {
            assert_eq!(read(word), Scalar::Bool(false), "{word}");
        }
        for word in ["", "~", "null", "Null", "NULL"] {
            assert_eq!(read(word), Scalar::Null, "{word}");
        }
    }

    #[test]
    fn numbers_may_have_underscores_bases_and_signs() {
        for (text, value) in [
            ("0", Scalar::Unsigned(0)),
            ("12", Scalar::Unsigned(12)),
            ("+1", Scalar::Unsigned(1)),
            ("1_", Scalar::Unsigned(1)),
            ("1__0", Scalar::Unsigned(10)),
            ("0x_1F", Scalar::Unsigned(31)),
            ("0_x1F", Scalar::Unsigned(31)),
            ("0o17", Scalar::Unsigned(15)),
            ("-0b1_1", Scalar::Signed(-3)),
            ("-0", Scalar::Signed(0)),
            ("-9223372036854775808", Scalar::Signed(i64::MIN)),
            (
                "-9223372036854775809",
                Scalar::Float(-9_223_372_036_854_775_808.0),
            ),
            ("18446744073709551615", Scalar::Unsigned(u64::MAX)),
            (
                "18446744073709551616",
                Scalar::Float(18_446_744_073_709_551_616.0),
            ),
            ("0777_7", Scalar::Unsigned(4095)),
            ("-010", Scalar::Signed(-8)),
            ("0b-11", Scalar::Signed(-3)),
            (".5_0", Scalar::Float(0.5)),
            ("08", Scalar::Float(8.0)),
            ("-08", Scalar::Float(-8.0)),
            ("1_0.5", Scalar::Float(10.5)),
            ("1.", Scalar::Float(1.0)),
            ("+.5", Scalar::Float(0.5)),
            ("1e3", Scalar::Float(1000.0)),
            ("-.INF", Scalar::Float(f64::NEG_INFINITY)),
        ] {
            assert_eq!(read(text), value, "{text}");
        }
        let Scalar::Float(nan) = read(".nan") else {
            panic!("`.nan` is no number");
        };
        assert!(nan.is_nan());
    }

    #[test]
    fn a_tag_decides_whatever_the_style() {
        let read = tagged;
        assert_eq!(read(Tag::Null, "~"), Some(TaggedValue::Null));
        assert_eq!(read(Tag::Null, "x"), None);
        assert_eq!(read(Tag::Bool, "On"), Some(TaggedValue::Bool(true)));
        assert_eq!(read(Tag::Bool, "oN"), None);
        assert_eq!(read(Tag::Int, "-0x1_0"), Some(TaggedValue::Signed(-16)));
        assert_eq!(read(Tag::Int, "1.5"), None);
        assert_eq!(read(Tag::Float, "5"), Some(TaggedValue::Float(5.0)));
        assert_eq!(read(Tag::Float, "18446744073709551615"), None);
        assert_eq!(read(Tag::Float, "five"), None);
        assert_eq!(read(Tag::Str, "5"), Some(TaggedValue::Text));
        assert_eq!(
            read(Tag::Binary, "Zm9v"),
            Some(TaggedValue::Decoded("foo".into()))
        );
        assert_eq!(
            read(Tag::Binary, "4oBi/w=="),
            Some(TaggedValue::Decoded("\u{fffd}\u{fffd}b\u{fffd}".into()))
        );
        assert_eq!(read(Tag::Binary, "x"), None);
        assert_eq!(read(Tag::Timestamp, "2001-01-01"), None);
        for tag in [Tag::Other, Tag::NonSpecific, Tag::Merge] {
            assert_eq!(read(tag, "5"), Some(TaggedValue::Text));
        }
    }
}

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
    let Some(first) = text.bytes().next() else {
        return Scalar::Null;
    };
    let value = if first.is_ascii_alphabetic() {
        null(text).or_else(|| {
            boolean(text)
                .filter(|_| is_usual_case(text))
                .map(Scalar::Bool)
        })
    } else if begins_as_number(first) {
        match spelling(text) {
            Spelling::Usual => number(text),
            Spelling::Underscores(without) => number(&without),
            Spelling::NoNumber => None,
        }
    } else {
        null(text)
    };
    value.unwrap_or(Scalar::String(text))
}

/// What a scalar with a tag means; none where it can't be what the tag says.
pub(super) fn tagged(tag: Tag, text: &str, style: Style) -> Option<TaggedValue> {
    let trimmed = trim(text);
    match tag {
        Tag::Null => Some(TaggedValue::Null),
        Tag::Bool => boolean(trimmed).map(TaggedValue::Bool),
        Tag::Int => integer(trimmed).map(TaggedValue::of),
        Tag::Float => float(trimmed).map(TaggedValue::Float),
        Tag::Binary => {
            let text = String::from_utf8(binary::decode(text)?).ok()?;
            Some(TaggedValue::Decoded(text.into_boxed_str()))
        }
        Tag::Str | Tag::NonSpecific => Some(TaggedValue::Text),
        Tag::Merge | Tag::Value | Tag::Other => {
            if style != Style::Plain {
                return Some(TaggedValue::Text);
            }
            let value = null(text)
                .or_else(|| boolean(text).map(Scalar::Bool))
                .or_else(|| number(text));
            Some(value.map_or(TaggedValue::Text, TaggedValue::of))
        }
        Tag::Timestamp | Tag::Seq | Tag::Map => None,
    }
}

impl TaggedValue {
    fn of(scalar: Scalar<'static>) -> Self {
        match scalar {
            Scalar::Null => TaggedValue::Null,
            Scalar::Bool(value) => TaggedValue::Bool(value),
            Scalar::Signed(value) => TaggedValue::Signed(value),
            Scalar::Unsigned(value) => TaggedValue::Unsigned(value),
            Scalar::Float(value) => TaggedValue::Float(value),
            Scalar::String(_) => TaggedValue::Text,
        }
    }

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

/// The string that a plain scalar is where it is the key of something: a number is written as it
/// is, but without underscores.
#[inline]
pub(super) fn key(text: &str, style: Style) -> Cow<'_, str> {
    if style == Style::Plain
        && text.bytes().next().is_some_and(begins_as_number)
        && let Spelling::Underscores(without) = spelling(text)
    {
        return Cow::Owned(without);
    }
    Cow::Borrowed(text)
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

fn null(text: &str) -> Option<Scalar<'static>> {
    is_null(text).then_some(Scalar::Null)
}

/// Whether a plain scalar is null.
pub(super) fn is_null(text: &str) -> bool {
    matches!(text, "" | "~" | "null" | "Null" | "NULL")
}

/// The white space that isn't part of a tagged scalar.
pub(super) fn trim(text: &str) -> &str {
    text.trim_matches([' ', '\t', '\r', '\n'])
}

fn begins_as_number(first: u8) -> bool {
    matches!(first, b'0'..=b'9' | b'+' | b'-' | b'.')
}

/// How what begins as a number is spelled.
enum Spelling {
    /// As YAML 1.2 spells numbers, or no number at all.
    Usual,
    /// As a number with underscores: what is left without them.
    Underscores(String),
    /// A string, though other readers might take it for a number.
    NoNumber,
}

fn spelling(text: &str) -> Spelling {
    if text.starts_with('.') || !text.contains('_') {
        return if is_decimal(text) && !is_finite(text) {
            Spelling::NoNumber
        } else {
            Spelling::Usual
        };
    }
    let without = text.replace('_', "");
    if is_prefixed_integer(&without) || is_decimal(&without) && is_finite(&without) {
        Spelling::Underscores(without)
    } else {
        Spelling::NoNumber
    }
}

/// An integer with a prefix for its base.
fn is_prefixed_integer(text: &str) -> bool {
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    let (radix, digits) = radix_and_digits(unsigned);
    radix != 10
        && digits.starts_with(|c: char| c.is_ascii_alphanumeric())
        && u64::from_str_radix(digits, radix).is_ok()
}

/// `[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?`
fn is_decimal(text: &str) -> bool {
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    let (mantissa, exponent) = unsigned.split_once(['e', 'E']).unwrap_or((unsigned, "0"));
    let exponent = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    digits(whole)
        && digits(fraction)
        && digits(exponent)
        && !(whole.is_empty() && fraction.is_empty())
        && !exponent.is_empty()
}

fn is_finite(text: &str) -> bool {
    text.parse::<f64>().is_ok_and(f64::is_finite)
}

fn number(text: &str) -> Option<Scalar<'static>> {
    integer(text).or_else(|| float(text).map(Scalar::Float))
}

fn integer(text: &str) -> Option<Scalar<'static>> {
    let (negative, magnitude) = magnitude(text)?;
    if text.starts_with('-') {
        let value = if negative {
            0i64.checked_sub_unsigned(u64::try_from(magnitude).ok()?)?
        } else {
            0
        };
        return Some(Scalar::Signed(value));
    }
    u64::try_from(magnitude).ok().map(Scalar::Unsigned)
}

/// The sign and size of an integer, of which zero has none.
pub(super) fn magnitude(text: &str) -> Option<(bool, u128)> {
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    let (radix, digits) = radix_and_digits(unsigned);
    if radix == 10 && digits.starts_with('0') && digits != "0" {
        return None;
    }
    let mut magnitude = 0u128;
    let mut after_digit = false;
    for byte in digits.bytes() {
        if byte == b'_' {
            if !after_digit {
                return None;
            }
            after_digit = false;
            continue;
        }
        let digit = char::from(byte).to_digit(radix)?;
        magnitude = magnitude
            .checked_mul(radix.into())?
            .checked_add(digit.into())?;
        after_digit = true;
    }
    after_digit.then_some((text.starts_with('-') && magnitude != 0, magnitude))
}

fn radix_and_digits(unsigned: &str) -> (u32, &str) {
    let bytes = unsigned.as_bytes();
    let radix = match bytes {
        [b'0', b'x' | b'X', ..] => 16,
        [b'0', b'o' | b'O', ..] => 8,
        [b'0', b'b' | b'B', ..] => 2,
        _ => return (10, unsigned),
    };
    (radix, &unsigned[2..])
}

fn float(text: &str) -> Option<f64> {
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    let infinite = if text.starts_with('-') {
        f64::NEG_INFINITY
    } else {
        f64::INFINITY
    };
    match unsigned {
        ".nan" | ".NaN" | ".NAN" => return Some(f64::NAN),
        ".inf" | ".Inf" | ".INF" => return Some(infinite),
        _ => {}
    }
    let value: f64 = text.parse().ok()?;
    // Rust knows words for infinities that YAML doesn't.
    (value.is_finite() || unsigned.starts_with(|c: char| c.is_ascii_digit())).then_some(value)
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
            ".5_0",
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
            ("0777_7", Scalar::Float(7777.0)),
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
    fn a_key_loses_only_the_underscores_of_a_number() {
        for (text, expected) in [
            ("1__0", "10"),
            ("0x_1F", "0x1F"),
            ("1_a", "1_a"),
            ("a_1", "a_1"),
            ("1_e400", "1_e400"),
        ] {
            assert_eq!(key(text, Style::Plain), expected);
        }
        assert_eq!(key("1__0", Style::DoubleQuoted), "1__0");
    }

    #[test]
    fn a_tag_decides_whatever_the_style() {
        let read = |tag, text| tagged(tag, text, Style::DoubleQuoted);
        assert_eq!(read(Tag::Null, "x"), Some(TaggedValue::Null));
        assert_eq!(read(Tag::Bool, " oN\n"), Some(TaggedValue::Bool(true)));
        assert_eq!(read(Tag::Int, "-0x1_0"), Some(TaggedValue::Signed(-16)));
        assert_eq!(read(Tag::Int, "1__0"), None);
        assert_eq!(read(Tag::Int, "1.5"), None);
        assert_eq!(read(Tag::Float, "5"), Some(TaggedValue::Float(5.0)));
        assert_eq!(read(Tag::Float, "five"), None);
        assert_eq!(read(Tag::Str, "5"), Some(TaggedValue::Text));
        assert_eq!(
            read(Tag::Binary, "Zm9v"),
            Some(TaggedValue::Decoded("foo".into()))
        );
        assert_eq!(read(Tag::Binary, "/w=="), None);
        assert_eq!(read(Tag::Timestamp, "2001-01-01"), None);
        assert_eq!(read(Tag::Other, "5"), Some(TaggedValue::Text));
        let plain = |text| tagged(Tag::Other, text, Style::Plain);
        assert_eq!(plain("5"), Some(TaggedValue::Unsigned(5)));
        assert_eq!(plain("yEs"), Some(TaggedValue::Bool(true)));
        assert_eq!(plain("x"), Some(TaggedValue::Text));
    }
}

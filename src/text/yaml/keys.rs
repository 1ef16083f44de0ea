//! When two keys of a mapping are the same one, and which string a key is.
//!
//! kubectl's library keeps a key as what it means, so `0xB` and `11` are one key, and makes a string
//! of it afterwards. Two keys that aren't the same but become one string (`1` and `"1"`) leave it
//! to chance which of them wins.
//!
//! Source: `convertToJSONableObject` of `sigs.k8s.io/yaml`.

use std::borrow::Cow;
use std::hash::{Hash, Hasher};

use super::YamlFault;
use super::resolve::{Scalar, Style};
use super::tree::Written;

/// Where a key belongs that can be none.
const TOO_LARGE: &str = "a number of more than 63 bits";

/// How two keys of a mapping relate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Relation {
    Different,
    Same,
    /// Only as strings they are the same.
    Clash,
}

/// The string that a key is.
pub(super) fn string(key: Written<'_>) -> Result<Cow<'_, str>, YamlFault> {
    match key.scalar() {
        Scalar::String(text) => Ok(Cow::Borrowed(text)),
        Scalar::Null => Err(YamlFault::NullAsKey),
        Scalar::Bool(value) => Ok(Cow::Borrowed(if value { "true" } else { "false" })),
        Scalar::Signed(value) => Ok(Cow::Owned(value.to_string())),
        Scalar::Unsigned(value) if i64::try_from(value).is_ok() => {
            Ok(Cow::Owned(value.to_string()))
        }
        Scalar::Unsigned(_) => Err(YamlFault::UnfitKey(TOO_LARGE)),
        Scalar::Float(value) => Ok(Cow::Owned(float(value))),
    }
}

/// Whether a key is the string that is written, whatever it may look like.
fn is_plainly_itself(key: Written<'_>) -> bool {
    key.tagged.is_none()
        && (key.style != Style::Plain
            || key.text.len() > "false".len()
                && key.text.starts_with(|c: char| c.is_ascii_alphabetic()))
}

/// How two keys relate.
pub(super) fn relation(one: Written<'_>, other: Written<'_>) -> Relation {
    // Nearly all keys are words.
    if is_plainly_itself(one) && is_plainly_itself(other) {
        return match one.text == other.text {
            true => Relation::Same,
            false => Relation::Different,
        };
    }
    match (string(one), string(other)) {
        (Ok(a), Ok(b)) if a == b => {}
        (Err(_), Err(_)) if one.scalar() == other.scalar() => return Relation::Same,
        _ => return Relation::Different,
    }
    let same = match (one.scalar(), other.scalar()) {
        (Scalar::String(_), Scalar::String(_)) => true,
        (Scalar::Bool(_), Scalar::Bool(_)) => true,
        (Scalar::Float(a), Scalar::Float(b)) => a == b,
        (Scalar::Signed(_) | Scalar::Unsigned(_), Scalar::Signed(_) | Scalar::Unsigned(_)) => true,
        _ => false,
    };
    match same {
        true => Relation::Same,
        false => Relation::Clash,
    }
}

pub(super) fn hash(key: Written<'_>, hasher: &mut impl Hasher) {
    if let Ok(text) = string(key) {
        text.hash(hasher);
    }
}

/// A number as Go prints one of 32 bits: in the fewest digits, with an exponent from a million up
/// and below a ten thousandth.
#[allow(clippy::cast_possible_truncation)] // 32 bits are what kubectl's library keeps of a key.
fn float(value: f64) -> String {
    let value = value as f32;
    if value.is_nan() {
        return ".nan".to_owned();
    }
    if value.is_infinite() {
        return if value > 0.0 { ".inf" } else { "-.inf" }.to_owned();
    }
    let scientific = format!("{value:e}");
    let (mantissa, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let exponent: i32 = exponent.parse().unwrap_or_default();
    if (-4..6).contains(&exponent) {
        return format!("{value}");
    }
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("{mantissa}e{sign}{:02}", exponent.unsigned_abs())
}

#[cfg(test)]
mod tests {
    use super::float;

    #[test]
    fn numbers_are_printed_as_go_prints_them() {
        for (value, text) in [
            (1.5, "1.5"),
            (0.1, "0.1"),
            (-0.0, "-0"),
            (8.0, "8"),
            (100_000.0, "100000"),
            (1_000_000.0, "1e+06"),
            (1_500_000.0, "1.5e+06"),
            (0.0001, "0.0001"),
            (0.00001, "1e-05"),
            (1e39, ".inf"),
            (f64::NEG_INFINITY, "-.inf"),
            (f64::NAN, ".nan"),
            (16_777_217.0, "1.6777216e+07"),
        ] {
            assert_eq!(float(value), text);
        }
    }
}

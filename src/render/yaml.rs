//! YAML.

use std::io;

use crate::text::Quotes;

/// Writes a serializable answer as YAML, strings so that readers of YAML 1.1 take them for strings
/// too.
///
/// # Errors
/// If it can't be written.
pub fn to_yaml(answer: &impl serde::Serialize, out: &mut impl io::Write) -> io::Result<()> {
    crate::text::write_yaml(answer, Quotes::AsNeeded, out)
}

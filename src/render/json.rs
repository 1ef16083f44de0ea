//! JSON.

use std::io;

/// Writes a serializable answer as indented JSON with a newline at its end.
///
/// # Errors
/// If it can't be written.
pub fn to_json(answer: &impl serde::Serialize, out: &mut impl io::Write) -> io::Result<()> {
    serde_json::to_writer_pretty(&mut *out, answer)?;
    out.write_all(b"\n")
}

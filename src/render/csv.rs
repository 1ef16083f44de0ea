//! CSV (RFC 4180).

use super::RenderError;

/// A table with its header.
///
/// # Errors
/// If the rows don't have as many cells as the header.
pub fn table(header: &[&str], rows: &[Vec<String>]) -> Result<String, RenderError> {
    let mut writer = ::csv::Writer::from_writer(Vec::new());
    writer.write_record(header)?;
    for row in rows {
        writer.write_record(row)?;
    }
    let bytes = writer.into_inner().map_err(|error| error.into_error())?;
    Ok(String::from_utf8(bytes)?)
}

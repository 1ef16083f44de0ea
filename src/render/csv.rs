//! CSV (RFC 4180), for spreadsheets too.

use std::borrow::Cow;

use crate::text::escaped;

use super::RenderError;

/// What makes a spreadsheet take a cell for a formula where it begins so; full-width forms count.
const FORMULA: [char; 8] = ['=', '+', '-', '@', '＝', '＋', '－', '＠'];

/// A cell that a spreadsheet takes for text, on one line.
///
/// Source: OWASP's page on CSV injection. A tab or carriage return at the beginning is escaped like all
/// of them.
fn cell(text: &str) -> Cow<'_, str> {
    let text = escaped(text);
    let begin = text.trim_start_matches([' ', '"', '\'']);
    if begin.starts_with(FORMULA) {
        return format!("'{text}").into();
    }
    text
}

/// A table, with its header where one is given. Line breaks in cells are escaped, and what a spreadsheet
/// would take for a formula stands after a `'`.
///
/// # Errors
/// If the rows don't have as many cells as the header.
pub fn table<C: AsRef<str>>(
    header: Option<&[&str]>,
    rows: &[&Vec<C>],
) -> Result<String, RenderError> {
    let mut writer = ::csv::Writer::from_writer(Vec::new());
    if let Some(header) = header {
        writer.write_record(header)?;
    }
    for row in rows {
        writer.write_record(row.iter().map(|text| cell(text.as_ref()).into_owned()))?;
    }
    let bytes = writer.into_inner().map_err(|error| error.into_error())?;
    Ok(String::from_utf8(bytes)?)
}

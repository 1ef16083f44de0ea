//! Writing YAML.

/// Which strings stand in quotes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Quotes {
    /// Those that a reader might take for something else.
    AsNeeded,
    /// All, in single quotes where they hold nothing that has to be escaped.
    Always,
}

/// Writes a serializable answer as YAML, strings so that readers of YAML 1.1 take them for strings
/// too.
///
/// # Errors
/// If it can't be written.
pub fn write_yaml(
    answer: &impl serde::Serialize,
    quotes: Quotes,
    out: &mut impl std::io::Write,
) -> std::io::Result<()> {
    let mut options = serde_saphyr::SerializerOptions::default();
    options.quote_all = quotes == Quotes::Always;
    options.compact_list_indent = true;
    options.prefer_block_scalars = false;
    serde_saphyr::to_io_writer_with_options(out, answer, options).map_err(std::io::Error::other)
}

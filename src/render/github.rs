//! GitHub's workflow commands, which become annotations of a pull request.

use super::{DiagnosticView, SourceView};
use crate::diagnostic::Level;
use crate::text::escaped;

/// The annotations of diagnostics, one for each place that is at fault.
pub fn annotations(diagnostics: &[DiagnosticView]) -> String {
    diagnostics
        .iter()
        .flat_map(|diagnostic| {
            let level = diagnostic.severity.level();
            let sentence = diagnostic.sentence();
            let mut annotations: Vec<String> = diagnostic
                .sources
                .iter()
                .map(|source| annotation(level, source, diagnostic.code.id, &sentence))
                .collect();
            if annotations.is_empty() {
                annotations.push(without_place(level, diagnostic.code.id, &sentence));
            }
            annotations
        })
        .collect()
}

/// One annotation.
///
/// ```
/// use rbac_eval::diagnostic::Level;
/// use rbac_eval::render::SourceView;
/// use rbac_eval::render::github::annotation;
///
/// let source = SourceView { file: "a,b.yaml".into(), line: 3 };
/// assert_eq!(
///     annotation(Level::Warning, &source, "RBAC002", "50% of it\nis wrong"),
///     "::warning file=a%2Cb.yaml,line=3,title=RBAC002::50%25 of it\\nis wrong\n",
/// );
/// ```
pub fn annotation(level: Level, source: &SourceView, title: &str, message: &str) -> String {
    format!(
        "::{} file={},line={},title={}::{}\n",
        command(level),
        property(&source.file),
        source.line.max(1),
        property(title),
        data(message)
    )
}

/// An annotation of the run as a whole.
fn without_place(level: Level, title: &str, message: &str) -> String {
    let (title, message) = (property(title), data(message));
    format!("::{} title={title}::{message}\n", command(level))
}

fn command(level: Level) -> &'static str {
    match level {
        Level::Error => "error",
        Level::Warning => "warning",
        Level::Info => "notice",
    }
}

/// Source: `escapeData` of GitHub's toolkit.
fn data(text: &str) -> String {
    // Line ends, which it encodes too, are escaped here: no sentence of ours has any.
    escaped(text).replace('%', "%25")
}

/// Source: `escapeProperty` of GitHub's toolkit.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

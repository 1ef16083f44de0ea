//! GitHub's workflow commands, which become annotations of a pull request.

use super::SourceView;
use super::words::clean;

/// One annotation. `level` is `error`, `warning` or `notice`.
///
/// ```
/// use rbac_eval::render::SourceView;
/// use rbac_eval::render::github::annotation;
///
/// let source = SourceView { file: "a,b.yaml".into(), line: 3 };
/// assert_eq!(
///     annotation("warning", &source, "RBAC002", "50% of it\nis wrong"),
///     "::warning file=a%2Cb.yaml,line=3,title=RBAC002::50%25 of it%0Ais wrong\n",
/// );
/// ```
pub fn annotation(level: &str, source: &SourceView, title: &str, message: &str) -> String {
    format!(
        "::{level} file={},line={},title={}::{}\n",
        property(&source.file),
        source.line.max(1),
        property(title),
        data(message)
    )
}

/// Source: `escapeData` of GitHub's toolkit.
fn data(text: &str) -> String {
    clean_lines(text)
        .replace('%', "%25")
        .replace('\r', "%0D")
        .replace('\n', "%0A")
}

/// Control characters are named; line breaks are GitHub's to encode.
fn clean_lines(text: &str) -> String {
    let lines: Vec<_> = text.split('\n').map(clean).collect();
    lines.join("\n")
}

/// Source: `escapeProperty` of GitHub's toolkit.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

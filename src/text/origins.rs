//! Where the lines of a text come from that a program made.

use std::fmt;

/// The place from which what begins at a line was made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    /// The line of the made text, from 1, from which on this holds.
    pub from: u32,
    /// The file, as a user would write it.
    pub file: String,
    /// The line of that file; 0 for the file as a whole.
    pub line: u32,
}

/// Where each line of a text comes from that a program made.
///
/// ```
/// use rbac_eval::text::{Files, Origin, Origins, SourceText, Span};
///
/// let mut files = Files::default();
/// let id = files.add("app/kustomization.yaml");
/// let role = Origin { from: 5, file: "app/role.yaml".into(), line: 1 };
/// files.set_origins(id, Origins::new(vec![role]));
/// let at = |line| Span { file: id, line, column: 1 };
/// assert_eq!(files.file_line(at(7)), "app/role.yaml:1 (rendered line 7)");
/// assert_eq!(files.file_line(at(2)), "app/kustomization.yaml (rendered line 2)");
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Origins(Vec<Origin>);

impl Origins {
    /// Origins by the lines from which on they hold.
    pub fn new(mut origins: Vec<Origin>) -> Self {
        origins.sort_by_key(|origin| origin.from);
        Origins(origins)
    }

    /// Where a line comes from; none where nobody knows.
    pub fn of(&self, line: u32) -> Option<&Origin> {
        let after = self.0.partition_point(|origin| origin.from <= line);
        self.0.get(after.checked_sub(1)?)
    }
}

/// A place as it is told: where a text stands, or what it was made from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ToldPlace<'f> {
    /// The file.
    pub file: &'f str,
    /// The line, from 1; 0 for the file as a whole.
    pub line: u32,
    /// The column, from 1; 0 for the line as a whole.
    pub column: u32,
    /// The line of the text that a program made from the file; 0 where none did.
    pub rendered: u32,
}

impl fmt::Display for ToldPlace<'_> {
    /// `file:line:column`, leaving out what the place doesn't say.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.file)?;
        if self.line > 0 {
            write!(f, ":{}", self.line)?;
            if self.column > 0 {
                write!(f, ":{}", self.column)?;
            }
        }
        if self.rendered > 0 {
            write!(f, " (rendered line {})", self.rendered)?;
        }
        Ok(())
    }
}

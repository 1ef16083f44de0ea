//! Text and places in it: [`Files`] names the files that were read, a [`Span`] is a place in one of
//! them, and [`Located`] is a value with the place that it was read from.
//!
//! This room knows nothing of Kubernetes and reads no file itself.

mod lines;
mod located;
mod write;
pub mod yaml;

use std::fmt;

pub use lines::LineIndex;
pub use located::Located;
pub use write::{Quotes, write_yaml};

/// A text and where it came from.
#[derive(Debug, Clone)]
pub struct SourceText {
    /// The path as the user would write it, or `-`.
    pub name: String,
    /// The bytes as they were read; not yet checked to be UTF-8.
    pub bytes: Vec<u8>,
    /// Whether the user named this very file, rather than a folder that holds it.
    pub named: bool,
}

/// The number of a file in [`Files`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FileId(u32);

/// A line and column of a file, both counted from 1 (a column counts characters).
///
/// Line 0 means the file as a whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Span {
    /// The file.
    pub file: FileId,
    /// The line, from 1; 0 for the file as a whole.
    pub line: u32,
    /// The column, from 1; 0 for the line as a whole.
    pub column: u32,
}

impl Span {
    /// The whole of a file.
    pub fn whole(file: FileId) -> Self {
        Span {
            file,
            line: 0,
            column: 0,
        }
    }
}

/// The names of all files, in the order in which they were read.
///
/// ```
/// use rbac_eval::text::{Span, Files};
///
/// let mut files = Files::default();
/// let id = files.add("rbac.yaml");
/// let place = Span { file: id, line: 14, column: 3 };
/// assert_eq!(files.display(place).to_string(), "rbac.yaml:14:3");
/// assert_eq!(files.file_line(place), "rbac.yaml:14");
/// ```
#[derive(Debug, Clone, Default)]
pub struct Files {
    names: Vec<String>,
}

impl Files {
    /// Adds a file of this name and returns its number.
    pub fn add(&mut self, name: impl Into<String>) -> FileId {
        self.names.push(name.into());
        FileId(u32::try_from(self.names.len() - 1).unwrap_or(u32::MAX))
    }

    /// The name of a file: a path as it was given, `-` for standard input, or a phrase for
    /// what is built in.
    pub fn name(&self, id: FileId) -> &str {
        self.names.get(id.0 as usize).map_or("?", String::as_str)
    }

    /// How many files there are.
    pub fn len(&self) -> usize {
        self.names.len()
    }

    /// Whether there is no file.
    pub fn is_empty(&self) -> bool {
        self.names.is_empty()
    }

    /// `file:line:column`, leaving out what the place doesn't say.
    pub fn display(&self, span: Span) -> impl fmt::Display + '_ {
        DisplayPlace {
            name: self.name(span.file),
            span,
        }
    }

    /// `file:line`, or the name alone for a file as a whole.
    pub fn file_line(&self, span: Span) -> String {
        let name = self.name(span.file);
        match span.line {
            0 => name.to_owned(),
            line => format!("{name}:{line}"),
        }
    }
}

struct DisplayPlace<'a> {
    name: &'a str,
    span: Span,
}

impl fmt::Display for DisplayPlace<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)?;
        if self.span.line > 0 {
            write!(f, ":{}", self.span.line)?;
            if self.span.column > 0 {
                write!(f, ":{}", self.span.column)?;
            }
        }
        Ok(())
    }
}

//! Where text came from: sources, places in them, and reading them from files, folders and stdin.
//!
//! This module knows nothing of RBAC. A [`Place`] is what every rule, binding and diagnostic of the
//! other modules carries, so that an answer can always name its file and line.

mod files;
mod git;
mod lines;

use std::fmt;

pub use files::{ReadError, Reading, SourceText, Unreadable, read_folder, read_path, read_stdin};
pub use git::{GitError, Revision, RevisionReading};
pub use lines::LineIndex;

/// The number of a source in [`Sources`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SourceId(u32);

/// A line and column of a source, both counted from 1 (a column counts characters).
///
/// Line 0 means the source as a whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Place {
    /// The source.
    pub source: SourceId,
    /// The line, from 1; 0 for the source as a whole.
    pub line: u32,
    /// The column, from 1; 0 for the line as a whole.
    pub column: u32,
}

impl Place {
    /// The whole of a source.
    pub fn whole(source: SourceId) -> Self {
        Place {
            source,
            line: 0,
            column: 0,
        }
    }
}

/// The names of all sources, in the order in which they were read.
///
/// ```
/// use rbac_eval::source::{Place, Sources};
///
/// let mut sources = Sources::default();
/// let id = sources.add("rbac.yaml");
/// let place = Place { source: id, line: 14, column: 3 };
/// assert_eq!(sources.display(place).to_string(), "rbac.yaml:14:3");
/// assert_eq!(sources.file_line(place), "rbac.yaml:14");
/// ```
#[derive(Debug, Clone, Default)]
pub struct Sources {
    names: Vec<String>,
}

impl Sources {
    /// Adds a source of this name and returns its number.
    pub fn add(&mut self, name: impl Into<String>) -> SourceId {
        self.names.push(name.into());
        SourceId(u32::try_from(self.names.len() - 1).unwrap_or(u32::MAX))
    }

    /// The name of a source: a path as it was given, `-` for standard input, or a phrase for
    /// what is built in.
    pub fn name(&self, id: SourceId) -> &str {
        self.names.get(id.0 as usize).map_or("?", String::as_str)
    }

    /// How many sources there are.
    pub fn len(&self) -> usize {
        self.names.len()
    }

    /// Whether there is no source.
    pub fn is_empty(&self) -> bool {
        self.names.is_empty()
    }

    /// `file:line:column`, leaving out what the place doesn't say.
    pub fn display(&self, place: Place) -> impl fmt::Display + '_ {
        DisplayPlace {
            name: self.name(place.source),
            place,
        }
    }

    /// `file:line`, or the name alone for a source as a whole.
    pub fn file_line(&self, place: Place) -> String {
        let name = self.name(place.source);
        match place.line {
            0 => name.to_owned(),
            line => format!("{name}:{line}"),
        }
    }
}

struct DisplayPlace<'a> {
    name: &'a str,
    place: Place,
}

impl fmt::Display for DisplayPlace<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)?;
        if self.place.line > 0 {
            write!(f, ":{}", self.place.line)?;
            if self.place.column > 0 {
                write!(f, ":{}", self.place.column)?;
            }
        }
        Ok(())
    }
}

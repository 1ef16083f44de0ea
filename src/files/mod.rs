//! Reading files, folders, standard input and git revisions into memory.
//!
//! The only room that does IO, beside the command line. It knows nothing of what the texts mean.

mod git;

use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use crate::text::{SourceText, UnreadableFile};

pub use git::{GitError, Revision, RevisionReading};

/// The endings of the files that are read out of a folder. A file that is named is read whatever
/// its ending.
const ENDINGS: [&str; 5] = ["yaml", "yml", "json", "jsonl", "ndjson"];

/// What reading a path gave.
#[derive(Debug, Default)]
pub struct Reading {
    /// The texts, sorted by path.
    pub texts: Vec<SourceText>,
    /// What below a folder couldn't be read.
    pub unreadable: Vec<UnreadableFile>,
}

/// A path that couldn't be read at all.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The file, or the folder itself.
    #[error("cannot read `{path}`: {reason}")]
    Path {
        /// The path as given.
        path: String,
        /// Why, in the operating system's words.
        reason: String,
    },
    /// Standard input.
    #[error("cannot read standard input: {0}")]
    Stdin(String),
}

/// Reads a file, or all manifests below a folder.
///
/// A file is read whatever its name. Below a folder, files that end in `.yaml`, `.yml`, `.json`,
/// `.jsonl` or `.ndjson` are read, in the order of their paths, hidden ones too; `.git` is not
/// entered.
///
/// # Errors
/// If the path doesn't exist or can't be read. What can't be read further down a folder is
/// listed in [`Reading::unreadable`].
pub fn read_path(path: &Path) -> Result<Reading, ReadError> {
    let metadata = fs::metadata(path).map_err(|error| cannot_read(path, &error))?;
    if metadata.is_dir() {
        fs::read_dir(path).map_err(|error| cannot_read(path, &error))?;
        return Ok(walk(path, IgnoreFiles::NotRead));
    }
    let bytes = fs::read(path).map_err(|error| cannot_read(path, &error))?;
    Ok(Reading {
        texts: vec![SourceText {
            name: path.display().to_string(),
            bytes,
            named: true,
        }],
        unreadable: Vec::new(),
    })
}

/// Reads all manifests below a folder but those that `.gitignore` or a leading dot hides.
///
/// # Errors
/// If the folder itself can't be read.
pub fn read_folder(path: &Path) -> Result<Reading, ReadError> {
    fs::read_dir(path).map_err(|error| cannot_read(path, &error))?;
    Ok(walk(path, IgnoreFiles::Obeyed))
}

/// Reads standard input to its end, as a source named `-`.
///
/// # Errors
/// If standard input can't be read.
pub fn read_stdin() -> Result<SourceText, ReadError> {
    let mut bytes = Vec::new();
    io::stdin()
        .lock()
        .read_to_end(&mut bytes)
        .map_err(|error| ReadError::Stdin(error.to_string()))?;
    Ok(SourceText {
        name: "-".to_owned(),
        bytes,
        named: true,
    })
}

fn cannot_read(path: &Path, error: &io::Error) -> ReadError {
    ReadError::Path {
        path: path.display().to_string(),
        reason: reason(error),
    }
}

fn reason(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::NotFound => "no such file or folder".to_owned(),
        io::ErrorKind::PermissionDenied => "permission denied".to_owned(),
        _ => error.to_string(),
    }
}

/// Whether `.gitignore` and the like say what below a folder is passed over, hidden files too.
#[derive(Clone, Copy, PartialEq, Eq)]
enum IgnoreFiles {
    Obeyed,
    NotRead,
}

fn walk(folder: &Path, ignore_files: IgnoreFiles) -> Reading {
    let mut reading = Reading::default();
    let mut paths: Vec<PathBuf> = Vec::new();
    let walker = ignore::WalkBuilder::new(folder)
        .standard_filters(ignore_files == IgnoreFiles::Obeyed)
        .require_git(false)
        .follow_links(true)
        .filter_entry(|entry| entry.file_name() != ".git")
        .build();
    for entry in walker {
        match entry {
            Ok(entry) => {
                let is_file = entry.file_type().is_some_and(|kind| kind.is_file());
                if is_file && is_manifest(entry.path()) {
                    paths.push(entry.into_path());
                }
            }
            Err(error) => reading.unreadable.push(unreadable(&error, folder)),
        }
    }
    paths.sort();
    for path in paths {
        let name = shown(&path);
        match fs::read(&path) {
            Ok(bytes) => reading.texts.push(SourceText {
                name,
                bytes,
                named: false,
            }),
            Err(error) => reading.unreadable.push(UnreadableFile {
                name,
                reason: reason(&error),
            }),
        }
    }
    reading
}

/// A path as a user would write it.
fn shown(path: &Path) -> String {
    path.strip_prefix("./")
        .unwrap_or(path)
        .display()
        .to_string()
}

/// What of a walk below a folder failed, and why.
fn unreadable(error: &ignore::Error, folder: &Path) -> UnreadableFile {
    let (mut path, mut cause) = (folder, error);
    loop {
        match cause {
            ignore::Error::WithPath { path: at, err } => (path, cause) = (at, err),
            ignore::Error::WithDepth { err, .. } | ignore::Error::WithLineNumber { err, .. } => {
                cause = err;
            }
            _ => break,
        }
    }
    UnreadableFile {
        name: shown(path),
        reason: match cause {
            ignore::Error::Io(error) => reason(error),
            other => other.to_string(),
        },
    }
}

/// Whether a file below a folder is read, by its ending.
pub(super) fn is_manifest(path: &Path) -> bool {
    path.extension()
        .and_then(|ending| ending.to_str())
        .is_some_and(|ending| {
            ENDINGS
                .iter()
                .any(|known| ending.eq_ignore_ascii_case(known))
        })
}

//! What git changes in files when it checks them out, so that the commit holds other texts than those
//! that are applied: filters, encodings, and expanded words.

use std::collections::HashSet;
use std::io::Write;
use std::path::{Path, PathBuf};

use super::git::{self, GitError};
use super::revision_tree::RevisionTree;
use super::walk::FoundFile;
use crate::text::{Fingerprint, UnreadableFile, WhyUnread};

/// The file that says so for its folder.
const ATTRIBUTES: &str = ".gitattributes";

/// What changes the content of a file. Ends of lines mean nothing in a manifest.
const CHANGING: [&str; 3] = ["filter", "ident", "working-tree-encoding"];

/// The files of a commit that git changes when it checks them out. They are read, and told of.
///
/// # Errors
/// If git answers what it never answers.
pub(super) fn changed(
    top: &Path,
    commit: &str,
    tree: &RevisionTree,
    files: &[FoundFile],
) -> Result<Vec<UnreadableFile>, GitError> {
    let folders: HashSet<&Path> = files
        .iter()
        .flat_map(|file| file.path.ancestors())
        .collect();
    let mut says: Vec<PathBuf> = folders
        .iter()
        .map(|folder| folder.join(ATTRIBUTES))
        .collect();
    says.retain(|path| tree.has_file(path));
    says.sort();
    if says.is_empty() {
        return Ok(Vec::new());
    }
    match ask(top, commit, files) {
        Ok(answer) => told(tree, files, &answer),
        // Git before 2.40 doesn't tell of a commit.
        Err(GitError::Failed(_)) => says
            .iter()
            .map(|path| {
                let why = WhyUnread::MayChange {
                    by: path.display().to_string(),
                };
                Ok(UnreadableFile {
                    name: path.display().to_string(),
                    content: Some(Fingerprint::of_value(&tree.id(path)?)),
                    why,
                })
            })
            .collect(),
        Err(error) => Err(error),
    }
}

/// What the commit says of the files: path, attribute and value, each with a NUL behind it.
fn ask(top: &Path, commit: &str, files: &[FoundFile]) -> Result<Vec<u8>, GitError> {
    let source = format!("--source={commit}");
    let args = [&["check-attr", "-z", "--stdin", &source], &CHANGING[..]].concat();
    let mut running = git::start_reading(top, &args)?;
    let mut stdin = running.stdin()?;
    let mut paths = Vec::new();
    for file in files {
        paths.extend_from_slice(file.path.as_os_str().as_encoded_bytes());
        paths.push(0);
    }
    // Git writes while it reads, so both have to go on at once.
    let writer = std::thread::spawn(move || stdin.write_all(&paths));
    let mut answer = Vec::new();
    let read = git::for_each_item(&mut running, |item| {
        answer.extend_from_slice(item);
        answer.push(0);
        Ok::<(), GitError>(())
    });
    let finished = match read {
        Ok(()) => running.finish(),
        Err(error) => {
            running.stop();
            Err(error)
        }
    };
    // How it ended says whether it read all of them.
    let _ = writer.join();
    finished.map(|()| answer)
}

fn told(
    tree: &RevisionTree,
    files: &[FoundFile],
    answer: &[u8],
) -> Result<Vec<UnreadableFile>, GitError> {
    let mut words = answer.split(|byte| *byte == 0);
    let mut told = Vec::new();
    for file in files {
        for attribute in CHANGING {
            let (Some(path), Some(name), Some(value)) = (words.next(), words.next(), words.next())
            else {
                return Err(GitError::Unexpected);
            };
            if git::path(path) != file.path || name != attribute.as_bytes() {
                return Err(GitError::Unexpected);
            }
            if matches!(value, b"unspecified" | b"unset" | b"") {
                continue;
            }
            told.push(UnreadableFile {
                name: file.name.clone(),
                why: WhyUnread::ChangedByCheckout { attribute },
                content: Some(Fingerprint::of_value(&(
                    &file.path,
                    attribute,
                    value,
                    tree.id(&file.path)?,
                ))),
            });
        }
    }
    Ok(told)
}

//! Reading files of a git revision out of the object database, without touching the working tree.
//!
//! Git itself is asked, as a child process: it knows every form of repository, and its protocol
//! here (`ls-tree`, `cat-file --batch`) is stable.

use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Component, Path, PathBuf};
use std::process::{Command, Stdio};

use super::is_manifest;
use crate::text::SourceText;

/// Why a revision can't be read.
#[derive(Debug, thiserror::Error)]
pub enum GitError {
    /// Git isn't there.
    #[error("cannot run `git`: {0}")]
    NoGit(std::io::Error),
    /// Git failed.
    #[error("git: {0}")]
    Failed(String),
    /// Git answered what it never answers.
    #[error("git gave an answer that can't be understood")]
    Unexpected,
    /// A path leads out of the repository.
    #[error("`{0}` is outside the git repository")]
    Outside(String),
}

/// A commit of the repository around the working folder.
#[derive(Debug, Clone)]
pub struct Revision {
    /// The revision as it was named.
    pub name: String,
    commit: String,
    /// The working folder, as seen from the top of the repository.
    prefix: PathBuf,
}

/// What a revision holds of the paths that were asked for.
#[derive(Debug, Default)]
pub struct RevisionReading {
    /// The texts, sorted by path, named as seen from the working folder.
    pub texts: Vec<SourceText>,
    /// The paths that the revision doesn't have.
    pub absent: Vec<PathBuf>,
}

fn git(args: &[&str]) -> Result<Vec<u8>, GitError> {
    let output = Command::new("git")
        .args(args)
        .stdin(Stdio::null())
        .output()
        .map_err(GitError::NoGit)?;
    if output.status.success() {
        return Ok(output.stdout);
    }
    let stderr = String::from_utf8_lossy(&output.stderr);
    let line = stderr.lines().next().unwrap_or("it failed").trim();
    Err(GitError::Failed(
        line.trim_start_matches("fatal: ").to_owned(),
    ))
}

impl Revision {
    /// The commit that a name means: a branch, tag, hash, or `HEAD~3`. None where it means none.
    ///
    /// # Errors
    /// If git can't be run. Outside a repository no name means anything.
    pub fn find(name: &str) -> Result<Option<Self>, GitError> {
        if name.starts_with('-') || name.is_empty() {
            return Ok(None);
        }
        let commit = format!("{name}^{{commit}}");
        let found = git(&[
            "rev-parse",
            "--verify",
            "--quiet",
            "--end-of-options",
            &commit,
        ]);
        let commit = match found {
            Ok(commit) => String::from_utf8_lossy(&commit).trim().to_owned(),
            Err(GitError::Failed(_)) => return Ok(None),
            Err(error) => return Err(error),
        };
        let prefix = git(&["rev-parse", "--show-prefix"])?;
        let prefix = String::from_utf8_lossy(&prefix);
        Ok(Some(Revision {
            name: name.to_owned(),
            commit,
            prefix: PathBuf::from(prefix.trim_end_matches('\n')),
        }))
    }

    /// Reads files, and all manifests below folders, as they are in this revision. Paths are
    /// those of the working folder. A file that is named is read whatever its ending.
    ///
    /// # Errors
    /// If a path leads out of the repository, or git fails.
    pub fn read(&self, paths: &[PathBuf]) -> Result<RevisionReading, GitError> {
        let listing = git(&["ls-tree", "-r", "-z", "--full-tree", &self.commit])?;
        let mut blobs: Vec<(PathBuf, String)> = Vec::new();
        for entry in listing.split(|byte| *byte == 0) {
            let entry = String::from_utf8_lossy(entry);
            let Some((head, path)) = entry.split_once('\t') else {
                continue;
            };
            let mut words = head.split(' ');
            if let (Some(mode), Some("blob"), Some(id)) = (words.next(), words.next(), words.next())
                && mode.starts_with("100")
            {
                blobs.push((PathBuf::from(path), id.to_owned()));
            }
        }
        let mut reading = RevisionReading::default();
        let mut wanted: Vec<(PathBuf, String, bool)> = Vec::new();
        for path in paths {
            let whole = self.seen_from_top(path)?;
            let mut any = false;
            for (blob, id) in &blobs {
                let named = *blob == whole;
                if named || (blob.starts_with(&whole) && is_manifest(blob)) {
                    any = true;
                    wanted.push((self.seen_from_here(blob), id.clone(), named));
                }
            }
            if !any {
                reading.absent.push(path.clone());
            }
        }
        wanted.sort();
        wanted.dedup_by(|a, b| a.0 == b.0);
        reading.texts = contents(&wanted)?;
        Ok(reading)
    }

    /// A path of the working folder, as seen from the top of the repository.
    fn seen_from_top(&self, path: &Path) -> Result<PathBuf, GitError> {
        let outside = || GitError::Outside(path.display().to_string());
        let absolute = path.is_absolute();
        let relative = if absolute {
            let top = git(&["rev-parse", "--show-toplevel"])?;
            let top = PathBuf::from(String::from_utf8_lossy(&top).trim_end_matches('\n'));
            path.strip_prefix(&top).map_err(|_| outside())?.to_owned()
        } else {
            self.prefix.join(path)
        };
        let mut whole = PathBuf::new();
        for component in relative.components() {
            match component {
                Component::Normal(name) => whole.push(name),
                Component::CurDir => {}
                Component::ParentDir if whole.pop() => {}
                _ => return Err(outside()),
            }
        }
        Ok(whole)
    }

    /// A path from the top of the repository, as seen from the working folder.
    fn seen_from_here(&self, path: &Path) -> PathBuf {
        let mut up = PathBuf::new();
        let mut prefix = self.prefix.as_path();
        loop {
            if let Ok(rest) = path.strip_prefix(prefix) {
                return up.join(rest);
            }
            up.push("..");
            match prefix.parent() {
                Some(parent) => prefix = parent,
                None => return path.to_owned(),
            }
        }
    }
}

/// The contents of blobs, through one child process.
fn contents(wanted: &[(PathBuf, String, bool)]) -> Result<Vec<SourceText>, GitError> {
    if wanted.is_empty() {
        return Ok(Vec::new());
    }
    let mut child = Command::new("git")
        .args(["cat-file", "--batch"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .map_err(GitError::NoGit)?;
    let mut stdin = child.stdin.take().ok_or(GitError::Unexpected)?;
    let ids: String = wanted.iter().map(|(_, id, _)| format!("{id}\n")).collect();
    // Git writes while it reads, so both have to go on at once.
    let writer = std::thread::spawn(move || stdin.write_all(ids.as_bytes()));
    let mut stdout = BufReader::new(child.stdout.take().ok_or(GitError::Unexpected)?);
    let mut texts = Vec::with_capacity(wanted.len());
    for (path, _, named) in wanted {
        let mut header = String::new();
        let read = stdout.read_line(&mut header);
        read.map_err(|error| GitError::Failed(error.to_string()))?;
        let size = header.trim_end().rsplit(' ').next();
        let size: usize = size
            .and_then(|size| size.parse().ok())
            .ok_or(GitError::Unexpected)?;
        let mut bytes = vec![0; size + 1];
        stdout
            .read_exact(&mut bytes)
            .map_err(|error| GitError::Failed(error.to_string()))?;
        bytes.pop();
        texts.push(SourceText {
            name: path.display().to_string(),
            bytes,
            named: *named,
        });
    }
    // Its answers are all read; how it ends says nothing more.
    let _ = writer.join();
    let _ = child.wait();
    Ok(texts)
}

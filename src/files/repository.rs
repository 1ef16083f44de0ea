//! The repository around the working folder: where it is, and that git takes no other for it.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};

use super::disk::WorkingFolder;
use super::git::{self, GitError, ask};
use super::open::read_regular;
use super::tree::GIT_FOLDER;

/// The repository around the working folder.
#[derive(Debug, Clone)]
pub(super) struct Repository {
    /// The folder that holds its files.
    pub(super) top: PathBuf,
    /// The working folder, as seen from there.
    pub(super) prefix: PathBuf,
}

/// The most bytes of a file in which git keeps a path.
const PATH_FILE_BYTES: u64 = 4096;

impl Repository {
    /// The nearest folder from the working folder upward that holds a `.git`; none where none does.
    pub(super) fn find() -> Result<Option<Self>, GitError> {
        let working_folder = WorkingFolder::find().map_err(GitError::WorkingFolder)?;
        let prefix = working_folder.in_repository(Path::new(""));
        Ok(prefix.and_then(|prefix| {
            let top = working_folder.repository()?.to_owned();
            Some(Repository { top, prefix })
        }))
    }
}

/// Holds that git takes this very folder for the top of the repository, and that the repository is its
/// own. A stranger's `.git` may name any repository of the machine.
///
/// # Errors
/// If git fails, or takes another repository.
pub(super) fn verify(top: &Path) -> Result<(), GitError> {
    let args = [
        "rev-parse",
        "--show-toplevel",
        "--absolute-git-dir",
        "--git-common-dir",
    ];
    let answer = ask(top, &args)?;
    let mut lines = answer.split(|byte| *byte == b'\n');
    let mut next = || -> Result<PathBuf, GitError> {
        let line = lines.next().ok_or(GitError::Unexpected)?;
        // What isn't absolute is seen from the folder in which git was asked.
        Ok(real(&top.join(git::path(line))))
    };
    let (taken, git_folder, common) = (next()?, next()?, next()?);
    let real_top = real(top);
    let elsewhere = |found: &Path| GitError::Elsewhere {
        found: found.display().to_string(),
        nearest: top.display().to_string(),
    };
    if taken != real_top {
        return Err(elsewhere(&taken));
    }
    let is_inside = git_folder.starts_with(&real_top) && common.starts_with(&real_top);
    if is_inside || is_worktree(&git_folder, &common, &real_top) {
        return Ok(());
    }
    if git_folder == common && names_back(top, &git_folder)? == Some(real_top) {
        return Ok(());
    }
    Err(GitError::Apart {
        found: common.display().to_string(),
        top: top.display().to_string(),
    })
}

/// Whether a repository knows this folder as a worktree, as after `git worktree add`.
fn is_worktree(git_folder: &Path, common: &Path, top: &Path) -> bool {
    if git_folder.parent() != Some(&common.join("worktrees")) {
        return false;
    }
    let Ok(known) = read_regular(&git_folder.join("gitdir"), PATH_FILE_BYTES) else {
        return false;
    };
    let known = git_folder.join(git::path(known.trim_ascii_end()));
    real(&known) == top.join(GIT_FOLDER)
}

/// The folder that a repository's own settings name for its files, as a submodule's do.
fn names_back(top: &Path, git_folder: &Path) -> Result<Option<PathBuf>, GitError> {
    let args = ["config", "--get", "core.worktree"].map(OsStr::new);
    let answer = git::answer(top, &args)?;
    if !answer.status.success() {
        return Ok(None);
    }
    let named = git::path(answer.stdout.trim_ascii_end());
    Ok(Some(real(&git_folder.join(named))))
}

/// A path without links, or as it is where it leads nowhere.
fn real(path: &Path) -> PathBuf {
    fs::canonicalize(path).unwrap_or_else(|_| path.to_owned())
}

//! From words to the two sides of a comparison: paths, git revisions, and where a branch began.

use std::fmt;
use std::path::PathBuf;

use super::exit::Failure;
use crate::files::{FindError, GitError, Revision};

/// One side of a comparison.
#[derive(Debug)]
pub(super) enum ComparedInput {
    /// A file, folder or `-`.
    Path(PathBuf),
    /// A commit, and in it what the flags or `.rbac-eval.yaml` name.
    Revision(Revision),
    /// What the flags or `.rbac-eval.yaml` name, as it is now.
    WorkingTree,
}

impl ComparedInput {
    /// Whether it is a path that the user names.
    pub(super) fn is_path(&self) -> bool {
        matches!(self, ComparedInput::Path(_))
    }
}

impl fmt::Display for ComparedInput {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ComparedInput::Path(path) => write!(f, "{}", path.display()),
            ComparedInput::Revision(revision) => revision.fmt(f),
            ComparedInput::WorkingTree => f.write_str("the working tree"),
        }
    }
}

/// What is compared with what.
#[derive(Debug)]
pub(super) struct Compared {
    pub(super) base: ComparedInput,
    pub(super) head: ComparedInput,
}

impl Compared {
    /// What the arguments of `diff` mean. As for git, two revisions are compared as they are, and
    /// `A...B`, or one revision with the working tree, where the work on the second began.
    pub(super) fn new(base: &str, head: Option<&str>) -> Result<Self, Failure> {
        if let Some((left, dots, right)) = range(base)? {
            if head.is_some() {
                return Err(Failure::message(format!(
                    "`{base}` names both sides, so nothing may follow it"
                )));
            }
            let left = match dots {
                Dots::Two => left,
                Dots::Three => merge_base(&left, &right)?,
            };
            return Ok(Compared {
                base: ComparedInput::Revision(left),
                head: ComparedInput::Revision(right),
            });
        }
        let base_side = compared_input(base)?;
        match head {
            Some(head) => Ok(Compared {
                base: base_side,
                head: compared_input(head)?,
            }),
            None => Compared::with_working_tree(base_side),
        }
    }

    /// What the `--base` of `test` means.
    pub(super) fn of_working_tree(base: &str) -> Result<Self, Failure> {
        if range(base)?.is_some() {
            return Err(Failure::message(format!(
                "`{base}` names two revisions, where BASE is one"
            )));
        }
        Compared::with_working_tree(compared_input(base)?)
    }

    /// Whether both sides are paths, so that no settings say what is compared.
    pub(super) fn are_paths(&self) -> bool {
        self.base.is_path() && self.head.is_path()
    }

    fn with_working_tree(base: ComparedInput) -> Result<Self, Failure> {
        let base = match base {
            ComparedInput::Revision(base) => {
                let head = Revision::find("HEAD").map_err(|error| cannot_find("HEAD", &error))?;
                // Before the first commit there is nothing to go back to.
                ComparedInput::Revision(match head {
                    Some(head) => merge_base(&base, &head)?,
                    None => base,
                })
            }
            base => base,
        };
        Ok(Compared {
            base,
            head: ComparedInput::WorkingTree,
        })
    }
}

/// Where the work on `head` began.
fn merge_base(base: &Revision, head: &Revision) -> Result<Revision, Failure> {
    let told = |why: String| Failure::message(format!("`{base}` and `{head}`: {why}"));
    let found = base.merge_base(head);
    if let Some(found) = found.map_err(|error| told(error.to_string()))? {
        return Ok(found);
    }
    Err(told(if is_shallow() {
        format!(
            "this clone is shallow and lacks the commit where they parted; fetch all of them (in \
             CI `fetch-depth: 0`, else `git fetch --unshallow`), or compare them as they are with \
             `diff {base} {head}`"
        )
    } else {
        format!("they have no commit in common; compare them as they are with `diff {base} {head}`")
    }))
}

/// Whether older commits may be lacking. Where git doesn't tell, nothing is said of it.
fn is_shallow() -> bool {
    Revision::is_shallow().unwrap_or_default()
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Dots {
    Two,
    Three,
}

/// The two revisions of `A..B` or `A...B`, of which one may be left out for HEAD.
fn range(word: &str) -> Result<Option<(Revision, Dots, Revision)>, Failure> {
    if word.starts_with("path:") {
        return Ok(None);
    }
    let name = word.strip_prefix("git:").unwrap_or(word);
    let (left, dots, right) = match (name.split_once("..."), name.split_once("..")) {
        (Some((left, right)), _) => (left, Dots::Three, right),
        (None, Some((left, right))) => (left, Dots::Two, right),
        (None, None) => return Ok(None),
    };
    if left.is_empty() && right.is_empty() {
        return Ok(None);
    }
    let side = |name: &str| {
        let name = if name.is_empty() { "HEAD" } else { name };
        Revision::find(name).map_err(|error| cannot_find(name, &error))
    };
    // No name of a revision holds two dots, but a path may.
    if word == name && is_path(word) {
        return match (side(left), side(right)) {
            (Ok(Some(_)), Ok(Some(_))) => Err(Failure::message(format!(
                "`{word}` is a path and two git revisions; say `path:{word}` or `git:{word}`"
            ))),
            _ => Ok(None),
        };
    }
    Ok(match (side(left)?, side(right)?) {
        (Some(left), Some(right)) => Some((left, dots, right)),
        _ => None,
    })
}

/// Whether something stands at a path, be it a link to nothing.
fn is_path(word: &str) -> bool {
    std::fs::symlink_metadata(word).is_ok()
}

fn cannot_find(word: &str, error: &FindError) -> Failure {
    Failure::message(format!("`{word}`: {error}"))
}

/// What a word means: a path, or a git revision.
fn compared_input(word: &str) -> Result<ComparedInput, Failure> {
    if let Some(path) = word.strip_prefix("path:") {
        return Ok(ComparedInput::Path(PathBuf::from(path)));
    }
    if let Some(name) = word.strip_prefix("git:") {
        let found = Revision::find(name).map_err(|error| cannot_find(word, &error))?;
        return match found {
            Some(revision) => Ok(ComparedInput::Revision(revision)),
            None => Err(unknown(&format!("git knows no revision `{name}`"))),
        };
    }
    if word == "-" {
        return Ok(ComparedInput::Path(PathBuf::from(word)));
    }
    let exists = is_path(word);
    match (exists, Revision::find(word)) {
        // Without git a path is still a path.
        (true, Ok(None) | Err(FindError::Git(GitError::NoGit(_)))) => {
            Ok(ComparedInput::Path(PathBuf::from(word)))
        }
        // Where git fails it may be a revision too.
        (true, Err(error)) => Err(Failure::message(format!(
            "`{word}`: {error}; a path is compared as `path:{word}`"
        ))),
        (true, Ok(Some(revision))) => {
            let full = revision.full_name().filter(|full| full != word);
            let full = full.map_or_else(
                || format!("`git:{word}`"),
                |full| format!("the full ref `{full}`"),
            );
            Err(Failure::message(format!(
                "`{word}` is a path and a git revision; say `path:{word}` or {full}"
            )))
        }
        (false, Ok(Some(revision))) => Ok(ComparedInput::Revision(revision)),
        (false, Ok(None)) => Err(unknown(&format!(
            "`{word}` is neither a path nor a git revision"
        ))),
        (false, Err(error)) => Err(cannot_find(word, &error)),
    }
}

/// That a word means nothing here.
fn unknown(message: &str) -> Failure {
    Failure::message(if is_shallow() {
        format!("{message} (this clone is shallow; in CI check out with `fetch-depth: 0`)")
    } else {
        message.to_owned()
    })
}

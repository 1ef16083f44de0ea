//! What files stand in, on a disk or in a git revision: [`Tree`], and how links are followed in it.
//!
//! Both sides of a comparison are walked by the same code over this trait, so they can't differ in
//! what they read.

use std::collections::VecDeque;
use std::ffi::{OsStr, OsString};
use std::path::{Component, Path, PathBuf};

use super::ReadError;
use super::limits::Budget;
use crate::text::{HELM, WhyUnread};

/// How many links are followed from one path, as Linux does.
const MAX_LINKS: usize = 40;

/// The longest that a link may say; systems take no longer path.
pub(super) const TARGET_BYTES: u64 = 4096;

/// The folder that holds a repository, which no manifest stands in.
pub(super) const GIT_FOLDER: &str = ".git";

/// What stands at a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum TreeEntry {
    Folder,
    File,
    Link,
    /// Another repository, with the commit that this one names.
    Submodule(Option<String>),
    /// A device or the like.
    Other(&'static str),
}

/// Folders and files below a top. Paths are relative to the top and hold no links but at their end.
pub(super) trait Tree {
    /// What stands at a path; none where nothing does.
    fn entry(&self, path: &Path) -> Result<Option<TreeEntry>, WhyUnread>;

    /// What a folder holds, in any order.
    fn entries(&self, folder: &Path) -> Result<Vec<(OsString, TreeEntry)>, WhyUnread>;

    /// What a link says.
    fn target(&self, link: &Path) -> Result<PathBuf, WhyUnread>;

    /// Whether an ignore file hides what stands there.
    fn hides(&self, path: &Path) -> bool;
}

/// Where a path leads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Resolved {
    /// The path without links.
    pub(super) path: PathBuf,
    pub(super) entry: TreeEntry,
}

/// Follows the links of a path below the top of a tree, its last part too.
pub(super) fn resolve<T: Tree>(
    tree: &T,
    path: &Path,
    budget: &mut Budget,
) -> Result<Result<Resolved, WhyUnread>, ReadError> {
    resolve_and_tell(tree, path, budget, &mut |_, _| {})
}

/// The same, telling each link on the way and what it says.
pub(super) fn resolve_and_tell<T: Tree + ?Sized>(
    tree: &T,
    path: &Path,
    budget: &mut Budget,
    on_link: &mut dyn FnMut(&Path, &Path),
) -> Result<Result<Resolved, WhyUnread>, ReadError> {
    let mut left: VecDeque<OsString> = VecDeque::new();
    if !push_front(&mut left, path) {
        return Ok(Err(out(None, path)));
    }
    let mut at = PathBuf::new();
    let mut entry = TreeEntry::Folder;
    let mut links = 0;
    let mut last_target = None;
    while let Some(name) = left.pop_front() {
        budget.look_at(1, Path::new(""))?;
        if entry != TreeEntry::Folder {
            return Ok(Err(missing(last_target)));
        }
        if name == ".." {
            if !at.pop() {
                return Ok(Err(out(last_target, path)));
            }
            continue;
        }
        // Some disks don't tell upper case from lower.
        if name.eq_ignore_ascii_case(GIT_FOLDER) {
            return Ok(Err(out(last_target, path)));
        }
        let next = at.join(&name);
        let found = match tree.entry(&next) {
            Ok(Some(found)) => found,
            Ok(None) => return Ok(Err(missing(last_target))),
            Err(why) => return Ok(Err(why)),
        };
        match found {
            TreeEntry::Link => {
                links += 1;
                if links > MAX_LINKS {
                    return Ok(Err(WhyUnread::LinkCycle { limit: MAX_LINKS }));
                }
                let target = match tree.target(&next) {
                    Ok(target) => target,
                    Err(why) => return Ok(Err(why)),
                };
                let inside = push_front(&mut left, &target);
                last_target = Some(target.display().to_string());
                on_link(&next, &target);
                if !inside {
                    return Ok(Err(out(last_target, path)));
                }
            }
            TreeEntry::Submodule(commit) if !left.is_empty() => {
                return Ok(Err(WhyUnread::Submodule { commit }));
            }
            found => {
                at = next;
                entry = found;
            }
        }
    }
    Ok(Ok(Resolved { path: at, entry }))
}

/// Puts the parts of a path before what is left. False where the path doesn't begin here.
fn push_front(left: &mut VecDeque<OsString>, path: &Path) -> bool {
    for part in path.components().rev() {
        match part {
            Component::Normal(name) => left.push_front(name.to_owned()),
            Component::ParentDir => left.push_front(OsString::from("..")),
            Component::CurDir => {}
            Component::RootDir | Component::Prefix(_) => return false,
        }
    }
    true
}

fn missing(target: Option<String>) -> WhyUnread {
    match target {
        Some(target) => WhyUnread::DeadLink { target },
        None => WhyUnread::Missing,
    }
}

fn out(target: Option<String>, path: &Path) -> WhyUnread {
    WhyUnread::LinkOut {
        target: target.unwrap_or_else(|| path.display().to_string()),
    }
}

/// The endings of the files that are read out of a folder, those of kubectl and two more. A file that
/// is named is read whatever its ending.
const ENDINGS: [&str; 5] = ["yaml", "yml", "json", "jsonl", "ndjson"];

/// Whether a file below a folder is read, by what follows the last dot of its name. As for kubectl,
/// that dot may be the first letter: `.yaml` is read.
pub(crate) fn is_manifest(name: &OsStr) -> bool {
    let name = name.as_encoded_bytes();
    let ending = name.iter().rposition(|byte| *byte == b'.');
    ending.is_some_and(|dot| {
        ENDINGS
            .iter()
            .any(|known| name[dot + 1..].eq_ignore_ascii_case(known.as_bytes()))
    })
}

/// The files that say that a program makes the manifests of their folder: its name, and its command.
const RENDERERS: [(&str, &str, &str); 4] = [
    ("kustomization.yaml", "kustomize", "kubectl kustomize"),
    ("kustomization.yml", "kustomize", "kubectl kustomize"),
    ("Kustomization", "kustomize", "kubectl kustomize"),
    ("Chart.yaml", HELM, "helm template"),
];

/// Whether a file says of what kustomize makes manifests.
pub(super) fn is_kustomization(name: &OsStr) -> bool {
    let mut known = RENDERERS.iter();
    known.any(|(known, program, _)| name == *known && *program == "kustomize")
}

/// The names of the files that say that a program makes a folder's manifests, of what the folder holds.
pub(super) fn markers(entries: &[(OsString, TreeEntry)]) -> Vec<String> {
    let holds = |name: &str| {
        entries.iter().any(|(known, entry)| {
            known == name && matches!(entry, TreeEntry::File | TreeEntry::Link)
        })
    };
    let names = RENDERERS.into_iter().map(|(name, ..)| name);
    names
        .filter(|name| holds(name))
        .map(str::to_owned)
        .collect()
}

/// Who renders a folder that holds such a file.
pub(crate) fn rendered_by(marker: &str) -> Option<WhyUnread> {
    let mut known = RENDERERS.into_iter();
    let (by, program, command) = known.find(|(name, ..)| *name == marker)?;
    Some(WhyUnread::Rendered {
        by: by.to_owned(),
        program,
        command,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn endings_are_those_of_kubectl() {
        for name in ["a.yaml", ".yaml", ".a.yml", "a.b.JSON", "a.ndjson"] {
            assert!(is_manifest(OsStr::new(name)), "{name}");
        }
        for name in ["yaml", "a.yaml.bak", "a.yaml~", "a.", "", "json"] {
            assert!(!is_manifest(OsStr::new(name)), "{name}");
        }
    }
}

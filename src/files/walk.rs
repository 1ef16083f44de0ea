//! Finding the files below roots, by the same rules in every [`Tree`].
//!
//! Every real folder is entered once and every real file read once, however many links lead there. So
//! a walk costs what the tree holds, and no cycle or tree of doubled links makes it longer.

use std::collections::{HashMap, HashSet};
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use super::limits::Budget;
use super::rendered::RenderedFolder;
use super::tree::{GIT_FOLDER, Tree, TreeEntry, is_manifest, renderer, resolve};
use super::{ReadError, shown};
use crate::text::{Fingerprint, UnreadableFile, WhyUnread};

/// A file that is to be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct FoundFile {
    /// As a user would write it.
    pub(super) name: String,
    /// In the tree, without links.
    pub(super) path: PathBuf,
    /// Whether the user named this very file.
    pub(super) named: bool,
}

/// What was found below all roots so far.
pub(super) struct TreeWalk<T> {
    pub(super) tree: T,
    pub(super) files: Vec<FoundFile>,
    pub(super) rendered: Vec<RenderedFolder>,
    pub(super) unreadable: Vec<UnreadableFile>,
    /// Where each file stands in `files`.
    known_files: HashMap<PathBuf, usize>,
    known_folders: HashSet<PathBuf>,
}

/// A path on the walk: as the user would write it, below its root, and in the tree.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct WalkedPath {
    name: PathBuf,
    below: PathBuf,
    path: PathBuf,
}

impl WalkedPath {
    fn join(&self, name: &OsString) -> Self {
        WalkedPath {
            name: self.name.join(name),
            below: self.below.join(name),
            path: self.path.join(name),
        }
    }
}

impl<T: Tree> TreeWalk<T> {
    pub(super) fn new(tree: T) -> Self {
        TreeWalk {
            tree,
            files: Vec::new(),
            rendered: Vec::new(),
            unreadable: Vec::new(),
            known_files: HashMap::new(),
            known_folders: HashSet::new(),
        }
    }

    /// Finds a file, or all manifests below a folder. `name` is what the user wrote, `path` where it
    /// is in the tree. False where there is nothing.
    pub(super) fn root(
        &mut self,
        number: usize,
        name: &Path,
        path: &Path,
        budget: &mut Budget,
    ) -> Result<bool, ReadError> {
        let first = self.files.len();
        let mut at = WalkedPath {
            name: name.to_owned(),
            below: PathBuf::new(),
            path: path.to_owned(),
        };
        match resolve(&self.tree, path, budget)? {
            Err(WhyUnread::Missing) => return Ok(false),
            Err(why) => self.unread(number, &at, why),
            Ok(resolved) => {
                at.path = resolved.path;
                match resolved.entry {
                    TreeEntry::File => self.file(&at, true),
                    TreeEntry::Folder => self.folders(number, at, budget)?,
                    entry => self.other(number, &at, &entry),
                }
            }
        }
        self.files[first..].sort_by(|a, b| Path::new(&a.name).cmp(Path::new(&b.name)));
        for (number, file) in self.files.iter().enumerate().skip(first) {
            self.known_files.insert(file.path.clone(), number);
        }
        Ok(true)
    }

    /// All below a folder. What really stands there goes before what links reach, so that a file has
    /// its own name where it has one.
    fn folders(
        &mut self,
        number: usize,
        top: WalkedPath,
        budget: &mut Budget,
    ) -> Result<(), ReadError> {
        let mut links = Vec::new();
        self.folder(number, top, &mut links, budget)?;
        while !links.is_empty() {
            let mut these = std::mem::take(&mut links);
            these.sort();
            for link in these {
                self.link(number, &link, &mut links, budget)?;
            }
        }
        Ok(())
    }

    fn folder(
        &mut self,
        number: usize,
        top: WalkedPath,
        links: &mut Vec<WalkedPath>,
        budget: &mut Budget,
    ) -> Result<(), ReadError> {
        let is_root = |at: &WalkedPath| at.below.as_os_str().is_empty();
        let mut left = vec![top];
        while let Some(at) = left.pop() {
            if !self.known_folders.insert(at.path.clone()) {
                continue;
            }
            let entries = match self.tree.entries(&at.path) {
                Ok(entries) => entries,
                Err(why) if is_root(&at) => {
                    return Err(ReadError::Path {
                        path: at.name.display().to_string(),
                        why,
                    });
                }
                Err(why) => {
                    self.unread(number, &at, why);
                    continue;
                }
            };
            budget.look_at(entries.len(), &at.name)?;
            // The top of the tree is this very repository, by whatever link it is reached.
            let is_top = is_root(&at) || at.path.as_os_str().is_empty();
            if !is_top && entries.iter().any(|(name, _)| name == GIT_FOLDER) {
                self.unread(number, &at, WhyUnread::Submodule { commit: None });
                continue;
            }
            if let Some(why) = renderer(&entries) {
                let place = (number, at.below);
                let name = shown(&at.name);
                let folder = RenderedFolder::find(&self.tree, name, why, place, &at.path, budget)?;
                self.rendered.push(folder);
                continue;
            }
            for (name, entry) in entries {
                let next = at.join(&name);
                if name == GIT_FOLDER || self.tree.hides(&next.path) {
                    continue;
                }
                match entry {
                    TreeEntry::Folder => left.push(next),
                    TreeEntry::Link => links.push(next),
                    TreeEntry::File if is_manifest(&name) => self.file(&next, false),
                    TreeEntry::Other(_) if !is_manifest(&name) => {}
                    TreeEntry::File => {}
                    entry => self.other(number, &next, &entry),
                }
            }
        }
        Ok(())
    }

    fn link(
        &mut self,
        number: usize,
        link: &WalkedPath,
        links: &mut Vec<WalkedPath>,
        budget: &mut Budget,
    ) -> Result<(), ReadError> {
        let is_read = link.path.file_name().is_some_and(is_manifest);
        let at = |path| WalkedPath {
            path,
            ..link.clone()
        };
        match resolve(&self.tree, &link.path, budget)? {
            Ok(found) => match found.entry {
                TreeEntry::Folder => self.folder(number, at(found.path), links, budget)?,
                TreeEntry::File if is_read => self.file(&at(found.path), false),
                TreeEntry::File => {}
                TreeEntry::Other(_) if !is_read => {}
                entry => self.other(number, link, &entry),
            },
            // What nothing stands behind isn't entered, so only a manifest's name makes it one.
            Err(WhyUnread::DeadLink { .. }) if !is_read => {}
            Err(why) => self.unread(number, link, why),
        }
        Ok(())
    }

    /// Takes a file that isn't taken yet.
    fn file(&mut self, at: &WalkedPath, named: bool) {
        let next = self.files.len();
        let known = *self.known_files.entry(at.path.clone()).or_insert(next);
        match self.files.get_mut(known) {
            Some(file) => file.named |= named,
            None => self.files.push(FoundFile {
                name: shown(&at.name),
                path: at.path.clone(),
                named,
            }),
        }
    }

    /// What is neither a file nor a folder.
    fn other(&mut self, number: usize, at: &WalkedPath, entry: &TreeEntry) {
        let why = match entry {
            TreeEntry::Submodule(commit) => WhyUnread::Submodule {
                commit: commit.clone(),
            },
            TreeEntry::Other(what) => WhyUnread::NotAFile(what),
            TreeEntry::Folder | TreeEntry::File | TreeEntry::Link => return,
        };
        self.unread(number, at, why);
    }

    fn unread(&mut self, number: usize, at: &WalkedPath, why: WhyUnread) {
        // A link's text and a submodule's commit are all there is to compare.
        let content = matches!(
            why,
            WhyUnread::LinkOut { .. }
                | WhyUnread::DeadLink { .. }
                | WhyUnread::LinkCycle { .. }
                | WhyUnread::Submodule { commit: Some(_) }
        )
        .then(|| {
            let link = self.tree.target(&at.path).ok();
            Fingerprint::of_value(&(number, &at.below, &why, link))
        });
        self.unreadable.push(UnreadableFile {
            name: shown(&at.name),
            why,
            content,
        });
    }
}

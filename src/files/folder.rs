//! Folders that were asked for and whose manifests a program makes, with the tree around them: what they
//! draw on may stand elsewhere in it.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::Arc;

use super::checkout;
use super::disk::{Disk, WorkingFolder, plain};
use super::limits::Budget;
use super::revision_tree::RevisionTree;
use super::tree::{GIT_FOLDER, Tree, TreeEntry, resolve_and_tell};
use super::walk::FoundFile;
use super::{ReadError, ReadLimits, shown};
use crate::text::{UnreadableFile, WhyUnread};

/// The files of one side.
#[derive(Debug)]
pub(super) enum SideTree {
    Disk(Box<Disk>),
    Revision {
        commit: String,
        tree: Arc<RevisionTree>,
    },
}

impl SideTree {
    fn tree(&self) -> &dyn Tree {
        match self {
            SideTree::Disk(disk) => &**disk,
            SideTree::Revision { tree, .. } => tree,
        }
    }

    /// Reads files, all within a budget.
    fn read(
        &self,
        paths: &[PathBuf],
        budget: &mut Budget,
    ) -> Result<Vec<Result<Vec<u8>, WhyUnread>>, ReadError> {
        match self {
            SideTree::Revision { tree, .. } => tree.read(paths, budget),
            SideTree::Disk(disk) => {
                let mut contents = Vec::with_capacity(paths.len());
                for path in paths {
                    let bytes = disk.read(path, budget.file_bytes());
                    if let Ok(bytes) = &bytes {
                        budget.take_file(bytes.len() as u64)?;
                    }
                    contents.push(bytes);
                }
                Ok(contents)
            }
        }
    }
}

/// What a path leads to. Paths are those of the tree, without links.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FoundEntry {
    /// A regular file.
    File(PathBuf),
    /// A folder.
    Folder(PathBuf),
}

/// What stands below a folder of a tree.
#[derive(Debug, Default)]
pub struct FolderContent {
    /// Regular files.
    pub files: Vec<PathBuf>,
    /// Links, which aren't followed.
    pub links: Vec<PathBuf>,
    /// What isn't read, and why.
    pub unread: Vec<(PathBuf, WhyUnread)>,
}

/// A folder that was asked for and holds files that say that a program makes its manifests.
///
/// Its tree is the repository around it, or else the folder that nothing leads out of. All paths are seen
/// from the top of that tree. Whatever is read comes out of one budget.
#[derive(Debug, Clone)]
pub struct FolderToRender {
    name: PathBuf,
    path: PathBuf,
    markers: Vec<String>,
    tree: Rc<SideTree>,
    /// The working folder, as seen from the top of the tree, if it is in it.
    here: Option<PathBuf>,
    budget: Budget,
    links: BTreeMap<PathBuf, PathBuf>,
}

/// A folder with such files, as a walk finds it.
#[derive(Debug)]
pub(super) struct RenderedRoot {
    /// As a user would write it.
    pub(super) name: PathBuf,
    /// In the tree, without links.
    pub(super) path: PathBuf,
    /// The names of the files that say so.
    pub(super) markers: Vec<String>,
}

impl FolderToRender {
    pub(super) fn new(
        root: RenderedRoot,
        tree: Rc<SideTree>,
        here: Option<PathBuf>,
        limits: ReadLimits,
    ) -> Self {
        FolderToRender {
            name: root.name,
            path: root.path,
            markers: root.markers,
            tree,
            here,
            budget: Budget::new(limits),
            links: BTreeMap::new(),
        }
    }

    /// The folder as a user would write it.
    pub fn name(&self) -> String {
        shown(&self.name)
    }

    /// Where it is in its tree.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The names of the files that say that a program makes its manifests, such as `kustomization.yaml`.
    pub fn markers(&self) -> &[String] {
        &self.markers
    }

    /// Folders of the disk in which a program may be a stranger's: this one, and the repositories around
    /// it and around the working folder.
    pub fn checkouts(&self) -> Vec<PathBuf> {
        let top = self.top();
        let mut checkouts = vec![top.join(&self.path)];
        if holds_git(&top) {
            checkouts.push(top);
        }
        let working_folder = WorkingFolder::find().ok();
        let repository = working_folder.and_then(|it| it.repository().map(Path::to_owned));
        checkouts.extend(repository);
        checkouts
    }

    /// The folder of the disk that its tree stands in, or would if it were checked out.
    fn top(&self) -> PathBuf {
        match &*self.tree {
            SideTree::Disk(disk) => disk.full(Path::new("")),
            SideTree::Revision { tree, .. } => tree.top().to_owned(),
        }
    }

    /// A path of the working folder as seen from the top of its tree; none where it isn't in it.
    pub fn in_tree(&self, path: &Path) -> Option<PathBuf> {
        if path.is_absolute() {
            return Some(path.strip_prefix(self.top()).ok()?.to_owned());
        }
        Some(self.here.as_ref()?.join(path))
    }

    /// A path of its tree as a user would write it.
    pub fn shown(&self, path: &Path) -> String {
        if let Ok(rest) = path.strip_prefix(&self.path) {
            return shown(&self.name.join(rest));
        }
        match &self.here {
            Some(here) => seen_from(here, path).display().to_string(),
            None => self.top().join(path).display().to_string(),
        }
    }

    /// What a path of its tree leads to. `..` is taken away before links are followed.
    ///
    /// # Errors
    /// If more is looked at than the limits allow. Why the path leads to nothing that can be read is
    /// the inner one.
    pub fn find(&mut self, path: &Path) -> Result<Result<FoundEntry, WhyUnread>, ReadError> {
        let Some(plain) = plain(path).filter(|path| path.is_relative()) else {
            return Ok(Err(WhyUnread::LinkOut {
                target: path.display().to_string(),
            }));
        };
        let mut links = Vec::new();
        let found = resolve_and_tell(
            self.tree.tree(),
            &plain,
            &mut self.budget,
            &mut |link, target| links.push((link.to_owned(), target.to_owned())),
        )?;
        if found.is_ok() {
            self.links.extend(links);
        }
        Ok(found.and_then(|found| match found.entry {
            TreeEntry::File => Ok(FoundEntry::File(found.path)),
            TreeEntry::Folder => Ok(FoundEntry::Folder(found.path)),
            TreeEntry::Submodule(commit) => Err(WhyUnread::Submodule { commit }),
            TreeEntry::Other(what) => Err(WhyUnread::NotAFile(what)),
            TreeEntry::Link => Err(WhyUnread::NotAFile("a link")),
        }))
    }

    /// The links that found paths led through, and what each says.
    pub fn links(&self) -> &BTreeMap<PathBuf, PathBuf> {
        &self.links
    }

    /// What stands below a folder of its tree. Other repositories aren't entered, and what ignore files
    /// hide is left out.
    ///
    /// # Errors
    /// If more is looked at than the limits allow.
    pub fn below(&mut self, folder: &Path) -> Result<FolderContent, ReadError> {
        let tree = self.tree.tree();
        let mut content = FolderContent::default();
        let mut left = vec![folder.to_owned()];
        while let Some(at) = left.pop() {
            let entries = match tree.entries(&at) {
                Ok(entries) => entries,
                Err(why) => {
                    content.unread.push((at, why));
                    continue;
                }
            };
            self.budget.look_at(entries.len(), &at)?;
            let is_top = at.as_os_str().is_empty() || at == folder;
            if !is_top && entries.iter().any(|(name, _)| name == GIT_FOLDER) {
                let why = WhyUnread::Submodule { commit: None };
                content.unread.push((at, why));
                continue;
            }
            for (name, entry) in entries {
                let path = at.join(&name);
                if name.eq_ignore_ascii_case(GIT_FOLDER) || tree.hides(&path) {
                    continue;
                }
                match entry {
                    TreeEntry::Folder => left.push(path),
                    TreeEntry::File => content.files.push(path),
                    TreeEntry::Link => content.links.push(path),
                    TreeEntry::Submodule(commit) => {
                        content.unread.push((path, WhyUnread::Submodule { commit }));
                    }
                    TreeEntry::Other(what) => {
                        content.unread.push((path, WhyUnread::NotAFile(what)));
                    }
                }
            }
        }
        content.files.sort();
        content.links.sort();
        content.unread.sort_by(|a, b| a.0.cmp(&b.0));
        Ok(content)
    }

    /// Reads files of its tree.
    ///
    /// # Errors
    /// If they hold more than the limits allow, or git fails.
    pub fn read(
        &mut self,
        paths: &[PathBuf],
    ) -> Result<Vec<Result<Vec<u8>, WhyUnread>>, ReadError> {
        self.tree.read(paths, &mut self.budget)
    }

    /// Files of a commit that git changes when it checks them out: what is applied may be another text.
    ///
    /// # Errors
    /// If git answers what it never answers.
    pub fn changed_by_checkout(&self, paths: &[PathBuf]) -> Result<Vec<UnreadableFile>, ReadError> {
        let SideTree::Revision { commit, tree } = &*self.tree else {
            return Ok(Vec::new());
        };
        let files: Vec<FoundFile> = paths
            .iter()
            .map(|path| FoundFile {
                name: self.shown(path),
                path: path.clone(),
                named: false,
            })
            .collect();
        Ok(checkout::changed(tree.top(), commit, tree, &files)?)
    }
}

/// A path from the top of a tree, as seen from a folder of it.
pub(super) fn seen_from(folder: &Path, path: &Path) -> PathBuf {
    let mut up = PathBuf::new();
    for folder in folder.ancestors() {
        if let Ok(rest) = path.strip_prefix(folder) {
            return up.join(rest);
        }
        up.push("..");
    }
    path.to_owned()
}

/// Whether a folder is the top of a repository.
fn holds_git(folder: &Path) -> bool {
    fs::symlink_metadata(folder.join(GIT_FOLDER)).is_ok()
}

/// The tree around a folder of the disk that the user named and the repository around the working folder
/// doesn't hold: the folder's own repository, else the working folder, else the folder alone. Returns the
/// tree's top, and the folder as seen from there.
pub(super) fn around(folder: &Path, working_folder: &WorkingFolder) -> (PathBuf, PathBuf) {
    let here = working_folder.real_path();
    let top = folder.ancestors().find(|at| holds_git(at)).or_else(|| {
        let here = here.as_deref()?;
        folder.starts_with(here).then_some(here)
    });
    match top.and_then(|top| Some((top, folder.strip_prefix(top).ok()?))) {
        Some((top, path)) => (top.to_owned(), path.to_owned()),
        None => (folder.to_owned(), PathBuf::new()),
    }
}

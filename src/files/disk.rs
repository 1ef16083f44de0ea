//! The files of a disk: what is read where, and the disk as a [`Tree`].

use std::cell::OnceCell;
use std::collections::HashSet;
use std::ffi::OsString;
use std::fs;
use std::path::{Component, Path, PathBuf};

use super::git::{self, GitError};
use super::index::GitIndex;
use super::open::{self, read_regular, special};
use super::repository::verify;
use super::tree::{GIT_FOLDER, TARGET_BYTES, Tree, TreeEntry};
use crate::text::WhyUnread;

/// The working folder, and the repository around it.
#[derive(Debug, Clone)]
pub(super) struct WorkingFolder {
    path: PathBuf,
    /// The top of the repository: the nearest folder from here upward that holds one.
    repository: Option<PathBuf>,
}

/// Where a path of the user is.
#[derive(Debug)]
pub(super) enum DiskPlace {
    /// In the repository around the working folder, as seen from its top.
    InRepository(PathBuf),
    /// Below another folder, which nothing leads out of.
    Below {
        /// That folder, without links.
        top: PathBuf,
        /// The path from there.
        path: PathBuf,
    },
    /// Nowhere.
    Absent,
}

impl WorkingFolder {
    pub(super) fn find() -> Result<Self, WhyUnread> {
        let path = std::env::current_dir().map_err(|error| open::why(&error))?;
        let holds_git = |folder: &&Path| fs::symlink_metadata(folder.join(GIT_FOLDER)).is_ok();
        let repository = path.ancestors().find(holds_git).map(Path::to_owned);
        Ok(WorkingFolder { path, repository })
    }

    pub(super) fn repository(&self) -> Option<&Path> {
        self.repository.as_deref()
    }

    /// The working folder without links.
    pub(super) fn real_path(&self) -> Option<PathBuf> {
        fs::canonicalize(&self.path).ok()
    }

    /// Where a path is that the user gave.
    pub(super) fn place(&self, path: &Path) -> Result<DiskPlace, WhyUnread> {
        Ok(match self.in_repository(path) {
            Some(path) => DiskPlace::InRepository(path),
            None => own_place(path)?,
        })
    }

    /// Where a path is that a file names. None where that is outside of the repository, or of the
    /// folder that the path begins at.
    pub(super) fn place_within(&self, path: &Path) -> Option<DiskPlace> {
        if self.repository.is_some() {
            return self.in_repository(path).map(DiskPlace::InRepository);
        }
        let (mut top, mut rest) = (self.path.clone(), PathBuf::new());
        for part in path.components() {
            match part {
                Component::Normal(name) => rest.push(name),
                Component::CurDir => {}
                Component::ParentDir if rest.as_os_str().is_empty() => {
                    top.pop();
                }
                Component::ParentDir => rest.push(".."),
                Component::RootDir | Component::Prefix(_) => return None,
            }
        }
        Some(DiskPlace::Below { top, path: rest })
    }

    /// A path of the user, as seen from the top of the repository; none where it is outside.
    pub(super) fn in_repository(&self, path: &Path) -> Option<PathBuf> {
        let top = self.repository.as_deref()?;
        let plain = plain(&self.path.join(path))?;
        let plain = plain.strip_prefix(top).ok()?;
        if path.is_absolute() {
            return Some(plain.to_owned());
        }
        // As it was written, since `..` after a link isn't where the link is.
        Some(self.path.strip_prefix(top).ok()?.join(path))
    }
}

/// A path without `.` and `..`; none where these lead beyond where it begins.
pub(super) fn plain(path: &Path) -> Option<PathBuf> {
    let mut plain = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir => {
                if !plain.pop() {
                    return None;
                }
            }
            part => plain.push(part),
        }
    }
    Some(plain)
}

/// A folder, or the folder of a file, as the top of a tree of its own. Links on the way there are the
/// user's own.
pub(super) fn own_place(path: &Path) -> Result<DiskPlace, WhyUnread> {
    let real = match fs::canonicalize(path).map_err(|error| open::why(&error)) {
        Ok(real) => real,
        Err(WhyUnread::Missing) => return Ok(DiskPlace::Absent),
        Err(why) => return Err(why),
    };
    let is_folder = real.is_dir();
    Ok(match (real.parent(), real.file_name()) {
        (Some(folder), Some(name)) if !is_folder => DiskPlace::Below {
            top: folder.to_owned(),
            path: PathBuf::from(name),
        },
        _ => DiskPlace::Below {
            top: real,
            path: PathBuf::new(),
        },
    })
}

/// What ignore files hide.
#[derive(Debug, Default)]
pub(super) enum Hidden {
    /// Nothing.
    #[default]
    Nothing,
    /// These.
    These(HashSet<PathBuf>),
    /// All but these.
    AllBut(HashSet<PathBuf>),
}

/// Files below a folder of the disk.
#[derive(Debug)]
pub(super) struct Disk {
    top: PathBuf,
    is_repository: bool,
    /// What git's index has, once it is asked for, or why git doesn't tell.
    index: OnceCell<Result<GitIndex, GitError>>,
    hidden: Hidden,
}

impl Disk {
    /// What is below a folder, which is no link and not reached through one.
    pub(super) fn below(top: PathBuf) -> Self {
        Disk {
            top,
            is_repository: false,
            index: OnceCell::new(),
            hidden: Hidden::Nothing,
        }
    }

    /// The same, where the folder is the top of a repository.
    pub(super) fn of_repository(top: PathBuf) -> Self {
        Disk {
            is_repository: true,
            ..Disk::below(top)
        }
    }

    /// Asks git for its index now, so that a path which leads into a submodule shows it too.
    pub(super) fn with_index(self) -> Self {
        self.index();
        self
    }

    /// What git's index has. Where git doesn't tell, see [`Disk::untold`].
    fn index(&self) -> Option<&GitIndex> {
        let index = self.index.get_or_init(|| match self.is_repository {
            false => Ok(GitIndex::default()),
            true => verify(&self.top).and_then(|()| GitIndex::read(&self.top)),
        });
        index.as_ref().ok()
    }

    /// Why git doesn't tell which folders are submodules, where the repository says that it has some.
    pub(super) fn untold(&self) -> Option<(&'static str, &GitError)> {
        const SUBMODULES: &str = ".gitmodules";
        let error = self.index.get()?.as_ref().err()?;
        let has_some = fs::symlink_metadata(self.top.join(SUBMODULES)).is_ok();
        has_some.then_some((SUBMODULES, error))
    }

    /// Leaves out what ignore files hide below a folder, too. What git tracks isn't hidden, and where
    /// git can't tell what that is, nothing is.
    pub(super) fn hide_ignored(&mut self, folder: &Path) {
        if !self.is_repository {
            self.hidden = Hidden::AllBut(not_ignored(&self.top.join(folder), &self.top));
            return;
        }
        if self.index().is_none() {
            return;
        }
        let more = git::ignored(&self.top, folder).unwrap_or_default();
        match &mut self.hidden {
            Hidden::These(known) => known.extend(more),
            hidden => *hidden = Hidden::These(more),
        }
    }

    /// Where a path of the tree is on the disk.
    pub(super) fn full(&self, path: &Path) -> PathBuf {
        self.top.join(path)
    }

    /// Reads a file of the tree.
    pub(super) fn read(&self, path: &Path, limit: u64) -> Result<Vec<u8>, WhyUnread> {
        match (read_regular(&self.top.join(path), limit), self.index()) {
            (Err(WhyUnread::Missing), Some(index)) => index.content(path, limit),
            (read, _) => read,
        }
    }

    fn kind(&self, path: &Path, kind: fs::FileType) -> Result<TreeEntry, WhyUnread> {
        Ok(if kind.is_symlink() {
            TreeEntry::Link
        } else if kind.is_dir() {
            let index = self.index.get().and_then(|index| index.as_ref().ok());
            match index.and_then(|index| index.submodules.get(path)) {
                Some(commit) => TreeEntry::Submodule(Some(commit.clone())),
                None => TreeEntry::Folder,
            }
        } else if kind.is_file() {
            TreeEntry::File
        } else {
            let metadata = fs::symlink_metadata(self.top.join(path));
            TreeEntry::Other(special(&metadata.map_err(|error| open::why(&error))?))
        })
    }
}

impl Tree for Disk {
    fn entry(&self, path: &Path) -> Result<Option<TreeEntry>, WhyUnread> {
        let full = self.top.join(path);
        let metadata = match fs::symlink_metadata(&full).map_err(|error| open::why(&error)) {
            Ok(metadata) => metadata,
            Err(WhyUnread::Missing) => {
                return Ok(self.index().and_then(|index| index.entry(path)));
            }
            Err(why) => return Err(why),
        };
        let entry = self.kind(path, metadata.file_type())?;
        // Here nobody lists the folder, which would show that it is a repository.
        if entry == TreeEntry::Folder && fs::symlink_metadata(full.join(GIT_FOLDER)).is_ok() {
            return Ok(Some(TreeEntry::Submodule(None)));
        }
        Ok(Some(entry))
    }

    fn entries(&self, folder: &Path) -> Result<Vec<(OsString, TreeEntry)>, WhyUnread> {
        let left_out = self.index().and_then(|index| index.entries(folder));
        let mut found = Vec::new();
        match fs::read_dir(self.top.join(folder)).map_err(|error| open::why(&error)) {
            Ok(entries) => {
                for entry in entries {
                    let entry = entry.map_err(|error| open::why(&error))?;
                    let kind = entry.file_type().map_err(|error| open::why(&error))?;
                    let name = entry.file_name();
                    let kind = self.kind(&folder.join(&name), kind)?;
                    found.push((name, kind));
                }
            }
            Err(WhyUnread::Missing) if left_out.is_some() => {}
            Err(why) => return Err(why),
        }
        if let Some(left_out) = left_out {
            let there: HashSet<OsString> = found.iter().map(|(name, _)| name.clone()).collect();
            let lacking = left_out.iter().filter(|(name, _)| !there.contains(*name));
            found.extend(lacking.map(|(name, entry)| (name.clone(), entry.clone())));
        }
        Ok(found)
    }

    fn target(&self, link: &Path) -> Result<PathBuf, WhyUnread> {
        let target = fs::read_link(self.top.join(link)).map_err(|error| open::why(&error));
        match (target, self.index()) {
            (Err(WhyUnread::Missing), Some(index)) => {
                Ok(git::path(&index.content(link, TARGET_BYTES)?))
            }
            (target, _) => target,
        }
    }

    fn hides(&self, path: &Path) -> bool {
        match &self.hidden {
            Hidden::Nothing => false,
            Hidden::These(paths) => paths.contains(path),
            Hidden::AllBut(paths) => !paths.contains(path),
        }
    }
}

/// What `.gitignore` files leave below a folder that no repository holds, as seen from `top`.
fn not_ignored(folder: &Path, top: &Path) -> HashSet<PathBuf> {
    let walker = ignore::WalkBuilder::new(folder)
        .hidden(false)
        .ignore(false)
        .require_git(false)
        .follow_links(false)
        .build();
    walker
        .flatten()
        .filter_map(|entry| entry.path().strip_prefix(top).ok().map(Path::to_owned))
        .collect()
}

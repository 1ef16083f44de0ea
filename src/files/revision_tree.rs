//! The files of a commit as a [`Tree`], as git lists them.

use std::collections::HashMap;
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use super::blobs::{contents, contents_within};
use super::git::{self, GitError};
use super::limits::Budget;
use super::tree::{TARGET_BYTES, Tree, TreeEntry};
use super::{ReadError, ReadLimits};
use crate::text::WhyUnread;

/// What stands in a folder of a commit.
#[derive(Debug)]
struct Listed {
    name: OsString,
    entry: TreeEntry,
    id: Box<str>,
}

/// The files of a commit.
#[derive(Debug, Default)]
pub(super) struct RevisionTree {
    top: PathBuf,
    /// What stands in each folder, by name.
    folders: HashMap<OsString, Vec<Listed>>,
    /// What all links say, once one was asked for.
    targets: OnceLock<Result<HashMap<PathBuf, PathBuf>, WhyUnread>>,
}

impl RevisionTree {
    /// One without files, of the repository in this folder.
    pub(super) fn of(top: &Path) -> Self {
        let top_folder = (OsString::new(), Vec::new());
        RevisionTree {
            top: top.to_owned(),
            folders: HashMap::from([top_folder]),
            targets: OnceLock::new(),
        }
    }

    /// Adds an item of git's list, `MODE TYPE ID\tPATH`, and returns its path.
    pub(super) fn add(&mut self, item: &[u8]) -> Result<PathBuf, GitError> {
        let tab = item.iter().position(|byte| *byte == b'\t');
        let tab = tab.ok_or(GitError::Unexpected)?;
        let head = str::from_utf8(&item[..tab]).map_err(|_| GitError::Unexpected)?;
        let mut words = head.split(' ');
        let (Some(mode), Some(kind), Some(id)) = (words.next(), words.next(), words.next()) else {
            return Err(GitError::Unexpected);
        };
        let path = git::path(&item[tab + 1..]);
        let entry = match (mode, kind) {
            (_, "tree") => TreeEntry::Folder,
            (_, "commit") => TreeEntry::Submodule(Some(id.to_owned())),
            ("120000", _) => TreeEntry::Link,
            (_, "blob") => TreeEntry::File,
            _ => return Err(GitError::Unexpected),
        };
        if entry == TreeEntry::Folder {
            let known = self.folders.entry(path.as_os_str().to_owned());
            known.or_default();
        }
        let (Some(folder), Some(name)) = (path.parent(), path.file_name()) else {
            return Err(GitError::Unexpected);
        };
        // Git lists a folder before what stands in it.
        let folder = self.folders.get_mut(folder.as_os_str());
        folder.ok_or(GitError::Unexpected)?.push(Listed {
            name: name.to_owned(),
            entry,
            id: id.into(),
        });
        Ok(path)
    }

    /// The same, once it is whole. Git makes no folder that holds two of one name.
    pub(super) fn sorted(mut self) -> Result<Self, GitError> {
        for listed in self.folders.values_mut() {
            listed.sort_unstable_by(|a, b| a.name.cmp(&b.name));
            if listed.windows(2).any(|pair| pair[0].name == pair[1].name) {
                return Err(GitError::Unexpected);
            }
        }
        Ok(self)
    }

    fn listed(&self, path: &Path) -> Option<&Listed> {
        let (folder, name) = (path.parent()?, path.file_name()?);
        let folder = self.folders.get(folder.as_os_str())?;
        let at = folder.binary_search_by(|listed| OsStr::cmp(&listed.name, name));
        folder.get(at.ok()?)
    }

    /// The top of the repository.
    pub(super) fn top(&self) -> &Path {
        &self.top
    }

    /// Reads files, all within a budget.
    pub(super) fn read(
        &self,
        paths: &[PathBuf],
        budget: &mut Budget,
    ) -> Result<Vec<Result<Vec<u8>, WhyUnread>>, ReadError> {
        contents(&self.top, &self.ids(paths)?, budget)
    }

    /// Whether a file stands there.
    pub(super) fn has_file(&self, path: &Path) -> bool {
        self.listed(path)
            .is_some_and(|listed| listed.entry == TreeEntry::File)
    }

    /// The object of a file.
    pub(super) fn id(&self, path: &Path) -> Result<String, GitError> {
        let listed = self.listed(path).ok_or(GitError::Unexpected)?;
        Ok(listed.id.to_string())
    }

    /// The objects of files.
    pub(super) fn ids(&self, paths: &[PathBuf]) -> Result<Vec<String>, GitError> {
        paths.iter().map(|path| self.id(path)).collect()
    }

    fn read_targets(&self) -> Result<HashMap<PathBuf, PathBuf>, WhyUnread> {
        let links = self.folders.iter().flat_map(|(folder, listed)| {
            let links = listed.iter().filter(|one| one.entry == TreeEntry::Link);
            links.map(|one| (Path::new(folder).join(&one.name), one.id.to_string()))
        });
        let (paths, ids): (Vec<PathBuf>, Vec<String>) = links.unzip();
        let limits = ReadLimits {
            bytes: TARGET_BYTES * (ids.len() as u64 + 1),
            files: ids.len(),
        };
        let read = contents_within(&self.top, &ids, &mut Budget::new(limits), TARGET_BYTES);
        let read = read.map_err(|error| WhyUnread::Failed(error.to_string()))?;
        let targets = paths.into_iter().zip(read);
        Ok(targets
            .filter_map(|(path, target)| Some((path, git::path(&target.ok()?))))
            .collect())
    }
}

impl Tree for Arc<RevisionTree> {
    fn entry(&self, path: &Path) -> Result<Option<TreeEntry>, WhyUnread> {
        Ok(self.listed(path).map(|listed| listed.entry.clone()))
    }

    fn entries(&self, folder: &Path) -> Result<Vec<(OsString, TreeEntry)>, WhyUnread> {
        let listed = self.folders.get(folder.as_os_str());
        let entry = |listed: &Listed| (listed.name.clone(), listed.entry.clone());
        Ok(listed
            .ok_or(WhyUnread::Missing)?
            .iter()
            .map(entry)
            .collect())
    }

    fn target(&self, link: &Path) -> Result<PathBuf, WhyUnread> {
        let targets = self.targets.get_or_init(|| self.read_targets());
        let targets = targets.as_ref().map_err(Clone::clone)?;
        let target = targets.get(link).cloned();
        target.ok_or(WhyUnread::TooLarge {
            limit: TARGET_BYTES,
        })
    }

    fn hides(&self, _: &Path) -> bool {
        false
    }
}

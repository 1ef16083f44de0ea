//! Git's index: what of the repository isn't on the disk. Submodules may be empty folders there, and a
//! sparse checkout leaves files out.

use std::cell::RefCell;
use std::collections::{BTreeMap, HashMap};
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use super::blobs::BlobReader;
use super::git::{self, GitError};
use super::tree::TreeEntry;
use crate::text::WhyUnread;

/// What the index has and the disk may lack.
#[derive(Debug, Default)]
pub(super) struct GitIndex {
    top: PathBuf,
    /// The commits of submodules.
    pub(super) submodules: HashMap<PathBuf, String>,
    /// The objects of files that a sparse checkout leaves out.
    left_out: HashMap<PathBuf, String>,
    /// Those files, links and folders, by the folder that they stand in.
    folders: HashMap<PathBuf, BTreeMap<OsString, TreeEntry>>,
    reader: RefCell<Option<BlobReader>>,
}

impl GitIndex {
    /// Reads the index of the repository in a folder.
    pub(super) fn read(top: &Path) -> Result<Self, GitError> {
        let mut index = GitIndex {
            top: top.to_owned(),
            ..GitIndex::default()
        };
        let mut running = git::start(top, &["ls-files", "-t", "--stage", "-z"])?;
        let read = git::for_each_item(&mut running, |item| index.add(item));
        if let Err(error) = read {
            running.stop();
            return Err(error);
        }
        running.finish()?;
        Ok(index)
    }

    /// Adds an item of git's list: `TAG MODE ID STAGE\tPATH`.
    fn add(&mut self, item: &[u8]) -> Result<(), GitError> {
        let is_left_out = item.starts_with(b"S ");
        let rest = item.get(2..).ok_or(GitError::Unexpected)?;
        let mode = match rest.get(..7) {
            Some(b"160000 ") => None,
            Some(b"120000 ") => Some(TreeEntry::Link),
            _ => Some(TreeEntry::File),
        };
        if mode.is_some() && !is_left_out {
            return Ok(());
        }
        let tab = rest.iter().position(|byte| *byte == b'\t');
        let tab = tab.ok_or(GitError::Unexpected)?;
        let id = rest[..tab].split(|byte| *byte == b' ').nth(1);
        let id = String::from_utf8_lossy(id.unwrap_or_default()).into_owned();
        let path = git::path(&rest[tab + 1..]);
        let entry = match mode {
            Some(entry) => {
                self.left_out.insert(path.clone(), id);
                entry
            }
            None => {
                self.submodules.insert(path.clone(), id.clone());
                TreeEntry::Submodule(Some(id))
            }
        };
        if is_left_out {
            self.add_entry(&path, entry);
        }
        Ok(())
    }

    /// Adds what is left out, and the folders that it stands in.
    fn add_entry(&mut self, path: &Path, entry: TreeEntry) {
        let mut entry = entry;
        let mut path = path;
        while let (Some(folder), Some(name)) = (path.parent(), path.file_name()) {
            let known = self.folders.entry(folder.to_owned()).or_default();
            if known.insert(name.to_owned(), entry).is_some() {
                return;
            }
            entry = TreeEntry::Folder;
            path = folder;
        }
    }

    /// What is left out at a path.
    pub(super) fn entry(&self, path: &Path) -> Option<TreeEntry> {
        let folder = self.folders.get(path.parent()?)?;
        folder.get(path.file_name()?).cloned()
    }

    /// What is left out of a folder.
    pub(super) fn entries(&self, folder: &Path) -> Option<&BTreeMap<OsString, TreeEntry>> {
        self.folders.get(folder)
    }

    /// The content of a file that is left out, or what a link says.
    pub(super) fn content(&self, path: &Path, limit: u64) -> Result<Vec<u8>, WhyUnread> {
        let id = self.left_out.get(path).ok_or(WhyUnread::Missing)?;
        let mut reader = self.reader.borrow_mut();
        let started = match reader.take() {
            Some(started) => Ok(started),
            None => BlobReader::start(&self.top),
        };
        let mut started = started.map_err(|error| WhyUnread::Failed(error.to_string()))?;
        let content = started.read(id, limit);
        match &content {
            Ok(_) => *reader = Some(started),
            // What of its answer is left would pass for that of the next.
            Err(_) => started.stop(),
        }
        content
    }
}

//! A temporary folder with the files that a program may see, and nothing else.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

/// Files laid out for a program, and an empty home for it. Both are gone when this is dropped.
#[derive(Debug)]
pub(super) struct Checkout {
    folder: TempDir,
}

impl Checkout {
    /// Lays out files and links, by their paths in the tree. Links are those that the files were found
    /// through, so they stay inside.
    pub(super) fn new(
        files: &BTreeMap<PathBuf, Vec<u8>>,
        links: &BTreeMap<PathBuf, PathBuf>,
    ) -> io::Result<Self> {
        let checkout = Checkout {
            folder: tempfile::Builder::new().prefix("rbac-eval-").tempdir()?,
        };
        let top = checkout.top();
        fs::create_dir(&top)?;
        fs::create_dir(checkout.home())?;
        for (path, bytes) in files {
            let path = top.join(path);
            make_parents(&path)?;
            fs::write(path, bytes)?;
        }
        for (link, target) in links {
            let link = top.join(link);
            make_parents(&link)?;
            make_link(target, &link)?;
        }
        Ok(checkout)
    }

    /// The top of the tree.
    pub(super) fn top(&self) -> PathBuf {
        self.folder.path().join("tree")
    }

    /// The empty home.
    pub(super) fn home(&self) -> PathBuf {
        self.folder.path().join("home")
    }
}

fn make_parents(path: &Path) -> io::Result<()> {
    path.parent().map_or(Ok(()), fs::create_dir_all)
}

#[cfg(unix)]
fn make_link(target: &Path, link: &Path) -> io::Result<()> {
    std::os::unix::fs::symlink(target, link)
}

#[cfg(not(unix))]
fn make_link(_: &Path, _: &Path) -> io::Result<()> {
    let message = "links can't be laid out on this system";
    Err(io::Error::new(io::ErrorKind::Unsupported, message))
}

//! Commits: which one a word means, and its files as a [`Tree`], out of the object database without
//! touching the working tree.

use std::collections::HashMap;
use std::ffi::{OsStr, OsString};
use std::fmt;
use std::io::{BufRead, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use super::disk::WorkingFolder;
use super::git::{self, GitError, answer, ask};
use super::limits::Budget;
use super::repository::{Repository, verify};
use super::tree::{Tree, TreeEntry};
use super::walk::TreeWalk;
use super::{ReadError, ReadLimits, Reading};
use crate::text::{Fingerprint, SourceText, WhyUnread};

/// A commit of the repository around the working folder.
#[derive(Debug, Clone)]
pub struct Revision {
    /// The revision as it was named.
    pub name: String,
    commit: String,
    /// The top of the repository.
    top: PathBuf,
    /// The working folder, as seen from there.
    prefix: PathBuf,
    /// Its files, once they are asked for.
    tree: OnceLock<Arc<RevisionTree>>,
}

impl fmt::Display for Revision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}

/// What git says of a word that names no commit.
const NO_SUCH_REVISION: [&str; 4] = [
    "Needed a single revision",
    "unknown revision",
    "ambiguous argument",
    "not a git repository",
];

impl Revision {
    /// The commit that a name means: a branch, tag, hash, or `HEAD~3`. None where it means none.
    ///
    /// # Errors
    /// If git can't be run or fails, or the name is that of several refs. Outside a repository no name
    /// means anything.
    pub fn find(name: &str) -> Result<Option<Self>, FindError> {
        if name.starts_with('-') || name.is_empty() || name.contains('\0') {
            return Ok(None);
        }
        let Some(Repository { top, prefix }) = Repository::find()? else {
            return Ok(None);
        };
        let commit = format!("{name}^{{commit}}");
        let args = ["rev-parse", "--verify", "--end-of-options", &commit].map(OsStr::new);
        let found = answer(&top, &args)?;
        if !found.status.success() {
            let says = |words: &&str| found.stderr.contains(*words);
            if NO_SUCH_REVISION.iter().any(says) {
                return Ok(None);
            }
            return Err(found.failure.into());
        }
        if found.stderr.contains("is ambiguous") {
            return Err(FindError::Ambiguous);
        }
        let commit = git::line(&found.stdout);
        // Which repository git takes is asked once it takes one at all.
        verify(&top)?;
        Ok(Some(Revision {
            name: name.to_owned(),
            commit,
            top,
            prefix,
            tree: OnceLock::new(),
        }))
    }

    /// How many folders the working folder is below the top of the repository.
    pub fn depth(&self) -> usize {
        self.prefix.components().count()
    }

    /// The ref that the name stands for, in full; none where it is none.
    pub fn full_name(&self) -> Option<String> {
        let args = [
            "rev-parse",
            "--symbolic-full-name",
            "--end-of-options",
            &self.name,
        ];
        let answer = ask(&self.top, &args).ok()?;
        let answer = String::from_utf8_lossy(&answer);
        // With this flag git says what it was told to end with, too.
        let name = answer.lines().find(|line| *line != "--end-of-options")?;
        (name.starts_with("refs/")).then(|| name.to_owned())
    }

    /// The newest commit that both have: where the work on one of them began. It keeps this one's name.
    /// None where they have none.
    ///
    /// # Errors
    /// If git fails.
    pub fn merge_base(&self, other: &Revision) -> Result<Option<Self>, GitError> {
        let args = ["merge-base", &self.commit, &other.commit].map(OsStr::new);
        let found = answer(&self.top, &args)?;
        let commit = git::line(&found.stdout);
        if !found.status.success() || commit.is_empty() {
            // Without a word it is that there is none.
            if found.status.code() == Some(1) && found.stderr.trim().is_empty() {
                return Ok(None);
            }
            return Err(found.failure);
        }
        let name = if commit == self.commit {
            self.name.clone()
        } else {
            let short = commit.get(..8).unwrap_or(&commit);
            format!("{} (merge base {short})", self.name)
        };
        Ok(Some(Revision {
            name,
            commit,
            top: self.top.clone(),
            prefix: self.prefix.clone(),
            tree: OnceLock::new(),
        }))
    }

    /// Whether the clone lacks older commits.
    ///
    /// # Errors
    /// If git fails.
    pub fn is_shallow() -> Result<bool, GitError> {
        let Some(Repository { top, .. }) = Repository::find()? else {
            return Ok(false);
        };
        let said = ask(&top, &["rev-parse", "--is-shallow-repository"])?;
        Ok(git::line(&said) == "true")
    }

    /// Reads files, and all manifests below folders, as they are in this revision, by the rules that
    /// hold for the working tree. Paths are those of the working folder. A file that is named is read
    /// whatever its ending.
    ///
    /// # Errors
    /// If a path leads out of the repository, more is to be read than the limits allow, or git fails.
    pub fn read(&self, paths: &[PathBuf], limits: ReadLimits) -> Result<Reading, ReadError> {
        let mut budget = Budget::new(limits);
        let tree = self.tree(&mut budget)?;
        let mut walk = TreeWalk::new(tree);
        let mut reading = Reading::default();
        let working_folder = WorkingFolder::find().map_err(ReadError::WorkingFolder)?;
        for (number, path) in paths.iter().enumerate() {
            let Some(in_tree) = working_folder.in_repository(path) else {
                return Err(ReadError::Outside(path.display().to_string()));
            };
            // A revision is shown as seen from the working folder, whatever form the path has.
            let name = if path.is_absolute() {
                self.seen_from_here(&in_tree)
            } else {
                path.clone()
            };
            if !walk.root(number, &name, &in_tree, &mut budget)? {
                reading.absent.push(path.clone());
            }
        }
        let ids = walk.files.iter().map(|file| walk.tree.id(&file.path));
        let ids: Vec<String> = ids.collect::<Result<_, _>>()?;
        let mut contents = contents(&self.top, &ids, &mut budget)?.into_iter();
        for file in walk.files {
            match contents.next().ok_or(GitError::Unexpected)? {
                Ok(bytes) => reading.texts.push(SourceText {
                    name: file.name,
                    bytes,
                    named: file.named,
                }),
                Err(why) => walk.unreadable.push(super::unread(file.name, why)),
            }
        }
        reading.unreadable = walk.unreadable;
        for folder in walk.rendered {
            let ids = folder.files.iter().map(|(_, path)| walk.tree.id(path));
            let ids: Vec<String> = ids.collect::<Result<_, _>>()?;
            let contents = fingerprints(&self.top, &ids, &mut budget)?;
            reading.unreadable.push(folder.unreadable(contents));
        }
        Ok(reading)
    }

    fn tree(&self, budget: &mut Budget) -> Result<Arc<RevisionTree>, ReadError> {
        if let Some(known) = self.tree.get() {
            budget.look_at(known.entries.len())?;
            return Ok(Arc::clone(known));
        }
        let mut tree = RevisionTree {
            top: self.top.clone(),
            ..RevisionTree::default()
        };
        tree.folders.insert(PathBuf::new(), Vec::new());
        let args = ["ls-tree", "-r", "-t", "-z", "--full-tree", &self.commit];
        let mut running = git::start(&self.top, &args)?;
        let read = git::for_each_item(&mut running, |item| {
            budget.look_at(1)?;
            tree.add(item).map_err(ReadError::from)
        });
        if let Err(error) = read {
            running.stop();
            return Err(error);
        }
        running.finish()?;
        Ok(Arc::clone(self.tree.get_or_init(|| Arc::new(tree))))
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

/// Why a word's commit can't be told.
#[derive(Debug, Clone, thiserror::Error)]
pub enum FindError {
    /// The word is the name of several refs.
    #[error("it is the name of several refs; say the full one, such as `refs/heads/NAME`")]
    Ambiguous,
    /// Git doesn't tell.
    #[error(transparent)]
    Git(#[from] GitError),
}

/// The files of a commit.
#[derive(Debug, Default)]
struct RevisionTree {
    top: PathBuf,
    entries: HashMap<PathBuf, (TreeEntry, String)>,
    folders: HashMap<PathBuf, Vec<OsString>>,
    /// What all links say, once one was asked for.
    targets: OnceLock<Result<HashMap<PathBuf, PathBuf>, WhyUnread>>,
}

/// The longest that a link may say; systems take no longer path.
const TARGET_BYTES: u64 = 4096;

impl RevisionTree {
    /// Adds an item of git's list: `MODE TYPE ID\tPATH`.
    fn add(&mut self, item: &[u8]) -> Result<(), GitError> {
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
            self.folders.entry(path.clone()).or_default();
        }
        if let (Some(folder), Some(name)) = (path.parent(), path.file_name()) {
            let folder = self.folders.entry(folder.to_owned()).or_default();
            folder.push(name.to_owned());
        }
        self.entries.insert(path, (entry, id.to_owned()));
        Ok(())
    }

    fn id(&self, path: &Path) -> Result<String, GitError> {
        let (_, id) = self.entries.get(path).ok_or(GitError::Unexpected)?;
        Ok(id.clone())
    }

    fn read_targets(&self) -> Result<HashMap<PathBuf, PathBuf>, WhyUnread> {
        let links = self.entries.iter();
        let links = links.filter(|(_, (entry, _))| *entry == TreeEntry::Link);
        let (paths, ids): (Vec<&PathBuf>, Vec<String>) =
            links.map(|(path, (_, id))| (path, id.clone())).unzip();
        let limits = ReadLimits {
            bytes: TARGET_BYTES * (ids.len() as u64 + 1),
            files: ids.len(),
        };
        let read = contents_within(&self.top, &ids, &mut Budget::new(limits), TARGET_BYTES);
        let read = read.map_err(|error| WhyUnread::Failed(error.to_string()))?;
        let targets = paths.into_iter().zip(read);
        Ok(targets
            .filter_map(|(path, target)| Some((path.clone(), git::path(&target.ok()?))))
            .collect())
    }
}

impl Tree for Arc<RevisionTree> {
    fn entry(&self, path: &Path) -> Result<Option<TreeEntry>, WhyUnread> {
        Ok(self.entries.get(path).map(|(entry, _)| entry.clone()))
    }

    fn entries(&self, folder: &Path) -> Result<Vec<(OsString, TreeEntry)>, WhyUnread> {
        let names = self.folders.get(folder).ok_or(WhyUnread::Missing)?;
        let entry = |name: &OsString| {
            let (entry, _) = self.entries.get(&folder.join(name))?;
            Some((name.clone(), entry.clone()))
        };
        Ok(names.iter().filter_map(entry).collect())
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

/// The most files that are too large: for each, git is begun anew.
const MAX_TOO_LARGE: usize = 16;

/// The contents of blobs, or why one isn't read.
fn contents(
    top: &Path,
    ids: &[String],
    budget: &mut Budget,
) -> Result<Vec<Result<Vec<u8>, WhyUnread>>, ReadError> {
    let each = budget.file_bytes();
    contents_within(top, ids, budget, each)
}

fn contents_within(
    top: &Path,
    ids: &[String],
    budget: &mut Budget,
    each: u64,
) -> Result<Vec<Result<Vec<u8>, WhyUnread>>, ReadError> {
    let mut contents = Vec::with_capacity(ids.len());
    let mut too_large = 0;
    while contents.len() < ids.len() {
        if too_large > MAX_TOO_LARGE {
            return Err(ReadError::TooManyBytes(each));
        }
        too_large += 1;
        batch(top, ids, budget, each, &mut contents)?;
    }
    Ok(contents)
}

/// Reads on until all is read, or until something is too large, which ends the child process: what
/// isn't wanted of it would have to be read too.
fn batch(
    top: &Path,
    ids: &[String],
    budget: &mut Budget,
    each: u64,
    contents: &mut Vec<Result<Vec<u8>, WhyUnread>>,
) -> Result<(), ReadError> {
    let mut running = git::start_reading(top, &["cat-file", "--batch"])?;
    let mut stdin = running.stdin()?;
    let wanted: String = ids[contents.len()..]
        .iter()
        .map(|id| format!("{id}\n"))
        .collect();
    // Git writes while it reads, so both have to go on at once.
    let writer = std::thread::spawn(move || stdin.write_all(wanted.as_bytes()));
    let mut read = Ok(());
    while read.is_ok() && contents.len() < ids.len() {
        match blob(&mut running, &ids[contents.len()], budget, each) {
            Ok(bytes) => contents.push(Ok(bytes)),
            Err(BlobError::TooLarge) => {
                contents.push(Err(WhyUnread::TooLarge { limit: each }));
                break;
            }
            Err(BlobError::Read(error)) => read = Err(error),
        }
    }
    // Its answers are all read; how it ends says nothing more.
    running.stop();
    let _ = writer.join();
    read
}

enum BlobError {
    TooLarge,
    Read(ReadError),
}

impl<E: Into<ReadError>> From<E> for BlobError {
    fn from(error: E) -> Self {
        BlobError::Read(error.into())
    }
}

/// The next blob of git's answer.
fn blob(
    running: &mut git::Running,
    id: &str,
    budget: &mut Budget,
    each: u64,
) -> Result<Vec<u8>, BlobError> {
    let failed = |error: std::io::Error| GitError::Interrupted(error.to_string());
    let mut header = String::new();
    let mut within = (&mut running.stdout).take(1024);
    within.read_line(&mut header).map_err(failed)?;
    // As in `ID blob SIZE`.
    let mut words = header.trim_end().split(' ');
    let (_, kind, size) = (words.next(), words.next(), words.next());
    if kind == Some("missing") {
        return Err(GitError::Absent(id.to_owned()).into());
    }
    let size: u64 = size
        .filter(|_| kind == Some("blob"))
        .and_then(|size| size.parse().ok())
        .ok_or(GitError::Unexpected)?;
    if size > each {
        return Err(BlobError::TooLarge);
    }
    budget.take_file(size)?;
    let size = usize::try_from(size).map_err(|_| GitError::Unexpected)?;
    let mut bytes = vec![0; size + 1];
    running.stdout.read_exact(&mut bytes).map_err(failed)?;
    bytes.pop();
    Ok(bytes)
}

/// The fingerprints of blobs; none where one is too large.
fn fingerprints(
    top: &Path,
    ids: &[String],
    budget: &mut Budget,
) -> Result<Option<Vec<Fingerprint>>, ReadError> {
    let contents = contents(top, ids, budget)?;
    Ok(contents
        .into_iter()
        .map(|bytes| bytes.ok().map(|bytes| Fingerprint::of(&bytes)))
        .collect())
}

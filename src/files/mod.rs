//! Reading files, folders, standard input and git revisions into memory.
//!
//! The only room that does IO, beside the command line. It knows nothing of what the texts mean. What it
//! reads may come from strangers: only regular files below what was asked for are read, within
//! [`ReadLimits`], and what isn't read is told ([`Reading::unreadable`]). `docs/security.md` has the
//! rules.
//!
//! A disk and a git revision are walked by the same code (`walk`, over `tree`), so both sides of a
//! comparison hold the same paths.

mod blobs;
mod checkout;
mod disk;
mod folder;
mod git;
mod index;
mod limits;
mod open;
mod rendered;
mod repository;
mod revision;
mod revision_tree;
mod tree;
mod walk;

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::rc::Rc;

use crate::text::{Fingerprint, SourceText, UnreadableFile, WhyUnread};

use disk::{Disk, DiskPlace, WorkingFolder};
use folder::{RenderedRoot, SideTree};
use limits::Budget;
use walk::{FoundFile, TreeWalk};

pub use folder::{FolderContent, FolderToRender, FoundEntry};
pub use git::GitError;
pub use limits::ReadLimits;
pub use revision::{FindError, Revision};
pub(crate) use tree::{is_manifest, rendered_by};

/// What reading paths gave.
#[derive(Debug, Default)]
pub struct Reading {
    /// The texts in the order of the paths that were asked for, those below a folder sorted by path.
    pub texts: Vec<SourceText>,
    /// What isn't read.
    pub unreadable: Vec<UnreadableFile>,
    /// The paths that were asked for and aren't there.
    pub absent: Vec<PathBuf>,
    /// The folders that were asked for and whose manifests kustomize or Helm makes: nothing of them is
    /// among the texts. Who doesn't render them has to tell so.
    pub folders: Vec<FolderToRender>,
}

/// Why there is nothing to answer from.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The file, or the folder itself.
    #[error("cannot read `{path}`: {why}")]
    Path {
        /// The path as given.
        path: String,
        /// Why.
        why: WhyUnread,
    },
    /// A file names what lies outside of where it may.
    #[error("`{0}` is outside the git repository")]
    Outside(String),
    /// Standard input.
    #[error("cannot read standard input: {0}")]
    Stdin(WhyUnread),
    /// Standard input is asked for twice.
    #[error("`-` stands for standard input, which can be read only once")]
    StdinTaken,
    /// The working folder itself.
    #[error("cannot tell the working folder: {0}")]
    WorkingFolder(WhyUnread),
    /// More files than [`ReadLimits::files`].
    #[error("there are more than {0} files to read; name fewer with `-f`, or raise `--max-files`")]
    TooManyFiles(usize),
    /// More bytes than [`ReadLimits::bytes`].
    #[error("the files hold more than {0} bytes; name fewer with `-f`, or raise `--max-bytes`")]
    TooManyBytes(u64),
    /// More files, folders and links than [`ReadLimits::looked_at`].
    #[error(
        "there are more than {0} files, folders and links to look through; name less with `-f`, or \
         raise `--max-files`"
    )]
    TooManyEntries(usize),
    /// Git doesn't tell.
    #[error(transparent)]
    Git(#[from] GitError),
}

/// Who asks for paths, and so where they may lead.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AskedBy {
    /// The user, on the command line. Paths may be anywhere; what can't be read is an error.
    User,
    /// A file of settings, or one side of a comparison. Paths may not lead out of the repository; what
    /// can't be read is told.
    Repository,
}

/// Whether ignore files hide anything below a folder. What git tracks they never hide.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IgnoreFiles {
    /// They hide what git doesn't track.
    Obeyed,
    /// They hide nothing.
    NotRead,
}

/// Whether standard input can be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stdin {
    /// It can, as `-`.
    Free,
    /// It is read for something else.
    Taken,
    /// `-` is the name of a file.
    NotMeant,
}

/// How paths are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReadRules {
    /// Who asks for them.
    pub asked_by: AskedBy,
    /// Whether ignore files hide anything.
    pub ignore_files: IgnoreFiles,
    /// Whether `-` is standard input.
    pub stdin: Stdin,
    /// How much is read.
    pub limits: ReadLimits,
}

impl Default for ReadRules {
    /// What the user names on the command line, all of it.
    fn default() -> Self {
        ReadRules {
            asked_by: AskedBy::User,
            ignore_files: IgnoreFiles::NotRead,
            stdin: Stdin::NotMeant,
            limits: ReadLimits::default(),
        }
    }
}

/// That a path isn't there.
pub fn absent(path: &Path) -> ReadError {
    ReadError::Path {
        path: path.display().to_string(),
        why: WhyUnread::Missing,
    }
}

/// Reads files, and all manifests below folders.
///
/// A file is read whatever its name. Below a folder, files that end in `.yaml`, `.yml`, `.json`,
/// `.jsonl` or `.ndjson` are read, hidden ones too; `.git` is not entered, and a folder that kustomize or
/// Helm renders is told instead. Links are followed within the repository around the working folder, or
/// within the folder itself where it is elsewhere.
///
/// # Errors
/// If a path that the user names can't be read, a path leads where it may not, or there is more than the
/// limits allow. What can't be read further down a folder is listed in [`Reading::unreadable`].
pub fn read_paths(paths: &[PathBuf], rules: ReadRules) -> Result<Reading, ReadError> {
    let mut reader = DiskReader {
        rules,
        budget: Budget::new(rules.limits),
        working_folder: WorkingFolder::find().map_err(ReadError::WorkingFolder)?,
        repository: None,
        walks: Vec::new(),
        parts: Vec::new(),
        absent: Vec::new(),
        stdin: rules.stdin,
    };
    for (number, path) in paths.iter().enumerate() {
        reader.find(number, path)?;
    }
    reader.read()
}

/// A piece of what is read, in order.
enum ReadingPart {
    /// A text that had to be read at once.
    Text(SourceText),
    /// Files that a walk found, by its number and theirs.
    Files(usize, std::ops::Range<usize>),
}

/// Reads paths of the disk, all within one budget.
struct DiskReader {
    rules: ReadRules,
    budget: Budget,
    working_folder: WorkingFolder,
    /// The walk through the repository around the working folder.
    repository: Option<usize>,
    walks: Vec<TreeWalk<Disk>>,
    parts: Vec<ReadingPart>,
    absent: Vec<PathBuf>,
    stdin: Stdin,
}

impl DiskReader {
    /// Finds what a path stands for.
    fn find(&mut self, number: usize, path: &Path) -> Result<(), ReadError> {
        let cannot = |why| ReadError::Path {
            path: path.display().to_string(),
            why,
        };
        if path == Path::new("-") && self.stdin != Stdin::NotMeant {
            if self.stdin == Stdin::Taken {
                return Err(ReadError::StdinTaken);
            }
            self.stdin = Stdin::Taken;
            return self.stream("-", io::stdin().lock(), ReadError::Stdin);
        }
        if self.rules.asked_by == AskedBy::User && is_stream(path) {
            let stream = File::open(path).map_err(|error| cannot(open::why(&error)))?;
            return self.stream(&path.display().to_string(), stream, cannot);
        }
        let place = match self.rules.asked_by {
            AskedBy::User => self.working_folder.place(path).map_err(cannot)?,
            AskedBy::Repository => self
                .working_folder
                .place_within(path)
                .ok_or_else(|| ReadError::Outside(path.display().to_string()))?,
        };
        self.walk(number, path, place)
    }

    fn walk(&mut self, number: usize, path: &Path, place: DiskPlace) -> Result<(), ReadError> {
        let (at, below) = match place {
            DiskPlace::Absent => {
                self.absent.push(path.to_owned());
                return Ok(());
            }
            DiskPlace::InRepository(below) => (self.walk_of_repository(), below),
            DiskPlace::Below { top, path: below } => {
                self.walks.push(TreeWalk::new(Disk::below(top)));
                (self.walks.len() - 1, below)
            }
        };
        let Some(walk) = self.walks.get_mut(at) else {
            return Ok(());
        };
        if self.rules.ignore_files == IgnoreFiles::Obeyed {
            walk.tree.hide_ignored(&below);
        }
        let (files, unread) = (walk.files.len(), walk.unreadable.len());
        if !walk.root(number, path, &below, &mut self.budget)? {
            self.absent.push(path.to_owned());
        }
        let end = walk.files.len();
        // What a user names is there to be read, or the answer would be about something else.
        let name = shown(path);
        let refused = walk.unreadable.get(unread).filter(|file| file.name == name);
        if let (AskedBy::User, Some(file)) = (self.rules.asked_by, refused) {
            let why = file.why.clone();
            if matches!(why, WhyUnread::Submodule { .. }) && self.repository == Some(at) {
                walk.unreadable.truncate(unread);
                let own = disk::own_place(path).map_err(|why| ReadError::Path {
                    path: path.display().to_string(),
                    why,
                })?;
                return self.walk(number, path, own);
            }
            return Err(ReadError::Path {
                path: path.display().to_string(),
                why,
            });
        }
        self.parts.push(ReadingPart::Files(at, files..end));
        Ok(())
    }

    /// The number of the walk through the repository.
    fn walk_of_repository(&mut self) -> usize {
        if let Some(known) = self.repository {
            return known;
        }
        let top = self.working_folder.repository().unwrap_or(Path::new("."));
        let disk = Disk::of_repository(top.to_owned());
        let disk = match self.rules.asked_by {
            AskedBy::User => disk,
            AskedBy::Repository => disk.with_index(),
        };
        self.walks.push(TreeWalk::new(disk));
        *self.repository.insert(self.walks.len() - 1)
    }

    /// Reads what isn't a file to its end.
    fn stream(
        &mut self,
        name: &str,
        stream: impl Read,
        cannot: impl Fn(WhyUnread) -> ReadError,
    ) -> Result<(), ReadError> {
        let bytes = open::read_within(stream, 0, self.budget.file_bytes()).map_err(cannot)?;
        self.budget.take_file(bytes.len() as u64)?;
        self.parts.push(ReadingPart::Text(SourceText {
            name: name.to_owned(),
            bytes,
            named: true,
        }));
        Ok(())
    }

    fn read(mut self) -> Result<Reading, ReadError> {
        let mut reading = Reading {
            absent: self.absent,
            ..Reading::default()
        };
        let mut known: HashMap<PathBuf, usize> = HashMap::new();
        for part in self.parts {
            let (at, files) = match part {
                ReadingPart::Text(text) => {
                    reading.texts.push(text);
                    continue;
                }
                ReadingPart::Files(at, files) => (at, files),
            };
            let Some(walk) = self.walks.get(at) else {
                continue;
            };
            for file in walk.files.get(files).unwrap_or_default() {
                // A file that is reached twice, by name and in a folder, is read once.
                let full = walk.tree.full(&file.path);
                let text = known.get(&full).and_then(|&at| reading.texts.get_mut(at));
                if let Some(text) = text {
                    text.named |= file.named;
                    continue;
                }
                known.insert(full, reading.texts.len());
                match read_found(&walk.tree, file, &mut self.budget)? {
                    Ok(text) => reading.texts.push(text),
                    Err(why) if file.named && self.rules.asked_by == AskedBy::User => {
                        return Err(ReadError::Path {
                            path: file.name.clone(),
                            why,
                        });
                    }
                    Err(why) => reading.unreadable.push(unread(file.name.clone(), why)),
                }
            }
        }
        for (number, walk) in self.walks.into_iter().enumerate() {
            if let Some((name, error)) = walk.tree.untold() {
                let why = WhyUnread::Failed(error.to_string());
                reading.unreadable.push(unread(name.to_owned(), why));
            }
            reading.unreadable.extend(walk.unreadable);
            for mut folder in walk.rendered {
                for path in folder.kustomizations() {
                    // One that can't be read makes the whole folder one that can't be compared.
                    let text = walk.tree.read(&path, self.budget.file_bytes());
                    let text = text.unwrap_or_default();
                    folder.draw_on(&walk.tree, &path, &text, &mut self.budget)?;
                }
                let mut contents = Some(Vec::new());
                for path in folder.paths() {
                    let bytes = walk.tree.read(&path, self.budget.file_bytes());
                    match (bytes, &mut contents) {
                        (Ok(bytes), Some(contents)) => {
                            self.budget.take_file(bytes.len() as u64)?;
                            contents.push(Fingerprint::of(&bytes));
                        }
                        _ => contents = None,
                    }
                }
                reading.unreadable.push(folder.unreadable(contents));
            }
            let is_repository = self.repository == Some(number);
            let tree = Rc::new(SideTree::Disk(Box::new(walk.tree)));
            for root in walk.roots {
                let folder =
                    to_render(root, &tree, is_repository, self.rules, &self.working_folder);
                reading.folders.push(folder);
            }
        }
        Ok(reading)
    }
}

/// A folder to render, with the tree around it.
fn to_render(
    mut root: RenderedRoot,
    tree: &Rc<SideTree>,
    is_repository: bool,
    rules: ReadRules,
    working_folder: &WorkingFolder,
) -> FolderToRender {
    if is_repository {
        let here = working_folder.in_repository(Path::new(""));
        return FolderToRender::new(root, Rc::clone(tree), here, rules.limits);
    }
    let SideTree::Disk(disk) = &**tree else {
        return FolderToRender::new(root, Rc::clone(tree), None, rules.limits);
    };
    let full = disk.full(&root.path);
    let (top, path) = match rules.asked_by {
        AskedBy::User => folder::around(&full, working_folder),
        AskedBy::Repository => (disk.full(Path::new("")), root.path),
    };
    root.path = path;
    let here = working_folder.real_path();
    let here = here.and_then(|here| Some(here.strip_prefix(&top).ok()?.to_owned()));
    let tree = Rc::new(SideTree::Disk(Box::new(Disk::below(top))));
    FolderToRender::new(root, tree, here, rules.limits)
}

/// Whether a path is what a shell names a pipe with, as in `-f <(kustomize build)`.
pub(crate) fn is_stream(path: &Path) -> bool {
    path == Path::new("/dev/stdin")
        || path.starts_with("/dev/fd")
        || path.starts_with("/proc/self/fd")
}

fn read_found(
    disk: &Disk,
    file: &FoundFile,
    budget: &mut Budget,
) -> Result<Result<SourceText, WhyUnread>, ReadError> {
    let bytes = match disk.read(&file.path, budget.file_bytes()) {
        Ok(bytes) => bytes,
        Err(why) => return Ok(Err(why)),
    };
    budget.take_file(bytes.len() as u64)?;
    Ok(Ok(SourceText {
        name: file.name.clone(),
        bytes,
        named: file.named,
    }))
}

/// A file that can't be compared.
fn unread(name: String, why: WhyUnread) -> UnreadableFile {
    UnreadableFile {
        name,
        why,
        content: None,
    }
}

/// A path as a user would write it.
pub(crate) fn shown(path: &Path) -> String {
    match path.strip_prefix("./").unwrap_or(path) {
        here if here.as_os_str().is_empty() => ".".to_owned(),
        path => path.display().to_string(),
    }
}

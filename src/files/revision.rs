//! Commits: which one a word means, and reading its files out of the object database, without touching
//! the working tree.

use std::ffi::OsStr;
use std::fmt;
use std::path::PathBuf;
use std::rc::Rc;
use std::sync::{Arc, OnceLock};

use super::blobs::{contents, fingerprints};
use super::checkout;
use super::disk::WorkingFolder;
use super::folder::{FolderToRender, SideTree, seen_from};
use super::git::{self, GitError, answer, ask};
use super::limits::Budget;
use super::repository::{Repository, verify};
use super::revision_tree::RevisionTree;
use super::walk::TreeWalk;
use super::{ReadError, ReadLimits, Reading};
use crate::text::{SourceText, UnreadableFile};

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
        self.read_and_tell(paths, limits, |_| Ok(Vec::new()))
    }

    /// The same, and tells of files that git changes when it checks them out, since those are applied.
    ///
    /// # Errors
    /// As [`Revision::read`].
    pub fn read_to_apply(
        &self,
        paths: &[PathBuf],
        limits: ReadLimits,
    ) -> Result<Reading, ReadError> {
        self.read_and_tell(paths, limits, |walk| {
            checkout::changed(&self.top, &self.commit, &walk.tree, &walk.files)
        })
    }

    fn read_and_tell(
        &self,
        paths: &[PathBuf],
        limits: ReadLimits,
        tell: impl FnOnce(&TreeWalk<Arc<RevisionTree>>) -> Result<Vec<UnreadableFile>, GitError>,
    ) -> Result<Reading, ReadError> {
        let mut budget = Budget::new(limits);
        let tree = self.tree(limits)?;
        let mut walk = TreeWalk::new(tree);
        let mut reading = Reading::default();
        let working_folder = WorkingFolder::find().map_err(ReadError::WorkingFolder)?;
        for (number, path) in paths.iter().enumerate() {
            let Some(in_tree) = working_folder.in_repository(path) else {
                return Err(ReadError::Outside(path.display().to_string()));
            };
            // A revision is shown as seen from the working folder, whatever form the path has.
            let name = if path.is_absolute() {
                seen_from(&self.prefix, &in_tree)
            } else {
                path.clone()
            };
            if !walk.root(number, &name, &in_tree, &mut budget)? {
                reading.absent.push(path.clone());
            }
        }
        let ids = walk.files.iter().map(|file| walk.tree.id(&file.path));
        let ids: Vec<String> = ids.collect::<Result<_, _>>()?;
        let mut read = contents(&self.top, &ids, &mut budget)?.into_iter();
        let told = tell(&walk)?;
        for file in walk.files {
            match read.next().ok_or(GitError::Unexpected)? {
                Ok(bytes) => reading.texts.push(SourceText {
                    name: file.name,
                    bytes,
                    named: file.named,
                }),
                Err(why) => walk.unreadable.push(super::unread(file.name, why)),
            }
        }
        reading.unreadable = walk.unreadable;
        reading.unreadable.extend(told);
        for mut folder in walk.rendered {
            let kustomizations = folder.kustomizations();
            let ids = walk.tree.ids(&kustomizations)?;
            let texts = contents(&self.top, &ids, &mut budget)?;
            for (path, text) in kustomizations.iter().zip(texts) {
                // One that can't be read makes the whole folder one that can't be compared.
                folder.draw_on(&walk.tree, path, &text.unwrap_or_default(), &mut budget)?;
            }
            let ids = walk.tree.ids(&folder.paths())?;
            let contents = fingerprints(&self.top, &ids, &mut budget)?;
            reading.unreadable.push(folder.unreadable(contents));
        }
        let tree = Rc::new(SideTree::Revision {
            commit: self.commit.clone(),
            tree: walk.tree,
        });
        for root in walk.roots {
            let (tree, here) = (Rc::clone(&tree), Some(self.prefix.clone()));
            let folder = FolderToRender::new(root, tree, here, limits);
            reading.folders.push(folder);
        }
        Ok(reading)
    }

    fn tree(&self, limits: ReadLimits) -> Result<Arc<RevisionTree>, ReadError> {
        if let Some(known) = self.tree.get() {
            return Ok(Arc::clone(known));
        }
        // It is looked at to be listed, and what is read of it once more.
        let mut budget = Budget::new(limits);
        let mut tree = RevisionTree::of(&self.top);
        let args = ["ls-tree", "-r", "-t", "-z", "--full-tree", &self.commit];
        let mut running = git::start(&self.top, &args)?;
        let read = git::for_each_item(&mut running, |item| {
            let path = tree.add(item)?;
            budget.look_at(1, &path)
        });
        if let Err(error) = read {
            running.stop();
            return Err(error);
        }
        running.finish()?;
        let tree = Arc::new(tree.sorted()?);
        Ok(Arc::clone(self.tree.get_or_init(|| tree)))
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

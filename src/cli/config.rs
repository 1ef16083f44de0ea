//! `.rbac-eval.yaml`: what to read where `-f` says nothing.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::environment::{self, Environment, IgnoreEntry};
use super::exit::Failure;
use crate::files::{AskedBy, ReadError, ReadLimits, ReadRules, Revision, read_paths};
use crate::text::yaml;
use crate::text::{SourceText, WhyUnread};

/// The name of the file.
pub(super) const FILE_NAME: &str = ".rbac-eval.yaml";

/// What the file is for, in a sentence.
pub(super) const WHAT_IT_SAYS: &str = "Where -f isn't given, the nearest one from the working folder \
    upward says what is read: files, a directory, a default policy, the environments of a repository, and \
    the findings that check ignores.";

/// The most bytes of the file. It says little.
const MAX_BYTES: u64 = 1 << 20;

/// The most bytes of a path that it names.
const MAX_PATH_BYTES: usize = 4096;

/// What the file says.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Config {
    /// Files and folders, relative to the file's own folder.
    #[serde(default)]
    pub(super) files: Vec<PathBuf>,
    /// As `--directory`, relative to the file's own folder.
    #[serde(default)]
    pub(super) directory: Vec<PathBuf>,
    /// As `--kubernetes-version`.
    #[serde(default, rename = "kubernetesVersion")]
    pub(super) kubernetes_version: Option<String>,
    /// As `--defaults`.
    #[serde(default)]
    pub(super) defaults: Option<String>,
    /// Findings that `check` ignores, in all environments.
    #[serde(default)]
    pub(super) ignore: Vec<IgnoreEntry>,
    /// The clusters that the repository is for, in place of `files`.
    #[serde(default)]
    pub(super) environments: Vec<Environment>,
}

/// A configuration, and the folder that holds it, as reached from the working folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct FoundConfig {
    pub(super) folder: PathBuf,
    pub(super) config: Config,
}

impl FoundConfig {
    /// The file, as reached from the working folder.
    pub(super) fn path(&self) -> PathBuf {
        self.folder.join(FILE_NAME)
    }
}

/// The nearest configuration from the working folder upward.
pub(super) fn nearest() -> Result<Option<FoundConfig>, Failure> {
    for folder in upward()? {
        if let Some(found) = in_folder(&folder)? {
            return Ok(Some(found));
        }
    }
    Ok(None)
}

/// The same, as it is in a revision. Where the revision has none, one beyond its repository counts,
/// which no change of the repository reaches.
pub(super) fn nearest_in(
    revision: &Revision,
    most: ReadLimits,
) -> Result<Option<FoundConfig>, Failure> {
    let folders = upward()?;
    let (inside, beyond) = folders.split_at(folders.len().min(revision.depth() + 1));
    let paths: Vec<PathBuf> = inside.iter().map(|folder| folder.join(FILE_NAME)).collect();
    let reading = revision.read(&paths, limits(most));
    let reading = reading.map_err(|error| Failure::message(error.to_string()))?;
    for (folder, path) in inside.iter().zip(paths) {
        let name = path.display().to_string();
        if let Some(file) = reading.unreadable.iter().find(|file| file.name == name) {
            return Err(cannot_read(&format!("{revision}:{name}"), &file.why));
        }
        if let Some(text) = reading.texts.iter().find(|text| text.name == name) {
            return Ok(Some(FoundConfig {
                folder: folder.clone(),
                config: parse(&format!("{revision}:{name}"), text)?,
            }));
        }
    }
    for folder in beyond {
        if let Some(found) = in_folder(folder)? {
            return Ok(Some(found));
        }
    }
    Ok(None)
}

/// The configuration of this very folder.
pub(super) fn in_folder(folder: &Path) -> Result<Option<FoundConfig>, Failure> {
    let path = folder.join(FILE_NAME);
    let found = std::fs::symlink_metadata(&path);
    if found.is_err_and(|error| error.kind() == ErrorKind::NotFound) {
        return Ok(None);
    }
    let rules = |asked_by| ReadRules {
        asked_by,
        limits: limits(ReadLimits::default()),
        ..ReadRules::default()
    };
    let paths = [path];
    // Beyond the repository it is the user's own.
    let reading = match read_paths(&paths, rules(AskedBy::Repository)) {
        Err(ReadError::Outside(_)) => read_paths(&paths, rules(AskedBy::User)),
        reading => reading,
    };
    let reading = reading.map_err(|error| Failure::message(error.to_string()))?;
    if let Some(file) = reading.unreadable.first() {
        return Err(cannot_read(&file.name, &file.why));
    }
    // A folder of this name is none.
    let Some(text) = reading.texts.first().filter(|text| text.named) else {
        return Ok(None);
    };
    Ok(Some(FoundConfig {
        folder: folder.to_owned(),
        config: parse(&text.name, text)?,
    }))
}

/// So much of a tree is looked through, and so much is read of the file.
fn limits(most: ReadLimits) -> ReadLimits {
    ReadLimits {
        bytes: MAX_BYTES,
        ..most
    }
}

/// The working folder and those above it, as reached from there.
fn upward() -> Result<Vec<PathBuf>, Failure> {
    let working = std::env::current_dir()
        .map_err(|error| Failure::message(format!("cannot tell the working folder: {error}")))?;
    let mut reached = PathBuf::new();
    let mut folders = Vec::new();
    for _ in working.ancestors() {
        folders.push(reached.clone());
        reached.push("..");
    }
    Ok(folders)
}

fn cannot_read(name: &str, why: &WhyUnread) -> Failure {
    if let WhyUnread::TooLarge { limit } = why {
        return Failure::message(format!(
            "cannot read `{name}`: it is larger than {limit} bytes, the most that settings have"
        ));
    }
    Failure::message(format!("cannot read `{name}`: {why}"))
}

fn parse(name: &str, text: &SourceText) -> Result<Config, Failure> {
    let content = str::from_utf8(&text.bytes)
        .map_err(|_| Failure::message(format!("{name}: it is not UTF-8")))?;
    let read = yaml::document(content).and_then(|document| document.read::<Option<Config>>());
    let config = read.map_err(|error| {
        let span = error.span();
        Failure::message(format!("{name}:{}:{}: {error}", span.line, span.column))
    })?;
    let config = config.unwrap_or_default();
    let told = |why: String| Failure::message(format!("{name}: {why}"));
    if !config.environments.is_empty() && !config.files.is_empty() {
        return Err(told(
            "`files` and `environments` can't both be given; name the files in an environment"
                .to_owned(),
        ));
    }
    environment::check(&config.environments).map_err(told)?;
    let paths = config.environments.iter().flat_map(Environment::paths);
    let paths = paths.chain(&config.files).chain(&config.directory);
    let longest = paths.map(|path| path.as_os_str().len()).max();
    if longest > Some(MAX_PATH_BYTES) {
        return Err(Failure::message(format!(
            "{name}: it names a path of more than {MAX_PATH_BYTES} bytes, the most that systems take"
        )));
    }
    Ok(config)
}

//! `.rbac-eval.yaml`: what to read where `-f` says nothing.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::exit::Failure;

/// The name of the file.
pub(super) const FILE_NAME: &str = ".rbac-eval.yaml";

/// What the file says.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Config {
    /// Files and folders, relative to the file's own folder.
    #[serde(default)]
    pub(super) files: Vec<PathBuf>,
    /// As `--directory`, relative to the file's own folder.
    #[serde(default)]
    pub(super) directory: Vec<PathBuf>,
    /// As `--defaults`.
    #[serde(default)]
    pub(super) defaults: Option<String>,
}

/// The nearest configuration from the working folder upward, and the folder that holds it, as
/// reached from the working folder.
pub(super) fn nearest() -> Result<Option<(PathBuf, Config)>, Failure> {
    let working = std::env::current_dir()
        .map_err(|error| Failure::message(format!("cannot tell the working folder: {error}")))?;
    let mut reached = PathBuf::new();
    for folder in working.ancestors() {
        let path = folder.join(FILE_NAME);
        match fs::read_to_string(&path) {
            Ok(text) => {
                let shown = reached.join(FILE_NAME);
                return Ok(Some((reached.clone(), parse(&shown, &text)?)));
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => {
                return Err(Failure::message(format!(
                    "cannot read `{}`: {error}",
                    path.display()
                )));
            }
        }
        reached.push("..");
    }
    Ok(None)
}

fn parse(path: &Path, text: &str) -> Result<Config, Failure> {
    let has_content = text
        .lines()
        .any(|line| !line.trim().is_empty() && !line.trim_start().starts_with('#'));
    if !has_content {
        return Ok(Config::default());
    }
    serde_yaml::from_str(text).map_err(|error| {
        let place = error.location().map_or_else(String::new, |location| {
            format!(":{}:{}", location.line(), location.column())
        });
        Failure::message(format!("{}{place}: {error}", path.display()))
    })
}

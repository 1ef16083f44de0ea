//! Programs that must not run.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use pretty_assertions::assert_eq;
use tempfile::TempDir;

use super::gates::run;

/// Every way to ask git for something.
pub const COMMANDS: [&[&str]; 6] = [
    &["diff", "main"],
    &["diff", "main...HEAD"],
    &["diff", "main", "HEAD", "-f", "."],
    &["test", "tests/secrets.yaml", "--base", "main"],
    &["check"],
    &["can-i", "get", "secrets", "--as", "eve"],
];

/// A program that leaves a mark when it runs.
pub struct Trap {
    folder: TempDir,
}

impl Trap {
    pub fn new() -> Self {
        let folder = TempDir::new().unwrap();
        let program = folder.path().join("run");
        let mark = folder.path().join("mark");
        fs::write(
            &program,
            format!("#!/bin/sh\necho \"$0 $*\" >> '{}'\n", mark.display()),
        )
        .unwrap();
        fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
        Trap { folder }
    }

    pub fn program(&self) -> String {
        self.folder.path().join("run").display().to_string()
    }

    /// What ran, if anything did.
    pub fn mark(&self) -> Option<String> {
        fs::read_to_string(self.mark_path()).ok()
    }

    /// Where the mark would be.
    pub fn mark_path(&self) -> PathBuf {
        self.folder.path().join("mark")
    }

    /// Runs all commands in a folder, and holds that nothing ran.
    #[track_caller]
    pub fn holds(&self, case: &str, folder: &Path) {
        for command in COMMANDS {
            run(folder, command);
            assert_eq!(self.mark(), None, "{case}: {command:?}");
        }
    }
}

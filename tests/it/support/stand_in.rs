//! Programs that stand in for kubectl, kustomize and Helm: they take the same arguments and print what was
//! recorded. No other program of these names is found while one stands in.

use std::fs;
use std::io::Write;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use tempfile::TempDir;

/// What stand-ins are made of, and what else `rbac-eval` needs.
const HELPERS: [&str; 7] = ["cat", "env", "git", "ls", "sh", "sleep", "head"];

/// A folder of programs.
pub struct StandIns {
    folder: TempDir,
}

impl StandIns {
    /// None yet.
    pub fn new() -> Self {
        let stand_ins = StandIns {
            folder: TempDir::new().unwrap(),
        };
        fs::create_dir(stand_ins.bin()).unwrap();
        for name in HELPERS {
            symlink(on_path(name).unwrap(), stand_ins.bin().join(name)).unwrap();
        }
        stand_ins
    }

    /// With one more, which runs a script of `sh`.
    pub fn with(self, name: &str, script: &str) -> Self {
        write_program(&self.bin().join(name), script);
        self
    }

    /// With one that prints a text, and notes how it was called.
    pub fn printing(self, name: &str, text: &str) -> Self {
        let recorded = self.folder.path().join(format!("{name}.txt"));
        fs::write(&recorded, text).unwrap();
        let note = self.note().display().to_string();
        let script = format!(
            "echo \"$0 $*\" >> '{note}'\nenv >> '{note}'\nls -a \"$HOME\" >> '{note}'\n\
             cat '{}'\n",
            recorded.display()
        );
        self.with(name, &script)
    }

    /// The folder of the programs.
    pub fn bin(&self) -> PathBuf {
        self.folder.path().join("bin")
    }

    fn note(&self) -> PathBuf {
        self.folder.path().join("note")
    }

    /// How they were called.
    pub fn noted(&self) -> String {
        fs::read_to_string(self.note()).unwrap_or_default()
    }

    /// Runs `rbac-eval` in a folder, where these programs are found.
    pub fn run(&self, folder: &Path, args: &[&str]) -> Output {
        run_with_path(folder, &self.bin().display().to_string(), args)
    }
}

/// Runs `rbac-eval` in a folder, with this `PATH`.
pub fn run_with_path(folder: &Path, path: &str, args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_rbac-eval"))
        .args(args)
        .current_dir(folder)
        .env("NO_COLOR", "1")
        .env("PATH", path)
        .env("SECRET_OF_THE_USER", "hunter2")
        .output()
        .unwrap()
}

/// Writes a program. Another process does, so that none of this one's children holds it open.
pub fn write_program(path: &Path, script: &str) {
    let mut writer = Command::new("/bin/sh")
        .args(["-c", "cat > \"$0\" && chmod 755 \"$0\""])
        .arg(path)
        .stdin(Stdio::piped())
        .spawn()
        .unwrap();
    let script = format!("#!/bin/sh\n{script}");
    let mut stdin = writer.stdin.take().unwrap();
    stdin.write_all(script.as_bytes()).unwrap();
    drop(stdin);
    assert!(writer.wait().unwrap().success());
}

/// A program of this machine.
pub fn on_path(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path)
        .map(|folder| folder.join(name))
        .find(|program| program.is_file())
}

/// The version of this machine's kubectl where it is new enough to be held against; none is told.
pub fn kubectl() -> Option<()> {
    const OLDEST: u32 = 27;
    let newest = || {
        let output = Command::new(on_path("kubectl")?)
            .args(["version", "--client", "-o", "json"])
            .output()
            .ok()?;
        let answer: serde_json::Value = serde_json::from_slice(&output.stdout).ok()?;
        let minor = answer["clientVersion"]["minor"].as_str()?;
        minor.trim_end_matches('+').parse::<u32>().ok()
    };
    if newest().is_some_and(|minor| minor >= OLDEST) {
        return Some(());
    }
    super::not_held("no kubectl of 1.27 or newer is on PATH, so what it renders isn't held");
    None
}

//! Steps of a GitHub action and of a template for Azure Pipelines, run as their runners would, in a
//! sandbox: a repository with a pull request, a folder of the runner, and an API on this machine.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;
use tempfile::TempDir;

use super::gates::{git, git_answer, text};
use super::loopback::{assert_no_commands, needs_programs};
use super::stand_in::write_program;

/// A file of this repository as YAML.
pub fn yaml(path: &str) -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    serde_yaml::from_str(&fs::read_to_string(path).unwrap()).unwrap()
}

/// A runner with a checkout of a pull request.
pub struct Runner {
    /// Everything else is below it.
    pub folder: TempDir,
    /// The checkout.
    pub checkout: TempDir,
    /// What every step sees.
    pub environment: BTreeMap<String, String>,
}

impl Runner {
    /// Of a repository whose branch `change` is checked out, as a runner does: what the pull request goes to
    /// is a branch of the remote.
    pub fn of(checkout: TempDir) -> Self {
        git(
            checkout.path(),
            &["update-ref", "refs/remotes/origin/main", "main"],
        );
        let folder = TempDir::new().unwrap();
        let bin = folder.path().join("bin");
        fs::create_dir(&bin).unwrap();
        fs::create_dir(folder.path().join("temp")).unwrap();
        // In place of `cargo install`, which would take minutes.
        write_program(
            &bin.join("cargo"),
            &format!(
                "echo \"$PWD $*\" >> '{0}'\n[ \"$1\" = install ] || exit 64\n\
                 while [ \"$1\" != --root ]; do shift; done\nmkdir -p \"$2/bin\"\n\
                 ln -s '{1}' \"$2/bin/rbac-eval\"\n",
                folder.path().join("cargo.log").display(),
                env!("CARGO_BIN_EXE_rbac-eval")
            ),
        );
        let path = format!("{}:{}", bin.display(), std::env::var("PATH").unwrap());
        let environment = [("PATH", path), ("NO_COLOR", "1".to_owned())];
        Runner {
            environment: environment
                .map(|(name, value)| (name.to_owned(), value))
                .into(),
            folder,
            checkout,
        }
    }

    pub fn set(&mut self, name: &str, value: impl Into<String>) {
        self.environment.insert(name.to_owned(), value.into());
    }

    /// A path of the runner.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// What stands in a file of the runner, if anything.
    pub fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap_or_default()
    }

    /// The commit that is checked out.
    pub fn head(&self) -> String {
        git_answer(self.checkout.path(), &["rev-parse", "HEAD"])
    }

    /// How `cargo` was called.
    pub fn cargo(&self) -> String {
        self.read("cargo.log")
    }

    /// Runs a script as `bash` in a folder of the checkout, with more variables, and says how it ended and
    /// what it printed.
    pub fn step(
        &self,
        code: &str,
        folder: &Path,
        environment: &[(String, String)],
    ) -> (i32, String) {
        assert!(
            !code.contains("${{") && !code.contains("$("),
            "what comes from outside stands in a script: {code}"
        );
        let file = self.path("step.sh");
        fs::write(&file, code).unwrap();
        needs_programs();
        // As both runners call it.
        let output = Command::new("bash")
            .args(["--noprofile", "--norc", "-e", "-o", "pipefail"])
            .arg(&file)
            .env_clear()
            .env("NO_PROXY", "*")
            .envs(&self.environment)
            .envs(environment.iter().cloned())
            .current_dir(folder)
            .output()
            .unwrap();
        let log = text(&output);
        assert_no_commands(&log);
        (output.status.code().unwrap(), log)
    }
}

/// A text whose expressions (`${{ … }}`) are replaced by what `of` knows of them; it has to know each.
pub fn replaced(text: &str, of: impl Fn(&str) -> Option<String>) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("${{") {
        let (expression, after) = after.split_once("}}").expect("an expression ends");
        let expression = expression.trim();
        out += before;
        out += &of(expression).unwrap_or_else(|| panic!("`{expression}` isn't known here"));
        rest = after;
    }
    out + rest
}

//! Real repositories whose branch `change` differs from `main`, and both gates held against them.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use pretty_assertions::assert_eq;
use tempfile::TempDir;

pub const RBAC: &str = "apiVersion: rbac.authorization.k8s.io/v1\n";

/// What everyone starts from: alice may look, and an assertion says that nobody reads secrets.
const BASE: [(&str, &str); 3] = [
    (
        "rbac/view.yaml",
        "apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRoleBinding\n\
         metadata: {name: view}\nroleRef: {kind: ClusterRole, name: view}\n\
         subjects: [{kind: User, name: alice}]\n",
    ),
    (".gitignore", "build/\n"),
    (
        "tests/secrets.yaml",
        "assertions:\n- name: nobody reads secrets\n  \
         noOne: {verb: get, resource: secrets, namespace: default}\n",
    ),
];

/// A binding of eve to a role.
pub fn bound(role: &str) -> String {
    format!(
        "{RBAC}kind: ClusterRoleBinding\nmetadata: {{name: eve}}\n\
         roleRef: {{kind: ClusterRole, name: {role}}}\nsubjects: [{{kind: User, name: eve}}]\n"
    )
}

pub fn run(folder: &Path, args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_rbac-eval"))
        .args(args)
        .current_dir(folder)
        .env("NO_COLOR", "1")
        .output()
        .unwrap()
}

pub fn git(folder: &Path, args: &[&str]) {
    let output = Command::new("git")
        .args(["-c", "user.name=t", "-c", "user.email=t@example.com"])
        .args(["-c", "protocol.file.allow=always"])
        .args(args)
        .current_dir(folder)
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .output()
        .unwrap();
    assert!(output.status.success(), "{args:?}: {output:?}");
}

pub fn put(folder: &Path, name: &str, content: &str) {
    let path = folder.join(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, content).unwrap();
}

/// A repository of these files on `main`, with a branch `change` checked out.
pub fn repository(files: &[(&str, &str)]) -> TempDir {
    let folder = TempDir::new().unwrap();
    git(
        folder.path(),
        &["init", "--quiet", "--initial-branch", "main"],
    );
    for (name, content) in BASE.iter().chain(files) {
        put(folder.path(), name, content);
    }
    commit(folder.path());
    git(folder.path(), &["switch", "--quiet", "--create", "change"]);
    folder
}

pub fn commit(folder: &Path) {
    git(folder, &["add", "--all", "--force"]);
    git(folder, &["commit", "--quiet", "--message", "x"]);
}

/// The exit codes of both gates, each by itself, and what `diff` says isn't judged.
pub fn gates(folder: &Path) -> (Option<i32>, Option<i32>, String) {
    let diff = run(
        folder,
        &["diff", "main...HEAD", "--fail-on", "high", "-o", "json"],
    );
    let test = run(folder, &["test", "tests/secrets.yaml", "--base", "main"]);
    let said = format!(
        "{}{}{}",
        String::from_utf8_lossy(&diff.stdout),
        String::from_utf8_lossy(&diff.stderr),
        String::from_utf8_lossy(&test.stderr)
    );
    (diff.status.code(), test.status.code(), said)
}

pub fn red(case: &str, files: &[(&str, &str)], change: impl FnOnce(&Path)) {
    let folder = repository(files);
    change(folder.path());
    let (diff, test, said) = gates(folder.path());
    assert!(
        diff.is_some_and(|code| code > 0),
        "{case}: diff {diff:?}\n{said}"
    );
    assert!(
        test.is_some_and(|code| code > 0),
        "{case}: test {test:?}\n{said}"
    );
}

pub fn green(case: &str, files: &[(&str, &str)], change: impl FnOnce(&Path)) {
    let folder = repository(files);
    change(folder.path());
    let (diff, test, said) = gates(folder.path());
    assert_eq!((diff, test), (Some(0), Some(0)), "{case}\n{said}");
}

/// Commits one more file.
pub fn adds<'a>(name: &'a str, content: &'a str) -> impl FnOnce(&Path) + 'a {
    move |folder| {
        put(folder, name, content);
        commit(folder);
    }
}

/// A repository whose branch lets eve do everything.
pub fn hiding() -> TempDir {
    let folder = repository(&[]);
    adds("eve.yaml", &bound("cluster-admin"))(folder.path());
    folder
}

/// All that was said.
pub fn text(output: &Output) -> String {
    format!(
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    )
}

/// What git answers, in one line.
pub fn git_answer(folder: &Path, args: &[&str]) -> String {
    let output = Command::new("git")
        .args(args)
        .current_dir(folder)
        .output()
        .unwrap();
    assert!(output.status.success(), "{args:?}: {output:?}");
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

/// Adds to the settings of a repository, without git, which might obey them.
pub fn configure(folder: &Path, text: &str) {
    let config = folder.join(".git/config");
    let before = fs::read_to_string(&config).unwrap();
    fs::write(config, before + text).unwrap();
}

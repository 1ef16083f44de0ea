//! Which repository is taken: that of the working folder, whatever a stranger's `.git` and variables name.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;

use pretty_assertions::assert_eq;
use tempfile::TempDir;

use crate::support::gates::{adds, bound, configure, git, hiding, put, repository, run, text};
use crate::support::not_held;
use crate::support::trap::Trap;

/// A repository elsewhere, which nothing of may be shown.
fn private() -> TempDir {
    let folder = repository(&[]);
    let secret = bound("cluster-admin").replace("eve", "private-user");
    adds("secret.yaml", &secret)(folder.path());
    folder
}

/// Holds that nothing of another repository is taken, and that it is told.
#[track_caller]
fn refuses(case: &str, folder: &Path) {
    for command in [
        &["diff", "main", "change"][..],
        &["diff", "main"],
        &["diff", "HEAD~1", "HEAD"],
        &["test", "tests/secrets.yaml", "--base", "HEAD~1"],
    ] {
        let output = run(folder, command);
        let said = text(&output);
        assert_eq!(output.status.code(), Some(2), "{case} {command:?}: {said}");
        assert!(!said.contains("private-user"), "{case} {command:?}: {said}");
        assert!(said.contains("repository"), "{case} {command:?}: {said}");
    }
}

#[test]
fn a_repository_elsewhere_is_not_taken() {
    let private = private();
    let git_folder = private.path().join(".git");

    let folder = TempDir::new().unwrap();
    put(
        folder.path(),
        ".git",
        &format!("gitdir: {}\n", git_folder.display()),
    );
    put(folder.path(), "tests/secrets.yaml", "assertions: []\n");
    refuses("a file", folder.path());

    let folder = TempDir::new().unwrap();
    symlink(&git_folder, folder.path().join(".git")).unwrap();
    refuses("a link", folder.path());

    let folder = hiding();
    put(
        folder.path(),
        ".git/commondir",
        &git_folder.display().to_string(),
    );
    refuses("commondir", folder.path());

    // A worktree of the other, which has its own folder.
    git(private.path(), &["branch", "side", "change"]);
    let worktree = private.path().join("../").join("worktree-of-private");
    let worktrees = TempDir::new().unwrap();
    let worktree = worktrees.path().join(worktree.file_name().unwrap());
    git(
        private.path(),
        &[
            "worktree",
            "add",
            "--quiet",
            worktree.to_str().unwrap(),
            "side",
        ],
    );
    let folder = TempDir::new().unwrap();
    fs::copy(worktree.join(".git"), folder.path().join(".git")).unwrap();
    refuses("another's worktree", folder.path());
    // The worktree itself is one.
    let output = run(&worktree, &["diff", "main", "change"]);
    assert_eq!(output.status.code(), Some(1), "{}", text(&output));

    let folder = hiding();
    git(
        folder.path(),
        &["config", "core.worktree", private.path().to_str().unwrap()],
    );
    refuses("core.worktree", folder.path());
}

#[test]
fn a_submodule_is_a_repository_of_its_own() {
    let (outer, other) = (repository(&[]), private());
    let url = other.path().display().to_string();
    git(
        outer.path(),
        &["submodule", "--quiet", "add", "-b", "change", &url, "sub"],
    );
    let sub = outer.path().join("sub");
    git(&sub, &["branch", "main", "origin/main"]);
    let output = run(&sub, &["diff", "main", "change"]);
    assert_eq!(output.status.code(), Some(1), "{}", text(&output));
}

#[test]
fn a_repository_that_lies_apart_names_its_folder() {
    let folder = hiding();
    let apart = TempDir::new().unwrap();
    let apart = apart.path().join("git");
    fs::rename(folder.path().join(".git"), &apart).unwrap();
    put(
        folder.path(),
        ".git",
        &format!("gitdir: {}\n", apart.display()),
    );
    let output = run(folder.path(), &["diff", "main", "change"]);
    assert_eq!(output.status.code(), Some(2));
    let said = text(&output);
    assert!(said.contains("core.worktree"), "{said}");
    git(
        folder.path(),
        &["config", "core.worktree", folder.path().to_str().unwrap()],
    );
    let output = run(folder.path(), &["diff", "main", "change"]);
    assert_eq!(output.status.code(), Some(1), "{}", text(&output));
}

#[test]
fn variables_name_no_other_repository_and_no_program() {
    let (folder, private, trap) = (hiding(), private(), Trap::new());
    let git_folder = private.path().join(".git");
    let program = PathBuf::from(trap.program());
    let trace = trap.mark_path();
    for (name, value) in [
        ("GIT_DIR", &git_folder),
        ("GIT_COMMON_DIR", &git_folder),
        ("GIT_WORK_TREE", &private.path().to_owned()),
        ("GIT_INDEX_FILE", &git_folder.join("index")),
        ("GIT_OBJECT_DIRECTORY", &git_folder.join("objects")),
        (
            "GIT_ALTERNATE_OBJECT_DIRECTORIES",
            &git_folder.join("objects"),
        ),
        ("GIT_NAMESPACE", &PathBuf::from("x")),
        ("GIT_EXTERNAL_DIFF", &program),
        ("GIT_PAGER", &program),
        ("GIT_SSH", &program),
        ("GIT_SSH_COMMAND", &program),
        ("GIT_ASKPASS", &program),
        ("GIT_PROXY_COMMAND", &program),
        ("GIT_TRACE", &trace),
        ("GIT_TRACE2_EVENT", &trace),
        (
            "GIT_CONFIG_PARAMETERS",
            &PathBuf::from(format!("'core.fsmonitor'='{}'", trap.program())),
        ),
    ] {
        let output = Command::new(env!("CARGO_BIN_EXE_rbac-eval"))
            .args(["diff", "main...HEAD", "--fail-on", "high"])
            .current_dir(folder.path())
            .env(name, value)
            .output()
            .unwrap();
        let said = text(&output);
        assert_eq!(output.status.code(), Some(1), "{name}: {said}");
        assert!(
            said.contains("eve") && !said.contains("private-user"),
            "{name}: {said}"
        );
        assert_eq!(trap.mark(), None, "{name}");
    }
}

/// Git refuses what is another user's, and a word that may be a revision is no path then.
#[test]
fn another_user_s_repository_is_told() {
    let folder = hiding();
    let output = Command::new("chown")
        .args(["--recursive", "12345"])
        .arg(folder.path())
        .output()
        .unwrap();
    if !output.status.success() {
        not_held("only root can give files away, so no other user's are asked");
        return;
    }
    put(folder.path(), "main", &bound("cluster-admin"));
    for command in [
        &["diff", "main"][..],
        &["diff", "main", "HEAD"],
        &["diff", "HEAD"],
    ] {
        let output = run(folder.path(), command);
        let said = text(&output);
        assert_eq!(output.status.code(), Some(2), "{command:?}: {said}");
        assert!(said.contains("safe.directory"), "{command:?}: {said}");
    }
    let output = run(folder.path(), &["diff", "path:main", "path:eve.yaml"]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output));
}

/// What `actions/checkout` makes of a pull request: the merge commit of the two, checked out by its ref.
#[test]
fn a_checkout_of_ci_is_read() {
    let origin = hiding();
    git(origin.path(), &["switch", "--quiet", "main"]);
    git(
        origin.path(),
        &[
            "merge",
            "--quiet",
            "--no-ff",
            "--message",
            "merge",
            "change",
        ],
    );
    git(origin.path(), &["update-ref", "refs/pull/1/merge", "main"]);
    git(origin.path(), &["reset", "--quiet", "--hard", "main~1"]);
    for (case, depth) in [("all", None), ("one", Some("--depth=1"))] {
        let folder = TempDir::new().unwrap();
        let path = folder.path();
        git(path, &["init", "--quiet"]);
        let url = format!("file://{}", origin.path().display());
        git(path, &["remote", "add", "origin", &url]);
        git(path, &["config", "--local", "gc.auto", "0"]);
        configure(
            path,
            "[http \"https://github.com/\"]\n\textraheader = AUTHORIZATION: basic x\n\
             [includeIf \"gitdir:/elsewhere/.git\"]\n\tpath = /elsewhere/credentials\n\
             [core]\n\tsshCommand = ssh -o IdentitiesOnly=yes\n",
        );
        let mut fetch = vec![
            "-c",
            "protocol.version=2",
            "fetch",
            "--quiet",
            "--no-tags",
            "--prune",
            "--no-recurse-submodules",
        ];
        fetch.extend(depth);
        fetch.extend([
            "origin",
            "+refs/heads/*:refs/remotes/origin/*",
            "+refs/pull/1/merge:refs/remotes/pull/1/merge",
        ]);
        git(path, &fetch);
        git(
            path,
            &[
                "checkout",
                "--quiet",
                "--force",
                "refs/remotes/pull/1/merge",
            ],
        );
        let output = run(path, &["diff", "origin/main", "--fail-on", "high"]);
        let said = text(&output);
        if depth.is_none() {
            assert_eq!(output.status.code(), Some(1), "{case}: {said}");
            assert!(said.contains("eve"), "{case}: {said}");
        } else {
            assert_eq!(output.status.code(), Some(2), "{case}: {said}");
            assert!(said.contains("fetch-depth: 0"), "{case}: {said}");
        }
        // Tips are compared at any depth.
        let output = run(path, &["diff", "origin/main", "HEAD", "--fail-on", "high"]);
        assert_eq!(output.status.code(), Some(1), "{case}: {}", text(&output));
        let output = run(path, &["check"]);
        assert_eq!(output.status.code(), Some(0), "{case}: {}", text(&output));
    }
}

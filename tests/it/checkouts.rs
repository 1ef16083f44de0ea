//! Where a checkout isn't what its commit holds: sparse checkouts, files that git changes on the way,
//! and what git's index says of files.

use std::fs;
use std::path::Path;
use std::process::Command;

use pretty_assertions::assert_eq;
use serde_json::Value;
use tempfile::TempDir;

use crate::support::gates::{
    adds, bound, commit, configure, gates, git, put, red, repository, run, text,
};

/// What `diff main` says of the working tree, and `test`.
fn on_disk(folder: &Path) -> (Option<i32>, Option<i32>, String) {
    let diff = run(folder, &["diff", "main", "--fail-on", "high"]);
    let test = run(folder, &["test", "tests/secrets.yaml", "--base", "main"]);
    let said = text(&diff) + &text(&test);
    (diff.status.code(), test.status.code(), said)
}

#[test]
fn what_a_sparse_checkout_leaves_out_is_read() {
    let view = bound("view").replace("eve", "carol");
    let folder = repository(&[("elsewhere/deep/carol.yaml", &view)]);
    let path = folder.path();
    git(path, &["sparse-checkout", "set", "rbac", "tests"]);
    assert!(!path.join("elsewhere").exists());
    assert_eq!(on_disk(path).0, Some(0), "{}", on_disk(path).2);
    // A grant beyond what is checked out.
    git(path, &["sparse-checkout", "disable"]);
    put(path, "elsewhere/deep/eve.yaml", &bound("cluster-admin"));
    commit(path);
    git(path, &["sparse-checkout", "set", "rbac", "tests"]);
    assert!(!path.join("elsewhere").exists());
    let (diff, test, said) = on_disk(path);
    assert_eq!((diff, test), (Some(1), Some(1)), "{said}");
    for named in ["elsewhere", "elsewhere/deep", "elsewhere/deep/eve.yaml"] {
        let output = run(path, &["diff", "main", "-f", named]);
        assert_eq!(output.status.code(), Some(1), "{named}: {}", text(&output));
    }
    let output = run(path, &["check", "-f", "elsewhere"]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output));
}

#[cfg(unix)]
#[test]
fn links_that_a_sparse_checkout_leaves_out_are_followed() {
    let folder = repository(&[("kept/eve.txt", &bound("cluster-admin"))]);
    let path = folder.path();
    fs::create_dir(path.join("elsewhere")).unwrap();
    std::os::unix::fs::symlink("../kept/eve.txt", path.join("elsewhere/eve.yaml")).unwrap();
    std::os::unix::fs::symlink("/etc/hosts", path.join("elsewhere/out.yaml")).unwrap();
    commit(path);
    git(path, &["sparse-checkout", "set", "rbac", "tests"]);
    let (diff, test, said) = on_disk(path);
    assert_eq!((diff, test), (Some(2), Some(1)), "{said}");
    assert!(said.contains("elsewhere/out.yaml"), "{said}");
    assert!(said.contains("eve gains"), "{said}");
}

/// Of a partial clone, what isn't there is told: nothing is fetched.
#[test]
fn what_a_partial_clone_lacks_is_told() {
    let folder = repository(&[]);
    put(folder.path(), "elsewhere/eve.yaml", &bound("cluster-admin"));
    commit(folder.path());
    let clones = TempDir::new().unwrap();
    let url = format!("file://{}", folder.path().display());
    git(folder.path(), &["config", "uploadpack.allowFilter", "true"]);
    git(
        clones.path(),
        &[
            "clone",
            "--quiet",
            "--filter=blob:none",
            "--sparse",
            "--branch",
            "change",
            &url,
            "clone",
        ],
    );
    let clone = clones.path().join("clone");
    git(&clone, &["sparse-checkout", "set", "rbac", "tests"]);
    for args in [
        &["diff", "origin/main"][..],
        &["diff", "origin/main...HEAD"],
        &["check"],
    ] {
        let output = run(&clone, args);
        let said = text(&output);
        assert!(output.status.code() > Some(0), "{args:?}: {said}");
        assert!(said.contains("the clone lacks object"), "{args:?}: {said}");
    }
    // What is there is judged.
    let output = run(&clone, &["diff", "origin/main...HEAD", "-f", "rbac"]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output));
}

#[test]
fn bits_of_the_index_hide_nothing() {
    for bit in ["--assume-unchanged", "--skip-worktree"] {
        let folder = repository(&[("rbac/eve.yaml", &bound("view"))]);
        git(folder.path(), &["update-index", bit, "rbac/eve.yaml"]);
        put(folder.path(), "rbac/eve.yaml", &bound("cluster-admin"));
        let (diff, test, said) = on_disk(folder.path());
        assert_eq!((diff, test), (Some(1), Some(1)), "{bit}: {said}");
    }
    let folder = repository(&[]);
    put(folder.path(), "rbac/eve.yaml", &bound("cluster-admin"));
    git(folder.path(), &["add", "--intent-to-add", "rbac/eve.yaml"]);
    let (diff, test, said) = on_disk(folder.path());
    assert_eq!((diff, test), (Some(1), Some(1)), "intent to add: {said}");
}

#[test]
fn a_merge_that_is_not_done_is_not_judged() {
    let folder = repository(&[("rbac/eve.yaml", &bound("view"))]);
    let path = folder.path();
    put(path, "rbac/eve.yaml", &bound("edit"));
    commit(path);
    git(path, &["switch", "--quiet", "main"]);
    put(path, "rbac/eve.yaml", &bound("admin"));
    commit(path);
    git(path, &["switch", "--quiet", "change"]);
    let merged = Command::new("git")
        .args([
            "-c",
            "user.name=t",
            "-c",
            "user.email=t@example.com",
            "merge",
            "main",
        ])
        .current_dir(path)
        .output()
        .unwrap();
    assert!(!merged.status.success());
    let (diff, test, said) = on_disk(path);
    assert_eq!((diff, test), (Some(2), Some(2)), "{said}");
}

#[test]
fn ignore_files_hide_nothing_that_git_tracks() {
    let eve = bound("cluster-admin");
    for (name, text) in [
        (".gitignore", "*\n"),
        (".gitignore", "/rbac/\n!.gitignore\n"),
        (".ignore", "*\n"),
        (".rgignore", "*\n"),
        (".git/info/exclude", "*\n"),
        ("rbac/.gitignore", "*.yaml\n"),
    ] {
        let folder = repository(&[]);
        put(folder.path(), name, text);
        put(folder.path(), "rbac/eve.yaml", &eve);
        commit(folder.path());
        let (diff, test, said) = gates(folder.path());
        assert_eq!((diff, test), (Some(1), Some(1)), "{name}: {said}");
        let (diff, test, said) = on_disk(folder.path());
        assert_eq!((diff, test), (Some(1), Some(1)), "{name}: {said}");
    }
    let folder = repository(&[]);
    put(folder.path(), "mine", "*.yaml\n");
    put(folder.path(), "rbac/eve.yaml", &eve);
    commit(folder.path());
    configure(folder.path(), "[core]\n\texcludesFile = mine\n");
    let (diff, test, said) = on_disk(folder.path());
    assert_eq!(
        (diff, test),
        (Some(1), Some(1)),
        "core.excludesFile: {said}"
    );
}

#[test]
fn attributes_hide_nothing() {
    let eve = bound("cluster-admin");
    for attributes in [
        "*.yaml export-ignore\n",
        "*.yaml -diff\n",
        "*.yaml binary\n",
        "*.yaml linguist-generated\n",
        "*.yaml merge=ours\n",
        "*.yaml text eol=crlf\n",
        "*.yaml filter=x\n",
        "*.yaml ident\n",
        "*.yaml working-tree-encoding=UTF-16\n",
    ] {
        let folder = repository(&[]);
        put(folder.path(), ".gitattributes", attributes);
        put(folder.path(), "rbac/eve.yaml", &eve);
        // Git would take the new file for UTF-16 before it is.
        fs::rename(
            folder.path().join(".gitattributes"),
            folder.path().join("later"),
        )
        .unwrap();
        commit(folder.path());
        git(folder.path(), &["mv", "later", ".gitattributes"]);
        git(
            folder.path(),
            &["commit", "--quiet", "--message", "attributes"],
        );
        let (diff, test, said) = gates(folder.path());
        assert!(
            diff > Some(0) && test == Some(1),
            "{attributes}: {diff:?} {test:?} {said}"
        );
    }
}

/// What the commit holds may be harmless, and what is checked out not.
#[test]
fn what_git_changes_at_checkout_is_told() {
    let harmless = "a: 1\n";
    for (attribute, attributes) in [
        ("filter", "*.yaml filter=render\n"),
        ("ident", "rbac/eve.yaml ident\n"),
        (
            "working-tree-encoding",
            "*.yaml working-tree-encoding=UTF-7\n",
        ),
        ("filter", "[attr]other filter=render\n*.yaml other\n"),
    ] {
        let folder = repository(&[]);
        put(folder.path(), "rbac/eve.yaml", harmless);
        commit(folder.path());
        put(folder.path(), ".gitattributes", attributes);
        git(folder.path(), &["add", ".gitattributes"]);
        git(
            folder.path(),
            &["commit", "--quiet", "--message", "attributes"],
        );
        let output = run(folder.path(), &["diff", "main...HEAD", "-o", "json"]);
        let said = text(&output);
        assert_eq!(output.status.code(), Some(2), "{attributes}: {said}");
        let answer: Value = serde_json::from_slice(&output.stdout).unwrap();
        let told = answer["unjudged"].as_array().unwrap().iter().any(|one| {
            one["source"]["file"] == "rbac/eve.yaml"
                && one["reason"].as_str().unwrap().contains(attribute)
        });
        assert!(told, "{attributes}: {said}");
    }
}

#[test]
fn what_base_has_changed_alike_is_no_change() {
    let attributes = "*.yaml ident\n";
    let folder = repository(&[
        (".gitattributes", attributes),
        ("rbac/old.yaml", &bound("view")),
    ]);
    adds("README.md", "x\n")(folder.path());
    let (diff, test, said) = gates(folder.path());
    assert_eq!((diff, test), (Some(0), Some(0)), "{said}");
    put(
        folder.path(),
        ".gitattributes",
        "*.yaml ident\n*.png filter=lfs\n",
    );
    commit(folder.path());
    let (diff, test, said) = gates(folder.path());
    assert_eq!((diff, test), (Some(0), Some(0)), "{said}");
    // A file that is new is another.
    adds("rbac/new.yaml", "a: 1\n")(folder.path());
    assert_eq!(gates(folder.path()).0, Some(2));
}

#[test]
fn a_pointer_to_a_large_file_is_not_judged() {
    let pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:\
                   4d7a214614ab2935c943f9e0ff69d22eadbb8f32b1258daaa5e2ca24d17e2393\nsize 12345\n";
    red("LFS", &[], adds("rbac/eve.yaml", pointer));
    red(
        "LFS as before",
        &[(
            ".gitattributes",
            "*.yaml filter=lfs diff=lfs merge=lfs -text\n",
        )],
        adds("rbac/eve.yaml", pointer),
    );
}

/// Whoever renders a folder follows its links, so what they lead to counts.
#[cfg(unix)]
#[test]
fn what_a_rendered_folder_links_to_counts() {
    for target in ["shared/part", "shared"] {
        let folder = repository(&[("shared/part", "a\n"), ("app/kustomization.yaml", "{}\n")]);
        let path = folder.path();
        git(path, &["switch", "--quiet", "main"]);
        std::os::unix::fs::symlink(format!("../{target}"), path.join("app/link")).unwrap();
        commit(path);
        git(path, &["switch", "--quiet", "change"]);
        git(path, &["reset", "--quiet", "--hard", "main"]);
        assert_eq!(gates(path).0, Some(0), "{target}");
        put(path, "shared/part", &bound("cluster-admin"));
        commit(path);
        let (diff, test, said) = gates(path);
        assert_eq!((diff, test), (Some(2), Some(2)), "{target}: {said}");
    }
}

/// Where git doesn't tell which folders are submodules, that is told.
#[test]
fn submodules_that_git_does_not_tell_are_told() {
    let folder = repository(&[(
        ".gitmodules",
        "[submodule \"x\"]\n\tpath = sub\n\turl = ../x\n",
    )]);
    assert_eq!(run(folder.path(), &["check"]).status.code(), Some(0));
    fs::write(folder.path().join(".git/index"), "broken").unwrap();
    let output = run(folder.path(), &["check"]);
    assert_eq!(output.status.code(), Some(1), "{}", text(&output));
    assert!(text(&output).contains(".gitmodules"), "{}", text(&output));
}

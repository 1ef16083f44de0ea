//! What says how to judge a change comes from before it: settings, directory and assertions, by whatever
//! way the change brings its own. Each is told and counts as not judged, unless `--settings head` asks.

use std::fs;
use std::path::Path;

use pretty_assertions::assert_eq;
use serde_json::Value;
use tempfile::TempDir;

use crate::support::gates::{bound, commit, gates, git, put, repository, run, text};

const SETTINGS: &str = ".rbac-eval.yaml";

/// Holds that both gates stop at a change of what judges it, as a commit and in the working tree, and
/// that it is told where it stands.
#[track_caller]
fn stops(case: &str, folder: &Path, name: &str) {
    for base in ["main", "main...HEAD"] {
        let output = run(folder, &["diff", base, "--fail-on", "high", "-o", "json"]);
        let said = text(&output);
        assert_eq!(output.status.code(), Some(2), "{case} {base}: {said}");
        let answer: Value = serde_json::from_slice(&output.stdout).unwrap();
        let unjudged = answer["unjudged"].as_array().unwrap();
        assert!(
            unjudged.iter().any(|one| one["source"]["file"] == name
                && one["reason"].as_str().unwrap().contains("HEAD changes")),
            "{case} {base}: {said}"
        );
    }
    let (_, test, said) = gates(folder);
    assert_eq!(test, Some(2), "{case}: {said}");
}

/// What `diff` and `test` say by HEAD's own settings.
fn by_head(folder: &Path) -> String {
    let test = ["test", "tests/secrets.yaml", "--base", "main"];
    [&["diff", "main...HEAD"][..], &test]
        .map(|args| text(&run(folder, &[args, &["--settings", "head"]].concat())))
        .concat()
}

#[test]
fn settings_that_a_change_brings_wait_for_the_merge() {
    type Change<'c> = &'c dyn Fn(&Path);
    let eve = bound("cluster-admin");
    let hide = |folder: &Path| put(folder, "rbac/eve.yaml", &eve);
    let cases: [(&str, &str, Change<'_>); 8] = [
        ("files changed", "files: [rbac]\n", &|folder| {
            put(folder, SETTINGS, "files: [kept]\n");
        }),
        ("removed", "files: [rbac]\n", &|folder| {
            fs::remove_file(folder.join(SETTINGS)).unwrap();
        }),
        ("defaults changed", "files: [rbac]\n", &|folder| {
            put(folder, SETTINGS, "files: [rbac]\ndefaults: none\n");
        }),
        ("emptied", "files: [rbac]\n", &|folder| {
            put(folder, SETTINGS, "")
        }),
        ("commented out", "files: [rbac]\n", &|folder| {
            put(folder, SETTINGS, "# files: [rbac]\n");
        }),
        ("a directory named", "files: [rbac]\n", &|folder| {
            put(folder, "d.yaml", "groups: []\n");
            put(folder, SETTINGS, "files: [rbac]\ndirectory: [d.yaml]\n");
        }),
        ("new", "", &|folder| {
            put(folder, SETTINGS, "files: [kept]\n")
        }),
        #[cfg(unix)]
        ("a link", "files: [rbac]\n", &|folder| {
            put(folder, "other", "files: [kept]\n");
            fs::remove_file(folder.join(SETTINGS)).unwrap();
            std::os::unix::fs::symlink("other", folder.join(SETTINGS)).unwrap();
        }),
    ];
    for (case, before, change) in cases {
        let kept = bound("view").replace("eve", "carol");
        let files = [("kept/carol.yaml", &*kept), (SETTINGS, before)];
        let count = if before.is_empty() { 1 } else { 2 };
        let folder = repository(&files[..count]);
        change(folder.path());
        hide(folder.path());
        commit(folder.path());
        stops(case, folder.path(), SETTINGS);
        let said = by_head(folder.path());
        assert!(!said.contains("HEAD changes"), "{case}: {said}");
    }
}

#[test]
fn settings_that_git_does_not_track_are_told_too() {
    for case in ["untracked", "ignored"] {
        let folder = repository(&[]);
        if case == "ignored" {
            put(folder.path(), ".git/info/exclude", ".rbac-eval.yaml\n");
        }
        put(folder.path(), SETTINGS, "files: [tests]\n");
        put(folder.path(), "rbac/eve.yaml", &bound("cluster-admin"));
        let output = run(folder.path(), &["diff", "main"]);
        assert_eq!(output.status.code(), Some(2), "{case}: {}", text(&output));
        assert!(text(&output).contains("HEAD changes the settings"));
    }
}

/// The nearest settings from the working folder upward count, so a folder may bring nearer ones.
#[test]
fn nearer_settings_wait_too() {
    let folder = repository(&[(SETTINGS, "files: [rbac]\n"), ("deploy/kept", "")]);
    put(folder.path(), "deploy/.rbac-eval.yaml", "files: [.]\n");
    put(folder.path(), "rbac/eve.yaml", &bound("cluster-admin"));
    commit(folder.path());
    let deploy = folder.path().join("deploy");
    for base in ["main", "main...HEAD"] {
        let output = run(&deploy, &["diff", base, "-o", "json"]);
        assert_eq!(output.status.code(), Some(2), "{base}: {}", text(&output));
        let answer: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(answer["unjudged"][0]["source"]["file"], SETTINGS, "{base}");
        assert_eq!(answer["changes"][0]["change"], "gained", "{answer}");
    }
    // From above they are none.
    let (diff, test, said) = gates(folder.path());
    assert_eq!((diff, test), (Some(1), Some(1)), "{said}");
}

/// Names that aren't read say nothing.
#[test]
fn other_names_are_no_settings() {
    let folder = repository(&[]);
    for name in [
        ".rbac-eval.yml",
        "rbac-eval.yaml",
        ".RBAC-EVAL.yaml",
        ".rbac-eval.json",
    ] {
        put(folder.path(), name, "{files: [tests]}\n");
    }
    fs::create_dir(folder.path().join("sub")).unwrap();
    put(
        folder.path(),
        "sub/.rbac-eval.yaml/inner.yaml",
        "files: [tests]\n",
    );
    put(folder.path(), "rbac/eve.yaml", &bound("cluster-admin"));
    commit(folder.path());
    let (diff, test, said) = gates(folder.path());
    assert_eq!((diff, test), (Some(1), Some(1)), "{said}");
    let output = run(&folder.path().join("sub"), &["check"]);
    assert!(
        !text(&output).contains("unknown field"),
        "{}",
        text(&output)
    );
}

#[test]
fn settings_of_nothing_new_are_no_change() {
    let folder = repository(&[(SETTINGS, "files: [rbac]\n")]);
    put(folder.path(), SETTINGS, "# why\nfiles:\n- rbac\n");
    commit(folder.path());
    let (diff, test, said) = gates(folder.path());
    assert_eq!((diff, test), (Some(0), Some(0)), "{said}");
}

#[test]
fn a_directory_and_assertions_come_from_base() {
    let directory = "groups:\n- {id: 10000000-aaaa-4000-8000-000000000001, displayName: admins}\n";
    let settings = "files: [rbac]\ndirectory: [names.yaml]\n";
    for (case, name, now) in [
        ("directory changed", "names.yaml", Some("groups: []\n")),
        ("directory removed", "names.yaml", None),
        (
            "assertions changed",
            "tests/secrets.yaml",
            Some(
                "assertions:\n- can: {user: eve, verb: get, resource: secrets, namespace: default}\n",
            ),
        ),
    ] {
        let folder = repository(&[(SETTINGS, settings), ("names.yaml", directory)]);
        match now {
            Some(now) => put(folder.path(), name, now),
            None => fs::remove_file(folder.path().join(name)).unwrap(),
        }
        put(folder.path(), "rbac/eve.yaml", &bound("cluster-admin"));
        commit(folder.path());
        let (diff, test, said) = gates(folder.path());
        assert_eq!(test, Some(2), "{case}: {said}");
        assert!(said.contains(name), "{case}: {said}");
        if name == "names.yaml" {
            assert_eq!(diff, Some(2), "{case}: {said}");
        }
    }
    // Assertions that are gone are still kept.
    let folder = repository(&[]);
    fs::remove_file(folder.path().join("tests/secrets.yaml")).unwrap();
    put(folder.path(), "rbac/eve.yaml", &bound("cluster-admin"));
    commit(folder.path());
    let (_, test, said) = gates(folder.path());
    assert_eq!(test, Some(2), "{said}");
    assert!(
        said.contains("nobody reads secrets") || said.contains("HEAD changes"),
        "{said}"
    );
}

/// Assertions that lie elsewhere are the user's own, which no change reaches.
#[test]
fn assertions_of_the_user_s_own_are_no_change() {
    let own = TempDir::new().unwrap();
    put(
        own.path(),
        "own.yaml",
        "assertions:\n- noOne: {verb: get, resource: secrets, namespace: default}\n",
    );
    let own = own.path().join("own.yaml");
    let folder = repository(&[]);
    let args = ["test", own.to_str().unwrap(), "--base", "main"];
    assert_eq!(run(folder.path(), &args).status.code(), Some(0));
    put(folder.path(), "rbac/eve.yaml", &bound("cluster-admin"));
    let output = run(folder.path(), &args);
    assert_eq!(output.status.code(), Some(1), "{}", text(&output));
    // So are those that the working tree has and no commit.
    put(
        folder.path(),
        "own.yaml",
        &fs::read_to_string(&own).unwrap(),
    );
    let output = run(folder.path(), &["test", "own.yaml", "--base", "main"]);
    assert_eq!(output.status.code(), Some(1), "{}", text(&output));
}

/// A word that means two things is no answer.
#[test]
fn a_word_of_two_meanings_is_asked_about() {
    let folder = repository(&[("eve.yaml", &bound("view"))]);
    let path = folder.path();
    put(path, "change", &bound("view"));
    commit(path);
    for (args, told) in [
        (
            &["diff", "change"][..],
            "say `path:change` or the full ref `refs/heads/change`",
        ),
        (&["diff", "main", "change"], "say `path:change`"),
        (
            &["test", "tests/secrets.yaml", "--base", "change"],
            "say `path:change`",
        ),
    ] {
        let output = run(path, args);
        let said = text(&output);
        assert_eq!(output.status.code(), Some(2), "{args:?}: {said}");
        assert!(said.contains(told), "{args:?}: {said}");
    }
    git(path, &["tag", "main", "main~0"]);
    let output = run(path, &["diff", "main"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(
        text(&output).contains("the name of several refs"),
        "{}",
        text(&output)
    );
    let output = run(path, &["diff", "refs/heads/main"]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output));
}

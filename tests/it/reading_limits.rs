//! How much is read: many files, deep and doubled trees, odd names, and settings that are made to cost
//! much or to show what they shouldn't.

use std::fs;
use std::path::Path;
use std::process::Command;

use pretty_assertions::assert_eq;
use serde_json::Value;

use crate::support::gates::{bound, commit, git, git_answer, put, repository, run, text};
use crate::support::limited;

/// Runs a command that ends soon.
#[track_caller]
fn soon(folder: &Path, args: &[&str]) -> (Option<i32>, String) {
    let output = limited::ends(folder, None, args);
    (output.status.code(), text(&output))
}

#[test]
fn many_files_are_read() {
    let folder = repository(&[]);
    let path = folder.path();
    for number in 0..40_000 {
        let folder = path.join(format!("d{}", number / 100));
        if number % 100 == 0 {
            fs::create_dir(&folder).unwrap();
        }
        let text = format!("apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: m{number}}}\n");
        fs::write(folder.join(format!("{number}.yaml")), text).unwrap();
    }
    put(path, "d399/eve.yaml", &bound("cluster-admin"));
    commit(path);
    let (code, said) = soon(path, &["diff", "main"]);
    assert_eq!(code, Some(1), "{said}");
    let commits = ["diff", "main...HEAD", "--max-files"];
    let (code, said) = soon(path, &[&commits[..], &["100000"]].concat());
    assert_eq!(code, Some(1), "{said}");
    for (limit, told) in [
        ("39999", "more than 39999 files"),
        ("100", "more than 1000 files, folders and links"),
    ] {
        let (code, said) = soon(path, &[&commits[..], &[limit]].concat());
        assert_eq!(code, Some(2), "{limit}: {said}");
        assert!(said.contains(told), "{limit}: {said}");
    }
    let (code, said) = soon(path, &["check", "--max-bytes", "1000"]);
    assert_eq!(code, Some(2), "{said}");
    assert!(said.contains("more than 1000 bytes"), "{said}");
}

/// One file is held to the limit as all of them are.
#[test]
fn a_large_file_is_told() {
    let folder = repository(&[]);
    put(
        folder.path(),
        "large.yaml",
        &format!("# {}\n", "x".repeat(10_000)),
    );
    commit(folder.path());
    for args in [
        &["diff", "main"][..],
        &["diff", "main...HEAD"],
        &["diff", "main", "-f", "."],
    ] {
        let (code, said) = soon(folder.path(), &[args, &["--max-bytes", "5000"]].concat());
        assert_eq!(code, Some(2), "{args:?}: {said}");
        assert!(said.contains("larger than 5000 bytes"), "{args:?}: {said}");
    }
    let (code, said) = soon(
        folder.path(),
        &["check", "-f", "large.yaml", "--max-bytes", "5000"],
    );
    assert_eq!(code, Some(2), "{said}");
}

/// `n` folders with two links each to the next one have 2^n paths and `n` folders.
#[cfg(unix)]
#[test]
fn doubled_links_are_followed_once() {
    use std::os::unix::fs::symlink;
    let folder = repository(&[]);
    let path = folder.path();
    for number in 0..200 {
        let here = path.join(format!("n{number}"));
        fs::create_dir(&here).unwrap();
        for link in ["l1", "l2"] {
            symlink(format!("../n{}", (number + 1) % 200), here.join(link)).unwrap();
        }
        symlink(".", here.join("here")).unwrap();
        symlink("..", here.join("up")).unwrap();
    }
    put(path, "n199/eve.yaml", &bound("cluster-admin"));
    commit(path);
    for args in [
        &["diff", "main"][..],
        &["diff", "main...HEAD"],
        &["diff", "main", "-f", "n0"],
        &["diff", "main...HEAD", "-f", "n0"],
    ] {
        let args = [args, &["-o", "json"]].concat();
        let (code, said) = soon(path, &args);
        assert_eq!(code, Some(1), "{args:?}: {said}");
    }
}

#[test]
fn a_deep_tree_ends() {
    let folder = repository(&[]);
    // No one path to its end may be longer than 4096 bytes, so it is made step by step.
    let script = "import os\nfor _ in range(10000):\n    os.mkdir('d')\n    os.chdir('d')\n\
                  open('eve.yaml', 'w').write('kind: [')\n";
    let made = Command::new("python3")
        .args(["-c", script])
        .current_dir(folder.path())
        .output();
    if !made.is_ok_and(|made| made.status.success()) {
        crate::support::not_held("python3 makes the deep tree, so it is left out");
        return;
    }
    let (code, said) = soon(folder.path(), &["diff", "main"]);
    assert_eq!(code, Some(2), "{said}");
    let (code, said) = soon(folder.path(), &["check", "-f", "d"]);
    assert_eq!(code, Some(2), "{said}");
    assert!(said.contains("cannot read it"), "{said}");
    assert!(
        Command::new("rm")
            .arg("-rf")
            .arg(folder.path().join("d"))
            .status()
            .unwrap()
            .success()
    );
}

/// Adds a commit of this tree to the branch, however odd it is.
fn commit_tree(folder: &Path, tree: &str) {
    let id = git_answer(
        folder,
        &[
            "-c",
            "user.name=t",
            "-c",
            "user.email=t@example.com",
            "commit-tree",
            "-p",
            "main",
            "-m",
            "x",
            tree,
        ],
    );
    git(folder, &["update-ref", "refs/heads/change", &id]);
}

/// The object of a tree of these lines, as `ls-tree` prints them.
fn tree(folder: &Path, lines: &str) -> String {
    put(folder, ".git/lines", lines);
    let stdin = fs::File::open(folder.join(".git/lines")).unwrap();
    let output = Command::new("git")
        .args(["mktree"])
        .current_dir(folder)
        .stdin(stdin)
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

#[test]
fn a_tree_of_repeated_folders_is_refused() {
    let folder = repository(&[]);
    let path = folder.path();
    let blob = git_answer(path, &["rev-parse", "main:rbac/view.yaml"]);
    let mut id = blob;
    for level in 0..10 {
        let (kind, ending) = match level {
            0 => ("100644 blob", ".yaml"),
            _ => ("040000 tree", ""),
        };
        let lines: String = (0..10)
            .map(|at| format!("{kind} {id}\tf{at}{ending}\n"))
            .collect();
        id = tree(path, &lines);
    }
    commit_tree(path, &id);
    for args in [
        &["diff", "main", "change"][..],
        &["diff", "main", "change", "-f", "rbac"],
    ] {
        let (code, said) = soon(path, args);
        assert_eq!(code, Some(2), "{said}");
        assert!(said.contains("more than 1000000 files"), "{said}");
    }
}

#[test]
fn a_deep_tree_of_long_names_is_refused() {
    let folder = repository(&[]);
    let path = folder.path();
    let blob = git_answer(path, &["rev-parse", "main:rbac/view.yaml"]);
    let mut id = tree(path, &format!("100644 blob {blob}\teve.yaml\n"));
    for _ in 0..1500 {
        id = tree(path, &format!("040000 tree {id}\t{}\n", "x".repeat(250)));
    }
    commit_tree(path, &id);
    let (code, said) = soon(path, &["diff", "main", "change"]);
    assert_eq!(code, Some(2), "{}", said.len());
    assert!(said.len() < 2000, "{}", said.len());
}

#[cfg(target_os = "linux")]
#[test]
fn names_may_be_any_bytes() {
    use std::os::unix::ffi::OsStrExt;
    let folder = repository(&[]);
    let path = folder.path();
    let names: [&[u8]; 12] = [
        b"\xff.yaml",
        b"\xfe.yaml",
        b"line\nerror: line.yaml",
        b"\x1b[31mred.yaml",
        b"-f.yaml",
        b"--.yaml",
        b":(top)x.yaml",
        b"\"q\".yaml",
        b"back\\slash.yaml",
        b"tab\t.yaml",
        b" .yaml",
        b"*.yaml",
    ];
    for (number, name) in names.iter().enumerate() {
        let text = bound("view").replace("eve", &format!("user-{number}"));
        fs::write(path.join(std::ffi::OsStr::from_bytes(name)), text).unwrap();
    }
    let gained = |args: &[&str]| -> usize {
        let (_, said) = soon(path, &[args, &["-o", "json"]].concat());
        (0..names.len())
            .filter(|number| said.contains(&format!("user-{number}\"")))
            .count()
    };
    assert_eq!(gained(&["diff", "main"]), names.len());
    commit(path);
    assert_eq!(gained(&["diff", "main"]), names.len());
    assert_eq!(gained(&["diff", "main...HEAD"]), names.len());
    let (_, said) = soon(path, &["diff", "main"]);
    assert!(!said.contains("\nerror: line"), "{said}");
}

/// Settings, a directory and assertions of 200 KB each that are made to cost, or to show, more.
#[test]
fn settings_cost_and_show_little() {
    let long = "x".repeat(200_000);
    let aliases: String = (1..12)
        .map(|at| {
            format!(
                "k{at}: &k{at} [{}]\n",
                vec![format!("*k{}", at - 1); 9].join(",")
            )
        })
        .collect();
    let texts = [
        "[".repeat(200_000),
        "{".repeat(200_000),
        "{a: ".repeat(50_000),
        "- ".repeat(100_000),
        "? ".repeat(100_000),
        "&a ".repeat(60_000),
        "!".repeat(200_000),
        "\"".repeat(200_000),
        "a: |\n ".repeat(30_000),
        format!("k0: &k0 [x]\n{aliases}"),
        long.clone(),
        format!("\"{long}\""),
        format!("[{long}]"),
        format!("{{\"{long}\": 1}}"),
        format!("? {long}\n: 1\n"),
        format!("files: {long}\n"),
        format!("files: ['{long}']\n"),
        format!("files: [{{{long}: 1}}]\n"),
        format!("defaults: {long}\n"),
        format!("directory: {long}\n"),
        format!("directory: ['{long}']\n"),
        format!("groups: {long}\n"),
        format!("groups: [{long}]\n"),
        format!("{{\"groups\": \"{long}\"}}"),
        format!("{{\"value\": [\"{long}\"]}}"),
        format!("[\"{long}\"]"),
        format!("[{{\"id\": \"{long}\", \"displayName\": []}}]"),
        format!("assertions: {long}\n"),
        format!("assertions: [{long}]\n"),
        format!("assertions:\n- noOne: {long}\n"),
        format!("assertions:\n- noOne: {{verb: [{long}], resource: pods}}\n"),
    ];
    let folder = repository(&[]);
    for (number, content) in texts.iter().enumerate() {
        put(folder.path(), "odd", content);
        put(folder.path(), "sub/.rbac-eval.yaml", content);
        let begin = &content[..20.min(content.len())];
        for (at, args) in [
            ("sub", &["check"][..]),
            ("", &["check", "-f", "rbac", "--directory", "odd"]),
            ("", &["test", "odd", "-f", "rbac"]),
        ] {
            let (_, said) = soon(&folder.path().join(at), args);
            assert!(
                said.len() < 3000,
                "{number} {args:?} {begin}: {}",
                &said[..200]
            );
            assert!(
                !said.contains(&"x".repeat(41)),
                "{number} {args:?} {begin}: {said}"
            );
        }
    }
}

/// So are manifests and reviews: what stands where something else belongs may be a secret.
#[test]
fn manifests_show_little() {
    let folder = repository(&[]);
    let long = "x".repeat(900);
    let role = "apiVersion: rbac.authorization.k8s.io/v1\nkind: Role\nmetadata: {name: a}\n";
    for content in [
        format!("{long}\n"),
        format!("- {long}\n"),
        format!("[\"{long}\"]"),
        format!("\"{long}\""),
        format!("{{\"kind\": \"List\", \"apiVersion\": \"v1\", \"items\": [\"{long}\"]}}"),
        format!("{role}rules: {long}\n"),
        format!("{role}rules: [{long}]\n"),
        format!("{role}rules: [{{verbs: {long}}}]\n"),
        format!("{role}rules: [{{{long}: a}}]\n"),
        role.replace("{name: a}", &long),
        role.replace("{name: a}", &format!("{{name: [{long}]}}")),
        format!(
            "{{\"apiVersion\": \"rbac.authorization.k8s.io/v1\", \"kind\": \"Role\", \"rules\": \"{long}\"}}"
        ),
        format!(
            "{{\"apiVersion\": \"rbac.authorization.k8s.io/v1\", \"kind\": \"Role\", \"metadata\": \"{long}\"}}"
        ),
    ] {
        for name in ["odd.yaml", "odd.json"] {
            put(folder.path(), name, &content);
            for output in ["table", "json"] {
                let (_, said) = soon(folder.path(), &["check", "-f", name, "-o", output]);
                assert!(!said.contains(&"x".repeat(41)), "{name} {content}: {said}");
            }
        }
    }
    let answer: Value =
        serde_json::from_slice(&run(folder.path(), &["check", "-o", "json"]).stdout).unwrap();
    assert!(
        answer["unjudged"]
            .as_array()
            .is_some_and(|all| !all.is_empty())
    );
}

#[test]
fn reviews_show_little() {
    let folder = repository(&[]);
    let long = "x".repeat(900);
    let head = "\"apiVersion\": \"authorization.k8s.io/v1\", \"kind\": \"SubjectAccessReview\"";
    for content in [
        format!("\"{long}\""),
        format!("[\"{long}\"]"),
        format!("{{\"{long}\": 1}}"),
        format!("{{\"kind\": \"{long}\"}}"),
        format!("{{\"apiVersion\": \"{long}\", \"kind\": \"SubjectAccessReview\"}}"),
        format!("{{{head}, \"spec\": \"{long}\"}}"),
        format!("{{{head}, \"metadata\": \"{long}\"}}"),
        format!("{{{head}, \"spec\": {{\"user\": \"a\", \"groups\": \"{long}\"}}}}"),
        format!("{{{head}, \"spec\": {{\"user\": \"a\", \"extra\": \"{long}\"}}}}"),
        format!("{{{head}, \"spec\": {{\"user\": \"a\", \"resourceAttributes\": \"{long}\"}}}}"),
        format!("{{{head}, \"spec\": {{\"{long}\": \"a\"}}}}"),
    ] {
        for name in ["review.json", "review.yaml"] {
            put(folder.path(), name, &content);
            let (code, said) = soon(folder.path(), &["review", name, "-f", "rbac"]);
            assert_eq!(code, Some(2), "{name} {content}: {said}");
            assert!(!said.contains(&"x".repeat(41)), "{name} {content}: {said}");
        }
    }
}

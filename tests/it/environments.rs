//! What commands answer about several environments: each by itself, equal answers once, by every format.

use std::path::Path;

use pretty_assertions::assert_eq;
use serde_json::Value;
use tempfile::TempDir;

use crate::support::gates::{bound, put, run, text};

/// Three clusters: two get the same, and in the third eve may do everything.
pub const SETTINGS: &str = "\
environments:
- {name: prod, files: [same], tests: [tests/nobody.yaml]}
- {name: staging, files: [same], tests: [tests/nobody.yaml]}
- {name: sandbox, files: [sandbox], tests: [tests/nobody.yaml]}
";

const NOBODY: &str = "assertions:\n- name: eve reads no secrets\n  \
                      cannot: {as: eve, verb: get, resource: secrets, namespace: default}\n";

fn three() -> TempDir {
    let folder = TempDir::new().unwrap();
    let path = folder.path();
    put(path, ".rbac-eval.yaml", SETTINGS);
    put(path, "same/eve.yaml", &bound("view"));
    put(path, "sandbox/eve.yaml", &bound("cluster-admin"));
    put(path, "tests/nobody.yaml", NOBODY);
    folder
}

/// The exit code and what is on stdout.
#[track_caller]
fn says(folder: &Path, args: &[&str]) -> (i32, String) {
    let output = run(folder, args);
    let code = output.status.code().unwrap();
    (code, String::from_utf8(output.stdout).unwrap())
}

const DELETE: [&str; 5] = ["can-i", "delete", "nodes", "--as", "eve"];

#[test]
fn equal_answers_are_said_once_below_the_names() {
    let folder = three();
    let (code, said) = says(folder.path(), &DELETE);
    assert_eq!(code, 1, "one of them says no");
    let (first, second) = said.split_once("\n\n").unwrap();
    assert!(
        first.starts_with("environments prod, staging:\nno\n"),
        "{said}"
    );
    assert!(second.starts_with("environment sandbox:\nyes\n"), "{said}");
    // Where all answer alike, too, the names are there.
    let args = ["can-i", "get", "pods", "--as", "nobody-known"];
    let (code, said) = says(folder.path(), &args);
    assert_eq!(code, 1);
    assert!(
        said.starts_with("environments prod, staging, sandbox:\nno\n"),
        "{said}"
    );
    let args = ["can-i", "get", "selfsubjectreviews", "--as", "eve", "-q"];
    assert_eq!(says(folder.path(), &args).1, "");
}

#[test]
fn a_yes_of_all_is_a_yes() {
    let folder = three();
    let get = ["can-i", "get", "pods", "--as", "eve"];
    for (args, code) in [
        (&get[..], 0),
        (&DELETE[..], 1),
        (&[&DELETE[..], &["--env", "sandbox"]].concat(), 0),
        (&[&DELETE[..], &["--env", "prod"]].concat(), 1),
        (
            &[&DELETE[..], &["--env", "prod", "--env", "sandbox"]].concat(),
            1,
        ),
        (&["who-can", "delete", "no-such-things.example.com"], 0),
        (&["lookup", "eve"], 0),
        (&["lookup", "mallory"], 1),
        (&["matrix", "pods"], 0),
    ] {
        assert_eq!(says(folder.path(), args).0, code, "{args:?}");
    }
}

#[test]
fn one_environment_alone_is_answered_without_its_name() {
    let folder = three();
    let with = |more: &[&'static str]| [&DELETE[..], more].concat();
    let (_, one) = says(folder.path(), &with(&["--env", "sandbox"]));
    assert!(one.starts_with("yes\n"), "{one}");
    let (_, twice) = says(
        folder.path(),
        &with(&["--env", "sandbox", "--env", "sandbox"]),
    );
    assert_eq!(one, twice);
    let (_, json) = says(folder.path(), &with(&["--env", "sandbox", "-o", "json"]));
    let json: Value = serde_json::from_str(&json).unwrap();
    assert_eq!(
        (&json["kind"], &json["environment"]),
        (&"CanI".into(), &"sandbox".into())
    );
}

#[test]
fn names_that_no_environment_has_are_refused() {
    let folder = three();
    let with = |more: &[&'static str]| text(&run(folder.path(), &[&DELETE[..], more].concat()));
    assert_eq!(
        with(&["--env", "prod", "--env", "nope"]),
        "error: `--env nope`: no such environment; there are prod, staging, sandbox\n"
    );
    // No part of a name, and no other letter case, is the name.
    for name in ["pro", "Prod", "", "prod,staging", "prod\nyes"] {
        let output = run(folder.path(), &[&DELETE[..], &["--env", name]].concat());
        assert_eq!(output.status.code(), Some(2), "{name}");
        assert_eq!(text(&output).lines().count(), 1, "{}", text(&output));
    }
    for args in [
        &["diff", ".", ".", "--env", "nope"][..],
        &["test", "--env", "nope"],
        &["check", "--env", "nope"],
        &["review", "x", "--env", "nope"],
    ] {
        let output = run(folder.path(), args);
        assert_eq!(output.status.code(), Some(2), "{args:?}");
        assert!(
            text(&output).contains("no such environment"),
            "{args:?}: {}",
            text(&output)
        );
    }
    let both = with(&["--env", "prod", "-f", "same"]);
    assert!(both.contains("cannot be used with"), "{both}");
    let elsewhere = TempDir::new().unwrap();
    let output = run(
        elsewhere.path(),
        &[&DELETE[..], &["--env", "prod"]].concat(),
    );
    assert_eq!(output.status.code(), Some(2));
    assert!(
        text(&output).contains("no `.rbac-eval.yaml` from here upward names environments"),
        "{}",
        text(&output)
    );
}

/// `-f` means files and no environment.
#[test]
fn paths_of_the_user_are_no_environment() {
    let folder = three();
    let (code, said) = says(folder.path(), &[&DELETE[..], &["-f", "sandbox"]].concat());
    assert_eq!(code, 0);
    assert!(said.starts_with("yes\n"), "{said}");
    // So are two paths that are compared.
    let output = run(folder.path(), &["diff", "same", "sandbox", "-o", "json"]);
    let said = text(&output);
    assert_eq!(output.status.code(), Some(1), "{said}");
    let answer: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(answer["kind"], "Diff");
    assert_eq!(answer.get("environment"), None);
    // One path is compared with each environment.
    let output = run(folder.path(), &["diff", "same", "-o", "json"]);
    let answer: Value = serde_json::from_slice(&output.stdout).unwrap();
    let gained = |at: usize| answer["items"][at]["summary"]["gained"].as_u64().unwrap();
    assert_eq!((gained(0), gained(1)), (0, 0));
    assert!(gained(2) > 0, "{answer}");
}

/// Each command's answer as a document: a list with an item for each environment, which is what is said
/// of it alone.
#[test]
fn documents_are_items_of_a_list() {
    let folder = three();
    let commands: [&[&str]; 9] = [
        &DELETE,
        &["can-i", "--list", "--as", "eve"],
        &["who-can", "delete", "nodes"],
        &["lookup", "eve"],
        &["matrix", "nodes"],
        &["matrix", "--as", "eve"],
        &["check"],
        &["diff", "same"],
        &["test"],
    ];
    for command in commands {
        let json = |more: &[&str]| -> Value {
            let output = run(folder.path(), &[command, more, &["-o", "json"]].concat());
            serde_json::from_slice(&output.stdout)
                .unwrap_or_else(|error| panic!("{command:?}: {error}: {}", text(&output)))
        };
        let all = json(&[]);
        assert_eq!(all["kind"], "List", "{command:?}");
        assert_eq!(all["apiVersion"], "rbac-eval/v1", "{command:?}");
        let items = all["items"].as_array().unwrap();
        assert_eq!(items.len(), 3, "{command:?}");
        for (item, name) in items.iter().zip(["prod", "staging", "sandbox"]) {
            assert_eq!(item["environment"], name, "{command:?}");
            assert_eq!(*item, json(&["--env", name]), "{command:?} {name}");
        }
        let yaml = run(folder.path(), &[command, &["-o", "yaml"]].concat());
        let yaml: Value = yaml_of(&yaml.stdout);
        assert_eq!(yaml, all, "{command:?}");
    }
}

fn yaml_of(bytes: &[u8]) -> Value {
    serde_yaml::from_slice(bytes).unwrap()
}

#[test]
fn csv_has_a_column_for_the_environment() {
    let folder = three();
    for command in [&["who-can", "delete", "nodes"][..], &["matrix", "nodes"]] {
        let csv = |more: &[&str]| says(folder.path(), &[command, more, &["-o", "csv"]].concat()).1;
        let all = csv(&[]);
        let mut expected = String::new();
        for name in ["prod", "staging", "sandbox"] {
            for (number, line) in csv(&["--env", name]).lines().enumerate() {
                match (number, name) {
                    (0, "prod") => expected += &format!("ENVIRONMENT,{line}\n"),
                    (0, _) => {}
                    _ => expected += &format!("{name},{line}\n"),
                }
            }
        }
        assert_eq!(all, expected, "{command:?}");
        let mut reader = csv::Reader::from_reader(all.as_bytes());
        assert!(reader.records().all(|record| record.is_ok()), "{all}");
    }
}

#[test]
fn markdown_has_a_heading_for_each() {
    let folder = three();
    let (_, said) = says(folder.path(), &["diff", "same", "-o", "markdown"]);
    assert!(
        said.starts_with("## environments `prod`, `staging`\n\n"),
        "{said}"
    );
    assert!(
        said.contains("\n\n## environment `sandbox`\n\n**"),
        "{said}"
    );
    let (_, said) = says(folder.path(), &["matrix", "nodes", "-o", "markdown"]);
    assert!(said.contains("\n## environment `sandbox`\n\n|"), "{said}");
}

/// A comment has an end, however many environments there are.
#[test]
fn a_comment_about_many_environments_ends_in_time() {
    let folder = TempDir::new().unwrap();
    let path = folder.path();
    put(path, "before/eve.yaml", &bound("view"));
    let mut settings = "environments:\n".to_owned();
    for number in 0..40 {
        settings += &format!("- {{name: e{number}, files: [e{number}]}}\n");
        let eve = bound("cluster-admin").replace("name: eve}]", &format!("name: eve-{number}}}]"));
        put(path, &format!("e{number}/eve.yaml"), &eve);
    }
    put(path, ".rbac-eval.yaml", &settings);
    let (code, said) = says(path, &["diff", "before", "-o", "markdown"]);
    assert_eq!(code, 1);
    assert!(said.chars().count() < 65_000, "{}", said.len());
    let left_out = said.lines().next().unwrap();
    let shown = said.matches("\n## environment `").count();
    let named = left_out.matches('`').count() / 2 - 1;
    assert!(left_out.contains("doesn't fit here"), "{left_out}");
    assert_eq!(shown + named, 40, "{left_out}");
}

#[test]
fn annotations_that_are_equal_are_made_once() {
    let folder = three();
    let (code, said) = says(folder.path(), &["diff", "same", "-o", "github"]);
    assert_eq!(code, 1);
    let commands: Vec<&str> = said.lines().collect();
    assert!(!commands.is_empty());
    for command in &commands {
        assert!(command.starts_with("::"), "{command}");
        assert!(command.ends_with(" (environment sandbox)"), "{command}");
    }
    // What is so in all of them isn't about one.
    put(
        folder.path(),
        "same/broken.yaml",
        &bound("no-such-role").replace("{name: eve}", "{name: broken}"),
    );
    put(folder.path(), "sandbox/eve.yaml", &bound("no-such-role"));
    let (code, said) = says(folder.path(), &["check", "-o", "github"]);
    assert_eq!(code, 1);
    let lines: Vec<&str> = said
        .lines()
        .filter(|line| line.contains("same/broken"))
        .collect();
    assert_eq!(lines.len(), 1, "{said}");
    assert!(
        lines[0].ends_with(" (environments prod, staging)"),
        "{said}"
    );
}

#[test]
fn sarif_has_a_run_for_each() {
    let folder = three();
    for command in [&["diff", "same"][..], &["check"]] {
        let (_, said) = says(folder.path(), &[command, &["-o", "sarif"]].concat());
        let log: Value = serde_json::from_str(&said).unwrap();
        assert_eq!(log["version"], "2.1.0");
        let runs = log["runs"].as_array().unwrap();
        let ids: Vec<&str> = runs
            .iter()
            .map(|run| run["automationDetails"]["id"].as_str().unwrap())
            .collect();
        assert_eq!(
            ids,
            [
                "rbac-eval/prod/",
                "rbac-eval/staging/",
                "rbac-eval/sandbox/"
            ]
        );
        assert_eq!(runs[0]["results"], runs[1]["results"], "{command:?}");
        let one = [command, &["--env", "sandbox", "-o", "sarif"]].concat();
        let one: Value = serde_json::from_str(&says(folder.path(), &one).1).unwrap();
        assert_eq!(runs[2]["results"], one["runs"][0]["results"], "{command:?}");
    }
}

#[test]
fn tests_are_told_apart_by_environment() {
    let folder = three();
    let (code, junit) = says(folder.path(), &["test", "-o", "junit"]);
    assert_eq!(code, 1);
    for name in ["prod", "staging", "sandbox"] {
        assert!(
            junit.contains(&format!("<testsuite name=\"{name}: tests/nobody.yaml\"")),
            "{junit}"
        );
    }
    assert!(junit.contains("tests=\"3\""), "{junit}");
    let (_, tap) = says(folder.path(), &["test", "-o", "tap"]);
    let lines: Vec<&str> = tap.lines().filter(|line| !line.starts_with('#')).collect();
    assert_eq!(
        lines,
        [
            "TAP version 13",
            "1..3",
            "ok 1 - prod: eve reads no secrets",
            "ok 2 - staging: eve reads no secrets",
            "not ok 3 - sandbox: eve reads no secrets",
        ]
    );
    let (code, _) = says(
        folder.path(),
        &["test", "--env", "prod", "--env", "staging"],
    );
    assert_eq!(code, 0);
    // A file of the command line is held in all.
    put(
        folder.path(),
        "own.yaml",
        &NOBODY.replace("cannot", "can").replace("secrets", "pods"),
    );
    let (code, said) = says(folder.path(), &["test", "own.yaml"]);
    assert_eq!(code, 0, "{said}");
}

#[test]
fn reviews_are_answered_for_one_environment() {
    let folder = three();
    put(
        folder.path(),
        "review.json",
        r#"{"apiVersion": "authorization.k8s.io/v1", "kind": "SubjectAccessReview",
            "spec": {"user": "eve", "resourceAttributes": {"verb": "delete", "resource": "nodes"}}}"#,
    );
    let review = |more: &[&str]| run(folder.path(), &[&["review", "review.json"], more].concat());
    let output = review(&[]);
    assert_eq!(output.status.code(), Some(2));
    assert_eq!(output.stdout, b"");
    assert!(
        text(&output).contains("say which with `--env`: prod, staging, sandbox"),
        "{}",
        text(&output)
    );
    for (name, allowed) in [("prod", false), ("sandbox", true)] {
        let output = review(&["--env", name]);
        assert_eq!(output.status.code(), Some(0), "{}", text(&output));
        let answer: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(answer["status"]["allowed"], allowed, "{name}");
    }
}

/// The others are answered, and the answer as a whole isn't one.
#[test]
fn one_that_cannot_be_read_is_told_and_makes_it_an_error() {
    let folder = three();
    put(folder.path(), "sandbox/eve.yaml", "kind: [\n");
    put(
        folder.path(),
        ".rbac-eval.yaml",
        &SETTINGS.replace("[sandbox]", "[sandbox/eve.yaml]"),
    );
    let get = ["can-i", "get", "pods", "--as", "eve"];
    for (command, what) in [
        (&get[..], "error: sandbox: "),
        (&["check"], "error: sandbox: "),
        (&["test"], "error: sandbox: "),
        (&["lookup", "eve"], "error: sandbox: "),
        (&["matrix", "pods"], "error: sandbox: "),
        (&["who-can", "get", "pods"], "error: sandbox: "),
    ] {
        let output = run(folder.path(), command);
        let said = text(&output);
        assert_eq!(output.status.code(), Some(2), "{command:?}: {said}");
        assert!(said.contains(what), "{command:?}: {said}");
        assert!(
            said.contains("environments prod, staging:\n"),
            "{command:?}: {said}"
        );
        let output = run(folder.path(), &[command, &["-o", "json"]].concat());
        let answer: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(answer["items"].as_array().unwrap().len(), 2, "{command:?}");
        assert_eq!(output.status.code(), Some(2), "{command:?}");
    }
    // Alone it is no list of nothing.
    let output = run(folder.path(), &[&get[..], &["--env", "sandbox"]].concat());
    assert_eq!(output.status.code(), Some(2));
    assert_eq!(output.stdout, b"");
}

//! Folders that kustomize renders are judged as what they render to, with places in the source files. Held
//! with this machine's own kubectl.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use pretty_assertions::assert_eq;
use serde_json::Value;
use tempfile::TempDir;

use crate::support::copy;
use crate::support::gates::{commit, git, put, run, text};
use crate::support::stand_in::kubectl;
use crate::support::testdata;

/// The overlays of the example.
const OVERLAYS: [&str; 2] = ["overlays/staging", "overlays/prod"];

fn kustomize() -> PathBuf {
    testdata().join("rendering/kustomize")
}

/// A repository of the example on `main`, with a branch `change`.
fn example() -> TempDir {
    let folder = TempDir::new().unwrap();
    git(
        folder.path(),
        &["init", "--quiet", "--initial-branch", "main"],
    );
    copy(&kustomize(), folder.path());
    commit(folder.path());
    git(folder.path(), &["switch", "--quiet", "--create", "change"]);
    folder
}

fn rendered(folder: &Path, overlay: &str) -> Vec<u8> {
    let output = Command::new("kubectl")
        .args(["kustomize", overlay])
        .current_dir(folder)
        .output()
        .unwrap();
    assert!(output.status.success(), "{overlay}: {}", text(&output));
    output.stdout
}

fn json(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{}", text(output)))
}

/// An answer without places, notes and tools: what it says.
fn without_places(value: Value) -> Value {
    match value {
        Value::Array(items) => items.into_iter().map(without_places).collect(),
        Value::Object(fields) => fields
            .into_iter()
            .filter(|(key, _)| {
                !matches!(
                    &**key,
                    "source" | "bindingSource" | "ruleSource" | "tools" | "base" | "head"
                )
            })
            .map(|(key, value)| (key, without_places(value)))
            .collect(),
        value => value,
    }
}

/// Where an answer says its grants come from: `file:line` of rule and binding.
fn places(answer: &Value) -> Vec<(String, String)> {
    let place = |source: &Value| {
        let file = source["file"].as_str().unwrap();
        assert!(source["renderedLine"].as_u64() > Some(0), "{answer}");
        format!("{file}:{}", source["line"])
    };
    let grants = answer["grants"].as_array().unwrap().iter();
    grants
        .map(|grant| (place(&grant["source"]), place(&grant["bindingSource"])))
        .collect()
}

fn can_i(folder: &Path, args: &[&str]) -> Value {
    let words = [&["can-i"], args, &["-o", "json"]].concat();
    json(&run(folder, &words))
}

#[test]
fn places_are_those_of_the_source_files() {
    let Some(()) = kubectl() else {
        return;
    };
    let folder = kustomize();
    let in_prod = ["-n", "prod", "-f", "overlays/prod"];
    let in_staging = ["-n", "staging", "-f", "overlays/staging"];
    let shop = "system:serviceaccount:staging:staging-shop-audited";
    for (case, question, place, binding) in [
        (
            "a rule of the base, under another name",
            [&["get", "configmaps", "--as", shop], &in_staging[..]].concat(),
            "base/role.yaml:10",
            "base/bindings.txt:1",
        ),
        (
            "a component's binding",
            [
                &["get", "pods", "--as", "x", "--as-group", "auditors"],
                &in_staging[..],
            ]
            .concat(),
            "base/role.yaml:7",
            "components/auditors/auditors.yaml:1",
        ),
        (
            "a rule that a JSON patch changed",
            [
                &["watch", "nodes", "--as", "system:serviceaccount:prod:shop"],
                &in_prod[..],
            ]
            .concat(),
            "base/role.yaml:14",
            "base/bindings.txt:16",
        ),
    ] {
        let answer = can_i(&folder, &question);
        assert_eq!(answer["allowed"], true, "{case}: {answer}");
        let expected = (place.to_owned(), binding.to_owned());
        assert!(places(&answer).contains(&expected), "{case}: {answer}");
    }
    // The patched roleRef no longer names the Role, whose rules the patch wrote.
    let check = run(&folder, &["check", "-f", "overlays/prod", "-o", "json"]);
    let unused = json(&check)["findings"].to_string();
    assert!(unused.contains("base/role.yaml"), "{unused}");
}

#[test]
fn a_rule_that_a_patch_writes_is_told_to_be_there() {
    let Some(()) = kubectl() else {
        return;
    };
    let folder = example();
    let path = folder.path();
    let kustomization = path.join("overlays/prod/kustomization.yaml");
    let before = fs::read_to_string(&kustomization).unwrap();
    let without_role_ref: String = before
        .lines()
        .filter(|line| {
            !line.contains("op: replace")
                && !line.contains("roleRef")
                && !line.contains("value: {apiGroup")
        })
        .map(|line| format!("{line}\n"))
        .collect();
    fs::write(&kustomization, without_role_ref).unwrap();
    let args = ["get", "secrets", "--as", "olu@example.com", "-n", "prod"];
    let answer = can_i(path, &[&args[..], &["-f", "overlays/prod"]].concat());
    assert_eq!(answer["allowed"], true, "{answer}");
    assert_eq!(
        places(&answer),
        [(
            "overlays/prod/patches/rules.yaml:9".to_owned(),
            "base/bindings.txt:1".to_owned()
        )]
    );
}

#[test]
fn an_answer_names_its_tools_and_no_secret() {
    let Some(()) = kubectl() else {
        return;
    };
    for args in [
        &["check", "-f", "overlays/prod", "-o", "json"][..],
        &["check", "-f", "overlays/prod"],
        &[
            "diff",
            "path:overlays/staging",
            "path:overlays/prod",
            "-o",
            "json",
        ],
        &[
            "can-i",
            "get",
            "secrets",
            "--as",
            "x",
            "-f",
            "overlays/prod",
            "-o",
            "json",
        ],
        &[
            "can-i",
            "--list",
            "--as",
            "x",
            "-f",
            "overlays/prod",
            "-o",
            "yaml",
        ],
        &[
            "lookup",
            "dana@example.com",
            "-f",
            "overlays/prod",
            "-o",
            "json",
        ],
        &[
            "who-can",
            "get",
            "pods",
            "-f",
            "overlays/prod",
            "-o",
            "json",
        ],
        &["matrix", "--as", "x", "-f", "overlays/prod", "-o", "json"],
    ] {
        let output = run(&kustomize(), args);
        let said = text(&output);
        for secret in ["not-for-anyones-eyes", "bm90LWZvci1hbnlvbmVzLWV5ZXM"] {
            assert!(!said.contains(secret), "{args:?}: {said}");
        }
        if args.contains(&"json") {
            let tools = json(&output)["tools"].clone();
            assert_eq!(tools[0]["name"], "kubectl", "{args:?}: {said}");
            assert!(tools[0]["version"].is_string(), "{args:?}: {tools}");
        }
    }
}

#[test]
fn what_is_piped_in_is_the_same_as_what_is_rendered() {
    let Some(()) = kubectl() else {
        return;
    };
    let pipes = TempDir::new().unwrap();
    for overlay in OVERLAYS {
        let file = pipes.path().join("rendered.yaml");
        fs::write(&file, rendered(&kustomize(), overlay)).unwrap();
        let piped = Command::new(env!("CARGO_BIN_EXE_rbac-eval"))
            .args(["who-can", "get", "pods", "-A", "-o", "json", "-f", "-"])
            .stdin(fs::File::open(&file).unwrap())
            .output()
            .unwrap();
        let own = run(
            &kustomize(),
            &["who-can", "get", "pods", "-A", "-o", "json", "-f", overlay],
        );
        assert_eq!(
            without_places(json(&piped)),
            without_places(json(&own)),
            "{overlay}"
        );
    }
}

/// A change of the example, and what it is.
type ExampleChange = (&'static str, fn(&Path));

fn replace(folder: &Path, file: &str, from: &str, to: &str) {
    let path = folder.join(file);
    let before = fs::read_to_string(&path).unwrap();
    assert!(before.contains(from), "{file} has no {from}");
    fs::write(path, before.replace(from, to)).unwrap();
}

const CHANGES: [ExampleChange; 10] = [
    ("nothing", |_| {}),
    ("a rule of the base", |folder| {
        replace(folder, "base/role.yaml", "[configmaps]", "[secrets]");
    }),
    ("a subject in a text file", |folder| {
        replace(folder, "base/bindings.txt", "dana@", "eve@");
    }),
    ("a strategic patch of rules", |folder| {
        let file = "overlays/prod/patches/rules.yaml";
        replace(folder, file, "[get, list]", "['*']");
    }),
    ("a JSON patch of rules", |folder| {
        replace(
            folder,
            "overlays/prod/patches/nodes.json",
            "watch",
            "delete",
        );
    }),
    ("an inline patch of a roleRef", |folder| {
        let file = "overlays/prod/kustomization.yaml";
        replace(folder, file, "name: view}", "name: cluster-admin}");
    }),
    ("an inline patch of subjects", |folder| {
        replace(folder, "overlays/prod/kustomization.yaml", "olu@", "eve@");
    }),
    ("the namespace", |folder| {
        let file = "overlays/prod/kustomization.yaml";
        replace(folder, file, "namespace: prod", "namespace: live");
    }),
    ("a resource that is taken out", |folder| {
        replace(folder, "base/kustomization.yaml", "- bindings.txt\n", "");
    }),
    ("a component", |folder| {
        let file = "components/auditors/auditors.yaml";
        replace(
            folder,
            file,
            "name: auditors\n  apiGroup",
            "name: everyone\n  apiGroup",
        );
    }),
];

/// The law: the diff of an overlay is the diff of what it renders to.
#[test]
fn the_diff_of_an_overlay_is_the_diff_of_what_it_renders_to() {
    let Some(()) = kubectl() else {
        return;
    };
    let mut gains = 0;
    for (case, change) in CHANGES {
        let folder = example();
        let path = folder.path();
        let texts = TempDir::new().unwrap();
        let write = |side: &str, overlay: &str| {
            let name = format!("{side}-{}.yaml", overlay.replace('/', "-"));
            let file = texts.path().join(name);
            fs::write(&file, rendered(path, overlay)).unwrap();
            file.display().to_string()
        };
        let before = OVERLAYS.map(|overlay| write("before", overlay));
        change(path);
        commit_if_changed(path);
        for (overlay, before) in OVERLAYS.iter().zip(before) {
            let after = write("after", overlay);
            let of_texts = run(path, &["diff", &before, &after, "-o", "json"]);
            for of_overlay in [
                run(path, &["diff", "main", "HEAD", "-f", overlay, "-o", "json"]),
                run(path, &["diff", "main", "-f", overlay, "-o", "json"]),
                run(&path.join(overlay), &["diff", "main", "-o", "json"]),
            ] {
                let case = format!("{case}, {overlay}");
                assert_eq!(of_overlay.status, of_texts.status, "{case}");
                let (own, texts) = (json(&of_overlay), json(&of_texts));
                assert_eq!(own["unjudged"], texts["unjudged"], "{case}");
                gains += own["summary"]["gained"].as_u64().unwrap();
                assert_eq!(without_places(own), without_places(texts), "{case}");
            }
        }
    }
    assert!(gains > 10, "{gains}");
}

fn commit_if_changed(folder: &Path) {
    put(folder, "notes.txt", "changed\n");
    commit(folder);
}

#[test]
fn what_several_folders_draw_on_is_read_once() {
    let Some(()) = kubectl() else {
        return;
    };
    // The base is drawn on by the overlay, and so is its file.
    let args = [
        "check",
        "-f",
        "base",
        "-f",
        "overlays/prod",
        "-f",
        "base/role.yaml",
    ];
    let output = run(&kustomize(), &[&args[..], &["-o", "json"]].concat());
    let alone = run(
        &kustomize(),
        &["check", "-f", "overlays/prod", "-o", "json"],
    );
    assert_eq!(json(&output), json(&alone));
}

#[test]
fn folders_further_below_are_told_and_lead_to_f() {
    let output = run(&kustomize(), &["check", "-f", "."]);
    let said = text(&output);
    assert_eq!(output.status.code(), Some(2), "{said}");
    for folder in ["base", "overlays/prod", "overlays/staging"] {
        assert!(said.contains(folder), "{said}");
    }
    assert!(said.contains("name this very folder with `-f`"), "{said}");
    assert!(said.contains("`rbac-eval init`"), "{said}");
}

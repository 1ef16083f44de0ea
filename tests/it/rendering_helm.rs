//! Charts, held against this machine's own Helm. Without one the tests say so and pass; what Helm prints
//! is recorded for the tests with stand-ins.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use pretty_assertions::assert_eq;
use serde_json::Value;
use tempfile::TempDir;

use crate::support::copy;
use crate::support::gates::{commit, git, put, run, text};
use crate::support::stand_in::on_path;
use crate::support::testdata;

/// A copy of the example, where Helm is on this machine.
fn example() -> Option<TempDir> {
    if on_path("helm").is_none() {
        eprintln!("helm isn't on PATH, so charts aren't held against it");
        return None;
    }
    let folder = TempDir::new().unwrap();
    copy(&testdata().join("rendering/helm"), folder.path());
    Some(folder)
}

fn helm(folder: &Path, args: &[&str]) -> Output {
    let home = TempDir::new().unwrap();
    let output = Command::new("helm")
        .args(args)
        .current_dir(folder)
        .env("HOME", home.path())
        .output()
        .unwrap();
    assert!(output.status.success(), "{args:?}: {}", text(&output));
    output
}

/// What Helm prints for the example, with the chart beside it packed into it first.
fn printed(folder: &Path, args: &[&str]) -> Vec<u8> {
    helm(folder, &["dependency", "build", "app"]);
    let template = ["template", "release-name", "app", "--include-crds"];
    helm(folder, &[&template, args].concat()).stdout
}

#[test]
fn the_recording_is_what_helm_prints() {
    let Some(folder) = example() else { return };
    let printed = printed(folder.path(), &["--set", "readers={dana@example.com}"]);
    let recorded = fs::read_to_string(folder.path().join("template.yaml")).unwrap();
    assert_eq!(String::from_utf8(printed).unwrap(), recorded);
}

fn subjects(output: &Output) -> Vec<(Value, Value)> {
    let answer: Value = serde_json::from_slice(&output.stdout).unwrap_or_default();
    let subjects = answer["subjects"].as_array();
    let subjects = subjects.unwrap_or_else(|| panic!("{}", text(output)));
    let parts = |one: &Value| {
        let grants = one["grants"].as_array().unwrap().iter();
        let bindings = grants.map(|grant| grant["binding"].clone());
        (one["name"].clone(), bindings.collect())
    };
    subjects.iter().map(parts).collect()
}

#[test]
fn a_chart_gives_what_helm_prints_for_it() {
    for (values, args) in [
        ("readers: [dana@example.com]\n", &["-f", "values.yaml"][..]),
        (
            "metrics: {enabled: false}\n",
            &["-f", "values.yaml", "--namespace", "shop"],
        ),
    ] {
        let Some(folder) = example() else { return };
        put(folder.path(), "values.yaml", values);
        let namespace = if args.len() > 2 {
            ", namespace: shop"
        } else {
            ""
        };
        let settings = format!(
            "environments:\n- name: one\n  helm: {{chart: app, values: [values.yaml]{namespace}}}\n"
        );
        put(folder.path(), ".rbac-eval.yaml", &settings);
        let question = ["who-can", "get", "pods", "-A", "-o", "json"];
        let own = run(folder.path(), &question);
        let other = TempDir::new().unwrap();
        copy(folder.path(), other.path());
        let printed = printed(other.path(), args);
        fs::write(other.path().join("printed.yaml"), printed).unwrap();
        let printed = run(
            other.path(),
            &[&question[..], &["-f", "printed.yaml"]].concat(),
        );
        assert_eq!(subjects(&own), subjects(&printed), "{values}");
    }
}

#[test]
fn the_diff_of_a_chart_is_the_diff_of_what_it_renders_to() {
    let Some(folder) = example() else { return };
    git(
        folder.path(),
        &["init", "--quiet", "--initial-branch", "main"],
    );
    let settings = "environments:\n- name: one\n  helm: {chart: app, values: [values.yaml]}\n";
    put(folder.path(), ".rbac-eval.yaml", settings);
    put(folder.path(), "values.yaml", "readers: []\n");
    commit(folder.path());
    git(folder.path(), &["switch", "--quiet", "--create", "change"]);
    put(
        folder.path(),
        "values.yaml",
        "readers: [dana@example.com]\n",
    );
    commit(folder.path());
    let own = run(folder.path(), &["diff", "main...HEAD", "-o", "json"]);
    assert_eq!(own.status.code(), Some(1), "{}", text(&own));

    let other = TempDir::new().unwrap();
    copy(&testdata().join("rendering/helm"), other.path());
    let before = printed(other.path(), &[]);
    let after = printed(other.path(), &["--set", "readers={dana@example.com}"]);
    fs::write(other.path().join("before.yaml"), before).unwrap();
    fs::write(other.path().join("after.yaml"), after).unwrap();
    let printed = run(
        other.path(),
        &["diff", "before.yaml", "after.yaml", "-o", "json"],
    );
    let changes = |output: &Output| -> Vec<[Value; 4]> {
        let answer: Value = serde_json::from_slice(&output.stdout).unwrap_or_default();
        let changes = answer["changes"].as_array();
        let changes = changes.unwrap_or_else(|| panic!("{}", text(output)));
        let parts = ["change", "subject", "rule", "namespace"];
        let parts = |one: &Value| parts.map(|part| one[part].clone());
        changes.iter().map(parts).collect()
    };
    assert!(!changes(&own).is_empty());
    assert_eq!(changes(&own), changes(&printed));
}

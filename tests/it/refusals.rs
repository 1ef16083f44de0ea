//! What an API server takes is taken, and what it refuses is refused at the right line: in YAML and
//! in JSON, alone and inside a List as kubectl prints it.
//!
//! `refused.jsonl` and `taken.jsonl` are tables that were tried on a running API server.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use crate::support::{jsonl, testdata};
use rayon::prelude::*;
use serde_json::{Value, json};

/// The forms in which a text may hold objects.
const FORMS: [&str; 6] = [
    "documents.yaml",
    "list.yaml",
    "flow.yaml",
    "list.json",
    "stream.json",
    "lines.jsonl",
];

fn written(form: &str, objects: &[Value]) -> String {
    let list = || {
        let items: Vec<Value> = objects.iter().map(as_kubectl_prints).collect();
        json!({
            "apiVersion": "v1", "kind": "List", "items": items,
            "metadata": {"resourceVersion": ""},
        })
    };
    let joined = |separator: &str, write: &dyn Fn(&Value) -> String| {
        let texts: Vec<String> = objects.iter().map(write).collect();
        texts.join(separator)
    };
    match form {
        "documents.yaml" => joined("---\n", &|object| serde_yaml::to_string(object).unwrap()),
        "list.yaml" => serde_yaml::to_string(&list()).unwrap(),
        "flow.yaml" => joined("\n---\n", &|object| format!("# JSON is YAML\n{object:#}")),
        "list.json" => format!("{:#}", list()),
        "stream.json" => joined("\n", &|object| format!("{object:#}")),
        "lines.jsonl" => joined("\n", &Value::to_string),
        other => unreachable!("{other}"),
    }
}

/// An object with what `kubectl get -o yaml --show-managed-fields` adds.
fn as_kubectl_prints(object: &Value) -> Value {
    let mut object = object.clone();
    let metadata = object["metadata"].as_object_mut().unwrap();
    let managed = json!([{
        "apiVersion": "rbac.authorization.k8s.io/v1", "fieldsType": "FieldsV1",
        "fieldsV1": {"f:rules": {}, "f:roleRef": {}, "f:subjects": {".": {}}},
        "manager": "kubectl", "operation": "Update", "time": "2024-01-02T03:04:05Z",
    }]);
    for (field, value) in [
        ("creationTimestamp", json!("2024-01-02T03:04:05Z")),
        ("managedFields", managed),
        ("resourceVersion", json!("17")),
        ("uid", json!("5b9d7d0e-0000-4000-8000-000000000001")),
    ] {
        metadata.insert(field.to_owned(), value);
    }
    object
}

/// The line of the first object's piece that a message is about: the rule or subject of that
/// number, or the object itself.
fn expected_line(form: &str, text: &str, why: &str) -> usize {
    let begins_mapping = |line: &str| {
        let line = line.trim_start();
        line == "{" || (line.starts_with("- ") && line.contains(':'))
    };
    let mut words = why.split([' ', ':']);
    let list = match words.next() {
        Some("rule") => "rules:",
        Some("subject") => "subjects:",
        _ if form.starts_with("list") => "items:",
        // After the comment in `flow.yaml`.
        _ => return 1 + usize::from(form == "flow.yaml"),
    };
    if form == "lines.jsonl" {
        return 1;
    }
    let number: usize = words.next().and_then(|word| word.parse().ok()).unwrap_or(1);
    let plain = |line: &str| line.trim_start().replace('"', "");
    let (line, _) = text
        .lines()
        .enumerate()
        .skip_while(|(_, line)| !plain(line).starts_with(list))
        .skip(1)
        .filter(|(_, line)| begins_mapping(line))
        .nth(number - 1)
        .unwrap();
    line + 1
}

/// Objects around the tried one: `ann` may do all, `reads` is there to be bound, and whatever
/// `tried` gives is `bob`'s.
fn neighbours() -> Vec<Value> {
    let role = |name: &str, verb: &str| {
        json!({
            "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole",
            "metadata": {"name": name},
            "rules": [{"apiGroups": [""], "resources": ["pods"], "verbs": [verb]}],
        })
    };
    let binding = |kind: &str, name: &str, role_kind: &str, role: &str, user: &str| {
        json!({
            "apiVersion": "rbac.authorization.k8s.io/v1", "kind": kind,
            "metadata": {"name": name, "namespace": "default"},
            "roleRef": {"kind": role_kind, "name": role},
            "subjects": [{"kind": "User", "name": user}],
        })
    };
    vec![
        role("all", "*"),
        role("reads", "get"),
        binding("ClusterRoleBinding", "ann", "ClusterRole", "all", "ann"),
        binding("ClusterRoleBinding", "bob", "ClusterRole", "tried", "bob"),
        binding("RoleBinding", "bob", "Role", "tried", "bob"),
    ]
}

/// Puts the objects and their neighbours into a file of this form.
fn put(folder: &Path, form: &str, objects: &[Value]) -> String {
    let text = written(form, &[objects, &neighbours()].concat());
    fs::write(folder.join(form), &text).unwrap();
    text
}

fn ask(folder: &Path, form: &str, user: &str, request: &str) -> (Option<i32>, String) {
    let Output { status, stderr, .. } = Command::new(env!("CARGO_BIN_EXE_rbac-eval"))
        .current_dir(folder)
        .arg("can-i")
        .args(request.split(' '))
        .args(["--as", user, "--defaults", "none", "-f", form])
        .output()
        .unwrap();
    (status.code(), String::from_utf8(stderr).unwrap())
}

/// What is wrong with how an object is refused, if anything is.
fn faults_of_refusal(entry: &Value, form: &str) -> Vec<String> {
    let why = entry["why"].as_str().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let text = put(folder.path(), form, &[entry["object"].clone()]);
    let (exit, stderr) = ask(folder.path(), form, "bob", "delete pods");
    let span = format!("warning: {form}:{}:", expected_line(form, &text, why));
    let warnings: Vec<&str> = stderr.lines().collect();
    let mut faults = Vec::new();
    match *warnings {
        [warning] => {
            if !warning.starts_with(&span) {
                faults.push(format!("not at {span} but {warning}"));
            }
            if !warning.contains(&format!("since an API server would refuse it: {why}")) {
                faults.push(format!("not told `{why}` but {warning}"));
            }
        }
        _ => faults.push(format!("{form}: not one warning `{why}` but {warnings:?}")),
    }
    if exit != Some(1) {
        faults.push(format!("{form}: used in spite of `{why}`: {exit:?}"));
    }
    if ask(folder.path(), form, "ann", "delete pods").0 != Some(0) {
        faults.push(format!("{form}: its neighbours are lost: {why}"));
    }
    faults
}

#[test]
fn what_a_server_refuses_is_warned_about_at_its_line_and_not_used() {
    let entries = jsonl(&testdata().join("cases/refused.jsonl"));
    assert!(entries.len() > 40);
    let faults: Vec<String> = entries
        .par_iter()
        .flat_map_iter(|entry| FORMS.iter().flat_map(|form| faults_of_refusal(entry, form)))
        .collect();
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

/// What is wrong with how objects are taken, if anything is.
fn faults_of_taking(entry: &Value, form: &str) -> Vec<String> {
    let what = entry["what"].as_str().unwrap();
    let user = entry["as"].as_str().unwrap_or("bob");
    let folder = tempfile::tempdir().unwrap();
    let mut objects = entry["objects"].as_array().unwrap().clone();
    // Without this, bindings to the absent role `tried` would make the answers incomplete.
    objects.push(json!({
        "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole",
        "metadata": {"name": "tried"}, "rules": [],
    }));
    put(folder.path(), form, &objects);
    let mut faults = Vec::new();
    for (answer, expected) in [("yes", 0), ("no", 1)] {
        let request = entry[answer].as_str().unwrap();
        if request.is_empty() {
            continue;
        }
        let (exit, stderr) = ask(folder.path(), form, user, request);
        if exit != Some(expected) || !stderr.is_empty() {
            faults.push(format!("{form}: {what}: {request}: {exit:?} {stderr}"));
        }
    }
    faults
}

#[test]
fn what_a_server_takes_is_taken_without_a_word() {
    let entries = jsonl(&testdata().join("cases/taken.jsonl"));
    assert!(entries.len() > 10);
    let faults: Vec<String> = entries
        .par_iter()
        .flat_map_iter(|entry| FORMS.iter().flat_map(|form| faults_of_taking(entry, form)))
        .collect();
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

//! The same policy gives the same answers in every form in which a text may hold it.

use std::fs;
use std::path::Path;

use crate::support::testdata;
use crate::support::told::{put, run};
use serde::Deserialize;
use serde_json::{Value, json};

/// Requests, and whether `policy.yaml` allows them.
const ASKED: [(&str, bool); 12] = [
    ("get pods --as mona", true),
    ("get pods --subresource log --as mona -A", true),
    ("delete pods --as mona", false),
    ("get /metrics/cadvisor --as mona", true),
    ("get /healthz --as mona", false),
    (
        "list pods --as system:serviceaccount:monitoring:prometheus",
        true,
    ),
    (
        "list pods --as system:serviceaccount:default:prometheus",
        false,
    ),
    (
        "patch deployments/007 --as eve --as-group deployers -n shop",
        true,
    ),
    (
        "patch deployments/7 --as eve --as-group deployers -n shop",
        false,
    ),
    (
        "get deployments/yes --as eve --as-group deployers -n shop",
        true,
    ),
    (
        "get deployments/true --as eve --as-group deployers -n shop",
        false,
    ),
    (
        "patch deployments/007 --as eve --as-group deployers -n default",
        false,
    ),
];

fn policy() -> Vec<Value> {
    let text = fs::read_to_string(testdata().join("cases/policy.yaml")).unwrap();
    serde_yaml::Deserializer::from_str(&text)
        .map(|document| Value::deserialize(document).unwrap())
        .collect()
}

fn allows(folder: &Path, request: &str, stdin: &str) -> bool {
    let args: Vec<&str> = ["can-i"]
        .into_iter()
        .chain(request.split(' '))
        .chain(["--defaults", "none", "-f"])
        .chain([if stdin.is_empty() { "." } else { "-" }])
        .collect();
    let output = run(folder, &args, stdin.as_bytes());
    let stderr = str::from_utf8(&output.stderr).unwrap();
    assert_eq!(stderr, "", "{request}");
    match output.status.code() {
        Some(0) => true,
        Some(1) => false,
        code => panic!("{request}: {code:?}"),
    }
}

/// Asserts the answers of `policy.yaml` for the files of a folder.
fn assert_answers(what: &str, files: &[(&str, String)]) {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        put(folder.path(), name, text);
    }
    for (request, allowed) in ASKED {
        assert_eq!(
            allows(folder.path(), request, ""),
            allowed,
            "{what}: {request}"
        );
    }
}

/// The writer is one of YAML 1.2, where `yes` is a string; the reader is one of YAML 1.1.
fn yaml(value: &Value) -> String {
    let text = serde_yaml::to_string(value).unwrap();
    text.replace("- yes\n", "- 'yes'\n")
}

fn joined(objects: &[Value], separator: &str, write: fn(&Value) -> String) -> String {
    let texts: Vec<String> = objects.iter().map(write).collect();
    texts.join(separator)
}

fn list_of(kind: &str, api_version: &str, items: Vec<Value>) -> Value {
    json!({"apiVersion": api_version, "items": items, "kind": kind,
        "metadata": {"resourceVersion": ""}})
}

/// As an API server answers a request for a collection: the items carry no kind.
fn typed_lists(objects: &[Value]) -> Vec<Value> {
    ["ClusterRole", "Role", "ClusterRoleBinding", "RoleBinding"]
        .iter()
        .map(|kind| {
            let items = objects
                .iter()
                .filter(|object| object["kind"] == **kind)
                .map(|object| {
                    let mut object = object.clone();
                    let fields = object.as_object_mut().unwrap();
                    fields.shift_remove("kind");
                    fields.shift_remove("apiVersion");
                    object
                })
                .collect();
            list_of(
                &format!("{kind}List"),
                "rbac.authorization.k8s.io/v1",
                items,
            )
        })
        .collect()
}

#[test]
fn documents_in_yaml() {
    let objects = policy();
    let documents = joined(&objects, "---\n", yaml);
    assert_answers("documents", &[("p.yaml", documents.clone())]);
    assert_answers("ends", &[("p.yml", joined(&objects, "...\n---\n", yaml))]);
    assert_answers(
        "carriage returns",
        &[("p.yaml", documents.replace('\n', "\r\n"))],
    );
    assert_answers("a mark", &[("p.yaml", format!("\u{feff}{documents}"))]);
    assert_answers(
        "comments and empty documents",
        &[(
            "p.yaml",
            format!("# c\n---\n---\n# c\n---\n{documents}---\n# c\n"),
        )],
    );
    let flow = |object: &Value| format!("# flow\n{object}");
    assert_answers(
        "flow style",
        &[("p.yaml", joined(&objects, "\n---\n", flow))],
    );
    let reversed: Vec<Value> = objects.into_iter().rev().collect();
    assert_answers(
        "the other order",
        &[("p.yaml", joined(&reversed, "---\n", yaml))],
    );
}

#[test]
fn json() {
    let objects = policy();
    assert_answers(
        "lines",
        &[("p.jsonl", joined(&objects, "\n", Value::to_string))],
    );
    assert_answers(
        "lines of another name",
        &[("p.ndjson", joined(&objects, "\n\n", Value::to_string))],
    );
    assert_answers(
        "one line",
        &[("p.json", joined(&objects, "", Value::to_string))],
    );
    assert_answers(
        "pretty",
        &[(
            "p.json",
            joined(&objects, "\n", |object| format!("{object:#}")),
        )],
    );
    assert_answers(
        "JSON in a YAML file",
        &[("p.yaml", joined(&objects, "\n", Value::to_string))],
    );
    let escaped = joined(&objects, "\n", Value::to_string).replace("kind", r"k\u0069nd");
    assert_answers("escapes", &[("p.json", escaped)]);
}

#[test]
fn lists() {
    let objects = policy();
    let list = list_of("List", "v1", objects.clone());
    assert_answers("in YAML", &[("p.yaml", yaml(&list))]);
    assert_answers("in JSON", &[("p.json", format!("{list:#}"))]);
    let indented = yaml(&list).replace("\n- ", "\n-\n  ");
    assert_answers("dashes on lines of their own", &[("p.yaml", indented)]);
    assert_answers("in flow style", &[("p.yaml", format!("# c\n{list}"))]);
    let typed = typed_lists(&objects);
    assert_answers(
        "typed, in YAML",
        &[("p.yaml", joined(&typed, "---\n", yaml))],
    );
    assert_answers(
        "typed, in JSON",
        &[("p.json", joined(&typed, "\n", Value::to_string))],
    );
}

#[test]
fn many_files() {
    let objects = policy();
    let files: Vec<(String, String)> = objects
        .iter()
        .enumerate()
        .map(|(number, object)| match number % 2 {
            0 => (format!("deep/{number}/object.yaml"), yaml(object)),
            _ => (format!("{number}.json"), object.to_string()),
        })
        .collect();
    let files: Vec<(&str, String)> = files
        .iter()
        .map(|(name, text)| (name.as_str(), text.clone()))
        .collect();
    assert_answers("an object a file", &files);
}

#[test]
fn standard_input() {
    let objects = policy();
    let folder = tempfile::tempdir().unwrap();
    for text in [
        joined(&objects, "---\n", yaml),
        joined(&objects, "\n", Value::to_string),
    ] {
        for (request, allowed) in ASKED {
            assert_eq!(allows(folder.path(), request, &text), allowed, "{request}");
        }
    }
}

#[test]
fn anchors_and_merge_keys_are_applied() {
    let text = fs::read_to_string(testdata().join("cases/merge-keys.yaml")).unwrap();
    let folder = tempfile::tempdir().unwrap();
    for (request, allowed) in [
        ("get pods --as ann", true),
        ("list services --as ann", true),
        ("watch secrets --as ann", true),
        ("get secrets --as ann", false),
        ("watch services --as ann", false),
        ("list deployments.apps --as ann", true),
        ("list pods --as bob", false),
    ] {
        assert_eq!(allows(folder.path(), request, &text), allowed, "{request}");
    }
}

/// Scalars that YAML 1.1, as go-yaml reads it, takes for something else than a string.
#[test]
fn scalars_are_read_as_yaml_1_1() {
    let not_strings = [
        "y",
        "n",
        "Y",
        "N",
        "yes",
        "No",
        "ON",
        "off",
        "True",
        "FALSE",
        "123",
        "-1",
        "+1",
        "0x1F",
        "0b1",
        "0o17",
        "012",
        "08",
        "1_000",
        "1e3",
        ".5",
        "5.",
        "1.0",
        "+.5",
        "18446744073709551616",
    ];
    let strings = [
        "get",
        "2001-01-01",
        "1:30",
        "nUll",
        "yEs please",
        "0x",
        "0xG",
        "1e",
        "_1",
        "v1",
        "1.2.3",
        "'123'",
        "\"yes\"",
        "!!str 123",
        "=",
        "nan",
    ];
    let folder = tempfile::tempdir().unwrap();
    let refused = |scalar: &str| {
        let text = format!(
            "apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata: {{name: r}}\n\
             rules:\n- apiGroups: ['']\n  resources: [pods]\n  verbs: [get]\n  resourceNames:\n  \
             - {scalar}\n"
        );
        let args = ["can-i", "get", "pods", "--as", "a", "-f", "-"];
        let output = run(folder.path(), &args, text.as_bytes());
        str::from_utf8(&output.stderr)
            .unwrap()
            .contains("where a string belongs")
    };
    for scalar in not_strings {
        assert!(refused(scalar), "{scalar} is taken for a string");
    }
    for scalar in strings {
        assert!(!refused(scalar), "{scalar} is not taken for a string");
    }
    // Null is the empty string in a list of strings.
    for scalar in ["~", "null", "Null", "NULL", ""] {
        assert!(!refused(scalar), "{scalar}");
    }
}

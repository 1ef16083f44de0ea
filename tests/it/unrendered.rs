//! A name that a tool has still to put a value into is nobody's, and what it will be isn't known: the
//! answer is incomplete, and says why.

use std::path::Path;

use pretty_assertions::assert_eq;
use serde_json::Value;
use tempfile::TempDir;

use crate::support::told::{put, run};

const API: &str = "apiVersion: rbac.authorization.k8s.io/v1\n";

/// What stands in the object, and what is told of it.
fn objects() -> Vec<(String, &'static str)> {
    let binding = |metadata: &str, role: &str, subject: &str| {
        format!(
            "{API}kind: RoleBinding\nmetadata: {metadata}\nroleRef: {{kind: ClusterRole, name: {role}}}\n\
             subjects:\n- {{kind: User, name: alice}}\n- {subject}\n"
        )
    };
    let named = "{name: b, namespace: shop}";
    let bob = "{kind: User, name: bob}";
    vec![
        (
            binding(named, "view", "{kind: Group, name: '${GROUP_ID}'}"),
            "RoleBinding shop/b has `${GROUP_ID}` in subject 2",
        ),
        (
            binding(named, "view", "{kind: Group, name: $GROUP_ID}"),
            "RoleBinding shop/b has `$GROUP_ID` in subject 2",
        ),
        (
            binding(named, "view", "{kind: User, name: '{{ .Values.user }}'}"),
            "RoleBinding shop/b has `{{ .Values.user }}` in subject 2",
        ),
        (
            binding(
                named,
                "view",
                "{kind: ServiceAccount, name: ci, namespace: $(NAMESPACE)}",
            ),
            "RoleBinding shop/b has `$(NAMESPACE)` in subject 2",
        ),
        (
            binding(named, "'#{Role}#'", bob),
            "RoleBinding shop/b has `#{Role}` in the role that it names",
        ),
        (
            binding("{name: 'b-${ENV}', namespace: shop}", "view", bob),
            "RoleBinding shop/b-${ENV} has `${ENV}` in its name",
        ),
        (
            format!(
                "{API}kind: ClusterRole\nmetadata: {{name: '{{{{ .Release.Name }}}}-r'}}\nrules: []\n"
            ),
            "has `{{ .Release.Name }}` in its name",
        ),
        (
            format!(
                "{API}kind: ClusterRole\nmetadata: {{name: r}}\nrules:\n\
                 - {{apiGroups: [''], resources: ['${{WHAT}}'], verbs: [get]}}\n"
            ),
            "ClusterRole r has `${WHAT}` in rule 1",
        ),
        // A server refuses these, and so they aren't used.
        (
            binding("{name: b, namespace: '${NS}'}", "view", bob),
            "`${NS}` isn't rendered yet",
        ),
        (
            binding(
                named,
                "view",
                "{kind: ServiceAccount, name: '${SA}', namespace: shop}",
            ),
            "`${SA}` isn't rendered yet",
        ),
        (
            "apiVersion: v1\nkind: Namespace\nmetadata: {name: '{{ .Values.ns }}'}\n".to_owned(),
            "`{{ .Values.ns }}` isn't rendered yet",
        ),
    ]
}

fn json(folder: &Path, args: &[&str]) -> Value {
    let output = run(
        folder,
        &[args, &["-f", "rbac.yaml", "-o", "json"]].concat(),
        b"",
    );
    serde_json::from_slice(&output.stdout).unwrap()
}

#[test]
fn every_answer_is_incomplete_where_a_name_is_not_rendered() {
    for (object, says) in objects() {
        let folder = TempDir::new().unwrap();
        let other = format!("{API}kind: ClusterRole\nmetadata: {{name: other}}\nrules: []\n");
        put(folder.path(), "rbac.yaml", format!("{object}---\n{other}"));
        for args in [
            &["can-i", "get", "pods", "--as", "zoe", "-n", "shop"][..],
            &["who-can", "get", "pods", "-n", "shop"],
            &["matrix", "pods", "-n", "shop"],
            &["can-i", "--list", "--as", "zoe", "-n", "shop"],
        ] {
            let view = json(folder.path(), args);
            let unjudged = view["unjudged"].as_array().unwrap();
            let told = unjudged
                .iter()
                .any(|part| part["reason"].as_str().unwrap().contains(says));
            assert!(told, "{args:?}: {says}: {unjudged:?}");
        }
        let output = run(folder.path(), &["check", "-f", "rbac.yaml"], b"");
        assert_eq!(output.status.code(), Some(1), "{says}");
    }
}

/// What is written beside the placeholder holds all the same.
#[test]
fn the_other_subjects_of_the_binding_can() {
    let folder = TempDir::new().unwrap();
    for (object, _) in objects().into_iter().take(4) {
        put(folder.path(), "rbac.yaml", &object);
        let asked = ["can-i", "get", "pods", "--as", "alice", "-n", "shop"];
        assert_eq!(json(folder.path(), &asked)["allowed"], Value::Bool(true));
    }
}

#[test]
fn an_assertion_that_a_placeholder_may_break_is_unknown() {
    let folder = TempDir::new().unwrap();
    let (object, _) = objects().swap_remove(0);
    put(folder.path(), "rbac.yaml", &object);
    put(
        folder.path(),
        "tests.yaml",
        "assertions:\n- noOne: {verb: get, resource: secrets, namespace: shop}\n",
    );
    let output = run(
        folder.path(),
        &["test", "tests.yaml", "-f", "rbac.yaml"],
        b"",
    );
    assert_eq!(output.status.code(), Some(2));
}

/// What it will be may be anyone: it isn't said to match nobody.
#[test]
fn a_placeholder_is_not_nobody() {
    let folder = TempDir::new().unwrap();
    let object = format!(
        "{API}kind: ClusterRoleBinding\nmetadata: {{name: b}}\nroleRef: {{kind: ClusterRole, name: view}}\n\
         subjects:\n- {{kind: Group, name: 11111111-aaaa-4bbb-8ccc-222222222222}}\n\
         - {{kind: Group, name: '${{TEAM}} devs'}}\n- {{kind: Group, name: Ops team}}\n"
    );
    put(folder.path(), "rbac.yaml", &object);
    let view = json(folder.path(), &["who-can", "get", "pods", "-n", "shop"]);
    let marked: Vec<(&str, bool)> = view["subjects"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|subject| !subject["name"].as_str().unwrap().starts_with("system:"))
        .filter(|subject| subject["kind"] == "Group")
        .map(|subject| {
            let name = subject["name"].as_str().unwrap();
            (name, subject["matchesNobody"].is_object())
        })
        .collect();
    assert_eq!(
        marked,
        [
            ("${TEAM} devs", false),
            ("11111111-aaaa-4bbb-8ccc-222222222222", false),
            ("Ops team", true)
        ]
    );
    let asked = ["can-i", "get", "pods", "--as", "zoe", "-n", "shop"];
    let misses = json(folder.path(), &asked);
    let misses: Vec<&str> = misses["nearMisses"]
        .as_array()
        .unwrap()
        .iter()
        .map(|miss| miss["subject"]["name"].as_str().unwrap())
        .collect();
    assert_eq!(misses, ["Ops team"]);
}

#[test]
fn a_typed_placeholder_is_told() {
    let folder = TempDir::new().unwrap();
    put(
        folder.path(),
        "rbac.yaml",
        format!("{API}kind: ClusterRole\nmetadata: {{name: r}}\nrules: []\n"),
    );
    for args in [
        &["can-i", "get", "pods", "--as", "${USER}"][..],
        &[
            "can-i",
            "get",
            "pods",
            "--as",
            "x",
            "--as-group",
            "{{ .Values.g }}",
        ],
        &["can-i", "get", "pods", "--as", "x", "-n", "$(NS)"],
        &["can-i", "get", "pods/$POD", "--as", "x"],
        &["who-can", "get", "#{TYPE}#"],
    ] {
        let view = json(folder.path(), args);
        let notes = view["notes"].as_array().unwrap();
        let told = notes
            .iter()
            .filter(|note| note.as_str().unwrap().contains("isn't rendered"));
        assert_eq!(told.count(), 1, "{args:?}: {notes:?}");
    }
    let output = run(folder.path(), &["lookup", "${X}", "-f", "rbac.yaml"], b"");
    assert!(
        String::from_utf8(output.stderr)
            .unwrap()
            .contains("`${X}` isn't rendered")
    );
}

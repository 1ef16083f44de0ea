//! Texts that hold something else than they seem to: nothing is lost in silence.

use std::path::Path;

use crate::support::told::{put, run};
use tempfile::TempDir;

fn yaml(name: &str) -> String {
    format!(
        "apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRoleBinding\n\
         metadata: {{name: {name}}}\nroleRef: {{kind: ClusterRole, name: view}}\n\
         subjects: [{{kind: User, name: {name}}}]\n"
    )
}

fn json(name: &str) -> String {
    format!(
        r#"{{"apiVersion":"rbac.authorization.k8s.io/v1","kind":"ClusterRoleBinding","metadata":{{"name":"{name}"}},"roleRef":{{"kind":"ClusterRole","name":"view"}},"subjects":[{{"kind":"User","name":"{name}"}}]}}"#
    )
}

/// Exit code and stderr of asking what `bob` may do by a file in a folder.
fn ask_in(folder: &Path, name: &str) -> (i32, String) {
    let args = ["can-i", "get", "pods", "--as", "bob", "-f", name];
    let output = run(folder, &args, b"");
    let stderr = String::from_utf8(output.stderr).unwrap();
    (output.status.code().unwrap(), stderr)
}

fn ask(name: &str, text: &str) -> (i32, String) {
    let folder = TempDir::new().unwrap();
    put(folder.path(), name, text);
    ask_in(folder.path(), name)
}

#[track_caller]
fn assert_read(name: &str, text: &str) {
    assert_eq!(ask(name, text), (0, String::new()), "{text}");
}

#[track_caller]
fn assert_error(name: &str, text: &str, told: &str) {
    let (code, stderr) = ask(name, text);
    assert!(
        stderr.starts_with(&format!("error: {name}:")),
        "{text}\n{stderr}"
    );
    assert!(stderr.contains(told), "{text}\n{stderr}");
    assert_eq!(code, 2, "{text}");
}

#[test]
fn what_follows_json_is_read() {
    let (ann, bob) = (json("ann"), json("bob"));
    for name in ["p.yaml", "p.json"] {
        assert_read(name, &format!("{ann}\n---\n{}", yaml("bob")));
        assert_read(name, &format!("{ann}\n---\n{bob}\n"));
        assert_read(name, &format!("{ann}\n# next\n---\n{bob}\n# end\n"));
        assert_read(
            name,
            &format!("{}---\n{bob}", yaml("ann")).replace("---", "---\n# c"),
        );
    }
    assert_read("p.yaml", &format!("{bob}\n# end\n"));
    assert_error(
        "p.json",
        &format!("{bob}\n# end\n"),
        "p.json:2:1: JSON has no `#` comments",
    );
    assert_error("p.yaml", &format!("{bob}\n{}", &ann[..40]), "p.yaml:2:");
}

#[test]
fn templates_that_are_sound_yaml_are_not_taken_for_manifests() {
    let bob = yaml("bob");
    for template in [
        "kind: Role\nmetadata:\n  name: {{ .Release.Name }}\n",
        "kind: Pod\nmetadata:\n  name: {{ .Release.Name }}\n",
        "{{ if .Values.rbac }}\n",
        "kind: Role\nrules:\n- verbs: [{{ .Values.verb }}]\n",
        "kind: Role\nextra:\n- {{ .Values.extra }}\n",
        "kind: Role\n? [a, b]\n: c # {{\n",
    ] {
        assert_error(
            "p.yaml",
            &format!("{bob}---\n{template}"),
            "render it first",
        );
        assert_error("p.yaml", template, "where a key belongs");
    }
}

#[test]
fn a_key_that_stands_twice_anywhere_is_an_error() {
    let bob = json("bob");
    for (once, twice) in [
        (r#""kind":"User""#, r#""kind":"User","kind":"User""#),
        (r#"{"name":"bob"}"#, r#"{"name":"bob","name":"bob"}"#),
        (r#""roleRef""#, r#""metadata":{},"roleRef""#),
        (r#""roleRef":{"#, r#""rules":[],"roleRef":{"name":"x","#),
    ] {
        let text = bob.replacen(once, twice, 1);
        assert_ne!(text, bob);
        assert_error("p.json", &text, "duplicate key");
        assert_error("p.yaml", &format!("# c\n{text}"), "duplicate key");
    }
    let role = r#"{"apiVersion":"rbac.authorization.k8s.io/v1","kind":"ClusterRole","metadata":{"name":"r"},"rules":[{"verbs":["get"],"verbs":["*"],"apiGroups":[""],"resources":["pods"]}]}"#;
    assert_error("p.json", role, "duplicate key `verbs`");
}

#[test]
fn a_kind_that_is_no_string_is_told() {
    let bob = yaml("bob");
    for (text, told) in [
        ("kind: 5\n", "`kind` holds the number `5`"),
        ("kind: yes\n", "`kind` holds the boolean `true`"),
        (
            "kind: [Role]\n",
            "`kind` holds a list, where a string belongs\n",
        ),
        (
            "apiVersion: 1\nkind: Role\nmetadata: {name: r}\n",
            "`apiVersion` holds the number `1`",
        ),
    ] {
        let (code, stderr) = ask("p.yaml", &format!("{bob}---\n{text}"));
        assert_eq!(code, 0, "{stderr}");
        assert!(stderr.contains(told), "{stderr}");
    }
}

#[test]
fn other_kinds_of_a_named_file_have_to_be_sound() {
    let text = format!("{}---\nkind: ConfigMap\ndata: [\n", yaml("bob"));
    assert_error("p.yaml", &text, "p.yaml:8:");
    let folder = TempDir::new().unwrap();
    put(folder.path(), "all/p.yaml", &text);
    assert_eq!(ask_in(folder.path(), "all"), (0, String::new()));
    // Kinds of other tools aren't looked into.
    assert_read(
        "p.yaml",
        &format!("{}---\nkind: pipeline\nspec: x\n", yaml("bob")),
    );
}

#[test]
fn a_list_in_a_list_is_read() {
    let list = |item: &str| format!(r#"{{"apiVersion":"v1","kind":"List","items":[{item}]}}"#);
    let nested = list(&list(&list(&json("bob"))));
    assert_read("p.json", &nested);
    assert_read("p.yaml", &format!("# c\n{nested}"));
    assert_read(
        "p.yaml",
        &format!(
            "apiVersion: v1\nkind: List\nitems:\n- {}\n",
            list(&json("bob"))
        ),
    );
}

#[test]
fn faults_are_told_in_plain_words() {
    let head = "apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata: {name: r}\n";
    let deep = format!("rules: {}{}\n", "[".repeat(300), "]".repeat(300));
    for (text, told) in [
        (deep.as_str(), "nested deeper than 128 levels"),
        ("a: &a [*a]\n", "an alias inside its own anchor"),
        ("kind: x\n", "duplicate key `kind`"),
        ("rules: 5\n", "a list belongs here"),
        (
            "rules: [{verbs: [.inf]}]\n",
            "a number that is not finite, where a string belongs",
        ),
        (
            "rules: [{verbs: [[a]]}]\n",
            "`verbs` holds a list, where a string belongs\n",
        ),
        ("rules: [[a]]\n", ": a list, where a rule (a mapping with"),
    ] {
        let (_, stderr) = ask("p.yaml", &format!("{head}{text}"));
        assert!(stderr.contains(told), "{stderr}");
    }
    let (_, stderr) = ask("p.yaml", "- a\n- b\n");
    assert!(
        stderr.contains("a list, where a Kubernetes object belongs"),
        "{stderr}"
    );
    let utf16: Vec<u8> = head.encode_utf16().flat_map(u16::to_be_bytes).collect();
    let (_, stderr) = ask("p.yaml", str::from_utf8(&utf16).unwrap());
    assert!(stderr.contains("UTF-16"), "{stderr}");
}

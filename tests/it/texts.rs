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
    for name in ["p.yaml", "p.json"] {
        assert_read(name, &format!("{bob}\n# end\n"));
        // So near to the end, kubectl doesn't look for YAML.
        assert_error(
            name,
            &format!("{bob}\n#\n"),
            ":2:1: JSON has no `#` comments",
        );
    }
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

/// kubectl takes the last one where validation isn't strict.
#[test]
fn of_a_key_that_stands_twice_the_last_counts_and_is_told() {
    let bob = json("bob");
    for (once, twice) in [
        (r#""kind":"User""#, r#""kind":"Group","kind":"User""#),
        (r#"{"name":"bob"}"#, r#"{"name":"alice","name":"bob"}"#),
        (
            r#""roleRef":{"#,
            r#""roleRef":{"kind":"ClusterRole","name":"edit"},"roleRef":{"#,
        ),
        (r#""subjects""#, r#""subjects":5,"subjects""#),
        (
            r#""kind":"ClusterRoleB"#,
            r#""kind":"Pod","kind":"ClusterRoleB"#,
        ),
    ] {
        let text = bob.replacen(once, twice, 1);
        assert_ne!(text, bob);
        for (name, text) in [("p.json", text.clone()), ("p.yaml", format!("# c\n{text}"))] {
            let (code, stderr) = ask(name, &text);
            assert_eq!(code, 0, "{text}\n{stderr}");
            assert!(stderr.contains("stands here again"), "{text}\n{stderr}");
        }
    }
    // As strings they are one, so it is up to chance which of them counts.
    let odd = "apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\n\
               metadata: {name: r, labels: {1: a, '1': b}}\n";
    assert_error("p.yaml", odd, "two keys become `1`");
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
    // kubectl stops there, so nobody knows what else it would have sent.
    let told = "warning: all/p.yaml:8:7: unclosed bracket `[`\n";
    assert_eq!(ask_in(folder.path(), "all"), (0, told.to_owned()));
    // Kinds of other tools aren't looked into.
    assert_read(
        "p.yaml",
        &format!("{}---\nkind: pipeline\nspec: x\n", yaml("bob")),
    );
}

/// kubectl sends nothing of the outer one.
#[test]
fn a_list_in_a_list_is_refused() {
    let list = |items: &str| format!(r#"{{"apiVersion":"v1","kind":"List","items":[{items}]}}"#);
    let (ann, bob) = (json("ann"), json("bob"));
    let nested = list(&format!("{bob},{}", list(&ann)));
    for (name, text) in [
        ("p.json", nested.clone()),
        ("p.yaml", format!("# c\n{nested}")),
        (
            "p.yaml",
            format!(
                "apiVersion: v1\nkind: List\nitems:\n- {bob}\n- {}\n",
                list(&ann)
            ),
        ),
    ] {
        let (code, stderr) = ask(name, &text);
        assert_eq!(code, 2, "{stderr}");
        assert!(
            stderr.contains("an item of this list is a list"),
            "{stderr}"
        );
    }
}

#[test]
fn faults_are_told_in_plain_words() {
    let head = "apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata: {name: r}\n";
    let deep = format!("rules: {}{}\n", "[".repeat(10_000), "]".repeat(10_000));
    for (text, told) in [
        (deep.as_str(), "nested deeper than 10000 levels"),
        ("a: &a [*a]\n", "an alias inside its own anchor"),
        ("rules: 5\n", "a list belongs here"),
        (
            "rules: [{verbs: [.inf]}]\n",
            "`.inf` is no number that JSON can hold",
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
}

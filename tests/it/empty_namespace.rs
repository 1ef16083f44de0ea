//! `-n ""` is no namespace said, as for kubectl, so `default` is meant.
//!
//! Source: `Namespace` of client-go's `DirectClientConfig`, which takes an override that isn't empty.

use std::path::PathBuf;

use crate::support::told::run;

fn cases() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("testdata/cases")
}

const POLICY: &str = "
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: reader, namespace: default}
rules: [{apiGroups: [''], resources: [pods], verbs: [get, list]}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: reader, namespace: default}
roleRef: {kind: Role, name: reader}
subjects: [{kind: User, name: ann}]
";

/// What a command answers where these words say which namespace.
fn answer(command: &[&str], namespace: &[&str]) -> (Option<i32>, String, String) {
    let args = [command, &["-f", "-", "--defaults", "none"], namespace].concat();
    let output = run(&cases(), &args, POLICY.as_bytes());
    (
        output.status.code(),
        String::from_utf8(output.stdout).unwrap(),
        String::from_utf8(output.stderr).unwrap(),
    )
}

#[test]
fn an_empty_namespace_is_the_default_one_in_every_command() {
    for command in [
        &["can-i", "get", "pods", "--as", "ann"][..],
        &["can-i", "get", "pods", "--as", "ann", "-o", "json"],
        &["can-i", "--list", "--as", "ann", "-o", "json"],
        &["who-can", "get", "pods", "-o", "json"],
        &["matrix", "pods", "-o", "json"],
        &["matrix", "--as", "ann", "-o", "json"],
        // Of a cluster-scoped type the namespace is none either way.
        &["can-i", "get", "nodes", "--as", "ann"],
    ] {
        let said = answer(command, &["-n", "default"]);
        let elsewhere = answer(command, &["-n", "elsewhere"]);
        if !command.contains(&"nodes") {
            assert_eq!(said.0, Some(0), "{command:?}");
            assert_ne!(said.1, elsewhere.1, "{command:?}");
        }
        for empty in [&["-n", ""][..], &["--namespace="], &["--namespace", ""]] {
            assert_eq!(answer(command, empty), said, "{command:?} {empty:?}");
        }
    }
}

#[test]
fn all_namespaces_stay_all() {
    let command = ["who-can", "get", "pods", "-o", "json"];
    let all = answer(&command, &["-A"]);
    assert_eq!(answer(&command, &["-A", "-n", ""]), all);
    assert_ne!(answer(&command, &["-n", ""]).1, all.1);
}

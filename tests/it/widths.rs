//! Every output is the same bytes at every width and in a pipe, but for colours.

use std::path::Path;

use pretty_assertions::assert_eq;
use tempfile::TempDir;

use crate::support::told::{put, run, run_in_terminal};

/// How wide terminals are.
const WIDTHS: [u16; 3] = [60, 80, 200];

const DIRECTORY: &str = "groups:
- id: 5d6e7f80-1a2b-4c3d-9e4f-5a6b7c8d9e0f
  displayName: Payments developers of the whole of Contoso, in every country
  members: [9f8e7d6c-5b4a-4938-8271-605f4e3d2c1b]
users:
- id: 9f8e7d6c-5b4a-4938-8271-605f4e3d2c1b
  userPrincipalName: dana@contoso.com
  displayName: Dana Diaz
";

/// A cluster whose names are longer than a terminal is wide.
fn objects(role: &str) -> String {
    let long = "a-name-that-is-longer-than-a-narrow-terminal-and-has-no-place-to-break";
    format!(
        "apiVersion: v1
kind: Namespace
metadata: {{name: payments}}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {{name: {long}, namespace: payments}}
roleRef: {{kind: ClusterRole, name: {role}}}
subjects:
- {{kind: Group, name: 5d6e7f80-1a2b-4c3d-9e4f-5a6b7c8d9e0f}}
- {{kind: ServiceAccount, name: {long}, namespace: argocd}}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {{name: {long}, namespace: payments}}
rules:
- apiGroups: ['', apps, batch]
  resources: [secrets, configmaps, deployments, jobs]
  resourceNames: [{long}]
  verbs: [get, list, watch, update, patch]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {{name: by-name, namespace: payments}}
roleRef: {{kind: Role, name: {long}}}
subjects:
- {{kind: User, name: alice@contoso.com}}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {{name: dangling, namespace: payments}}
roleRef: {{kind: Role, name: absent}}
subjects:
- {{kind: User, name: alice@contoso.com}}
"
    )
}

const ASSERTIONS: &str = "assertions:
- name: dana reads secrets of the payments in the namespace that is called payments, and of no other
  can: {as: dana@contoso.com, verb: get, resource: secrets, namespace: payments}
- name: nobody deletes the secrets of the payments in the namespace that is called payments, whoever
  noOne: {verb: delete, resource: secrets, namespace: payments}
";

const REVIEW: &[u8] = b"apiVersion: authorization.k8s.io/v1
kind: SubjectAccessReview
spec:
  user: dana@contoso.com
  groups: [5d6e7f80-1a2b-4c3d-9e4f-5a6b7c8d9e0f]
  resourceAttributes: {verb: get, resource: secrets, namespace: payments}
";

fn folder() -> TempDir {
    let folder = TempDir::new().unwrap();
    let path = folder.path();
    put(path, "base/rbac.yaml", objects("view"));
    put(path, "head/rbac.yaml", objects("edit"));
    put(path, "directory.yaml", DIRECTORY);
    put(path, "assertions.yaml", ASSERTIONS);
    folder
}

/// Every command in every form.
const COMMANDS: [&str; 46] = [
    "can-i get secrets --as dana@contoso.com -n payments",
    "can-i delete nodes --as dana@contoso.com",
    "can-i get secrets --as dana@contoso.com -n payments -o json",
    "can-i get secrets --as dana@contoso.com -n payments -o yaml",
    "can-i --list --as dana@contoso.com -n payments",
    "can-i --list --as alice@contoso.com -n payments -o wide",
    "can-i --list --as alice@contoso.com -n payments -o csv",
    "can-i --list --as alice@contoso.com -n payments -o json",
    "who-can get secrets -n payments",
    "who-can get secrets -n payments --system",
    "who-can get secrets -n payments -o wide --expand",
    "who-can get secrets -n payments -o wide --system --sort-by binding",
    "who-can get secrets -n payments --no-headers",
    "who-can get secrets -n payments -o name",
    "who-can get secrets -n payments -o csv",
    "who-can get secrets -n payments -o csv --no-headers --sort-by subject",
    "who-can get secrets -n payments -o json",
    "who-can get secrets -n payments -o yaml",
    "who-can delete nodes",
    "lookup dana",
    "lookup dana --system",
    "lookup dana -o wide --sort-by source",
    "lookup alice --rules",
    "lookup dana -o name",
    "lookup dana -o csv",
    "lookup dana -o json",
    "matrix secrets -n payments",
    "matrix secrets -n payments --system --ascii --sort-by delete",
    "matrix secrets -n payments -o name",
    "matrix secrets -n payments -o csv",
    "matrix secrets -n payments -o markdown",
    "matrix --as dana@contoso.com -n payments",
    "matrix --as dana@contoso.com -n payments --all --no-headers --ascii",
    "matrix --as dana@contoso.com -n payments -o name",
    "matrix --as dana@contoso.com -n payments -o json",
    "check",
    "check -o json",
    "check -o sarif",
    "check -o github",
    "diff base head",
    "diff base head -o markdown",
    "diff base head -o json",
    "test assertions.yaml",
    "test assertions.yaml -o tap",
    "test assertions.yaml -o junit",
    "review",
];

fn args(command: &str) -> Vec<&str> {
    let mut args: Vec<&str> = command.split(' ').collect();
    if args[0] == "review" {
        args.extend(["-f", "head"]);
        return args;
    }
    args.extend(["--directory", "directory.yaml"]);
    if args[0] != "diff" {
        args.extend(["-f", "head"]);
    }
    args
}

fn answer(folder: &Path, command: &str) -> String {
    let output = run(folder, &args(command), REVIEW);
    let complaint = str::from_utf8(&output.stderr).unwrap();
    assert_ne!(output.status.code(), None, "{command}");
    assert!(!complaint.contains("Usage:"), "{command}: {complaint}");
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn every_output_is_the_same_at_every_width_and_in_a_pipe() {
    let folder = folder();
    let mut shown = String::new();
    for command in COMMANDS {
        let in_pipe = answer(folder.path(), command);
        assert!(!in_pipe.is_empty(), "{command}");
        for width in WIDTHS {
            let in_terminal = run_in_terminal(folder.path(), &args(command), REVIEW, width);
            assert_eq!(in_terminal, in_pipe, "{command} in {width} columns");
        }
        let is_table = ["who-can", "lookup", "matrix", "can-i --list"]
            .iter()
            .any(|begin| command.starts_with(begin));
        if is_table && !command.contains("-o json") && !command.contains("-o yaml") {
            shown.push_str(&format!("$ rbac-eval {command}\n{in_pipe}\n"));
        }
    }
    insta::assert_snapshot!("tables", shown);
}

/// What is looked for in a table by its name is found in one line.
#[test]
fn a_record_is_found_by_its_name_in_one_line() {
    let folder = folder();
    let name = "argocd/a-name-that-is-longer-than-a-narrow-terminal-and-has-no-place-to-break";
    for command in [
        "who-can get secrets -A",
        "who-can get secrets -A -o wide",
        "who-can get secrets -A -o csv",
        "matrix secrets -A",
    ] {
        let answer = answer(folder.path(), command);
        let found: Vec<&str> = answer.lines().filter(|line| line.contains(name)).collect();
        assert!(!found.is_empty(), "{command}: {answer}");
        let last = if command.starts_with("matrix") {
            "✔"
        } else {
            "edit"
        };
        assert!(
            found.iter().all(|line| line.contains(last)),
            "{command}: {answer}"
        );
    }
}

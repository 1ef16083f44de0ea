//! Whoever mistypes a name is told the known one that is most like it, and the answer stays what it is.

use std::fmt::Write;
use std::path::Path;

use pretty_assertions::assert_eq;
use serde_json::Value;
use tempfile::TempDir;

use crate::support::told::{put, run};

const RBAC: &str = "
apiVersion: v1
kind: Namespace
metadata: {name: prod}
---
apiVersion: v1
kind: ServiceAccount
metadata: {name: api, namespace: prod}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: sync}
rules: [{apiGroups: [argoproj.io], resources: [applications], verbs: [get, sync]}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: deployers, namespace: prod}
roleRef: {kind: ClusterRole, name: edit}
subjects:
- {kind: ServiceAccount, name: ci}
- {kind: Group, name: developers}
- {kind: User, name: alice@contoso.com}
- {kind: User, name: corp/eve}
";

const DIRECTORY: &str = "
groups:
- {id: 10000000-aaaa-4000-8000-000000000001, displayName: Platform, mail: platform@contoso.com}
users:
- {id: 20000000-bbbb-4000-8000-000000000001, userPrincipalName: robert@contoso.com, displayName: Robert Roe}
";

fn folder(rbac: &str) -> TempDir {
    let folder = TempDir::new().unwrap();
    put(folder.path(), "rbac.yaml", rbac);
    put(folder.path(), "directory.yaml", DIRECTORY);
    folder
}

fn args(line: &str) -> Vec<&str> {
    line.split(' ').collect()
}

/// The notes of `can-i`.
fn notes(folder: &Path, line: &str) -> Vec<String> {
    let asked = [&args(line)[..], &["-f", "rbac.yaml", "-o", "json"]].concat();
    let output = run(folder, &asked, b"");
    let view: Value = serde_json::from_slice(&output.stdout).unwrap();
    let notes = view["notes"].as_array().unwrap().iter();
    notes
        .map(|note| note.as_str().unwrap().to_owned())
        .filter(|note| !note.starts_with("the Node authorizer"))
        .collect()
}

/// What is told on stderr.
fn stderr(folder: &Path, line: &str) -> String {
    let output = run(
        folder,
        &[&args(line)[..], &["-f", "rbac.yaml"]].concat(),
        b"",
    );
    String::from_utf8(output.stderr).unwrap()
}

#[test]
fn a_slip_is_told_with_the_name_that_was_meant() {
    let folder = folder(RBAC);
    for (line, meant) in [
        (
            "can-i get pods --as alcie@contoso.com -n prod",
            "`alice@contoso.com`",
        ),
        ("can-i get pods --as alcie -n prod", "`alice@contoso.com`"),
        (
            "can-i get pods --as alice@contos.com -n prod",
            "`alice@contoso.com`",
        ),
        (
            "can-i get pods --as x --as-group developer -n prod",
            "`developers`",
        ),
        (
            "can-i get pods --as x --as-group system:serviceaccounts:prdo -n prod",
            "`system:serviceaccounts:prod`",
        ),
        (
            "can-i get pods --as x --as-group system:master -n prod",
            "`system:masters`",
        ),
        (
            "can-i get secrets --as system:serviceaccount:prdo:ci -n other",
            "`system:serviceaccount:prod:ci`",
        ),
        (
            "can-i get pods --as system:serviceaccount:prod:appi -n prod",
            "`system:serviceaccount:prod:api`",
        ),
        ("can-i get pods --as x -n prdo", "`prod`"),
        ("can-i get pods --as x -n kube-sytem", "`kube-system`"),
        ("can-i lst pods --as x -n prod", "`list`"),
        (
            "can-i snyc applications.argoproj.io --as x -n prod",
            "`sync`",
        ),
        ("can-i pst /healthz --as x", "`post`"),
        ("can-i get depolyments --as x -n prod", "`deployments.apps`"),
        (
            "can-i get depolyment.apps --as x -n prod",
            "`deployments.apps`",
        ),
        (
            "can-i get aplication --as x -n prod",
            "`applications.argoproj.io`",
        ),
        (
            "can-i get pods --as rboert@contoso.com --directory directory.yaml -n prod",
            "`robert@contoso.com`",
        ),
        (
            "can-i get pods --as x --as-group Platfrom --directory directory.yaml -n prod",
            "`Platform`",
        ),
        ("who-can get depolyments -n prod", "`deployments.apps`"),
        ("who-can gte pods -n prod", "`get`"),
        ("who-can get pods -n prdo", "`prod`"),
    ] {
        let notes = notes(folder.path(), line);
        let [note] = &*notes else {
            panic!("{line}: {notes:?}")
        };
        assert!(
            note.ends_with(&format!("did you mean {meant}?")),
            "{line}: {note}"
        );
    }
    for (line, meant) in [
        ("matrix depolyments -n prod", "`deployments.apps`"),
        ("matrix pods -n prdo", "`prod`"),
        (
            "matrix --as alcie@contoso.com -n prod",
            "`alice@contoso.com`",
        ),
        ("matrix --as x -n prdo", "`prod`"),
        (
            "can-i --list --as alcie@contoso.com -n prod",
            "`alice@contoso.com`",
        ),
        ("can-i --list --as x -n prdo", "`prod`"),
        ("can-i get pods --subresource logs --as x -n prod", "'log'"),
        ("who-can get pods --subresource exce -n prod", "'exec'"),
        ("lookup alcie", "`alice@contoso.com`"),
        ("lookup prod/cii", "`system:serviceaccount:prod:ci`"),
        ("lookup prdo/c --exact", "`system:serviceaccount:prod:ci`"),
        ("lookup Developres --exact", "`developers`"),
        (
            "lookup Rober.Roe --directory directory.yaml",
            "`Robert Roe`",
        ),
    ] {
        let told = stderr(folder.path(), line);
        let said: Vec<&str> = told
            .lines()
            .filter(|said| said.contains("did you mean"))
            .collect();
        let [said] = *said else {
            panic!("{line}: {told}")
        };
        assert!(
            said.ends_with(&format!("did you mean {meant}?")),
            "{line}: {said}"
        );
    }
}

#[test]
fn what_is_known_or_like_nothing_is_told_nothing() {
    let folder = folder(RBAC);
    for line in [
        "can-i get pods --as alice@contoso.com -n prod",
        "can-i get pods --as dana@contoso.com -n prod",
        "can-i get pods --as zoe -n prod",
        "can-i get pods --as corp/eve -n prod",
        "can-i get pods --as system:node:n1 -n prod",
        "can-i get pods --as system:anonymous -n prod",
        "can-i get pods --as system:serviceaccount:prod:default -n prod",
        "can-i get pods --as x --as-group developers -n prod",
        "can-i get pods --as x --as-group qq -n prod",
        "can-i get pods --as x --as-group system:serviceaccounts:other -n prod",
        "can-i sync applications.argoproj.io --as x -n prod",
        "can-i get pods --as x -n somewhere-else",
        "can-i get applications.argoproj.io --as x -n prod",
        "can-i get zzzzzzzz --as x -n prod",
        "can-i get nodes --as x -n prdo",
        "can-i get pods --as robert@contoso.com --directory directory.yaml -n prod",
    ] {
        assert_eq!(notes(folder.path(), line), [""; 0], "{line}");
    }
    // Bindings alone don't tell which namespaces there are.
    let bound = RBAC.split_once("---").unwrap().1;
    let folder = self::folder(bound);
    let line = "can-i get pods --as x -n prdo";
    assert_eq!(notes(folder.path(), line), [""; 0]);
}

/// A name with a slip is answered as if nothing were like it.
#[test]
fn the_answer_stays_what_it_is() {
    let folder = folder(RBAC);
    for line in [
        "can-i get pods --as alcie@contoso.com -n prod",
        "can-i get pods --as x --as-group developer -n prod",
        "can-i get pods --as prod/ci -n prod",
        "can-i get pods --as alice@contoso.com -n prdo",
    ] {
        let output = run(
            folder.path(),
            &[&args(line)[..], &["-f", "rbac.yaml"]].concat(),
            b"",
        );
        assert_eq!(output.status.code(), Some(1), "{line}");
        assert!(output.stdout.starts_with(b"no\n"), "{line}");
    }
}

#[test]
fn an_account_that_is_written_as_a_user_is_offered() {
    let folder = folder(RBAC);
    for (name, user) in [
        ("prod/ci", "system:serviceaccount:prod:ci"),
        ("prod/new", "system:serviceaccount:prod:new"),
        ("serviceaccount:prod:ci", "system:serviceaccount:prod:ci"),
        (
            "system:serviceaccounts:prod:ci",
            "system:serviceaccount:prod:ci",
        ),
        (
            "system:serviceaccount:prod/ci",
            "system:serviceaccount:prod:ci",
        ),
        ("prod:ci", "system:serviceaccount:prod:ci"),
    ] {
        let line = format!("can-i get pods --as {name} -n prod");
        let said = format!(
            "`{name}` is taken for the name of a user; for the ServiceAccount, say `--as {user}`"
        );
        assert_eq!(notes(folder.path(), &line), [said]);
    }
    for name in [
        "Corp/eve",
        "a/b/c",
        "/ci",
        "prod/",
        "corp/eve",
        "prod:other",
    ] {
        let line = format!("can-i get pods --as {name} -n prod");
        assert_eq!(notes(folder.path(), &line), [""; 0], "{name}");
    }
}

#[test]
fn errors_of_assertions_name_what_was_meant() {
    let folder = folder(RBAC);
    for (asks, meant) in [
        (
            "verb: lst, resource: pods, namespace: prod",
            "no verb `lst` is known; did you mean `list`?",
        ),
        (
            "verb: get, resource: depolyments, namespace: prod",
            "neither to Kubernetes nor to the input; did you mean `deployments.apps`?",
        ),
        (
            "verb: get, resource: pods, subresource: logs, namespace: prod",
            "pods has no subresource `logs`; did you mean `log`?",
        ),
        (
            "verb: get, resource: pods, namespace: prdo",
            "the input has no namespace `prdo`; did you mean `prod`?",
        ),
        (
            "verb: qqqqqq, resource: pods, namespace: prod",
            "no verb `qqqqqq` is known\n",
        ),
    ] {
        let file = format!("assertions:\n- name: it\n  cannot: {{as: bob, {asks}}}\n");
        put(folder.path(), "tests.yaml", file);
        let told = stderr(folder.path(), "test tests.yaml");
        assert!(told.contains(meant), "{asks}: {told}");
    }
    // A name that isn't rendered could never fail an assertion.
    put(
        folder.path(),
        "tests.yaml",
        "assertions:\n- name: it\n  cannot: {as: '${USER}', verb: get, resource: pods, namespace: prod}\n",
    );
    let output = run(
        folder.path(),
        &["test", "tests.yaml", "-f", "rbac.yaml"],
        b"",
    );
    assert_eq!(output.status.code(), Some(2));
    let told = String::from_utf8(output.stderr).unwrap();
    assert!(
        told.contains("`${USER}` in the name of a User isn't rendered"),
        "{told}"
    );
}

#[test]
fn an_environment_that_is_not_there_is_likely_another() {
    let folder = folder(RBAC);
    put(
        folder.path(),
        ".rbac-eval.yaml",
        "environments:\n- {name: dev, files: [rbac.yaml]}\n- {name: prod, files: [rbac.yaml]}\n",
    );
    for (name, said) in [
        (
            "prd",
            "no such environment; did you mean `prod`; there are dev, prod",
        ),
        ("staging", "no such environment; there are dev, prod"),
    ] {
        let asked = ["who-can", "get", "pods", "--env", name];
        let output = run(folder.path(), &asked, b"");
        assert_eq!(output.status.code(), Some(2));
        let told = String::from_utf8(output.stderr).unwrap();
        assert!(told.contains(said), "{told}");
    }
}

/// What the input calls someone stands in a line of its own making only.
#[test]
fn a_name_that_is_offered_forges_no_line() {
    let mut rbac = String::from(
        "apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRoleBinding\nmetadata: {name: b}\n\
         roleRef: {kind: ClusterRole, name: view}\nsubjects:\n",
    );
    for kind in ["User", "Group"] {
        writeln!(
            rbac,
            "- {{kind: {kind}, name: \"some\\nnote: \\u202eone\\e[1m\"}}"
        )
        .unwrap();
    }
    let folder = folder(&rbac);
    for line in [
        &["can-i", "get", "secrets", "--as", "some note: one"][..],
        &[
            "can-i",
            "get",
            "secrets",
            "--as",
            "x",
            "--as-group",
            "some note: one",
        ],
        &["matrix", "--as", "some note: one"],
        &["lookup", "some note: one"],
        &[
            "can-i",
            "get",
            "secrets",
            "--as",
            "some\nnote: one\u{202e}x\u{1b}[2m",
        ],
    ] {
        let output = run(folder.path(), &[line, &["-f", "rbac.yaml"]].concat(), b"");
        for bytes in [output.stdout, output.stderr] {
            let text = String::from_utf8(bytes).unwrap();
            let forged = text
                .lines()
                .any(|line| line.starts_with("note: one") || line.starts_with("note: \u{202e}"));
            assert!(
                !forged && !text.contains(['\u{1b}', '\u{202e}']),
                "{line:?}: {text}"
            );
        }
    }
}

/// Thousands of long names, made so that comparing any two of them would take long.
#[test]
fn looking_for_a_name_ends_soon() {
    let mut rbac = String::from(
        "apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRoleBinding\nmetadata: {name: b}\n\
         roleRef: {kind: ClusterRole, name: view}\nsubjects:\n",
    );
    for number in 0..2000 {
        let a = "a".repeat(290);
        writeln!(rbac, "- {{kind: Group, name: {a}b{number:04}}}").unwrap();
        writeln!(rbac, "- {{kind: User, name: {a}b{number:04}}}").unwrap();
        let long = "a".repeat(10_000);
        writeln!(rbac, "- {{kind: User, name: {long}{number}}}").unwrap();
    }
    let folder = folder(&rbac);
    let begun = std::time::Instant::now();
    for length in [10, 250, 294, 299, 10_000] {
        let name = "a".repeat(length);
        let asked = [
            "can-i",
            "get",
            "pods",
            "--as",
            &name,
            "--as-group",
            &name,
            "-n",
            &name,
            "-f",
            "rbac.yaml",
        ];
        let output = run(folder.path(), &asked, b"");
        assert!(matches!(output.status.code(), Some(0 | 1)), "{length}");
    }
    let took = begun.elapsed();
    assert!(took.as_secs() < 60, "{took:?}");
}

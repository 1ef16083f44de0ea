//! Who is bound by a name that no token carries, and which of those bindings was meant for the asker.

use std::path::Path;

use pretty_assertions::assert_eq;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::told::{put, run};

const RBAC: &str = "
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: a}
roleRef: {kind: ClusterRole, name: view}
subjects:
- {kind: Group, name: Audit}
- {kind: Group, name: Operators}
- {kind: Group, name: payments@contoso.com}
- {kind: Group, name: 'oidc:team'}
- {kind: User, name: 10000000-aaaa-4000-8000-000000000001}
- {kind: Group, name: 20000000-bbbb-4000-8000-000000000001}
- {kind: User, name: gus@fabrikam.com}
- {kind: User, name: zed@contoso.com}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: b, namespace: shop}
roleRef: {kind: ClusterRole, name: edit}
subjects:
- {kind: User, name: bob}
- {kind: Group, name: Operators}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: b, namespace: pay}
roleRef: {kind: ClusterRole, name: edit}
subjects:
- {kind: User, name: bob}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: c, namespace: audit}
roleRef: {kind: ClusterRole, name: view}
subjects:
- {kind: User, name: bob}
";

const DIRECTORY: &str = "
groups:
- id: 10000000-aaaa-4000-8000-000000000001
  displayName: Payments developers
  mail: Payments@contoso.com
  members: [dana@contoso.com]
- id: 10000000-aaaa-4000-8000-000000000002
  displayName: operators
  members: [dana@contoso.com]
- {id: 10000000-aaaa-4000-8000-000000000003, displayName: Audit}
users:
- {id: 20000000-bbbb-4000-8000-000000000001, userPrincipalName: dana@contoso.com, displayName: Dana}
- {id: 20000000-bbbb-4000-8000-000000000002, userPrincipalName: gus@fabrikam.com, displayName: Gus, guest: true}
";

fn folder() -> TempDir {
    let folder = TempDir::new().unwrap();
    put(folder.path(), "rbac.yaml", RBAC);
    put(folder.path(), "directory.yaml", DIRECTORY);
    folder
}

fn stdout(folder: &Path, line: &str) -> String {
    let args: Vec<&str> = line.split(' ').chain(["-f", "rbac.yaml"]).collect();
    String::from_utf8(run(folder, &args, b"").stdout).unwrap()
}

fn view(folder: &Path, line: &str) -> Value {
    serde_json::from_str(&stdout(folder, &format!("{line} -o json"))).unwrap()
}

/// Each subject that isn't Kubernetes' own, the code by which it is nobody, and whether that is sure.
fn marked(view: &Value) -> Vec<(String, Value)> {
    let subjects = view["subjects"].as_array().unwrap().iter();
    subjects
        .filter(|subject| subject["kind"] != "ServiceAccount")
        .map(|subject| {
            let nobody = &subject["matchesNobody"];
            let name = subject["name"].as_str().unwrap().to_owned();
            (name, json!([nobody["code"], nobody["sure"]]))
        })
        .filter(|(name, _)| !name.starts_with("system:"))
        .collect()
}

#[test]
fn who_can_marks_whom_check_finds_to_be_nobody() {
    let folder = folder();
    let nobody = json!([null, null]);
    let found = marked(&view(
        folder.path(),
        "who-can get pods -n x --directory directory.yaml",
    ));
    assert_eq!(
        found,
        [
            (
                "20000000-bbbb-4000-8000-000000000001",
                json!(["RBAC006", true])
            ),
            ("Audit", json!(["RBAC004", true])),
            ("Operators", json!(["RBAC004", true])),
            ("oidc:team", nobody.clone()),
            ("payments@contoso.com", json!(["RBAC004", true])),
            (
                "10000000-aaaa-4000-8000-000000000001",
                json!(["RBAC007", true])
            ),
            ("gus@fabrikam.com", json!(["RBAC007", true])),
            ("zed@contoso.com", nobody),
        ]
        .map(|(name, told)| (name.to_owned(), told))
    );
    let table = stdout(
        folder.path(),
        "who-can get pods -n x --directory directory.yaml",
    );
    let line = |of: &str| table.lines().find(|line| line.contains(of)).unwrap();
    assert!(line("Operators").contains("matches nobody"), "{table}");
    assert!(
        line("gus@fabrikam.com").contains("Gus (matches nobody)"),
        "{table}"
    );
    assert!(!line("zed@contoso.com").contains("nobody"), "{table}");

    // The same is a finding of `check`, and nothing else of these codes is.
    let told: Value = view(folder.path(), "check --directory directory.yaml");
    let findings = told["findings"].as_array().unwrap().iter();
    let codes = ["RBAC004", "RBAC006", "RBAC007"];
    let of_cluster = findings
        .filter(|one| codes.contains(&one["code"].as_str().unwrap()))
        .filter(|one| one["object"] == "ClusterRoleBinding a");
    assert_eq!(of_cluster.count(), 6);
}

/// Other providers name groups by e-mail: without a sign of Entra ID it isn't sure.
#[test]
fn an_e_mail_is_surely_nobody_only_where_tokens_carry_object_ids() {
    let folder = folder();
    let bound = |more: &str| {
        format!(
            "apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRoleBinding\nmetadata: {{name: a}}\n\
             roleRef: {{kind: ClusterRole, name: view}}\nsubjects:\n\
             - {{kind: Group, name: admins@contoso.com}}\n{more}"
        )
    };
    put(folder.path(), "rbac.yaml", bound(""));
    let [(_, mark)] = &*marked(&view(folder.path(), "who-can get pods")) else {
        panic!("one")
    };
    assert_eq!(*mark, json!(["RBAC004", false]));
    let table = stdout(folder.path(), "who-can get pods");
    assert!(table.contains("matches nobody with Entra ID"), "{table}");

    put(
        folder.path(),
        "rbac.yaml",
        bound("- {kind: Group, name: 10000000-aaaa-4000-8000-000000000001}\n"),
    );
    let found = marked(&view(folder.path(), "who-can get pods"));
    assert!(found.contains(&("admins@contoso.com".to_owned(), json!(["RBAC004", true]))));
}

#[test]
fn a_near_miss_through_the_asker_s_own_group_comes_first() {
    let folder = folder();
    let misses = |line: &str| -> Vec<String> {
        let view = view(folder.path(), line);
        assert_eq!(view["allowed"], false);
        let misses = view["nearMisses"].as_array().unwrap().iter();
        misses
            .map(|miss| {
                let name = miss["subject"]["name"].as_str().unwrap();
                format!("{} {name}", miss["miss"].as_str().unwrap())
            })
            .collect()
    };
    let line = "can-i get pods --as dana@contoso.com -n shop --directory directory.yaml";
    // By display name in other letter case, and by e-mail; then what isn't known to be hers.
    assert_eq!(
        misses(line),
        [
            "groupName Operators",
            "groupName payments@contoso.com",
            "groupName Operators",
            "subjectKind 10000000-aaaa-4000-8000-000000000001",
            "groupName Audit",
            "groupName oidc:team",
        ]
    );
    // Without a directory nothing tells one from the other.
    let line = "can-i get pods --as dana@contoso.com -n shop";
    assert_eq!(misses(line)[0], "groupName Audit");
    let text = stdout(
        folder.path(),
        "can-i get pods --as dana@contoso.com -n shop --directory directory.yaml",
    );
    let first = text.lines().nth(2).unwrap();
    assert!(
        first.contains("ClusterRoleBinding a grants it to Group Operators"),
        "{text}"
    );
}

#[test]
fn matrix_says_in_which_namespaces() {
    let folder = folder();
    let table = stdout(folder.path(), "matrix pods -A --ascii");
    let rows: Vec<Vec<&str>> = table
        .lines()
        .filter(|line| line.contains(" bob") || line.contains(" zed@"))
        .map(|line| line.split_whitespace().collect())
        .collect();
    let (yes, no) = ("yes", "no");
    assert_eq!(
        rows,
        [
            vec!["User", yes, yes, yes, no, no, no, no, no, "bob", "audit"],
            vec![
                "User", yes, yes, yes, yes, yes, yes, yes, yes, "bob", "pay,", "shop"
            ],
            vec![
                "User",
                yes,
                yes,
                yes,
                no,
                no,
                no,
                no,
                no,
                "zed@contoso.com",
                "(cluster)"
            ],
        ]
    );
    assert!(
        table.lines().next().unwrap().ends_with("NAMESPACES"),
        "{table}"
    );

    // JSON has a row a subject as ever, and its scopes; each cell holds in some of them.
    let view = view(folder.path(), "matrix pods -A");
    for row in view["rows"].as_array().unwrap() {
        let scopes = row["scopes"].as_array().unwrap();
        for (at, cell) in row["cells"].as_array().unwrap().iter().enumerate() {
            let mut cells = scopes
                .iter()
                .map(|scope| scope["cells"][at].as_str().unwrap());
            let best = ["yes", "partial", "no"]
                .into_iter()
                .find(|best| cells.clone().any(|cell| cell == *best));
            assert!(cells.len() > 0 && best == cell.as_str(), "{row}");
            assert!(cells.all(|cell| ["yes", "partial", "no"].contains(&cell)));
        }
    }
    let bob = view["rows"].as_array().unwrap().iter();
    let bob = bob.filter(|row| row["subject"]["name"] == "bob");
    let [bob] = &*bob.collect::<Vec<_>>() else {
        panic!("one row")
    };
    let names: Vec<&str> = bob["scopes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|scope| scope["namespace"].as_str().unwrap())
        .collect();
    assert_eq!(names, ["audit", "pay", "shop"]);

    // Of one namespace, and of what isn't in any, there is nothing to tell.
    let one = stdout(folder.path(), "matrix pods -n shop -o json");
    assert!(!one.contains("\"scopes\""), "{one}");
    let nodes = stdout(folder.path(), "matrix nodes -A -o csv");
    assert!(
        nodes
            .lines()
            .skip(1)
            .all(|line| line.ends_with("(cluster)")),
        "{nodes}"
    );
}

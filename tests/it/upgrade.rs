//! `rbac-eval upgrade`: what another version alone gives and takes.

use pretty_assertions::assert_eq;
use serde_json::Value;
use tempfile::TempDir;

use crate::support::gates::{RBAC, bound, put, run, text};

/// A folder that binds `edit` to eve, and `get` of pods/exec to devs in shop.
fn folder() -> TempDir {
    let folder = TempDir::new().unwrap();
    put(folder.path(), "eve.yaml", &bound("edit"));
    put(
        folder.path(),
        "peek.yaml",
        &format!(
            "{RBAC}kind: Role\nmetadata: {{name: peek, namespace: shop}}\n\
             rules: [{{apiGroups: [''], resources: [pods/exec], verbs: [get]}}]\n---\n\
             {RBAC}kind: RoleBinding\nmetadata: {{name: peekers, namespace: shop}}\n\
             roleRef: {{apiGroup: rbac.authorization.k8s.io, kind: Role, name: peek}}\n\
             subjects: [{{apiGroup: rbac.authorization.k8s.io, kind: Group, name: devs}}]\n"
        ),
    );
    folder
}

fn upgrade(folder: &TempDir, args: &str) -> (Option<i32>, String) {
    let args: Vec<&str> = ["upgrade"].into_iter().chain(args.split(' ')).collect();
    let output = run(folder.path(), &args);
    (output.status.code(), text(&output))
}

fn json(folder: &TempDir, args: &str) -> Value {
    let (_, told) = upgrade(folder, &format!("{args} -o json"));
    serde_json::from_str(&told).unwrap()
}

#[test]
fn an_upgrade_gives_what_the_default_roles_gained() {
    insta::assert_snapshot!(upgrade(&folder(), "1.33 1.36 -f .").1);
}

#[test]
fn without_input_it_is_about_everyone() {
    let empty = TempDir::new().unwrap();
    let (code, told) = upgrade(&empty, "1.32 1.33");
    assert_eq!(
        told.lines().next(),
        Some("no change in effective permissions but for components of Kubernetes and AKS")
    );
    assert_eq!(code, Some(0));
    let (code, told) = upgrade(&empty, "1.32 1.33 --system");
    assert!(told.contains("system:node-proxier"), "{told}");
    assert_eq!(code, Some(1));
    let (code, told) = upgrade(&empty, "1.24 1.29");
    assert!(
        told.contains("Everyone (Group system:authenticated)"),
        "{told}"
    );
    assert_eq!(code, Some(1));
    // JSON has everything.
    let all = json(&empty, "1.32 1.33");
    assert_eq!(
        (&all["base"], &all["head"]),
        (&"Kubernetes 1.32".into(), &"Kubernetes 1.33".into())
    );
    assert!(all["changes"].as_array().unwrap().len() > 3);
    // What is named has to hold something.
    let (code, told) = upgrade(&empty, "1.32 1.33 -f .");
    assert_eq!(code, Some(2));
    assert!(told.contains("no RBAC objects found"), "{told}");
}

/// Source: `AuthorizePodWebsocketUpgradeCreatePermission`.
#[test]
fn exec_by_get_goes_with_1_35() {
    let folder = folder();
    let taken = |args: &str| {
        let (code, told) = upgrade(&folder, args);
        let words: Vec<&str> = told.split_whitespace().collect();
        (
            code,
            words
                .join(" ")
                .contains("this takes them from `Group devs` (exec; in namespace `shop`)"),
        )
    };
    assert_eq!(taken("1.33 1.34 -f peek.yaml"), (Some(0), false));
    assert_eq!(taken("1.34 1.35 -f peek.yaml"), (Some(1), true));
    assert_eq!(
        taken("1.33 1.36 -f peek.yaml --fail-on gained"),
        (Some(0), true)
    );
    assert_eq!(taken("1.35 1.36 -f peek.yaml"), (Some(0), false));
    // Who may create as well loses nothing.
    let both = "pods/exec], verbs: [get, create";
    let peek = std::fs::read_to_string(folder.path().join("peek.yaml")).unwrap();
    put(
        folder.path(),
        "peek.yaml",
        &peek.replace("pods/exec], verbs: [get", both),
    );
    assert_eq!(taken("1.34 1.35 -f peek.yaml"), (Some(0), false));
}

/// A server adds to its default objects and removes nothing.
#[test]
fn an_upgraded_cluster_keeps_what_a_version_loses() {
    let empty = TempDir::new().unwrap();
    let lost = |told: &Value| told["summary"]["lost"].as_u64().unwrap();
    let new = json(&empty, "1.34 1.35");
    assert!(lost(&new) > 0);
    let notes = new["notes"].to_string();
    assert!(
        notes.contains("an upgraded cluster keeps what is lost here"),
        "{notes}"
    );
    let policy = rbac_eval::kube::default_policy::DefaultPolicy::of_version("1.34").unwrap();
    let mut dump = String::new();
    for (at, line) in policy.text().lines().enumerate() {
        let mut object: Value = serde_json::from_str(line).unwrap();
        object["metadata"]["uid"] = format!("u-{at}").into();
        object["metadata"]["resourceVersion"] = "1".into();
        dump.push_str(&format!("{object}\n"));
    }
    put(empty.path(), "dump.jsonl", &dump);
    let upgraded = json(&empty, "1.34 1.35 -f dump.jsonl");
    assert_eq!(lost(&upgraded), 0);
    assert_eq!(upgraded["summary"]["gained"], new["summary"]["gained"]);
}

#[test]
fn versions_have_to_be_known_and_in_order() {
    let folder = folder();
    let known = "1.24, 1.29, 1.30, 1.31, 1.32, 1.33, 1.34, 1.35, 1.36, 1.37";
    for (args, expected) in [
        (
            "1.27 1.36",
            format!("`1.27`: expected FROM to be one of the versions {known}"),
        ),
        (
            "1.33 1.60",
            format!("`1.60`: expected TO to be one of the versions {known}"),
        ),
        (
            "1.33 new",
            format!("`new`: expected TO to be one of the versions {known}"),
        ),
        (
            "1.36 1.33",
            "`upgrade 1.36 1.33`: expected TO to be newer than FROM".to_owned(),
        ),
        (
            "1.36 1.36.2",
            "`upgrade 1.36 1.36`: expected TO to be newer than FROM".to_owned(),
        ),
        (
            "1.33 1.36 -o sarif",
            "`-o sarif` and `-o github` belong to `diff`: an upgrade changes no line of a file"
                .to_owned(),
        ),
        (
            "1.33 1.36 --defaults 1.34",
            "`--defaults` has no place here: FROM and TO are the versions".to_owned(),
        ),
        (
            "1.33 1.36 --kubernetes-version 1.34",
            "`--kubernetes-version` has no place here: FROM and TO are the versions".to_owned(),
        ),
    ] {
        let (code, told) = upgrade(&folder, &format!("{args} -f ."));
        assert_eq!(
            (code, told),
            (Some(2), format!("error: {expected}\n")),
            "{args}"
        );
    }
}

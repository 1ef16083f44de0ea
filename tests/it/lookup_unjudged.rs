//! `lookup` says what of the input isn't judged, in every form: a binding that nobody could read may reach
//! someone, too.

use std::process::Command;

use tempfile::TempDir;

const INPUT: &str = "\
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: known, namespace: shop}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: gone}
subjects: [{apiGroup: rbac.authorization.k8s.io, kind: User, name: ann}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: refused, namespace: shop}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Nothing, name: view}
subjects: [{apiGroup: rbac.authorization.k8s.io, kind: User, name: ann}]
";

#[test]
fn what_is_not_judged_is_told_in_every_form() {
    let folder = TempDir::new().unwrap();
    std::fs::write(folder.path().join("x.yaml"), INPUT).unwrap();
    let run = |form: &[&str]| {
        let output = Command::new(env!("CARGO_BIN_EXE_rbac-eval"))
            .args(["lookup", "ann", "-f", "x.yaml", "--defaults", "none"])
            .args(form)
            .current_dir(folder.path())
            .output()
            .unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        (text(output.stdout), text(output.stderr))
    };
    for form in [&[][..], &["-o", "wide"], &["--rules"]] {
        let (stdout, _) = run(form);
        let told = stdout.matches("\nincomplete: ").count();
        assert_eq!(told, 2, "{form:?}: {stdout}");
    }
    let (json, _) = run(&["-o", "json"]);
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(json["unjudged"].as_array().unwrap().len(), 2);
    let (csv, _) = run(&["-o", "csv"]);
    assert_eq!(csv.lines().count(), 1 + 1 + 2, "{csv}");
    let (names, said) = run(&["-o", "name"]);
    assert_eq!(names, "ann\n");
    assert!(said.contains("2 parts aren't judged"), "{said}");
}

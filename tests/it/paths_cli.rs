//! `paths` on the command line.

use std::path::Path;

use pretty_assertions::assert_eq;
use serde_json::Value;

use crate::support::told::run;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// What `paths` prints, and how it exits.
fn paths(args: &[&str]) -> (String, Option<i32>) {
    let mut all = vec!["paths"];
    all.extend(args);
    let output = run(root(), &all, b"");
    let out = String::from_utf8(output.stdout).unwrap();
    (out, output.status.code())
}

#[test]
fn a_path_is_told_step_by_step() {
    let (out, code) = paths(&["dana", "--to", "cluster-admin", "-f", "testdata/paths"]);
    assert_eq!(code, Some(1));
    insta::assert_snapshot!(out);
}

#[test]
fn everyone_is_listed_by_a_line_each() {
    let (out, code) = paths(&["-f", "testdata/paths"]);
    assert_eq!(code, Some(1));
    insta::assert_snapshot!(out);
}

#[test]
fn what_a_subject_reaches_is_told_nearest_first() {
    let (out, code) = paths(&["sa:ci/deployer", "-f", "testdata/paths"]);
    assert_eq!(code, Some(1));
    insta::assert_snapshot!(out);
}

#[test]
fn the_default_policy_alone_opens_nothing_to_anyone_but_its_owners() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(
        folder.path().join("ns.yaml"),
        "apiVersion: rbac.authorization.k8s.io/v1\nkind: Role\nmetadata: {name: a, namespace: a}\nrules: []\n",
    )
    .unwrap();
    let folder = folder.path().to_str().unwrap();
    let (out, _) = paths(&["-f", folder, "--defaults", "1.37"]);
    assert!(
        out.starts_with("nobody else gets to cluster-admin"),
        "{out}"
    );
}

#[test]
fn no_path_exits_with_0() {
    let args = [
        "sa:ci/deployer",
        "--edges",
        "token",
        "--to",
        "cluster-admin",
        "-f",
        "testdata/paths",
    ];
    let (out, code) = paths(&args);
    assert_eq!(code, Some(0));
    assert_eq!(
        out,
        "no path from ServiceAccount ci/deployer to cluster-admin (state)\n"
    );
}

#[test]
fn whoever_is_there_has_a_path_of_no_steps() {
    let (out, code) = paths(&[
        "--as",
        "root",
        "--as-group",
        "system:masters",
        "--to",
        "cluster-admin",
        "-f",
        "testdata/paths",
    ]);
    assert_eq!(code, Some(1));
    assert_eq!(out, "User root is there: cluster-admin\n");
}

#[test]
fn json_has_the_requests_with_their_grants() {
    let (out, _) = paths(&[
        "dana",
        "--to",
        "cluster-admin",
        "-f",
        "testdata/paths",
        "-o",
        "json",
    ]);
    let view: Value = serde_json::from_str(&out).unwrap();
    assert_eq!(view["kind"], "Paths");
    let path = &view["paths"][0];
    assert_eq!(path["goal"], "cluster-admin");
    let hops = path["hops"].as_array().unwrap();
    assert_eq!(hops.len(), 2);
    assert_eq!(hops[0]["edge"], "run-as");
    assert_eq!(hops[0]["to"], "sa:ci/deployer");
    assert_eq!(hops[0]["requests"][0]["resource"], "pods");
    assert_eq!(hops[0]["grants"][0]["binding"]["name"], "builders");
    assert_eq!(hops[1]["requests"][1]["verb"], "escalate");
    assert_eq!(hops[1]["evidence"][0]["object"]["name"], "app-admin");
}

#[test]
fn a_word_that_is_no_goal_and_an_edge_that_is_none_are_usage() {
    for (args, wanted) in [
        (["--to", "sa:ci"], "`sa:ci` is no goal"),
        (["--edges", "tokn"], "did you mean `token`?"),
    ] {
        let mut all = vec!["paths", "-f", "testdata/paths"];
        all.extend(args);
        let output = run(root(), &all, b"");
        assert_eq!(output.status.code(), Some(2));
        let told = String::from_utf8(output.stderr).unwrap();
        assert!(told.contains(wanted), "{told}");
    }
}

//! Findings that are known: written once, and neither printed nor failed on after that.

use pretty_assertions::assert_eq;
use serde_json::Value;
use tempfile::TempDir;

use crate::support::told::{put, run};

const RBAC: &str = "apiVersion: rbac.authorization.k8s.io/v1\n";

fn binding(name: &str, groups: &[&str]) -> String {
    let groups = groups.iter();
    let groups: String = groups
        .map(|group| format!("- {{kind: Group, name: {group}}}\n"))
        .collect();
    format!(
        "{RBAC}kind: RoleBinding\nmetadata: {{name: {name}, namespace: shop}}\n\
         roleRef: {{kind: ClusterRole, name: view}}\nsubjects:\n{groups}"
    )
}

fn text(folder: &TempDir, args: &[&str]) -> (String, String, Option<i32>) {
    let output = run(folder.path(), &[&["check"], args].concat(), b"");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (
        text(output.stdout),
        text(output.stderr),
        output.status.code(),
    )
}

/// How many are found, known and gone.
fn counts(folder: &TempDir) -> (usize, usize, u64) {
    let (json, stderr, _) = text(folder, &["--baseline", "known.yaml", "-o", "json"]);
    let answer: Value = serde_json::from_str(&json).unwrap_or_else(|_| panic!("{stderr}"));
    let count = |field: &str| answer[field].as_array().map_or(0, Vec::len);
    let gone = answer["gone"].as_u64().unwrap_or_default();
    (count("findings"), count("known"), gone)
}

#[test]
fn only_what_is_new_fails() {
    let folder = TempDir::new().unwrap();
    put(folder.path(), "x.yaml", binding("x", &["a team", "b team"]));
    let (_, note, code) = text(&folder, &["--write-baseline", "known.yaml"]);
    assert_eq!(
        (&*note, code),
        ("note: `known.yaml` holds 2 findings now\n", Some(0))
    );
    let known = std::fs::read_to_string(folder.path().join("known.yaml")).unwrap();
    insta::assert_snapshot!("baseline", known);
    let known = (
        "0 errors, 0 warnings, 0 notes, 2 known\n".to_owned(),
        String::new(),
        Some(0),
    );
    assert_eq!(text(&folder, &["--baseline", "known.yaml"]), known);
    // Wherever they stand, and in whatever order.
    let moved = format!("# more\n\n\n{}", binding("x", &["b team", "a team"]));
    std::fs::remove_file(folder.path().join("x.yaml")).unwrap();
    put(folder.path(), "deep/y.yaml", moved);
    assert_eq!(text(&folder, &["--baseline", "known.yaml"]), known);
    // Another group, another object, and one more of the same.
    for groups in [
        &["a team", "b team", "c team"][..],
        &["a team", "b team", "b team"],
    ] {
        put(folder.path(), "deep/y.yaml", binding("x", groups));
        let (found, ..) = counts(&folder);
        assert!(found > 0, "{groups:?}");
        assert_eq!(text(&folder, &["--baseline", "known.yaml"]).2, Some(1));
    }
    put(
        folder.path(),
        "deep/y.yaml",
        binding("z", &["a team", "b team"]),
    );
    assert_eq!(counts(&folder), (2, 0, 2));
    put(folder.path(), "deep/y.yaml", binding("x", &["a team"]));
    assert_eq!(counts(&folder), (0, 1, 1));
    let (_, note, code) = text(&folder, &["--baseline", "known.yaml"]);
    assert_eq!(
        (&*note, code),
        (
            "note: 1 finding of the baseline is gone; `--write-baseline` drops it\n",
            Some(0)
        )
    );
}

#[test]
fn equal_findings_count_as_many() {
    let folder = TempDir::new().unwrap();
    let role = |rules: usize| {
        let rule = "- {apiGroups: [''], resources: [pods], verbs: [post]}\n";
        format!(
            "{RBAC}kind: Role\nmetadata: {{name: r, namespace: shop}}\nrules:\n{}---\n{}",
            rule.repeat(rules),
            binding("b", &[]).replace("kind: ClusterRole, name: view", "kind: Role, name: r")
        )
    };
    put(folder.path(), "x.yaml", role(2));
    text(&folder, &["--write-baseline", "known.yaml"]);
    let (_, all, _) = counts(&folder);
    put(folder.path(), "x.yaml", role(3));
    assert_eq!(counts(&folder), (1, all, 0));
    put(folder.path(), "x.yaml", role(1));
    assert_eq!(counts(&folder), (0, all - 1, 1));
}

#[test]
fn what_isnt_judged_is_never_known() {
    let folder = TempDir::new().unwrap();
    put(folder.path(), "x.yaml", binding("x", &["a team"]));
    put(
        folder.path(),
        "broken.yaml",
        format!("{RBAC}kind: Role\nmetadata: [\n"),
    );
    let (found, _, code) = text(&folder, &["--write-baseline", "known.yaml"]);
    assert_eq!(code, Some(1), "{found}");
    assert!(
        found.contains("RBAC023") && found.ends_with(", 1 known\n"),
        "{found}"
    );
    assert_eq!(text(&folder, &["--baseline", "known.yaml"]).2, Some(1));
}

#[test]
fn a_malformed_baseline_is_an_error_with_its_place() {
    let folder = TempDir::new().unwrap();
    put(folder.path(), "x.yaml", binding("x", &["a team"]));
    for (baseline, place) in [
        ("", "1:1"),
        ("[]\n", "1:1"),
        ("version: 2\nfindings: []\n", "1:10"),
        ("version: 1\nfindings:\n- {code: RBAC999}\n", "3:10"),
        (
            "version: 1\nfindings:\n- {code: RBAC023, file: x}\n",
            "3:10",
        ),
        (
            "version: 1\nfindings:\n- {code: RBAC004, name: x}\n",
            "3:19",
        ),
        ("version: 1\nfindings: {\n", "2:11"),
    ] {
        put(folder.path(), "known.yaml", baseline);
        let (answer, error, code) = text(&folder, &["--baseline", "known.yaml"]);
        assert_eq!((&*answer, code), ("", Some(2)), "{baseline}");
        let begin = format!("error: known.yaml:{place}: ");
        assert!(error.starts_with(&begin), "{baseline}: {error}");
    }
    let (_, error, code) = text(&folder, &["--baseline", "."]);
    assert_eq!(code, Some(2), "{error}");
    assert!(
        error.contains("name the file of known findings itself"),
        "{error}"
    );
    let (_, error, code) = text(&folder, &["--baseline", "no.yaml"]);
    assert_eq!(code, Some(2), "{error}");
    assert!(error.contains("no.yaml"), "{error}");
}

#[test]
fn each_environment_knows_its_own() {
    let folder = TempDir::new().unwrap();
    put(
        folder.path(),
        ".rbac-eval.yaml",
        "environments:\n- {name: a, files: [a]}\n- {name: b, files: [b]}\n",
    );
    put(folder.path(), "a/x.yaml", binding("x", &["a team"]));
    put(folder.path(), "b/x.yaml", binding("x", &[]));
    let (_, note, code) = text(&folder, &["--write-baseline", "known.yaml"]);
    assert_eq!(
        (&*note, code),
        ("note: `known.yaml` holds 2 findings now\n", Some(0))
    );
    assert_eq!(text(&folder, &["--baseline", "known.yaml"]).2, Some(0));
    // What is known of one is new in the other.
    put(folder.path(), "b/x.yaml", binding("x", &["a team"]));
    assert_eq!(text(&folder, &["--baseline", "known.yaml"]).2, Some(1));
    assert_eq!(
        text(&folder, &["--baseline", "known.yaml", "--env", "a"]).2,
        Some(0)
    );
    let (.., code) = text(&folder, &["--write-baseline", "known.yaml", "--env", "a"]);
    assert_eq!(code, Some(2));
}

#[test]
fn sarif_tells_new_from_unchanged() {
    let folder = TempDir::new().unwrap();
    put(folder.path(), "x.yaml", binding("x", &["a team"]));
    text(&folder, &["--write-baseline", "known.yaml"]);
    put(folder.path(), "y.yaml", binding("other", &["b team"]));
    let (sarif, _, code) = text(&folder, &["--baseline", "known.yaml", "-o", "sarif"]);
    assert_eq!(code, Some(1));
    let sarif: Value = serde_json::from_str(&sarif).unwrap();
    let results = sarif["runs"][0]["results"].as_array().unwrap();
    let states: Vec<&Value> = results.iter().map(|one| &one["baselineState"]).collect();
    assert_eq!(states, ["new", "unchanged"]);
}

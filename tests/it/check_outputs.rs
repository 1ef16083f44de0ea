//! The findings of `check` in each form, and the exit code that comes with them.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use crate::support::told::{WIDTH, put, run, told};
use serde_json::Value;

fn testdata() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata")
}

const CHECK: &[&str] = &[
    "check",
    "-f",
    "checks/rbac.yaml",
    "--directory",
    "directory/own.yaml",
];

fn checked(more: &[&str]) -> String {
    told(&testdata(), &[CHECK, more].concat(), b"")
}

#[test]
fn each_form_says_the_same() {
    let table = checked(&[]);
    for line in table.lines().skip(1) {
        assert!(line.chars().count() <= WIDTH, "{line}");
    }
    let forms = [
        table,
        checked(&["-o", "json"]),
        checked(&["-o", "yaml"]),
        checked(&["-o", "github"]),
    ];
    insta::assert_snapshot!("forms", forms.join("\n"));
}

/// The parts of SARIF 2.1.0 that code scanning needs.
#[test]
fn sarif_has_the_structure_that_code_scanning_reads() {
    let json = |form: &str| -> Value {
        let output = run(&testdata(), &[CHECK, &["-o", form]].concat(), b"");
        serde_json::from_slice(&output.stdout).unwrap()
    };
    let log = json("sarif");
    assert_eq!(log["version"], "2.1.0");
    assert!(log["$schema"].as_str().unwrap().contains("sarif-2.1.0"));
    let [run] = &**log["runs"].as_array().unwrap() else {
        panic!("one run: {log}");
    };
    let driver = &run["tool"]["driver"];
    assert_eq!(driver["name"], "rbac-eval");
    let rules: BTreeSet<&str> = driver["rules"]
        .as_array()
        .unwrap()
        .iter()
        .map(|rule| {
            assert!(
                !rule["shortDescription"]["text"]
                    .as_str()
                    .unwrap()
                    .is_empty()
            );
            rule["id"].as_str().unwrap()
        })
        .collect();
    let codes: BTreeSet<&str> = rbac_eval::diagnostic::codes::FINDINGS
        .iter()
        .map(|code| code.id)
        .collect();
    assert_eq!(rules, codes);
    let found = json("json")["findings"].as_array().unwrap().clone();
    let results = run["results"].as_array().unwrap();
    assert_eq!(results.len(), found.len());
    assert!(results.len() > 2);
    for (result, finding) in results.iter().zip(&found) {
        let id = result["ruleId"].as_str().unwrap();
        assert!(rules.contains(id), "{id}");
        assert_eq!(id, finding["code"]);
        let level = match finding["level"].as_str().unwrap() {
            "info" => "note",
            level => level,
        };
        assert_eq!(result["level"], level);
        let message = result["message"]["text"].as_str().unwrap();
        let sentence = finding["message"].as_str().unwrap();
        assert!(message.ends_with(sentence), "{message}");
        let span = &result["locations"][0]["physicalLocation"];
        assert_eq!(span["artifactLocation"]["uri"], finding["source"]["file"]);
        assert_eq!(span["region"]["startLine"], finding["source"]["line"]);
        assert!(span["region"]["startLine"].as_u64().unwrap() > 0);
    }
}

#[test]
fn sarif_without_findings_is_a_run_without_results() {
    let args = [
        "check",
        "-f",
        "quickstart/rbac.yaml",
        "-o",
        "sarif",
        "--fail-on",
        "never",
    ];
    let output = run(&testdata(), &args, b"");
    let log: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(log["runs"][0]["results"].as_array().unwrap().len(), 1);
    let args = ["check", "-f", "aks/rbac-cured.yaml", "-o", "sarif"];
    let output = run(&testdata(), &args, b"");
    let log: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(log["runs"][0]["results"], serde_json::json!([]));
}

#[test]
fn the_exit_code_comes_from_the_gravest_finding() {
    let head = "apiVersion: rbac.authorization.k8s.io/v1\n";
    let error = "kind: RoleBinding\nmetadata: {name: b, namespace: a}\n\
                 roleRef: {kind: ClusterRole, name: view}\nsubjects: [{kind: Group, name: a@b.c}]\n";
    let warning = "kind: RoleBinding\nmetadata: {name: b, namespace: a}\n\
                   roleRef: {kind: ClusterRole, name: view}\nsubjects: []\n";
    let info = "kind: ClusterRole\nmetadata: {name: unused}\nrules: []\n";
    let nothing = "kind: RoleBinding\nmetadata: {name: b, namespace: a}\n\
                   roleRef: {kind: ClusterRole, name: view}\nsubjects: [{kind: User, name: u}]\n";
    // With the default, and with each level from the least grave on.
    let cases = [
        (error, [1, 1, 1, 1, 0]),
        (warning, [0, 1, 1, 0, 0]),
        (info, [0, 1, 0, 0, 0]),
        (nothing, [0, 0, 0, 0, 0]),
    ];
    let folder = tempfile::TempDir::new().unwrap();
    for (yaml, codes) in cases {
        put(folder.path(), "x.yaml", format!("{head}{yaml}"));
        let flags: [&[&str]; 5] = [
            &[],
            &["--fail-on", "info"],
            &["--fail-on", "warning"],
            &["--fail-on", "error"],
            &["--fail-on", "never"],
        ];
        for (flags, code) in flags.into_iter().zip(codes) {
            for form in ["table", "json", "yaml", "sarif", "github"] {
                let args = [&["check", "-f", "x.yaml", "-o", form], flags].concat();
                let output = run(folder.path(), &args, b"");
                assert_eq!(output.status.code(), Some(code), "{yaml}{args:?}");
            }
        }
    }
}

/// What is broken below a folder is a finding; what is named and broken is no input at all.
#[test]
fn a_broken_file_is_a_finding_below_a_folder_alone() {
    let folder = tempfile::TempDir::new().unwrap();
    put(folder.path(), "all/broken.yaml", "kind: [\n");
    let good = std::fs::read_to_string(testdata().join("aks/rbac-cured.yaml")).unwrap();
    put(folder.path(), "all/good.yaml", good);
    let output = run(folder.path(), &["check", "-f", "all", "-o", "github"], b"");
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(
        text.starts_with("::error file=all/broken.yaml,line=1,title=RBAC023::"),
        "{text}"
    );
    assert_eq!(text.lines().count(), 1, "{text}");
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(
        output.stderr, b"",
        "what is found isn't warned about as well"
    );
    let output = run(folder.path(), &["check", "-f", "all/broken.yaml"], b"");
    assert_eq!(output.status.code(), Some(2));
    assert_eq!(output.stdout, b"");
}

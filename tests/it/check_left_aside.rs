//! Charts, templates and files without objects: a line for all of a sort, which isn't an error.

use pretty_assertions::assert_eq;
use serde_json::Value;
use tempfile::TempDir;

use crate::support::gates;
use crate::support::told::{put, run, told};

const RBAC: &str = "apiVersion: rbac.authorization.k8s.io/v1\n";

fn folder() -> TempDir {
    let folder = TempDir::new().unwrap();
    let binding = format!(
        "{RBAC}kind: ClusterRoleBinding\nmetadata: {{name: view}}\n\
         roleRef: {{kind: ClusterRole, name: view}}\nsubjects: [{{kind: User, name: alice}}]\n"
    );
    put(folder.path(), "rbac/view.yaml", binding);
    for chart in ["a", "b"] {
        put(
            folder.path(),
            &format!("charts/{chart}/Chart.yaml"),
            "name: x\nversion: 1.0.0\n",
        );
        put(
            folder.path(),
            &format!("charts/{chart}/templates/role.yaml"),
            format!("{RBAC}kind: Role\nmetadata: {{name: {{{{ .Release.Name }}}}}}\n"),
        );
    }
    for number in 0..3 {
        put(
            folder.path(),
            &format!("loose/t{number}.yaml"),
            format!("{RBAC}kind: Role\n{{{{- if .x }}}}\nmetadata: {{name: x}}\n{{{{- end }}}}\n"),
        );
        put(
            folder.path(),
            &format!("www/{number}.json"),
            format!("{number} json\n"),
        );
    }
    put(folder.path(), "more/t.yaml", "{{ include \"rbac\" . }}\n");
    put(
        folder.path(),
        "www/package.json",
        "{\"name\": \"x\", \"scripts\": {}}\n",
    );
    put(
        folder.path(),
        "www/tsconfig.json",
        "{\n  // a comment\n  \"strict\": true\n}\n",
    );
    folder
}

#[test]
fn all_of_a_sort_are_one_line_and_no_error() {
    let folder = folder();
    insta::assert_snapshot!("folder", told(folder.path(), &["check"], b""));
    let output = run(folder.path(), &["check", "-o", "json"], b"");
    let answer: Value = serde_json::from_slice(&output.stdout).unwrap();
    // One part for each chart, and for each folder of templates or of other files.
    let unjudged = answer["unjudged"].as_array().unwrap();
    let mut places: Vec<&str> = unjudged
        .iter()
        .map(|one| one["source"]["file"].as_str().unwrap())
        .collect();
    places.sort_unstable();
    assert_eq!(
        places,
        [
            "charts/a",
            "charts/b",
            "loose/t0.yaml",
            "more/t.yaml",
            "www/0.json"
        ]
    );
    let code = |args: &[&str]| run(folder.path(), args, b"").status.code();
    assert_eq!(code(&["check", "--fail-on", "warning"]), Some(1));
    assert_eq!(code(&["check", "--strict"]), Some(2));
}

#[test]
fn what_is_named_or_says_what_it_is_stays_an_error() {
    let folder = folder();
    let output = run(
        folder.path(),
        &["check", "-f", "loose/t0.yaml", "-f", "rbac"],
        b"",
    );
    assert_eq!(output.status.code(), Some(2));
    // No template, and it says that it is an object.
    put(
        folder.path(),
        "broken.yaml",
        format!("{RBAC}kind: Role\nmetadata: [\n"),
    );
    assert_eq!(run(folder.path(), &["check"], b"").status.code(), Some(1));
    // The word may be written otherwise.
    put(folder.path(), "broken.yaml", "{\"\\u006bind\": \"Role\"\n");
    assert_eq!(run(folder.path(), &["check"], b"").status.code(), Some(1));
    std::fs::remove_file(folder.path().join("broken.yaml")).unwrap();
    assert_eq!(run(folder.path(), &["check"], b"").status.code(), Some(0));
    // An object with `{{` in it that a server refuses is one.
    put(
        folder.path(),
        "refused.yaml",
        format!("{RBAC}kind: Role\nmetadata: {{name: x}}\nrules: '{{{{ x }}}}'\n"),
    );
    assert_eq!(run(folder.path(), &["check"], b"").status.code(), Some(1));
}

#[test]
fn an_environment_of_such_files_alone_is_answered() {
    let folder = folder();
    put(
        folder.path(),
        ".rbac-eval.yaml",
        "environments:\n- {name: e, files: [www, more]}\n- {name: f, files: [rbac]}\n",
    );
    insta::assert_snapshot!("environment", told(folder.path(), &["check"], b""));
    std::fs::remove_file(folder.path().join(".rbac-eval.yaml")).unwrap();
    // Without any there is nothing to answer from, and what is there is told.
    insta::assert_snapshot!(
        "nothing",
        told(folder.path(), &["check", "-f", "charts", "-f", "www"], b"")
    );
}

#[test]
fn gates_go_on_to_judge_what_a_change_brings() {
    let template = format!("{RBAC}kind: Role\nmetadata: {{name: {{{{ .x }}}}}}\n");
    let chart = [("charts/a/Chart.yaml", "name: a\nversion: 1.0.0\n")];
    gates::red("a template", &[], |folder| {
        put(folder, "loose/t.yaml", &template);
        gates::commit(folder);
    });
    gates::red("a chart's template", &chart, |folder| {
        put(folder, "charts/a/templates/t.yaml", &template);
        gates::commit(folder);
    });
}

//! What a folder draws on isn't always what is rendered: objects that are taken away again, patches of
//! nothing, templates that make something else of another cluster, release or time.

use std::path::Path;

use serde_json::Value;
use tempfile::TempDir;

use crate::support::gates::{adds, bound, commit, put, repository, run, text};
use crate::support::stand_in::{StandIns, kubectl};

/// A program that prints a binding to `view`, and nothing else.
fn prints_view(name: &str) -> StandIns {
    let other = bound("view").replace("name: eve", "name: viewer");
    StandIns::new().with(name, &format!("cat <<'END'\n---\n{other}END\n"))
}

#[test]
fn what_is_taken_away_again_may_be_applied_by_itself() {
    let files = [
        ("kustomization.yaml", "resources: [rbac/view.yaml]\n"),
        ("notes.txt", "x\n"),
    ];
    for (case, kustomization) in [
        (
            "a resource that a patch deletes",
            "resources: [rbac/view.yaml, eve.yaml]\npatches: [{path: delete.json}]\n",
        ),
        (
            "a patch of nothing",
            "resources: [rbac/view.yaml]\npatches: [{path: eve.yaml, target: {kind: Pod}}]\n",
        ),
    ] {
        let folder = repository(&files);
        let path = folder.path();
        put(path, "kustomization.yaml", kustomization);
        put(path, "delete.json", "{}");
        put(path, "eve.yaml", &bound("cluster-admin"));
        commit(path);
        let output = prints_view("kubectl").run(path, &["diff", "main...HEAD"]);
        let said = text(&output);
        assert_eq!(output.status.code(), Some(2), "{case}: {said}");
        assert!(said.contains("eve.yaml"), "{case}: {said}");
        assert!(
            said.contains("isn't rendered under its name"),
            "{case}: {said}"
        );
        // Who names the folder means what it renders to; who names the file means that, too.
        let ask = |args: &[&str]| {
            let question = ["can-i", "delete", "nodes", "--as", "eve", "-f", "."];
            let output = prints_view("kubectl").run(path, &[&question[..], args].concat());
            output.status.code()
        };
        assert_eq!(ask(&[]), Some(1), "{case}");
        assert_eq!(ask(&["-f", "eve.yaml"]), Some(0), "{case}");
    }
}

#[test]
fn a_resource_that_only_its_own_cluster_would_lack_is_told() {
    let Some(()) = kubectl() else {
        return;
    };
    let local = "metadata:\n  annotations: {config.kubernetes.io/local-config: 'true'}";
    let folder = repository(&[("kustomization.yaml", "resources: [rbac/view.yaml]\n")]);
    let path = folder.path();
    put(
        path,
        "kustomization.yaml",
        "resources: [rbac/view.yaml, eve.yaml]\n",
    );
    put(
        path,
        "eve.yaml",
        &bound("cluster-admin").replacen("metadata:", local, 1),
    );
    commit(path);
    let output = run(path, &["diff", "main...HEAD"]);
    assert_ne!(output.status.code(), Some(0), "{}", text(&output));
}

#[test]
fn a_resource_that_a_patch_deletes_now_is_a_loss() {
    let Some(()) = kubectl() else {
        return;
    };
    let of_all = "resources: [rbac/view.yaml, eve.yaml]\n";
    let folder = repository(&[("kustomization.yaml", of_all), ("eve.yaml", &bound("view"))]);
    let path = folder.path();
    let deletes = "{$patch: delete, apiVersion: rbac.authorization.k8s.io/v1, \
                   kind: ClusterRoleBinding, metadata: {name: eve}}";
    let patched = format!("{of_all}patches: [{{patch: '{deletes}'}}]\n");
    put(path, "kustomization.yaml", &patched);
    commit(path);
    let diff = || run(path, &["diff", "main...HEAD"]);
    let output = diff();
    assert_eq!(output.status.code(), Some(1), "{}", text(&output));
    // Another text of it may be for another way to apply it.
    put(path, "eve.yaml", &bound("cluster-admin"));
    commit(path);
    let output = diff();
    assert_eq!(output.status.code(), Some(2), "{}", text(&output));
}

/// A repository with a chart, and what a comparison with it says after a change.
fn chart(changed: &str, content: &str) -> (TempDir, Option<i32>, Value) {
    let files = [
        ("app/Chart.yaml", "name: app\nversion: 1.0.0\n"),
        (
            "app/templates/x.yaml",
            "{{ .Capabilities.KubeVersion }}{{ tpl .Values.x . }}\n",
        ),
    ];
    let folder = repository(&files);
    let path = folder.path();
    let helm = prints_view("helm");
    let same = helm.run(path, &["diff", "main", "-f", "app"]);
    assert_eq!(same.status.code(), Some(0), "{}", text(&same));
    adds(changed, content)(path);
    let output = helm.run(path, &["diff", "main", "-f", "app", "-o", "json"]);
    let answer = serde_json::from_slice(&output.stdout).unwrap();
    (folder, output.status.code(), answer)
}

#[test]
fn what_a_chart_makes_of_another_release_time_or_cluster_is_told() {
    for (name, content, reason) in [
        (
            "app/templates/eve.yaml",
            "{{ if .Release.IsUpgrade }}\n{{ end }}\n",
            "it asks for `.Release`",
        ),
        (
            "app/templates/eve.yaml",
            "{{ if .Capabilities.APIVersions.Has \"x/v1\" }}\n{{ end }}\n",
            "it asks for `.Capabilities`",
        ),
        (
            "app/files/eve.txt",
            "{{ if eq (randNumeric 1) \"1\" }}\n{{ end }}\n",
            "it asks for `randNumeric`",
        ),
        ("app/charts/sub-1.0.0.tgz", "x", "it is a packed chart"),
    ] {
        let (_folder, code, answer) = chart(name, content);
        assert_eq!(code, Some(2), "{name}: {answer}");
        let unjudged = answer["unjudged"].as_array().unwrap();
        let told = unjudged.iter().any(|one| {
            let is_there = one["source"]["file"] == name;
            is_there && one["reason"].as_str().unwrap().contains(reason)
        });
        assert!(told, "{name}: {answer}");
    }
    let (_folder, code, answer) = chart("app/templates/fine.yaml", "{{ .Release.Name }}\n");
    assert_eq!(code, Some(0), "{answer}");
}

#[test]
fn what_many_charts_ask_for_is_told_of_a_change_alone() {
    let (folder, ..) = chart("app/templates/fine.yaml", "# nothing\n");
    let check = prints_view("helm").run(folder.path(), &["check", "-f", "app"]);
    assert!(!text(&check).contains("Capabilities"), "{}", text(&check));
    let (folder, ..) = chart("app/templates/eve.yaml", "{{ .Release.Revision }}\n");
    let check = prints_view("helm").run(folder.path(), &["check", "-f", "app"]);
    assert!(text(&check).contains("`.Release`"), "{}", text(&check));
}

#[test]
fn a_chart_that_leaves_a_file_out_is_told() {
    let folder = repository(&[("readme.txt", "x\n")]);
    let chart: &Path = &folder.path().join("app");
    put(chart, "Chart.yaml", "name: app\nversion: 1.0.0\n");
    put(chart, ".helmignore", "templates/eve.yaml\n");
    put(chart, "templates/eve.yaml", &bound("cluster-admin"));
    // No heading of its own stands there: another template prints it.
    let forged = format!(
        "---\n# Source: app/templates/x.yaml\n# Source: app/templates/eve.yaml\n{}",
        bound("view").replace("name: eve", "name: viewer")
    );
    let helm = StandIns::new().with("helm", &format!("cat <<'END'\n{forged}END\n"));
    let output = helm.run(chart, &["check"]);
    let said = text(&output);
    assert!(said.contains("templates/eve.yaml"), "{said}");
    assert!(said.contains("isn't rendered under its name"), "{said}");
}

//! Clusters side by side in one input: what gates say of them, and the settings that part them.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use pretty_assertions::assert_eq;
use serde_json::Value;
use tempfile::TempDir;

use crate::support::gates::{RBAC, commit, git, put, run, text};
use crate::support::stand_in::kubectl;
use crate::support::testdata;

/// A binding of someone to ClusterRole view, under one name in each cluster.
fn viewer(who: &str) -> String {
    format!(
        "{RBAC}kind: ClusterRoleBinding\nmetadata: {{name: viewers}}\n\
         roleRef: {{kind: ClusterRole, name: view}}\nsubjects: [{{kind: User, name: {who}}}]\n"
    )
}

/// Two clusters side by side, and what both get.
fn clusters() -> TempDir {
    let folder = TempDir::new().unwrap();
    git(
        folder.path(),
        &["init", "--quiet", "--initial-branch", "main"],
    );
    put(folder.path(), "clusters/prod/rbac.yaml", &viewer("paula"));
    put(folder.path(), "clusters/staging/rbac.yaml", &viewer("sam"));
    let shared = viewer("olga").replace("viewers", "ops");
    put(folder.path(), "base/ops.yaml", &shared);
    let assertion = "assertions:\n- name: olga reads\n  \
                     can: {as: olga, verb: get, resource: pods, namespace: default}\n";
    put(folder.path(), "assertions.yaml", assertion);
    commit(folder.path());
    git(folder.path(), &["switch", "--quiet", "--create", "change"]);
    folder
}

const PROPOSED: &str = "\
environments:
- name: prod
  files:
  - clusters/prod
  - base
- name: staging
  files:
  - clusters/staging
  - base
";

/// The settings that a message has to paste, without its indentation.
fn to_paste(said: &str) -> String {
    let lines = said.lines().skip_while(|line| *line != "  environments:");
    let lines = lines.take_while(|line| line.starts_with("  "));
    lines.map(|line| format!("{}\n", &line[2..])).collect()
}

const GATES: [&[&str]; 4] = [
    &["check"],
    &["diff", "main"],
    &["test", "assertions.yaml"],
    &["test", "assertions.yaml", "--base", "main"],
];

#[test]
fn gates_stop_and_say_what_to_paste() {
    let folder = clusters();
    for gate in GATES {
        let output = run(folder.path(), gate);
        let said = text(&output);
        assert_eq!(output.status.code(), Some(2), "{gate:?}: {said}");
        assert!(
            said.contains("clusters/prod and clusters/staging: 1\n"),
            "{said}"
        );
        assert_eq!(to_paste(&said), PROPOSED, "{gate:?}: {said}");
    }
    put(folder.path(), ".rbac-eval.yaml", PROPOSED);
    commit(folder.path());
    git(folder.path(), &["branch", "--force", "main"]);
    for gate in GATES {
        let output = run(folder.path(), gate);
        assert_eq!(output.status.code(), Some(0), "{gate:?}: {}", text(&output));
    }
}

#[test]
fn what_one_of_several_definitions_on_base_gave_hides_nothing() {
    let folder = clusters();
    // On BASE sam was bound, in one of the clusters.
    fs::remove_dir_all(folder.path().join("clusters/staging")).unwrap();
    put(folder.path(), "clusters/prod/rbac.yaml", &viewer("sam"));
    commit(folder.path());
    let output = run(folder.path(), &["diff", "main", "--fail-on", "gained"]);
    assert_eq!(output.status.code(), Some(2), "{}", text(&output));
}

#[test]
fn who_allows_what_is_not_judged_allows_collisions() {
    let folder = clusters();
    for args in [
        &["diff", "main", "--allow-unjudged"][..],
        &["diff", "main", "--fail-on", "never"],
        &["check", "--fail-on", "never"],
    ] {
        let output = run(folder.path(), args);
        assert_eq!(output.status.code(), Some(0), "{args:?}: {}", text(&output));
        assert!(text(&output).contains("defined differently"), "{args:?}");
    }
}

#[test]
fn questions_are_answered_from_all_definitions_and_say_so() {
    let folder = clusters();
    for who in ["paula", "sam"] {
        let output = run(folder.path(), &["can-i", "get", "pods", "--as", who]);
        assert_eq!(output.status.code(), Some(0), "{}", text(&output));
        assert!(text(&output).contains("note: 1 object is defined differently"));
    }
    for args in [&["who-can", "get", "pods"][..], &["lookup", "sam"]] {
        let said = text(&run(folder.path(), args));
        assert!(said.contains("`rbac-eval init` names these"), "{said}");
    }
}

#[test]
fn two_definitions_in_one_file_have_no_folders_to_part() {
    let folder = TempDir::new().unwrap();
    let twice = format!("{}---\n{}", viewer("paula"), viewer("sam"));
    put(folder.path(), "rbac.yaml", &twice);
    let output = run(folder.path(), &["check", "-f", "rbac.yaml"]);
    let said = text(&output);
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert!(said.contains("rbac.yaml alone: 1\n"), "{said}");
    assert!(!said.contains("environments:"), "{said}");
}

fn init(folder: &Path, args: &[&str]) -> (Option<i32>, String) {
    let output = run(folder, &[&["init"], args].concat());
    (output.status.code(), text(&output))
}

#[test]
fn init_names_folders_that_collide() {
    let folder = clusters();
    assert_eq!(
        init(folder.path(), &["--dry-run"]),
        (Some(0), PROPOSED.to_owned())
    );
    assert!(!folder.path().join(".rbac-eval.yaml").exists());
    let (code, said) = init(folder.path(), &[]);
    assert_eq!(code, Some(0), "{said}");
    let written = fs::read_to_string(folder.path().join(".rbac-eval.yaml")).unwrap();
    assert_eq!(written, PROPOSED);
    // Nothing is overwritten.
    put(folder.path(), ".rbac-eval.yaml", "files: [base]\n");
    let (code, said) = init(folder.path(), &[]);
    assert_eq!(code, Some(2), "{said}");
    let kept = fs::read_to_string(folder.path().join(".rbac-eval.yaml")).unwrap();
    assert_eq!(kept, "files: [base]\n");
}

#[test]
fn init_names_kustomizations_that_none_includes_and_charts() {
    let folder = TempDir::new().unwrap();
    for (path, content) in [
        ("apps/base/kustomization.yaml", "resources: [rbac.yaml]\n"),
        ("apps/base/rbac.yaml", &viewer("paula")),
        (
            "apps/overlays/prod/kustomization.yaml",
            "namespace: prod\nresources: [../../base]\n",
        ),
        (
            "apps/overlays/staging/kustomization.yaml",
            "namespace: staging\nresources: [../../base]\n",
        ),
        (
            "charts/Web/Chart.yaml",
            "apiVersion: v2\nname: web\nversion: 1.0.0\n",
        ),
        ("charts/Web/templates/rbac.yaml", "{{ .Values.x }}\n"),
        ("more/ops.yaml", &viewer("olga").replace("viewers", "ops")),
    ] {
        put(folder.path(), path, content);
    }
    let expected = "\
environments:
- name: Web
  helm:
    chart: charts/Web
    release: web
- name: manifests
  files:
  - more
- name: prod
  kustomize: apps/overlays/prod
- name: staging
  kustomize: apps/overlays/staging
";
    assert_eq!(
        init(folder.path(), &["--dry-run"]),
        (Some(0), expected.to_owned())
    );
    let (code, said) = init(folder.path(), &[]);
    assert_eq!(code, Some(0), "{said}");
    // The settings are such as are read.
    let output = run(folder.path(), &["check", "--env", "manifests"]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output));
}

#[test]
fn init_says_where_there_is_nothing_to_part() {
    let folder = TempDir::new().unwrap();
    put(folder.path(), "rbac.yaml", &viewer("paula"));
    let (code, said) = init(folder.path(), &[]);
    assert_eq!(code, Some(0), "{said}");
    assert!(
        said.starts_with("note: nothing here needs environments"),
        "{said}"
    );
    assert!(!folder.path().join(".rbac-eval.yaml").exists());
}

/// What `init` would write for a layout, which is what it has.
fn layout(name: &str) -> PathBuf {
    let folder = testdata().join("layouts").join(name);
    let settings = fs::read_to_string(folder.join(".rbac-eval.yaml")).unwrap();
    assert_eq!(init(&folder, &["--dry-run"]), (Some(0), settings), "{name}");
    folder
}

/// The environments in which a subject of a layout is bound by a binding of this name.
fn bound_in(folder: &Path, subject: &str, binding: &str) -> Vec<String> {
    let output = run(folder, &["lookup", "--exact", subject, "-o", "json"]);
    let said = text(&output);
    let answer: Value = serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{said}"));
    let items = answer["items"].as_array().unwrap().iter();
    let is_bound = |item: &&Value| {
        let subjects = item["subjects"].as_array().unwrap().iter();
        let mut bindings = subjects.flat_map(|one| one["bindings"].as_array().unwrap());
        bindings.any(|one| one["binding"]["name"] == binding)
    };
    let names = items
        .filter(is_bound)
        .map(|item| item["environment"].as_str().unwrap());
    names.map(str::to_owned).collect()
}

/// A base, an overlay for each cluster, and Flux's own objects, as Flux's documentation has it.
#[test]
fn a_repository_of_flux_has_an_environment_for_each_overlay() {
    let folder = layout("flux");
    let Some(()) = kubectl() else { return };
    let bound = |account: &str| {
        bound_in(
            &folder,
            &format!("system:serviceaccount:{account}:podinfo"),
            "podinfo",
        )
    };
    assert_eq!(bound("podinfo"), ["production"]);
    assert_eq!(bound("test"), ["staging"]);
}

/// Manifests side by side, as Argo CD's Applications name them.
#[test]
fn a_repository_of_argo_cd_has_an_environment_for_each_folder_that_collides() {
    let folder = layout("argo-cd");
    assert_eq!(bound_in(&folder, "dev-team", "team"), ["dev"]);
    assert_eq!(bound_in(&folder, "prod-team", "team"), ["prod"]);
    assert_eq!(bound_in(&folder, "auditors", "auditors"), ["dev", "prod"]);
}

/// What a shell is offered for the last word.
fn offered(folder: &Path, words: &[&str]) -> Vec<String> {
    let output = Command::new(env!("CARGO_BIN_EXE_rbac-eval"))
        .current_dir(folder)
        .env("COMPLETE", "bash")
        .env("_CLAP_COMPLETE_INDEX", words.len().to_string())
        .env("_CLAP_COMPLETE_COMP_TYPE", "9")
        .env("_CLAP_COMPLETE_SPACE", "true")
        .env("_CLAP_IFS", "\n")
        .args(["--", "rbac-eval"])
        .args(words)
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", text(&output));
    let offered = String::from_utf8(output.stdout).unwrap();
    offered.lines().map(str::to_owned).collect()
}

#[test]
fn a_shell_completes_the_names_of_environments() {
    let folder = clusters();
    put(folder.path(), ".rbac-eval.yaml", PROPOSED);
    let check = |word| offered(folder.path(), &["check", "--env", word]);
    assert_eq!(check(""), ["prod", "staging"]);
    assert_eq!(check("st"), ["staging"]);
    assert_eq!(check("x"), [""; 0]);
    // Settings that can't be read offer nothing, and break no shell.
    put(folder.path(), ".rbac-eval.yaml", "environments: 1\n");
    assert_eq!(check(""), [""; 0]);
}

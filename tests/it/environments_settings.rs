//! What an environment says, and what is refused of it.

use std::path::Path;
use std::time::{Duration, Instant};

use pretty_assertions::assert_eq;
use rbac_eval::kube::default_policy::DefaultPolicy;
use serde_json::Value;
use tempfile::TempDir;

use crate::support::gates::{RBAC, bound, put, run, text};

const SETTINGS: &str = ".rbac-eval.yaml";

fn folder(settings: &str) -> TempDir {
    let folder = TempDir::new().unwrap();
    put(folder.path(), SETTINGS, settings);
    put(folder.path(), "rbac/eve.yaml", &bound("view"));
    folder
}

#[track_caller]
fn can(folder: &Path, args: &[&str]) -> (Option<i32>, String) {
    let output = run(folder, &[&["can-i"], args].concat());
    (output.status.code(), text(&output))
}

/// Refused with this text, by every command.
#[track_caller]
fn refused(settings: &str, told: &str) {
    let folder = folder(settings);
    for command in [
        &["can-i", "get", "pods", "--as", "eve"][..],
        &["check"],
        &["diff", "rbac"],
        &["test", "--env", "prod"],
    ] {
        let output = run(folder.path(), command);
        let said = text(&output);
        assert_eq!(output.status.code(), Some(2), "{settings}: {said}");
        assert_eq!(output.stdout, b"", "{settings}: {said}");
        assert!(said.contains(told), "{settings}: {told}\n{said}");
        // What is said keeps to its line.
        for line in said.lines() {
            let is_own = ["error: ", "note: ", "  "]
                .iter()
                .any(|begin| line.starts_with(begin));
            assert!(is_own, "{settings}: {said}");
        }
    }
}

#[test]
fn faults_are_told_with_their_place() {
    let one = |more: &str| format!("environments:\n- name: prod\n  files: [rbac]\n  {more}\n");
    for (more, told) in [
        ("colour: red", ".rbac-eval.yaml:4:3: unknown field `colour`"),
        (
            "kubernetesversion: '1.34'",
            ".rbac-eval.yaml:4:3: unknown field",
        ),
        (
            "with: dump.yaml",
            ".rbac-eval.yaml:4:9: a list belongs here",
        ),
        ("tests: {a: b}", ".rbac-eval.yaml:4:10: a list belongs here"),
        (
            "directory: [[a]]",
            ".rbac-eval.yaml:4:15: a string belongs here",
        ),
        (
            "namespace: [a]",
            ".rbac-eval.yaml:4:14: a string belongs here",
        ),
        (
            "kubernetesVersion: {}",
            ".rbac-eval.yaml:4:22: a string belongs here",
        ),
        (
            "kustomize: 5",
            "the number `5`, where one of them, or a list belongs",
        ),
        (
            "kustomize: [[a]]",
            ".rbac-eval.yaml:4:15: a string belongs here",
        ),
        ("helm: charts/app", "where a mapping with `chart` belongs"),
        (
            "helm: {release: app}",
            ".rbac-eval.yaml:4:9: missing field `chart`",
        ),
        (
            "helm: {chart: app, set: {a: b}}",
            ".rbac-eval.yaml:4:22: unknown field `set`",
        ),
        (
            "helm: [{chart: app, values: v.yaml}]",
            ".rbac-eval.yaml:4:31: a list belongs here",
        ),
        ("namespace: ''", "`` can't be the name of a namespace"),
        ("namespace: A B", "`A B` can't be the name of a namespace"),
        (
            "helm: {chart: app, namespace: --x}",
            "`--x` can't be the name of a namespace",
        ),
        (
            "defaults: '9.9'",
            "expected `auto`, `none`, or one of the versions",
        ),
        (
            "kubernetesVersion: newest",
            "expected a version such as `1.34`",
        ),
        (
            "kubernetesVersion: '2.0'",
            "expected a version such as `1.34`",
        ),
        ("kubernetesVersion: ''", "expected a version such as `1.34`"),
        (
            "kubernetesVersion: '1.+34'",
            "expected a version such as `1.34`",
        ),
    ] {
        let settings = one(more);
        let folder = folder(&settings);
        let output = run(folder.path(), &["check"]);
        let said = text(&output);
        assert_eq!(output.status.code(), Some(2), "{more}: {said}");
        assert!(said.contains(told), "{more}: {told}\n{said}");
    }
    for (settings, told) in [
        (
            "environments: prod\n",
            ".rbac-eval.yaml:1:15: a list belongs here",
        ),
        (
            "environments: {name: prod}\n",
            ".rbac-eval.yaml:1:15: a list belongs here",
        ),
        (
            "environments: [null]\n",
            ".rbac-eval.yaml:1:16: a mapping belongs here",
        ),
        (
            "environments: [{files: [rbac]}]\n",
            ".rbac-eval.yaml:1:16: missing field `name`",
        ),
        (
            "environments: [{name: prod}]\n",
            "doesn't say what the cluster gets",
        ),
        (
            "environments: [{name: prod, files: []}]\n",
            "doesn't say what the cluster gets",
        ),
        (
            "environments: [{name: prod, with: [rbac]}]\n",
            "doesn't say what the cluster gets",
        ),
        (
            "environments: [{name: prod, files: [rbac]}, {name: prod, files: [rbac]}]\n",
            "environment `prod` is named twice",
        ),
        (
            "files: [rbac]\nenvironments: [{name: prod, files: [rbac]}]\n",
            "`files` and `environments` can't both be given",
        ),
    ] {
        refused(settings, told);
    }
}

/// A name stands in headings, labels, CSV, SARIF and after `--env`.
#[test]
fn names_that_could_be_something_else_are_refused() {
    for name in [
        "",
        "--env",
        "-x",
        ".",
        "..",
        "_a",
        "a/b",
        "a b",
        "a,b",
        "=1+1",
        "a\\nyes",
        "::error::x",
        "a:",
        "`a`",
        "<b>",
        "prod\u{202e}",
        "\u{43f}rod",
        "prod\\u0000",
    ] {
        refused(
            &format!("environments: [{{name: \"{name}\", files: [rbac]}}]\n"),
            "a name is made of up to 63 letters",
        );
    }
    let long = "a".repeat(64);
    refused(
        &format!("environments: [{{name: {long}, files: [rbac]}}]\n"),
        "a name is made of up to 63 letters",
    );
    for name in ["prod", "eu-west-1.prod_2", "1", &long[..63]] {
        let folder = folder(&format!(
            "environments: [{{name: {name}, files: [rbac]}}]\n"
        ));
        let args = ["get", "pods", "--as", "eve", "--env", name];
        assert_eq!(can(folder.path(), &args).0, Some(0), "{name}");
    }
}

#[test]
fn objects_without_a_namespace_are_put_where_the_environment_says() {
    let role = format!(
        "{RBAC}kind: Role\nmetadata: {{name: r}}\nrules: [{{verbs: [get], apiGroups: [''], resources: [pods]}}]\n\
         ---\n{RBAC}kind: RoleBinding\nmetadata: {{name: b}}\nroleRef: {{kind: Role, name: r}}\n\
         subjects: [{{kind: User, name: dana}}]\n"
    );
    let settings = "environments:\n- {name: shop, files: [role.yaml], namespace: shop, \
                    with: [dump.yaml]}\n- {name: plain, files: [role.yaml], with: [dump.yaml]}\n";
    let folder = folder(settings);
    put(folder.path(), "role.yaml", &role);
    // What is laid under it is of the cluster, which says where it is.
    put(
        folder.path(),
        "dump.yaml",
        &role.replace("dana", "erin").replace("{name: ", "{name: d"),
    );
    for (environment, namespace, user, code) in [
        ("shop", "shop", "dana", 0),
        ("shop", "default", "dana", 1),
        ("plain", "shop", "dana", 1),
        ("plain", "default", "dana", 0),
    ] {
        let args = [
            "get",
            "pods",
            "--as",
            user,
            "-n",
            namespace,
            "--env",
            environment,
        ];
        let (found, said) = can(folder.path(), &args);
        assert_eq!(found, Some(code), "{environment} {namespace}: {said}");
        // Who says the namespace needn't be told of it.
        let about_own = said.contains("role.yaml");
        let is_noted = said.contains("has no namespace") || said.contains("no namespace");
        assert!(about_own || is_noted || environment == "shop", "{said}");
    }
}

const VERSION: &str =
    "environments: [{name: prod, files: [rbac], kubernetesVersion: \"VERSION\"}]\n";

#[test]
fn the_default_policy_is_the_nearest_one() {
    let policy = |version: &str| {
        let folder = folder(&VERSION.replace("VERSION", version));
        let output = run(
            folder.path(),
            &["can-i", "get", "pods", "--as", "eve", "-o", "json"],
        );
        assert_eq!(output.status.code(), Some(0), "{}", text(&output));
        let answer: Value = serde_json::from_slice(&output.stdout).unwrap();
        let source = answer["grants"][0]["source"]["file"].as_str().unwrap();
        (source.to_owned(), String::from_utf8(output.stderr).unwrap())
    };
    for version in [
        "1.24",
        "v1.24",
        "1.24.17",
        "v1.24.17-gke.4000",
        "v1.24.9+k3s1",
    ] {
        let (source, told) = policy(version);
        assert_eq!((&*source, &*told), ("built-in/1.24.jsonl", ""), "{version}");
    }
    assert_eq!(
        policy("1.37"),
        ("built-in/1.37.jsonl".to_owned(), String::new())
    );
    for (version, nearest) in [
        ("1.9", "1.24"),
        ("1.26", "1.24"),
        ("1.27", "1.29"),
        ("1.99", "1.37"),
    ] {
        let (source, told) = policy(version);
        assert_eq!(source, format!("built-in/{nearest}.jsonl"), "{version}");
        assert_eq!(
            told,
            format!(
                "note: Kubernetes {version} isn't built in; its API resources, and its default policy \
                 where the input lacks it, are taken to be those of {nearest}\n"
            )
        );
    }
}

/// What a server printed is what it has.
#[test]
fn a_complete_dump_beats_a_version() {
    let settings = VERSION
        .replace("VERSION", "1.24")
        .replace("files:", "with: [dump.jsonl], files:");
    let folder = folder(&settings);
    let dump: String = DefaultPolicy::newest()
        .text()
        .lines()
        .map(|line| {
            let mut object: Value = serde_json::from_str(line).unwrap();
            object["metadata"]["uid"] = "10000000-aaaa-4000-8000-000000000001".into();
            object["metadata"]["resourceVersion"] = "1".into();
            object["metadata"]["creationTimestamp"] = "2026-01-01T00:00:00Z".into();
            format!("{object}\n")
        })
        .collect();
    put(folder.path(), "dump.jsonl", &dump);
    let output = run(
        folder.path(),
        &["can-i", "get", "pods", "--as", "eve", "-o", "json"],
    );
    assert_eq!(output.status.code(), Some(0), "{}", text(&output));
    let answer: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(answer["grants"][0]["source"]["file"], "dump.jsonl");
}

#[test]
fn flags_go_before_what_an_environment_says() {
    let settings = "defaults: none\ndirectory: [all.yaml]\nenvironments:\n\
                    - {name: none, files: [rbac]}\n\
                    - {name: auto, files: [rbac], defaults: auto}\n\
                    - {name: own, files: [rbac], defaults: '1.24', directory: [own.yaml]}\n";
    let folder = folder(settings);
    let path = folder.path();
    put(
        path,
        "all.yaml",
        "users: [{id: 10000000-aaaa-4000-8000-000000000001, displayName: All}]\n",
    );
    put(
        path,
        "own.yaml",
        "users: [{id: 10000000-aaaa-4000-8000-000000000002, displayName: Own}]\n",
    );
    let code = |args: &[&str]| can(path, &[&["get", "pods", "--as", "eve"], args].concat()).0;
    assert_eq!(code(&["--env", "none"]), Some(1));
    assert_eq!(code(&["--env", "auto"]), Some(0));
    assert_eq!(code(&["--env", "own"]), Some(0));
    assert_eq!(code(&["--env", "own", "--defaults", "none"]), Some(1));
    assert_eq!(code(&["--defaults", "auto"]), Some(0));
    let names = |name: &str, environment: &str| {
        let output = run(path, &["lookup", name, "--env", environment, "-o", "json"]);
        let answer: Value = serde_json::from_slice(&output.stdout).unwrap();
        !answer["subjects"].as_array().unwrap().is_empty()
    };
    assert!(names("All", "none") && !names("All", "own"));
    assert!(names("Own", "own") && !names("Own", "none"));
}

/// What an environment has or had in the repository is the repository's; the rest is the cluster's.
#[test]
fn the_rest_of_the_cluster_lies_under_what_the_repository_has() {
    let folder = folder("environments: [{name: prod, files: [rbac], with: [dump.yaml]}]\n");
    let dump = [
        bound("cluster-admin"),
        bound("edit").replace("name: eve}", "name: bob}"),
    ]
    .join("---\n");
    put(folder.path(), "dump.yaml", &dump);
    for (args, code) in [
        (["get", "pods", "--as", "bob"], 0),
        (["create", "pods", "--as", "bob"], 0),
        (["get", "pods", "--as", "eve"], 0),
        (["create", "pods", "--as", "eve"], 1),
    ] {
        assert_eq!(can(folder.path(), &args).0, Some(code), "{args:?}");
    }
}

/// Whoever changes a repository writes these, so what they cost has an end.
#[test]
fn hostile_settings_cost_little() {
    let many = |count: usize, one: &dyn Fn(usize) -> String| -> String {
        (0..count).map(one).collect::<Vec<_>>().join(", ")
    };
    let environments = |count| {
        let all = many(count, &|number| {
            format!("{{name: e{number}, files: [rbac]}}")
        });
        format!("environments: [{all}]\n")
    };
    let began = Instant::now();
    let folder = folder(&environments(1000));
    let (code, said) = can(folder.path(), &["get", "pods", "--as", "eve"]);
    assert_eq!(code, Some(0), "{said}");
    assert_eq!(said.matches("yes\n").count(), 1);
    refused(
        &environments(1001),
        "1001 environments, where 1000 are the most",
    );
    refused(
        &environments(30_000),
        "30000 environments, where 1000 are the most",
    );
    let list = |field: &str| {
        let paths = many(60_000, &|_| "rbac/eve.yaml".to_owned());
        format!("environments: [{{name: prod, files: [rbac], {field}: [{paths}]}}]\n")
    };
    refused(&list("kustomize"), "60000 folders for kustomize and Helm");
    for field in ["with", "files"] {
        let settings = match field {
            "files" => list("files").replacen("files: [rbac], ", "", 1),
            field => list(field),
        };
        put(folder.path(), SETTINGS, &settings);
        let (code, said) = can(folder.path(), &["get", "pods", "--as", "eve"]);
        assert_eq!(code, Some(0), "{field}: {said}");
    }
    let charts = many(1001, &|_| "{chart: rbac}".to_owned());
    refused(
        &format!("environments: [{{name: prod, helm: [{charts}]}}]\n"),
        "1001 folders for kustomize and Helm, where 1000 are the most",
    );
    assert!(
        began.elapsed() < Duration::from_secs(240),
        "{:?}",
        began.elapsed()
    );
}

/// Settings are a file of the repository: they name nothing beyond it, no device, and no flag.
#[test]
fn nothing_beyond_the_repository_is_named() {
    for field in ["files", "with", "directory", "tests", "kustomize"] {
        for path in ["/etc/hostname", "../x.yaml", "/dev/zero"] {
            let files = if field == "files" {
                ""
            } else {
                "files: [rbac], "
            };
            let settings = format!("environments: [{{name: prod, {files}{field}: [{path}]}}]\n");
            let folder = folder(&settings);
            crate::support::gates::git(folder.path(), &["init", "--quiet"]);
            let command = if field == "tests" { "test" } else { "check" };
            let output = run(folder.path(), &[command]);
            let said = text(&output);
            assert_eq!(output.status.code(), Some(2), "{field} {path}: {said}");
            assert!(
                said.contains("is outside the git repository"),
                "{field} {path}: {said}"
            );
        }
    }
}

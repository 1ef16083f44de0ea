//! Environments of what kustomize and Helm render: programs that stand in for them, and kubectl itself.

use std::path::Path;

use pretty_assertions::assert_eq;
use serde_json::Value;
use tempfile::TempDir;

use crate::support::gates::{RBAC, bound, commit, git, put, run, text};
use crate::support::stand_in::{StandIns, kubectl};

const SETTINGS: &str = ".rbac-eval.yaml";

/// A role and a binding without a namespace.
fn unplaced() -> String {
    format!(
        "{RBAC}kind: Role\nmetadata: {{name: r}}\nrules: [{{verbs: [get], apiGroups: [''], resources: [pods]}}]\n\
         ---\n{RBAC}kind: RoleBinding\nmetadata: {{name: b}}\nroleRef: {{kind: Role, name: r}}\n\
         subjects: [{{kind: User, name: eve}}]\n"
    )
}

/// A chart, a kustomization, and what they are rendered with.
fn folder(settings: &str) -> TempDir {
    let folder = TempDir::new().unwrap();
    let path = folder.path();
    put(path, SETTINGS, settings);
    put(
        path,
        "app/Chart.yaml",
        "apiVersion: v2\nname: app\nversion: 1.0.0\n",
    );
    put(path, "app/templates/rbac.yaml", &unplaced());
    put(path, "values/prod.yaml", "a: 1\n");
    put(path, "values/staging.yaml", "a: 2\n");
    put(
        path,
        "overlay/kustomization.yaml",
        "resources: [rbac.yaml]\n",
    );
    put(path, "overlay/rbac.yaml", &unplaced());
    folder
}

/// The namespaces in which eve may get pods.
#[track_caller]
fn namespaces(stand_ins: &StandIns, folder: &Path, environment: &str) -> Vec<&'static str> {
    let may = |namespace: &&&str| {
        let args = [
            "can-i",
            "get",
            "pods",
            "--as",
            "eve",
            "-n",
            namespace,
            "--env",
            environment,
        ];
        let output = stand_ins.run(folder, &args);
        let said = text(&output);
        assert!(output.status.code() < Some(2), "{environment}: {said}");
        // `default` is a guess, and told; what was said isn't.
        assert_eq!(
            said.contains("no namespace"),
            environment == "nowhere",
            "{environment}: {said}"
        );
        output.status.code() == Some(0)
    };
    let all = ["default", "env", "chart", "first", "second"];
    all.iter().filter(may).copied().collect()
}

#[test]
fn helm_is_called_with_what_the_environment_says() {
    let folder = folder(
        "environments:\n- name: prod\n  helm: {chart: app, release: shop, namespace: shop-prod, values: \
         [values/prod.yaml, values/staging.yaml]}\n",
    );
    let stand_ins = StandIns::new().printing("helm", &unplaced());
    let args = [
        "can-i",
        "get",
        "pods",
        "--as",
        "eve",
        "-n",
        "shop-prod",
        "-o",
        "json",
    ];
    let output = stand_ins.run(folder.path(), &args);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output));
    let helm = stand_ins.bin().join("helm").display().to_string();
    let noted = stand_ins.noted();
    let call = noted
        .lines()
        .find(|line| line.contains(" template "))
        .unwrap();
    assert_eq!(
        call,
        format!(
            "{helm} template shop app --include-crds --namespace shop-prod -f values/prod.yaml -f \
             values/staging.yaml"
        )
    );
    let answer: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(answer["environment"], "prod");
    assert_eq!(answer["tools"][0]["name"], "helm");
}

#[test]
fn what_is_rendered_without_a_namespace_is_put_where_it_is_installed() {
    let folder = folder(
        "environments:\n\
         - {name: nowhere, helm: {chart: app}}\n\
         - {name: env, namespace: env, helm: {chart: app}}\n\
         - {name: chart, helm: {chart: app, namespace: chart}}\n\
         - {name: both, namespace: env, helm: {chart: app, namespace: chart}}\n\
         - {name: kustomized, namespace: env, kustomize: overlay}\n\
         - {name: files, namespace: env, files: [overlay/rbac.yaml]}\n\
         - {name: mixed, namespace: env, kustomize: overlay, helm: {chart: app, namespace: chart}}\n",
    );
    let stand_ins = StandIns::new()
        .printing("helm", &unplaced())
        .printing("kubectl", &unplaced());
    let found = |environment| namespaces(&stand_ins, folder.path(), environment);
    assert_eq!(found("nowhere"), ["default"]);
    assert_eq!(found("env"), ["env"]);
    assert_eq!(found("chart"), ["chart"]);
    assert_eq!(found("both"), ["chart"]);
    assert_eq!(found("kustomized"), ["env"]);
    assert_eq!(found("files"), ["env"]);
    assert_eq!(found("mixed"), ["env", "chart"]);
}

#[test]
fn a_chart_is_installed_as_often_as_it_is_named() {
    let folder = folder(
        "environments:\n- name: prod\n  helm:\n  - {chart: app, release: one, namespace: first}\n  - {chart: \
         ./app, release: two, namespace: second}\n",
    );
    let stand_ins = StandIns::new().printing("helm", &unplaced());
    let args = ["can-i", "get", "pods", "--as", "eve", "-n", "first"];
    let output = stand_ins.run(folder.path(), &args);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output));
    let noted = stand_ins.noted();
    let calls: Vec<&str> = noted
        .lines()
        .filter(|line| line.contains(" template "))
        .collect();
    assert_eq!(calls.len(), 2, "{calls:?}");
    assert!(calls[0].contains(" template one app ") && calls[1].contains(" template two app "));
    assert_eq!(
        namespaces(&stand_ins, folder.path(), "prod"),
        ["first", "second"]
    );
}

#[test]
fn what_could_be_a_flag_is_refused() {
    for (chart, told) in [
        (
            "{chart: app, release: --post-renderer=x}",
            "`--post-renderer=x`",
        ),
        ("{chart: app, release: A b}", "`A b`"),
        ("{chart: app, namespace: --kubeconfig}", "`--kubeconfig`"),
        ("{chart: app, values: [../secret.yaml]}", "../secret.yaml"),
        (
            "{chart: app, values: [https://example.com/v.yaml]}",
            "https:",
        ),
        ("{chart: app, values: [nowhere.yaml]}", "nowhere.yaml"),
    ] {
        let folder = folder(&format!("environments: [{{name: prod, helm: {chart}}}]\n"));
        git(folder.path(), &["init", "--quiet"]);
        let stand_ins = StandIns::new().printing("helm", &unplaced());
        let output = stand_ins.run(folder.path(), &["can-i", "get", "pods", "--as", "eve"]);
        let said = text(&output);
        assert_eq!(output.status.code(), Some(2), "{chart}: {said}");
        assert!(said.contains(told), "{chart}: {said}");
        assert_eq!(stand_ins.noted(), "", "{chart}: it ran");
    }
}

/// A folder that isn't what it is said to be is a mistake, and no folder of files.
#[test]
fn folders_of_another_kind_are_refused() {
    for (what, told) in [
        (
            "kustomize: app",
            "`app` of `kustomize` holds no kustomization",
        ),
        (
            "kustomize: values",
            "`values` of `kustomize` holds no kustomization",
        ),
        (
            "kustomize: overlay/rbac.yaml",
            "`overlay/rbac.yaml` of `kustomize` holds no",
        ),
        (
            "helm: {chart: overlay}",
            "`overlay` of `helm` holds no chart",
        ),
        ("helm: {chart: values}", "`values` of `helm` holds no chart"),
    ] {
        let folder = folder(&format!("environments: [{{name: prod, {what}}}]\n"));
        let stand_ins = StandIns::new().printing("helm", "").printing("kubectl", "");
        for args in [
            &["can-i", "get", "pods", "--as", "eve"][..],
            &["check"],
            &["diff", "values/prod.yaml"],
        ] {
            let output = stand_ins.run(folder.path(), args);
            let said = text(&output);
            assert_eq!(output.status.code(), Some(2), "{what} {args:?}: {said}");
            assert!(said.contains(told), "{what} {args:?}: {said}");
        }
    }
    // Two paths that a user compares aren't what the settings name.
    let folder = folder("environments: [{name: prod, kustomize: overlay}]\n");
    put(folder.path(), "before.yaml", &bound("view"));
    put(folder.path(), "after.yaml", &bound("edit"));
    let output = run(folder.path(), &["diff", "before.yaml", "after.yaml"]);
    assert_eq!(output.status.code(), Some(1), "{}", text(&output));
    let output = run(
        folder.path(),
        &["diff", "before.yaml", "after.yaml", "--env", "prod"],
    );
    assert_eq!(output.status.code(), Some(1), "{}", text(&output));
}

/// What Helm is told is judged by BASE as all else is; values are files of the repository.
#[test]
fn values_are_those_of_each_side() {
    let folder =
        folder("environments: [{name: prod, helm: {chart: app, values: [values/prod.yaml]}}]\n");
    let path = folder.path();
    git(path, &["init", "--quiet", "--initial-branch", "main"]);
    commit(path);
    git(path, &["switch", "--quiet", "--create", "change"]);
    put(path, "values/prod.yaml", "a: cluster-admin\n");
    commit(path);
    // It prints a binding to the role that the values name.
    let script = "for last; do :; done\nrole=$(cat \"$last\")\n\
         printf 'apiVersion: rbac.authorization.k8s.io/v1\\nkind: ClusterRoleBinding\\nmetadata: {name: eve}\\n'\n\
         case \"$role\" in *admin*) role=cluster-admin;; *) role=view;; esac\n\
         printf 'roleRef: {kind: ClusterRole, name: %s}\\nsubjects: [{kind: User, name: eve}]\\n' $role\n";
    let stand_ins = StandIns::new().with("helm", script);
    for base in ["main", "main...HEAD"] {
        let output = stand_ins.run(path, &["diff", base, "--fail-on", "critical"]);
        let said = text(&output);
        assert_eq!(output.status.code(), Some(1), "{base}: {said}");
        assert!(said.contains("eve gains"), "{base}: {said}");
    }
    // Other values are other settings.
    put(path, "values/other.yaml", "a: view\n");
    put(
        path,
        SETTINGS,
        "environments: [{name: prod, helm: {chart: app, values: [values/other.yaml]}}]\n",
    );
    commit(path);
    let output = stand_ins.run(path, &["diff", "main...HEAD"]);
    let said = text(&output);
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert!(
        said.contains("HEAD changes the settings of environment prod"),
        "{said}"
    );
}

#[test]
fn overlays_are_rendered_by_kubectl() {
    if kubectl().is_none() {
        return;
    }
    let folder = TempDir::new().unwrap();
    let path = folder.path();
    put(
        path,
        SETTINGS,
        "environments:\n- {name: prod, kustomize: clusters/prod}\n\
         - {name: staging, kustomize: clusters/staging}\n",
    );
    put(path, "base/kustomization.yaml", "resources: [eve.yaml]\n");
    put(path, "base/eve.yaml", &bound("view"));
    put(
        path,
        "clusters/prod/kustomization.yaml",
        "resources: [../../base]\n",
    );
    put(
        path,
        "clusters/staging/kustomization.yaml",
        "resources: [../../base]\npatches:\n- target: {kind: ClusterRoleBinding}\n  patch: |\n    \
         - op: replace\n      path: /roleRef/name\n      value: cluster-admin\n",
    );
    let output = run(path, &["can-i", "delete", "nodes", "--as", "eve"]);
    let said = text(&output);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("environment prod:\nno\n"), "{said}");
    assert!(said.contains("environment staging:\nyes\n"), "{said}");
    // A change of the base is a change of both.
    git(path, &["init", "--quiet", "--initial-branch", "main"]);
    commit(path);
    put(path, "base/eve.yaml", &bound("edit"));
    let output = run(path, &["diff", "main", "-o", "json"]);
    assert_eq!(output.status.code(), Some(1), "{}", text(&output));
    let answer: Value = serde_json::from_slice(&output.stdout).unwrap();
    let gained = |at: usize| answer["items"][at]["summary"]["gained"].as_u64().unwrap();
    assert!(gained(0) > 0 && gained(1) == 0, "{answer}");
    for item in answer["items"].as_array().unwrap() {
        assert_eq!(item["tools"][0]["name"], "kubectl", "{item}");
    }
}

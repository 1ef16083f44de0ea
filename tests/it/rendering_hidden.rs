//! A change can't hide a grant behind what is rendered: each case is a repository whose branch tries.

use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::support::gates::{adds, bound, commit, gates, git, put, repository, run, text};
use crate::support::stand_in::{StandIns, kubectl};

/// Holds that both gates fail on a branch.
#[track_caller]
fn red(case: &str, files: &[(&str, &str)], change: impl FnOnce(&Path)) {
    crate::support::gates::red(case, files, change);
}

#[test]
fn what_a_kustomization_leaves_out_may_be_applied_by_itself() {
    let admin = bound("cluster-admin");
    let of_all = "resources: [rbac/view.yaml]\n";
    // The working folder is rendered from now on, without what eve gets.
    red("a new kustomization", &[], |folder| {
        put(folder, "kustomization.yaml", of_all);
        put(folder, "eve.yaml", &admin);
        commit(folder);
    });
    red(
        "a file beside",
        &[("kustomization.yaml", of_all)],
        adds("eve.yaml", &admin),
    );
    red(
        "a file further below",
        &[("kustomization.yaml", of_all)],
        adds("more/eve.yaml", &admin),
    );
    red(
        "a folder that is rendered by itself",
        &[("kustomization.yaml", of_all)],
        |folder| {
            put(folder, "more/kustomization.yaml", "resources: [eve.yaml]\n");
            put(folder, "more/eve.yaml", &admin);
            commit(folder);
        },
    );
    red(
        "a file that is data",
        &[("kustomization.yaml", of_all)],
        |folder| {
            let data = "configMapGenerator: [{name: x, files: [eve.yaml]}]\n";
            put(folder, "kustomization.yaml", &format!("{of_all}{data}"));
            put(folder, "eve.yaml", &admin);
            commit(folder);
        },
    );
    red(
        "a kustomization that deletes",
        &[("eve.yaml", &bound("view"))],
        |folder| {
            let patch = "{$patch: delete, apiVersion: rbac.authorization.k8s.io/v1, \
                         kind: ClusterRoleBinding, metadata: {name: eve}}";
            put(folder, "eve.yaml", &admin);
            put(
                folder,
                "kustomization.yaml",
                &format!(
                    "resources: [eve.yaml, rbac/view.yaml]\npatches: [{{patch: '{patch}'}}]\n"
                ),
            );
            commit(folder);
        },
    );
    red(
        "a kustomization that goes",
        &[("kustomization.yaml", of_all)],
        |folder| {
            fs::remove_file(folder.join("kustomization.yaml")).unwrap();
            put(folder, "eve.yaml", &admin);
            commit(folder);
        },
    );
}

#[test]
fn what_is_rendered_is_judged() {
    let Some(()) = kubectl() else {
        return;
    };
    let files = [
        ("kustomization.yaml", "resources: [rbac/view.yaml, more]\n"),
        (
            "more/kustomization.yaml",
            "resources: [eve.yaml]\npatches: []\n",
        ),
        ("more/eve.yaml", &*bound("view")),
    ];
    let patched = |patch: &'static str| {
        move |folder: &Path| {
            put(
                folder,
                "more/kustomization.yaml",
                &format!("resources: [eve.yaml]\n{patch}"),
            );
            commit(folder);
        }
    };
    red(
        "a resource",
        &files,
        adds("more/eve.yaml", &bound("cluster-admin")),
    );
    red(
        "a patch of a roleRef",
        &files,
        patched(
            "patches:\n- target: {kind: ClusterRoleBinding, name: eve}\n  patch: |-\n    \
             - {op: replace, path: /roleRef/name, value: cluster-admin}\n",
        ),
    );
    red(
        "another patch of it",
        &files,
        patched(
            "patchesStrategicMerge:\n- |-\n  apiVersion: rbac.authorization.k8s.io/v1\n  \
             kind: ClusterRoleBinding\n  metadata: {name: eve}\n  \
             roleRef: {kind: ClusterRole, name: cluster-admin, apiGroup: rbac.authorization.k8s.io}\n",
        ),
    );
    red(
        "a remote base",
        &files,
        patched("bases: ['https://example.com/x']\n"),
    );
    red(
        "a plugin",
        &files,
        patched("generators: ['{apiVersion: v1, kind: X, metadata: {name: x}}']\n"),
    );
    red("what it can't read", &files, patched("x: y\n"));
    let folder = repository(&files);
    put(folder.path(), "notes.txt", "x\n");
    commit(folder.path());
    let (diff, test, said) = gates(folder.path());
    assert_eq!((diff, test), (Some(0), Some(0)), "{said}");
}

#[test]
fn a_base_beside_decides_though_nothing_renders_it() {
    // Without any tool, what is drawn on is compared wherever it stands.
    let files = [
        (
            "overlay/kustomization.yaml",
            "resources: [../base, 'https://example.com/x']\n",
        ),
        ("base/kustomization.yaml", "resources: [eve.txt]\n"),
        ("base/eve.txt", &*bound("view")),
    ];
    let folder = repository(&files);
    let path = folder.path();
    adds("other/readme.yaml", "a: b\n")(path);
    let diff = |args: &[&str]| {
        run(
            path,
            &[
                &["diff", "main...HEAD", "-f", "overlay", "-f", "rbac"],
                args,
            ]
            .concat(),
        )
    };
    let output = diff(&["-o", "json"]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output));
    adds("base/eve.txt", &bound("cluster-admin"))(path);
    let output = diff(&["-o", "json"]);
    assert_eq!(output.status.code(), Some(2), "{}", text(&output));
    let answer: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert!(
        answer["unjudged"][0]["reason"]
            .as_str()
            .unwrap()
            .contains("is remote"),
        "{answer}"
    );
}

#[test]
fn a_file_that_is_taken_out_is_a_loss() {
    let Some(()) = kubectl() else {
        return;
    };
    let files = [
        (
            "kustomization.yaml",
            "resources: [rbac/view.yaml, eve.yaml]\n",
        ),
        ("eve.yaml", &*bound("edit")),
    ];
    let folder = repository(&files);
    let path = folder.path();
    adds("kustomization.yaml", "resources: [rbac/view.yaml]\n")(path);
    let output = run(path, &["diff", "main...HEAD"]);
    assert_eq!(output.status.code(), Some(1), "{}", text(&output));
    // It is new to who sees HEAD alone.
    let output = run(path, &["check"]);
    let said = text(&output);
    assert!(
        said.contains("kustomization.yaml doesn't draw on it"),
        "{said}"
    );
    // Who names the folder means what it renders to.
    let output = run(path, &["check", "-f", "."]);
    assert!(!text(&output).contains("draw on it"), "{}", text(&output));
}

#[test]
fn what_git_changes_at_checkout_is_told_of_what_is_drawn_on() {
    let Some(()) = kubectl() else {
        return;
    };
    let files = [
        ("kustomization.yaml", "resources: [rbac/view.yaml]\n"),
        (".gitattributes", "*.txt ident\n"),
    ];
    let folder = repository(&files);
    let path = folder.path();
    put(path, "eve.txt", &bound("view"));
    put(
        path,
        "kustomization.yaml",
        "resources: [rbac/view.yaml, eve.txt]\n",
    );
    commit(path);
    let output = run(path, &["diff", "main", "HEAD"]);
    let said = text(&output);
    assert_eq!(output.status.code(), Some(2), "{said}");
    git(path, &["status", "--short"]);
}

#[test]
fn what_a_template_makes_of_a_cluster_s_answer_is_told() {
    let chart = [
        ("app/Chart.yaml", "name: app\nversion: 1.0.0\n"),
        ("app/templates/x.yaml", "# nothing\n"),
    ];
    let folder = repository(&chart);
    let path = folder.path();
    let helm = StandIns::new().with("helm", &format!("cat <<'END'\n{}END\n", bound("view")));
    let diff = |args: &[&str]| helm.run(path, &[&["diff", "main", "-f", "app"], args].concat());
    let output = diff(&[]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output));
    adds(
        "app/templates/x.yaml",
        "{{ if lookup \"v1\" \"Namespace\" \"\" \"prod\" }}\n{{ end }}\n",
    )(path);
    let output = diff(&[]);
    assert_eq!(output.status.code(), Some(2), "{}", text(&output));
    assert!(
        text(&output).contains("app/templates/x.yaml"),
        "{}",
        text(&output)
    );
}

#[test]
fn what_is_named_is_read_though_a_rendered_folder_has_it_as_data() {
    let files = [
        ("app/kustomization.yaml", "resources: [view.yaml]\n"),
        ("app/view.yaml", &*bound("view")),
        ("app/more/x.yaml", "# nothing\n"),
    ];
    let folder = repository(&files);
    let path = folder.path();
    let kubectl = StandIns::new().with("kubectl", "cat \"$2/view.yaml\"\n");
    put(
        path,
        "app/kustomization.yaml",
        "resources: [view.yaml]\nconfigMapGenerator: [{name: x, files: [more/x.yaml]}]\n",
    );
    put(
        path,
        "app/more/x.yaml",
        &bound("cluster-admin").replace("eve", "mallory"),
    );
    let output = kubectl.run(path, &["diff", "main", "-f", "app", "-f", "app/more"]);
    assert_eq!(output.status.code(), Some(1), "{}", text(&output));
    assert!(text(&output).contains("mallory"), "{}", text(&output));
}

#[test]
fn a_circle_of_named_folders_is_told() {
    let files = [
        ("a/kustomization.yaml", "resources: [eve.yaml]\n"),
        ("a/eve.yaml", &*bound("view")),
        ("b/kustomization.yaml", "resources: [../a]\n"),
    ];
    let folder = repository(&files);
    let path = folder.path();
    put(path, "a/kustomization.yaml", "resources: [../b]\n");
    let kubectl = StandIns::new().with("kubectl", "cat a/eve.yaml\n");
    let output = kubectl.run(path, &["diff", "main", "-f", "a", "-f", "b", "-o", "json"]);
    let answer: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(2), "{answer}");
    assert_eq!(answer["unjudged"].as_array().unwrap().len(), 2, "{answer}");
}

#[test]
fn what_was_judged_by_itself_is_told_where_another_draws_on_it_now() {
    let files = [
        ("a/kustomization.yaml", "resources: [eve.yaml]\n"),
        ("a/eve.yaml", &*bound("view")),
        ("b/kustomization.yaml", "resources: [../rbac/view.yaml]\n"),
    ];
    let folder = repository(&files);
    let path = folder.path();
    // What b makes of it may be less than what a gives.
    let kubectl = StandIns::new().with("kubectl", &format!("cat <<'END'\n{}END\n", bound("view")));
    put(path, "a/eve.yaml", &bound("cluster-admin"));
    put(path, "c.yaml", &bound("cluster-admin"));
    put(
        path,
        "b/kustomization.yaml",
        "resources: [../a, ../c.yaml, ../rbac/view.yaml]\n",
    );
    let args = [
        "diff", "main", "-f", "a", "-f", "b", "-f", "c.yaml", "-o", "json",
    ];
    let output = kubectl.run(path, &args);
    let answer: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(2), "{answer}");
    let told: Vec<&str> = answer["unjudged"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|one| one["reason"].as_str().unwrap().contains("in HEAD alone"))
        .map(|one| one["source"]["file"].as_str().unwrap())
        .collect();
    assert_eq!(told, ["a", "c.yaml"], "{answer}");
}

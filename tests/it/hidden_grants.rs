//! A change can't hide a grant from the gates: each case is a real repository whose branch hides one, or
//! changes nothing.

use std::fs;
use std::path::Path;

use pretty_assertions::assert_eq;
use serde_json::Value;
use tempfile::TempDir;

use crate::support::gates::{
    RBAC, adds, bound, commit, gates, git, green, put, red, repository, run,
};

#[test]
fn a_grant_is_seen_wherever_it_stands() {
    let admin = bound("cluster-admin");
    for name in [
        "eve.yaml",
        ".hidden.yaml",
        ".hidden/eve.yml",
        // Ignored and tracked all the same.
        "build/eve.json.yaml",
    ] {
        red(name, &[], adds(name, &admin));
    }
}

#[test]
fn a_role_that_is_elsewhere_is_no_change_of_nothing() {
    red("missing role", &[], adds("eve.yaml", &bound("elsewhere")));
    // What BASE has alike was there before, moved or not.
    let same = bound("elsewhere");
    let folder = repository(&[("eve.yaml", &same)]);
    git(folder.path(), &["mv", "eve.yaml", "moved.yaml"]);
    commit(folder.path());
    let (diff, _, said) = gates(folder.path());
    assert_eq!(diff, Some(0), "{said}");
    // Another subject wasn't.
    put(
        folder.path(),
        "moved.yaml",
        &same.replace("[{", "[{kind: User, name: mallory}, {"),
    );
    commit(folder.path());
    let (diff, _, said) = gates(folder.path());
    assert_eq!(diff, Some(2), "{said}");
    let answer: Value = serde_json::Deserializer::from_str(&said)
        .into_iter()
        .next()
        .unwrap()
        .unwrap();
    assert_eq!(answer["unjudged"][0]["source"]["file"], "moved.yaml");
    assert_eq!(answer["unjudged"][0]["object"]["name"], "eve");
}

#[test]
fn what_cannot_be_read_or_used_is_not_judged() {
    let broken = format!("{}  x: [\n", bound("cluster-admin"));
    red("does not parse", &[], adds("eve.yaml", &broken));
    let refused = bound("cluster-admin").replace("kind: User", "kind: Robot");
    red("is refused", &[], adds("eve.yaml", &refused));
    green("broken before too", &[("old.yaml", &broken)], |folder| {
        git(folder, &["mv", "old.yaml", "new.yaml"]);
        commit(folder);
    });
}

#[test]
fn what_a_tool_renders_is_not_judged_file_by_file() {
    for (case, marker) in [("kustomize", "kustomization.yaml"), ("helm", "Chart.yaml")] {
        let admin = bound("cluster-admin");
        let marker = format!("app/{marker}");
        red(
            case,
            &[(&marker, "name: app\n")],
            adds("app/eve.yaml", &admin),
        );
        red(
            case,
            &[("app/eve.yaml", &bound("view"))],
            adds(&marker, "name: app\n"),
        );
        green(
            case,
            &[(&marker, "name: app\n"), ("app/eve.yaml", &admin)],
            adds("README.md", "unchanged\n"),
        );
    }
}

#[test]
fn what_a_kustomization_names_elsewhere_belongs_to_it() {
    let kustomization = (
        "app/kustomization.yaml",
        "resources: [rbac.yaml]\npatches:\n- path: ../patches/roles.txt\n\
         configMapGenerator:\n- name: x\n  files: [\"key=../files/x.txt\"]\n",
    );
    let base = [
        kustomization,
        ("patches/roles.txt", "[]\n"),
        ("files/x.txt", "x\n"),
        ("files/other.txt", "x\n"),
    ];
    red("a patch", &base, adds("patches/roles.txt", "[{}]\n"));
    red("a generator", &base, adds("files/x.txt", "y\n"));
    green("another file", &base, adds("files/other.txt", "y\n"));
}

#[cfg(unix)]
#[test]
fn links_out_and_submodules_are_told() {
    let link = |target: &'static str| {
        move |folder: &Path| {
            std::os::unix::fs::symlink(target, folder.join("eve.yaml")).unwrap();
            commit(folder);
        }
    };
    red("link out", &[], link("/etc/hosts"));
    // A link within is followed on both sides.
    red(
        "link in",
        &[("kept/eve.txt", &bound("cluster-admin"))],
        link("kept/eve.txt"),
    );
    let other = repository(&[]);
    red("submodule", &[], |folder| {
        let url = other.path().display().to_string();
        git(folder, &["submodule", "--quiet", "add", &url, "sub"]);
        commit(folder);
    });
}

#[test]
fn a_decoy_masks_nothing() {
    let real = bound("cluster-admin");
    let decoy = bound("view");
    red("decoy", &[], |folder| {
        put(folder, "a.yaml", &real);
        put(folder, "b.yaml", &decoy);
        commit(folder);
    });
    // Which of two the cluster has, nobody knows; so nobody knows what losing one gains.
    red(
        "the decoy was there",
        &[("a.yaml", &real), ("b.yaml", &decoy)],
        |folder| {
            fs::remove_file(folder.join("b.yaml")).unwrap();
            commit(folder);
        },
    );
}

#[test]
fn a_label_makes_nothing_pass_for_a_default() {
    let labelled = bound("cluster-admin").replace(
        "{name: eve}",
        "{name: eve, labels: {kubernetes.io/bootstrapping: rbac-defaults}}",
    );
    red("labelled", &[], adds("eve.yaml", &labelled));
    let everyone = format!(
        "{RBAC}kind: ClusterRole\nmetadata: {{name: 'system:discovery', labels: \
         {{kubernetes.io/bootstrapping: rbac-defaults}}}}\n\
         rules: [{{apiGroups: ['*'], resources: ['*'], verbs: ['*']}}]\n"
    );
    red("a default widened", &[], adds("eve.yaml", &everyone));
}

#[test]
fn a_change_is_judged_by_the_settings_of_base() {
    let settings = "files: [rbac]\n";
    let admin = bound("cluster-admin");
    red(
        "files left out",
        &[(".rbac-eval.yaml", settings)],
        |folder| {
            put(folder, ".rbac-eval.yaml", "files: [tests]\n");
            put(folder, "rbac/eve.yaml", &admin);
            commit(folder);
        },
    );
    red("settings added", &[], |folder| {
        put(folder, ".rbac-eval.yaml", settings);
        put(folder, "eve.yaml", &admin);
        commit(folder);
    });
    let folder = repository(&[]);
    put(folder.path(), "tests/secrets.yaml", "assertions: []\n");
    put(folder.path(), "eve.yaml", &admin);
    commit(folder.path());
    let (_, test, said) = gates(folder.path());
    assert!(test.is_some_and(|code| code > 0), "{test:?} {said}");
}

#[test]
fn what_main_did_meanwhile_is_not_this_branch_s() {
    let folder = repository(&[]);
    let path = folder.path();
    put(path, "README.md", "x\n");
    commit(path);
    git(path, &["switch", "--quiet", "main"]);
    put(path, "rbac/more.yaml", &bound("view"));
    commit(path);
    git(path, &["switch", "--quiet", "change"]);
    let code = |args: &[&str]| run(path, args).status.code();
    assert_eq!(code(&["diff", "main"]), Some(0));
    assert_eq!(code(&["diff", "main...HEAD"]), Some(0));
    assert_eq!(code(&["diff", "main..HEAD"]), Some(1));
    assert_eq!(code(&["diff", "main", "HEAD"]), Some(1));
}

#[test]
fn without_a_common_commit_a_shallow_clone_says_what_to_fetch() {
    let folder = repository(&[]);
    put(folder.path(), "README.md", "x\n");
    commit(folder.path());
    let clone = TempDir::new().unwrap();
    let url = format!("file://{}", folder.path().display());
    let to = clone.path().join("clone");
    let to = to.to_str().unwrap();
    git(
        clone.path(),
        &[
            "clone",
            "--quiet",
            "--depth",
            "1",
            "--no-single-branch",
            &url,
            to,
        ],
    );
    let output = run(&clone.path().join("clone"), &["diff", "origin/main"]);
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert!(said.contains("fetch-depth: 0"), "{said}");
}

#[test]
fn what_changes_nothing_is_green() {
    let role = |name: &str| {
        format!(
            "{RBAC}kind: ClusterRole\nmetadata: {{name: {name}}}\n\
             rules: [{{apiGroups: [''], resources: [pods], verbs: [get]}}]\n---\n{}",
            bound(name)
        )
    };
    let before = role("pods");
    let files: [(&str, &str); 1] = [("rbac/pods.yaml", &before)];
    green("a comment", &files, |folder| {
        put(folder, "rbac/pods.yaml", &format!("# why\n{before}"));
        commit(folder);
    });
    green("a renamed file", &files, |folder| {
        git(folder, &["mv", "rbac/pods.yaml", "rbac/other.yaml"]);
        commit(folder);
    });
    green("a renamed role", &files, |folder| {
        put(folder, "rbac/pods.yaml", &role("watch-pods"));
        commit(folder);
    });
    green("other kinds", &files, |folder| {
        put(
            folder,
            "app.yaml",
            "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: {x: y}\n",
        );
        commit(folder);
    });
    green("nothing at all", &files, adds("README.md", "x\n"));
}

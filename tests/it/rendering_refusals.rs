//! What is refused before any program runs, each with what to do. The programs that stand in here leave a
//! mark, so that none runs unseen.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

use pretty_assertions::assert_eq;
use tempfile::TempDir;

use crate::support::gates::{bound, commit, git, put, text};
use crate::support::stand_in::StandIns;

/// Files of a folder, by name.
type TestFiles = &'static [(&'static str, &'static str)];

/// Holds that the folder `app` of these files isn't rendered for this reason, on either side of a
/// comparison, and that nothing ran.
#[track_caller]
fn refused(case: &str, files: TestFiles, reasons: &[&str]) {
    refused_after(case, files, |_| {}, reasons);
}

#[track_caller]
fn refused_after(case: &str, files: TestFiles, change: impl Fn(&Path), reasons: &[&str]) {
    let folder = TempDir::new().unwrap();
    let path = folder.path();
    git(path, &["init", "--quiet", "--initial-branch", "main"]);
    put(path, "readme.txt", "x");
    commit(path);
    for (name, content) in files {
        put(path, name, content);
    }
    change(path);
    let stand_ins = StandIns::new()
        .printing("kubectl", &bound("view"))
        .printing("kustomize", &bound("view"))
        .printing("helm", &bound("view"));
    let holds = |args: &[&str]| {
        let output = stand_ins.run(path, args);
        let said = text(&output);
        assert_eq!(output.status.code(), Some(2), "{case} {args:?}: {said}");
        for reason in reasons {
            assert!(said.contains(reason), "{case} {args:?}: {said}");
        }
        assert_eq!(stand_ins.noted(), "", "{case} {args:?}");
    };
    holds(&["check", "-f", "app"]);
    holds(&["diff", "main", "-f", "app"]);
    commit(path);
    // A revision is held to the same.
    holds(&["diff", "main", "HEAD", "-f", "app"]);
}

#[test]
fn what_is_remote_is_not_fetched() {
    for (case, kustomization) in [
        ("a URL", "resources: ['https://example.com/rbac.yaml']\n"),
        (
            "a repository",
            "resources: ['github.com/org/repo//base?ref=v1']\n",
        ),
        (
            "another host",
            "resources: ['gitlab.example/org/repo//base?ref=v1']\n",
        ),
        (
            "without a query",
            "resources: [gitlab.example/org/repo/base]\n",
        ),
        ("by ssh", "resources: ['git@github.com:org/repo.git']\n"),
        ("a base", "bases: ['ssh://git@example.com/org/repo']\n"),
        (
            "a component",
            "components: ['https://github.com/org/repo']\n",
        ),
        ("a definition", "crds: ['https://example.com/crd.yaml']\n"),
        (
            "a patch",
            "patches: [{path: 'https://example.com/patch.yaml'}]\n",
        ),
        (
            "a strategic patch",
            "patchesStrategicMerge: ['https://example.com/p.yaml']\n",
        ),
        (
            "a replacement",
            "replacements: [{path: 'http://example.com/r.yaml'}]\n",
        ),
        (
            "a schema",
            "openapi: {path: 'https://example.com/schema.json'}\n",
        ),
        (
            "a configuration",
            "configurations: ['https://example.com/c.yaml']\n",
        ),
        (
            "a file of a ConfigMap",
            "configMapGenerator: [{name: a, files: ['k=https://example.com/f']}]\n",
        ),
        (
            "variables of a Secret",
            "secretGenerator: [{name: a, envs: ['https://example.com/f']}]\n",
        ),
        (
            "a transformer",
            "transformers: ['https://example.com/t.yaml']\n",
        ),
    ] {
        let files: TestFiles = Box::leak(Box::new([("app/kustomization.yaml", kustomization)]));
        refused(
            case,
            files,
            &["app/kustomization.yaml:1:", "is remote", "with `-f`"],
        );
    }
    refused(
        "a schema that a chart's names",
        &[
            ("app/Chart.yaml", "name: app\n"),
            (
                "app/charts/sub/values.schema.json",
                "{\"properties\": {\"a\": [{\"$ref\": \"https://example.com/x\"}]}}",
            ),
            ("app/charts/sub/Chart.yaml", "name: sub\n"),
        ],
        &["app/charts/sub/values.schema.json:1:", "Helm would fetch"],
    );
    // Where such a folder stands, kustomize clones all the same.
    refused(
        "a folder of that name",
        &[
            (
                "app/kustomization.yaml",
                "resources: [github.com/org/repo]\n",
            ),
            (
                "app/github.com/org/repo/kustomization.yaml",
                "resources: []\n",
            ),
        ],
        &["is remote"],
    );
    refused(
        "in a base",
        &[
            ("app/kustomization.yaml", "resources: [../base]\n"),
            (
                "base/kustomization.yaml",
                "resources:\n- 'https://example.com/x.yaml'\n",
            ),
        ],
        &["base/kustomization.yaml:2:3", "is remote"],
    );
}

#[test]
fn what_leads_out_of_the_tree_is_not_read() {
    let leads_out = &["leads out of the files that may be read"];
    refused(
        "up",
        &[("app/kustomization.yaml", "resources: [../../outside]\n")],
        leads_out,
    );
    refused(
        "absolute",
        &[("app/kustomization.yaml", "resources: [/etc/hosts]\n")],
        leads_out,
    );
    refused_after(
        "a link to a file",
        &[("app/kustomization.yaml", "resources: [role.yaml]\n")],
        |folder| symlink("/etc/hosts", folder.join("app/role.yaml")).unwrap(),
        leads_out,
    );
    refused_after(
        "a link to a folder",
        &[("app/kustomization.yaml", "resources: [base]\n")],
        |folder| symlink("/etc", folder.join("app/base")).unwrap(),
        leads_out,
    );
    refused_after(
        "a link on the way",
        &[(
            "app/kustomization.yaml",
            "configMapGenerator: [{name: a, files: [way/hosts]}]\n",
        )],
        |folder| symlink("/etc", folder.join("app/way")).unwrap(),
        leads_out,
    );
    refused_after(
        "into git's own folder",
        &[(
            "app/kustomization.yaml",
            "configMapGenerator: [{name: a, files: [git/config]}]\n",
        )],
        |folder| symlink("../.git", folder.join("app/git")).unwrap(),
        leads_out,
    );
    refused_after(
        "the kustomization itself",
        &[("outside.yaml", "resources: []\n")],
        |folder| {
            fs::create_dir(folder.join("app")).unwrap();
            symlink("/etc/hosts", folder.join("app/kustomization.yaml")).unwrap();
        },
        &["link to `/etc/hosts`"],
    );
    refused_after(
        "a template of a chart",
        &[("app/Chart.yaml", "name: app\n")],
        |folder| {
            fs::create_dir(folder.join("app/templates")).unwrap();
            symlink("/etc", folder.join("app/templates/all")).unwrap();
        },
        &["link to `/etc`"],
    );
}

#[test]
fn what_runs_programs_of_others_is_not_run() {
    for (case, field) in [
        (
            "a chart",
            "helmCharts: [{name: a, repo: 'https://example.com'}]\n",
        ),
        (
            "a local chart",
            "helmCharts: [{name: a}]\nhelmGlobals: {chartHome: charts}\n",
        ),
        (
            "an old chart",
            "helmChartInflationGenerator: [{chartName: a}]\n",
        ),
    ] {
        let files: TestFiles = Box::leak(Box::new([("app/kustomization.yaml", field)]));
        refused(case, files, &["makes kustomize run Helm", "with `-f`"]);
    }
    let runs = &["isn't one of kustomize's own", "with `-f`"];
    let plugin = "apiVersion: example.com/v1\nkind: Sed\nmetadata: {name: x}\n";
    let function = "apiVersion: builtin\nkind: PrefixTransformer\nmetadata:\n  name: x\n  \
                    annotations:\n    config.kubernetes.io/function: |\n      exec: {path: ./x}\n";
    for (case, field) in [
        ("a generator", "generators: [plugin.yaml]\n"),
        ("a transformer", "transformers: [plugin.yaml]\n"),
        ("a validator", "validators: [plugin.yaml]\n"),
        ("a folder of them", "transformers: [plugins]\n"),
        (
            "in itself",
            "transformers:\n- |-\n  apiVersion: v1\n  kind: X\n  metadata: {name: x}\n",
        ),
        (
            "in one line",
            "transformers: ['{apiVersion: v1, kind: X, metadata: {name: x}}']\n",
        ),
    ] {
        for text in [plugin, function] {
            let files: TestFiles = Box::leak(Box::new([
                ("app/kustomization.yaml", field),
                ("app/plugin.yaml", text),
                (
                    "app/plugins/kustomization.yaml",
                    "resources: [../plugin.yaml]\n",
                ),
            ]));
            refused(case, files, runs);
        }
    }
}

#[test]
fn what_is_missing_or_leads_in_a_circle_is_told() {
    refused(
        "a missing file",
        &[(
            "app/kustomization.yaml",
            "resources:\n- role.yaml\n- ../base\n",
        )],
        &[
            "app/kustomization.yaml:2:3",
            "app/kustomization.yaml:3:3",
            "no such file or folder",
        ],
    );
    refused(
        "a folder without one",
        &[
            ("app/kustomization.yaml", "resources: [base]\n"),
            ("app/base/role.yaml", ""),
        ],
        &["holds no `kustomization.yaml`"],
    );
    refused(
        "itself",
        &[("app/kustomization.yaml", "resources: [.]\n")],
        &["leads in a circle"],
    );
    refused(
        "a circle",
        &[
            ("app/kustomization.yaml", "resources: [../other]\n"),
            ("other/kustomization.yaml", "resources: [../app]\n"),
        ],
        &["other/kustomization.yaml:1:13", "leads in a circle"],
    );
    refused(
        "what holds it",
        &[
            ("app/kustomization.yaml", "resources: ['..']\n"),
            ("kustomization.yaml", "resources: [app]\n"),
        ],
        &["leads in a circle"],
    );
    refused(
        "two files",
        &[
            ("app/kustomization.yaml", "resources: []\n"),
            ("app/Kustomization", "resources: []\n"),
        ],
        &["kustomization.yaml and Kustomization"],
    );
    refused(
        "a kustomization and a chart",
        &[
            ("app/kustomization.yaml", "resources: []\n"),
            ("app/Chart.yaml", "name: app\n"),
        ],
        &["kustomization.yaml and Chart.yaml"],
    );
    refused(
        "another case",
        &[("app/kustomization.yaml", "Resources: [../role.yaml]\n")],
        &["kustomize has no field `Resources`"],
    );
    refused(
        "a key twice",
        &[(
            "app/kustomization.yaml",
            "resources: []\nresources: ['https://example.com']\n",
        )],
        &["app/kustomization.yaml:2:1"],
    );
    refused(
        "a chart that is missing",
        &[(
            "app/Chart.yaml",
            "name: app\ndependencies:\n- {name: sub, version: 1.0.0, repository: 'https://example.com'}\n",
        )],
        &[
            "app/Chart.yaml:3:3",
            "`sub` isn't in `app/charts`",
            "helm dependency build app",
        ],
    );
    refused(
        "a chart of a chart",
        &[
            ("app/Chart.yaml", "name: app\n"),
            (
                "app/charts/sub/Chart.yaml",
                "name: sub\ndependencies: [{name: deep}]\n",
            ),
        ],
        &["`deep` isn't in `app/charts/sub/charts`"],
    );
}

#[test]
fn a_name_is_no_flag_and_no_url() {
    let folder = TempDir::new().unwrap();
    let path = folder.path();
    put(
        path,
        "--enable-helm/kustomization.yaml",
        "resources: [r.yaml]\n",
    );
    put(path, "--enable-helm/r.yaml", &bound("view"));
    put(
        path,
        "github.com/org/repo/kustomization.yaml",
        "resources: [r.yaml]\n",
    );
    put(path, "github.com/org/repo/r.yaml", &bound("view"));
    let stand_ins = StandIns::new().printing("kubectl", &bound("view"));
    let output = stand_ins.run(path, &["check", "-f", "github.com/org/repo"]);
    let said = text(&output);
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert!(said.contains("taken for a remote one"), "{said}");
    assert_eq!(stand_ins.noted(), "");
    let output = stand_ins.run(path, &["check", "-f", "./--enable-helm"]);
    let said = text(&output);
    assert!(output.status.code() < Some(2), "{said}");
    assert!(stand_ins.noted().contains(" kustomize ./--enable-helm\n"));
}

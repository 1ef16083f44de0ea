//! What is run to render a folder, and how: programs that stand in for kubectl, kustomize and Helm.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::{Duration, Instant};

use pretty_assertions::assert_eq;
use serde_json::Value;
use tempfile::TempDir;

use crate::support::gates::{bound, commit, git, put, text};
use crate::support::stand_in::{StandIns, run_with_path, write_program};
use crate::support::testdata;

/// What a cluster gets of the folder: eve may do everything.
fn recorded() -> String {
    bound("cluster-admin")
}

/// A folder with one kustomization, `app`, that renders to what was recorded.
fn app() -> TempDir {
    let folder = TempDir::new().unwrap();
    put(
        folder.path(),
        "app/kustomization.yaml",
        "resources: [role.yaml]\n",
    );
    put(folder.path(), "app/role.yaml", &bound("view"));
    folder
}

const CAN_EVE: [&str; 6] = ["can-i", "delete", "nodes", "--as", "eve", "-f"];

fn question(folder: &str) -> Vec<&str> {
    [&CAN_EVE[..], &[folder]].concat()
}

#[test]
fn kubectl_goes_before_kustomize_and_its_arguments_are_fixed() {
    let folder = app();
    let both = StandIns::new()
        .printing("kubectl", &recorded())
        .printing("kustomize", "");
    let output = both.run(folder.path(), &question("app"));
    assert_eq!(output.status.code(), Some(0), "{}", text(&output));
    let kubectl = both.bin().join("kubectl").display().to_string();
    let noted = both.noted();
    assert_eq!(
        noted.lines().next(),
        Some(&*format!("{kubectl} kustomize app"))
    );

    let kustomize = StandIns::new().printing("kustomize", &recorded());
    let output = kustomize.run(folder.path(), &question("./app"));
    assert_eq!(output.status.code(), Some(0), "{}", text(&output));
    let program = kustomize.bin().join("kustomize").display().to_string();
    let noted = kustomize.noted();
    assert_eq!(noted.lines().next(), Some(&*format!("{program} build app")));
    // From the folder itself it is the whole tree.
    let output = kustomize.run(&folder.path().join("app"), &question("."));
    assert_eq!(output.status.code(), Some(0), "{}", text(&output));
    assert!(kustomize.noted().contains(&format!("{program} build .\n")));
}

#[test]
fn a_program_gets_no_settings_of_the_user() {
    let folder = app();
    let stand_ins = StandIns::new().printing("kubectl", &recorded());
    let output = stand_ins.run(folder.path(), &question("app"));
    assert_eq!(output.status.code(), Some(0), "{}", text(&output));
    let noted = stand_ins.noted();
    assert!(!noted.contains("hunter2"), "{noted}");
    let value = |name: &str| {
        let begin = format!("{name}=");
        let line = noted.lines().find_map(|line| line.strip_prefix(&begin));
        line.unwrap_or_else(|| panic!("{name}: {noted}")).to_owned()
    };
    let home = value("HOME");
    for name in [
        "KUBECONFIG",
        "XDG_CONFIG_HOME",
        "XDG_CACHE_HOME",
        "XDG_DATA_HOME",
        "HELM_CONFIG_HOME",
        "HELM_CACHE_HOME",
        "HELM_DATA_HOME",
        "HELM_PLUGINS",
        "HELM_REPOSITORY_CONFIG",
        "HELM_REGISTRY_CONFIG",
    ] {
        assert!(value(name).starts_with(&home), "{name}: {noted}");
    }
    assert_eq!(value("PATH"), stand_ins.bin().display().to_string());
    // The home was empty, and is gone with all else.
    assert!(noted.contains("\n.\n..\n"), "{noted}");
    assert!(!Path::new(&home).exists());
    assert!(!Path::new(&home).parent().unwrap().exists());
}

#[test]
fn a_program_that_prints_no_objects_leaves_nothing_judged() {
    let folder = app();
    let outputs = [
        ("words", "echo 'all is well'"),
        ("a list", "echo '[1, 2]'"),
        ("no kind", "echo 'apiVersion: v1'"),
        ("broken", "printf 'kind: [\\n'"),
        ("binary", "printf '\\377\\376\\001'"),
        (
            "objects, then words",
            "printf 'apiVersion: v1\\nkind: Pod\\n---\\nsecret-word\\n'",
        ),
    ];
    for (case, script) in outputs {
        let stand_ins = StandIns::new().with("kubectl", script);
        let output = stand_ins.run(folder.path(), &question("app"));
        let said = text(&output);
        assert_eq!(output.status.code(), Some(2), "{case}: {said}");
        assert!(
            said.contains("isn't a text of Kubernetes objects"),
            "{case}: {said}"
        );
        assert!(!said.contains("secret-word"), "{case}: {said}");
    }
}

#[test]
fn a_program_that_fails_is_quoted_in_one_short_line() {
    let folder = app();
    let fails = StandIns::new().with(
        "kubectl",
        "echo 'error: no such thing' >&2; echo more >&2; printf 'kind: Role'; exit 1",
    );
    let output = fails.run(folder.path(), &question("app"));
    let said = text(&output);
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert!(
        said.contains("`kubectl kustomize app` fails: no such thing; mend"),
        "{said}"
    );
    assert!(!said.contains("more\n"), "{said}");

    let long = StandIns::new().with("kubectl", "head -c 100000 /dev/zero >&2; exit 1");
    let output = long.run(folder.path(), &question("app"));
    assert!(text(&output).len() < 4000, "{}", text(&output).len());

    // Where a Secret is made, what it says may hold it.
    put(
        folder.path(),
        "app/kustomization.yaml",
        "resources: [role.yaml]\nsecretGenerator: [{name: x, literals: [a=b]}]\n",
    );
    let output = fails.run(folder.path(), &question("app"));
    let said = text(&output);
    assert!(
        said.contains("fails; run it yourself") && !said.contains("such thing"),
        "{said}"
    );

    let ends = StandIns::new().with("kubectl", "kill -9 $$");
    let output = ends.run(folder.path(), &question("app"));
    assert_eq!(output.status.code(), Some(2), "{}", text(&output));
}

#[test]
fn a_program_is_ended_with_its_children() {
    let folder = app();
    let stand_ins = StandIns::new();
    let child = folder.path().join("child");
    let script = format!("sleep 300 &\necho $! > '{}'\nsleep 300\n", child.display());
    let stand_ins = stand_ins.with("kubectl", &script);
    let begin = Instant::now();
    let output = stand_ins.run(folder.path(), &question("app"));
    let said = text(&output);
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert!(said.contains("takes longer than 30 seconds"), "{said}");
    assert!(begin.elapsed() < Duration::from_secs(120));
    let child = fs::read_to_string(child).unwrap();
    let state = fs::read_to_string(format!("/proc/{}/stat", child.trim()));
    // One that nobody waits for any more may be left as a zombie.
    let is_gone = state.map_or(true, |state| state.contains(") Z "));
    assert!(is_gone, "child {child} is there");
}

#[test]
fn endless_output_is_not_read() {
    let folder = app();
    let stand_ins = StandIns::new().with("kubectl", "while :; do echo '# more and more'; done");
    let args = [&question("app")[..], &["--max-bytes", "100000"]].concat();
    let begin = Instant::now();
    let output = stand_ins.run(folder.path(), &args);
    let said = text(&output);
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert!(said.contains("prints more than 100000 bytes"), "{said}");
    assert!(begin.elapsed() < Duration::from_secs(25));
}

#[test]
fn without_a_program_it_says_what_would_render_the_folder() {
    let folder = app();
    let output = StandIns::new().run(folder.path(), &question("app"));
    let said = text(&output);
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert!(
        said.contains("no folder of `PATH` holds `kubectl` or `kustomize`"),
        "{said}"
    );
    assert!(said.contains("`kubectl kustomize app`"), "{said}");
    // The working folder has a name, too.
    for args in [&["check", "-f", "."][..], &["check"]] {
        let output = StandIns::new().run(&folder.path().join("app"), args);
        let said = text(&output);
        assert!(said.contains("warning: .: it holds"), "{said}");
        assert!(said.contains("`kubectl kustomize .`"), "{said}");
    }

    let helm = testdata().join("rendering/helm");
    let output = StandIns::new().run(&helm, &["check", "-f", "app"]);
    let said = text(&output);
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert!(
        said.contains("`helm template release-name app --include-crds`"),
        "{said}"
    );
}

#[test]
fn a_program_of_the_checkout_is_not_run() {
    let folder = app();
    let path = folder.path();
    git(path, &["init", "--quiet"]);
    let bin = path.join("app/bin");
    fs::create_dir(&bin).unwrap();
    let mark = path.join("mark");
    write_program(
        &bin.join("kubectl"),
        &format!("touch '{}'\n", mark.display()),
    );
    let elsewhere = StandIns::new();
    let outside = TempDir::new().unwrap();
    std::os::unix::fs::symlink(bin.join("kubectl"), outside.path().join("kubectl")).unwrap();
    for first in [
        "app/bin".to_owned(),
        ".".to_owned(),
        bin.display().to_string(),
        format!("{}/../app/bin", path.join("app").display()),
        outside.path().display().to_string(),
        String::new(),
    ] {
        let all = format!("{first}:{}", elsewhere.bin().display());
        for folder in [path.to_owned(), path.join("app/bin")] {
            let to_app = match folder == path {
                true => "app",
                false => "..",
            };
            let output = run_with_path(&folder, &all, &question(to_app));
            let said = text(&output);
            assert_eq!(output.status.code(), Some(2), "{first}: {said}");
            assert!(said.contains("holds `kubectl` or"), "{first}: {said}");
            assert!(!mark.exists(), "{first}");
        }
    }
}

#[test]
fn base_is_rendered_as_its_commit_has_it() {
    let folder = app();
    let path = folder.path();
    // What stands in the folder is printed, as kustomize would.
    let stand_ins = StandIns::new().with("kubectl", "cat \"$2/role.yaml\"\n");
    git(path, &["init", "--quiet", "--initial-branch", "main"]);
    commit(path);
    put(path, "app/role.yaml", &bound("cluster-admin"));
    let output = stand_ins.run(path, &["diff", "main", "-f", "app", "-o", "json"]);
    let answer: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(1), "{answer}");
    assert_eq!(answer["unjudged"].as_array().map(Vec::len), Some(0));
    let causes = &answer["changes"][0]["causes"][0];
    assert_eq!(causes["bindingSource"]["file"], "app/role.yaml", "{answer}");
    // What doesn't tell its version has none.
    assert_eq!(answer["tools"], serde_json::json!([{"name": "kubectl"}]));
    // Nothing of it is left, and the working tree stays as it is.
    let output = stand_ins.run(path, &["diff", "main", "HEAD", "-f", "app"]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output));
}

/// What is rendered on one side alone can't be compared, whatever the tools give.
#[test]
fn a_failure_on_one_side_is_told() {
    let folder = app();
    let path = folder.path();
    git(path, &["init", "--quiet", "--initial-branch", "main"]);
    commit(path);
    let fails = "if [ -e \"$2/more.yaml\" ]; then exit 1; fi\ncat \"$2/role.yaml\"\n";
    let stand_ins = StandIns::new().with("kubectl", fails);
    put(path, "app/more.yaml", "");
    let output = stand_ins.run(path, &["diff", "main", "-f", "app"]);
    assert_eq!(output.status.code(), Some(2), "{}", text(&output));
    // Where neither side can be rendered, the same sources are the same thing.
    let nothing = StandIns::new();
    put(path, "rbac/view.yaml", &bound("view"));
    commit(path);
    let with_rbac = ["-f", "app", "-f", "rbac"];
    let output = nothing.run(
        path,
        &[&["diff", "HEAD~1", "HEAD"], &with_rbac[..]].concat(),
    );
    assert_eq!(output.status.code(), Some(2), "{}", text(&output));
    let output = nothing.run(path, &[&["diff", "HEAD"], &with_rbac[..]].concat());
    assert_eq!(output.status.code(), Some(0), "{}", text(&output));
}

fn helm() -> (PathBuf, String) {
    let folder = testdata().join("rendering/helm");
    let recorded = fs::read_to_string(folder.join("template.yaml")).unwrap();
    (folder, recorded)
}

#[test]
fn a_chart_is_rendered_with_its_places() {
    let (folder, recorded) = helm();
    let stand_ins = StandIns::new().printing("helm", &recorded);
    let place = |args: &[&str]| {
        let args = [&["can-i"], args, &["-f", "app", "-o", "json"]].concat();
        let output = stand_ins.run(&folder, &args);
        let answer: Value = serde_json::from_slice(&output.stdout).unwrap();
        let grant = answer["grants"][0].clone();
        let source = |name: &str| {
            let file = grant[name]["file"].as_str().unwrap_or_default();
            format!("{file}:{}", grant[name]["line"])
        };
        (source("source"), source("bindingSource"))
    };
    let metrics = "app/charts/metrics/templates/role.yaml";
    assert_eq!(
        place(&["get", "nodes", "--as", "x", "--as-group", "scrapers"]),
        (format!("{metrics}:1"), format!("{metrics}:10"))
    );
    let (_, binding) = place(&["get", "pods", "--as", "dana@example.com"]);
    assert_eq!(binding, "app/templates/rbac.yaml:2");
    let program = stand_ins.bin().join("helm").display().to_string();
    let first =
        format!("{program} template release-name testdata/rendering/helm/app --include-crds");
    assert_eq!(stand_ins.noted().lines().next(), Some(&*first));
}

#[test]
fn what_helm_prints_may_be_piped_in() {
    let (folder, recorded) = helm();
    let stand_ins = StandIns::new().printing("helm", &recorded);
    let args = ["who-can", "get", "nodes", "-o", "json", "-f"];
    let own = stand_ins.run(&folder, &[&args[..], &["app"]].concat());
    let piped = Command::new(env!("CARGO_BIN_EXE_rbac-eval"))
        .args(args)
        .arg("-")
        .stdin(File::open(folder.join("template.yaml")).unwrap())
        .output()
        .unwrap();
    let subjects = |output: &Output| -> Vec<Value> {
        let answer: Value = serde_json::from_slice(&output.stdout).unwrap();
        let subjects = answer["subjects"].as_array().unwrap().iter();
        subjects.map(|one| one["name"].clone()).collect()
    };
    assert!(subjects(&own).contains(&Value::from("scrapers")));
    assert_eq!(subjects(&own), subjects(&piped));
}

#[test]
fn a_chart_that_stands_beside_is_laid_into_the_one_that_needs_it() {
    let (folder, _) = helm();
    let script = "cat \"$3/charts/shared/templates/role.yaml\"\n";
    let stand_ins = StandIns::new().with("helm", script);
    let output = stand_ins.run(&folder, &["check", "-f", "app", "-o", "json"]);
    let said = text(&output);
    assert!(said.contains("\"Role default/shared\""), "{said}");
}

//! `diff` and `test` as a pull request uses them: on a real git repository, with the commands that
//! docs/ci.md shows for CI.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use pretty_assertions::assert_eq;
use serde_json::Value;
use tempfile::TempDir;

use crate::support::docs::page;

const API: &str = "apiVersion: rbac.authorization.k8s.io/v1\n";

fn role(verbs: &str) -> String {
    format!(
        "{API}kind: Role\nmetadata: {{name: pods, namespace: default}}\nrules:\n- apiGroups: ['']\n  resources: [pods]\n  verbs: {verbs}\n"
    )
}

fn binding(name: &str, kind: &str, role: &str) -> String {
    format!(
        "{API}kind: RoleBinding\nmetadata: {{name: {name}, namespace: default}}\nroleRef: {{kind: {kind}, name: {role}}}\nsubjects: [{{kind: User, name: alice}}]\n"
    )
}

fn git(folder: &Path, args: &[&str]) {
    let output = Command::new("git")
        .args(["-c", "user.name=t", "-c", "user.email=t@example.com"])
        .args(args)
        .current_dir(folder)
        .output()
        .unwrap();
    assert!(output.status.success(), "{args:?}: {output:?}");
}

/// A repository with a commit on `main` and a branch, checked out, with one more.
fn repository() -> TempDir {
    let folder = TempDir::new().unwrap();
    let path = folder.path();
    git(path, &["init", "--quiet", "--initial-branch=main"]);
    fs::create_dir(path.join("deploy")).unwrap();
    fs::write(path.join(".rbac-eval.yaml"), "files: [deploy]\n").unwrap();
    fs::write(path.join("deploy/role.yaml"), role("[get]")).unwrap();
    fs::write(
        path.join("deploy/alice.yaml"),
        binding("alice", "Role", "pods"),
    )
    .unwrap();
    let list = "\n- name: alice reads pods\n  can: {as: alice, verb: get, resource: pods}\n- name: alice changes none\n  cannot: {as: alice, verb: update, resource: pods}\n";
    for key in ["assertions", "promises"] {
        fs::write(path.join(format!("{key}.yaml")), format!("{key}:{list}")).unwrap();
    }
    git(path, &["add", "."]);
    git(path, &["commit", "--quiet", "--message", "one"]);
    git(path, &["checkout", "--quiet", "-b", "change"]);
    fs::write(path.join("deploy/role.yaml"), role("[get, list]")).unwrap();
    git(path, &["commit", "--quiet", "--all", "--message", "two"]);
    folder
}

fn run(folder: &Path, args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_rbac-eval"))
        .args(args)
        .current_dir(folder)
        .env("NO_COLOR", "1")
        .output()
        .unwrap()
}

fn told(output: &Output) -> (Option<i32>, String, String) {
    (
        output.status.code(),
        String::from_utf8(output.stdout.clone()).unwrap(),
        String::from_utf8(output.stderr.clone()).unwrap(),
    )
}

fn changes(folder: &Path, args: &[&str]) -> Vec<String> {
    let mut all = vec!["diff"];
    all.extend(args);
    all.extend(["-o", "json"]);
    let output = run(folder, &all);
    let view: Value = serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|error| panic!("{error}: {:?}", told(&output)));
    let changes = view["changes"].as_array().unwrap();
    assert_eq!(output.status.code(), Some(i32::from(!changes.is_empty())));
    changes
        .iter()
        .map(|change| {
            let cause = &change["causes"][0];
            format!(
                "{} {} {} {}:{}",
                change["change"].as_str().unwrap(),
                change["subject"]["name"].as_str().unwrap(),
                change["rule"]["verbs"],
                cause["source"]["file"].as_str().unwrap(),
                cause["source"]["line"],
            )
        })
        .collect()
}

#[test]
fn revisions_folders_and_the_working_tree_compare() {
    let folder = repository();
    let path = folder.path();
    let gained = ["gained alice [\"list\"] deploy/role.yaml:5"];
    assert_eq!(changes(path, &["main"]), gained);
    assert_eq!(changes(path, &["HEAD~1", "HEAD"]), gained);
    assert_eq!(changes(path, &["git:main", "path:deploy"]), gained);
    assert_eq!(changes(path, &["HEAD"]), [""; 0]);
    assert_eq!(
        changes(path, &["HEAD", "main"]),
        ["lost alice [\"list\"] deploy/role.yaml:5"]
    );
    // From a folder further down, with the paths of that folder.
    assert_eq!(
        changes(&path.join("deploy"), &["main", "HEAD"]),
        ["gained alice [\"list\"] ../deploy/role.yaml:5"]
    );
    // An uncommitted change is seen where HEAD is left out, and the index is left alone.
    fs::write(path.join("deploy/role.yaml"), role("[get, list, delete]")).unwrap();
    assert_eq!(
        changes(path, &["HEAD"]),
        ["gained alice [\"delete\"] deploy/role.yaml:5"]
    );
    let status = Command::new("git")
        .args(["status", "--porcelain"])
        .current_dir(path)
        .output()
        .unwrap();
    assert_eq!(told(&status).1, " M deploy/role.yaml\n");
}

#[test]
fn renamed_deleted_and_broken_files_are_told() {
    let folder = repository();
    let path = folder.path();
    git(path, &["mv", "deploy/role.yaml", "deploy/renamed.yaml"]);
    assert_eq!(changes(path, &["HEAD"]), [""; 0]);
    let output = run(
        path,
        &[
            "diff",
            "HEAD",
            "-f",
            "deploy/role.yaml",
            "-f",
            "deploy/alice.yaml",
        ],
    );
    let (code, stdout, _) = told(&output);
    assert_eq!(code, Some(2), "alice's role isn't in what is read");
    assert!(
        stdout.contains("note: the working tree has no `deploy/role.yaml`"),
        "{stdout}"
    );
    let output = run(path, &["diff", "HEAD", "-f", "deploy/renamed.yaml"]);
    let (code, stdout, _) = told(&output);
    assert!(
        stdout.contains("note: HEAD has no `deploy/renamed.yaml`"),
        "{stdout}"
    );
    assert_eq!(code, Some(0), "a role that nothing binds gives nothing");
    fs::write(path.join("deploy/broken.yaml"), "kind: Role\n  x: [\n").unwrap();
    git(path, &["add", "."]);
    git(path, &["commit", "--quiet", "--message", "broken"]);
    let (code, stdout, stderr) = told(&run(path, &["diff", "main", "HEAD"]));
    assert_eq!(code, Some(2), "{stderr}");
    assert!(
        stderr.contains("warning: HEAD:deploy/broken.yaml:2:"),
        "{stderr}"
    );
    assert!(
        stdout.starts_with("1 part isn't judged; 1 subject gains, none loses"),
        "{stdout}"
    );
    let (code, ..) = told(&run(path, &["diff", "main", "HEAD", "--strict"]));
    assert_eq!(code, Some(2));
}

#[test]
fn a_changed_role_ref_must_be_recreated() {
    let folder = repository();
    let path = folder.path();
    fs::write(
        path.join("deploy/alice.yaml"),
        binding("alice", "ClusterRole", "view"),
    )
    .unwrap();
    let (_, stdout, _) = told(&run(path, &["diff", "HEAD"]));
    assert!(
        stdout.contains("RoleBinding default/alice must be deleted and recreated"),
        "{stdout}"
    );
    assert!(stdout.contains("roleRef changed"), "{stdout}");
}

#[test]
fn what_counts_as_failure_is_chosen() {
    let folder = repository();
    let path = folder.path();
    let code = |args: &[&str]| run(path, args).status.code();
    for (fail_on, expected) in [
        ("any", 1),
        ("gained", 1),
        ("high", 0),
        ("critical", 0),
        ("never", 0),
    ] {
        assert_eq!(
            code(&["diff", "main", "--fail-on", fail_on]),
            Some(expected),
            "{fail_on}"
        );
    }
    assert_eq!(
        code(&["diff", "HEAD", "main", "--fail-on", "gained"]),
        Some(0)
    );
    fs::write(
        path.join("deploy/root.yaml"),
        format!("{API}kind: ClusterRoleBinding\nmetadata: {{name: root}}\nroleRef: {{kind: ClusterRole, name: cluster-admin}}\nsubjects: [{{kind: User, name: eve}}]\n"),
    )
    .unwrap();
    assert_eq!(code(&["diff", "main", "--fail-on", "critical"]), Some(1));
    assert_eq!(code(&["diff", "nothing-of-the-sort"]), Some(2));
    assert_eq!(code(&["diff", "git:nothing-of-the-sort"]), Some(2));
    git(path, &["branch", "deploy"]);
    let (code, _, stderr) = told(&run(path, &["diff", "deploy"]));
    assert_eq!(code, Some(2));
    assert!(
        stderr.contains("is a path and a git revision; say `path:deploy`"),
        "{stderr}"
    );
}

#[test]
fn every_output_says_the_same() {
    let folder = repository();
    let path = folder.path();
    let stdout = |form: &str| told(&run(path, &["diff", "main", "-o", form])).1;
    insta::assert_snapshot!("diff_table", stdout("table"));
    insta::assert_snapshot!("diff_markdown", stdout("markdown"));
    insta::assert_snapshot!("diff_json", stdout("json"));
    insta::assert_snapshot!("diff_github", stdout("github"));
    let sarif: Value = serde_json::from_str(&stdout("sarif")).unwrap();
    assert_eq!(sarif["version"], "2.1.0");
    let result = &sarif["runs"][0]["results"][0];
    let span = &result["locations"][0]["physicalLocation"];
    assert_eq!(span["artifactLocation"]["uri"], "deploy/role.yaml");
    assert_eq!(span["region"]["startLine"], 5);
    let yaml: Value = serde_yaml::from_str(&stdout("yaml")).unwrap();
    let json: Value = serde_json::from_str(&stdout("json")).unwrap();
    assert_eq!(yaml, json);
}

/// GitHub refuses a comment of more than 65,536 characters.
#[test]
fn a_comment_stays_short_and_says_what_it_leaves_out() {
    let folder = repository();
    let path = folder.path();
    // Each is 27 changes. Some hundred bindings fill the comment, fewer leave room for some of why.
    for (bindings, left_out) in [
        (1_000, "more changes don't fit here"),
        (200, "changes are left out here, whole or in part"),
    ] {
        let mut many = String::new();
        for number in 0..bindings {
            many.push_str(&format!(
                "---\n{}",
                binding(&format!("b{number}"), "ClusterRole", "edit").replace(
                    "name: alice}",
                    &format!("name: user-{number}-of-a-long-name@contoso.com}}")
                )
            ));
        }
        fs::write(path.join("deploy/many.yaml"), many).unwrap();
        let (code, stdout, _) = told(&run(path, &["diff", "HEAD", "-o", "markdown"]));
        assert_eq!(code, Some(1));
        assert!((50_000..65_000).contains(&stdout.len()), "{}", stdout.len());
        assert!(stdout.contains(left_out));
        assert!(stdout.contains("**Why and which rules don't all fit here"));
    }
}

#[test]
fn promises_are_held_against_both_sides() {
    let folder = repository();
    let path = folder.path();
    let (code, stdout, _) = told(&run(path, &["test", "promises.yaml", "--base", "main"]));
    assert_eq!(
        (code, stdout.lines().last()),
        (Some(0), Some("2 kept, 0 broken"))
    );
    fs::write(path.join("deploy/role.yaml"), role("[update]")).unwrap();
    let (code, stdout, _) = told(&run(path, &["test", "promises.yaml", "--base", "main"]));
    assert_eq!(code, Some(1));
    insta::assert_snapshot!("promises_broken", stdout);
    for form in ["tap", "junit", "json"] {
        let (code, stdout, _) = told(&run(path, &["test", "promises.yaml", "-o", form]));
        assert_eq!(code, Some(1));
        insta::assert_snapshot!(format!("promises_{form}"), stdout);
    }
}

#[test]
fn a_promise_that_could_never_fail_is_an_error() {
    let folder = repository();
    let path = folder.path();
    for (promise, message) in [
        (
            "cannot: {as: a, verb: get, resource: podz}",
            "no resource `podz` is known",
        ),
        (
            "cannot: {as: a, verb: gett, resource: pods}",
            "no verb `gett` is known",
        ),
        (
            "cannot: {as: a, verb: get, resource: pods, namespace: nowhere}",
            "no namespace `nowhere`",
        ),
        (
            "cannot: {as: a, verb: get, resource: pods, subresource: logs}",
            "no subresource `logs`",
        ),
        (
            "cannot: {as: a, verb: get, resource: pods, namespaceSelector: {matchLabels: {a: b}}}",
            "matches no Namespace",
        ),
        ("cannot: {verb: get, resource: pods}", "`as` says who asks"),
        (
            "can: {as: a, verb: get, verbs: [list], resource: pods}",
            "either `verb` or `verbs`",
        ),
        (
            "noOne: {as: a, verb: get, resource: pods}",
            "don't belong here",
        ),
        (
            "onlyThese: {verb: get, resource: pods}",
            "lists its `subjects`",
        ),
        (
            "canot: {as: a, verb: get, resource: pods}",
            "unknown field `canot`",
        ),
    ] {
        fs::write(path.join("p.yaml"), format!("promises:\n- {promise}\n")).unwrap();
        let (code, stdout, stderr) = told(&run(path, &["test", "p.yaml"]));
        assert_eq!((code, &*stdout), (Some(2), ""), "{promise}");
        assert!(
            stderr.contains(message) && stderr.contains("p.yaml:2"),
            "{stderr}"
        );
    }
}

#[test]
fn namespaces_are_selected_by_their_labels() {
    let folder = repository();
    let path = folder.path();
    fs::write(
        path.join("deploy/namespaces.yaml"),
        "apiVersion: v1\nkind: Namespace\nmetadata: {name: default, labels: {tier: prod}}\n---\napiVersion: v1\nkind: Namespace\nmetadata: {name: other}\n",
    )
    .unwrap();
    let promise = |selector: &str| {
        fs::write(
            path.join("p.yaml"),
            format!("promises:\n- cannot: {{as: alice, verb: get, resource: pods, {selector}}}\n"),
        )
        .unwrap();
        run(path, &["test", "p.yaml"]).status.code()
    };
    assert_eq!(
        promise("namespaceSelector: {matchLabels: {tier: prod}}"),
        Some(1)
    );
    assert_eq!(promise("namespace: other"), Some(0));
    assert_eq!(promise("everyNamespace: true"), Some(1));
}

/// Every `rbac-eval` command of docs/ci.md that a job runs, with the branch that the example has.
#[test]
fn the_commands_for_ci_run() {
    let page = page("docs/ci.md");
    let folder = repository();
    let binary = Path::new(env!("CARGO_BIN_EXE_rbac-eval")).parent().unwrap();
    let paths = format!("{}:{}", binary.display(), std::env::var("PATH").unwrap());
    let commands: Vec<&str> = page
        .lines()
        .map(str::trim)
        .filter(|line| line.starts_with("rbac-eval "))
        .collect();
    assert!(commands.len() >= 7, "{commands:?}");
    for command in commands {
        let output = Command::new("sh")
            .args(["-c", command])
            .current_dir(folder.path())
            .env("PATH", &paths)
            .env("BASE", "main")
            .output()
            .unwrap();
        // The example's gain is not grave, and its assertions hold.
        assert!(output.status.success(), "{command}: {:?}", told(&output));
    }
    let comment = fs::read_to_string(folder.path().join("rbac-diff.md")).unwrap();
    assert!(
        comment.starts_with("**1 subject gains, none loses"),
        "{comment}"
    );
}

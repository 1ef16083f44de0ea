//! Assertions about someone whom nothing knows are errors, at their place and with the name that was
//! likely meant.

use std::path::Path;
use std::process::Command;

use crate::support::told::{put, run};
use tempfile::TempDir;

const RBAC: &str = "
apiVersion: v1
kind: Namespace
metadata: {name: prod}
---
apiVersion: v1
kind: ServiceAccount
metadata: {name: idle, namespace: prod}
---
apiVersion: v1
kind: ServiceAccount
metadata: {name: api, namespace: elsewhere}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: deployers, namespace: prod}
roleRef: {kind: ClusterRole, name: edit}
subjects:
- {kind: ServiceAccount, name: ci}
- {kind: User, name: 'system:serviceaccount:tools:argo'}
- {kind: Group, name: developers}
- {kind: Group, name: 'oidc:ops'}
- {kind: User, name: bob}
- {kind: User, name: team/bot}
- {kind: Group, name: 11111111-aaaa-4bbb-8ccc-222222222222}
- {kind: User, name: Spoken For}
";

const DIRECTORY: &str = "
groups:
- {id: 10000000-aaaa-4000-8000-000000000001, displayName: Platform, mail: platform@contoso.com}
- {id: 10000000-aaaa-4000-8000-000000000002, displayName: On call}
- {id: 10000000-aaaa-4000-8000-000000000003, displayName: on call}
users:
- {id: 20000000-bbbb-4000-8000-000000000001, userPrincipalName: alice@contoso.com, displayName: Alice Adams}
- {id: 20000000-bbbb-4000-8000-000000000002, userPrincipalName: bo@fabrikam.com, displayName: Bo, guest: true}
servicePrincipals:
- {id: 30000000-cccc-4000-8000-000000000001, displayName: deploy-pipeline}
";

#[derive(Clone, Copy, PartialEq)]
enum People {
    Listed,
    Unlisted,
}

/// What `test` answers about one assertion: exit code and stderr.
fn asserted(assertion: &str, people: People) -> (Option<i32>, String) {
    let folder = TempDir::new().unwrap();
    put(folder.path(), "rbac.yaml", RBAC);
    put(folder.path(), "directory.yaml", DIRECTORY);
    let file = format!("assertions:\n- name: it\n  {assertion}\n");
    put(folder.path(), "tests.yaml", file);
    let mut args = vec!["test", "tests.yaml", "-f", "rbac.yaml"];
    if people == People::Listed {
        args.extend(["--directory", "directory.yaml"]);
    }
    let output = run(folder.path(), &args, b"");
    let stderr = String::from_utf8(output.stderr).unwrap();
    if output.status.code() == Some(2) {
        assert!(output.stdout.is_empty(), "{assertion}: a verdict");
    }
    (output.status.code(), stderr)
}

const WHAT: &str = "verb: delete, resource: nodes";

fn of_user(name: &str) -> [String; 3] {
    [
        format!("cannot: {{as: \"{name}\", {WHAT}}}"),
        format!("can: {{as: \"{name}\", {WHAT}}}"),
        format!("onlyThese: {{{WHAT}, subjects: [{{kind: User, name: \"{name}\"}}]}}"),
    ]
}

fn of_group(name: &str) -> [String; 3] {
    [
        format!("cannot: {{as: bob, groups: [\"{name}\"], {WHAT}}}"),
        format!("can: {{as: bob, groups: [developers, \"{name}\"], {WHAT}}}"),
        format!("onlyThese: {{{WHAT}, subjects: [{{kind: Group, name: \"{name}\"}}]}}"),
    ]
}

fn of_account(namespace: &str, name: &str) -> [String; 3] {
    let user = format!("system:serviceaccount:{namespace}:{name}");
    [
        format!("cannot: {{as: '{user}', {WHAT}}}"),
        format!("onlyThese: {{{WHAT}, subjects: [{{kind: User, name: '{user}'}}]}}"),
        format!(
            "onlyThese: {{{WHAT}, subjects: [{{kind: ServiceAccount, namespace: {namespace}, name: \
             {name}}}]}}"
        ),
    ]
}

/// Every one of these is an error on the assertion's line, which says this.
fn unknown(assertions: &[String], people: People, says: &str) {
    for assertion in assertions {
        let (code, stderr) = asserted(assertion, people);
        assert_eq!(code, Some(2), "{assertion}: {stderr}");
        let lines = stderr.lines();
        let told: Vec<&str> = lines
            .filter(|line| line.contains("assertion `it`"))
            .collect();
        let [told] = *told else {
            panic!("{assertion}: {stderr}")
        };
        assert!(told.starts_with("error: tests.yaml:3:"), "{told}");
        assert!(told.contains(says), "{assertion}\n{told}\n{says}");
    }
}

fn known(assertions: &[String], people: People) {
    for assertion in assertions {
        let (code, stderr) = asserted(assertion, people);
        assert!(matches!(code, Some(0 | 1)), "{assertion}: {stderr}");
    }
}

#[test]
fn a_service_account_is_an_object_or_bound() {
    for (namespace, name, nearest) in [
        ("prod", "cii", "did you mean `prod/ci`?"),
        ("prod", "idel", "did you mean `prod/idle`?"),
        ("prd", "ci", "did you mean `prod/ci`?"),
        ("staging", "argo", "did you mean `tools/argo`?"),
        ("prod", "api", "did you mean `elsewhere/api`?"),
        (
            "prod",
            "something-else",
            "add it to the input, or leave it out here",
        ),
        // Every namespace has one; but not one that nothing knows.
        (
            "nowhere",
            "default",
            "no ServiceAccount `nowhere/default` is known",
        ),
    ] {
        let says = format!("no ServiceAccount `{namespace}/{name}` is known");
        unknown(&of_account(namespace, name), People::Unlisted, &says);
        unknown(&of_account(namespace, name), People::Unlisted, nearest);
    }
    for (namespace, name) in [
        ("prod", "ci"),
        ("prod", "idle"),
        ("tools", "argo"),
        ("elsewhere", "api"),
        ("prod", "default"),
        ("elsewhere", "default"),
        ("kube-public", "default"),
        // The default policy binds it.
        ("kube-system", "namespace-controller"),
    ] {
        known(&of_account(namespace, name), People::Unlisted);
    }
}

#[test]
fn a_service_account_is_called_by_its_user_name() {
    let meant = |user: &str| format!("did you mean `system:serviceaccount:{user}`?");
    for (name, user) in [
        ("prod/ci", "prod:ci"),
        ("prod/idel", "prod:idle"),
        ("prod:ci", "prod:ci"),
        ("serviceaccount:prod:ci", "prod:ci"),
        ("system:serviceaccounts:prod:ci", "prod:ci"),
        ("system:serviceaccount:prod/ci", "prod:ci"),
        ("system:serviceaccount:prod:CI", "prod:ci"),
    ] {
        unknown(
            &of_user(name),
            People::Unlisted,
            &format!("`{name}` is no user name"),
        );
        unknown(&of_user(name), People::Unlisted, &meant(user));
    }
    for name in [
        "other/thing",
        "system:serviceaccount:prod",
        "system:serviceaccount:",
    ] {
        unknown(
            &of_user(name),
            People::Unlisted,
            "system:serviceaccount:NAMESPACE:NAME",
        );
    }
}

#[test]
fn a_user_whom_nothing_names_may_be_someone() {
    for name in [
        "nobody",
        "carol@contoso.com",
        "https://issuer.example.com#1234",
        "oidc:carol",
        "20000000-bbbb-4000-8000-00000000dead",
        "system:node:n1",
        "system:anonymous",
        // Bound, however odd.
        "team/bot",
        "Spoken For",
    ] {
        known(&of_user(name), People::Unlisted);
        known(&of_user(name), People::Listed);
    }
    for name in [
        "alice@contoso.com",
        "ALICE@contoso.com",
        "20000000-BBBB-4000-8000-000000000002",
    ] {
        known(&of_user(name), People::Listed);
    }
}

#[test]
fn a_display_name_is_no_user_name() {
    for (name, says) in [
        (
            "Alice Adams",
            "is a display name; the cluster knows them as `alice@contoso.com`",
        ),
        ("alice adams", "`alice@contoso.com`"),
        ("Bo", "`20000000-bbbb-4000-8000-000000000002`"),
        ("deploy-pipeline", "`30000000-cccc-4000-8000-000000000001`"),
        ("Al Adam", "looks like a display name"),
        (
            "Platform",
            "is a group of the directory (10000000-aaaa-4000-8000-000000000001)",
        ),
        (
            "10000000-aaaa-4000-8000-000000000001",
            "is a group of the directory (10000000-aaaa-4000-8000-000000000001)",
        ),
    ] {
        unknown(&of_user(name), People::Listed, says);
    }
    // An object ID is bound, so people come from Entra ID.
    unknown(
        &of_user("Alice Adams"),
        People::Unlisted,
        "looks like a display name",
    );
    known(&of_user("deploy-pipeline"), People::Unlisted);
}

#[test]
fn a_group_is_bound_in_the_directory_or_every_cluster_s() {
    for (name, says) in [
        ("developer", "did you mean `developers`?"),
        ("Developers", "did you mean `developers`?"),
        ("ops", "no group `ops` is known"),
        ("oidc:opps", "did you mean `oidc:ops`?"),
        ("Platform", "no group `Platform` is known"),
        (
            "system:authenticate",
            "did you mean `system:authenticated`?",
        ),
        (
            "system:serviceaccount",
            "did you mean `system:serviceaccounts`?",
        ),
        (
            "system:serviceaccounts:prd",
            "did you mean `system:serviceaccounts:prod`?",
        ),
        (
            "system:serviceaccounts:",
            "no group `system:serviceaccounts:` is known",
        ),
        // Tokens carry them in lower case.
        (
            "11111111-AAAA-4bbb-8ccc-222222222222",
            "did you mean `11111111-aaaa-4bbb-8ccc-222222222222`?",
        ),
        (
            "10000000-aaaa-4000-8000-000000000001",
            "give a `--directory` that knows it",
        ),
        ("bob", "no group `bob` is known"),
        ("", "no group `` is known"),
    ] {
        unknown(&of_group(name), People::Unlisted, says);
    }
    for (name, says) in [
        ("Platfrom", "did you mean `Platform`?"),
        (
            "platform@contoso.org",
            "did you mean `platform@contoso.com`?",
        ),
        ("Alice Adams", "no group `Alice Adams` is known"),
        (
            "alice@contoso.com",
            "is a user of the directory (`alice@contoso.com`), not a group",
        ),
        (
            "30000000-cccc-4000-8000-000000000001",
            "is a user of the directory",
        ),
        (
            "10000000-AAAA-4000-8000-000000000001",
            "did you mean `10000000-aaaa-4000-8000-000000000001`?",
        ),
        // As before.
        ("on call", "is the name of 2 groups"),
    ] {
        let assertions = of_group(name);
        if name == "on call" {
            for assertion in assertions {
                let (code, stderr) = asserted(&assertion, People::Listed);
                assert_eq!(code, Some(2));
                assert!(stderr.contains(says), "{stderr}");
            }
            continue;
        }
        unknown(&assertions, People::Listed, says);
    }
    for name in [
        "developers",
        "oidc:ops",
        "11111111-aaaa-4bbb-8ccc-222222222222",
        "system:authenticated",
        "system:unauthenticated",
        "system:masters",
        "system:nodes",
        "system:monitoring",
        "system:bootstrappers",
        "system:bootstrappers:kubeadm:default-node-token",
        "system:serviceaccounts",
        "system:serviceaccounts:prod",
        "system:serviceaccounts:elsewhere",
        "system:serviceaccounts:kube-system",
    ] {
        known(&of_group(name), People::Unlisted);
    }
    for name in [
        "Platform",
        "PLATFORM@contoso.com",
        "10000000-aaaa-4000-8000-000000000001",
    ] {
        known(&of_group(name), People::Listed);
    }
}

#[test]
fn each_is_told_at_its_own_place() {
    let folder = TempDir::new().unwrap();
    put(folder.path(), "rbac.yaml", RBAC);
    put(
        folder.path(),
        "tests.yaml",
        "assertions:\n- name: one\n  cannot:\n    as: prod/ci\n    groups:\n    - developers\n    - devs\n    \
         verb: get\n    resource: pods\n- name: two\n  onlyThese:\n    verb: get\n    resource: pods\n    \
         subjects:\n    - {kind: User, name: bob}\n    - {kind: Group, name: devs}\n- name: three\n  \
         noOne: {verb: get, resource: podz}\n",
    );
    let output = run(
        folder.path(),
        &["test", "tests.yaml", "-f", "rbac.yaml"],
        b"",
    );
    assert_eq!(output.status.code(), Some(2));
    let stderr = String::from_utf8(output.stderr).unwrap();
    let places: Vec<&str> = stderr
        .lines()
        .filter_map(|line| line.strip_prefix("error: ")?.split_once(": assertion"))
        .map(|(place, _)| place)
        .collect();
    // A type is told on the line of its assertion, as before.
    assert_eq!(
        places,
        [
            "tests.yaml:4:9",
            "tests.yaml:7:7",
            "tests.yaml:16:7",
            "tests.yaml:17"
        ]
    );
}

fn git(folder: &Path, args: &[&str]) {
    let output = Command::new("git")
        .args(["-c", "user.name=t", "-c", "user.email=t@example.com"])
        .args(args)
        .current_dir(folder)
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .output()
        .unwrap();
    assert!(output.status.success(), "{args:?}: {output:?}");
}

/// Who is known on either side is known: taking the last binding of a group away breaks no assertion
/// about it, and one that HEAD brings may be spoken of.
#[test]
fn with_a_base_both_sides_know_someone() {
    let folder = TempDir::new().unwrap();
    let path = folder.path();
    let tests = |names: &[&str]| {
        let one = |name: &&str| format!("- cannot: {{as: bob, groups: ['{name}'], {WHAT}}}\n");
        let list: String = names.iter().map(one).collect();
        let account = format!("- cannot: {{as: 'system:serviceaccount:prod:ci', {WHAT}}}\n");
        format!("assertions:\n{list}{account}")
    };
    put(path, "rbac/rbac.yaml", RBAC);
    put(path, "tests.yaml", tests(&["developers"]));
    git(path, &["init", "-q", "-b", "main"]);
    git(path, &["add", "."]);
    git(path, &["commit", "-q", "-m", "base"]);
    git(path, &["checkout", "-q", "-b", "change"]);
    let code = |args: &[&str]| {
        let output = run(path, args, b"");
        let stderr = String::from_utf8(output.stderr).unwrap();
        (output.status.code(), stderr)
    };
    let with_base = ["test", "tests.yaml", "--base", "main", "-f", "rbac"];
    let alone = ["test", "tests.yaml", "-f", "rbac"];
    assert_eq!(code(&with_base).0, Some(0));
    let without: String = RBAC
        .lines()
        .filter(|line| !line.contains("developers}") && !line.contains("name: ci}"))
        .map(|line| format!("{line}\n"))
        .collect();
    put(path, "rbac/rbac.yaml", &without);
    git(path, &["commit", "-q", "-a", "-m", "cleanup"]);
    let (kept, stderr) = code(&with_base);
    assert_eq!(kept, Some(0), "{stderr}");
    // Once BASE has forgotten them too, the assertion has to go.
    let (gone, stderr) = code(&alone);
    assert_eq!(gone, Some(2));
    assert!(stderr.contains("no group `developers`"), "{stderr}");
    assert!(stderr.contains("no ServiceAccount `prod/ci`"), "{stderr}");
    // Only HEAD knows them, where BASE's assertions speak of them already.
    git(path, &["checkout", "-q", "main"]);
    put(path, "tests.yaml", tests(&["newcomers"]));
    git(path, &["commit", "-q", "-a", "-m", "ahead"]);
    git(path, &["checkout", "-q", "-b", "later"]);
    let (early, _) = code(&with_base);
    assert_eq!(early, Some(2));
    put(
        path,
        "rbac/rbac.yaml",
        RBAC.replace("name: developers}", "name: newcomers}"),
    );
    let (known, stderr) = code(&with_base);
    assert_eq!(known, Some(0), "{stderr}");
}

/// Many unknown names cost no more than a look at each, and a few searches.
#[test]
fn many_unknown_names_end_soon() {
    let folder = TempDir::new().unwrap();
    let subjects: String = (0..20_000)
        .map(|number| format!("- {{kind: Group, name: group-{number:07}}}\n"))
        .collect();
    put(
        folder.path(),
        "rbac.yaml",
        format!(
            "apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRoleBinding\nmetadata: {{name: b}}\n\
             roleRef: {{kind: ClusterRole, name: view}}\nsubjects:\n{subjects}"
        ),
    );
    let groups: Vec<String> = (0..5_000)
        .map(|number| format!("gruppe-{number}"))
        .collect();
    put(
        folder.path(),
        "tests.yaml",
        format!(
            "assertions:\n- cannot: {{as: bob, groups: [{}], {WHAT}}}\n",
            groups.join(", ")
        ),
    );
    let begun = std::time::Instant::now();
    let output = run(
        folder.path(),
        &["test", "tests.yaml", "-f", "rbac.yaml"],
        b"",
    );
    assert_eq!(output.status.code(), Some(2));
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert_eq!(stderr.matches("no group `gruppe-").count(), 5_000);
    assert!(begun.elapsed().as_secs() < 60, "{:?}", begun.elapsed());
}

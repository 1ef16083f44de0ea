//! Environments as two commits have them: what each cluster gains and loses, and that a change of what
//! says how to judge hides nothing.

use std::fs;
use std::path::Path;

use pretty_assertions::assert_eq;
use serde_json::Value;
use tempfile::TempDir;

use crate::support::gates::{bound, commit, put, repository, run, text};

const SETTINGS: &str = ".rbac-eval.yaml";

const BOTH: &str = "\
environments:
- {name: prod, files: [prod], with: [dumps/prod.yaml], tests: [tests/secrets.yaml]}
- {name: staging, files: [staging]}
";

/// A binding of its own name.
fn binding(name: &str, role: &str) -> String {
    bound(role).replace("name: eve}", &format!("name: {name}}}"))
}

/// Two clusters on `main`, with a branch checked out.
fn both() -> TempDir {
    repository(&[
        (SETTINGS, BOTH),
        ("prod/app.yaml", &binding("app", "view")),
        ("staging/app.yaml", &binding("app", "view")),
        ("dumps/prod.yaml", &binding("operator", "view")),
        ("elsewhere/root.yaml", &binding("eve", "cluster-admin")),
    ])
}

/// What `diff` says as JSON, item by item, by the name of the environment, and its exit code.
#[track_caller]
fn diff(folder: &Path, args: &[&str]) -> (i32, Vec<(String, Value)>) {
    let output = run(folder, &[&["diff", "main", "-o", "json"], args].concat());
    let answer: Value = serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|error| panic!("{error}: {}", text(&output)));
    let items = match answer["items"].as_array() {
        Some(items) => items.clone(),
        None => vec![answer],
    };
    let named = items.into_iter().map(|item| {
        let name = item["environment"].as_str().unwrap_or_default();
        (name.to_owned(), item)
    });
    (output.status.code().unwrap(), named.collect())
}

fn counts(item: &Value) -> [u64; 3] {
    ["gained", "lost", "unjudged"].map(|name| item["summary"][name].as_u64().unwrap())
}

#[test]
fn each_environment_is_compared_with_itself() {
    let folder = both();
    put(folder.path(), "staging/eve.yaml", &bound("cluster-admin"));
    let (code, items) = diff(folder.path(), &[]);
    assert_eq!(code, 1);
    assert_eq!(items.len(), 2);
    assert_eq!((&*items[0].0, counts(&items[0].1)), ("prod", [0, 0, 0]));
    let [gained, lost, unjudged] = counts(&items[1].1);
    assert!(gained > 0 && lost == 0 && unjudged == 0);
    assert_eq!(diff(folder.path(), &["--env", "prod"]).0, 0);
    assert_eq!(diff(folder.path(), &["--env", "staging"]).0, 1);
    // Between two commits it is the same.
    commit(folder.path());
    let output = run(folder.path(), &["diff", "main...HEAD"]);
    assert_eq!(output.status.code(), Some(1), "{}", text(&output));
    assert!(
        text(&output).starts_with("environment prod:\nno change in effective permissions\n"),
        "{}",
        text(&output)
    );
}

/// What the repository takes away is lost, though the dump of the cluster still has it.
#[test]
fn a_loss_is_not_hidden_by_what_the_cluster_has() {
    let folder = both();
    put(
        folder.path(),
        "dumps/prod.yaml",
        &[binding("operator", "view"), binding("app", "view")].join("---\n"),
    );
    commit(folder.path());
    crate::support::gates::git(folder.path(), &["branch", "--force", "main", "HEAD"]);
    fs::remove_file(folder.path().join("prod/app.yaml")).unwrap();
    put(folder.path(), "prod/keep.yaml", &binding("keep", "view"));
    let (code, items) = diff(folder.path(), &["--env", "prod"]);
    assert_eq!(code, 1);
    let [gained, lost, _] = counts(&items[0].1);
    assert!(gained > 0 && lost > 0, "{}", items[0].1);
    // What only the cluster has is neither.
    let changes = items[0].1["changes"].to_string();
    assert!(!changes.contains("operator"), "{changes}");
}

/// What HEAD newly has, and the cluster had, is a gain by the repository.
#[test]
fn what_the_cluster_has_hides_no_gain() {
    let folder = both();
    put(
        folder.path(),
        "prod/operator.yaml",
        &binding("operator", "cluster-admin"),
    );
    let (code, items) = diff(folder.path(), &["--env", "prod"]);
    assert_eq!(code, 1);
    assert!(items[0].1["changes"].to_string().contains("operator"));
}

#[test]
fn a_role_of_the_cluster_is_there_on_both_sides() {
    let role = |verbs: &str| {
        format!(
            "apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata: {{name: own}}\n\
             rules: [{{verbs: [{verbs}], apiGroups: [''], resources: [secrets]}}]\n"
        )
    };
    let folder = repository(&[
        (
            SETTINGS,
            "environments: [{name: prod, files: [prod], with: [dump.yaml]}]\n",
        ),
        ("prod/app.yaml", &binding("app", "view")),
        ("dump.yaml", &role("get")),
    ]);
    put(folder.path(), "prod/own.yaml", &binding("own", "own"));
    let (code, items) = diff(folder.path(), &[]);
    assert_eq!(
        (code, counts(&items[0].1)),
        (1, [1, 0, 0]),
        "{}",
        items[0].1
    );
    // It is the repository's as soon as that has it.
    put(folder.path(), "prod/role.yaml", &role("list"));
    let (code, items) = diff(folder.path(), &[]);
    assert_eq!(code, 1);
    assert_eq!(items[0].1["changes"][0]["rule"]["verbs"][0], "list");
}

type Change<'c> = &'c dyn Fn(&Path);

/// Whoever writes a change may write settings too. Each of these lets eve do everything in prod, or hides
/// that by what says how to judge.
#[test]
fn a_change_of_settings_hides_nothing() {
    let eve = bound("cluster-admin");
    let settings = |folder: &Path, from: &str, to: &str| {
        assert!(BOTH.contains(from), "{from}");
        put(folder, SETTINGS, &BOTH.replace(from, to));
    };
    let cases: [(&str, Change<'_>); 18] = [
        ("nothing", &|_| {}),
        ("renamed", &|folder| {
            settings(folder, "name: prod", "name: production")
        }),
        ("removed", &|folder| {
            let rest: Vec<&str> = BOTH.lines().filter(|line| !line.contains("prod")).collect();
            put(folder, SETTINGS, &rest.join("\n"));
        }),
        ("all removed", &|folder| {
            fs::remove_file(folder.join(SETTINGS)).unwrap()
        }),
        ("emptied", &|folder| put(folder, SETTINGS, "")),
        ("files in place of environments", &|folder| {
            put(folder, SETTINGS, "files: [staging]\n");
        }),
        ("other files", &|folder| {
            settings(folder, "files: [prod]", "files: [staging]")
        }),
        ("moved", &|folder| {
            fs::rename(folder.join("prod"), folder.join("moved")).unwrap();
            settings(folder, "files: [prod]", "files: [moved]");
        }),
        ("with itself", &|folder| {
            settings(
                folder,
                "with: [dumps/prod.yaml]",
                "with: [dumps/prod.yaml, prod]",
            );
        }),
        ("eve in the dump", &|folder| {
            put(folder, "dumps/prod.yaml", &bound("cluster-admin"))
        }),
        ("no dump", &|folder| {
            settings(folder, "with: [dumps/prod.yaml], ", "")
        }),
        ("another dump", &|folder| {
            settings(folder, "dumps/prod.yaml", "elsewhere/root.yaml")
        }),
        ("a namespace", &|folder| {
            settings(folder, "name: prod,", "name: prod, namespace: other,")
        }),
        ("no defaults", &|folder| {
            settings(folder, "name: prod,", "name: prod, defaults: none,")
        }),
        ("a version", &|folder| {
            settings(
                folder,
                "name: prod,",
                "name: prod, kubernetesVersion: '1.24',",
            );
        }),
        ("no tests", &|folder| {
            settings(folder, ", tests: [tests/secrets.yaml]", "")
        }),
        ("other tests", &|folder| {
            put(
                folder,
                "tests/secrets.yaml",
                "assertions:\n- can: {as: eve, verb: get, resource: pods}\n",
            );
        }),
        ("swapped", &|folder| {
            let swapped = BOTH
                .replace("name: prod", "name: x")
                .replace("name: staging", "name: prod");
            put(
                folder,
                SETTINGS,
                &swapped.replace("name: x", "name: staging"),
            );
        }),
    ];
    for (case, change) in cases {
        let folder = both();
        put(folder.path(), "prod/eve.yaml", &eve);
        change(folder.path());
        for committed in [false, true] {
            if committed {
                commit(folder.path());
            }
            let case = format!("{case}, committed: {committed}");
            let base = if committed { "main...HEAD" } else { "main" };
            for more in [&[][..], &["--fail-on", "high"], &["--env", "prod"]] {
                let output = run(folder.path(), &[&["diff", base], more].concat());
                let said = text(&output);
                let code = output.status.code().unwrap();
                assert!(code == 1 || code == 2, "{case} {more:?}: {code} {said}");
                let is_only_a_gain = case.starts_with("nothing");
                let is_about_tests = case.contains("tests");
                if !is_only_a_gain && case != "other tests" && !is_about_tests {
                    assert_eq!(code, 2, "{case} {more:?}: {said}");
                    assert!(said.contains("HEAD changes"), "{case} {more:?}: {said}");
                }
            }
            let output = run(folder.path(), &["test", "--base", "main"]);
            let code = output.status.code().unwrap();
            assert!(
                code == 1 || code == 2,
                "{case}: test {code} {}",
                text(&output)
            );
        }
    }
}

/// Without a grant, too, the change of settings itself is told until it is merged.
#[test]
fn settings_by_themselves_wait_for_the_merge() {
    for (case, from, to) in [
        ("renamed", "name: staging", "name: stage"),
        (
            "a dump",
            "name: staging,",
            "name: staging, with: [dumps/prod.yaml],",
        ),
        ("less", "- {name: staging, files: [staging]}\n", ""),
    ] {
        let folder = both();
        put(folder.path(), SETTINGS, &BOTH.replace(from, to));
        commit(folder.path());
        let (code, items) = diff(folder.path(), &[]);
        assert_eq!(code, 2, "{case}");
        let (name, staging) = items.iter().find(|(name, _)| name == "staging").unwrap();
        assert_eq!(counts(staging)[2], 1, "{case} {name}: {staging}");
        let reason = staging["unjudged"][0]["reason"].as_str().unwrap();
        assert!(
            reason.contains("HEAD changes the settings of environment staging"),
            "{case}: {reason}"
        );
        assert_eq!(staging["unjudged"][0]["source"]["file"], SETTINGS);
        // As if it were merged it is no change of settings.
        let (code, items) = diff(folder.path(), &["--settings", "head"]);
        assert!(code < 2, "{case}: {items:?}");
    }
    // In another order, and in other words, they say the same.
    let folder = both();
    put(
        folder.path(),
        SETTINGS,
        "environments:\n# why\n- name: staging\n  files:\n  - staging\n- {name: prod, tests: \
         [tests/secrets.yaml], with: [dumps/prod.yaml], files: [prod]}\n",
    );
    assert_eq!(diff(folder.path(), &[]).0, 0);
}

#[test]
fn an_environment_that_one_side_has_is_compared_with_nothing() {
    let folder = both();
    put(
        folder.path(),
        SETTINGS,
        &format!("{BOTH}- {{name: new, files: [elsewhere]}}\n"),
    );
    let (code, items) = diff(folder.path(), &[]);
    assert_eq!(code, 1);
    let names: Vec<&str> = items.iter().map(|(name, _)| &**name).collect();
    assert_eq!(names, ["prod", "staging", "new"]);
    let [gained, lost, unjudged] = counts(&items[2].1);
    assert!(gained > 0 && lost == 0 && unjudged == 0, "{}", items[2].1);
    assert!(
        items[2].1["notes"]
            .to_string()
            .contains("has no environment new"),
        "{}",
        items[2].1
    );
    assert_eq!(diff(folder.path(), &["--env", "new"]).0, 1);
    // The other way round it is a loss of all.
    let folder = both();
    let rest = BOTH.replace("- {name: staging, files: [staging]}\n", "");
    put(folder.path(), SETTINGS, &rest);
    let (code, items) = diff(folder.path(), &["--env", "staging"]);
    assert_eq!(code, 2);
    let [gained, lost, unjudged] = counts(&items[0].1);
    assert!(gained == 0 && lost > 0 && unjudged == 1, "{}", items[0].1);
    let (code, _) = diff(folder.path(), &["--env", "staging", "--settings", "head"]);
    assert_eq!(code, 1);
}

/// The first environments of a repository are judged once they are merged.
#[test]
fn environments_that_are_introduced_wait_too() {
    for before in ["", "files: [prod]\n"] {
        let mut files = vec![("prod/app.yaml", binding("app", "view"))];
        if !before.is_empty() {
            files.push((SETTINGS, before.to_owned()));
        }
        let files: Vec<(&str, &str)> = files.iter().map(|(name, text)| (*name, &**text)).collect();
        let folder = repository(&files);
        put(
            folder.path(),
            SETTINGS,
            "environments: [{name: prod, files: [empty]}]\n",
        );
        put(folder.path(), "prod/eve.yaml", &bound("cluster-admin"));
        commit(folder.path());
        for more in [&[][..], &["--env", "prod"]] {
            let (code, items) = diff(folder.path(), more);
            assert_eq!(code, 2, "{before}");
            assert!(counts(&items[0].1)[0] > 0, "{before}: {}", items[0].1);
        }
        let output = run(
            folder.path(),
            &["test", "tests/secrets.yaml", "--base", "main"],
        );
        assert_eq!(output.status.code(), Some(2), "{}", text(&output));
    }
}

/// Only the environments that name assertions are held to them, and one at least does.
#[test]
fn environments_without_assertions_are_noted() {
    let folder = both();
    for command in [&["test"][..], &["test", "--base", "main"]] {
        let output = run(folder.path(), command);
        let said = text(&output);
        assert_eq!(output.status.code(), Some(0), "{said}");
        assert!(
            said.contains("note: staging: the settings name no `tests:`"),
            "{said}"
        );
        assert!(said.contains("environment prod:\n"), "{said}");
        let output = run(folder.path(), &[command, &["--env", "staging"]].concat());
        assert_eq!(output.status.code(), Some(2), "{}", text(&output));
    }
    // BASE's own are held where HEAD takes them away, or the environment.
    put(folder.path(), "prod/eve.yaml", &bound("cluster-admin"));
    for (from, to) in [
        (", tests: [tests/secrets.yaml]", ""),
        ("name: prod", "name: production"),
    ] {
        put(folder.path(), SETTINGS, &BOTH.replace(from, to));
        let output = run(folder.path(), &["test", "--base", "main"]);
        assert_eq!(output.status.code(), Some(2), "{to}: {}", text(&output));
    }
    // So is an environment that HEAD gives its first.
    put(
        folder.path(),
        SETTINGS,
        &BOTH.replace(
            "files: [staging]",
            "files: [staging], tests: [tests/secrets.yaml]",
        ),
    );
    fs::remove_file(folder.path().join("prod/eve.yaml")).unwrap();
    let output = run(folder.path(), &["test", "--base", "main"]);
    assert_eq!(output.status.code(), Some(2), "{}", text(&output));
}

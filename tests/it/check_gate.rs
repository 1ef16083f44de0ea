//! `check --base`: a change can't silence its own findings.

use std::fs;
use std::path::Path;

use pretty_assertions::assert_eq;

use crate::support::gates::{RBAC, commit, put, repository, run, text};

const IGNORE: &str = "# rbac-eval: ignore RBAC004 -- soon\n";
const SETTINGS: &str = ".rbac-eval.yaml";

fn binding(head: &str, groups: &str) -> String {
    format!(
        "{head}{RBAC}kind: RoleBinding\nmetadata: {{name: x, namespace: shop}}\n\
         roleRef: {{kind: ClusterRole, name: view}}\nsubjects:\n{groups}"
    )
}

fn group(name: &str) -> String {
    format!("- {{kind: Group, name: {name} team}}\n")
}

/// Holds that `check --base main` ends so after a change, both committed and not.
#[track_caller]
fn ends(
    case: &str,
    code: i32,
    args: &[&str],
    base: &[(&str, &str)],
    change: impl FnOnce(&Path),
) -> String {
    let folder = repository(base);
    change(folder.path());
    let args = [&["check", "--base", "main"], args].concat();
    let output = run(folder.path(), &args);
    assert_eq!(
        output.status.code(),
        Some(code),
        "{case}: {}",
        text(&output)
    );
    commit(folder.path());
    let output = run(folder.path(), &args);
    assert_eq!(
        output.status.code(),
        Some(code),
        "{case}: {}",
        text(&output)
    );
    text(&output)
}

#[test]
fn comments_count_that_base_has() {
    let x = "rbac/x.yaml";
    let (a, b, c) = (group("a"), group("b"), group("c"));
    let plain = binding("", &a);
    let headed = binding(IGNORE, &a);
    let lined = binding("", &format!("{IGNORE}{a}"));
    let put_x = |content: String| move |folder: &Path| put(folder, x, &content);
    // Nothing of it is new.
    for (case, base) in [("at the head", &headed), ("beside a line", &lined)] {
        let more = format!("# moved\n\n{base}");
        ends(case, 0, &[], &[(x, base)], put_x(more));
    }
    let said = ends("added", 1, &[], &[(x, &plain)], put_x(headed.clone()));
    assert!(
        said.contains("note: 1 finding has an ignore that BASE hasn't"),
        "{said}"
    );
    ends("with the object", 1, &[], &[], put_x(headed.clone()));
    ends(
        "beside a line",
        1,
        &[],
        &[(x, &plain)],
        put_x(lined.clone()),
    );
    // What BASE ignores of the whole object, it ignores of what comes.
    let grown = binding(IGNORE, &format!("{a}{b}"));
    ends(
        "one more below a head",
        0,
        &[],
        &[(x, &headed)],
        put_x(grown),
    );
    // Beside a line it is about that finding alone.
    let grown = binding("", &format!("{IGNORE}{a}{IGNORE}{b}"));
    ends(
        "one more beside a line",
        1,
        &[],
        &[(x, &lined)],
        put_x(grown),
    );
    let another = binding("", &format!("{IGNORE}{c}"));
    ends(
        "another on its line",
        1,
        &[],
        &[(x, &lined)],
        put_x(another),
    );
    let wider = binding(IGNORE, &format!("{a}{b}"));
    ends(
        "from a line to the head",
        1,
        &[],
        &[(x, &lined)],
        put_x(wider),
    );
    ends("taken away", 1, &[], &[(x, &headed)], put_x(plain.clone()));
    // One of BASE that doesn't count allows nothing.
    let faulty = binding("# rbac-eval: ignore RBAC004\n", &a);
    ends("mended", 1, &[], &[(x, &faulty)], put_x(headed.clone()));
    // Of another object.
    let other = headed.replace("name: x", "name: other");
    ends("of another object", 1, &[], &[(x, &headed)], |folder| {
        put(folder, "rbac/y.yaml", &other);
    });
    // An ignore that is merged first counts for what comes.
    let ahead = binding(IGNORE, "  []\n").replace("  []\n", "- {kind: User, name: u}\n");
    ends(
        "merged first",
        0,
        &[],
        &[(x, &ahead)],
        put_x(headed.clone()),
    );
    ends(
        "by HEAD",
        0,
        &["--settings", "head"],
        &[(x, &plain)],
        put_x(headed),
    );
}

#[test]
fn settings_count_as_base_has_them() {
    let x = "rbac/x.yaml";
    let a = binding("", &group("a"));
    let ignoring = "ignore: [{code: RBAC004, object: RoleBinding shop/x, reason: soon}]\n";
    let more = "ignore: [{code: RBAC004, object: RoleBinding shop/x, reason: soon}, \
                {code: RBAC004, object: RoleBinding shop/other, reason: soon}]\n";
    let settings = |text: &str| format!("files: [rbac]\n{text}");
    let (none, ignoring, more) = (settings(""), settings(ignoring), settings(more));
    let y = a.replace("name: x", "name: other");
    let base = [(x, &*a), (SETTINGS, &*ignoring)];
    ends("kept", 0, &[], &base, |folder| {
        put(folder, "rbac/z.yaml", "");
    });
    let said = ends("brought", 2, &[], &[(x, &a), (SETTINGS, &none)], |folder| {
        put(folder, SETTINGS, &ignoring);
    });
    assert!(
        said.contains("RBAC028") && said.contains("RBAC004"),
        "{said}"
    );
    ends("brought with all settings", 2, &[], &[(x, &a)], |folder| {
        put(folder, SETTINGS, &ignoring);
    });
    ends("one more", 2, &[], &base, |folder| {
        put(folder, SETTINGS, &more);
        put(folder, "rbac/y.yaml", &y);
    });
    // Even where nothing is found yet.
    ends("ahead", 2, &[], &base, |folder| {
        put(folder, SETTINGS, &more)
    });
    ends("taken away", 0, &[], &base, |folder| {
        put(folder, SETTINGS, &none)
    });
    ends("the reason changed", 0, &[], &base, |folder| {
        put(folder, SETTINGS, &ignoring.replace("soon", "later"));
    });
    ends("other files", 2, &[], &base, |folder| {
        put(folder, SETTINGS, &ignoring.replace("[rbac]", "[kept]"));
        put(folder, "kept/y.yaml", &y);
    });
    ends(
        "gone with the finding",
        0,
        &["--fail-on", "warning"],
        &base,
        |folder| {
            put(folder, SETTINGS, &none);
            put(folder, x, "");
            put(
                folder,
                "rbac/y.yaml",
                &binding("", "- {kind: User, name: u}\n"),
            );
        },
    );
    ends(
        "fail on never",
        0,
        &["--fail-on", "never"],
        &base,
        |folder| {
            put(folder, SETTINGS, &more);
        },
    );
}

#[test]
fn environments_bring_no_ignores_of_their_own() {
    let a = binding("", &group("a"));
    let env =
        |ignore: &str| format!("environments:\n- {{name: e, files: [rbac], ignore: [{ignore}]}}\n");
    let entry = "{code: RBAC004, object: RoleBinding shop/x, reason: soon}";
    let (none, some) = (env(""), env(entry));
    ends(
        "brought",
        2,
        &[],
        &[("rbac/x.yaml", &a), (SETTINGS, &none)],
        |folder| {
            put(folder, SETTINGS, &some);
        },
    );
    ends(
        "kept",
        0,
        &[],
        &[("rbac/x.yaml", &a), (SETTINGS, &some)],
        |folder| {
            put(folder, "rbac/z.yaml", "");
        },
    );
    // A new environment ignores nothing yet.
    let new = format!("{some}- {{name: f, files: [f], ignore: [{entry}]}}\n");
    ends(
        "new",
        1,
        &[],
        &[("rbac/x.yaml", &a), (SETTINGS, &some)],
        |folder| {
            put(folder, SETTINGS, &new);
            put(folder, "f/x.yaml", &a);
        },
    );
}

#[test]
fn the_baseline_is_that_of_base() {
    let x = "rbac/x.yaml";
    let known = "version: 1\nfindings:\n- {code: RBAC004, object: RoleBinding shop/x, part: Group a team}\n";
    let more =
        format!("{known}- {{code: RBAC004, object: RoleBinding shop/x, part: Group b team}}\n");
    let (a, ab) = (
        binding("", &group("a")),
        binding("", &(group("a") + &group("b"))),
    );
    let args = ["--baseline", "known.yaml"];
    let base = [(x, &*a), ("known.yaml", known)];
    ends("kept", 0, &args, &base, |folder| put(folder, "z.yaml", ""));
    ends("one more finding", 1, &args, &base, |folder| {
        put(folder, x, &ab)
    });
    let said = ends("one more that is known", 2, &args, &base, |folder| {
        put(folder, x, &ab);
        put(folder, "known.yaml", &more);
    });
    assert!(
        said.contains("RBAC028") && said.contains("b team"),
        "{said}"
    );
    ends("known ahead", 2, &args, &base, |folder| {
        put(folder, "known.yaml", &more);
    });
    ends("deleted", 0, &args, &base, |folder| {
        fs::remove_file(folder.join("known.yaml")).unwrap();
    });
    ends("deleted with one more finding", 1, &args, &base, |folder| {
        fs::remove_file(folder.join("known.yaml")).unwrap();
        put(folder, x, &ab);
    });
    ends("emptied", 0, &args, &base, |folder| {
        put(folder, "known.yaml", "version: 1\nfindings: []\n");
    });
    ends("broken", 2, &args, &base, |folder| {
        put(folder, "known.yaml", "[")
    });
    let said = ends("brought", 2, &args, &[(x, &a)], |folder| {
        put(folder, "known.yaml", known);
        // What no commit has is the user's own.
        commit(folder);
        put(folder, "z.yaml", "");
    });
    assert!(
        said.contains("RBAC028") && said.contains("RBAC004"),
        "{said}"
    );
    ends(
        "broken on BASE",
        2,
        &args,
        &[(x, &a), ("known.yaml", "[")],
        |folder| {
            put(folder, "known.yaml", known);
        },
    );
}

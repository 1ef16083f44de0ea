//! What stands on stderr: each line says what it is, no name begins one, and what would be said many
//! times is counted.

use std::fs;
use std::path::Path;

use pretty_assertions::assert_eq;
use tempfile::TempDir;

use crate::support::told::{put, run};

fn stderr(folder: &Path, args: &[&str]) -> String {
    String::from_utf8(run(folder, args, b"").stderr).unwrap()
}

fn assert_marked(told: &str) {
    assert!(!told.is_empty());
    for line in told.lines() {
        let marks = ["error: ", "warning: ", "note: ", " "];
        assert!(
            marks.iter().any(|mark| line.starts_with(mark)),
            "{line:?} of\n{told}"
        );
    }
}

#[test]
fn wrong_usage_is_marked_too() {
    let folder = TempDir::new().unwrap();
    for args in [
        &[][..],
        &["can-i"],
        &["frobnicate"],
        &["x\nyes"],
        &["can-i", "--bad"],
        &["can-i", "--x\nerror: y"],
        &["who-can", "get"],
        &["who-can", "get", "pods", "-o", "x\nyes\u{202e}"],
        &["diff", "--max-bytes", "x\r\nyes", "a"],
        &["test"],
        &["diff", "a", "b", "c\nd"],
    ] {
        let output = run(folder.path(), args, b"");
        assert_eq!(output.status.code(), Some(2), "{args:?}");
        let told = String::from_utf8(output.stderr).unwrap();
        assert_marked(&told);
        assert!(told.starts_with("error: "), "{args:?}: {told}");
        let errors = told.lines().filter(|line| line.starts_with("error: "));
        assert_eq!(errors.count(), 1, "{told}");
        assert!(!told.contains(['\u{202e}', '\r']), "{told:?}");
        let forged = told
            .lines()
            .any(|line| matches!(line.trim(), "yes" | "d" | "error: y"));
        assert!(!forged, "{args:?}: {told}");
    }
    // What is asked for is no error.
    let help = run(folder.path(), &["--help"], b"");
    assert_eq!((help.status.code(), help.stderr.len()), (Some(0), 0));
}

fn refused(number: usize) -> String {
    format!(
        "{{\"apiVersion\":\"rbac.authorization.k8s.io/v1\",\"kind\":\"ClusterRole\",\"metadata\":{{\"name\":\"r{number}\"}},\"rules\":1}}\n"
    )
}

const BOUND: &str = "{\"apiVersion\":\"rbac.authorization.k8s.io/v1\",\"kind\":\"ClusterRoleBinding\",\"metadata\":{\"name\":\"b\"},\"roleRef\":{\"kind\":\"ClusterRole\",\"name\":\"gone\",\"apiGroup\":\"rbac.authorization.k8s.io\"},\"subjects\":[{\"kind\":\"User\",\"name\":\"ann\"}]}\n";

#[test]
fn a_thousand_warnings_are_a_few_and_a_count() {
    let folder = TempDir::new().unwrap();
    let many: String = (0..1_000).map(refused).collect();
    put(folder.path(), "p/many.json", many + BOUND);
    put(folder.path(), "p/broken.yaml", "a: [\n");
    let args = ["can-i", "get", "pods", "--as", "ann", "-f", "p"];
    let told = stderr(folder.path(), &args);
    assert_marked(&told);
    let lines: Vec<&str> = told.lines().collect();
    assert_eq!(lines.len(), 5, "{told}");
    assert!(lines[0].starts_with("warning: p/broken.yaml:"), "{told}");
    for (number, line) in lines[1..4].iter().enumerate() {
        assert!(line.contains(&format!("ClusterRole r{number} ")), "{told}");
    }
    assert_eq!(
        lines[4],
        "warning: 997 more of RBAC019, object that an API server refuses; `rbac-eval check` lists them"
    );
    // The answer has its own count, and `check` all of them.
    let answer = run(folder.path(), &args, b"");
    let answer = String::from_utf8(answer.stdout).unwrap();
    assert!(
        answer.contains("incomplete: 980 more of RBAC019"),
        "{answer}"
    );
    assert!(answer.contains("p/broken.yaml"), "{answer}");
    let check = run(folder.path(), &["check", "-f", "p"], b"");
    let check = String::from_utf8(check.stdout).unwrap();
    assert_eq!(
        check.matches("\nRBAC019 error").count() + usize::from(check.starts_with("RBAC019")),
        1_000
    );
    // As errors they are counted as well.
    let strict = stderr(folder.path(), &[&args[..], &["--strict"]].concat());
    assert_marked(&strict);
    let errors = strict
        .lines()
        .filter(|line| line.contains("RBAC019"))
        .collect::<Vec<_>>();
    assert_eq!(
        errors,
        ["error: 997 more of RBAC019, object that an API server refuses"]
    );
    assert!(strict.lines().count() <= 8, "{strict}");
}

#[test]
fn four_are_told_in_full() {
    let folder = TempDir::new().unwrap();
    for (count, lines) in [(4, 4), (5, 4)] {
        let all: String = (0..count).map(refused).collect();
        put(folder.path(), "p.json", all + BOUND);
        let told = stderr(
            folder.path(),
            &["can-i", "get", "pods", "--as", "ann", "-f", "p.json"],
        );
        assert_eq!(told.lines().count(), lines, "{told}");
        assert_eq!(told.contains("2 more of RBAC019"), count == 5, "{told}");
    }
}

#[test]
fn missing_roles_of_a_list_are_counted() {
    let folder = TempDir::new().unwrap();
    let all: String = (0..100)
        .map(|number| BOUND.replace("\"b\"", &format!("\"b{number}\"")))
        .collect();
    put(folder.path(), "p.json", all);
    let told = stderr(
        folder.path(),
        &["can-i", "--list", "--as", "ann", "-f", "p.json"],
    );
    assert_marked(&told);
    assert_eq!(told.lines().count(), 4, "{told}");
    assert!(told.contains("the roles of 97 more bindings"), "{told}");
}

#[test]
fn names_of_files_begin_no_line() {
    let folder = TempDir::new().unwrap();
    let name = "p/x\nerror: all is well\u{202e}.yaml";
    put(folder.path(), name, "a: [\n");
    put(folder.path(), "p/b.json", BOUND);
    for args in [
        &["can-i", "get", "pods", "--as", "ann", "-f", "p"][..],
        &["check", "-f", "p"],
        &["diff", "p/b.json", "p"],
        &["who-can", "get", "pods", "-f", "p", "--strict"],
        &["who-can", "get", "pods", "-f", name],
    ] {
        let output = run(folder.path(), args, b"");
        for stream in [output.stdout, output.stderr] {
            let told = String::from_utf8(stream).unwrap();
            assert!(!told.contains('\u{202e}'), "{args:?}: {told}");
            let forged = told.lines().any(|line| line.starts_with("error: all"));
            assert!(!forged, "{args:?}: {told}");
        }
    }
    fs::remove_file(folder.path().join(name)).unwrap();
}

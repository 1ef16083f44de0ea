//! Replays recorded runs of `kubectl auth can-i`: first word, exit code, warnings, and `--list`.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::{Command, Output};

use crate::support::{cases, jsonl};
use rayon::prelude::*;
use serde_json::Value;

fn run(case: &Path, args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_rbac-eval"))
        .args(args)
        .arg("-f")
        .arg(case.join("dump.json"))
        .env("NO_COLOR", "1")
        .output()
        .unwrap()
}

fn args_of(run: &Value) -> Vec<&str> {
    run["args"]
        .as_array()
        .unwrap()
        .iter()
        .map(|arg| arg.as_str().unwrap())
        .collect()
}

/// Runs that the server itself refused (the impersonated user may not even ask) say nothing of
/// the verdict.
fn refused_by_server(run: &Value) -> bool {
    let stderr = run["stderr"].as_str().unwrap();
    stderr.contains("Error from server") || stderr.contains("Unhandled Error")
}

/// The resources that the recorded server served and newer ones don't.
const GONE: [&str; 2] = ["podsecuritypolicies", "psp"];

fn is_gone(args: &[&str]) -> bool {
    args.iter()
        .any(|arg| GONE.contains(&arg.split(['.', '/']).next().unwrap_or(arg)))
}

/// The two named differences from kubectl.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord, Clone, Copy)]
enum Difference {
    /// kubectl sends a namespace with requests for cluster-scoped types (kubernetes#75970).
    NamespaceOfClusterScoped,
    /// kubectl takes an unknown TYPE with a group as one word in the core group.
    UnknownTypeWithGroup,
}

fn possible_difference(stderr: &str) -> Option<Difference> {
    if stderr.contains("is not namespace scoped") {
        Some(Difference::NamespaceOfClusterScoped)
    } else if stderr.contains("doesn't have a resource type") && stderr.contains("in group") {
        Some(Difference::UnknownTypeWithGroup)
    } else {
        None
    }
}

/// The lines of stderr. kubectl's prefix of a warning has a capital letter, which is a deliberate
/// difference (docs/kubectl.md).
fn lines(text: &str) -> BTreeSet<String> {
    text.lines()
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .map(str::to_owned)
        .collect()
}

/// The warning that kubectl doesn't have: it asks about any subresource without a word.
fn is_ours(line: &str) -> bool {
    line.contains("doesn't have a subresource")
}

fn is_list(run: &Value) -> bool {
    args_of(run).contains(&"--list")
}

/// The recorded runs of a case that are replayed.
pub fn replayed(case: &Path) -> Vec<Value> {
    jsonl(&case.join("can-i.jsonl"))
        .into_iter()
        .filter(|run| !refused_by_server(run) && (is_list(run) || !is_gone(&args_of(run))))
        .collect()
}

#[test]
fn verdicts_exit_codes_and_warnings_are_kubectl_s() {
    for case in cases() {
        let mut runs = replayed(&case);
        runs.retain(|run| !is_list(run));
        let mut differences: Vec<(Difference, String)> = runs
            .par_iter()
            .filter_map(|recorded| {
                let args = args_of(recorded);
                let output = run(&case, &args);
                let stdout = String::from_utf8(output.stdout).unwrap();
                let stderr = String::from_utf8(output.stderr).unwrap();
                let recorded_stderr = recorded["stderr"].as_str().unwrap();
                let (ours, kubectl_s): (BTreeSet<String>, BTreeSet<String>) =
                    lines(&stderr).into_iter().partition(|line| is_ours(line));
                let recorded_lines = recorded_stderr.replace("Warning: ", "warning: ");
                assert_eq!(kubectl_s, lines(&recorded_lines), "{args:?}");
                let names_subresource = args.iter().any(|arg| arg.starts_with("--subresource"));
                assert!(
                    ours.len() <= usize::from(names_subresource),
                    "{args:?}: {ours:?}"
                );
                let word = stdout.lines().next().unwrap();
                let code = output.status.code().unwrap();
                assert_eq!(code, i32::from(word == "no"), "{args:?}");
                let recorded_word = recorded["stdout"].as_str().unwrap();
                let recorded_word = recorded_word.split_whitespace().next().unwrap();
                if word == recorded_word {
                    assert_eq!(Some(i64::from(code)), recorded["exit"].as_i64());
                    return None;
                }
                let difference = possible_difference(recorded_stderr).unwrap_or_else(|| {
                    panic!("{args:?}: {word} where kubectl says {recorded_word}")
                });
                if difference == Difference::NamespaceOfClusterScoped {
                    assert!(
                        stdout.contains(&format!("`kubectl auth can-i` would say {recorded_word}")),
                        "{args:?}: {stdout}"
                    );
                }
                Some((difference, format!("{word}: {}", args.join(" "))))
            })
            .collect();
        differences.sort();
        let name = case.file_name().unwrap().to_string_lossy().into_owned();
        let listed: Vec<String> = differences
            .iter()
            .map(|(difference, run)| format!("{difference:?} {run}"))
            .collect();
        insta::assert_snapshot!(format!("differences_{name}"), listed.join("\n"));
        assert!(runs.len() > 80);
    }
}

/// A row of the table: resource, URLs, names, and the verbs as a set.
fn row(line: &str) -> (String, BTreeSet<String>) {
    let at = line.rfind('[').unwrap();
    let (head, verbs) = line.split_at(at);
    let head: Vec<&str> = head.split_whitespace().collect();
    let verbs = verbs
        .trim()
        .trim_matches(['[', ']'])
        .split(' ')
        .map(str::to_owned)
        .collect();
    (head.join(" "), verbs)
}

#[test]
fn lists_have_kubectl_s_rows() {
    let mut count = 0;
    for case in cases() {
        for recorded in replayed(&case).iter().filter(|run| is_list(run)) {
            let args = args_of(recorded);
            let output = run(&case, &args);
            assert_eq!(output.status.code(), Some(0), "{args:?}");
            let stdout = String::from_utf8(output.stdout).unwrap();
            let expected = recorded["stdout"].as_str().unwrap();
            let (mut ours, mut theirs): (Vec<&str>, Vec<&str>) =
                (stdout.lines().collect(), expected.lines().collect());
            if !args.contains(&"--no-headers") {
                assert_eq!(ours.remove(0), theirs.remove(0), "{args:?}");
            }
            let rows = |lines: &[&str]| {
                let mut rows: Vec<_> = lines.iter().map(|line| row(line)).collect();
                rows.sort();
                rows
            };
            pretty_assertions::assert_eq!(rows(&ours), rows(&theirs), "{:?}", args);
            count += 1;
        }
    }
    assert!(count > 70, "{count}");
}

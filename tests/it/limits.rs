//! Input made to use up time or memory, and surroundings that fail: each run ends soon, within a
//! bound of memory, with an answer or with a message that says why not.

use std::fs::{File, OpenOptions};
use std::io::{BufRead, BufReader, Write};
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use crate::support::{limited, not_held};
use tempfile::TempDir;

/// What any of these runs may take, on a slow and busy machine, without optimization.
const LONG: Duration = Duration::from_secs(120);

const BINARY: &str = env!("CARGO_BIN_EXE_rbac-eval");
const HEAD: &str =
    "apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata: {name: r}\n";
const JSON_HEAD: &str = r#"{"apiVersion":"rbac.authorization.k8s.io/v1","kind":"ClusterRole","metadata":{"name":"r","annotations":{"a":""#;

/// Runs a question about files under a bound on its memory, in MiB of addresses.
fn bounded(folder: &Path, mib: u64, args: &[&str]) -> Output {
    limited::ends(folder, Some(mib), args)
}

/// Asks whether `ann` may get pods, by a file. Returns the exit code and what was told.
fn ask(mib: u64, name: &str, text: &str) -> (Option<i32>, String) {
    let folder = TempDir::new().unwrap();
    std::fs::write(folder.path().join(name), text).unwrap();
    let args = ["can-i", "get", "pods", "--as", "ann", "-f", name];
    let output = bounded(folder.path(), mib, &args);
    let stderr = String::from_utf8(output.stderr).unwrap();
    (output.status.code(), stderr)
}

/// So much of a message as a failed test should show.
fn beginning(message: &str) -> String {
    message.chars().take(500).collect()
}

fn refused(mib: u64, name: &str, text: &str, told: &str) {
    let (code, stderr) = ask(mib, name, text);
    let begin = beginning(&stderr);
    assert_eq!(code, Some(2), "{begin}");
    assert!(stderr.contains(told), "{begin}");
    assert!(stderr.len() < 2000, "{} bytes: {begin}", stderr.len());
}

fn answered(mib: u64, name: &str, text: &str) {
    let (code, stderr) = ask(mib, name, text);
    assert_eq!(code, Some(1), "{}", beginning(&stderr));
}

#[test]
fn nesting_is_bounded() {
    let many = 5_000_000;
    let too_deep = "nested deeper than 10000 levels";
    refused(
        400,
        "a.yaml",
        &format!("{HEAD}rules: {}", "[".repeat(many)),
        too_deep,
    );
    refused(
        400,
        "a.yaml",
        &format!("{HEAD}rules: {}", "{a: ".repeat(many / 4)),
        too_deep,
    );
    refused(400, "a.json", &"[".repeat(many), "a.json:1:");
    refused(400, "a.json", &"{\"a\":".repeat(many / 5), "a.json:1:");
}

#[test]
fn what_aliases_expand_to_is_bounded() {
    let words = vec!["get"; 1000].join(",");
    let rules = "- {verbs: *v, apiGroups: *v, resources: *v}\n".repeat(20_000);
    let text = format!("{HEAD}x: &v [{words}]\nrules:\n{rules}");
    refused(1000, "many.yaml", &text, "alias");
    let long = "x".repeat(1 << 20);
    let rules = "- {verbs: [*v], apiGroups: [''], resources: [pods]}\n".repeat(10_000);
    let text = format!(
        "{}{long}}}}}\nrules:\n{rules}",
        HEAD.replace("r}\n", "r, annotations: {x: &v ")
    );
    refused(800, "long.yaml", &text, "more than is read of one document");
}

#[test]
fn a_string_of_fifty_megabytes_is_read() {
    let long = "x".repeat(50_000_000);
    answered(
        800,
        "a.json",
        &format!("{JSON_HEAD}{long}\"}}}},\"rules\":[]}}"),
    );
    answered(
        800,
        "a.yaml",
        &format!(
            "{}{long}}}}}\n",
            HEAD.replace("r}\n", "r, annotations: {x: ")
        ),
    );
    answered(
        800,
        "a.yaml",
        &format!(
            "{}\n  name: r\n  annotations:\n    x: |\n      {long}\n",
            HEAD.replace(" {name: r}\n", "")
        ),
    );
    answered(
        1200,
        "a.yaml",
        &format!("{HEAD}rules: [{{verbs: [get], apiGroups: [''], resources: [{long}]}}]\n"),
    );
}

#[test]
fn many_objects_are_read() {
    let yaml: String = (0..200_000)
        .map(|number| {
            format!("---\nkind: Namespace\napiVersion: v1\nmetadata: {{name: n{number}}}\n")
        })
        .collect();
    answered(1500, "a.yaml", &format!("{HEAD}{yaml}"));
    let json: String = (0..200_000)
        .map(|number| {
            format!(
                "{{\"apiVersion\":\"rbac.authorization.k8s.io/v1\",\"kind\":\"Role\",\
                 \"metadata\":{{\"name\":\"r{number}\",\"namespace\":\"n\"}}}}\n"
            )
        })
        .collect();
    answered(1500, "a.jsonl", &json);
}

/// An answer of some megabytes, more than a pipe holds.
fn long_question() -> (TempDir, Vec<&'static str>) {
    let folder = TempDir::new().unwrap();
    let subjects: String = (0..20_000)
        .map(|number| format!("- {{kind: User, name: user-{number}}}\n"))
        .collect();
    let text = format!(
        "{HEAD}rules: [{{verbs: [get], apiGroups: [''], resources: [pods]}}]\n---\n\
         apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRoleBinding\n\
         metadata: {{name: b}}\nroleRef: {{kind: ClusterRole, name: r}}\nsubjects:\n{subjects}"
    );
    std::fs::write(folder.path().join("a.yaml"), text).unwrap();
    let review = r#"{"apiVersion":"authorization.k8s.io/v1","kind":"SubjectAccessReview","spec":{"user":"u","resourceAttributes":{"verb":"get","resource":"pods"}}}"#;
    let mut reviews = File::create(folder.path().join("reviews.jsonl")).unwrap();
    for _ in 0..5000 {
        writeln!(reviews, "{review}").unwrap();
    }
    (
        folder,
        vec![
            "who-can get pods -f a.yaml",
            "review reviews.jsonl -f a.yaml",
        ],
    )
}

fn program(folder: &TempDir, line: &str) -> Command {
    let mut command = Command::new(BINARY);
    command
        .args(line.split(' '))
        .current_dir(folder.path())
        .stderr(Stdio::piped());
    command
}

#[test]
fn a_closed_pipe_ends_a_run_quietly() {
    let (folder, lines) = long_question();
    for line in lines {
        let mut child = program(&folder, line)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        // As `| head -n 1` reads it.
        let mut first = String::new();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        stdout.read_line(&mut first).unwrap();
        drop(stdout);
        let output = child.wait_with_output().unwrap();
        assert_eq!(str::from_utf8(&output.stderr).unwrap(), "", "{line}");
        assert_eq!(output.status.code(), Some(141), "{line}");
    }
}

#[test]
fn a_full_disk_is_told() {
    let (folder, mut lines) = long_question();
    lines.extend([
        "can-i get pods --as u -f a.yaml",
        "can-i get pods --as u -f a.yaml -o json",
        "can-i --list --as u -f a.yaml",
        "lookup user-7 -f a.yaml",
        "check -f a.yaml",
    ]);
    for line in lines {
        let full = OpenOptions::new().write(true).open("/dev/full").unwrap();
        let output = program(&folder, line).stdout(full).output().unwrap();
        let stderr = str::from_utf8(&output.stderr).unwrap();
        assert!(
            stderr.contains("error: cannot write the answer: "),
            "{line}: {stderr}"
        );
        assert_eq!(output.status.code(), Some(2), "{line}: {stderr}");
    }
}

/// Whether this process, and so every program that it starts, ignores a signal: a shell has its
/// background jobs ignore interrupts, `nohup` hang-ups.
fn ignores(signal: i32) -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let mask = status
        .lines()
        .find_map(|line| line.strip_prefix("SigIgn:"))
        .unwrap();
    let mask = u64::from_str_radix(mask.trim(), 16).unwrap();
    mask & (1 << (signal - 1)) != 0
}

/// Waits for the end of a program that says little, and no longer than [`LONG`].
fn wait(mut child: Child) -> Output {
    let begin = Instant::now();
    while child.try_wait().unwrap().is_none() {
        if begin.elapsed() > LONG {
            child.kill().unwrap();
            let output = child.wait_with_output().unwrap();
            panic!("no end after {LONG:?}: {output:?}");
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    child.wait_with_output().unwrap()
}

#[test]
fn an_interrupt_ends_a_run_quietly() {
    // The program handles neither, so where interrupts are ignored the other proves the same.
    let signals = [("INT", 2), ("TERM", 15)];
    let Some((name, number)) = signals.into_iter().find(|&(_, number)| !ignores(number)) else {
        not_held("SIGINT and SIGTERM are ignored here, so no signal is sent");
        return;
    };
    let (folder, _) = long_question();
    let mut child = program(&folder, "review - -f a.yaml")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    // Waits for reviews, since its input stays open. What was sent before isn't answered yet.
    let stdin = child.stdin.take().unwrap();
    std::thread::sleep(Duration::from_millis(200));
    let pid = child.id().to_string();
    assert!(
        Command::new("kill")
            .args(["-s", name, &pid])
            .status()
            .unwrap()
            .success()
    );
    let output = wait(child);
    drop(stdin);
    assert_eq!(output.status.signal(), Some(number));
    assert_eq!(str::from_utf8(&output.stderr).unwrap(), "");
}

#[test]
fn a_review_that_is_too_long_is_cut() {
    let (folder, _) = long_question();
    let long = "x".repeat(40 << 20);
    let review = |user: &str| {
        format!(
            "{{\"apiVersion\":\"authorization.k8s.io/v1\",\"kind\":\"SubjectAccessReview\",\
             \"spec\":{{\"user\":\"{user}\",\"resourceAttributes\":{{\"verb\":\"get\"}}}}}}\n"
        )
    };
    let text = review("a") + &review(&long) + &review("b");
    std::fs::write(folder.path().join("long.jsonl"), text).unwrap();
    let output = bounded(
        folder.path(),
        800,
        &["review", "long.jsonl", "-f", "a.yaml"],
    );
    let stderr = str::from_utf8(&output.stderr).unwrap();
    let stdout = str::from_utf8(&output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(2), "{}", beginning(stderr));
    assert!(stderr.len() < 2000, "{}", beginning(stderr));
    assert_eq!(stdout.lines().count(), 2);
    assert!(stdout.contains("\"user\":\"a\"") && stdout.contains("\"user\":\"b\""));
}

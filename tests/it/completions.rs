//! What is offered for the word that is being typed, asked as the scripts of shells ask.

use std::fs;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use pretty_assertions::assert_eq;
use rbac_eval::ask::{Offered, Resolver};
use rbac_eval::cluster::{Defaults, Snapshot};
use rbac_eval::entra::Directory;
use rbac_eval::kube::Manifest;
use rbac_eval::kube::discovery::Discovery;
use rbac_eval::text::Files;
use tempfile::TempDir;

use crate::support::gates::{RBAC, put};
use crate::support::testdata;

/// Asks as the script of fish does, which prints words as they are.
fn asked(folder: &Path, shell: &str, words: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_rbac-eval"))
        .current_dir(folder)
        .env("COMPLETE", shell)
        .args(["--", "rbac-eval"])
        .args(words)
        .stdin(Stdio::null())
        .output()
        .unwrap()
}

/// The lines for the last word. Nothing may be told.
fn lines(folder: &Path, words: &[&str]) -> Vec<String> {
    let output = asked(folder, "fish", words);
    assert_eq!(String::from_utf8_lossy(&output.stderr), "", "{words:?}");
    assert_eq!(output.status.code(), Some(0), "{words:?}");
    let text = String::from_utf8(output.stdout).unwrap();
    text.lines().map(str::to_owned).collect()
}

/// The words alone.
fn offered(folder: &Path, words: &[&str]) -> Vec<String> {
    let word = |line: String| line.split('\t').next().unwrap().to_owned();
    lines(folder, words).into_iter().map(word).collect()
}

fn binding(namespace: &str, subjects: &str) -> String {
    format!(
        "{RBAC}kind: RoleBinding\nmetadata: {{name: team, namespace: {namespace}}}\n\
         roleRef: {{kind: ClusterRole, name: view}}\nsubjects: [{subjects}]\n---\n"
    )
}

const WIDGETS: &str = "\
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: widgets.example.com}
spec:
  group: example.com
  scope: Namespaced
  names: {plural: widgets, singular: widget, kind: Widget, listKind: WidgetList, shortNames: [wd]}
  versions:
  - {name: v1alpha1, served: true, storage: true, schema: {openAPIV3Schema: {type: object}}}
---
";

/// A role for a type that nothing else knows, and for one that servers had long ago.
const GADGETS: &str = "\
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: gadgets, namespace: prod}
rules:
- {apiGroups: [example.org, \"*\"], resources: [gadgets, gadgets/status, \"*\"], verbs: [tune]}
---
";

/// A folder with two files of input, of which one is beside the settings' way.
fn input() -> TempDir {
    let folder = TempDir::new().unwrap();
    let subjects = "{kind: User, name: alice}, {kind: Group, name: devs}, \
                    {kind: ServiceAccount, namespace: prod, name: app}";
    let text = format!("{WIDGETS}{GADGETS}{}", binding("prod", subjects));
    put(folder.path(), "here/rbac.yaml", &text);
    let elsewhere = binding("other", "{kind: User, name: otto}");
    put(folder.path(), "elsewhere.yaml", &elsewhere);
    folder
}

#[test]
fn the_input_that_the_line_names_is_what_is_offered() {
    let folder = input();
    let here = |words: &[&str]| offered(&folder.path().join("here"), words);
    assert_eq!(here(&["can-i", "get", "pods", "-n", "pr"]), ["prod"]);
    assert_eq!(here(&["can-i", "get", "pods", "--as", "al"]), ["alice"]);
    assert_eq!(here(&["can-i", "get", "pods", "--as=al"]), ["--as=alice"]);
    assert_eq!(here(&["can-i", "--as-group", "de"]), ["devs"]);
    assert_eq!(here(&["lookup", "prod/"]), ["prod/app"]);
    let account = "system:serviceaccount:prod:app";
    assert_eq!(here(&["lookup", "system:serviceaccount:pr"]), [account]);
    assert_eq!(
        here(&["can-i", "--as", "system:serviceaccount:p"]),
        [account]
    );
    let groups = here(&["can-i", "--as-group", "system:serviceaccounts:p"]);
    assert_eq!(groups, ["system:serviceaccounts:prod"]);
    // `-f` goes before what is here, wherever it stands and however it is written.
    for file in [
        &["-f", "../elsewhere.yaml"][..],
        &["-f../elsewhere.yaml"],
        &["--filename=../elsewhere.yaml"],
    ] {
        let words = [&["can-i", "get", "pods"][..], file, &["--as", "o"]].concat();
        assert_eq!(here(&words), ["otto"], "{file:?}");
        let words = [&["can-i", "get", "pods"][..], file, &["--as", "al"]].concat();
        assert_eq!(here(&words), [""; 0], "{file:?}");
    }
    // What isn't understood of the line hides nothing before it.
    let words = [
        "can-i",
        "-f",
        "../elsewhere.yaml",
        "--nonsense",
        "--as",
        "o",
    ];
    assert_eq!(here(&words), ["otto"]);
}

#[test]
fn settings_say_what_is_read_as_for_the_commands() {
    let folder = input();
    let at = folder.path();
    let settings = "environments:\n- {name: prod, files: [here], namespace: x}\n\
                    - {name: dev, files: [elsewhere.yaml]}\n";
    put(at, ".rbac-eval.yaml", settings);
    assert_eq!(offered(at, &["can-i", "--env", ""]), ["prod", "dev"]);
    assert_eq!(
        offered(at, &["can-i", "--env", "dev", "--as", "o"]),
        ["otto"]
    );
    assert_eq!(
        offered(at, &["can-i", "--env", "dev", "--as", "al"]),
        [""; 0]
    );
    // Without `--env` all are asked.
    assert_eq!(offered(at, &["can-i", "--as", "o"]), ["otto"]);
    assert_eq!(offered(at, &["can-i", "--as", "al"]), ["alice"]);
    // Each word once, and what is off by default last, of several environments too.
    let types = lines(at, &["can-i", "get", ""]);
    let first_off = types
        .iter()
        .position(|line| line.contains("off by default"));
    let off = &types[first_off.unwrap()..];
    assert!(
        off.iter().all(|line| line.contains("off by default")),
        "{off:?}"
    );
    let pods = types.iter().filter(|line| line.starts_with("pods\t"));
    assert_eq!(pods.count(), 1);
    // Broken settings offer what is built in, and say nothing.
    put(at, ".rbac-eval.yaml", "environments: 1\n");
    assert_eq!(offered(at, &["can-i", "-n", "kube-p"]), ["kube-public"]);
}

#[test]
fn the_directory_is_offered_as_the_commands_take_it() {
    let at = &testdata().join("aks");
    let words = |rest: &[&'static str]| {
        let input = ["-f", "rbac.yaml", "--directory", "directory.yaml"];
        [&["lookup"][..], &input, rest].concat()
    };
    assert_eq!(
        lines(at, &words(&["Dana"])),
        ["Dana Diaz\tdana@contoso.com"]
    );
    assert_eq!(
        lines(at, &words(&["dana"])),
        ["dana@contoso.com\tDana Diaz"]
    );
    let as_group = |word| {
        let input = ["-f", "rbac.yaml", "--directory", "directory.yaml"];
        lines(
            at,
            &[&["can-i"][..], &input, &["--as-group", word]].concat(),
        )
    };
    let on_call = "7c2e9f10-3b4d-4e5f-8a6b-9c0d1e2f3a4b";
    assert_eq!(as_group("7c"), [format!("{on_call}\tPayments on call")]);
    assert_eq!(
        as_group("Payments on"),
        [format!("Payments on call\t{on_call}")]
    );
}

#[test]
fn verbs_types_and_urls_are_offered_where_they_belong() {
    let folder = input();
    let here = |words: &[&str]| offered(&folder.path().join("here"), words);
    assert_eq!(here(&["can-i", "deletec"]), ["deletecollection"]);
    assert_eq!(here(&["can-i", "get", "deploy"]), ["deployments", "deploy"]);
    assert_eq!(
        here(&["can-i", "get", "deployments."]),
        ["deployments.apps"]
    );
    assert_eq!(here(&["can-i", "-n", "prod", "get", "wid"]), ["widgets"]);
    assert_eq!(here(&["who-can", "get", "wd"]), ["wd"]);
    assert_eq!(here(&["who-can", "esc"]), ["escalate"]);
    // What rules alone know.
    assert_eq!(here(&["who-can", "tu"]), ["tune"]);
    assert_eq!(here(&["who-can", "tune", "gad"]), ["gadgets.example.org"]);
    assert_eq!(here(&["matrix", "widg"]), ["widgets"]);
    assert_eq!(here(&["can-i", "get", "/heal"]), ["/healthz"]);
    assert_eq!(
        here(&["can-i", "get", "pods", "--subresource", "ex"]),
        ["exec"]
    );
    assert_eq!(
        here(&["who-can", "get", "deploy/web", "--subresource", ""]),
        ["scale", "status"]
    );
    // A third word is none.
    assert_eq!(here(&["can-i", "get", "pods", "po"]), [""; 0]);
    // Values that a flag has by itself.
    assert_eq!(here(&["check", "--fail-on", "w"]), ["warning"]);
    assert_eq!(here(&["can-i", "-o", "y"]), ["yaml"]);
    assert_eq!(here(&["can-i", "--defaults", "n"]), ["none"]);
    assert_eq!(here(&["can-i", "--defaults", "1.24"]), ["1.24"]);
    assert_eq!(here(&["man", "who"]), ["who-can"]);
    assert_eq!(here(&["comp"]), ["completions"]);
    assert_eq!(here(&["can-i", "--dir"]), ["--directory"]);
}

/// What a server has to be told to serve is marked and comes last; a type of the input's own is served
/// whatever its version is called.
#[test]
fn types_that_are_off_by_default_come_last_and_are_marked() {
    let folder = input();
    let types = lines(&folder.path().join("here"), &["can-i", "get", ""]);
    let discovery = Discovery::built_in();
    let off = discovery
        .resources()
        .iter()
        .filter(|one| one.off_by_default);
    let off: Vec<String> = off
        .map(|one| {
            let stage = match one.versions.iter().any(|version| version.contains("beta")) {
                true => "beta",
                false => "alpha",
            };
            format!("\t{stage}, off by default: {}", one.kind)
        })
        .collect();
    assert!(!off.is_empty());
    let (before, last) = types.split_at(types.len() - off.len());
    for (line, off) in last.iter().zip(&off) {
        assert!(line.ends_with(off), "{line}: {off}");
    }
    assert!(before.iter().all(|line| !line.contains("off by default")));
    assert!(before.contains(&"widgets\tWidget of example.com".to_owned()));
}

/// A list that only shows may say more than the words; what is inserted may not.
#[test]
fn bash_marks_what_is_off_by_default_where_it_only_shows() {
    let folder = input();
    let listed = |kind: &str| {
        let output = Command::new(env!("CARGO_BIN_EXE_rbac-eval"))
            .current_dir(folder.path().join("here"))
            .env("COMPLETE", "bash")
            .env("_CLAP_COMPLETE_COMP_TYPE", kind)
            .args(["--", "rbac-eval", "can-i", "get", "lease"])
            .output()
            .unwrap();
        String::from_utf8(output.stdout).unwrap()
    };
    assert_eq!(listed("9"), "leases\nleasecandidates");
    let marked = "leases\nleasecandidates  (beta, off by default: LeaseCandidate)";
    assert_eq!(listed("63"), marked);
}

/// Whatever is offered for a type means that type.
#[test]
fn each_name_of_a_type_means_it() {
    let snapshot = Snapshot::new(Files::default(), Manifest::default(), Defaults::None);
    let directory = Directory::default();
    let discovery = snapshot.discovery();
    let mut kinds = 0;
    for offer in Resolver::new(&snapshot, &directory).offered_types() {
        use rbac_eval::kube::discovery::Resolution::Known;
        let Known(found) = discovery.resolve(&offer.word) else {
            panic!("{} means nothing", offer.word);
        };
        match offer.about {
            Offered::Type { kind, group } => {
                kinds += 1;
                assert_eq!((kind, group), (found.kind.clone(), found.group.clone()));
            }
            Offered::FullName { kind } => assert_eq!(kind, found.kind),
            Offered::ShortName { of } => assert_eq!(of, found.full_name()),
            Offered::OffByDefault { kind, .. } => {
                kinds += 1;
                assert_eq!(kind, found.kind);
            }
            other => panic!("{}: {other:?}", offer.word),
        }
    }
    assert_eq!(kinds, discovery.resources().len());
}

/// Names that would break a shell's list, pass for others or for flags aren't offered.
#[test]
fn what_would_break_a_list_is_left_out() {
    let folder = TempDir::new().unwrap();
    let names = [
        "x$(touch pwned)",
        "x'y",
        "x y",
        "-x",
        "--list",
        "x\\nnext",
        "x\\tcell",
        "x\\u001b[2J",
        "x\\u202egnp",
        "x\\u0000",
        "x\\u200b",
    ];
    let subjects: Vec<String> = names
        .iter()
        .map(|name| format!("{{kind: User, name: \"{name}\"}}"))
        .collect();
    let text = binding("prod", &subjects.join(", "));
    put(folder.path(), "rbac.yaml", &text);
    let expected = ["x y", "x$(touch pwned)", "x'y"];
    assert_eq!(offered(folder.path(), &["can-i", "--as", "x"]), expected);
    assert_eq!(offered(folder.path(), &["lookup", "x"]), expected);
    let flags = offered(folder.path(), &["can-i", "--as", "-"]);
    assert_eq!(flags, [""; 0]);
    // kubectl's scripts hand words on to several shells.
    let output = asked(folder.path(), "kubectl", &["can-i", "--as", "x"]);
    assert_eq!(String::from_utf8(output.stdout).unwrap(), ":4\n");
    assert!(!folder.path().join("pwned").exists());
}

#[test]
fn kubectl_gets_its_own_form() {
    let folder = input();
    let said = |words: &[&str]| {
        let output = asked(&folder.path().join("here"), "kubectl", words);
        assert_eq!(output.status.code(), Some(0));
        String::from_utf8(output.stdout).unwrap()
    };
    assert_eq!(said(&["can-i", "-n", "pr"]), "prod\n:4\n");
    assert_eq!(said(&["can-i", "-n", "nothing"]), ":4\n");
    assert_eq!(said(&["can-i", "-f", ""]), ":0\n");
    assert_eq!(
        said(&["can-i", "get", "widg"]),
        "widgets\tWidget of example.com\n:4\n"
    );
}

#[test]
fn powershell_gets_each_word_quoted() {
    let folder = TempDir::new().unwrap();
    let subjects = "{kind: User, name: \"x; y\"}, {kind: User, name: \"x'y\"}, \
                    {kind: User, name: \"x$z\"}, {kind: User, name: xa@b.com}";
    put(folder.path(), "rbac.yaml", &binding("prod", subjects));
    let output = asked(folder.path(), "powershell", &["can-i", "--as", "x"]);
    let text = String::from_utf8(output.stdout).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    let expected = [
        "'x$z'\tx$z\tx$z",
        "'x''y'\tx'y\tx'y",
        "'x; y'\tx; y\tx; y",
        "xa@b.com\txa@b.com\txa@b.com",
    ];
    assert_eq!(lines, expected);
}

/// Where a path belongs, the shell knows best; that is said by the exit code.
#[test]
fn paths_are_left_to_the_shell() {
    let folder = input();
    for words in [
        &["can-i", "-f", "e"][..],
        &["can-i", "--filename=e"],
        &["can-i", "--directory", ""],
        &["diff", ""],
        &["diff", "a", "b"],
        &["check", "--baseline", ""],
        &["check", "--base", ""],
        &["test", ""],
        &["review", ""],
        &["man", "--out", ""],
    ] {
        let output = asked(folder.path(), "fish", words);
        assert_eq!(output.status.code(), Some(3), "{words:?}");
        assert!(
            output.stdout.is_empty() && output.stderr.is_empty(),
            "{words:?}"
        );
    }
}

/// A shell waits for what is offered: nothing that could take its time is read.
#[cfg(unix)]
#[test]
fn nothing_is_waited_for() {
    let folder = input();
    let at = folder.path();
    let fifo = at.join("fifo");
    assert!(
        Command::new("mkfifo")
            .arg(&fifo)
            .status()
            .unwrap()
            .success()
    );
    for file in [
        "-",
        "/dev/stdin",
        "/dev/fd/0",
        "/proc/self/fd/0",
        "fifo",
        "/dev/zero",
        "absent",
    ] {
        let begin = Instant::now();
        let mut child = Command::new(env!("CARGO_BIN_EXE_rbac-eval"))
            .current_dir(at)
            .env("COMPLETE", "fish")
            .args(["--", "rbac-eval", "can-i", "-f", file, "-n", "kube-pu"])
            // An end of input never comes.
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let held_open = child.stdin.take();
        let output = child.wait_with_output().unwrap();
        drop(held_open);
        assert_eq!(
            String::from_utf8_lossy(&output.stdout),
            "kube-public",
            "{file}"
        );
        assert_eq!(String::from_utf8_lossy(&output.stderr), "", "{file}");
        assert!(begin.elapsed() < Duration::from_secs(20), "{file}");
    }
}

/// One file that is too large is left out, and hides nothing of the others.
#[test]
fn what_is_too_large_is_left_out() {
    let folder = input();
    let at = folder.path();
    let small = binding("small", "{kind: User, name: sam}");
    let mut large = binding("large", "{kind: User, name: laura}");
    put(at, "small.yaml", &small);
    let asked = |at: &Path| {
        let files = ["can-i", "-f", "large.yaml", "-f", "small.yaml"];
        let of = |word| offered(at, &[&files[..], &["-n", word]].concat());
        (of("large"), of("small"))
    };
    let both = (vec!["large".to_owned()], vec!["small".to_owned()]);
    put(at, "large.yaml", &large);
    assert_eq!(asked(at), both);
    // The bound that docs/shell.md names.
    large.push_str(&"#".repeat(32 << 20));
    put(at, "large.yaml", &large);
    assert_eq!(asked(at), (Vec::new(), vec!["small".to_owned()]));
    // The bound that the line itself names is smaller here.
    let words = [
        "can-i",
        "--max-bytes",
        "10",
        "-f",
        "small.yaml",
        "-n",
        "small",
    ];
    assert_eq!(offered(at, &words), [""; 0]);
}

/// What would have to be rendered isn't, and nothing is written.
#[cfg(unix)]
#[test]
fn nothing_is_rendered_or_written() {
    let folder = input();
    let at = folder.path();
    put(at, "here/kustomization.yaml", "resources: [rbac.yaml]\n");
    let settings = "environments:\n- {name: one, kustomize: here, with: [elsewhere.yaml]}\n";
    put(at, ".rbac-eval.yaml", settings);
    // A tool that tells that it ran.
    let tools = at.join("tools");
    for tool in ["kubectl", "kustomize", "helm"] {
        put(&tools, tool, "#!/bin/sh\ntouch \"$TOLD\"\n");
        let tool = tools.join(tool);
        assert!(
            Command::new("chmod")
                .arg("+x")
                .arg(tool)
                .status()
                .unwrap()
                .success()
        );
    }
    let told = at.join("told");
    let path = format!("{}:{}", tools.display(), std::env::var("PATH").unwrap());
    let before = fs::read_dir(at).unwrap().count();
    let output = Command::new(env!("CARGO_BIN_EXE_rbac-eval"))
        .current_dir(at)
        .env("COMPLETE", "fish")
        .env("TOLD", &told)
        .env("PATH", path)
        .args(["--", "rbac-eval", "can-i", "--as", ""])
        .output()
        .unwrap();
    let words = String::from_utf8(output.stdout).unwrap();
    assert!(words.lines().any(|word| word == "otto"), "{words}");
    assert!(!words.lines().any(|word| word == "alice"), "{words}");
    assert!(!told.exists());
    assert_eq!(fs::read_dir(at).unwrap().count(), before);
}

/// A variable that is set by chance makes no yes of a no.
#[test]
fn a_variable_alone_changes_no_answer() {
    let folder = input();
    let run = |shell: &str, args: &[&str]| {
        Command::new(env!("CARGO_BIN_EXE_rbac-eval"))
            .current_dir(folder.path().join("here"))
            .env("COMPLETE", shell)
            .args(args)
            .output()
            .unwrap()
    };
    for shell in ["bash", "zsh", "1", "nonsense"] {
        let output = run(shell, &["can-i", "delete", "nodes", "--as", "alice", "-q"]);
        assert_eq!(output.status.code(), Some(1), "{shell}");
        let output = run(shell, &["can-i", "get", "pods", "--as", "alice", "--", "x"]);
        assert_eq!(output.status.code(), Some(2), "{shell}");
    }
}

/// Words that no one would type are no reason to fail.
#[test]
fn odd_lines_offer_nothing_and_break_nothing() {
    let folder = input();
    for words in [
        &[][..],
        &["--"],
        &["--", ""],
        &["can-i", "--", "--", ""],
        &["can-i", "--as", "--", ""],
        &["can-i", "-"],
        &["nonsense", ""],
        &["can-i", "-f"],
        &["help", ""],
        &["--help", "can-i", ""],
        &["can-i", "-Aqn", "p"],
        &["can-i", "\u{1b}[2J", ""],
        &["can-i", "--as=", "x"],
    ] {
        for shell in ["bash", "zsh", "fish", "powershell", "kubectl"] {
            let output = asked(folder.path(), shell, words);
            assert_eq!(
                String::from_utf8_lossy(&output.stderr),
                "",
                "{shell} {words:?}"
            );
            let code = output.status.code();
            assert!(matches!(code, Some(0 | 3)), "{shell} {words:?}: {code:?}");
        }
    }
}

//! Input that is broken, hostile or absent: a message with a place, no verdict, and no panic.

use std::path::Path;
use std::time::{Duration, Instant};

use crate::support::told::{put, run, told};
use tempfile::TempDir;

const BINDING: &str = "\
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: ann}
roleRef: {kind: ClusterRole, name: view}
subjects: [{kind: User, name: ann}]
";
const ROLE_HEAD: &str = "\
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: odd}
";
const JSON: &str = concat!(
    r#"{"apiVersion":"rbac.authorization.k8s.io/v1","kind":"ClusterRoleBinding","#,
    r#""metadata":{"name":"ann"},"roleRef":{"kind":"ClusterRole","name":"view"},"#,
    r#""subjects":[{"kind":"User","name":"ann"}]}"#,
);

/// Asks for what `ann` may do by the good binding, in text that ends with it where it can.
fn ask(folder: &Path, args: &[&str], stdin: &str) -> String {
    let args = [&["can-i", "get", "pods", "--as", "ann"], args].concat();
    told(folder, &args, stdin.as_bytes())
}

/// The transcript of asking a named file that holds this.
fn named(name: &str, content: impl AsRef<[u8]>) -> String {
    let folder = TempDir::new().unwrap();
    put(folder.path(), name, content);
    ask(folder.path(), &["-f", name], "")
}

#[test]
fn a_named_file_that_does_not_parse_gives_no_verdict() {
    let cases: [(&str, String); 8] = [
        (
            "unclosed-list.yaml",
            format!("{BINDING}---\nrules: [\n---\n{BINDING}"),
        ),
        ("tab.yaml", format!("{ROLE_HEAD}rules:\n\t- verbs: [get]\n")),
        (
            "unknown-anchor.yaml",
            format!("{BINDING}---\n{ROLE_HEAD}rules: *nope\n"),
        ),
        ("merge-of-number.yaml", format!("{ROLE_HEAD}<<: 5\n")),
        ("control.yaml", BINDING.replace("ann", "a\u{1}n")),
        ("version.yaml", format!("%YAML 3.0\n---\n{BINDING}")),
        (
            "template.yaml",
            format!("{BINDING}---\n{{{{- if .Values.rbac }}}}\nkind: Role\n"),
        ),
        (
            "in-a-list.yaml",
            "apiVersion: v1\nkind: List\nitems:\n- kind: Role\n  rules: [\n- kind: Role\n"
                .to_owned(),
        ),
    ];
    let transcripts: Vec<String> = cases.iter().map(|(name, text)| named(name, text)).collect();
    insta::assert_snapshot!("unparsable_yaml", transcripts.join("\n"));
}

#[test]
fn broken_json_gives_no_verdict_but_where_kubectl_reads_on() {
    let cases: [(&str, String); 6] = [
        ("truncated.json", JSON[..100].to_owned()),
        ("second-truncated.json", format!("{JSON}\n{}", &JSON[..100])),
        (
            "middle.jsonl",
            format!("{JSON}\n{{\"kind\": nope}}\n{JSON}\n"),
        ),
        (
            "pretty.json",
            "{\n  \"kind\": \"List\",\n  \"items\": [,]\n}\n".to_owned(),
        ),
        (
            "twice.json",
            JSON.replacen("\"metadata\"", "\"kind\":\"Role\",\"metadata\"", 1),
        ),
        ("yaml.json", BINDING.to_owned()),
    ];
    let transcripts: Vec<String> = cases.iter().map(|(name, text)| named(name, text)).collect();
    insta::assert_snapshot!("unparsable_json", transcripts.join("\n"));
}

#[test]
fn bytes_that_yaml_may_not_hold_are_named_and_encodings_read() {
    let utf16: Vec<u8> = std::iter::once(0xfeff)
        .chain(BINDING.encode_utf16())
        .flat_map(u16::to_le_bytes)
        .collect();
    let cases: [(&str, Vec<u8>); 4] = [
        ("nul.yaml", format!("{BINDING}# \0\n").into_bytes()),
        ("nul.json", format!("{JSON}\0").into_bytes()),
        ("utf16.yaml", utf16),
        ("latin1.yaml", [BINDING.as_bytes(), b"# caf\xe9\n"].concat()),
    ];
    let transcripts: Vec<String> = cases.iter().map(|(name, text)| named(name, text)).collect();
    insta::assert_snapshot!("no_text", transcripts.join("\n"));
}

#[test]
fn marks_and_line_ends_of_other_systems_are_read() {
    for text in [
        format!("\u{feff}{BINDING}"),
        format!("\u{feff}{JSON}"),
        BINDING.replace('\n', "\r\n"),
        format!("{BINDING}---\n").replace('\n', "\r\n"),
        JSON.replace(',', ",\r\n"),
        BINDING.trim_end().to_owned(),
    ] {
        let folder = TempDir::new().unwrap();
        put(folder.path(), "policy.yaml", &text);
        let args = ["can-i", "get", "pods", "--as", "ann", "-f", "policy.yaml"];
        let output = run(folder.path(), &args, b"");
        assert_eq!(output.status.code(), Some(0), "{text:?}");
        assert_eq!(str::from_utf8(&output.stderr).unwrap(), "", "{text:?}");
    }
}

#[test]
fn without_objects_the_error_says_what_was_looked_at_and_what_to_do() {
    let folder = TempDir::new().unwrap();
    put(folder.path(), "empty.yaml", "");
    put(folder.path(), "comments.yaml", "# nothing\n---\n# yet\n");
    put(
        folder.path(),
        "pod.yaml",
        "apiVersion: v1\nkind: Pod\nmetadata: {name: p}\n",
    );
    put(
        folder.path(),
        "list.json",
        r#"{"apiVersion":"v1","kind":"List","items":[]}"#,
    );
    put(folder.path(), "none/readme.md", "# no manifest\n");
    let transcripts: Vec<String> = [
        "empty.yaml",
        "comments.yaml",
        "pod.yaml",
        "list.json",
        "none",
    ]
    .iter()
    .map(|name| ask(folder.path(), &["-f", name], ""))
    .chain([
        ask(folder.path(), &[], ""),
        ask(folder.path(), &["-f", "-"], ""),
        ask(folder.path(), &["-f", "empty.yaml", "-f", "none"], ""),
    ])
    .collect();
    insta::assert_snapshot!("no_objects", transcripts.join("\n"));
}

#[test]
fn paths_that_cannot_be_read_are_named() {
    let folder = TempDir::new().unwrap();
    put(folder.path(), "good.yaml", BINDING);
    insta::assert_snapshot!(
        "unreadable_paths",
        [
            ask(folder.path(), &["-f", "absent.yaml"], ""),
            ask(folder.path(), &["-f", "good.yaml", "-f", "absent/"], ""),
            ask(folder.path(), &["-f", "-", "-f", "-"], BINDING),
        ]
        .join("\n")
    );
}

#[test]
fn in_a_folder_a_broken_file_is_a_warning_and_the_rest_counts() {
    let folder = TempDir::new().unwrap();
    put(folder.path(), "rbac/good.yaml", BINDING);
    put(folder.path(), "rbac/broken.yaml", "kind: Role\nrules: [\n");
    put(
        folder.path(),
        "rbac/chart/templates/role.yaml",
        "{{- if .Values.rbac }}\nkind: Role\n",
    );
    put(folder.path(), "rbac/truncated.json", &JSON[..100]);
    put(folder.path(), "rbac/values.yaml", "replicas: 3\n");
    put(folder.path(), "rbac/notes.txt", "not: [yaml\n");
    insta::assert_snapshot!(
        "folder",
        [
            ask(folder.path(), &["-f", "rbac"], ""),
            ask(folder.path(), &["-f", "rbac", "--strict"], ""),
            // Named, the same file is an error.
            ask(folder.path(), &["-f", "rbac", "-f", "rbac/broken.yaml"], ""),
            ask(
                folder.path(),
                &["-f", "rbac/good.yaml", "-f", "rbac/values.yaml"],
                ""
            ),
        ]
        .join("\n")
    );
}

#[test]
fn of_two_objects_both_count_and_both_places_are_told() {
    let folder = TempDir::new().unwrap();
    put(
        folder.path(),
        "a.yaml",
        format!("{BINDING}---\n{}", BINDING.replace("view", "edit")),
    );
    put(
        folder.path(),
        "b.yaml",
        BINDING.replace("User, name: ann", "User, name: bea"),
    );
    put(folder.path(), "c.yaml", BINDING);
    insta::assert_snapshot!(
        "same_object_twice",
        [
            ask(folder.path(), &["-f", "a.yaml"], ""),
            ask(folder.path(), &["-f", "c.yaml", "-f", "b.yaml"], ""),
            ask(folder.path(), &["-f", "b.yaml", "-f", "-"], BINDING),
            ask(
                folder.path(),
                &["-f", "b.yaml", "-f", "-", "--strict"],
                BINDING
            ),
        ]
        .join("\n")
    );
    // The same content, and the same file by two ways, are nothing to tell.
    for args in [
        ["-f", "c.yaml", "-f", "-"],
        ["-f", "c.yaml", "-f", "c.yaml"],
    ] {
        let args = [&["can-i", "get", "pods", "--as", "ann"], &args[..]].concat();
        let output = run(folder.path(), &args, BINDING.as_bytes());
        assert_eq!(output.status.code(), Some(0));
        assert_eq!(str::from_utf8(&output.stderr).unwrap(), "");
    }
}

/// Input made to use up time, memory or stack. What it is told is up to the parsers; that it is
/// told, at which line, and soon, is not.
#[test]
fn bombs_are_refused_in_time() {
    let depth = 10_000;
    let aliases: String = (b'b'..b'l')
        .map(|name| {
            let before = char::from(name - 1);
            let nine = vec![format!("*{before}"); 9].join(",");
            format!("{0}: &{0} [{nine}]\n", char::from(name))
        })
        .collect();
    let (opens, closes) = ("[".repeat(depth), "]".repeat(depth));
    let json_head = r#"{"apiVersion":"rbac.authorization.k8s.io/v1","kind":"ClusterRole","metadata":{"name":"odd"},"#;
    let cases: [(&str, String); 9] = [
        (
            "aliases.yaml",
            format!("{ROLE_HEAD}a: &a [x,x,x,x,x,x,x,x,x]\n{aliases}"),
        ),
        ("cycle.yaml", format!("{ROLE_HEAD}rules: &a [*a]\n")),
        ("flow.yaml", format!("{ROLE_HEAD}rules: {opens}{closes}\n")),
        (
            "maps.yaml",
            format!("{ROLE_HEAD}rules: {}\n", "{a: ".repeat(depth)),
        ),
        (
            "block.yaml",
            format!("{ROLE_HEAD}rules:\n{}x\n", "- ".repeat(depth)),
        ),
        (
            "rules.json",
            format!("{json_head}\n\"rules\":{opens}{closes}}}"),
        ),
        ("array.json", format!("\n{opens}{closes}")),
        ("open.json", format!("\n{opens}")),
        ("maps.json", format!("\n{}", "{\"a\":".repeat(depth))),
    ];
    for (name, text) in cases {
        let folder = TempDir::new().unwrap();
        put(folder.path(), name, &text);
        let begin = Instant::now();
        let output = run(
            folder.path(),
            &["can-i", "get", "pods", "--as", "ann", "-f", name],
            b"",
        );
        let stderr = str::from_utf8(&output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{name}: {stderr}");
        let span = stderr
            .strip_prefix("error: ")
            .or(stderr.strip_prefix("warning: "))
            .and_then(|rest| rest.strip_prefix(name));
        let line = span.and_then(|rest| rest.strip_prefix(':')?.split(':').next());
        let line: usize = line.and_then(|line| line.parse().ok()).expect(stderr);
        let last = text.lines().count();
        assert!(
            (2..=last).contains(&line) || name == "block.yaml",
            "{name}: {stderr}"
        );
        assert!(begin.elapsed() < Duration::from_secs(60), "{name}");
    }
}

#[test]
fn a_configuration_file_is_found_upward_and_its_errors_are_placed() {
    let folder = TempDir::new().unwrap();
    put(folder.path(), "policy/rbac.yaml", BINDING);
    put(
        folder.path(),
        "team/app/rbac.yaml",
        BINDING.replace("ann", "bea"),
    );
    let app = folder.path().join("team/app");
    let mut transcript = Vec::new();
    for config in [
        "files: [../policy]\n",
        "# Nothing but a comment: the folder is read.\n",
        "files: [../policy, absent.yaml]\n",
        "files: [../policy]\ndefaults: none\n",
        "files: [../policy]\ndefaults: 0.9\n",
        "filse: [../policy]\n",
    ] {
        put(folder.path(), "team/.rbac-eval.yaml", config);
        transcript.push(format!("# {}\n{}", config.trim_end(), ask(&app, &[], "")));
    }
    // `-f` goes before the file.
    transcript.push(ask(&app, &["-f", "rbac.yaml"], ""));
    insta::assert_snapshot!("configuration", transcript.join("\n"));
}

#[test]
fn without_configuration_the_folder_is_read_as_git_sees_it() {
    let folder = TempDir::new().unwrap();
    let named = |name: &str| BINDING.replace("ann", name);
    put(folder.path(), "a.yaml", named("ann"));
    put(folder.path(), "ignored/b.yaml", named("bea"));
    put(folder.path(), "deep/er/c.yml", named("cora"));
    put(folder.path(), ".gitignore", "ignored/\n");
    for (user, here, by_name) in [("ann", 0, 0), ("bea", 1, 0), ("cora", 0, 0)] {
        let asked = |args: &[&str]| {
            let args = [&["can-i", "get", "pods", "--as", user], args].concat();
            run(folder.path(), &args, b"").status.code()
        };
        assert_eq!(asked(&[]), Some(here), "{user}");
        assert_eq!(asked(&["-f", "."]), Some(by_name), "{user}");
    }
}

//! Names that are made to steer a terminal, to fake a line of an answer, or to be read as
//! something else than a string: none gets out as it is.

use std::path::Path;

use crate::support::told::{put, run};
use serde_json::{Value, json};
use tempfile::TempDir;

const EVIL: &str = "x\u{1b}[2K\nyes\r\u{9b}1m\u{202e}z";

fn misleads(character: char) -> bool {
    character.is_control() && character != '\n' || character == '\u{202e}'
}

fn policy(user: &str, names: &Value) -> String {
    let role = json!({
        "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole",
        "metadata": {"name": EVIL},
        "rules": [
            {"apiGroups": [""], "resources": ["pods"], "verbs": ["get", EVIL],
                "resourceNames": names},
            {"apiGroups": [EVIL], "resources": [EVIL], "verbs": ["get"]},
            {"nonResourceURLs": [EVIL], "verbs": ["get"]},
        ],
    });
    let binding = json!({
        "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRoleBinding",
        "metadata": {"name": EVIL},
        "roleRef": {"kind": "ClusterRole", "name": EVIL},
        "subjects": [{"kind": "User", "name": user}, {"kind": "User", "name": EVIL}],
    });
    let refused = json!({
        "apiVersion": "rbac.authorization.k8s.io/v1", "kind": EVIL, "metadata": {"name": EVIL},
    });
    let mut unknown = binding.clone();
    unknown[EVIL] = json!(1);
    format!("{role}\n{binding}\n{refused}\n{unknown}\n")
}

fn ask(folder: &Path, args: &[&str]) -> String {
    let args = [args, &["-f", "p.json", "--defaults", "none"]].concat();
    let output = run(folder, &args, b"");
    let stderr = String::from_utf8(output.stderr).unwrap();
    format!("{}{stderr}", String::from_utf8(output.stdout).unwrap())
}

#[test]
fn no_text_carries_what_steers_a_terminal() {
    let folder = TempDir::new().unwrap();
    put(
        folder.path(),
        "p.json",
        policy("ann", &json!(["web", EVIL])),
    );
    let mut asked = 0;
    for args in [
        &["can-i", "get", "pods/web", "--as", "ann"][..],
        &["can-i", "get", "pods", "--as", "ann"],
        &["can-i", "get", "pods/web", "--as", EVIL],
        &["can-i", EVIL, EVIL, "--as", EVIL],
        &["can-i", "get", "pods", "--as", "ann", "-n", EVIL],
        &["can-i", "--list", "--as", "ann"],
    ] {
        let text = ask(folder.path(), args);
        assert!(!text.contains(misleads), "{args:?}: {text:?}");
        for line in text.lines().skip(1) {
            assert!(!line.starts_with("yes"), "{args:?}: {text}");
        }
        asked += usize::from(text.contains("\\u{1b}"));
    }
    assert_eq!(asked, 6);
}

#[test]
fn yaml_answers_quote_what_yaml_1_1_would_not_read_as_strings() {
    let names = [
        "yes",
        "on",
        "n",
        "1_000",
        "0x1F",
        "null",
        "~",
        "1.5",
        "true",
        "2001-01-01",
    ];
    let folder = TempDir::new().unwrap();
    put(folder.path(), "p.json", policy("no", &json!(names)));
    let args = ["can-i", "get", "pods/yes", "--as", "no", "-o"];
    let yaml = ask(folder.path(), &[&args[..], &["yaml"]].concat());
    let json = ask(folder.path(), &[&args[..], &["json"]].concat());
    let answer = |text: &str| text[..text.find("warning:").unwrap_or(text.len())].to_owned();
    for name in names {
        let quoted =
            yaml.contains(&format!("- \"{name}\"\n")) || yaml.contains(&format!("- '{name}'\n"));
        assert!(quoted, "{name}: {yaml}");
    }
    let (yaml, json) = (answer(&yaml), answer(&json));
    let read: Value = serde_yaml::from_str(&yaml).unwrap();
    assert_eq!(read, serde_json::from_str::<Value>(&json).unwrap());
}

#[cfg(unix)]
#[test]
fn what_cannot_be_read_below_a_folder_is_named_once() {
    let folder = TempDir::new().unwrap();
    put(
        folder.path(),
        "all/p.json",
        policy("ann", &json!(["web"])).lines().nth(1).unwrap(),
    );
    std::os::unix::fs::symlink("absent", folder.path().join("all/gone.yaml")).unwrap();
    let args = ["can-i", "get", "pods", "--as", "ann", "-f", "all"];
    let told = |args: &[&str]| String::from_utf8(run(folder.path(), args, b"").stderr).unwrap();
    let message = "all/gone.yaml: not read: it is a link to `absent`, which doesn't exist\n";
    assert_eq!(told(&args), format!("warning: {message}"));
    let strict = told(&[&args[..], &["--strict"]].concat());
    assert!(strict.starts_with(&format!("error: {message}")), "{strict}");
}

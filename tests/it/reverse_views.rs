//! What `who-can`, `lookup` and `matrix` show.

use std::path::{Path, PathBuf};

use crate::support::told::{run, told};
use serde_json::Value;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/reverse")
}

fn args(command: &str) -> Vec<&str> {
    let mut args: Vec<&str> = command.split(' ').collect();
    args.extend(["-f", "rbac.yaml", "--directory", "../directory/own.yaml"]);
    if !args.contains(&"--defaults") {
        args.extend(["--defaults", "none"]);
    }
    args
}

fn shown(command: &str) -> String {
    told(&folder(), &args(command), b"")
}

fn all(commands: &[&str]) -> String {
    let shown: Vec<String> = commands.iter().map(|command| shown(command)).collect();
    shown.join("\n")
}

fn answer(command: &str) -> (Option<i32>, String) {
    let output = run(&folder(), &args(command), b"");
    (
        output.status.code(),
        String::from_utf8(output.stdout).unwrap(),
    )
}

fn json(command: &str) -> Value {
    serde_json::from_str(&answer(&format!("{command} -o json")).1).unwrap()
}

#[test]
fn who_can_lists_subjects_with_their_bindings() {
    insta::assert_snapshot!(
        "who_can",
        all(&[
            "who-can list pods -n shop",
            "who-can list pods -n shop --system",
            "who-can list pods -n shop --expand",
            "who-can list pods -A",
            "who-can list pods -n open -o wide",
            // Limited to names: a section of its own.
            "who-can get secrets -n shop",
            "who-can get secrets/tls -n shop",
            "who-can get secrets -n shop -o wide",
            "who-can get nodes -n shop",
            "who-can get nodes -A",
            "who-can get /metrics/cadvisor",
            "who-can update widgets --subresource status -n shop",
            // A binding in reach whose role is absent.
            "who-can list pods -n gone",
        ])
    );
}

#[test]
fn who_can_s_documents_carry_what_the_table_says() {
    insta::assert_snapshot!(
        "who_can_documents",
        all(&[
            "who-can get secrets -n shop -o json --expand",
            "who-can get /metrics/x -o yaml",
            "who-can get secrets -n shop -o csv",
        ])
    );
}

#[test]
fn who_can_says_no_one_by_its_exit_code() {
    for (command, code) in [
        ("who-can list pods -n shop", 0),
        ("who-can delete pods -n shop", 1),
        // Some names only is no one without a name.
        ("who-can update secrets -n shop", 1),
        ("who-can update secrets/tls -n shop", 0),
        ("who-can update secrets/tls -n open", 1),
        ("who-can get /healthz", 1),
        ("who-can get /metrics/x", 0),
        ("who-can get /metrics/x --subresource y", 2),
        // A RoleBinding doesn't grant a cluster-scoped type.
        ("who-can list nodes -A", 1),
    ] {
        let (exit, text) = answer(command);
        assert_eq!(exit, Some(code), "{command}");
        assert_eq!(
            text.contains("No one but Kubernetes' own can"),
            code == 1,
            "{command}: {text}"
        );
        // Whatever RBAC says, there is always one.
        let (exit, text) = answer(&format!("{command} --system"));
        assert_eq!(exit, Some(code), "{command}");
        assert_eq!(
            text.contains("No one else can"),
            code == 1,
            "{command}: {text}"
        );
        assert_eq!(
            text.contains("system:masters"),
            code < 2,
            "{command}: {text}"
        );
    }
}

#[test]
fn lookup_shows_each_binding_that_reaches_a_subject() {
    insta::assert_snapshot!(
        "lookup",
        all(&[
            // By a binding's name for them, by groups, and by both.
            "lookup rita",
            "lookup alice",
            "lookup platform",
            "lookup shop/web",
            "lookup --exact system:serviceaccount:shop:web",
            "lookup rita --rules",
            "lookup system:masters --defaults 1.37",
            "lookup system:masters --defaults 1.37 --system",
            "lookup rita -o wide",
            "lookup alice -o csv",
        ])
    );
}

#[test]
fn lookup_s_documents_carry_what_the_text_says() {
    insta::assert_snapshot!(
        "lookup_documents",
        all(&["lookup olga --rules -o json", "lookup alice -o yaml"])
    );
}

#[test]
fn lookup_takes_a_part_of_a_name_unless_exact() {
    let names = |command: &str| -> Vec<String> {
        json(command)["subjects"]
            .as_array()
            .unwrap()
            .iter()
            .map(|subject| subject["name"].as_str().unwrap().to_owned())
            .collect()
    };
    assert_eq!(names("lookup RIT"), ["rita"]);
    // Display names count as well, and people whom only groups reach.
    assert_eq!(
        names("lookup pla"),
        ["10000000-aaaa-4000-8000-000000000001"]
    );
    assert_eq!(names("lookup adams"), ["alice@contoso.com"]);
    assert_eq!(names("lookup --exact Alice"), [""; 0]);
    assert_eq!(names("lookup --exact shop/web"), ["web"]);
    assert_eq!(names("lookup --exact rit"), [""; 0]);
    assert_eq!(names("lookup --exact Rita"), [""; 0]);
    assert_eq!(names("lookup --exact rita"), ["rita"]);
    for (command, code) in [
        ("lookup rita", 0),
        ("lookup --exact rit", 1),
        ("lookup nobody", 1),
    ] {
        assert_eq!(answer(command).0, Some(code), "{command}");
    }
}

#[test]
fn matrix_shows_subjects_by_verbs() {
    insta::assert_snapshot!(
        "matrix_subjects",
        all(&[
            "matrix widgets -n shop",
            "matrix widgets -n shop --ascii",
            "matrix secrets -n open --ascii -o markdown",
            "matrix secrets -n shop -o csv",
            "matrix nodes -o csv",
            "matrix widgets -n shop -o json",
            "matrix widgets --subresource status -n shop -o csv",
            "matrix pods -A -o csv",
        ])
    );
}

/// Some of the rows of a long table.
fn rows(command: &str, wanted: &[&str]) -> String {
    let text = shown(command);
    let lines: Vec<&str> = text
        .lines()
        .enumerate()
        .filter(|(number, line)| {
            let first = line.trim_start_matches(['|', ' ', '`']);
            let last = line.rsplit(' ').next().unwrap_or_default();
            let is_wanted = |word: &&str| first.starts_with(word) || last.starts_with(word);
            *number < 2 || wanted.iter().any(is_wanted) || line.ends_with("--all shows them")
        })
        .map(|(_, line)| line)
        .collect();
    lines.join("\n") + "\n"
}

#[test]
fn matrix_shows_resources_by_verbs() {
    let wanted = ["pods", "secrets", "nodes", "widgets", "deployments"];
    let tables: Vec<String> = [
        "matrix --as rita -n shop",
        "matrix --as rita -n shop --all",
        "matrix --as rita -n shop --ascii",
        "matrix --as rita -n gone --ascii",
        "matrix --as olga -n shop -o csv",
        "matrix --as olga -n shop -o markdown",
        "matrix --as alice@contoso.com -n shop --ascii",
        "matrix --as system:serviceaccount:shop:other -n open --ascii",
    ]
    .iter()
    .map(|command| rows(command, &wanted))
    .collect();
    insta::assert_snapshot!("matrix_resources", tables.join("\n"));
    let matrix = json("matrix --as olga -n shop");
    let row = matrix["rows"]
        .as_array()
        .unwrap()
        .iter()
        .find(|row| row["resource"] == "secrets")
        .unwrap();
    assert_eq!(
        row["cells"],
        serde_json::json!(["partial", "no", "no", "no", "partial", "no", "no", "no"])
    );
    assert_eq!(matrix["verbs"].as_array().unwrap().len(), 8);
}

#[test]
fn matrix_wants_either_a_type_or_a_user() {
    for command in ["matrix -n shop", "matrix pods --as rita", "matrix /metrics"] {
        let output = run(&folder(), &args(command), b"");
        assert_eq!(output.status.code(), Some(2), "{command}");
        assert_eq!(output.stdout, b"", "{command}");
        assert!(!output.stderr.is_empty(), "{command}");
    }
}

/// Answers are the same bytes whatever the order of the input.
#[test]
fn the_order_of_the_input_does_not_matter() {
    let text = std::fs::read_to_string(folder().join("rbac.yaml")).unwrap();
    let mut documents: Vec<&str> = text.split("---\n").collect();
    documents.reverse();
    let reversed = documents.join("---\n");
    for command in [
        "who-can get secrets -n shop",
        "matrix pods -A",
        "matrix secrets -n shop",
    ] {
        let mut args = args(command);
        let (_, expected) = answer(command);
        let file = args.iter().position(|arg| *arg == "rbac.yaml").unwrap();
        args[file] = "-";
        let output = run(&folder(), &args, reversed.as_bytes());
        // Where something is written is another place in another order.
        let without_places = |text: &str| text.split("incomplete:").next().unwrap().to_owned();
        let found = String::from_utf8(output.stdout).unwrap();
        assert_eq!(
            without_places(&found),
            without_places(&expected),
            "{command}"
        );
    }
}

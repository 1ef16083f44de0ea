//! What the names of the Entra directory do to answers.

use std::path::{Path, PathBuf};

use crate::support::told::{WIDTH, put, run, told};
use tempfile::TempDir;

const PLATFORM: &str = "10000000-aaaa-4000-8000-000000000001";
const ALICE: &str = "20000000-bbbb-4000-8000-000000000001";
const BOB: &str = "20000000-bbbb-4000-8000-000000000002";
const NOBODY: &str = "20000000-bbbb-4000-8000-00000000dead";
const PIPELINE: &str = "30000000-cccc-4000-8000-000000000001";

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/directory")
}

#[test]
fn a_broken_directory_leaves_no_verdict() {
    let temporary = TempDir::new().unwrap();
    put(temporary.path(), "broken.json", "[\n");
    let rbac = folder().join("rbac.yaml");
    for directory in ["broken.json", "absent.json"] {
        let args = [
            "can-i",
            "get",
            "pods",
            "--as",
            "x",
            "-f",
            rbac.to_str().unwrap(),
            "--directory",
            directory,
        ];
        let output = run(temporary.path(), &args, b"");
        assert_eq!(output.status.code(), Some(2));
        assert_eq!(output.stdout, b"");
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert!(stderr.contains(directory), "{stderr}");
    }
}

/// Runs the program on `rbac.yaml` and `own.yaml`.
fn asked(command: &str) -> String {
    let inputs = ["-f", "rbac.yaml", "--directory", "own.yaml"];
    let args: Vec<&str> = command.split(' ').chain(inputs).collect();
    let transcript = told(&folder(), &args, b"");
    let is_prose = !args.contains(&"-o") && !["who-can", "matrix", "lookup"].contains(&args[0]);
    for line in transcript.lines().skip(1).filter(|_| is_prose) {
        // Errors and notes on standard error are one line each.
        let is_answer = !line.starts_with("stderr| ");
        assert!(!is_answer || line.chars().count() <= WIDTH, "{line}");
    }
    transcript
}

#[test]
fn whoever_asks_is_whom_the_cluster_sees() {
    let guest = format!("can-i get pods --as {BOB} -n shop");
    let pipeline = format!("can-i get pods --as {PIPELINE} -n shop");
    let by_id = format!("can-i create pods --as {ALICE} -n shop");
    let asks: Vec<String> = [
        "can-i create pods --as alice@contoso.com -n shop",
        &by_id,
        "can-i get pods --as CAROL@contoso.com -n shop",
        "can-i get pods --as bob@fabrikam.com -n shop",
        &guest,
        &pipeline,
        // Nobody whom the directory knows is taken as written.
        "can-i create pods --as dora@contoso.com -n shop",
    ]
    .iter()
    .map(|command| asked(command))
    .collect();
    insta::assert_snapshot!("as", asks.join("\n"));
}

#[test]
fn a_group_may_be_given_by_name() {
    let by_id = format!("can-i create pods --as x --as-group {PLATFORM} -n shop");
    let mut asks: Vec<String> = [
        "can-i create pods --as x --as-group platform -n shop",
        "can-i create pods --as x --as-group platform@contoso.com -n shop",
        &by_id,
        "can-i create pods --as x --as-group Unknown -n shop",
    ]
    .iter()
    .map(|command| asked(command))
    .collect();
    let args = [
        "can-i",
        "get",
        "pods",
        "--as",
        "x",
        "--as-group",
        "On call",
        "-f",
        "rbac.yaml",
        "--directory",
        "own.yaml",
    ];
    asks.push(told(&folder(), &args, b""));
    insta::assert_snapshot!("as_group", asks.join("\n"));
}

#[test]
fn more_groups_than_a_token_carries_are_noted() {
    let temporary = TempDir::new().unwrap();
    let rbac = std::fs::read_to_string(folder().join("rbac.yaml")).unwrap();
    put(temporary.path(), "rbac.yaml", rbac);
    for (count, noted) in [(200, false), (201, true)] {
        let mut yaml =
            format!("users: [{{id: {ALICE}, userPrincipalName: alice@contoso.com}}]\ngroups:\n");
        for number in 1..=count {
            yaml.push_str(&format!(
                "- {{id: 10000000-aaaa-4000-8000-{number:012}, members: [alice@contoso.com]}}\n"
            ));
        }
        put(temporary.path(), "many.yaml", yaml);
        let args = [
            "can-i",
            "create",
            "pods",
            "--as",
            "alice@contoso.com",
            "-n",
            "shop",
            "-f",
            "rbac.yaml",
            "--directory",
            "many.yaml",
        ];
        let text = told(temporary.path(), &args, b"");
        assert!(text.contains("\nyes\n"), "{text}");
        let note = "note: alice@contoso.com is in 201 groups; beyond 200 a token carries none";
        assert_eq!(text.contains(note), noted, "{text}");
        assert_eq!(text.contains("(overage)"), noted, "{text}");
    }
}

/// The names that people know stand beside object IDs wherever one is printed, in each form.
#[test]
fn names_stand_beside_object_ids_everywhere() {
    let places: [(&str, &[(&str, &str)]); 5] = [
        (
            "can-i create pods --as alice@contoso.com -n shop",
            &[(PLATFORM, "Platform")],
        ),
        (
            "who-can get pods -n shop -o csv",
            &[
                (PLATFORM, "Platform"),
                (BOB, "Bob Brown"),
                (PIPELINE, "deploy-pipeline"),
            ],
        ),
        (
            "lookup alice",
            &[("", "alice@contoso.com (Alice Adams)"), ("", "(Platform)")],
        ),
        (
            "matrix pods -n shop -o csv",
            &[
                (PLATFORM, "Platform"),
                (BOB, "Bob Brown"),
                (PIPELINE, "deploy-pipeline"),
            ],
        ),
        (
            "who-can create pods -n shop --expand -o csv",
            &[
                (PLATFORM, "Platform"),
                (BOB, "Bob Brown"),
                (PIPELINE, "deploy-pipeline"),
            ],
        ),
    ];
    for (command, names) in places {
        let text = asked(command);
        for (id, name) in names {
            let beside = text
                .lines()
                .any(|line| line.contains(id) && line.contains(name));
            assert!(beside, "{id} without {name}: {text}");
        }
    }
    for command in [
        "can-i create pods --as alice@contoso.com -n shop -o json",
        "who-can get pods -n shop -o json",
        "lookup alice -o json",
        "matrix pods -n shop -o json",
    ] {
        let text = asked(command);
        assert!(text.contains(r#""displayName": "Platform""#), "{text}");
    }
}

#[test]
fn expanded_groups_hold_those_whom_the_directory_lacks_too() {
    let command = "who-can create pods -n shop --expand -o json --defaults 1.24";
    let text = asked(command);
    let (_, json) = text.split_once('\n').unwrap();
    let answer: serde_json::Value = serde_json::from_str(json).unwrap();
    let group = answer["subjects"]
        .as_array()
        .unwrap()
        .iter()
        .find(|subject| subject["name"] == PLATFORM)
        .unwrap();
    let names: Vec<&str> = group["members"]
        .as_array()
        .unwrap()
        .iter()
        .map(|member| member["name"].as_str().unwrap())
        .collect();
    assert_eq!(
        names,
        [
            BOB,
            NOBODY,
            PIPELINE,
            "alice@contoso.com",
            "carol@contoso.com"
        ]
    );
    let unexpanded = asked("who-can create pods -n shop -o json");
    assert!(!unexpanded.contains("members"), "{unexpanded}");
}

#[test]
fn the_configuration_names_the_directory_too() {
    let temporary = TempDir::new().unwrap();
    for file in ["rbac.yaml", "own.yaml"] {
        let text = std::fs::read_to_string(folder().join(file)).unwrap();
        put(temporary.path(), &format!("policy/{file}"), text);
    }
    let config = "files: [policy/rbac.yaml]\ndirectory: [policy/own.yaml]\n";
    put(temporary.path(), ".rbac-eval.yaml", config);
    put(temporary.path(), "below/.keep", "");
    let ask = |more: &[&str]| {
        let args = [
            &[
                "can-i",
                "create",
                "pods",
                "--as",
                "alice@contoso.com",
                "-n",
                "shop",
            ],
            more,
        ];
        run(&temporary.path().join("below"), &args.concat(), b"")
            .status
            .code()
    };
    assert_eq!(ask(&[]), Some(0));
    // The flag takes its place.
    put(temporary.path(), "empty.json", "[]");
    assert_eq!(ask(&["--directory", "../empty.json"]), Some(1));
}

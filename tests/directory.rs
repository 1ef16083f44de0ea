//! The Entra directory: each export that the documentation names, and what its names do to answers.

mod told;

use std::path::{Path, PathBuf};

use rbac_eval::directory::{Directory, PersonKind};
use rbac_eval::source::{SourceText, read_path};
use tempfile::TempDir;
use told::{WIDTH, put, run, told};

const PLATFORM: &str = "10000000-aaaa-4000-8000-000000000001";
const ON_CALL: &str = "10000000-aaaa-4000-8000-000000000002";
const OTHER_ON_CALL: &str = "10000000-aaaa-4000-8000-000000000003";
const ALICE: &str = "20000000-bbbb-4000-8000-000000000001";
const BOB: &str = "20000000-bbbb-4000-8000-000000000002";
const CAROL: &str = "20000000-bbbb-4000-8000-000000000003";
const NOBODY: &str = "20000000-bbbb-4000-8000-00000000dead";
const PIPELINE: &str = "30000000-cccc-4000-8000-000000000001";
const POOL: &str = "30000000-cccc-4000-8000-000000000002";
const MEMBERS_OF_PLATFORM: &str =
    "az-ad-group-member-list-10000000-aaaa-4000-8000-000000000001.json";

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/directory")
}

fn read(files: &[&str]) -> Directory {
    let texts: Vec<SourceText> = files
        .iter()
        .flat_map(|file| read_path(&folder().join(file)).unwrap().texts)
        .collect();
    Directory::read(&texts).unwrap()
}

#[test]
fn az_ad_group_list_gives_names_and_mails() {
    let directory = read(&["az-ad-group-list.json"]);
    assert_eq!(directory.groups().count(), 3);
    assert_eq!(directory.people().count(), 0);
    assert_eq!(directory.name_of(PLATFORM), Some("Platform"));
    for name in ["Platform", "platform", "platform@contoso.com"] {
        let group = directory.group_named(name).unwrap().unwrap();
        assert_eq!(group.id, PLATFORM, "{name}");
    }
    // Display names needn't be unique, and Entra ID compares them without letter case.
    let ambiguous = directory.group_named("On call").unwrap_err();
    assert_eq!(ambiguous.ids, [ON_CALL, OTHER_ON_CALL]);
    assert_eq!(directory.group_named("Nobody"), Ok(None));
}

#[test]
fn az_ad_group_member_list_belongs_to_the_group_in_the_file_s_name() {
    let directory = read(&[MEMBERS_OF_PLATFORM]);
    assert_eq!(directory.members_of(PLATFORM), [ALICE, PIPELINE]);
    assert_eq!(directory.groups_of(ON_CALL), [PLATFORM]);
    assert_eq!(
        directory.person(PIPELINE).unwrap().kind,
        PersonKind::ServicePrincipal
    );
    assert_eq!(
        directory.person("alice@contoso.com").unwrap().kind,
        PersonKind::Member
    );
}

#[test]
fn az_ad_user_list_tells_guests_by_their_principal_name() {
    let directory = read(&["az-ad-user-list.json"]);
    assert_eq!(directory.groups().count(), 0);
    let kinds = [ALICE, BOB, CAROL].map(|id| directory.person(id).unwrap().kind);
    assert_eq!(
        kinds,
        [PersonKind::Member, PersonKind::Guest, PersonKind::Member]
    );
    // The letter case of the user principal name is the tenant's, that of an object ID a token's.
    assert_eq!(
        directory.person(ALICE).unwrap().cluster_name(),
        "Alice@contoso.com"
    );
    assert_eq!(directory.person(BOB).unwrap().cluster_name(), BOB);
}

#[test]
fn az_ad_sp_list_gives_service_principals_and_managed_identities() {
    let directory = read(&["az-ad-sp-list.json"]);
    for (id, name) in [(PIPELINE, "deploy-pipeline"), (POOL, "aks-agentpool")] {
        let principal = directory.person(id).unwrap();
        assert_eq!(principal.kind, PersonKind::ServicePrincipal);
        assert_eq!(principal.cluster_name(), id);
        assert_eq!(directory.name_of(id), Some(name));
    }
    // The application's own id is another thing, and no token names it.
    assert_eq!(
        directory.person("99999999-0000-4000-8000-000000000001"),
        None
    );
}

#[test]
fn microsoft_graph_s_pages_give_members_each_in_their_way() {
    let expanded = read(&["graph-groups-members.json"]);
    assert_eq!(expanded.members_of(ON_CALL), [CAROL]);
    let transitive = read(&["graph-groups-transitive-members.json"]);
    assert_eq!(transitive.groups_of(CAROL), [PLATFORM]);
    let of_context = read(&["graph-members-of-one-group.json"]);
    assert_eq!(of_context.members_of(OTHER_ON_CALL), [BOB]);
    assert_eq!(of_context.person(BOB).unwrap().kind, PersonKind::Guest);
}

#[test]
fn what_several_files_say_adds_up_in_any_order() {
    let mut files = [
        "az-ad-group-list.json",
        MEMBERS_OF_PLATFORM,
        "az-ad-user-list.json",
        "graph-groups-members.json",
        "graph-members-of-one-group.json",
    ];
    for _ in 0..2 {
        let directory = read(&files);
        assert_eq!(directory.groups_of(CAROL), [PLATFORM, ON_CALL]);
        assert_eq!(directory.members_of(PLATFORM), [ALICE, CAROL, PIPELINE]);
        assert_eq!(directory.group(PLATFORM).unwrap().display_name, "Platform");
        assert_eq!(directory.person(BOB).unwrap().kind, PersonKind::Guest);
        files.reverse();
    }
}

#[test]
fn our_own_form_follows_nested_groups_and_cycles() {
    for file in ["own.yaml", "own.json"] {
        let directory = read(&[file]);
        let all = [PLATFORM, ON_CALL, OTHER_ON_CALL];
        for id in [ALICE, BOB, CAROL, PIPELINE, NOBODY] {
            assert_eq!(directory.groups_of(id), all, "{file}: {id}");
        }
        for group in all {
            assert_eq!(
                directory.members_of(group),
                [ALICE, BOB, CAROL, NOBODY, PIPELINE],
                "{file}: {group}"
            );
        }
        assert_eq!(directory.person(BOB).unwrap().kind, PersonKind::Guest);
        assert_eq!(directory.name_of(CAROL), Some("carol@contoso.com"));
        assert_eq!(directory.name_of(NOBODY), None);
        assert_eq!(directory.groups_of("dora@contoso.com"), [""; 0]);
    }
}

/// The directory's error for a file of this content; none where it is taken.
fn error(name: &str, content: &[u8]) -> Option<String> {
    let text = SourceText {
        name: name.to_owned(),
        bytes: content.to_vec(),
        named: true,
    };
    Directory::read(&[text])
        .err()
        .map(|error| error.to_string())
}

#[test]
fn broken_files_are_told_with_their_line() {
    let id = PLATFORM;
    let cases: &[(&str, String, &str)] = &[
        (
            "a.json",
            "[\n {\"id\": \"x\",\n}]".into(),
            "3: trailing comma",
        ),
        (
            "a.json",
            "[{\"id\": \"x\"}]\nmore".into(),
            "2: trailing characters",
        ),
        ("a.json", "[{\"id\":\n".into(), "2: EOF while parsing"),
        (
            "a.json",
            "{\"value\": [\n {\"displayName\": \"x\"}\n]}".into(),
            "2: missing field `id`",
        ),
        ("a.json", "[\n1]".into(), "2: invalid type: integer `1`"),
        (
            "a.json",
            "{\"value\":\n 5}".into(),
            "2: invalid type: integer `5`",
        ),
        (
            "a.json",
            format!("{{\"value\": [\n{{\"id\": \"{id}\",\n\"members\": 5}}]}}"),
            "3: invalid type: integer `5`",
        ),
        (
            "a.json",
            "{\n\"error\": {\"code\": \"Forbidden\"}}".into(),
            "2: unknown field `error`",
        ),
        ("a.json", String::new(), "1: the file is empty"),
        (
            "a.yaml",
            "groups:\n- displayName: x\n".into(),
            "2: missing field `id`",
        ),
        (
            "a.yaml",
            format!("groups:\n- id: {id}\n  members: alice\n"),
            "3: expected sequence",
        ),
        (
            "a.yaml",
            "users: []\ngrups: []\n".into(),
            "2: unknown field `grups`",
        ),
        (
            "a.yaml",
            format!("groups:\n- id: {id}\n  id: {id}\n"),
            "3: duplicate mapping key: id",
        ),
        ("a.yaml", "groups: [\n".into(), "2: "),
        ("a.yaml", "groups: 5\n".into(), "1: expected sequence"),
        ("a.yaml", "hello\n".into(), "1: expected mapping"),
    ];
    for (name, content, expected) in cases {
        let told = error(name, content.as_bytes()).unwrap_or_else(|| panic!("{content} is taken"));
        assert!(
            told.starts_with(&format!("{name}:{expected}")),
            "{content}\n{told}"
        );
    }
    let told = error("a.json", b"\xff\xfe[\0]\0").unwrap();
    assert_eq!(told, "a.json:1: the file is not UTF-8");
    let near = format!("\u{feff}[{{\"id\": \"{id}\", \"displayName\": null}}]\n");
    assert_eq!(
        error("a.json", near.as_bytes()),
        None,
        "a mark and a null are taken"
    );
    assert_eq!(error("a.json", b"[]"), None, "a tenant may have no groups");
}

#[test]
fn an_id_that_is_no_object_id_is_told() {
    for (list, what) in [
        ("groups", "group"),
        ("users", "user"),
        ("servicePrincipals", "service principal"),
    ] {
        let told = error("own.yaml", format!("{list}: [{{id: dana}}]").as_bytes()).unwrap();
        assert_eq!(
            told,
            format!("own.yaml:1: `dana` is no object ID of a {what} (a GUID)")
        );
    }
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
    for line in transcript.lines().skip(1) {
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
    }
}

/// The names that people know stand beside object IDs wherever one is printed, in each form.
#[test]
fn names_stand_beside_object_ids_everywhere() {
    let places: [(&str, &[(&str, &str)]); 6] = [
        (
            "can-i create pods --as alice@contoso.com -n shop",
            &[(PLATFORM, "Platform")],
        ),
        ("can-i delete nodes --as alice@contoso.com -n shop", &[]),
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

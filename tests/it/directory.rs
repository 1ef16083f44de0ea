//! The Entra directory: each export that the documentation names, and what is said of a broken one.

use std::path::{Path, PathBuf};

use crate::support::read_path;
use rbac_eval::entra::{Directory, PersonKind};
use rbac_eval::text::SourceText;

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
        .flat_map(|file| read_path(&folder().join(file)).texts)
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
        assert_eq!(directory.name_of(CAROL), Some("Carol Chen"));
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
            "3: a list belongs here",
        ),
        (
            "a.yaml",
            "users: []\ngrups: []\n".into(),
            "2: unknown field `grups`",
        ),
        (
            "a.yaml",
            format!("groups:\n- id: {id}\n  id: {id}\n"),
            "3: duplicate key `id`",
        ),
        ("a.yaml", "groups: [\n".into(), "1: unclosed bracket"),
        ("a.yaml", "groups: 5\n".into(), "1: a list belongs here"),
        ("a.yaml", "hello\n".into(), "1: a mapping belongs here"),
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

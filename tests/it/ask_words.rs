//! What words mean: types that rules know and discovery doesn't, subjects that are named in full,
//! and groups whose names the directory must not take over.

use crate::support::store_of_text;
use pretty_assertions::assert_eq;
use rbac_eval::ask::{AskedScope, Match, Note, Resolver, Target, Who};
use rbac_eval::authn::Principal;
use rbac_eval::authz::rbac::RbacAuthorizer;
use rbac_eval::cluster::Defaults;
use rbac_eval::entra::Directory;
use rbac_eval::kube::SubjectKind;
use rbac_eval::text::SourceText;

fn rbac(rules: &str) -> RbacAuthorizer {
    let text = format!(
        "apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata: {{name: r}}\n\
         rules: [{rules}]\n"
    );
    store_of_text(&text, Defaults::None)
}

fn directory(text: &str) -> Directory {
    let text = SourceText {
        name: "directory.yaml".to_owned(),
        bytes: text.as_bytes().to_vec(),
        named: true,
    };
    Directory::read(&[text]).unwrap()
}

/// What is noted about a type: the word as the note has it, and the types that rules know.
fn known_elsewhere(rbac: &RbacAuthorizer, word: &str) -> Option<(String, Vec<String>)> {
    let directory = Directory::default();
    let resolver = Resolver::new(rbac.snapshot(), &directory);
    let target = Target::parse(word, "").unwrap();
    let asked = resolver.request("get", &target, AskedScope::Namespace("prod"));
    let mut notes = asked.notes.into_iter().map(|note| match note {
        Note::KnownInOtherGroups { resource, known } => (resource, known),
        other => panic!("{word}: {other}"),
    });
    let found = notes.next();
    assert_eq!(notes.next(), None);
    found
}

#[test]
fn a_type_without_its_group_is_noted_where_rules_know_it_in_others() {
    let rbac = rbac(
        "{apiGroups: [example.com, '', '*'], resources: [widgets], verbs: [get]}, \
         {apiGroups: [acme.io, example.com], resources: [gears, widgets/status], verbs: [get]}, \
         {apiGroups: [apps], resources: [gizmos, pods, wheels.io], verbs: [get]}, \
         {apiGroups: ['', '*'], resources: [levers], verbs: [get]}",
    );
    let noted = |word: &str, resource: &str, known: &[&str]| {
        let known = known.iter().map(|&known| known.to_owned()).collect();
        assert_eq!(
            known_elsewhere(&rbac, word),
            Some((resource.to_owned(), known))
        );
    };
    noted(
        "widgets",
        "widgets",
        &["widgets.acme.io", "widgets.example.com"],
    );
    noted(
        "Widgets/one",
        "Widgets",
        &["widgets.acme.io", "widgets.example.com"],
    );
    noted("gizmos", "gizmos", &["gizmos.apps"]);
    for word in [
        // With its group, in the core group or in every one, nowhere, known, taken as it stands.
        "widgets.example.com",
        "widgets.other.io",
        "levers",
        "cranks",
        "status",
        "pods",
        "*",
        "/healthz",
    ] {
        assert_eq!(known_elsewhere(&rbac, word), None, "{word}");
    }
}

#[test]
fn the_note_names_each_type_that_rules_know() {
    let note = Note::KnownInOtherGroups {
        resource: "widgets".to_owned(),
        known: vec![
            "widgets.acme.io".to_owned(),
            "widgets.example.com".to_owned(),
        ],
    };
    assert_eq!(
        note.to_string(),
        "this asks about widgets in the core group; rules of the input know `widgets.acme.io`, \
         `widgets.example.com`"
    );
}

fn found(bound: &[Principal], word: &str, matching: Match) -> Vec<String> {
    let rbac = rbac("");
    let directory = Directory::default();
    let resolver = Resolver::new(rbac.snapshot(), &directory);
    let found = resolver.subjects(bound.to_vec(), word, matching);
    let found = found.iter().map(|subject| subject.principal.to_string());
    found.collect()
}

/// Groups may reach someone whom no binding names.
#[test]
fn who_is_named_in_full_is_found_though_nothing_names_them() {
    for (word, who) in [
        ("prod/ci", "ServiceAccount prod/ci"),
        ("system:serviceaccount:prod:ci", "ServiceAccount prod/ci"),
        ("system:anonymous", "User system:anonymous"),
    ] {
        for matching in [Match::Part, Match::Exact] {
            assert_eq!(found(&[], word, matching), [who]);
        }
    }
    for word in [
        "ci",
        "alice",
        "prod/",
        "/ci",
        "prod/ci/x",
        "Prod/ci",
        "system:serviceaccount:prod",
        "system:serviceaccount:prod:",
        "system:anonymou",
    ] {
        assert_eq!(found(&[], word, Match::Part), [""; 0], "{word}");
    }
}

#[test]
fn a_service_account_is_called_by_each_of_its_names() {
    let account = Principal::new(SubjectKind::ServiceAccount, "prod", "ci");
    let user = Principal::new(SubjectKind::User, "", "prod-user");
    let group = Principal::new(SubjectKind::Group, "", "system:serviceaccounts:prod");
    let bound = [account, user, group];
    let (account, user) = ("ServiceAccount prod/ci", "User prod-user");
    let group = "Group system:serviceaccounts:prod";
    for (word, part, exact) in [
        ("ci", &[account][..], &[account][..]),
        ("PROD/C", &[account], &[]),
        ("serviceaccount:prod:c", &[account], &[]),
        ("prod", &[group, account, user], &[]),
        ("prod-user", &[user], &[user]),
        // A user and a group are in no namespace.
        ("/prod-user", &[], &[]),
        ("system:serviceaccounts:prod", &[group], &[group]),
    ] {
        assert_eq!(found(&bound, word, Match::Part), part, "{word}");
        assert_eq!(found(&bound, word, Match::Exact), exact, "{word}");
    }
}

/// Anyone who may name a group of the directory could else take over one of Kubernetes' own, or
/// another group's object ID.
#[test]
fn a_name_in_the_directory_takes_over_no_group_that_is_written_in_full() {
    let id = |number: usize| format!("10000000-aaaa-4000-8000-{number:012}");
    let directory = directory(&format!(
        "groups:\n\
         - {{id: {}, displayName: 'system:masters'}}\n\
         - {{id: {}, displayName: '{}'}}\n\
         - {{id: {}, displayName: Platform}}\n",
        id(1),
        id(2),
        id(3),
        id(4),
    ));
    let rbac = rbac("");
    let resolver = Resolver::new(rbac.snapshot(), &directory);
    for (written, seen) in [
        ("system:masters", "system:masters".to_owned()),
        (&id(3), id(3)),
        ("platform", id(4)),
        ("devs", "devs".to_owned()),
    ] {
        let who = Who {
            name: "alice".to_owned(),
            groups: vec![written.to_owned()],
        };
        let asked = resolver.user(&who).unwrap();
        assert_eq!(asked.user.groups, [&*seen, "system:authenticated"]);
        assert_eq!(asked.notes.len(), usize::from(written != seen), "{written}");
        let group = Principal::new(SubjectKind::Group, "", written);
        let translated = resolver.translated(&group).unwrap();
        let expected = Principal::new(SubjectKind::Group, "", &seen);
        assert_eq!(
            translated.map(|(group, _)| group),
            (written != seen).then_some(expected)
        );
    }
}

/// Source: the limit of groups in a JWT of Microsoft Entra ID.
#[test]
fn a_token_carries_two_hundred_groups() {
    let rbac = rbac("");
    for (count, noted) in [(199, 0), (200, 0), (201, 1)] {
        let mut text = String::from(
            "users: [{id: 20000000-bbbb-4000-8000-000000000001, userPrincipalName: a@x.com}]\n\
             groups:\n",
        );
        for number in 0..count {
            text.push_str(&format!(
                "- {{id: 10000000-aaaa-4000-8000-{number:012}, members: [a@x.com]}}\n"
            ));
        }
        let directory = directory(&text);
        let who = Who {
            name: "a@x.com".to_owned(),
            groups: Vec::new(),
        };
        let asked = Resolver::new(rbac.snapshot(), &directory)
            .user(&who)
            .unwrap();
        assert_eq!(asked.user.groups.len(), count + 1);
        assert_eq!(asked.notes.len(), noted, "{count}: {:?}", asked.notes);
    }
}

//! Replays what upstream's subject locator listed, and holds the reverse queries against the
//! authorizer.

use crate::support::{self, RECORDED, jsonl, realworld, recorded, store_of};
use rbac_eval::analysis::lookup::{lookup, subjects};
use rbac_eval::analysis::matrix::{Cell, VERBS, resources_by_verbs, subjects_by_verbs};
use rbac_eval::analysis::who_can::{WhoCan, who_can};
use rbac_eval::authn::Principal;
use rbac_eval::authz::Attributes;
use rbac_eval::authz::chain;
use rbac_eval::authz::rbac::RbacAuthorizer;
use rbac_eval::authz::{Authorizer, Decision};
use rbac_eval::cluster::Defaults;
use rbac_eval::cluster::Reach;
use rbac_eval::kube::SubjectKind;
use std::collections::BTreeSet;

/// A subject as the recordings write it.
fn recorded_form(principal: &Principal) -> String {
    match principal.kind {
        SubjectKind::ServiceAccount => {
            format!("ServiceAccount:{}:{}", principal.namespace, principal.name)
        }
        kind => format!("{kind}:{}", principal.name),
    }
}

fn listed(found: &WhoCan) -> BTreeSet<&Principal> {
    found.able.iter().map(|able| &able.principal).collect()
}

#[test]
fn every_recorded_reverse_query_is_answered_alike() {
    // The cases that upstream's subject locator was asked about.
    for case in [Some(recorded("small-a")), realworld()]
        .into_iter()
        .flatten()
    {
        let mut count = 0;
        let rbac = store_of(&[case.join("dump.json")], Defaults::Auto);
        for line in jsonl(&case.join("who-can.jsonl")) {
            let (_, attributes) = support::request(&line);
            let found = who_can(&rbac, &attributes, Reach::Request).unwrap();
            let ours: BTreeSet<String> = found
                .able
                .iter()
                .map(|able| recorded_form(&able.principal))
                .collect();
            let recorded: BTreeSet<String> = line["subjects"]
                .as_array()
                .unwrap()
                .iter()
                .map(|subject| subject.as_str().unwrap().to_owned())
                .collect();
            pretty_assertions::assert_eq!(ours, recorded, "{}", line);
            count += 1;
        }
        assert!(count > 500, "{} has {count} lines", case.display());
    }
}

/// S is listed for a request if and only if the authorizer allows a user who is exactly S.
fn law(rbac: &RbacAuthorizer, attributes: &Attributes) {
    let authorizer = chain(rbac);
    let found = who_can(rbac, attributes, Reach::Request).unwrap();
    let listed = listed(&found);
    for principal in subjects(rbac) {
        let allowed = authorizer.decide(&principal.as_user(), attributes) == Decision::Allow;
        assert_eq!(
            listed.contains(&principal),
            allowed,
            "{principal}: {attributes:?}"
        );
        let limited = found
            .for_names
            .iter()
            .any(|able| able.principal == principal);
        let for_some_name = rbac.allows_some_name(&principal.as_user(), attributes);
        let nameless =
            matches!(attributes, Attributes::Resource(request) if request.name.is_empty());
        assert_eq!(
            limited,
            nameless && for_some_name && !allowed,
            "{principal}"
        );
    }
    for able in &found.able {
        assert!(able.privileged || !able.grants.is_empty());
        for grant in &able.grants {
            let of_subject = authorizer.authorize(&able.principal.as_user(), attributes);
            assert!(of_subject.grants().any(|other| {
                (other.binding, other.role, other.rule) == (grant.binding, grant.role, grant.rule)
            }));
        }
    }
}

#[test]
fn who_can_lists_exactly_whom_the_authorizer_allows() {
    for case in RECORDED.map(recorded) {
        let rbac = store_of(&[case.join("dump.json")], Defaults::Auto);
        for review in jsonl(&case.join("reviews.jsonl")).iter().step_by(29) {
            let (_, attributes) = support::request(&review["spec"]);
            law(&rbac, &attributes);
        }
    }
}

/// Looking anywhere finds whom looking in some namespace, or in the whole cluster, finds.
#[test]
fn anywhere_is_the_union_of_every_namespace() {
    let case = recorded("small-a");
    let rbac = store_of(&[case.join("dump.json")], Defaults::Auto);
    let namespaces: BTreeSet<String> = rbac
        .snapshot()
        .bindings()
        .map(|id| rbac.snapshot().binding(id).namespace.to_string())
        .collect();
    for review in jsonl(&case.join("reviews.jsonl")).iter().step_by(61) {
        let (_, mut attributes) = support::request(&review["spec"]);
        let anywhere = who_can(&rbac, &attributes, Reach::Anywhere).unwrap();
        let anywhere: BTreeSet<Principal> = listed(&anywhere).into_iter().cloned().collect();
        let mut union = BTreeSet::new();
        for namespace in &namespaces {
            if let Attributes::Resource(request) = &mut attributes {
                request.namespace.clone_from(namespace);
            }
            let found = who_can(&rbac, &attributes, Reach::Request).unwrap();
            union.extend(listed(&found).into_iter().cloned());
        }
        pretty_assertions::assert_eq!(anywhere, union, "{:?}", attributes);
    }
}

#[test]
fn lookup_finds_the_bindings_through_which_the_authorizer_allows() {
    let case = recorded("small-b");
    let rbac = store_of(&[case.join("dump.json")], Defaults::Auto);
    let authorizer = chain(&rbac);
    for review in jsonl(&case.join("reviews.jsonl")).iter().step_by(7) {
        let (user, attributes) = support::request(&review["spec"]);
        let mut reached: BTreeSet<_> = BTreeSet::new();
        let principal = Principal::new(SubjectKind::User, "", &user.name);
        for found in lookup(&rbac, principal, &user.groups).bindings {
            reached.insert((found.binding, found.subject));
        }
        for grant in authorizer.authorize(&user, &attributes).grants() {
            assert!(
                reached.contains(&(grant.binding, grant.subject)),
                "{review}"
            );
        }
    }
}

#[test]
fn both_matrices_say_what_the_authorizer_says() {
    let case = recorded("small-a");
    let rbac = store_of(&[case.join("dump.json")], Defaults::Auto);
    let authorizer = chain(&rbac);
    for principal in subjects(&rbac).into_iter().step_by(5) {
        let user = principal.as_user();
        for row in resources_by_verbs(&rbac, &user, "team-beta") {
            let request = rbac_eval::authz::ResourceAttributes {
                namespace: if row.resource.namespaced {
                    "team-beta".to_owned()
                } else {
                    String::new()
                },
                group: row.resource.group.clone(),
                resource: row.resource.plural.clone(),
                ..Default::default()
            };
            let subject_rows = subjects_by_verbs(&rbac, &request, Reach::Request);
            let cells = subject_rows
                .iter()
                .find(|found| found.principal == principal)
                .map_or([Cell::No; VERBS.len()], |found| found.cells);
            assert_eq!(cells, row.cells, "{principal} {}", row.resource.full_name());
            for (verb, cell) in VERBS.iter().zip(row.cells) {
                let request = Attributes::Resource(rbac_eval::authz::ResourceAttributes {
                    verb: (*verb).to_owned(),
                    ..request.clone()
                });
                let allowed = authorizer.decide(&user, &request) == Decision::Allow;
                assert_eq!(cell == Cell::Yes, allowed, "{principal} {request:?}");
            }
        }
    }
}

//! Holding the engine against the naive authorizer, question by question.

use rbac_eval::authz::chain;
use rbac_eval::cluster::Snapshot;
use std::collections::BTreeSet;

use pretty_assertions::assert_eq;
use rbac_eval::analysis::rules_review::rules_review;
use rbac_eval::authn::UserInfo;
use rbac_eval::authz::Attributes;
use rbac_eval::authz::rbac::{HashState, RbacAuthorizer, denial_reason};
use rbac_eval::authz::{Authorizer, Decision};
use rbac_eval::cluster::Defaults;
use rbac_eval::kube::Manifest;
use rbac_eval::text::Files;

use super::naive::{Answer, Content, Grant, Naive, Review, binding_title, content, role_title};
use super::object::{Object, made};

/// An authorizer over what was read.
pub fn authorizer(files: Files, manifest: Manifest, defaults: Defaults) -> RbacAuthorizer {
    RbacAuthorizer::new(Snapshot::new(files, manifest, defaults)).unwrap()
}

/// An authorizer over objects that were made rather than read, with hashes of the test's choice.
pub fn authorizer_of_objects(objects: &[Object], hash_state: HashState) -> RbacAuthorizer {
    let mut files = Files::default();
    files.add("generated");
    let snapshot = Snapshot::new(files, made(objects), Defaults::None);
    RbacAuthorizer::with_hash_state(snapshot, hash_state).unwrap()
}

/// The effective rules of every role: the same ones, and in the same order where there is one.
pub fn same_roles(rbac: &RbacAuthorizer, naive: &Naive<'_>) {
    for id in rbac.snapshot().roles() {
        let title = role_title(rbac.snapshot().role(id));
        let found: Vec<Content> = rbac
            .effective_rules(id)
            .map(|effective| content(effective.rule))
            .collect();
        let (expected, in_order) = naive.effective(&title);
        let set = |rules: &[Content]| rules.iter().cloned().collect::<BTreeSet<Content>>();
        assert_eq!(set(&found), set(expected), "{title}");
        assert_eq!(found.len(), expected.len(), "{title}");
        if let Some(expected) = in_order {
            assert_eq!(&*found, expected, "the order of {title}");
        }
        for (number, effective) in (1..).zip(rbac.effective_rules(id)) {
            let written =
                &rbac.snapshot().role(effective.origin).rules[effective.origin_number - 1];
            assert_eq!(content(written), content(effective.rule), "{title}");
            let again = rbac.effective_rule(id, number).unwrap();
            assert_eq!(content(again.rule), content(effective.rule), "{title}");
        }
    }
}

/// Everything that the engine says of a request. Returns the answer.
pub fn same_answer(
    rbac: &RbacAuthorizer,
    naive: &Naive<'_>,
    user: &UserInfo,
    request: &Attributes,
) -> Answer {
    let authorizer = chain(rbac);
    let expected = naive.answer(user, request);
    let response = authorizer.authorize(user, request);
    let grants: Vec<_> = response.grants().copied().collect();
    assert!(
        grants.is_sorted_by(|a, b| a < b),
        "unsorted, or one twice: {grants:?}"
    );
    let mut found = Answer {
        allowed: response.decision == Decision::Allow,
        privileged: response.is_privileged(),
        grants: grants
            .iter()
            .map(|grant| Grant {
                binding: binding_title(rbac.snapshot().binding(grant.binding)),
                subject: grant.subject,
                role: role_title(rbac.snapshot().role(grant.role)),
                rule: content(rbac.effective_rule(grant.role, grant.rule).unwrap().rule),
                reason: rbac.reason(grant),
            })
            .collect(),
        missing: response
            .errors
            .iter()
            .map(|error| {
                let binding = binding_title(rbac.snapshot().binding(error.binding));
                (binding, error.to_string())
            })
            .collect(),
    };
    // The order of rules in a circle of aggregated roles is the engine's own.
    found.grants.sort();
    assert_eq!(found, expected, "{user:?} {request:?}");
    let bindings: BTreeSet<_> = response.errors.iter().map(|error| error.binding).collect();
    assert_eq!(bindings.len(), response.errors.len());
    assert_eq!(authorizer.decide(user, request), response.decision);
    let missing = rbac.missing_roles(user, request.namespace());
    assert_eq!(missing, response.errors);
    let status = authorizer.status(user, request);
    assert_eq!(status.decision, response.decision);
    if expected.privileged {
        assert_eq!(status.reason, "");
    } else if expected.allowed {
        let reasons: Vec<&String> = expected.grants.iter().map(|grant| &grant.reason).collect();
        assert!(reasons.contains(&&status.reason), "{}", status.reason);
    } else {
        assert_eq!(status.reason, denial_reason(&response.errors));
        same_denial(&status.reason, &expected);
    }
    expected
}

/// The reason of a no names every missing role once, in an order that isn't stable.
fn same_denial(reason: &str, expected: &Answer) {
    let messages: BTreeSet<&str> = expected
        .missing
        .iter()
        .map(|(_, message)| &**message)
        .collect();
    let joined: Vec<&str> = messages.iter().copied().collect();
    let joined = joined.join(", ");
    match messages.len() {
        0 => assert_eq!(reason, ""),
        1 => assert_eq!(reason, format!("RBAC: {joined}")),
        _ => {
            assert_eq!(reason.len(), format!("RBAC: [{joined}]").len(), "{reason}");
            assert!(reason.starts_with("RBAC: [") && reason.ends_with(']'));
            for message in messages {
                assert!(reason.contains(message), "{reason} lacks {message}");
            }
        }
    }
}

/// What `--list` shows of a user in a namespace, whatever the order of rows and verbs.
pub fn same_review(rbac: &RbacAuthorizer, naive: &Naive<'_>, user: &UserInfo, namespace: &str) {
    let mut found = Review::default();
    for row in rules_review(rbac, user, namespace).unwrap() {
        let verbs: BTreeSet<_> = row.verbs.iter().cloned().collect();
        assert_eq!(verbs.len(), row.verbs.len(), "a verb twice in {row:?}");
        match (&*row.api_groups, &*row.resources, &*row.non_resource_urls) {
            ([group], [resource], []) => {
                let name = row.resource_names.first().cloned();
                assert!(row.resource_names.len() < 2, "{row:?}");
                let key = (group.clone(), resource.clone(), name);
                let before = found.resources.insert(key, verbs);
                assert_eq!(before, None, "a second row like {row:?}");
            }
            ([], [], [url]) => {
                let [verb] = &*row.verbs else {
                    panic!("{row:?}")
                };
                let row = (verb.clone(), url.clone());
                *found.urls.entry(row).or_default() += 1;
            }
            _ => panic!("{row:?}"),
        }
    }
    let expected = naive.review(user, namespace);
    assert_eq!(found, expected, "{user:?} in {namespace:?}");
}

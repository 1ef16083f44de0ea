//! Names that share a hash are told apart, and no answer depends on how names are hashed.

use crate::support::ask::{picks, request};
use crate::support::compare::authorizer_of_objects;
use crate::support::generate::{Cluster, cluster};
use crate::support::object::{Object, values};
use proptest::collection::vec;
use proptest::prelude::*;
use rbac_eval::analysis::diff::diff;
use rbac_eval::analysis::lookup::{lookup, subjects};
use rbac_eval::analysis::rules_review::rules_review;
use rbac_eval::analysis::who_can::who_can;
use rbac_eval::authn::UserInfo;
use rbac_eval::authz::rbac::{Applied, HashState, RbacAuthorizer};
use rbac_eval::authz::{Attributes, Authorizer, Decision, ResourceAttributes};
use rbac_eval::cluster::Reach;
use rbac_eval::kube;
use rbac_eval::text::{Files, SourceText};
use std::ops::ControlFlow;

/// A binding of a ClusterRole that allows this verb: cluster-wide, or in a namespace.
fn grant(verb: &str, subject: &str, namespace: &str) -> String {
    let (kind, metadata) = if namespace.is_empty() {
        ("ClusterRoleBinding", format!("{{name: {verb}}}"))
    } else {
        (
            "RoleBinding",
            format!("{{name: {verb}, namespace: {namespace}}}"),
        )
    };
    format!(
        "---\napiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata: {{name: {verb}}}\n\
         rules: [{{apiGroups: [''], resources: [pods], verbs: [{verb}]}}]\n\
         ---\napiVersion: rbac.authorization.k8s.io/v1\nkind: {kind}\nmetadata: {metadata}\n\
         roleRef: {{kind: ClusterRole, name: {verb}}}\nsubjects: [{{{subject}}}]\n"
    )
}

/// With hashes that are all the same.
fn all_colliding(grants: &[String]) -> RbacAuthorizer {
    let text = SourceText {
        name: "grants.yaml".to_owned(),
        bytes: grants.concat().into_bytes(),
        named: true,
    };
    let manifest = kube::parse(&mut Files::default(), &[text]);
    assert!(manifest.diagnostics.is_empty());
    let objects: Vec<Object> = values(&manifest);
    authorizer_of_objects(&objects, HashState::fixed(0, 0))
}

/// The bare decision, the one with its reasons and the server's words for it.
fn allows(rbac: &RbacAuthorizer, user: &UserInfo, verb: &str, namespace: &str) -> bool {
    let request = Attributes::Resource(ResourceAttributes {
        namespace: namespace.to_owned(),
        verb: verb.to_owned(),
        resource: "pods".to_owned(),
        ..ResourceAttributes::default()
    });
    let decision = rbac.decide(user, &request);
    assert_eq!(rbac.authorize(user, &request).decision, decision);
    assert_eq!(rbac.status(user, &request).decision, decision);
    decision == Decision::Allow
}

fn user(name: &str, groups: &[&str]) -> UserInfo {
    UserInfo::new(name, groups.iter().copied())
}

/// One name of each kind is known, so no known names collide; those who ask collide with them.
#[test]
fn a_name_that_nothing_binds_gets_nothing_of_one_with_the_same_hash() {
    let of_user = all_colliding(&[grant("get", "kind: User, name: alice", "")]);
    assert!(allows(&of_user, &user("alice", &[]), "get", ""));
    assert!(!allows(&of_user, &user("bob", &[]), "get", ""));
    assert!(!allows(&of_user, &user("bob", &["alice"]), "get", ""));

    let of_group = all_colliding(&[grant("get", "kind: Group, name: devs", "")]);
    assert!(allows(&of_group, &user("bob", &["devs"]), "get", ""));
    assert!(!allows(&of_group, &user("devs", &["ops"]), "get", ""));
    let many: Vec<String> = (0..40).map(|number| format!("group{number}")).collect();
    let many: Vec<&str> = many.iter().map(|group| &**group).collect();
    assert!(!allows(&of_group, &user("bob", &many), "get", ""));
    let and_devs = [&many[..], &["devs"]].concat();
    assert!(allows(&of_group, &user("bob", &and_devs), "get", ""));

    let in_namespace = all_colliding(&[grant("get", "kind: User, name: alice", "a")]);
    assert!(allows(&in_namespace, &user("alice", &[]), "get", "a"));
    assert!(!allows(&in_namespace, &user("alice", &[]), "get", "b"));
    assert!(!allows(&in_namespace, &user("alice", &[]), "get", ""));
}

#[test]
fn names_that_are_bound_and_share_a_hash_get_what_is_their_own() {
    let users = ["alice", "bob", "carl"];
    let of_users = all_colliding(&users.map(|name| {
        grant(
            &format!("verb-{name}"),
            &format!("kind: User, name: {name}"),
            "",
        )
    }));
    let groups = ["devs", "ops", "audit"];
    let of_groups = all_colliding(&groups.map(|name| {
        grant(
            &format!("verb-{name}"),
            &format!("kind: Group, name: {name}"),
            "",
        )
    }));
    let namespaces = ["a", "b", "c"];
    let in_namespaces = all_colliding(
        &namespaces.map(|name| grant(&format!("verb-{name}"), "kind: User, name: alice", name)),
    );
    for at in 0..3 {
        for other in 0..3 {
            let same = at == other;
            let verb = format!("verb-{}", users[other]);
            assert_eq!(allows(&of_users, &user(users[at], &[]), &verb, ""), same);
            let verb = format!("verb-{}", groups[other]);
            assert_eq!(
                allows(&of_groups, &user("x", &[groups[at]]), &verb, ""),
                same
            );
            let verb = format!("verb-{}", namespaces[other]);
            let alice = user("alice", &[]);
            assert_eq!(allows(&in_namespaces, &alice, &verb, namespaces[at]), same);
        }
    }
}

fn visited(rbac: &RbacAuthorizer, user: &UserInfo, namespace: &str) -> Vec<Applied> {
    let mut visited = Vec::new();
    let _ = rbac.visit(user, namespace, |applied| {
        visited.push(applied);
        ControlFlow::<()>::Continue(())
    });
    visited
}

fn same_everywhere(
    one: &RbacAuthorizer,
    other: &RbacAuthorizer,
    user: &UserInfo,
    request: &Attributes,
) -> Result<(), TestCaseError> {
    prop_assert_eq!(one.authorize(user, request), other.authorize(user, request));
    prop_assert_eq!(one.status(user, request), other.status(user, request));
    prop_assert_eq!(one.decide(user, request), other.decide(user, request));
    prop_assert_eq!(
        one.allows_some_name(user, request),
        other.allows_some_name(user, request)
    );
    prop_assert_eq!(one.applied_anywhere(user), other.applied_anywhere(user));
    let namespace = request.namespace();
    prop_assert_eq!(
        visited(one, user, namespace),
        visited(other, user, namespace)
    );
    prop_assert_eq!(
        rules_review(one, user, namespace).unwrap(),
        rules_review(other, user, namespace).unwrap()
    );
    for reach in [Reach::Request, Reach::Anywhere] {
        prop_assert_eq!(
            who_can(one, request, reach).unwrap(),
            who_can(other, request, reach).unwrap()
        );
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    /// Answers are equal, and their lists in the same order.
    #[test]
    fn no_answer_depends_on_the_seed(
        cluster in cluster(false),
        head in cluster(false),
        picks in vec(picks(), 1..8),
    ) {
        let random = |cluster: &Cluster| authorizer_of_objects(&cluster.objects, HashState::random());
        let one = random(&cluster);
        for other in [random(&cluster), cluster.authorizer()] {
            for picks in &picks {
                let (user, attributes) = request(&cluster, picks);
                same_everywhere(&one, &other, &user, &attributes)?;
            }
            prop_assert_eq!(subjects(&one), subjects(&other));
            for subject in subjects(&one) {
                prop_assert_eq!(lookup(&one, subject.clone(), &[]), lookup(&other, subject, &[]));
            }
            prop_assert_eq!(diff(&one, &random(&head)).unwrap(), diff(&other, &head.authorizer()).unwrap());
        }
    }
}

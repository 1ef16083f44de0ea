//! `create` of names: a plain create carries none, but a server-side apply does, where the subject may
//! `patch` (or `update`) the name too.

use crate::support::store_of_text;
use pretty_assertions::assert_eq;
use rbac_eval::analysis::diff::diff;
use rbac_eval::analysis::lint::check;
use rbac_eval::analysis::risk::weigh;
use rbac_eval::authz::rbac::RbacAuthorizer;
use rbac_eval::cluster::Defaults;
use rbac_eval::entra::Directory;

const API: &str = "apiVersion: rbac.authorization.k8s.io/v1";

/// A cluster in which alice has a role of these rules.
fn cluster(rules: &[&str]) -> RbacAuthorizer {
    let rules: String = rules.iter().map(|rule| format!("- {{{rule}}}\n")).collect();
    let rules = if rules.is_empty() { "[]\n" } else { &rules };
    store_of_text(
        &format!(
            "{API}\nkind: ClusterRole\nmetadata: {{name: r}}\nrules:\n{rules}---\n{API}\n\
             kind: ClusterRoleBinding\nmetadata: {{name: b}}\n\
             roleRef: {{kind: ClusterRole, name: r}}\nsubjects: [{{kind: User, name: alice}}]\n"
        ),
        Defaults::None,
    )
}

fn found(rules: &[&str]) -> Vec<String> {
    check(&cluster(rules), &Directory::default())
        .into_iter()
        .filter(|finding| finding.code.id == "RBAC011")
        .map(|finding| finding.message)
        .collect()
}

const CREATE: &str =
    "apiGroups: [''], resources: [secrets], resourceNames: [x, w], verbs: [create]";

#[test]
fn a_create_that_an_apply_may_use_is_not_told() {
    for other in [
        "apiGroups: [''], resources: [secrets], resourceNames: [w], verbs: [patch]",
        "apiGroups: [''], resources: [secrets], resourceNames: [x], verbs: [get, update]",
        "apiGroups: [''], resources: [configmaps, secrets], verbs: [patch]",
        "apiGroups: ['*'], resources: [secrets], verbs: [patch]",
        "apiGroups: [''], resources: ['*'], verbs: ['*']",
    ] {
        assert_eq!(found(&[CREATE, other]), [""; 0], "{other}");
        assert_eq!(found(&[other, CREATE]), [""; 0], "{other}");
    }
    // The rule itself gives both.
    assert_eq!(
        found(&[&CREATE.replace("create", "create, patch")]),
        [""; 0]
    );
}

#[test]
fn a_create_that_nothing_of_the_role_completes_is_told_without_saying_too_much() {
    for other in [
        "apiGroups: [''], resources: [secrets], resourceNames: [z], verbs: [patch]",
        "apiGroups: [''], resources: [configmaps], verbs: [patch]",
        "apiGroups: [apps], resources: [secrets], verbs: [patch]",
        "apiGroups: [''], resources: [secrets/status], verbs: [patch]",
        "apiGroups: [''], resources: [secrets], verbs: [get, delete]",
    ] {
        let told = found(&[CREATE, other]);
        let [message] = &*told else {
            panic!("{other}: {told:?}")
        };
        for part in [
            "by itself",
            "another rule or role",
            "`patch`",
            "server-side apply",
        ] {
            assert!(message.contains(part), "{message}");
        }
    }
}

#[test]
fn a_deletecollection_never_carries_a_name() {
    let rule = CREATE.replace("create", "deletecollection");
    let patch = "apiGroups: [''], resources: [secrets], verbs: [patch]";
    assert_eq!(
        found(&[&rule, patch]),
        [
            "rule 1: it is restricted to names, but deletecollection carries none, so it never grants"
        ]
    );
}

/// The risks of what alice gains.
fn risks(before: &[&str], after: &[&str]) -> Vec<&'static str> {
    let (base, head) = (cluster(before), cluster(after));
    let mut risks: Vec<&'static str> = weigh(diff(&base, &head).unwrap(), &base, &head)
        .iter()
        .flat_map(|change| change.risks.iter().map(|risk| risk.code.id))
        .collect();
    risks.sort_unstable();
    risks
}

#[test]
fn a_create_of_names_is_a_risk_where_it_can_be_applied() {
    let create = "apiGroups: [''], resources: [pods], resourceNames: [x], verbs: [create]";
    let patch = |name: &str| {
        format!("apiGroups: [''], resources: [pods], resourceNames: [{name}], verbs: [patch]")
    };
    assert_eq!(risks(&[], &[create]), [""; 0]);
    for had in [
        patch("x"),
        patch("x").replace("patch", "update"),
        "apiGroups: [''], resources: [pods], verbs: [patch]".to_owned(),
    ] {
        assert_eq!(
            risks(&[&had], &[&had, create]),
            ["workloads-write"],
            "{had}"
        );
    }
    for had in [
        patch("z"),
        patch("x").replace("pods", "services"),
        patch("x").replace("patch", "get"),
    ] {
        assert_eq!(risks(&[&had], &[&had, create]), [""; 0], "{had}");
    }
    // A deletecollection of names stays none.
    let delete = create.replace("create", "deletecollection");
    assert_eq!(risks(&[&patch("x")], &[&patch("x"), &delete]), [""; 0]);
}

/// Rules that all nearly complete each other cost no more than a few times as many words as there are.
#[test]
fn many_rules_that_nearly_meet_end_soon() {
    let rules: Vec<String> = (0..20_000)
        .map(|number| {
            let verb = ["create", "patch"][number % 2];
            format!(
                "apiGroups: [''], resources: [secrets], resourceNames: [n{number}], verbs: [{verb}]"
            )
        })
        .collect();
    let rules: Vec<&str> = rules.iter().map(String::as_str).collect();
    assert_eq!(found(&rules).len(), 10_000);
}

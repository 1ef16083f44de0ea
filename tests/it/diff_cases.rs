//! Refactorings that must be silent, and small changes that must be loud.

use crate::support::store_of_text;
use pretty_assertions::assert_eq;
use rbac_eval::analysis::diff::{CauseKind, Change, Direction, diff};
use rbac_eval::authz::rbac::RbacAuthorizer;
use rbac_eval::cluster::Defaults;
use rbac_eval::kube::PolicyRule;

const API: &str = "apiVersion: rbac.authorization.k8s.io/v1\n";

/// A manifest out of objects without their `apiVersion`.
fn rbac(objects: &[&str]) -> RbacAuthorizer {
    let text: String = objects
        .iter()
        .map(|object| format!("---\n{API}{object}\n"))
        .collect();
    let rbac = store_of_text(&text, Defaults::Auto);
    assert_eq!(rbac.diagnostics(), []);
    rbac
}

fn rule_in_words(rule: &PolicyRule) -> String {
    let name = |groups: &[compact_str::CompactString]| groups.join(",");
    let mut words = format!(
        "{} {}:{}{}",
        rule.verbs.join(","),
        name(&rule.api_groups),
        rule.resources.join(","),
        rule.non_resource_urls.join(",")
    );
    if !rule.resource_names.is_empty() {
        words.push_str(&format!("={}", rule.resource_names.join(",")));
    }
    words
}

fn change_in_words(change: &Change) -> String {
    let direction = match change.direction {
        Direction::Gained => "+",
        Direction::Lost => "-",
    };
    let span = change.scope.namespace().unwrap_or("*");
    let mut words = format!(
        "{direction} {} @{span} {}",
        change.subject,
        rule_in_words(&change.rule)
    );
    for except in &change.except {
        let span = except.scope.namespace().unwrap_or("*");
        words.push_str(&format!(" \\ @{span} {}", rule_in_words(&except.rule)));
    }
    words
}

fn changes(base: &[&str], head: &[&str]) -> Vec<String> {
    diff(&rbac(base), &rbac(head))
        .unwrap()
        .iter()
        .map(change_in_words)
        .collect()
}

fn kinds(base: &[&str], head: &[&str]) -> Vec<CauseKind> {
    let mut kinds: Vec<CauseKind> = diff(&rbac(base), &rbac(head))
        .unwrap()
        .iter()
        .flat_map(|change| change.causes.iter().map(|cause| cause.kind))
        .collect();
    kinds.sort();
    kinds.dedup();
    kinds
}

const READER: &str = "kind: ClusterRole\nmetadata: {name: reader}\nrules: [{apiGroups: [''], resources: [pods, services], verbs: [get, list]}]";
const ALICE: &str = "kind: ClusterRoleBinding\nmetadata: {name: alice}\nroleRef: {kind: ClusterRole, name: reader}\nsubjects: [{kind: User, name: alice}]";

#[test]
fn refactorings_are_silent() {
    let base = [READER, ALICE];
    let split = [
        "kind: ClusterRole\nmetadata: {name: reader}\nrules: [{apiGroups: [''], resources: [pods], verbs: [list, get]}, {apiGroups: [''], resources: [services], verbs: [get]}, {apiGroups: [''], resources: [services], verbs: [list]}]",
        ALICE,
    ];
    assert_eq!(changes(&base, &split), [""; 0]);
    let renamed = [
        "kind: ClusterRole\nmetadata: {name: viewer}\nrules: [{apiGroups: [''], resources: [pods, services], verbs: [get, list]}]",
        "kind: ClusterRoleBinding\nmetadata: {name: a}\nroleRef: {kind: ClusterRole, name: viewer}\nsubjects: [{kind: User, name: alice}]",
    ];
    assert_eq!(changes(&base, &renamed), [""; 0]);
    let aggregated = [
        "kind: ClusterRole\nmetadata: {name: reader}\naggregationRule: {clusterRoleSelectors: [{matchLabels: {part: reader}}]}",
        "kind: ClusterRole\nmetadata: {name: part, labels: {part: reader}}\nrules: [{apiGroups: [''], resources: [pods, services], verbs: [get, list]}]",
        ALICE,
    ];
    assert_eq!(changes(&base, &aggregated), [""; 0]);
    let two_bindings = [
        READER,
        "kind: ClusterRole\nmetadata: {name: lister}\nrules: [{apiGroups: [''], resources: [pods, services], verbs: [list]}]",
        ALICE,
        "kind: ClusterRoleBinding\nmetadata: {name: again}\nroleRef: {kind: ClusterRole, name: lister}\nsubjects: [{kind: User, name: alice}]",
    ];
    assert_eq!(changes(&base, &two_bindings), [""; 0]);
    assert_eq!(changes(&two_bindings, &base), [""; 0]);
    // What a cluster-wide grant covers already.
    let namespaced_too = [
        READER,
        ALICE,
        "kind: RoleBinding\nmetadata: {name: more, namespace: a}\nroleRef: {kind: ClusterRole, name: reader}\nsubjects: [{kind: User, name: alice}]",
    ];
    assert_eq!(changes(&base, &namespaced_too), [""; 0]);
    // A service account by its user name, and by its own.
    let by_user = [
        READER,
        "kind: ClusterRoleBinding\nmetadata: {name: b}\nroleRef: {kind: ClusterRole, name: reader}\nsubjects: [{kind: User, name: 'system:serviceaccount:a:ci'}]",
    ];
    let by_account = [
        READER,
        "kind: ClusterRoleBinding\nmetadata: {name: b}\nroleRef: {kind: ClusterRole, name: reader}\nsubjects: [{kind: ServiceAccount, name: ci, namespace: a}]",
    ];
    assert_eq!(changes(&by_user, &by_account), [""; 0]);
}

#[test]
fn a_label_that_feeds_edit_is_a_gain_of_everyone_bound_to_it() {
    let bindings = [
        "kind: RoleBinding\nmetadata: {name: x, namespace: a}\nroleRef: {kind: ClusterRole, name: edit}\nsubjects: [{kind: User, name: alice}, {kind: Group, name: devs}]",
        "kind: ClusterRoleBinding\nmetadata: {name: second}\nroleRef: {kind: ClusterRole, name: admin}\nsubjects: [{kind: User, name: bob}]",
    ];
    let plain = "kind: ClusterRole\nmetadata: {name: widgets}\nrules: [{apiGroups: [example.com], resources: [widgets], verbs: ['*']}]";
    let labelled = "kind: ClusterRole\nmetadata: {name: widgets, labels: {rbac.authorization.k8s.io/aggregate-to-edit: 'true'}}\nrules: [{apiGroups: [example.com], resources: [widgets], verbs: ['*']}]";
    let base = [plain, bindings[0], bindings[1]];
    let head = [labelled, bindings[0], bindings[1]];
    assert_eq!(
        changes(&base, &head),
        [
            "+ Group devs @a * example.com:widgets",
            "+ User alice @a * example.com:widgets",
            "+ User bob @* * example.com:widgets",
        ]
    );
    assert_eq!(kinds(&base, &head), [CauseKind::Labels]);
}

#[test]
fn wildcards_are_exact() {
    let role =
        |rule: &str| format!("kind: ClusterRole\nmetadata: {{name: reader}}\nrules: [{rule}]");
    let of = |rule: &str| {
        let role = role(rule);
        move |other: &str| {
            let other = format!("kind: ClusterRole\nmetadata: {{name: reader}}\nrules: [{other}]");
            changes(&[&role, ALICE], &[&other, ALICE])
        }
    };
    assert_eq!(
        of("{apiGroups: [''], resources: [pods], verbs: ['*']}")(
            "{apiGroups: [''], resources: [pods], verbs: [get, list]}"
        ),
        ["- User alice @* * :pods \\ @* get,list :pods"]
    );
    assert_eq!(
        of("{apiGroups: [''], resources: [pods], verbs: [get]}")(
            "{apiGroups: ['*'], resources: ['*'], verbs: [get]}"
        ),
        ["+ User alice @* get *:* \\ @* get :pods"]
    );
    assert_eq!(
        of("{apiGroups: [''], resources: [pods/log], verbs: [get]}")(
            "{apiGroups: [''], resources: ['*/log'], verbs: [get]}"
        ),
        ["+ User alice @* get :*/log \\ @* get :pods/log"]
    );
    assert_eq!(
        of("{apiGroups: [''], resources: [secrets], verbs: [get], resourceNames: [a]}")(
            "{apiGroups: [''], resources: [secrets], verbs: [get]}"
        ),
        ["+ User alice @* get :secrets \\ @* get :secrets=a"]
    );
    assert_eq!(
        of("{nonResourceURLs: ['/healthz/*'], verbs: [get]}")(
            "{nonResourceURLs: ['*'], verbs: [get]}"
        ),
        ["+ User alice @* get :* \\ @* get :/healthz/*"]
    );
}

#[test]
fn a_namespace_widened_to_the_cluster_gains_every_other_one() {
    let in_a = "kind: RoleBinding\nmetadata: {name: x, namespace: a}\nroleRef: {kind: ClusterRole, name: reader}\nsubjects: [{kind: User, name: alice}]";
    assert_eq!(
        changes(&[READER, in_a], &[READER, ALICE]),
        ["+ User alice @* get,list :pods,services \\ @a get,list :pods,services"]
    );
}

#[test]
fn each_deed_is_named() {
    let bob = "kind: ClusterRoleBinding\nmetadata: {name: alice}\nroleRef: {kind: ClusterRole, name: reader}\nsubjects: [{kind: User, name: alice}, {kind: User, name: bob}]";
    assert_eq!(
        kinds(&[READER, ALICE], &[READER, bob]),
        [CauseKind::Subject]
    );
    assert_eq!(kinds(&[READER], &[READER, ALICE]), [CauseKind::Binding]);
    assert_eq!(kinds(&[ALICE], &[READER, ALICE]), [CauseKind::Role]);
    let other = "kind: ClusterRoleBinding\nmetadata: {name: alice}\nroleRef: {kind: ClusterRole, name: view}\nsubjects: [{kind: User, name: alice}]";
    assert_eq!(
        kinds(&[READER, ALICE], &[READER, other]),
        [CauseKind::RoleRef]
    );
    let wider = "kind: ClusterRole\nmetadata: {name: reader}\nrules: [{apiGroups: [''], resources: [pods, services], verbs: [get, list, watch]}]";
    assert_eq!(kinds(&[READER, ALICE], &[wider, ALICE]), [CauseKind::Rule]);
    assert_eq!(
        changes(&[READER, ALICE], &[wider, ALICE]),
        ["+ User alice @* watch :pods,services"]
    );
}

/// `system:masters` is allowed everything on both sides.
#[test]
fn masters_neither_gain_nor_lose() {
    let masters = "kind: ClusterRoleBinding\nmetadata: {name: alice}\nroleRef: {kind: ClusterRole, name: reader}\nsubjects: [{kind: Group, name: 'system:masters'}]";
    assert_eq!(changes(&[READER], &[READER, masters]), [""; 0]);
}

/// Ten thousand bindings that differ in one: the difference, and that alone.
#[test]
fn one_binding_among_ten_thousand_is_found() {
    let mut text = format!("{API}{READER}\n");
    for number in 0..10_000 {
        text.push_str(&format!(
            "---\n{API}kind: RoleBinding\nmetadata: {{name: b, namespace: n{number}}}\nroleRef: {{kind: ClusterRole, name: edit}}\nsubjects: [{{kind: User, name: u{}}}]\n",
            number % 500
        ));
    }
    let base = store_of_text(&text, Defaults::Auto);
    text.push_str(&format!("---\n{API}{ALICE}\n"));
    let head = store_of_text(&text, Defaults::Auto);
    let found: Vec<String> = diff(&base, &head)
        .unwrap()
        .iter()
        .map(change_in_words)
        .collect();
    assert_eq!(found, ["+ User alice @* get,list :pods,services"]);
}

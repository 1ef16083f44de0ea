//! What entries of `diff` say of themselves: once, through what, and in which order.

use crate::support::store_of_text;
use pretty_assertions::assert_eq;
use rbac_eval::analysis::diff::{CauseKind, Change, diff};
use rbac_eval::cluster::Defaults;
use rbac_eval::object::Scope;

const API: &str = "apiVersion: rbac.authorization.k8s.io/v1\n";

/// The entries between two lists of objects, without their `apiVersion`.
fn changes(base: &[&str], head: &[&str]) -> Vec<Change> {
    let [base, head] = [base, head].map(|objects| {
        let objects = objects.iter().map(|object| format!("---\n{API}{object}\n"));
        let rbac = store_of_text(&objects.collect::<String>(), Defaults::None);
        assert_eq!(rbac.diagnostics(), []);
        rbac
    });
    diff(&base, &head).unwrap()
}

fn role(rules: &str) -> String {
    format!("kind: ClusterRole\nmetadata: {{name: reader}}\nrules: [{rules}]")
}

fn binding(name: &str, namespace: &str, subjects: &str) -> String {
    let (kind, namespace) = if namespace.is_empty() {
        ("ClusterRoleBinding", String::new())
    } else {
        ("RoleBinding", format!(", namespace: {namespace}"))
    };
    format!(
        "kind: {kind}\nmetadata: {{name: {name}{namespace}}}\n\
         roleRef: {{kind: ClusterRole, name: reader}}\nsubjects: [{subjects}]"
    )
}

const ALICE: &str = "{kind: User, name: alice}";
const GET_PODS: &str = "{apiGroups: [''], resources: [pods], verbs: [get]}";

/// Where each entry applies, with where each of its exceptions does.
fn scopes(changes: &[Change]) -> Vec<(&str, Vec<&str>)> {
    fn word(scope: &Scope) -> &str {
        scope.namespace().unwrap_or("*")
    }
    changes
        .iter()
        .map(|change| {
            let excepts = change.except.iter().map(|except| word(&except.scope));
            (word(&change.scope), excepts.collect())
        })
        .collect()
}

#[test]
fn a_gain_for_the_cluster_is_not_repeated_for_a_namespace() {
    let role = role(GET_PODS);
    let (everywhere, in_a) = (binding("all", "", ALICE), binding("one", "a", ALICE));
    let found = changes(&[&role], &[&role, &everywhere, &in_a]);
    assert_eq!(scopes(&found), [("*", vec![])]);
    // In a namespace that has more, the rest alone.
    let wide = "kind: ClusterRole\nmetadata: {name: reader}\nrules: [{apiGroups: [''], resources: [pods], verbs: [get]}]";
    let more = "kind: Role\nmetadata: {name: more, namespace: a}\nrules: [{apiGroups: [''], resources: [pods], verbs: [get, list]}]";
    let bound = "kind: RoleBinding\nmetadata: {name: more, namespace: a}\nroleRef: {kind: Role, name: more}\nsubjects: [{kind: User, name: alice}]";
    let found = changes(&[wide], &[wide, &everywhere, more, bound]);
    assert_eq!(scopes(&found), [("*", vec![]), ("a", vec![])]);
    assert_eq!(found[1].rule.verbs, ["list"]);
}

#[test]
fn an_exception_for_the_cluster_is_not_repeated_for_a_namespace() {
    let base_role = role(GET_PODS);
    let head_role = role("{apiGroups: [''], resources: [pods], verbs: ['*']}");
    let (everywhere, in_a) = (binding("all", "", ALICE), binding("one", "a", ALICE));
    let base = [&*base_role, &everywhere, &in_a];
    let found = changes(&base, &[&head_role, &everywhere]);
    assert_eq!(scopes(&found), [("*", vec!["*"])]);
    // What only the namespace had is left out there.
    let found = changes(&[&base_role, &in_a], &[&head_role, &everywhere]);
    assert_eq!(scopes(&found), [("*", vec!["a"])]);
}

#[test]
fn a_binding_that_names_someone_twice_is_one_cause() {
    let role = role(GET_PODS);
    let twice = binding(
        "twice",
        "",
        &format!("{ALICE}, {{kind: User, name: bob}}, {ALICE}"),
    );
    let found = changes(&[&role], &[&role, &twice]);
    let causes: Vec<usize> = found.iter().map(|change| change.causes.len()).collect();
    // Alice, then Bob.
    assert_eq!(causes, [1, 1]);
    // As one account under its two names.
    let names = "{kind: ServiceAccount, name: ci, namespace: a}, {kind: User, name: 'system:serviceaccount:a:ci'}";
    let found = changes(&[&role], &[&role, &binding("twice", "", names)]);
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].causes.len(), 1);
    let other = binding("other", "", ALICE);
    let found = changes(&[&role], &[&role, &twice, &other]);
    assert_eq!(found[0].causes.len(), 2);
}

#[test]
fn verbs_come_in_the_order_in_which_people_list_them() {
    let role = role(
        "{apiGroups: [''], resources: [pods], verbs: [zap, deletecollection, delete, patch, update, create, watch, list, get, approve]}",
    );
    let found = changes(&[&role], &[&role, &binding("all", "", ALICE)]);
    assert_eq!(
        found[0].rule.verbs,
        [
            "get",
            "list",
            "watch",
            "create",
            "update",
            "patch",
            "delete",
            "deletecollection",
            "approve",
            "zap",
        ]
    );
}

/// The kinds of causes between two states of an aggregated role, and of a role that it may gather from.
fn aggregation_causes(base: &[&str], head: &[&str]) -> Vec<CauseKind> {
    let bound = binding("all", "", ALICE);
    let [base, head] = [base, head].map(|objects| [objects, &[&*bound]].concat());
    let changes = changes(&base, &head);
    let causes = changes.iter().flat_map(|change| &change.causes);
    causes.map(|cause| cause.kind).collect()
}

#[test]
fn what_changed_about_an_aggregated_role_is_named() {
    let aggregated = |label: &str| {
        format!(
            "kind: ClusterRole\nmetadata: {{name: reader}}\naggregationRule: {{clusterRoleSelectors: [{{matchLabels: {{part: {label}}}}}]}}"
        )
    };
    let part = |name: &str, label: &str, verbs: &str| {
        format!(
            "kind: ClusterRole\nmetadata: {{name: {name}, labels: {{part: {label}}}}}\nrules: [{{apiGroups: [''], resources: [pods], verbs: {verbs}}}]"
        )
    };
    let (one, other) = (aggregated("one"), aggregated("other"));
    let pods = part("pods", "one", "[get]");
    assert_eq!(
        aggregation_causes(&[&other, &pods], &[&one, &pods]),
        [CauseKind::AggregationRule]
    );
    assert_eq!(
        aggregation_causes(&[&one, &pods], &[&other, &pods]),
        [CauseKind::AggregationRule]
    );
    assert_eq!(
        aggregation_causes(&[&one], &[&one, &pods]),
        [CauseKind::AggregatedRole]
    );
    assert_eq!(
        aggregation_causes(&[&one, &part("pods", "other", "[get]")], &[&one, &pods]),
        [CauseKind::Labels]
    );
    assert_eq!(
        aggregation_causes(&[&one, &pods], &[&one, &part("pods", "one", "[get, list]")]),
        [CauseKind::Rule]
    );
}

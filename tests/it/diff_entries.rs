//! What entries of `diff` say of themselves: once, through what, and in which order.

use crate::support::compare::authorizer_of_objects;
use crate::support::object::{Object, at};
use crate::support::store_of_text;
use compact_str::CompactString;
use pretty_assertions::assert_eq;
use rbac_eval::analysis::diff::{CauseKind, Change, diff};
use rbac_eval::authz::rbac::{HashState, RbacAuthorizer};
use rbac_eval::cluster::Defaults;
use rbac_eval::kube::{
    Binding, BindingKind, Metadata, OtherDefinitions, PolicyRule, Role, RoleKind, RoleRef, Subject,
    SubjectKind,
};
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

/// What each entry gives, in their order.
fn rules(changes: &[Change]) -> Vec<String> {
    let words = |words: &[CompactString]| words.join(",");
    changes
        .iter()
        .map(|Change { rule, .. }| {
            format!(
                "{} {} {}{}",
                words(&rule.verbs),
                words(&rule.api_groups),
                words(&rule.resources),
                words(&rule.non_resource_urls)
            )
        })
        .collect()
}

#[test]
fn what_one_rule_gives_comes_by_verbs_then_resources() {
    let base = role(
        "{apiGroups: [''], resources: [pods], verbs: [list]}, \
         {apiGroups: [apps], resources: [nodes], verbs: [get, watch]}, \
         {apiGroups: [''], resources: [nodes], verbs: [list]}",
    );
    let head =
        role("{apiGroups: ['', apps], resources: [pods, nodes, jobs], verbs: [get, list, watch]}");
    let bound = binding("all", "", ALICE);
    let found = changes(&[&base, &bound], &[&head, &bound]);
    assert_eq!(
        rules(&found),
        [
            "get,list,watch  jobs",
            "get,list,watch apps jobs,pods",
            "get,watch  nodes,pods",
            "list apps nodes",
        ]
    );
}

/// A cluster of one rule, which Alice is given everywhere.
fn given(rule: PolicyRule) -> RbacAuthorizer {
    let role = Role {
        kind: RoleKind::ClusterRole,
        metadata: Metadata::new("", "reader"),
        rules: vec![at(rule)],
        aggregation_rule: None,
        others: OtherDefinitions::default(),
    };
    let alice = Subject {
        kind: SubjectKind::User,
        namespace: "".into(),
        name: "alice".into(),
    };
    let binding = Binding {
        kind: BindingKind::ClusterRoleBinding,
        metadata: Metadata::new("", "all"),
        subjects: vec![at(alice)],
        role_ref: RoleRef {
            kind: RoleKind::ClusterRole,
            name: "reader".into(),
        },
    };
    let objects = [Object::Role(role), Object::Binding(binding)];
    authorizer_of_objects(&objects, HashState::random())
}

/// Of one rule for both, which a server refuses, so that it can't be read.
#[test]
fn resources_come_before_urls() {
    let both = |verb: &str| PolicyRule {
        verbs: vec![verb.into()],
        api_groups: vec!["".into()],
        resources: vec!["pods".into()],
        non_resource_urls: vec!["/healthz".into()],
        ..PolicyRule::default()
    };
    let found = diff(&given(both("list")), &given(both("get"))).unwrap();
    assert_eq!(
        rules(&found),
        ["get  pods", "get  /healthz", "list  pods", "list  /healthz"]
    );
}

#[test]
fn a_word_that_another_covers_is_left_out() {
    let role = role(
        "{apiGroups: ['', '*'], resources: [pods, '*', pods/log, '*/log'], verbs: [get, '*']}, \
         {nonResourceURLs: [/a/b, /a/*, /a], verbs: [get]}",
    );
    let found = changes(&[], &[&role, &binding("all", "", ALICE)]);
    assert_eq!(rules(&found), ["* * *", "get  /a,/a/*"]);
}

/// Without any name of a verb or group on either side.
#[test]
fn wildcards_alone_are_an_entry() {
    let role = role(
        "{apiGroups: ['*'], resources: ['*'], verbs: ['*']}, {nonResourceURLs: ['*'], verbs: ['*']}",
    );
    let bound = binding("all", "", ALICE);
    for (base, head) in [(&[][..], &[&*role, &bound][..]), (&[&*role, &bound], &[])] {
        assert_eq!(rules(&changes(base, head)), ["* * *", "*  *"]);
    }
}

/// Nothing that a wildcard covers is overlooked, however many other words it covers too.
#[test]
fn a_wildcard_leaves_out_each_of_many_rules() {
    let get =
        |resource: &str| format!("{{apiGroups: [''], resources: [{resource}], verbs: [get]}}");
    let bound = binding("all", "", ALICE);
    for (kept, other) in [(12, 40), (12, 5), (9, 200), (60, 300)] {
        let names = |prefix: &str, count: usize| -> Vec<String> {
            (0..count).map(|at| format!("{prefix}{at:03}")).collect()
        };
        let kept = names("kept", kept);
        let each: Vec<String> = kept.iter().map(|name| get(name)).collect();
        let base = role(&each.join(", "));
        // What the wildcard covers anyway, and BASE doesn't name.
        let others = get(&names("other", other).join(", "));
        let head = role(&format!("{}, {others}", get("'*'")));
        for (from, to) in [(&base, &head), (&head, &base)] {
            let found = changes(&[from, &bound], &[to, &bound]);
            assert_eq!(rules(&found), ["get  *"]);
            let except = &found[0].except;
            let left_out: Vec<&CompactString> = except
                .iter()
                .flat_map(|except| &except.rule.resources)
                .collect();
            assert_eq!(left_out, kept.iter().collect::<Vec<_>>());
        }
    }
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

//! What is known of an input as a whole: which duplicate objects differ, and whether it is a
//! server's complete policy.

use crate::support::store_of_text;
use pretty_assertions::assert_eq;
use rbac_eval::authn::UserInfo;
use rbac_eval::authz::{Authorizer, Decision, ResourceAttributes, chain};
use rbac_eval::cluster::{Completeness, Defaults};
use rbac_eval::diagnostic::codes;
use rbac_eval::kube::default_policy::DefaultPolicy;

const RBAC: &str = "apiVersion: rbac.authorization.k8s.io/v1\n";

/// The objects of which an earlier definition differs.
fn overridden(first: &str, second: &str) -> Vec<String> {
    let rbac = store_of_text(&format!("{first}\n---\n{second}\n"), Defaults::None);
    let overridden = rbac.diagnostics().iter().map(|diagnostic| {
        assert_eq!(
            diagnostic.code,
            &codes::DEFINED_TWICE,
            "{}",
            diagnostic.message
        );
        diagnostic.object.as_ref().unwrap().to_string()
    });
    overridden.collect()
}

#[test]
fn a_duplicate_is_told_of_exactly_where_it_differs() {
    let role = |labels: &str, verb: &str| {
        format!(
            "{RBAC}kind: ClusterRole\nmetadata: {{name: r, labels: {labels}}}\n\
             rules: [{{apiGroups: [''], resources: [pods], verbs: [{verb}]}}]"
        )
    };
    let aggregated = |value: &str| {
        format!(
            "{RBAC}kind: ClusterRole\nmetadata: {{name: r}}\n\
             aggregationRule: {{clusterRoleSelectors: [{{matchLabels: {{part: {value}}}}}]}}"
        )
    };
    let binding = |role: &str, user: &str| {
        format!(
            "{RBAC}kind: ClusterRoleBinding\nmetadata: {{name: b}}\n\
             roleRef: {{kind: ClusterRole, name: {role}}}\nsubjects: [{{kind: User, name: {user}}}]"
        )
    };
    let namespace = |labels: &str| {
        format!("apiVersion: v1\nkind: Namespace\nmetadata: {{name: team, labels: {labels}}}")
    };
    let definition = |kind: &str| {
        format!(
            "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\n\
             metadata: {{name: widgets.example.com}}\n\
             spec:\n  group: example.com\n  scope: Namespaced\n  names: {{plural: widgets, kind: {kind}}}\n\
             \x20 versions: [{{name: v1, served: true, storage: true}}]"
        )
    };
    for (object, first, other) in [
        (
            "ClusterRole r",
            role("{a: b}", "get"),
            role("{a: c}", "get"),
        ),
        (
            "ClusterRole r",
            role("{a: b}", "get"),
            role("{a: b}", "list"),
        ),
        ("ClusterRole r", aggregated("one"), aggregated("two")),
        ("ClusterRoleBinding b", binding("r", "u"), binding("s", "u")),
        ("ClusterRoleBinding b", binding("r", "u"), binding("r", "v")),
        ("Namespace team", namespace("{a: b}"), namespace("{a: c}")),
        ("Namespace team", namespace("{a: b}"), namespace("{}")),
        (
            "CustomResourceDefinition widgets.example.com",
            definition("Widget"),
            definition("Gadget"),
        ),
    ] {
        assert_eq!(overridden(&first, &other), [object], "{first}\n{other}");
        assert_eq!(overridden(&first, &first), [""; 0], "{first}");
    }
    // What a server adds doesn't change what an object gives.
    let from_server = role("{a: b}", "get").replace("name: r", "name: r, uid: u-1");
    assert_eq!(overridden(&role("{a: b}", "get"), &from_server), [""; 0]);
}

/// The default ClusterRoles of a version as a server prints them.
fn printed(policy: DefaultPolicy, change: impl Fn(usize, String) -> Option<String>) -> String {
    let roles = policy.cluster_roles().enumerate().map(|(at, name)| {
        format!(
            "---\n{RBAC}kind: ClusterRole\n\
             metadata: {{name: '{name}', uid: u-{at}, resourceVersion: '{at}'}}\nrules: []\n"
        )
    });
    let roles = roles.enumerate();
    roles.filter_map(|(at, role)| change(at, role)).collect()
}

#[test]
fn an_input_is_complete_where_a_server_printed_every_default_cluster_role_of_some_version() {
    let completeness = |text: &str| {
        let rbac = store_of_text(text, Defaults::Auto);
        let snapshot = rbac.snapshot();
        let complete = snapshot.completeness() == Completeness::Complete;
        assert_eq!(snapshot.is_complete(), complete);
        // What speaks for itself gets no defaults, and all else does.
        assert_eq!(snapshot.defaults().is_none(), complete);
        snapshot.completeness()
    };
    for version in DefaultPolicy::all() {
        let whole = printed(version, |_, role| Some(role));
        assert_eq!(completeness(&whole), Completeness::Complete);
        let missing = printed(version, |at, role| (at != 7).then_some(role));
        // 1.37 without a role that came later still is 1.24 and more.
        let gone = version.cluster_roles().nth(7).unwrap();
        let left = |name: &str| name != gone && version.cluster_roles().any(|own| own == name);
        let newer = DefaultPolicy::all().any(|older| older.cluster_roles().all(left));
        assert_eq!(completeness(&missing) == Completeness::Complete, newer);
        for (written, without) in [("uid: u-7, ", ""), ("resourceVersion: '7'", "")] {
            let text = whole.replace(written, without);
            assert_ne!(text, whole);
            assert_eq!(completeness(&text) == Completeness::Complete, newer);
        }
    }
    let one = "kind: ClusterRole\nmetadata: {name: view, uid: u, resourceVersion: '1', \
               labels: {kubernetes.io/bootstrapping: rbac-defaults}}\n";
    assert_eq!(completeness(&format!("{RBAC}{one}")), Completeness::Partial);
}

/// Each definition counts, whichever of them comes last.
#[test]
fn of_two_definitions_what_either_gives_counts() {
    let role = |head: &str, verb: &str| {
        format!(
            "{RBAC}kind: ClusterRole\nmetadata: {{name: r, labels: {{part: '{verb}'}}}}\n\
             {head}rules: [{{apiGroups: [''], resources: [pods], verbs: [{verb}]}}]\n"
        )
    };
    let gathers = |value: &str| {
        format!(
            "aggregationRule: {{clusterRoleSelectors: [{{matchLabels: {{part: '{value}'}}}}]}}\n"
        )
    };
    let bound = format!(
        "---\n{RBAC}kind: ClusterRoleBinding\nmetadata: {{name: b}}\n\
         roleRef: {{kind: ClusterRole, name: r}}\nsubjects: [{{kind: User, name: u}}]\n"
    );
    let may = |text: &str, verb: &str| {
        let rbac = store_of_text(text, Defaults::None);
        let request = ResourceAttributes::new(verb, "pods").into();
        let user = UserInfo::impersonated("u", []);
        chain(&rbac).decide(&user, &request) == Decision::Allow
    };
    let (plain, decoy) = (role("", "get"), role("", "list"));
    let aggregated = role(&gathers("other"), "watch");
    let gathering = format!(
        "{RBAC}kind: ClusterRole\nmetadata: {{name: all}}\n{}",
        gathers("get")
    );
    for order in [[&plain, &decoy, &aggregated], [&aggregated, &plain, &decoy]] {
        let text = order.map(|object| format!("---\n{object}")).concat();
        let text = format!("{text}{bound}");
        assert!(may(&text, "get") && may(&text, "list"), "{text}");
        // What is written into an aggregated role is overwritten by what it gathers.
        assert!(!may(&text, "watch"), "{text}");
        // Either's labels have it gathered.
        let of_all = text.replace("ClusterRole, name: r}", "ClusterRole, name: all}");
        let of_all = format!("{of_all}---\n{gathering}");
        assert!(may(&of_all, "get") && may(&of_all, "list"), "{of_all}");
    }
    let other = bound.replace("name: u", "name: v");
    assert!(may(&format!("---\n{plain}{bound}{other}"), "get"));
    assert!(may(&format!("---\n{plain}{other}{bound}"), "get"));
}

//! What is known of an input as a whole: which duplicate objects differ, and whether it is a
//! server's complete policy.

use crate::support::store_of_text;
use pretty_assertions::assert_eq;
use rbac_eval::cluster::{Completeness, Defaults};
use rbac_eval::diagnostic::codes;

const RBAC: &str = "apiVersion: rbac.authorization.k8s.io/v1\n";

/// The objects of which an earlier definition differs.
fn overridden(first: &str, second: &str) -> Vec<String> {
    let rbac = store_of_text(&format!("{first}\n---\n{second}\n"), Defaults::None);
    let overridden = rbac.diagnostics().iter().map(|diagnostic| {
        assert_eq!(
            diagnostic.code,
            &codes::OVERRIDDEN,
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

/// A default object as a server prints it, or as somebody wrote it.
fn default_object(kind: &str, uid: &str, labels: &str) -> String {
    let body = if kind == "ClusterRole" {
        "rules: []"
    } else {
        "roleRef: {kind: ClusterRole, name: view}\nsubjects: []"
    };
    format!("---\n{RBAC}kind: {kind}\nmetadata: {{name: x{uid}{labels}}}\n{body}\n")
}

#[test]
fn an_input_is_complete_where_both_default_roles_and_default_bindings_come_from_a_server() {
    const UID: &str = ", uid: u-1";
    const DEFAULT: &str = ", labels: {kubernetes.io/bootstrapping: rbac-defaults}";
    let of = |role: (&str, &str), binding: (&str, &str)| {
        let text = default_object("ClusterRole", role.0, role.1)
            + &default_object("ClusterRoleBinding", binding.0, binding.1);
        let rbac = store_of_text(&text, Defaults::None);
        assert_eq!(rbac.diagnostics(), []);
        let snapshot = rbac.snapshot();
        assert_eq!(
            snapshot.is_complete(),
            snapshot.completeness() == Completeness::Complete
        );
        snapshot.completeness()
    };
    let full = (UID, DEFAULT);
    assert_eq!(of(full, full), Completeness::Complete);
    for part in [("", DEFAULT), (UID, ""), ("", "")] {
        assert_eq!(of(full, part), Completeness::Partial, "{part:?}");
        assert_eq!(of(part, full), Completeness::Partial, "{part:?}");
        assert_eq!(of(part, part), Completeness::Partial, "{part:?}");
    }
}

//! Risks of several parts, whose parts come from other bindings, places and groups.

use crate::support::store_of_text;
use rbac_eval::analysis::diff::diff;
use rbac_eval::analysis::risk::risks_of;
use rbac_eval::cluster::Defaults;
use rbac_eval::diagnostic::Severity;

const API: &str = "apiVersion: rbac.authorization.k8s.io/v1";
const EVE: &str = "{kind: User, name: eve}";
const EVERYONE: &str = "{kind: Group, name: system:authenticated}";
const ACCOUNT: &str = "{kind: ServiceAccount, name: app, namespace: prod}";

/// A right on types of RBAC: verb, resource, names, namespace (none is the cluster), subject.
type Right<'r> = (&'r str, &'r str, &'r str, &'r str, &'r str);

fn manifest(rights: &[Right<'_>]) -> String {
    let objects = rights.iter().enumerate().map(|(at, right)| {
        let (verb, resource, names, namespace, subject) = right;
        let names = match *names {
            "" => String::new(),
            names => format!(", resourceNames: [{names}]"),
        };
        let (kind, namespace) = match *namespace {
            "" => ("ClusterRoleBinding", String::new()),
            namespace => ("RoleBinding", format!(", namespace: {namespace}")),
        };
        format!(
            "---\n{API}\nkind: ClusterRole\nmetadata: {{name: r{at}}}\n\
             rules: [{{apiGroups: [rbac.authorization.k8s.io], resources: [{resource}], verbs: [{verb}]{names}}}]\n\
             ---\n{API}\nkind: {kind}\nmetadata: {{name: b{at}{namespace}}}\n\
             roleRef: {{kind: ClusterRole, name: r{at}}}\nsubjects: [{subject}]\n"
        )
    });
    objects.collect()
}

/// How grave a risk of what comes with the last right is, by everything before it.
fn with_the_last(id: &str, rights: &[Right<'_>]) -> Option<Severity> {
    let (_, before) = rights.split_last().unwrap();
    let [base, head] =
        [before, rights].map(|rights| store_of_text(&manifest(rights), Defaults::None));
    let changes = diff(&base, &head).unwrap();
    let risks = changes
        .iter()
        .flat_map(|change| risks_of(change, &base, &head));
    let found = risks.filter(|risk| risk.code.id == id);
    found.map(|risk| risk.severity).max()
}

#[test]
fn names_meet_in_a_namespace_too() {
    let held = ("update", "roles", "", "prod", EVE);
    let told = |names| with_the_last("escalate", &[held, ("escalate", "roles", names, "", EVE)]);
    assert_eq!(told("a"), Some(Severity::Medium));
    assert_eq!(told(""), Some(Severity::High));
    let other = ("update", "roles", "b", "prod", EVE);
    let told = with_the_last("escalate", &[other, ("escalate", "roles", "a", "", EVE)]);
    assert_eq!(told, None);
}

#[test]
fn a_place_where_all_was_held_hides_no_other() {
    let mut rights = vec![
        ("bind", "clusterroles", "", "a", EVE),
        ("create", "rolebindings", "", "a", EVE),
        ("bind", "clusterroles", "", "b", EVE),
    ];
    let write = ("create", "rolebindings", "", "", EVE);
    let all = |rights: &[Right<'static>]| with_the_last("bind", &[rights, &[write]].concat());
    assert_eq!(all(&rights[..2]), None);
    assert_eq!(all(&rights), Some(Severity::High));
    rights.push(("bind", "clusterroles", "", "kube-system", EVE));
    assert_eq!(all(&rights), Some(Severity::Critical));
}

#[test]
fn all_names_are_more_than_those_that_met_before() {
    let rights = [
        ("escalate", "clusterroles", "", "", EVE),
        ("update", "clusterroles", "a", "", EVE),
        ("update", "clusterroles", "", "", EVE),
        ("patch", "clusterroles", "", "", EVE),
    ];
    assert_eq!(
        with_the_last("escalate", &rights[..2]),
        Some(Severity::High)
    );
    assert_eq!(
        with_the_last("escalate", &rights[..3]),
        Some(Severity::Critical)
    );
    assert_eq!(with_the_last("escalate", &rights), None);
}

#[test]
fn the_other_half_may_be_of_a_group_that_one_is_in_by_nature() {
    let told = |subject: &str, group: &str| {
        let bind = ("bind", "clusterroles", "", "", group);
        with_the_last(
            "bind",
            &[bind, ("create", "rolebindings", "", "prod", subject)],
        )
    };
    assert_eq!(told(EVE, EVERYONE), Some(Severity::High));
    assert_eq!(told(ACCOUNT, EVERYONE), Some(Severity::High));
    for group in ["system:serviceaccounts", "system:serviceaccounts:prod"] {
        let group = format!("{{kind: Group, name: {group}}}");
        assert_eq!(told(ACCOUNT, &group), Some(Severity::High));
        assert_eq!(told(EVE, &group), None);
    }
    let others = "{kind: Group, name: system:serviceaccounts:dev}";
    assert_eq!(told(ACCOUNT, others), None);
    let anonymous = "{kind: User, name: system:anonymous}";
    assert_eq!(told(anonymous, EVERYONE), None);
}

#[test]
fn what_everyone_gains_completes_what_someone_holds() {
    let told = |subject, resource| {
        let bind = ("bind", "clusterroles", "", "", subject);
        with_the_last("bind", &[bind, ("create", resource, "", "", EVERYONE)])
    };
    assert_eq!(told(EVE, "clusterrolebindings"), Some(Severity::Critical));
    assert_eq!(
        told(ACCOUNT, "clusterrolebindings"),
        Some(Severity::Critical)
    );
    let anonymous = "{kind: User, name: system:anonymous}";
    assert_eq!(told(anonymous, "clusterrolebindings"), None);
    // Who had it before gains nothing.
    let both = [
        ("bind", "clusterroles", "", "", EVE),
        ("create", "clusterrolebindings", "", "", EVE),
        ("bind", "clusterroles", "", "", EVERYONE),
    ];
    assert_eq!(with_the_last("bind", &both), None);
}

//! Clusters to compare two authorizers on.
//!
//! The words come from small pools full of near-variants, so that roles, bindings and requests
//! meet often and miss narrowly.

use compact_str::CompactString;
use proptest::collection::{btree_map, vec};
use proptest::prelude::*;
use proptest::sample::select;
use rbac_eval::authz::rbac::{HashState, RbacAuthorizer};
use rbac_eval::kube::{
    AggregationRule, Binding, BindingKind, LabelOperator, LabelSelector, LabelSelectorRequirement,
    Metadata, OtherDefinitions, PolicyRule, Role, RoleKind, RoleRef, Subject, SubjectKind,
};
use rbac_eval::text::Located;

use super::compare::authorizer_of_objects;
use super::object::{Object, at};

const NAMESPACES: &[&str] = &["a", "b", "default"];
/// The first ones are repeated so that bindings mostly find their role.
const ROLES: &[&str] = &[
    "view", "view", "view", "view", "edit", "edit", "edit", "m n", "m n", "View", "q\"q", "\\",
    "yes",
];
const BINDINGS: &[&str] = &["one", "two", "One", "t:1", "null", "1"];
pub const USERS: &[&str] = &[
    "alice",
    "Alice",
    "system:serviceaccount:a:ci",
    "system:serviceaccount:b:ci",
    "system:serviceaccount:a:default",
    "system:anonymous",
    "devs",
    "o'neil \"x\"",
    "true",
    "123",
];
pub const GROUPS: &[&str] = &[
    "devs",
    "Devs",
    "alice",
    "system:authenticated",
    "system:unauthenticated",
    "system:serviceaccounts",
    "system:serviceaccounts:a",
    "system:masters",
    "~",
];
const ACCOUNTS: &[&str] = &["ci", "default", "c.i"];
pub const VERBS: &[&str] = &[
    "get",
    "list",
    "create",
    "*",
    "deletecollection",
    "",
    "GET",
    "frobnicate",
    "post",
    "use",
    "get*",
];
pub const API_GROUPS: &[&str] = &["", "apps", "*", "Apps", "apps.", "null"];
pub const RESOURCES: &[&str] = &[
    "pods",
    "pods/log",
    "*",
    "*/log",
    "*/scale",
    "pods/*",
    "deployments/scale",
    "Pods",
    "*/*",
    "pods/",
    "/log",
    "*/",
    "",
    "pods/log/x",
    "*/log/x",
];
pub const NAMES: &[&str] = &["web", "", "*", "Web", "web/x"];
pub const URLS: &[&str] = &[
    "/healthz",
    "*",
    "/healthz/*",
    "/healthz*",
    "/api/**",
    "/a*b",
    "**",
    "",
    "/",
    "/*",
    "/Healthz",
    "healthz",
];
const LABELS: &[&str] = &["agg", "k8s.io/tier"];
const VALUES: &[&str] = &["view", "edit", ""];

/// The roles and bindings of a cluster, in the order of the input, and how they are hashed: often
/// with so few bits that names collide with one another, or with names that nothing binds.
#[derive(Debug, Clone)]
pub struct Cluster {
    pub objects: Vec<Object>,
    pub hash_seed: u64,
    pub hash_bits: u32,
}

impl Cluster {
    pub fn hash_state(&self) -> HashState {
        HashState::fixed(self.hash_seed, self.hash_bits)
    }

    pub fn authorizer(&self) -> RbacAuthorizer {
        authorizer_of_objects(&self.objects, self.hash_state())
    }
}

/// Clusters. `accepted` leaves out what an API server refuses, and so only objects that are made
/// rather than read can hold.
pub fn cluster(accepted: bool) -> impl Strategy<Value = Cluster> {
    let roles = vec(role(accepted).prop_map(Object::Role), 0..8);
    let bindings = vec(binding(accepted).prop_map(Object::Binding), 0..8);
    (roles, bindings)
        .prop_map(|(roles, bindings)| [roles, bindings].concat())
        .prop_shuffle()
        .prop_flat_map(|objects| {
            let hash_bits = select(&[0, 1, 2, 3, 4, 5, 6, 64][..]);
            (Just(objects), any::<u64>(), hash_bits)
        })
        .prop_map(|(objects, hash_seed, hash_bits)| Cluster {
            objects,
            hash_seed,
            hash_bits,
        })
}

/// Two clusters that share most of their objects.
pub fn pair() -> impl Strategy<Value = (Cluster, Cluster)> {
    (cluster(false), cluster(false), vec(0u8..8, 64)).prop_map(|(base, other, keep)| {
        let mut objects: Vec<Object> = base
            .objects
            .iter()
            .zip(keep.iter().cycle())
            .filter(|(_, keep)| **keep > 0)
            .map(|(object, _)| object.clone())
            .collect();
        // A later object of the same name takes the place of an earlier one.
        objects.extend(
            other
                .objects
                .iter()
                .zip(keep.iter().rev().cycle())
                .filter(|(_, keep)| **keep > 4)
                .map(|(object, _)| object.clone()),
        );
        let head = Cluster { objects, ..other };
        (base, head)
    })
}

/// Two clusters that give two subjects much of the same, by rules that overlap, in the cluster and
/// in two namespaces.
pub fn overlapping_pair() -> impl Strategy<Value = (Cluster, Cluster)> {
    (overlapping(&FEW_RULES), overlapping(&FEW_RULES))
}

/// The same with so many rules in a role that they are looked up by their words.
pub fn crowded_pair() -> impl Strategy<Value = (Cluster, Cluster)> {
    (overlapping(&MANY_RULES), overlapping(&MANY_RULES))
}

const OVERLAPPING_ROLES: &[&str] = &["one", "two", "three"];

/// What overlapping roles are made of.
struct Overlapping {
    rules: std::ops::Range<usize>,
    verbs: &'static [&'static str],
    api_groups: &'static [&'static str],
    resources: &'static [&'static str],
    names: &'static [&'static str],
}

const FEW_RULES: Overlapping = Overlapping {
    rules: 1..3,
    verbs: &["get", "list", "*"],
    api_groups: &["", "apps", "*"],
    resources: &["pods", "pods/log", "*/log", "*", "*"],
    names: &["web", "db"],
};

/// Wildcards are rare, so that no rule covers most of the others.
const MANY_RULES: Overlapping = Overlapping {
    rules: 5..20,
    verbs: &["get", "list", "watch", "get", "list", "patch", "*"],
    api_groups: &["", "apps", "batch", "", "apps", "batch", "*"],
    resources: &[
        "pods",
        "pods/log",
        "jobs",
        "jobs/log",
        "jobs/scale",
        "nodes",
        "*/log",
        "*/scale",
        "*",
    ],
    names: &["web", "db", "cache"],
};

fn overlapping(of: &'static Overlapping) -> impl Strategy<Value = Cluster> {
    let on_resources = (
        words(of.verbs, 1..3),
        words(of.api_groups, 1..3),
        words(of.resources, 1..3),
        prop_oneof![2 => Just(Vec::new()), 1 => words(of.names, 1..3)],
    );
    let on_resources = on_resources.prop_map(|(verbs, api_groups, resources, names)| PolicyRule {
        verbs,
        api_groups,
        resources,
        resource_names: names,
        ..PolicyRule::default()
    });
    let urls = words(&["/a", "/a/*", "/a/b", "*"], 1..3);
    let on_urls = (words(&["get", "post", "*"], 1..3), urls).prop_map(|(verbs, urls)| PolicyRule {
        verbs,
        non_resource_urls: urls,
        ..PolicyRule::default()
    });
    let rule = prop_oneof![4 => on_resources, 1 => on_urls].prop_map(at);
    let roles = vec(vec(rule, of.rules.clone()), OVERLAPPING_ROLES.len()).prop_map(|rules| {
        let named = OVERLAPPING_ROLES.iter().zip(rules);
        named
            .map(|(&name, rules)| overlapping_role(name, rules))
            .collect::<Vec<_>>()
    });
    let subject = select(
        &[
            (SubjectKind::User, "", "alice"),
            (SubjectKind::User, "", "system:serviceaccount:a:ci"),
            (SubjectKind::ServiceAccount, "a", "ci"),
        ][..],
    );
    let subject = subject.prop_map(|(kind, namespace, name)| Subject {
        kind,
        namespace: namespace.into(),
        name: name.into(),
    });
    let bindings = vec(
        (
            select(&["", "", "a", "b"][..]),
            select(BINDINGS),
            select(OVERLAPPING_ROLES),
            vec(subject.prop_map(at), 1..3),
        ),
        1..6,
    );
    let hash = (any::<u64>(), select(&[0, 1, 2, 64][..]));
    (roles, bindings, hash).prop_map(|(mut objects, bindings, (hash_seed, hash_bits))| {
        objects.extend(
            bindings
                .into_iter()
                .map(|(namespace, name, role, subjects)| {
                    Object::Binding(Binding {
                        kind: if namespace.is_empty() {
                            BindingKind::ClusterRoleBinding
                        } else {
                            BindingKind::RoleBinding
                        },
                        metadata: Metadata::new(namespace, name),
                        subjects,
                        role_ref: RoleRef {
                            kind: RoleKind::ClusterRole,
                            name: role.into(),
                        },
                    })
                }),
        );
        Cluster {
            objects,
            hash_seed,
            hash_bits,
        }
    })
}

fn overlapping_role(name: &str, rules: Vec<Located<PolicyRule>>) -> Object {
    Object::Role(Role {
        kind: RoleKind::ClusterRole,
        metadata: Metadata::new("", name),
        rules,
        aggregation_rule: None,
        others: OtherDefinitions::default(),
    })
}

fn word(pool: &'static [&'static str]) -> impl Strategy<Value = String> {
    select(pool).prop_map(str::to_owned)
}

fn words(
    pool: &'static [&'static str],
    count: std::ops::Range<usize>,
) -> impl Strategy<Value = Vec<CompactString>> {
    vec(word(pool).prop_map(CompactString::from), count)
}

fn labels() -> impl Strategy<Value = Vec<(String, String)>> {
    btree_map(word(LABELS), word(VALUES), 0..3).prop_map(|labels| labels.into_iter().collect())
}

fn rule(accepted: bool, urls: bool) -> BoxedStrategy<PolicyRule> {
    let on_resources = (
        words(VERBS, 1..4),
        words(API_GROUPS, 1..3),
        words(RESOURCES, 1..4),
        prop_oneof![2 => Just(Vec::new()), 1 => words(NAMES, 1..3)],
    )
        .prop_map(
            |(verbs, api_groups, resources, resource_names)| PolicyRule {
                verbs,
                api_groups,
                resources,
                resource_names,
                ..PolicyRule::default()
            },
        );
    let on_urls = (words(VERBS, 1..4), words(URLS, 1..3)).prop_map(|(verbs, urls)| PolicyRule {
        verbs,
        non_resource_urls: urls,
        ..PolicyRule::default()
    });
    let refused = (
        words(VERBS, 0..2),
        words(API_GROUPS, 0..2),
        words(RESOURCES, 0..2),
        words(URLS, 0..2),
    )
        .prop_map(
            |(verbs, api_groups, resources, non_resource_urls)| PolicyRule {
                verbs,
                api_groups,
                resources,
                non_resource_urls,
                ..PolicyRule::default()
            },
        );
    match (accepted, urls) {
        (true, false) => on_resources.boxed(),
        (true, true) => prop_oneof![3 => on_resources, 1 => on_urls].boxed(),
        (false, _) => prop_oneof![3 => on_resources, 1 => on_urls, 1 => refused].boxed(),
    }
}

fn selector() -> impl Strategy<Value = LabelSelector> {
    let requirement = (
        word(LABELS),
        select(vec![
            LabelOperator::In,
            LabelOperator::NotIn,
            LabelOperator::Exists,
            LabelOperator::DoesNotExist,
        ]),
        words(VALUES, 1..3),
    )
        .prop_map(|(key, operator, values)| {
            let lists = matches!(operator, LabelOperator::In | LabelOperator::NotIn);
            LabelSelectorRequirement {
                key,
                operator,
                values: if lists {
                    values.iter().map(ToString::to_string).collect()
                } else {
                    Vec::new()
                },
            }
        });
    let match_labels = btree_map(word(LABELS), word(VALUES), 0..2);
    (match_labels, vec(requirement, 0..2)).prop_map(|(match_labels, match_expressions)| {
        LabelSelector {
            match_labels: match_labels.into_iter().collect(),
            match_expressions,
        }
    })
}

fn role(accepted: bool) -> impl Strategy<Value = Role> {
    let cluster_role = (
        word(ROLES),
        labels(),
        vec(rule(accepted, true).prop_map(at), 0..4),
        prop_oneof![2 => Just(None), 1 => vec(selector(), 1..3).prop_map(Some)],
        prop::bool::weighted(0.2),
    )
        .prop_map(|(name, labels, rules, selectors, from_server)| Role {
            kind: RoleKind::ClusterRole,
            metadata: Metadata {
                labels,
                has_uid: from_server,
                ..Metadata::new("", name)
            },
            rules,
            aggregation_rule: selectors.map(|cluster_role_selectors| AggregationRule {
                cluster_role_selectors,
            }),
            others: OtherDefinitions::default(),
        });
    let role = (
        word(ROLES),
        word(NAMESPACES),
        labels(),
        vec(rule(accepted, false).prop_map(at), 0..3),
    )
        .prop_map(|(name, namespace, labels, rules)| Role {
            kind: RoleKind::Role,
            metadata: Metadata {
                labels,
                ..Metadata::new(namespace, name)
            },
            rules,
            aggregation_rule: None,
            others: OtherDefinitions::default(),
        });
    prop_oneof![2 => cluster_role, 1 => role]
}

fn subject(accepted: bool, kind: BindingKind) -> impl Strategy<Value = Subject> {
    let user = (Just(SubjectKind::User), word(USERS), Just(String::new()));
    // The namespace of a group is ignored.
    let group = (
        Just(SubjectKind::Group),
        word(GROUPS),
        prop_oneof![Just(String::new()), word(NAMESPACES)],
    );
    let namespace = if accepted && kind == BindingKind::ClusterRoleBinding {
        word(NAMESPACES).boxed()
    } else {
        prop_oneof![Just(String::new()), word(NAMESPACES)].boxed()
    };
    let account = (Just(SubjectKind::ServiceAccount), word(ACCOUNTS), namespace);
    prop_oneof![user, group, account].prop_map(|(kind, name, namespace)| Subject {
        kind,
        namespace: namespace.into(),
        name: name.into(),
    })
}

fn binding(accepted: bool) -> impl Strategy<Value = Binding> {
    let kinds = vec![
        (BindingKind::ClusterRoleBinding, RoleKind::ClusterRole),
        (BindingKind::RoleBinding, RoleKind::ClusterRole),
        (BindingKind::RoleBinding, RoleKind::Role),
    ];
    select(kinds).prop_flat_map(move |(kind, role_kind)| {
        let namespace = match kind {
            BindingKind::ClusterRoleBinding => Just(String::new()).boxed(),
            BindingKind::RoleBinding => word(NAMESPACES).boxed(),
        };
        let subjects = prop_oneof![1 => 0..1usize, 8 => 1..4usize]
            .prop_flat_map(move |count| vec(subject(accepted, kind).prop_map(at), count));
        (word(BINDINGS), namespace, subjects, word(ROLES)).prop_map(
            move |(name, namespace, subjects, role_name)| Binding {
                kind,
                metadata: Metadata::new(namespace, name),
                subjects,
                role_ref: RoleRef {
                    kind: role_kind,
                    name: role_name.into(),
                },
            },
        )
    })
}

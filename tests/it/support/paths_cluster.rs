//! Small random clusters in which a good part of the subjects becomes somebody else, as YAML.

use std::fmt;

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use serde_json::{Value, json};

/// The objects of a cluster. It is shown as the YAML that has them.
#[derive(Clone)]
pub struct PathsCluster {
    pub objects: Vec<Value>,
}

impl PathsCluster {
    /// The objects as one stream of YAML documents.
    pub fn yaml(&self) -> String {
        let texts = self.objects.iter().map(serde_yaml::to_string);
        let texts: Vec<String> = texts.map(Result::unwrap).collect();
        texts.join("---\n")
    }
}

impl fmt::Display for PathsCluster {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.yaml())
    }
}

impl fmt::Debug for PathsCluster {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\n{self}")
    }
}

/// The namespaces of every cluster, each with its account `default`.
pub const NAMESPACES: [&str; 3] = ["a", "b", "kube-system"];

/// The accounts that a cluster may have besides.
const ACCOUNTS: [(&str, &str); 5] = [
    ("a", "x"),
    ("a", "y"),
    ("b", "w"),
    ("b", "z"),
    ("kube-system", "ctl"),
];

/// Those who start: users with their groups.
pub const USERS: [(&str, &[&str]); 4] = [
    ("alice", &["dev"]),
    ("bob", &["dev", "ops"]),
    ("carol", &[]),
    ("dave", &["ops"]),
];

const RBAC: &str = "rbac.authorization.k8s.io";
const CSR: &str = "certificates.k8s.io";

/// A power: API group, resource, the verbs that matter, the names that exist or may.
type Power = (
    &'static str,
    &'static str,
    &'static [&'static str],
    &'static [&'static str],
);

const POWERS: &[Power] = &[
    (
        RBAC,
        "rolebindings",
        &["create", "update", "patch", "*"],
        &["b0", "b1", "n"],
    ),
    (
        RBAC,
        "clusterrolebindings",
        &["create", "update", "patch"],
        &["b0", "b2", "n"],
    ),
    (
        RBAC,
        "roles",
        &["create", "update", "patch", "escalate", "bind"],
        &["r0", "r1", "gone"],
    ),
    (
        RBAC,
        "clusterroles",
        &["create", "update", "patch", "escalate", "bind"],
        &["r0", "r2", "all", "agg", "gone"],
    ),
    (
        RBAC,
        "clusterroles",
        &["bind", "escalate", "patch"],
        &["all", "r3"],
    ),
    (
        "",
        "secrets",
        &[
            "create",
            "get",
            "list",
            "watch",
            "patch",
            "update",
            "deletecollection",
        ],
        &["x-token", "db", "free"],
    ),
    (
        "",
        "serviceaccounts/token",
        &["create"],
        &["x", "z", "default", "ghost", "ctl"],
    ),
    (
        "",
        "serviceaccounts",
        &["create", "patch", "impersonate"],
        &["ghost", "x", "ctl"],
    ),
    (
        "",
        "users",
        &["impersonate"],
        &["alice", "bob", "system:node:n1"],
    ),
    (
        "",
        "groups",
        &["impersonate"],
        &["ops", "system:nodes", "system:masters"],
    ),
    ("", "pods", &["create", "get", "patch"], &["p0"]),
    ("", "pods/*", &["create"], &[]),
    ("", "*/token", &["create", "*"], &["y", "w"]),
    (
        "apps",
        "deployments",
        &["create", "update", "patch"],
        &["web", "new"],
    ),
    ("extensions", "deployments", &["create", "patch"], &[]),
    ("batch", "jobs", &["create", "patch"], &["new"]),
    (
        CSR,
        "certificatesigningrequests",
        &["create", "get", "list"],
        &["c"],
    ),
    (
        CSR,
        "certificatesigningrequests/approval",
        &["update", "patch", "get"],
        &["c"],
    ),
    (
        CSR,
        "certificatesigningrequests/nodeclient",
        &["create"],
        &[],
    ),
    (
        CSR,
        "signers",
        &["approve"],
        &[
            "kubernetes.io/*",
            "kubernetes.io/kube-apiserver-client",
            "*/*",
        ],
    ),
    (
        "*",
        "*",
        &["get", "create", "patch", "bind", "impersonate"],
        &[],
    ),
];

/// One rule of a role, or two powers in one.
fn rule() -> impl Strategy<Value = Value> {
    let any_group = prop::bool::weighted(0.08);
    let named = prop::bool::weighted(0.3);
    (select(POWERS), any_group, named).prop_flat_map(
        |((group, resource, verbs, names), any_group, named)| {
            let group = if any_group { "*" } else { group };
            let verbs = subsequence(verbs, 1..=verbs.len().min(3));
            let most = if named { names.len().min(2) } else { 0 };
            let names = subsequence(names, most.min(1)..=most);
            (verbs, names).prop_map(move |(verbs, names)| {
                let mut rule = json!({
                    "apiGroups": [group], "resources": [resource], "verbs": verbs,
                });
                if !names.is_empty() {
                    rule["resourceNames"] = json!(names);
                }
                rule
            })
        },
    )
}

/// Rules that make a step together: API group, resource, verbs, names.
type Halves = &'static [Power];

const PAIRS: &[Halves] = &[
    &[
        (RBAC, "clusterrolebindings", &["create"], &[]),
        (RBAC, "clusterroles", &["bind"], &["all"]),
    ],
    &[
        (RBAC, "rolebindings", &["create"], &[]),
        (RBAC, "clusterroles", &["bind"], &[]),
    ],
    &[
        (RBAC, "rolebindings", &["create", "update"], &["n"]),
        (RBAC, "roles", &["bind"], &[]),
    ],
    &[
        (RBAC, "clusterrolebindings", &["create"], &[]),
        (RBAC, "clusterroles", &["create"], &[]),
    ],
    &[(RBAC, "clusterroles", &["patch", "escalate"], &[])],
    &[(RBAC, "clusterroles", &["create", "escalate"], &[])],
    &[(
        RBAC,
        "clusterroles",
        &["create", "update", "escalate"],
        &["gone"],
    )],
    &[(RBAC, "clusterroles", &["patch", "update"], &[])],
    &[(RBAC, "roles", &["update", "escalate"], &[])],
    &[
        (RBAC, "roles", &["create"], &[]),
        (RBAC, "rolebindings", &["create"], &[]),
    ],
    &[
        (
            "",
            "groups",
            &["impersonate"],
            &["system:masters", "system:nodes"],
        ),
        ("", "users", &["impersonate"], &["system:node:n1", "alice"]),
    ],
    &[
        ("", "secrets", &["create"], &[]),
        ("", "secrets", &["get"], &["free"]),
    ],
    &[
        (CSR, "certificatesigningrequests", &["create"], &[]),
        (CSR, "certificatesigningrequests/approval", &["patch"], &[]),
        (CSR, "signers", &["approve"], &["kubernetes.io/*"]),
    ],
    &[
        (CSR, "certificatesigningrequests", &["create", "get"], &[]),
        (
            CSR,
            "certificatesigningrequests/nodeclient",
            &["create"],
            &[],
        ),
    ],
    &[
        ("", "serviceaccounts", &["create"], &[]),
        ("", "serviceaccounts/token", &["create"], &[]),
    ],
];

/// A step's rules, of which one may be missing: another role of the cluster may have it.
fn pair() -> impl Strategy<Value = Vec<Value>> {
    select(PAIRS).prop_flat_map(|halves| {
        let some = prop_oneof![
            3 => Just(halves.to_vec()),
            1 => subsequence(halves, 1..=halves.len()),
        ];
        some.prop_map(|halves| {
            let rule = |(group, resource, verbs, names): &Power| {
                let mut rule = json!({
                    "apiGroups": [group], "resources": [resource], "verbs": verbs,
                });
                if !names.is_empty() {
                    rule["resourceNames"] = json!(names);
                }
                rule
            };
            halves.iter().map(rule).collect()
        })
    })
}

/// The rules of one role.
fn rules() -> impl Strategy<Value = Vec<Value>> {
    prop_oneof![
        1 => vec(rule(), 1..=3),
        1 => pair(),
        1 => (pair(), vec(rule(), 1..=2)).prop_map(|(mut rules, more)| {
            rules.extend(more);
            rules
        }),
    ]
}

/// One of the subjects that there may be, ghosts among them.
fn subject() -> impl Strategy<Value = Value> {
    let user = |name: &str| json!({"apiGroup": RBAC, "kind": "User", "name": name});
    let group = |name: &str| json!({"apiGroup": RBAC, "kind": "Group", "name": name});
    let account = |(namespace, name): (&str, &str)| json!({"kind": "ServiceAccount", "namespace": namespace, "name": name});
    let mut subjects = Vec::new();
    // More than once, since the rest of the list gives rights to many.
    for _ in 0..3 {
        subjects.extend(ACCOUNTS.map(account));
        subjects.extend(USERS.iter().map(|(name, _)| user(name)));
    }
    subjects.extend(["dev", "ops"].map(group));
    subjects.extend([
        account(("b", "ghost")),
        account(("a", "default")),
        user("system:serviceaccount:b:z"),
        group("system:serviceaccounts:a"),
        group("system:authenticated"),
        group("system:nodes"),
    ]);
    select(subjects)
}

fn object(version: &str, kind: &str, namespace: &str, name: &str) -> Value {
    let mut object = json!({"apiVersion": version, "kind": kind, "metadata": {"name": name}});
    if !namespace.is_empty() {
        object["metadata"]["namespace"] = json!(namespace);
    }
    object
}

fn rbac(kind: &str, namespace: &str, name: &str) -> Value {
    object(&format!("{RBAC}/v1"), kind, namespace, name)
}

/// Roles of all scopes: the namespace of each (empty for a ClusterRole), its rules, and whether its
/// label makes an aggregated role gather it.
fn roles() -> impl Strategy<Value = Vec<Value>> {
    let scope = select(vec!["", "", "", "", "a", "b", "kube-system"]);
    let role = (scope, rules(), prop::bool::weighted(0.15));
    vec(role, 6..=10).prop_map(|roles| {
        let mut objects = Vec::new();
        for (at, (namespace, rules, gathered)) in roles.into_iter().enumerate() {
            let kind = if namespace.is_empty() {
                "ClusterRole"
            } else {
                "Role"
            };
            let mut role = rbac(kind, namespace, &format!("r{at}"));
            if gathered && namespace.is_empty() {
                role["metadata"]["labels"] = json!({"to-agg": "true"});
            }
            role["rules"] = json!(rules);
            objects.push(role);
        }
        objects
    })
}

/// Which role a binding names, by where it is to be found.
#[derive(Debug, Clone)]
enum Named {
    /// One of the random roles.
    At(prop::sample::Index),
    /// A ClusterRole by name: everything, the aggregated one, or one that isn't there.
    Cluster(&'static str),
    /// A Role that isn't there.
    Gone,
}

fn bindings() -> impl Strategy<Value = Vec<(Named, &'static str, Vec<Value>)>> {
    let named = prop_oneof![
        20 => any::<prop::sample::Index>().prop_map(Named::At),
        1 => Just(Named::Cluster("all")),
        1 => Just(Named::Cluster("agg")),
        1 => Just(Named::Cluster("gone")),
        1 => Just(Named::Gone),
    ];
    let scope = select(vec!["", "", "", "a", "b", "kube-system"]);
    vec((named, scope, vec(subject(), 1..=3)), 12..=20)
}

/// The bindings as objects. A binding of a Role stands in the Role's namespace.
fn bound(roles: &[Value], bindings: &[(Named, &str, Vec<Value>)]) -> Vec<Value> {
    let mut objects = Vec::new();
    for (at, (named, scope, subjects)) in bindings.iter().enumerate() {
        let (kind, role, namespace) = match named {
            Named::At(index) => {
                let role = index.get(roles);
                let own = role["metadata"]["namespace"].as_str();
                let name = role["metadata"]["name"].as_str().unwrap_or_default();
                let kind = if own.is_some() { "Role" } else { "ClusterRole" };
                (kind, name, own.unwrap_or(scope))
            }
            Named::Cluster(name) => ("ClusterRole", *name, *scope),
            Named::Gone => ("Role", "gone", if scope.is_empty() { "a" } else { scope }),
        };
        let of = if namespace.is_empty() {
            "ClusterRoleBinding"
        } else {
            "RoleBinding"
        };
        let mut binding = rbac(of, namespace, &format!("b{at}"));
        binding["roleRef"] = json!({"apiGroup": RBAC, "kind": kind, "name": role});
        binding["subjects"] = json!(subjects);
        objects.push(binding);
    }
    objects
}

/// What isn't RBAC: accounts, a node with pods, secrets, a Deployment.
fn others() -> impl Strategy<Value = Vec<Value>> {
    let accounts = subsequence(&ACCOUNTS[..], 3..=5);
    let pods = vec(
        (select(vec!["a", "b", "kube-system"]), any::<bool>()),
        0..=2,
    );
    (
        accounts,
        pods,
        any::<bool>(),
        any::<bool>(),
        option::of(select(vec!["a", "b"])),
    )
        .prop_map(|(accounts, pods, token, data, web)| {
            let mut objects = vec![object("v1", "Node", "", "n1")];
            for namespace in NAMESPACES {
                objects.push(object("v1", "Namespace", "", namespace));
                objects.push(object("v1", "ServiceAccount", namespace, "default"));
            }
            for (namespace, name) in &accounts {
                objects.push(object("v1", "ServiceAccount", namespace, name));
            }
            for (at, (namespace, mounts)) in pods.into_iter().enumerate() {
                let mut of = accounts.iter().filter(|(of, _)| *of == namespace);
                let account = of.next().map_or("default", |(_, name)| *name);
                let mut pod = object("v1", "Pod", namespace, &format!("p{at}"));
                pod["spec"] = json!({
                    "serviceAccountName": account,
                    "nodeName": "n1",
                    "containers": [{"name": "c", "image": "example.com/c:1"}],
                });
                if mounts {
                    let secret = json!([{"name": "s", "secret": {"secretName": "db"}}]);
                    pod["spec"]["volumes"] = secret;
                }
                objects.push(pod);
            }
            if token && accounts.contains(&("a", "x")) {
                let mut secret = object("v1", "Secret", "a", "x-token");
                secret["type"] = json!("kubernetes.io/service-account-token");
                secret["metadata"]["annotations"] =
                    json!({"kubernetes.io/service-account.name": "x"});
                objects.push(secret);
            }
            if data {
                let mut secret = object("v1", "Secret", "b", "db");
                secret["type"] = json!("Opaque");
                objects.push(secret);
            }
            if let Some(namespace) = web {
                let mut deployment = object("apps/v1", "Deployment", namespace, "web");
                let containers = json!([{"name": "c", "image": "example.com/c:1"}]);
                deployment["spec"] = json!({
                    "selector": {"matchLabels": {"app": "web"}},
                    "template": {
                        "metadata": {"labels": {"app": "web"}},
                        "spec": {"containers": containers},
                    },
                });
                objects.push(deployment);
            }
            objects
        })
}

/// Small clusters without the default policy: three namespaces, a few accounts, a node, and roles of
/// the powers that matter.
pub fn clusters() -> impl Strategy<Value = PathsCluster> {
    (
        others(),
        roles(),
        bindings(),
        prop::bool::weighted(0.85),
        any::<bool>(),
    )
        .prop_map(|(mut objects, roles, bindings, has_all, has_aggregate)| {
            objects.extend(bound(&roles, &bindings));
            objects.extend(roles);
            if has_all {
                let mut all = rbac("ClusterRole", "", "all");
                all["rules"] = json!([
                    {"apiGroups": ["*"], "resources": ["*"], "verbs": ["*"]},
                    {"nonResourceURLs": ["*"], "verbs": ["*"]},
                ]);
                objects.push(all);
            }
            if has_aggregate {
                let mut gathers = rbac("ClusterRole", "", "agg");
                gathers["aggregationRule"] =
                    json!({"clusterRoleSelectors": [{"matchLabels": {"to-agg": "true"}}]});
                gathers["rules"] = json!([]);
                objects.push(gathers);
            }
            PathsCluster { objects }
        })
}

//! A large, plausible AKS cluster, and requests against it.
//!
//! Per namespace: 3 Roles, 10 RoleBindings (half to cluster-wide roles), 5 ServiceAccounts.
//! Cluster-wide: 2 ClusterRoleBindings a namespace, 300 ClusterRoles. Subjects are Entra group
//! object IDs, user principal names and service accounts; a user carries 5 to 40 groups, as tokens
//! do.

use std::fmt::Write;

use rbac_eval::authn::UserInfo;
use rbac_eval::authz::{Attributes, ResourceAttributes};

/// A small generator of numbers (SplitMix64): the same cluster on every machine.
struct Numbers(u64);

impl Numbers {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, limit: usize) -> usize {
        (self.next() % limit as u64) as usize
    }

    fn between(&mut self, least: usize, most: usize) -> usize {
        least + self.below(most - least + 1)
    }

    fn chance(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }

    fn of<'a, T>(&mut self, choices: &'a [T]) -> &'a T {
        &choices[self.below(choices.len())]
    }

    fn guid(&mut self) -> String {
        let (a, b) = (self.next(), self.next());
        format!(
            "{:08x}-{:04x}-{:04x}-{:04x}-{:012x}",
            a as u32,
            (a >> 32) as u16,
            (a >> 48) as u16,
            b as u16,
            b >> 16
        )
    }
}

type Group = (&'static str, &'static [&'static str]);

const NAMESPACED: &[Group] = &[
    (
        "",
        &[
            "pods",
            "services",
            "secrets",
            "configmaps",
            "events",
            "endpoints",
            "persistentvolumeclaims",
            "serviceaccounts",
            "pods/log",
            "pods/exec",
            "pods/portforward",
            "replicationcontrollers",
        ],
    ),
    (
        "apps",
        &[
            "deployments",
            "daemonsets",
            "statefulsets",
            "replicasets",
            "deployments/scale",
        ],
    ),
    ("batch", &["jobs", "cronjobs"]),
    ("networking.k8s.io", &["ingresses", "networkpolicies"]),
    ("policy", &["poddisruptionbudgets"]),
    ("autoscaling", &["horizontalpodautoscalers"]),
];
const CLUSTER_SCOPED: &[Group] = &[
    ("", &["nodes", "namespaces", "persistentvolumes"]),
    ("storage.k8s.io", &["storageclasses"]),
    (
        "rbac.authorization.k8s.io",
        &["clusterroles", "clusterrolebindings"],
    ),
    ("apiextensions.k8s.io", &["customresourcedefinitions"]),
];
const VERBS: &[&[&str]] = &[
    &["get", "list", "watch"],
    &["get", "list", "watch"],
    &[
        "get", "list", "watch", "create", "update", "patch", "delete",
    ],
    &["create"],
    &["*"],
    &["get"],
];
const ASKED: &[&str] = &["get", "list", "watch", "create", "update", "delete"];
const API: &str = "rbac.authorization.k8s.io/v1";

/// A cluster of some size, written as `kubectl get -o json` and `-o yaml` print it.
pub struct Cluster {
    numbers: Numbers,
    namespaces: usize,
    groups: Vec<String>,
}

impl Cluster {
    pub fn new(namespaces: usize) -> Self {
        let mut numbers = Numbers(7);
        let groups = (0..namespaces.max(50)).map(|_| numbers.guid()).collect();
        Cluster {
            numbers,
            namespaces,
            groups,
        }
    }

    /// The objects as one JSON list, one field a line.
    pub fn json(&mut self, extra_binding: bool) -> String {
        let mut items = Vec::new();
        for number in 0..300 {
            let rules = self.rules(8, 80);
            items.push(self.object(
                API,
                "ClusterRole",
                &format!("platform-{number:03}"),
                None,
                &rules,
            ));
        }
        for number in 0..2 * self.namespaces {
            let body = self.bound(None, None);
            let name = format!("platform-binding-{number:05}");
            items.push(self.object(API, "ClusterRoleBinding", &name, None, &body));
        }
        for number in 0..self.namespaces {
            let namespace = format!("team-{number:05}");
            items.push(self.object("v1", "Namespace", &namespace, None, ""));
            for account in 0..5 {
                items.push(self.object(
                    "v1",
                    "ServiceAccount",
                    &format!("sa-{account}"),
                    Some(&namespace),
                    "",
                ));
            }
            for role in 0..3 {
                let rules = self.rules(6, 100);
                items.push(self.object(
                    API,
                    "Role",
                    &format!("role-{role}"),
                    Some(&namespace),
                    &rules,
                ));
            }
            for binding in 0..10 {
                let role = (binding % 2 == 1).then_some(binding % 3);
                let body = self.bound(role, Some(&namespace));
                items.push(self.object(
                    API,
                    "RoleBinding",
                    &format!("binding-{binding}"),
                    Some(&namespace),
                    &body,
                ));
            }
        }
        if extra_binding {
            let body = ",\n   \"roleRef\": {\"apiGroup\": \"rbac.authorization.k8s.io\", \"kind\": \"ClusterRole\", \"name\": \"platform-000\"},\n   \"subjects\": [{\"kind\": \"User\", \"name\": \"eve\"}]";
            items.push(self.object(API, "ClusterRoleBinding", "one-more", None, body));
        }
        format!(
            "{{\n \"apiVersion\": \"v1\",\n \"kind\": \"List\",\n \"metadata\": {{\"resourceVersion\": \"\"}},\n \"items\": [\n{}\n ]\n}}\n",
            items.join(",\n")
        )
    }

    fn object(
        &mut self,
        api: &str,
        kind: &str,
        name: &str,
        namespace: Option<&str>,
        body: &str,
    ) -> String {
        let uid = self.numbers.guid();
        let version = self.numbers.below(10_000_000);
        let namespace = namespace.map_or_else(String::new, |namespace| {
            format!(",\n    \"namespace\": \"{namespace}\"")
        });
        format!(
            "  {{\n   \"apiVersion\": \"{api}\",\n   \"kind\": \"{kind}\",\n   \"metadata\": {{\n    \"name\": \"{name}\",\n    \"uid\": \"{uid}\",\n    \"resourceVersion\": \"{version}\",\n    \"creationTimestamp\": \"2026-03-01T10:00:00Z\"{namespace}\n   }}{body}\n  }}"
        )
    }

    fn rules(&mut self, most: usize, namespaced_percent: usize) -> String {
        let mut rules = Vec::new();
        for _ in 0..self.numbers.between(1, most) {
            let pool = if self.numbers.chance(namespaced_percent) {
                NAMESPACED
            } else {
                CLUSTER_SCOPED
            };
            let (group, resources) = *self.numbers.of(pool);
            let first = self.numbers.below(resources.len());
            let count = self.numbers.between(1, 5).min(resources.len());
            let chosen: Vec<&str> = (0..count)
                .map(|at| resources[(first + at) % resources.len()])
                .collect();
            let verbs = *self.numbers.of(VERBS);
            let names = if self.numbers.chance(8) {
                let names: Vec<String> = (0..self.numbers.between(1, 3))
                    .map(|_| format!("obj-{}", self.numbers.below(50)))
                    .collect();
                format!(",\n     \"resourceNames\": {}", list(&names))
            } else {
                String::new()
            };
            rules.push(format!(
                "    {{\n     \"apiGroups\": {},\n     \"resources\": {},\n     \"verbs\": {}{names}\n    }}",
                list(&[group]),
                list(&chosen),
                list(verbs)
            ));
        }
        format!(",\n   \"rules\": [\n{}\n   ]", rules.join(",\n"))
    }

    fn bound(&mut self, role: Option<usize>, namespace: Option<&str>) -> String {
        let (kind, name) = match role {
            Some(role) => ("Role", format!("role-{role}")),
            None => (
                "ClusterRole",
                format!("platform-{:03}", self.numbers.below(300)),
            ),
        };
        let mut subjects = Vec::new();
        for _ in 0..self.numbers.between(1, 3) {
            let kind = self.numbers.below(100);
            let api = "\"apiGroup\": \"rbac.authorization.k8s.io\"";
            subjects.push(if kind < 50 {
                let group = self.numbers.of(&self.groups);
                format!("    {{\n     \"kind\": \"Group\",\n     {api},\n     \"name\": \"{group}\"\n    }}")
            } else if kind < 70 {
                let user = self.numbers.below(5 * self.namespaces);
                format!("    {{\n     \"kind\": \"User\",\n     {api},\n     \"name\": \"user{user}@contoso.com\"\n    }}")
            } else {
                let account = self.numbers.below(5);
                let namespace = namespace.map_or_else(
                    || format!("team-{:05}", self.numbers.below(self.namespaces)),
                    str::to_owned,
                );
                format!("    {{\n     \"kind\": \"ServiceAccount\",\n     \"name\": \"sa-{account}\",\n     \"namespace\": \"{namespace}\"\n    }}")
            });
        }
        format!(
            ",\n   \"roleRef\": {{\n    \"apiGroup\": \"rbac.authorization.k8s.io\",\n    \"kind\": \"{kind}\",\n    \"name\": \"{name}\"\n   }},\n   \"subjects\": [\n{}\n   ]",
            subjects.join(",\n")
        )
    }

    /// Requests as tokens make them.
    pub fn requests(&mut self, count: usize) -> Vec<(UserInfo, Attributes)> {
        (0..count).map(|_| self.request()).collect()
    }

    fn request(&mut self) -> (UserInfo, Attributes) {
        let numbers = &mut self.numbers;
        let team = format!("team-{:05}", numbers.below(self.namespaces));
        let (mut pool, mut namespace) = (NAMESPACED, team.clone());
        if numbers.chance(8) {
            (pool, namespace) = (CLUSTER_SCOPED, String::new());
        }
        let (group, resources) = *numbers.of(pool);
        let resource = *numbers.of(resources);
        let (resource, subresource) = resource.split_once('/').unwrap_or((resource, ""));
        let attributes = ResourceAttributes {
            namespace,
            verb: (*numbers.of(ASKED)).to_owned(),
            group: group.to_owned(),
            resource: resource.to_owned(),
            subresource: subresource.to_owned(),
            name: if numbers.chance(30) {
                format!("obj-{}", numbers.below(50))
            } else {
                String::new()
            },
        };
        let user = if numbers.chance(40) {
            UserInfo::impersonated(
                &format!("system:serviceaccount:{team}:sa-{}", numbers.below(5)),
                [],
            )
        } else {
            let name = format!("user{}@contoso.com", numbers.below(5 * self.namespaces));
            let count = numbers.between(5, 40.min(self.groups.len()));
            let groups: Vec<String> = (0..count)
                .map(|_| numbers.of(&self.groups).clone())
                .collect();
            UserInfo::impersonated(&name, groups)
        };
        (user, Attributes::Resource(attributes))
    }
}

fn list(values: &[impl AsRef<str>]) -> String {
    let mut out = String::from("[");
    for (at, value) in values.iter().enumerate() {
        let comma = if at > 0 { "," } else { "" };
        // Writing to a string can't fail.
        let _ = write!(out, "{comma}\n      \"{}\"", value.as_ref());
    }
    out.push_str("\n     ]");
    out
}

/// A request as a review, one a line.
pub fn review(user: &UserInfo, attributes: &Attributes) -> String {
    let Attributes::Resource(attributes) = attributes else {
        return String::new();
    };
    let fields = [
        ("namespace", &attributes.namespace),
        ("verb", &attributes.verb),
        ("group", &attributes.group),
        ("resource", &attributes.resource),
        ("subresource", &attributes.subresource),
        ("name", &attributes.name),
    ];
    let fields: Vec<String> = fields
        .iter()
        .filter(|(_, value)| !value.is_empty())
        .map(|(key, value)| format!("\"{key}\": \"{value}\""))
        .collect();
    let groups: Vec<String> = user
        .groups
        .iter()
        .map(|group| format!("\"{group}\""))
        .collect();
    format!(
        "{{\"apiVersion\": \"authorization.k8s.io/v1\", \"kind\": \"SubjectAccessReview\", \"spec\": {{\"user\": \"{}\", \"groups\": [{}], \"resourceAttributes\": {{{}}}}}}}\n",
        user.name,
        groups.join(", "),
        fields.join(", ")
    )
}

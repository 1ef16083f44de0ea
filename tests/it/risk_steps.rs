//! Holds each risk to what was tried on a real API server: where a step worked, its rights have the risk,
//! and where it was refused they haven't.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use pretty_assertions::assert_eq;
use rbac_eval::analysis::diff::diff;
use rbac_eval::analysis::risk::{RISKS, risks_of};
use rbac_eval::cluster::Defaults;
use rbac_eval::diagnostic::Severity;
use serde_json::Value;

use crate::support::{store_of_text, testdata};

const RBAC: &str = "rbac.authorization.k8s.io";
const CERTIFICATES: &str = "certificates.k8s.io";

/// A right: where (empty for the cluster), API group, resource, verbs, and the name if it is for one.
type Right = (
    &'static str,
    &'static str,
    &'static str,
    &'static str,
    &'static str,
);

/// A step by its id and how its claim begins, what its identity may do, and the risk that says so.
type Step = (&'static str, &'static str, &'static [Right], &'static str);

const BIND: Right = ("", RBAC, "clusterroles", "bind", "");
const APPROVE: Right = ("", CERTIFICATES, "signers", "approve", "kubernetes.io/*");
const APPROVAL: Right = (
    "",
    CERTIFICATES,
    "certificatesigningrequests/approval",
    "patch",
    "",
);
const REQUEST: Right = (
    "",
    CERTIFICATES,
    "certificatesigningrequests",
    "create get",
    "",
);

const STEPS: &[Step] = &[
    (
        "BIND",
        "RoleBinding-granted `bind clusterroles` [admin]",
        &[
            ("a", RBAC, "clusterroles", "bind", "admin"),
            ("a", RBAC, "rolebindings", "create", ""),
        ],
        "bind",
    ),
    (
        "BIND",
        "create clusterrolebindings alone",
        &[("", RBAC, "clusterrolebindings", "create", "")],
        "bind",
    ),
    (
        "BIND",
        "create rolebindings alone",
        &[("a", RBAC, "rolebindings", "create", "")],
        "bind",
    ),
    ("BIND", "bind without a write", &[BIND], "bind"),
    (
        "BIND",
        "halves in two bindings",
        &[BIND, ("a", RBAC, "rolebindings", "create", "")],
        "bind",
    ),
    (
        "BIND-PATCH",
        "patch subjects of an existing binding to cluster-admin without bind",
        &[("", RBAC, "clusterrolebindings", "patch", "")],
        "bind",
    ),
    (
        "BIND-PATCH",
        "with bind [view]",
        &[
            ("", RBAC, "clusterroles", "bind", "view"),
            ("a", RBAC, "rolebindings", "patch", ""),
        ],
        "bind",
    ),
    (
        "BIND-PUT",
        "create with resourceNames: POST",
        &[("a", RBAC, "rolebindings", "create", "e1")],
        "rbac-write",
    ),
    (
        "BIND-PUT",
        "update+create with resourceNames",
        &[("a", RBAC, "rolebindings", "create update", "e1")],
        "rbac-write",
    ),
    (
        "BIND-SSA",
        "patch+create with resourceNames",
        &[("a", RBAC, "rolebindings", "create patch", "e1")],
        "rbac-write",
    ),
    (
        "ESC",
        "patch clusterroles without escalate",
        &[("", RBAC, "clusterroles", "patch", "")],
        "escalate",
    ),
    (
        "ESC",
        "escalate [that role] + patch",
        &[
            ("", RBAC, "clusterroles", "escalate", "r"),
            ("", RBAC, "clusterroles", "patch", ""),
        ],
        "escalate",
    ),
    (
        "ESC",
        "escalate with resourceNames does not cover a POST",
        &[
            ("", RBAC, "clusterroles", "escalate", "r"),
            ("", RBAC, "clusterroles", "create", ""),
        ],
        "escalate",
    ),
    (
        "ESC",
        "... but a server-side apply",
        &[
            ("", RBAC, "clusterroles", "escalate", "r"),
            ("", RBAC, "clusterroles", "create patch", "r"),
        ],
        "escalate",
    ),
    (
        "ESC",
        "escalate without a write",
        &[("", RBAC, "clusterroles", "escalate", "")],
        "escalate",
    ),
    (
        "ESC-SELF",
        "  but binding it to oneself",
        &[("a", RBAC, "roles", "escalate create", "")],
        "escalate",
    ),
    (
        "ESC-SELF",
        "  patching the Role that is already bound",
        &[("a", RBAC, "roles", "escalate patch", "")],
        "escalate",
    ),
    (
        "SUBRES",
        "`pods/*` is no wildcard",
        &[("", "", "pods/*", "create", "")],
        "exec",
    ),
    (
        "IMP-GROUP",
        "impersonate groups alone",
        &[("", "", "groups", "impersonate", "")],
        "impersonate-groups",
    ),
    (
        "IMP-GROUP",
        "with any one user name",
        &[
            ("", "", "groups", "impersonate", ""),
            ("", "", "users", "impersonate", "x"),
        ],
        "impersonate-groups",
    ),
    (
        "IMP-USER",
        "impersonate users without groups",
        &[("", "", "users", "impersonate", "")],
        "impersonate-groups",
    ),
    (
        "IMP-USER",
        "impersonate users reaches User",
        &[("", "", "users", "impersonate", "")],
        "impersonate",
    ),
    (
        "IMP-NODE",
        "with impersonate groups",
        &[
            ("", "", "users", "impersonate", "system:node:n"),
            ("", "", "groups", "impersonate", "system:nodes"),
        ],
        "impersonate-groups",
    ),
    (
        "IMP-SA",
        "impersonate serviceaccounts [power]",
        &[("a", "", "serviceaccounts", "impersonate", "power")],
        "impersonate",
    ),
    (
        "IMP-NS",
        "impersonate users by RoleBinding",
        &[("a", "", "users", "impersonate", "")],
        "impersonate",
    ),
    (
        "TOKEN",
        "create serviceaccounts/token [a]",
        &[("a", "", "serviceaccounts/token", "create", "a")],
        "token-create",
    ),
    (
        "DANGLING",
        "create serviceaccounts + token",
        &[(
            "ghosts",
            "",
            "serviceaccounts serviceaccounts/token",
            "create",
            "",
        )],
        "ghost-accounts",
    ),
    (
        "TOKEN-SECRET",
        "  the maker can't read it",
        &[("a", "", "secrets", "create", "")],
        "secrets-read",
    ),
    (
        "TOKEN-SECRET",
        "  patch alone reads it",
        &[("a", "", "secrets", "patch", "s")],
        "secrets-read",
    ),
    (
        "SECRET-READ",
        "delete of one secret",
        &[("a", "", "secrets", "delete", "")],
        "secrets-read",
    ),
    (
        "SECRET-READ",
        "deletecollection with dryRun",
        &[("a", "", "secrets", "deletecollection", "")],
        "secrets-read",
    ),
    (
        "SECRET-READ",
        "update alone",
        &[("a", "", "secrets", "update", "")],
        "secrets-read",
    ),
    (
        "SECRET-READ",
        "  with metadata.name=s",
        &[("a", "", "secrets", "list", "s")],
        "secrets-read",
    ),
    (
        "BOOTSTRAP",
        "create secrets in kube-system",
        &[("kube-system", "", "secrets", "create", "")],
        "secrets-write",
    ),
    (
        "POD-SA",
        "create pods: runs as any account",
        &[("a", "", "pods", "create", "")],
        "workloads-write",
    ),
    (
        "POD-SA",
        "  and can't set PSA itself",
        &[("a", "", "pods", "create", "")],
        "namespace-labels",
    ),
    (
        "POD-SA",
        "  with patch namespaces by RoleBinding",
        &[("a", "", "namespaces", "patch", "")],
        "namespace-labels",
    ),
    (
        "WL-deployments",
        "create",
        &[("a", "apps", "deployments", "create", "")],
        "workloads-write",
    ),
    (
        "WL-replicasets",
        "create",
        &[("a", "apps", "replicasets", "create", "")],
        "workloads-write",
    ),
    (
        "WL-statefulsets",
        "create",
        &[("a", "apps", "statefulsets", "create", "")],
        "workloads-write",
    ),
    (
        "WL-daemonsets",
        "create",
        &[("a", "apps", "daemonsets", "create", "")],
        "workloads-write",
    ),
    (
        "WL-jobs",
        "create",
        &[("a", "batch", "jobs", "create", "")],
        "workloads-write",
    ),
    (
        "WL-replicationcontrollers",
        "create",
        &[("a", "", "replicationcontrollers", "create", "")],
        "workloads-write",
    ),
    (
        "WL-podtemplates",
        "create",
        &[("a", "", "podtemplates", "create", "")],
        "workloads-write",
    ),
    (
        "WL-PATCH",
        "patch deployments [w]",
        &[("a", "apps", "deployments", "patch", "w")],
        "workloads-write",
    ),
    (
        "POD-PATCH",
        "patch pods: image may change",
        &[("a", "", "pods", "patch", "")],
        "workloads-write",
    ),
    (
        "POD-PATCH",
        "patch pods does not cover",
        &[("a", "", "pods", "patch", "")],
        "exec",
    ),
    (
        "POD-PATCH",
        "patch pods/ephemeralcontainers",
        &[("a", "", "pods/ephemeralcontainers", "patch", "")],
        "exec",
    ),
    (
        "EXEC-GET",
        "exec without a right",
        &[("a", "", "pods", "get", "")],
        "exec-by-get",
    ),
    (
        "EXEC-GET",
        "GET exec passes authorization",
        &[("a", "", "pods/exec", "get", "")],
        "exec-by-get",
    ),
    (
        "EXEC-GET",
        "  POST exec not",
        &[("a", "", "pods/exec", "get", "")],
        "exec",
    ),
    (
        "BINDING",
        "create pods/binding",
        &[("a", "", "pods/binding", "create", "")],
        "pods-binding",
    ),
    (
        "CSR",
        "kubernetes.io/* is, and patch does",
        &[APPROVE, APPROVAL],
        "csr-approve",
    ),
    ("CSR", "approve without", &[APPROVE], "csr-approve"),
    (
        "CSR",
        "approval subresource without approve",
        &[APPROVAL],
        "csr-approve",
    ),
    (
        "CSR-NS",
        "certificates by RoleBinding",
        &[
            ("a", CERTIFICATES, "signers", "approve", ""),
            (
                "a",
                CERTIFICATES,
                "certificatesigningrequests/approval",
                "patch",
                "",
            ),
        ],
        "csr-approve",
    ),
    (
        "CSR-SIGN",
        "sign + status",
        &[
            ("", CERTIFICATES, "signers", "sign", ""),
            (
                "",
                CERTIFICATES,
                "certificatesigningrequests/status",
                "update",
                "",
            ),
        ],
        "csr-sign",
    ),
    (
        "CSR-NODECLIENT",
        "create certificatesigningrequests/nodeclient",
        &[
            REQUEST,
            (
                "",
                CERTIFICATES,
                "certificatesigningrequests/nodeclient",
                "create",
                "",
            ),
        ],
        "csr-nodeclient",
    ),
    (
        "NODE-PROXY",
        "get nodes/proxy passes authorization",
        &[("", "", "nodes/proxy", "get", "")],
        "nodes-proxy",
    ),
    (
        "NODE-PROXY",
        "without nodes/status",
        &[("", "", "nodes/proxy", "get", "")],
        "nodes-status-proxy",
    ),
    (
        "NODE-PROXY",
        "get nodes/proxy then asks the API server",
        &[
            ("", "", "nodes/status", "patch", ""),
            ("", "", "nodes/proxy", "get", ""),
        ],
        "nodes-status-proxy",
    ),
    (
        "NODE-CREATE",
        "create nodes sets status",
        &[
            ("", "", "nodes", "create", ""),
            ("", "", "nodes/proxy", "get", ""),
        ],
        "nodes-status-proxy",
    ),
    (
        "PV",
        "create persistentvolumes",
        &[("", "", "persistentvolumes", "create", "")],
        "persistent-volumes",
    ),
    (
        "WEBHOOK",
        "  and adds its owner",
        &[(
            "",
            "admissionregistration.k8s.io",
            "mutatingwebhookconfigurations",
            "create",
            "",
        )],
        "mutating-webhooks",
    ),
    (
        "WEBHOOK",
        "create mutatingwebhookconfigurations",
        &[(
            "",
            "admissionregistration.k8s.io",
            "mutatingwebhookconfigurations",
            "create",
            "",
        )],
        "mutating-webhooks",
    ),
];

/// Risks of which nothing was tried, since they are by definition, or rest on what runs beside the API
/// server, or on versions other than the recording's.
const NOT_TRIED: &[&str] = &[
    "everything",
    "impersonate-constrained",
    "impersonate-extra",
    "anonymous",
    "unauthenticated",
    "authenticated",
    "every-service-account",
    "default-service-account",
    "pod-ports",
    "admission-webhooks",
    "api-services",
    "crd-write",
    "kube-system-config",
    "secret-provider-classes",
    "azure-identity",
    "azure-identity-binding",
    "deputies",
    "gatekeeper",
    "steal-pods",
    "service-traffic",
    "status-write",
    "network-policies",
    "delete-events",
];

/// Requests that got past authorization and failed on what they asked for.
const PASSED: &[(&str, u64)] = &[("EXEC-GET", 400), ("NODE-PROXY", 500)];

/// The recorded steps, and whether each worked.
fn recorded() -> Vec<(String, String, bool)> {
    let text = fs::read_to_string(testdata().join("conformance/paths/steps.jsonl")).unwrap();
    let steps = text
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap());
    steps
        .map(|step| {
            let word = |field: &str| step[field].as_str().unwrap().to_owned();
            let id = word("id");
            let worked = match &step["observed"] {
                Value::Bool(worked) => *worked,
                code => {
                    let code = code.as_u64().unwrap();
                    code < 300 || PASSED.contains(&(&*id, code))
                }
            };
            (id, word("claim"), worked)
        })
        .collect()
}

/// The risks of someone who is given these rights, each by a binding of its own.
fn risks(rights: &[Right]) -> BTreeMap<&'static str, Severity> {
    let api = "apiVersion: rbac.authorization.k8s.io/v1\n";
    let mut text =
        "apiVersion: v1\nkind: ServiceAccount\nmetadata: {name: there, namespace: ghosts}\n---\n"
            .to_owned();
    text.push_str(&format!(
        "{api}kind: RoleBinding\nmetadata: {{name: ghost, namespace: ghosts}}\n\
         roleRef: {{kind: ClusterRole, name: r0}}\n\
         subjects: [{{kind: ServiceAccount, name: gone, namespace: ghosts}}]\n"
    ));
    for (number, (namespace, group, resources, verbs, name)) in rights.iter().enumerate() {
        let list = |words: &str| format!("['{}']", words.replace(' ', "', '"));
        let names = match *name {
            "" => String::new(),
            name => format!(", resourceNames: ['{name}']"),
        };
        let kind = if namespace.is_empty() {
            "ClusterRoleBinding"
        } else {
            "RoleBinding"
        };
        text.push_str(&format!(
            "---\n{api}kind: ClusterRole\nmetadata: {{name: r{number}}}\n\
             rules: [{{apiGroups: ['{group}'], resources: {}, verbs: {}{names}}}]\n\
             ---\n{api}kind: {kind}\nmetadata: {{name: b{number}, namespace: '{namespace}'}}\n\
             roleRef: {{kind: ClusterRole, name: r{number}}}\nsubjects: [{{kind: User, name: u}}]\n",
            list(resources),
            list(verbs)
        ));
    }
    let (base, head) = (
        store_of_text("", Defaults::None),
        store_of_text(&text, Defaults::None),
    );
    let mut found: BTreeMap<&str, Severity> = BTreeMap::new();
    let changes = diff(&base, &head).unwrap();
    for change in changes.iter().filter(|change| change.subject.name == "u") {
        for risk in risks_of(change, &base, &head) {
            let gravest = found.entry(risk.code.id).or_insert(risk.severity);
            *gravest = (*gravest).max(risk.severity);
        }
    }
    found
}

#[test]
fn a_risk_is_told_exactly_where_the_step_worked() {
    let recorded = recorded();
    for (id, claim, rights, risk) in STEPS {
        let found: Vec<_> = recorded
            .iter()
            .filter(|(other, said, _)| other == id && said.starts_with(claim))
            .collect();
        let [(_, said, worked)] = &*found else {
            panic!("{id}: {claim}: {} steps", found.len());
        };
        assert_eq!(
            risks(rights).contains_key(risk),
            *worked,
            "{id}: {said}: {risk}"
        );
    }
}

#[test]
fn every_risk_was_tried_or_says_that_it_was_not() {
    let tried: BTreeSet<&str> = STEPS.iter().map(|(.., risk)| *risk).collect();
    for risk in RISKS {
        let id = risk.code.id;
        assert!(tried.contains(id) != NOT_TRIED.contains(&id), "{id}");
    }
    assert_eq!(tried.len() + NOT_TRIED.len(), RISKS.len());
}

#[test]
fn the_reach_of_a_step_is_its_grade() {
    let of = |rights: &[Right], risk: &str| risks(rights).get(risk).copied();
    let write = ("", RBAC, "clusterrolebindings", "create", "");
    assert_eq!(of(&[BIND, write], "bind"), Some(Severity::Critical));
    let view = ("", RBAC, "clusterroles", "bind", "view");
    assert_eq!(of(&[view, write], "bind"), Some(Severity::High));
    let admin = ("", RBAC, "clusterroles", "bind", "cluster-admin");
    assert_eq!(of(&[admin, write], "bind"), Some(Severity::Critical));
    // Half for the cluster, half in a namespace: what is bound is bound there.
    let there = ("a", RBAC, "rolebindings", "create", "");
    assert_eq!(of(&[BIND, there], "bind"), Some(Severity::High));
    // The certificates that `sign` writes are taken nowhere without the key of a CA.
    let sign = ("", CERTIFICATES, "signers", "sign", "");
    let status = (
        "",
        CERTIFICATES,
        "certificatesigningrequests/status",
        "update",
        "",
    );
    assert_eq!(of(&[sign, status], "csr-sign"), Some(Severity::Low));
    assert_eq!(
        of(&[APPROVE, APPROVAL], "csr-approve"),
        Some(Severity::Critical)
    );
    let masters = ("", "", "groups", "impersonate", "system:masters");
    let anyone = ("a", "", "serviceaccounts", "impersonate", "x");
    assert_eq!(
        of(&[masters, anyone], "impersonate-groups"),
        Some(Severity::Critical)
    );
    assert_eq!(of(&[("a", "", "*", "*", "")], "everything"), None);
    assert_eq!(
        of(&[("a", "*", "*", "*", "")], "everything"),
        Some(Severity::High)
    );
    assert_eq!(
        of(&[("", "*", "*", "*", "")], "everything"),
        Some(Severity::Critical)
    );
}

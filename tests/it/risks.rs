//! Each risk with a gain that has it, and one that just doesn't.

use std::fs;

use crate::support::{store_of_text, testdata};
use rbac_eval::analysis::diff::diff;
use rbac_eval::analysis::risk::{RISKS, risks_of};
use rbac_eval::cluster::Defaults;
use rbac_eval::diagnostic::Severity;
use rbac_eval::diagnostic::codes;

/// A rule in short: groups, resources, verbs, and names where there are some.
fn rule(short: &str) -> String {
    let mut parts = short.split(" | ");
    let mut list = || parts.next().unwrap_or_default().replace(' ', ", ");
    let (groups, resources, verbs, names) = (list(), list(), list(), list());
    let names = if names.is_empty() {
        String::new()
    } else {
        format!(", resourceNames: [{names}]")
    };
    format!("- {{apiGroups: [{groups}], resources: [{resources}], verbs: [{verbs}]{names}}}\n")
}

const ALICE: &str = "{kind: User, name: alice}";

/// What a subject gains by rules, cluster-wide or in a namespace: ids and severities.
fn gained(
    before: &[&str],
    after: &[&str],
    subject: &str,
    namespace: &str,
) -> Vec<(String, Severity)> {
    let manifest = |rules: &[&str]| {
        let rules: String = rules.iter().map(|short| rule(short)).collect();
        let (kind, span) = if namespace.is_empty() {
            ("ClusterRoleBinding", String::new())
        } else {
            ("RoleBinding", format!(", namespace: {namespace}"))
        };
        let rules = if rules.is_empty() {
            "[]\n".to_owned()
        } else {
            format!("\n{rules}")
        };
        format!(
            "apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata: {{name: r}}\n\
             rules: {rules}---\napiVersion: rbac.authorization.k8s.io/v1\nkind: {kind}\n\
             metadata: {{name: b{span}}}\nroleRef: {{kind: ClusterRole, name: r}}\n\
             subjects: [{subject}]\n"
        )
    };
    let base = store_of_text(&manifest(before), Defaults::None);
    let head = store_of_text(&manifest(after), Defaults::None);
    assert_eq!(base.diagnostics(), []);
    assert_eq!(head.diagnostics(), []);
    let mut found: Vec<(String, Severity)> = diff(&base, &head)
        .unwrap()
        .iter()
        .flat_map(|change| risks_of(change, &base, &head))
        .map(|found| (found.code.id.to_owned(), found.severity))
        .collect();
    found.sort();
    found.dedup();
    found
}

fn has(id: &str, rules: &[&str], subject: &str) -> bool {
    gained(&[], rules, subject, "")
        .iter()
        .any(|(found, _)| found == id)
}

/// The id, rules that have the risk, and rules that just don't.
const EXAMPLES: &[(&str, &[&str], &[&str])] = &[
    (
        "everything",
        &["'*' | '*' | '*'"],
        &["'*' | '*' | get list watch", "apps | '*' | '*'"],
    ),
    (
        "escalate",
        &[
            "rbac.authorization.k8s.io | clusterroles | escalate | a",
            "rbac.authorization.k8s.io | clusterroles | patch | a",
        ],
        &[
            "rbac.authorization.k8s.io | clusterroles | escalate | a",
            "rbac.authorization.k8s.io | clusterroles | patch | b",
            "rbac.authorization.k8s.io | roles | patch",
        ],
    ),
    (
        "bind",
        &[
            "rbac.authorization.k8s.io | roles | bind",
            "rbac.authorization.k8s.io | rolebindings | create",
        ],
        &[
            "rbac.authorization.k8s.io | roles | bind",
            "rbac.authorization.k8s.io | clusterrolebindings | create",
        ],
    ),
    (
        "impersonate",
        &["'' | users | impersonate"],
        &["'' | users | get", "'' | groups | impersonate"],
    ),
    (
        "impersonate-groups",
        &[
            "'' | groups | impersonate",
            "'' | users | impersonate | nobody",
        ],
        &[
            "'' | groups | impersonate",
            "authentication.k8s.io | uids | impersonate",
        ],
    ),
    (
        "impersonate-constrained",
        &["authentication.k8s.io | users | impersonate:user-info"],
        &["authentication.k8s.io | users | impersonate"],
    ),
    (
        "impersonate-extra",
        &["authentication.k8s.io | userextras/scopes | impersonate"],
        &["authentication.k8s.io | userextras/scopes | get"],
    ),
    (
        "nodes-proxy",
        &["'' | nodes/proxy | get"],
        &["'' | nodes nodes/metrics | get"],
    ),
    (
        "nodes-status-proxy",
        &["'' | nodes/status | patch", "'' | nodes/proxy | get"],
        &["'' | nodes/status | get", "'' | nodes/proxy | get"],
    ),
    (
        "token-create",
        &["'' | serviceaccounts/token | create"],
        &["'' | serviceaccounts | create"],
    ),
    (
        "csr-approve",
        &[
            "certificates.k8s.io | certificatesigningrequests/approval | update",
            "certificates.k8s.io | signers | approve | kubernetes.io/legacy",
        ],
        &[
            "certificates.k8s.io | certificatesigningrequests/approval | update",
            "certificates.k8s.io | signers | sign",
        ],
    ),
    (
        "csr-nodeclient",
        &[
            "certificates.k8s.io | certificatesigningrequests | create get",
            "certificates.k8s.io | certificatesigningrequests/nodeclient | create",
        ],
        &[
            "certificates.k8s.io | certificatesigningrequests | create delete",
            "certificates.k8s.io | certificatesigningrequests/nodeclient | create",
        ],
    ),
    (
        "csr-sign",
        &[
            "certificates.k8s.io | certificatesigningrequests/status | patch",
            "certificates.k8s.io | signers | sign",
        ],
        &["certificates.k8s.io | signers | sign"],
    ),
    (
        "secrets-read",
        &["'' | secrets | deletecollection"],
        &["'' | secrets | create update delete"],
    ),
    (
        "secrets-write",
        &["'' | secrets | patch"],
        &["'' | secrets | create | one"],
    ),
    (
        "workloads-write",
        &["batch | cronjobs | create"],
        &["batch | cronjobs | delete"],
    ),
    (
        "exec",
        &["'' | pods/exec | create"],
        &["'' | pods/exec pods/log | get"],
    ),
    (
        "exec-by-get",
        &["'' | pods/attach | get"],
        &["'' | pods/attach | create"],
    ),
    (
        "pod-ports",
        &["'' | services/proxy | get"],
        &["'' | services | get"],
    ),
    (
        "rbac-write",
        &["rbac.authorization.k8s.io | rolebindings | create"],
        &["rbac.authorization.k8s.io | rolebindings | get"],
    ),
    (
        "mutating-webhooks",
        &["admissionregistration.k8s.io | mutatingwebhookconfigurations | update"],
        &["admissionregistration.k8s.io | validatingwebhookconfigurations | update"],
    ),
    (
        "admission-webhooks",
        &["admissionregistration.k8s.io | validatingwebhookconfigurations | update"],
        &["admissionregistration.k8s.io | validatingwebhookconfigurations | list"],
    ),
    (
        "api-services",
        &["apiregistration.k8s.io | apiservices | patch"],
        &["apiregistration.k8s.io | apiservices | get"],
    ),
    (
        "crd-write",
        &["apiextensions.k8s.io | customresourcedefinitions | delete"],
        &["apiextensions.k8s.io | customresourcedefinitions/status | delete"],
    ),
    (
        "persistent-volumes",
        &["'' | persistentvolumes | create"],
        &["'' | persistentvolumeclaims | create"],
    ),
    (
        "namespace-labels",
        &["'' | namespaces | patch"],
        &["'' | namespaces | create"],
    ),
    (
        "kube-system-config",
        &["'' | configmaps | update | coredns"],
        &["'' | configmaps | get | coredns"],
    ),
    (
        "secret-provider-classes",
        &["secrets-store.csi.x-k8s.io | secretproviderclasses | create"],
        &["secrets-store.csi.x-k8s.io | secretproviderclasspodstatuses | create"],
    ),
    (
        "azure-identity",
        &["aadpodidentity.k8s.io | azureidentitybindings | create"],
        &["aadpodidentity.k8s.io | azureassignedidentities | create"],
    ),
    (
        "azure-identity-binding",
        &["cid.wi.aks.azure.com | 5d6e7f80-1a2b-4c3d-9e4f-5a6b7c8d9e0f | use-managed-identity"],
        &["cid.wi.aks.azure.com | 5d6e7f80-1a2b-4c3d-9e4f-5a6b7c8d9e0f | get"],
    ),
    (
        "deputies",
        &["kustomize.toolkit.fluxcd.io | kustomizations | patch"],
        &["kustomize.toolkit.fluxcd.io | kustomizations/status | patch"],
    ),
    (
        "gatekeeper",
        &["constraints.gatekeeper.sh | k8spspprivilegedcontainer | delete"],
        &["constraints.gatekeeper.sh | '*' | get"],
    ),
    (
        "steal-pods",
        &["'' | pods/eviction | create", "'' | nodes | patch"],
        &["'' | pods/eviction | create", "'' | nodes | get"],
    ),
    (
        "pods-binding",
        &["'' | pods/binding | create"],
        &["'' | pods/eviction | create"],
    ),
    (
        "service-traffic",
        &["discovery.k8s.io | endpointslices | update"],
        &["discovery.k8s.io | endpointslices | get"],
    ),
    (
        "status-write",
        &["'' | pods/status | update"],
        &["'' | pods/status | get"],
    ),
    (
        "network-policies",
        &["networking.k8s.io | networkpolicies | delete"],
        &["networking.k8s.io | ingresses | delete"],
    ),
    (
        "delete-events",
        &["'' | events | deletecollection"],
        &["'' | events | create"],
    ),
];

/// The subjects that are a risk by themselves, and one that just isn't.
const SUBJECTS: &[(&str, &str, &str)] = &[
    (
        "anonymous",
        "{kind: User, name: 'system:anonymous'}",
        "{kind: Group, name: 'system:anonymous'}",
    ),
    (
        "unauthenticated",
        "{kind: Group, name: 'system:unauthenticated'}",
        "{kind: User, name: 'system:unauthenticated'}",
    ),
    (
        "authenticated",
        "{kind: Group, name: 'system:authenticated'}",
        "{kind: Group, name: authenticated}",
    ),
    (
        "every-service-account",
        "{kind: Group, name: 'system:serviceaccounts'}",
        "{kind: Group, name: 'system:serviceaccounts:a'}",
    ),
    (
        "default-service-account",
        "{kind: ServiceAccount, name: default, namespace: a}",
        "{kind: ServiceAccount, name: ci, namespace: a}",
    ),
];

#[test]
fn each_risk_is_told_and_just_not_told() {
    for (id, with, without) in EXAMPLES {
        assert!(has(id, with, ALICE), "{id}");
        assert!(!has(id, without, ALICE), "{id}");
    }
    for (id, with, without) in SUBJECTS {
        let harmless = ["'' | pods | get"];
        assert!(has(id, &harmless, with), "{id}");
        assert!(!has(id, &harmless, without), "{id}");
    }
    let told: Vec<&str> = EXAMPLES
        .iter()
        .map(|(id, ..)| *id)
        .chain(SUBJECTS.iter().map(|(id, ..)| *id))
        .chain(["ghost-accounts"])
        .collect();
    for risk in RISKS {
        assert!(told.contains(&risk.code.id), "{} has no example", risk.code);
    }
}

#[test]
fn every_risk_has_its_heading_in_the_docs() {
    let docs = fs::read_to_string(testdata().join("../docs/risks.md")).unwrap();
    let headings: Vec<&str> = docs
        .lines()
        .filter_map(|line| line.strip_prefix("## "))
        .collect();
    let ids: Vec<&str> = codes::RISKS.iter().map(|code| code.id).collect();
    pretty_assertions::assert_eq!(headings, ids);
    let in_table: Vec<&str> = RISKS.iter().map(|risk| risk.code.id).collect();
    pretty_assertions::assert_eq!(in_table, ids);
}

#[test]
fn a_namespace_weighs_less_but_kube_system_does_not() {
    let severity = |namespace: &str| {
        let found = gained(&[], &["'' | secrets | get"], ALICE, namespace);
        found.iter().find(|(id, _)| id == "secrets-read").unwrap().1
    };
    assert_eq!(severity(""), Severity::High);
    assert_eq!(severity("team"), Severity::Medium);
    assert_eq!(severity("kube-system"), Severity::High);
}

#[test]
fn names_leave_less() {
    let found = gained(&[], &["'' | secrets | get | one"], ALICE, "");
    assert_eq!(found, [("secrets-read".to_owned(), Severity::Medium)]);
    // A create carries no name, so nothing is left of it.
    let found = gained(&[], &["'' | pods | create | one"], ALICE, "");
    assert_eq!(found, []);
}

#[test]
fn the_second_half_of_a_risk_completes_it() {
    let approval = "certificates.k8s.io | certificatesigningrequests/approval | update";
    let signers = "certificates.k8s.io | signers | approve";
    let told = |before: &[&str], after: &[&str]| {
        gained(before, after, ALICE, "")
            .iter()
            .any(|(id, _)| id == "csr-approve")
    };
    assert!(told(&[approval], &[approval, signers]));
    assert!(told(&[signers], &[approval, signers]));
    assert!(!told(
        &[approval, signers],
        &[approval, signers, "'' | pods | get"]
    ));
}

#[test]
fn what_was_there_before_is_no_risk() {
    let found = gained(
        &["'' | secrets | get list watch"],
        &["'' | secrets configmaps | get list watch"],
        ALICE,
        "",
    );
    assert_eq!(found, []);
}

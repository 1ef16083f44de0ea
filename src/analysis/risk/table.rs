//! The risks, as data. Each has a heading of its id in `docs/risks.md`.

use super::Lives::{Cluster, In, Namespace, Namespaced};
use super::Pattern::{Any, Both, Subject};
use super::Severity::{Critical, High, Low, Medium};
use super::{Lives, Pattern, Requests, Risk, Severity};
use crate::kube::SubjectKind;

const fn requests(
    verbs: &'static [&'static str],
    group: &'static str,
    resources: &'static [&'static str],
    lives: Lives,
) -> Requests {
    Requests {
        verbs,
        group,
        resources,
        lives,
    }
}

const fn risk(id: &'static str, severity: Severity, why: &'static str, pattern: Pattern) -> Risk {
    Risk {
        id,
        severity,
        why,
        pattern,
    }
}

const RBAC: &str = "rbac.authorization.k8s.io";
const WRITE: &[&str] = &["create", "update", "patch"];
const CHANGE: &[&str] = &["create", "update", "patch", "delete", "deletecollection"];
const UPDATE: &[&str] = &["update", "patch"];

/// All risks.
pub static RISKS: &[Risk] = &[
    risk(
        "everything",
        Critical,
        "whoever may do everything owns the cluster",
        Any(&[requests(&["*"], "*", &["*"], Namespaced)]),
    ),
    risk(
        "escalate",
        Critical,
        "escalate on roles lets its holder write any right into a role, those it lacks included",
        Any(&[
            requests(&["escalate"], RBAC, &["roles"], Namespaced),
            requests(&["escalate"], RBAC, &["clusterroles"], Cluster),
        ]),
    ),
    risk(
        "bind",
        Critical,
        "bind on roles lets its holder bind roles whose rights it lacks, to itself too",
        Any(&[
            requests(&["bind"], RBAC, &["roles", "clusterroles"], Namespaced),
            requests(&["bind"], RBAC, &["clusterroles"], Cluster),
        ]),
    ),
    risk(
        "impersonate",
        Critical,
        "whoever may impersonate others has their rights",
        Any(&[
            requests(&["impersonate"], "", &["users", "groups"], Cluster),
            requests(&["impersonate"], "", &["serviceaccounts"], Namespaced),
            requests(
                &["impersonate"],
                "authentication.k8s.io",
                &["uids", "userextras/*"],
                Cluster,
            ),
        ]),
    ),
    risk(
        "nodes-proxy",
        Critical,
        "nodes/proxy reaches the kubelet, which runs commands in every pod of the node, past \
         admission and audit",
        Any(&[requests(
            &["get", "create", "update", "patch", "delete", "*"],
            "",
            &["nodes/proxy"],
            Cluster,
        )]),
    ),
    risk(
        "token-create",
        Critical,
        "a token of a service account carries all its rights",
        Any(&[requests(
            &["create"],
            "",
            &["serviceaccounts/token"],
            Namespaced,
        )]),
    ),
    risk(
        "csr-approve",
        Critical,
        "whoever approves certificate requests for a signer makes credentials for anyone that the \
         signer vouches for",
        Both(
            &[requests(
                UPDATE,
                "certificates.k8s.io",
                &["certificatesigningrequests/approval"],
                Cluster,
            )],
            &[requests(
                &["approve"],
                "certificates.k8s.io",
                &["signers"],
                Cluster,
            )],
        ),
    ),
    risk(
        "csr-sign",
        Critical,
        "whoever issues certificates for a signer makes credentials for anyone that the signer \
         vouches for",
        Both(
            &[requests(
                UPDATE,
                "certificates.k8s.io",
                &["certificatesigningrequests/status"],
                Cluster,
            )],
            &[requests(
                &["sign"],
                "certificates.k8s.io",
                &["signers"],
                Cluster,
            )],
        ),
    ),
    risk(
        "anonymous",
        Critical,
        "requests without any credentials are allowed this",
        Subject(SubjectKind::User, "system:anonymous"),
    ),
    risk(
        "unauthenticated",
        Critical,
        "requests without any credentials are allowed this",
        Subject(SubjectKind::Group, "system:unauthenticated"),
    ),
    risk(
        "authenticated",
        High,
        "everyone with any credentials for the cluster, every service account included, is \
         allowed this",
        Subject(SubjectKind::Group, "system:authenticated"),
    ),
    risk(
        "every-service-account",
        High,
        "every pod of the cluster that mounts a token is allowed this",
        Subject(SubjectKind::Group, "system:serviceaccounts"),
    ),
    risk(
        "default-service-account",
        Medium,
        "every pod of the namespace that names no other account runs as the default one",
        Subject(SubjectKind::ServiceAccount, "default"),
    ),
    risk(
        "secrets-read",
        High,
        "secrets hold credentials, tokens of service accounts among them",
        Any(&[requests(
            &["get", "list", "watch"],
            "",
            &["secrets"],
            Namespaced,
        )]),
    ),
    risk(
        "secrets-write",
        High,
        "written secrets change what others trust, and a secret for a service account is filled \
         with its token",
        Any(&[requests(CHANGE, "", &["secrets"], Namespaced)]),
    ),
    risk(
        "workloads-write",
        High,
        "a pod runs as any service account of its namespace and reads its secrets, and unless \
         admission forbids it takes the node",
        Any(&[
            requests(WRITE, "", &["pods", "replicationcontrollers"], Namespaced),
            requests(
                WRITE,
                "apps",
                &["deployments", "daemonsets", "statefulsets", "replicasets"],
                Namespaced,
            ),
            requests(WRITE, "batch", &["jobs", "cronjobs"], Namespaced),
        ]),
    ),
    risk(
        "exec",
        High,
        "whoever gets into running pods has what the pods have",
        Any(&[
            requests(
                &["create", "get"],
                "",
                &["pods/exec", "pods/attach", "pods/portforward"],
                Namespaced,
            ),
            requests(UPDATE, "", &["pods/ephemeralcontainers"], Namespaced),
        ]),
    ),
    risk(
        "rbac-write",
        High,
        "whoever writes roles and bindings hands on what rights they have, and takes others' away",
        Any(&[
            requests(CHANGE, RBAC, &["roles", "rolebindings"], Namespaced),
            requests(
                CHANGE,
                RBAC,
                &["clusterroles", "clusterrolebindings"],
                Cluster,
            ),
        ]),
    ),
    risk(
        "admission-webhooks",
        High,
        "an admission webhook sees and changes every object that is written, secrets included",
        Any(&[requests(
            CHANGE,
            "admissionregistration.k8s.io",
            &[
                "mutatingwebhookconfigurations",
                "validatingwebhookconfigurations",
                "mutatingadmissionpolicies",
                "mutatingadmissionpolicybindings",
                "validatingadmissionpolicies",
                "validatingadmissionpolicybindings",
            ],
            Cluster,
        )]),
    ),
    risk(
        "crd-write",
        High,
        "changed definitions break or delete every object of their types",
        Any(&[requests(
            CHANGE,
            "apiextensions.k8s.io",
            &["customresourcedefinitions"],
            Cluster,
        )]),
    ),
    risk(
        "persistent-volumes",
        High,
        "a persistent volume may be any folder of a node",
        Any(&[requests(WRITE, "", &["persistentvolumes"], Cluster)]),
    ),
    risk(
        "namespace-labels",
        High,
        "labels of a namespace decide which pod security its pods are held to",
        Any(&[requests(UPDATE, "", &["namespaces"], Namespace)]),
    ),
    risk(
        "kube-system-config",
        High,
        "configmaps of kube-system configure the cluster itself: with coredns, names resolve to \
         wherever its writer likes",
        Any(&[requests(CHANGE, "", &["configmaps"], In("kube-system"))]),
    ),
    risk(
        "secret-provider-classes",
        High,
        "a SecretProviderClass says which secrets of a key vault are mounted into pods",
        Any(&[requests(
            CHANGE,
            "secrets-rbac.csi.x-k8s.io",
            &["secretproviderclasses"],
            Namespaced,
        )]),
    ),
    risk(
        "azure-identity",
        High,
        "an AzureIdentityBinding hands a managed identity's rights in Azure to pods",
        Any(&[requests(
            CHANGE,
            "aadpodidentity.k8s.io",
            &["azureidentities", "azureidentitybindings"],
            Namespaced,
        )]),
    ),
    risk(
        "gatekeeper",
        High,
        "whoever writes Gatekeeper's constraints decides what admission forbids",
        Any(&[
            requests(
                CHANGE,
                "templates.gatekeeper.sh",
                &["constrainttemplates"],
                Cluster,
            ),
            requests(CHANGE, "constraints.gatekeeper.sh", &["*"], Cluster),
        ]),
    ),
    risk(
        "steal-pods",
        Medium,
        "whoever evicts pods and writes nodes drives other people's pods onto a node of theirs",
        Both(
            &[
                requests(&["delete", "deletecollection"], "", &["pods"], Namespaced),
                requests(&["create"], "", &["pods/eviction"], Namespaced),
            ],
            &[requests(UPDATE, "", &["nodes", "nodes/status"], Cluster)],
        ),
    ),
    risk(
        "status-write",
        Medium,
        "written status misleads controllers: traffic and pods go where the writer likes",
        Any(&[
            requests(UPDATE, "", &["nodes/status"], Cluster),
            requests(UPDATE, "", &["pods/status", "services/status"], Namespaced),
        ]),
    ),
    risk(
        "network-policies",
        Medium,
        "network policies keep workloads apart",
        Any(&[requests(
            CHANGE,
            "networking.k8s.io",
            &["networkpolicies"],
            Namespaced,
        )]),
    ),
    risk(
        "delete-events",
        Low,
        "deleted events hide what was done",
        Any(&[
            requests(&["delete", "deletecollection"], "", &["events"], Namespaced),
            requests(
                &["delete", "deletecollection"],
                "events.k8s.io",
                &["events"],
                Namespaced,
            ),
        ]),
    ),
];

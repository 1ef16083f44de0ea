//! The risks, as data. Their codes, with severity and reason, stand in [`codes`].

use super::Pattern::{Any, Both, Subject};
use super::TypeScope::{Cluster, In, Namespace, Namespaced};
use super::{Pattern, Risk, RiskyRequests, TypeScope};
use crate::diagnostic::{Code, codes};
use crate::kube::SubjectKind;

const fn requests(
    verbs: &'static [&'static str],
    group: &'static str,
    resources: &'static [&'static str],
    scope: TypeScope,
) -> RiskyRequests {
    RiskyRequests {
        verbs,
        group,
        resources,
        scope,
    }
}

const fn risk(code: &'static Code, pattern: Pattern) -> Risk {
    Risk { code, pattern }
}

const RBAC: &str = "rbac.authorization.k8s.io";
const WRITE: &[&str] = &["create", "update", "patch"];
const CHANGE: &[&str] = &["create", "update", "patch", "delete", "deletecollection"];
const UPDATE: &[&str] = &["update", "patch"];

/// All risks.
pub static RISKS: &[Risk] = &[
    risk(
        &codes::EVERYTHING,
        Any(&[requests(&["*"], "*", &["*"], Namespaced)]),
    ),
    risk(
        &codes::ESCALATE,
        Any(&[
            requests(&["escalate"], RBAC, &["roles"], Namespaced),
            requests(&["escalate"], RBAC, &["clusterroles"], Cluster),
        ]),
    ),
    risk(
        &codes::BIND,
        Any(&[
            requests(&["bind"], RBAC, &["roles", "clusterroles"], Namespaced),
            requests(&["bind"], RBAC, &["clusterroles"], Cluster),
        ]),
    ),
    risk(
        &codes::IMPERSONATE,
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
        &codes::NODES_PROXY,
        Any(&[requests(
            &["get", "create", "update", "patch", "delete", "*"],
            "",
            &["nodes/proxy"],
            Cluster,
        )]),
    ),
    risk(
        &codes::TOKEN_CREATE,
        Any(&[requests(
            &["create"],
            "",
            &["serviceaccounts/token"],
            Namespaced,
        )]),
    ),
    risk(
        &codes::CSR_APPROVE,
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
        &codes::CSR_SIGN,
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
        &codes::ANONYMOUS,
        Subject(SubjectKind::User, "system:anonymous"),
    ),
    risk(
        &codes::UNAUTHENTICATED,
        Subject(SubjectKind::Group, "system:unauthenticated"),
    ),
    risk(
        &codes::AUTHENTICATED,
        Subject(SubjectKind::Group, "system:authenticated"),
    ),
    risk(
        &codes::EVERY_SERVICE_ACCOUNT,
        Subject(SubjectKind::Group, "system:serviceaccounts"),
    ),
    risk(
        &codes::DEFAULT_SERVICE_ACCOUNT,
        Subject(SubjectKind::ServiceAccount, "default"),
    ),
    risk(
        &codes::SECRETS_READ,
        Any(&[requests(
            &["get", "list", "watch"],
            "",
            &["secrets"],
            Namespaced,
        )]),
    ),
    risk(
        &codes::SECRETS_WRITE,
        Any(&[requests(CHANGE, "", &["secrets"], Namespaced)]),
    ),
    risk(
        &codes::WORKLOADS_WRITE,
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
        &codes::EXEC,
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
        &codes::RBAC_WRITE,
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
        &codes::ADMISSION_WEBHOOKS,
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
        &codes::CRD_WRITE,
        Any(&[requests(
            CHANGE,
            "apiextensions.k8s.io",
            &["customresourcedefinitions"],
            Cluster,
        )]),
    ),
    risk(
        &codes::PERSISTENT_VOLUMES,
        Any(&[requests(WRITE, "", &["persistentvolumes"], Cluster)]),
    ),
    risk(
        &codes::NAMESPACE_LABELS,
        Any(&[requests(UPDATE, "", &["namespaces"], Namespace)]),
    ),
    risk(
        &codes::KUBE_SYSTEM_CONFIG,
        Any(&[requests(CHANGE, "", &["configmaps"], In("kube-system"))]),
    ),
    risk(
        &codes::SECRET_PROVIDER_CLASSES,
        Any(&[requests(
            CHANGE,
            "secrets-rbac.csi.x-k8s.io",
            &["secretproviderclasses"],
            Namespaced,
        )]),
    ),
    risk(
        &codes::AZURE_IDENTITY,
        Any(&[requests(
            CHANGE,
            "aadpodidentity.k8s.io",
            &["azureidentities", "azureidentitybindings"],
            Namespaced,
        )]),
    ),
    risk(
        &codes::GATEKEEPER,
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
        &codes::STEAL_PODS,
        Both(
            &[
                requests(&["delete", "deletecollection"], "", &["pods"], Namespaced),
                requests(&["create"], "", &["pods/eviction"], Namespaced),
            ],
            &[requests(UPDATE, "", &["nodes", "nodes/status"], Cluster)],
        ),
    ),
    risk(
        &codes::STATUS_WRITE,
        Any(&[
            requests(UPDATE, "", &["nodes/status"], Cluster),
            requests(UPDATE, "", &["pods/status", "services/status"], Namespaced),
        ]),
    ),
    risk(
        &codes::NETWORK_POLICIES,
        Any(&[requests(
            CHANGE,
            "networking.k8s.io",
            &["networkpolicies"],
            Namespaced,
        )]),
    ),
    risk(
        &codes::DELETE_EVENTS,
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

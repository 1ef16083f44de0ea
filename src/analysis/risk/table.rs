//! The risks, as data. Their codes, with severity and reason, stand in [`codes`].

use super::Pattern::{Any, Ghosts, Subject, Ways};
use super::TypeScope::{Cluster, In, Namespace, Namespaced};
use super::{Pattern, Risk, RiskyMinors, RiskyRequests, TypeScope, Way};
use crate::diagnostic::{Code, codes};
use crate::kube::{Minor, SubjectKind};

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

const fn any_of(
    verbs: &'static [&'static str],
    group: &'static str,
    scope: TypeScope,
) -> RiskyRequests {
    requests(verbs, group, &[], scope)
}

const fn risk(code: &'static Code, pattern: Pattern) -> Risk {
    Risk {
        code,
        pattern,
        like_all: &[],
        minors: RiskyMinors::All,
    }
}

/// The same in some versions of Kubernetes alone.
const fn risk_of(minors: RiskyMinors, code: &'static Code, pattern: Pattern) -> Risk {
    Risk {
        minors,
        ..risk(code, pattern)
    }
}

/// The same with names that weigh like all.
const fn risk_by_name(
    code: &'static Code,
    pattern: Pattern,
    like_all: &'static [&'static str],
) -> Risk {
    Risk {
        like_all,
        ..risk(code, pattern)
    }
}

/// What one identity needs all of, in requests of their own.
const fn way(parts: &'static [&'static [RiskyRequests]]) -> Way {
    Way { parts, meet: false }
}

const RBAC: &str = "rbac.authorization.k8s.io";
const WRITE: &[&str] = &["create", "update", "patch"];
const CHANGE: &[&str] = &["create", "update", "patch", "delete", "deletecollection"];
const UPDATE: &[&str] = &["update", "patch"];
const CERTIFICATES: &str = "certificates.k8s.io";
const AUTHENTICATION: &str = "authentication.k8s.io";
const ADMISSION: &str = "admissionregistration.k8s.io";

/// The making of service accounts.
pub(super) const MAKE_ACCOUNTS: &[RiskyRequests] =
    &[requests(&["create"], "", &["serviceaccounts"], Namespaced)];

/// All risks.
pub static RISKS: &[Risk] = &[
    risk(
        &codes::EVERYTHING,
        Any(&[requests(&["*"], "*", &["*"], Namespaced)]),
    ),
    risk_by_name(
        &codes::ESCALATE,
        Ways(&[
            Way {
                parts: &[
                    &[requests(&["escalate"], RBAC, &["roles"], Namespaced)],
                    &[requests(UPDATE, RBAC, &["roles"], Namespaced)],
                ],
                meet: true,
            },
            // A new ClusterRole may be labelled for one that is bound already, so `create` will do.
            Way {
                parts: &[
                    &[requests(&["escalate"], RBAC, &["clusterroles"], Cluster)],
                    &[requests(WRITE, RBAC, &["clusterroles"], Cluster)],
                ],
                meet: true,
            },
        ]),
        &["cluster-admin", "admin", "edit", "view"],
    ),
    risk_by_name(
        &codes::BIND,
        Ways(&[
            way(&[
                &[requests(
                    &["bind"],
                    RBAC,
                    &["roles", "clusterroles"],
                    Namespaced,
                )],
                &[requests(WRITE, RBAC, &["rolebindings"], Namespaced)],
            ]),
            way(&[
                &[requests(&["bind"], RBAC, &["clusterroles"], Cluster)],
                &[requests(WRITE, RBAC, &["clusterrolebindings"], Cluster)],
            ]),
        ]),
        &["cluster-admin"],
    ),
    risk_by_name(
        &codes::IMPERSONATE,
        Any(&[
            requests(&["impersonate"], "", &["users"], Cluster),
            requests(&["impersonate"], "", &["serviceaccounts"], Namespaced),
        ]),
        // A user of every cluster who makes tokens for any account, and AKS' own administrator.
        &["system:kube-controller-manager", "clusterAdmin"],
    ),
    risk_by_name(
        &codes::IMPERSONATE_GROUPS,
        Ways(&[way(&[
            &[requests(&["impersonate"], "", &["groups"], Cluster)],
            &[
                requests(&["impersonate"], "", &["users"], Cluster),
                requests(&["impersonate"], "", &["serviceaccounts"], Namespaced),
            ],
        ])]),
        &["system:masters"],
    ),
    risk_of(
        RiskyMinors::From(Minor::CONSTRAINED_IMPERSONATION_ALPHA),
        &codes::IMPERSONATE_CONSTRAINED,
        Any(&[
            any_of(&["impersonate:user-info"], AUTHENTICATION, Cluster),
            requests(
                &["impersonate:serviceaccount"],
                AUTHENTICATION,
                &["serviceaccounts"],
                Namespaced,
            ),
            requests(
                &["impersonate:arbitrary-node", "impersonate:associated-node"],
                AUTHENTICATION,
                &["nodes"],
                Cluster,
            ),
        ]),
    ),
    risk(
        &codes::IMPERSONATE_EXTRA,
        Any(&[any_of(&["impersonate"], AUTHENTICATION, Cluster)]),
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
        &codes::NODES_STATUS_PROXY,
        Ways(&[way(&[
            &[
                requests(UPDATE, "", &["nodes/status"], Cluster),
                requests(&["create"], "", &["nodes"], Cluster),
            ],
            &[requests(&["get", "create"], "", &["nodes/proxy"], Cluster)],
        ])]),
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
    risk(&codes::GHOST_ACCOUNTS, Ghosts),
    risk_by_name(
        &codes::CSR_APPROVE,
        Ways(&[way(&[
            &[requests(&["approve"], CERTIFICATES, &["signers"], Cluster)],
            &[requests(
                UPDATE,
                CERTIFICATES,
                &["certificatesigningrequests/approval"],
                Cluster,
            )],
        ])]),
        &["kubernetes.io/*", "kubernetes.io/kube-apiserver-client"],
    ),
    risk(
        &codes::CSR_NODECLIENT,
        Ways(&[way(&[
            &[requests(
                &["create"],
                CERTIFICATES,
                &["certificatesigningrequests/nodeclient"],
                Cluster,
            )],
            &[requests(
                &["create"],
                CERTIFICATES,
                &["certificatesigningrequests"],
                Cluster,
            )],
            &[
                requests(
                    &[
                        "get",
                        "list",
                        "watch",
                        "patch",
                        "update",
                        "deletecollection",
                    ],
                    CERTIFICATES,
                    &["certificatesigningrequests"],
                    Cluster,
                ),
                requests(
                    &["get", "patch", "update"],
                    CERTIFICATES,
                    &[
                        "certificatesigningrequests/approval",
                        "certificatesigningrequests/status",
                    ],
                    Cluster,
                ),
            ],
        ])]),
    ),
    risk(
        &codes::CSR_SIGN,
        Ways(&[way(&[
            &[requests(&["sign"], CERTIFICATES, &["signers"], Cluster)],
            &[requests(
                UPDATE,
                CERTIFICATES,
                &["certificatesigningrequests/status"],
                Cluster,
            )],
        ])]),
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
            &["get", "list", "watch", "patch", "deletecollection"],
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
            requests(&["create"], "", &["pods/exec", "pods/attach"], Namespaced),
            requests(UPDATE, "", &["pods/ephemeralcontainers"], Namespaced),
        ]),
    ),
    risk_of(
        RiskyMinors::Before(Minor::EXEC_TAKES_CREATE),
        &codes::EXEC_BY_GET,
        Any(&[requests(
            &["get"],
            "",
            &["pods/exec", "pods/attach"],
            Namespaced,
        )]),
    ),
    risk(
        &codes::POD_PORTS,
        Any(&[
            requests(&["create", "get"], "", &["pods/portforward"], Namespaced),
            requests(
                &["get", "create", "update", "patch", "delete"],
                "",
                &["pods/proxy", "services/proxy"],
                Namespaced,
            ),
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
        &codes::MUTATING_WEBHOOKS,
        Any(&[requests(
            WRITE,
            ADMISSION,
            &[
                "mutatingwebhookconfigurations",
                "mutatingadmissionpolicies",
                "mutatingadmissionpolicybindings",
            ],
            Cluster,
        )]),
    ),
    risk(
        &codes::ADMISSION_WEBHOOKS,
        Any(&[
            requests(
                CHANGE,
                ADMISSION,
                &[
                    "validatingwebhookconfigurations",
                    "validatingadmissionpolicies",
                    "validatingadmissionpolicybindings",
                ],
                Cluster,
            ),
            requests(
                &["delete", "deletecollection"],
                ADMISSION,
                &[
                    "mutatingwebhookconfigurations",
                    "mutatingadmissionpolicies",
                    "mutatingadmissionpolicybindings",
                ],
                Cluster,
            ),
        ]),
    ),
    risk(
        &codes::API_SERVICES,
        Any(&[requests(
            WRITE,
            "apiregistration.k8s.io",
            &["apiservices"],
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
            "secrets-store.csi.x-k8s.io",
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
        &codes::AZURE_IDENTITY_BINDING,
        Any(&[any_of(
            &["use-managed-identity"],
            "cid.wi.aks.azure.com",
            Namespaced,
        )]),
    ),
    risk(&codes::DEPUTIES, Any(DEPUTIES)),
    risk(
        &codes::GATEKEEPER,
        Any(&[
            requests(
                CHANGE,
                "templates.gatekeeper.sh",
                &["constrainttemplates"],
                Cluster,
            ),
            any_of(CHANGE, "constraints.gatekeeper.sh", Cluster),
        ]),
    ),
    risk(
        &codes::STEAL_PODS,
        Ways(&[way(&[
            &[
                requests(&["delete", "deletecollection"], "", &["pods"], Namespaced),
                requests(&["create"], "", &["pods/eviction"], Namespaced),
            ],
            &[requests(UPDATE, "", &["nodes", "nodes/status"], Cluster)],
        ])]),
    ),
    risk(
        &codes::PODS_BINDING,
        Any(&[requests(
            &["create"],
            "",
            &["pods/binding", "bindings"],
            Namespaced,
        )]),
    ),
    risk(
        &codes::SERVICE_TRAFFIC,
        Any(&[
            requests(WRITE, "", &["services", "endpoints"], Namespaced),
            requests(UPDATE, "", &["services/status"], Namespaced),
            requests(WRITE, "discovery.k8s.io", &["endpointslices"], Namespaced),
            requests(WRITE, "networking.k8s.io", &["ingresses"], Namespaced),
            requests(WRITE, "extensions", &["ingresses"], Namespaced),
            requests(
                WRITE,
                "gateway.networking.k8s.io",
                &[
                    "gateways",
                    "httproutes",
                    "grpcroutes",
                    "tcproutes",
                    "tlsroutes",
                    "udproutes",
                ],
                Namespaced,
            ),
        ]),
    ),
    risk(
        &codes::STATUS_WRITE,
        Any(&[
            requests(UPDATE, "", &["nodes/status"], Cluster),
            requests(UPDATE, "", &["pods/status"], Namespaced),
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

/// Types whose objects say what a controller makes with its own rights, or with those of an account that
/// they name.
const DEPUTIES: &[RiskyRequests] = &[
    requests(
        WRITE,
        "kustomize.toolkit.fluxcd.io",
        &["kustomizations"],
        Namespaced,
    ),
    requests(
        WRITE,
        "helm.toolkit.fluxcd.io",
        &["helmreleases"],
        Namespaced,
    ),
    requests(
        WRITE,
        "source.toolkit.fluxcd.io",
        &[
            "gitrepositories",
            "ocirepositories",
            "helmrepositories",
            "buckets",
        ],
        Namespaced,
    ),
    requests(
        WRITE,
        "argoproj.io",
        &[
            "applications",
            "applicationsets",
            "appprojects",
            "workflows",
            "cronworkflows",
            "workflowtemplates",
        ],
        Namespaced,
    ),
    requests(
        WRITE,
        "tekton.dev",
        &["pipelineruns", "taskruns"],
        Namespaced,
    ),
    requests(WRITE, "velero.io", &["restores"], Namespaced),
    requests(WRITE, "kyverno.io", &["policies"], Namespaced),
    requests(WRITE, "kyverno.io", &["clusterpolicies"], Cluster),
    requests(
        WRITE,
        "apiextensions.crossplane.io",
        &["compositions", "compositeresourcedefinitions"],
        Cluster,
    ),
    requests(
        WRITE,
        "operators.coreos.com",
        &["subscriptions", "clusterserviceversions", "operatorgroups"],
        Namespaced,
    ),
    requests(
        WRITE,
        "kubevirt.io",
        &["virtualmachines", "virtualmachineinstances"],
        Namespaced,
    ),
    requests(
        WRITE,
        "helm.cattle.io",
        &["helmcharts", "helmchartconfigs"],
        Namespaced,
    ),
    requests(
        WRITE,
        "external-secrets.io",
        &["externalsecrets", "secretstores", "pushsecrets"],
        Namespaced,
    ),
    requests(
        WRITE,
        "external-secrets.io",
        &["clustersecretstores", "clusterexternalsecrets"],
        Cluster,
    ),
];

//! The requests that steps are made of, and which of a role's rules give them.

use std::sync::LazyLock;

use compact_str::CompactString;

use crate::authz::rbac::RbacAuthorizer;
use crate::authz::{Attributes, ResourceAttributes};
use crate::cluster::RoleId;
use crate::kube::Extent;

/// A sort of request, names apart.
#[derive(Debug)]
pub(super) struct PowerRequest {
    pub(super) power: Power,
    pub(super) verb: &'static str,
    pub(super) group: &'static str,
    pub(super) resource: &'static str,
    pub(super) subresource: &'static str,
    pub(super) extent: Extent,
}

impl PowerRequest {
    /// The request in the namespace (empty: none), of this name (empty: none).
    pub(super) fn attributes(&self, namespace: &str, name: &str) -> ResourceAttributes {
        ResourceAttributes {
            group: self.group.into(),
            resource: self.resource.into(),
            subresource: self.subresource.into(),
            namespace: namespace.into(),
            name: name.into(),
            ..ResourceAttributes::new(self.verb, self.resource)
        }
    }
}

macro_rules! powers {
    ($( $power:ident: $reach:ident $verb:literal $group:literal $resource:literal $($sub:literal)?; )*) => {
        /// A sort of request that a step needs.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub(super) enum Power { $( $power, )* }

        /// What each power asks for, in the order of [`Power`].
        pub(super) const POWERS: &[PowerRequest] = &[ $( PowerRequest {
            power: Power::$power,
            verb: $verb,
            group: $group,
            resource: $resource,
            subresource: concat!($($sub)?),
            extent: Extent::$reach,
        }, )* ];
    };
}

powers! {
    CreateRoleBinding: Namespaced "create" "rbac.authorization.k8s.io" "rolebindings";
    UpdateRoleBinding: Namespaced "update" "rbac.authorization.k8s.io" "rolebindings";
    PatchRoleBinding: Namespaced "patch" "rbac.authorization.k8s.io" "rolebindings";
    CreateClusterRoleBinding: Cluster "create" "rbac.authorization.k8s.io" "clusterrolebindings";
    UpdateClusterRoleBinding: Cluster "update" "rbac.authorization.k8s.io" "clusterrolebindings";
    PatchClusterRoleBinding: Cluster "patch" "rbac.authorization.k8s.io" "clusterrolebindings";
    BindRole: Namespaced "bind" "rbac.authorization.k8s.io" "roles";
    BindClusterRole: Namespaced "bind" "rbac.authorization.k8s.io" "clusterroles";
    EscalateRole: Namespaced "escalate" "rbac.authorization.k8s.io" "roles";
    EscalateClusterRole: Cluster "escalate" "rbac.authorization.k8s.io" "clusterroles";
    CreateRole: Namespaced "create" "rbac.authorization.k8s.io" "roles";
    UpdateRole: Namespaced "update" "rbac.authorization.k8s.io" "roles";
    PatchRole: Namespaced "patch" "rbac.authorization.k8s.io" "roles";
    CreateClusterRole: Cluster "create" "rbac.authorization.k8s.io" "clusterroles";
    UpdateClusterRole: Cluster "update" "rbac.authorization.k8s.io" "clusterroles";
    PatchClusterRole: Cluster "patch" "rbac.authorization.k8s.io" "clusterroles";

    ImpersonateUser: Cluster "impersonate" "" "users";
    ImpersonateGroup: Cluster "impersonate" "" "groups";
    ImpersonateAccount: Namespaced "impersonate" "" "serviceaccounts";
    ImpersonateExtra: Cluster "impersonate" "authentication.k8s.io" "userextras";
    ImpersonateUid: Cluster "impersonate" "authentication.k8s.io" "uids";
    ConstrainedUser: Cluster "impersonate:user-info" "authentication.k8s.io" "users";
    ConstrainedAccount: Namespaced "impersonate:serviceaccount" "authentication.k8s.io" "serviceaccounts";
    ConstrainedNode: Cluster "impersonate:arbitrary-node" "authentication.k8s.io" "nodes";
    CreateToken: Namespaced "create" "" "serviceaccounts" "token";
    CreateAccount: Namespaced "create" "" "serviceaccounts";
    PatchAccount: Namespaced "patch" "" "serviceaccounts";
    CreateSecret: Namespaced "create" "" "secrets";
    GetSecret: Namespaced "get" "" "secrets";
    ListSecrets: Namespaced "list" "" "secrets";
    WatchSecrets: Namespaced "watch" "" "secrets";
    PatchSecret: Namespaced "patch" "" "secrets";
    DeleteSecrets: Namespaced "deletecollection" "" "secrets";
    CreateCsr: Cluster "create" "certificates.k8s.io" "certificatesigningrequests";
    GetCsr: Cluster "get" "certificates.k8s.io" "certificatesigningrequests";
    ListCsrs: Cluster "list" "certificates.k8s.io" "certificatesigningrequests";
    WatchCsrs: Cluster "watch" "certificates.k8s.io" "certificatesigningrequests";
    PatchCsr: Cluster "patch" "certificates.k8s.io" "certificatesigningrequests";
    UpdateCsr: Cluster "update" "certificates.k8s.io" "certificatesigningrequests";
    DeleteCsrs: Cluster "deletecollection" "certificates.k8s.io" "certificatesigningrequests";
    GetCsrApproval: Cluster "get" "certificates.k8s.io" "certificatesigningrequests" "approval";
    PatchCsrApproval: Cluster "patch" "certificates.k8s.io" "certificatesigningrequests" "approval";
    UpdateCsrApproval: Cluster "update" "certificates.k8s.io" "certificatesigningrequests" "approval";
    GetCsrStatus: Cluster "get" "certificates.k8s.io" "certificatesigningrequests" "status";
    PatchCsrStatus: Cluster "patch" "certificates.k8s.io" "certificatesigningrequests" "status";
    UpdateCsrStatus: Cluster "update" "certificates.k8s.io" "certificatesigningrequests" "status";
    ApproveSigner: Cluster "approve" "certificates.k8s.io" "signers";
    CreateNodeClient: Cluster "create" "certificates.k8s.io" "certificatesigningrequests" "nodeclient";

    CreatePod: Namespaced "create" "" "pods";
    UpdatePod: Namespaced "update" "" "pods";
    PatchPod: Namespaced "patch" "" "pods";
    CreateDeployment: Namespaced "create" "apps" "deployments";
    UpdateDeployment: Namespaced "update" "apps" "deployments";
    PatchDeployment: Namespaced "patch" "apps" "deployments";
    CreateReplicaSet: Namespaced "create" "apps" "replicasets";
    UpdateReplicaSet: Namespaced "update" "apps" "replicasets";
    PatchReplicaSet: Namespaced "patch" "apps" "replicasets";
    CreateStatefulSet: Namespaced "create" "apps" "statefulsets";
    UpdateStatefulSet: Namespaced "update" "apps" "statefulsets";
    PatchStatefulSet: Namespaced "patch" "apps" "statefulsets";
    CreateDaemonSet: Namespaced "create" "apps" "daemonsets";
    UpdateDaemonSet: Namespaced "update" "apps" "daemonsets";
    PatchDaemonSet: Namespaced "patch" "apps" "daemonsets";
    CreateJob: Namespaced "create" "batch" "jobs";
    UpdateJob: Namespaced "update" "batch" "jobs";
    PatchJob: Namespaced "patch" "batch" "jobs";
    CreateCronJob: Namespaced "create" "batch" "cronjobs";
    UpdateCronJob: Namespaced "update" "batch" "cronjobs";
    PatchCronJob: Namespaced "patch" "batch" "cronjobs";
    CreateReplicationController: Namespaced "create" "" "replicationcontrollers";
    UpdateReplicationController: Namespaced "update" "" "replicationcontrollers";
    PatchReplicationController: Namespaced "patch" "" "replicationcontrollers";
    CreateClaim: Namespaced "create" "" "persistentvolumeclaims";
    PatchClaim: Namespaced "patch" "" "persistentvolumeclaims";
    CreateVolume: Cluster "create" "" "persistentvolumes";
    PatchVolume: Cluster "patch" "" "persistentvolumes";
    UpdateEphemeral: Namespaced "update" "" "pods" "ephemeralcontainers";
    PatchEphemeral: Namespaced "patch" "" "pods" "ephemeralcontainers";
    CreateExec: Namespaced "create" "" "pods" "exec";
    GetExec: Namespaced "get" "" "pods" "exec";
    CreateAttach: Namespaced "create" "" "pods" "attach";
    GetAttach: Namespaced "get" "" "pods" "attach";
    CreateNamespace: Cluster "create" "" "namespaces";
    UpdateNamespace: Namespaced "update" "" "namespaces";
    PatchNamespace: Namespaced "patch" "" "namespaces";

    GetNodeProxy: Cluster "get" "" "nodes" "proxy";
    CreateNodeProxy: Cluster "create" "" "nodes" "proxy";
    UpdateNodeStatus: Cluster "update" "" "nodes" "status";
    PatchNodeStatus: Cluster "patch" "" "nodes" "status";
    CreateNode: Cluster "create" "" "nodes";
    UpdateNode: Cluster "update" "" "nodes";
    PatchNode: Cluster "patch" "" "nodes";
    DeleteNode: Cluster "delete" "" "nodes";
    GetNodeLog: Cluster "get" "" "nodes" "log";
    GetNodePods: Cluster "get" "" "nodes" "pods";
    GetNodeConfigz: Cluster "get" "" "nodes" "configz";
    GetNodeStats: Cluster "get" "" "nodes" "stats";
    DeletePod: Namespaced "delete" "" "pods";
    EvictPod: Namespaced "create" "" "pods" "eviction";
    BindPod: Namespaced "create" "" "pods" "binding";

    CreateMutatingWebhook: Cluster "create" "admissionregistration.k8s.io" "mutatingwebhookconfigurations";
    UpdateMutatingWebhook: Cluster "update" "admissionregistration.k8s.io" "mutatingwebhookconfigurations";
    PatchMutatingWebhook: Cluster "patch" "admissionregistration.k8s.io" "mutatingwebhookconfigurations";
    CreateValidatingWebhook: Cluster "create" "admissionregistration.k8s.io" "validatingwebhookconfigurations";
    UpdateValidatingWebhook: Cluster "update" "admissionregistration.k8s.io" "validatingwebhookconfigurations";
    PatchValidatingWebhook: Cluster "patch" "admissionregistration.k8s.io" "validatingwebhookconfigurations";
    DeleteValidatingWebhook: Cluster "delete" "admissionregistration.k8s.io" "validatingwebhookconfigurations";
    UpdatePolicyBinding: Cluster "update" "admissionregistration.k8s.io" "validatingadmissionpolicybindings";
    PatchPolicyBinding: Cluster "patch" "admissionregistration.k8s.io" "validatingadmissionpolicybindings";
    DeletePolicyBinding: Cluster "delete" "admissionregistration.k8s.io" "validatingadmissionpolicybindings";
    UpdateConstraintTemplate: Cluster "update" "templates.gatekeeper.sh" "constrainttemplates";
    PatchConstraintTemplate: Cluster "patch" "templates.gatekeeper.sh" "constrainttemplates";
    DeleteConstraintTemplate: Cluster "delete" "templates.gatekeeper.sh" "constrainttemplates";
    CreateClusterPolicy: Cluster "create" "kyverno.io" "clusterpolicies";
    UpdateClusterPolicy: Cluster "update" "kyverno.io" "clusterpolicies";
    PatchClusterPolicy: Cluster "patch" "kyverno.io" "clusterpolicies";
    DeleteClusterPolicy: Cluster "delete" "kyverno.io" "clusterpolicies";
    CreateKyvernoPolicy: Namespaced "create" "kyverno.io" "policies";
    UpdateKyvernoPolicy: Namespaced "update" "kyverno.io" "policies";
    PatchKyvernoPolicy: Namespaced "patch" "kyverno.io" "policies";
    DeleteKyvernoPolicy: Namespaced "delete" "kyverno.io" "policies";
    CreateMutatingPolicy: Cluster "create" "admissionregistration.k8s.io" "mutatingadmissionpolicies";
    CreateMutatingPolicyBinding: Cluster "create" "admissionregistration.k8s.io" "mutatingadmissionpolicybindings";
    CreateApiService: Cluster "create" "apiregistration.k8s.io" "apiservices";
    UpdateApiService: Cluster "update" "apiregistration.k8s.io" "apiservices";
    PatchApiService: Cluster "patch" "apiregistration.k8s.io" "apiservices";
    UpdateCrd: Cluster "update" "apiextensions.k8s.io" "customresourcedefinitions";
    PatchCrd: Cluster "patch" "apiextensions.k8s.io" "customresourcedefinitions";
    CreateEndpoints: Namespaced "create" "" "endpoints";
    UpdateEndpoints: Namespaced "update" "" "endpoints";
    PatchEndpoints: Namespaced "patch" "" "endpoints";
    CreateEndpointSlice: Namespaced "create" "discovery.k8s.io" "endpointslices";
    UpdateEndpointSlice: Namespaced "update" "discovery.k8s.io" "endpointslices";
    PatchEndpointSlice: Namespaced "patch" "discovery.k8s.io" "endpointslices";
    CreateService: Namespaced "create" "" "services";
    UpdateService: Namespaced "update" "" "services";
    PatchService: Namespaced "patch" "" "services";
    UpdateServiceStatus: Namespaced "update" "" "services" "status";
    PatchServiceStatus: Namespaced "patch" "" "services" "status";
    UpdateIngress: Namespaced "update" "networking.k8s.io" "ingresses";
    PatchIngress: Namespaced "patch" "networking.k8s.io" "ingresses";
    CreateIngress: Namespaced "create" "networking.k8s.io" "ingresses";
    CreateHttpRoute: Namespaced "create" "gateway.networking.k8s.io" "httproutes";
    UpdateHttpRoute: Namespaced "update" "gateway.networking.k8s.io" "httproutes";
    PatchHttpRoute: Namespaced "patch" "gateway.networking.k8s.io" "httproutes";
    CreateConfigMap: Namespaced "create" "" "configmaps";
    UpdateConfigMap: Namespaced "update" "" "configmaps";
    PatchConfigMap: Namespaced "patch" "" "configmaps";
    CreateTrustBundle: Cluster "create" "certificates.k8s.io" "clustertrustbundles";
    UpdateTrustBundle: Cluster "update" "certificates.k8s.io" "clustertrustbundles";
    PatchTrustBundle: Cluster "patch" "certificates.k8s.io" "clustertrustbundles";
    AttestSigner: Cluster "attest" "certificates.k8s.io" "signers";

    CreatePolicyException: Namespaced "create" "kyverno.io" "policyexceptions";
    UpdatePolicyException: Namespaced "update" "kyverno.io" "policyexceptions";
    PatchPolicyException: Namespaced "patch" "kyverno.io" "policyexceptions";
    CreateGatekeeperConfig: Namespaced "create" "config.gatekeeper.sh" "configs";
    UpdateGatekeeperConfig: Namespaced "update" "config.gatekeeper.sh" "configs";
    PatchGatekeeperConfig: Namespaced "patch" "config.gatekeeper.sh" "configs";

    CreateKustomization: Namespaced "create" "kustomize.toolkit.fluxcd.io" "kustomizations";
    UpdateKustomization: Namespaced "update" "kustomize.toolkit.fluxcd.io" "kustomizations";
    PatchKustomization: Namespaced "patch" "kustomize.toolkit.fluxcd.io" "kustomizations";
    CreateHelmRelease: Namespaced "create" "helm.toolkit.fluxcd.io" "helmreleases";
    UpdateHelmRelease: Namespaced "update" "helm.toolkit.fluxcd.io" "helmreleases";
    PatchHelmRelease: Namespaced "patch" "helm.toolkit.fluxcd.io" "helmreleases";
    CreateGitRepository: Namespaced "create" "source.toolkit.fluxcd.io" "gitrepositories";
    UpdateGitRepository: Namespaced "update" "source.toolkit.fluxcd.io" "gitrepositories";
    PatchGitRepository: Namespaced "patch" "source.toolkit.fluxcd.io" "gitrepositories";
    CreateOciRepository: Namespaced "create" "source.toolkit.fluxcd.io" "ocirepositories";
    UpdateOciRepository: Namespaced "update" "source.toolkit.fluxcd.io" "ocirepositories";
    PatchOciRepository: Namespaced "patch" "source.toolkit.fluxcd.io" "ocirepositories";
    CreateHelmRepository: Namespaced "create" "source.toolkit.fluxcd.io" "helmrepositories";
    UpdateHelmRepository: Namespaced "update" "source.toolkit.fluxcd.io" "helmrepositories";
    PatchHelmRepository: Namespaced "patch" "source.toolkit.fluxcd.io" "helmrepositories";
    CreateBucket: Namespaced "create" "source.toolkit.fluxcd.io" "buckets";
    UpdateBucket: Namespaced "update" "source.toolkit.fluxcd.io" "buckets";
    PatchBucket: Namespaced "patch" "source.toolkit.fluxcd.io" "buckets";
    CreateApplication: Namespaced "create" "argoproj.io" "applications";
    UpdateApplication: Namespaced "update" "argoproj.io" "applications";
    PatchApplication: Namespaced "patch" "argoproj.io" "applications";
    CreateApplicationSet: Namespaced "create" "argoproj.io" "applicationsets";
    UpdateApplicationSet: Namespaced "update" "argoproj.io" "applicationsets";
    PatchApplicationSet: Namespaced "patch" "argoproj.io" "applicationsets";
    CreateAppProject: Namespaced "create" "argoproj.io" "appprojects";
    UpdateAppProject: Namespaced "update" "argoproj.io" "appprojects";
    PatchAppProject: Namespaced "patch" "argoproj.io" "appprojects";
    CreateArgoWorkflow: Namespaced "create" "argoproj.io" "workflows";
    UpdateArgoWorkflow: Namespaced "update" "argoproj.io" "workflows";
    PatchArgoWorkflow: Namespaced "patch" "argoproj.io" "workflows";
    CreateArgoCronWorkflow: Namespaced "create" "argoproj.io" "cronworkflows";
    UpdateArgoCronWorkflow: Namespaced "update" "argoproj.io" "cronworkflows";
    PatchArgoCronWorkflow: Namespaced "patch" "argoproj.io" "cronworkflows";
    CreateTaskRun: Namespaced "create" "tekton.dev" "taskruns";
    UpdateTaskRun: Namespaced "update" "tekton.dev" "taskruns";
    PatchTaskRun: Namespaced "patch" "tekton.dev" "taskruns";
    CreatePipelineRun: Namespaced "create" "tekton.dev" "pipelineruns";
    UpdatePipelineRun: Namespaced "update" "tekton.dev" "pipelineruns";
    PatchPipelineRun: Namespaced "patch" "tekton.dev" "pipelineruns";
    CreateRestore: Namespaced "create" "velero.io" "restores";
    UpdateRestore: Namespaced "update" "velero.io" "restores";
    PatchRestore: Namespaced "patch" "velero.io" "restores";
    CreateComposition: Cluster "create" "apiextensions.crossplane.io" "compositions";
    UpdateComposition: Cluster "update" "apiextensions.crossplane.io" "compositions";
    PatchComposition: Cluster "patch" "apiextensions.crossplane.io" "compositions";
    CreateCrossplaneObject: Cluster "create" "kubernetes.crossplane.io" "objects";
    UpdateCrossplaneObject: Cluster "update" "kubernetes.crossplane.io" "objects";
    PatchCrossplaneObject: Cluster "patch" "kubernetes.crossplane.io" "objects";
    CreateSubscription: Namespaced "create" "operators.coreos.com" "subscriptions";
    UpdateSubscription: Namespaced "update" "operators.coreos.com" "subscriptions";
    PatchSubscription: Namespaced "patch" "operators.coreos.com" "subscriptions";
    CreateServiceVersion: Namespaced "create" "operators.coreos.com" "clusterserviceversions";
    UpdateServiceVersion: Namespaced "update" "operators.coreos.com" "clusterserviceversions";
    PatchServiceVersion: Namespaced "patch" "operators.coreos.com" "clusterserviceversions";
    CreateVirtualMachine: Namespaced "create" "kubevirt.io" "virtualmachines";
    UpdateVirtualMachine: Namespaced "update" "kubevirt.io" "virtualmachines";
    PatchVirtualMachine: Namespaced "patch" "kubevirt.io" "virtualmachines";
    CreateRancherHelmChart: Namespaced "create" "helm.cattle.io" "helmcharts";
    UpdateRancherHelmChart: Namespaced "update" "helm.cattle.io" "helmcharts";
    PatchRancherHelmChart: Namespaced "patch" "helm.cattle.io" "helmcharts";
    CreateOldHelmRelease: Namespaced "create" "helm.fluxcd.io" "helmreleases";
    UpdateOldHelmRelease: Namespaced "update" "helm.fluxcd.io" "helmreleases";
    PatchOldHelmRelease: Namespaced "patch" "helm.fluxcd.io" "helmreleases";
    CreateExternalSecret: Namespaced "create" "external-secrets.io" "externalsecrets";
    UpdateExternalSecret: Namespaced "update" "external-secrets.io" "externalsecrets";
    PatchExternalSecret: Namespaced "patch" "external-secrets.io" "externalsecrets";
    CreateClusterExternalSecret: Cluster "create" "external-secrets.io" "clusterexternalsecrets";
    UpdateClusterExternalSecret: Cluster "update" "external-secrets.io" "clusterexternalsecrets";
    PatchClusterExternalSecret: Cluster "patch" "external-secrets.io" "clusterexternalsecrets";
}

impl Power {
    /// What it asks for.
    pub(super) fn request(self) -> &'static PowerRequest {
        &POWERS[self as usize]
    }
}

/// The powers as requests, compiled once.
static ATTRIBUTES: LazyLock<Vec<Attributes>> = LazyLock::new(|| {
    let requests = POWERS.iter();
    requests
        .map(|request| Attributes::Resource(request.attributes("", "")))
        .collect()
});

/// One of a role's rules, and a power that it gives, if perhaps for some names only.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct GivenPower {
    pub(super) power: Power,
    /// The number, from 1, of the rule among the role's effective ones.
    pub(super) rule: u32,
}

/// Which powers each role gives.
///
/// Roles of the same effective rules share a list, so that aggregated ones cost once.
#[derive(Debug)]
pub(super) struct RolePowers {
    list_of: Vec<u32>,
    lists: Vec<Box<[GivenPower]>>,
}

impl RolePowers {
    pub(super) fn new(rbac: &RbacAuthorizer) -> Self {
        let compiled: Vec<_> = ATTRIBUTES.iter().map(|one| rbac.compile(one)).collect();
        let mut known = hashbrown::HashMap::new();
        let mut powers = RolePowers {
            list_of: Vec::new(),
            lists: vec![Box::default()],
        };
        let mut list = Vec::new();
        for role in rbac.snapshot().roles() {
            let place = rbac.place_of_rules(role);
            let number = *known.entry((place.start, place.end)).or_insert_with(|| {
                list.clear();
                for (request, compiled) in POWERS.iter().zip(&compiled) {
                    let rules = rbac.rules_for_some_name(role, compiled);
                    list.extend(rules.map(|rule| GivenPower {
                        power: request.power,
                        rule: u32::try_from(rule).unwrap_or(u32::MAX),
                    }));
                }
                if list.is_empty() {
                    return 0;
                }
                powers.lists.push(list.as_slice().into());
                u32::try_from(powers.lists.len() - 1).unwrap_or(0)
            });
            powers.list_of.push(number);
        }
        powers
    }

    /// The powers that a role gives, by power.
    pub(super) fn of(&self, role: RoleId) -> &[GivenPower] {
        let list = self.list_of.get(role.index()).copied().unwrap_or(0);
        &self.lists[list as usize]
    }
}

/// For which names a right is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum OfNames<'r> {
    /// For every name, and for requests that carry none.
    Any,
    /// For these alone, and never for a request that carries none, as a POST.
    Only(&'r [CompactString]),
}

impl<'r> OfNames<'r> {
    /// Those of a rule.
    pub(super) fn of(listed: &'r [CompactString]) -> Self {
        if listed.is_empty() {
            OfNames::Any
        } else {
            OfNames::Only(listed)
        }
    }

    /// Whether a request of this name is among them.
    pub(super) fn has(self, name: &str) -> bool {
        match self {
            OfNames::Any => true,
            OfNames::Only(names) => names.iter().any(|known| known == name),
        }
    }
}

//! Deputies: controllers that do as objects tell them, with rights of their own.
//!
//! A controller is told by the name that its project gives its ServiceAccount, where the input has such an
//! account. Source: the projects' own manifests.

use hashbrown::HashMap;

use crate::kube::WorkloadKind;

use super::edge::EdgeId;
use super::haves::AreaView;
use super::index::Account;
use super::intercept::{write_any, write_named};
use super::model::{Area, Ground, PathNode};
use super::power::Power;
use super::search::Search;

/// Where a controller takes orders from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Orders {
    /// From objects of every namespace.
    Anywhere,
    /// From objects of its own namespace.
    AtHome,
}

/// A type by which a controller is told what to make.
struct Deputy {
    powers: [Power; 3],
    /// How its controller's account is called.
    controllers: &'static [&'static str],
    orders: Orders,
}

const FLUX_KUSTOMIZE: &[&str] = &["kustomize-controller"];
const FLUX_HELM: &[&str] = &["helm-controller"];
const FLUX: &[&str] = &["kustomize-controller", "helm-controller"];
const ARGO: &[&str] = &["argocd-application-controller"];
const ARGO_SETS: &[&str] = &["argocd-applicationset-controller"];
const WORKFLOWS: &[&str] = &[
    "argo",
    "argo-workflows-workflow-controller",
    "workflow-controller",
];
const TEKTON: &[&str] = &["tekton-pipelines-controller"];
const KYVERNO: &[&str] = &[
    "kyverno-background-controller",
    "kyverno-admission-controller",
    "kyverno",
];

const fn deputy(
    powers: [Power; 3],
    controllers: &'static [&'static str],
    orders: Orders,
) -> Deputy {
    Deputy {
        powers,
        controllers,
        orders,
    }
}

macro_rules! writes {
    ($create:ident $update:ident $patch:ident) => {
        [Power::$create, Power::$update, Power::$patch]
    };
}

const KUSTOMIZATION: [Power; 3] =
    writes!(CreateKustomization UpdateKustomization PatchKustomization);
const HELM_RELEASE: [Power; 3] = writes!(CreateHelmRelease UpdateHelmRelease PatchHelmRelease);

/// Types whose objects say what their controller makes, with its own rights.
const DEPUTIES: &[Deputy] = &[
    deputy(KUSTOMIZATION, FLUX_KUSTOMIZE, Orders::Anywhere),
    deputy(HELM_RELEASE, FLUX_HELM, Orders::Anywhere),
    deputy(
        writes!(CreateOldHelmRelease UpdateOldHelmRelease PatchOldHelmRelease),
        &["helm-operator"],
        Orders::Anywhere,
    ),
    deputy(
        writes!(CreateApplication UpdateApplication PatchApplication),
        ARGO,
        Orders::AtHome,
    ),
    deputy(
        writes!(CreateApplicationSet UpdateApplicationSet PatchApplicationSet),
        ARGO,
        Orders::AtHome,
    ),
    deputy(
        writes!(CreateApplicationSet UpdateApplicationSet PatchApplicationSet),
        ARGO_SETS,
        Orders::AtHome,
    ),
    deputy(
        writes!(CreateAppProject UpdateAppProject PatchAppProject),
        ARGO,
        Orders::AtHome,
    ),
    deputy(
        writes!(CreateRestore UpdateRestore PatchRestore),
        &["velero", "velero-server"],
        Orders::AtHome,
    ),
    deputy(
        writes!(CreateClusterPolicy UpdateClusterPolicy PatchClusterPolicy),
        KYVERNO,
        Orders::Anywhere,
    ),
    deputy(
        writes!(CreateKyvernoPolicy UpdateKyvernoPolicy PatchKyvernoPolicy),
        KYVERNO,
        Orders::Anywhere,
    ),
    deputy(
        writes!(CreateComposition UpdateComposition PatchComposition),
        &["crossplane"],
        Orders::Anywhere,
    ),
    deputy(
        writes!(CreateCrossplaneObject UpdateCrossplaneObject PatchCrossplaneObject),
        &["provider-kubernetes"],
        Orders::Anywhere,
    ),
    deputy(
        writes!(CreateSubscription UpdateSubscription PatchSubscription),
        &["olm-operator-serviceaccount"],
        Orders::Anywhere,
    ),
    deputy(
        writes!(CreateServiceVersion UpdateServiceVersion PatchServiceVersion),
        &["olm-operator-serviceaccount"],
        Orders::Anywhere,
    ),
    deputy(
        writes!(CreateVirtualMachine UpdateVirtualMachine PatchVirtualMachine),
        &["kubevirt-controller"],
        Orders::Anywhere,
    ),
    deputy(
        writes!(CreateRancherHelmChart UpdateRancherHelmChart PatchRancherHelmChart),
        &["helm-controller"],
        Orders::Anywhere,
    ),
    deputy(
        writes!(CreateExternalSecret UpdateExternalSecret PatchExternalSecret),
        &["external-secrets"],
        Orders::Anywhere,
    ),
    deputy(
        writes!(CreateClusterExternalSecret UpdateClusterExternalSecret PatchClusterExternalSecret),
        &["external-secrets"],
        Orders::Anywhere,
    ),
];

/// Types whose objects name the account, of their own namespace, that is acted as.
const IMPERSONATES: &[Deputy] = &[
    deputy(KUSTOMIZATION, FLUX_KUSTOMIZE, Orders::Anywhere),
    deputy(HELM_RELEASE, FLUX_HELM, Orders::Anywhere),
    deputy(
        writes!(CreateArgoWorkflow UpdateArgoWorkflow PatchArgoWorkflow),
        WORKFLOWS,
        Orders::Anywhere,
    ),
    deputy(
        writes!(CreateArgoCronWorkflow UpdateArgoCronWorkflow PatchArgoCronWorkflow),
        WORKFLOWS,
        Orders::Anywhere,
    ),
    deputy(
        writes!(CreateTaskRun UpdateTaskRun PatchTaskRun),
        TEKTON,
        Orders::Anywhere,
    ),
    deputy(
        writes!(CreatePipelineRun UpdatePipelineRun PatchPipelineRun),
        TEKTON,
        Orders::Anywhere,
    ),
];

/// Types that say where a controller finds what it applies.
const SOURCES: &[Deputy] = &[
    deputy(
        writes!(CreateGitRepository UpdateGitRepository PatchGitRepository),
        FLUX,
        Orders::Anywhere,
    ),
    deputy(
        writes!(CreateOciRepository UpdateOciRepository PatchOciRepository),
        FLUX,
        Orders::Anywhere,
    ),
    deputy(
        writes!(CreateHelmRepository UpdateHelmRepository PatchHelmRepository),
        FLUX_HELM,
        Orders::Anywhere,
    ),
    deputy(
        writes!(CreateBucket UpdateBucket PatchBucket),
        FLUX,
        Orders::Anywhere,
    ),
];

/// The ConfigMaps by which Argo CD is told whom to let do what.
const ARGO_CONFIG: [&str; 2] = ["argocd-cm", "argocd-rbac-cm"];
/// The account of the ingress controller of Kubernetes' own project.
const INGRESS: &[&str] = &["ingress-nginx"];
/// The image of that controller.
const INGRESS_IMAGE: &str = "ingress-nginx/controller";

/// The numbers of the accounts that are called as those of controllers.
#[derive(Debug, Default)]
pub(super) struct Controllers {
    of: HashMap<&'static str, Vec<u32>>,
}

impl Controllers {
    pub(super) fn new(accounts: &[Account<'_>]) -> Self {
        let tables = [DEPUTIES, IMPERSONATES, SOURCES].into_iter().flatten();
        let names = tables.flat_map(|deputy| deputy.controllers).chain(INGRESS);
        let known: HashMap<&str, &'static str> = names.map(|&name| (name, name)).collect();
        let mut of: HashMap<&'static str, Vec<u32>> = HashMap::new();
        for (number, account) in (0..).zip(accounts) {
            if let Some(&name) = known.get(account.name) {
                of.entry(name).or_default().push(number);
            }
        }
        Controllers { of }
    }
}

impl Search<'_> {
    /// The accounts of a controller that takes orders from an area.
    fn controllers(&self, names: &[&str], orders: Orders, area: Area) -> Vec<u32> {
        let index = self.index;
        let lists = names
            .iter()
            .filter_map(|name| index.controllers.of.get(name));
        let accounts = lists.flatten().copied();
        let is_heard = |account: &u32| {
            let home = index.accounts[*account as usize].namespace;
            orders == Orders::Anywhere || area.has(Area::Namespace(home))
        };
        accounts.filter(is_heard).collect()
    }

    /// What someone tells controllers.
    pub(super) fn instruct(&mut self, view: &AreaView<'_>) {
        if self.index.controllers.of.is_empty() {
            return;
        }
        for deputy in DEPUTIES {
            self.tell(view, deputy, EdgeId::Deputy);
        }
        for source in SOURCES {
            self.tell(view, source, EdgeId::SourceWrite);
        }
        for deputy in IMPERSONATES {
            if let Some(grounds) = write_any(view, deputy.powers)
                && view.is_of_here(&grounds)
                && !self
                    .controllers(deputy.controllers, Orders::Anywhere, view.area)
                    .is_empty()
            {
                let node = PathNode::Accounts(view.area);
                self.reach(node, EdgeId::DeputyImpersonates, grounds);
            }
        }
        let config = [
            Power::CreateConfigMap,
            Power::UpdateConfigMap,
            Power::PatchConfigMap,
        ];
        let mut config = ARGO_CONFIG
            .iter()
            .filter_map(|name| write_named(view, config, name));
        if let Some(grounds) = config.next() {
            self.take_controllers(view, ARGO, Orders::AtHome, EdgeId::SourceWrite, &grounds);
        }
        let ingresses = [
            Power::CreateIngress,
            Power::UpdateIngress,
            Power::PatchIngress,
        ];
        if let Some(grounds) = write_any(view, ingresses)
            && self.runs_open_ingress()
        {
            let orders = Orders::Anywhere;
            self.take_controllers(view, INGRESS, orders, EdgeId::IngressNginx, &grounds);
        }
    }

    /// The same of types that have no namespace.
    pub(super) fn instruct_cluster(&mut self, view: &AreaView<'_>) {
        if self.index.controllers.of.is_empty() {
            return;
        }
        for deputy in DEPUTIES {
            self.tell(view, deputy, EdgeId::Deputy);
        }
    }

    fn tell(&mut self, view: &AreaView<'_>, deputy: &Deputy, edge: EdgeId) {
        if let Some(grounds) = write_any(view, deputy.powers) {
            self.take_controllers(view, deputy.controllers, deputy.orders, edge, &grounds);
        }
    }

    fn take_controllers(
        &mut self,
        view: &AreaView<'_>,
        names: &[&str],
        orders: Orders,
        edge: EdgeId,
        grounds: &[Ground],
    ) {
        for account in self.controllers(names, orders, view.area) {
            self.take_account(account, edge, grounds);
        }
    }

    /// Whether the input runs an ingress controller that takes a part of its configuration from ingresses:
    /// by snippets, which are on before 1.9, or by CVE-2025-1974, closed in 1.11.5 and 1.12.1. Newer ones do
    /// only where a ConfigMap says so, which isn't read.
    fn runs_open_ingress(&self) -> bool {
        let index = self.index;
        let workloads = index.all_workloads.iter();
        let workloads = workloads.filter(|workload| {
            matches!(
                workload.value.kind,
                WorkloadKind::Deployment | WorkloadKind::DaemonSet | WorkloadKind::ReplicaSet
            )
        });
        let specs = workloads.map(|workload| &workload.spec);
        let pods = index.pods.iter().filter(|pod| !pod.is_finished());
        let mut specs = specs.chain(pods.map(|pod| &pod.spec));
        specs.any(|spec| {
            let mut containers = spec.containers.iter();
            containers.any(|container| is_open_ingress(&container.image))
        })
    }
}

fn is_open_ingress(image: &str) -> bool {
    let Some((_, rest)) = image.split_once(INGRESS_IMAGE) else {
        return false;
    };
    let tag = rest.split_once(':').map(|(_, tag)| tag);
    let tag = tag.and_then(|tag| tag.split('@').next());
    let Some(version) = tag.and_then(|tag| tag.strip_prefix('v')) else {
        return false;
    };
    let version = version.split('-').next().unwrap_or(version);
    let parts: Vec<Option<u32>> = version.split('.').map(|part| part.parse().ok()).collect();
    match parts.as_slice() {
        [Some(1), Some(minor), Some(patch)] => match minor {
            ..=10 => true,
            11 => *patch < 5,
            12 => *patch < 1,
            _ => false,
        },
        [Some(0), ..] => true,
        _ => false,
    }
}

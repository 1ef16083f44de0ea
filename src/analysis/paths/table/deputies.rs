//! Controllers that do as an object says.

use crate::diagnostic::Severity;

use super::super::model::Certainty;
use super::{EdgeGroup, EdgeSeverity, EdgeText, Proof};

pub(super) static DEPUTIES: &[EdgeText] = &[
    EdgeText {
        id: "deputy",
        group: EdgeGroup::Deputies,
        certainty: Certainty::State,
        less_sure: None,
        severity: EdgeSeverity::OfTarget,
        from: "someone",
        to: "what the controller may do: its ServiceAccount",
        condition: "`create`, `update` or `patch` of a type whose objects say what a controller makes: Flux' \
            Kustomizations and HelmReleases (without `spec.serviceAccountName`), Argo CD's Applications, \
            ApplicationSets and AppProjects (in its namespace, or one that it is allowed), Velero's Restores, \
            Kyverno's policies that generate or mutate, Crossplane's types, Azure Service Operator's, OLM's \
            Subscriptions and ClusterServiceVersions, KubeVirt's machines, HelmCharts of k3s, External Secrets. \
            Which account the controller has is told by who may update `status` or `finalizers` of the type.",
        why: "The controller applies what the object says with its own rights, and doesn't ask for those of the \
            object's writer.",
        blocked: Some("Limits of the controller: Argo CD's projects, Flux' lockdown."),
        close: "Give the controller an account for each tenant, or leave the type to its operators.",
        proof: &[Proof::Documentation(
            "the controllers' own, and the roles that they ship with",
        )],
    },
    EdgeText {
        id: "deputy-impersonates",
        group: EdgeGroup::Deputies,
        certainty: Certainty::Definite,
        less_sure: None,
        severity: EdgeSeverity::OfTarget,
        from: "someone",
        to: "the ServiceAccount that the object names",
        condition: "`create`, `update` or `patch` of a type that names the account to act as: Flux' \
            `spec.serviceAccountName`, Argo CD's `destinationServiceAccounts`, runs of Tekton and of Argo \
            Workflows. The account exists in the object's namespace.",
        why: "The controller impersonates the account, or runs a pod as it, and the writer chooses which.",
        blocked: Some("Limits of the controller."),
        close: "Keep stronger accounts in other namespaces; restrict who writes the type.",
        proof: &[Proof::Source("the controllers' definitions of these types")],
    },
    EdgeText {
        id: "source-write",
        group: EdgeGroup::Deputies,
        certainty: Certainty::State,
        less_sure: None,
        severity: EdgeSeverity::Fixed(Severity::High),
        from: "someone",
        to: "what a controller applies from a source",
        condition: "A write on the source: Flux' GitRepository, OCIRepository, HelmRepository; Secrets that hold \
            Argo CD's repositories; ConfigMaps `argocd-cm` and `argocd-rbac-cm`.",
        why: "The controller fetches what it applies from where the source says.",
        blocked: Some("A check of signatures."),
        close: "Leave sources to those who may do what is applied from them.",
        proof: &[Proof::Documentation("Flux, Argo CD")],
    },
    EdgeText {
        id: "controller-takeover",
        group: EdgeGroup::Deputies,
        certainty: Certainty::Definite,
        less_sure: None,
        severity: EdgeSeverity::OfTarget,
        from: "someone",
        to: "a controller's ServiceAccount",
        condition: "`run-as` or `pod-patch` in the namespace where the controller runs.",
        why: "The controller's account is one of its namespace, and any pod there may run as it.",
        blocked: None,
        close: "Grant no writes on workloads in namespaces of controllers.",
        proof: &[Proof::Performed(&["POD-SA"])],
    },
    EdgeText {
        id: "ingress-nginx",
        group: EdgeGroup::Deputies,
        certainty: Certainty::State,
        less_sure: None,
        severity: EdgeSeverity::Fixed(Severity::High),
        from: "someone",
        to: "ingress-nginx's ServiceAccount, which reads Secrets",
        condition: "`create` or `update` on `ingresses`, where ingress-nginx takes snippets \
            (`allow-snippet-annotations`), or is of a version with CVE-2025-1974.",
        why: "An annotation becomes configuration of nginx, which runs beside the account's token.",
        blocked: Some("Snippets that are off, and a version without the fault."),
        close: "Turn snippets off and update ingress-nginx; give it an account that reads only its own Secrets.",
        proof: &[Proof::Documentation(
            "CVE-2025-1974, and ingress-nginx' annotations",
        )],
    },
];

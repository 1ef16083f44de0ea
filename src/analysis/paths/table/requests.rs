//! Seeing and changing what others ask for, and what is asked of them.

use crate::diagnostic::Severity;

use super::super::model::Certainty;
use super::{EdgeGroup, EdgeSeverity, EdgeText, Proof};

pub(super) static REQUESTS: &[EdgeText] = &[
    EdgeText {
        id: "mutating-webhook",
        group: EdgeGroup::Requests,
        certainty: Certainty::Somebody,
        less_sure: None,
        severity: EdgeSeverity::Fixed(Severity::Critical),
        from: "someone",
        to: "the rights of anyone who writes objects, and every new pod",
        condition: "`create`, `update` or `patch` on `mutatingwebhookconfigurations`, by a ClusterRoleBinding; \
            and an endpoint that the API server reaches. Somebody writes an object afterwards.",
        why: "The webhook changes what others write. It adds a subject to the binding that an administrator \
            makes: whether that is an escalation is asked about the administrator. Tokens that are asked for \
            aren't shown to it.",
        blocked: Some(
            "AKS' admissions enforcer keeps webhooks from `kube-system`, unless the configuration carries \
            `admissions.enforcer/disabled`, which its writer may set.",
        ),
        close: "Leave webhook configurations to the operators of the cluster.",
        proof: &[Proof::Performed(&["WEBHOOK"])],
    },
    EdgeText {
        id: "validating-webhook",
        group: EdgeGroup::Requests,
        certainty: Certainty::Somebody,
        less_sure: None,
        severity: EdgeSeverity::Fixed(Severity::High),
        from: "someone",
        to: "the content of Secrets that others write",
        condition: "`create`, `update` or `patch` on `validatingwebhookconfigurations`, by a \
            ClusterRoleBinding; and an endpoint that the API server reaches. Somebody writes a Secret \
            afterwards.",
        why: "The webhook is sent every object that is written, whole, and may refuse it.",
        blocked: Some("AKS' admissions enforcer, as told at `mutating-webhook`."),
        close: "Leave webhook configurations to the operators of the cluster.",
        proof: &[Proof::Performed(&["WEBHOOK"])],
    },
    EdgeText {
        id: "mutating-policy",
        group: EdgeGroup::Requests,
        certainty: Certainty::Somebody,
        less_sure: None,
        severity: EdgeSeverity::Fixed(Severity::Critical),
        from: "someone",
        to: "the same as by `mutating-webhook`, without an endpoint",
        condition: "`create` on `mutatingadmissionpolicies` and on `mutatingadmissionpolicybindings`, by \
            ClusterRoleBindings. The API server serves them: from 1.34 where that is switched on, from 1.36 by \
            itself. Somebody writes an object afterwards.",
        why: "The API server itself changes what others write, as the policy says.",
        blocked: Some("A version that doesn't serve these types."),
        close: "Leave admission policies to the operators of the cluster.",
        proof: &[Proof::Documentation("KEP-3962")],
    },
    EdgeText {
        id: "policy-param",
        group: EdgeGroup::Requests,
        certainty: Certainty::State,
        less_sure: None,
        severity: EdgeSeverity::Fixed(Severity::Medium),
        from: "someone",
        to: "what a policy blocks",
        condition: "A write on the object that a policy takes its parameters from: the `paramRef` of an \
            admission policy's binding, Gatekeeper's Config, Kyverno's exceptions.",
        why: "The policy stays, but what it allows is another.",
        blocked: None,
        close: "Leave parameters of policies to those who answer for the policies.",
        proof: &[Proof::Source(
            "the ValidatingAdmissionPolicy and MutatingAdmissionPolicy admission plugins",
        )],
    },
    EdgeText {
        id: "apiservice",
        group: EdgeGroup::Requests,
        certainty: Certainty::Somebody,
        less_sure: None,
        severity: EdgeSeverity::Fixed(Severity::High),
        from: "someone",
        to: "requests to an API group, with the names of those who make them",
        condition: "`create`, `update` or `patch` on `apiservices`, by a ClusterRoleBinding. The API server \
            doesn't serve the group itself: of those it puts its own APIService back. Somebody asks for the \
            group afterwards.",
        why: "The API server hands requests to the group on to the service that the object names, and takes its \
            answers.",
        blocked: None,
        close: "Leave `apiservices` to the operators of the cluster.",
        proof: &[Proof::Source("kube-aggregator")],
    },
    EdgeText {
        id: "crd-conversion",
        group: EdgeGroup::Requests,
        certainty: Certainty::Somebody,
        less_sure: None,
        severity: EdgeSeverity::Fixed(Severity::High),
        from: "someone",
        to: "every object of a custom type, as it is stored and read",
        condition: "`update` or `patch` on `customresourcedefinitions`, by a ClusterRoleBinding; with \
            resourceNames, the type is among them. Somebody reads or writes such an object afterwards.",
        why: "A conversion webhook is sent the objects and answers them changed; controllers act on the answer.",
        blocked: None,
        close: "Leave `customresourcedefinitions` to the installer of the types.",
        proof: &[Proof::Source("apiextensions-apiserver")],
    },
    EdgeText {
        id: "service-traffic",
        group: EdgeGroup::Requests,
        certainty: Certainty::Somebody,
        less_sure: None,
        severity: EdgeSeverity::Fixed(Severity::Medium),
        from: "someone",
        to: "traffic that is meant for a Service, also that of a webhook or an APIService",
        condition: "`create`, `update` or `patch` on `services` (selector, `externalIPs`), `services/status`, \
            `endpoints`, `endpointslices`, `ingresses`, or routes of gateways, in the Service's namespace. \
            Somebody sends something afterwards.",
        why: "Traffic goes to where these objects say.",
        blocked: Some(
            "DenyServiceExternalIPs, for `externalIPs`. Checked certificates, for what uses TLS.",
        ),
        close: "Grant these rights in the team's own namespace; keep Services of webhooks in another.",
        proof: &[Proof::Source("kube-proxy and the controllers of endpoints")],
    },
    EdgeText {
        id: "dns",
        group: EdgeGroup::Requests,
        certainty: Certainty::Somebody,
        less_sure: None,
        severity: EdgeSeverity::Fixed(Severity::High),
        from: "someone",
        to: "traffic that is sent to a name",
        condition: "A write on `configmaps` in `kube-system`; with resourceNames, `coredns`, or on AKS \
            `coredns-custom`, is among them. Somebody looks a name up afterwards.",
        why: "CoreDNS answers names as its configuration says.",
        blocked: Some("Checked certificates, for what uses TLS."),
        close: "Remove writes on ConfigMaps of `kube-system`.",
        proof: &[Proof::Documentation(
            "CoreDNS, and AKS' customization of it",
        )],
    },
    EdgeText {
        id: "trust",
        group: EdgeGroup::Requests,
        certainty: Certainty::State,
        less_sure: None,
        severity: EdgeSeverity::Fixed(Severity::High),
        from: "someone",
        to: "whoever trusts what is written: credentials of others",
        condition: "A write on one of these `configmaps`: `extension-apiserver-authentication` in \
            `kube-system`, `cluster-info` in `kube-public`, `aws-auth` in `kube-system` on EKS; or on \
            `clustertrustbundles`, with `attest` on their signer.",
        why: "These objects say whose certificates and identities are believed.",
        blocked: None,
        close: "Remove writes on ConfigMaps of `kube-system` and `kube-public`, and on `clustertrustbundles`.",
        proof: &[Proof::Source("`NewDynamicCAFromConfigMapController`")],
    },
];

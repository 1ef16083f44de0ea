//! The built-in catalogue against what a server served, and against the types of k8s-openapi.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use k8s_openapi::{
    ClusterResourceScope, NamespaceResourceScope, Resource, ResourceScope, api,
    apiextensions_apiserver, kube_aggregator,
};
use pretty_assertions::assert_eq;
use rbac_eval::kube::discovery::{Discovery, Resolution};
use serde_json::Value;

/// What a 1.24 server served and 1.37 doesn't.
const DROPPED_VERSIONS: &[(&str, &str)] = &[
    ("autoscaling/v2beta1", "horizontalpodautoscalers"),
    ("autoscaling/v2beta2", "horizontalpodautoscalers"),
    ("batch/v1beta1", "cronjobs"),
    ("discovery.k8s.io/v1beta1", "endpointslices"),
    ("events.k8s.io/v1beta1", "events"),
    ("flowcontrol.apiserver.k8s.io/v1beta1", "flowschemas"),
    (
        "flowcontrol.apiserver.k8s.io/v1beta1",
        "prioritylevelconfigurations",
    ),
    ("flowcontrol.apiserver.k8s.io/v1beta2", "flowschemas"),
    (
        "flowcontrol.apiserver.k8s.io/v1beta2",
        "prioritylevelconfigurations",
    ),
    ("node.k8s.io/v1beta1", "runtimeclasses"),
    ("policy/v1beta1", "poddisruptionbudgets"),
    ("storage.k8s.io/v1beta1", "csistoragecapacities"),
];

/// The resources that went with all their versions.
const DROPPED_RESOURCES: &[(&str, &str)] = &[("policy", "podsecuritypolicies")];

/// Subresources that exist for authorization alone, so that no discovery lists them.
const FOR_AUTHORIZATION_ALONE: &[&str] = &[
    "nodes/checkpoint",
    "nodes/configz",
    "nodes/healthz",
    "nodes/log",
    "nodes/metrics",
    "nodes/pods",
    "nodes/spec",
    "nodes/stats",
];

fn recorded_discovery() -> Vec<Value> {
    let path = "testdata/conformance/discovery-1.24.jsonl";
    let text = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap();
    text.lines()
        .filter(|line| !line.is_empty())
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

fn words(value: &Value) -> Vec<&str> {
    let list = value.as_array().map_or(&[][..], Vec::as_slice);
    list.iter().map(|word| word.as_str().unwrap()).collect()
}

#[test]
fn what_a_server_served_is_built_in() {
    let discovery = Discovery::built_in();
    let mut dropped_versions = BTreeSet::new();
    let mut dropped_resources = BTreeSet::new();
    let mut count = 0;
    let lists = recorded_discovery();
    for list in &lists {
        let group_version = list["groupVersion"].as_str().unwrap();
        let (group, version) = group_version.split_once('/').unwrap_or(("", group_version));
        for served in list["resources"].as_array().unwrap() {
            let path = served["name"].as_str().unwrap();
            let (plural, subresource) = match path.split_once('/') {
                Some((plural, subresource)) => (plural, Some(subresource)),
                None => (path, None),
            };
            let Some(resource) = discovery.get(group, plural) else {
                dropped_resources.insert((group, plural));
                continue;
            };
            let title = format!("{group_version} {path}");
            assert_eq!(
                resource.namespaced,
                served["namespaced"].as_bool().unwrap(),
                "the scope of {title}"
            );
            if let Some(subresource) = subresource {
                let known = resource
                    .subresources
                    .iter()
                    .any(|known| known == subresource);
                assert!(known, "{title}");
                continue;
            }
            count += 1;
            if !resource.versions.iter().any(|known| known == version) {
                dropped_versions.insert((group_version, plural));
            }
            assert_eq!(resource.kind, served["kind"].as_str().unwrap(), "{title}");
            assert_eq!(
                resource.short_names,
                words(&served["shortNames"]),
                "{title}"
            );
            let verbs: BTreeSet<&str> = resource.verbs.iter().map(String::as_str).collect();
            let served_verbs: BTreeSet<&str> = words(&served["verbs"]).into_iter().collect();
            assert_eq!(verbs, served_verbs, "the verbs of {title}");
        }
    }
    assert!(count > 60, "{count}");
    assert_eq!(dropped_versions, DROPPED_VERSIONS.iter().copied().collect());
    assert_eq!(
        dropped_resources,
        DROPPED_RESOURCES.iter().copied().collect()
    );
}

#[test]
fn subresources_of_authorization_alone_are_built_in_and_in_no_discovery() {
    let discovery = Discovery::built_in();
    let lists = recorded_discovery();
    let served: BTreeSet<&str> = lists
        .iter()
        .flat_map(|list| list["resources"].as_array().unwrap())
        .filter_map(|served| served["name"].as_str())
        .collect();
    for path in FOR_AUTHORIZATION_ALONE {
        let (plural, subresource) = path.split_once('/').unwrap();
        let resource = discovery.get("", plural).unwrap();
        let known = resource
            .subresources
            .iter()
            .any(|known| known == subresource);
        assert!(known, "{path}");
        assert!(!served.contains(path), "{path}");
    }
}

/// What discovery gained since 1.24, and its short names.
#[test]
fn what_newer_servers_serve_is_built_in() {
    let discovery = Discovery::built_in();
    for (group, plural, version, short_names) in [
        (
            "admissionregistration.k8s.io",
            "validatingadmissionpolicies",
            "v1",
            &[][..],
        ),
        (
            "admissionregistration.k8s.io",
            "validatingadmissionpolicybindings",
            "v1",
            &[],
        ),
        (
            "admissionregistration.k8s.io",
            "mutatingadmissionpolicies",
            "v1",
            &[],
        ),
        (
            "admissionregistration.k8s.io",
            "mutatingadmissionpolicybindings",
            "v1",
            &[],
        ),
        ("authentication.k8s.io", "selfsubjectreviews", "v1", &[]),
        ("networking.k8s.io", "ipaddresses", "v1", &["ip"]),
        ("networking.k8s.io", "servicecidrs", "v1", &[]),
        ("resource.k8s.io", "deviceclasses", "v1", &[]),
        ("resource.k8s.io", "resourceclaims", "v1", &[]),
        ("resource.k8s.io", "resourceclaimtemplates", "v1", &[]),
        ("resource.k8s.io", "resourceslices", "v1", &[]),
        ("storage.k8s.io", "volumeattributesclasses", "v1", &["vac"]),
        ("storage.k8s.io", "csistoragecapacities", "v1", &[]),
        ("flowcontrol.apiserver.k8s.io", "flowschemas", "v1", &[]),
        (
            "flowcontrol.apiserver.k8s.io",
            "prioritylevelconfigurations",
            "v1",
            &[],
        ),
    ] {
        let resource = discovery.get(group, plural);
        let resource = resource.unwrap_or_else(|| panic!("{plural}.{group} is missing"));
        assert_eq!(resource.versions[0], version, "{plural}");
        assert_eq!(resource.short_names, short_names, "{plural}");
        for word in short_names {
            assert_eq!(discovery.resolve(word), Resolution::Known(resource));
        }
    }
    let pods = discovery.get("", "pods").unwrap();
    assert!(pods.subresources.iter().any(|known| known == "resize"));
}

/// What a type of k8s-openapi says of its resource.
#[derive(Debug)]
struct Typed {
    group: &'static str,
    version: &'static str,
    kind: &'static str,
    plural: &'static str,
    namespaced: bool,
}

trait Scope: ResourceScope {
    const NAMESPACED: bool;
}

impl Scope for NamespaceResourceScope {
    const NAMESPACED: bool = true;
}

impl Scope for ClusterResourceScope {
    const NAMESPACED: bool = false;
}

fn typed<T: Resource<Scope: Scope>>() -> Typed {
    Typed {
        group: T::GROUP,
        version: T::VERSION,
        kind: T::KIND,
        plural: T::URL_PATH_SEGMENT,
        namespaced: <T::Scope as Scope>::NAMESPACED,
    }
}

macro_rules! types {
    ($( $($module:ident)::+ : $($kind:ident)+; )*) => {{
        let mut types = Vec::new();
        $({
            use $($module)::+ as module;
            types.extend([$( typed::<module::$kind>() ),+]);
        })*
        types
    }};
}

/// Every type that is served under a path of its own.
fn all_types() -> Vec<Typed> {
    types! {
        api::admissionregistration::v1: MutatingAdmissionPolicy MutatingAdmissionPolicyBinding
            MutatingWebhookConfiguration ValidatingAdmissionPolicy
            ValidatingAdmissionPolicyBinding ValidatingWebhookConfiguration;
        api::admissionregistration::v1alpha1: MutatingAdmissionPolicy
            MutatingAdmissionPolicyBinding;
        api::admissionregistration::v1beta1: MutatingAdmissionPolicy
            MutatingAdmissionPolicyBinding;
        api::apiserverinternal::v1alpha1: StorageVersion;
        api::apps::v1: ControllerRevision DaemonSet Deployment ReplicaSet StatefulSet;
        api::authentication::v1: SelfSubjectReview TokenReview;
        api::authorization::v1: LocalSubjectAccessReview SelfSubjectAccessReview
            SelfSubjectRulesReview SubjectAccessReview;
        api::autoscaling::v1: HorizontalPodAutoscaler;
        api::autoscaling::v2: HorizontalPodAutoscaler;
        api::batch::v1: CronJob Job;
        api::certificates::v1: CertificateSigningRequest ClusterTrustBundle
            PodCertificateRequest;
        api::certificates::v1beta1: ClusterTrustBundle PodCertificateRequest;
        api::coordination::v1: Lease;
        api::coordination::v1alpha2: LeaseCandidate;
        api::coordination::v1beta1: LeaseCandidate;
        api::core::v1: Binding ComponentStatus ConfigMap Endpoints Event LimitRange Namespace
            Node PersistentVolume PersistentVolumeClaim Pod PodTemplate ReplicationController
            ResourceQuota Secret Service ServiceAccount;
        api::discovery::v1: EndpointSlice;
        api::events::v1: Event;
        api::flowcontrol::v1: FlowSchema PriorityLevelConfiguration;
        api::lifecycle::v1alpha1: Eviction EvictionRequest;
        api::networking::v1: IPAddress Ingress IngressClass NetworkPolicy ServiceCIDR;
        api::node::v1: RuntimeClass;
        api::policy::v1: PodDisruptionBudget;
        api::rbac::v1: ClusterRole ClusterRoleBinding Role RoleBinding;
        api::resource::v1: DeviceClass DeviceTaintRule ResourceClaim ResourceClaimTemplate
            ResourceSlice;
        api::resource::v1alpha3: DeviceTaintRule ResourcePoolStatusRequest;
        api::resource::v1beta1: DeviceClass ResourceClaim ResourceClaimTemplate ResourceSlice;
        api::resource::v1beta2: DeviceClass DeviceTaintRule ResourceClaim ResourceClaimTemplate
            ResourceSlice;
        api::scheduling::v1: PriorityClass;
        api::scheduling::v1alpha3: CompositePodGroup PodGroup Workload;
        api::scheduling::v1beta1: PodGroup Workload;
        api::storage::v1: CSIDriver CSINode CSIStorageCapacity StorageClass VolumeAttachment
            VolumeAttributesClass;
        api::storagemigration::v1: StorageVersionMigration;
        api::storagemigration::v1beta1: StorageVersionMigration;
        apiextensions_apiserver::pkg::apis::apiextensions::v1: CustomResourceDefinition;
        kube_aggregator::pkg::apis::apiregistration::v1: APIService;
    }
}

#[test]
fn every_type_is_in_the_catalogue() {
    let discovery = Discovery::built_in();
    for typed in all_types() {
        let resource = discovery.get(typed.group, typed.plural);
        let resource = resource.unwrap_or_else(|| panic!("{typed:?} is missing"));
        assert_eq!(resource.kind, typed.kind, "{typed:?}");
        assert_eq!(resource.namespaced, typed.namespaced, "{typed:?}");
        let served = resource
            .versions
            .iter()
            .any(|version| version == typed.version);
        assert!(served, "{typed:?} is not among {:?}", resource.versions);
        assert_eq!(resource.singular, typed.kind.to_lowercase(), "{typed:?}");
    }
}

#[test]
fn every_version_in_the_catalogue_has_its_type() {
    let types: BTreeSet<_> = all_types()
        .iter()
        .map(|typed| (typed.group, typed.plural, typed.version))
        .collect();
    let discovery = Discovery::built_in();
    let mut without = Vec::new();
    for resource in discovery.resources() {
        for version in &resource.versions {
            if !types.contains(&(&*resource.group, &*resource.plural, &**version)) {
                without.push(format!("{}/{version}", resource.full_name()));
            }
        }
    }
    assert_eq!(without, [""; 0]);
}

//! Objects of policies that may keep other objects out: bindings of ValidatingAdmissionPolicies,
//! Gatekeeper's constraints, and Kyverno's policies.
//!
//! What they demand isn't judged. What is read says which objects they may speak of, and whether they
//! refuse any, as far as plain fields tell.

use std::ops::Deref;

use compact_str::CompactString;
use serde::Serialize;
use serde::de::IgnoredAny;

use super::decode::{Decode, Extent, GroupVersion, Served, Source, United};
use super::fields::Invalid;
use super::metadata::{Metadata, RawMetadata};
use super::objects::ObjectKey;
use super::piece::Values;
use super::shape::{StrictText, mapping, named, words};
use crate::object::ObjectRef;

/// The API group of ValidatingAdmissionPolicies.
const ADMISSION: &str = "admissionregistration.k8s.io";
/// The API group of Gatekeeper's constraints, which are of kinds that people make.
const CONSTRAINTS: &str = "constraints.gatekeeper.sh";
/// The API group of Kyverno's policies.
const KYVERNO: &str = "kyverno.io";

/// What judges by a policy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
pub enum PolicyEngine {
    /// The API server itself, by a ValidatingAdmissionPolicyBinding.
    ApiServer,
    /// Gatekeeper, by a constraint; Azure Policy makes these.
    Gatekeeper,
    /// Kyverno, by a ClusterPolicy or Policy.
    Kyverno,
}

/// An object of a policy that may keep other objects out.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
pub struct PolicyObject {
    /// What judges by it.
    pub engine: PolicyEngine,
    /// The kind, as written: of a constraint the name of its template.
    pub kind: CompactString,
    /// The name and what is attached to it.
    pub metadata: Metadata,
    /// What becomes of an object that it speaks against, in each of the words that it uses, as written:
    /// `Deny`, `dryrun`, `Audit`. None where it says nothing.
    pub enforcement: Vec<CompactString>,
    /// The objects that it speaks of, by their kinds: those of any of these. Where there is none, the
    /// kinds aren't narrowed by a plain field.
    pub kinds: Vec<PolicyKinds>,
    /// The namespaces whose objects it speaks of, `*` standing for anything; none for all.
    pub namespaces: Vec<CompactString>,
    /// The namespaces whose objects it leaves alone, `*` standing for anything.
    pub excluded_namespaces: Vec<CompactString>,
    /// Whether more conditions than are read here say what it speaks of.
    pub is_narrowed: bool,
}

/// Kinds that a policy speaks of.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
pub struct PolicyKinds {
    /// The API groups, `""` for the core group, or `*`; none where `kinds` say it.
    pub api_groups: Vec<CompactString>,
    /// The kinds, or `*`; of Kyverno also `GROUP/VERSION/KIND`.
    pub kinds: Vec<CompactString>,
}

impl PolicyObject {
    /// Whether it may refuse anything, rather than warn of it or note it.
    ///
    /// Gatekeeper denies where nothing is said, Kyverno doesn't. What isn't known may.
    pub fn may_refuse(&self) -> bool {
        let word = |word: &CompactString| word.to_ascii_lowercase();
        let mut said = self.enforcement.iter().map(word);
        match self.engine {
            PolicyEngine::ApiServer => said.any(|word| word == "deny"),
            PolicyEngine::Gatekeeper => {
                self.enforcement.is_empty() || said.any(|word| word != "dryrun" && word != "warn")
            }
            PolicyEngine::Kyverno => said.any(|word| word != "audit"),
        }
    }
}

impl Deref for PolicyObject {
    type Target = Metadata;

    fn deref(&self) -> &Metadata {
        &self.metadata
    }
}

mapping! {
    /// A policy as it is written.
    struct RawPolicy<'a> expecting "a Kubernetes object" {
        metadata: Box<RawMetadata<'a>> = "metadata",
        spec: RawPolicySpec<'a> = "spec",
    }
    once { api_version = "apiVersion", kind = "kind" }
}

mapping! {
    /// What of `spec` any of them has in plain fields.
    struct RawPolicySpec<'a> expecting "the spec of a policy" {
        validation_actions: Vec<StrictText<'a>> = "validationActions",
        match_resources: IgnoredAny = "matchResources",
        enforcement_action: StrictText<'a> = "enforcementAction",
        constraint_match: RawMatch<'a> = "match",
        failure_action: StrictText<'a> = "validationFailureAction",
        failure_overrides: Vec<RawOverride<'a>> = "validationFailureActionOverrides",
        rules: Vec<RawKyvernoRule<'a>> = "rules",
    }
}

mapping! {
    /// `spec.match` of a constraint.
    struct RawMatch<'a> expecting "what a constraint speaks of" {
        kinds: Vec<RawKinds<'a>> = "kinds",
        namespaces: Vec<StrictText<'a>> = "namespaces",
        excluded_namespaces: Vec<StrictText<'a>> = "excludedNamespaces",
    }
    keeping unknown
}

mapping! {
    /// An entry of `spec.match.kinds` of a constraint.
    struct RawKinds<'a> expecting "kinds of objects" {
        api_groups: Vec<StrictText<'a>> = "apiGroups",
        kinds: Vec<StrictText<'a>> = "kinds",
    }
}

mapping! {
    /// An entry of `spec.validationFailureActionOverrides` of Kyverno.
    struct RawOverride<'a> expecting "an override" {
        action: StrictText<'a> = "action",
    }
}

mapping! {
    /// A rule of a policy of Kyverno.
    struct RawKyvernoRule<'a> expecting "a rule of a policy" {
        speaks_of: RawRuleMatch<'a> = "match",
        exclude: IgnoredAny = "exclude",
        preconditions: IgnoredAny = "preconditions",
        validate: RawValidate<'a> = "validate",
    }
}

mapping! {
    /// `validate` of a rule.
    struct RawValidate<'a> expecting "what a rule demands" {
        failure_action: StrictText<'a> = "failureAction",
    }
}

mapping! {
    /// `match` of a rule.
    struct RawRuleMatch<'a> expecting "what a rule speaks of" {
        any: Vec<RawFilter<'a>> = "any",
        all: Vec<RawFilter<'a>> = "all",
        resources: RawResources<'a> = "resources",
    }
}

mapping! {
    /// An entry of `any` or `all`.
    struct RawFilter<'a> expecting "a filter of objects" {
        resources: RawResources<'a> = "resources",
    }
}

mapping! {
    /// `resources` of a filter.
    struct RawResources<'a> expecting "a filter of objects" {
        kinds: Vec<StrictText<'a>> = "kinds",
    }
    keeping unknown
}

impl Decode for PolicyObject {
    const KINDS: &'static [&'static str] = &["ValidatingAdmissionPolicyBinding"];

    const GROUPS: &'static [(&'static str, &'static [&'static str])] =
        &[(CONSTRAINTS, &[]), (KYVERNO, &["ClusterPolicy", "Policy"])];

    fn served(version: &GroupVersion<'_>) -> Served {
        match (version.group, version.version) {
            (ADMISSION, "v1" | "v1beta1") | (CONSTRAINTS | KYVERNO, _) => Served::Current,
            (ADMISSION, "v1alpha1") => Served::Dropped,
            _ => Served::in_version("admissionregistration.k8s.io/v1", version),
        }
    }

    fn decode(source: &mut Source<'_>) -> Result<Self, Invalid> {
        let engine = match source.group_version().group {
            CONSTRAINTS => PolicyEngine::Gatekeeper,
            KYVERNO => PolicyEngine::Kyverno,
            _ => PolicyEngine::ApiServer,
        };
        let is_namespaced = engine == PolicyEngine::Kyverno && source.kind() == "Policy";
        let raw: RawPolicy<'_> = source.read_by_field(Values::Told)?;
        let extent = match is_namespaced {
            true => Extent::Namespaced,
            false => Extent::Cluster,
        };
        let mut metadata = source.metadata(raw.metadata, extent)?;
        if is_namespaced {
            source.fill_in_namespace(&mut metadata);
        }
        let policy = PolicyObject {
            engine,
            kind: source.kind().into(),
            metadata,
            enforcement: Vec::new(),
            kinds: Vec::new(),
            namespaces: Vec::new(),
            excluded_namespaces: Vec::new(),
            is_narrowed: false,
        };
        let spec = raw.spec.unwrap_or_default();
        Ok(match engine {
            PolicyEngine::ApiServer => PolicyObject {
                enforcement: words(spec.validation_actions),
                is_narrowed: spec.match_resources.is_some(),
                ..policy
            },
            PolicyEngine::Gatekeeper => {
                let speaks_of = spec.constraint_match.unwrap_or_default();
                let kinds = speaks_of.kinds.unwrap_or_default().into_iter();
                let kinds = kinds.map(|kinds| PolicyKinds {
                    api_groups: words(kinds.api_groups),
                    kinds: words(kinds.kinds),
                });
                PolicyObject {
                    enforcement: named(spec.enforcement_action).into_iter().collect(),
                    kinds: kinds.collect(),
                    namespaces: words(speaks_of.namespaces),
                    excluded_namespaces: words(speaks_of.excluded_namespaces),
                    is_narrowed: !speaks_of.unknown.is_empty(),
                    ..policy
                }
            }
            PolicyEngine::Kyverno => of_kyverno(spec, policy),
        })
    }

    /// What keeps constraints of all templates apart from other objects.
    fn kind(&self) -> &'static str {
        match (self.engine, &*self.kind) {
            (PolicyEngine::ApiServer, _) => "ValidatingAdmissionPolicyBinding",
            (PolicyEngine::Gatekeeper, _) => "Constraint",
            (PolicyEngine::Kyverno, "Policy") => "Policy",
            (PolicyEngine::Kyverno, _) => "ClusterPolicy",
        }
    }

    /// Constraints of two templates may have one name.
    fn key(&self) -> ObjectKey<'_> {
        let namespace = match self.engine {
            PolicyEngine::Gatekeeper => &self.kind,
            PolicyEngine::ApiServer | PolicyEngine::Kyverno => &self.metadata.namespace,
        };
        ObjectKey {
            kind: Decode::kind(self),
            namespace,
            name: &self.metadata.name,
        }
    }

    fn object_ref(&self) -> ObjectRef {
        let Metadata {
            namespace, name, ..
        } = &self.metadata;
        ObjectRef::new(self.kind.clone(), namespace.clone(), name.clone())
    }

    fn same_content(&self, other: &Self) -> bool {
        let without_metadata = |policy: &Self| PolicyObject {
            metadata: Metadata::default(),
            ..policy.clone()
        };
        without_metadata(self) == without_metadata(other)
    }

    fn unite(&mut self, _other: &Self) -> United {
        United::Apart
    }
}

fn of_kyverno(spec: RawPolicySpec<'_>, policy: PolicyObject) -> PolicyObject {
    let overrides = spec.failure_overrides.unwrap_or_default().into_iter();
    let mut enforcement: Vec<CompactString> = named(spec.failure_action).into_iter().collect();
    enforcement.extend(overrides.filter_map(|entry| named(entry.action)));
    let mut kinds = Vec::new();
    let mut is_narrowed = false;
    // One rule that doesn't say its kinds speaks of all.
    let mut any_kind = false;
    for rule in spec.rules.unwrap_or_default() {
        let validate = rule.validate.unwrap_or_default();
        enforcement.extend(named(validate.failure_action));
        is_narrowed |= rule.exclude.is_some() || rule.preconditions.is_some();
        let speaks_of = rule.speaks_of.unwrap_or_default();
        let listed = [speaks_of.any, speaks_of.all].into_iter().flatten();
        let filters: Vec<Option<RawResources<'_>>> = listed
            .flatten()
            .map(|filter| filter.resources)
            .chain(speaks_of.resources.map(Some))
            .collect();
        any_kind |= filters.is_empty();
        for resources in filters {
            // Without resources, it tells requests apart by who makes them.
            is_narrowed |= resources
                .as_ref()
                .is_none_or(|resources| !resources.unknown.is_empty());
            let of_rule = words(resources.and_then(|resources| resources.kinds));
            any_kind |= of_rule.is_empty();
            kinds.push(PolicyKinds {
                api_groups: Vec::new(),
                kinds: of_rule,
            });
        }
    }
    if any_kind {
        kinds.clear();
    }
    PolicyObject {
        enforcement,
        kinds,
        is_narrowed,
        ..policy
    }
}

//! Steps between others and what they ask for: webhooks, policies, API services, and traffic.

use crate::kube::{Minor, PolicyEngine, PolicyObject};

use super::edge::EdgeId;
use super::haves::AreaView;
use super::model::{Area, Ground, PathNode, Right};
use super::power::Power;
use super::search::Search;
use super::sink::Sink;
use super::steps::HalfKind;

/// From here on servers have MutatingAdmissionPolicies, first where their owner switches them on.
///
/// Source: KEP-3962: beta and off in 1.34, on from 1.36.
const MUTATING_POLICY: Minor = Minor::new(34);
/// From here on servers have ClusterTrustBundles, first where their owner switches them on.
///
/// Source: KEP-3257.
const TRUST_BUNDLE: Minor = Minor::new(27);

/// ConfigMaps by which DNS servers of clusters are told what names stand for.
const NAMES: [&str; 2] = ["coredns", "coredns-custom"];
/// ConfigMaps that say whom others trust.
const TRUSTED: [(&str, &str); 3] = [
    ("kube-system", "extension-apiserver-authentication"),
    ("kube-system", "aws-auth"),
    ("kube-public", "cluster-info"),
];

/// Writing an object of any name at all: which of them are there isn't known.
pub(super) fn write_any(
    view: &AreaView<'_>,
    [create, update, patch]: [Power; 3],
) -> Option<Vec<Ground>> {
    let post = view.unnamed(create);
    let one = post
        .or_else(|| view.any(update))
        .or_else(|| view.any(patch));
    one.map(|ground| vec![ground])
}

/// Writing an object of one name, whether it is there or not.
pub(super) fn write_named(
    view: &AreaView<'_>,
    [create, update, patch]: [Power; 3],
    name: &str,
) -> Option<Vec<Ground>> {
    let there = view.named_of(&[update, patch], name);
    let one = there.or_else(|| view.unnamed(create));
    one.map(|ground| vec![ground])
}

const CONFIG_MAP: [Power; 3] = [
    Power::CreateConfigMap,
    Power::UpdateConfigMap,
    Power::PatchConfigMap,
];

impl Search<'_> {
    /// Whether a cluster may be of a version or newer.
    fn may_be_since(&self, version: Minor) -> bool {
        let known = self.index.rbac.snapshot().version();
        known.minor >= version || !known.is_known()
    }

    /// Whether the objects that a right is for are in a namespace of this name too.
    fn has_namespace(&self, area: Area, name: &str) -> bool {
        match area {
            Area::Namespace(one) => self.index.namespaces[one as usize] == name,
            Area::Cluster | Area::EveryNamespace => true,
        }
    }

    /// What stands between everyone and the API server.
    pub(super) fn intercept(&mut self, view: &AreaView<'_>) {
        let mutating = [
            Power::CreateMutatingWebhook,
            Power::UpdateMutatingWebhook,
            Power::PatchMutatingWebhook,
        ];
        if let Some(grounds) = write_any(view, mutating) {
            self.change_writes(EdgeId::MutatingWebhook, &grounds);
            let secrets = PathNode::Secrets(Area::EveryNamespace);
            self.reach(secrets, EdgeId::MutatingWebhook, grounds);
        }
        let validating = [
            Power::CreateValidatingWebhook,
            Power::UpdateValidatingWebhook,
            Power::PatchValidatingWebhook,
        ];
        if let Some(grounds) = write_any(view, validating) {
            let secrets = PathNode::Secrets(Area::EveryNamespace);
            self.reach(secrets, EdgeId::ValidatingWebhook, grounds);
        }
        if self.may_be_since(MUTATING_POLICY) {
            let made = view.unnamed(Power::CreateMutatingPolicy);
            let bound = view.unnamed(Power::CreateMutatingPolicyBinding);
            for (kind, ground) in [
                (HalfKind::MutationMade, made),
                (HalfKind::MutationBound, bound),
            ] {
                if let Some(ground) = ground {
                    self.half(kind, view, None, vec![ground]);
                }
            }
        }
        let services = [
            Power::CreateApiService,
            Power::UpdateApiService,
            Power::PatchApiService,
        ];
        if let Some(grounds) = write_any(view, services) {
            let sink = PathNode::Sink(Sink::Requests);
            self.reach(sink, EdgeId::Apiservice, grounds);
        }
        let definition = view
            .any(Power::UpdateCrd)
            .or_else(|| view.any(Power::PatchCrd));
        if let Some(ground) = definition {
            let sink = PathNode::Sink(Sink::Conversions);
            self.reach(sink, EdgeId::CrdConversion, vec![ground]);
        }
        let bundles = [
            Power::CreateTrustBundle,
            Power::UpdateTrustBundle,
            Power::PatchTrustBundle,
        ];
        if self.may_be_since(TRUST_BUNDLE)
            && let Some(mut grounds) = write_any(view, bundles)
            && let Some(attest) = view.any(Power::AttestSigner)
        {
            grounds.push(attest);
            self.reach(PathNode::Sink(Sink::Trust), EdgeId::Trust, grounds);
        }
    }

    /// Changing what others write: a binding of theirs gains a subject, a pod of theirs another account.
    fn change_writes(&mut self, edge: EdgeId, grounds: &[Ground]) {
        self.reach(PathNode::Anyone, edge, grounds.to_vec());
        let accounts = PathNode::Accounts(Area::EveryNamespace);
        self.reach(accounts, edge, grounds.to_vec());
    }

    /// Policies that change what is written, made and bound by those who are held.
    pub(super) fn join_policies(&mut self) {
        let half = |kind| self.half_over(kind, Area::Cluster, None);
        if let (Some(made), Some(bound)) =
            (half(HalfKind::MutationMade), half(HalfKind::MutationBound))
        {
            let grounds = [made, bound].concat();
            self.change_writes(EdgeId::MutatingPolicy, &grounds);
        }
    }

    /// Where traffic goes, whom others trust, and what policies are asked about.
    pub(super) fn redirect(&mut self, view: &AreaView<'_>) {
        const TRAFFIC: [[Power; 3]; 6] = [
            [
                Power::CreateEndpoints,
                Power::UpdateEndpoints,
                Power::PatchEndpoints,
            ],
            [
                Power::CreateEndpointSlice,
                Power::UpdateEndpointSlice,
                Power::PatchEndpointSlice,
            ],
            [
                Power::CreateService,
                Power::UpdateService,
                Power::PatchService,
            ],
            [
                Power::CreateService,
                Power::UpdateServiceStatus,
                Power::PatchServiceStatus,
            ],
            [
                Power::CreateIngress,
                Power::UpdateIngress,
                Power::PatchIngress,
            ],
            [
                Power::CreateHttpRoute,
                Power::UpdateHttpRoute,
                Power::PatchHttpRoute,
            ],
        ];
        let mut traffic = TRAFFIC.iter();
        if let Some(grounds) = traffic.find_map(|&powers| write_any(view, powers))
            && view.is_of_here(&grounds)
        {
            let sink = PathNode::Sink(Sink::Traffic(view.area));
            self.reach(sink, EdgeId::ServiceTraffic, grounds);
        }
        let mut names = NAMES.iter();
        if self.has_namespace(view.area, "kube-system")
            && let Some(grounds) = names.find_map(|name| write_named(view, CONFIG_MAP, name))
        {
            self.reach(PathNode::Sink(Sink::Names), EdgeId::Dns, grounds);
        }
        let trusted = TRUSTED.iter();
        let mut trusted = trusted.filter(|(namespace, _)| self.has_namespace(view.area, namespace));
        let trusted = trusted.find_map(|(_, name)| write_named(view, CONFIG_MAP, name));
        if let Some(grounds) = trusted {
            self.reach(PathNode::Sink(Sink::Trust), EdgeId::Trust, grounds);
        }
        let params = [
            (
                PolicyEngine::Kyverno,
                [
                    Power::CreatePolicyException,
                    Power::UpdatePolicyException,
                    Power::PatchPolicyException,
                ],
            ),
            (
                PolicyEngine::Gatekeeper,
                [
                    Power::CreateGatekeeperConfig,
                    Power::UpdateGatekeeperConfig,
                    Power::PatchGatekeeperConfig,
                ],
            ),
        ];
        let policies = self.index.rbac.snapshot().objects().of::<PolicyObject>();
        for (engine, powers) in params {
            let mut policies = policies.iter();
            if policies.any(|policy| policy.engine == engine && policy.may_refuse())
                && let Some(grounds) = write_any(view, powers)
            {
                let sink = PathNode::Sink(Sink::Policies);
                self.reach(sink, EdgeId::PolicyParam, grounds);
            }
        }
    }

    /// Impersonation for some requests, or with more attributes of a user.
    pub(super) fn impersonate_in_part(&mut self, view: &AreaView<'_>, rights: &[Right]) {
        let is_cluster = view.area == Area::Cluster;
        let people = match is_cluster {
            true => view.any(Power::ImpersonateUser),
            false => None,
        };
        let extra = view
            .any(Power::ImpersonateExtra)
            .or_else(|| view.any(Power::ImpersonateUid));
        if let (Some(user), Some(extra)) = (people, extra) {
            let sink = PathNode::Sink(Sink::Attributes);
            self.reach(sink, EdgeId::ImpersonateExtra, vec![user, extra]);
        }
        if !self.may_be_since(Minor::CONSTRAINED_IMPERSONATION_ALPHA) {
            return;
        }
        let modes = [
            (Power::ConstrainedUser, "user-info"),
            (Power::ConstrainedAccount, "serviceaccount"),
            (Power::ConstrainedNode, "arbitrary-node"),
        ];
        for (power, mode) in modes {
            // Accounts are asked for in their namespace, and all else in none.
            if is_cluster == (power == Power::ConstrainedAccount) {
                continue;
            }
            let someone = view.any(power);
            if let Some(someone) = someone
                && let Some(request) = self.impersonates_on(view, rights, mode)
            {
                let sink = PathNode::Sink(Sink::SomeRequests);
                let grounds = vec![someone, request];
                self.reach(sink, EdgeId::ImpersonateConstrained, grounds);
            }
        }
    }

    /// A right to make any request at all as someone else, in a mode.
    fn impersonates_on(&self, view: &AreaView<'_>, rights: &[Right], mode: &str) -> Option<Ground> {
        let start = format!("impersonate-on:{mode}:");
        let mut rights = rights.iter().copied();
        let right = rights.find(|right| {
            let Some(role) = self.index.role_id(right.role) else {
                return true;
            };
            let mut rules = self.index.rbac.effective_rules(role);
            rules.any(|rule| {
                let mut verbs = rule.rule.verbs.iter();
                verbs.any(|verb| verb == "*" || verb.starts_with(&*start))
            })
        })?;
        Some(Ground::Has {
            who: view.who,
            right,
        })
    }
}

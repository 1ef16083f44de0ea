//! Pods of one's own: what they mount, and what lets them be privileged.

use crate::authz::{Attributes, ResourceAttributes};
use crate::kube::{PolicyEngine, PolicyObject, ServiceAccount, WebhookConfiguration};

use super::blockers::{
    Blocker, CLAIM, LABEL, NEW_NAMESPACE, POD, VOLUME, WritePlace, blockers, find,
};
use super::edge::EdgeId;
use super::haves::AreaView;
use super::index::narrow;
use super::model::{Area, Certainty, Ground, PathNode, Right};
use super::pod_security::Verdict;
use super::power::Power;
use super::search::Search;
use super::steps::{Half, HalfKind};

/// The annotation of accounts whose pods may mount no other Secrets than those that the account lists.
const ENFORCE_MOUNTABLE: &str = "kubernetes.io/enforce-mountable-secrets";

/// How sure a step is where these objects may refuse it.
fn unless_refused(refusers: &[Blocker]) -> Certainty {
    match refusers.is_empty() {
        true => Certainty::Definite,
        false => Certainty::State,
    }
}

impl Search<'_> {
    /// Pods that are run in an area, as any account of it, with any Secret of it, and as far as it lets them
    /// on any node.
    pub(super) fn run_pods(&mut self, area: Area, edge: EdgeId, grounds: Vec<Ground>) {
        self.reach(PathNode::Accounts(area), edge, grounds.clone());
        let certainty = self.mounting(area);
        let secrets = PathNode::Secrets(area);
        self.reach_as(secrets, EdgeId::RunMount, certainty, grounds.clone());
        let index = self.index;
        let namespace = match area {
            Area::Namespace(one) => Some(one),
            Area::Cluster | Area::EveryNamespace => index.admissions.best(),
        };
        // With no namespace in sight, there are still those that every cluster has.
        let verdict = namespace.map_or(Verdict::Unknown, |one| index.admissions.of(one).verdict());
        let certainty = match verdict {
            Verdict::Admits => Some(Certainty::Definite),
            Verdict::Unknown => Some(Certainty::State),
            Verdict::Refuses => None,
        };
        if let Some(certainty) = certainty {
            let hosts = PathNode::Hosts;
            self.reach_as(hosts, EdgeId::RunPrivileged, certainty, grounds.clone());
        }
        self.half_in(HalfKind::PodsRun, area, None, grounds);
    }

    /// How sure it is that pods of an area may mount its Secrets: some account mustn't be kept to those that
    /// it lists, which aren't read.
    fn mounting(&self, area: Area) -> Certainty {
        let Area::Namespace(namespace) = area else {
            return Certainty::Definite;
        };
        let namespace = self.index.namespaces[namespace as usize];
        let accounts = self.index.rbac.snapshot().objects().of::<ServiceAccount>();
        let begin = accounts.partition_point(|account| *account.namespace < *namespace);
        let of = accounts[begin..].partition_point(|account| *account.namespace == *namespace);
        let accounts = &accounts[begin..begin + of];
        let is_kept =
            |account: &ServiceAccount| account.annotation(ENFORCE_MOUNTABLE) == Some("true");
        let is_default_kept = accounts
            .iter()
            .any(|account| account.name == "default" && is_kept(account));
        match is_default_kept && accounts.iter().all(|account| is_kept(account)) {
            true => Certainty::State,
            false => Certainty::Definite,
        }
    }

    /// Pods by apply of a name that is free, for which the server asks for `create` and `patch`.
    pub(super) fn put_pods(&mut self, view: &AreaView<'_>) {
        if self.is_node(view.who) {
            return;
        }
        let index = self.index;
        for name in view.listed(&[Power::CreatePod, Power::PatchPod]) {
            let Some(grounds) = view.made_by_name(Power::CreatePod, &[Power::PatchPod], name)
            else {
                continue;
            };
            if !view.is_of_here(&grounds) {
                continue;
            }
            let is_taken = |area| {
                let mut pods = index.pods_in(area);
                pods.any(|pod| *index.pods[pod as usize].name == *name)
            };
            if !is_taken(view.area) {
                self.run_pods(view.area, EdgeId::RunAsPut, grounds);
            } else if view.area == Area::EveryNamespace {
                let namespaces = (0..narrow(index.namespaces.len())).map(Area::Namespace);
                for area in namespaces.filter(|&area| !is_taken(area)) {
                    self.run_pods(area, EdgeId::RunAsPut, grounds.clone());
                }
            }
        }
    }

    /// Claims that are made, and labels of Namespaces that are set.
    pub(super) fn claims_and_labels(&mut self, view: &AreaView<'_>) {
        if let Some(ground) = view.unnamed(Power::CreateClaim) {
            self.half(HalfKind::ClaimMade, view, None, vec![ground]);
        } else {
            for name in view.listed(&[Power::CreateClaim, Power::PatchClaim]) {
                let made = view.made_by_name(Power::CreateClaim, &[Power::PatchClaim], name);
                if let Some(grounds) = made {
                    self.half(HalfKind::ClaimMade, view, None, grounds);
                }
            }
        }
        // A Namespace is asked for as one of itself.
        let powers = [Power::UpdateNamespace, Power::PatchNamespace];
        let index = self.index;
        match view.area {
            Area::Namespace(one) => {
                let name = index.namespaces[one as usize];
                if let Some(ground) = view.named_of(&powers, name) {
                    self.half(HalfKind::NamespaceLabelled, view, None, vec![ground]);
                }
            }
            Area::Cluster | Area::EveryNamespace => {
                if let Some(ground) = view.unnamed_of(&powers) {
                    self.half(HalfKind::NamespaceLabelled, view, None, vec![ground]);
                }
                for name in view.listed(&powers) {
                    if let Some(ground) = view.named_of(&powers, name)
                        && let Some(namespace) = index.namespace(name)
                    {
                        let area = Area::Namespace(namespace);
                        self.half_in(HalfKind::NamespaceLabelled, area, None, vec![ground]);
                    }
                }
            }
        }
    }

    /// Volumes and Namespaces that are made.
    pub(super) fn volumes_and_namespaces(&mut self, view: &AreaView<'_>) {
        let made = |create, patch| {
            let post = view.unnamed(create).map(|ground| vec![ground]);
            post.or_else(|| {
                let names = view.listed(&[create, patch]);
                let mut names = names.into_iter();
                names.find_map(|name| view.made_by_name(create, &[patch], name))
            })
        };
        if let Some(grounds) = made(Power::CreateVolume, Power::PatchVolume) {
            self.half(HalfKind::VolumeMade, view, None, grounds);
        }
        let post = view
            .unnamed(Power::CreateNamespace)
            .map(|ground| vec![ground]);
        let put = || {
            let names = view.listed(&[Power::CreateNamespace, Power::PatchNamespace]);
            let mut names = names
                .into_iter()
                .filter(|name| find(self.index.rbac.snapshot(), name).is_none());
            names.find_map(|name| {
                view.made_by_name(Power::CreateNamespace, &[Power::PatchNamespace], name)
            })
        };
        if let Some(grounds) = post.or_else(put) {
            self.half(HalfKind::NamespaceMade, view, None, grounds);
        }
    }

    /// What pods of one's own get onto nodes by, beside what their namespaces admit.
    pub(super) fn join_own_pods(&mut self) {
        if self.has(PathNode::Hosts) {
            return;
        }
        let runs: Vec<Half> = self.halves(HalfKind::PodsRun).to_vec();
        for run in &runs {
            self.run_volume(run);
            if run.area == Area::EveryNamespace {
                self.run_in_own_namespace(run);
            }
            for namespace in self.namespaces_of(run.area) {
                self.run_by_label(run, namespace);
                self.run_without_gates(run, namespace);
            }
        }
    }

    /// The namespaces of an area whose privileged pods aren't let in for sure.
    fn namespaces_of(&self, area: Area) -> Vec<u32> {
        if self.halves(HalfKind::NamespaceLabelled).is_empty()
            && self.halves(HalfKind::GateOpened).is_empty()
        {
            return Vec::new();
        }
        let namespaces = match area {
            Area::Namespace(one) => one..one + 1,
            Area::Cluster | Area::EveryNamespace => 0..narrow(self.index.namespaces.len()),
        };
        let verdict = |namespace: &u32| self.index.admissions.of(*namespace).verdict();
        namespaces
            .filter(|namespace| verdict(namespace) != Verdict::Admits)
            .collect()
    }

    /// A volume of the node's files, with a claim for it, which Pod Security doesn't look behind.
    fn run_volume(&mut self, run: &Half) {
        let claim = match self.half_over(HalfKind::ClaimMade, run.area, None) {
            Some(grounds) => Some(grounds),
            None if run.area == Area::EveryNamespace => {
                let claims = self.halves(HalfKind::ClaimMade).first();
                claims.map(|half| half.grounds.as_slice())
            }
            None => None,
        };
        let volume = self.half_over(HalfKind::VolumeMade, Area::Cluster, None);
        let (Some(claim), Some(volume)) = (claim, volume) else {
            return;
        };
        let grounds = [&run.grounds, claim, volume].concat();
        let snapshot = self.index.rbac.snapshot();
        let mut refusers = blockers(snapshot, VOLUME, WritePlace::Cluster);
        if let Area::Namespace(one) = run.area {
            let name = self.index.namespaces[one as usize];
            let place = WritePlace::Namespace(name, find(snapshot, name));
            refusers.extend(blockers(snapshot, CLAIM, place));
        }
        let certainty = unless_refused(&refusers);
        self.reach_as(PathNode::Hosts, EdgeId::RunPv, certainty, grounds);
    }

    /// A Namespace of one's own, with labels of one's own.
    fn run_in_own_namespace(&mut self, run: &Half) {
        let Some(made) = self.half_over(HalfKind::NamespaceMade, Area::Cluster, None) else {
            return;
        };
        let grounds = [made, &run.grounds].concat();
        let snapshot = self.index.rbac.snapshot();
        let mut refusers = blockers(snapshot, NEW_NAMESPACE, WritePlace::New);
        refusers.extend(blockers(snapshot, POD, WritePlace::New));
        let certainty = unless_refused(&refusers);
        self.reach_as(PathNode::Hosts, EdgeId::OwnNamespace, certainty, grounds);
    }

    /// Another level of Pod Security for a namespace.
    fn run_by_label(&mut self, run: &Half, namespace: u32) {
        let index = self.index;
        let admission = index.admissions.of(namespace);
        let area = Area::Namespace(namespace);
        let Some(label) = self.half_over(HalfKind::NamespaceLabelled, area, None) else {
            return;
        };
        if admission.pod_security == Verdict::Admits {
            return;
        }
        let grounds = [label, &run.grounds].concat();
        let certainty = match admission.is_there && !admission.is_blocked {
            true => unless_refused(&self.label_refusers(namespace)),
            false => Certainty::State,
        };
        self.reach_as(PathNode::Hosts, EdgeId::PsaLabel, certainty, grounds);
    }

    fn label_refusers(&self, namespace: u32) -> Vec<Blocker> {
        let snapshot = self.index.rbac.snapshot();
        let name = self.index.namespaces[namespace as usize];
        blockers(
            snapshot,
            LABEL,
            WritePlace::Namespace(name, find(snapshot, name)),
        )
    }

    /// What may refuse a privileged pod, taken away.
    fn run_without_gates(&mut self, run: &Half, namespace: u32) {
        let index = self.index;
        let admission = index.admissions.of(namespace);
        if !admission.is_blocked || self.halves(HalfKind::GateOpened).is_empty() {
            return;
        }
        let snapshot = index.rbac.snapshot();
        let name = index.namespaces[namespace as usize];
        let area = Area::Namespace(namespace);
        let mut grounds = Vec::new();
        let mut gates = blockers(
            snapshot,
            POD,
            WritePlace::Namespace(name, find(snapshot, name)),
        );
        if admission.pod_security != Verdict::Admits {
            let label = self.half_over(HalfKind::NamespaceLabelled, area, None);
            let Some(label) = label.filter(|_| admission.is_there) else {
                return;
            };
            grounds.extend_from_slice(label);
            gates.extend(self.label_refusers(namespace));
        }
        for gate in gates {
            let key = gate.key();
            let Some(opened) = self.half_over(HalfKind::GateOpened, Area::Cluster, Some(&key))
            else {
                return;
            };
            for ground in opened {
                if !grounds.contains(ground) {
                    grounds.push(ground.clone());
                }
            }
        }
        grounds.extend(run.grounds.iter().cloned());
        self.reach(PathNode::Hosts, EdgeId::GateDelete, grounds);
    }

    /// Policies and webhooks that someone takes away or changes.
    pub(super) fn open_gates(&mut self, view: &AreaView<'_>, rights: &[Right]) {
        const WEBHOOK: [Power; 3] = [
            Power::UpdateValidatingWebhook,
            Power::PatchValidatingWebhook,
            Power::DeleteValidatingWebhook,
        ];
        const BINDING: [Power; 3] = [
            Power::UpdatePolicyBinding,
            Power::PatchPolicyBinding,
            Power::DeletePolicyBinding,
        ];
        const TEMPLATE: [Power; 3] = [
            Power::UpdateConstraintTemplate,
            Power::PatchConstraintTemplate,
            Power::DeleteConstraintTemplate,
        ];
        const CLUSTER_POLICY: [Power; 3] = [
            Power::UpdateClusterPolicy,
            Power::PatchClusterPolicy,
            Power::DeleteClusterPolicy,
        ];
        const POLICY: [Power; 3] = [
            Power::UpdateKyvernoPolicy,
            Power::PatchKyvernoPolicy,
            Power::DeleteKyvernoPolicy,
        ];
        let index = self.index;
        let objects = index.rbac.snapshot().objects();
        if view.area == Area::Cluster {
            for (number, webhook) in (0..).zip(objects.of::<WebhookConfiguration>()) {
                if let Some(ground) = view.named_of(&WEBHOOK, &webhook.name) {
                    self.gate(Blocker::Webhook(number), ground);
                }
            }
        }
        for (number, policy) in (0..).zip(objects.of::<PolicyObject>()) {
            let home = index.namespace(&policy.namespace).map(Area::Namespace);
            let is_here = match policy.namespace.is_empty() {
                true => view.area == Area::Cluster,
                false => home.is_some_and(|home| view.area.has(home)),
            };
            if !is_here {
                continue;
            }
            let opened = match policy.engine {
                PolicyEngine::ApiServer => view.named_of(&BINDING, &policy.name),
                PolicyEngine::Kyverno if policy.namespace.is_empty() => {
                    view.named_of(&CLUSTER_POLICY, &policy.name)
                }
                PolicyEngine::Kyverno => view.named_of(&POLICY, &policy.name),
                // A template is called as the kind that it makes, in small letters.
                PolicyEngine::Gatekeeper => {
                    let template = policy.kind.to_ascii_lowercase();
                    view.named_of(&TEMPLATE, &template)
                        .or_else(|| self.constraint(view, rights, policy))
                }
            };
            if let Some(ground) = opened {
                self.gate(Blocker::Policy(number), ground);
            }
        }
    }

    fn gate(&mut self, gate: Blocker, ground: Ground) {
        let key = gate.key();
        self.half_in(
            HalfKind::GateOpened,
            Area::Cluster,
            Some(&key),
            vec![ground],
        );
    }

    /// A right to change or delete a constraint, whose type the input alone names.
    fn constraint(
        &self,
        view: &AreaView<'_>,
        rights: &[Right],
        policy: &PolicyObject,
    ) -> Option<Ground> {
        let rbac = self.index.rbac;
        let requests = ["update", "patch", "delete"].map(|verb| {
            Attributes::Resource(ResourceAttributes {
                group: "constraints.gatekeeper.sh".into(),
                name: policy.name.to_string(),
                ..ResourceAttributes::new(verb, policy.kind.to_ascii_lowercase())
            })
        });
        let mut rights = rights.iter().filter(|right| right.area == Area::Cluster);
        let right = rights.find(|right| {
            self.index.gives_everything(right.role)
                || self.index.role_id(right.role).is_some_and(|role| {
                    requests.iter().any(|request| {
                        let request = rbac.compile(request);
                        rbac.allowing_rules(role, &request).next().is_some()
                    })
                })
        })?;
        Some(Ground::Has {
            who: view.who,
            right: *right,
        })
    }
}

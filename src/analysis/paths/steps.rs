//! The steps that one of those who are held takes alone, and the halves that they bring to steps of
//! several.

use crate::kube::{RoleKind, WorkloadKind};

use super::edge::EdgeId;
use super::haves::AreaView;
use super::model::{Area, Ground, Hold, PathNode};
use super::power::{OfNames, Power};
use super::search::Search;

/// The requests on workloads, by kind.
pub(super) const WORKLOADS: [(WorkloadKind, [Power; 3]); 7] = [
    (
        WorkloadKind::Deployment,
        [
            Power::CreateDeployment,
            Power::UpdateDeployment,
            Power::PatchDeployment,
        ],
    ),
    (
        WorkloadKind::ReplicaSet,
        [
            Power::CreateReplicaSet,
            Power::UpdateReplicaSet,
            Power::PatchReplicaSet,
        ],
    ),
    (
        WorkloadKind::StatefulSet,
        [
            Power::CreateStatefulSet,
            Power::UpdateStatefulSet,
            Power::PatchStatefulSet,
        ],
    ),
    (
        WorkloadKind::DaemonSet,
        [
            Power::CreateDaemonSet,
            Power::UpdateDaemonSet,
            Power::PatchDaemonSet,
        ],
    ),
    (
        WorkloadKind::Job,
        [Power::CreateJob, Power::UpdateJob, Power::PatchJob],
    ),
    (
        WorkloadKind::CronJob,
        [
            Power::CreateCronJob,
            Power::UpdateCronJob,
            Power::PatchCronJob,
        ],
    ),
    (
        WorkloadKind::ReplicationController,
        [
            Power::CreateReplicationController,
            Power::UpdateReplicationController,
            Power::PatchReplicationController,
        ],
    ),
];

/// What a half of a step of several is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum HalfKind {
    /// A CertificateSigningRequest is made.
    CsrMade,
    /// The same, by apply of a name.
    CsrPut,
    /// One for a client of the API server is approved, and read in the answer.
    CsrApproved,
    /// The same of a client that is a node.
    NodeCsrApproved,
    /// One for a node is made that approves itself.
    NodeCsrMade,
    /// The same, by apply of a name.
    NodeCsrPut,
    /// A CertificateSigningRequest of one's choice is read.
    CsrRead,
    /// A Secret of a name that is free is made.
    SecretMade,
    /// Secrets of these names are read.
    SecretRead,
    /// ServiceAccounts of these names are made.
    AccountMade,
    /// Tokens of ServiceAccounts of these names are made.
    TokenMade,
    /// Pods of one's own are run.
    PodsRun,
    /// A claim of a name that is free is made.
    ClaimMade,
    /// A PersistentVolume is made.
    VolumeMade,
    /// A Namespace is made.
    NamespaceMade,
    /// The labels of a Namespace, which is the area, are set.
    NamespaceLabelled,
    /// A Node of this name is asked, through the API server.
    NodeProxied,
    /// The address of a Node of this name is said.
    NodeReported,
    /// A Node of this name is made.
    NodeMade,
    /// Logs of a Node of this name are read.
    LogsRead,
    /// Pods are kept from a Node of this name.
    NodeLeft,
    /// Pods are evicted.
    PodsEvicted,
    /// Pods are put onto a Node of choice.
    PodsBound,
    /// A MutatingAdmissionPolicy is made.
    MutationMade,
    /// A MutatingAdmissionPolicy is bound.
    MutationBound,
    /// A policy of this name, see [`Blocker::key`](super::blockers::Blocker::key), is taken away.
    GateOpened,
}

/// A half of a step of several.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Half {
    pub(super) area: Area,
    /// For which name; none for any.
    pub(super) name: Option<String>,
    pub(super) grounds: Vec<Ground>,
}

impl Search<'_> {
    /// All that someone who is held does alone, and the halves that they bring.
    pub(super) fn look(&mut self, view: &AreaView<'_>, hold: Hold) {
        match view.area {
            Area::Cluster => {
                if hold == Hold::Real {
                    self.impersonate_people(view);
                }
                self.certificates(view);
                self.volumes_and_namespaces(view);
                self.ask_nodes(view);
                self.intercept(view);
                self.instruct_cluster(view);
            }
            Area::EveryNamespace | Area::Namespace(_) => {
                if hold == Hold::Real {
                    self.impersonate_accounts(view);
                }
                self.tokens(view);
                self.secrets(view);
                self.runs(view);
                self.claims_and_labels(view);
                self.enter_pods(view);
                self.move_pods(view);
                self.redirect(view);
                self.instruct(view);
            }
        }
    }

    fn impersonate_people(&mut self, view: &AreaView<'_>) {
        // Service accounts are asked for as such, whatever the user name.
        let is_person = |name: &&str| crate::authn::split_service_account(name).is_none();
        let index = self.index;
        let everyone = view
            .rules(Power::ImpersonateUser)
            .any(|(_, names)| names == OfNames::Any);
        if everyone && let Some(ground) = view.unnamed(Power::ImpersonateUser) {
            self.reach(
                PathNode::ImpersonatedUsers,
                EdgeId::ImpersonateUser,
                vec![ground],
            );
        }
        let listed = view.listed(&[Power::ImpersonateUser]);
        let users: Vec<&str> = listed.iter().copied().filter(is_person).collect();
        for &user in &users {
            if let Some(ground) = view.named(Power::ImpersonateUser, user) {
                let node = self.impersonated(user, Vec::new());
                self.reach(node, EdgeId::ImpersonateUser, vec![ground]);
            }
        }
        // A node's user alone isn't one of the nodes.
        for (machine, &name) in (0..).zip(&index.machines) {
            let user = format!("system:node:{name}");
            if let (Some(user), Some(group)) = (
                view.named(Power::ImpersonateUser, &user),
                view.named(Power::ImpersonateGroup, "system:nodes"),
            ) {
                let node = PathNode::Machine(machine);
                self.reach(node, EdgeId::ImpersonateNode, vec![user, group]);
            }
        }
        if view.any(Power::ImpersonateGroup).is_none() {
            return;
        }
        let user = view
            .any(Power::ImpersonateUser)
            .filter(|_| everyone || !users.is_empty());
        let account = self.some_account(view);
        let Some(beside) = user.or(account.clone().map(|(_, ground)| ground)) else {
            return;
        };
        if let Some(group) = view.named(Power::ImpersonateGroup, crate::authn::MASTERS) {
            let grounds = vec![group, beside];
            self.reach(PathNode::Masters, EdgeId::ImpersonateGroup, grounds);
        }
        let mut groups = Vec::new();
        let mut grounds = Vec::new();
        for group in index.certified_groups() {
            if let Some(ground) = view.named(Power::ImpersonateGroup, group) {
                groups.push(group.to_owned());
                grounds.push(ground);
            }
        }
        if groups.is_empty() {
            return;
        }
        let mut beside_groups: Vec<(String, Ground)> = Vec::new();
        let mut names = users;
        if everyone {
            names.extend(index.users.iter().copied());
            names.sort_unstable();
            names.dedup();
            if let Some(ground) = view.unnamed(Power::ImpersonateUser) {
                beside_groups.push(("anyone".to_owned(), ground));
            }
        }
        for user in names {
            if let Some(ground) = view.named(Power::ImpersonateUser, user) {
                beside_groups.push((user.to_owned(), ground));
            }
        }
        beside_groups.extend(account);
        for (user, ground) in beside_groups {
            let node = self.impersonated(&user, groups.clone());
            let mut all = vec![ground];
            all.extend(grounds.iter().cloned());
            self.reach(node, EdgeId::ImpersonateGroup, all);
        }
    }

    /// An account that someone may impersonate anywhere, as its user name.
    fn some_account(&self, view: &AreaView<'_>) -> Option<(String, Ground)> {
        let areas = view.haves.areas().into_iter();
        areas
            .filter(|&area| area != Area::Cluster)
            .find_map(|area| {
                let view = AreaView { area, ..*view };
                let ground = view.any(Power::ImpersonateAccount)?;
                let Ground::Request { name, .. } = &ground else {
                    return None;
                };
                let namespace = match area {
                    Area::Namespace(one) => self.index.namespaces[one as usize],
                    _ => "default",
                };
                let name = name.as_deref().unwrap_or("default");
                Some((crate::authn::service_account_name(namespace, name), ground))
            })
    }

    fn impersonate_accounts(&mut self, view: &AreaView<'_>) {
        let everyone = view
            .rules(Power::ImpersonateAccount)
            .find(|(_, names)| *names == OfNames::Any);
        if let Some((have, _)) = everyone {
            let grounds = vec![view.ground(&have, None)];
            if view.is_of_here(&grounds) {
                let node = PathNode::ImpersonatedAccounts(view.area);
                self.reach(node, EdgeId::ImpersonateSa, grounds);
            }
        }
        for name in view.listed(&[Power::ImpersonateAccount]) {
            let Some(ground) = view.named(Power::ImpersonateAccount, name) else {
                continue;
            };
            for account in self.accounts_named(view.area, name) {
                let node = self.account(account, Hold::Impersonated);
                self.reach(node, EdgeId::ImpersonateSa, vec![ground.clone()]);
            }
        }
    }

    fn certificates(&mut self, view: &AreaView<'_>) {
        const READS: [Power; 12] = [
            Power::GetCsr,
            Power::ListCsrs,
            Power::WatchCsrs,
            Power::PatchCsr,
            Power::UpdateCsr,
            Power::DeleteCsrs,
            Power::GetCsrApproval,
            Power::PatchCsrApproval,
            Power::UpdateCsrApproval,
            Power::GetCsrStatus,
            Power::PatchCsrStatus,
            Power::UpdateCsrStatus,
        ];
        let made = view.unnamed(Power::CreateCsr);
        if let Some(ground) = &made {
            self.half(HalfKind::CsrMade, view, None, vec![ground.clone()]);
        }
        // Whoever makes it names it, so that a rule for one name is enough.
        let approves = [Power::UpdateCsrApproval, Power::PatchCsrApproval];
        let approval = approves.iter().find_map(|&power| view.any(power));
        if let Some(approval) = approval {
            let signs = |signer: &str| {
                let of = ["kubernetes.io/*", signer];
                of.iter()
                    .find_map(|name| view.named(Power::ApproveSigner, name))
            };
            if let Some(signer) = signs("kubernetes.io/kube-apiserver-client") {
                let grounds = vec![approval.clone(), signer];
                self.half(HalfKind::CsrApproved, view, None, grounds);
            }
            if let Some(signer) = signs("kubernetes.io/kube-apiserver-client-kubelet") {
                self.half(
                    HalfKind::NodeCsrApproved,
                    view,
                    None,
                    vec![approval, signer],
                );
            }
        }
        let put = view
            .listed(&[Power::CreateCsr, Power::PatchCsr])
            .into_iter()
            .find_map(|name| view.made_by_name(Power::CreateCsr, &[Power::PatchCsr], name));
        if let Some(mut grounds) = put {
            self.half(HalfKind::CsrPut, view, None, grounds.clone());
            if let Some(node) = view.unnamed(Power::CreateNodeClient) {
                grounds.push(node);
                self.half(HalfKind::NodeCsrPut, view, None, grounds);
            }
        }
        if let (Some(made), Some(node)) = (made, view.unnamed(Power::CreateNodeClient)) {
            self.half(HalfKind::NodeCsrMade, view, None, vec![made, node]);
        }
        if let Some(read) = READS.iter().find_map(|&power| match power {
            Power::DeleteCsrs => view.unnamed(power),
            _ => view.any(power),
        }) {
            self.half(HalfKind::CsrRead, view, None, vec![read]);
        }
    }

    fn tokens(&mut self, view: &AreaView<'_>) {
        if let Some(ground) = view.unnamed(Power::CreateToken)
            && view.is_of_here(std::slice::from_ref(&ground))
        {
            self.reach(PathNode::Accounts(view.area), EdgeId::Token, vec![ground]);
        }
        for name in view.listed(&[Power::CreateToken]) {
            let Some(ground) = view.named(Power::CreateToken, name) else {
                continue;
            };
            let grounds = vec![ground];
            for account in self.accounts_named(view.area, name) {
                self.take_account(account, EdgeId::Token, &grounds);
            }
            self.half(HalfKind::TokenMade, view, Some(name), grounds);
        }
        if let Some(ground) = view.unnamed(Power::CreateAccount) {
            self.half(HalfKind::AccountMade, view, None, vec![ground]);
        }
        for name in view.listed(&[Power::CreateAccount, Power::PatchAccount]) {
            let grounds = view.made_by_name(Power::CreateAccount, &[Power::PatchAccount], name);
            if let Some(grounds) = grounds {
                self.half(HalfKind::AccountMade, view, Some(name), grounds);
            }
        }
    }

    fn secrets(&mut self, view: &AreaView<'_>) {
        const BY_NAME: [Power; 4] = [
            Power::GetSecret,
            Power::ListSecrets,
            Power::WatchSecrets,
            Power::PatchSecret,
        ];
        let all = BY_NAME.iter().find_map(|&power| {
            let mut rules = view.rules(power);
            let (have, _) = rules.find(|(_, names)| *names == OfNames::Any)?;
            Some(view.ground(&have, None))
        });
        let all = all.or_else(|| view.unnamed(Power::DeleteSecrets));
        if let Some(ground) = all
            && view.is_of_here(std::slice::from_ref(&ground))
        {
            let grounds = vec![ground];
            self.reach(
                PathNode::Secrets(view.area),
                EdgeId::SecretRead,
                grounds.clone(),
            );
            self.half(HalfKind::SecretRead, view, None, grounds);
        }
        let index = self.index;
        for name in view.listed(&BY_NAME) {
            let Some(ground) = view.named_of(&BY_NAME, name) else {
                continue;
            };
            let grounds = vec![ground];
            for number in index.secrets_in(view.area) {
                if *index.secrets[number].name == *name {
                    let node = PathNode::Secret(super::index::narrow(number));
                    self.reach(node, EdgeId::SecretRead, grounds.clone());
                }
            }
            self.half(HalfKind::SecretRead, view, Some(name), grounds);
        }
        if let Some(ground) = view.unnamed(Power::CreateSecret) {
            if self.is_kube_system(view.area) {
                self.bootstrap(vec![ground.clone()]);
            }
            self.half(HalfKind::SecretMade, view, None, vec![ground]);
        }
        for name in view.listed(&[Power::CreateSecret, Power::PatchSecret]) {
            let Some(grounds) = view.made_by_name(Power::CreateSecret, &[Power::PatchSecret], name)
            else {
                continue;
            };
            if self.is_kube_system(view.area) && is_bootstrap_token(name) {
                self.bootstrap(grounds.clone());
            }
            // The patch that makes it answers it too.
            for area in self.areas_without_secret(view.area, name) {
                let node = PathNode::Accounts(area);
                let certainty = self.knows_secrets();
                self.reach_as(node, EdgeId::TokenSecret, certainty, grounds.clone());
            }
        }
        for number in index.secrets_in(view.area) {
            let secret = &index.secrets[number];
            if secret.token_account().is_some()
                && let Some(ground) = view.named(Power::PatchSecret, &secret.name)
                && let Some(namespace) = index.namespace(&secret.namespace)
            {
                let node = PathNode::Accounts(Area::Namespace(namespace));
                self.reach(node, EdgeId::SecretRetarget, vec![ground]);
            }
        }
    }

    fn is_kube_system(&self, area: Area) -> bool {
        match area {
            Area::Namespace(one) => self.index.namespaces[one as usize] == "kube-system",
            Area::Cluster | Area::EveryNamespace => true,
        }
    }

    /// Signing in by a bootstrap token of one's own, which says its groups itself.
    ///
    /// Source: `BootstrapGroupPattern` of `k8s.io/cluster-bootstrap`.
    fn bootstrap(&mut self, grounds: Vec<Ground>) {
        let groups = self.index.groups.iter();
        let groups: Vec<String> = groups
            .filter(|group| {
                group
                    .strip_prefix("system:bootstrappers")
                    .is_some_and(|rest| {
                        let is_inner = |byte: u8| {
                            byte.is_ascii_lowercase()
                                || byte.is_ascii_digit()
                                || b":-".contains(&byte)
                        };
                        rest.is_empty()
                            || rest.starts_with(':')
                                && rest.bytes().all(is_inner)
                                && rest.ends_with(|last: char| last.is_ascii_alphanumeric())
                    })
            })
            .map(|&group| group.to_owned())
            .collect();
        if groups.is_empty() {
            return;
        }
        let node = self.person("system:bootstrap:000000", groups, Hold::Real);
        self.reach(node, EdgeId::BootstrapToken, grounds);
    }

    fn runs(&mut self, view: &AreaView<'_>) {
        if let Some(grounds) = self.way_to_run(view)
            && view.is_of_here(&grounds)
        {
            self.run_pods(view.area, EdgeId::RunAs, grounds);
        }
        self.put_pods(view);
        // Workloads that are there have namespaces of their own.
        if view.area == Area::EveryNamespace {
            self.change_workloads(view);
        }
    }

    /// How someone makes pods of their own in an area.
    pub(super) fn way_to_run(&self, view: &AreaView<'_>) -> Option<Vec<Ground>> {
        if !self.is_node(view.who)
            && let Some(ground) = view.unnamed(Power::CreatePod)
        {
            return Some(vec![ground]);
        }
        let creates = WORKLOADS.map(|(_, [create, _, _])| create);
        if let Some(ground) = view.unnamed_of(&creates) {
            return Some(vec![ground]);
        }
        for (kind, [create, update, patch]) in WORKLOADS {
            for name in view.listed(&[create, patch]) {
                if let Some(grounds) = view.made_by_name(create, &[patch], name) {
                    return Some(grounds);
                }
            }
            // What a Job runs can't be changed once it is there.
            if kind == WorkloadKind::Job {
                continue;
            }
            if let Area::Namespace(_) = view.area {
                let mut there = self.index.workloads_in(kind, view.area);
                if let Some(ground) = there.find_map(|name| view.named_of(&[update, patch], name)) {
                    return Some(vec![ground]);
                }
            }
        }
        None
    }

    /// Changing workloads by rights that hold in every namespace.
    fn change_workloads(&mut self, view: &AreaView<'_>) {
        for (_, [_, update, patch]) in WORKLOADS {
            if view.any(update).or_else(|| view.any(patch)).is_none() {
                continue;
            }
            for namespace in 0..super::index::narrow(self.index.namespaces.len()) {
                let area = Area::Namespace(namespace);
                let here = AreaView { area, ..*view };
                if let Some(grounds) = self.way_to_run(&here) {
                    self.run_pods(area, EdgeId::RunAs, grounds);
                }
            }
            return;
        }
    }
}

fn is_bootstrap_token(name: &str) -> bool {
    name.strip_prefix("bootstrap-token-").is_some_and(|id| {
        id.len() == 6
            && id
                .bytes()
                .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
    })
}

/// The powers over roles or bindings of one kind: `create`, `update` and `patch`.
pub(super) fn role_powers(kind: RoleKind) -> [Power; 4] {
    match kind {
        RoleKind::ClusterRole => [
            Power::CreateClusterRole,
            Power::UpdateClusterRole,
            Power::PatchClusterRole,
            Power::EscalateClusterRole,
        ],
        RoleKind::Role => [
            Power::CreateRole,
            Power::UpdateRole,
            Power::PatchRole,
            Power::EscalateRole,
        ],
    }
}

//! Steps of several requests, which may be made by different ones of those who are held, and the members of
//! classes.

use crate::kube::{EnvironmentKind, PodSpec, ProjectedSource, Secret, VolumeSource};

use super::edge::EdgeId;
use super::haves::AreaView;
use super::index::{Existence, narrow};
use super::model::{Area, Certainty, Ground, Hold, IdentityNo, PathNode};
use super::search::Search;
use super::sink::Sink;
use super::steps::{Half, HalfKind};

/// With more than so many users and groups, a certificate is looked at for each of them alone, not for each
/// user with all groups.
const MOST_CERTIFIED: usize = 200_000;

impl Search<'_> {
    /// What halves make together.
    pub(super) fn join(&mut self) {
        let first = |search: &Self, kind| {
            let half: Option<&Half> = search.halves(kind).first();
            half.map(|half| half.grounds.clone())
        };
        let both = |one: Option<Vec<Ground>>, other: Option<Vec<Ground>>| {
            let mut grounds = one?;
            grounds.extend(other?);
            Some(grounds)
        };
        let made = || first(self, HalfKind::CsrMade);
        let approved = first(self, HalfKind::CsrApproved);
        let of_node = first(self, HalfKind::NodeCsrApproved);
        let anyone = both(made(), approved.clone());
        let node = both(made(), of_node.or(approved));
        let own = first(self, HalfKind::NodeCsrMade);
        let own = both(own, first(self, HalfKind::CsrRead));
        if let Some(grounds) = anyone {
            self.reach(PathNode::Anyone, EdgeId::CsrApprove, grounds);
        }
        if let Some(grounds) = node {
            self.reach(PathNode::Machines, EdgeId::CsrApprove, grounds);
        }
        if let Some(grounds) = own {
            self.reach(PathNode::Machines, EdgeId::CsrNodeclient, grounds);
        }
        self.join_puts();
        self.join_token_secrets();
        self.join_ghosts();
        self.join_own_pods();
        self.join_nodes();
        self.join_policies();
    }

    /// Certificates by apply of a name.
    fn join_puts(&mut self) {
        let half = |kind| self.half_over(kind, Area::Cluster, None);
        let joined = |made, other| Some([half(made)?, half(other)?].concat());
        let anyone = joined(HalfKind::CsrPut, HalfKind::CsrApproved);
        let node = joined(HalfKind::CsrPut, HalfKind::NodeCsrApproved).or(anyone.clone());
        // It is signed a moment later, so that it has to be read again.
        let own = joined(HalfKind::NodeCsrPut, HalfKind::CsrRead);
        if let Some(grounds) = anyone {
            self.reach(PathNode::Anyone, EdgeId::CsrPut, grounds);
        }
        if let Some(grounds) = node.or(own) {
            self.reach(PathNode::Machines, EdgeId::CsrPut, grounds);
        }
    }

    fn join_token_secrets(&mut self) {
        let made = self.halves(HalfKind::SecretMade).to_vec();
        let read = self.halves(HalfKind::SecretRead).to_vec();
        for made in &made {
            for read in &read {
                let area = match (made.area.has(read.area), read.area.has(made.area)) {
                    (true, _) => read.area,
                    (_, true) => made.area,
                    _ => continue,
                };
                let (areas, certainty) = match &read.name {
                    None => (vec![area], Certainty::Definite),
                    Some(name) => (self.areas_without_secret(area, name), self.knows_secrets()),
                };
                for area in areas {
                    let node = PathNode::Accounts(area);
                    let mut grounds = made.grounds.clone();
                    grounds.extend(read.grounds.iter().cloned());
                    self.reach_as(node, EdgeId::TokenSecret, certainty, grounds);
                }
            }
        }
    }

    /// How sure it is that no Secret has a name that the input doesn't show: where it shows none at all, they
    /// were left out.
    pub(super) fn knows_secrets(&self) -> Certainty {
        match self.index.secrets.is_empty() {
            true => Certainty::State,
            false => Certainty::Definite,
        }
    }

    /// The parts of an area in which no Secret has a name.
    pub(super) fn areas_without_secret(&self, area: Area, name: &str) -> Vec<Area> {
        let index = self.index;
        let is_taken = |area| {
            let mut secrets = index.secrets[index.secrets_in(area)].iter();
            secrets.any(|secret| *secret.name == *name)
        };
        if !is_taken(area) {
            return vec![area];
        }
        match area {
            Area::Namespace(_) => Vec::new(),
            Area::Cluster | Area::EveryNamespace => (0..narrow(index.namespaces.len()))
                .map(Area::Namespace)
                .filter(|&area| !is_taken(area))
                .collect(),
        }
    }

    /// ServiceAccounts that a binding names and that someone makes, to sign in as them.
    fn join_ghosts(&mut self) {
        let index = self.index;
        let made = self.halves(HalfKind::AccountMade).to_vec();
        if made.is_empty() {
            return;
        }
        let is_of = |half: &Half, area: Area, name: &str| {
            half.area.has(area) && half.name.as_deref().is_none_or(|of| of == name)
        };
        for (number, account) in (0..).zip(&index.accounts) {
            if account.existence != Existence::Absent {
                continue;
            }
            let area = Area::Namespace(account.namespace);
            let Some(made) = made.iter().find(|half| is_of(half, area, account.name)) else {
                continue;
            };
            let ways = [area, Area::EveryNamespace].map(PathNode::Accounts);
            let any = ways.into_iter().find(|&node| self.has(node));
            let token = self.halves(HalfKind::TokenMade).iter();
            let token = token.clone().find(|half| is_of(half, area, account.name));
            let way = match (any, token) {
                (Some(node), _) => vec![Ground::Node(node)],
                (None, Some(token)) => token.grounds.clone(),
                (None, None) => continue,
            };
            let mut grounds = made.grounds.clone();
            grounds.extend(way);
            let node = self.account(number, Hold::Real);
            self.reach(node, EdgeId::Ghost, grounds);
        }
    }

    /// What a node of the search brings by itself: the members of a class, what a Secret holds.
    pub(super) fn open(&mut self, node: PathNode) {
        let index = self.index;
        match node {
            PathNode::Accounts(area) => {
                let accounts: Vec<u32> = index.accounts_in(area).collect();
                for account in accounts {
                    match index.accounts[account as usize].existence {
                        Existence::There => self.belong(account, node, Certainty::Definite),
                        Existence::Unknown => self.belong(account, node, Certainty::State),
                        Existence::Absent | Existence::Nowhere => {}
                    }
                }
            }
            PathNode::ImpersonatedAccounts(area) => {
                let accounts: Vec<u32> = index.accounts_in(area).collect();
                for account in accounts {
                    let member = self.account(account, Hold::Impersonated);
                    self.member_of(member, node, Certainty::Definite);
                }
            }
            PathNode::ImpersonatedUsers => {
                for user in &index.users {
                    let member = self.impersonated(user, Vec::new());
                    self.member_of(member, node, Certainty::Definite);
                }
            }
            PathNode::Anyone => self.certify(node),
            PathNode::Machines => {
                for machine in 0..narrow(index.machines.len()) {
                    self.member_of(PathNode::Machine(machine), node, Certainty::Definite);
                }
            }
            PathNode::Machine(machine) => self.open_machine(node, machine),
            PathNode::Hosts => {
                self.member_of(PathNode::Machines, node, Certainty::Definite);
                for machine in 0..narrow(index.machines.len()) {
                    self.member_of(PathNode::Host(machine), node, Certainty::Definite);
                }
            }
            PathNode::Host(machine) => self.open_host(node, machine),
            PathNode::Pods(area) => self.open_pods(node, area),
            PathNode::Pod(pod) => self.open_pod(node, pod),
            PathNode::Workload(workload) => self.open_workload(node, workload),
            PathNode::Secrets(area) => {
                for secret in index.secrets_in(area) {
                    let member = PathNode::Secret(narrow(secret));
                    self.member_of(member, node, Certainty::Definite);
                }
            }
            PathNode::Secret(number) => {
                let secret = &index.secrets[number as usize];
                if let Some(account) = secret.token_account()
                    && let Some(namespace) = index.namespace(&secret.namespace)
                    && let Some(account) = index.account(namespace, account)
                {
                    self.take_account(account, EdgeId::SecretToSa, &[Ground::Node(node)]);
                }
                if is_for_elsewhere(secret) {
                    let sink = PathNode::Sink(Sink::Elsewhere(number));
                    self.reach(sink, EdgeId::SecretToUser, vec![Ground::Node(node)]);
                }
            }
            PathNode::Masters => {
                let all = PathNode::Everything(Area::Cluster);
                self.reach(all, EdgeId::Masters, vec![Ground::Node(node)]);
            }
            PathNode::Identity(..)
            | PathNode::Right(..)
            | PathNode::Made(_)
            | PathNode::Everything(_)
            | PathNode::Gain(..)
            | PathNode::Sink(_) => {}
        }
    }

    fn belong(&mut self, account: u32, class: PathNode, certainty: Certainty) {
        let member = self.account(account, Hold::Real);
        self.member_of(member, class, certainty);
    }

    /// Whom a certificate may name: each user and account, with each group.
    fn certify(&mut self, class: PathNode) {
        let index = self.index;
        let groups: Vec<String> = index.certified_groups().map(str::to_owned).collect();
        let people = index.users.len() + index.accounts.len();
        let together = match people.saturating_mul(groups.len()) <= MOST_CERTIFIED {
            true => groups.clone(),
            false => Vec::new(),
        };
        let somebody = self.person("anyone", groups, Hold::Real);
        self.member_of(somebody, class, Certainty::Definite);
        for user in &index.users {
            let member = self.person(user, together.clone(), Hold::Real);
            self.member_of(member, class, Certainty::Definite);
        }
        for account in 0..narrow(index.accounts.len()) {
            let member = self.account(account, Hold::Real);
            self.member_of(member, class, Certainty::Definite);
        }
    }

    fn open_machine(&mut self, node: PathNode, machine: u32) {
        let index = self.index;
        for &pod in &index.pods_on[machine as usize] {
            let pod = &index.pods[pod as usize];
            let Some(namespace) = index
                .namespace(&pod.namespace)
                .filter(|_| !pod.is_finished() && !super::pods::is_mirror(pod))
            else {
                continue;
            };
            if let Some(account) = index.account(namespace, pod.spec.service_account()) {
                self.take_account(account, EdgeId::NodePods, &[Ground::Node(node)]);
            }
            let names = secrets_of(&pod.spec);
            for secret in index.secrets_in(Area::Namespace(namespace)) {
                if names.contains(&&*index.secrets[secret].name) {
                    let secret = PathNode::Secret(narrow(secret));
                    self.reach(secret, EdgeId::NodePods, vec![Ground::Node(node)]);
                }
            }
        }
        self.open_daemons(node);
        let user = format!("system:node:{}", index.machines[machine as usize]);
        let groups = vec!["system:nodes".to_owned()];
        let identity = self.person(&user, groups, Hold::Impersonated);
        self.member_of(identity, node, Certainty::Definite);
    }

    /// Whether one who is held is a node, which the server keeps from making tokens and pods at will.
    ///
    /// Source: the admission plugin NodeRestriction.
    pub(super) fn is_node(&self, who: PathNode) -> bool {
        match who {
            PathNode::Identity(identity, _) => self.is_of_nodes(identity),
            _ => false,
        }
    }

    /// Rights as someone holds them, in each area.
    pub(super) fn look_everywhere(&mut self, at: usize) {
        let index = self.index;
        let member = self.take_member(at);
        let hold = member.hold;
        for area in member.haves.areas() {
            let view = AreaView {
                index,
                haves: &member.haves,
                who: member.node,
                area,
            };
            self.look(&view, hold);
            self.open_gates(&view, &member.rights);
            if hold == Hold::Real {
                self.impersonate_in_part(&view, &member.rights);
            }
            self.bind(&view, &member.rights);
        }
        self.put_member(at, member);
    }

    /// The identity of an account.
    pub(super) fn account(&self, account: u32, hold: Hold) -> PathNode {
        PathNode::Identity(IdentityNo(account), hold)
    }
}

/// Whether a Secret, by its name, type and labels, signs in to something else: a cluster, a registry, a
/// repository.
fn is_for_elsewhere(secret: &Secret) -> bool {
    const TYPES: [&str; 4] = [
        "kubernetes.io/basic-auth",
        "kubernetes.io/dockercfg",
        "kubernetes.io/dockerconfigjson",
        "kubernetes.io/ssh-auth",
    ];
    const ARGO: (&str, [&str; 3]) = (
        "argocd.argoproj.io/secret-type",
        ["cluster", "repository", "repo-creds"],
    );
    let mut labels = secret.labels.iter();
    *secret.name == *"kubeconfig"
        || secret.name.ends_with("-kubeconfig")
        || TYPES.contains(&&*secret.secret_type)
        || labels.any(|(key, value)| key == ARGO.0 && ARGO.1.contains(&&**value))
}

/// The Secrets that a pod may read from its files and its environment, or that its node pulls images by.
pub(super) fn secrets_of(spec: &PodSpec) -> Vec<&str> {
    let mut names: Vec<&str> = spec.image_pull_secrets.iter().map(|name| &**name).collect();
    for volume in &spec.volumes {
        match &volume.source {
            VolumeSource::Secret { name, .. } => names.push(name),
            VolumeSource::Projected(sources) => {
                names.extend(sources.iter().filter_map(|source| match source {
                    ProjectedSource::Secret { name, .. } => Some(&**name),
                    _ => None,
                }));
            }
            VolumeSource::Csi {
                node_publish_secret: Some(name),
                ..
            } => names.push(name),
            _ => {}
        }
    }
    for container in &spec.containers {
        let from = container.environment.iter();
        names.extend(
            from.filter(|from| from.kind == EnvironmentKind::Secret)
                .map(|from| &*from.name),
        );
    }
    names
}

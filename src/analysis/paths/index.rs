//! What of a cluster paths lead through, by number.

use hashbrown::HashMap;

use crate::analysis::paths::model::{Area, RightBy};
use crate::authn::{
    AUTHENTICATED, MASTERS, SERVICE_ACCOUNTS, UserInfo, service_account_name, split_service_account,
};
use crate::authz::rbac::RbacAuthorizer;
use crate::authz::{Attributes, ResourceAttributes};
use crate::cluster::{DEFAULT_SERVICE_ACCOUNT, RoleId, Snapshot};
use crate::kube::{
    Binding, BindingKind, Pod, RoleKind, Secret, ServiceAccount, SubjectKind, Workload,
    WorkloadKind,
};

use super::blockers::Admissions;
use super::deputies::Controllers;
use super::model::{Right, RoleNo};
use super::power::RolePowers;

/// Whether a ServiceAccount is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Existence {
    /// The input has it, or every namespace does.
    There,
    /// The input doesn't tell.
    Unknown,
    /// It isn't there, though a binding names it.
    Absent,
    /// The same, and its namespace isn't there either.
    Nowhere,
}

/// A ServiceAccount that is there, or that a binding names.
#[derive(Debug)]
pub(super) struct Account<'s> {
    pub(super) namespace: u32,
    pub(super) name: &'s str,
    pub(super) existence: Existence,
}

/// A role by what names it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct RoleName {
    pub(super) kind: RoleKind,
    /// Empty for a ClusterRole.
    pub(super) namespace: String,
    pub(super) name: String,
    /// Whether a step makes it, so that it is there when it is bound.
    pub(super) is_made: bool,
}

/// What of a cluster paths lead through.
#[derive(Debug)]
pub(super) struct PathIndex<'s> {
    pub(super) rbac: &'s RbacAuthorizer,
    pub(super) powers: RolePowers,
    pub(super) namespaces: Vec<&'s str>,
    namespace_no: HashMap<&'s str, u32>,
    pub(super) accounts: Vec<Account<'s>>,
    account_no: HashMap<(u32, &'s str), u32>,
    /// The numbers of the accounts of each namespace.
    accounts_of: Vec<Vec<u32>>,
    /// The users whom bindings name, service accounts apart.
    pub(super) users: Vec<&'s str>,
    /// The groups that bindings name.
    pub(super) groups: Vec<&'s str>,
    /// The roles that bindings name and that aren't there.
    pub(super) absent_roles: Vec<RoleName>,
    /// Where each role can be bound: those that bindings name and that aren't there come last.
    role_areas: Vec<Area>,
    /// Whether each role gives every verb on everything.
    gives_everything: Vec<bool>,
    /// The ClusterRole that gives everything, if any does.
    pub(super) cluster_admin: Option<RoleNo>,
    pub(super) secrets: &'s [crate::text::Located<Secret>],
    /// The names of Nodes, those that pods name included.
    pub(super) machines: Vec<&'s str>,
    machine_no: HashMap<&'s str, u32>,
    /// The pods on each of them.
    pub(super) pods_on: Vec<Vec<u32>>,
    pub(super) pods: &'s [crate::text::Located<Pod>],
    /// The workloads of each kind in each namespace.
    workloads: HashMap<(WorkloadKind, u32), Vec<&'s str>>,
    pub(super) all_workloads: &'s [crate::text::Located<Workload>],
    /// The numbers of the pods and the workloads of each namespace.
    pods_of: Vec<Vec<u32>>,
    workloads_of: Vec<Vec<u32>>,
    /// The numbers of the DaemonSets.
    pub(super) daemon_sets: Vec<u32>,
    /// Whether AKS made any node.
    pub(super) is_of_azure: bool,
    /// What each namespace says to a privileged pod.
    pub(super) admissions: Admissions,
    /// The accounts of controllers that do as they are told.
    pub(super) controllers: Controllers,
}

impl<'s> PathIndex<'s> {
    pub(super) fn new(rbac: &'s RbacAuthorizer) -> Self {
        let snapshot = rbac.snapshot();
        let mut index = PathIndex {
            rbac,
            powers: RolePowers::new(rbac),
            namespaces: Vec::new(),
            namespace_no: HashMap::new(),
            accounts: Vec::new(),
            account_no: HashMap::new(),
            accounts_of: Vec::new(),
            users: Vec::new(),
            groups: Vec::new(),
            absent_roles: Vec::new(),
            role_areas: Vec::new(),
            gives_everything: Vec::new(),
            cluster_admin: None,
            secrets: snapshot.objects().of(),
            machines: Vec::new(),
            machine_no: HashMap::new(),
            pods_on: Vec::new(),
            pods: snapshot.objects().of(),
            workloads: HashMap::new(),
            all_workloads: snapshot.objects().of(),
            pods_of: Vec::new(),
            workloads_of: Vec::new(),
            daemon_sets: Vec::new(),
            is_of_azure: false,
            admissions: Admissions::default(),
            controllers: Controllers::default(),
        };
        for namespace in snapshot.namespaces() {
            index.add_namespace(&namespace.name);
        }
        let accounts = snapshot.objects().of::<ServiceAccount>();
        for account in accounts {
            index.add_account(&account.namespace, &account.name, Existence::There);
        }
        for pod in index.pods {
            index.add_namespace(&pod.namespace);
        }
        for workload in snapshot.objects().of::<Workload>() {
            let namespace = index.add_namespace(&workload.namespace);
            let key = (workload.value.kind, namespace);
            index.workloads.entry(key).or_default().push(&workload.name);
        }
        for secret in index.secrets {
            index.add_namespace(&secret.namespace);
        }
        for role in snapshot.all_roles() {
            if role.kind == RoleKind::Role {
                index.add_namespace(&role.namespace);
            }
        }
        for binding in snapshot.all_bindings() {
            if binding.kind == BindingKind::RoleBinding {
                index.add_namespace(&binding.namespace);
            }
        }
        index.add_roles();
        for name in 0..index.namespaces.len() {
            let namespace = index.namespaces[name];
            index.add_account(namespace, DEFAULT_SERVICE_ACCOUNT, Existence::There);
        }
        index.add_subjects(snapshot);
        index.add_machines(snapshot);
        index.add_running();
        index.controllers = Controllers::new(&index.accounts);
        index.admissions = Admissions::new(snapshot, &index.namespaces);
        let roles = snapshot.all_roles().iter();
        let there = roles.map(|role| (role.value.kind, &*role.namespace));
        let absent = index.absent_roles.iter();
        let absent = absent.map(|role| (role.kind, &*role.namespace));
        let areas = there.chain(absent);
        index.role_areas = areas
            .map(|(kind, namespace)| index.area_of_role(kind, namespace))
            .collect();
        index
    }

    fn add_running(&mut self) {
        let count = self.namespaces.len();
        let by_namespace = |names: &mut dyn Iterator<Item = &str>| {
            let mut lists = vec![Vec::new(); count];
            for (number, name) in (0..).zip(names) {
                if let Some(&namespace) = self.namespace_no.get(name) {
                    lists[namespace as usize].push(number);
                }
            }
            lists
        };
        let pods = by_namespace(&mut self.pods.iter().map(|pod| &*pod.namespace));
        let workloads = self.all_workloads.iter();
        let workloads = by_namespace(&mut workloads.map(|workload| &*workload.namespace));
        self.pods_of = pods;
        self.workloads_of = workloads;
        let workloads = (0..).zip(self.all_workloads);
        let daemons = workloads.filter(|(_, one)| one.value.kind == WorkloadKind::DaemonSet);
        self.daemon_sets = daemons.map(|(number, _)| number).collect();
    }

    fn in_area(lists: &[Vec<u32>], area: Area) -> impl Iterator<Item = u32> + '_ {
        let namespaces = match area {
            Area::Namespace(one) => one as usize..one as usize + 1,
            Area::Cluster | Area::EveryNamespace => 0..lists.len(),
        };
        lists[namespaces].iter().flatten().copied()
    }

    /// The number of a Node that the input has or that a pod names.
    pub(super) fn machine(&self, name: &str) -> Option<u32> {
        self.machine_no.get(name).copied()
    }

    /// The Node that a number is, where the input has it.
    pub(super) fn node(&self, machine: u32) -> Option<&'s crate::kube::Node> {
        let nodes = self.rbac.snapshot().objects().of::<crate::kube::Node>();
        let name = self.machines.get(machine as usize)?;
        let at = nodes.binary_search_by(|node| (*node.name).cmp(name));
        at.ok().map(|at| &nodes[at].value)
    }

    /// The numbers of the pods of an area.
    pub(super) fn pods_in(&self, area: Area) -> impl Iterator<Item = u32> + '_ {
        Self::in_area(&self.pods_of, area)
    }

    /// The numbers of the workloads of an area.
    pub(super) fn all_workloads_in(&self, area: Area) -> impl Iterator<Item = u32> + '_ {
        Self::in_area(&self.workloads_of, area)
    }

    fn add_namespace(&mut self, name: &'s str) -> u32 {
        let PathIndex {
            namespaces,
            namespace_no,
            accounts_of,
            ..
        } = self;
        *namespace_no.entry(name).or_insert_with(|| {
            namespaces.push(name);
            accounts_of.push(Vec::new());
            narrow(namespaces.len() - 1)
        })
    }

    fn add_account(&mut self, namespace: &'s str, name: &'s str, existence: Existence) -> u32 {
        let namespace = self.add_namespace(namespace);
        let next = narrow(self.accounts.len());
        let number = *self.account_no.entry((namespace, name)).or_insert(next);
        if number == next {
            self.accounts.push(Account {
                namespace,
                name,
                existence,
            });
            self.accounts_of[namespace as usize].push(number);
        }
        number
    }

    fn add_roles(&mut self) {
        let snapshot = self.rbac.snapshot();
        let everything = Attributes::from(ResourceAttributes {
            group: "*".into(),
            ..ResourceAttributes::new("*", "*")
        });
        let everything = self.rbac.compile(&everything);
        for role in snapshot.roles() {
            let gives = self.rbac.allowing_rules(role, &everything).next().is_some();
            self.gives_everything.push(gives);
            let is_better = |known: RoleNo| {
                snapshot.role(RoleId(known.0 as usize)).name != "cluster-admin"
                    && snapshot.role(role).name == "cluster-admin"
            };
            if gives
                && snapshot.role(role).kind == RoleKind::ClusterRole
                && self.cluster_admin.is_none_or(is_better)
            {
                self.cluster_admin = Some(RoleNo(narrow(role.index())));
            }
        }
    }

    fn add_subjects(&mut self, snapshot: &'s Snapshot) {
        let mut users = std::collections::BTreeSet::new();
        let mut groups = std::collections::BTreeSet::new();
        let mut absent = std::collections::BTreeSet::new();
        let mut ghosts: Vec<(&'s str, &'s str)> = Vec::new();
        for id in snapshot.bindings() {
            let binding: &'s Binding = &snapshot.binding(id).value;
            if self.rbac.role_of(id).is_none() {
                absent.insert(role_name(binding));
            }
            for subject in &binding.subjects {
                let name = &*subject.name;
                match subject.kind {
                    SubjectKind::Group => {
                        groups.insert(name);
                    }
                    SubjectKind::ServiceAccount => {
                        ghosts.push((subject.namespace_in(binding), name));
                    }
                    SubjectKind::User => match split_service_account(name) {
                        Some(account) => ghosts.push(account),
                        None => {
                            users.insert(name);
                        }
                    },
                }
            }
        }
        let namespaces = snapshot.namespaces();
        let is_listed = |wanted: &str| namespaces.iter().any(|known| *known.name == *wanted);
        let knows_namespaces = is_listed("kube-system") && is_listed(DEFAULT_SERVICE_ACCOUNT);
        let listed: hashbrown::HashSet<&str> =
            namespaces.iter().map(|known| &*known.name).collect();
        for (namespace, name) in ghosts {
            let lacks = snapshot.lacks_service_account(namespace, name);
            let existence = match knows_namespaces && !listed.contains(namespace) {
                true => Existence::Nowhere,
                false if lacks => Existence::Absent,
                false => Existence::Unknown,
            };
            self.add_account(namespace, name, existence);
        }
        self.users = users.into_iter().collect();
        self.groups = groups.into_iter().collect();
        self.absent_roles = absent.into_iter().collect();
    }

    fn add_machines(&mut self, snapshot: &'s Snapshot) {
        for node in snapshot.objects().of::<crate::kube::Node>() {
            self.is_of_azure |= super::nodes::is_of_azure(node);
            self.add_machine(&node.name);
        }
        for (number, pod) in (0..).zip(self.pods) {
            let node = pod.spec.node_name.as_deref();
            if let Some(node) = node.filter(|name| !name.is_empty()) {
                let at = self.add_machine(node);
                self.pods_on[at as usize].push(number);
            }
        }
    }

    fn add_machine(&mut self, name: &'s str) -> u32 {
        let PathIndex {
            machines,
            machine_no,
            pods_on,
            ..
        } = self;
        *machine_no.entry(name).or_insert_with(|| {
            machines.push(name);
            pods_on.push(Vec::new());
            narrow(machines.len() - 1)
        })
    }

    /// The number of a namespace that the input names.
    pub(super) fn namespace(&self, name: &str) -> Option<u32> {
        self.namespace_no.get(name).copied()
    }

    pub(super) fn account(&self, namespace: u32, name: &str) -> Option<u32> {
        self.account_no.get(&(namespace, name)).copied()
    }

    /// The accounts of an area.
    pub(super) fn accounts_in(&self, area: Area) -> impl Iterator<Item = u32> + '_ {
        Self::in_area(&self.accounts_of, area)
    }

    /// An account as it asks: with the groups that Kubernetes puts it into.
    pub(super) fn account_user(&self, account: u32) -> UserInfo {
        let account = &self.accounts[account as usize];
        let namespace = self.namespaces[account.namespace as usize];
        UserInfo::new(
            service_account_name(namespace, account.name),
            [
                SERVICE_ACCOUNTS.to_owned(),
                format!("{SERVICE_ACCOUNTS}:{namespace}"),
                AUTHENTICATED.to_owned(),
            ],
        )
    }

    /// The workloads of a kind in an area.
    pub(super) fn workloads_in(
        &self,
        kind: WorkloadKind,
        area: Area,
    ) -> impl Iterator<Item = &'s str> + '_ {
        let namespaces = match area {
            Area::Namespace(one) => one..one + 1,
            Area::Cluster | Area::EveryNamespace => 0..narrow(self.namespaces.len()),
        };
        let lists = namespaces.filter_map(move |namespace| self.workloads.get(&(kind, namespace)));
        lists.flatten().copied()
    }

    /// The numbers of the Secrets of an area.
    pub(super) fn secrets_in(&self, area: Area) -> std::ops::Range<usize> {
        match area {
            Area::Cluster | Area::EveryNamespace => 0..self.secrets.len(),
            Area::Namespace(one) => {
                let namespace = self.namespaces[one as usize];
                let begin = self
                    .secrets
                    .partition_point(|one| *one.namespace < *namespace);
                let of = self.secrets[begin..].partition_point(|one| *one.namespace == *namespace);
                begin..begin + of
            }
        }
    }

    /// The groups that bindings name and that a certificate may carry.
    pub(super) fn certified_groups(&self) -> impl Iterator<Item = &'s str> + '_ {
        let groups = self.groups.iter().copied();
        groups.filter(|&group| group != MASTERS)
    }

    /// The rights that bindings give someone.
    pub(super) fn rights(&self, user: &UserInfo) -> Vec<Right> {
        let snapshot = self.rbac.snapshot();
        let applied = self.rbac.applied_anywhere(user).into_iter();
        let mut rights: Vec<Right> = applied
            .filter_map(|applied| {
                let binding = snapshot.binding(applied.binding);
                let area = match binding.kind {
                    BindingKind::ClusterRoleBinding => Area::Cluster,
                    BindingKind::RoleBinding => {
                        Area::Namespace(self.namespace(&binding.namespace)?)
                    }
                };
                let role = match applied.role {
                    Some(role) => RoleNo(narrow(role.index())),
                    None => self.absent_role(&role_name(binding))?,
                };
                let by = RightBy::Binding(applied.binding, narrow(applied.subject));
                Some(Right { area, role, by })
            })
            .collect();
        rights.sort_unstable();
        rights.dedup();
        rights
    }

    /// The number of a role that bindings name and that isn't there.
    fn absent_role(&self, name: &RoleName) -> Option<RoleNo> {
        let at = self.absent_roles.binary_search(name).ok()?;
        Some(RoleNo(narrow(self.gives_everything.len() + at)))
    }

    /// The number of a role that is there, or that bindings name.
    pub(super) fn role_named(&self, name: &RoleName) -> Option<RoleNo> {
        if name.is_made {
            return None;
        }
        let snapshot = self.rbac.snapshot();
        match snapshot.find_role(name.kind, &name.namespace, &name.name) {
            Some(role) => Some(RoleNo(narrow(role.index()))),
            None => self.absent_role(name),
        }
    }

    /// What names a role that is there, or that bindings name.
    pub(super) fn name_of_role(&self, role: RoleNo) -> RoleName {
        let at = (role.0 as usize).saturating_sub(self.gives_everything.len());
        match (self.role_id(role), self.absent_roles.get(at)) {
            (None, Some(absent)) => absent.clone(),
            (id, _) => {
                let role = id.map(|id| self.rbac.snapshot().role(id));
                RoleName {
                    kind: role.map_or(RoleKind::ClusterRole, |role| role.value.kind),
                    namespace: role.map_or_else(String::new, |role| role.namespace.to_string()),
                    name: role.map_or_else(String::new, |role| role.name.to_string()),
                    is_made: false,
                }
            }
        }
    }

    /// How many roles there are, and that bindings name.
    pub(super) fn roles(&self) -> usize {
        self.gives_everything.len() + self.absent_roles.len()
    }

    /// Where a role of a kind and namespace is written: an empty namespace of a Role stands for any.
    pub(super) fn area_of_role(&self, kind: RoleKind, namespace: &str) -> Area {
        match (kind, self.namespace(namespace)) {
            (RoleKind::ClusterRole, _) => Area::Cluster,
            (RoleKind::Role, Some(namespace)) => Area::Namespace(namespace),
            (RoleKind::Role, None) => Area::EveryNamespace,
        }
    }

    /// The same of a role that is there, or that bindings name.
    pub(super) fn role_area(&self, role: RoleNo) -> Option<Area> {
        self.role_areas.get(role.0 as usize).copied()
    }

    /// The role of the snapshot that a number is.
    pub(super) fn role_id(&self, role: RoleNo) -> Option<RoleId> {
        let number = role.0 as usize;
        (number < self.gives_everything.len()).then_some(RoleId(number))
    }

    /// Whether a role gives every verb on everything.
    pub(super) fn gives_everything(&self, role: RoleNo) -> bool {
        role == RoleNo::EVERYTHING
            || self
                .gives_everything
                .get(role.0 as usize)
                .copied()
                .unwrap_or(false)
    }
}

/// The role that a binding names.
pub(super) fn role_name(binding: &Binding) -> RoleName {
    let kind = binding.role_ref.kind;
    RoleName {
        kind,
        namespace: match kind {
            RoleKind::ClusterRole => String::new(),
            RoleKind::Role => binding.namespace.to_string(),
        },
        name: binding.role_ref.name.to_string(),
        is_made: false,
    }
}

/// Numbers of objects of one snapshot, which holds fewer than 2³² of each.
pub(super) fn narrow(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

//! A path as it is told: its hops, what each rests on, and where that is written.

use std::fmt;

use crate::authn::UserInfo;
use crate::authz::ResourceAttributes;
use crate::authz::rbac::Grant;
use crate::cluster::BindingId;
use crate::kube::{Extent, RoleKind};
use crate::object::ObjectRef;
use crate::text::Span;

use super::edge::EdgeId;
use super::goal::Goal;
use super::index::{PathIndex, RoleName};
use super::model::{Area, Certainty, Ground, PathNode, Right, RightBy, RoleNo};
use super::search::{Arrival, Search, premises};
use super::sink::Sink;

/// A way from someone to a goal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FoundPath {
    /// What is reached.
    pub goal: Goal,
    /// The least sure step's.
    pub certainty: Certainty,
    /// The steps, in an order in which they can be taken. None where the goal is held from the start.
    pub hops: Vec<Hop>,
    /// What makes the goal of what was held at the end, or from the start: the grants of everything.
    pub owned_by: Vec<Grant>,
}

/// A step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hop {
    /// Of which kind.
    pub edge: EdgeId,
    /// How sure it is.
    pub certainty: Certainty,
    /// Who takes it.
    pub from: PathEnd,
    /// What it gives.
    pub to: PathEnd,
    /// The requests that are made.
    pub requests: Vec<HopRequest>,
    /// The objects of the input that it rests on, besides roles and bindings, and where they stand.
    pub evidence: Vec<(ObjectRef, Option<Span>)>,
}

/// A request of a step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HopRequest {
    /// Who makes it.
    pub by: PathEnd,
    /// What is asked; nothing where a role is only had.
    pub asked: Option<ResourceAttributes>,
    /// Where it may be asked.
    pub area: PathArea,
    /// What allows it, or by what the role is had; nothing where a step before gave it.
    pub grant: Option<Grant>,
    /// The binding and the number of its subject, where the role itself was given its rules by a step.
    pub through: Option<(BindingId, usize)>,
    /// The step before that gave it.
    pub given_by: Option<PathEnd>,
}

/// Where a right holds.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum PathArea {
    /// In all of the cluster, what is of no namespace included.
    Cluster,
    /// In every namespace, but not on what is of none.
    EveryNamespace,
    /// In a namespace.
    Namespace(String),
}

impl PathArea {
    /// The namespace, if it is one.
    pub fn namespace(&self) -> Option<&str> {
        match self {
            PathArea::Namespace(namespace) => Some(namespace),
            PathArea::Cluster | PathArea::EveryNamespace => None,
        }
    }
}

impl fmt::Display for PathArea {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            PathArea::Cluster => f.write_str("cluster-wide"),
            PathArea::EveryNamespace => f.write_str("every namespace"),
            PathArea::Namespace(namespace) => write!(f, "namespace {namespace}"),
        }
    }
}

/// What is held or reached, by name.
///
/// It is written as the command line takes it, where it takes it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum PathEnd {
    /// A user.
    User(String),
    /// Someone in a group.
    Group(String),
    /// A user with groups.
    Member(String, Vec<String>),
    /// A ServiceAccount, by namespace and name.
    Account(String, String),
    /// Every ServiceAccount, of a namespace or of all.
    Accounts(PathArea),
    /// Every user that a binding names.
    Users,
    /// Anyone but `system:masters`.
    Anyone,
    /// A role in a scope, for all who are held.
    Role(ObjectRef, PathArea),
    /// A role that wasn't there, without rules.
    NewRole(ObjectRef),
    /// That a role gives what another does.
    Rules(ObjectRef, ObjectRef),
    /// That a role gives everything.
    AllRules(ObjectRef),
    /// Everything in a namespace.
    Admin(String),
    /// Everything in every namespace.
    AdminOfAll,
    /// Everything.
    ClusterAdmin,
    /// Membership in `system:masters`.
    Masters,
    /// A Node.
    Node(String),
    /// A Node of choice.
    AnyNode,
    /// Root on a Node.
    Host(String),
    /// Root on a Node of choice.
    AnyHost,
    /// A Pod, by namespace and name.
    Pod(String, String),
    /// Any Pod, of a namespace or of all.
    Pods(PathArea),
    /// A Pod of a workload.
    PodOf(ObjectRef),
    /// What is reached, and from which no step goes on.
    Reach(&'static str),
    /// What is sent to Services, of a namespace or of all.
    Traffic(PathArea),
    /// What a Secret signs in to elsewhere, by namespace and name.
    Elsewhere(String, String),
    /// A Secret, by namespace and name.
    Secret(String, String),
    /// Every Secret, of a namespace or of all.
    Secrets(PathArea),
}

impl fmt::Display for PathEnd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let of = |area: &PathArea| area.namespace().map_or("*", |name| name).to_owned();
        match self {
            PathEnd::User(name) => write!(f, "user:{name}"),
            PathEnd::Group(name) => write!(f, "group:{name}"),
            PathEnd::Member(name, groups) => write!(f, "user:{name} (in {})", groups.join(", ")),
            PathEnd::Account(namespace, name) => write!(f, "sa:{namespace}/{name}"),
            PathEnd::Accounts(scope) => write!(f, "sa:{}/*", of(scope)),
            PathEnd::Users => f.write_str("user:*"),
            PathEnd::Anyone => f.write_str("anyone but system:masters"),
            PathEnd::Role(role, scope) => write!(f, "{role}, {scope}"),
            PathEnd::NewRole(role) => write!(f, "{role}, made without rules"),
            PathEnd::Rules(role, other) => write!(f, "{role} with the rules of {other}"),
            PathEnd::AllRules(role) => write!(f, "{role} with every right"),
            PathEnd::Admin(namespace) => write!(f, "admin:{namespace}"),
            PathEnd::AdminOfAll => f.write_str("admin:*"),
            PathEnd::ClusterAdmin => f.write_str("cluster-admin"),
            PathEnd::Masters => f.write_str("system:masters"),
            PathEnd::Node(name) => write!(f, "node:{name}"),
            PathEnd::AnyNode => f.write_str("node:*"),
            PathEnd::Host(name) => write!(f, "root on node:{name}"),
            PathEnd::AnyHost => f.write_str("root on node:*"),
            PathEnd::Pod(namespace, name) => write!(f, "pod:{namespace}/{name}"),
            PathEnd::Pods(scope) => write!(f, "pod:{}/*", of(scope)),
            PathEnd::PodOf(workload) => write!(f, "a pod of {workload}"),
            PathEnd::Reach(what) => f.write_str(what),
            PathEnd::Traffic(scope) => write!(f, "traffic of Services, {scope}"),
            PathEnd::Elsewhere(namespace, name) => {
                write!(f, "what secret:{namespace}/{name} signs in to")
            }
            PathEnd::Secret(namespace, name) => write!(f, "secret:{namespace}/{name}"),
            PathEnd::Secrets(scope) => write!(f, "secret:{}/*", of(scope)),
        }
    }
}

impl PathEnd {
    /// Where a request goes that is made to reach this.
    fn namespace(&self) -> Option<&str> {
        match self {
            PathEnd::Account(namespace, _)
            | PathEnd::Secret(namespace, _)
            | PathEnd::Pod(namespace, _)
            | PathEnd::Admin(namespace) => Some(namespace),
            PathEnd::Accounts(scope)
            | PathEnd::Secrets(scope)
            | PathEnd::Pods(scope)
            | PathEnd::Traffic(scope)
            | PathEnd::Role(_, scope) => scope.namespace(),
            _ => None,
        }
    }

    /// The name of what a request is for that reaches this.
    fn name(&self) -> Option<&str> {
        match self {
            PathEnd::Account(_, name) | PathEnd::Secret(_, name) | PathEnd::Pod(_, name) => {
                Some(name)
            }
            _ => None,
        }
    }
}

/// Someone who asks, as the end of a path.
pub(super) fn end_of_user(user: &UserInfo) -> PathEnd {
    if let Some((namespace, name)) = crate::authn::split_service_account(&user.name) {
        return PathEnd::Account(namespace.to_owned(), name.to_owned());
    }
    let groups: Vec<String> = user
        .groups
        .iter()
        .filter(|group| !crate::authn::is_group_of_everyone(group))
        .cloned()
        .collect();
    match (&*user.name, &*groups) {
        ("", [group]) => PathEnd::Group(group.clone()),
        ("", []) => PathEnd::Group(crate::authn::AUTHENTICATED.to_owned()),
        (name, []) => PathEnd::User(name.to_owned()),
        (name, groups) => PathEnd::Member(name.to_owned(), groups.to_vec()),
    }
}

fn named_area(index: &PathIndex<'_>, area: Area) -> PathArea {
    match area {
        Area::Namespace(one) => PathArea::Namespace(index.namespaces[one as usize].to_owned()),
        Area::EveryNamespace => PathArea::EveryNamespace,
        Area::Cluster => PathArea::Cluster,
    }
}

fn role_ref(name: RoleName) -> ObjectRef {
    let called = match name.name == super::bindings::NEW {
        true => "of any name".to_owned(),
        false => name.name,
    };
    let kind = match name.kind {
        RoleKind::ClusterRole => "ClusterRole",
        RoleKind::Role => "Role",
    };
    ObjectRef::new(kind, name.namespace, called)
}

impl Search<'_> {
    /// A node of the search by name.
    pub(super) fn end(&self, node: PathNode) -> PathEnd {
        let index = self.index;
        match node {
            PathNode::Identity(identity, _) => end_of_user(&self.user(identity)),
            PathNode::Accounts(area) | PathNode::ImpersonatedAccounts(area) => {
                PathEnd::Accounts(named_area(index, area))
            }
            PathNode::ImpersonatedUsers => PathEnd::Users,
            PathNode::Anyone => PathEnd::Anyone,
            PathNode::Right(role, area) => {
                PathEnd::Role(role_ref(self.role_name(role)), named_area(index, area))
            }
            PathNode::Everything(Area::Cluster) => PathEnd::ClusterAdmin,
            PathNode::Everything(Area::EveryNamespace) => PathEnd::AdminOfAll,
            PathNode::Everything(Area::Namespace(one)) => {
                PathEnd::Admin(index.namespaces[one as usize].to_owned())
            }
            PathNode::Masters => PathEnd::Masters,
            PathNode::Made(role) => PathEnd::NewRole(role_ref(self.role_name(role))),
            PathNode::Gain(role, RoleNo::EVERYTHING) => {
                PathEnd::AllRules(role_ref(self.role_name(role)))
            }
            PathNode::Gain(role, gained) => PathEnd::Rules(
                role_ref(self.role_name(role)),
                role_ref(self.role_name(gained)),
            ),
            PathNode::Machine(machine) => {
                PathEnd::Node(index.machines[machine as usize].to_owned())
            }
            PathNode::Machines => PathEnd::AnyNode,
            PathNode::Secret(secret) => {
                let secret = &index.secrets[secret as usize];
                PathEnd::Secret(secret.namespace.to_string(), secret.name.to_string())
            }
            PathNode::Secrets(area) => PathEnd::Secrets(named_area(index, area)),
            PathNode::Host(machine) => PathEnd::Host(index.machines[machine as usize].to_owned()),
            PathNode::Hosts => PathEnd::AnyHost,
            PathNode::Pod(pod) => {
                let pod = &index.pods[pod as usize];
                PathEnd::Pod(pod.namespace.to_string(), pod.name.to_string())
            }
            PathNode::Pods(area) => PathEnd::Pods(named_area(index, area)),
            PathNode::Workload(workload) => {
                let workload = &index.all_workloads[workload as usize];
                let kind = workload.value.kind.as_str();
                let namespace = workload.namespace.clone();
                PathEnd::PodOf(ObjectRef::new(kind, namespace, workload.name.clone()))
            }
            PathNode::Sink(sink) => self.end_of_sink(sink),
        }
    }

    fn end_of_sink(&self, sink: Sink) -> PathEnd {
        let index = self.index;
        PathEnd::Reach(match sink {
            Sink::Traffic(area) => return PathEnd::Traffic(named_area(index, area)),
            Sink::Elsewhere(secret) => {
                let secret = &index.secrets[secret as usize];
                let namespace = secret.namespace.to_string();
                return PathEnd::Elsewhere(namespace, secret.name.to_string());
            }
            Sink::SomeRequests => "some requests of others",
            Sink::Attributes => "attributes that other authorizers read",
            Sink::MachineIdentities => "the cloud's identities of the node",
            Sink::Kubelets => "logs and specs of the pods of nodes",
            Sink::Policies => "what policies are asked about",
            Sink::Requests => "requests to an API group",
            Sink::Conversions => "objects of a type, as stored and read",
            Sink::Names => "traffic to names",
            Sink::Trust => "whom others trust",
        })
    }

    /// The way to a goal, if it is reached.
    pub(super) fn path(&self, goal: &Goal) -> Option<FoundPath> {
        let nodes = goal.nodes(self.index);
        let reached = nodes.into_iter().filter(|&node| self.has(node));
        let node = reached.min_by_key(|&node| {
            let found = self.found(node);
            (found.map(|found| found.certainty), self.count(node))
        })?;
        let mut order = Vec::new();
        self.premises_first(node, &mut order);
        let hops: Vec<Hop> = order
            .iter()
            .filter(|&&step| self.is_told(step, &order, node))
            .filter_map(|&step| self.hop(step))
            .collect();
        let owned_by = order.iter().filter_map(|&step| self.found(step));
        let owned_by = owned_by
            .filter(|found| matches!(found.edge, Some(EdgeId::Everything | EdgeId::EverythingNs)))
            .flat_map(|found| &found.grounds)
            .filter_map(|ground| match ground {
                Ground::Has { right, .. } => self.grant(*right, None),
                _ => None,
            });
        Some(FoundPath {
            goal: goal.clone(),
            certainty: self.found(node)?.certainty,
            owned_by: owned_by.collect(),
            hops,
        })
    }

    /// How many hops it takes to a node.
    fn count(&self, node: PathNode) -> usize {
        let mut order = Vec::new();
        self.premises_first(node, &mut order);
        let is_told = |&&step: &&PathNode| self.is_told(step, &order, node);
        order.iter().filter(is_told).count()
    }

    /// A node and all that it rests on, each after what it rests on itself.
    fn premises_first(&self, node: PathNode, order: &mut Vec<PathNode>) {
        let mut pending = vec![(node, false)];
        let mut seen = hashbrown::HashSet::new();
        while let Some((node, is_ready)) = pending.pop() {
            if is_ready {
                order.push(node);
            } else if seen.insert(node)
                && let Some(found) = self.found(node)
            {
                pending.push((node, true));
                let before: Vec<PathNode> = premises(&found.grounds).collect();
                pending.extend(before.into_iter().rev().map(|node| (node, false)));
            }
        }
    }

    /// Whether a node of a path is a hop of its own: a class is told by its member, and that someone who has
    /// everything is an admin is no step.
    fn is_told(&self, step: PathNode, order: &[PathNode], goal: PathNode) -> bool {
        let Some(found) = self.found(step) else {
            return false;
        };
        let is_class = |class: PathNode| {
            step != goal
                && order.iter().all(|&other| {
                    let uses = |found: &Arrival| premises(&found.grounds).any(|node| node == class);
                    let found = self.found(other).filter(|found| uses(found));
                    found.is_none_or(|found| found.edge.is_none())
                })
        };
        match found.edge {
            Some(EdgeId::Everything | EdgeId::EverythingNs | EdgeId::Masters) => false,
            Some(_) => !is_class(step),
            // A member is a hop by the class's step; one of a class that is a hop itself isn't.
            None => matches!(&*found.grounds, [Ground::Node(_)]),
        }
    }

    fn hop(&self, step: PathNode) -> Option<Hop> {
        let found = self.found(step)?;
        let mut by = found;
        while by.edge.is_none() {
            let [Ground::Node(class)] = &*by.grounds else {
                return None;
            };
            by = self.found(*class)?;
        }
        let to = self.end(step);
        let edge = by.edge?;
        let from = premises(&by.grounds).next().map(|node| self.end(node))?;
        let requests = by.grounds.iter().filter_map(|ground| match ground {
            Ground::Request {
                who,
                power,
                right,
                rule,
                area,
                name,
            } => {
                let request = power.request();
                let namespace = match (request.extent, area) {
                    (Extent::Cluster, _) => String::new(),
                    (Extent::Namespaced, Area::Namespace(one)) => {
                        self.index.namespaces[*one as usize].to_owned()
                    }
                    (Extent::Namespaced, _) => to.namespace().unwrap_or_default().to_owned(),
                };
                let name = match (name, edge) {
                    (Some(name), _) => name.to_string(),
                    (None, EdgeId::Token | EdgeId::ImpersonateSa | EdgeId::SecretRead) => {
                        to.name().unwrap_or_default().to_owned()
                    }
                    (None, _) => String::new(),
                };
                let asked_in = match (request.extent, &*namespace) {
                    (Extent::Cluster, _) => PathArea::Cluster,
                    (Extent::Namespaced, "") => PathArea::EveryNamespace,
                    (Extent::Namespaced, one) => PathArea::Namespace(one.to_owned()),
                };
                let asked = request.attributes(&namespace, &name);
                Some(self.request(*who, Some((asked, asked_in)), *right, Some(*rule)))
            }
            Ground::Has { who, right } => Some(self.request(*who, None, *right, None)),
            Ground::Node(_) => None,
        });
        Some(Hop {
            edge,
            certainty: edge.certainty().max(match step == by_node(found, step) {
                true => Certainty::Definite,
                false => found.certainty,
            }),
            from,
            requests: requests.collect(),
            evidence: self.evidence(step, edge),
            to,
        })
    }

    fn request(
        &self,
        who: PathNode,
        asked: Option<(ResourceAttributes, PathArea)>,
        right: Right,
        rule: Option<u32>,
    ) -> HopRequest {
        let (through, given_by) = match right.by {
            RightBy::Binding(..) => (None, None),
            RightBy::Step(node) | RightBy::Steps(node, _) => (None, Some(node)),
            RightBy::Rewritten(binding, subject, node) => {
                (Some((binding, subject as usize)), Some(node))
            }
        };
        let (asked, area) = match asked {
            Some((asked, area)) => (Some(asked), area),
            None => (None, named_area(self.index, right.area)),
        };
        HopRequest {
            by: self.end(who),
            asked,
            area,
            grant: self.grant(right, rule),
            through,
            given_by: given_by.map(|node| self.end(node)),
        }
    }

    /// The grant that a right is, by a rule or as a whole (rule 0).
    fn grant(&self, right: Right, rule: Option<u32>) -> Option<Grant> {
        let RightBy::Binding(binding, subject) = right.by else {
            return None;
        };
        Some(Grant {
            binding,
            subject: subject as usize,
            role: self.index.role_id(right.role)?,
            rule: rule.unwrap_or(0) as usize,
        })
    }

    /// The objects of the input that a step rests on.
    fn evidence(&self, step: PathNode, edge: EdgeId) -> Vec<(ObjectRef, Option<Span>)> {
        let index = self.index;
        let snapshot = index.rbac.snapshot();
        let mut evidence = Vec::new();
        match self.end(step) {
            PathEnd::Account(namespace, name) if edge != EdgeId::ImpersonateSa => {
                let accounts = snapshot.objects().of::<crate::kube::ServiceAccount>();
                let found = accounts
                    .iter()
                    .find(|account| *account.namespace == *namespace && *account.name == *name);
                if let Some(account) = found {
                    let object = ObjectRef::new("ServiceAccount", namespace, name);
                    evidence.push((object, Some(account.span)));
                }
            }
            PathEnd::Secret(namespace, name) => {
                if let PathNode::Secret(secret) = step {
                    let span = index.secrets[secret as usize].span;
                    evidence.push((ObjectRef::new("Secret", namespace, name), Some(span)));
                }
            }
            _ => {}
        }
        evidence
    }
}

fn by_node(found: &Arrival, step: PathNode) -> PathNode {
    match &*found.grounds {
        [Ground::Node(class)] if found.edge.is_none() => *class,
        _ => step,
    }
}

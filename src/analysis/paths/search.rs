//! The search: all that is held, round by round, until nothing more is.
//!
//! Surer steps come first: those that need no more than the input are followed to their end before any that
//! needs a state of the cluster, and so on. Within one certainty a round takes all steps that what was
//! held before allows, so that what is found first is found by the fewest rounds.

use std::collections::BTreeSet;

use hashbrown::hash_map::Entry;
use hashbrown::{HashMap, HashSet};

use crate::authn::UserInfo;
use crate::kube::RoleKind;

use super::edge::{EdgeId, EdgeSet};
use super::haves::{AreaView, Haves};
use super::index::{Existence, PathIndex, RoleName, narrow};
use super::model::{Area, Certainty, Ground, Hold, IdentityNo, PathNode, Right, RightBy, RoleNo};
use super::steps::{Half, HalfKind};

/// How something was reached.
#[derive(Debug, Clone)]
pub(super) struct Arrival {
    /// The step; none for what was held from the start, and for a member of a class.
    pub(super) edge: Option<EdgeId>,
    /// That of the whole way up to here.
    pub(super) certainty: Certainty,
    pub(super) grounds: Vec<Ground>,
}

/// One who is held.
#[derive(Debug, Default)]
pub(super) struct Member {
    pub(super) node: PathNode,
    pub(super) hold: Hold,
    /// What bindings of the input give.
    bound: Vec<Right>,
    /// The same with what steps added.
    pub(super) rights: Vec<Right>,
    pub(super) haves: Haves,
    /// Whether the rights changed since they were looked at.
    is_stale: bool,
}

/// A search from one start.
#[derive(Debug)]
pub(super) struct Search<'i> {
    pub(super) index: &'i PathIndex<'i>,
    edges: EdgeSet,
    limit: Certainty,
    people: Vec<UserInfo>,
    people_no: HashMap<UserInfo, u32>,
    more_roles: Vec<RoleName>,
    more_role_no: HashMap<RoleName, u32>,
    found: HashMap<PathNode, Arrival>,
    /// All that was reached, in the order in which it was.
    order: Vec<PathNode>,
    /// How much of the order has been opened.
    opened: usize,
    members: Vec<Member>,
    known_members: HashSet<PathNode>,
    /// The rights that all have by steps.
    pool: Vec<Right>,
    halves: HashMap<HalfKind, Vec<Half>>,
    known_halves: HashMap<(HalfKind, Area, Option<String>), usize>,
    gains: HashMap<RoleNo, Vec<RoleNo>>,
    /// The names of roles that rules of those who write roles list.
    listed_roles: BTreeSet<(RoleKind, Area, String)>,
    has_role_writers: bool,
    /// Whether all have to be looked at again.
    are_stale: bool,
    is_changed: bool,
}

impl<'i> Search<'i> {
    /// A search from someone, by some edges alone.
    pub(super) fn new(index: &'i PathIndex<'i>, edges: EdgeSet) -> Self {
        Search {
            index,
            edges,
            limit: Certainty::Definite,
            people: Vec::new(),
            people_no: HashMap::new(),
            more_roles: Vec::new(),
            more_role_no: HashMap::new(),
            found: HashMap::new(),
            order: Vec::new(),
            opened: 0,
            members: Vec::new(),
            known_members: HashSet::new(),
            pool: Vec::new(),
            halves: HashMap::new(),
            known_halves: HashMap::new(),
            gains: HashMap::new(),
            listed_roles: BTreeSet::new(),
            has_role_writers: false,
            are_stale: false,
            is_changed: false,
        }
    }

    /// Holds someone from the start.
    pub(super) fn start(&mut self, user: &UserInfo) -> PathNode {
        let node = match self.account_of(user) {
            Some(account) => self.account(account, Hold::Real),
            None => PathNode::Identity(self.identity(user.clone()), Hold::Real),
        };
        self.insert(node, None, Certainty::Definite, Vec::new());
        if user.is_privileged() {
            let grounds = vec![Ground::Node(node)];
            self.insert(
                PathNode::Masters,
                Some(EdgeId::Masters),
                Certainty::Definite,
                grounds,
            );
        }
        node
    }

    /// The account that a user is, if the groups are those that Kubernetes gives it.
    fn account_of(&self, user: &UserInfo) -> Option<u32> {
        let (namespace, name) = crate::authn::split_service_account(&user.name)?;
        let account = self.index.account(self.index.namespace(namespace)?, name)?;
        (self.index.account_user(account) == *user).then_some(account)
    }

    /// Follows all steps up to a certainty, or until a goal is reached.
    pub(super) fn run(&mut self, upto: Certainty, goal: Option<&[PathNode]>) {
        let is_done =
            |search: &Self| goal.is_some_and(|nodes| nodes.iter().any(|&node| search.has(node)));
        for level in Certainty::ALL.into_iter().filter(|&level| level <= upto) {
            self.limit = level;
            // What was refused below this level is looked for again.
            self.opened = 0;
            for member in &mut self.members {
                member.is_stale = true;
            }
            while !is_done(self) && self.round() {}
        }
    }

    /// One round; whether it reached anything.
    fn round(&mut self) -> bool {
        let before = self.order.len();
        // Classes bring their members at once.
        while self.opened < self.order.len() {
            let node = self.order[self.opened];
            self.opened += 1;
            self.open(node);
            self.enlist(node);
        }
        if self.has(PathNode::Everything(Area::Cluster)) {
            // All else follows from it, by whoever started.
            self.members.truncate(1);
        }
        if std::mem::take(&mut self.is_changed) {
            self.renew_rights();
        }
        let are_stale = std::mem::take(&mut self.are_stale);
        for at in 0..self.members.len() {
            if std::mem::take(&mut self.members[at].is_stale) || are_stale {
                self.look_everywhere(at);
            }
        }
        self.rewrite_roles();
        self.join();
        self.order.len() > before || self.opened < self.order.len() || self.are_stale
    }

    fn enlist(&mut self, node: PathNode) {
        match node {
            PathNode::Identity(identity, hold) => {
                let other = match hold {
                    // Whoever is held by a credential needs no impersonation.
                    Hold::Impersonated => Some(PathNode::Identity(identity, Hold::Real)),
                    Hold::Real => None,
                };
                let is_owner = self.has(PathNode::Everything(Area::Cluster));
                if is_owner && !self.members.is_empty() {
                    return;
                }
                let is_real_too = other.is_some_and(|other| self.has(other));
                if is_real_too || !self.known_members.insert(node) {
                    return;
                }
                let user = self.user(identity);
                let bound = self.index.rights(&user);
                for right in &bound {
                    if self.index.gives_everything(right.role) {
                        let edge = match right.area {
                            Area::Cluster => EdgeId::Everything,
                            Area::EveryNamespace | Area::Namespace(_) => EdgeId::EverythingNs,
                        };
                        let grounds = vec![Ground::Has {
                            who: node,
                            right: *right,
                        }];
                        self.reach(PathNode::Everything(right.area), edge, grounds);
                    }
                }
                self.members.push(Member {
                    node,
                    hold,
                    bound,
                    rights: Vec::new(),
                    haves: Haves::default(),
                    is_stale: true,
                });
                if let [first, _] = self.members.as_mut_slice() {
                    // There is someone now to hand on to.
                    first.is_stale = true;
                }
                let at = self.members.len() - 1;
                self.renew_member(at);
            }
            PathNode::Gain(role, gained) => {
                let gains = self.gains.entry(role).or_default();
                if !gains.contains(&gained) {
                    gains.push(gained);
                    self.is_changed = true;
                }
            }
            PathNode::Right(role, area) => self.share(role, area, node),
            PathNode::Everything(area) => self.share(RoleNo::EVERYTHING, area, node),
            PathNode::Made(_) => self.are_stale = true,
            _ => {}
        }
    }

    /// Adds a right that all have from now on.
    fn share(&mut self, role: RoleNo, area: Area, node: PathNode) {
        let right = Right {
            area,
            role,
            by: RightBy::Step(node),
        };
        // A level is opened anew.
        if !self.pool.contains(&right) {
            self.pool.push(right);
            self.is_changed = true;
        }
    }

    fn renew_rights(&mut self) {
        for at in 0..self.members.len() {
            self.renew_member(at);
        }
    }

    fn renew_member(&mut self, at: usize) {
        let held: Vec<Right> = self.members[at]
            .bound
            .iter()
            .chain(&self.pool)
            .copied()
            .collect();
        let mut rights = held.clone();
        for right in held {
            for &gained in self.gains.get(&right.role).into_iter().flatten() {
                let gain = PathNode::Gain(right.role, gained);
                rights.push(Right {
                    area: right.area,
                    role: gained,
                    by: match right.by {
                        RightBy::Binding(binding, subject) => {
                            RightBy::Rewritten(binding, subject, gain)
                        }
                        RightBy::Step(node) | RightBy::Steps(node, _) => RightBy::Steps(node, gain),
                        RightBy::Rewritten(..) => continue,
                    },
                });
            }
        }
        rights.sort_unstable();
        rights.dedup();
        let everything = rights
            .iter()
            .filter(|right| right.role == RoleNo::EVERYTHING);
        let everything: Vec<Right> = everything
            .filter(|right| matches!(right.by, RightBy::Rewritten(..) | RightBy::Steps(..)))
            .copied()
            .collect();
        let who = self.members[at].node;
        for right in everything {
            let edge = match right.area {
                Area::Cluster => EdgeId::Everything,
                Area::EveryNamespace | Area::Namespace(_) => EdgeId::EverythingNs,
            };
            let grounds = vec![Ground::Has { who, right }];
            self.reach(PathNode::Everything(right.area), edge, grounds);
        }
        let member = &mut self.members[at];
        if member.rights != rights || member.haves.is_empty() {
            member.haves = Haves::new(self.index, &rights);
            member.rights = rights;
            member.is_stale = true;
        }
    }

    /// What writers of roles make of the roles that someone who is held has.
    fn rewrite_roles(&mut self) {
        let mut reached: HashMap<RoleNo, Ground> = HashMap::new();
        for member in &self.members {
            for &right in &member.rights {
                if right.role != RoleNo::EVERYTHING {
                    reached.entry(right.role).or_insert(Ground::Has {
                        who: member.node,
                        right,
                    });
                }
            }
        }
        let mut reached: Vec<(RoleNo, Ground)> = reached.into_iter().collect();
        reached.sort_by_key(|(role, _)| *role);
        let index = self.index;
        let mut areas: Vec<Area> = Vec::new();
        for member in &self.members {
            areas.extend(member.haves.areas());
        }
        areas.sort_unstable();
        areas.dedup();
        for at in 0..self.members.len() {
            let writes = |view: &AreaView<'_>, kind| {
                let [create, update, patch, _] = super::steps::role_powers(kind);
                [create, update, patch]
                    .iter()
                    .any(|&power| view.any(power).is_some())
            };
            let member = self.take_member(at);
            for area in member.haves.areas() {
                let view = AreaView {
                    index,
                    haves: &member.haves,
                    who: member.node,
                    area,
                };
                let kind = match area {
                    Area::Cluster => RoleKind::ClusterRole,
                    Area::EveryNamespace | Area::Namespace(_) => RoleKind::Role,
                };
                if !writes(&view, kind) {
                    continue;
                }
                let powers = super::steps::role_powers(kind);
                let listed = view.listed(&powers).into_iter();
                self.listed_roles
                    .extend(listed.map(|name| (kind, area, name.to_owned())));
                if !std::mem::replace(&mut self.has_role_writers, true) {
                    self.are_stale = true;
                }
                self.make_roles(&view, kind, &areas);
                for (role, ground) in &reached {
                    let scope = self.role_area(*role);
                    let is_its = view.area.has(scope)
                        && (view.area == Area::Cluster) == (scope == Area::Cluster);
                    if is_its {
                        self.rewrite(&view, &member.rights, *role, ground);
                    }
                }
            }
            self.put_member(at, member);
        }
    }

    /// Adds what a step reaches, if its edge and its certainty are asked for.
    pub(super) fn reach(&mut self, node: PathNode, edge: EdgeId, grounds: Vec<Ground>) {
        self.reach_as(node, edge, edge.certainty(), grounds);
    }

    /// The same with a certainty of its own.
    pub(super) fn reach_as(
        &mut self,
        node: PathNode,
        edge: EdgeId,
        certainty: Certainty,
        grounds: Vec<Ground>,
    ) {
        if self.edges.has(edge) && certainty <= self.limit {
            self.insert(node, Some(edge), certainty, grounds);
        }
    }

    /// Adds a member of a class.
    pub(super) fn member_of(&mut self, node: PathNode, class: PathNode, certainty: Certainty) {
        if certainty <= self.limit {
            self.insert(node, None, certainty, vec![Ground::Node(class)]);
        }
    }

    /// Takes an account by a step that needs it to be there.
    pub(super) fn take_account(&mut self, account: u32, edge: EdgeId, grounds: &[Ground]) {
        self.take_account_as(account, edge, edge.certainty(), grounds);
    }

    /// The same with a certainty of its own.
    pub(super) fn take_account_as(
        &mut self,
        account: u32,
        edge: EdgeId,
        certainty: Certainty,
        grounds: &[Ground],
    ) {
        let certainty = match self.index.accounts[account as usize].existence {
            Existence::There => certainty,
            Existence::Unknown => certainty.max(Certainty::State),
            Existence::Absent | Existence::Nowhere => return,
        };
        let node = self.account(account, Hold::Real);
        self.reach_as(node, edge, certainty, grounds.to_vec());
    }

    fn insert(
        &mut self,
        node: PathNode,
        edge: Option<EdgeId>,
        certainty: Certainty,
        grounds: Vec<Ground>,
    ) {
        if self.found.contains_key(&node) {
            return;
        }
        let before = premises(&grounds).filter_map(|node| self.found.get(&node));
        let before = before.map(|found| found.certainty).max();
        let certainty = before.map_or(certainty, |before| before.max(certainty));
        let found = Arrival {
            edge,
            certainty,
            grounds,
        };
        self.found.insert(node, found);
        self.order.push(node);
    }

    pub(super) fn has(&self, node: PathNode) -> bool {
        self.found.contains_key(&node)
    }

    pub(super) fn found(&self, node: PathNode) -> Option<&Arrival> {
        self.found.get(&node)
    }

    /// All that was reached, in the order in which it was.
    pub(super) fn reached(&self) -> &[PathNode] {
        &self.order
    }

    /// Adds a half of a step of several.
    pub(super) fn half(
        &mut self,
        kind: HalfKind,
        view: &AreaView<'_>,
        name: Option<&str>,
        grounds: Vec<Ground>,
    ) {
        self.half_in(kind, view.area, name, grounds);
    }

    /// The same of an area that isn't the one that was looked at.
    pub(super) fn half_in(
        &mut self,
        kind: HalfKind,
        area: Area,
        name: Option<&str>,
        grounds: Vec<Ground>,
    ) {
        let name = name.map(str::to_owned);
        if let Entry::Vacant(entry) = self.known_halves.entry((kind, area, name.clone())) {
            let halves = self.halves.entry(kind).or_default();
            entry.insert(halves.len());
            halves.push(Half {
                area,
                name,
                grounds,
            });
        }
    }

    /// What a half rests on that holds in an area, for a name or for all.
    pub(super) fn half_over(
        &self,
        kind: HalfKind,
        area: Area,
        name: Option<&str>,
    ) -> Option<&[Ground]> {
        let names = [None, name.map(str::to_owned)];
        let areas = [Area::Cluster, Area::EveryNamespace, area].into_iter();
        let at = areas.filter(|known| known.has(area)).find_map(|area| {
            let mut names = names.iter();
            names.find_map(|name| self.known_halves.get(&(kind, area, name.clone())))
        })?;
        let half = self.halves(kind).get(*at)?;
        Some(&half.grounds)
    }

    pub(super) fn halves(&self, kind: HalfKind) -> &[Half] {
        self.halves.get(&kind).map_or(&[], Vec::as_slice)
    }

    /// Whether anyone who is held writes roles.
    pub(super) fn has_role_writers(&self) -> bool {
        self.has_role_writers
    }

    /// The names that rules about roles of a kind list.
    pub(super) fn listed_roles(&self, kind: RoleKind, area: Area) -> BTreeSet<String> {
        let meets = |of: Area| of.has(area) || area.has(of);
        let listed = self.listed_roles.iter();
        let listed = listed.filter(|(of, there, _)| *of == kind && meets(*there));
        listed.map(|(_, _, name)| name.clone()).collect()
    }

    /// Whether nobody but the start is held, who gains nothing by handing on.
    pub(super) fn is_alone(&self) -> bool {
        self.members.len() < 2
    }

    pub(super) fn take_member(&mut self, at: usize) -> Member {
        std::mem::take(&mut self.members[at])
    }

    pub(super) fn put_member(&mut self, at: usize, member: Member) {
        self.members[at] = member;
    }

    fn identity(&mut self, user: UserInfo) -> IdentityNo {
        let accounts = narrow(self.index.accounts.len());
        let Search {
            people, people_no, ..
        } = self;
        let number = *people_no.entry(user).or_insert_with_key(|user| {
            people.push(user.clone());
            narrow(people.len() - 1)
        });
        IdentityNo(accounts + number)
    }

    /// Someone who is held.
    pub(super) fn user(&self, identity: IdentityNo) -> UserInfo {
        let accounts = self.index.accounts.len();
        match (identity.0 as usize).checked_sub(accounts) {
            None => self.index.account_user(identity.0),
            Some(at) => self.people[at].clone(),
        }
    }

    /// Whether someone is a node; no account is.
    pub(super) fn is_of_nodes(&self, identity: IdentityNo) -> bool {
        let at = (identity.0 as usize).checked_sub(self.index.accounts.len());
        at.and_then(|at| self.people.get(at))
            .is_some_and(UserInfo::is_node)
    }

    /// A user with groups, and with the group of everyone.
    pub(super) fn person(&mut self, name: &str, groups: Vec<String>, hold: Hold) -> PathNode {
        let user = match crate::authn::split_service_account(name) {
            // A certificate says the groups itself.
            Some(_) => {
                let mut groups = groups;
                groups.push(crate::authn::AUTHENTICATED.to_owned());
                UserInfo::new(name, groups)
            }
            None => UserInfo::impersonated(name, groups),
        };
        PathNode::Identity(self.identity(user), hold)
    }

    /// Someone as impersonation makes them.
    pub(super) fn impersonated(&mut self, name: &str, groups: Vec<String>) -> PathNode {
        let user = UserInfo::impersonated(name, groups);
        match self.account_of(&user) {
            Some(account) => self.account(account, Hold::Impersonated),
            None => PathNode::Identity(self.identity(user), Hold::Impersonated),
        }
    }

    /// The accounts of this name in an area.
    pub(super) fn accounts_named(&self, area: Area, name: &str) -> Vec<u32> {
        let index = self.index;
        match area {
            Area::Namespace(one) => index.account(one, name).into_iter().collect(),
            Area::Cluster | Area::EveryNamespace => (0..narrow(index.namespaces.len()))
                .filter_map(|namespace| index.account(namespace, name))
                .collect(),
        }
    }

    /// How many roles there are, with those that steps name.
    pub(super) fn role_count(&self) -> u32 {
        narrow(self.index.roles() + self.more_roles.len())
    }

    /// The number of a role, whether it is there or not.
    pub(super) fn role(&mut self, name: RoleName) -> RoleNo {
        if let Some(role) = self.index.role_named(&name) {
            return role;
        }
        let Search {
            more_roles,
            more_role_no,
            ..
        } = self;
        let at = *more_role_no.entry(name).or_insert_with_key(|name| {
            more_roles.push(name.clone());
            narrow(more_roles.len() - 1)
        });
        RoleNo(narrow(self.index.roles()) + at)
    }

    /// Where a role is written.
    pub(super) fn role_area(&self, role: RoleNo) -> Area {
        self.index.role_area(role).unwrap_or_else(|| {
            let name = self.role_name(role);
            self.index.area_of_role(name.kind, &name.namespace)
        })
    }

    /// What names a role.
    pub(super) fn role_name(&self, role: RoleNo) -> RoleName {
        match (role.0 as usize).checked_sub(self.index.roles()) {
            Some(at) if at < self.more_roles.len() => self.more_roles[at].clone(),
            _ => self.index.name_of_role(role),
        }
    }

    /// That all have a role in an area.
    pub(super) fn right(&self, role: RoleNo, area: Area) -> PathNode {
        match self.index.gives_everything(role) {
            true => PathNode::Everything(area),
            false => PathNode::Right(role, area),
        }
    }

    /// Whether a role gives anything that a step may need.
    pub(super) fn gives_power(&self, role: RoleNo) -> bool {
        self.index.gives_everything(role)
            || self
                .index
                .role_id(role)
                .is_some_and(|role| !self.index.powers.of(role).is_empty())
    }
}

/// What grounds rest on, of all that is reached.
pub(super) fn premises(grounds: &[Ground]) -> impl Iterator<Item = PathNode> + '_ {
    grounds.iter().flat_map(|ground| {
        let (who, right) = match ground {
            Ground::Request { who, right, .. } | Ground::Has { who, right } => {
                (*who, Some(right.by))
            }
            Ground::Node(node) => (*node, None),
        };
        let by = match right {
            None | Some(RightBy::Binding(..)) => [None, None],
            Some(RightBy::Step(node) | RightBy::Rewritten(_, _, node)) => [Some(node), None],
            Some(RightBy::Steps(node, gain)) => [Some(node), Some(gain)],
        };
        std::iter::once(who).chain(by.into_iter().flatten())
    })
}

//! Steps by writing bindings and roles.
//!
//! Source: `BindingAuthorized`, `RoleEscalationAuthorized` and `ConfirmNoEscalation` of
//! `pkg/registry/rbac`: a binding takes `bind` on its role, or every rule of it; a role takes `escalate`,
//! or every rule that it has after the write. One identity has to have it all.

use crate::authz::rbac::rules::covers;
use crate::cluster::RoleId;
use crate::kube::{Binding, BindingKind, PolicyRule, RoleKind};

use super::edge::EdgeId;
use super::haves::AreaView;
use super::index::{RoleName, role_name};
use super::model::{Area, Ground, PathNode, Right, RoleNo};
use super::power::{OfNames, Power};
use super::search::Search;
use super::steps::role_powers;

/// A role that nobody has made or named yet.
pub(super) const NEW: &str = "\u{1}";

impl Search<'_> {
    /// What someone gives to all who are held, themselves included, by writing bindings in an area.
    pub(super) fn bind(&mut self, view: &AreaView<'_>, rights: &[Right]) {
        let [create, update, patch] = match view.area {
            Area::Cluster => [
                Power::CreateClusterRoleBinding,
                Power::UpdateClusterRoleBinding,
                Power::PatchClusterRoleBinding,
            ],
            Area::EveryNamespace | Area::Namespace(_) => [
                Power::CreateRoleBinding,
                Power::UpdateRoleBinding,
                Power::PatchRoleBinding,
            ],
        };
        if let Some(post) = view.unnamed(create) {
            self.bind_anew(view, rights, EdgeId::Bind, &[post]);
            return;
        }
        let names = view.listed(&[create, update, patch]);
        let put = names.into_iter().find_map(|name| {
            let grounds = view.made_by_name(create, &[update, patch], name)?;
            self.is_free_binding(view.area, name).then_some(grounds)
        });
        if let Some(put) = put {
            self.bind_anew(view, rights, EdgeId::BindPut, &put);
        }
        if view.any(update).or_else(|| view.any(patch)).is_none() {
            return;
        }
        let snapshot = self.index.rbac.snapshot();
        for id in snapshot.bindings() {
            let binding: &Binding = &snapshot.binding(id).value;
            let Some(area) = self.area_of(binding) else {
                continue;
            };
            if !view.area.has(area) || (view.area == Area::Cluster) != (area == Area::Cluster) {
                continue;
            }
            if let Some(write) = view.named_of(&[update, patch], &binding.name) {
                self.bind_existing(&AreaView { area, ..*view }, rights, binding, write);
            }
        }
    }

    fn area_of(&self, binding: &Binding) -> Option<Area> {
        match binding.kind {
            BindingKind::ClusterRoleBinding => Some(Area::Cluster),
            BindingKind::RoleBinding => {
                Some(Area::Namespace(self.index.namespace(&binding.namespace)?))
            }
        }
    }

    fn is_free_binding(&self, area: Area, name: &str) -> bool {
        let snapshot = self.index.rbac.snapshot();
        let is_free = |kind, namespace| snapshot.find_binding(kind, namespace, name).is_none();
        match area {
            Area::Cluster => is_free(BindingKind::ClusterRoleBinding, ""),
            Area::EveryNamespace => true,
            Area::Namespace(one) => is_free(
                BindingKind::RoleBinding,
                self.index.namespaces[one as usize],
            ),
        }
    }

    /// A new binding, of any role that may be bound.
    fn bind_anew(&mut self, view: &AreaView<'_>, rights: &[Right], edge: EdgeId, write: &[Ground]) {
        let index = self.index;
        let snapshot = index.rbac.snapshot();
        let with = |ground: Ground| {
            let mut grounds = write.to_vec();
            grounds.push(ground);
            grounds
        };
        let any = view
            .rules(Power::BindClusterRole)
            .find(|(_, names)| *names == OfNames::Any);
        match any {
            Some((have, _)) => {
                let grounds = with(view.ground(&have, None));
                if view.is_of_here(&grounds) {
                    self.bind_any_cluster_role(view.area, edge, &grounds);
                }
            }
            None => {
                for name in view.listed(&[Power::BindClusterRole]) {
                    if let Some(ground) = view.named(Power::BindClusterRole, name) {
                        let role = self.role(RoleName {
                            kind: RoleKind::ClusterRole,
                            namespace: String::new(),
                            name: name.to_owned(),
                            is_made: false,
                        });
                        let node = self.right(role, view.area);
                        self.reach(node, edge, with(ground));
                    }
                }
            }
        }
        if view.area != Area::Cluster && view.any(Power::BindRole).is_some() {
            let mut names: Vec<RoleName> = Vec::new();
            for role in snapshot.all_roles() {
                if role.kind == RoleKind::Role {
                    names.push(RoleName {
                        kind: RoleKind::Role,
                        namespace: role.namespace.to_string(),
                        name: role.name.to_string(),
                        is_made: false,
                    });
                }
            }
            if let Area::Namespace(one) = view.area {
                let namespace = index.namespaces[one as usize];
                let listed = view.listed(&[Power::BindRole]).into_iter();
                names.extend(listed.chain([NEW]).map(|name| RoleName {
                    kind: RoleKind::Role,
                    namespace: namespace.to_owned(),
                    name: name.to_owned(),
                    is_made: false,
                }));
            }
            for name in names {
                let Some(namespace) = index.namespace(&name.namespace) else {
                    continue;
                };
                let area = Area::Namespace(namespace);
                if view.area.has(area)
                    && let Some(ground) = view.named(Power::BindRole, &name.name)
                {
                    let role = self.role(name);
                    let node = self.right(role, area);
                    self.reach(node, edge, with(ground));
                }
            }
        }
        self.bind_covered(view, rights, write);
        if self.is_alone() {
            return;
        }
        for &right in rights {
            let is_there = right.role == RoleNo::EVERYTHING || index.role_id(right.role).is_some();
            if is_there && right.area.has(view.area) {
                let grounds = with(Ground::Has {
                    who: view.who,
                    right,
                });
                if view.is_of_here(&grounds) {
                    let node = self.right(right.role, view.area);
                    self.reach(node, EdgeId::BindHeld, grounds);
                }
            }
        }
    }

    /// Roles whose rules are had anyway may be bound by anyone. That gives more once someone rewrites them.
    fn bind_covered(&mut self, view: &AreaView<'_>, rights: &[Right], write: &[Ground]) {
        if !view.is_of_here(write) || !self.has_role_writers() {
            return;
        }
        for role in (0..self.role_count()).map(RoleNo) {
            let area = match self.role_area(role) {
                Area::Cluster => view.area,
                area => area,
            };
            let fits =
                view.area.has(area) && (view.area == Area::Cluster) == (area == Area::Cluster);
            if !fits
                || rights
                    .iter()
                    .any(|right| right.role == role && right.area.has(area))
            {
                continue;
            }
            let made = PathNode::Made(role);
            let mut grounds = write.to_vec();
            if self.has(made) {
                grounds.push(Ground::Node(made));
            } else if self.index.role_id(role).is_none() || !self.covers_role(rights, area, role) {
                continue;
            }
            let node = self.right(role, area);
            self.reach(node, EdgeId::BindCovered, grounds);
        }
    }

    /// Making roles without rules, which takes no right but to write them.
    pub(super) fn make_roles(&mut self, view: &AreaView<'_>, kind: RoleKind, areas: &[Area]) {
        let [create, update, patch, _] = role_powers(kind);
        let post = view.unnamed(create);
        let mut names = self.listed_roles(kind, view.area);
        names.insert(NEW.to_owned());
        let spaces: Vec<&str> = match (kind, view.area) {
            (RoleKind::ClusterRole, _) => vec![""],
            (RoleKind::Role, Area::Namespace(one)) => vec![self.index.namespaces[one as usize]],
            (RoleKind::Role, _) => {
                let known = areas.iter().filter_map(|area| match area {
                    Area::Namespace(one) => Some(self.index.namespaces[*one as usize]),
                    _ => None,
                });
                known.chain([""]).collect()
            }
        };
        for namespace in spaces {
            for name in names.iter().map(String::as_str) {
                let is_anywhere = namespace.is_empty() && kind == RoleKind::Role;
                if name != NEW && (is_anywhere || self.is_role(kind, namespace, name)) {
                    continue;
                }
                let put = || view.made_by_name(create, &[update, patch], name);
                let Some(grounds) = post.clone().map(|post| vec![post]).or_else(put) else {
                    continue;
                };
                let role = self.role(RoleName {
                    kind,
                    namespace: namespace.to_owned(),
                    name: name.to_owned(),
                    is_made: true,
                });
                self.reach(PathNode::Made(role), EdgeId::BindCovered, grounds);
            }
        }
    }

    fn bind_any_cluster_role(&mut self, area: Area, edge: EdgeId, grounds: &[Ground]) {
        if self.index.cluster_admin.is_some() {
            self.reach(PathNode::Everything(area), edge, grounds.to_vec());
            return;
        }
        let new = self.role(RoleName {
            kind: RoleKind::ClusterRole,
            namespace: String::new(),
            name: NEW.to_owned(),
            is_made: false,
        });
        let cluster_roles: Vec<RoleNo> = (0..self.role_count())
            .map(RoleNo)
            .filter(|&role| self.role_name(role).kind == RoleKind::ClusterRole)
            .chain([new])
            .collect();
        for role in cluster_roles {
            let node = self.right(role, area);
            self.reach(node, edge, grounds.to_vec());
        }
    }

    /// More subjects for a binding that is there, whose role stays.
    fn bind_existing(
        &mut self,
        view: &AreaView<'_>,
        rights: &[Right],
        binding: &Binding,
        write: Ground,
    ) {
        let name = role_name(binding);
        let power = match name.kind {
            RoleKind::ClusterRole => Power::BindClusterRole,
            RoleKind::Role => Power::BindRole,
        };
        let role = self.role(name);
        if let Some(bind) = view.named(power, &binding.role_ref.name) {
            let node = self.right(role, view.area);
            self.reach(node, EdgeId::Bind, vec![write, bind]);
        } else if !self.is_alone() && self.covers_role(rights, view.area, role) {
            let node = self.right(role, view.area);
            self.reach(node, EdgeId::BindHeld, vec![write]);
        }
    }

    /// Whether rights give, in an area, every rule of a role.
    pub(super) fn covers_role(&self, rights: &[Right], area: Area, role: RoleNo) -> bool {
        let index = self.index;
        let Some(role) = index.role_id(role) else {
            return false;
        };
        let here = rights.iter().filter(|right| right.area.has(area));
        let mut rules: Vec<&PolicyRule> = Vec::new();
        for right in here {
            if index.gives_everything(right.role) {
                return true;
            }
            if let Some(held) = index.role_id(right.role) {
                rules.extend(
                    index
                        .rbac
                        .effective_rules(held)
                        .map(|rule| &rule.rule.value),
                );
            }
        }
        let mut wanted = index.rbac.effective_rules(role);
        wanted.all(|rule| covers(&rules, &rule.rule.value))
    }

    /// What a writer of roles makes of one that someone has.
    pub(super) fn rewrite(
        &mut self,
        view: &AreaView<'_>,
        rights: &[Right],
        role: RoleNo,
        reached: &Ground,
    ) {
        let name = self.role_name(role).clone();
        let [create, update, patch, escalate] = role_powers(name.kind);
        let scope = match name.kind {
            RoleKind::ClusterRole => Area::Cluster,
            RoleKind::Role => match self.index.namespace(&name.namespace) {
                Some(namespace) => Area::Namespace(namespace),
                None => Area::EveryNamespace,
            },
        };
        if (scope == Area::Cluster) != (view.area == Area::Cluster) || !view.area.has(scope) {
            return;
        }
        let view = &AreaView {
            area: scope,
            ..*view
        };
        let made = PathNode::Made(role);
        let aggregates = match self.index.role_id(role) {
            Some(id) => self.aggregates(id),
            None if name.is_made => false,
            None => {
                self.take_over(view, rights, role, &name, reached);
                return;
            }
        };
        if let Some(write) = view.named_of(&[update, patch], &name.name) {
            if let Some(escalate) = view.named(escalate, &name.name) {
                let grounds = vec![write, escalate, reached.clone()];
                self.reach(
                    PathNode::Gain(role, RoleNo::EVERYTHING),
                    EdgeId::Escalate,
                    grounds,
                );
                return;
            }
            // Its rules are told together with those that are added.
            if !aggregates && (self.has(made) || self.covers_role(rights, scope, role)) {
                let grounds = [write, reached.clone()];
                self.give(view, rights, role, EdgeId::GiveByRole, &grounds);
            }
        }
        if aggregates {
            self.aggregate(
                view,
                rights,
                role,
                reached,
                [create, update, patch, escalate],
            );
        }
    }

    fn aggregates(&self, role: RoleId) -> bool {
        let role = self.index.rbac.snapshot().role(role);
        role.aggregation_rule.is_some()
    }

    /// Making a role that a binding names and that isn't there.
    fn take_over(
        &mut self,
        view: &AreaView<'_>,
        rights: &[Right],
        role: RoleNo,
        name: &RoleName,
        reached: &Ground,
    ) {
        let [create, update, patch, escalate] = role_powers(name.kind);
        let is_any = name.name == NEW;
        let mut ways: Vec<(Vec<Ground>, Option<Ground>)> = Vec::new();
        if let Some(post) = view.unnamed(create) {
            ways.push((vec![post], view.unnamed(escalate)));
        }
        let names: Vec<&str> = match is_any {
            true => view.listed(&[create, update, patch]),
            false => vec![&name.name],
        };
        for named in names {
            let is_absent = !is_any || !self.is_role(name.kind, &name.namespace, named);
            if is_absent && let Some(put) = view.made_by_name(create, &[update, patch], named) {
                ways.push((put, view.named(escalate, named)));
            }
        }
        for (mut grounds, escalate) in ways {
            grounds.push(reached.clone());
            match escalate {
                Some(escalate) => {
                    grounds.push(escalate);
                    let node = PathNode::Gain(role, RoleNo::EVERYTHING);
                    self.reach(node, EdgeId::TakeoverRole, grounds);
                }
                None => self.give(view, rights, role, EdgeId::TakeoverRole, &grounds),
            }
        }
    }

    fn is_role(&self, kind: RoleKind, namespace: &str, name: &str) -> bool {
        let snapshot = self.index.rbac.snapshot();
        snapshot.find_role(kind, namespace, name).is_some()
    }

    /// A label on another ClusterRole puts its rules into one that aggregates.
    fn aggregate(
        &mut self,
        view: &AreaView<'_>,
        rights: &[Right],
        role: RoleNo,
        reached: &Ground,
        [create, update, patch, escalate]: [Power; 4],
    ) {
        let index = self.index;
        let everything = PathNode::Gain(role, RoleNo::EVERYTHING);
        let post = view.unnamed(create);
        if let Some(post) = &post
            && let Some(escalate) = view.unnamed(escalate)
        {
            let grounds = vec![post.clone(), escalate, reached.clone()];
            self.reach(everything, EdgeId::Aggregate, grounds);
            return;
        }
        for name in view.listed(&[create, update, patch, escalate]) {
            if self.is_role(RoleKind::ClusterRole, "", name) {
                continue;
            }
            if let Some(mut grounds) = view.made_by_name(create, &[update, patch], name) {
                grounds.push(reached.clone());
                match view.named(escalate, name) {
                    Some(escalate) => {
                        grounds.push(escalate);
                        self.reach(everything, EdgeId::Aggregate, grounds);
                        return;
                    }
                    None => self.give(view, rights, role, EdgeId::Aggregate, &grounds),
                }
            }
        }
        if let Some(post) = &post {
            let grounds = [post.clone(), reached.clone()];
            self.give(view, rights, role, EdgeId::Aggregate, &grounds);
        }
        if view.any(update).or_else(|| view.any(patch)).is_none() {
            return;
        }
        for other in index.rbac.snapshot().all_roles() {
            if other.kind != RoleKind::ClusterRole {
                break;
            }
            let Some(write) = view.named_of(&[update, patch], &other.name) else {
                continue;
            };
            if let Some(escalate) = view.named(escalate, &other.name) {
                let grounds = vec![write, escalate, reached.clone()];
                self.reach(everything, EdgeId::Aggregate, grounds);
                return;
            }
            let number = self.role(RoleName {
                kind: RoleKind::ClusterRole,
                namespace: String::new(),
                name: other.name.to_string(),
                is_made: false,
            });
            let may = other.aggregation_rule.is_none()
                && post.is_none()
                && self.covers_role(rights, Area::Cluster, number);
            if may {
                let grounds = [write, reached.clone()];
                self.give(view, rights, role, EdgeId::Aggregate, &grounds);
            }
        }
    }

    /// A writer's own rules, put into a role of someone else.
    fn give(
        &mut self,
        view: &AreaView<'_>,
        rights: &[Right],
        role: RoleNo,
        edge: EdgeId,
        grounds: &[Ground],
    ) {
        for &right in rights {
            let other = right.role;
            if other == role || !right.area.has(view.area) || !self.gives_power(other) {
                continue;
            }
            let gained = match self.index.gives_everything(other) {
                true => RoleNo::EVERYTHING,
                false => other,
            };
            let mut all = grounds.to_vec();
            all.push(Ground::Has {
                who: view.who,
                right,
            });
            self.reach(PathNode::Gain(role, gained), edge, all);
        }
    }
}

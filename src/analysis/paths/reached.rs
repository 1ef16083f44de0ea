//! What someone becomes and reaches, as goals.

use crate::authn::UserInfo;

use super::goal::Goal;
use super::model::{Area, PathNode, RoleNo};
use super::path::{PathEnd, end_of_user};
use super::search::Search;

/// Whether a goal is news to who reaches it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum News {
    /// It gives something more.
    Gain,
    /// What it gives was held before: an account whose rights the actor has, a Secret that is read by
    /// their own right, all that follows from having everything.
    NoGain,
}

impl Search<'_> {
    /// What is reached that is a goal, in the order in which it is, and whether it gives more.
    pub(super) fn goals(&self, start: &UserInfo) -> Vec<(Goal, News)> {
        let own = end_of_user(start);
        let rights = self.index.rights(start);
        let owns = self.has(PathNode::Everything(Area::Cluster));
        let is_admin_of = |namespace: &str| {
            let of = self.index.namespace(namespace).map(Area::Namespace);
            of.is_some_and(|area| {
                let everything = |right: &super::model::Right| {
                    right.area.has(area) && self.index.gives_everything(right.role)
                };
                rights.iter().any(everything)
            })
        };
        let mut goals: Vec<(Goal, News)> = Vec::new();
        for &node in self.reached() {
            let end = self.end(node);
            let news = |is_gain: bool| match is_gain && !owns {
                true => News::Gain,
                false => News::NoGain,
            };
            let goal = match end {
                PathEnd::ClusterAdmin => (Goal::ClusterAdmin, News::Gain),
                PathEnd::Masters => (Goal::Masters, news(true)),
                PathEnd::Admin(namespace) => {
                    let is_gain = !is_admin_of(&namespace);
                    (Goal::Admin(namespace), news(is_gain))
                }
                PathEnd::Node(_) | PathEnd::AnyNode => (Goal::Node, news(true)),
                PathEnd::Secret(namespace, name) => (Goal::Secret(namespace, name), news(true)),
                PathEnd::Account(ref namespace, ref name) if end != own => {
                    let is_gain = match node {
                        PathNode::Identity(identity, _) => {
                            let theirs = self.index.rights(&self.user(identity));
                            !theirs.iter().all(|right| {
                                right.role == RoleNo::EVERYTHING
                                    || !self.gives_power(right.role)
                                    || self.covers_role(&rights, right.area, right.role)
                            })
                        }
                        _ => true,
                    };
                    (
                        Goal::Account(namespace.clone(), name.clone()),
                        news(is_gain),
                    )
                }
                _ => continue,
            };
            if !goals.iter().any(|(known, _)| *known == goal.0) {
                goals.push(goal);
            }
        }
        goals
    }
}

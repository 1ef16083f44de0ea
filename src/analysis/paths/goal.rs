//! Goals: what someone may want to become or to reach.

use std::fmt;
use std::str::FromStr;

use super::index::{PathIndex, narrow};
use super::model::{Area, Hold, IdentityNo, PathNode};

/// What someone may want to become or to reach.
///
/// ```
/// use rbac_eval::analysis::paths::Goal;
///
/// let goal: Goal = "sa:prod/ci".parse().unwrap();
/// assert_eq!(goal.to_string(), "sa:prod/ci");
/// assert!("sa:ci".parse::<Goal>().is_err());
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Goal {
    /// `cluster-admin`: every verb on everything, in all of the cluster.
    ClusterAdmin,
    /// `system:masters`: the group that is allowed everything before RBAC is asked.
    Masters,
    /// `node`: any Node.
    Node,
    /// `admin:NAMESPACE`: every verb on everything in a namespace.
    Admin(String),
    /// `sa:NAMESPACE/NAME`: a ServiceAccount.
    Account(String, String),
    /// `secret:NAMESPACE/NAME`: what a Secret holds.
    Secret(String, String),
}

impl fmt::Display for Goal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Goal::ClusterAdmin => f.write_str("cluster-admin"),
            Goal::Masters => f.write_str("system:masters"),
            Goal::Node => f.write_str("node"),
            Goal::Admin(namespace) => write!(f, "admin:{namespace}"),
            Goal::Account(namespace, name) => write!(f, "sa:{namespace}/{name}"),
            Goal::Secret(namespace, name) => write!(f, "secret:{namespace}/{name}"),
        }
    }
}

/// A word that is no goal.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is no goal; goals are `cluster-admin`, `system:masters`, `node`, `admin:NAMESPACE`, \
     `sa:NAMESPACE/NAME` and `secret:NAMESPACE/NAME`"
)]
pub struct NoGoal(String);

impl FromStr for Goal {
    type Err = NoGoal;

    fn from_str(word: &str) -> Result<Self, NoGoal> {
        let no_goal = || NoGoal(crate::text::excerpt(word).into_owned());
        let named = |rest: &str| {
            let (namespace, name) = rest.split_once('/').ok_or_else(no_goal)?;
            match namespace.is_empty() || name.is_empty() || name.contains('/') {
                true => Err(no_goal()),
                false => Ok((namespace.to_owned(), name.to_owned())),
            }
        };
        match word {
            "cluster-admin" => return Ok(Goal::ClusterAdmin),
            "system:masters" => return Ok(Goal::Masters),
            "node" => return Ok(Goal::Node),
            _ => {}
        }
        match word.split_once(':') {
            Some(("admin", name)) if !name.is_empty() && !name.contains('/') => {
                Ok(Goal::Admin(name.to_owned()))
            }
            Some(("sa", rest)) => named(rest).map(|(space, name)| Goal::Account(space, name)),
            Some(("secret", rest)) => named(rest).map(|(space, name)| Goal::Secret(space, name)),
            _ => Err(no_goal()),
        }
    }
}

impl Goal {
    /// What of a search has to be reached, one of it; nothing where the input knows no such thing.
    pub(super) fn nodes(&self, index: &PathIndex<'_>) -> Vec<PathNode> {
        match self {
            Goal::ClusterAdmin => vec![PathNode::Everything(Area::Cluster)],
            Goal::Masters => vec![PathNode::Masters],
            Goal::Node => {
                let machines = (0..narrow(index.machines.len())).map(PathNode::Machine);
                std::iter::once(PathNode::Machines)
                    .chain(machines)
                    .collect()
            }
            Goal::Admin(namespace) => {
                let own = index.namespace(namespace).map(Area::Namespace);
                let areas = [Area::Cluster, Area::EveryNamespace].into_iter().chain(own);
                areas.map(PathNode::Everything).collect()
            }
            Goal::Account(namespace, name) => {
                let account = index.namespace(namespace);
                let account = account.and_then(|namespace| index.account(namespace, name));
                let held = |account| {
                    [Hold::Real, Hold::Impersonated]
                        .map(|hold| PathNode::Identity(IdentityNo(account), hold))
                };
                account.map_or_else(Vec::new, |account| held(account).to_vec())
            }
            Goal::Secret(namespace, name) => {
                let secrets = index.secrets.iter();
                let at = secrets
                    .enumerate()
                    .find(|(_, secret)| *secret.namespace == **namespace && *secret.name == **name);
                at.map_or_else(Vec::new, |(at, _)| vec![PathNode::Secret(narrow(at))])
            }
        }
    }
}

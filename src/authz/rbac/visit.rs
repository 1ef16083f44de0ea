//! What applies to a user: the one visitor under every question about a subject.

use std::ops::ControlFlow;

use crate::authn::UserInfo;
use crate::cluster::{BindingId, RoleId};

use super::RbacAuthorizer;
use super::index::{Edge, NameKind};

/// A binding that applies to someone, through one of its subjects.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Applied {
    /// The binding.
    pub binding: BindingId,
    /// The number, from 0, of the subject in the binding.
    pub subject: usize,
    /// The role of the binding; none where it isn't there.
    pub role: Option<RoleId>,
}

impl From<Edge> for Applied {
    fn from(edge: Edge) -> Self {
        Applied {
            binding: BindingId(edge.binding as usize),
            subject: edge.subject as usize,
            role: edge.role_id(),
        }
    }
}

impl RbacAuthorizer {
    /// Visits every subject of a binding that names the user or one of the groups, and applies to
    /// requests in the namespace (empty: to requests for the whole cluster): the user's first, then
    /// each group's, cluster-wide ones first. Rules are those of the role, see
    /// [`effective_rules`](RbacAuthorizer::effective_rules).
    ///
    /// Cost follows what names the user, not the size of the cluster.
    ///
    /// Source: `VisitRulesFor` of Kubernetes.
    ///
    /// ```
    /// use std::ops::ControlFlow;
    ///
    /// use rbac_eval::authn::UserInfo;
    /// use rbac_eval::authz::rbac::RbacAuthorizer;
    /// use rbac_eval::cluster::{Defaults, Snapshot};
    /// use rbac_eval::kube::Manifest;
    /// use rbac_eval::text::Files;
    ///
    /// let snapshot = Snapshot::new(Files::default(), Manifest::default(), Defaults::Auto);
    /// let rbac = RbacAuthorizer::new(snapshot)?;
    /// let alice = UserInfo::impersonated("alice", []);
    /// let mut names = Vec::new();
    /// let _ = rbac.visit(&alice, "", |applied| {
    ///     names.push(rbac.snapshot().binding(applied.binding).name.to_string());
    ///     ControlFlow::<()>::Continue(())
    /// });
    /// assert!(names.contains(&"system:discovery".to_owned()));
    /// # Ok::<(), rbac_eval::authz::rbac::TooLarge>(())
    /// ```
    #[inline]
    pub fn visit<B>(
        &self,
        user: &UserInfo,
        namespace: &str,
        mut each: impl FnMut(Applied) -> ControlFlow<B>,
    ) -> ControlFlow<B> {
        let namespace = self.namespace(namespace);
        for (kind, name) in names(user) {
            for edge in self.index.edges(&self.strings, kind, name, namespace) {
                each(edge.into())?;
            }
        }
        ControlFlow::Continue(())
    }

    /// Every subject of every binding that names the user or one of the groups, wherever the
    /// binding applies: the user's first, then each group's.
    pub fn applied_anywhere(&self, user: &UserInfo) -> Vec<Applied> {
        names(user)
            .filter_map(|(kind, name)| self.index.slot(&self.strings, kind, name))
            .flat_map(|slot| self.index.all_edges(slot))
            .map(Applied::from)
            .collect()
    }
}

fn names(user: &UserInfo) -> impl Iterator<Item = (NameKind, &String)> {
    std::iter::once((NameKind::User, &user.name))
        .chain(user.groups.iter().map(|group| (NameKind::Group, group)))
}

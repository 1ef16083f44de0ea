//! Whose a grant is: that of every cluster, of every cluster of AKS, or of whoever owns this one.

use std::sync::{LazyLock, OnceLock};

use crate::authn::{ImpliedGroup, Principal};
use crate::authz::rbac::rules::covers;
use crate::authz::rbac::{Grant, RbacAuthorizer};
use crate::cluster::{BindingId, Defaults, RoleId, Snapshot};
use crate::kube::aks::AksBinding;
use crate::kube::default_policy::{DefaultPolicy, is_default};
use crate::kube::{BindingKind, Manifest, Minor, PolicyRule, RoleKind};
use crate::text::Files;

/// Whose a grant is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Owner {
    /// The default policy of some version of Kubernetes has it.
    Kubernetes,
    /// AKS makes it in each of its clusters.
    Aks,
    /// It is this cluster's own.
    Cluster,
}

/// Knows what every cluster has.
///
/// No label is trusted, since anyone can write one: the binding, its role, the subject and what the rule
/// gives have to be those of the default policy of a version that is built in. Of AKS' own roles the rules
/// aren't known, so there binding, role and subject decide. A role of the default policy that has more than
/// there isn't passed for it, whoever binds it.
///
/// ```
/// use rbac_eval::analysis::owner::{Owner, Owners};
/// use rbac_eval::analysis::who_can::who_can;
/// use rbac_eval::authz::rbac::RbacAuthorizer;
/// use rbac_eval::authz::{Attributes, NonResourceAttributes};
/// use rbac_eval::cluster::{Defaults, Reach, Snapshot};
/// use rbac_eval::kube::Manifest;
/// use rbac_eval::text::Files;
///
/// let snapshot = Snapshot::new(Files::default(), Manifest::default(), Defaults::Auto);
/// let rbac = RbacAuthorizer::new(snapshot)?;
/// let request = Attributes::NonResource(NonResourceAttributes {
///     verb: "get".into(),
///     path: "/version".into(),
/// });
/// let owners = Owners::new();
/// for able in who_can(&rbac, &request, Reach::Request)?.able {
///     for grant in &able.grants {
///         assert_eq!(owners.of_grant(&rbac, &able.principal, grant), Owner::Kubernetes);
///     }
/// }
/// # Ok::<(), rbac_eval::authz::rbac::TooLarge>(())
/// ```
#[derive(Debug, Clone, Copy, Default)]
pub struct Owners;

/// The default policy of a version and nothing else, read once for all questions.
type ReadPolicy = (DefaultPolicy, OnceLock<Option<RbacAuthorizer>>);

static DEFAULT_POLICIES: LazyLock<Vec<ReadPolicy>> = LazyLock::new(|| {
    let policies = DefaultPolicy::all();
    let policies = policies.map(|policy| (policy, OnceLock::new()));
    policies.collect()
});

fn read(policy: &'static ReadPolicy) -> Option<&'static RbacAuthorizer> {
    let (policy, read) = policy;
    let read = read.get_or_init(|| {
        let defaults = Defaults::Version(*policy);
        let nothing = Manifest::default();
        RbacAuthorizer::new(Snapshot::new(Files::default(), nothing, defaults)).ok()
    });
    read.as_ref()
}

/// The default policy of each version that is built in, and nothing else: the oldest first, each read when
/// it is asked for.
pub fn default_policies() -> impl Iterator<Item = &'static RbacAuthorizer> {
    DEFAULT_POLICIES.iter().filter_map(read)
}

/// The same, the nearest to a version first: mostly it is enough.
fn nearest_policies(version: Minor) -> impl Iterator<Item = &'static RbacAuthorizer> {
    let mut policies: Vec<&'static ReadPolicy> = DEFAULT_POLICIES.iter().collect();
    policies.sort_by_key(|(policy, _)| version.distance(policy.version));
    policies.into_iter().filter_map(read)
}

impl Owners {
    /// Knows what is built in.
    pub fn new() -> Self {
        Owners
    }

    /// Whose a grant to someone is in a list of those who can. That everyone can is never passed over as
    /// Kubernetes' own: it's about the people of this cluster.
    pub fn of_listed(&self, rbac: &RbacAuthorizer, able: &Principal, grant: &Grant) -> Owner {
        match ImpliedGroup::of(able) {
            Some(_) => Owner::Cluster,
            None => self.of_grant(rbac, able, grant),
        }
    }

    /// Whose it is that this rule of this binding's role is given to someone.
    pub fn of_grant(&self, rbac: &RbacAuthorizer, principal: &Principal, grant: &Grant) -> Owner {
        match rbac.effective_rule(grant.role, grant.rule) {
            Some(rule) => self.of_rules(rbac, principal, grant.binding, [&rule.rule.value]),
            None => Owner::Cluster,
        }
    }

    /// Whose it is that all of this binding's role is given to someone.
    pub fn of_binding(
        &self,
        rbac: &RbacAuthorizer,
        principal: &Principal,
        binding: BindingId,
    ) -> Owner {
        match rbac.role_of(binding) {
            Some(role) => {
                let rules = rbac.effective_rules(role);
                let rules = rules.map(|rule| &rule.rule.value);
                self.of_rules(rbac, principal, binding, rules)
            }
            None => Owner::Cluster,
        }
    }

    fn of_rules<'r>(
        &self,
        rbac: &RbacAuthorizer,
        principal: &Principal,
        id: BindingId,
        rules: impl IntoIterator<Item = &'r PolicyRule>,
    ) -> Owner {
        let version = rbac.snapshot().version().minor;
        let binding = rbac.snapshot().binding(id);
        let rules: Vec<&PolicyRule> = rules.into_iter().collect();
        if is_default(binding.kind.as_str(), &binding.namespace, &binding.name) {
            let same = nearest_policies(version).filter_map(|defaults| {
                let snapshot = defaults.snapshot();
                let id = snapshot.find_binding(binding.kind, &binding.namespace, &binding.name)?;
                let known = snapshot.binding(id);
                let mut subjects = known.subjects.iter();
                let names = known.role_ref == binding.role_ref
                    && subjects.any(|one| Principal::of(one, known).as_ref() == Some(principal));
                names.then_some((defaults, defaults.role_of(id)?))
            });
            match covered_by(&rules, same) {
                Some(true) => return Owner::Kubernetes,
                Some(false) => return Owner::Cluster,
                None => {}
            }
        }
        let of_aks = binding.kind == BindingKind::ClusterRoleBinding
            && binding.role_ref.kind == RoleKind::ClusterRole
            && AksBinding::named(&binding.name).is_some_and(|known| {
                let Principal {
                    kind,
                    namespace,
                    name,
                } = principal;
                known.role == binding.role_ref.name && known.names(*kind, namespace, name)
            });
        if !of_aks {
            return Owner::Cluster;
        }
        let role = &*binding.role_ref.name;
        let is_own = !is_default(RoleKind::ClusterRole.as_str(), "", role);
        match is_own || are_of_default_role(version, role, &rules) {
            true => Owner::Aks,
            false => Owner::Cluster,
        }
    }
}

/// Whether the default policies' ClusterRoles of this name together give all that rules do; those nearest
/// to a version are looked at first.
pub fn are_of_default_role(version: Minor, name: &str, rules: &[&PolicyRule]) -> bool {
    if !is_default(RoleKind::ClusterRole.as_str(), "", name) {
        return false;
    }
    let roles = nearest_policies(version).filter_map(|defaults| {
        let snapshot = defaults.snapshot();
        let role = snapshot.find_role(RoleKind::ClusterRole, "", name)?;
        Some((defaults, role))
    });
    covered_by(rules, roles) == Some(true)
}

/// Whether roles together give all that rules do; none where there are no roles. Of the roles no more are
/// looked at than it takes.
fn covered_by<'p>(
    rules: &[&PolicyRule],
    roles: impl Iterator<Item = (&'p RbacAuthorizer, RoleId)>,
) -> Option<bool> {
    let mut any = false;
    let mut known: Vec<&PolicyRule> = Vec::new();
    for (defaults, role) in roles {
        any = true;
        known.extend(defaults.effective_rules(role).map(|rule| &rule.rule.value));
        if rules.iter().all(|rule| covers(&known, rule)) {
            return Some(true);
        }
    }
    any.then_some(false)
}

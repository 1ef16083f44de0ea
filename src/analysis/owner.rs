//! Whose a grant is: that of every cluster, of every cluster of AKS, or of whoever owns this one.

use std::sync::{LazyLock, OnceLock};

use crate::authn::{ImpliedGroup, Principal};
use crate::authz::rbac::rules::{is_every, url_matches};
use crate::authz::rbac::{Grant, RbacAuthorizer};
use crate::cluster::{BindingId, Defaults, RoleId, Snapshot};
use crate::kube::aks::AksBinding;
use crate::kube::default_policy::{DefaultPolicy, is_default};
use crate::kube::{BindingKind, Manifest, Minor, PolicyRule, RoleKind};
use crate::text::Files;
use compact_str::CompactString;

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
    let mut known = Vec::new();
    for role in roles {
        known.push(role);
        if rules.iter().all(|rule| is_covered(rule, &known)) {
            return Some(true);
        }
    }
    (!known.is_empty()).then_some(false)
}

/// How many combinations of a rule are looked at. Rules of the default policy have some dozens.
const MOST: usize = 4096;

/// Whether each verb on each resource or URL that a rule gives is given by some rule of these roles.
fn is_covered(rule: &PolicyRule, roles: &[(&RbacAuthorizer, RoleId)]) -> bool {
    let names = rule.resource_names.len().max(1);
    let parts = [rule.api_groups.len(), rule.resources.len(), names];
    let size = parts.into_iter().fold(1, usize::saturating_mul);
    let size = size.saturating_add(rule.non_resource_urls.len());
    if size.saturating_mul(rule.verbs.len()) > MOST {
        return false;
    }
    let given = |covers: &dyn Fn(&PolicyRule) -> bool| {
        let mut rules = roles
            .iter()
            .flat_map(|(defaults, role)| defaults.effective_rules(*role));
        rules.any(|known| covers(&known.rule.value))
    };
    let names: Vec<Option<&CompactString>> = match rule.resource_names.is_empty() {
        true => vec![None],
        false => rule.resource_names.iter().map(Some).collect(),
    };
    rule.verbs.iter().all(|verb| {
        let urls = rule.non_resource_urls.iter().all(|url| {
            given(&|known| {
                let mut urls = known.non_resource_urls.iter();
                lists(&known.verbs, verb) && urls.any(|known| url_matches(known, url))
            })
        });
        urls && rule.api_groups.iter().all(|group| {
            rule.resources.iter().all(|resource| {
                names.iter().all(|name| {
                    given(&|known| {
                        lists(&known.verbs, verb)
                            && lists(&known.api_groups, group)
                            && covers_resource(&known.resources, resource)
                            && (known.resource_names.is_empty()
                                || name.is_some_and(|name| known.resource_names.contains(name)))
                    })
                })
            })
        })
    })
}

/// Whether words of a rule stand for a word of another.
fn lists(known: &[CompactString], word: &CompactString) -> bool {
    is_every(known) || known.contains(word)
}

/// The same of resources, where `*/log` stands for `pods/log` too.
fn covers_resource(known: &[CompactString], resource: &CompactString) -> bool {
    lists(known, resource)
        || resource.split_once('/').is_some_and(|(_, subresource)| {
            let mut known = known.iter();
            known.any(|known| known.strip_prefix("*/") == Some(subresource))
        })
}

//! Who can do this?

use crate::cluster::Reach;
use std::collections::BTreeMap;

use hashbrown::HashMap;

use crate::authn::MASTERS;
use crate::authn::Principal;
use crate::authz::Attributes;
use crate::authz::rbac::Grant;
use crate::authz::rbac::RbacAuthorizer;
use crate::cluster::{BindingId, RoleId};
use crate::kube::{BindingKind, SubjectKind};

/// Someone who can, and how.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AllowedSubject {
    /// Who.
    pub principal: Principal,
    /// Every grant, by binding and rule. None for `system:masters` where only that counts.
    pub grants: Vec<Grant>,
    /// Whether it is `system:masters`, which is allowed everything before RBAC is asked.
    pub privileged: bool,
}

/// Someone who can for some names only.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AllowedForNames {
    /// Who.
    pub principal: Principal,
    /// The names, sorted.
    pub names: Vec<String>,
    /// Every grant.
    pub grants: Vec<Grant>,
}

/// All who can.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct WhoCan {
    /// Those who can, sorted. `system:masters` is always among them.
    pub able: Vec<AllowedSubject>,
    /// Of a request without a name: those who can for some names only, and aren't among `able`.
    pub for_names: Vec<AllowedForNames>,
    /// Bindings in reach whose role the input lacks.
    pub incomplete: Vec<BindingId>,
}

impl WhoCan {
    /// Whether anyone can, for every name that is asked about, beside `system:masters`, which
    /// always can.
    pub fn anyone(&self) -> bool {
        self.able.iter().any(|able| !able.principal.is_masters())
    }
}

/// Finds everyone whom a binding lets do something.
///
/// A subject is listed if and only if the authorizer allows a user who is exactly that subject;
/// with [`Reach::Anywhere`], in the namespace of some RoleBinding or in the whole cluster.
///
/// Source: `subject_locator.go` of Kubernetes, as it is meant.
///
/// ```
/// use rbac_eval::authz::{Attributes, NonResourceAttributes};
/// use rbac_eval::kube::Manifest;
/// use rbac_eval::analysis::who_can::who_can;
/// use rbac_eval::text::Files;
/// use rbac_eval::cluster::{Defaults, Reach, Snapshot};
/// use rbac_eval::authz::rbac::RbacAuthorizer;
///
/// let snapshot = Snapshot::new(Files::default(), Manifest::default(), Defaults::Auto);
/// let rbac = RbacAuthorizer::new(snapshot)?;
/// let request = Attributes::NonResource(NonResourceAttributes {
///     verb: "get".into(),
///     path: "/version".into(),
/// });
/// let found = who_can(&rbac, &request, Reach::Request);
/// assert!(found.able.iter().any(|able| able.principal.name == "system:unauthenticated"));
/// # Ok::<(), rbac_eval::authz::rbac::TooLarge>(())
/// ```
pub fn who_can(rbac: &RbacAuthorizer, attributes: &Attributes, reach: Reach) -> WhoCan {
    let request = rbac.compile(attributes);
    let asks_for_a_name = match attributes {
        Attributes::Resource(attributes) => !attributes.name.is_empty(),
        Attributes::NonResource(_) => true,
    };
    let mut rules_of: HashMap<RoleId, RulesOfRole> = HashMap::new();
    let mut able: BTreeMap<Principal, Vec<Grant>> = BTreeMap::new();
    let mut for_names: BTreeMap<Principal, (Vec<String>, Vec<Grant>)> = BTreeMap::new();
    let mut incomplete = Vec::new();
    let namespaced_too = matches!(attributes, Attributes::Resource(_));
    for id in rbac
        .snapshot()
        .bindings_in_reach(attributes.namespace(), reach)
    {
        let binding = rbac.snapshot().binding(id);
        if !namespaced_too && binding.kind == BindingKind::RoleBinding {
            continue;
        }
        let Some(role) = rbac.role_of(id) else {
            incomplete.push(id);
            continue;
        };
        let rules = rules_of.entry(role).or_insert_with(|| RulesOfRole {
            allowing: rbac.allowing_rules(role, &request).collect(),
            for_names: if asks_for_a_name {
                Vec::new()
            } else {
                rbac.rules_for_some_name(role, &request).collect()
            },
        });
        if rules.allowing.is_empty() && rules.for_names.is_empty() {
            continue;
        }
        for (subject, number) in binding.subjects.iter().zip(0..) {
            let Some(principal) = Principal::of(subject, binding) else {
                continue;
            };
            let grant = |&rule: &usize| Grant {
                binding: id,
                subject: number,
                role,
                rule,
            };
            if !rules.allowing.is_empty() {
                able.entry(principal)
                    .or_default()
                    .extend(rules.allowing.iter().map(grant));
            } else {
                let (names, grants) = for_names.entry(principal).or_default();
                for &rule in &rules.for_names {
                    if let Some(rule) = rbac.effective_rule(role, rule) {
                        names.extend(rule.rule.resource_names.iter().map(ToString::to_string));
                    }
                }
                grants.extend(rules.for_names.iter().map(grant));
            }
        }
    }
    able.entry(Principal::new(SubjectKind::Group, "", MASTERS))
        .or_default();
    let for_names = for_names
        .into_iter()
        .filter(|(principal, _)| !able.contains_key(principal))
        .map(|(principal, (mut names, grants))| {
            names.sort();
            names.dedup();
            AllowedForNames {
                principal,
                names,
                grants: sorted(grants),
            }
        })
        .collect();
    let able = able
        .into_iter()
        .map(|(principal, grants)| AllowedSubject {
            privileged: principal.kind == SubjectKind::Group && principal.name == MASTERS,
            principal,
            grants: sorted(grants),
        })
        .collect();
    WhoCan {
        able,
        for_names,
        incomplete,
    }
}

struct RulesOfRole {
    allowing: Vec<usize>,
    for_names: Vec<usize>,
}

/// By binding and rule; a binding that names someone twice grants once.
fn sorted(mut grants: Vec<Grant>) -> Vec<Grant> {
    grants.sort_unstable_by_key(|grant| (grant.binding, grant.rule, grant.subject));
    grants.dedup_by_key(|grant| (grant.binding, grant.rule));
    grants
}

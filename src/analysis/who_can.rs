//! Who can do this?

use crate::cluster::Reach;
use std::collections::BTreeSet;

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
    let mut able: Vec<Naming> = Vec::new();
    let mut for_names: Vec<Naming> = Vec::new();
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
            let found = Naming {
                principal,
                binding: id,
                subject: number,
                role,
            };
            if rules.allowing.is_empty() {
                for_names.push(found);
            } else {
                able.push(found);
            }
        }
    }
    let mut able: Vec<AllowedSubject> = by_principal(able, |role| &rules_of[&role].allowing)
        .map(|(principal, grants)| AllowedSubject {
            privileged: principal.is_masters(),
            principal,
            grants,
        })
        .collect();
    let masters = Principal::new(SubjectKind::Group, "", MASTERS);
    if let Err(at) = able.binary_search_by(|able| able.principal.cmp(&masters)) {
        let masters = AllowedSubject {
            principal: masters,
            grants: Vec::new(),
            privileged: true,
        };
        able.insert(at, masters);
    }
    let is_able = |principal: &Principal| {
        able.binary_search_by(|able| able.principal.cmp(principal))
            .is_ok()
    };
    let for_names = by_principal(for_names, |role| &rules_of[&role].for_names)
        .filter(|(principal, _)| !is_able(principal))
        .map(|(principal, grants)| {
            let rules = grants
                .iter()
                .filter_map(|grant| rbac.effective_rule(grant.role, grant.rule));
            let names: BTreeSet<String> = rules
                .flat_map(|rule| rule.rule.resource_names.iter().map(ToString::to_string))
                .collect();
            AllowedForNames {
                principal,
                names: names.into_iter().collect(),
                grants,
            }
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

/// That a binding whose role counts names someone. Sorted by who it is.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Naming {
    principal: Principal,
    binding: BindingId,
    subject: usize,
    role: RoleId,
}

/// The grants of each, by binding and rule; a binding that names someone twice grants once.
fn by_principal<'a>(
    mut found: Vec<Naming>,
    rules: impl Fn(RoleId) -> &'a [usize],
) -> impl Iterator<Item = (Principal, Vec<Grant>)> {
    found.sort_unstable();
    found.dedup_by(|b, a| a.principal == b.principal && a.binding == b.binding);
    let mut found = found.into_iter().peekable();
    std::iter::from_fn(move || {
        let first = found.next()?;
        let mut grants = Vec::new();
        let mut extend = |found: &Naming| {
            grants.extend(rules(found.role).iter().map(|&rule| Grant {
                binding: found.binding,
                subject: found.subject,
                role: found.role,
                rule,
            }));
        };
        extend(&first);
        while let Some(next) = found.next_if(|next| next.principal == first.principal) {
            extend(&next);
        }
        Some((first.principal, grants))
    })
}

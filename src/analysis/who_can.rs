//! Who can do this?

use crate::cluster::Reach;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use hashbrown::HashMap;

use crate::authn::MASTERS;
use crate::authn::Principal;
use crate::authz::Attributes;
use crate::authz::rbac::{CompiledRequest, Grant, RbacAuthorizer, TooLarge, at_most_grants};
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
/// let found = who_can(&rbac, &request, Reach::Request)?;
/// assert!(found.able.iter().any(|able| able.principal.name == "system:unauthenticated"));
/// # Ok::<(), rbac_eval::authz::rbac::TooLarge>(())
/// ```
///
/// # Errors
/// If the answer has more grants, or names, than the limit that the error names.
pub fn who_can(
    rbac: &RbacAuthorizer,
    attributes: &Attributes,
    reach: Reach,
) -> Result<WhoCan, TooLarge> {
    let mut able: Vec<Naming> = Vec::new();
    let mut for_names: Vec<Naming> = Vec::new();
    let mut incomplete = Vec::new();
    let request = rbac.compile(attributes);
    let mut roles = Roles::new(rbac, attributes, &request);
    let mut count = 0;
    for id in reached(rbac, attributes, reach) {
        let Some(role) = rbac.role_of(id) else {
            incomplete.push(id);
            continue;
        };
        let rules = roles.rules_of(role);
        let (namings, rules) = match rules.ability() {
            Ability::Yes => (&mut able, &rules.allowing),
            Ability::ForNames => (&mut for_names, &rules.for_names),
            Ability::No => continue,
        };
        let binding = rbac.snapshot().binding(id);
        count += binding.subjects.len() * rules.len();
        at_most_grants(count)?;
        for (subject, number) in binding.subjects.iter().zip(0..) {
            if let Some(principal) = Principal::of(subject, binding) {
                namings.push(Naming {
                    principal,
                    binding: id,
                    subject: number,
                    role,
                });
            }
        }
    }
    let rules_of = roles;
    let mut able: Vec<AllowedSubject> = by_principal(able, |role| &rules_of.known(role).allowing)
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
    let mut names_told = 0;
    let mut limited = Vec::new();
    let grants_for_names = by_principal(for_names, |role| &rules_of.known(role).for_names);
    for (principal, grants) in grants_for_names.filter(|(principal, _)| !is_able(principal)) {
        let rules = grants
            .iter()
            .filter_map(|grant| rbac.effective_rule(grant.role, grant.rule));
        let mut names: BTreeSet<&str> = BTreeSet::new();
        for rule in rules {
            names_told += rule.rule.resource_names.len();
            if names_told > MOST_NAMES {
                return Err(TooLarge {
                    limit: MOST_NAMES,
                    what: "names in the grants of the request",
                });
            }
            names.extend(rule.rule.resource_names.iter().map(|name| &**name));
        }
        limited.push(AllowedForNames {
            principal,
            names: names.into_iter().map(str::to_owned).collect(),
            grants,
        });
    }
    Ok(WhoCan {
        able,
        for_names: limited,
        incomplete,
    })
}

/// How many names the grants of an answer may have together.
const MOST_NAMES: usize = 1_000_000;

/// Whether someone can.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Ability {
    /// No.
    No,
    /// For some names only.
    ForNames,
    /// Yes.
    Yes,
}

/// Which of some requests each binding lets its subjects make; those that let none aren't in it.
pub fn abilities_by_binding<const N: usize>(
    rbac: &RbacAuthorizer,
    requests: &[Attributes; N],
    reach: Reach,
) -> BTreeMap<BindingId, [Ability; N]> {
    let compiled = requests
        .each_ref()
        .map(|attributes| rbac.compile(attributes));
    let mut bindings: BTreeMap<BindingId, [Ability; N]> = BTreeMap::new();
    for (at, (attributes, request)) in requests.iter().zip(&compiled).enumerate() {
        let mut roles = Roles::new(rbac, attributes, request);
        for id in reached(rbac, attributes, reach) {
            let ability = rbac.role_of(id).map(|role| roles.rules_of(role).ability());
            if let Some(ability) = ability.filter(|&ability| ability != Ability::No) {
                bindings.entry(id).or_insert([Ability::No; N])[at] = ability;
            }
        }
    }
    bindings
}

/// Which of some requests each subject can make, sorted by subject: what [`who_can`] says of each,
/// without the grants.
pub fn abilities<const N: usize>(
    rbac: &RbacAuthorizer,
    requests: &[Attributes; N],
    reach: Reach,
) -> Vec<(Principal, [Ability; N])> {
    let mut found: Vec<(Principal, [Ability; N])> = vec![(
        Principal::new(SubjectKind::Group, "", MASTERS),
        [Ability::Yes; N],
    )];
    for (id, abilities) in abilities_by_binding(rbac, requests, reach) {
        let binding = rbac.snapshot().binding(id);
        let principals = binding.subjects.iter();
        let principals = principals.filter_map(|subject| Principal::of(subject, binding));
        found.extend(principals.map(|principal| (principal, abilities)));
    }
    found.sort_unstable();
    found.dedup_by(|(other, more), (principal, abilities)| {
        let same = other == principal;
        if same {
            for (ability, more) in abilities.iter_mut().zip(more) {
                *ability = (*ability).max(*more);
            }
        }
        same
    });
    found
}

/// The bindings that may let someone make a request.
fn reached(
    rbac: &RbacAuthorizer,
    attributes: &Attributes,
    reach: Reach,
) -> impl Iterator<Item = BindingId> {
    // URLs are granted cluster-wide alone.
    let namespaced_too = matches!(attributes, Attributes::Resource(_));
    let snapshot = rbac.snapshot();
    snapshot
        .bindings_in_reach(attributes.namespace(), reach)
        .filter(move |&id| namespaced_too || snapshot.binding(id).kind != BindingKind::RoleBinding)
}

/// What rules of roles let do. Roles that gather the same are looked at once.
struct Roles<'r> {
    rbac: &'r RbacAuthorizer,
    request: &'r CompiledRequest<'r>,
    asks_for_a_name: bool,
    known: HashMap<Range<usize>, RulesOfRole>,
}

impl<'r> Roles<'r> {
    fn new(
        rbac: &'r RbacAuthorizer,
        attributes: &Attributes,
        request: &'r CompiledRequest<'r>,
    ) -> Self {
        Roles {
            rbac,
            request,
            asks_for_a_name: match attributes {
                Attributes::Resource(attributes) => !attributes.name.is_empty(),
                Attributes::NonResource(_) => true,
            },
            known: HashMap::new(),
        }
    }

    fn rules_of(&mut self, role: RoleId) -> &RulesOfRole {
        let place = self.rbac.place_of_rules(role);
        self.known.entry(place).or_insert_with(|| RulesOfRole {
            allowing: self.rbac.allowing_rules(role, self.request).collect(),
            for_names: if self.asks_for_a_name {
                Vec::new()
            } else {
                self.rbac.rules_for_some_name(role, self.request).collect()
            },
        })
    }

    /// The rules of a role that was looked at.
    fn known(&self, role: RoleId) -> &RulesOfRole {
        static NONE: RulesOfRole = RulesOfRole {
            allowing: Vec::new(),
            for_names: Vec::new(),
        };
        let known = self.known.get(&self.rbac.place_of_rules(role));
        known.unwrap_or(&NONE)
    }
}

/// The numbers of the rules of a role that allow a request, and would for some name.
struct RulesOfRole {
    allowing: Vec<usize>,
    for_names: Vec<usize>,
}

impl RulesOfRole {
    fn ability(&self) -> Ability {
        if !self.allowing.is_empty() {
            Ability::Yes
        } else if !self.for_names.is_empty() {
            Ability::ForNames
        } else {
            Ability::No
        }
    }
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

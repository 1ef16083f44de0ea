//! What a change lets whom do that they couldn't before, and what it takes away.
//!
//! Effective permissions are compared, not objects: per subject and scope, what one side allows
//! and the other doesn't. Splitting, renaming or moving rules gives nothing.
//!
//! The law: for a request by a user who is exactly one subject named on either side, the verdicts
//! of the two sides differ if and only if an entry of that subject, in that direction, matches it.
//! (Resources of requests hold no `/`; the subresource is apart.)
//!
//! ```
//! use rbac_eval::analysis::diff::{Direction, diff};
//! use rbac_eval::kube;
//! use rbac_eval::text::{SourceText, Files};
//! use rbac_eval::cluster::{Defaults, Snapshot};
//! use rbac_eval::authz::rbac::RbacAuthorizer;
//!
//! let rbac = |verbs: &str| {
//!     let text = format!("
//! apiVersion: rbac.authorization.k8s.io/v1
//! kind: ClusterRole
//! metadata: {{name: r}}
//! rules: [{{apiGroups: [''], resources: [pods], verbs: {verbs}}}]
//! ---
//! apiVersion: rbac.authorization.k8s.io/v1
//! kind: ClusterRoleBinding
//! metadata: {{name: b}}
//! roleRef: {{kind: ClusterRole, name: r}}
//! subjects: [{{kind: User, name: alice}}]
//! ");
//!     let text = SourceText { name: "x.yaml".into(), bytes: text.into_bytes(), named: true };
//!     let mut files = Files::default();
//!     let manifest = kube::parse(&mut files, &[text]);
//!     RbacAuthorizer::new(Snapshot::new(files, manifest, Defaults::None))
//! };
//! let changes = diff(&rbac("['*']")?, &rbac("[get, list]")?);
//! assert_eq!(changes.len(), 1);
//! assert_eq!(changes[0].direction, Direction::Lost);
//! assert_eq!(changes[0].rule.verbs, ["*"]);
//! assert_eq!(changes[0].except[0].rule.verbs, ["get", "list"]);
//! # Ok::<(), rbac_eval::authz::rbac::TooLarge>(())
//! ```

mod atoms;
mod causes;
mod merge;
mod role_refs;

use compact_str::CompactString;
use std::collections::{BTreeMap, BTreeSet};

use hashbrown::HashMap;

use crate::authn::Principal;
use crate::authz::Attributes;
use crate::authz::rbac::RbacAuthorizer;
use crate::authz::rbac::rules::rule_allows;
use crate::cluster::{BindingId, RoleId};
use crate::kube::PolicyRule;
use crate::object::Scope;

use atoms::{Atom, AtomSet, atoms_of, maximal};
pub use causes::{Cause, CauseKind};
pub use role_refs::{RoleRefChange, changed_role_refs};

/// Whether something is allowed now or no longer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Direction {
    /// HEAD allows it and BASE doesn't.
    Gained,
    /// BASE allows it and HEAD doesn't.
    Lost,
}

/// What an entry leaves out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Except {
    /// Where it is left out; the cluster means everywhere.
    pub scope: Scope,
    /// The requests that are left out.
    pub rule: PolicyRule,
}

/// Something that a subject gained or lost.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// Gained or lost.
    pub direction: Direction,
    /// Who.
    pub subject: Principal,
    /// Where.
    pub scope: Scope,
    /// The requests.
    pub rule: PolicyRule,
    /// Those among them that aren't meant, since the other side allows them too.
    pub except: Vec<Except>,
    /// Through what, on the side that allows.
    pub causes: Vec<Cause>,
}

impl Change {
    /// Whether a request is among those gained or lost.
    pub fn matches(&self, attributes: &Attributes) -> bool {
        let namespace = attributes.namespace();
        self.scope.contains(namespace)
            && rule_allows(&self.rule, attributes)
            && !self.except.iter().any(|except| {
                except.scope.contains(namespace) && rule_allows(&except.rule, attributes)
            })
    }
}

/// One way in which a side lets a subject do something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
struct Given {
    binding: BindingId,
    subject: usize,
    role: RoleId,
    /// From 1, among the role's effective rules.
    rule: usize,
    /// The content of the rule; equal on both sides for equal rules.
    content: usize,
}

/// Numbers for the contents of rules, shared by both sides.
#[derive(Default)]
struct RuleNumbers {
    numbers: HashMap<[Vec<CompactString>; 5], usize>,
}

impl RuleNumbers {
    fn number(&mut self, rule: &PolicyRule) -> usize {
        let next = self.numbers.len();
        let key = [
            &rule.verbs,
            &rule.api_groups,
            &rule.resources,
            &rule.resource_names,
            &rule.non_resource_urls,
        ]
        .map(Clone::clone);
        *self.numbers.entry(key).or_insert(next)
    }
}

/// The roles of a side with the contents of their effective rules.
struct Side<'s> {
    rbac: &'s RbacAuthorizer,
    rules_of: Vec<Vec<usize>>,
    /// Where each binding grants.
    scopes: Vec<Scope>,
    /// For each subject, the bindings that name it, with the subject's number.
    bindings_of: BTreeMap<Principal, Vec<(BindingId, usize)>>,
}

impl<'s> Side<'s> {
    fn new(rbac: &'s RbacAuthorizer, contents: &mut RuleNumbers) -> Self {
        let rules_of = rbac
            .snapshot()
            .roles()
            .map(|role| {
                rbac.effective_rules(role)
                    .map(|rule| contents.number(rule.rule))
                    .collect()
            })
            .collect();
        let scopes = rbac
            .snapshot()
            .bindings()
            .map(|id| rbac.snapshot().binding(id).scope())
            .collect();
        let mut bindings_of: BTreeMap<Principal, Vec<(BindingId, usize)>> = BTreeMap::new();
        for id in rbac.snapshot().bindings() {
            let binding = rbac.snapshot().binding(id);
            for (subject, number) in binding.subjects.iter().zip(0..) {
                if let Some(principal) = Principal::of(subject, binding) {
                    let bindings = bindings_of.entry(principal).or_default();
                    // A binding that names someone twice gives once.
                    if bindings.last().is_none_or(|&(last, _)| last != id) {
                        bindings.push((id, number));
                    }
                }
            }
        }
        Side {
            rbac,
            rules_of,
            scopes,
            bindings_of,
        }
    }

    fn scope_of(&self, binding: BindingId) -> &Scope {
        &self.scopes[binding.index()]
    }

    /// What a subject is given, by scope.
    fn given(&self, principal: &Principal) -> BTreeMap<&Scope, Vec<Given>> {
        let mut given: BTreeMap<&Scope, Vec<Given>> = BTreeMap::new();
        for &(binding, subject) in self.bindings_of.get(principal).into_iter().flatten() {
            let Some(role) = self.rbac.role_of(binding) else {
                continue;
            };
            let given = given.entry(self.scope_of(binding)).or_default();
            for (&content, rule) in self.rules_of[role.index()].iter().zip(1..) {
                given.push(Given {
                    binding,
                    subject,
                    role,
                    rule,
                    content,
                });
            }
        }
        given
    }

    /// What decides whether a subject is given the same on both sides.
    fn fingerprint(&self, principal: &Principal) -> BTreeSet<(&Scope, &[usize])> {
        self.bindings_of
            .get(principal)
            .into_iter()
            .flatten()
            .filter_map(|&(binding, _)| {
                let role = self.rbac.role_of(binding)?;
                let rules = &*self.rules_of[role.index()];
                (!rules.is_empty()).then(|| (self.scope_of(binding), rules))
            })
            .collect()
    }

    fn rule(&self, given: &Given) -> &'s PolicyRule {
        static NOTHING: PolicyRule = PolicyRule {
            verbs: Vec::new(),
            api_groups: Vec::new(),
            resources: Vec::new(),
            resource_names: Vec::new(),
            non_resource_urls: Vec::new(),
        };
        self.rbac
            .effective_rule(given.role, given.rule)
            .map_or(&NOTHING, |rule| rule.rule)
    }
}

/// Everything that HEAD lets subjects do and BASE doesn't, and the reverse, sorted by subject,
/// direction and scope.
///
/// `system:masters` is allowed everything on both sides, so nothing changes for it.
pub fn diff(base: &RbacAuthorizer, head: &RbacAuthorizer) -> Vec<Change> {
    let mut contents = RuleNumbers::default();
    let base = Side::new(base, &mut contents);
    let head = Side::new(head, &mut contents);
    let subjects: BTreeSet<&Principal> = base
        .bindings_of
        .keys()
        .chain(head.bindings_of.keys())
        .collect();
    let mut changes = Vec::new();
    for subject in subjects {
        if subject.is_masters() {
            continue;
        }
        if base.fingerprint(subject) == head.fingerprint(subject) {
            continue;
        }
        let mut found = difference(subject, Direction::Gained, &head, &base);
        found.extend(difference(subject, Direction::Lost, &base, &head));
        changes.extend(found);
    }
    changes
}

/// What `with` gives a subject and `without` doesn't.
fn difference(
    subject: &Principal,
    direction: Direction,
    with: &Side<'_>,
    without: &Side<'_>,
) -> Vec<Change> {
    let given = with.given(subject);
    let other = without.given(subject);
    let contents_of = |given: Option<&Vec<Given>>| -> BTreeSet<usize> {
        given
            .into_iter()
            .flatten()
            .map(|given| given.content)
            .collect()
    };
    let other_everywhere = contents_of(other.get(&Scope::Cluster));
    // The pieces of the other side are made only where something is left to be compared.
    let mut other_atoms: HashMap<&Scope, AtomSet> = HashMap::new();
    let mut cluster_wide = AtomSet::default();
    let mut changes = Vec::new();
    for (&scope, given) in &given {
        let other_here = contents_of(other.get(scope));
        let candidates: Vec<&Given> = given
            .iter()
            .filter(|given| {
                !other_here.contains(&given.content) && !other_everywhere.contains(&given.content)
            })
            .collect();
        if candidates.is_empty() {
            continue;
        }
        for (&other_scope, other_given) in &other {
            // A cluster-wide entry leaves out what any namespace had.
            if overlap(scope, other_scope) {
                other_atoms
                    .entry(other_scope)
                    .or_insert_with(|| atoms_in(without, other_given, other_scope));
            }
        }
        let all: Vec<Atom> = candidates
            .iter()
            .flat_map(|given| scoped_atoms(with.rule(given), scope))
            .collect();
        let left: Vec<Atom> = maximal(all)
            .into_iter()
            .filter(|atom| {
                let covered =
                    |scope: &Scope| other_atoms.get(scope).is_some_and(|set| set.covers(atom));
                !covered(&Scope::Cluster)
                    && (*scope == Scope::Cluster || !covered(scope) && !cluster_wide.covers(atom))
            })
            .collect();
        if *scope == Scope::Cluster {
            cluster_wide.extend(left.iter().cloned());
        }
        for (causing, atoms) in by_cause(with, &candidates, scope, left) {
            let except = excepts(&atoms, scope, &other_atoms);
            let causes: Vec<Cause> = causing
                .iter()
                .map(|given| causes::cause(with.rbac, without.rbac, given, subject))
                .collect();
            let rules = merge::merge(&atoms);
            for rule in rules {
                let except = except
                    .iter()
                    .filter_map(|(scope, atoms)| within(&rule, atoms, scope))
                    .flatten()
                    .collect();
                changes.push(Change {
                    direction,
                    subject: subject.clone(),
                    scope: scope.clone(),
                    rule,
                    except,
                    causes: causes.clone(),
                });
            }
        }
    }
    changes
}

/// The atoms of a rule in a scope: in a namespace, URLs are never granted.
fn scoped_atoms(rule: &PolicyRule, scope: &Scope) -> Vec<Atom> {
    let mut atoms = atoms_of(rule);
    if *scope != Scope::Cluster {
        atoms.retain(|atom| matches!(atom, Atom::Resource { .. }));
    }
    atoms
}

fn atoms_in(side: &Side<'_>, given: &[Given], scope: &Scope) -> AtomSet {
    let mut set = AtomSet::default();
    let mut seen = BTreeSet::new();
    for given in given {
        if seen.insert(given.content) {
            set.extend(scoped_atoms(side.rule(given), scope));
        }
    }
    set
}

/// The atoms apart by what gives them.
fn by_cause<'g>(
    side: &Side<'_>,
    candidates: &[&'g Given],
    scope: &Scope,
    atoms: Vec<Atom>,
) -> BTreeMap<Vec<&'g Given>, Vec<Atom>> {
    let given: Vec<(&'g Given, Vec<Atom>)> = candidates
        .iter()
        .map(|given| (*given, scoped_atoms(side.rule(given), scope)))
        .collect();
    let mut by_cause: BTreeMap<Vec<&'g Given>, Vec<Atom>> = BTreeMap::new();
    for atom in atoms {
        let causing = given
            .iter()
            .filter(|(_, atoms)| atoms.iter().any(|other| other.covers(&atom)))
            .map(|(given, _)| *given)
            .collect();
        by_cause.entry(causing).or_default().push(atom);
    }
    by_cause
}

/// Whether two scopes have a request in common.
fn overlap(a: &Scope, b: &Scope) -> bool {
    *a == Scope::Cluster || *b == Scope::Cluster || a == b
}

/// What the other side covers of some atoms, by scope; nothing twice.
fn excepts<'n>(
    atoms: &[Atom],
    scope: &Scope,
    other: &HashMap<&'n Scope, AtomSet>,
) -> BTreeMap<&'n Scope, Vec<Atom>> {
    let parts = |scope: &Scope| -> Vec<Atom> {
        let set = other.get(scope);
        let parts = atoms
            .iter()
            .flat_map(|atom| set.into_iter().flat_map(|set| set.parts_of(atom)))
            .collect();
        maximal(parts)
    };
    let mut everywhere = parts(&Scope::Cluster);
    let mut found = BTreeMap::new();
    if *scope == Scope::Cluster {
        let mut set = AtomSet::default();
        set.extend(everywhere.iter().cloned());
        for &namespace in other.keys().filter(|other| ***other != Scope::Cluster) {
            let mut here = parts(namespace);
            here.retain(|atom| !set.covers(atom));
            found.insert(namespace, here);
        }
    } else {
        // In a namespace, what is left out there and everywhere is one thing.
        everywhere.extend(parts(scope));
        everywhere = maximal(everywhere);
    }
    found.insert(&Scope::Cluster, everywhere);
    found
}

/// The exceptions that take something away from a rule.
fn within(rule: &PolicyRule, atoms: &[Atom], scope: &Scope) -> Option<Vec<Except>> {
    let mut set = AtomSet::default();
    set.extend(atoms_of(rule));
    // Exceptions were cut to the atoms of entries, so each belongs to one rule or another.
    let own: Vec<Atom> = atoms
        .iter()
        .filter(|atom| set.covers(atom))
        .cloned()
        .collect();
    if own.is_empty() {
        return None;
    }
    Some(
        merge::merge(&own)
            .into_iter()
            .map(|rule| Except {
                scope: scope.clone(),
                rule,
            })
            .collect(),
    )
}

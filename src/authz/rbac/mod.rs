//! [`RbacAuthorizer`]: RBAC's decisions over one [`Snapshot`].
//!
//! It resolves what aggregated ClusterRoles gather, indexes bindings by whom they name, so that a
//! decision touches only what names the asker, and matches requests with rules. It reads no text and
//! doesn't know the other authorizers.
//!
//! # Speed
//!
//! A decision looks up the user and some twenty groups, and mostly waits for memory. So a group
//! costs one hash and one entry of half a cache line, which names its cluster-wide roles and, in a
//! few bits, its namespaces; a role costs a few words that tell its verbs, groups and resources. Names
//! are compared only where something was found.
//!
//! Tried and dropped:
//!
//! - A map from subject to a list of bindings: another wait for each list, and thrice the memory.
//! - Entries of a whole cache line that hold what all roles of a subject may allow: a single role's
//!   mask tells nearly as much, and the larger table waits more often than it spares.
//! - Touching edges ahead, and looking the user up in one go with the groups: no quicker.
//! - Names of groups close together in memory: no difference that could be measured.
//! - Looking at namespaces by bisection however few there are: each step waits for the one before.

mod aggregate;
mod authorizer;
mod build;
mod compiled;
mod hash;
mod index;
mod interner;
mod mask;
mod number;
mod reason;
pub mod rules;
mod visit;

use crate::authz::Attributes;
use crate::cluster::{BindingId, RoleId, Snapshot};
use crate::diagnostic::Diagnostic;
use crate::kube::PolicyRule;
use crate::text::Located;

pub(crate) use authorizer::{AllowingRules, at_most_grants};
use compiled::CompiledRoles;
pub use hash::HashState;
use index::SubjectIndex;
use interner::{Interner, Sym};
pub(crate) use mask::CompiledRequest;
pub use number::TooLarge;
pub use reason::{EvaluationError, denial_reason, go_quote};
pub use visit::Applied;

/// One way in which a request is allowed: a binding, the subject in it, and a rule of its role.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Grant {
    /// The binding.
    pub binding: BindingId,
    /// The number, from 0, of the subject in the binding that matched.
    pub subject: usize,
    /// The role.
    pub role: RoleId,
    /// The number, from 1, of the rule among the role's effective ones.
    pub rule: usize,
}

/// A rule that a role has, and where it is written.
#[derive(Debug, Clone, Copy)]
pub struct EffectiveRule<'r> {
    /// The rule.
    pub rule: &'r Located<PolicyRule>,
    /// The role that it is written in: the role itself, or one that it gathers.
    pub origin: RoleId,
    /// Its number there, from 1.
    pub origin_number: usize,
}

/// Decides requests by the roles and bindings of a [`Snapshot`].
///
/// ```
/// use rbac_eval::authn::UserInfo;
/// use rbac_eval::authz::rbac::RbacAuthorizer;
/// use rbac_eval::authz::{Attributes, Authorizer, Decision, ResourceAttributes};
/// use rbac_eval::cluster::{Defaults, Snapshot};
/// use rbac_eval::kube::Manifest;
/// use rbac_eval::text::Files;
///
/// // Nothing but the default policy of the newest Kubernetes.
/// let snapshot = Snapshot::new(Files::default(), Manifest::default(), Defaults::Auto);
/// let rbac = RbacAuthorizer::new(snapshot)?;
/// let request = Attributes::Resource(ResourceAttributes {
///     verb: "create".into(),
///     group: "authorization.k8s.io".into(),
///     resource: "selfsubjectaccessreviews".into(),
///     ..Default::default()
/// });
/// let alice = UserInfo::impersonated("alice", []);
/// assert_eq!(rbac.decide(&alice, &request), Decision::Allow);
/// # Ok::<(), rbac_eval::authz::rbac::TooLarge>(())
/// ```
#[derive(Debug, Clone)]
pub struct RbacAuthorizer {
    snapshot: Snapshot,
    /// Those of the snapshot, and those of aggregation.
    diagnostics: Vec<Diagnostic>,
    strings: Interner,
    compiled: CompiledRoles,
    /// The number of each role's first rule among all written ones; at the end, the count of all.
    first_rule: Vec<u32>,
    is_gathered: Vec<bool>,
    role_of: Vec<Option<RoleId>>,
    index: SubjectIndex,
}

impl RbacAuthorizer {
    /// The snapshot that is judged by.
    pub fn snapshot(&self) -> &Snapshot {
        &self.snapshot
    }

    /// What was wrong with the input, and with what aggregated roles gather, in the order of its
    /// places.
    pub fn diagnostics(&self) -> &[Diagnostic] {
        &self.diagnostics
    }

    /// The role that a binding names, if it is there.
    pub fn role_of(&self, binding: BindingId) -> Option<RoleId> {
        self.role_of[binding.index()]
    }

    /// The rules that a role has in effect: its own, or what it gathers.
    pub fn effective_rules(
        &self,
        role: RoleId,
    ) -> impl ExactSizeIterator<Item = EffectiveRule<'_>> {
        self.compiled
            .written(role)
            .iter()
            .map(|&number| self.written_rule(number))
    }

    /// Whether a selector of an aggregated ClusterRole matches a role.
    pub(crate) fn is_gathered(&self, role: RoleId) -> bool {
        self.is_gathered[role.index()]
    }

    /// Where a role's effective rules stand among those of all roles. Aggregated roles that gather the
    /// same have them in one place.
    pub(crate) fn place_of_rules(&self, role: RoleId) -> std::ops::Range<usize> {
        self.compiled.place(role)
    }

    /// The rule of a role with this number, from 1, among its effective ones.
    pub fn effective_rule(&self, role: RoleId, number: usize) -> Option<EffectiveRule<'_>> {
        let at = number.checked_sub(1)?;
        let number = self.compiled.written(role).get(at)?;
        Some(self.written_rule(*number))
    }

    fn written_rule(&self, number: u32) -> EffectiveRule<'_> {
        // Of roles that begin at the same number all but the last have no rules.
        let role = self.first_rule.partition_point(|&first| first <= number) - 1;
        let at = (number - self.first_rule[role]) as usize;
        EffectiveRule {
            rule: &self.snapshot.all_roles()[role].rules[at],
            origin: RoleId(role),
            origin_number: at + 1,
        }
    }

    /// The number of a namespace; none for the whole cluster, or where nothing names it.
    fn namespace(&self, name: &str) -> Sym {
        if name.is_empty() {
            Sym::NONE
        } else {
            self.strings.get(name)
        }
    }

    /// A request in the numbers of this index.
    pub(crate) fn compile<'a>(&self, attributes: &'a Attributes) -> CompiledRequest<'a> {
        self.compiled.compile(&self.strings, attributes)
    }

    /// The numbers, from 1, of a role's effective rules that allow a request.
    pub(crate) fn allowing_rules<'p>(
        &'p self,
        role: RoleId,
        request: &'p CompiledRequest<'_>,
    ) -> impl Iterator<Item = usize> + 'p {
        self.compiled.allowing(role, request)
    }

    /// The numbers, from 1, of a role's effective rules that would allow a request under some
    /// name, if not under its own.
    pub(crate) fn rules_for_some_name<'p>(
        &'p self,
        role: RoleId,
        request: &'p CompiledRequest<'_>,
    ) -> impl Iterator<Item = usize> + 'p {
        self.compiled.for_some_name(role, request)
    }
}

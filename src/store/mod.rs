//! [`PolicyStore`]: the index of roles, bindings and subjects.
//!
//! It takes the objects of all sources, keeps the last of each name, resolves what aggregated
//! ClusterRoles gather, and indexes bindings by whom they name, so that a decision touches only
//! what names the asker. It never matches a request.
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
//!   outline tells nearly as much, and the larger table waits more often than it spares.
//! - Touching edges ahead, and looking the user up in one go with the groups: no quicker.
//! - Names of groups close together in memory: no difference that could be measured.
//! - Looking at namespaces by bisection however few there are: each step waits for the one before.

mod aggregate;
mod build;
mod compiled;
mod identity;
mod index;
mod interner;
mod outline;

use std::collections::BTreeSet;

use crate::bootstrap::DefaultPolicy;
use crate::catalogue::Catalogue;
use crate::manifest::{
    Binding, BindingKind, Diagnostic, Manifest, Object, PolicyRule, Role, RoleKind,
};
use crate::source::{Place, Sources};

use build::{BuildContext, Builder};
use compiled::CompiledRoles;
use index::SubjectIndex;
pub(crate) use index::{Edge, Principal, Slot};
use interner::Interner;
pub(crate) use interner::Sym;
pub(crate) use outline::Probe;

/// Which built-in default policy a store starts from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Defaults {
    /// The newest, unless the input carries an API server's own default objects.
    #[default]
    Auto,
    /// None.
    None,
    /// This one.
    Version(DefaultPolicy),
}

/// The number of a role in its store. Roles are numbered by kind, namespace and name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RoleId(u32);

/// The number of a binding in its store. ClusterRoleBindings come first, each kind by namespace
/// and name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct BindingId(u32);

impl RoleId {
    /// The role's place among [`PolicyStore::roles`].
    pub(crate) fn index(self) -> usize {
        self.0 as usize
    }
}

impl BindingId {
    pub(crate) fn new(number: u32) -> Self {
        BindingId(number)
    }
}

/// A rule that a role has, and where it is written.
#[derive(Debug, Clone, Copy)]
pub struct EffectiveRule<'s> {
    /// The rule.
    pub rule: &'s PolicyRule,
    /// The role that it is written in: the role itself, or one that it gathers.
    pub origin: RoleId,
    /// Its number there, from 1.
    pub origin_number: usize,
}

/// A Namespace or ServiceAccount of the input.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct KnownNamespace {
    /// The name.
    pub name: String,
    /// The labels, sorted by key.
    pub labels: Vec<(String, String)>,
}

/// All RBAC objects of an input, indexed for decisions.
///
/// ```
/// use rbac_eval::manifest;
/// use rbac_eval::source::{SourceText, Sources};
/// use rbac_eval::store::{Defaults, PolicyStore};
///
/// let text = SourceText {
///     name: "binding.yaml".into(),
///     bytes: br#"
/// apiVersion: rbac.authorization.k8s.io/v1
/// kind: ClusterRoleBinding
/// metadata: {name: viewers}
/// roleRef: {kind: ClusterRole, name: view}
/// subjects: [{kind: Group, name: devs}]
/// "#.to_vec(),
///     named: true,
/// };
/// let mut sources = Sources::default();
/// let manifest = manifest::parse(&mut sources, &[text]);
/// let store = PolicyStore::new(sources, manifest, Defaults::Auto);
/// let binding = store.bindings().find(|&id| store.binding(id).name == "viewers").unwrap();
/// let view = store.role_of(binding).unwrap();
/// assert!(store.effective_rules(view).count() > 0);
/// ```
#[derive(Debug, Clone)]
pub struct PolicyStore {
    sources: Sources,
    diagnostics: Vec<Diagnostic>,
    catalogue: Catalogue,
    roles: Vec<Role>,
    bindings: Vec<Binding>,
    namespaces: Vec<KnownNamespace>,
    service_accounts: BTreeSet<(String, String)>,
    defaults: Option<DefaultPolicy>,
    input_objects: usize,
    whole: bool,

    strings: Interner,
    compiled: CompiledRoles,
    /// Where the rules of each role begin in the numbering of all written rules.
    first_rule: Vec<u32>,
    role_of: Vec<Option<RoleId>>,
    index: SubjectIndex,
}

impl PolicyStore {
    /// Builds the store of what was read.
    ///
    /// Of the same object in several places the last one counts; a [`Overridden`](crate::manifest::Problem::Overridden) says
    /// so where they differ. An object of the input always wins over a built-in one.
    pub fn new(mut sources: Sources, manifest: Manifest, defaults: Defaults) -> Self {
        let input_objects = manifest
            .objects
            .iter()
            .filter(|object| matches!(object, Object::Role(_) | Object::Binding(_)))
            .count();
        let bootstrapped = |object: &Object| match object {
            Object::Role(role) => role.bootstrapped,
            Object::Binding(binding) => binding.bootstrapped,
            _ => false,
        };
        let carries_defaults = manifest.objects.iter().any(bootstrapped);
        let whole = manifest.objects.iter().any(|object| {
            matches!(object, Object::Binding(binding)
                if binding.bootstrapped && binding.from_server)
        }) && manifest.objects.iter().any(
            |object| matches!(object, Object::Role(role) if role.bootstrapped && role.from_server),
        );
        let defaults = match defaults {
            Defaults::Auto if carries_defaults => None,
            Defaults::Auto => Some(DefaultPolicy::newest()),
            Defaults::None => None,
            Defaults::Version(policy) => Some(policy),
        };
        let mut all = Manifest {
            objects: defaults.map_or_else(Vec::new, |policy| policy.objects(&mut sources)),
            ..Manifest::default()
        };
        let built_in = all.objects.len();
        all.extend(manifest);
        let mut diagnostics = all.diagnostics;
        let winners = identity::winners(all.objects, built_in, &sources, &mut diagnostics);
        Builder::new(winners).build(BuildContext {
            sources,
            diagnostics,
            defaults,
            input_objects,
            whole,
        })
    }

    /// The names of all sources.
    pub fn sources(&self) -> &Sources {
        &self.sources
    }

    /// What was wrong with the input, in the order of its places.
    pub fn diagnostics(&self) -> &[Diagnostic] {
        &self.diagnostics
    }

    /// The API resources: built in, and of the input's CustomResourceDefinitions.
    pub fn catalogue(&self) -> &Catalogue {
        &self.catalogue
    }

    /// The built-in default policy that was added to the input.
    pub fn defaults(&self) -> Option<DefaultPolicy> {
        self.defaults
    }

    /// How many roles and bindings the input itself holds.
    pub fn input_objects(&self) -> usize {
        self.input_objects
    }

    /// Whether the input looks like a server's complete policy: it carries the default objects as
    /// a server prints them.
    pub fn is_whole(&self) -> bool {
        self.whole
    }

    /// The Namespaces of the input, by name.
    pub fn namespaces(&self) -> &[KnownNamespace] {
        &self.namespaces
    }

    /// Whether the input holds this ServiceAccount.
    pub fn has_service_account(&self, namespace: &str, name: &str) -> bool {
        // A tuple of borrowed strings isn't a key of a set of owned ones.
        self.service_accounts
            .contains(&(namespace.to_owned(), name.to_owned()))
    }

    /// Whether the input holds a ServiceAccount of this namespace.
    pub fn has_service_accounts_in(&self, namespace: &str) -> bool {
        self.service_accounts
            .range((namespace.to_owned(), String::new())..)
            .next()
            .is_some_and(|(known, _)| known == namespace)
    }

    /// Whether the input holds any ServiceAccount at all.
    pub fn knows_service_accounts(&self) -> bool {
        !self.service_accounts.is_empty()
    }

    /// All bindings, ClusterRoleBindings first, each kind by namespace and name.
    pub fn bindings(&self) -> impl ExactSizeIterator<Item = BindingId> + use<> {
        (0..u32::try_from(self.bindings.len()).unwrap_or(u32::MAX)).map(BindingId)
    }

    /// A binding.
    pub fn binding(&self, id: BindingId) -> &Binding {
        &self.bindings[id.0 as usize]
    }

    /// The bindings that apply to requests in a namespace (or in the whole cluster where it is
    /// empty), or all of them.
    pub(crate) fn bindings_in_reach(
        &self,
        namespace: &str,
        anywhere: bool,
    ) -> impl Iterator<Item = BindingId> + use<> {
        let cluster_wide = self
            .bindings
            .partition_point(|binding| binding.kind == BindingKind::ClusterRoleBinding);
        let namespaced = if anywhere {
            cluster_wide..self.bindings.len()
        } else if namespace.is_empty() {
            cluster_wide..cluster_wide
        } else {
            let of_kind = &self.bindings[cluster_wide..];
            let begin = of_kind.partition_point(|binding| *binding.namespace < *namespace);
            let count = of_kind[begin..].partition_point(|binding| binding.namespace == namespace);
            cluster_wide + begin..cluster_wide + begin + count
        };
        (0..cluster_wide)
            .chain(namespaced)
            .filter_map(|at| u32::try_from(at).ok())
            .map(BindingId)
    }

    /// All roles, ClusterRoles first, each kind by namespace and name.
    pub fn roles(&self) -> impl ExactSizeIterator<Item = RoleId> + use<> {
        (0..u32::try_from(self.roles.len()).unwrap_or(u32::MAX)).map(RoleId)
    }

    /// A role.
    pub fn role(&self, id: RoleId) -> &Role {
        &self.roles[id.0 as usize]
    }

    /// The role that a binding names, if it is there.
    pub fn role_of(&self, binding: BindingId) -> Option<RoleId> {
        self.role_of[binding.0 as usize]
    }

    /// The binding of this kind, namespace and name.
    pub fn find_binding(
        &self,
        kind: BindingKind,
        namespace: &str,
        name: &str,
    ) -> Option<BindingId> {
        self.bindings
            .binary_search_by(|binding| {
                (
                    binding.kind,
                    binding.namespace.as_str(),
                    binding.name.as_str(),
                )
                    .cmp(&(kind, namespace, name))
            })
            .ok()
            .and_then(|at| u32::try_from(at).ok())
            .map(BindingId)
    }

    /// The role of this kind, namespace and name.
    pub fn find_role(&self, kind: RoleKind, namespace: &str, name: &str) -> Option<RoleId> {
        find_role(&self.roles, kind, namespace, name)
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

    /// The rule of a role with this number, from 1, among its effective ones.
    pub fn effective_rule(&self, role: RoleId, number: usize) -> Option<EffectiveRule<'_>> {
        let at = number.checked_sub(1)?;
        let number = self.compiled.written(role).get(at)?;
        Some(self.written_rule(*number))
    }

    /// The place of a rule, or of the role where the rule has none.
    pub fn rule_place(&self, rule: &EffectiveRule<'_>) -> Place {
        rule.rule.place.unwrap_or(self.role(rule.origin).place)
    }

    fn written_rule(&self, number: u32) -> EffectiveRule<'_> {
        let role = self.first_rule.partition_point(|&first| first <= number) - 1;
        // Roles without rules begin where the next one does; the last of them has the rule.
        let at = (number - self.first_rule[role]) as usize;
        EffectiveRule {
            rule: &self.roles[role].rules[at],
            origin: RoleId(u32::try_from(role).unwrap_or(u32::MAX)),
            origin_number: at + 1,
        }
    }

    /// The number of a namespace; none for the whole cluster, or where the store has no such string.
    pub(crate) fn namespace(&self, name: &str) -> Sym {
        if name.is_empty() {
            Sym::NONE
        } else {
            self.strings.get(name)
        }
    }

    pub(crate) fn probe<'a>(&self, attributes: &'a crate::attributes::Attributes) -> Probe<'a> {
        self.compiled.probe(&self.strings, attributes)
    }

    /// The edges of a principal that reach a request in this namespace.
    pub(crate) fn edges(
        &self,
        principal: Principal,
        name: &str,
        namespace: Sym,
    ) -> impl Iterator<Item = Edge> {
        self.index
            .slot(&self.strings, principal, name)
            .into_iter()
            .flat_map(move |slot| self.index.edges(slot, namespace))
    }

    /// Where the edges of a name are, or of another that shares its hash; see
    /// [`PolicyStore::is_for`].
    #[inline]
    pub(crate) fn likely_slot(&self, principal: Principal, name: &str) -> Option<&Slot> {
        self.index.likely_slot(&self.strings, principal, name)
    }

    /// The namespace of edges, or another that shares its hash; see [`PolicyStore::is_for`].
    #[inline]
    pub(crate) fn likely_namespace(&self, namespace: &str) -> Sym {
        self.index.likely_namespace(&self.strings, namespace)
    }

    /// Whether an edge of a likely slot and namespace is really for the name and namespace.
    pub(crate) fn is_for(&self, edge: Edge, slot: &Slot, name: &str, namespace: &str) -> bool {
        self.index.is_of(slot, &self.strings, name)
            && (edge.namespace == Sym::NONE || self.strings.text(edge.namespace) == namespace)
    }

    /// The first edge of a slot that allows a request in a namespace, and by which of its role's
    /// rules, from 1.
    #[inline]
    pub(crate) fn first_allowing(
        &self,
        slot: &Slot,
        namespace: Sym,
        probe: &Probe<'_>,
    ) -> Option<(Edge, usize)> {
        self.index
            .first_allowing(slot, namespace, &self.compiled, probe)
    }

    /// All edges of a principal.
    pub(crate) fn all_edges(&self, principal: Principal, name: &str) -> impl Iterator<Item = Edge> {
        self.index
            .slot(&self.strings, principal, name)
            .into_iter()
            .flat_map(|slot| self.index.all_edges(slot))
    }

    /// The numbers, from 1, of a role's effective rules that allow a request.
    pub(crate) fn allowing_rules<'p>(
        &'p self,
        role: RoleId,
        probe: &'p Probe<'_>,
    ) -> impl Iterator<Item = usize> + 'p {
        self.compiled.allowing(role, probe)
    }

    /// The numbers, from 1, of a role's effective rules that would allow a request under some
    /// name, if not under its own.
    pub(crate) fn rules_for_some_name<'p>(
        &'p self,
        role: RoleId,
        probe: &'p Probe<'_>,
    ) -> impl Iterator<Item = usize> + 'p {
        self.compiled.for_some_name(role, probe)
    }
}

fn find_role(roles: &[Role], kind: RoleKind, namespace: &str, name: &str) -> Option<RoleId> {
    roles
        .binary_search_by(|role| {
            (role.kind, role.namespace.as_str(), role.name.as_str()).cmp(&(kind, namespace, name))
        })
        .ok()
        .and_then(|at| u32::try_from(at).ok())
        .map(RoleId)
}

//! The two sides of a comparison, with numbers for what they share.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use compact_str::CompactString;
use hashbrown::HashMap;

use crate::authn::Principal;
use crate::authz::rbac::RbacAuthorizer;
use crate::cluster::{BindingId, RoleId};
use crate::kube::PolicyRule;
use crate::object::Scope;

/// The number of a rule's content: the same for equal rules of either side.
pub(super) type ContentId = usize;

/// The number of a role's list of rules: the same for equal lists of either side.
pub(super) type ListId = usize;

/// The number of a scope, in the order of scopes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct ScopeId(usize);

impl ScopeId {
    /// The whole cluster.
    pub(super) const CLUSTER: ScopeId = ScopeId(0);
}

/// What a side gives a subject: where, and by which lists of rules. Sorted, each once; empty lists are
/// left out.
pub(super) type GivenRules = Vec<(ScopeId, ListId)>;

/// One way in which a side lets a subject do something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Given {
    pub(super) binding: BindingId,
    pub(super) subject: usize,
    pub(super) role: RoleId,
    /// From 1, among the role's effective rules.
    pub(super) rule: usize,
}

/// The roles and bindings of a side.
pub(super) struct Side<'s> {
    pub(super) rbac: &'s RbacAuthorizer,
    /// The rules of each role.
    list_of: Vec<ListId>,
    /// Where each binding grants.
    scope_of: Vec<ScopeId>,
    /// For each subject, the bindings that name it, with the subject's number; in their order.
    bindings_of: BTreeMap<Principal, Vec<(BindingId, usize)>>,
}

/// Both sides.
pub(super) struct Sides<'s> {
    pub(super) base: Side<'s>,
    pub(super) head: Side<'s>,
    rules: Vec<&'s PolicyRule>,
    lists: Vec<Rc<[ContentId]>>,
    scopes: Vec<Scope>,
    /// For lists that were asked for, where each content stands in them, from 1.
    positions: RefCell<HashMap<ListId, Rc<Positions>>>,
}

/// Where contents stand in a list, sorted by content.
type Positions = Vec<(ContentId, usize)>;

/// The number of nothing, in [`Sides`]' lists.
const NO_RULES: ListId = 0;

/// ContentNumbers for contents and lists of rules.
struct ContentNumbers<'s> {
    rules: Vec<&'s PolicyRule>,
    contents: HashMap<[&'s [CompactString]; 5], ContentId>,
    lists: Vec<Rc<[ContentId]>>,
    list_numbers: HashMap<Rc<[ContentId]>, ListId>,
}

impl<'s> ContentNumbers<'s> {
    fn content(&mut self, rule: &'s PolicyRule) -> ContentId {
        *self.contents.entry(rule.lists()).or_insert_with(|| {
            self.rules.push(rule);
            self.rules.len() - 1
        })
    }

    fn list(&mut self, contents: Vec<ContentId>) -> ListId {
        let contents: Rc<[ContentId]> = contents.into();
        *self
            .list_numbers
            .entry(contents)
            .or_insert_with_key(|contents| {
                self.lists.push(contents.clone());
                self.lists.len() - 1
            })
    }
}

impl<'s> Sides<'s> {
    pub(super) fn new(base: &'s RbacAuthorizer, head: &'s RbacAuthorizer) -> Self {
        let mut scopes = BTreeSet::from([Scope::Cluster]);
        for rbac in [base, head] {
            let bindings = rbac.snapshot().bindings();
            scopes.extend(bindings.map(|id| rbac.snapshot().binding(id).scope()));
        }
        let scopes: Vec<Scope> = scopes.into_iter().collect();
        let mut numbers = ContentNumbers {
            rules: Vec::new(),
            contents: HashMap::new(),
            lists: Vec::new(),
            list_numbers: HashMap::new(),
        };
        numbers.list(Vec::new());
        let [base, head] = [base, head].map(|rbac| Side::new(rbac, &scopes, &mut numbers));
        Sides {
            base,
            head,
            rules: numbers.rules,
            lists: numbers.lists,
            scopes,
            positions: RefCell::default(),
        }
    }

    pub(super) fn scope(&self, id: ScopeId) -> &Scope {
        &self.scopes[id.0]
    }

    pub(super) fn rule(&self, content: ContentId) -> &'s PolicyRule {
        self.rules[content]
    }

    pub(super) fn contents_of(&self, list: ListId) -> &[ContentId] {
        &self.lists[list]
    }

    /// The ways in which a side gives a subject something in a scope.
    pub(super) fn ways(&self, side: &Side<'_>, subject: &Principal, scope: ScopeId) -> Ways {
        let bindings = side.bindings_of(subject).iter();
        let bindings = bindings.filter(|(binding, _)| side.scope_of[binding.index()] == scope);
        let ways = bindings.filter_map(|&(binding, subject)| {
            let role = side.rbac.role_of(binding)?;
            let positions = self.positions_in(side.list_of[role.index()]);
            Some((binding, subject, role, positions))
        });
        Ways(ways.collect())
    }

    fn positions_in(&self, list: ListId) -> Rc<Positions> {
        let mut known = self.positions.borrow_mut();
        let positions = known.entry(list).or_insert_with(|| {
            let contents = self.lists[list].iter().copied();
            let mut positions: Positions = contents.zip(1..).collect();
            positions.sort_unstable();
            Rc::new(positions)
        });
        positions.clone()
    }
}

/// The bindings that give a subject something in a scope, with where their roles' rules stand.
pub(super) struct Ways(Vec<(BindingId, usize, RoleId, Rc<Positions>)>);

impl Ways {
    /// Those through rules of these contents, sorted.
    pub(super) fn through(&self, contents: &[ContentId]) -> Vec<Given> {
        let mut given: Vec<Given> = Vec::new();
        for (binding, subject, role, positions) in &self.0 {
            for content in contents {
                let first = positions.partition_point(|(other, _)| other < content);
                let rules = positions[first..].iter();
                let rules = rules.take_while(|(other, _)| other == content);
                given.extend(rules.map(|&(_, rule)| Given {
                    binding: *binding,
                    subject: *subject,
                    role: *role,
                    rule,
                }));
            }
        }
        given.sort_unstable();
        given
    }
}

impl<'s> Side<'s> {
    fn new(rbac: &'s RbacAuthorizer, scopes: &[Scope], numbers: &mut ContentNumbers<'s>) -> Self {
        // Roles that gather the same share their rules.
        let mut known = HashMap::new();
        let list_of = rbac
            .snapshot()
            .roles()
            .map(|role| {
                *known.entry(rbac.place_of_rules(role)).or_insert_with(|| {
                    let rules = rbac.effective_rules(role);
                    let contents = rules.map(|rule| numbers.content(rule.rule)).collect();
                    numbers.list(contents)
                })
            })
            .collect();
        let scope_of = rbac
            .snapshot()
            .bindings()
            .map(|id| {
                let scope = rbac.snapshot().binding(id).scope();
                ScopeId(scopes.partition_point(|known| *known < scope))
            })
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
            list_of,
            scope_of,
            bindings_of,
        }
    }

    /// Everyone whom a binding names.
    pub(super) fn subjects(&self) -> impl Iterator<Item = &Principal> {
        self.bindings_of.keys()
    }

    fn bindings_of(&self, subject: &Principal) -> &[(BindingId, usize)] {
        self.bindings_of
            .get(subject)
            .map_or(&[], |bindings| bindings)
    }

    /// Whether a binding names a subject.
    pub(super) fn names(&self, binding: BindingId, subject: &Principal) -> bool {
        let bindings = self.bindings_of(subject);
        bindings
            .binary_search_by_key(&binding, |&(id, _)| id)
            .is_ok()
    }

    /// What a subject is given.
    pub(super) fn given(&self, subject: &Principal) -> GivenRules {
        let bindings = self.bindings_of(subject).iter();
        let mut given: GivenRules = bindings
            .filter_map(|&(binding, _)| {
                let list = self.list_of[self.rbac.role_of(binding)?.index()];
                (list != NO_RULES).then_some((self.scope_of[binding.index()], list))
            })
            .collect();
        given.sort_unstable();
        given.dedup();
        given
    }
}

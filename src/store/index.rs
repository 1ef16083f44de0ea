//! Which bindings name whom.
//!
//! A decision is mostly waiting for memory, so the index is laid out to be waited for seldom: an
//! entry of the table holds where its edges are, an edge holds the role's number, and names are
//! compared only where an edge comes to something.

use hashbrown::HashTable;

use super::RoleId;
use super::interner::{Interner, Sym, hash};

/// That a binding's subject names someone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Edge {
    /// The binding's namespace; [`Sym::NONE`] where it is cluster-wide.
    namespace: Sym,
    /// The binding's number.
    pub(crate) binding: u32,
    /// The subject's number in the binding.
    pub(crate) subject: u32,
    /// The number of the binding's role; [`NO_ROLE`] where it isn't there.
    role: u32,
}

impl Edge {
    /// The binding's role, unless it isn't there.
    #[inline]
    pub(crate) fn role_id(self) -> Option<RoleId> {
        (self.role != NO_ROLE).then_some(RoleId(self.role))
    }
}

/// The role of an edge whose binding names one that isn't there.
pub(super) const NO_ROLE: u32 = u32::MAX;

/// Whether a name is a user's (a service account's included) or a group's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Principal {
    User,
    Group,
}

/// An edge with what it is sorted by. Cluster-wide edges have no namespace.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct NewEdge {
    pub(super) principal: Principal,
    pub(super) name: Sym,
    pub(super) namespace: Option<Sym>,
    pub(super) binding: u32,
    pub(super) subject: u32,
    pub(super) role: u32,
}

/// Where the edges of one principal are: cluster-wide ones first, then by namespace.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Slot {
    hash: u64,
    pub(super) name: Sym,
    begin: u32,
    /// Where the namespaced edges begin.
    namespaced: u32,
    end: u32,
}

/// All edges in one array, and tables from names to where theirs are. A request carries many
/// groups, so theirs is a table of its own, which stays small.
#[derive(Debug, Clone, Default)]
pub(super) struct SubjectIndex {
    users: HashTable<Slot>,
    groups: HashTable<Slot>,
    edges: Vec<Edge>,
    /// Whether two names share a hash, so that names have to be compared at once.
    collides: bool,
}

impl SubjectIndex {
    pub(super) fn new(mut new: Vec<NewEdge>, strings: &Interner) -> Self {
        new.sort_unstable();
        let mut index = SubjectIndex::default();
        let narrow = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
        for same in new.chunk_by(|a, b| (a.principal, a.name) == (b.principal, b.name)) {
            let begin = index.edges.len();
            let cluster_wide = same.partition_point(|edge| edge.namespace.is_none());
            let slot = Slot {
                hash: hash(strings.text(same[0].name)),
                name: same[0].name,
                begin: narrow(begin),
                namespaced: narrow(begin + cluster_wide),
                end: narrow(begin + same.len()),
            };
            index.edges.extend(same.iter().map(|edge| Edge {
                namespace: edge.namespace.unwrap_or(Sym::NONE),
                binding: edge.binding,
                subject: edge.subject,
                role: edge.role,
            }));
            let principal = same[0].principal;
            index.collides |= index.at_hash(principal, slot.hash).is_some();
            let table = match principal {
                Principal::User => &mut index.users,
                Principal::Group => &mut index.groups,
            };
            table.insert_unique(slot.hash, slot, |slot| slot.hash);
        }
        index
    }

    #[inline]
    fn table(&self, principal: Principal) -> &HashTable<Slot> {
        match principal {
            Principal::User => &self.users,
            Principal::Group => &self.groups,
        }
    }

    #[inline]
    fn at_hash(&self, principal: Principal, hash: u64) -> Option<Slot> {
        self.table(principal)
            .find(hash, |slot| slot.hash == hash)
            .copied()
    }

    /// The slot of a name, if it has one.
    pub(super) fn slot(
        &self,
        strings: &Interner,
        principal: Principal,
        name: &str,
    ) -> Option<Slot> {
        let hash = hash(name);
        self.table(principal)
            .find(hash, |slot| {
                slot.hash == hash && strings.text(slot.name) == name
            })
            .copied()
    }

    /// The slot of a name, or of another that shares its hash: what it leads to has to be held
    /// against the name before it counts.
    #[inline]
    pub(super) fn likely_slot(
        &self,
        strings: &Interner,
        principal: Principal,
        name: &str,
    ) -> Option<Slot> {
        if self.collides {
            self.slot(strings, principal, name)
        } else {
            self.at_hash(principal, hash(name))
        }
    }

    /// The cluster-wide edges of a slot, and those in a namespace.
    #[inline]
    pub(super) fn edges(&self, slot: Slot, namespace: Sym) -> (&[Edge], &[Edge]) {
        let cluster_wide = &self.edges[slot.begin as usize..slot.namespaced as usize];
        if namespace == Sym::NONE || slot.namespaced == slot.end {
            return (cluster_wide, &[]);
        }
        let namespaced = &self.edges[slot.namespaced as usize..slot.end as usize];
        let first = namespaced.partition_point(|edge| edge.namespace < namespace);
        let count = namespaced[first..]
            .iter()
            .take_while(|edge| edge.namespace == namespace)
            .count();
        (cluster_wide, &namespaced[first..first + count])
    }

    /// All edges of a slot, whatever their namespace.
    pub(super) fn all_edges(&self, slot: Slot) -> &[Edge] {
        &self.edges[slot.begin as usize..slot.end as usize]
    }
}

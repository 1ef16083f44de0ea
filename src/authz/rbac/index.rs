//! Which bindings name whom.
//!
//! A decision mostly waits for memory, so the index is laid out for few cache misses. An entry of
//! the table is half a cache line, which is enough for most names: their cluster-wide roles, and a
//! bit mask of the namespaces in which they have more. Edges are looked at only where something is
//! found, and only then names are compared.

use hashbrown::HashTable;

use super::authorizer::SeenRules;
use super::compiled::CompiledRoles;
use super::interner::{Interner, Sym, TextRange};
use super::mask::CompiledRequest;
use super::number::{TooLarge, narrow};
use crate::cluster::RoleId;

/// An edge from a name to a binding, one of whose subjects has this name.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Edge {
    /// The binding's namespace; [`Sym::NONE`] where it is cluster-wide.
    pub(super) namespace: Sym,
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
        (self.role != NO_ROLE).then_some(RoleId(self.role as usize))
    }
}

/// The role of an edge whose binding names one that isn't there.
pub(super) const NO_ROLE: u32 = u32::MAX;

/// Whether a name is a user's (a service account's included) or a group's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum NameKind {
    User,
    Group,
}

/// An edge and its name, in the order in which the index keeps them. Cluster-wide edges, which
/// have no namespace, come first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct NewEdge {
    pub(super) kind: NameKind,
    pub(super) name: Sym,
    pub(super) namespace: Option<Sym>,
    pub(super) binding: u32,
    pub(super) subject: u32,
    pub(super) role: u32,
}

/// How many roles a [`Slot`] has room for.
const ROLES: usize = 6;
/// What is in a [`Slot`] after its roles.
const END: u16 = u16::MAX;
/// What is first in a [`Slot`] that has no room for its roles.
const OVERFLOW: u16 = u16::MAX - 1;

/// An entry of a table. It is enough to see for most names that no edge allows the request.
#[derive(Debug, Clone, Copy)]
#[repr(align(32))]
pub(crate) struct Slot {
    hash: u64,
    /// The bit mask of the namespaces of all namespaced edges.
    namespaces: u64,
    /// The position of the header among the records.
    header: u32,
    /// The roles of the cluster-wide edges, as many as there are.
    roles: [u16; ROLES],
}

impl Slot {
    /// Whether an edge may reach requests in a namespace.
    #[inline]
    fn may_reach(&self, namespace: Sym) -> bool {
        self.roles[0] != END || self.may_reach_in(namespace)
    }

    /// The same of edges of that namespace alone.
    #[inline]
    fn may_reach_in(&self, namespace: Sym) -> bool {
        let bits = namespace_bits(namespace);
        namespace != Sym::NONE && self.namespaces & bits == bits
    }
}

/// A [`SlotHeader`], or an [`Edge`].
#[derive(Debug, Clone, Copy)]
struct Record([u32; 4]);

/// The record before the edges of a name.
struct SlotHeader {
    name: TextRange,
    cluster_wide: u32,
    edges: u32,
}

impl Record {
    #[inline]
    fn edge(self) -> Edge {
        let [namespace, binding, subject, role] = self.0;
        Edge {
            namespace: Sym(namespace),
            binding,
            subject,
            role,
        }
    }

    #[inline]
    fn header(self) -> SlotHeader {
        let [begin, end, cluster_wide, edges] = self.0;
        SlotHeader {
            name: TextRange { begin, end },
            cluster_wide,
            edges,
        }
    }
}

impl From<&NewEdge> for Record {
    fn from(edge: &NewEdge) -> Self {
        let namespace = edge.namespace.unwrap_or(Sym::NONE);
        Record([namespace.0, edge.binding, edge.subject, edge.role])
    }
}

impl From<SlotHeader> for Record {
    fn from(header: SlotHeader) -> Self {
        let TextRange { begin, end } = header.name;
        Record([begin, end, header.cluster_wide, header.edges])
    }
}

/// The roles of cluster-wide edges, as a [`Slot`] has them.
fn slot_roles(edges: &[NewEdge]) -> [u16; ROLES] {
    let mut overflow = [END; ROLES];
    overflow[0] = OVERFLOW;
    if edges.len() > ROLES {
        return overflow;
    }
    let mut roles = [END; ROLES];
    for (edge, role) in edges.iter().zip(&mut roles) {
        match u16::try_from(edge.role) {
            Ok(number) if number < OVERFLOW => *role = number,
            _ => return overflow,
        }
    }
    roles
}

/// The first of some edges that allows a request, and by which of its role's rules, from 1.
#[inline]
fn first_of(
    records: &[Record],
    roles: &CompiledRoles,
    request: &CompiledRequest<'_>,
) -> Option<(Edge, usize)> {
    /// Of more edges, several may well be to the same rules.
    const FEW: usize = 32;
    if records.len() > FEW {
        return first_of_many(records, roles, request);
    }
    records.iter().find_map(|record| {
        let edge = record.edge();
        Some((edge, roles.allowing(edge.role_id()?, request).next()?))
    })
}

/// The same, looking at long lists of rules once.
#[cold]
fn first_of_many(
    records: &[Record],
    roles: &CompiledRoles,
    request: &CompiledRequest<'_>,
) -> Option<(Edge, usize)> {
    let mut seen = SeenRules::default();
    records.iter().find_map(|record| {
        let edge = record.edge();
        let role = edge.role_id().filter(|&role| seen.is_new(roles, role))?;
        Some((edge, roles.allowing(role, request).next()?))
    })
}

/// The bit mask of a namespace: up to three bits, which other namespaces may share.
#[inline]
fn namespace_bits(namespace: Sym) -> u64 {
    let mixed = u64::from(namespace.0).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 46;
    1 << (mixed & 63) | 1 << (mixed >> 6 & 63) | 1 << (mixed >> 12 & 63)
}

/// Tables from names to where their edges are. A request carries many groups, so theirs is a table
/// of its own, which stays small.
#[derive(Debug, Clone, Default)]
pub(super) struct SubjectIndex {
    users: HashTable<Slot>,
    groups: HashTable<Slot>,
    /// The namespaces of edges, with the hashes of their names.
    namespaces: HashTable<(u64, Sym)>,
    /// For each principal a header, then its cluster-wide edges, then the others by namespace: what
    /// is needed together is fetched together.
    records: Vec<Record>,
    /// Whether two names of the index share a hash, so that a look-up has to compare names.
    collides: bool,
}

impl SubjectIndex {
    pub(super) fn new(mut new: Vec<NewEdge>, strings: &Interner) -> Result<Self, TooLarge> {
        const EDGES: &str = "subjects of bindings";
        new.sort_unstable();
        let mut index = SubjectIndex::default();
        for same in new.chunk_by(|a, b| (a.kind, a.name) == (b.kind, b.name)) {
            let cluster_wide = same.partition_point(|edge| edge.namespace.is_none());
            let slot = Slot {
                hash: strings.hash(strings.text(same[0].name)),
                namespaces: same[cluster_wide..]
                    .iter()
                    .filter_map(|edge| edge.namespace)
                    .fold(0, |bits, namespace| bits | namespace_bits(namespace)),
                header: narrow(index.records.len(), EDGES)?,
                roles: slot_roles(&same[..cluster_wide]),
            };
            let header = SlotHeader {
                name: strings.range(same[0].name),
                cluster_wide: narrow(cluster_wide, EDGES)?,
                edges: narrow(same.len(), EDGES)?,
            };
            index.records.push(header.into());
            index.records.extend(same.iter().map(Record::from));
            let kind = same[0].kind;
            index.collides |= index.at_hash(kind, slot.hash).is_some();
            let table = match kind {
                NameKind::User => &mut index.users,
                NameKind::Group => &mut index.groups,
            };
            table.insert_unique(slot.hash, slot, |slot| slot.hash);
        }
        let mut namespaces: Vec<Sym> = new.iter().filter_map(|edge| edge.namespace).collect();
        namespaces.sort_unstable();
        namespaces.dedup();
        for namespace in namespaces {
            let hash = strings.hash(strings.text(namespace));
            let known = index.namespaces.find(hash, |&(known, _)| known == hash);
            index.collides |= known.is_some();
            index
                .namespaces
                .insert_unique(hash, (hash, namespace), |&(hash, _)| hash);
        }
        Ok(index)
    }

    /// A namespace that has edges, or perhaps another with the same hash; see
    /// [`likely_slot`](SubjectIndex::likely_slot).
    #[inline]
    pub(super) fn likely_namespace(&self, strings: &Interner, namespace: &str) -> Sym {
        if namespace.is_empty() {
            return Sym::NONE;
        }
        let hash = strings.hash(namespace);
        self.namespaces
            .find(hash, |&(known, sym)| {
                known == hash && (!self.collides || strings.text(sym) == namespace)
            })
            .map_or(Sym::NONE, |&(_, sym)| sym)
    }

    #[inline]
    fn table(&self, kind: NameKind) -> &HashTable<Slot> {
        match kind {
            NameKind::User => &self.users,
            NameKind::Group => &self.groups,
        }
    }

    #[inline]
    fn at_hash(&self, kind: NameKind, hash: u64) -> Option<&Slot> {
        self.table(kind).find(hash, |slot| slot.hash == hash)
    }

    /// The slot of a name, if it has one.
    pub(super) fn slot(&self, strings: &Interner, kind: NameKind, name: &str) -> Option<&Slot> {
        let hash = strings.hash(name);
        self.table(kind).find(hash, |slot| {
            slot.hash == hash && self.is_of(slot, strings, name)
        })
    }

    /// The slot of a name, or, where the name has none, perhaps that of another name with the same
    /// hash: whoever uses it has to check [`is_of`](SubjectIndex::is_of).
    #[inline]
    pub(super) fn likely_slot(
        &self,
        strings: &Interner,
        kind: NameKind,
        name: &str,
    ) -> Option<&Slot> {
        if self.collides {
            self.slot(strings, kind, name)
        } else {
            self.at_hash(kind, strings.hash(name))
        }
    }

    /// Whether a slot is that of this name.
    pub(super) fn is_of(&self, slot: &Slot, strings: &Interner, name: &str) -> bool {
        strings.read(self.header(slot).name) == name
    }

    /// The edges of a name that reach requests in a namespace, cluster-wide ones first.
    #[inline]
    pub(super) fn edges(
        &self,
        strings: &Interner,
        kind: NameKind,
        name: &str,
        namespace: Sym,
    ) -> impl Iterator<Item = Edge> {
        // Most names have none there, which the slot alone tells.
        let slot = self
            .likely_slot(strings, kind, name)
            .filter(|slot| slot.may_reach(namespace) && self.is_of(slot, strings, name));
        slot.into_iter().flat_map(move |slot| {
            let namespaced = self.namespaced(slot, namespace);
            let records = self.cluster_wide(slot).iter().chain(namespaced);
            records.map(|record| record.edge())
        })
    }

    /// All edges of a slot, whatever their namespace.
    pub(super) fn all_edges(&self, slot: &Slot) -> impl Iterator<Item = Edge> {
        let records = self.records_of(slot, 0, self.header(slot).edges);
        records.iter().map(|record| record.edge())
    }

    /// The first edge of a slot that allows a request in a namespace, and by which of its role's
    /// rules, from 1: cluster-wide ones first.
    #[inline]
    pub(super) fn first_allowing(
        &self,
        slot: &Slot,
        namespace: Sym,
        roles: &CompiledRoles,
        request: &CompiledRequest<'_>,
    ) -> Option<(Edge, usize)> {
        let cluster_wide = if slot.roles[0] == OVERFLOW {
            first_of(self.cluster_wide(slot), roles, request)
        } else {
            let held = slot.roles.iter().take_while(|&&role| role != END);
            held.enumerate().find_map(|(at, &role)| {
                let rule = roles.allowing(RoleId(role.into()), request).next()?;
                Some((self.cluster_wide(slot)[at].edge(), rule))
            })
        };
        cluster_wide.or_else(|| first_of(self.namespaced(slot, namespace), roles, request))
    }

    #[inline]
    fn header(&self, slot: &Slot) -> SlotHeader {
        self.records[slot.header as usize].header()
    }

    /// The edges of a slot from one number to another.
    #[inline]
    fn records_of(&self, slot: &Slot, from: u32, to: u32) -> &[Record] {
        let begin = slot.header as usize + 1;
        &self.records[begin + from as usize..begin + to as usize]
    }

    #[inline]
    fn cluster_wide(&self, slot: &Slot) -> &[Record] {
        self.records_of(slot, 0, self.header(slot).cluster_wide)
    }

    #[inline]
    fn namespaced(&self, slot: &Slot, namespace: Sym) -> &[Record] {
        /// So few are searched one after the other: bisection waits for memory at each step.
        const FEW: usize = 32;
        if !slot.may_reach_in(namespace) {
            return &[];
        }
        let header = self.header(slot);
        let namespaced = self.records_of(slot, header.cluster_wide, header.edges);
        let begins = |record: &Record| record.edge().namespace >= namespace;
        let first = if namespaced.len() <= FEW {
            namespaced.iter().position(begins)
        } else {
            Some(namespaced.partition_point(|record| !begins(record)))
        };
        let reached = &namespaced[first.unwrap_or(namespaced.len())..];
        let count = reached
            .iter()
            .take_while(|record| record.edge().namespace == namespace)
            .count();
        &reached[..count]
    }
}

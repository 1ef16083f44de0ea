//! Which bindings name whom.

use super::interner::Sym;

/// That a binding's subject names someone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Edge {
    /// The binding's number.
    pub(crate) binding: u32,
    /// The subject's number in the binding.
    pub(crate) subject: u32,
}

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
    pub(super) edge: Edge,
}

/// All edges in one array: those of one principal stand together, cluster-wide ones first, then
/// by namespace, so that a look-up is two array reads and a bisection.
#[derive(Debug, Clone, Default)]
pub(super) struct SubjectIndex {
    /// For each string, its slot as a user, or `NO_SLOT`.
    users: Vec<u32>,
    /// For each string, its slot as a group, or `NO_SLOT`.
    groups: Vec<u32>,
    slots: Vec<Slot>,
    edges: Vec<Edge>,
    namespaces: Vec<Sym>,
}

#[derive(Debug, Clone, Copy)]
struct Slot {
    begin: u32,
    /// Where the namespaced edges begin.
    namespaced: u32,
    end: u32,
}

const NO_SLOT: u32 = u32::MAX;

impl SubjectIndex {
    pub(super) fn new(mut new: Vec<NewEdge>, strings: usize) -> Self {
        new.sort_unstable();
        let mut index = SubjectIndex {
            users: vec![NO_SLOT; strings],
            groups: vec![NO_SLOT; strings],
            ..SubjectIndex::default()
        };
        let narrow = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
        for same in new.chunk_by(|a, b| (a.principal, a.name) == (b.principal, b.name)) {
            let begin = index.edges.len();
            let cluster_wide = same.partition_point(|edge| edge.namespace.is_none());
            let slot = narrow(index.slots.len());
            index.slots.push(Slot {
                begin: narrow(begin),
                namespaced: narrow(begin + cluster_wide),
                end: narrow(begin + same.len()),
            });
            for edge in same {
                index.edges.push(edge.edge);
                index.namespaces.push(edge.namespace.unwrap_or(Sym::NONE));
            }
            let by_name = match same[0].principal {
                Principal::User => &mut index.users,
                Principal::Group => &mut index.groups,
            };
            by_name[same[0].name.0 as usize] = slot;
        }
        index
    }

    fn slot(&self, principal: Principal, name: Sym) -> Option<Slot> {
        let by_name = match principal {
            Principal::User => &self.users,
            Principal::Group => &self.groups,
        };
        let slot = *by_name.get(name.0 as usize)?;
        self.slots.get(slot as usize).copied()
    }

    /// The cluster-wide edges of a principal, and those in a namespace.
    #[inline]
    pub(super) fn edges(
        &self,
        principal: Principal,
        name: Sym,
        namespace: Sym,
    ) -> (&[Edge], &[Edge]) {
        let Some(slot) = self.slot(principal, name) else {
            return (&[], &[]);
        };
        let cluster_wide = &self.edges[slot.begin as usize..slot.namespaced as usize];
        if namespace == Sym::NONE || slot.namespaced == slot.end {
            return (cluster_wide, &[]);
        }
        let (begin, end) = (slot.namespaced as usize, slot.end as usize);
        let namespaces = &self.namespaces[begin..end];
        let first = namespaces.partition_point(|&other| other < namespace);
        let count = namespaces[first..]
            .iter()
            .take_while(|&&other| other == namespace)
            .count();
        (
            cluster_wide,
            &self.edges[begin + first..begin + first + count],
        )
    }

    /// All edges of a principal, whatever their namespace.
    pub(super) fn all_edges(&self, principal: Principal, name: Sym) -> &[Edge] {
        self.slot(principal, name).map_or(&[], |slot| {
            &self.edges[slot.begin as usize..slot.end as usize]
        })
    }
}

//! Objects of many kinds: a column for each type.

use std::any::Any;
use std::fmt;

use super::decode::{Decode, United};
use crate::object::ObjectRef;
use crate::text::{Fingerprint, Located, Span};

/// The kind, namespace and name of an object, borrowed from it: what makes two objects the same one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ObjectKey<'a> {
    /// The kind.
    pub kind: &'static str,
    /// The namespace; of a CustomResourceDefinition the API group, since its name is made of group
    /// and plural.
    pub namespace: &'a str,
    /// The name.
    pub name: &'a str,
}

/// Objects of any kinds that are decoded, each type for itself and in the order of the input.
///
/// ```
/// use rbac_eval::kube::{Metadata, Namespace, Objects};
/// use rbac_eval::text::{Files, Located, Span};
///
/// let mut objects = Objects::default();
/// let span = Span::whole(Files::default().add("made"));
/// let namespace = Namespace { metadata: Metadata::new("", "prod") };
/// objects.push(Located::new(namespace, span));
/// assert_eq!(objects.of::<Namespace>()[0].name, "prod");
/// assert_eq!(objects.len(), 1);
/// ```
#[derive(Default)]
pub struct Objects {
    columns: Vec<Box<dyn Column>>,
}

impl Objects {
    /// Adds an object.
    pub fn push<T: Decode>(&mut self, object: Located<T>) {
        if let Some(column) = self
            .columns
            .iter_mut()
            .find_map(|column| as_mut(&mut **column))
        {
            column.push(object);
        } else {
            self.columns.push(Box::new(vec![object]));
        }
    }

    /// All objects of a type, in the order of the input; those of a
    /// [`Snapshot`](crate::cluster::Snapshot) by kind, namespace and name.
    pub fn of<T: Decode>(&self) -> &[Located<T>] {
        let mut columns = self.columns.iter();
        columns
            .find_map(|column| as_ref(&**column))
            .map_or(&[], Vec::as_slice)
    }

    /// How many objects there are.
    pub fn len(&self) -> usize {
        self.columns.iter().map(|column| column.len()).sum()
    }

    /// Whether there is no object.
    pub fn is_empty(&self) -> bool {
        self.columns.iter().all(|column| column.len() == 0)
    }

    /// What names each object, type by type.
    pub fn keys(&self) -> impl Iterator<Item = ObjectKey<'_>> {
        let columns = self.columns.iter();
        columns.flat_map(|column| (0..column.len()).map(|at| column.key(at)))
    }

    /// Where each object is, type by type.
    pub fn spans(&self) -> impl Iterator<Item = Span> {
        let columns = self.columns.iter();
        columns.flat_map(|column| (0..column.len()).map(|at| column.span(at)))
    }

    /// Each object, and where it is, type by type.
    pub fn places(&self) -> impl Iterator<Item = (ObjectRef, Span)> {
        let columns = self.columns.iter();
        columns
            .flat_map(|column| (0..column.len()).map(|at| (column.object_ref(at), column.span(at))))
    }

    /// Keeps the objects for whose names it says so.
    pub fn retain(&mut self, keep: impl Fn(&ObjectKey<'_>) -> bool) {
        for column in &mut self.columns {
            let kept: Vec<bool> = (0..column.len()).map(|at| keep(&column.key(at))).collect();
            column.keep(&kept);
        }
    }

    /// Adds all objects of others, after those that are here.
    pub fn extend(&mut self, others: Vec<Objects>) {
        // Room for all at once: a column that grows piece by piece takes twice the memory.
        let mut more: Vec<(usize, Box<dyn Column>)> = Vec::new();
        for theirs in others.iter().flat_map(|other| &other.columns) {
            match more.iter_mut().find(|(_, known)| known.is_like(&**theirs)) {
                Some((count, _)) => *count += theirs.len(),
                None => more.push((theirs.len(), theirs.empty())),
            }
        }
        for (count, mut column) in more {
            match self.columns.iter_mut().find(|ours| ours.is_like(&*column)) {
                Some(ours) => ours.reserve(count),
                // What comes from one alone is taken over as it is.
                None if others.len() == 1 => {}
                None => {
                    column.reserve(count);
                    self.columns.push(column);
                }
            }
        }
        for theirs in others.into_iter().flat_map(|other| other.columns) {
            match self.columns.iter_mut().find(|ours| ours.is_like(&*theirs)) {
                Some(ours) => ours.append(theirs),
                None => self.columns.push(theirs),
            }
        }
    }

    /// How many objects there are of each type; columns that come later come after these.
    pub(crate) fn lengths(&self) -> Vec<usize> {
        self.columns.iter().map(|column| column.len()).collect()
    }

    pub(crate) fn columns_mut(&mut self) -> &mut [Box<dyn Column>] {
        &mut self.columns
    }

    /// The column of the same type as another's.
    pub(crate) fn like(&self, column: &dyn Column) -> Option<&dyn Column> {
        let mut columns = self.columns.iter();
        columns
            .find(|known| known.is_like(column))
            .map(|known| &**known)
    }
}

impl Clone for Objects {
    fn clone(&self) -> Self {
        Objects {
            columns: self.columns.iter().map(|column| column.boxed()).collect(),
        }
    }
}

impl fmt::Debug for Objects {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(&self.columns).finish()
    }
}

/// The same objects of each type in the same order, wherever they stand.
impl PartialEq for Objects {
    fn eq(&self, other: &Self) -> bool {
        let holds = |one: &Objects, other: &Objects| {
            one.columns.iter().all(|column| {
                column.len() == 0
                    || other
                        .like(&**column)
                        .is_some_and(|like| column.equals(like))
            })
        };
        holds(self, other) && holds(other, self)
    }
}

/// All objects of one type.
pub(crate) trait Column: Any + fmt::Debug + Send + Sync {
    fn len(&self) -> usize;
    fn span(&self, at: usize) -> Span;
    fn key(&self, at: usize) -> ObjectKey<'_>;
    fn object_ref(&self, at: usize) -> ObjectRef;
    /// Whether two objects of one name give the same.
    fn same_content(&self, at: usize, other: usize) -> bool;
    /// What an object holds, so that it can be compared with one of another input.
    fn fingerprint(&self, at: usize) -> Fingerprint;
    /// Adds to an object what another definition of it gives.
    fn unite(&mut self, at: usize, other: usize) -> United;
    /// Keeps the objects for which it says so.
    fn keep(&mut self, keep: &[bool]);
    /// Sorts by kind, namespace and name; of one name the later definition comes first.
    fn sort(&mut self);
    fn reserve(&mut self, more: usize);
    /// Adds the objects of a column of the same type.
    fn append(&mut self, other: Box<dyn Column>);
    fn is_like(&self, other: &dyn Column) -> bool;
    fn equals(&self, other: &dyn Column) -> bool;
    /// A column of the same type without objects.
    fn empty(&self) -> Box<dyn Column>;
    fn boxed(&self) -> Box<dyn Column>;
}

fn as_ref<T: Decode>(column: &dyn Column) -> Option<&Vec<Located<T>>> {
    let column: &dyn Any = column;
    column.downcast_ref()
}

fn as_mut<T: Decode>(column: &mut dyn Column) -> Option<&mut Vec<Located<T>>> {
    let column: &mut dyn Any = column;
    column.downcast_mut()
}

impl<T: Decode> Column for Vec<Located<T>> {
    fn len(&self) -> usize {
        Vec::len(self)
    }

    fn span(&self, at: usize) -> Span {
        self[at].span
    }

    fn key(&self, at: usize) -> ObjectKey<'_> {
        self[at].value.key()
    }

    fn object_ref(&self, at: usize) -> ObjectRef {
        self[at].value.object_ref()
    }

    fn same_content(&self, at: usize, other: usize) -> bool {
        self[at].value.same_content(&self[other].value)
    }

    fn fingerprint(&self, at: usize) -> Fingerprint {
        Fingerprint::of_value(&self[at])
    }

    fn unite(&mut self, at: usize, other: usize) -> United {
        let (before, after) = self.split_at_mut(at.max(other));
        let (Some(low), Some(high)) = (before.get_mut(at.min(other)), after.first_mut()) else {
            return United::Merged;
        };
        if at < other {
            low.value.unite(&high.value)
        } else {
            high.value.unite(&low.value)
        }
    }

    fn keep(&mut self, keep: &[bool]) {
        let mut keep = keep.iter();
        self.retain(|_| keep.next().copied().unwrap_or(false));
    }

    fn sort(&mut self) {
        // A dump is nearly sorted as it is, which a stable sort makes use of.
        self.reverse();
        self.sort_by(|a, b| a.value.key().cmp(&b.value.key()));
    }

    fn reserve(&mut self, more: usize) {
        self.reserve_exact(more);
    }

    fn append(&mut self, other: Box<dyn Column>) {
        let other: Box<dyn Any> = other;
        if let Ok(other) = other.downcast::<Self>() {
            self.extend(*other);
        }
    }

    fn is_like(&self, other: &dyn Column) -> bool {
        as_ref::<T>(other).is_some()
    }

    fn equals(&self, other: &dyn Column) -> bool {
        as_ref::<T>(other).is_some_and(|other| self == other)
    }

    fn empty(&self) -> Box<dyn Column> {
        Box::new(Vec::<Located<T>>::new())
    }

    fn boxed(&self) -> Box<dyn Column> {
        Box::new(self.clone())
    }
}

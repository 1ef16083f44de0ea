//! A value and where it stands.

use std::cmp::Ordering;
use std::hash::{Hash, Hasher};
use std::ops::{Deref, DerefMut};

use serde::{Serialize, Serializer};

use super::Span;

/// A value with the place that it was read from.
///
/// Where a value stands is no part of what it says: two located values are equal, and sorted and
/// serialized, by the value alone. So a rule that moved is still the same rule.
///
/// ```
/// use rbac_eval::text::{Files, Located, Span};
///
/// let file = Files::default().add("rbac.yaml");
/// let here = Located::new("get", Span { file, line: 3, column: 1 });
/// let there = Located::new("get", Span { file, line: 9, column: 1 });
/// assert_eq!(here, there);
/// assert_eq!(here.len(), 3);
/// ```
#[derive(Debug, Clone, Copy)]
pub struct Located<T> {
    /// The value.
    pub value: T,
    /// Where it begins.
    pub span: Span,
}

impl<T> Located<T> {
    /// A value that was read there.
    pub fn new(value: T, span: Span) -> Self {
        Located { value, span }
    }

    /// What becomes of the value, at the same place.
    pub fn map<U>(self, f: impl FnOnce(T) -> U) -> Located<U> {
        Located::new(f(self.value), self.span)
    }
}

impl<T> Deref for Located<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.value
    }
}

impl<T> DerefMut for Located<T> {
    fn deref_mut(&mut self) -> &mut T {
        &mut self.value
    }
}

impl<T: PartialEq> PartialEq for Located<T> {
    fn eq(&self, other: &Self) -> bool {
        self.value == other.value
    }
}

impl<T: Eq> Eq for Located<T> {}

impl<T: PartialOrd> PartialOrd for Located<T> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        self.value.partial_cmp(&other.value)
    }
}

impl<T: Ord> Ord for Located<T> {
    fn cmp(&self, other: &Self) -> Ordering {
        self.value.cmp(&other.value)
    }
}

impl<T: Hash> Hash for Located<T> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.value.hash(state);
    }
}

impl<T: Serialize> Serialize for Located<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.value.serialize(serializer)
    }
}

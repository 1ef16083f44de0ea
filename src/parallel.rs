//! Work on all cores, where the feature `parallel` is on; else one piece after the other.
//!
//! Results come in the order of the input, so they don't depend on the number of threads.

#[cfg(feature = "parallel")]
use rayon::prelude::*;

/// What becomes of each item.
#[cfg(feature = "parallel")]
pub(crate) fn map<T: Sync, R: Send>(items: &[T], f: impl Fn(&T) -> R + Send + Sync) -> Vec<R> {
    // Items may differ much in size, so each is given out by itself.
    items.par_iter().with_max_len(1).map(f).collect()
}

/// What becomes of each item.
#[cfg(not(feature = "parallel"))]
pub(crate) fn map<T: Sync, R: Send>(items: &[T], f: impl Fn(&T) -> R + Send + Sync) -> Vec<R> {
    items.iter().map(f).collect()
}

/// What becomes of each stretch of so many items.
#[cfg(feature = "parallel")]
pub(crate) fn map_chunks<T: Sync, R: Send>(
    items: &[T],
    size: usize,
    f: impl Fn(&[T]) -> R + Send + Sync,
) -> Vec<R> {
    items.par_chunks(size).with_max_len(1).map(f).collect()
}

/// What becomes of each stretch of so many items.
#[cfg(not(feature = "parallel"))]
pub(crate) fn map_chunks<T: Sync, R: Send>(
    items: &[T],
    size: usize,
    f: impl Fn(&[T]) -> R + Send + Sync,
) -> Vec<R> {
    items.chunks(size).map(f).collect()
}

/// Both.
#[cfg(feature = "parallel")]
pub(crate) fn join<A: Send, B: Send>(
    a: impl FnOnce() -> A + Send,
    b: impl FnOnce() -> B + Send,
) -> (A, B) {
    rayon::join(a, b)
}

/// Both.
#[cfg(not(feature = "parallel"))]
pub(crate) fn join<A: Send, B: Send>(
    a: impl FnOnce() -> A + Send,
    b: impl FnOnce() -> B + Send,
) -> (A, B) {
    (a(), b())
}

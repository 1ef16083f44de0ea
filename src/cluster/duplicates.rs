//! Several definitions of one object: the input doesn't tell which of them a cluster has, so all count.

use foldhash::fast::RandomState;

use crate::diagnostic::{Diagnostic, Problem};
use crate::kube::{Column, ObjectKey, United};
use crate::object::ObjectRef;
use crate::text::{Files, Fingerprint, Span};

/// Two definitions of one object that differ.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Collision {
    /// The object.
    pub object: ObjectRef,
    /// Where the definitions are.
    pub spans: [Span; 2],
}

/// Makes one object of all definitions of one name: the last, with what the others give beside it;
/// where a kind can't be united, the different ones stay side by side. Says so where they differ.
///
/// The first `built_in` objects are the default policy's, which a server adds back to its own objects
/// when it starts.
pub(super) fn unite(
    objects: &mut dyn Column,
    built_in: usize,
    files: &Files,
    diagnostics: &mut Vec<Diagnostic>,
) -> Vec<Collision> {
    let mut collisions = Vec::new();
    let last = last_positions(objects);
    if last.len() == objects.len() {
        return collisions;
    }
    let mut keep = Vec::with_capacity(objects.len());
    let mut others = Vec::new();
    for at in 0..objects.len() {
        let winner = last.get(&objects.key(at)).map_or(at, |winner| *winner);
        keep.push(winner == at);
        if winner == at || objects.same_content(at, winner) {
            continue;
        }
        others.push((winner, at));
        let object = objects.object_ref(at);
        let problem = if at < built_in {
            Problem::ReplacesDefault { object }
        } else {
            collisions.push(Collision {
                object: object.clone(),
                spans: [objects.span(at), objects.span(winner)],
            });
            Problem::DefinedTwice {
                object,
                other: files.file_line(objects.span(at)),
            }
        };
        let contents = [objects.fingerprint(at), objects.fingerprint(winner)];
        diagnostics.push(
            Diagnostic::new(objects.span(winner), problem)
                .with_content(Fingerprint::of_value(&contents)),
        );
    }
    drop(last);
    for (winner, other) in others {
        keep[other] = objects.unite(winner, other) == United::Apart;
    }
    objects.keep(&keep);
    collisions
}

/// Where the last object of each name stands.
///
/// The map is written from all threads; each entry keeps the greatest position, so the result
/// doesn't depend on their timing.
#[cfg(feature = "parallel")]
fn last_positions(
    objects: &dyn Column,
) -> dashmap::ReadOnlyView<ObjectKey<'_>, usize, RandomState> {
    use rayon::prelude::*;

    let last = dashmap::DashMap::with_capacity_and_hasher(objects.len(), RandomState::default());
    (0..objects.len()).into_par_iter().for_each(|at| {
        last.entry(objects.key(at))
            .and_modify(|last| *last = at.max(*last))
            .or_insert(at);
    });
    last.into_read_only()
}

/// Where the last object of each name stands.
#[cfg(not(feature = "parallel"))]
fn last_positions(objects: &dyn Column) -> hashbrown::HashMap<ObjectKey<'_>, usize, RandomState> {
    (0..objects.len()).map(|at| (objects.key(at), at)).collect()
}

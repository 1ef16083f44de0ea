//! Duplicate objects: the last definition wins.

use foldhash::fast::RandomState;

use crate::diagnostic::{Diagnostic, Problem};
use crate::kube::{Column, ObjectKey};
use crate::text::Files;

/// Keeps the last object of each name, in the order of the input, and says where an earlier one
/// differed. The first `built_in` objects give way in silence.
pub(super) fn keep_last(
    objects: &mut dyn Column,
    built_in: usize,
    files: &Files,
    diagnostics: &mut Vec<Diagnostic>,
) {
    let last = last_positions(objects);
    if last.len() == objects.len() {
        return;
    }
    let mut keep = Vec::with_capacity(objects.len());
    for at in 0..objects.len() {
        let winner = last.get(&objects.key(at)).map_or(at, |winner| *winner);
        keep.push(winner == at);
        if winner != at && at >= built_in && !objects.same_content(at, winner) {
            diagnostics.push(Diagnostic::new(
                objects.span(winner),
                Problem::Overridden {
                    object: objects.object_ref(at),
                    other: files.file_line(objects.span(at)),
                },
            ));
        }
    }
    drop(last);
    objects.keep(&keep);
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

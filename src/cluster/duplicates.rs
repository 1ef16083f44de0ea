//! Duplicate objects: the last definition wins.

use foldhash::fast::RandomState;

use crate::diagnostic::{Diagnostic, Problem};
use crate::kube::{Object, ObjectKey};
use crate::text::{Files, Located};

/// Whether two objects of one name give the same, however they are labelled where that gives nothing
/// and whichever of them comes from a server.
fn same_content(a: &Object, b: &Object) -> bool {
    match (a, b) {
        (Object::Role(a), Object::Role(b)) => {
            (&a.labels, &a.aggregation_rule, &a.rules) == (&b.labels, &b.aggregation_rule, &b.rules)
        }
        (Object::Binding(a), Object::Binding(b)) => {
            (&a.role_ref, &a.subjects) == (&b.role_ref, &b.subjects)
        }
        _ => a == b,
    }
}

/// Keeps the last object of each name, in the order of the input, and says where an earlier one
/// differed. The first `built_in` objects give way in silence.
pub(super) fn last_of_each(
    objects: Vec<Located<Object>>,
    built_in: usize,
    files: &Files,
    diagnostics: &mut Vec<Diagnostic>,
) -> Vec<Located<Object>> {
    let last = last_positions(&objects);
    if last.len() == objects.len() {
        drop(last);
        return objects;
    }
    let keep: Vec<bool> = objects
        .iter()
        .enumerate()
        .map(|(at, object)| last.get(&object.key()) == Some(&at))
        .collect();
    for (at, object) in objects.iter().enumerate().skip(built_in) {
        if keep[at] {
            continue;
        }
        if let Some(&winner) = last.get(&object.key())
            && !same_content(object, &objects[winner])
        {
            diagnostics.push(Diagnostic::new(
                objects[winner].span,
                Problem::Overridden {
                    object: object.object_ref(),
                    other: files.file_line(object.span),
                },
            ));
        }
    }
    drop(last);
    let mut keep = keep.into_iter();
    objects
        .into_iter()
        .filter(|_| keep.next().unwrap_or(false))
        .collect()
}

/// Where the last object of each name stands.
///
/// The map is written from all threads; each entry keeps the greatest position, so the result
/// doesn't depend on their timing.
#[cfg(feature = "parallel")]
fn last_positions(
    objects: &[Located<Object>],
) -> dashmap::ReadOnlyView<ObjectKey<'_>, usize, RandomState> {
    use rayon::prelude::*;

    let last = dashmap::DashMap::with_capacity_and_hasher(objects.len(), RandomState::default());
    objects.par_iter().enumerate().for_each(|(at, object)| {
        last.entry(object.key())
            .and_modify(|last| *last = at.max(*last))
            .or_insert(at);
    });
    last.into_read_only()
}

/// Where the last object of each name stands.
#[cfg(not(feature = "parallel"))]
fn last_positions(
    objects: &[Located<Object>],
) -> hashbrown::HashMap<ObjectKey<'_>, usize, RandomState> {
    let objects = objects.iter().enumerate();
    objects.map(|(at, object)| (object.key(), at)).collect()
}

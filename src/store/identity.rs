//! Of the same object in several places, which one counts.

use dashmap::DashMap;
use foldhash::fast::FixedState;
use rayon::prelude::*;

use crate::manifest::{Diagnostic, Object, Problem};
use crate::source::{Place, Sources};

/// What makes two objects the same: kind, namespace and name.
#[derive(PartialEq, Eq, Hash, Clone, Copy)]
struct Identity<'a> {
    kind: &'static str,
    namespace: &'a str,
    name: &'a str,
}

fn identity(object: &Object) -> Identity<'_> {
    let (kind, namespace, name) = match object {
        Object::Role(role) => (role.kind.as_str(), &*role.namespace, &*role.name),
        Object::Binding(binding) => (binding.kind.as_str(), &*binding.namespace, &*binding.name),
        Object::CustomResourceDefinition(definition) => (
            "CustomResourceDefinition",
            &*definition.group,
            &*definition.plural,
        ),
        Object::Namespace { name, .. } => ("Namespace", "", &**name),
        Object::ServiceAccount {
            namespace, name, ..
        } => ("ServiceAccount", &**namespace, &**name),
    };
    Identity {
        kind,
        namespace,
        name,
    }
}

fn place(object: &Object) -> Place {
    match object {
        Object::Role(role) => role.place,
        Object::Binding(binding) => binding.place,
        Object::CustomResourceDefinition(definition) => definition.place,
        Object::Namespace { place, .. } | Object::ServiceAccount { place, .. } => *place,
    }
}

/// Whether two objects of one identity give the same.
fn same_content(a: &Object, b: &Object) -> bool {
    match (a, b) {
        (Object::Role(a), Object::Role(b)) => {
            a.labels == b.labels
                && a.aggregation_rule == b.aggregation_rule
                && a.rules.len() == b.rules.len()
                && a.rules.iter().zip(&b.rules).all(|(a, b)| a.same_as(b))
        }
        (Object::Binding(a), Object::Binding(b)) => {
            let subjects = |binding: &crate::manifest::Binding| -> Vec<_> {
                binding
                    .subjects
                    .iter()
                    .map(|subject| {
                        (
                            subject.kind,
                            subject.namespace.clone(),
                            subject.name.clone(),
                        )
                    })
                    .collect()
            };
            a.role_ref == b.role_ref && subjects(a) == subjects(b)
        }
        (Object::CustomResourceDefinition(a), Object::CustomResourceDefinition(b)) => {
            let mut b = b.clone();
            b.place = a.place;
            *a == b
        }
        (Object::Namespace { labels: a, .. }, Object::Namespace { labels: b, .. }) => a == b,
        _ => true,
    }
}

/// Keeps the last object of each identity, in the order of the input, and says where an earlier
/// one differed. The first `built_in` objects give way in silence.
///
/// The map is written from all threads; each entry keeps the greatest position, so the result
/// doesn't depend on their timing.
pub(super) fn winners(
    objects: Vec<Object>,
    built_in: usize,
    sources: &Sources,
    diagnostics: &mut Vec<Diagnostic>,
) -> Vec<Object> {
    let last: DashMap<Identity<'_>, usize, FixedState> =
        DashMap::with_capacity_and_hasher(objects.len(), FixedState::default());
    objects.par_iter().enumerate().for_each(|(at, object)| {
        last.entry(identity(object))
            .and_modify(|last| *last = at.max(*last))
            .or_insert(at);
    });
    if last.len() == objects.len() {
        drop(last);
        return objects;
    }
    let last = last.into_read_only();
    let keep: Vec<bool> = objects
        .par_iter()
        .enumerate()
        .map(|(at, object)| last.get(&identity(object)) == Some(&at))
        .collect();
    for (at, object) in objects.iter().enumerate().skip(built_in) {
        if keep[at] {
            continue;
        }
        if let Some(&winner) = last.get(&identity(object))
            && !same_content(object, &objects[winner])
        {
            let Identity {
                kind,
                namespace,
                name,
            } = identity(object);
            let object_name = if namespace.is_empty() {
                format!("{kind} {name}")
            } else {
                format!("{kind} {namespace}/{name}")
            };
            diagnostics.push(Diagnostic::new(
                place(&objects[winner]),
                Problem::Overridden {
                    object: object_name,
                    other: sources.file_line(place(object)),
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

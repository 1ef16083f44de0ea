//! The objects that the laws are about, in one type: made at random, or read from a text.

use rbac_eval::kube::{Binding, Manifest, Objects, Role};
use rbac_eval::text::{Files, Located, Span};

/// A role or binding.
#[derive(Debug, Clone, PartialEq)]
pub enum Object {
    Role(Role),
    Binding(Binding),
}

/// The role, if it is one.
pub fn as_role(object: &Object) -> Option<&Role> {
    match object {
        Object::Role(role) => Some(role),
        Object::Binding(_) => None,
    }
}

/// The binding, if it is one.
pub fn as_binding(object: &Object) -> Option<&Binding> {
    match object {
        Object::Binding(binding) => Some(binding),
        Object::Role(_) => None,
    }
}

/// A value that was made rather than read, as if it stood in the first file.
pub fn at<T>(value: T) -> Located<T> {
    Located::new(value, Span::whole(Files::default().add("generated")))
}

/// A manifest of objects that were made rather than read.
pub fn made(objects: &[Object]) -> Manifest {
    let mut columns = Objects::default();
    for object in objects {
        match object {
            Object::Role(role) => columns.push(at(role.clone())),
            Object::Binding(binding) => columns.push(at(binding.clone())),
        }
    }
    Manifest {
        objects: columns,
        ..Manifest::default()
    }
}

/// The roles and bindings of a text, in its order.
pub fn values(manifest: &Manifest) -> Vec<Object> {
    let roles = manifest.objects.of::<Role>().iter();
    let bindings = manifest.objects.of::<Binding>().iter();
    let mut all: Vec<(Span, Object)> = roles
        .map(|role| (role.span, Object::Role(role.value.clone())))
        .chain(bindings.map(|binding| (binding.span, Object::Binding(binding.value.clone()))))
        .collect();
    all.sort_by_key(|(span, _)| *span);
    all.into_iter().map(|(_, object)| object).collect()
}

//! Bindings whose roleRef changes, which an API server refuses.

use crate::authz::rbac::RbacAuthorizer;
use crate::object::ObjectRef;
use crate::text::Span;

/// A binding that names different roles on the two sides, so that it must be deleted and recreated.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoleRefChange {
    /// The binding.
    pub binding: ObjectRef,
    /// The role on BASE.
    pub from: ObjectRef,
    /// The role on HEAD.
    pub to: ObjectRef,
    /// Where the binding is written on HEAD.
    pub span: Span,
}

/// The bindings on both sides that name different roles, in the order of HEAD's bindings.
///
/// Source: `ValidateRoleBindingUpdate` of `pkg/apis/rbac/validation`.
pub fn changed_role_refs(base: &RbacAuthorizer, head: &RbacAuthorizer) -> Vec<RoleRefChange> {
    let (base, head) = (base.snapshot(), head.snapshot());
    head.bindings()
        .filter_map(|id| {
            let after = head.binding(id);
            let before = base.find_binding(after.kind, &after.namespace, &after.name)?;
            let before = base.binding(before);
            (before.role_ref != after.role_ref).then(|| RoleRefChange {
                binding: after.object_ref(),
                from: before.role_object(),
                to: after.role_object(),
                span: after.span,
            })
        })
        .collect()
}

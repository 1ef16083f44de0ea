//! What loading already found.

use crate::authz::rbac::RbacAuthorizer;
use crate::diagnostic::{Diagnostic, codes};

/// The diagnostics of reading whose codes are findings.
pub(super) fn findings(rbac: &RbacAuthorizer) -> Vec<Diagnostic> {
    rbac.diagnostics()
        .iter()
        .filter(|diagnostic| codes::FINDINGS.contains(&diagnostic.code))
        .cloned()
        .collect()
}

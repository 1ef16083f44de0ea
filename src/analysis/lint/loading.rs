//! What loading already found.

use crate::authz::rbac::RbacAuthorizer;
use crate::diagnostic::Problem;

use super::{Finding, codes};

pub(super) fn findings(rbac: &RbacAuthorizer) -> Vec<Finding> {
    rbac.diagnostics()
        .iter()
        .filter_map(|diagnostic| {
            let (code, object) = match &diagnostic.problem {
                Problem::Unreadable { .. } | Problem::CannotRead { .. } => {
                    (&codes::UNREADABLE, String::new())
                }
                Problem::Refused { object, .. } => (&codes::REFUSED, object.to_string()),
                Problem::OldVersion { object, .. } => (&codes::OLD_VERSION, object.to_string()),
                Problem::NoNamespace { object } => (&codes::NO_NAMESPACE, object.to_string()),
                Problem::Overridden { object, .. } => (&codes::OVERRIDDEN, object.to_string()),
                Problem::StaleAggregation { object, .. } => {
                    (&codes::STALE_AGGREGATION, object.to_string())
                }
                Problem::NotAnObject => return None,
            };
            Some(Finding {
                code,
                level: code.level,
                span: diagnostic.span,
                object,
                message: diagnostic.problem.to_string(),
            })
        })
        .collect()
}

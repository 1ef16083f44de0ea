//! What loading already found.

use crate::manifest::Problem;
use crate::store::PolicyStore;

use super::{Finding, codes};

pub(super) fn findings(store: &PolicyStore) -> Vec<Finding> {
    store
        .diagnostics()
        .iter()
        .filter_map(|diagnostic| {
            let (code, object) = match &diagnostic.problem {
                Problem::Unreadable { .. } | Problem::CannotRead { .. } => {
                    (&codes::UNREADABLE, String::new())
                }
                Problem::Refused { object, .. } => (&codes::REFUSED, object.clone()),
                Problem::OldVersion { object, .. } => (&codes::OLD_VERSION, object.clone()),
                Problem::NoNamespace { object } => (&codes::NO_NAMESPACE, object.clone()),
                Problem::Overridden { object, .. } => (&codes::OVERRIDDEN, object.clone()),
                Problem::StaleAggregation { object, .. } => {
                    (&codes::STALE_AGGREGATION, object.clone())
                }
                Problem::NotAnObject => return None,
            };
            Some(Finding {
                code,
                level: code.level,
                place: diagnostic.place,
                object,
                message: diagnostic.problem.to_string(),
            })
        })
        .collect()
}

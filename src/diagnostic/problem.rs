//! What may be wrong with the input.

use super::{Code, Describe, NoManifest, Severity, codes};
use crate::object::ObjectRef;
use crate::text::WhyUnread;

/// What may be wrong with a piece of the input, as the readers find it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    /// The text isn't valid YAML or JSON here, or holds a key twice.
    #[error("{message}")]
    Unreadable {
        /// What the parser says.
        message: String,
    },
    /// An API server would refuse the object, so it isn't used.
    #[error("{object} is not used, since an API server would refuse it: {why}")]
    Refused {
        /// The object, as far as it has a kind and a name.
        object: ObjectRef,
        /// What the server would say.
        why: String,
    },
    /// A mapping of an object that is used has a key twice.
    #[error("the key `{key}` stands here again, after line {first}; kubectl takes the last one")]
    RepeatedKey {
        /// The key.
        key: String,
        /// The line on which it stands first.
        first: u32,
    },
    /// The object is in a version that servers no longer take.
    #[error("{object} is in {version}, {}; it is read as v1", dropped(version))]
    OldVersion {
        /// The object.
        object: ObjectRef,
        /// The group and version as written.
        version: String,
    },
    /// Nothing has put a value in place of a placeholder. The object is used as it is written.
    #[error(
        "{object} has `{placeholder}` in {field}, which isn't rendered, so what a cluster gets isn't known; \
         render the manifest first (envsubst, kustomize, Helm)"
    )]
    Unrendered {
        /// The object.
        object: ObjectRef,
        /// Where in the object it stands.
        field: String,
        /// The placeholder.
        placeholder: String,
    },
    /// A namespaced object names no namespace.
    #[error("{object} names no namespace; it is read as in `default`, where kubectl puts it")]
    NoNamespace {
        /// The object, without a namespace.
        object: ObjectRef,
    },
    /// A document of a named file is no Kubernetes object.
    #[error("this document is passed over: it has no `kind`, so it is no Kubernetes object")]
    NotAnObject,
    /// Something follows the end of a document, before the next one begins.
    #[error(
        "this is passed over, as by kubectl: nothing is read from the end of a document to the next `---`"
    )]
    AfterEnd,
    /// The same object is defined earlier in the input with other content.
    #[error(
        "{object} is defined here and, differently, at {other}; nothing says which of them a cluster \
         has, so what either gives counts"
    )]
    DefinedTwice {
        /// The object.
        object: ObjectRef,
        /// The earlier place.
        other: String,
    },
    /// The object has the name of one that every server keeps by itself.
    #[error(
        "{object} is part of the default policy, and other here; a server adds its own rules and \
         subjects back, so what either gives counts"
    )]
    ReplacesDefault {
        /// The object.
        object: ObjectRef,
    },
    /// An aggregated role of a dump holds rules that the roles of the input don't give.
    #[error(
        "{object} comes from a server with {} that the roles of this input don't give; \
         they are kept (is the dump partial or stale?)",
        rules(*.count)
    )]
    StaleAggregation {
        /// The object.
        object: ObjectRef,
        /// How many rules.
        count: usize,
    },
    /// A file or folder isn't read.
    #[error("{}", not_read(.0))]
    NotRead(WhyUnread),
}

fn not_read(why: &WhyUnread) -> String {
    match why {
        WhyUnread::Missing | WhyUnread::Forbidden | WhyUnread::Failed(_) => {
            format!("cannot read it: {why}")
        }
        WhyUnread::Rendered { .. }
        | WhyUnread::NotRendered { .. }
        | WhyUnread::RenderedOnOneSide { .. }
        | WhyUnread::DrawnOnInHead
        | WhyUnread::AsksCluster
        | WhyUnread::MayDiffer { .. }
        | WhyUnread::PackedChart
        | WhyUnread::LeftOut { .. }
        | WhyUnread::NotDrawnOn { .. }
        | WhyUnread::SettingsDiffer(_)
        | WhyUnread::ChangedByCheckout { .. }
        | WhyUnread::MayChange { .. } => why.to_string(),
        why => format!("not read: {why}"),
    }
}

/// What is known of a version that servers don't have any more.
fn dropped(version: &str) -> &'static str {
    match version {
        "extensions/v1beta1" | "apps/v1beta1" | "apps/v1beta2" => "which Kubernetes 1.16 dropped",
        "batch/v1beta1" => "which Kubernetes 1.25 dropped",
        _ if version.ends_with("/v1beta1") => "which Kubernetes 1.22 dropped",
        _ => "which no server has any more",
    }
}

fn rules(count: usize) -> String {
    match count {
        1 => "1 rule".to_owned(),
        count => format!("{count} rules"),
    }
}

impl Describe for Problem {
    fn code(&self) -> &'static Code {
        match self {
            Problem::Unreadable { .. } => &codes::UNREADABLE,
            Problem::NotRead(
                WhyUnread::Rendered { .. }
                | WhyUnread::NotRendered { .. }
                | WhyUnread::RenderedOnOneSide { .. }
                | WhyUnread::DrawnOnInHead
                | WhyUnread::AsksCluster
                | WhyUnread::MayDiffer { .. }
                | WhyUnread::PackedChart,
            ) => &codes::RENDERED,
            Problem::NotRead(WhyUnread::SettingsDiffer(_)) => &codes::SETTINGS_DIFFER,
            Problem::NotRead(_) => &codes::NOT_READ,
            Problem::Refused { .. } => &codes::REFUSED,
            Problem::RepeatedKey { .. } => &codes::REPEATED_KEY,
            Problem::OldVersion { .. } => &codes::OLD_VERSION,
            Problem::Unrendered { .. } => &codes::UNRENDERED,
            Problem::NoNamespace { .. } => &codes::NO_NAMESPACE,
            Problem::NotAnObject | Problem::AfterEnd => &codes::NOT_AN_OBJECT,
            Problem::DefinedTwice { .. } => &codes::DEFINED_TWICE,
            Problem::ReplacesDefault { .. } => &codes::REPLACES_DEFAULT,
            Problem::StaleAggregation { .. } => &codes::STALE_AGGREGATION,
        }
    }

    fn severity(&self) -> Severity {
        match self {
            // It may well be applied by nobody.
            Problem::NotRead(WhyUnread::NotDrawnOn { .. } | WhyUnread::LeftOut { .. }) => {
                Severity::Medium
            }
            problem => problem.code().severity,
        }
    }

    fn object(&self) -> Option<ObjectRef> {
        match self {
            Problem::Refused { object, .. }
            | Problem::OldVersion { object, .. }
            | Problem::Unrendered { object, .. }
            | Problem::NoNamespace { object }
            | Problem::DefinedTwice { object, .. }
            | Problem::ReplacesDefault { object }
            | Problem::StaleAggregation { object, .. } => Some(object.clone()),
            Problem::Unreadable { .. }
            | Problem::RepeatedKey { .. }
            | Problem::NotRead(_)
            | Problem::NotAnObject
            | Problem::AfterEnd => None,
        }
    }

    fn no_manifest(&self) -> Option<NoManifest> {
        match self {
            Problem::NotRead(why) => why.is_chart().then_some(NoManifest::Chart),
            _ => None,
        }
    }

    fn part(&self) -> Option<String> {
        match self {
            Problem::RepeatedKey { key, .. } => Some(format!("key {key}")),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_are_counted_in_words() {
        let told = |count| {
            Problem::StaleAggregation {
                object: ObjectRef::new("ClusterRole", "", "view"),
                count,
            }
            .to_string()
        };
        assert!(told(1).starts_with("ClusterRole view comes from a server with 1 rule that"));
        assert!(told(2).starts_with("ClusterRole view comes from a server with 2 rules that"));
    }
}

//! What was wrong with the input, in words for its reader.

use crate::object::ObjectRef;
use crate::text::Span;

/// Something that the reader of an answer has to know about the input.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostic {
    /// Where.
    pub span: Span,
    /// What.
    pub problem: Problem,
    /// Whether the user named the very file, rather than a folder that holds it.
    pub named: bool,
}

impl Diagnostic {
    /// A diagnostic at a place; whether its file was named is filled in by the reader.
    pub fn new(span: Span, problem: Problem) -> Self {
        Diagnostic {
            span,
            problem,
            named: true,
        }
    }

    /// Whether the text itself couldn't be read.
    pub fn is_unreadable(&self) -> bool {
        matches!(self.problem, Problem::Unreadable { .. })
    }
}

/// What may be wrong with a piece of the input.
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
        /// The object, as `Kind namespace/name`.
        object: String,
        /// What the server would say.
        why: String,
    },
    /// The object is in a version that servers no longer take.
    #[error("{object} is in {version}, which Kubernetes 1.22 dropped; it is read as v1")]
    OldVersion {
        /// The object.
        object: ObjectRef,
        /// The group and version as written.
        version: String,
    },
    /// A namespaced object names no namespace.
    #[error("{object} names no namespace; it is read as in `default`, where kubectl puts it")]
    NoNamespace {
        /// The object, as `Kind name`.
        object: ObjectRef,
    },
    /// A document of a named file is no Kubernetes object.
    #[error("this document is passed over: it has no `kind`, so it is no Kubernetes object")]
    NotAnObject,
    /// The same object stood earlier in the input with other content.
    #[error("{object} stands here and, differently, at {other}; the last one counts")]
    Overridden {
        /// The object.
        object: ObjectRef,
        /// The earlier place.
        other: String,
    },
    /// An aggregated role of a dump holds rules that the roles of the input don't give.
    #[error(
        "{object} comes from a server with {count} that the roles of this input don't give; \
         they are kept (is the dump partial or stale?)"
    )]
    StaleAggregation {
        /// The object.
        object: ObjectRef,
        /// How many, as `1 rule` or `N rules`.
        count: String,
    },
    /// Something below a folder can't be read.
    #[error("cannot read it: {reason}")]
    CannotRead {
        /// Why.
        reason: String,
    },
}

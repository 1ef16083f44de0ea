//! Authorization: what is asked, who decides it, and what an answer is made of.
//!
//! An API server asks a chain of authorizers. [`Authorizer`] is one of them, [`Union`] is the chain,
//! and [`chain`] is the one that is judged here: [`Masters`], then RBAC. This room knows no text, no
//! files and no words for people but an API server's own.

mod attributes;
mod masters;
pub mod rbac;
mod union;

use compact_str::CompactString;

use crate::authn::UserInfo;

pub use attributes::{Attributes, NonResourceAttributes, ResourceAttributes};
pub use masters::Masters;
use rbac::{EvaluationError, Grant, RbacAuthorizer};
pub use union::Union;

/// What an authorizer says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Decision {
    /// Something allows it.
    Allow,
    /// An authorizer outside of RBAC forbids it. RBAC itself never does.
    Deny,
    /// Nothing is said. Where no other authorizer allows it either, the command line says "no".
    NoOpinion,
}

/// Why a request is allowed or denied.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Reason {
    /// The user is in `system:masters`, which is allowed everything before RBAC is asked.
    PrivilegedGroup,
    /// A rule of RBAC.
    Rbac(Grant),
    /// What an authorizer outside of this crate says, in its own words.
    Outside {
        /// Which authorizer.
        authorizer: CompactString,
        /// What it says.
        message: String,
    },
}

/// A decision with everything that led to it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use]
pub struct Response {
    /// The decision.
    pub decision: Decision,
    /// Every reason for the decision. RBAC gives none where it has no opinion.
    pub reasons: Vec<Reason>,
    /// Applicable bindings whose role isn't there, so that a no may be incomplete.
    pub errors: Vec<EvaluationError>,
}

impl Response {
    /// That nothing is said.
    pub fn no_opinion() -> Self {
        Response {
            decision: Decision::NoOpinion,
            reasons: Vec::new(),
            errors: Vec::new(),
        }
    }

    /// Whether the request is allowed.
    pub fn is_allowed(&self) -> bool {
        self.decision == Decision::Allow
    }

    /// Whether membership in `system:masters` is among the reasons.
    pub fn is_privileged(&self) -> bool {
        self.reasons.contains(&Reason::PrivilegedGroup)
    }

    /// The grants among the reasons, by binding, subject and rule.
    pub fn grants(&self) -> impl Iterator<Item = &Grant> {
        self.reasons.iter().filter_map(|reason| match reason {
            Reason::Rbac(grant) => Some(grant),
            _ => None,
        })
    }
}

/// A decision as an API server reports it in a SubjectAccessReview's `status`.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use]
pub struct Status {
    /// The decision.
    pub decision: Decision,
    /// The reason, in the API server's words; empty where it gives none.
    pub reason: String,
}

/// Decides requests.
///
/// Source: `authorizer.Authorizer` of Kubernetes.
///
/// ```
/// use rbac_eval::authz::{Attributes, Authorizer, Decision, Reason, Response, Union};
/// use rbac_eval::authn::UserInfo;
///
/// /// A webhook that forbids whatever touches secrets.
/// struct NoSecrets;
///
/// impl Authorizer for NoSecrets {
///     fn authorize(&self, _: &UserInfo, attributes: &Attributes) -> Response {
///         match attributes {
///             Attributes::Resource(request) if request.resource == "secrets" => Response {
///                 decision: Decision::Deny,
///                 reasons: vec![Reason::Outside {
///                     authorizer: "webhook".into(),
///                     message: "no secrets".to_owned(),
///                 }],
///                 errors: Vec::new(),
///             },
///             _ => Response::no_opinion(),
///         }
///     }
/// }
///
/// let request = Attributes::Resource(Default::default());
/// let chain = Union::new([&NoSecrets as &dyn Authorizer]);
/// assert_eq!(chain.decide(&UserInfo::default(), &request), Decision::NoOpinion);
/// ```
pub trait Authorizer: Send + Sync {
    /// The decision with every reason.
    fn authorize(&self, user: &UserInfo, attributes: &Attributes) -> Response;

    /// The bare decision, which may cost less than its reasons.
    fn decide(&self, user: &UserInfo, attributes: &Attributes) -> Decision {
        self.authorize(user, attributes).decision
    }

    /// The decision as an API server reports it: with one reason, where several hold.
    fn status(&self, user: &UserInfo, attributes: &Attributes) -> Status {
        let response = self.authorize(user, attributes);
        let reason = response
            .reasons
            .into_iter()
            .find_map(|reason| match reason {
                Reason::Outside { message, .. } => Some(message),
                Reason::PrivilegedGroup | Reason::Rbac(_) => None,
            });
        Status {
            decision: response.decision,
            reason: reason.unwrap_or_default(),
        }
    }
}

/// The authorizers that an API server asks before it asks anyone outside: `system:masters`, then
/// RBAC.
pub fn chain(rbac: &RbacAuthorizer) -> Union<'_, 2> {
    Union::new([&Masters as &dyn Authorizer, rbac])
}

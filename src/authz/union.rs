//! Several authorizers, one after the other.

use std::fmt;

use super::{Attributes, Authorizer, Decision, Response, Status};
use crate::authn::UserInfo;

/// Asks authorizers in order: the first that allows or denies decides.
///
/// All reasons for that decision are listed, those of later authorizers too, and the errors of all.
/// The status is that of the one which decides, as on a server.
///
/// Source: `unionAuthzHandler` of the API server.
#[derive(Clone, Copy)]
pub struct Union<'a, const N: usize> {
    authorizers: [&'a dyn Authorizer; N],
}

impl<'a, const N: usize> Union<'a, N> {
    /// The chain of these.
    pub fn new(authorizers: [&'a dyn Authorizer; N]) -> Self {
        Union { authorizers }
    }
}

impl<const N: usize> fmt::Debug for Union<'_, N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Union").finish_non_exhaustive()
    }
}

impl<const N: usize> Authorizer for Union<'_, N> {
    fn authorize(&self, user: &UserInfo, attributes: &Attributes) -> Response {
        let mut whole = Response::no_opinion();
        for authorizer in self.authorizers {
            let response = authorizer.authorize(user, attributes);
            if whole.decision == response.decision {
                whole.reasons.extend(response.reasons);
            } else if whole.decision == Decision::NoOpinion {
                // Why others had no opinion is no reason for this one.
                whole.decision = response.decision;
                whole.reasons = response.reasons;
            }
            whole.errors.extend(response.errors);
        }
        whole
    }

    fn decide(&self, user: &UserInfo, attributes: &Attributes) -> Decision {
        self.authorizers
            .iter()
            .map(|authorizer| authorizer.decide(user, attributes))
            .find(|&decision| decision != Decision::NoOpinion)
            .unwrap_or(Decision::NoOpinion)
    }

    fn status(&self, user: &UserInfo, attributes: &Attributes) -> Status {
        let mut reasons = Vec::new();
        for authorizer in self.authorizers {
            let status = authorizer.status(user, attributes);
            if status.decision != Decision::NoOpinion {
                return status;
            }
            if !status.reason.is_empty() {
                reasons.push(status.reason);
            }
        }
        Status {
            decision: Decision::NoOpinion,
            reason: reasons.join("\n"),
        }
    }
}

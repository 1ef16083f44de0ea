//! The group that is allowed everything.

use super::{Attributes, Authorizer, Decision, Reason, Response, Status};
use crate::authn::UserInfo;

/// Allows everything to the members of `system:masters`, and says nothing of anyone else.
///
/// Source: `NewPrivilegedGroups` of the API server, which it asks before every other authorizer.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Masters;

impl Authorizer for Masters {
    fn authorize(&self, user: &UserInfo, attributes: &Attributes) -> Response {
        match self.decide(user, attributes) {
            Decision::Allow => Response {
                decision: Decision::Allow,
                reasons: vec![Reason::PrivilegedGroup],
                errors: Vec::new(),
            },
            _ => Response::no_opinion(),
        }
    }

    #[inline]
    fn decide(&self, user: &UserInfo, _: &Attributes) -> Decision {
        if user.is_privileged() {
            Decision::Allow
        } else {
            Decision::NoOpinion
        }
    }

    /// A server gives no reason for its privileged group.
    fn status(&self, user: &UserInfo, attributes: &Attributes) -> Status {
        Status {
            decision: self.decide(user, attributes),
            reason: String::new(),
        }
    }
}

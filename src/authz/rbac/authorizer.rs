//! Deciding requests: the matching of one request with what the index finds.

use std::ops::ControlFlow;

use crate::authn::UserInfo;
use crate::authz::{Attributes, Authorizer, Decision, Reason, Response, Status};
use crate::cluster::BindingId;

use super::index::{Edge, NameKind, Slot};
use super::interner::Sym;
use super::mask::CompiledRequest;
use super::reason::{allow_reason, denial_reason};
use super::visit::Applied;
use super::{EvaluationError, Grant, RbacAuthorizer};

/// Source: `RBACAuthorizer.Authorize` of Kubernetes.
impl Authorizer for RbacAuthorizer {
    fn authorize(&self, user: &UserInfo, attributes: &Attributes) -> Response {
        let request = self.compile(attributes);
        let mut grants = Vec::new();
        let mut errors = Vec::new();
        let _ = self.visit(user, attributes.namespace(), |applied: Applied| {
            match applied.role {
                Some(role) => {
                    grants.extend(self.compiled.allowing(role, &request).map(|rule| Grant {
                        binding: applied.binding,
                        subject: applied.subject,
                        role,
                        rule,
                    }))
                }
                None => errors.push(self.not_found(applied.binding)),
            }
            ControlFlow::<()>::Continue(())
        });
        // A group given twice is visited twice.
        grants.sort_unstable();
        grants.dedup();
        Response {
            decision: decision(grants.first()),
            reasons: grants.into_iter().map(Reason::Rbac).collect(),
            errors: each_once(errors),
        }
    }

    fn decide(&self, user: &UserInfo, attributes: &Attributes) -> Decision {
        if self.is_granted(user, attributes) {
            Decision::Allow
        } else {
            Decision::NoOpinion
        }
    }

    fn status(&self, user: &UserInfo, attributes: &Attributes) -> Status {
        let grant = self.first_grant(user, attributes);
        Status {
            decision: decision(grant.as_ref()),
            reason: match grant {
                Some(grant) => self.reason(&grant),
                None => denial_reason(&self.missing_roles(user, attributes.namespace())),
            },
        }
    }
}

/// RBAC allows by a grant, and says nothing without one.
fn decision(grant: Option<&Grant>) -> Decision {
    grant.map_or(Decision::NoOpinion, |_| Decision::Allow)
}

/// Sorted by binding, one for each, however many of its subjects name the user.
fn each_once(mut errors: Vec<EvaluationError>) -> Vec<EvaluationError> {
    errors.sort_by_key(|error| error.binding);
    errors.dedup();
    errors
}

impl RbacAuthorizer {
    /// The applicable bindings whose role isn't there.
    pub fn missing_roles(&self, user: &UserInfo, namespace: &str) -> Vec<EvaluationError> {
        let mut errors = Vec::new();
        let _ = self.visit(user, namespace, |applied: Applied| {
            if applied.role.is_none() {
                errors.push(self.not_found(applied.binding));
            }
            ControlFlow::<()>::Continue(())
        });
        each_once(errors)
    }

    /// Whether RBAC would allow the request under some name, its own or another.
    pub fn allows_some_name(&self, user: &UserInfo, attributes: &Attributes) -> bool {
        let request = self.compile(attributes);
        self.visit(user, attributes.namespace(), |applied: Applied| {
            let allows = applied
                .role
                .is_some_and(|role| self.compiled.for_some_name(role, &request).next().is_some());
            if allows {
                ControlFlow::Break(())
            } else {
                ControlFlow::Continue(())
            }
        })
        .is_break()
    }

    /// The reason that an API server gives for a grant.
    pub fn reason(&self, grant: &Grant) -> String {
        allow_reason(self.snapshot(), grant)
    }

    /// The first grant that is found: by the user's name, then by each group, cluster-wide ones
    /// first.
    fn first_grant(&self, user: &UserInfo, attributes: &Attributes) -> Option<Grant> {
        let asked = self.asked(attributes);
        self.grant_by_name(user, &asked)
            .or_else(|| self.grant_by_group(user, &asked))
    }

    /// Whether there is a grant, whichever is found soonest: with many groups, by one of them.
    fn is_granted(&self, user: &UserInfo, attributes: &Attributes) -> bool {
        const FEW: usize = 4;
        let asked = self.asked(attributes);
        let by_name = || self.grant_by_name(user, &asked).is_some();
        let by_group = || self.grant_by_group(user, &asked).is_some();
        let many = user.groups.len() > FEW;
        many && by_group() || by_name() || !many && by_group()
    }

    fn asked<'a>(&self, attributes: &'a Attributes) -> IndexedRequest<'a> {
        IndexedRequest {
            namespace: attributes.namespace(),
            likely_namespace: self
                .index
                .likely_namespace(&self.strings, attributes.namespace()),
            request: self.compile(attributes),
        }
    }

    fn grant_by_name(&self, user: &UserInfo, asked: &IndexedRequest<'_>) -> Option<Grant> {
        let slot = self
            .index
            .likely_slot(&self.strings, NameKind::User, &user.name)?;
        self.grant_at(slot, &user.name, asked)
    }

    fn grant_by_group(&self, user: &UserInfo, asked: &IndexedRequest<'_>) -> Option<Grant> {
        /// How many groups are looked up before their edges are, so that their cache misses
        /// overlap.
        const AT_ONCE: usize = 16;
        for groups in user.groups.chunks(AT_ONCE) {
            let mut slots: [Option<&Slot>; AT_ONCE] = [None; AT_ONCE];
            for (group, slot) in groups.iter().zip(&mut slots) {
                *slot = self
                    .index
                    .likely_slot(&self.strings, NameKind::Group, group);
            }
            for (group, slot) in groups.iter().zip(slots) {
                let grant = slot.and_then(|slot| self.grant_at(slot, group, asked));
                if grant.is_some() {
                    return grant;
                }
            }
        }
        None
    }

    #[inline]
    fn grant_at(&self, slot: &Slot, name: &str, asked: &IndexedRequest<'_>) -> Option<Grant> {
        let (edge, rule) = self.index.first_allowing(
            slot,
            asked.likely_namespace,
            &self.compiled,
            &asked.request,
        )?;
        let role = edge.role_id()?;
        self.is_for(edge, slot, name, asked.namespace)
            .then_some(Grant {
                binding: BindingId(edge.binding as usize),
                subject: edge.subject as usize,
                role,
                rule,
            })
    }

    /// Whether an edge is for the name and namespace, and not for others that share their hashes.
    fn is_for(&self, edge: Edge, slot: &Slot, name: &str, namespace: &str) -> bool {
        self.index.is_of(slot, &self.strings, name)
            && (edge.namespace == Sym::NONE || self.strings.text(edge.namespace) == namespace)
    }

    pub(super) fn not_found(&self, binding: BindingId) -> EvaluationError {
        let role_ref = &self.snapshot().binding(binding).role_ref;
        EvaluationError {
            binding,
            role_kind: role_ref.kind,
            role_name: role_ref.name.to_string(),
        }
    }
}

/// A request as the index looks it up.
struct IndexedRequest<'a> {
    namespace: &'a str,
    likely_namespace: Sym,
    request: CompiledRequest<'a>,
}

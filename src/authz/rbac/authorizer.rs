//! Deciding requests: the matching of one request with what the index finds.

use std::ops::ControlFlow;

use hashbrown::{HashMap, HashSet};

use crate::authn::UserInfo;
use crate::authz::{Attributes, Authorizer, Decision, Reason, Response, Status};
use crate::cluster::{BindingId, RoleId};

use super::compiled::CompiledRoles;
use super::index::{Edge, NameKind, Slot};
use super::interner::Sym;
use super::mask::CompiledRequest;
use super::reason::{allow_reason, denial_reason};
use super::visit::Applied;
use super::{EvaluationError, Grant, RbacAuthorizer, TooLarge};

/// Source: `RBACAuthorizer.Authorize` of Kubernetes.
impl Authorizer for RbacAuthorizer {
    fn authorize(&self, user: &UserInfo, attributes: &Attributes) -> Response {
        let request = self.compile(attributes);
        let mut allowing = AllowingRules::new(self, &request);
        let mut reasons = Vec::new();
        let mut errors = Vec::new();
        let _ = self.visit(user, attributes.namespace(), |applied: Applied| {
            match applied.role {
                Some(role) => allowing.each_of(role, |rule| {
                    reasons.push(Reason::Rbac(Grant {
                        binding: applied.binding,
                        subject: applied.subject,
                        role,
                        rule,
                    }));
                }),
                None => errors.push(self.not_found(applied.binding)),
            }
            ControlFlow::<()>::Continue(())
        });
        // A group given twice is visited twice.
        reasons.sort_unstable();
        reasons.dedup();
        Response {
            decision: decision(reasons.first()),
            reasons,
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
fn decision<G>(grant: Option<&G>) -> Decision {
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

    /// Whether the grants of a request can be listed.
    ///
    /// # Errors
    /// If they are more than the limit that the error names: many bindings to roles of many rules give
    /// more of them than there are of both together.
    pub(crate) fn check_grants(
        &self,
        user: &UserInfo,
        attributes: &Attributes,
    ) -> Result<(), TooLarge> {
        let request = self.compile(attributes);
        let mut allowing = AllowingRules::new(self, &request);
        let mut count = 0;
        let _ = self.visit(user, attributes.namespace(), |applied: Applied| {
            count += applied.role.map_or(0, |role| allowing.of(role).len());
            ControlFlow::<()>::Continue(())
        });
        at_most_grants(count)
    }

    /// The first of all grants of a request, by binding, subject and rule.
    pub(crate) fn least_grant(&self, user: &UserInfo, attributes: &Attributes) -> Option<Grant> {
        let request = self.compile(attributes);
        let mut allowing = AllowingRules::new(self, &request);
        let mut least: Option<Grant> = None;
        let _ = self.visit(user, attributes.namespace(), |applied: Applied| {
            if let Some(role) = applied.role
                && let Some(&rule) = allowing.of(role).first()
            {
                let grant = Grant {
                    binding: applied.binding,
                    subject: applied.subject,
                    role,
                    rule,
                };
                least = Some(least.map_or(grant, |least| least.min(grant)));
            }
            ControlFlow::<()>::Continue(())
        });
        least
    }

    /// Whether RBAC would allow the request under some name, its own or another.
    pub fn allows_some_name(&self, user: &UserInfo, attributes: &Attributes) -> bool {
        let request = self.compile(attributes);
        let mut seen = SeenRules::default();
        self.visit(user, attributes.namespace(), |applied: Applied| {
            let allows = applied
                .role
                .filter(|&role| seen.is_new(&self.compiled, role))
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

/// How many grants are listed.
const MOST_GRANTS: usize = 400_000;

/// Whether so many grants can be listed.
pub(crate) fn at_most_grants(count: usize) -> Result<(), TooLarge> {
    if count > MOST_GRANTS {
        return Err(TooLarge {
            limit: MOST_GRANTS,
            what: "grants of the request",
        });
    }
    Ok(())
}

/// Of roles with so few rules, the rules are looked at again for each binding.
const FEW_RULES: usize = 64;

/// The rules of roles that allow a request. Where a role has many, they are looked at once, however
/// many bindings name it, and however many roles gather the same.
pub(crate) struct AllowingRules<'r> {
    rbac: &'r RbacAuthorizer,
    request: &'r CompiledRequest<'r>,
    few: Vec<usize>,
    many: HashMap<usize, Vec<usize>>,
}

impl<'r> AllowingRules<'r> {
    pub(crate) fn new(rbac: &'r RbacAuthorizer, request: &'r CompiledRequest<'r>) -> Self {
        AllowingRules {
            rbac,
            request,
            few: Vec::new(),
            many: HashMap::new(),
        }
    }

    /// Hands over the numbers, from 1, of a role's effective rules that allow the request.
    fn each_of(&mut self, role: RoleId, each: impl FnMut(usize)) {
        let compiled = &self.rbac.compiled;
        match compiled.place(role).len() <= FEW_RULES {
            true => compiled.allowing(role, self.request).for_each(each),
            false => self.of(role).iter().copied().for_each(each),
        }
    }

    /// The numbers, from 1, of a role's effective rules that allow the request.
    pub(crate) fn of(&mut self, role: RoleId) -> &[usize] {
        let place = self.rbac.compiled.place(role);
        let allowing = self.rbac.compiled.allowing(role, self.request);
        if place.len() <= FEW_RULES {
            self.few.clear();
            self.few.extend(allowing);
            return &self.few;
        }
        self.many
            .entry(place.start)
            .or_insert_with(|| allowing.collect())
    }
}

/// Which rules were looked at, where roles have many.
#[derive(Default)]
pub(super) struct SeenRules(HashSet<usize>);

impl SeenRules {
    /// Whether a role's rules weren't looked at before, or are few.
    pub(super) fn is_new(&mut self, roles: &CompiledRoles, role: RoleId) -> bool {
        let place = roles.place(role);
        place.len() <= FEW_RULES || self.0.insert(place.start)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::authz::ResourceAttributes;
    use crate::cluster::{Defaults, Snapshot};
    use crate::kube;
    use crate::text::{Files, SourceText};

    /// So many bindings of Alice to a role of so many rules for one request.
    fn rbac(bindings: usize, rules: usize) -> RbacAuthorizer {
        const API: &str = "---\napiVersion: rbac.authorization.k8s.io/v1\n";
        let rule = "- {verbs: [get], apiGroups: [''], resources: [pods]}\n".repeat(rules);
        let mut text = format!("{API}kind: ClusterRole\nmetadata: {{name: r}}\nrules:\n{rule}");
        for number in 0..bindings {
            text.push_str(&format!(
                "{API}kind: ClusterRoleBinding\nmetadata: {{name: b{number}}}\n\
                 roleRef: {{kind: ClusterRole, name: r}}\nsubjects: [{{kind: User, name: alice}}]\n"
            ));
        }
        let text = SourceText {
            name: "x.yaml".into(),
            bytes: text.into_bytes(),
            named: true,
        };
        let mut files = Files::default();
        let manifest = kube::parse(&mut files, &[text]);
        let snapshot = Snapshot::new(files, manifest, Defaults::None);
        assert_eq!(snapshot.diagnostics(), []);
        RbacAuthorizer::new(snapshot).unwrap()
    }

    #[test]
    fn more_grants_than_are_listed_are_refused() {
        let alice = UserInfo::impersonated("alice", []);
        let get = Attributes::from(ResourceAttributes::new("get", "pods"));
        let list = Attributes::from(ResourceAttributes::new("list", "pods"));
        assert_eq!(625 * 640, MOST_GRANTS);
        let most = rbac(625, 640);
        assert_eq!(most.check_grants(&alice, &get), Ok(()));
        let more = rbac(625, 641);
        let error = more.check_grants(&alice, &get).unwrap_err();
        assert_eq!(
            (error.limit, error.what),
            (MOST_GRANTS, "grants of the request")
        );
        // What isn't a grant doesn't count.
        assert_eq!(more.check_grants(&alice, &list), Ok(()));
    }
}

//! The decision: may this user do that, and through which bindings?
//!
//! [`Authorizer::decide`] stops at the first grant; [`Authorizer::authorize`] finds all of them.
//! Both walk only the bindings that name the asker.

use std::fmt;
use std::ops::ControlFlow;

use crate::attributes::Attributes;
use crate::manifest::{BindingKind, RoleKind};
use crate::store::{BindingId, Edge, PolicyStore, Principal, Probe, RoleId, Slot, Sym};
use crate::user::UserInfo;

/// What RBAC says. There is no deny: where nothing allows, others may still.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Decision {
    /// Something allows it.
    Allow,
    /// Nothing does. The command line says "no".
    NoOpinion,
}

/// One way in which a request is allowed: a binding, the subject in it, and a rule of its role.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Grant {
    /// The binding.
    pub binding: BindingId,
    /// The number, from 0, of the subject in the binding that matched.
    pub subject: usize,
    /// The role.
    pub role: RoleId,
    /// The number, from 1, of the rule among the role's effective ones.
    pub rule: usize,
}

/// An applicable binding whose role couldn't be resolved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EvaluationError {
    /// The binding.
    pub binding: BindingId,
    /// The kind of the role that it names.
    pub role_kind: RoleKind,
    /// The name of that role.
    pub role_name: String,
}

impl fmt::Display for EvaluationError {
    /// The API server's words.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let resource = match self.role_kind {
            RoleKind::Role => "role",
            RoleKind::ClusterRole => "clusterrole",
        };
        write!(
            f,
            "{resource}.rbac.authorization.k8s.io {} not found",
            go_quote(&self.role_name)
        )
    }
}

/// A decision with everything that led to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Response {
    /// The decision.
    pub decision: Decision,
    /// Whether membership in `system:masters` decided, before RBAC was asked.
    pub privileged: bool,
    /// Every grant, by binding, subject and rule.
    pub grants: Vec<Grant>,
    /// Applicable bindings whose role isn't there.
    pub errors: Vec<EvaluationError>,
}

/// A decision as an API server reports it in `status`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Status {
    /// The decision.
    pub decision: Decision,
    /// The reason, in the API server's words; empty where it gives none.
    pub reason: String,
}

/// Decides requests against a [`PolicyStore`].
///
/// ```
/// use rbac_eval::attributes::{Attributes, ResourceAttributes};
/// use rbac_eval::authorizer::{Authorizer, Decision};
/// use rbac_eval::manifest::Manifest;
/// use rbac_eval::source::Sources;
/// use rbac_eval::store::{Defaults, PolicyStore};
/// use rbac_eval::user::UserInfo;
///
/// // Nothing but the default policy of the newest Kubernetes.
/// let store = PolicyStore::new(Sources::default(), Manifest::default(), Defaults::Auto);
/// let request = Attributes::Resource(ResourceAttributes {
///     verb: "create".into(),
///     group: "authorization.k8s.io".into(),
///     resource: "selfsubjectaccessreviews".into(),
///     ..Default::default()
/// });
/// let alice = UserInfo::impersonated("alice", []);
/// assert_eq!(Authorizer::new(&store).decide(&alice, &request), Decision::Allow);
/// ```
#[derive(Debug, Clone, Copy)]
pub struct Authorizer<'s> {
    store: &'s PolicyStore,
}

impl<'s> Authorizer<'s> {
    /// An authorizer over a store.
    pub fn new(store: &'s PolicyStore) -> Self {
        Authorizer { store }
    }

    /// The store.
    pub fn store(&self) -> &'s PolicyStore {
        self.store
    }

    /// The bare decision.
    ///
    /// Source: the privileged-group authorizer and `RBACAuthorizer.Authorize` of Kubernetes.
    pub fn decide(&self, user: &UserInfo, attributes: &Attributes) -> Decision {
        if user.is_privileged() || self.is_granted(user, attributes) {
            Decision::Allow
        } else {
            Decision::NoOpinion
        }
    }

    /// The decision with every grant and every binding whose role is missing.
    pub fn authorize(&self, user: &UserInfo, attributes: &Attributes) -> Response {
        let probe = self.store.probe(attributes);
        let mut grants = Vec::new();
        let mut errors = Vec::new();
        let _ = self.visit(user, attributes.namespace(), |edge| {
            let binding = BindingId::new(edge.binding);
            match self.store.role_of(binding) {
                Some(role) => {
                    grants.extend(self.store.allowing_rules(role, &probe).map(|rule| Grant {
                        binding,
                        subject: edge.subject as usize,
                        role,
                        rule,
                    }))
                }
                None => errors.push(self.not_found(binding)),
            }
            ControlFlow::<()>::Continue(())
        });
        // A group given twice is visited twice, and so is a binding that names it twice.
        grants.sort_unstable();
        grants.dedup();
        errors.sort_by_key(|error| error.binding);
        errors.dedup();
        let privileged = user.is_privileged();
        Response {
            decision: if privileged || !grants.is_empty() {
                Decision::Allow
            } else {
                Decision::NoOpinion
            },
            privileged,
            grants,
            errors,
        }
    }

    /// The decision as an API server reports it, naming one grant where several allow.
    pub fn status(&self, user: &UserInfo, attributes: &Attributes) -> Status {
        if user.is_privileged() {
            return Status {
                decision: Decision::Allow,
                reason: String::new(),
            };
        }
        if let Some(grant) = self.first_grant(user, attributes) {
            return Status {
                decision: Decision::Allow,
                reason: self.reason(&grant),
            };
        }
        Status {
            decision: Decision::NoOpinion,
            reason: denial_reason(&self.missing_roles(user, attributes.namespace())),
        }
    }

    /// The applicable bindings whose role isn't there.
    pub fn missing_roles(&self, user: &UserInfo, namespace: &str) -> Vec<EvaluationError> {
        let mut errors = Vec::new();
        let _ = self.visit(user, namespace, |edge| {
            let binding = BindingId::new(edge.binding);
            if edge.role_id().is_none() {
                errors.push(self.not_found(binding));
            }
            ControlFlow::<()>::Continue(())
        });
        errors.sort_by_key(|error| error.binding);
        errors.dedup();
        errors
    }

    /// Whether the request would be allowed under some name, its own or another.
    pub fn allows_some_name(&self, user: &UserInfo, attributes: &Attributes) -> bool {
        let probe = self.store.probe(attributes);
        user.is_privileged()
            || self
                .visit(user, attributes.namespace(), |edge| {
                    let role = self.store.role_of(BindingId::new(edge.binding));
                    let allows = role.is_some_and(|role| {
                        self.store
                            .rules_for_some_name(role, &probe)
                            .next()
                            .is_some()
                    });
                    if allows {
                        ControlFlow::Break(())
                    } else {
                        ControlFlow::Continue(())
                    }
                })
                .is_break()
    }

    /// The reason that an API server gives for a grant.
    ///
    /// Source: the describers of `pkg/registry/rbac/validation/rule.go`.
    pub fn reason(&self, grant: &Grant) -> String {
        let binding = self.store.binding(grant.binding);
        let subject = &binding.subjects[grant.subject];
        let binding_name = match binding.kind {
            BindingKind::ClusterRoleBinding => binding.name.clone(),
            BindingKind::RoleBinding => format!("{}/{}", binding.name, binding.namespace).into(),
        };
        let subject_name = match subject.kind {
            crate::manifest::SubjectKind::ServiceAccount => {
                let namespace = subject.namespace_in(binding);
                format!("{}/{namespace}", subject.name)
            }
            _ => subject.name.to_string(),
        };
        format!(
            "RBAC: allowed by {} {} of {} {} to {} {}",
            binding.kind,
            go_quote(&binding_name),
            binding.role_ref.kind,
            go_quote(&binding.role_ref.name),
            subject.kind,
            go_quote(&subject_name),
        )
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

    fn asked<'a>(&self, attributes: &'a Attributes) -> Asked<'a> {
        Asked {
            namespace: attributes.namespace(),
            likely_namespace: self.store.likely_namespace(attributes.namespace()),
            probe: self.store.probe(attributes),
        }
    }

    fn grant_by_name(&self, user: &UserInfo, asked: &Asked<'_>) -> Option<Grant> {
        let slot = self.store.likely_slot(Principal::User, &user.name)?;
        self.grant_at(slot, &user.name, asked)
    }

    fn grant_by_group(&self, user: &UserInfo, asked: &Asked<'_>) -> Option<Grant> {
        /// How many names are looked up before what they lead to is looked at, so that the
        /// machine can wait for several at once.
        const AT_ONCE: usize = 16;
        for groups in user.groups.chunks(AT_ONCE) {
            let mut slots: [Option<&Slot>; AT_ONCE] = [None; AT_ONCE];
            for (group, slot) in groups.iter().zip(&mut slots) {
                *slot = self.store.likely_slot(Principal::Group, group);
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
    fn grant_at(&self, slot: &Slot, name: &str, asked: &Asked<'_>) -> Option<Grant> {
        let (edge, rule) = self
            .store
            .first_allowing(slot, asked.likely_namespace, &asked.probe)?;
        let role = edge.role_id()?;
        self.store
            .is_for(edge, slot, name, asked.namespace)
            .then_some(Grant {
                binding: BindingId::new(edge.binding),
                subject: edge.subject as usize,
                role,
                rule,
            })
    }

    /// Visits every subject that names the user or one of the groups in a binding that applies to
    /// requests in the namespace: the user's first, then each group's, cluster-wide ones first.
    #[inline]
    fn visit<B>(
        &self,
        user: &UserInfo,
        namespace: &str,
        mut each: impl FnMut(Edge) -> ControlFlow<B>,
    ) -> ControlFlow<B> {
        let namespace = self.store.namespace(namespace);
        let names = std::iter::once((Principal::User, &user.name))
            .chain(user.groups.iter().map(|group| (Principal::Group, group)));
        for (principal, name) in names {
            for edge in self.store.edges(principal, name, namespace) {
                each(edge)?;
            }
        }
        ControlFlow::Continue(())
    }

    fn not_found(&self, binding: BindingId) -> EvaluationError {
        let role_ref = &self.store.binding(binding).role_ref;
        EvaluationError {
            binding,
            role_kind: role_ref.kind,
            role_name: role_ref.name.to_string(),
        }
    }
}

/// A request, ready to be held against edges.
struct Asked<'a> {
    namespace: &'a str,
    likely_namespace: Sym,
    probe: Probe<'a>,
}

/// The reason that an API server gives where nothing allows: the errors, equal ones once.
///
/// Source: `RBACAuthorizer.Authorize` and `utilerrors.NewAggregate` of Kubernetes.
pub fn denial_reason(errors: &[EvaluationError]) -> String {
    let mut messages: Vec<String> = Vec::new();
    for error in errors {
        let message = error.to_string();
        if !messages.contains(&message) {
            messages.push(message);
        }
    }
    match &*messages {
        [] => String::new(),
        [one] => format!("RBAC: {one}"),
        several => format!("RBAC: [{}]", several.join(", ")),
    }
}

/// A string in quotes as Go's `%q` writes it, which is how the API server's reasons do.
pub fn go_quote(string: &str) -> String {
    let plain = |byte: u8| (b' '..=b'~').contains(&byte) && byte != b'"' && byte != b'\\';
    if string.bytes().all(plain) {
        return format!("\"{string}\"");
    }
    let mut quoted = String::with_capacity(string.len() + 2);
    quoted.push('"');
    for c in string.chars() {
        match c {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            '\u{7}' => quoted.push_str("\\a"),
            '\u{8}' => quoted.push_str("\\b"),
            '\u{c}' => quoted.push_str("\\f"),
            '\n' => quoted.push_str("\\n"),
            '\r' => quoted.push_str("\\r"),
            '\t' => quoted.push_str("\\t"),
            '\u{b}' => quoted.push_str("\\v"),
            c if (c as u32) < 0x20 || c == '\u{7f}' => {
                quoted.push_str(&format!("\\x{:02x}", c as u32));
            }
            c if is_printable(c) => quoted.push(c),
            c if (c as u32) < 0x10000 => quoted.push_str(&format!("\\u{:04x}", c as u32)),
            c => quoted.push_str(&format!("\\U{:08x}", c as u32)),
        }
    }
    quoted.push('"');
    quoted
}

/// Whether Go prints a character as it is: not a control, separator or invisible one.
fn is_printable(c: char) -> bool {
    // `escape_debug` escapes what isn't printable, and marks that combine, which Go prints.
    let mut escaped = c.escape_debug();
    escaped.len() == 1 || !matches!((escaped.next(), escaped.next()), (Some('\\'), Some('u')))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quoting_is_go_s() {
        assert_eq!(
            go_quote("a \"b\" \\ é\n\u{1}\u{200b}"),
            "\"a \\\"b\\\" \\\\ é\\n\\x01\\u200b\""
        );
    }

    #[test]
    fn several_missing_roles_make_one_reason() {
        let error = |binding, role_name: &str| EvaluationError {
            binding: BindingId::new(binding),
            role_kind: RoleKind::Role,
            role_name: role_name.to_owned(),
        };
        assert_eq!(denial_reason(&[]), "");
        assert_eq!(
            denial_reason(&[error(1, "a"), error(2, "a")]),
            "RBAC: role.rbac.authorization.k8s.io \"a\" not found"
        );
        assert_eq!(
            denial_reason(&[error(1, "a"), error(2, "b")]),
            "RBAC: [role.rbac.authorization.k8s.io \"a\" not found, \
             role.rbac.authorization.k8s.io \"b\" not found]"
        );
    }
}

//! What a subject may do in all, before a change and after it: whether it has the other parts of a risk.

use std::collections::BTreeSet;

use hashbrown::HashMap;

use crate::authn::{Principal, UserInfo};
use crate::authz::rbac::RbacAuthorizer;
use crate::authz::{Authorizer, Decision};
use crate::kube::CompactString;
use crate::kube::SubjectKind;
use crate::object::Scope;

use super::gained::{FRESH, Gain, Request, each};
use super::{KUBE_SYSTEM, RiskyRequests, TypeScope, Way, Weight};

/// What subjects could do before, and can now.
pub(super) struct Held<'s> {
    base: &'s RbacAuthorizer,
    head: &'s RbacAuthorizer,
    /// What was found of this subject and scope, which many changes share.
    about: Option<(Principal, Scope)>,
    known: HashMap<*const Way, Option<FoundParts>>,
    /// The namespaces in which a binding names an account that isn't there.
    ghosts: Option<BTreeSet<String>>,
}

/// Where a subject has all parts of a way, and whether it hadn't before.
#[derive(Debug, Clone, Copy)]
struct FoundParts {
    in_namespace: bool,
    is_new: bool,
    /// Whether the first part, which says what is reached, is for some names alone.
    named: bool,
}

/// How a request is held against a side.
#[derive(Clone, Copy)]
enum AskedNames<'n> {
    /// For some name at least.
    Some,
    /// The same, by requests that carry one.
    SomeCarried,
    /// For one that no rule names, or for this one.
    Any(&'n [&'n str]),
    /// All parts for the same one of these.
    Same(&'n [CompactString]),
}

impl<'s> Held<'s> {
    pub(super) fn new(base: &'s RbacAuthorizer, head: &'s RbacAuthorizer) -> Self {
        Held {
            base,
            head,
            about: None,
            known: HashMap::new(),
            ghosts: None,
        }
    }

    /// What is allowed now.
    pub(super) fn head(&self) -> &'s RbacAuthorizer {
        self.head
    }

    /// Whether a binding of a namespace, or of any for the cluster, names a ServiceAccount that isn't there.
    ///
    /// Source: whoever makes that account is what the binding names.
    pub(super) fn has_ghosts(&mut self, scope: &Scope) -> bool {
        let snapshot = self.head.snapshot();
        let ghosts = self.ghosts.get_or_insert_with(|| {
            let bindings = snapshot.bindings().map(|id| snapshot.binding(id));
            let subjects = bindings.flat_map(|binding| {
                let subjects = binding.subjects.iter();
                subjects.map(|subject| (subject, subject.namespace_in(binding)))
            });
            subjects
                .filter(|(subject, namespace)| {
                    subject.kind == SubjectKind::ServiceAccount
                        && snapshot.lacks_service_account(namespace, &subject.name)
                })
                .map(|(_, namespace)| namespace.to_owned())
                .collect()
        });
        match scope {
            Scope::Cluster => !ghosts.is_empty(),
            Scope::Namespace(namespace) => ghosts.contains(&**namespace),
        }
    }

    /// What a way weighs that a gain opens, as the first part or as what was lacking for it. The halves may
    /// come from different bindings, so a gain for the whole cluster is looked at in each namespace too.
    pub(super) fn opened(
        &mut self,
        way: &'static Way,
        like_all: &[&str],
        gain: &Gain<'_>,
    ) -> Option<Weight> {
        let parts = way.parts.split_first()?;
        let reaches = gain.is_of(parts.0, self);
        if !reaches && !parts.1.iter().any(|part| gain.is_of(part, self)) {
            return None;
        }
        let change = gain.change();
        let user = change.subject.as_user();
        if user.is_privileged() {
            return None;
        }
        let names = &*change.rule.resource_names;
        if way.meet && !names.is_empty() {
            let scope = &change.scope;
            let same = AskedNames::Same(names);
            let opened = has_all(self.head, &user, way, scope, same)
                && !has_all(self.base, &user, way, scope, same);
            return opened.then(|| Weight {
                in_namespace: is_lesser(scope),
                named: !is_like_all(names, like_all),
            });
        }
        let is_known = self
            .about
            .as_ref()
            .is_some_and(|(subject, scope)| *subject == change.subject && *scope == change.scope);
        if !is_known {
            self.about = Some((change.subject.clone(), change.scope.clone()));
            self.known.clear();
        }
        let found = match self.known.get(&std::ptr::from_ref(way)) {
            Some(&found) => found,
            None => {
                let found = self.find(&user, way, like_all, &change.scope);
                self.known.insert(way, found);
                found
            }
        };
        let found = found?;
        let named = match reaches {
            true => !names.is_empty() && !is_like_all(names, like_all),
            false => found.named,
        };
        (reaches || found.is_new).then_some(Weight {
            in_namespace: found.in_namespace,
            named,
        })
    }

    /// Where a subject has all parts: in this scope, else in a namespace of it.
    fn find(
        &self,
        user: &UserInfo,
        way: &Way,
        like_all: &[&str],
        scope: &Scope,
    ) -> Option<FoundParts> {
        let own = std::iter::once(scope.clone());
        let within = match scope {
            Scope::Cluster => self.namespaces_of(user),
            Scope::Namespace(_) => BTreeSet::new(),
        };
        let place = own
            .chain(within.into_iter().map(|name| Scope::of(&name)))
            .find(|place| has_some(self.head, user, way, place))?;
        let first = &way.parts[..1];
        let reached = Way {
            parts: first,
            meet: false,
        };
        let of_cluster = first
            .iter()
            .flat_map(|part| part.iter())
            .all(|requests| requests.scope == TypeScope::Cluster);
        Some(FoundParts {
            in_namespace: is_lesser(if of_cluster { scope } else { &place }),
            is_new: !has_some(self.base, user, way, &place),
            named: !has_all(self.head, user, &reached, &place, AskedNames::Any(like_all)),
        })
    }

    /// The namespaces in which RoleBindings name a subject.
    fn namespaces_of(&self, user: &UserInfo) -> BTreeSet<String> {
        let snapshot = self.head.snapshot();
        let applied = self.head.applied_anywhere(user).into_iter();
        let scopes = applied.map(|applied| snapshot.binding(applied.binding).scope());
        scopes
            .filter_map(|scope| scope.namespace().map(str::to_owned))
            .collect()
    }
}

/// Whether a scope weighs less than the cluster.
pub(super) fn is_lesser(scope: &Scope) -> bool {
    scope
        .namespace()
        .is_some_and(|namespace| namespace != KUBE_SYSTEM)
}

/// Whether one of the names weighs like all.
pub(super) fn is_like_all(names: &[CompactString], like_all: &[&str]) -> bool {
    names.iter().any(|name| like_all.contains(&&**name))
}

/// Whether a subject has all parts for some names, which meet where they have to.
fn has_some(rbac: &RbacAuthorizer, user: &UserInfo, way: &Way, scope: &Scope) -> bool {
    let has = |names| has_all(rbac, user, way, scope, names);
    match way.meet {
        false => has(AskedNames::Some),
        true => has(AskedNames::Any(&[])) || has(AskedNames::SomeCarried),
    }
}

fn has_all(
    rbac: &RbacAuthorizer,
    user: &UserInfo,
    way: &Way,
    scope: &Scope,
    names: AskedNames<'_>,
) -> bool {
    let has = |part: &&[RiskyRequests], names: AskedNames<'_>| {
        each(part).any(|request| allows(rbac, user, &request, scope, names))
    };
    match names {
        AskedNames::Same(all) => all.iter().any(|name| {
            let one = std::slice::from_ref(name);
            way.parts
                .iter()
                .all(|part| has(part, AskedNames::Same(one)))
        }),
        names => way.parts.iter().all(|part| has(part, names)),
    }
}

fn allows(
    rbac: &RbacAuthorizer,
    user: &UserInfo,
    request: &Request<'_>,
    scope: &Scope,
    names: AskedNames<'_>,
) -> bool {
    let namespace = request.namespace(scope).unwrap_or(FRESH);
    let decide =
        |name: &str| rbac.decide(user, &request.attributes(namespace, name)) == Decision::Allow;
    match names {
        // A plain create carries no name. Those that do go with an update or patch, which stand beside it.
        AskedNames::Some if request.is_nameless() => decide(FRESH),
        AskedNames::SomeCarried if request.is_nameless() => false,
        AskedNames::Some | AskedNames::SomeCarried => {
            rbac.allows_some_name(user, &request.attributes(namespace, FRESH))
        }
        AskedNames::Any(like_all) => decide(FRESH) || like_all.iter().any(|name| decide(name)),
        AskedNames::Same(_) if request.is_nameless() => false,
        AskedNames::Same(names) => names.iter().any(|name| decide(name)),
    }
}

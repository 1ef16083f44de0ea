//! What a subject may do in all, before a change and after it: whether it has the other parts of a risk.

use std::cell::Cell;
use std::collections::BTreeSet;
use std::rc::Rc;

use hashbrown::HashMap;

use crate::ask::bound_subjects;
use crate::authn::{ImpliedGroup, Principal, SERVICE_ACCOUNTS, UserInfo};
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
    known: HashMap<*const Way, FoundParts>,
    /// Those of the bindings, with the groups that Kubernetes puts them into.
    bound: Option<Rc<[UserInfo]>>,
    /// How many more requests and bindings are looked at. What isn't counts as opened: a change may be made
    /// to have too many, and must gain nothing by that.
    left: Cell<usize>,
    /// The namespaces in which a binding names an account that isn't there.
    ghosts: Option<BTreeSet<String>>,
}

/// How grave it is, where it is gravest, that a subject has all parts of a way.
#[derive(Debug, Clone, Copy, Default)]
struct FoundParts {
    /// Wherever it has them.
    any: Option<Weight>,
    /// Where it, or one who is in it by nature, hadn't before.
    new: Option<Weight>,
    /// Where one who is in it by nature hadn't before.
    new_of_members: Option<Weight>,
}

/// How many requests and bindings are looked at in all. Changes of real clusters take a few hundred.
const MOST_LOOKS: usize = 200_000;

/// What counts where no more is looked at: all parts now, and not before.
const UNKNOWN: Weight = Weight {
    in_namespace: false,
    named: false,
};

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
            bound: None,
            left: Cell::new(MOST_LOOKS),
            ghosts: None,
        }
    }

    /// Takes so many looks from those that are left; whether there were as many.
    fn look(&self, looks: usize) -> bool {
        let left = self.left.get();
        self.left.set(left.saturating_sub(looks));
        left >= looks
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
        let user = with_implied_groups(&change.subject);
        if user.is_privileged() {
            return None;
        }
        let names = &*change.rule.resource_names;
        let named = !names.is_empty() && !is_like_all(names, like_all);
        if way.meet && !names.is_empty() {
            let members = self.members(&change.subject);
            let members = in_group(members.as_deref(), &change.subject.name);
            let mut gravest = None;
            for user in std::iter::once(&user).chain(members) {
                let lesser = self.opened_by_name(user, way, &change.scope, names);
                gravest = gravest.into_iter().chain(lesser).min();
                if gravest == Some(false) {
                    break;
                }
            }
            return gravest.map(|in_namespace| Weight {
                in_namespace,
                named,
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
                let members = self.members(&change.subject);
                let mut found = self.find(&user, way, like_all, &change.scope);
                for member in in_group(members.as_deref(), &change.subject.name) {
                    if found.new_of_members == Some(UNKNOWN) {
                        break;
                    }
                    let new = self.find(member, way, like_all, &change.scope).new;
                    found.new_of_members = gravest(found.new_of_members, new);
                }
                found.new = gravest(found.new, found.new_of_members);
                self.known.insert(way, found);
                found
            }
        };
        if !reaches {
            return found.new;
        }
        let reached = gravest(found.any, found.new_of_members);
        reached.map(|weight| Weight { named, ..weight })
    }

    /// Whether what a subject reaches weighs less, where it has all parts for one of these names and hadn't
    /// before.
    fn opened_by_name(
        &self,
        user: &UserInfo,
        way: &Way,
        scope: &Scope,
        names: &[CompactString],
    ) -> Option<bool> {
        let has = |rbac: &RbacAuthorizer, place: &Scope, name| {
            let same = AskedNames::Same(std::slice::from_ref(name));
            has_all(rbac, user, way, place, same)
        };
        let looks = 2 * way.parts.len();
        let mut gravest = None;
        for place in self.places(user, scope) {
            let lesser = in_namespace(way, scope, &place);
            if gravest.is_some_and(|known| known <= lesser) {
                continue;
            }
            let mut names = names.iter();
            let opens = names.any(|name| {
                !self.look(looks) || has(self.head, &place, name) && !has(self.base, &place, name)
            });
            if opens {
                gravest = Some(lesser);
            }
        }
        gravest
    }

    /// Where a subject has all parts: in this scope, or in a namespace of it.
    fn find(&self, user: &UserInfo, way: &Way, like_all: &[&str], scope: &Scope) -> FoundParts {
        let reached = Way {
            parts: &way.parts[..1],
            meet: false,
        };
        let mut found = FoundParts::default();
        for place in self.places(user, scope) {
            if !self.look(way.parts.len()) {
                return FoundParts {
                    any: Some(UNKNOWN),
                    new: Some(UNKNOWN),
                    new_of_members: None,
                };
            }
            if !has_some(self.head, user, way, &place) {
                continue;
            }
            let any_name = AskedNames::Any(like_all);
            let weight = Some(Weight {
                in_namespace: in_namespace(way, scope, &place),
                named: !has_all(self.head, user, &reached, &place, any_name),
            });
            found.any = gravest(found.any, weight);
            // Names that met before are not all names.
            let is_widened = || {
                way.meet
                    && has_all(self.head, user, way, &place, any_name)
                    && !has_all(self.base, user, way, &place, any_name)
            };
            if !has_some(self.base, user, way, &place) || is_widened() {
                found.new = gravest(found.new, weight);
            }
        }
        found
    }

    /// A scope, and the namespaces of it in which a subject may have more.
    fn places(&self, user: &UserInfo, scope: &Scope) -> Vec<Scope> {
        let within = match scope {
            Scope::Cluster => self.namespaces_of(user),
            Scope::Namespace(_) => BTreeSet::new(),
        };
        let within = within.into_iter().map(|name| Scope::of(&name));
        std::iter::once(scope.clone()).chain(within).collect()
    }

    /// Those of the bindings, for a group into which Kubernetes itself puts some of them: what it gains
    /// completes what they have.
    fn members(&mut self, subject: &Principal) -> Option<Rc<[UserInfo]>> {
        ImpliedGroup::of(subject)?;
        let bound = self.bound.get_or_insert_with(|| {
            let bound = bound_subjects(self.head.snapshot());
            let users = bound.iter().map(with_implied_groups);
            users.filter(|user| !user.is_privileged()).collect()
        });
        Some(bound.clone())
    }

    /// The namespaces in which RoleBindings name a subject.
    fn namespaces_of(&self, user: &UserInfo) -> BTreeSet<String> {
        let snapshot = self.head.snapshot();
        let applied = self.head.applied_anywhere(user);
        if !self.look(applied.len()) {
            return BTreeSet::new();
        }
        let scopes = applied
            .into_iter()
            .map(|applied| snapshot.binding(applied.binding).scope());
        scopes
            .filter_map(|scope| scope.namespace().map(str::to_owned))
            .collect()
    }
}

/// Those of the bindings who are in a group.
fn in_group<'m>(
    bound: Option<&'m [UserInfo]>,
    group: &'m String,
) -> impl Iterator<Item = &'m UserInfo> {
    let bound = bound.unwrap_or_default().iter();
    bound.filter(move |user| user.groups.contains(group))
}

/// A subject with the groups that Kubernetes itself puts it into: one request may need what each gives.
///
/// Source: as `UserInfo::impersonated`. Who is in a group of service accounts, or in any but that of those
/// who haven't authenticated, is in the wider ones, too.
pub(super) fn with_implied_groups(subject: &Principal) -> UserInfo {
    let own = subject.as_user();
    let mut groups = own.groups;
    if let Some(ImpliedGroup::ServiceAccountsOf(_)) = ImpliedGroup::of(subject) {
        groups.push(SERVICE_ACCOUNTS.to_owned());
    }
    UserInfo::impersonated(&own.name, groups)
}

/// Whether what is reached in a place weighs less than in the cluster.
fn in_namespace(way: &Way, scope: &Scope, place: &Scope) -> bool {
    let mut first = way.parts.iter().take(1).flat_map(|part| part.iter());
    let of_cluster = first.all(|requests| requests.scope == TypeScope::Cluster);
    is_lesser(if of_cluster { scope } else { place })
}

/// The graver of two.
fn gravest(one: Option<Weight>, other: Option<Weight>) -> Option<Weight> {
    one.into_iter().chain(other).min()
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

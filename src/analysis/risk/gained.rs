//! Whether a gain is one of the requests of a risk.
//!
//! A gain may have many words and leave out many, and there are many gains: words are looked up, and
//! of names it is counted how many are left.

use std::sync::LazyLock;

use hashbrown::HashSet;

use crate::analysis::diff::Change;
use crate::authz::rbac::rules::is_every;
use crate::authz::{Attributes, Authorizer, Decision, ResourceAttributes};
use crate::kube::{CompactString, PolicyRule};
use crate::object::Scope;

use super::held::{Held, with_implied_groups};
use super::table::MAKE_ACCOUNTS;
use super::{Pattern, RISKS, RiskyRequests, TypeScope};

/// A value that no rule names.
pub(super) const FRESH: &str = "\u{1}";

/// The words for resources that cover one of the table's, `*` apart. Most rules have none of them.
static RISKY: LazyLock<HashSet<String>> = LazyLock::new(|| {
    let requests = parts().flat_map(each);
    requests.flat_map(|request| request.covering()).collect()
});

/// The API groups of which any resource is risky.
static RISKY_GROUPS: LazyLock<Vec<&'static str>> = LazyLock::new(|| {
    let any = parts().flatten().filter(|requests| requests.is_of_any());
    any.map(|requests| requests.group).collect()
});

/// The requests of all risks.
fn parts() -> impl Iterator<Item = &'static [RiskyRequests]> {
    RISKS.iter().flat_map(|risk| {
        let parts: Vec<&[RiskyRequests]> = match risk.pattern {
            Pattern::Any(requests) => vec![requests],
            Pattern::Ways(ways) => ways.iter().flat_map(|way| way.parts).copied().collect(),
            Pattern::Ghosts => vec![MAKE_ACCOUNTS],
            Pattern::Subject(..) => Vec::new(),
        };
        parts
    })
}

/// Words of a rule, to be looked up.
struct Words<'r> {
    /// Whether `*` is among them.
    every: bool,
    words: FewOrMany<'r>,
}

enum FewOrMany<'r> {
    Few(&'r [CompactString]),
    Many(HashSet<&'r str>),
}

impl<'r> Words<'r> {
    fn new(words: &'r [CompactString]) -> Self {
        const FEW: usize = 8;
        Words {
            every: is_every(words),
            words: if words.len() <= FEW {
                FewOrMany::Few(words)
            } else {
                FewOrMany::Many(words.iter().map(CompactString::as_str).collect())
            },
        }
    }

    fn has_every(&self) -> bool {
        self.every
    }

    fn has(&self, wanted: &str) -> bool {
        match &self.words {
            FewOrMany::Few(words) => words.iter().any(|word| word == wanted),
            FewOrMany::Many(words) => words.contains(wanted),
        }
    }

    /// Whether a word of a request is covered; one that stands for any by `*` alone.
    fn covers(&self, wanted: &str) -> bool {
        self.every || self.has(fresh(wanted))
    }
}

/// What a rule lets someone do, names apart.
struct Lookup<'r> {
    verbs: Words<'r>,
    groups: Words<'r>,
    resources: Words<'r>,
}

impl<'r> Lookup<'r> {
    fn new(rule: &'r PolicyRule) -> Self {
        Lookup {
            verbs: Words::new(&rule.verbs),
            groups: Words::new(&rule.api_groups),
            resources: Words::new(&rule.resources),
        }
    }

    /// Whether the rule allows a request for some name at least.
    ///
    /// Source: as [`rule_allows`](crate::authz::rbac::rules::rule_allows).
    fn allows(&self, request: &Request<'_>) -> bool {
        self.groups.covers(request.group)
            && self.verbs.covers(request.verb)
            && self.covers_resource(request)
    }

    fn covers_resource(&self, request: &Request<'_>) -> bool {
        if self.resources.has_every() {
            return true;
        }
        match request.subresource {
            "" => self.resources.has(fresh(request.resource)),
            _ => {
                let mut covering = request.covering().into_iter();
                covering.any(|word| self.resources.has(&word))
            }
        }
    }
}

fn fresh(word: &str) -> &str {
    if word == "*" { FRESH } else { word }
}

/// A request of a risk, without its name and namespace.
#[derive(Clone, Copy)]
pub(super) struct Request<'r> {
    verb: &'r str,
    group: &'r str,
    resource: &'r str,
    subresource: &'r str,
    scope: TypeScope,
}

impl Request<'_> {
    /// The words for resources that cover it, `*` apart.
    fn covering(&self) -> Vec<String> {
        let resource = fresh(self.resource);
        match self.subresource {
            "" => vec![resource.to_owned()],
            subresource => {
                let of = |resource| format!("{resource}/{}", fresh(subresource));
                vec![of(resource), of("*")]
            }
        }
    }

    /// Whether a request of this kind carries no name.
    pub(super) fn is_nameless(&self) -> bool {
        matches!(self.verb, "create" | "deletecollection") && self.subresource.is_empty()
    }

    /// The namespace of a real request in a scope; none where it is the name.
    pub(super) fn namespace<'c>(&self, scope: &'c Scope) -> Option<&'c str> {
        let own = scope.namespace();
        match self.scope {
            TypeScope::Namespaced => Some(own.unwrap_or(FRESH)),
            TypeScope::Cluster => Some(""),
            TypeScope::In(namespace) => Some(namespace),
            TypeScope::Namespace => own,
        }
    }

    pub(super) fn attributes(&self, namespace: &str, name: &str) -> Attributes {
        Attributes::Resource(ResourceAttributes {
            namespace: namespace.to_owned(),
            verb: fresh(self.verb).to_owned(),
            group: fresh(self.group).to_owned(),
            resource: fresh(self.resource).to_owned(),
            subresource: fresh(self.subresource).to_owned(),
            name: name.to_owned(),
        })
    }
}

/// Each request, but those of any resource.
pub(super) fn each(requests: &[RiskyRequests]) -> impl Iterator<Item = Request<'static>> {
    requests.iter().flat_map(|requests| {
        let verbs = requests.verbs.iter();
        verbs.flat_map(|verb| each_resource(requests, verb))
    })
}

fn each_resource(
    requests: &RiskyRequests,
    verb: &'static str,
) -> impl Iterator<Item = Request<'static>> {
    requests.resources.iter().map(move |resource| {
        let (resource, subresource) = resource.split_once('/').unwrap_or((resource, ""));
        Request {
            verb,
            group: requests.group,
            resource,
            subresource,
            scope: requests.scope,
        }
    })
}

/// A gain, to be held against many requests.
pub(super) struct Gain<'c> {
    change: &'c Change,
    rule: Lookup<'c>,
    except: Vec<Lookup<'c>>,
    /// Whether it may be of any risk's requests.
    may_be_risky: bool,
}

impl<'c> Gain<'c> {
    pub(super) fn new(change: &'c Change) -> Self {
        let mut resources = change.rule.resources.iter();
        let rule = Lookup::new(&change.rule);
        Gain {
            change,
            may_be_risky: is_every(&change.rule.resources)
                || resources.any(|resource| RISKY.contains(&**resource))
                || RISKY_GROUPS.iter().any(|group| rule.groups.covers(group)),
            rule,
            except: change
                .except
                .iter()
                .map(|except| Lookup::new(&except.rule))
                .collect(),
        }
    }

    pub(super) fn change(&self) -> &'c Change {
        self.change
    }

    /// Whether any of these requests was gained.
    pub(super) fn is_of(&self, requests: &[RiskyRequests], held: &Held<'_>) -> bool {
        if !self.may_be_risky {
            return false;
        }
        // Most are told apart by their group alone.
        let requests = requests.iter();
        let mut requests = requests.filter(|requests| self.rule.groups.covers(requests.group));
        requests.any(|requests| {
            let verbs = requests.verbs.iter();
            let mut verbs = verbs.filter(|verb| self.rule.verbs.covers(verb));
            verbs.any(|verb| match requests.is_of_any() {
                true => self
                    .own_resources(requests, verb)
                    .any(|request| self.matches(&request, held)),
                false => each_resource(requests, verb).any(|request| self.matches(&request, held)),
            })
        })
    }

    /// Requests for the resources that the rule itself names.
    fn own_resources<'r>(
        &'r self,
        requests: &'r RiskyRequests,
        verb: &'r str,
    ) -> impl Iterator<Item = Request<'r>> {
        let named = self.change.rule.resources.iter();
        named.map(move |resource| {
            let (resource, subresource) = resource.split_once('/').unwrap_or((resource, ""));
            Request {
                verb,
                group: requests.group,
                resource,
                subresource,
                scope: requests.scope,
            }
        })
    }

    /// Whether a request of a group and verb that the rule covers was gained, for some name that the
    /// change speaks of.
    fn matches(&self, request: &Request<'_>, held: &Held<'_>) -> bool {
        if !self.rule.covers_resource(request) {
            return false;
        }
        let namespace = request.namespace(&self.change.scope);
        if namespace.is_some_and(|namespace| !self.change.scope.contains(namespace)) {
            return false;
        }
        let names = &self.change.rule.resource_names;
        if !names.is_empty() && request.is_nameless() && !self.creates_named(request, held) {
            return false;
        }
        // Of a namespace itself the name is the namespace.
        let own = namespace.filter(|_| request.scope == TypeScope::Namespace);
        if let Some(own) = own
            && !names.is_empty()
            && !names.iter().any(|name| name == own)
        {
            return false;
        }
        let excepts = self.change.except.iter().zip(&self.except);
        let mut excepts = excepts
            .filter(|(except, lookup)| {
                namespace.is_none_or(|namespace| except.scope.contains(namespace))
                    && lookup.allows(request)
            })
            .map(|(except, _)| except)
            .peekable();
        if excepts.peek().is_none() {
            return true;
        }
        let mut left: HashSet<&str> = match own {
            Some(own) => HashSet::from([own]),
            // A change for every name is for one that no rule names, too.
            None if names.is_empty() => HashSet::from([FRESH]),
            None => names.iter().map(CompactString::as_str).collect(),
        };
        for except in excepts {
            let excepted = &except.rule.resource_names;
            match (namespace, &except.scope) {
                (None, Scope::Namespace(own)) => {
                    if excepted.is_empty() || excepted.contains(own) {
                        left.remove(own.as_str());
                    }
                }
                _ if excepted.is_empty() => return false,
                _ => {
                    for name in excepted {
                        left.remove(name.as_str());
                    }
                }
            }
        }
        !left.is_empty()
    }
}

impl Gain<'_> {
    /// Whether a request that carries no name is a create, which a server-side apply of one of the names
    /// is, too: a `patch` that is asked about as `create` with the name where the object isn't there yet.
    /// An `update` is the same for types that take one of what isn't there.
    fn creates_named(&self, request: &Request<'_>, held: &Held<'_>) -> bool {
        if request.verb != "create" {
            return false;
        }
        let writes = ["patch", "update"];
        if writes.iter().any(|verb| self.rule.verbs.covers(verb)) {
            return true;
        }
        let user = with_implied_groups(&self.change.subject);
        let namespace = request.namespace(&self.change.scope);
        writes.into_iter().any(|verb| {
            let write = Request { verb, ..*request };
            let can_write = |name: &str| {
                let namespace = namespace.unwrap_or(name);
                let attributes = write.attributes(namespace, name);
                held.head().decide(&user, &attributes) == Decision::Allow
            };
            let some = write.attributes(namespace.unwrap_or(FRESH), FRESH);
            // Nearly always there is none, whatever the name.
            (namespace.is_none() || held.head().allows_some_name(&user, &some))
                && self
                    .change
                    .rule
                    .resource_names
                    .iter()
                    .any(|name| can_write(name))
        })
    }
}

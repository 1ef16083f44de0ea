//! What an attacker has at one moment, and what each identity of it may do.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::cluster::{Cluster, Key, Role, Subject, account_user};
use super::rules::{Request, Rule, Rules, covers};

pub const AUTHENTICATED: &str = "system:authenticated";
pub const MASTERS: &str = "system:masters";
pub const NODES: &str = "system:nodes";

/// How somebody is held.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Held {
    /// By headers of another's requests: can't impersonate further.
    Impersonated,
    /// By a credential.
    Real,
}

/// A user name with its groups.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Identity {
    pub user: String,
    pub groups: BTreeSet<String>,
    pub held: Held,
}

impl Identity {
    pub fn user<G: Into<String>>(
        user: &str,
        groups: impl IntoIterator<Item = G>,
        held: Held,
    ) -> Identity {
        let mut groups: BTreeSet<String> = groups.into_iter().map(Into::into).collect();
        // Nobody signs in as this user; who impersonates it isn't authenticated either.
        let anonymous = user == "system:anonymous" && !groups.contains(AUTHENTICATED);
        groups.insert(match anonymous {
            true => "system:unauthenticated".to_owned(),
            false => AUTHENTICATED.to_owned(),
        });
        Identity {
            user: user.to_owned(),
            groups,
            held,
        }
    }

    pub fn account(account: &Key, held: Held) -> Identity {
        let groups = [
            "system:serviceaccounts".to_owned(),
            format!("system:serviceaccounts:{}", account.0),
        ];
        Identity::user(&account_user(account), groups, held)
    }

    pub fn node(node: &str, held: Held) -> Identity {
        Identity::user(&format!("system:node:{node}"), [NODES], held)
    }

    pub fn is_master(&self) -> bool {
        self.groups.contains(MASTERS)
    }

    /// The node that the Node authorizer and NodeRestriction take this for.
    pub fn node_name(&self) -> Option<&str> {
        let name = self.user.strip_prefix("system:node:")?;
        self.groups.contains(NODES).then_some(name)
    }
}

/// All that is held, and what was changed to get it. It only grows.
#[derive(Debug, Clone)]
pub struct State<'c> {
    pub cluster: &'c Cluster,
    pub edges: &'c BTreeSet<&'static str>,
    /// The first is who starts.
    pub held: Vec<Identity>,
    pub roles: BTreeMap<Key, Role>,
    /// Of these roles, the ones that the attacker made.
    pub made: BTreeSet<Key>,
    /// Role and scope that all who are held are bound to.
    pub bound: BTreeSet<(Key, String)>,
    /// Scope and rule that a new role gave all who are held.
    pub handed: BTreeSet<(String, Arc<Rule>)>,
    /// The accounts that exist.
    pub accounts: BTreeSet<Key>,
    pub secrets: BTreeSet<Key>,
    pub runs_pods_in: BTreeSet<String>,
}

impl<'c> State<'c> {
    pub fn start(
        cluster: &'c Cluster,
        edges: &'c BTreeSet<&'static str>,
        who: Identity,
    ) -> State<'c> {
        State {
            cluster,
            edges,
            held: vec![who],
            roles: cluster.roles.clone(),
            made: BTreeSet::new(),
            bound: BTreeSet::new(),
            handed: BTreeSet::new(),
            accounts: cluster.accounts.clone(),
            secrets: BTreeSet::new(),
            runs_pods_in: BTreeSet::new(),
        }
    }

    pub fn is_on(&self, edge: &str) -> bool {
        self.edges.contains(edge)
    }

    /// A number that is another one whenever anything was added.
    pub fn size(&self) -> usize {
        let role = |role: &Role| 1 + role.rules.len() + usize::from(role.every_label);
        self.held.len()
            + self.roles.values().map(role).sum::<usize>()
            + self
                .roles
                .values()
                .filter(|role| role.gathers.is_none())
                .count()
            + self.made.len()
            + self.bound.len()
            + self.handed.len()
            + self.accounts.len()
            + self.secrets.len()
            + self.runs_pods_in.len()
    }

    /// Adds an identity, unless one is held that may do all that it may.
    pub fn hold(&mut self, who: Identity) {
        let known = self.held.iter().any(|other| {
            other.user == who.user
                && other.groups.is_superset(&who.groups)
                && other.held >= who.held
                && other.node_name() == who.node_name()
        });
        if !known {
            self.held.push(who);
        }
    }

    /// Every namespace of the cluster, and the empty name for what isn't of one.
    pub fn scopes(&self) -> impl Iterator<Item = &'c str> + use<'c> {
        let namespaces = self.cluster.namespaces.iter().map(String::as_str);
        std::iter::once("").chain(namespaces)
    }
}

/// What everyone may do, worked out once before each round of steps.
pub struct View {
    /// The rules of each role, aggregated ones with what they gather.
    pub roles: BTreeMap<Key, Rules>,
    pub identities: Vec<Identity>,
    /// Whether who starts holds everything, so that nobody else is needed.
    pub is_won: bool,
    /// The rules of each identity by scope; those of a namespace hold what is given everywhere.
    rules: Vec<BTreeMap<String, Rules>>,
    /// Names by scope, API group and resource, as far as they were asked for.
    names: RefCell<BTreeMap<[String; 3], BTreeSet<String>>>,
}

impl View {
    pub fn of(state: &State<'_>) -> View {
        let roles = gathered(&state.roles);
        let mut identities = state.held.clone();
        let mut rules: Vec<_> = identities
            .iter()
            .map(|who| rules_of(state, &roles, who))
            .collect();
        // Who holds everything for real needs nobody else to do the steps that are left.
        let everything = Rule::every_object();
        let start = &identities[0];
        let is_won = start.held == Held::Real
            && start.node_name().is_none()
            && rules[0][""].contains(&everything);
        if is_won {
            identities.truncate(1);
            rules.truncate(1);
        }
        View {
            roles,
            identities,
            is_won,
            rules,
            names: RefCell::default(),
        }
    }

    pub fn all(&self) -> impl Iterator<Item = usize> + use<> {
        0..self.identities.len()
    }

    pub fn rules(&self, who: usize, scope: &str) -> &Rules {
        let of = &self.rules[who];
        of.get(scope).unwrap_or(&of[""])
    }

    /// Whether an authorizer says yes: RBAC, or before it the group of masters.
    pub fn can(&self, who: usize, request: Request<'_>) -> bool {
        self.identities[who].is_master()
            || self
                .rules(who, request.namespace)
                .iter()
                .any(|rule| rule.allows(&request))
    }

    /// Whether a role with these rules may be given away in this scope.
    pub fn covers(&self, who: usize, scope: &str, rules: &Rules) -> bool {
        self.identities[who].is_master() || covers(self.rules(who, scope), rules)
    }

    /// Whether anything is held on such objects: a quick no.
    pub fn touches(&self, who: usize, scope: &str, group: &str, resource: &str) -> bool {
        self.identities[who].is_master()
            || self
                .rules(who, scope)
                .iter()
                .any(|rule| rule.is_about(group, resource))
    }

    /// The names that rules on such objects are narrowed to, and one that nothing has.
    pub fn names(&self, scope: &str, group: &str, resource: &str) -> BTreeSet<String> {
        let key = [scope, group, resource].map(str::to_owned);
        if let Some(names) = self.names.borrow().get(&key) {
            return names.clone();
        }
        let mut names = BTreeSet::from([super::NEW.to_owned()]);
        for who in self.all() {
            for rule in self.rules(who, scope) {
                if rule.is_about(group, resource) {
                    names.extend(rule.names.iter().cloned());
                }
            }
        }
        self.names.borrow_mut().insert(key, names.clone());
        names
    }

    pub fn has_everything(&self, who: usize, scope: &str) -> bool {
        let everything = Request {
            verb: "*",
            group: "*",
            resource: "*",
            namespace: scope,
            name: "",
        };
        self.can(who, everything)
    }
}

/// The rules of each role; an aggregated one has what the roles have that it gathers, and no more.
fn gathered(roles: &BTreeMap<Key, Role>) -> BTreeMap<Key, Rules> {
    let mut rules: BTreeMap<Key, Rules> = BTreeMap::new();
    for (key, role) in roles {
        let own = match role.gathers {
            Some(_) => BTreeSet::new(),
            None => role.rules.clone(),
        };
        rules.insert(key.clone(), own);
    }
    loop {
        let mut more = false;
        for (key, role) in roles.iter().filter(|(_, role)| role.gathers.is_some()) {
            for (from, other) in roles {
                if from != key && from.0.is_empty() && role.takes(other) {
                    let theirs = rules[from].clone();
                    let own = rules.entry(key.clone()).or_default();
                    let before = own.len();
                    own.extend(theirs);
                    more |= own.len() > before;
                }
            }
        }
        if !more {
            return rules;
        }
    }
}

fn rules_of(
    state: &State<'_>,
    roles: &BTreeMap<Key, Rules>,
    who: &Identity,
) -> BTreeMap<String, Rules> {
    let mut rules: BTreeMap<String, Rules> = BTreeMap::new();
    for scope in state.scopes() {
        rules.insert(scope.to_owned(), BTreeSet::new());
    }
    if who.is_master() {
        for held in rules.values_mut() {
            held.extend([Rule::every_object(), Rule::every_url()].map(Arc::new));
        }
        return rules;
    }
    let mut give = |scope: &str, given: &Rules| {
        for (held_in, held) in &mut rules {
            if scope.is_empty() || held_in == scope {
                held.extend(given.iter().cloned());
            }
        }
    };
    let is = |subject: &Subject| match subject {
        Subject::User(user) => *user == who.user,
        Subject::Group(group) => who.groups.contains(group),
    };
    for binding in &state.cluster.bindings {
        let given = roles.get(&binding.role);
        if let Some(given) = given.filter(|_| binding.subjects.iter().any(is)) {
            give(&binding.namespace, given);
        }
    }
    for (role, scope) in &state.bound {
        if let Some(given) = roles.get(role) {
            give(scope, given);
        }
    }
    for (scope, rule) in &state.handed {
        give(scope, &BTreeSet::from([rule.clone()]));
    }
    // Beside every verb on every object no other rule on objects says more.
    let everything = Rule::every_object();
    for held in rules.values_mut() {
        if held.contains(&everything) {
            held.retain(|rule| **rule == everything || !rule.urls.is_empty());
        }
    }
    rules
}

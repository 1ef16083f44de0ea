//! Steps that write RBAC objects.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::NEW;
use super::cluster::{Key, Role};
use super::rules::{RBAC, Request, Rule, Rules, common, covers};
use super::state::{State, View};

/// All these steps once, with what everyone may do at the start of the round.
pub fn take(view: &View, state: &mut State<'_>) {
    if view.is_won {
        return;
    }
    let absent = absent_roles(view, state);
    write_roles(view, state, &absent);
    let scopes: Vec<&str> = state.scopes().collect();
    for scope in scopes {
        bind(view, state, &absent, scope);
    }
}

/// The steps that hand rights on by a new role. They take the longest, so they are left for the rounds
/// in which nothing else is.
pub fn hand_on(view: &View, state: &mut State<'_>) {
    if view.is_won || !state.is_on("bind-held") {
        return;
    }
    let scopes: Vec<&str> = state.scopes().collect();
    for scope in scopes {
        hand_on_in(view, state, scope);
    }
}

/// A request about objects of RBAC.
fn request<'a>(verb: &'a str, resource: &'a str, scope: &'a str, name: &'a str) -> Request<'a> {
    Request {
        verb,
        group: RBAC,
        resource,
        namespace: scope,
        name,
    }
}

fn roles_in(scope: &str) -> &'static str {
    match scope.is_empty() {
        true => "clusterroles",
        false => "roles",
    }
}

fn bindings_in(scope: &str) -> &'static str {
    match scope.is_empty() {
        true => "clusterrolebindings",
        false => "rolebindings",
    }
}

/// How somebody makes an RBAC object that isn't there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    /// Asked without the name.
    Post,
    /// PUT or apply: asked by name, twice.
    Named,
}

fn makes(view: &View, who: usize, resource: &str, scope: &str, name: &str, way: Way) -> bool {
    let may = |verb: &str, name: &str| view.can(who, request(verb, resource, scope, name));
    match way {
        Way::Post => may("create", ""),
        Way::Named => may("create", name) && (may("update", name) || may("patch", name)),
    }
}

fn changes(view: &View, who: usize, resource: &str, scope: &str, name: &str) -> bool {
    let may = |verb: &str| view.can(who, request(verb, resource, scope, name));
    may("update") || may("patch")
}

/// The roles that aren't there and somebody may mean: bound ones, those that rules name, and a new one
/// in each scope.
fn absent_roles(view: &View, state: &State<'_>) -> BTreeSet<Key> {
    let bindings = state.cluster.bindings.iter();
    let mut absent: BTreeSet<Key> = bindings.map(|binding| binding.role.clone()).collect();
    for scope in state.scopes() {
        absent.insert((scope.to_owned(), NEW.to_owned()));
        for name in view.names(scope, RBAC, roles_in(scope)) {
            absent.insert((scope.to_owned(), name));
        }
        for name in view.names(scope, RBAC, "clusterroles") {
            absent.insert((String::new(), name));
        }
    }
    absent.retain(|key| !state.cluster.roles.contains_key(key));
    absent
}

/// The rules that somebody can put into a role of this scope: those of URLs in cluster roles alone.
fn own_rules(view: &View, who: usize, scope: &str) -> Rules {
    let rules = view.rules(who, scope).iter();
    let fits = |rule: &&Arc<Rule>| scope.is_empty() || rule.urls.is_empty();
    rules.filter(fits).cloned().collect()
}

fn everything(scope: &str) -> Rules {
    let mut rules = BTreeSet::from([Arc::new(Rule::every_object())]);
    if scope.is_empty() {
        rules.insert(Arc::new(Rule::every_url()));
    }
    rules
}

/// Adds rules to a role, but those that add nothing to it.
fn add(role: &mut Role, rules: Rules) {
    for rule in rules {
        let rule = BTreeSet::from([rule]);
        if !covers(&role.rules, &rule) {
            role.rules.extend(rule);
        }
    }
}

fn write_roles(view: &View, state: &mut State<'_>, absent: &BTreeSet<Key>) {
    let existing: Vec<Key> = state.cluster.roles.keys().cloned().collect();
    for who in view.all() {
        let touches = |key: &&Key| view.touches(who, &key.0, RBAC, roles_in(&key.0));
        for key in existing.iter().filter(touches) {
            change_role(view, state, who, key);
        }
        for key in absent.iter().filter(touches) {
            make_role(view, state, who, key);
        }
    }
}

/// Whether somebody may write what isn't held into a role; a POST has no name to be asked by.
fn escalates(view: &View, who: usize, (scope, name): &Key, way: Way) -> bool {
    let name = match way {
        Way::Post => "",
        Way::Named => name,
    };
    view.can(who, request("escalate", roles_in(scope), scope, name))
}

fn change_role(view: &View, state: &mut State<'_>, who: usize, key: &Key) {
    let scope = &*key.0;
    if !changes(view, who, roles_in(scope), scope, &key.1) {
        return;
    }
    let gives = state.is_on("give-by-role");
    let labels = state.is_on("aggregate") && scope.is_empty();
    let any = escalates(view, who, key, Way::Named) && state.is_on("escalate");
    let Some(role) = state.roles.get_mut(key) else {
        return;
    };
    if any {
        add(role, everything(scope));
        role.gathers = None;
        role.every_label |= labels;
        return;
    }
    // What gathers others may be written by who has everything, to whom it gives nothing. And what was
    // written a moment ago counts too: it has to be covered with the rest.
    let covered = view.covers(who, scope, &view.roles[key]);
    if role.gathers.is_none() && covered {
        if gives || labels {
            add(role, own_rules(view, who, scope));
        }
        role.every_label |= labels;
    }
}

fn make_role(view: &View, state: &mut State<'_>, who: usize, key: &Key) {
    let scope = &*key.0;
    if !state.is_on("takeover-role") {
        return;
    }
    for way in [Way::Post, Way::Named] {
        if makes(view, who, roles_in(scope), scope, &key.1, way) {
            let rules = match escalates(view, who, key, way) {
                true => everything(scope),
                false => own_rules(view, who, scope),
            };
            let labels = state.is_on("aggregate") && scope.is_empty();
            let role = state.roles.entry(key.clone()).or_default();
            add(role, rules);
            role.every_label |= labels;
            state.made.insert(key.clone());
        }
    }
}

/// Whether somebody can make a new binding in this scope.
fn makes_binding(view: &View, state: &State<'_>, who: usize, scope: &str) -> bool {
    let resource = bindings_in(scope);
    if !view.touches(who, scope, RBAC, resource) {
        return false;
    }
    let taken = |name: &String| {
        let mut bindings = state.cluster.bindings.iter();
        bindings.any(|binding| binding.namespace == scope && binding.name == *name)
    };
    let mut free = view.names(scope, RBAC, resource);
    free.retain(|name| !taken(name));
    makes(view, who, resource, scope, "", Way::Post)
        || (state.is_on("bind-put")
            && free
                .iter()
                .any(|name| makes(view, who, resource, scope, name, Way::Named)))
}

fn bind(view: &View, state: &mut State<'_>, absent: &BTreeSet<Key>, scope: &str) {
    let resource = bindings_in(scope);
    let roles: BTreeSet<Key> = state.roles.keys().chain(absent).cloned().collect();
    for who in view.all() {
        if !view.touches(who, scope, RBAC, resource) {
            continue;
        }
        let new = makes_binding(view, state, who, scope);
        for role in &roles {
            if !role.0.is_empty() && role.0 != scope {
                continue;
            }
            let writes = new
                || state.cluster.bindings.iter().any(|binding| {
                    binding.namespace == scope
                        && binding.role == *role
                        && changes(view, who, resource, scope, &binding.name)
                });
            if !writes {
                continue;
            }
            let verb = request("bind", roles_in(&role.0), scope, &role.1);
            // A role that was made a moment ago has rules in the next round.
            let rules = view.roles.get(role);
            let held = rules.is_some_and(|rules| view.covers(who, scope, rules));
            if (state.is_on("bind") && view.can(who, verb)) || (state.is_on("bind-held") && held) {
                state.bound.insert((role.clone(), scope.to_owned()));
            }
        }
    }
}

/// A new role of what its maker holds, bound by somebody who holds it too.
fn hand_on_in(view: &View, state: &mut State<'_>, scope: &str) {
    let binders: Vec<usize> = view
        .all()
        .filter(|&who| makes_binding(view, state, who, scope))
        .collect();
    for role_scope in BTreeSet::from(["", scope]) {
        let resource = roles_in(role_scope);
        for maker in view.all() {
            if !view.touches(maker, role_scope, RBAC, resource) {
                continue;
            }
            let mut names = view.names(role_scope, RBAC, resource);
            names.retain(|name| {
                let key = (role_scope.to_owned(), name.clone());
                !state.cluster.roles.contains_key(&key)
            });
            let made = [Way::Post, Way::Named].iter().any(|&way| {
                let mut names = names.iter();
                names.any(|name| makes(view, maker, resource, role_scope, name, way))
            });
            if !made {
                continue;
            }
            let own = own_rules(view, maker, role_scope);
            for &binder in &binders {
                let handed = match binder == maker {
                    true => own.clone(),
                    false => common(&own, view.rules(binder, scope)),
                };
                let handed = handed.into_iter().map(|rule| (scope.to_owned(), rule));
                state.handed.extend(handed);
            }
        }
    }
}

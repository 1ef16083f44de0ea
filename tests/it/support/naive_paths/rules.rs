//! One rule of a role: what it allows, and when rules that are held cover others.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde_json::Value;

/// `rbac.authorization.k8s.io`
pub const RBAC: &str = "rbac.authorization.k8s.io";

/// Rules that many have; shared, since each identity has all that it has in each scope.
pub type Rules = BTreeSet<Arc<Rule>>;

/// A rule as it is written.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Rule {
    pub verbs: Vec<String>,
    pub groups: Vec<String>,
    pub resources: Vec<String>,
    pub names: Vec<String>,
    pub urls: Vec<String>,
}

/// A request about an object. The resource carries its subresource behind a slash; the name is empty
/// where the request has none, as a POST; the namespace where the type has none.
#[derive(Debug, Clone, Copy)]
pub struct Request<'a> {
    pub verb: &'a str,
    pub group: &'a str,
    pub resource: &'a str,
    pub namespace: &'a str,
    pub name: &'a str,
}

/// The texts of a list of an object.
pub fn texts(value: &Value) -> Vec<String> {
    let list = value.as_array().map(Vec::as_slice).unwrap_or_default();
    list.iter()
        .filter_map(|text| text.as_str().map(str::to_owned))
        .collect()
}

fn has(list: &[String], value: &str) -> bool {
    list.iter().any(|one| one == value)
}

impl Rule {
    pub fn read(value: &Value) -> Rule {
        Rule {
            verbs: texts(&value["verbs"]),
            groups: texts(&value["apiGroups"]),
            resources: texts(&value["resources"]),
            names: texts(&value["resourceNames"]),
            urls: texts(&value["nonResourceURLs"]),
        }
    }

    /// Every verb on every object.
    pub fn every_object() -> Rule {
        let all = || vec!["*".to_owned()];
        Rule {
            verbs: all(),
            groups: all(),
            resources: all(),
            ..Rule::default()
        }
    }

    /// Every verb on every URL.
    pub fn every_url() -> Rule {
        Rule {
            verbs: vec!["*".to_owned()],
            urls: vec!["*".to_owned()],
            ..Rule::default()
        }
    }

    /// Whether this rule is asked about such objects at all, whatever the verb and the name.
    pub fn is_about(&self, group: &str, resource: &str) -> bool {
        let on_every = resource
            .split_once('/')
            .map(|(_, part)| format!("*/{part}"));
        (has(&self.groups, "*") || has(&self.groups, group))
            && (has(&self.resources, "*")
                || has(&self.resources, resource)
                || on_every.is_some_and(|form| has(&self.resources, &form)))
    }

    pub fn allows(&self, request: &Request<'_>) -> bool {
        (has(&self.verbs, "*") || has(&self.verbs, request.verb))
            && self.is_about(request.group, request.resource)
            && (self.names.is_empty() || has(&self.names, request.name))
    }

    /// The smallest pieces of a rule: one verb each on one resource and one name, or on one URL.
    fn pieces(&self) -> Vec<Rule> {
        let mut pieces = Vec::new();
        let one = |text: &String| vec![text.clone()];
        for verb in &self.verbs {
            for group in &self.groups {
                for resource in &self.resources {
                    let piece = Rule {
                        verbs: one(verb),
                        groups: one(group),
                        resources: one(resource),
                        ..Rule::default()
                    };
                    let named = self.names.iter().map(|name| Rule {
                        names: one(name),
                        ..piece.clone()
                    });
                    pieces.extend(named);
                    if self.names.is_empty() {
                        pieces.push(piece);
                    }
                }
            }
            pieces.extend(self.urls.iter().map(|url| Rule {
                verbs: one(verb),
                urls: one(url),
                ..Rule::default()
            }));
        }
        pieces
    }

    /// Whether this one rule holds all that a piece asks for.
    fn holds(&self, piece: &Rule) -> bool {
        let resource = |wanted: &String| {
            let part = wanted.split_once('/').map(|(_, part)| format!("*/{part}"));
            has(&self.resources, wanted) || part.is_some_and(|form| has(&self.resources, &form))
        };
        let url = |wanted: &String| {
            let under = |url: &String| {
                url.strip_suffix('*')
                    .is_some_and(|start| wanted.starts_with(start))
            };
            has(&self.urls, wanted) || self.urls.iter().any(under)
        };
        let verbs = has(&self.verbs, "*") || piece.verbs.iter().all(|verb| has(&self.verbs, verb));
        if !piece.urls.is_empty() {
            return verbs && piece.urls.iter().all(url);
        }
        let names = self.names.is_empty()
            || (!piece.names.is_empty() && piece.names.iter().all(|name| has(&self.names, name)));
        verbs
            && (has(&self.groups, "*") || piece.groups.iter().all(|one| has(&self.groups, one)))
            && (has(&self.resources, "*") || piece.resources.iter().all(resource))
            && names
    }
}

/// Whether each piece of the wanted rules is held by one of the rules that somebody has: what an API
/// server asks of who writes a role, or a binding of it.
pub fn covers(held: &Rules, wanted: &Rules) -> bool {
    wanted.iter().all(|rule| {
        held.contains(rule)
            || rule
                .pieces()
                .iter()
                .all(|piece| held.iter().any(|owned| owned.holds(piece)))
    })
}

/// What both lists allow, rule by rule.
pub fn common(some: &Rules, others: &Rules) -> Rules {
    let mut common = BTreeSet::new();
    for (from, by) in [(some, others), (others, some)] {
        for piece in from.iter().flat_map(|rule| rule.pieces()) {
            if by.iter().any(|rule| rule.holds(&piece)) {
                common.insert(Arc::new(piece));
            }
        }
    }
    common
}

//! The authorizer a second time: loops over the manifest's objects, one for each sentence of what
//! an API server does, with no index, no compiled rules and no code of the engine's.
//!
//! It is as slow and as plain as it can be, so that where the two differ the engine is suspected.

use std::collections::{BTreeMap, BTreeSet};

use compact_str::CompactString;
use rbac_eval::authn::UserInfo;
use rbac_eval::authz::Attributes;
use rbac_eval::kube::{
    Binding, BindingKind, LabelOperator, LabelSelector, PolicyRule, Role, RoleKind, Subject,
    SubjectKind,
};

use super::object::{Object, as_binding, as_role};

/// What a rule says: verbs, groups, resources, names, URLs.
pub type Content = [Vec<CompactString>; 5];

/// One way in which a request is allowed.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Grant {
    pub binding: String,
    pub subject: usize,
    pub role: String,
    pub rule: Content,
    pub reason: String,
}

/// A decision with everything that led to it.
#[derive(Debug, PartialEq, Eq)]
pub struct Answer {
    pub allowed: bool,
    pub privileged: bool,
    /// Sorted, each as often as there is a rule for it.
    pub grants: Vec<Grant>,
    /// The bindings whose role is missing, and the server's words for each.
    pub missing: BTreeSet<(String, String)>,
}

/// What `kubectl auth can-i --list` shows: the verbs of each group, resource and name, and how
/// often each verb and URL is listed.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Review {
    pub resources:
        BTreeMap<(CompactString, CompactString, Option<CompactString>), BTreeSet<CompactString>>,
    pub urls: BTreeMap<(CompactString, CompactString), usize>,
}

pub struct Naive<'m> {
    /// All definitions of each role that count, the last one at the end.
    roles: Vec<Vec<&'m Role>>,
    bindings: Vec<&'m Binding>,
    effective: Vec<Vec<Content>>,
}

pub fn content(rule: &PolicyRule) -> Content {
    [
        rule.verbs.clone(),
        rule.api_groups.clone(),
        rule.resources.clone(),
        rule.resource_names.clone(),
        rule.non_resource_urls.clone(),
    ]
}

pub fn role_title(role: &Role) -> String {
    format!("{} {}/{}", role.kind, role.namespace, role.name)
}

pub fn binding_title(binding: &Binding) -> String {
    format!("{} {}/{}", binding.kind, binding.namespace, binding.name)
}

impl<'m> Naive<'m> {
    pub fn new(objects: &'m [Object]) -> Self {
        let roles = definitions(objects);
        let mut by_name: BTreeMap<String, Vec<&Binding>> = BTreeMap::new();
        for binding in objects.iter().filter_map(as_binding) {
            let known = by_name.entry(binding_title(binding));
            known.or_default().push(binding);
        }
        let bindings = by_name
            .into_values()
            .flat_map(|definitions| but_repeated(definitions, same_binding))
            .collect();
        let effective = aggregate(&roles);
        Naive {
            roles,
            bindings,
            effective,
        }
    }

    /// A role as messages call it.
    fn title(&self, at: usize) -> String {
        role_title(self.roles[at][0])
    }

    pub fn answer(&self, user: &UserInfo, request: &Attributes) -> Answer {
        let mut grants = Vec::new();
        let mut missing = BTreeSet::new();
        for binding in &self.bindings {
            if !reaches(binding, request.namespace()) {
                continue;
            }
            for (subject_number, subject) in binding.subjects.iter().enumerate() {
                if !is(user, subject, binding) {
                    continue;
                }
                let Some((role, rules)) = self.role_of(binding) else {
                    missing.insert((binding_title(binding), not_found(binding)));
                    continue;
                };
                for rule in rules {
                    if allows(rule, request) {
                        grants.push(Grant {
                            binding: binding_title(binding),
                            subject: subject_number,
                            role: self.title(role),
                            rule: rule.clone(),
                            reason: reason(binding, subject),
                        });
                    }
                }
            }
        }
        grants.sort();
        let privileged = user.groups.iter().any(|group| group == "system:masters");
        Answer {
            allowed: privileged || !grants.is_empty(),
            privileged,
            grants,
            missing,
        }
    }

    pub fn review(&self, user: &UserInfo, namespace: &str) -> Review {
        let mut review = Review::default();
        for binding in &self.bindings {
            let mut subjects = binding.subjects.iter();
            if !reaches(binding, namespace) || !subjects.any(|subject| is(user, subject, binding)) {
                continue;
            }
            let Some((_, rules)) = self.role_of(binding) else {
                continue;
            };
            for [verbs, groups, resources, names, urls] in rules {
                for verb in verbs {
                    for group in groups {
                        for resource in resources {
                            let mut row = |name: Option<&CompactString>| {
                                let key = (group.clone(), resource.clone(), name.cloned());
                                let row = review.resources.entry(key).or_default();
                                row.insert(verb.clone());
                            };
                            if names.is_empty() {
                                row(None);
                            }
                            for name in names {
                                row(Some(name));
                            }
                        }
                    }
                    for url in urls {
                        *review.urls.entry((verb.clone(), url.clone())).or_default() += 1;
                    }
                }
            }
        }
        review
    }

    /// The rules of a role in their order; `None` in its place where aggregated roles feed one
    /// another in a circle, since the order then depends on the controller's timing.
    pub fn effective(&self, title: &str) -> (&[Content], Option<&[Content]>) {
        let at = self
            .roles
            .iter()
            .position(|role| role_title(role[0]) == title)
            .unwrap();
        let rules = &*self.effective[at];
        let circular = reaches_circle(&self.roles, at, &mut Vec::new());
        (rules, (!circular).then_some(rules))
    }

    fn role_of(&self, binding: &Binding) -> Option<(usize, &[Content])> {
        let namespace = match binding.role_ref.kind {
            RoleKind::ClusterRole => "",
            RoleKind::Role => &*binding.namespace,
        };
        let wanted = &binding.role_ref;
        for (at, rules) in self.effective.iter().enumerate() {
            let role = self.roles[at][0];
            if role.kind == wanted.kind && role.name == wanted.name && role.namespace == namespace {
                return Some((at, rules));
            }
        }
        None
    }
}

/// All definitions of each role that count, by name: nothing says which of them a cluster has. What
/// the last one repeats doesn't count.
pub fn definitions(objects: &[Object]) -> Vec<Vec<&Role>> {
    let mut by_name: BTreeMap<(&str, String), Vec<&Role>> = BTreeMap::new();
    for role in objects.iter().filter_map(as_role) {
        let key = (&*role.name, role_title(role));
        by_name.entry(key).or_default().push(role);
    }
    by_name
        .into_values()
        .map(|definitions| but_repeated(definitions, same_role))
        .collect()
}

/// Whether the rules that are written in a definition count, beside what it gathers.
pub fn holds_rules(role: &Role) -> bool {
    role.aggregation_rule.is_none() || role.is_from_server()
}

/// The definitions but those that say what the last one says.
fn but_repeated<T>(definitions: Vec<&T>, same: fn(&T, &T) -> bool) -> Vec<&T> {
    let (last, others) = definitions.split_last().unwrap();
    let mut kept: Vec<&T> = others
        .iter()
        .copied()
        .filter(|other| !same(other, last))
        .collect();
    kept.push(last);
    kept
}

fn same_role(a: &Role, b: &Role) -> bool {
    a.labels == b.labels && a.aggregation_rule == b.aggregation_rule && a.rules == b.rules
}

fn same_binding(a: &Binding, b: &Binding) -> bool {
    a.role_ref == b.role_ref && a.subjects == b.subjects
}

fn reaches(binding: &Binding, namespace: &str) -> bool {
    match binding.kind {
        BindingKind::ClusterRoleBinding => true,
        BindingKind::RoleBinding => !namespace.is_empty() && binding.namespace == namespace,
    }
}

fn account_namespace<'a>(subject: &'a Subject, binding: &'a Binding) -> &'a str {
    if subject.namespace.is_empty() {
        &binding.namespace
    } else {
        &subject.namespace
    }
}

fn is(user: &UserInfo, subject: &Subject, binding: &Binding) -> bool {
    match subject.kind {
        SubjectKind::User => user.name == subject.name,
        SubjectKind::Group => user.groups.iter().any(|group| *group == subject.name),
        SubjectKind::ServiceAccount => {
            let namespace = account_namespace(subject, binding);
            !namespace.is_empty()
                && user.name == format!("system:serviceaccount:{namespace}:{}", subject.name)
        }
    }
}

fn allows(rule: &Content, request: &Attributes) -> bool {
    let [verbs, groups, resources, names, urls] = rule;
    let lists =
        |list: &[CompactString], value: &str| list.iter().any(|one| one == "*" || one == value);
    match request {
        Attributes::Resource(request) => {
            let mut whole = request.resource.clone();
            let mut on_anything = None;
            if !request.subresource.is_empty() {
                whole = format!("{}/{}", request.resource, request.subresource);
                on_anything = Some(format!("*/{}", request.subresource));
            }
            lists(verbs, &request.verb)
                && lists(groups, &request.group)
                && (lists(resources, &whole)
                    || on_anything.is_some_and(|form| resources.iter().any(|one| *one == form)))
                && (names.is_empty() || names.iter().any(|one| *one == request.name))
        }
        Attributes::NonResource(request) => {
            lists(verbs, &request.verb)
                && urls.iter().any(|url| {
                    let mut beginning = &**url;
                    while let Some(cut) = beginning.strip_suffix('*') {
                        beginning = cut;
                    }
                    *url == request.path
                        || (beginning.len() < url.len() && request.path.starts_with(beginning))
                })
        }
    }
}

/// Go's `%q` of a string without control characters.
fn quote(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

fn not_found(binding: &Binding) -> String {
    let resource = match binding.role_ref.kind {
        RoleKind::ClusterRole => "clusterrole",
        RoleKind::Role => "role",
    };
    let name = quote(&binding.role_ref.name);
    format!("{resource}.rbac.authorization.k8s.io {name} not found")
}

fn reason(binding: &Binding, subject: &Subject) -> String {
    let mut binding_name = binding.name.clone();
    if binding.kind == BindingKind::RoleBinding {
        binding_name = format!("{}/{}", binding.name, binding.namespace).into();
    }
    let mut subject_name = subject.name.clone();
    if subject.kind == SubjectKind::ServiceAccount {
        subject_name = format!("{}/{}", subject.name, account_namespace(subject, binding)).into();
    }
    format!(
        "RBAC: allowed by {} {} of {} {} to {} {}",
        binding.kind,
        quote(&binding_name),
        binding.role_ref.kind,
        quote(&binding.role_ref.name),
        subject.kind,
        quote(&subject_name)
    )
}

fn selects(selector: &LabelSelector, labels: &[(String, String)]) -> bool {
    let labels: BTreeMap<&str, &str> = labels
        .iter()
        .map(|(key, value)| (&**key, &**value))
        .collect();
    for (key, value) in &selector.match_labels {
        if labels.get(&**key) != Some(&&**value) {
            return false;
        }
    }
    for requirement in &selector.match_expressions {
        let value = labels.get(&*requirement.key);
        let listed = value.is_some_and(|value| requirement.values.iter().any(|one| one == value));
        let holds = match requirement.operator {
            LabelOperator::In => listed,
            LabelOperator::NotIn => !listed,
            LabelOperator::Exists => value.is_some(),
            LabelOperator::DoesNotExist => value.is_none(),
        };
        if !holds {
            return false;
        }
    }
    true
}

/// The roles (sorted by name) that feed one, selector by selector.
fn feeders(roles: &[Vec<&Role>], at: usize) -> Vec<usize> {
    let mut feeders = Vec::new();
    // The last definition is read first, as it is where rules are listed.
    for definition in last_first(&roles[at]) {
        if let Some(aggregation) = &definition.aggregation_rule {
            for selector in &aggregation.cluster_role_selectors {
                for (other, definitions) in roles.iter().enumerate() {
                    let cluster_wide = definitions[0].kind == RoleKind::ClusterRole;
                    let mut labelled = definitions.iter();
                    if other != at
                        && cluster_wide
                        && labelled.any(|role| selects(selector, &role.labels))
                    {
                        feeders.push(other);
                    }
                }
            }
        }
    }
    feeders
}

fn last_first<'r, 'm>(definitions: &'r [&'m Role]) -> impl Iterator<Item = &'r &'m Role> {
    let (last, others) = definitions.split_last().unwrap();
    std::iter::once(last).chain(others)
}

fn aggregate(roles: &[Vec<&Role>]) -> Vec<Vec<Content>> {
    let own = |definitions: &Vec<&Role>| -> Vec<Content> {
        last_first(definitions)
            .filter(|role| holds_rules(role))
            .flat_map(|role| role.rules.iter().map(|rule| content(rule)))
            .collect()
    };
    let gathers = |definitions: &[&Role]| {
        definitions
            .iter()
            .any(|role| role.aggregation_rule.is_some())
    };
    let mut rules: Vec<Vec<Content>> = roles.iter().map(own).collect();
    // A rule travels one role a round, so after as many rounds as there are roles all have come
    // where they go; as many again and their order has settled where it ever does.
    for _ in 0..2 * roles.len() {
        let before = rules.clone();
        for (at, role) in roles.iter().enumerate() {
            if !gathers(role) {
                continue;
            }
            rules[at] = own(role);
            for feeder in feeders(roles, at) {
                for rule in &before[feeder] {
                    if !rules[at].contains(rule) {
                        rules[at].push(rule.clone());
                    }
                }
            }
        }
    }
    rules
}

fn reaches_circle(roles: &[Vec<&Role>], at: usize, path: &mut Vec<usize>) -> bool {
    if path.contains(&at) {
        return true;
    }
    path.push(at);
    let found = feeders(roles, at)
        .into_iter()
        .any(|feeder| reaches_circle(roles, feeder, path));
    path.pop();
    found
}

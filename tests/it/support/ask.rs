//! Requests at the edges of what a generated cluster allows.

use compact_str::CompactString;
use proptest::prelude::*;
use rbac_eval::authn::UserInfo;
use rbac_eval::authz::{Attributes, NonResourceAttributes, ResourceAttributes};
use rbac_eval::kube::{Binding, PolicyRule, Role, RoleKind, SubjectKind};

use super::generate::{API_GROUPS, Cluster, GROUPS, NAMES, RESOURCES, URLS, USERS, VERBS};
use super::object::{as_binding, as_role};

/// Numbers that a request is made of, once the cluster is known.
pub type Picks = [u16; 20];

pub fn picks() -> impl Strategy<Value = Picks> {
    proptest::array::uniform20(any::<u16>())
}

/// Takes one number after the other.
struct Chooser<'p>(std::slice::Iter<'p, u16>);

impl Chooser<'_> {
    fn number(&mut self) -> usize {
        self.0.next().copied().unwrap_or_default().into()
    }

    fn of<'a, T>(&mut self, choices: &'a [T]) -> Option<&'a T> {
        let at = self.number();
        choices.get(at % choices.len().max(1))
    }

    /// Mostly one of the first, else one of the pool.
    fn word(&mut self, first: &[CompactString], pool: &[&str]) -> String {
        let at = self.number();
        match first.get(at / 8 % first.len().max(1)) {
            Some(word) if at % 8 != 7 => word.to_string(),
            _ => pool[at / 8 % pool.len()].to_owned(),
        }
    }
}

/// A request at the edge of what some binding of the cluster allows.
pub fn request(cluster: &Cluster, picks: &Picks) -> (UserInfo, Attributes) {
    let mut choose = Chooser(picks.iter());
    let roles: Vec<&Role> = cluster.objects.iter().filter_map(as_role).collect();
    let bindings: Vec<&Binding> = cluster.objects.iter().filter_map(as_binding).collect();
    let bound = |binding: &&Binding| roles.iter().any(|role| is_of(role, binding));
    let found: Vec<&Binding> = bindings.iter().copied().filter(bound).collect();
    let dangling_too = choose.number() % 8 == 7 || found.is_empty();
    let binding = choose.of(if dangling_too { &bindings } else { &found });
    let binding = binding.copied();
    let user = asker(binding, &mut choose);
    let written = |role: &&Role| role.aggregation_rule.is_none() || role.is_from_server();
    let role = binding.and_then(|binding| roles.iter().rfind(|role| is_of(role, binding)));
    // An aggregated role's rules are somebody else's, so any role may be meant.
    let meant: Vec<&Role> = match role.copied().filter(written) {
        Some(role) => vec![role],
        None => roles,
    };
    let rules: Vec<&PolicyRule> = meant
        .iter()
        .flat_map(|role| &role.rules)
        .map(|rule| &rule.value)
        .collect();
    let rule = choose.of(&rules).copied().cloned().unwrap_or_default();
    let verb = match &*choose.word(&rule.verbs, VERBS) {
        "*" if choose.number() % 3 > 0 => "get".to_owned(),
        verb => verb.to_owned(),
    };
    let on_url = if rule.non_resource_urls.is_empty() {
        choose.number() % 16 == 15
    } else {
        choose.number() % 8 != 7
    };
    if on_url {
        let path = path_near(&choose.word(&rule.non_resource_urls, URLS), choose.number());
        return (
            user,
            Attributes::NonResource(NonResourceAttributes { verb, path }),
        );
    }
    let namespace = match (binding, choose.number()) {
        (Some(binding), number) if number % 4 > 0 && !binding.namespace.is_empty() => {
            binding.namespace.to_string()
        }
        (_, number) => ["", "a", "b", "default", "A"][number / 4 % 5].to_owned(),
    };
    let group = match &*choose.word(&rule.api_groups, API_GROUPS) {
        "*" if choose.number() % 3 > 0 => "batch".to_owned(),
        group => group.to_owned(),
    };
    let written = choose.word(&rule.resources, RESOURCES);
    let (mut resource, mut subresource) = match written.split_once('/') {
        Some((resource, subresource)) => (resource.to_owned(), subresource.to_owned()),
        None => (written, String::new()),
    };
    match choose.number() % 24 {
        0 => subresource.clear(),
        1 => "log".clone_into(&mut subresource),
        2 => "scale".clone_into(&mut subresource),
        3 => resource = resource.to_uppercase(),
        // The whole in one word is another request than its two parts.
        4 if !subresource.is_empty() => {
            resource = format!("{resource}/{subresource}");
            subresource.clear();
        }
        5..=16 if resource == "*" => "deployments".clone_into(&mut resource),
        _ => {}
    }
    let name = choose.word(&rule.resource_names, NAMES);
    (
        user,
        Attributes::Resource(ResourceAttributes {
            namespace,
            verb,
            group,
            resource,
            subresource,
            name,
        }),
    )
}

fn is_of(role: &Role, binding: &Binding) -> bool {
    role.kind == binding.role_ref.kind
        && role.name == binding.role_ref.name
        && (role.kind == RoleKind::ClusterRole || role.namespace == binding.namespace)
}

fn path_near(url: &str, number: usize) -> String {
    match number % 7 {
        0 => url.to_owned(),
        1 => url.trim_end_matches('*').to_owned(),
        2 => url.replace('*', "x"),
        3 => format!("{url}/x"),
        4 => url.trim_end_matches('*').trim_end_matches('/').to_owned(),
        5 => url.to_uppercase(),
        _ => url.get(1..).unwrap_or_default().to_owned(),
    }
}

fn asker(binding: Option<&Binding>, choose: &mut Chooser<'_>) -> UserInfo {
    let subject = binding.and_then(|binding| choose.of(&binding.subjects));
    let (mut name, mut groups) = (String::new(), Vec::new());
    match subject {
        Some(subject) if subject.kind == SubjectKind::Group => {
            groups.push(subject.name.to_string())
        }
        Some(subject) if subject.kind == SubjectKind::User => name.push_str(&subject.name),
        Some(subject) => {
            let own = binding.map_or("", |binding| &*binding.namespace);
            let namespace = [own, &*subject.namespace][usize::from(!subject.namespace.is_empty())];
            name = format!("system:serviceaccount:{namespace}:{}", subject.name);
        }
        None => {}
    }
    let number = choose.number();
    if name.is_empty() || number % 8 == 7 {
        USERS[number / 8 % USERS.len()].clone_into(&mut name);
    }
    match choose.number() {
        number if number % 4 == 1 => groups.push(GROUPS[number / 4 % 6].to_owned()),
        number if number % 16 == 2 => groups.push(GROUPS[number / 16 % GROUPS.len()].to_owned()),
        // As `--as` alone makes a user.
        number if number % 4 == 3 => return UserInfo::impersonated(&name, groups),
        _ => {}
    }
    if choose.number() % 4 == 1 {
        // Nothing keeps a review from saying a group twice.
        groups.extend(groups.first().cloned());
    }
    UserInfo::new(name, groups)
}

//! What one [`PolicyRule`] allows, on plain strings; breaking rules down and putting them together.
//!
//! The [authorizer](crate::authz::rbac::RbacAuthorizer) matches rules in a compiled form for speed;
//! tests hold the two against each other.

use compact_str::CompactString;

use crate::authz::{Attributes, NonResourceAttributes, ResourceAttributes};
use crate::kube::PolicyRule;

/// Whether a rule allows a request, wherever the rule is bound.
///
/// Source: `RuleAllows` and the matchers of `pkg/apis/rbac/v1/evaluation_helpers.go`.
///
/// ```
/// use rbac_eval::authz::{Attributes, ResourceAttributes};
/// use rbac_eval::kube::PolicyRule;
/// use rbac_eval::authz::rbac::rules::rule_allows;
///
/// let rule = PolicyRule {
///     verbs: vec!["get".into()],
///     api_groups: vec!["".into()],
///     resources: vec!["*/log".into()],
///     ..Default::default()
/// };
/// let mut attributes = ResourceAttributes {
///     verb: "get".into(),
///     resource: "pods".into(),
///     subresource: "log".into(),
///     ..Default::default()
/// };
/// assert!(rule_allows(&rule, &Attributes::Resource(attributes.clone())));
/// attributes.subresource.clear();
/// assert!(!rule_allows(&rule, &Attributes::Resource(attributes)));
/// ```
pub fn rule_allows(rule: &PolicyRule, attributes: &Attributes) -> bool {
    match attributes {
        Attributes::Resource(attributes) => {
            verb_matches(rule, &attributes.verb)
                && api_group_matches(rule, &attributes.group)
                && resource_matches(rule, attributes)
                && resource_name_matches(rule, &attributes.name)
        }
        Attributes::NonResource(attributes) => {
            verb_matches(rule, &attributes.verb) && non_resource_url_matches(rule, attributes)
        }
    }
}

/// Whether the rule lists the verb, or `*`.
pub fn verb_matches(rule: &PolicyRule, verb: &str) -> bool {
    lists(&rule.verbs, verb)
}

/// Whether the rule lists the API group, or `*`.
pub fn api_group_matches(rule: &PolicyRule, group: &str) -> bool {
    lists(&rule.api_groups, group)
}

/// Whether the rule lists the resource with its subresource, `*/subresource`, or `*`.
pub fn resource_matches(rule: &PolicyRule, attributes: &ResourceAttributes) -> bool {
    rule.resources
        .iter()
        .any(|resource| covers_resource(resource, attributes))
}

/// Whether an entry of a rule's resources covers the resource of a request.
pub fn covers_resource(resource: &str, attributes: &ResourceAttributes) -> bool {
    if attributes.subresource.is_empty() {
        return resource == "*" || resource == attributes.resource;
    }
    let of = |parent| resource.strip_prefix(parent)?.strip_prefix('/');
    resource == "*"
        || [&*attributes.resource, "*"]
            .into_iter()
            .filter_map(of)
            .any(|subresource| subresource == attributes.subresource)
}

/// Whether verbs, groups or resources of a rule stand for all of them.
pub fn is_every(values: &[CompactString]) -> bool {
    values.iter().any(|value| value == "*")
}

/// Whether the rule is for every name or lists this one.
pub fn resource_name_matches(rule: &PolicyRule, name: &str) -> bool {
    rule.resource_names.is_empty() || rule.resource_names.iter().any(|listed| listed == name)
}

/// Whether the rule lists the path, `*`, or a beginning of it that ends in `*`.
pub fn non_resource_url_matches(rule: &PolicyRule, attributes: &NonResourceAttributes) -> bool {
    rule.non_resource_urls
        .iter()
        .any(|url| url_matches(url, &attributes.path))
}

/// Whether a rule's URL covers a path.
pub fn url_matches(url: &str, path: &str) -> bool {
    url == path || (url.ends_with('*') && path.starts_with(url.trim_end_matches('*')))
}

fn lists(values: &[CompactString], wanted: &str) -> bool {
    values.iter().any(|value| value == "*" || value == wanted)
}

/// How many combinations of a rule are looked at. Rules of the default policy have some dozens.
const MOST_COMBINATIONS: usize = 4096;

/// Whether each verb on each resource or URL that a rule gives is given by some one of the known rules. A
/// rule of very many combinations isn't looked at: it is said not to be covered.
///
/// Source: `Covers` of `k8s.io/component-helpers/auth/rbac/validation`, by which a server refuses to let
/// anyone give more than they have.
///
/// ```
/// use rbac_eval::authz::rbac::rules::covers;
/// use rbac_eval::kube::PolicyRule;
///
/// let rule = |verbs: &[&str]| PolicyRule {
///     verbs: verbs.iter().map(|&verb| verb.into()).collect(),
///     api_groups: vec!["".into()],
///     resources: vec!["pods".into()],
///     ..Default::default()
/// };
/// let (get, list) = (rule(&["get"]), rule(&["list"]));
/// assert!(covers(&[&get, &list], &rule(&["get", "list"])));
/// assert!(!covers(&[&get, &list], &rule(&["*"])));
/// ```
pub fn covers(known: &[&PolicyRule], rule: &PolicyRule) -> bool {
    let names = rule.resource_names.len().max(1);
    let parts = [rule.api_groups.len(), rule.resources.len(), names];
    let size = parts.into_iter().fold(1, usize::saturating_mul);
    let size = size.saturating_add(rule.non_resource_urls.len());
    if size.saturating_mul(rule.verbs.len()) > MOST_COMBINATIONS {
        return false;
    }
    let given = |covers: &dyn Fn(&PolicyRule) -> bool| known.iter().any(|known| covers(known));
    let names: Vec<Option<&CompactString>> = match rule.resource_names.is_empty() {
        true => vec![None],
        false => rule.resource_names.iter().map(Some).collect(),
    };
    rule.verbs.iter().all(|verb| {
        let urls = rule.non_resource_urls.iter().all(|url| {
            given(&|known| {
                let mut urls = known.non_resource_urls.iter();
                lists(&known.verbs, verb) && urls.any(|known| url_matches(known, url))
            })
        });
        urls && rule.api_groups.iter().all(|group| {
            rule.resources.iter().all(|resource| {
                names.iter().all(|name| {
                    given(&|known| {
                        lists(&known.verbs, verb)
                            && lists(&known.api_groups, group)
                            && covers_word(&known.resources, resource)
                            && (known.resource_names.is_empty()
                                || name.is_some_and(|name| known.resource_names.contains(name)))
                    })
                })
            })
        })
    })
}

/// Whether words for resources stand for another such word, where `*/log` stands for `pods/log` too.
fn covers_word(known: &[CompactString], resource: &CompactString) -> bool {
    lists(known, resource)
        || resource.split_once('/').is_some_and(|(_, subresource)| {
            let mut known = known.iter();
            known.any(|known| known.strip_prefix("*/") == Some(subresource))
        })
}

/// Breaks a rule into rules of one verb, group, resource and name, or one verb and URL, each.
///
/// Source: `BreakdownRule` of kubectl.
pub fn breakdown(rule: &PolicyRule) -> Vec<PolicyRule> {
    let mut atoms = Vec::new();
    for api_group in &rule.api_groups {
        for resource in &rule.resources {
            for verb in &rule.verbs {
                let atom = PolicyRule {
                    verbs: vec![verb.clone()],
                    api_groups: vec![api_group.clone()],
                    resources: vec![resource.clone()],
                    ..PolicyRule::default()
                };
                if rule.resource_names.is_empty() {
                    atoms.push(atom);
                } else {
                    atoms.extend(rule.resource_names.iter().map(|name| PolicyRule {
                        resource_names: vec![name.clone()],
                        ..atom.clone()
                    }));
                }
            }
        }
    }
    for url in &rule.non_resource_urls {
        atoms.extend(rule.verbs.iter().map(|verb| PolicyRule {
            verbs: vec![verb.clone()],
            non_resource_urls: vec![url.clone()],
            ..PolicyRule::default()
        }));
    }
    atoms
}

/// Puts atoms that differ in their verb alone together, and sorts the result as kubectl does.
///
/// Rules about URLs stay as they are, repeated ones too: kubectl prints them so.
///
/// Source: `CompactRules` and `SortableRuleSlice` of kubectl.
pub fn compact(atoms: Vec<PolicyRule>) -> Vec<PolicyRule> {
    let mut compacted: Vec<PolicyRule> = Vec::new();
    let mut simple: hashbrown::HashMap<
        (CompactString, CompactString, Option<CompactString>),
        usize,
    > = hashbrown::HashMap::new();
    let mut verbs: hashbrown::HashSet<(usize, CompactString)> = hashbrown::HashSet::new();
    for atom in atoms {
        let key = match (&*atom.api_groups, &*atom.resources, &*atom.resource_names) {
            ([group], [resource], names @ ([] | [_])) if atom.non_resource_urls.is_empty() => {
                Some((group.clone(), resource.clone(), names.first().cloned()))
            }
            _ => None,
        };
        match key {
            None => compacted.push(atom),
            Some(key) => match simple.get(&key) {
                Some(&at) => {
                    for verb in atom.verbs {
                        if verbs.insert((at, verb.clone())) {
                            compacted[at].verbs.push(verb);
                        }
                    }
                }
                None => {
                    let at = compacted.len();
                    simple.insert(key, at);
                    verbs.extend(atom.verbs.iter().map(|verb| (at, verb.clone())));
                    compacted.push(atom);
                }
            },
        }
    }
    compacted.sort_by_cached_key(go_string);
    compacted
}

/// A rule as Go prints it, which is what kubectl sorts by.
fn go_string(rule: &PolicyRule) -> String {
    format!(
        "&PolicyRule{{Verbs:[{}],APIGroups:[{}],Resources:[{}],ResourceNames:[{}],\
         NonResourceURLs:[{}],}}",
        rule.verbs.join(" "),
        rule.api_groups.join(" "),
        rule.resources.join(" "),
        rule.resource_names.join(" "),
        rule.non_resource_urls.join(" "),
    )
}

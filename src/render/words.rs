//! Rules, requests and subjects in words.

use std::borrow::Cow;

use compact_str::CompactString;

use crate::authn::ImpliedGroup;
use crate::authz::Attributes;
use crate::authz::rbac::rules;
use crate::kube::PolicyRule;
use crate::kube::discovery::full_name;
use crate::object::ObjectRef;
use crate::text::escaped;

use super::markdown;

/// How many resources, names or URLs of a rule are named before the rest is counted.
const FEW: usize = 4;

/// A rule in a few words; what a request matches is named first.
///
/// ```
/// use rbac_eval::kube::PolicyRule;
/// use rbac_eval::render::words::describe_rule;
///
/// let rule = PolicyRule {
///     verbs: vec!["get".into(), "list".into()],
///     api_groups: vec!["apps".into()],
///     resources: vec!["deployments".into(), "deployments/scale".into()],
///     ..Default::default()
/// };
/// assert_eq!(
///     describe_rule(&rule, None),
///     "get, list deployments.apps, deployments.apps/scale"
/// );
/// ```
pub fn describe_rule(rule: &PolicyRule, request: Option<&Attributes>) -> String {
    escaped(&rule_in_words(rule, request, FEW)).into_owned()
}

/// A rule in words, with all that it names.
pub fn describe_whole_rule(rule: &PolicyRule) -> String {
    escaped(&rule_in_words(rule, None, usize::MAX)).into_owned()
}

fn rule_in_words(rule: &PolicyRule, request: Option<&Attributes>, most: usize) -> String {
    let verbs = if rules::is_every(&rule.verbs) {
        "every verb on".to_owned()
    } else {
        quoted(rule.verbs.iter())
    };
    if !rule.non_resource_urls.is_empty() {
        let urls = few(&rule.non_resource_urls, most, |url| match request {
            Some(Attributes::NonResource(request)) => rules::url_matches(url, &request.path),
            _ => false,
        });
        return format!("{verbs} {urls}");
    }
    let resources = describe_resources(rule, request, most);
    if rule.resource_names.is_empty() {
        return format!("{verbs} {resources}");
    }
    let names = few(&rule.resource_names, most, |name| match request {
        Some(Attributes::Resource(request)) => *name == request.name,
        _ => false,
    });
    format!("{verbs} {resources} named {names}")
}

fn describe_resources(rule: &PolicyRule, request: Option<&Attributes>, most: usize) -> String {
    let every_group = rules::is_every(&rule.api_groups);
    if rules::is_every(&rule.resources) {
        return if every_group {
            "every resource".to_owned()
        } else {
            let groups: Vec<&str> = rule
                .api_groups
                .iter()
                .map(|group| group_in_words(group))
                .collect();
            format!("every resource of {}", groups.join(", "))
        };
    }
    let matched = |resource: &CompactString| match request {
        Some(Attributes::Resource(request)) => rules::covers_resource(resource, request),
        _ => false,
    };
    if every_group {
        return format!("{} of every API group", few(&rule.resources, most, matched));
    }
    if let [group] = &*rule.api_groups {
        let full: Vec<CompactString> = rule
            .resources
            .iter()
            .map(|resource| full_name(resource, group).into())
            .collect();
        let matched: Vec<CompactString> = rule
            .resources
            .iter()
            .filter(|resource| matched(resource))
            .map(|resource| full_name(resource, group).into())
            .collect();
        return few(&full, most, |resource| matched.contains(resource));
    }
    let groups: Vec<&str> = rule
        .api_groups
        .iter()
        .map(|group| group_in_words(group))
        .collect();
    format!(
        "{} of {}",
        few(&rule.resources, most, matched),
        groups.join(", ")
    )
}

/// A group's name, in words where it has none.
pub fn group_in_words(group: &str) -> &str {
    match group {
        "" => "the core group",
        "*" => "every API group",
        group => group,
    }
}

/// Up to so many values, matching ones first, and how many more there are.
fn few(values: &[CompactString], most: usize, matched: impl Fn(&CompactString) -> bool) -> String {
    if values.len() <= most {
        return quoted(values.iter());
    }
    let (mut first, rest): (Vec<&CompactString>, Vec<&CompactString>) =
        values.iter().partition(|value| matched(value));
    first.extend(rest);
    let shown = most - 1;
    format!(
        "{} and {} more",
        quoted(first.into_iter().take(shown)),
        values.len() - shown
    )
}

/// The values as a list; in quotes those that could pass for none or for several.
fn quoted<'v>(values: impl Iterator<Item = &'v CompactString>) -> String {
    let words: Vec<Cow<'_, str>> = values
        .map(|value| {
            if value.is_empty() || value.contains([' ', ',', '"']) {
                Cow::Owned(format!("\"{}\"", value.replace('"', "\\\"")))
            } else {
                Cow::Borrowed(&**value)
            }
        })
        .collect();
    words.join(", ")
}

/// A request in words: `get pods/log named web in namespace default`.
pub fn describe_request(attributes: &Attributes) -> String {
    let words = match attributes {
        Attributes::NonResource(request) => format!("{} {}", request.verb, request.path),
        Attributes::Resource(request) => {
            let resource = full_name(&request.combined_resource(), &request.group);
            let mut words = format!("{} {resource}", request.verb);
            if !request.name.is_empty() {
                words.push_str(&format!(" named {}", request.name));
            }
            if request.namespace.is_empty() {
                words.push_str(" in the whole cluster");
            } else {
                words.push_str(&format!(" in namespace {}", request.namespace));
            }
            words
        }
    };
    escaped(&words).into_owned()
}

/// An object as `Kind namespace/name`, without what could mislead.
pub fn describe_object(object: &ObjectRef) -> String {
    escaped(&object.to_string()).into_owned()
}

/// How the names of an input stand in a text of ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NameStyle {
    /// As words among words.
    Plain,
    /// As code of Markdown.
    Code,
}

impl NameStyle {
    /// A name, or other words of the input.
    pub fn name(self, name: &str) -> String {
        match self {
            NameStyle::Plain => escaped(name).into_owned(),
            NameStyle::Code => markdown::code(name),
        }
    }

    /// A sentence of ours that may hold names.
    pub fn sentence(self, text: &str) -> String {
        match self {
            NameStyle::Plain => escaped(text).into_owned(),
            NameStyle::Code => markdown::prose(text),
        }
    }

    /// An object as `Kind namespace/name`.
    pub fn object(self, object: &ObjectRef) -> String {
        match self {
            NameStyle::Plain => describe_object(object),
            NameStyle::Code => {
                let all = object.to_string();
                match all.strip_prefix(&*object.kind) {
                    Some(name) => {
                        let kind = markdown::prose(&object.kind);
                        format!("{kind} {}", markdown::code(name.trim_start()))
                    }
                    None => markdown::prose(&all),
                }
            }
        }
    }
}

/// Whom a group of Kubernetes' own means.
pub fn describe_implied_group(group: &ImpliedGroup) -> String {
    match group {
        ImpliedGroup::Authenticated => "everyone".to_owned(),
        ImpliedGroup::Unauthenticated => "anyone without credentials".to_owned(),
        ImpliedGroup::ServiceAccounts => "every service account".to_owned(),
        ImpliedGroup::ServiceAccountsOf(namespace) => {
            format!("every service account of {namespace}")
        }
    }
}

/// `1 gain`, `2 gains`.
pub fn count(count: usize, one: &str, many: &str) -> String {
    match count {
        1 => format!("1 {one}"),
        count => format!("{count} {many}"),
    }
}

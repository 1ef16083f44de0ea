//! Rules and requests in words.

use compact_str::CompactString;
use std::borrow::Cow;

use crate::authz::Attributes;
use crate::authz::rbac::rules;
use crate::kube::PolicyRule;
use crate::kube::discovery::full_name;

use super::WIDTH;

/// How many resources, names or URLs of a rule are named before the rest is counted.
const FEW: usize = 4;

/// A text for one line of a terminal: control characters and those that turn the direction of
/// writing are escaped, so that no name can pass for another or for a line of the answer.
///
/// ```
/// use rbac_eval::render::words::clean;
///
/// assert_eq!(clean("pod-reader é"), "pod-reader é");
/// assert_eq!(clean("ann\nyes \u{1b}[2K"), "ann\\nyes \\u{1b}[2K");
/// assert_eq!(clean("\u{202e}nimda"), "\\u{202e}nimda");
/// ```
pub fn clean(text: &str) -> Cow<'_, str> {
    if !text.contains(misleads) {
        return Cow::Borrowed(text);
    }
    let mut clean = String::with_capacity(text.len() + 16);
    for character in text.chars() {
        if misleads(character) {
            clean.extend(character.escape_default());
        } else {
            clean.push(character);
        }
    }
    Cow::Owned(clean)
}

/// Whether a character steers a terminal, or can't be seen and changes how others are.
fn misleads(character: char) -> bool {
    character.is_control()
        || matches!(
            character,
            '\u{61c}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{feff}'
                | '\u{2028}'..='\u{202e}'
                | '\u{2060}'..='\u{206f}'
                | '\u{e0000}'..='\u{e007f}'
        )
}

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
    clean(&rule_in_words(rule, request)).into_owned()
}

fn rule_in_words(rule: &PolicyRule, request: Option<&Attributes>) -> String {
    let every_verb = rule.verbs.iter().any(|verb| verb == "*");
    let verbs = if every_verb {
        "every verb on".to_owned()
    } else {
        rule.verbs.join(", ")
    };
    if !rule.non_resource_urls.is_empty() {
        let urls = few(&rule.non_resource_urls, |url| match request {
            Some(Attributes::NonResource(request)) => rules::url_matches(url, &request.path),
            _ => false,
        });
        return format!("{verbs} {urls}");
    }
    let resources = describe_resources(rule, request);
    if rule.resource_names.is_empty() {
        return format!("{verbs} {resources}");
    }
    let names = few(&rule.resource_names, |name| match request {
        Some(Attributes::Resource(request)) => *name == request.name,
        _ => false,
    });
    format!("{verbs} {resources} named {names}")
}

fn describe_resources(rule: &PolicyRule, request: Option<&Attributes>) -> String {
    let every_group = rule.api_groups.iter().any(|group| group == "*");
    if rule.resources.iter().any(|resource| resource == "*") {
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
        Some(Attributes::Resource(request)) => {
            let alone = PolicyRule {
                resources: vec![resource.clone()],
                ..PolicyRule::default()
            };
            rules::resource_matches(&alone, request)
        }
        _ => false,
    };
    if every_group {
        return format!("{} of every API group", few(&rule.resources, matched));
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
        return few(&full, |resource| matched.contains(resource));
    }
    let groups: Vec<&str> = rule
        .api_groups
        .iter()
        .map(|group| group_in_words(group))
        .collect();
    format!("{} of {}", few(&rule.resources, matched), groups.join(", "))
}

/// A group's name, in words where it has none.
pub fn group_in_words(group: &str) -> &str {
    match group {
        "" => "the core group",
        "*" => "every API group",
        group => group,
    }
}

/// Up to [`FEW`] values, matching ones first, and how many more there are.
fn few(values: &[CompactString], matched: impl Fn(&CompactString) -> bool) -> String {
    if values.len() <= FEW {
        return quoted(values.iter());
    }
    let (mut first, rest): (Vec<&CompactString>, Vec<&CompactString>) =
        values.iter().partition(|value| matched(value));
    first.extend(rest);
    let shown = FEW - 1;
    format!(
        "{} and {} more",
        quoted(first.into_iter().take(shown)),
        values.len() - shown
    )
}

fn quoted<'v>(values: impl Iterator<Item = &'v CompactString>) -> String {
    let words: Vec<&str> = values
        .map(|value| if value.is_empty() { "\"\"" } else { value })
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
    clean(&words).into_owned()
}

/// Where places stand, so that they line up.
const PLACE_COLUMN: usize = 57;

/// A line with a place to its right; on two lines where one would be too long. What could mislead
/// is escaped.
pub fn with_place(indent: usize, text: &str, span: &str) -> String {
    let (text, span) = (&*clean(text), &*clean(span));
    let pad = " ".repeat(indent);
    let lines = textwrap::wrap(
        text,
        textwrap::Options::new(WIDTH)
            .initial_indent(&pad)
            .subsequent_indent(&format!("{pad}  "))
            .break_words(false)
            // Names and object IDs stay whole, hyphens in them or not.
            .word_separator(textwrap::WordSeparator::AsciiSpace)
            .word_splitter(textwrap::WordSplitter::NoHyphenation),
    );
    let mut out = lines.join("\n");
    if span.is_empty() {
        return out;
    }
    let last = lines.last().map_or(0, |line| line.chars().count());
    let place_width = span.chars().count();
    // The column gives way where the line would end beyond the width.
    let column = PLACE_COLUMN.min(WIDTH.saturating_sub(place_width));
    if last + 2 <= column {
        out.push_str(&" ".repeat(column - last));
    } else if last + 2 + place_width <= WIDTH {
        out.push_str("  ");
    } else {
        out.push('\n');
        out.push_str(&" ".repeat(column.min(indent + 4).max(indent)));
    }
    out.push_str(span);
    out
}

/// Text wrapped to the width, later lines indented by two more.
pub fn wrapped(indent: usize, text: &str) -> String {
    with_place(indent, text, "")
}

//! Rules as numbers.

use super::interner::{Interner, Sym};
use crate::attributes::Attributes;
use crate::catalogue::{NON_RESOURCE_VERBS, RESOURCE_VERBS};
use crate::manifest::PolicyRule;
use crate::rules::url_matches;

/// A stretch of a pool.
#[derive(Debug, Clone, Copy, Default)]
struct Span {
    begin: u32,
    end: u32,
}

/// A rule whose strings are numbers. `*` and the usual verbs are bits.
#[derive(Debug, Clone, Copy, Default)]
struct CompiledRule {
    verbs: u32,
    all_groups: bool,
    all_resources: bool,
    any_name: bool,
    other_verbs: Span,
    groups: Span,
    resources: Span,
    names: Span,
    urls: Span,
}

/// The bit for `*`.
const ALL_VERBS: u32 = 1 << 31;

/// The bit of a usual verb; 0 for any other.
fn verb_bit(verb: &str) -> u32 {
    RESOURCE_VERBS
        .iter()
        .chain(&NON_RESOURCE_VERBS)
        .position(|&known| known == verb)
        .map_or(0, |at| if verb == "*" { ALL_VERBS } else { 1 << at })
}

/// What a role's rules may allow at most: a few words that tell most requests that a role isn't
/// for them.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Outline {
    verbs: u32,
    other_verbs: bool,
    /// A bit for each resource, several resources sharing one.
    resources: u64,
}

/// The bit of rules for every resource.
const ALL_RESOURCES: u64 = 1 << 63;
/// The bit of rules for URLs.
const URLS: u64 = 1 << 62;

/// The bit of a resource; none for one that no rule names.
fn resource_bit(resource: Sym) -> u64 {
    if resource == Sym::NONE {
        0
    } else {
        1 << (resource.0 % 62)
    }
}

/// All rules of a store, in one pool.
#[derive(Debug, Clone, Default)]
pub(super) struct CompiledRules {
    rules: Vec<CompiledRule>,
    syms: Vec<Sym>,
    urls: Vec<Box<str>>,
}

/// A request whose strings are numbers, ready to be held against many rules.
#[derive(Debug)]
pub(crate) enum Probe<'a> {
    Resource {
        verb_bits: u32,
        verb: Sym,
        group: Sym,
        resource: Sym,
        any_resource: Sym,
        name: Sym,
        resource_bits: u64,
    },
    NonResource {
        verb_bits: u32,
        verb: Sym,
        path: &'a str,
    },
}

impl<'a> Probe<'a> {
    pub(super) fn new(strings: &Interner, attributes: &'a Attributes) -> Self {
        let verb = attributes.verb();
        let bit = verb_bit(verb);
        let verb_bits = bit | ALL_VERBS;
        let verb = if bit == 0 {
            strings.get(verb)
        } else {
            Sym::NONE
        };
        match attributes {
            Attributes::Resource(attributes) => {
                let joined = |first: &str| {
                    let mut joined = String::with_capacity(64);
                    joined.push_str(first);
                    joined.push('/');
                    joined.push_str(&attributes.subresource);
                    strings.get(&joined)
                };
                let (resource, any_resource) = if attributes.subresource.is_empty() {
                    (strings.get(&attributes.resource), Sym::NONE)
                } else {
                    (joined(&attributes.resource), joined("*"))
                };
                Probe::Resource {
                    verb_bits,
                    verb,
                    group: strings.get(&attributes.group),
                    resource,
                    any_resource,
                    name: strings.get(&attributes.name),
                    resource_bits: ALL_RESOURCES
                        | resource_bit(resource)
                        | resource_bit(any_resource),
                }
            }
            Attributes::NonResource(attributes) => Probe::NonResource {
                verb_bits,
                verb,
                path: &attributes.path,
            },
        }
    }
}

impl Outline {
    /// Whether the rules may allow the request.
    #[inline]
    pub(super) fn may_allow(&self, probe: &Probe<'_>) -> bool {
        let (verb_bits, bits) = match probe {
            Probe::Resource {
                verb_bits,
                resource_bits,
                ..
            } => (*verb_bits, *resource_bits),
            Probe::NonResource { verb_bits, .. } => (*verb_bits, URLS),
        };
        (self.verbs & verb_bits != 0 || self.other_verbs) && self.resources & bits != 0
    }
}

impl CompiledRules {
    pub(super) fn push(&mut self, strings: &mut Interner, rule: &PolicyRule) {
        let mut verbs = 0;
        let mut other_verbs = Vec::new();
        for verb in &rule.verbs {
            match verb_bit(verb) {
                0 => other_verbs.push(verb.clone()),
                bit => verbs |= bit,
            }
        }
        let star = |values: &[String]| values.iter().any(|value| value == "*");
        let compiled = CompiledRule {
            verbs,
            all_groups: star(&rule.api_groups),
            all_resources: star(&rule.resources),
            any_name: rule.resource_names.is_empty(),
            other_verbs: self.span(strings, &other_verbs),
            groups: self.span(strings, &rule.api_groups),
            resources: self.span(strings, &rule.resources),
            names: self.span(strings, &rule.resource_names),
            urls: {
                let begin = self.urls.len();
                self.urls
                    .extend(rule.non_resource_urls.iter().map(|url| url.as_str().into()));
                stretch(begin, self.urls.len())
            },
        };
        self.rules.push(compiled);
    }

    /// The outline of some rules.
    pub(super) fn outline(&self, rules: &[u32]) -> Outline {
        let mut outline = Outline::default();
        for &rule in rules {
            let rule = &self.rules[rule as usize];
            outline.verbs |= rule.verbs;
            outline.other_verbs |= rule.other_verbs.begin != rule.other_verbs.end;
            if rule.all_resources {
                outline.resources |= ALL_RESOURCES;
            }
            if rule.urls.begin != rule.urls.end {
                outline.resources |= URLS;
            }
            let resources = rule.resources.begin as usize..rule.resources.end as usize;
            for &resource in &self.syms[resources] {
                outline.resources |= resource_bit(resource);
            }
        }
        outline
    }

    fn span(&mut self, strings: &mut Interner, values: &[String]) -> Span {
        let begin = self.syms.len();
        self.syms
            .extend(values.iter().map(|value| strings.intern(value)));
        stretch(begin, self.syms.len())
    }

    fn listed(&self, span: Span, wanted: Sym) -> bool {
        self.syms[span.begin as usize..span.end as usize].contains(&wanted)
    }

    /// Whether the rule of this number allows the request.
    #[inline]
    pub(super) fn allows(&self, number: u32, probe: &Probe<'_>) -> bool {
        self.allows_some_name(number, probe) && self.allows_name(number, probe)
    }

    /// Whether the rule is for every name or lists the request's.
    #[inline]
    fn allows_name(&self, number: u32, probe: &Probe<'_>) -> bool {
        let rule = &self.rules[number as usize];
        match probe {
            Probe::Resource { name, .. } => rule.any_name || self.listed(rule.names, *name),
            Probe::NonResource { .. } => true,
        }
    }

    /// Whether the rule would allow the request under some name.
    #[inline]
    pub(super) fn allows_some_name(&self, number: u32, probe: &Probe<'_>) -> bool {
        let rule = &self.rules[number as usize];
        match probe {
            Probe::Resource {
                verb_bits,
                verb,
                group,
                resource,
                any_resource,
                ..
            } => {
                (rule.verbs & verb_bits != 0 || self.listed(rule.other_verbs, *verb))
                    && (rule.all_groups || self.listed(rule.groups, *group))
                    && (rule.all_resources
                        || self.listed(rule.resources, *resource)
                        || (*any_resource != Sym::NONE
                            && self.listed(rule.resources, *any_resource)))
            }
            Probe::NonResource {
                verb_bits,
                verb,
                path,
            } => {
                (rule.verbs & verb_bits != 0 || self.listed(rule.other_verbs, *verb))
                    && self.urls[rule.urls.begin as usize..rule.urls.end as usize]
                        .iter()
                        .any(|url| url_matches(url, path))
            }
        }
    }
}

fn stretch(begin: usize, end: usize) -> Span {
    let narrow = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
    Span {
        begin: narrow(begin),
        end: narrow(end),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn usual_verbs_have_bits_of_their_own() {
        let mut seen = 0;
        for verb in ["get", "list", "attest", "*", "post", "options"] {
            let bit = verb_bit(verb);
            assert!(bit != 0 && seen & bit == 0, "{verb}");
            seen |= bit;
        }
        assert_eq!(verb_bit("frobnicate"), 0);
    }
}

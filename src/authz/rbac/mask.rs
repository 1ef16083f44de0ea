//! Bit masks of rules and requests.
//!
//! The first verbs, API groups and resources have a bit each; all others share one. Most requests
//! are told apart from most rules by these bits alone, and most matches need no more: lists are
//! looked at only for what shares a bit.

use super::interner::{Interner, Sym};
use crate::authz::Attributes;
use crate::kube::PolicyRule;
use crate::kube::discovery::{NON_RESOURCE_VERBS, RESOURCE_VERBS};

/// The bit for `*`.
const ALL: u32 = 1 << 31;
/// The bit that all verbs, or all groups, without a bit of their own share.
const OTHERS: u32 = 1 << 30;
/// Among the groups, the bit of rules for URLs.
const URLS: u32 = 1 << 29;
/// How many groups have a bit of their own.
const GROUPS: u8 = 29;
/// The bit of rules for every resource.
const ALL_RESOURCES: u64 = 1 << 63;
/// The bit that all resources without a bit of their own share.
const OTHER_RESOURCES: u64 = 1 << 62;
/// Among the resources, the bit of rules for URLs.
const RESOURCE_URLS: u64 = 1 << 61;
/// How many resources have a bit of their own.
const RESOURCES: u8 = 61;

/// The bit of a verb.
fn verb_bit(verb: &str) -> u32 {
    if verb == "*" {
        return ALL;
    }
    RESOURCE_VERBS
        .iter()
        .chain(&NON_RESOURCE_VERBS)
        .position(|&known| known == verb)
        .map_or(OTHERS, |at| 1 << at)
}

/// Which strings have which bit. Bits are assigned in the order in which strings come.
#[derive(Debug, Clone, Default)]
struct Numbers {
    /// By the number of the string.
    of: Vec<u8>,
    count: u8,
}

/// In place of a bit: the string has none, since no rule names it.
const NONE: u8 = u8::MAX;
/// In place of a bit: the string shares one, since it came when all were assigned.
const SHARED: u8 = u8::MAX - 1;

impl Numbers {
    fn assign(&mut self, sym: Sym, limit: u8) -> u8 {
        let at = sym.0 as usize;
        if self.of.len() <= at {
            self.of.resize(at + 1, NONE);
        }
        if self.of[at] == NONE {
            self.of[at] = if self.count < limit {
                self.count += 1;
                self.count - 1
            } else {
                SHARED
            };
        }
        self.of[at]
    }

    #[inline]
    fn get(&self, sym: Sym) -> u8 {
        self.of.get(sym.0 as usize).copied().unwrap_or(NONE)
    }
}

/// The bits of the groups and resources that rules name.
#[derive(Debug, Clone, Default)]
pub(super) struct BitTable {
    groups: Numbers,
    resources: Numbers,
}

impl BitTable {
    /// The mask of a rule. Its groups and resources, which have these numbers, are assigned bits.
    pub(super) fn mask(
        &mut self,
        rule: &PolicyRule,
        groups: &[Sym],
        resources: &[Sym],
    ) -> RuleMask {
        let mut mask = RuleMask::default();
        for verb in &rule.verbs {
            mask.verbs |= verb_bit(verb);
        }
        for (group, &number) in rule.api_groups.iter().zip(groups) {
            mask.groups |= match &**group {
                "*" => ALL,
                _ => group_bit(self.groups.assign(number, GROUPS)),
            };
        }
        for (resource, &number) in rule.resources.iter().zip(resources) {
            mask.resources |= match &**resource {
                "*" => ALL_RESOURCES,
                _ => resource_bit(self.resources.assign(number, RESOURCES)),
            };
        }
        if !rule.non_resource_urls.is_empty() {
            mask.groups |= URLS;
            mask.resources |= RESOURCE_URLS;
        }
        mask
    }
}

fn group_bit(number: u8) -> u32 {
    match number {
        NONE => 0,
        SHARED => OTHERS,
        number => 1 << number,
    }
}

fn resource_bit(number: u8) -> u64 {
    match number {
        NONE => 0,
        SHARED => OTHER_RESOURCES,
        number => 1 << number,
    }
}

/// What rules may allow at most.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct RuleMask {
    verbs: u32,
    groups: u32,
    resources: u64,
}

/// Whether a rule is for a request, by its [`RuleMask`] alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum MaskMatch {
    /// No.
    No,
    /// Yes, names and URLs apart.
    Yes,
    /// If these lists name what the request is for.
    IfListed(Lists),
}

/// Those of a rule's lists whose bits are shared, so that the lists have to be looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Lists {
    pub(super) verbs: bool,
    pub(super) groups: bool,
    pub(super) resources: bool,
}

impl RuleMask {
    /// What this and another allow at most.
    pub(super) fn union(self, other: RuleMask) -> RuleMask {
        RuleMask {
            verbs: self.verbs | other.verbs,
            groups: self.groups | other.groups,
            resources: self.resources | other.resources,
        }
    }

    /// Whether any of the rules may allow the request.
    #[inline]
    pub(super) fn may_allow(&self, request: &CompiledRequest<'_>) -> bool {
        self.verbs & request.bits.verbs != 0
            && self.groups & request.bits.groups != 0
            && self.resources & request.bits.resources != 0
    }

    /// Whether the one rule of this mask is for the request.
    #[inline]
    pub(super) fn match_request(&self, request: &CompiledRequest<'_>) -> MaskMatch {
        let verbs = self.verbs & request.bits.verbs;
        let groups = self.groups & request.bits.groups;
        let resources = self.resources & request.bits.resources;
        if verbs == 0 || groups == 0 || resources == 0 {
            return MaskMatch::No;
        }
        let open = Lists {
            verbs: verbs == OTHERS,
            groups: groups == OTHERS,
            resources: resources == OTHER_RESOURCES,
        };
        if open.verbs || open.groups || open.resources {
            MaskMatch::IfListed(open)
        } else {
            MaskMatch::Yes
        }
    }
}

/// A request whose strings are numbers, to be matched with many rules.
#[derive(Debug)]
pub(crate) struct CompiledRequest<'a> {
    bits: RuleMask,
    pub(super) verb: Sym,
    pub(super) target: RequestTarget<'a>,
}

/// What the request is for.
#[derive(Debug)]
pub(super) enum RequestTarget<'a> {
    Resource {
        group: Sym,
        resource: Sym,
        /// `*/SUBRESOURCE`.
        any_resource: Sym,
        name: Sym,
    },
    Url(&'a str),
}

impl<'a> CompiledRequest<'a> {
    pub(super) fn new(
        strings: &Interner,
        bit_table: &BitTable,
        attributes: &'a Attributes,
    ) -> Self {
        let verb = attributes.verb();
        let verbs = verb_bit(verb);
        let verb = if verbs == OTHERS {
            strings.get(verb)
        } else {
            Sym::NONE
        };
        let verbs = ALL | verbs;
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
                let group = strings.get(&attributes.group);
                let bit = |resource| resource_bit(bit_table.resources.get(resource));
                CompiledRequest {
                    bits: RuleMask {
                        verbs,
                        groups: ALL | group_bit(bit_table.groups.get(group)),
                        resources: ALL_RESOURCES | bit(resource) | bit(any_resource),
                    },
                    verb,
                    target: RequestTarget::Resource {
                        group,
                        resource,
                        any_resource,
                        name: strings.get(&attributes.name),
                    },
                }
            }
            Attributes::NonResource(attributes) => CompiledRequest {
                bits: RuleMask {
                    verbs,
                    groups: URLS,
                    resources: RESOURCE_URLS,
                },
                verb,
                target: RequestTarget::Url(&attributes.path),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::hash::HashState;
    use super::*;

    #[test]
    fn usual_verbs_have_bits_of_their_own() {
        let mut seen = OTHERS;
        for verb in ["get", "list", "attest", "*", "post", "options"] {
            let bit = verb_bit(verb);
            assert!(seen & bit == 0, "{verb}");
            seen |= bit;
        }
        assert_eq!(verb_bit("frobnicate"), OTHERS);
    }

    #[test]
    fn what_comes_late_shares_a_bit() {
        let mut strings = Interner::new(HashState::random());
        let mut bit_table = BitTable::default();
        let mut rule = |resource: usize| {
            let rule = PolicyRule {
                verbs: vec!["get".into()],
                api_groups: vec![format!("group{resource}").into()],
                resources: vec![format!("resource{resource}").into()],
                ..PolicyRule::default()
            };
            let group = strings.intern(&rule.api_groups[0]).unwrap();
            let resource = strings.intern(&rule.resources[0]).unwrap();
            bit_table.mask(&rule, &[group], &[resource])
        };
        let masks: Vec<RuleMask> = (0..70).map(&mut rule).collect();
        for (at, mask) in masks.iter().enumerate() {
            let same = masks.iter().filter(|other| *other == mask).count();
            assert_eq!(same, if at < 61 { 1 } else { 9 }, "{at}");
        }
        let request = Attributes::Resource(crate::authz::ResourceAttributes {
            verb: "get".to_owned(),
            group: "group3".to_owned(),
            resource: "resource3".to_owned(),
            ..Default::default()
        });
        let request = CompiledRequest::new(&strings, &bit_table, &request);
        let matching: Vec<usize> = (0..70)
            .filter(|&at| masks[at].match_request(&request) != MaskMatch::No)
            .collect();
        assert_eq!(matching, [3]);
        assert_eq!(masks[3].match_request(&request), MaskMatch::Yes);
    }
}

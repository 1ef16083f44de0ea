//! Rules as numbers.

use compact_str::CompactString;

use super::aggregate::RuleNumber;
use super::interner::{Interner, Sym};
use super::outline::{Axes, Outline, Probe, Target, Told, Vocabulary};
use crate::authz::Attributes;
use crate::authz::rbac::rules::url_matches;
use crate::cluster::RoleId;
use crate::kube::PolicyRule;

/// A stretch of a pool.
#[derive(Debug, Clone, Copy, Default)]
struct Stretch {
    begin: u32,
    end: u32,
}

/// A rule whose strings are numbers.
#[derive(Debug, Clone, Copy)]
struct CompiledRule {
    outline: Outline,
    verbs: Stretch,
    groups: Stretch,
    resources: Stretch,
    /// None for every name.
    names: Stretch,
    urls: Stretch,
}

/// What rules point into.
#[derive(Debug, Clone, Default)]
struct Pools {
    syms: Vec<Sym>,
    urls: Vec<Box<str>>,
    vocabulary: Vocabulary,
}

/// The rules as they are written.
#[derive(Debug, Clone, Default)]
pub(super) struct WrittenRules {
    rules: Vec<CompiledRule>,
    pools: Pools,
}

/// Where the effective rules of a role are, and what they allow at most.
#[derive(Debug, Clone, Copy)]
struct CompiledRole {
    outline: Outline,
    rules: Stretch,
}

/// The effective rules of all roles, role by role.
#[derive(Debug, Clone, Default)]
pub(super) struct CompiledRoles {
    roles: Vec<CompiledRole>,
    rules: Vec<CompiledRule>,
    /// Which of the written rules each of `rules` is.
    written: Vec<RuleNumber>,
    pools: Pools,
}

impl WrittenRules {
    pub(super) fn push(&mut self, strings: &mut Interner, rule: &PolicyRule) {
        let pools = &mut self.pools;
        let groups = pools.span(strings, &rule.api_groups);
        let resources = pools.span(strings, &rule.resources);
        self.rules.push(CompiledRule {
            outline: pools.vocabulary.outline(
                rule,
                groups.of(&pools.syms),
                resources.of(&pools.syms),
            ),
            verbs: pools.span(strings, &rule.verbs),
            groups,
            resources,
            names: pools.span(strings, &rule.resource_names),
            urls: {
                let begin = pools.urls.len();
                let urls = rule.non_resource_urls.iter();
                pools.urls.extend(urls.map(|url| url.as_str().into()));
                stretch(begin, pools.urls.len())
            },
        });
    }

    /// The rules of all roles, from the numbers of each role's.
    pub(super) fn effective(self, roles: Vec<Vec<RuleNumber>>) -> CompiledRoles {
        let mut compiled = CompiledRoles {
            roles: Vec::with_capacity(roles.len()),
            pools: self.pools,
            ..Default::default()
        };
        for numbers in roles {
            let begin = compiled.written.len();
            compiled.written.extend(&numbers);
            let rules = numbers.iter().map(|&number| self.rules[number as usize]);
            compiled.rules.extend(rules);
            compiled.roles.push(CompiledRole {
                outline: compiled.rules[begin..]
                    .iter()
                    .fold(Outline::default(), |all, rule| all.with(rule.outline)),
                rules: stretch(begin, compiled.written.len()),
            });
        }
        compiled
    }
}

impl Pools {
    fn span(&mut self, strings: &mut Interner, values: &[CompactString]) -> Stretch {
        let begin = self.syms.len();
        self.syms
            .extend(values.iter().map(|value| strings.intern(value)));
        stretch(begin, self.syms.len())
    }

    fn lists(&self, span: Stretch, wanted: Sym) -> bool {
        span.of(&self.syms).contains(&wanted)
    }
}

impl Stretch {
    #[inline]
    fn of<T>(self, pool: &[T]) -> &[T] {
        &pool[self.begin as usize..self.end as usize]
    }
}

impl CompiledRoles {
    /// A request in the numbers of these rules.
    pub(super) fn probe<'a>(&self, strings: &Interner, attributes: &'a Attributes) -> Probe<'a> {
        Probe::new(strings, &self.pools.vocabulary, attributes)
    }

    /// The numbers of a role's effective rules among the written ones.
    #[inline]
    pub(super) fn written(&self, role: RoleId) -> &[RuleNumber] {
        self.roles[role.index()].rules.of(&self.written)
    }

    /// The numbers, from 1, of a role's effective rules that allow a request.
    #[inline]
    pub(super) fn allowing<'p>(
        &'p self,
        role: RoleId,
        probe: &'p Probe<'_>,
    ) -> impl Iterator<Item = usize> + 'p {
        self.matching(role, probe, |rule| {
            self.allows_some_name(rule, probe) && self.allows_name(rule, probe)
        })
    }

    /// The numbers, from 1, of a role's effective rules that would allow a request under some
    /// name, if not under its own.
    #[inline]
    pub(super) fn for_some_name<'p>(
        &'p self,
        role: RoleId,
        probe: &'p Probe<'_>,
    ) -> impl Iterator<Item = usize> + 'p {
        self.matching(role, probe, |rule| self.allows_some_name(rule, probe))
    }

    #[inline]
    fn matching<'p>(
        &'p self,
        role: RoleId,
        probe: &'p Probe<'_>,
        matches: impl Fn(&CompiledRule) -> bool + 'p,
    ) -> impl Iterator<Item = usize> + 'p {
        let role = &self.roles[role.index()];
        let rules: &[CompiledRule] = if role.outline.may_allow(probe) {
            role.rules.of(&self.rules)
        } else {
            &[]
        };
        rules
            .iter()
            .enumerate()
            .filter(move |(_, rule)| matches(rule))
            .map(|(at, _)| at + 1)
    }

    /// Whether a rule is for every name or lists the request's.
    #[inline]
    fn allows_name(&self, rule: &CompiledRule, probe: &Probe<'_>) -> bool {
        match probe.target {
            Target::Resource { name, .. } => {
                rule.names.begin == rule.names.end || self.pools.lists(rule.names, name)
            }
            Target::Url(_) => true,
        }
    }

    /// Whether a rule would allow the request under some name.
    #[inline]
    fn allows_some_name(&self, rule: &CompiledRule, probe: &Probe<'_>) -> bool {
        let told = rule.outline.tells(probe);
        let listed = match told {
            Told::No => return false,
            Told::Yes => true,
            Told::Unsure(axes) => self.lists_all(rule, probe, axes),
        };
        listed
            && match probe.target {
                Target::Resource { .. } => true,
                Target::Url(path) => {
                    let urls = rule.urls.of(&self.pools.urls);
                    urls.iter().any(|url| url_matches(url, path))
                }
            }
    }

    /// Whether those of a rule's lists that bits leave open are for the request.
    #[cold]
    fn lists_all(&self, rule: &CompiledRule, probe: &Probe<'_>, open: Axes) -> bool {
        let lists = |span, wanted| self.pools.lists(span, wanted);
        (!open.verbs || lists(rule.verbs, probe.verb))
            && match probe.target {
                Target::Resource {
                    group,
                    resource,
                    any_resource,
                    ..
                } => {
                    (!open.groups || lists(rule.groups, group))
                        && (!open.resources
                            || lists(rule.resources, resource)
                            || (any_resource != Sym::NONE && lists(rule.resources, any_resource)))
                }
                Target::Url(_) => true,
            }
    }
}

fn stretch(begin: usize, end: usize) -> Stretch {
    let narrow = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
    Stretch {
        begin: narrow(begin),
        end: narrow(end),
    }
}

//! Rules as numbers.

use compact_str::CompactString;

use super::aggregate::RuleNumber;
use super::interner::{Interner, Sym};
use super::mask::{BitTable, CompiledRequest, Lists, MaskMatch, RequestTarget, RuleMask};
use super::number::{TooLarge, narrow};
use crate::authz::Attributes;
use crate::authz::rbac::rules::url_matches;
use crate::cluster::RoleId;
use crate::kube::PolicyRule;

/// Part of a pool.
#[derive(Debug, Clone, Copy, Default)]
struct PoolRange {
    begin: u32,
    end: u32,
}

/// A rule whose strings are numbers.
#[derive(Debug, Clone, Copy)]
struct CompiledRule {
    mask: RuleMask,
    verbs: PoolRange,
    groups: PoolRange,
    resources: PoolRange,
    /// None for every name.
    names: PoolRange,
    urls: PoolRange,
}

/// The lists of all rules, end to end.
#[derive(Debug, Clone, Default)]
struct Pools {
    syms: Vec<Sym>,
    urls: Vec<Box<str>>,
    bit_table: BitTable,
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
    mask: RuleMask,
    rules: PoolRange,
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
    pub(super) fn push(
        &mut self,
        strings: &mut Interner,
        rule: &PolicyRule,
    ) -> Result<(), TooLarge> {
        let pools = &mut self.pools;
        let groups = pools.add(strings, &rule.api_groups)?;
        let resources = pools.add(strings, &rule.resources)?;
        self.rules.push(CompiledRule {
            mask: pools
                .bit_table
                .mask(rule, groups.of(&pools.syms), resources.of(&pools.syms)),
            verbs: pools.add(strings, &rule.verbs)?,
            groups,
            resources,
            names: pools.add(strings, &rule.resource_names)?,
            urls: {
                let begin = pools.urls.len();
                let urls = rule.non_resource_urls.iter();
                pools.urls.extend(urls.map(|url| url.as_str().into()));
                PoolRange::new(begin, pools.urls.len(), "URLs in rules")?
            },
        });
        Ok(())
    }

    /// The rules of all roles, from lists of numbers and the list of each role. Roles of one list
    /// share their rules.
    pub(super) fn effective(
        self,
        lists: &[Vec<RuleNumber>],
        list_of: &[usize],
    ) -> Result<CompiledRoles, TooLarge> {
        let mut compiled = CompiledRoles {
            roles: Vec::with_capacity(list_of.len()),
            pools: self.pools,
            ..Default::default()
        };
        let mut known: Vec<Option<CompiledRole>> = vec![None; lists.len()];
        for &list in list_of {
            let role = match known[list] {
                Some(role) => role,
                None => {
                    let numbers = &lists[list];
                    let begin = compiled.written.len();
                    compiled.written.extend(numbers);
                    let rules = numbers.iter().map(|&number| self.rules[number as usize]);
                    compiled.rules.extend(rules);
                    CompiledRole {
                        mask: compiled.rules[begin..]
                            .iter()
                            .fold(RuleMask::default(), |all, rule| all.union(rule.mask)),
                        rules: PoolRange::new(begin, compiled.written.len(), "effective rules")?,
                    }
                }
            };
            known[list] = Some(role);
            compiled.roles.push(role);
        }
        Ok(compiled)
    }
}

impl Pools {
    fn add(
        &mut self,
        strings: &mut Interner,
        values: &[CompactString],
    ) -> Result<PoolRange, TooLarge> {
        let begin = self.syms.len();
        for value in values {
            self.syms.push(strings.intern(value)?);
        }
        PoolRange::new(begin, self.syms.len(), "words in rules")
    }

    fn lists(&self, list: PoolRange, wanted: Sym) -> bool {
        list.of(&self.syms).contains(&wanted)
    }
}

impl PoolRange {
    fn new(begin: usize, end: usize, what: &'static str) -> Result<Self, TooLarge> {
        Ok(PoolRange {
            begin: narrow(begin, what)?,
            end: narrow(end, what)?,
        })
    }

    #[inline]
    fn of<T>(self, pool: &[T]) -> &[T] {
        &pool[self.begin as usize..self.end as usize]
    }
}

impl CompiledRoles {
    /// A request in the numbers of these rules.
    pub(super) fn compile<'a>(
        &self,
        strings: &Interner,
        attributes: &'a Attributes,
    ) -> CompiledRequest<'a> {
        CompiledRequest::new(strings, &self.pools.bit_table, attributes)
    }

    /// Where a role's effective rules stand.
    pub(super) fn place(&self, role: RoleId) -> std::ops::Range<usize> {
        let range = self.roles[role.index()].rules;
        range.begin as usize..range.end as usize
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
        request: &'p CompiledRequest<'_>,
    ) -> impl Iterator<Item = usize> + 'p {
        self.matching(role, request, |rule| {
            self.allows_some_name(rule, request) && self.allows_name(rule, request)
        })
    }

    /// The numbers, from 1, of a role's effective rules that would allow a request under some
    /// name, if not under its own.
    #[inline]
    pub(super) fn for_some_name<'p>(
        &'p self,
        role: RoleId,
        request: &'p CompiledRequest<'_>,
    ) -> impl Iterator<Item = usize> + 'p {
        self.matching(role, request, |rule| self.allows_some_name(rule, request))
    }

    #[inline]
    fn matching<'p>(
        &'p self,
        role: RoleId,
        request: &'p CompiledRequest<'_>,
        matches: impl Fn(&CompiledRule) -> bool + 'p,
    ) -> impl Iterator<Item = usize> + 'p {
        let role = &self.roles[role.index()];
        let rules: &[CompiledRule] = if role.mask.may_allow(request) {
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
    fn allows_name(&self, rule: &CompiledRule, request: &CompiledRequest<'_>) -> bool {
        match request.target {
            RequestTarget::Resource { name, .. } => {
                rule.names.begin == rule.names.end || self.pools.lists(rule.names, name)
            }
            RequestTarget::Url(_) => true,
        }
    }

    /// Whether a rule would allow the request under some name.
    #[inline]
    fn allows_some_name(&self, rule: &CompiledRule, request: &CompiledRequest<'_>) -> bool {
        let listed = match rule.mask.match_request(request) {
            MaskMatch::No => return false,
            MaskMatch::Yes => true,
            MaskMatch::IfListed(lists) => self.lists_all(rule, request, lists),
        };
        listed
            && match request.target {
                RequestTarget::Resource { .. } => true,
                RequestTarget::Url(path) => {
                    let urls = rule.urls.of(&self.pools.urls);
                    urls.iter().any(|url| url_matches(url, path))
                }
            }
    }

    /// Whether those of a rule's lists whose bits are shared name what the request is for.
    #[cold]
    fn lists_all(&self, rule: &CompiledRule, request: &CompiledRequest<'_>, open: Lists) -> bool {
        let lists = |list, wanted| self.pools.lists(list, wanted);
        (!open.verbs || lists(rule.verbs, request.verb))
            && match request.target {
                RequestTarget::Resource {
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
                RequestTarget::Url(_) => true,
            }
    }
}

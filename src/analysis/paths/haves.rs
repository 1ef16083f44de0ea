//! What one of those who are held may do, sorted by where.

use compact_str::CompactString;

use super::index::PathIndex;
use super::model::{Area, Ground, PathNode, Right, RoleNo};
use super::power::{OfNames, POWERS, Power};

/// A power that a right gives, by one rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Have {
    area: Area,
    power: Power,
    right: Right,
    /// The number, from 1, of the rule among the role's; 0 where the role gives everything.
    rule: u32,
}

/// All that someone may do.
#[derive(Debug, Default)]
pub(super) struct Haves {
    /// Sorted by area and power.
    all: Vec<Have>,
    /// Where each area's begin, and which powers are among them.
    parts: Vec<(Area, usize, PowerSet)>,
}

/// Which powers there are. Most that are asked for aren't.
#[derive(Debug, Clone, Copy, Default)]
struct PowerSet([u64; POWERS.len() / 64 + 1]);

impl PowerSet {
    fn add(&mut self, power: Power) {
        let number = power as usize;
        self.0[number / 64] |= 1 << (number % 64);
    }

    fn has(&self, power: Power) -> bool {
        let number = power as usize;
        self.0[number / 64] & (1 << (number % 64)) != 0
    }
}

impl Haves {
    pub(super) fn new(index: &PathIndex<'_>, rights: &[Right]) -> Self {
        let mut all = Vec::new();
        for &right in rights {
            let area = right.area;
            if right.role == RoleNo::EVERYTHING {
                all.extend(POWERS.iter().map(|request| Have {
                    area,
                    power: request.power,
                    right,
                    rule: 0,
                }));
            } else if let Some(role) = index.role_id(right.role) {
                all.extend(index.powers.of(role).iter().map(|given| Have {
                    area,
                    power: given.power,
                    right,
                    rule: given.rule,
                }));
            }
        }
        all.sort_unstable();
        let mut parts: Vec<(Area, usize, PowerSet)> = Vec::new();
        for (at, have) in all.iter().enumerate() {
            match parts.last_mut() {
                Some((area, _, powers)) if *area == have.area => powers.add(have.power),
                _ => {
                    let mut powers = PowerSet::default();
                    powers.add(have.power);
                    parts.push((have.area, at, powers));
                }
            }
        }
        Haves { all, parts }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    /// The areas to look at: the cluster, every namespace, and those namespaces in which there is more.
    pub(super) fn areas(&self) -> Vec<Area> {
        let mut areas = vec![Area::Cluster, Area::EveryNamespace];
        let parts = self.parts.iter().map(|(area, _, _)| *area);
        areas.extend(parts.filter(|area| matches!(area, Area::Namespace(_))));
        areas
    }

    fn slice(&self, area: Area, power: Power) -> &[Have] {
        let Ok(at) = self.parts.binary_search_by_key(&area, |(area, _, _)| *area) else {
            return &[];
        };
        let (_, begin, powers) = self.parts[at];
        if !powers.has(power) {
            return &[];
        }
        let end = self
            .parts
            .get(at + 1)
            .map_or(self.all.len(), |(_, next, _)| *next);
        let part = &self.all[begin..end];
        let first = part.partition_point(|have| have.power < power);
        let count = part[first..].partition_point(|have| have.power == power);
        &part[first..first + count]
    }
}

/// What someone may do in one area.
#[derive(Debug, Clone, Copy)]
pub(super) struct AreaView<'v> {
    pub(super) index: &'v PathIndex<'v>,
    pub(super) haves: &'v Haves,
    pub(super) who: PathNode,
    pub(super) area: Area,
}

impl<'v> AreaView<'v> {
    /// The rules that give a power here, with the names that they are for.
    pub(super) fn rules(&self, power: Power) -> impl Iterator<Item = (Have, OfNames<'v>)> {
        let index = self.index;
        let haves = self.haves;
        let slice = |area| haves.slice(area, power);
        let slices: [&'v [Have]; 3] = match self.area {
            Area::Cluster => [slice(Area::Cluster), &[], &[]],
            Area::EveryNamespace => [slice(Area::Cluster), slice(Area::EveryNamespace), &[]],
            Area::Namespace(_) => [
                slice(Area::Cluster),
                slice(Area::EveryNamespace),
                slice(self.area),
            ],
        };
        slices
            .into_iter()
            .flatten()
            .map(move |have| (*have, names(index, have)))
    }

    /// What the request rests on.
    pub(super) fn ground(&self, have: &Have, name: Option<&str>) -> Ground {
        Ground::Request {
            who: self.who,
            power: have.power,
            right: have.right,
            rule: have.rule,
            area: self.area,
            name: name.map(CompactString::from),
        }
    }

    /// A request of this name that is allowed.
    pub(super) fn named(&self, power: Power, name: &str) -> Option<Ground> {
        let (have, _) = self.rules(power).find(|(_, names)| names.has(name))?;
        Some(self.ground(&have, Some(name)))
    }

    /// A request without a name that is allowed: a POST, or one that is for all.
    pub(super) fn unnamed(&self, power: Power) -> Option<Ground> {
        let (have, _) = self.rules(power).find(|(_, names)| names.has(""))?;
        Some(self.ground(&have, None))
    }

    /// A request of any name at all that is allowed.
    pub(super) fn any(&self, power: Power) -> Option<Ground> {
        let (have, names) = self.rules(power).next()?;
        let name = match names {
            OfNames::Any => None,
            OfNames::Only(names) => names.first().map(CompactString::as_str),
        };
        Some(self.ground(&have, name))
    }

    /// The first of some requests without a name that is allowed.
    pub(super) fn unnamed_of(&self, powers: &[Power]) -> Option<Ground> {
        powers.iter().find_map(|&power| self.unnamed(power))
    }

    /// The first of some requests of this name that is allowed.
    pub(super) fn named_of(&self, powers: &[Power], name: &str) -> Option<Ground> {
        powers.iter().find_map(|&power| self.named(power, name))
    }

    /// The names that rules for a power list, each once.
    pub(super) fn listed(&self, powers: &[Power]) -> Vec<&'v str> {
        let rules = powers.iter().flat_map(|&power| self.rules(power));
        let mut listed: Vec<&str> = rules
            .filter_map(|(_, names)| match names {
                OfNames::Any => None,
                OfNames::Only(names) => Some(names),
            })
            .flatten()
            .map(CompactString::as_str)
            .filter(|name| !name.is_empty())
            .collect();
        listed.sort_unstable();
        listed.dedup();
        listed
    }

    /// Making an object of a name that is free, by a PUT or an apply: the server asks for `create` and for
    /// the other verb, both with the name.
    ///
    /// Source: `Update` and server-side apply of `k8s.io/apiserver/pkg/endpoints/handlers`.
    pub(super) fn made_by_name(
        &self,
        create: Power,
        others: &[Power],
        name: &str,
    ) -> Option<Vec<Ground>> {
        let create = self.named(create, name)?;
        let other = self.named_of(others, name)?;
        Some(vec![create, other])
    }

    /// Whether grounds say more than what holds in every namespace anyway.
    pub(super) fn is_of_here(&self, grounds: &[Ground]) -> bool {
        !matches!(self.area, Area::Namespace(_))
            || grounds.iter().any(|ground| match ground {
                Ground::Request { right, .. } | Ground::Has { right, .. } => {
                    right.area == self.area
                }
                Ground::Node(_) => false,
            })
    }
}

fn names<'v>(index: &'v PathIndex<'v>, have: &Have) -> OfNames<'v> {
    if have.rule == 0 {
        return OfNames::Any;
    }
    let role = index.role_id(have.right.role);
    let rule = role.and_then(|role| index.rbac.effective_rule(role, have.rule as usize));
    rule.map_or(OfNames::Only(&[]), |rule| {
        OfNames::of(&rule.rule.resource_names)
    })
}

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
        Haves { all }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    /// The areas to look at: the cluster, every namespace, and those in which there is more.
    pub(super) fn areas(&self) -> Vec<Area> {
        let mut areas = vec![Area::Cluster, Area::EveryNamespace];
        areas.extend(
            self.all
                .chunk_by(|a, b| a.area == b.area)
                .map(|same| same[0].area)
                .filter(|area| matches!(area, Area::Namespace(_))),
        );
        areas
    }

    fn slice(&self, area: Area, power: Power) -> &[Have] {
        let begin = self
            .all
            .partition_point(|have| (have.area, have.power) < (area, power));
        let same =
            self.all[begin..].partition_point(|have| have.area == area && have.power == power);
        &self.all[begin..begin + same]
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
        let areas: &[Area] = match self.area {
            Area::Cluster => &[Area::Cluster],
            Area::EveryNamespace => &[Area::Cluster, Area::EveryNamespace],
            Area::Namespace(_) => &[Area::Cluster, Area::EveryNamespace, self.area],
        };
        let slices = areas.iter().map(|&area| haves.slice(area, power));
        let slices: Vec<&'v [Have]> = slices.collect();
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

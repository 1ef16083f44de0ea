//! What a reviewer reads of groups that say the same: who gains what, where, how grave it is, and why.

use std::borrow::Cow;

use super::group::GroupView;
use super::{CauseView, ChangeView, DiffView, SideView};
use crate::diagnostic::Severity;
use crate::kube::PolicyRule;
use crate::object::ObjectRef;
use crate::render::words::{NameStyle, count, describe_whole_rule};

/// How many risks, and rules of a role that isn't built in, are told before the rest is counted.
const FEW: usize = 3;

/// How many rules stand in a heading before the rest is counted.
const FEW_IN_HEADING: usize = 2;

/// How many more risks are named by their id.
const FEW_OTHERS: usize = 8;

/// How many subjects are named before the rest is counted.
const FEW_SUBJECTS: usize = 10;

/// How much is told of the rules, and of the subjects where they are many.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RuleDetail {
    /// What is built in by its role, else a few.
    Folded,
    /// Each.
    Listed,
}

/// Groups that are told together.
pub(super) struct DiffEntry<'v> {
    view: &'v DiffView,
    groups: Vec<&'v GroupView>,
    first: &'v GroupView,
}

/// A line below a heading, with its place.
pub(super) struct Line {
    pub(super) text: String,
    pub(super) place: String,
}

impl DiffView {
    /// How many things a text says, each of them in a paragraph or row.
    #[cfg(feature = "internals")]
    pub fn told(&self) -> usize {
        self.entries.len()
    }

    /// Gains by gravity, then losses.
    pub(super) fn entries(&self) -> impl Iterator<Item = DiffEntry<'_>> {
        let entries = || {
            self.entries.iter().filter_map(|places| {
                let groups: Vec<&GroupView> = places.iter().map(|&at| &self.groups[at]).collect();
                let first = *groups.first()?;
                Some(DiffEntry {
                    view: self,
                    groups,
                    first,
                })
            })
        };
        let losses = entries().filter(DiffEntry::is_loss);
        entries().filter(|entry| !entry.is_loss()).chain(losses)
    }
}

impl DiffEntry<'_> {
    pub(super) fn is_loss(&self) -> bool {
        self.first.cause.side == SideView::Base
    }

    /// `gained` or `lost`.
    pub(super) fn change(&self) -> &'static str {
        self.first.change
    }

    pub(super) fn severity(&self) -> Option<&'static str> {
        self.first.severity
    }

    /// Whether it has a gain whose risk is high or critical.
    pub(super) fn is_grave(&self) -> bool {
        let gravest = self.first.gravest;
        gravest.is_some_and(|risk| risk.severity >= Severity::High)
    }

    fn changes<'e>(&'e self, group: &'e GroupView) -> impl Iterator<Item = &'e ChangeView> {
        group.changes.iter().map(|&at| &self.view.changes[at])
    }

    /// Who, and where unless it is the same for all.
    pub(super) fn who(&self, names: NameStyle, rules: RuleDetail) -> String {
        let same = self.same_scope();
        let shown = match rules {
            RuleDetail::Folded => FEW_SUBJECTS,
            RuleDetail::Listed => self.groups.len(),
        };
        let mut subjects: Vec<String> = self
            .groups
            .iter()
            .take(shown)
            .map(|group| match same {
                true => group.who(names),
                false => format!("{} {}", group.who(names), group.scope_in_words(names)),
            })
            .collect();
        if let Some(more) = self
            .groups
            .len()
            .checked_sub(shown)
            .filter(|more| *more > 0)
        {
            subjects.push(count(more, "more subject", "more subjects"));
        }
        match subjects.split_last() {
            Some((last, [])) => last.clone(),
            Some((last, others)) => format!("{} and {last}", others.join(", ")),
            None => String::new(),
        }
    }

    fn same_scope(&self) -> bool {
        let mut groups = self.groups.iter();
        groups.all(|group| group.namespace == self.first.namespace)
    }

    /// Where; nothing if that stands with the subjects.
    pub(super) fn scope_in_words(&self, names: NameStyle) -> String {
        match self.same_scope() {
            true => self.first.scope_in_words(names),
            false => String::new(),
        }
    }

    /// What is gained or lost: a role, or what of a role is new.
    pub(super) fn what(&self, names: NameStyle) -> String {
        let role = object_apart(&self.first.role, names);
        if !self.first.cause.is_of_rules() {
            return role;
        }
        let all = self.first.changes.len();
        let shown = self.changes(self.first).take(FEW_IN_HEADING);
        let mut words: Vec<String> = shown
            .map(|change| names.name(&change.few_words()))
            .collect();
        if let Some(more) = all.checked_sub(words.len()).filter(|more| *more > 0) {
            words.push(format!("and {}", count(more, "more rule", "more rules")));
        }
        words.join("; ")
    }

    /// How many rules of the role, or through which role.
    pub(super) fn how_much(&self, names: NameStyle) -> String {
        let group = self.first;
        if group.cause.is_of_rules() {
            return format!("through {}", object_apart(&group.role, names));
        }
        let all = count(group.role_rules, "rule", "rules");
        let part = match group.rules < group.role_rules {
            true => format!("{} of its {all}", group.rules),
            false => all,
        };
        let but = match (group.whole, self.is_loss()) {
            (true, _) => "",
            (false, false) => ", but for what was allowed before",
            (false, true) => ", but for what is still allowed",
        };
        format!("({part}{but})")
    }

    /// Who gains or loses what, and where.
    pub(super) fn heading(&self, names: NameStyle, rules: RuleDetail) -> String {
        let verb = match (self.is_loss(), self.groups.len()) {
            (false, 1) => "gains",
            (false, _) => "gain",
            (true, 1) => "loses",
            (true, _) => "lose",
        };
        let words = [
            self.who(names, rules),
            verb.to_owned(),
            self.what(names),
            self.scope_in_words(names),
            self.how_much(names),
        ];
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let words = words.into_iter().filter(|word| !word.is_empty());
        words.collect::<Vec<&str>>().join(" ")
    }

    /// The gravest risks, and which more there are.
    pub(super) fn risks_in_words(&self) -> Vec<String> {
        let risks = &self.first.risks;
        let (shown, others) = risks.split_at(risks.len().min(FEW));
        let mut words: Vec<String> = shown.iter().map(ToString::to_string).collect();
        if !others.is_empty() {
            let ids: Vec<&str> = others.iter().take(FEW_OTHERS).map(|risk| risk.id).collect();
            let more = count(others.len(), "more risk", "more risks");
            let end = if ids.len() < others.len() {
                ", …"
            } else {
                ""
            };
            words.push(format!("and {more}: {}{end}", ids.join(", ")));
        }
        words
    }

    /// The names of the gravest risks, for a cell.
    pub(super) fn risk_ids(&self) -> String {
        let risks = &self.first.risks;
        let ids: Vec<&str> = risks.iter().take(FEW).map(|risk| risk.id).collect();
        match (ids.is_empty(), risks.len() - ids.len()) {
            (true, _) => String::new(),
            (false, 0) => format!(": {}", ids.join(", ")),
            (false, more) => format!(": {} and {more} more", ids.join(", ")),
        }
    }

    /// The rules in words, as far as they aren't known by the name of the role, nor stand in the heading.
    pub(super) fn rules_in_words(&self, rules: RuleDetail) -> Vec<Line> {
        let group = self.first;
        let told: &[usize] = match rules {
            RuleDetail::Listed => &group.changes,
            RuleDetail::Folded if group.cause.is_of_rules() || self.is_loss() => &[],
            // By its name one knows what it starts with, and no more.
            RuleDetail::Folded if group.built_in => &group.beyond_built_in,
            RuleDetail::Folded => &group.changes,
        };
        let shown = match rules {
            RuleDetail::Listed => told.len(),
            RuleDetail::Folded => FEW,
        };
        let mut lines: Vec<Line> = self.lines_of(told, rules).take(shown).collect();
        if rules == RuleDetail::Folded && group.built_in {
            for line in &mut lines {
                line.text.insert_str(0, "not built in: ");
            }
        }
        let more = told.len().saturating_sub(shown);
        if more > 0 {
            let more = count(more, "more rule", "more rules");
            lines.push(Line {
                text: match group.built_in {
                    true => format!("and {more} that aren't built in"),
                    false => format!("and {more}"),
                },
                place: String::new(),
            });
        }
        lines
    }

    /// All rules in words, with their places where each is listed.
    pub(super) fn lines_of_rules(&self, rules: RuleDetail) -> impl Iterator<Item = Line> {
        self.lines_of(&self.first.changes, rules)
    }

    fn lines_of(&self, changes: &[usize], rules: RuleDetail) -> impl Iterator<Item = Line> {
        let changes = changes.iter().map(|&at| &self.view.changes[at]);
        changes.map(move |change| {
            let mut causes = change.causes.iter();
            let cause = causes.find(|cause| cause.role == self.first.role);
            let number = cause.map_or_else(String::new, |cause| format!("rule {}: ", cause.rule));
            let place = match (rules, cause) {
                (RuleDetail::Listed, Some(cause)) => self.place(&cause.rule_source),
                _ => String::new(),
            };
            Line {
                text: match rules {
                    RuleDetail::Folded => format!("{number}{}", change.few_words()),
                    RuleDetail::Listed => format!("{number}{}", change.all_words()),
                },
                place,
            }
        })
    }

    fn place(&self, source: &impl ToString) -> String {
        match self.first.cause.side {
            SideView::Base => format!("{} ({})", source.to_string(), self.view.base),
            SideView::Head => source.to_string(),
        }
    }

    /// Through what.
    pub(super) fn causes_in_words(&self, names: NameStyle) -> Vec<Line> {
        let mut lines: Vec<Line> = Vec::new();
        let mut more = self.first.more_others;
        if self.first.cause.binding.is_none() {
            let mut causes: Vec<&CauseView> =
                self.groups.iter().map(|group| &group.first).collect();
            causes.dedup_by_key(|cause| &cause.binding);
            more += causes.len().saturating_sub(FEW);
            lines.extend(causes.into_iter().take(FEW).map(|cause| Line {
                text: cause.in_words(names),
                place: self.place(&cause.source),
            }));
        } else {
            let cause = &self.first.first;
            let of = object_apart(&cause.binding, names);
            lines.push(Line {
                text: format!("{}: {of}{}", cause.what, self.ids(names)),
                place: self.place(&cause.source),
            });
        }
        lines.extend(self.first.others.iter().map(|cause| Line {
            text: format!("in part also by: {}", cause.in_words(names)),
            place: self.place(&cause.source),
        }));
        if more > 0 {
            lines.push(Line {
                text: format!(
                    "and through {}",
                    count(more, "more binding or role", "more bindings or roles")
                ),
                place: String::new(),
            });
        }
        lines
    }

    /// The object IDs of those who are called otherwise.
    fn ids(&self, names: NameStyle) -> String {
        let groups = self.groups.iter().take(FEW_SUBJECTS);
        let called = groups.filter(|group| group.by_known_name);
        let ids: Vec<String> = called
            .map(|group| format!("{} {}", group.subject.kind, names.name(&group.subject.name)))
            .collect();
        match ids.is_empty() {
            true => String::new(),
            false => format!(" names {}", ids.join(", ")),
        }
    }
}

impl ChangeView {
    /// What was gained or lost, in a few words.
    pub(super) fn few_words(&self) -> String {
        format!("{}{}", self.in_words, self.but_not)
    }

    /// The same with all that the rule names.
    fn all_words(&self) -> String {
        let rule = PolicyRule {
            verbs: self.rule.verbs.clone(),
            api_groups: self.rule.api_groups.clone(),
            resources: self.rule.resources.clone(),
            resource_names: self.rule.resource_names.clone(),
            non_resource_urls: self.rule.non_resource_urls.clone(),
        };
        format!("{}{}", describe_whole_rule(&rule), self.but_not)
    }
}

impl GroupView {
    /// The subject, and whom that means.
    fn who(&self, names: NameStyle) -> String {
        let kind = self.subject.kind;
        if let Some(everyone) = &self.everyone {
            let mut words = names.sentence(everyone);
            if let Some(first) = words.get_mut(..1) {
                first.make_ascii_uppercase();
            }
            return format!("{words} ({kind} {})", names.name(&self.subject.name));
        }
        let known = self.subject.display_name.as_deref();
        let mut who = match (known, self.by_known_name) {
            (Some(known), true) => format!("{kind} {}", apart(known, names)),
            (Some(known), false) => format!(
                "{kind} {} ({})",
                apart(&self.subject.full_name(), names),
                names.name(known)
            ),
            (None, _) => format!("{kind} {}", apart(&self.subject.full_name(), names)),
        };
        if let Some(people) = self.people {
            who.push_str(&format!(" ({})", count(people, "person", "people")));
        }
        who
    }

    fn scope_in_words(&self, names: NameStyle) -> String {
        match &self.namespace {
            None => "cluster-wide".to_owned(),
            Some(namespace) => format!("in {}", apart(namespace, names)),
        }
    }
}

/// Words of ours that a name with blanks could go on with.
const OUR_WORDS: &[&str] = &[
    "and",
    "binding",
    "cluster-wide",
    "ClusterRole",
    "ClusterRoleBinding",
    "gain",
    "gains",
    "Group",
    "in",
    "lose",
    "loses",
    "Role",
    "RoleBinding",
    "ServiceAccount",
    "through",
    "to",
    "User",
];

/// A name among words, in quotes where it could pass for several or for words of ours.
fn apart(name: &str, names: NameStyle) -> String {
    let is_plain = |c: char| !matches!(c, ',' | ';' | '(' | ')' | '"');
    let has_ours = |name: &str| {
        let mut words = name.split(char::is_whitespace);
        name.contains(char::is_whitespace)
            && words.any(|word| word.is_empty() || OUR_WORDS.contains(&word))
    };
    let name: Cow<'_, str> = match names {
        NameStyle::Plain if !name.chars().all(is_plain) || has_ours(name) => {
            format!("\"{}\"", name.replace('"', "\\\"")).into()
        }
        _ => name.into(),
    };
    names.name(&name)
}

/// An object with its [name apart](apart) from our words.
pub(super) fn object_apart(object: &ObjectRef, names: NameStyle) -> String {
    match names {
        NameStyle::Plain if !object.name.is_empty() => {
            let all = object.to_string();
            let kind = &*object.kind;
            match all.strip_prefix(kind) {
                Some(name) => format!("{} {}", names.name(kind), apart(name.trim_start(), names)),
                None => names.object(object),
            }
        }
        _ => names.object(object),
    }
}

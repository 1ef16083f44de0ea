//! Changes in words.

use crate::analysis::diff::{CauseKind, Change, Direction, Except};
use crate::diagnostic::Severity;
use crate::kube::PolicyRule;
use crate::render::unjudged;
use crate::render::words::{count, describe_rule};

/// How many exceptions are named before the rest is counted.
const FEW_EXCEPTIONS: usize = 3;

/// What a change leaves out, to stand behind its rule.
pub(super) fn but_not(change: &Change) -> String {
    if change.except.is_empty() {
        return String::new();
    }
    let mut excepts: Vec<String> = change
        .except
        .iter()
        .take(FEW_EXCEPTIONS)
        .map(|except| exception(&change.rule, except))
        .collect();
    let more = change.except.len() - excepts.len();
    if more > 0 {
        let side = match change.direction {
            Direction::Gained => "could before",
            Direction::Lost => "still can",
        };
        excepts.push(format!("{more} more that it {side} (`-o json` lists them)"));
    }
    format!("; but not: {}", excepts.join("; "))
}

/// `get, list` reads better than the whole rule where the resources are the same.
fn exception(rule: &PolicyRule, except: &Except) -> String {
    let same_resources = except.rule.api_groups == rule.api_groups
        && except.rule.resources == rule.resources
        && except.rule.resource_names == rule.resource_names
        && except.rule.non_resource_urls == rule.non_resource_urls;
    let what = if same_resources && except.rule.verbs == rule.verbs {
        String::new()
    } else if same_resources {
        except.rule.verbs.join(", ")
    } else {
        describe_rule(&except.rule, None)
    };
    match (except.scope.namespace(), &*what) {
        (None, what) => what.to_owned(),
        (Some(namespace), "") => format!("in namespace {namespace}"),
        (Some(namespace), what) => format!("{what} in namespace {namespace}"),
    }
}

/// Who gains and loses, counted.
pub(super) struct Counted {
    pub(super) gaining: usize,
    pub(super) losing: usize,
    /// Subjects of changes that can match nobody.
    pub(super) nobody: usize,
    /// Parts that aren't judged.
    pub(super) unjudged: usize,
    /// The gravest risk of a gain.
    pub(super) gravest: Option<(Severity, &'static str)>,
}

/// One line that says what changed for how many, and how grave it is.
pub(super) fn verdict(counted: &Counted) -> String {
    match counted.unjudged {
        0 => judged(counted),
        parts => format!("{}; {}", unjudged::how_many(parts), judged(counted)),
    }
}

fn judged(counted: &Counted) -> String {
    let Counted {
        gaining, losing, ..
    } = *counted;
    let in_what_is = match counted.unjudged {
        0 => "",
        _ => " in what is",
    };
    match (gaining + losing, counted.nobody) {
        (0, 0) => return format!("no change in effective permissions{in_what_is}"),
        (0, nobody) => {
            let subjects = count(nobody, "subject", "subjects");
            return format!(
                "no one gains or loses anything{in_what_is}: {subjects} of the change can match nobody"
            );
        }
        _ => {}
    }
    let gains = match gaining {
        0 => "no subject gains".to_owned(),
        subjects => count(subjects, "subject gains", "subjects gain"),
    };
    let losses = match losing {
        0 => "none loses".to_owned(),
        subjects => count(subjects, "loses", "lose"),
    };
    let gravest = counted.gravest.map_or_else(String::new, |(severity, id)| {
        format!("; the gravest risk is {severity}: {id}")
    });
    format!("{gains}, {losses}{gravest}")
}

/// The part of a change that did something, in words.
pub(super) fn cause(kind: CauseKind, direction: Direction) -> &'static str {
    match (kind, direction) {
        (CauseKind::Binding, Direction::Gained) => "binding added",
        (CauseKind::Binding, Direction::Lost) => "binding removed",
        (CauseKind::Subject, Direction::Gained) => "subject added",
        (CauseKind::Subject, Direction::Lost) => "subject removed",
        (CauseKind::RoleRef, _) => "roleRef changed",
        (CauseKind::Role, Direction::Gained) => "role added",
        (CauseKind::Role, Direction::Lost) => "role removed",
        (CauseKind::AggregatedRole, Direction::Gained) => "aggregated role added",
        (CauseKind::AggregatedRole, Direction::Lost) => "aggregated role removed",
        (CauseKind::Labels, _) => "role re-labelled",
        (CauseKind::AggregationRule, _) => "aggregation changed",
        (CauseKind::Rule, Direction::Gained) => "rule added or widened",
        (CauseKind::Rule, Direction::Lost) => "rule removed or narrowed",
    }
}

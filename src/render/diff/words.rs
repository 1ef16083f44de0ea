//! Changes in words.

use crate::analysis::diff::{CauseKind, Change, Direction, Except};
use crate::kube::PolicyRule;
use crate::render::unjudged;
use crate::render::words::{count, describe_rule};

use super::Summary;

/// How many exceptions are named before the rest is counted.
const FEW_EXCEPTIONS: usize = 3;

/// The rule and what it leaves out.
pub(super) fn change(change: &Change) -> String {
    let mut words = describe_rule(&change.rule, None);
    if change.except.is_empty() {
        return words;
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
    words.push_str(&format!("; but not {}", excepts.join("; nor ")));
    words
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

/// One line that says how much changed.
pub(super) fn verdict(summary: &Summary) -> String {
    match summary.unjudged {
        0 => judged(summary),
        parts => format!("{}; {}", unjudged::how_many(parts), judged(summary)),
    }
}

fn judged(summary: &Summary) -> String {
    if summary.gained + summary.lost == 0 {
        let judged = match summary.unjudged {
            0 => "",
            _ => " in what is",
        };
        return format!("no change in effective permissions{judged}");
    }
    let severity = summary
        .severity
        .map_or_else(String::new, |severity| format!(", the gravest {severity}"));
    format!(
        "{} and {} for {}{severity}",
        count(summary.gained, "gain", "gains"),
        count(summary.lost, "loss", "losses"),
        count(summary.subjects, "subject", "subjects"),
    )
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

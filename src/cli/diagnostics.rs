//! What is said of an input, on stderr.

use std::collections::HashMap;

use crate::analysis::lint::is_left_aside;
use crate::authz::rbac::RbacAuthorizer;
use crate::diagnostic::{Code, Diagnostic, codes};

use super::out;

/// Which problems of the input are printed.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Report {
    Everything,
    ErrorsOnly,
    /// For an input without objects: errors, and why there are none. What is left aside is told by who asks.
    ErrorsAndUnjudged,
}

impl Report {
    /// Whether something that leaves an answer is printed.
    fn shows(self, diagnostic: &Diagnostic) -> bool {
        match self {
            Report::Everything => true,
            Report::ErrorsOnly => false,
            Report::ErrorsAndUnjudged => diagnostic.is_unjudged() && !is_left_aside(diagnostic),
        }
    }
}

/// Whether a diagnostic leaves no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Fatal {
    Yes,
    No,
}

impl Fatal {
    fn is(diagnostic: &Diagnostic, strict: bool) -> Self {
        // A named file that doesn't parse.
        if strict || diagnostic.named && diagnostic.is_unreadable() {
            Fatal::Yes
        } else {
            Fatal::No
        }
    }

    fn tell(self, message: &str) {
        match self {
            Fatal::Yes => out::error(message),
            Fatal::No => out::warning(message),
        }
    }
}

/// Of what kind messages are alike.
type Kind = (&'static Code, Fatal);

/// Prints what is said of an input: the first ones of each code, and then how many more there are. Says
/// whether any of it leaves no answer. `label` stands before places.
pub(super) fn tell(rbac: &RbacAuthorizer, strict: bool, report: Report, label: &str) -> Fatal {
    let told: Vec<(Kind, &Diagnostic)> = rbac
        .diagnostics()
        .iter()
        .map(|one| ((one.code, Fatal::is(one, strict)), one))
        .filter(|((_, fatal), one)| *fatal == Fatal::Yes || report.shows(one))
        .collect();
    let mut counts: HashMap<Kind, usize> = HashMap::new();
    for (kind, _) in &told {
        *counts.entry(*kind).or_default() += 1;
    }
    // How many are left of each, in the order in which they begin.
    let mut left: Vec<(Kind, usize)> = Vec::new();
    let mut numbers: HashMap<Kind, usize> = HashMap::new();
    for (kind, diagnostic) in &told {
        let count = counts.get(kind).copied().unwrap_or_default();
        let in_full = out::in_full(count);
        let number = numbers.entry(*kind).or_default();
        *number += 1;
        if *number <= in_full {
            kind.1.tell(&message(rbac, diagnostic, label));
        } else if *number == in_full + 1 {
            left.push((*kind, count - in_full));
        }
    }
    for ((code, fatal), count) in left {
        // `check` reads one side, and stops where this does.
        let is_listed = fatal == Fatal::No && label.is_empty() && codes::FINDINGS.contains(&code);
        let where_all = if is_listed {
            "; `rbac-eval check` lists them"
        } else {
            ""
        };
        let title = code.title;
        fatal.tell(&format!(
            "{label}{count} more of {code}, {title}{where_all}"
        ));
    }
    if counts.keys().any(|(_, fatal)| *fatal == Fatal::Yes) {
        Fatal::Yes
    } else {
        Fatal::No
    }
}

fn message(rbac: &RbacAuthorizer, diagnostic: &Diagnostic, label: &str) -> String {
    match diagnostic.span {
        Some(span) => {
            let place = rbac.snapshot().files().display(span);
            format!("{label}{place}: {}", diagnostic.message)
        }
        None => diagnostic.message.clone(),
    }
}

//! The Test Anything Protocol, version 13.

use crate::text::escaped;

use super::CaseView;

/// All tests, each with what is said against it below.
pub fn report(cases: &[CaseView<'_>]) -> String {
    let mut out = format!("TAP version 13\n1..{}\n", cases.len());
    for (case, number) in cases.iter().zip(1..) {
        let ok = if case.passes() { "ok" } else { "not ok" };
        let name = description(&case.in_environment(case.name));
        out.push_str(&format!("{ok} {number} - {name}\n"));
        for line in case.lines() {
            out.push_str(&format!("# {}\n", escaped(&line)));
        }
    }
    out
}

/// A test's name, in which nothing begins a directive. Not every reader takes `\\#` for a mere `#`, so
/// one that a directive could follow is written without it.
fn description(name: &str) -> String {
    let name = escaped(name);
    let mut out = String::with_capacity(name.len());
    let mut parts = name.split('#');
    out.push_str(parts.next().unwrap_or_default());
    for part in parts {
        let word = part.trim_start_matches([' ', '\\']).as_bytes();
        let is_directive = ["skip", "todo"].iter().any(|directive| {
            word.get(..4)
                .is_some_and(|word| word.eq_ignore_ascii_case(directive.as_bytes()))
        });
        out.push_str(if is_directive { "\\u{23}" } else { "\\#" });
        out.push_str(part);
    }
    out
}

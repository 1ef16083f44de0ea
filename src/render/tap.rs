//! The Test Anything Protocol, version 13.

use super::CaseView;

/// All tests, each with what is said against it below.
pub fn report(cases: &[CaseView<'_>]) -> String {
    let mut out = format!("TAP version 13\n1..{}\n", cases.len());
    for (case, number) in cases.iter().zip(1..) {
        let ok = if case.passes() { "ok" } else { "not ok" };
        // `#` begins a directive.
        let name = case.name.replace('#', "\\#").replace(['\n', '\r'], " ");
        out.push_str(&format!("{ok} {number} - {name}\n"));
        for line in case.lines() {
            out.push_str(&format!("# {line}\n"));
        }
    }
    out
}

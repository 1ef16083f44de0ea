//! JUnit XML. What misleads is escaped, so that nothing is left that XML forbids.

use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite};

use super::{CaseView, RenderError};
use crate::text::escaped;

/// All tests, those of a file in a suite.
///
/// # Errors
/// If it can't be written.
pub fn report(cases: &[CaseView<'_>]) -> Result<String, RenderError> {
    let suites = cases
        .chunk_by(|a, b| (a.environment, &a.source.file) == (b.environment, &b.source.file))
        .map(|same| {
            let name = same[0].in_environment(&same[0].source.file);
            let mut suite = TestSuite::new(&*escaped(&name));
            suite.add_test_cases(same.iter().map(test_case));
            suite
        });
    let mut report = Report::new("rbac-eval");
    report.add_test_suites(suites);
    Ok(report.to_string()?)
}

fn test_case(case: &CaseView<'_>) -> TestCase {
    let mut status = TestCaseStatus::success();
    if !case.passes() {
        let lines: Vec<String> = case
            .lines()
            .iter()
            .map(|line| escaped(line).into_owned())
            .collect();
        status = TestCaseStatus::non_success(NonSuccessKind::Failure);
        status
            .set_message(lines.first().cloned().unwrap_or_default())
            .set_description(lines.join("\n"));
    }
    let mut test = TestCase::new(&*escaped(case.name), status);
    test.set_classname(&*escaped(&case.source.file));
    test.extra
        .insert("line".into(), case.source.line.to_string().into());
    test
}

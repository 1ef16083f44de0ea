//! All integration tests as one program, which links the library once and runs them side by side.

mod bad_input;
mod can_i_transcripts;
mod catalogue;
mod check_findings;
mod check_outputs;
mod conformance;
mod crowded;
mod decode;
mod default_policy;
mod diff_cases;
mod diff_cli;
mod diff_law;
mod directory;
mod directory_answers;
mod escapes;
mod fuzz_regressions;
mod input_forms;
#[cfg(target_os = "linux")]
mod limits;
mod long_lists;
mod naive;
mod readme;
mod refusals;
mod reverse_law;
mod reverse_views;
mod review;
mod risks;
mod scalars;
mod support;
mod texts;
mod what_people_see;
mod who_can;

//! `rbac-eval test`: assertions kept in git.

use std::path::PathBuf;

use crate::analysis::assertions::{AssertionFile, AssertionNote, Outcome, judge, judge_all};
use crate::analysis::unjudged::{unjudged as unjudged_of, unread, unread_since};
use crate::ask::KnownSubjects;
use crate::diagnostic::{Diagnostic, codes};
use crate::files::{AskedBy, ReadRules};
use crate::render::assertions::{self, AssertionView, TestView};
use crate::render::{UnjudgedView, how_many};
use crate::text::SourceText;
use clap::{Args, ValueEnum, ValueHint};

use super::answers::{Answered, Answers};
use super::collisions;
use super::comparison::{HeldAgainst, LoadedSides, SettingsSide, compared_settings};
use super::exit::{Exit, Failure};
use super::input::{self, InputArgs, Loaded};
use super::out::{self, DocumentFormat};
use super::sides::Compared;

/// Check assertions about who can do what.
///
/// An assertion says `can`, `cannot`, `onlyThese` or `noOne`; docs/assertions.md has the form. Exits
/// with 0 where all hold, with 1 where one doesn't, and with 2 where a file is broken or an assertion
/// is about a resource, namespace, group or service account that doesn't exist.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  rbac-eval test assertions.yaml
  rbac-eval test assertions.yaml -f cluster.yaml -o junit > report.xml
  rbac-eval test assertions.yaml --base origin/main
  rbac-eval test --env prod")]
pub(super) struct TestArgs {
    /// Files of assertions [default: the `tests:` of each environment]
    #[arg(value_name = "FILE")]
    files: Vec<PathBuf>,

    /// What was before, as diff's BASE; assertions are held against it too
    #[arg(long, value_name = "BASE", value_hint = ValueHint::AnyPath)]
    base: Option<String>,

    /// With --base, whose `.rbac-eval.yaml`, directory and assertions count
    #[arg(long, value_enum, value_name = "SIDE", default_value_t = SettingsSide::Base)]
    settings: SettingsSide,

    /// How to print the outcome
    #[arg(short, long, value_enum, default_value_t = TestOutput::Table)]
    output: TestOutput,

    #[command(flatten)]
    input: InputArgs,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum TestOutput {
    Table,
    Tap,
    Junit,
    Json,
    Yaml,
}

pub(super) fn run(args: &TestArgs) -> Result<Exit, Failure> {
    let mut complaints = Vec::new();
    let answers = match &args.base {
        None => {
            let inputs = input::inputs(&args.input)?;
            check_named(args, inputs.iter().map(|input| &*input.settings.tests))?;
            let mut answers = Answers::new(inputs.len());
            for input in &inputs {
                let files = assertion_files(args, &input.settings.tests);
                if files.paths.is_empty() {
                    input.note(NO_TESTS);
                    answers.pass_over();
                    continue;
                }
                let found = input::read_texts(&files.paths, rules(files.asked_by));
                let found = found.and_then(|texts| {
                    let head = input.load_to_judge()?;
                    let (environment, label) = (input.environment(), input.label());
                    judge_files(texts, None, head, environment, label, &mut complaints)
                });
                answers.add(input.environment(), found, |failure| input.error(failure))?;
            }
            answers
        }
        Some(base) => {
            let sides = Compared::of_working_tree(base)?;
            let all = compared_settings(&args.input, &sides, args.settings)?;
            check_named(args, all.iter().map(|one| one.tests()))?;
            let mut answers = Answers::new(all.len());
            for one in &all {
                let files = assertion_files(args, one.tests());
                // That HEAD gives it some now, or another place, is told all the same.
                if files.paths.is_empty() && !one.differs() {
                    out::note(&format!("{}{NO_TESTS}", one.label()));
                    answers.pass_over();
                    continue;
                }
                let loaded = {
                    let files = HeldAgainst::Assertions(&files.paths, files.asked_by);
                    one.load(&args.input, &sides, args.settings, files)
                };
                let found = loaded.and_then(|loaded| {
                    for note in &loaded.notes {
                        out::note(&format!("{}{note}", one.label()));
                    }
                    let LoadedSides {
                        base, head, tests, ..
                    } = loaded;
                    let environment = one.environment();
                    judge_files(
                        tests,
                        Some(base),
                        head,
                        environment,
                        one.label(),
                        &mut complaints,
                    )
                });
                let tell = |failure: &str| out::error(&format!("{}{failure}", one.label()));
                answers.add(one.environment(), found, tell)?;
            }
            answers
        }
    };
    let views: Vec<(Option<&str>, &TestView)> = answers.views().collect();
    match args.output {
        TestOutput::Table => answers.text(|view| Ok(view.to_table()))?,
        TestOutput::Tap => out::answer(&assertions::tap_of(&views))?,
        TestOutput::Junit => out::answer(&assertions::junit_of(&views)?)?,
        TestOutput::Json => answers.document(DocumentFormat::Json)?,
        TestOutput::Yaml => answers.document(DocumentFormat::Yaml)?,
    }
    for complaint in &complaints {
        out::error_with_lines(complaint);
    }
    Ok(answers.exit())
}

/// What is told of one environment among others.
const NO_TESTS: &str = "the settings name no `tests:` for it, so nothing is asserted";

/// Refuses to hold nothing at all.
fn check_named<'s>(
    args: &TestArgs,
    mut named: impl Iterator<Item = &'s [PathBuf]>,
) -> Result<(), Failure> {
    if !args.files.is_empty() || named.any(|files| !files.is_empty()) {
        return Ok(());
    }
    Err(Failure::message(
        "name a file of assertions, or give an environment of `.rbac-eval.yaml` its `tests:`",
    ))
}

/// Files of assertions, and who names them.
struct AssertionPaths {
    paths: Vec<PathBuf>,
    asked_by: AskedBy,
}

/// The files of assertions: those of the command line, else those that the settings name.
fn assertion_files(args: &TestArgs, named: &[PathBuf]) -> AssertionPaths {
    let (paths, asked_by) = match args.files.is_empty() {
        false => (&*args.files, AskedBy::User),
        true => (named, AskedBy::Repository),
    };
    AssertionPaths {
        paths: paths.to_vec(),
        asked_by,
    }
}

fn rules(asked_by: AskedBy) -> ReadRules {
    ReadRules {
        asked_by,
        ..ReadRules::default()
    }
}

/// Judges all assertions. What has to be mended is added to `complaints`, which are told after the
/// answers.
fn judge_files(
    texts: Vec<SourceText>,
    base: Option<Loaded>,
    head: Loaded,
    environment: Option<&str>,
    label: &str,
    complaints: &mut Vec<Vec<String>>,
) -> Result<Answered<TestView>, Failure> {
    let Loaded {
        rbac,
        directory,
        tools,
        ..
    } = head;
    let rbac = &*rbac;
    let files = parse_files(texts)?;
    let unread = match &base {
        Some(base) => unread_since(&base.rbac, rbac),
        None => unread(rbac),
    };
    let settings_differ = unread.iter().any(|one| one.code == &codes::SETTINGS_DIFFER);
    // Whom BASE knows, an assertion may be about: HEAD may have taken away the last that names them.
    let sides = base.iter().map(|base| base.rbac.snapshot());
    let known = KnownSubjects::new(sides.chain([rbac.snapshot()]), &directory);
    let mut views = Vec::new();
    let mut unjudged = false;
    let mut noted: Vec<AssertionNote> = Vec::new();
    for file in &files {
        let all = match judge_all(file, rbac, &directory, &known, &unread) {
            Ok(all) => all,
            Err(errors) => {
                unjudged = true;
                for diagnostic in errors.into_iter().map(Diagnostic::nowhere) {
                    out::error(&format!("{label}{}", diagnostic.message));
                }
                continue;
            }
        };
        for judged in all {
            let assertion = judged.assertion;
            for note in judged.notes {
                // What a name means is said once, however many assertions use it.
                if !noted.contains(&note) {
                    out::note(&format!("{label}{}:{}: {note}", file.name, assertion.line));
                    noted.push(note);
                }
            }
            // Unknown where what it is about wasn't there yet.
            let held_on_base = base.as_ref().and_then(|base| {
                let judged = judge(assertion, &base.rbac, &base.directory, &[]).ok()?;
                Some(judged.outcome == Outcome::Holds)
            });
            views.push(AssertionView::new(
                rbac,
                &directory,
                &file.name,
                assertion,
                &judged.outcome,
                held_on_base,
            ));
        }
    }
    if unjudged {
        return Err(Failure::message(
            "no answer, since assertions can't be judged",
        ));
    }
    let all_unjudged = UnjudgedView::all(rbac.snapshot().files(), &unjudged_of(rbac));
    let view = TestView::new(views, all_unjudged);
    let is_unknown = view.unknown > 0 || settings_differ;
    if is_unknown {
        complaints.push(vec![format!(
            "{label}{}; mend it, or leave it out of the input",
            how_many(view.unjudged.len())
        )]);
    }
    let sides = std::iter::once(rbac).chain(base.iter().map(|base| &*base.rbac));
    let collide = collisions::complaint(environment, sides);
    let is_unknown = is_unknown || collide.is_some();
    complaints.extend(collide);
    let exit = match (is_unknown, view.broken) {
        (true, _) => Exit::Error,
        (false, 0) => Exit::Yes,
        (false, _) => Exit::No,
    };
    Ok(Answered { view, tools, exit })
}

fn parse_files(texts: Vec<SourceText>) -> Result<Vec<AssertionFile>, Failure> {
    let mut files = Vec::new();
    for text in texts {
        let content = String::from_utf8(text.bytes)
            .map_err(|_| Failure::message(format!("{}: it is not UTF-8", text.name)))?;
        let file = AssertionFile::read(&text.name, &content)
            .map_err(|error| Failure::message(error.to_string()))?;
        files.push(file);
    }
    Ok(files)
}

//! `rbac-eval test`: assertions kept in git.

use std::path::PathBuf;

use crate::analysis::assertions::{AssertionFile, AssertionNote, Outcome, judge, judge_all};
use crate::analysis::unjudged::{unjudged as unjudged_of, unread, unread_since};
use crate::ask::KnownSubjects;
use crate::diagnostic::{Diagnostic, codes};
use crate::files::ReadRules;
use crate::render::assertions::{AssertionView, TestView};
use crate::render::{UnjudgedView, how_many};
use crate::text::SourceText;
use clap::{Args, ValueEnum};

use super::exit::{Exit, Failure};
use super::input::{self, InputArgs, Loaded, SettingsSide, Stdin};
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
  rbac-eval test assertions.yaml --base origin/main")]
pub(super) struct TestArgs {
    /// Files of assertions
    #[arg(value_name = "FILE", required = true)]
    files: Vec<PathBuf>,

    /// What was before, as diff's BASE; assertions are held against it too
    #[arg(long, value_name = "BASE")]
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
    let (texts, base, Loaded { rbac, directory }) = match &args.base {
        None => {
            let texts = input::read_texts(&args.files, ReadRules::default())?;
            (texts, None, input::load(&args.input, Stdin::Free)?)
        }
        Some(base) => {
            let sides = Compared::of_working_tree(base)?;
            let (loaded, texts) =
                input::load_sides(&args.input, &sides, args.settings, &args.files)?;
            for note in &loaded.notes {
                out::note(note);
            }
            (texts, Some(loaded.base), loaded.head)
        }
    };
    let files = parse_files(texts)?;
    let unread = match &base {
        Some(base) => unread_since(base.rbac, rbac),
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
                    out::error(&diagnostic.message);
                }
                continue;
            }
        };
        for judged in all {
            let assertion = judged.assertion;
            for note in judged.notes {
                // What a name means is said once, however many assertions use it.
                if !noted.contains(&note) {
                    out::note(&format!("{}:{}: {note}", file.name, assertion.line));
                    noted.push(note);
                }
            }
            // Unknown where what it is about wasn't there yet.
            let held_on_base = base.as_ref().and_then(|base| {
                let judged = judge(assertion, base.rbac, &base.directory, &[]).ok()?;
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
    match args.output {
        TestOutput::Table => out::answer(&view.to_table())?,
        TestOutput::Tap => out::answer(&view.to_tap())?,
        TestOutput::Junit => out::answer(&view.to_junit()?)?,
        TestOutput::Json => out::document(&view, DocumentFormat::Json)?,
        TestOutput::Yaml => out::document(&view, DocumentFormat::Yaml)?,
    }
    Ok(if view.unknown > 0 || settings_differ {
        out::error(&format!(
            "{}; mend it, or leave it out of the input",
            how_many(view.unjudged.len())
        ));
        Exit::Error
    } else if view.broken == 0 {
        Exit::Yes
    } else {
        Exit::No
    })
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

//! `rbac-eval test`: promises kept in git.

use std::path::PathBuf;

use crate::analysis::assertions::{Outcome, Promises, keep};
use crate::authz::rbac::RbacAuthorizer;
use crate::diagnostic::Diagnostic;
use crate::files::read_path;
use crate::render::assertions::{AssertionView, TestView};
use clap::{Args, ValueEnum};

use super::diff;
use super::exit::{Exit, Failure};
use super::input::{self, InputArgs, Loaded};
use super::out;

/// Check promises about who can do what.
///
/// A promise says `can`, `cannot`, `onlyThese` or `noOne`; docs/promises.md has the form. Exits with
/// 0 where all hold, with 1 where one doesn't, and with 2 where a file is broken or a promise speaks
/// of a resource or namespace that doesn't exist.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  rbac-eval test promises.yaml
  rbac-eval test promises.yaml -f cluster.yaml -o junit > report.xml
  rbac-eval test promises.yaml --base origin/main")]
pub(super) struct TestArgs {
    /// Files of promises
    #[arg(value_name = "FILE", required = true)]
    files: Vec<PathBuf>,

    /// What was before, as diff's BASE; promises are held against it too
    #[arg(long, value_name = "BASE")]
    base: Option<String>,

    /// How to print the outcome
    #[arg(short, long, value_enum, default_value_t = Output::Table)]
    output: Output,

    #[command(flatten)]
    input: InputArgs,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Output {
    Table,
    Tap,
    Junit,
    Json,
    Yaml,
}

pub(super) fn run(args: &TestArgs) -> Result<Exit, Failure> {
    let mut files = Vec::new();
    for path in &args.files {
        let reading = read_path(path).map_err(|error| Failure::told(error.to_string()))?;
        for text in reading.texts {
            let content = String::from_utf8(text.bytes)
                .map_err(|_| Failure::told(format!("{}: it is not UTF-8", text.name)))?;
            let promises = Promises::read(&text.name, &content)
                .map_err(|error| Failure::told(error.to_string()))?;
            files.push(promises);
        }
    }
    let base = match &args.base {
        None => None,
        Some(base) => {
            let mut notes = Vec::new();
            let loaded =
                input::load_compared(&args.input, &diff::compared_input(base)?, &mut notes)?;
            for note in &notes {
                out::note(note);
            }
            Some(loaded.rbac)
        }
    };
    let Loaded { rbac, directory } = input::load(&args.input, false)?;
    let mut views = Vec::new();
    let mut unjudged = false;
    for promises in &files {
        match keep(promises, rbac) {
            Ok(outcomes) => {
                for (number, (promise, outcome)) in outcomes.iter().enumerate() {
                    views.push(AssertionView::new(
                        rbac,
                        &directory,
                        &promises.file,
                        promise,
                        outcome,
                        base.as_ref()
                            .and_then(|base| kept_on(base, promises, number)),
                    )?);
                }
            }
            Err(errors) => {
                unjudged = true;
                for diagnostic in errors.into_iter().map(Diagnostic::nowhere) {
                    out::error(&diagnostic.message);
                }
            }
        }
    }
    if unjudged {
        return Err(Failure::told("no answer, since promises can't be judged"));
    }
    let view = TestView::new(views);
    match args.output {
        Output::Table => out::answer(&view.to_table())?,
        Output::Tap => out::answer(&view.to_tap())?,
        Output::Junit => out::answer(&view.to_junit()?)?,
        Output::Json => out::document(&view, false)?,
        Output::Yaml => out::document(&view, true)?,
    }
    Ok(if view.broken == 0 {
        Exit::Yes
    } else {
        Exit::No
    })
}

/// Whether a promise held before; unknown where what it speaks of wasn't there yet.
fn kept_on(base: &RbacAuthorizer, promises: &Promises, number: usize) -> Option<bool> {
    let one = Promises {
        file: promises.file.clone(),
        promises: vec![promises.promises[number].clone()],
    };
    let outcomes = keep(&one, base).ok()?;
    outcomes
        .first()
        .map(|(_, outcome)| *outcome == Outcome::Kept)
}

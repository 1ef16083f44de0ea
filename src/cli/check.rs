//! `rbac-eval check`: findings.

use crate::analysis::lint::check;
use crate::analysis::unjudged::unjudged;
use crate::diagnostic::Level;
use crate::render::check::CheckView;
use clap::{Args, ValueEnum};

use super::answers::{Answered, Answers};
use super::collisions;
use super::exit::{Exit, Failure};
use super::input::{self, Input, InputArgs, Loaded};
use super::out::{self, DocumentFormat};

/// Find RBAC that doesn't do what it says.
///
/// Each finding has a stable code; docs/checks.md says what causes and cures it. Exits with 1 where
/// a finding is at least as grave as --fail-on, else with 0.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  rbac-eval check -f deploy/rbac
  rbac-eval check -f cluster.yaml --directory groups.json --fail-on warning
  rbac-eval check -o sarif > findings.sarif")]
pub(super) struct CheckArgs {
    /// The least grave finding that makes the exit code 1
    #[arg(long, value_enum, value_name = "LEVEL", default_value_t = FindingThreshold::Error)]
    fail_on: FindingThreshold,

    /// How to print the findings
    #[arg(short, long, value_enum, default_value_t = CheckOutput::Table)]
    output: CheckOutput,

    #[command(flatten)]
    input: InputArgs,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum FindingThreshold {
    Info,
    Warning,
    Error,
    Never,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum CheckOutput {
    Table,
    Json,
    Yaml,
    Sarif,
    Github,
}

pub(super) fn run(args: &CheckArgs) -> Result<Exit, Failure> {
    let mut complaints = Vec::new();
    let answers = Answers::of_inputs(input::inputs(&args.input)?, |input| {
        answer(args, input, &mut complaints)
    })?;
    match args.output {
        CheckOutput::Table => answers.text(|view| Ok(view.to_table()))?,
        CheckOutput::Json => answers.document(DocumentFormat::Json)?,
        CheckOutput::Yaml => answers.document(DocumentFormat::Yaml)?,
        CheckOutput::Sarif => answers.sarif(|view| Ok(view.to_sarif()?))?,
        CheckOutput::Github => answers.commands(CheckView::to_github)?,
    }
    for complaint in &complaints {
        out::error_with_lines(complaint);
    }
    Ok(answers.exit())
}

/// Checks an input. What has to be mended is added to `complaints`, which are told after the answers.
fn answer(
    args: &CheckArgs,
    input: &Input<'_>,
    complaints: &mut Vec<Vec<String>>,
) -> Result<Answered<CheckView>, Failure> {
    let Loaded {
        rbac,
        directory,
        tools,
    } = input.load_quietly()?;
    let rbac = &*rbac;
    let findings = check(rbac, &directory);
    let view = CheckView::new(rbac.snapshot().files(), &findings, &unjudged(rbac));
    let least = match args.fail_on {
        FindingThreshold::Info => Some(Level::Info),
        FindingThreshold::Warning => Some(Level::Warning),
        FindingThreshold::Error => Some(Level::Error),
        FindingThreshold::Never => None,
    };
    let mut severities = findings.iter().map(|finding| finding.severity);
    let fails =
        least.is_some_and(|least| severities.any(|severity| severity >= least.least_severity()));
    let collide = collisions::complaint(input.environment(), [rbac]);
    let exit = match (collide.is_some() && least.is_some(), fails) {
        (true, _) => Exit::Error,
        (false, true) => Exit::No,
        (false, false) => Exit::Yes,
    };
    complaints.extend(collide);
    Ok(Answered { view, tools, exit })
}

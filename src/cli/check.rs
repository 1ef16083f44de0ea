//! `rbac-eval check`: findings.

use crate::analysis::lint::check;
use crate::analysis::unjudged::unjudged;
use crate::diagnostic::Level;
use crate::render::check::CheckView;
use clap::{Args, ValueEnum};

use super::exit::{Exit, Failure};
use super::input::{self, InputArgs, Loaded};
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
    let Loaded { rbac, directory } = input::load_quietly(&args.input)?;
    let findings = check(rbac, &directory);
    let view = CheckView::new(rbac.snapshot().files(), &findings, &unjudged(rbac));
    match args.output {
        CheckOutput::Table => out::answer(&view.to_table())?,
        CheckOutput::Json => out::document(&view, DocumentFormat::Json)?,
        CheckOutput::Yaml => out::document(&view, DocumentFormat::Yaml)?,
        CheckOutput::Sarif => out::answer(&view.to_sarif()?)?,
        CheckOutput::Github => out::commands(&view.to_github())?,
    }
    let least = match args.fail_on {
        FindingThreshold::Info => Level::Info,
        FindingThreshold::Warning => Level::Warning,
        FindingThreshold::Error => Level::Error,
        FindingThreshold::Never => return Ok(Exit::Yes),
    };
    let least = least.least_severity();
    Ok(
        if findings.iter().any(|finding| finding.severity >= least) {
            Exit::No
        } else {
            Exit::Yes
        },
    )
}

//! `rbac-eval who-can`: the reverse query.

use std::mem::ManuallyDrop;

use crate::analysis::owner::Owners;
use crate::analysis::who_can::who_can;
use crate::ask::{Note, Resolver};
use crate::authz::rbac::RbacAuthorizer;
use crate::entra::Directory;
use crate::render::table::Columns;
use crate::render::who_can::{GroupMembers, WhoCanView, headings};
use clap::{Args, ValueEnum};

use super::answers::Answers;
use super::completion::Completes;
use super::exit::{Exit, Failure};
use super::input::{Input, InputArgs};
use super::out::DocumentFormat;
use super::request::{self, ScopeArgs};
use super::table::{Form, SystemArgs, TableArgs};

/// Say who can do something, and through which binding.
///
/// Exits with 0 where anyone can beside system:masters (which always can), with 1 where no one can,
/// and with 2 for bad usage or input that can't be read.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  rbac-eval who-can get secrets -n prod
  rbac-eval who-can get secrets/db-password -n prod -o wide
  rbac-eval who-can create pods --subresource exec -A -f cluster.yaml
  rbac-eval who-can list secrets -A --system --sort-by scope
  rbac-eval who-can delete nodes -o name
  rbac-eval who-can get /metrics")]
pub(super) struct WhoCanArgs {
    /// The verb
    #[arg(value_name = "VERB", add = Completes::Verb)]
    verb: String,

    /// The resource, with a name or without, or a URL
    #[arg(value_name = "TYPE | TYPE/NAME | NONRESOURCEURL", add = Completes::Target)]
    target: String,

    #[command(flatten)]
    scope: ScopeArgs,

    /// List the members of groups, as far as the directory knows them
    #[arg(long)]
    expand: bool,

    /// How to print the answer; names are as `lookup` and `--as` take them
    #[arg(short, long, value_enum, default_value_t = WhoCanOutput::Table)]
    output: WhoCanOutput,

    #[command(flatten)]
    table: TableArgs,

    #[command(flatten)]
    system: SystemArgs,

    #[command(flatten)]
    input: InputArgs,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum WhoCanOutput {
    Table,
    Wide,
    Name,
    Json,
    Yaml,
    Csv,
}

impl WhoCanOutput {
    fn form(self) -> Form {
        match self {
            WhoCanOutput::Table | WhoCanOutput::Wide => Form::Table,
            WhoCanOutput::Csv => Form::Csv,
            WhoCanOutput::Name => Form::Other("name"),
            WhoCanOutput::Json => Form::Other("json"),
            WhoCanOutput::Yaml => Form::Other("yaml"),
        }
    }

    fn columns(self) -> Columns {
        match self {
            WhoCanOutput::Table => Columns::Few,
            _ => Columns::All,
        }
    }
}

pub(super) fn run(args: &WhoCanArgs) -> Result<Exit, Failure> {
    let (form, columns) = (args.output.form(), args.output.columns());
    let layout = args.table.layout(form, headings(columns))?;
    let owners = args.system.folded(form);
    let answers = Answers::of_questions(&args.input, |input, rbac, directory| {
        answer(args, input, rbac, directory, owners.as_ref())
    })?;
    // Nothing follows the answer: taking a long one apart would only make it late.
    let answers = ManuallyDrop::new(answers);
    match args.output {
        WhoCanOutput::Table | WhoCanOutput::Wide => {
            answers.text(|view| Ok(view.to_table(columns, layout)))?;
        }
        WhoCanOutput::Name => answers.names(WhoCanView::to_names, WhoCanView::beside_names)?,
        WhoCanOutput::Json => answers.document(DocumentFormat::Json)?,
        WhoCanOutput::Yaml => answers.document(DocumentFormat::Yaml)?,
        WhoCanOutput::Csv => answers.csv(layout.headers, |view| Ok(view.to_csv(layout)?))?,
    }
    Ok(answers.exit())
}

fn answer(
    args: &WhoCanArgs,
    input: &Input<'_>,
    rbac: &RbacAuthorizer,
    directory: &Directory,
    owners: Option<&Owners>,
) -> Result<(WhoCanView, Exit), Failure> {
    let resolver = Resolver::new(rbac.snapshot(), directory);
    let request = request::request(&resolver, &args.verb, &args.target, &args.scope, input)?;
    let found = who_can(rbac, &request.attributes, request.reach)?;
    let view = WhoCanView::new(
        rbac,
        directory,
        &request.attributes,
        request.reach,
        &found,
        if args.expand {
            GroupMembers::Listed
        } else {
            GroupMembers::Hidden
        },
        owners,
        request.notes.iter().map(Note::to_string).collect(),
    );
    let exit = if found.anyone() { Exit::Yes } else { Exit::No };
    Ok((view, exit))
}

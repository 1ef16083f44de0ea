//! `rbac-eval lookup`: what is bound to a subject.

use crate::analysis::lookup::{Found, Reached, is_privileged, lookup, subjects};
use crate::analysis::owner::Owners;
use crate::ask::{Match, NamedSubject, Resolver, Who};
use crate::authz::rbac::{RbacAuthorizer, TooLarge};
use crate::entra::Directory;
use crate::kube::SubjectKind;
use crate::render::lookup::{CSV_HEADER, LookupView, Rules, headings};
use crate::render::table::Columns;
use clap::{Args, ValueEnum};

use super::answers::Answers;
use super::completion::Completes;
use super::exit::{Exit, Failure};
use super::input::{Input, InputArgs};
use super::out::DocumentFormat;
use super::table::{Form, SystemArgs, TableArgs};

/// Show every binding that reaches a user, group or service account.
///
/// A part of a name is enough, in any letter case; `--exact` takes the whole name only. With a
/// directory, display names and user principal names are found too. Exits with 0 where a binding
/// was found, and with 1 where none was.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  rbac-eval lookup alice
  rbac-eval lookup alice -o wide --system
  rbac-eval lookup prod/ci --rules
  rbac-eval lookup --exact system:serviceaccount:prod:ci")]
pub(super) struct LookupArgs {
    /// A user, group, NAMESPACE/SERVICEACCOUNT, or a part of one
    #[arg(value_name = "SUBJECT", add = Completes::Subject)]
    subject: String,

    /// Take the whole name only, in its letter case
    #[arg(long)]
    exact: bool,

    /// Show each rule of each role
    #[arg(long)]
    rules: bool,

    /// How to print the answer; names are as `lookup` and `--as` take them
    #[arg(short, long, value_enum, default_value_t = LookupOutput::Text)]
    output: LookupOutput,

    #[command(flatten)]
    table: TableArgs,

    #[command(flatten)]
    system: SystemArgs,

    #[command(flatten)]
    input: InputArgs,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum LookupOutput {
    #[value(alias = "table")]
    Text,
    Wide,
    Name,
    Json,
    Yaml,
    Csv,
}

impl LookupOutput {
    fn form(self) -> Form {
        match self {
            LookupOutput::Text | LookupOutput::Wide => Form::Table,
            LookupOutput::Csv => Form::Csv,
            LookupOutput::Name => Form::Other("name"),
            LookupOutput::Json => Form::Other("json"),
            LookupOutput::Yaml => Form::Other("yaml"),
        }
    }
}

/// How many bindings and rules are listed.
const MOST_PARTS: usize = 400_000;

/// How many bindings, and rules where they are listed, an answer has.
fn size(rbac: &RbacAuthorizer, found: &Found, with_rules: bool) -> usize {
    let rules = |role| rbac.effective_rules(role).len();
    let size = |reached: &Reached| {
        let role = rbac.role_of(reached.binding).filter(|_| with_rules);
        1 + role.map_or(0, rules)
    };
    found.bindings.iter().map(size).sum()
}

pub(super) fn run(args: &LookupArgs) -> Result<Exit, Failure> {
    let form = args.output.form();
    if args.rules {
        let why = "is about a table, and `--rules` prints none";
        args.table.refuse(why)?;
        match args.output {
            LookupOutput::Text | LookupOutput::Json | LookupOutput::Yaml => {}
            LookupOutput::Wide | LookupOutput::Name | LookupOutput::Csv => {
                return Err(Failure::message(
                    "`--rules` lists rules in text, JSON and YAML; leave out `-o`, or use `-o json`",
                ));
            }
        }
    }
    let columns = match args.output {
        LookupOutput::Text => Columns::Few,
        _ => Columns::All,
    };
    let headings = match form {
        Form::Csv => &CSV_HEADER[..],
        _ => headings(columns),
    };
    let layout = args.table.layout(form, headings.iter().copied())?;
    let owners = args.system.folded(form);
    let answers = Answers::of_questions(&args.input, |input, rbac, directory| {
        answer(args, input, rbac, directory, owners.as_ref())
    })?;
    match args.output {
        LookupOutput::Text | LookupOutput::Wide => {
            answers.text(|view| Ok(view.to_text(columns, layout)))?;
        }
        LookupOutput::Csv => answers.csv(layout.headers, |view| Ok(view.to_csv(layout)?))?,
        LookupOutput::Name => answers.names(LookupView::to_names, LookupView::beside_names)?,
        LookupOutput::Json => answers.document(DocumentFormat::Json)?,
        LookupOutput::Yaml => answers.document(DocumentFormat::Yaml)?,
    }
    Ok(answers.exit())
}

fn answer(
    args: &LookupArgs,
    input: &Input<'_>,
    rbac: &RbacAuthorizer,
    directory: &Directory,
    owners: Option<&Owners>,
) -> Result<(LookupView, Exit), Failure> {
    let matching = if args.exact {
        Match::Exact
    } else {
        Match::Part
    };
    let mut parts = 0;
    let mut found: Vec<(Found, bool)> = Vec::new();
    let named = Resolver::new(rbac.snapshot(), directory);
    for NamedSubject { principal, groups } in
        named.subjects(subjects(rbac), &args.subject, matching)
    {
        let privileged = is_privileged(&principal, &groups);
        let one = lookup(rbac, principal, &groups);
        parts += size(rbac, &one, args.rules);
        if parts > MOST_PARTS {
            return Err(TooLarge {
                limit: MOST_PARTS,
                what: "bindings and rules that reach those of this name; ask for fewer with `--exact`, \
                       or without `--rules`",
            }
            .into());
        }
        found.push((one, privileged));
    }
    if found.is_empty() {
        let nobody = named.nobody_called(&args.subject, matching);
        input.warning(&nobody.to_string());
    }
    // A ServiceAccount that is named in full is found whether anything knows it or not.
    if let [(one, _)] = &*found
        && one.principal.kind == SubjectKind::ServiceAccount
    {
        let name = one.principal.as_user().name;
        let groups = Vec::new();
        for note in named.doubts_of(&Who { name, groups }) {
            input.note(&note.to_string());
        }
    }
    let rules = if args.rules {
        Rules::Listed
    } else {
        Rules::Hidden
    };
    let view = LookupView::new(rbac, directory, &found, rules, owners);
    let any = found.iter().any(|(found, _)| !found.bindings.is_empty());
    let exit = if any { Exit::Yes } else { Exit::No };
    Ok((view, exit))
}

//! `rbac-eval lookup`: what is bound to a subject.

use crate::analysis::lookup::{Found, Reached, is_privileged, lookup, subjects};
use crate::ask::{Match, NamedSubject, Resolver};
use crate::authz::rbac::{RbacAuthorizer, TooLarge};
use crate::entra::Directory;
use crate::render::lookup::{LookupView, Rules};
use clap::{Args, ValueEnum};

use super::answers::Answers;
use super::exit::{Exit, Failure};
use super::input::{Input, InputArgs};
use super::out::DocumentFormat;

/// Show every binding that reaches a user, group or service account.
///
/// A part of a name is enough, in any letter case; `--exact` takes the whole name only. With a
/// directory, display names and user principal names are found too. Exits with 0 where a binding
/// was found, and with 1 where none was.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  rbac-eval lookup alice
  rbac-eval lookup prod/ci --rules
  rbac-eval lookup --exact system:serviceaccount:prod:ci")]
pub(super) struct LookupArgs {
    /// A user, group, NAMESPACE/SERVICEACCOUNT, or a part of one
    #[arg(value_name = "SUBJECT")]
    subject: String,

    /// Take the whole name only, in its letter case
    #[arg(long)]
    exact: bool,

    /// Show each rule of each role
    #[arg(long)]
    rules: bool,

    /// How to print the answer
    #[arg(short, long, value_enum, default_value_t = LookupOutput::Text)]
    output: LookupOutput,

    #[command(flatten)]
    input: InputArgs,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum LookupOutput {
    Text,
    Json,
    Yaml,
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
    let answers = Answers::of_questions(&args.input, |input, rbac, directory| {
        answer(args, input, rbac, directory)
    })?;
    match args.output {
        LookupOutput::Text => answers.text(|view| Ok(view.to_text()))?,
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
    let rules = if args.rules {
        Rules::Listed
    } else {
        Rules::Hidden
    };
    let view = LookupView::new(rbac, directory, &found, rules);
    let any = found.iter().any(|(found, _)| !found.bindings.is_empty());
    let exit = if any { Exit::Yes } else { Exit::No };
    Ok((view, exit))
}

//! `rbac-eval lookup`: what is bound to a subject.

use crate::analysis::lookup::{Found, Match, is_called, is_privileged, lookup, subjects};
use crate::authn::Principal;
use crate::authn::{ANONYMOUS, service_account_name, split_service_account};
use crate::entra::{Directory, Person};
use crate::kube::SubjectKind;
use crate::render::lookup::LookupView;
use clap::{Args, ValueEnum};

use super::exit::{Exit, Failure};
use super::input::{self, InputArgs, Loaded};
use super::out;

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
    #[arg(short, long, value_enum, default_value_t = Output::Text)]
    output: Output,

    #[command(flatten)]
    input: InputArgs,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Output {
    Text,
    Json,
    Yaml,
}

pub(super) fn run(args: &LookupArgs) -> Result<Exit, Failure> {
    let Loaded { rbac, directory } = input::load(&args.input, false)?;
    let wanted = if args.exact {
        Match::Whole
    } else {
        Match::Part
    };
    let mut called: Vec<Principal> = subjects(rbac)
        .into_iter()
        .filter(|principal| {
            is_called(principal, &args.subject, wanted)
                || directory
                    .name_of(&principal.name)
                    .is_some_and(|name| wanted.fits(name, &args.subject))
        })
        .collect();
    // Someone whom no binding names may still be reached through groups.
    called.extend(
        directory
            .people()
            .filter(|person| is_person(person, args, wanted))
            .map(|person| Principal::new(SubjectKind::User, "", person.cluster_name())),
    );
    if let Some(principal) = unbound(&args.subject) {
        called.push(principal);
    }
    called.sort();
    called.dedup();
    let found: Vec<(Found, bool)> = called
        .into_iter()
        .map(|principal| {
            let groups = groups_of(&directory, &principal);
            let privileged = is_privileged(&principal, &groups);
            (lookup(rbac, principal, &groups), privileged)
        })
        .collect();
    if found.is_empty() {
        out::warning(&format!(
            "no binding names {}, and no one in the directory is called so",
            args.subject
        ));
    }
    let view = LookupView::new(rbac, &directory, &found, args.rules);
    match args.output {
        Output::Text => out::answer(&view.to_text())?,
        Output::Json => out::document(&view, false)?,
        Output::Yaml => out::document(&view, true)?,
    }
    let any = found.iter().any(|(found, _)| !found.bindings.is_empty());
    Ok(if any { Exit::Yes } else { Exit::No })
}

/// A subject that is named in full, which groups may reach though no binding names it.
fn unbound(word: &str) -> Option<Principal> {
    if split_service_account(word).is_some() {
        return Some(Principal::new(SubjectKind::User, "", word));
    }
    if let Some((namespace, name)) = word.split_once('/') {
        let user = service_account_name(namespace, name);
        return split_service_account(&user).map(|_| Principal::new(SubjectKind::User, "", &user));
    }
    (word == ANONYMOUS).then(|| Principal::new(SubjectKind::User, "", word))
}

fn is_person(person: &Person, args: &LookupArgs, wanted: Match) -> bool {
    [
        &person.id,
        &person.user_principal_name,
        &person.display_name,
    ]
    .iter()
    .any(|name| wanted.fits(name, &args.subject))
}

fn groups_of(directory: &Directory, principal: &Principal) -> Vec<String> {
    match principal.kind {
        SubjectKind::ServiceAccount => Vec::new(),
        SubjectKind::User => directory
            .person(&principal.name)
            .map_or_else(Vec::new, |person| directory.groups_of(&person.id)),
        // A group within another one brings its members into that one, not itself.
        SubjectKind::Group => Vec::new(),
    }
}

//! What a command line says so far, though it isn't whole yet.

use std::ffi::OsString;

use clap::{ArgMatches, Command, FromArgMatches};

use crate::cli::input::InputArgs;

use super::Completes;

/// What a command line says so far.
#[derive(Debug, Clone, Default)]
pub(super) struct Typed {
    /// Where the policy comes from.
    pub(super) input: InputArgs,
    /// The words of the request before the cursor: a verb, and what follows.
    pub(super) request: Vec<String>,
    /// The type that is asked about.
    pub(super) target: Option<String>,
}

impl Typed {
    /// What these words say, of which one is being completed. What isn't understood is passed over.
    pub(super) fn new(command: &Command, words: &[OsString], current: usize) -> Self {
        let before = words.get(..current).unwrap_or(words);
        let Some((subcommand, matches)) = parsed(command, words) else {
            return Typed::default();
        };
        let request = of_request(&subcommand, &matches);
        let target = request
            .get(1)
            .or(request.first().filter(|_| request.len() == 1));
        Typed {
            input: input(&matches),
            target: target.cloned(),
            request: parsed(command, before).map_or_else(Vec::new, |(subcommand, matches)| {
                of_request(&subcommand, &matches)
            }),
        }
    }
}

/// The subcommand and what is said to it.
fn parsed(command: &Command, words: &[OsString]) -> Option<(Command, ArgMatches)> {
    let command = command.clone().ignore_errors(true);
    let mut matches = command.clone().try_get_matches_from(words).ok()?;
    let (name, matches) = matches.remove_subcommand()?;
    Some((command.find_subcommand(&name)?.clone(), matches))
}

/// Where the policy comes from, as far as it is said.
fn input(matches: &ArgMatches) -> InputArgs {
    let mut input = InputArgs::default();
    // Subcommands that read nothing have no such arguments.
    if matches.try_contains_id("filename").is_ok() {
        let mut said = InputArgs::default();
        if said.update_from_arg_matches(matches).is_ok() {
            input = said;
        }
    }
    input
}

/// The words that say what is asked.
fn of_request(subcommand: &Command, matches: &ArgMatches) -> Vec<String> {
    let is_asked = |what: &Completes| {
        matches!(
            what,
            Completes::Request | Completes::Verb | Completes::Target | Completes::Type
        )
    };
    let arguments = subcommand.get_arguments();
    let asked = arguments.filter(|arg| arg.get::<Completes>().is_some_and(is_asked));
    let mut words = Vec::new();
    for arg in asked {
        if let Ok(Some(found)) = matches.try_get_raw(arg.get_id().as_str()) {
            words.extend(found.map(|word| word.to_string_lossy().into_owned()));
        }
    }
    words
}

//! Arguments in, exit code out; one file a subcommand.

mod answers;
mod called;
mod can_i;
mod check;
mod collisions;
mod comparison;
mod completion;
mod completions;
mod config;
mod diagnostics;
mod diff;
mod environment;
mod exit;
mod ignores;
mod init;
mod input;
mod lookup;
mod man;
mod matrix;
mod out;
mod paths;
mod progress;
mod proposal;
mod rendering;
mod request;
mod review;
mod settings;
mod sides;
mod table;
mod test;
mod upgrade;
mod version;
mod who;
mod who_can;

use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};

use exit::Exit;

/// Who can do what on a Kubernetes cluster, offline and exactly.
///
/// Answers come from manifests, a folder or a dump, never from a cluster:
/// `kubectl get clusterroles,clusterrolebindings,roles,rolebindings,crd,ns,sa,nodes -A -o yaml`
#[derive(Debug, Parser)]
#[command(
    name = "rbac-eval",
    version,
    max_term_width = 100,
    arg_required_else_help = true
)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    // Each says itself what it does.
    CanI(can_i::CanIArgs),
    WhoCan(who_can::WhoCanArgs),
    Lookup(lookup::LookupArgs),
    Matrix(matrix::MatrixArgs),
    Paths(paths::PathsArgs),
    Check(check::CheckArgs),
    Diff(diff::DiffArgs),
    Upgrade(upgrade::UpgradeArgs),
    Test(test::TestArgs),
    Review(review::ReviewArgs),
    Init(init::InitArgs),
    Completions(completions::CompletionsArgs),
    Man(man::ManArgs),
}

/// Runs the command line and says how to exit.
///
/// Where the script of a shell asks what to offer, it prints that instead.
pub fn run() -> std::process::ExitCode {
    if let Some(exit) = completion::answer(Cli::command()) {
        return exit;
    }
    let program = std::env::args_os().next();
    let mut command = called::named_as_called(Cli::command(), program.as_deref());
    let parsed = command.try_get_matches_from_mut(std::env::args_os());
    let parsed = parsed.and_then(|matches| {
        Cli::from_arg_matches(&matches).map_err(|error| error.format(&mut command))
    });
    let cli = match parsed {
        Ok(cli) => cli,
        Err(error) => {
            if error.use_stderr() {
                out::usage(&error);
                return Exit::Error.into();
            }
            // Help and version go to stdout and are no error; a closed pipe is nobody's fault.
            let _ = error.print();
            return Exit::Yes.into();
        }
    };
    let result = match cli.command {
        Command::CanI(args) => can_i::run(&args),
        Command::WhoCan(args) => who_can::run(&args),
        Command::Lookup(args) => lookup::run(&args),
        Command::Matrix(args) => matrix::run(&args),
        Command::Paths(args) => paths::run(&args),
        Command::Check(args) => check::run(&args),
        Command::Diff(args) => diff::run(&args),
        Command::Upgrade(args) => upgrade::run(&args),
        Command::Test(args) => test::run(&args),
        Command::Review(args) => review::run(&args),
        Command::Init(args) => init::run(&args),
        Command::Completions(args) => completions::run(&args),
        Command::Man(args) => man::run(&args, Cli::command()),
    };
    match result {
        Ok(exit) => exit.into(),
        Err(failure) => {
            if let exit::Failure::ClosedPipe = failure {
                return Exit::ClosedPipe.into();
            }
            out::error(&failure.to_string());
            Exit::Error.into()
        }
    }
}

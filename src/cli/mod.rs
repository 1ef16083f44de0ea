//! Arguments in, exit code out; one file a subcommand.

mod answers;
mod called;
mod can_i;
mod check;
mod collisions;
mod comparison;
mod config;
mod diagnostics;
mod diff;
mod environment;
mod exit;
mod ignores;
mod init;
mod input;
mod lookup;
mod matrix;
mod out;
mod progress;
mod proposal;
mod rendering;
mod request;
mod review;
mod settings;
mod sides;
mod table;
mod test;
mod who;
mod who_can;

use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};
use clap_complete::CompleteEnv;

use exit::Exit;

/// Who can do what on a Kubernetes cluster, offline and exactly.
///
/// Answers come from manifests, a folder or a dump, never from a cluster:
/// `kubectl get clusterroles,clusterrolebindings,roles,rolebindings,crd,ns,sa -A -o yaml`
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
    /// Say whether someone may do something, and why
    CanI(can_i::CanIArgs),
    /// Say who can do something, and through which binding
    WhoCan(who_can::WhoCanArgs),
    /// Show every binding that reaches a user, group or service account
    Lookup(lookup::LookupArgs),
    /// Show resources by verbs for one user, or subjects by verbs for one resource
    Matrix(matrix::MatrixArgs),
    /// Find RBAC that doesn't do what it says
    Check(check::CheckArgs),
    /// Say what a change lets whom do that they couldn't before
    Diff(diff::DiffArgs),
    /// Check assertions about who can do what
    Test(test::TestArgs),
    /// Fill in the status of SubjectAccessReviews, as an API server would
    Review(review::ReviewArgs),
    /// Write .rbac-eval.yaml: the clusters that this folder holds side by side
    Init(init::InitArgs),
}

/// Runs the command line and says how to exit.
///
/// Where a shell asks for completions (`COMPLETE` is set), it prints these instead.
pub fn run() -> std::process::ExitCode {
    CompleteEnv::with_factory(Cli::command).complete();
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
        Command::Check(args) => check::run(&args),
        Command::Diff(args) => diff::run(&args),
        Command::Test(args) => test::run(&args),
        Command::Review(args) => review::run(&args),
        Command::Init(args) => init::run(&args),
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

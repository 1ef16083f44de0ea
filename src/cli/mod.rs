//! Arguments in, exit code out; one file a subcommand.

mod can_i;
mod config;
mod exit;
mod input;
mod out;
mod review;

use clap::{Parser, Subcommand};

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
    /// Fill in the status of SubjectAccessReviews, as an API server would
    Review(review::ReviewArgs),
}

/// Runs the command line and says how to exit.
pub(crate) fn run() -> std::process::ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            // Help and version go to stdout and are no error; a closed pipe is nobody's fault.
            let _ = error.print();
            return if error.use_stderr() {
                Exit::Error.into()
            } else {
                Exit::Yes.into()
            };
        }
    };
    let result = match cli.command {
        Command::CanI(args) => can_i::run(&args),
        Command::Review(args) => review::run(&args),
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

//! The command line of `rbac-eval`: arguments, exit codes and IO around the library.

#![forbid(unsafe_code)]

mod cli;

fn main() -> std::process::ExitCode {
    cli::run()
}

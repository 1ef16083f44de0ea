//! The command line of `rbac-eval`.

#![forbid(unsafe_code)]

fn main() -> std::process::ExitCode {
    rbac_eval::cli::run()
}

//! `rbac-eval completions`: the scripts by which shells complete the command line.

use clap::Args;

use super::completion::{Shell, script};
use super::exit::{Exit, Failure};
use super::out;

/// Print the script that makes a shell complete the command line.
///
/// It completes subcommands, flags and their values, verbs, types, and what the input knows: namespaces,
/// users, groups, service accounts and environments. The input is what the line names with `-f`,
/// `--directory` and `--env`, else what .rbac-eval.yaml names, else this folder; standard input isn't read,
/// and nothing is rendered. `kubectl` prints the script that kubectl runs to complete `kubectl rbac-eval`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  source <(rbac-eval completions bash)                         # in ~/.bashrc
  source <(rbac-eval completions zsh)                          # in ~/.zshrc, after compinit
  rbac-eval completions fish > ~/.config/fish/completions/rbac-eval.fish
  rbac-eval completions powershell | Out-String | Invoke-Expression
  rbac-eval completions kubectl > kubectl_complete-rbac_eval    # executable, on the PATH")]
pub(super) struct CompletionsArgs {
    /// The shell
    #[arg(value_name = "SHELL", value_enum)]
    shell: Shell,
}

pub(super) fn run(args: &CompletionsArgs) -> Result<Exit, Failure> {
    let called = std::env::args_os().next().unwrap_or_default();
    let called = match called.is_empty() {
        true => env!("CARGO_PKG_NAME").into(),
        false => called,
    };
    let script = script(args.shell, called.as_ref(), std::env::current_dir().ok());
    let script = script.ok_or_else(|| {
        Failure::message(
            "cannot write the path of this program into a script, since it is not UTF-8; put the \
             program into a folder of the PATH and call it by its name",
        )
    })?;
    out::answer(&script)?;
    Ok(Exit::Yes)
}

//! By which name the program was called: as itself, or as a plugin of kubectl.

use std::ffi::OsStr;
use std::path::Path;

use clap::builder::StyledStr;

/// The name of the program's file as a plugin: kubectl runs it for `kubectl rbac-eval`, since it looks for
/// plugins with `_` where their names have `-`.
const PLUGIN_FILE: &str = "kubectl-rbac_eval";

/// What a user types in front of a subcommand.
const ITSELF: &str = "rbac-eval ";
const PLUGIN: &str = "kubectl rbac-eval ";

/// The command line with help and usage that say what the user typed, where `program` is how the program was
/// called.
pub(super) fn named_as_called(command: clap::Command, program: Option<&OsStr>) -> clap::Command {
    match program.is_some_and(is_plugin) {
        true => with_plugin_help(command).bin_name(PLUGIN.trim_end()),
        false => command,
    }
}

/// Whether a program of this path is the plugin. On Windows it has an ending.
fn is_plugin(program: &OsStr) -> bool {
    let path = Path::new(program);
    let name = path
        .file_name()
        .filter(|_| path.extension().is_none_or(|it| it != "exe"));
    name.or_else(|| path.file_stem())
        .is_some_and(|name| name == PLUGIN_FILE)
}

/// The same command and its subcommands, whose help names the plugin.
fn with_plugin_help(mut command: clap::Command) -> clap::Command {
    if let Some(help) = command.get_about().map(plugin_words) {
        command = command.about(help);
    }
    if let Some(help) = command.get_long_about().map(plugin_words) {
        command = command.long_about(help);
    }
    if let Some(help) = command.get_after_help().map(plugin_words) {
        command = command.after_help(help);
    }
    command.mut_subcommands(with_plugin_help)
}

/// A text in which commands of the program are those of the plugin.
fn plugin_words(text: &StyledStr) -> StyledStr {
    let text = text.ansi().to_string();
    let mut out = String::with_capacity(text.len());
    let mut rest = &*text;
    while let Some((before, after)) = rest.split_once(ITSELF) {
        out.push_str(before);
        // `.rbac-eval.yaml` and the like are other words.
        let begins_word = out
            .chars()
            .next_back()
            .is_none_or(|last| last.is_whitespace() || matches!(last, '`' | '('));
        out.push_str(if begins_word { PLUGIN } else { ITSELF });
        rest = after;
    }
    out.push_str(rest);
    out.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_plugin_is_known_by_its_file() {
        for (program, plugin) in [
            ("kubectl-rbac_eval", true),
            ("/usr/local/bin/kubectl-rbac_eval", true),
            ("./kubectl-rbac_eval.exe", true),
            ("rbac-eval", false),
            ("kubectl-rbac_eval.old", false),
            ("kubectl-rbac_eval/rbac-eval", false),
            ("", false),
        ] {
            assert_eq!(is_plugin(OsStr::new(program)), plugin, "{program}");
        }
    }

    #[test]
    fn commands_alone_are_the_plugins() {
        let text =
            "rbac-eval can-i\n  rbac-eval diff\n`rbac-eval init`, .rbac-eval yaml, rbac-eval's";
        let expected = "kubectl rbac-eval can-i\n  kubectl rbac-eval diff\n`kubectl rbac-eval init`, \
                        .rbac-eval yaml, rbac-eval's";
        assert_eq!(plugin_words(&text.into()).to_string(), expected);
    }
}

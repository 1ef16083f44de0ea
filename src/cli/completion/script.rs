//! The scripts that shells read, and how they find this program again.

use std::path::{Path, PathBuf};

use super::Shell;
use super::words::{quoted_for_fish, quoted_for_powershell, quoted_for_sh};

/// What stands for this program in a script.
const PROGRAM: &str = "PROGRAM";

/// The script that makes a shell complete the command line.
///
/// It calls the program as it was called for the script: by its name where the shell finds it, else by its
/// path, which is seen from the working folder. None where that can't be written in a text.
pub(crate) fn script(
    shell: Shell,
    called: &Path,
    working_folder: Option<PathBuf>,
) -> Option<String> {
    let program = match (called.components().count(), working_folder) {
        (..2, _) | (_, None) => called.to_owned(),
        (_, Some(folder)) => folder.join(called),
    };
    let program = program.to_str()?;
    let (text, program) = match shell {
        Shell::Bash => (include_str!("script.bash"), quoted_for_sh(program)),
        Shell::Zsh => (include_str!("script.zsh"), quoted_for_sh(program)),
        Shell::Fish => (include_str!("script.fish"), quoted_for_fish(program)),
        Shell::Powershell => (include_str!("script.ps1"), quoted_for_powershell(program)),
        Shell::Kubectl => (include_str!("script.kubectl"), quoted_for_sh(program)),
    };
    Some(text.replace(PROGRAM, &program))
}

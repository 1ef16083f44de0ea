//! The README shows what the program says today: every command of its console blocks is run from
//! the root of the repository, where a reader would run it.

use std::path::Path;
use std::process::Command;

/// A command that the README shows, and what it shows below it.
struct Shown {
    line: usize,
    args: Vec<String>,
    output: String,
}

fn readme() -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md");
    std::fs::read_to_string(path).unwrap()
}

/// The words of a command line; `'…'` keeps spaces together, as in a shell.
fn words(command: &str) -> Vec<String> {
    let mut words = Vec::new();
    for (part, quoted) in command.split('\'').zip([false, true].into_iter().cycle()) {
        if quoted {
            words.push(part.to_owned());
        } else {
            words.extend(part.split_whitespace().map(str::to_owned));
        }
    }
    words
}

/// The fenced blocks: the language, the number of the first line, and the lines.
fn blocks(text: &str) -> Vec<(&str, usize, Vec<&str>)> {
    let mut blocks = Vec::new();
    let mut open: Option<(&str, usize, Vec<&str>)> = None;
    for (line, number) in text.lines().zip(1..) {
        match (line.strip_prefix("```"), &mut open) {
            (Some(language), None) => open = Some((language, number + 1, Vec::new())),
            (Some(_), Some(_)) => blocks.extend(open.take()),
            (None, Some((_, _, lines))) => lines.push(line),
            (None, None) => {}
        }
    }
    assert!(open.is_none(), "a block has no end");
    blocks
}

/// Every `$ rbac-eval` of the console blocks; a line that ends with `\` goes on in the next.
fn shown(text: &str) -> Vec<Shown> {
    let mut shown: Vec<Shown> = Vec::new();
    for (language, first, lines) in blocks(text) {
        if language != "console" {
            continue;
        }
        let mut lines = lines.into_iter().zip(first..);
        let mut below = false;
        while let Some((line, number)) = lines.next() {
            if let Some(command) = line.strip_prefix("$ ") {
                let mut command = command.to_owned();
                while let Some(begin) = command.strip_suffix('\\') {
                    let (more, _) = lines.next().expect("the command goes on");
                    command = format!("{begin}{more}");
                }
                let args = command.strip_prefix("rbac-eval ");
                let args = args.unwrap_or_else(|| panic!("README.md:{number}: {command}"));
                shown.push(Shown {
                    line: number,
                    args: words(args),
                    output: String::new(),
                });
                below = true;
            } else if below && let Some(last) = shown.last_mut() {
                last.output.push_str(line);
                last.output.push('\n');
            }
        }
    }
    shown
}

fn says(args: &[String]) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_rbac-eval"))
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .args(args)
        .env_remove("CLICOLOR_FORCE")
        .output()
        .unwrap();
    String::from_utf8([output.stdout, output.stderr].concat()).unwrap()
}

#[test]
fn every_command_says_what_the_readme_shows() {
    let shown = shown(&readme());
    assert!(shown.len() >= 6, "{}", shown.len());
    for Shown { line, args, output } in shown {
        // Commands that follow each other stand apart by an empty line.
        pretty_assertions::assert_eq!(
            output.trim_end(),
            says(&args).trim_end(),
            "README.md:{}",
            line
        );
    }
}

/// The first thing that a reader tries isn't a `$` line, since it is to be copied whole.
#[test]
fn the_first_command_says_what_stands_below_it() {
    let text = readme();
    let blocks = blocks(&text);
    let at = blocks
        .iter()
        .position(|(_, _, lines)| lines[0].starts_with("cargo run"))
        .unwrap();
    let (_, args) = blocks[at].2[0].split_once(" -- ").unwrap();
    pretty_assertions::assert_eq!(blocks[at + 1].2.join("\n"), says(&words(args)).trim_end());
}

#[test]
fn the_table_of_commands_names_every_subcommand() {
    let help = says(&["--help".to_owned()]);
    let commands = help.split_once("Commands:\n").unwrap().1;
    let commands = commands.split_once("\n\n").unwrap().0;
    let names: Vec<&str> = commands
        .lines()
        .filter_map(|line| line.split_whitespace().next())
        .filter(|name| *name != "help")
        .collect();
    assert!(names.len() >= 6, "{names:?}");
    let readme = readme();
    for name in names {
        assert!(readme.contains(&format!("| `rbac-eval {name}")), "{name}");
    }
}

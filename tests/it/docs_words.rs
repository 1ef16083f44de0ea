//! Commands and flags within sentences and tables of the pages are those of the program.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

use crate::support::docs::{names, page, paragraphs};

fn help(args: &[&str]) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_rbac-eval"))
        .args(args)
        .arg("--help")
        .output()
        .unwrap();
    assert!(output.status.success(), "{args:?}");
    String::from_utf8(output.stdout).unwrap()
}

/// The names of the subcommands, as the help of the program lists them.
fn subcommands() -> Vec<String> {
    let help = help(&[]);
    let (_, commands) = help.split_once("Commands:\n").unwrap();
    let (commands, _) = commands.split_once("\n\n").unwrap();
    commands
        .lines()
        .filter_map(|line| line.split_whitespace().next())
        .filter(|name| *name != "help")
        .map(str::to_owned)
        .collect()
}

/// The flags that a help lists.
fn flags(help: &str) -> BTreeSet<String> {
    help.lines()
        .map(str::trim_start)
        .filter(|line| line.starts_with('-'))
        .flat_map(|line| line.split([' ', ',', '=']))
        .filter(|word| word.starts_with('-'))
        .map(str::to_owned)
        .collect()
}

/// Code within sentences.
fn spans(line: &str) -> impl Iterator<Item = &str> {
    line.split('`').skip(1).step_by(2)
}

/// The flags that a command line names, up to where another program begins.
fn named(words: &str) -> impl Iterator<Item = &str> {
    words
        .split_whitespace()
        .take_while(|word| !matches!(*word, "|" | "\\|" | "&&" | ">"))
        .map(|word| word.trim_matches(['[', ']', '(', ')', '.', ',']))
        .map(|word| word.split(['=', '|']).next().unwrap_or(word))
        .filter(|word| word.len() > 1 && word.starts_with('-'))
}

#[test]
fn commands_in_sentences_are_those_of_the_program() {
    let known: BTreeMap<String, BTreeSet<String>> = subcommands()
        .into_iter()
        .map(|name| {
            let flags = flags(&help(&[&name]));
            (name, flags)
        })
        .collect();
    let (mut wrong, mut seen) = (Vec::new(), 0);
    for name in names() {
        let paragraphs = paragraphs(&page(&name));
        for span in paragraphs.iter().flat_map(|line| spans(line)) {
            let (is_whole, words) = match span.split_once("rbac-eval ") {
                Some((before, words)) => (!before.ends_with("kubectl "), words),
                None => (false, span),
            };
            let (command, rest) = words.split_once(' ').unwrap_or((words, ""));
            match known.get(command) {
                Some(flags) => {
                    seen += 1;
                    let unknown = named(rest).find(|flag| !flags.contains(*flag));
                    wrong.extend(unknown.map(|flag| format!("{name}: `{span}`: {flag}")));
                }
                // `COMMAND` stands for any, and a comment that is ignored begins with `# `.
                None if is_whole
                    && !span.starts_with('#')
                    && command.chars().all(|one| one.is_lowercase() || one == '-') =>
                {
                    wrong.push(format!("{name}: `{span}`: {command}"));
                }
                None => {}
            }
        }
    }
    assert!(seen >= 100, "{seen}");
    assert_eq!(wrong, [""; 0], "what the program doesn't have");
}

#[test]
fn flags_are_told_from_words() {
    let all: Vec<&str> = named("can-i … --suggest [--env=NAME] -f - | sort -u").collect();
    assert_eq!(all, ["--suggest", "--env", "-f"]);
    let help = "      --as <USER>\n          Whoever -x\n  -n, --namespace <NAMESPACE>\n";
    let known: Vec<String> = flags(help).into_iter().collect();
    assert_eq!(known, ["--as", "--namespace", "-n"]);
}

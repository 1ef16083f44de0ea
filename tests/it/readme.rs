//! The README shows what the program says today: every command of its console blocks is run from
//! the root of the repository, where a reader would run it.

use std::ffi::OsStr;
use std::path::Path;
use std::process::{Command, Output};

use crate::can_i_transcripts;
use crate::support::{RECORDED, jsonl, recorded};
use rbac_eval::kube::ALIASED_IN_ALL;
use rbac_eval::kube::default_policy::DefaultPolicy;
use rbac_eval::review::MAX_REVIEW;
use rbac_eval::text::yaml::Limits;
use serde::Deserialize;
use serde::de::IgnoredAny;

#[allow(dead_code, reason = "the benches use more of it")]
#[path = "../../benches/support/scale.rs"]
mod scale;

/// A command that the README shows, and what it shows below it.
struct Shown {
    line: usize,
    /// The folder that it is run in.
    folder: String,
    args: Vec<String>,
    output: String,
}

fn page(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(name);
    std::fs::read_to_string(path).unwrap()
}

fn readme() -> String {
    page("README.md")
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
        let mut folder = String::new();
        while let Some((line, number)) = lines.next() {
            if let Some(command) = line.strip_prefix("$ ") {
                let mut command = command.to_owned();
                while let Some(begin) = command.strip_suffix('\\') {
                    let (more, _) = lines.next().expect("the command goes on");
                    command = format!("{begin}{more}");
                }
                if let Some(to) = command.strip_prefix("cd ") {
                    to.clone_into(&mut folder);
                    continue;
                }
                let args = command.strip_prefix("rbac-eval ");
                let args = args.unwrap_or_else(|| panic!("README.md:{number}: {command}"));
                shown.push(Shown {
                    line: number,
                    folder: folder.clone(),
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

fn run(args: &[impl AsRef<OsStr>]) -> Output {
    run_in("", args)
}

/// The same in a folder of the repository.
fn run_in(folder: &str, args: &[impl AsRef<OsStr>]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_rbac-eval"))
        .current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join(folder))
        .args(args)
        .env_remove("CLICOLOR_FORCE")
        .output()
        .unwrap()
}

fn says(args: &[String]) -> String {
    said(run(args))
}

fn said(output: Output) -> String {
    String::from_utf8([output.stdout, output.stderr].concat()).unwrap()
}

#[test]
fn every_command_says_what_the_readme_shows() {
    let shown = shown(&readme());
    assert!(shown.len() >= 6, "{}", shown.len());
    for one in shown {
        let Shown {
            line,
            folder,
            args,
            output,
        } = one;
        // Commands that follow each other stand apart by an empty line.
        let (output, said) = (output.trim_end(), said(run_in(&folder, &args)));
        let said = match output.strip_suffix("\n…") {
            // A long answer is shown by its beginning.
            Some(beginning) => {
                let shown = beginning.lines().count();
                assert!(
                    said.lines().count() > shown,
                    "README.md:{line}: nothing is left out"
                );
                let lines: Vec<&str> = said.lines().take(shown).collect();
                lines.join("\n") + "\n…"
            }
            None => said.trim_end().to_owned(),
        };
        pretty_assertions::assert_eq!(output, said, "README.md:{}", line);
    }
}

/// The settings of the example are those that it shows.
#[test]
fn the_environments_are_those_of_the_example() {
    let name = "testdata/environments/.rbac-eval.yaml";
    let readme = readme();
    let title = format!("# {name}");
    let blocks = blocks(&readme);
    let (.., lines) = blocks
        .iter()
        .find(|(.., lines)| lines.first() == Some(&&*title))
        .unwrap();
    pretty_assertions::assert_eq!(lines[1..].join("\n"), page(name).trim_end());
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

/// What stands outside of the fenced blocks, without its line breaks.
fn prose(text: &str) -> String {
    let mut inside = false;
    let mut words = Vec::new();
    for line in text.lines() {
        if line.starts_with("```") {
            inside = !inside;
        } else if !inside {
            words.extend(line.split_whitespace());
        }
    }
    words.join(" ")
}

/// A number with commas between its thousands.
fn spelled(number: usize) -> String {
    match (number / 1000, number % 1000) {
        (0, rest) => rest.to_string(),
        (more, rest) => format!("{},{rest:03}", spelled(more)),
    }
}

/// Millions in words.
fn millions(number: u64) -> String {
    assert_eq!(number % 1_000_000, 0);
    match number / 1_000_000 {
        1 => "a million".to_owned(),
        many => format!("{many} million"),
    }
}

fn mebibytes(number: u64) -> String {
    assert_eq!(number % (1 << 20), 0);
    format!("{} MiB", number >> 20)
}

/// What the last run of the benches measured, from the row of their table that begins so.
fn measured(row: &str) -> String {
    let speed = page("docs/speed.md");
    let cells = speed
        .lines()
        .find_map(|line| line.strip_prefix(&format!("| {row}")))
        .unwrap_or_else(|| panic!("{row}"));
    cells.split(" | ").nth(1).unwrap().to_owned()
}

/// What the README states in numbers, each worked out from what the number is about.
fn statements() -> Vec<String> {
    let cases = RECORDED.map(recorded);
    let count = |of: &dyn Fn(&Path) -> usize| spelled(cases.iter().map(|case| of(case)).sum());
    let answers = count(&|case| jsonl(&case.join("reviews.jsonl")).len());
    let runs = count(&|case| can_i_transcripts::replayed(case).len());

    let newest = DefaultPolicy::newest().version;
    assert!(DefaultPolicy::of_version("1.24").is_some());

    #[derive(Deserialize)]
    struct List {
        items: Vec<IgnoredAny>,
    }
    let json = scale::Cluster::new(1000).json(false);
    let objects = serde_json::from_str::<List>(&json).unwrap().items.len();
    let size = format!("{:.1} MB", json.len() as f64 / 1e6);
    let decision = measured("one decision, 1,000 namespaces");
    let nanoseconds: u32 = decision.strip_suffix(" ns").unwrap().parse().unwrap();
    assert!(nanoseconds < 1000);
    let one_shot = measured(&format!("one-shot `can-i`, {size} cluster"));

    let mut statements = vec![
        format!(
            "held against {answers} answers recorded from a real API server and {runs} runs of kubectl."
        ),
        format!("(of Kubernetes {newest})"),
        "`--defaults 1.24` names a version".to_owned(),
        format!(
            "A decision takes less than a microsecond on a cluster of {} objects, a question about \
             its {size} dump {one_shot} from start to exit",
            spelled(objects)
        ),
        env!("CARGO_PKG_LICENSE").to_owned(),
        // The answer's name.
        "403 Forbidden".to_owned(),
    ];
    statements.extend(exit_codes());
    statements.push(bounds());
    statements
}

fn bounds() -> String {
    let Limits {
        depth,
        nodes,
        bytes,
    } = Limits::default().as_deep_as_kubectl();
    format!(
        "{depth} levels of nesting, {} nodes and {} of strings a YAML document, {} nodes out of all \
         aliases, {} a review",
        millions(nodes),
        mebibytes(bytes),
        millions(ALIASED_IN_ALL),
        mebibytes(MAX_REVIEW as u64)
    )
}

/// The rows of the table, and what is said of a file that doesn't parse.
fn exit_codes() -> Vec<String> {
    let code = |args: &str| {
        let words: Vec<&str> = args.split(' ').collect();
        run(&words).status.code().unwrap()
    };
    let quickstart = "-n default -f testdata/quickstart/rbac.yaml";
    let unused = code("can-i get pods --no-such-flag");
    let broken = code("can-i get pods --as alice -f Cargo.toml");
    assert_eq!(unused, broken);
    vec![
        format!(
            "| {} | yes |",
            code(&format!("can-i get pods --as alice {quickstart}"))
        ),
        format!(
            "| {} | no |",
            code(&format!("can-i delete pods --as alice {quickstart}"))
        ),
        format!("| {broken} | bad usage, or input that can't be read (kubectl says 1) |"),
        format!("A named file that doesn't parse leaves no verdict: exit code {broken}"),
    ]
}

#[test]
fn every_number_in_the_prose_is_the_true_one() {
    let mut rest = prose(&readme());
    for statement in statements() {
        assert!(rest.contains(&statement), "{statement}\nis not in:\n{rest}");
        rest = rest.replacen(&statement, "", 1);
    }
    let more: Vec<&str> = rest
        .split(' ')
        .filter(|word| word.contains(|character: char| character.is_ascii_digit()))
        .collect();
    assert_eq!(more, [""; 0], "numbers that nothing holds");
}

#[test]
fn the_table_of_bounds_has_the_true_ones() {
    let contributing = prose(&page("CONTRIBUTING.md"));
    let Limits {
        depth,
        nodes,
        bytes,
    } = Limits::default();
    let of_kubectl = Limits::default().as_deep_as_kubectl().depth;
    for row in [
        format!(
            "| nesting | {of_kubectl} levels, as for kubectl; {depth} in what isn't a manifest |"
        ),
        format!(
            "| a YAML document | {} nodes, {} of strings, aliases expanded |",
            millions(nodes),
            mebibytes(bytes)
        ),
        format!(
            "| what aliases expand to | of a document as much as kubectl takes, of all together {} nodes;",
            millions(ALIASED_IN_ALL)
        ),
        format!("| a review | {} |", mebibytes(MAX_REVIEW as u64)),
    ] {
        assert!(contributing.contains(&row), "{row}");
    }
}

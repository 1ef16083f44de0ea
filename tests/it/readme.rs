//! What README and the reference state is true: numbers, exit codes, the table of commands, settings of
//! examples. The commands that pages show are run by `docs_commands`.

use std::ffi::OsStr;
use std::path::Path;
use std::process::{Command, Output};

use crate::can_i_transcripts;
use crate::support::docs::{blocks, page, prose};
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

fn readme() -> String {
    page("README.md")
}

/// The words of a command line without quotes.
fn words(command: &str) -> Vec<String> {
    command.split_whitespace().map(str::to_owned).collect()
}

fn run(args: &[impl AsRef<OsStr>]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_rbac-eval"))
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .args(args)
        .env_remove("CLICOLOR_FORCE")
        .output()
        .unwrap()
}

fn says(args: &[String]) -> String {
    let output = run(args);
    String::from_utf8([output.stdout, output.stderr].concat()).unwrap()
}

/// The settings of the example are those that it shows.
#[test]
fn the_environments_are_those_of_the_example() {
    let name = "testdata/environments/.rbac-eval.yaml";
    let readme = readme();
    let title = format!("# {name}");
    let blocks = blocks(&readme);
    let block = blocks
        .iter()
        .find(|block| block.lines.first() == Some(&&*title))
        .unwrap();
    pretty_assertions::assert_eq!(block.lines[1..].join("\n"), page(name).trim_end());
}

/// The first thing that a reader tries isn't a `$` line, since it is to be copied whole.
#[test]
fn the_first_command_says_what_stands_below_it() {
    let text = readme();
    let blocks = blocks(&text);
    let at = blocks
        .iter()
        .position(|block| block.lines[0].starts_with("cargo run"))
        .unwrap();
    let (_, args) = blocks[at].lines[0].split_once(" -- ").unwrap();
    let shown = blocks[at + 1].lines.join("\n");
    pretty_assertions::assert_eq!(shown, says(&words(args)).trim_end());
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
        format!("Rust {} or newer", env!("CARGO_PKG_RUST_VERSION")),
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
    statements
}

/// The same of docs/reference.md.
fn statements_of_the_reference() -> Vec<String> {
    let newest = DefaultPolicy::newest().version;
    assert!(DefaultPolicy::of_version("1.24").is_some());
    let broken = exit_code("can-i get pods --as alice -f Cargo.toml");
    vec![
        format!("A named file that doesn't parse leaves no verdict: exit code {broken}"),
        format!("else of Kubernetes {newest})"),
        "`--defaults 1.24` names a version".to_owned(),
        bounds(),
        format!("what isn't judged where that counts make it {broken}."),
    ]
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

fn exit_code(args: &str) -> i32 {
    run(&words(args)).status.code().unwrap()
}

/// The rows of the table.
fn exit_codes() -> Vec<String> {
    let quickstart = "-n default -f testdata/quickstart/rbac.yaml";
    let unused = exit_code("can-i get pods --no-such-flag");
    let broken = exit_code("can-i get pods --as alice -f Cargo.toml");
    assert_eq!(unused, broken);
    vec![
        format!(
            "| {} | yes |",
            exit_code(&format!("can-i get pods --as alice {quickstart}"))
        ),
        format!(
            "| {} | no |",
            exit_code(&format!("can-i delete pods --as alice {quickstart}"))
        ),
        format!("| {broken} | bad usage, or input that can't be read (kubectl says 1) |"),
    ]
}

#[test]
fn every_number_in_the_prose_is_the_true_one() {
    for (name, statements) in [
        ("README.md", statements()),
        ("docs/reference.md", statements_of_the_reference()),
    ] {
        let mut rest = prose(&page(name));
        for statement in statements {
            assert!(
                rest.contains(&statement),
                "{statement}\nis not in {name}:\n{rest}"
            );
            rest = rest.replacen(&statement, "", 1);
        }
        let more: Vec<&str> = rest
            .split(' ')
            .filter(|word| word.contains(|character: char| character.is_ascii_digit()))
            .collect();
        assert_eq!(more, [""; 0], "numbers of {name} that nothing holds");
    }
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

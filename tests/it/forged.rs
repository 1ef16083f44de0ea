//! Names, file names and values of the input forge nothing, in no output of any command: no line, no
//! cell, no record, no command of a CI system.

use std::path::Path;
use std::process::Output;

use pretty_assertions::assert_eq;
use quick_xml::XmlVersion;
use quick_xml::events::Event;
use rbac_eval::text::{Quotes, misleads, write_yaml};
use serde_json::Value;
use tempfile::TempDir;

use crate::support::hostile::{NAMES, assertions, cluster, names_of_assertions};
use crate::support::told::{put, run};

/// A folder with the cluster in `p`, an empty one in `empty`, and the assertions.
fn folder() -> TempDir {
    let folder = TempDir::new().unwrap();
    cluster(&folder.path().join("p"));
    put(
        folder.path(),
        "empty/none.yaml",
        "kind: ConfigMap\napiVersion: v1\n",
    );
    let mut yaml = Vec::new();
    write_yaml(&assertions(), Quotes::AsNeeded, &mut yaml).unwrap();
    put(folder.path(), "a.yaml", yaml);
    folder
}

fn ask(folder: &Path, args: &[&str]) -> Output {
    let compares = args[0] == "diff";
    let from: &[&str] = if compares { &[] } else { &["-f", "p"] };
    run(folder, &[args, &["--defaults", "none"], from].concat(), b"")
}

fn text(bytes: &[u8]) -> &str {
    str::from_utf8(bytes).unwrap()
}

fn stdout(folder: &Path, args: &[&str]) -> String {
    let output = ask(folder, args);
    assert!(
        !output.stdout.is_empty(),
        "{args:?}: {}",
        text(&output.stderr)
    );
    text(&output.stdout).to_owned()
}

fn json(folder: &Path, args: &[&str]) -> Value {
    serde_json::from_str(&stdout(folder, &[args, &["-o", "json"]].concat())).unwrap()
}

fn len(value: &Value) -> usize {
    value.as_array().unwrap().len()
}

/// Every format of every command.
const FORMATS: [(&[&str], &[&str]); 9] = [
    (&["can-i", "get", "pods"], &["text", "json", "yaml"]),
    (
        &["can-i", "--list"],
        &["text", "wide", "json", "yaml", "csv"],
    ),
    (
        &["who-can", "get", "pods"],
        &["table", "wide", "name", "json", "yaml", "csv"],
    ),
    (&["lookup", "--rules", "x"], &["text", "json", "yaml"]),
    (&["lookup", "x"], &["text", "wide", "name", "csv"]),
    (
        &["matrix", "pods"],
        &["table", "name", "json", "yaml", "csv", "markdown"],
    ),
    (&["check"], &["table", "json", "yaml", "sarif", "github"]),
    (
        &["diff", "empty", "p"],
        &["table", "markdown", "json", "yaml", "sarif", "github"],
    ),
    (
        &["test", "a.yaml"],
        &["table", "tap", "junit", "json", "yaml"],
    ),
];

#[test]
fn no_output_of_any_command_misleads() {
    let folder = folder();
    let mut asked = 0;
    let mut all: Vec<Vec<&str>> = Vec::new();
    // An argument holds no NUL.
    let names = NAMES.iter().filter(|name| !name.contains('\0'));
    let users: Vec<String> = names.map(|name| format!("--as={name}")).collect();
    for (command, formats) in FORMATS {
        for format in formats {
            if command[0] == "can-i" {
                let users = users.iter();
                all.extend(users.map(|user| [command, &[user, "-o", format]].concat()));
            } else {
                all.push([command, &["-o", format]].concat());
            }
        }
    }
    for name in ["x\nyes", "\u{202e}nimda"] {
        all.push(vec!["can-i", "--list", "--as", name]);
        all.push(vec!["can-i", name, name, "--as", name, "-n", name]);
        all.push(vec!["lookup", name]);
        all.push(vec!["who-can", name, name]);
        all.push(vec!["matrix", "--as", name]);
        all.push(vec!["matrix", name]);
    }
    for args in all {
        let output = ask(folder.path(), &args);
        for stream in [&output.stdout, &output.stderr] {
            let stream = text(stream);
            let found = stream.find(|c| misleads(c) && c != '\n');
            assert_eq!(found.map(|at| &stream[at..]), None, "{args:?}");
            for command in ["##[", "##vso["] {
                assert!(!stream.contains(command), "{args:?}: {stream}");
            }
        }
        if !args.contains(&"github") {
            let line = text(&output.stdout)
                .lines()
                .find(|line| line.trim().starts_with("::"));
            assert_eq!(line, None, "{args:?}");
        }
        asked += 1;
    }
    assert!(asked > 140, "{asked}");
}

#[test]
fn csv_has_its_records_and_no_formula() {
    let folder = folder();
    for (args, key) in [
        (&["who-can", "get", "pods"][..], "subjects"),
        (&["matrix", "pods"], "rows"),
        (&["who-can", "get", "secrets"], "subjects"),
    ] {
        let answer = json(folder.path(), args);
        let rows = answer[key].as_array().unwrap().iter().map(|row| {
            let grants = row.get("grants").map_or(1, len);
            grants.max(1)
        });
        let rows = rows.sum::<usize>() + len(&answer["unjudged"]);
        let table = stdout(folder.path(), &[args, &["-o", "csv"]].concat());
        assert_eq!(table.lines().count(), 1 + rows, "a cell breaks its line");
        let mut reader = csv::ReaderBuilder::new().from_reader(table.as_bytes());
        let records: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
        assert_eq!(records.len(), rows);
        for cell in records.iter().flatten() {
            let begin = cell.trim_start_matches(|c: char| c.is_whitespace() || c == '"');
            let formula = begin.starts_with(['=', '+', '-', '@', '\t', '\r', '＝', '＋']);
            assert!(!formula, "{cell}");
            // What is empty has nothing in it, not even a word for that.
            assert!(!matches!(cell, "-" | "<none>" | "\"\""), "{table}");
        }
        assert!(table.contains(",,"), "{table}");
        assert!(table.contains("'=cmd()"), "{table}");
    }
}

#[test]
fn documents_have_the_names_themselves() {
    let folder = folder();
    for args in [
        &["who-can", "get", "pods"][..],
        &["diff", "empty", "p"],
        &["lookup", "x"],
    ] {
        let answer = json(folder.path(), args);
        let yaml = stdout(folder.path(), &[args, &["-o", "yaml"]].concat());
        let yaml: Value = serde_yaml::from_str(&yaml).unwrap();
        assert_eq!(yaml, answer, "{args:?}");
    }
    let answer = json(folder.path(), &["who-can", "get", "pods"]);
    let subjects = answer["subjects"].as_array().unwrap();
    for name in NAMES {
        let found = subjects.iter().filter(|subject| subject["name"] == name);
        assert_eq!(found.count(), 2, "{name:?}");
    }
}

#[test]
fn test_reports_have_one_test_an_assertion() {
    let folder = folder();
    let names = names_of_assertions().len();
    let all = 2 * names + 1;
    let tap = stdout(folder.path(), &["test", "a.yaml", "-o", "tap"]);
    let mut lines = tap.lines();
    assert_eq!(lines.next(), Some("TAP version 13"));
    assert_eq!(lines.next(), Some(&*format!("1..{all}")));
    let (mut passed, mut failed) = (0, 0);
    for line in lines {
        if line.starts_with("# ") {
            continue;
        }
        // As readers look for a directive that know of escapes, and as those that don't.
        let directive = |text: &str| {
            text.to_lowercase().split('#').skip(1).any(|after| {
                let after = after.trim_start();
                after.starts_with("skip") || after.starts_with("todo")
            })
        };
        assert!(!directive(line), "{line}");
        let number = passed + failed + 1;
        if line.starts_with(&format!("ok {number} - ")) {
            passed += 1;
        } else {
            assert!(line.starts_with(&format!("not ok {number} - ")), "{line}");
            failed += 1;
        }
    }
    assert_eq!((passed, failed), (names, names + 1));

    let junit = stdout(folder.path(), &["test", "a.yaml", "-o", "junit"]);
    let mut reader = quick_xml::Reader::from_str(&junit);
    let (mut cases, mut failures) = (0, 0);
    loop {
        match reader.read_event().unwrap() {
            Event::Eof => break,
            Event::Start(tag) | Event::Empty(tag) => {
                cases += usize::from(tag.name().as_ref() == b"testcase");
                failures += usize::from(tag.name().as_ref() == b"failure");
                for attribute in tag.attributes() {
                    attribute
                        .unwrap()
                        .normalized_value(XmlVersion::Implicit1_0)
                        .unwrap();
                }
            }
            Event::Text(_) | Event::GeneralRef(_) | Event::End(_) | Event::Decl(_) => {}
            event => panic!("{event:?}"),
        }
    }
    assert_eq!((cases, failures), (all, names + 1));
    assert!(junit.contains("\\u{fffe}"));
    // Source: `Char` of XML 1.0.
    let forbidden = |c| matches!(c, '\0'..='\u{8}' | '\u{b}' | '\u{c}' | '\u{e}'..='\u{1f}' | '\u{fffe}' | '\u{ffff}');
    assert!(!junit.contains(forbidden), "{junit}");
    for reference in ["&#0", "&#x0", "&#8;", "&#xFFFE", "&#65534"] {
        assert!(!junit.contains(reference), "{junit}");
    }
}

#[test]
fn reports_of_findings_have_one_result_each() {
    let folder = folder();
    for (args, key) in [
        (&["check"][..], "findings"),
        (&["diff", "empty", "p"], "changes"),
    ] {
        let answer = json(folder.path(), args);
        let mut results = len(&answer[key]);
        if key == "changes" {
            results += len(&answer["unjudged"]);
        }
        let sarif: Value =
            serde_json::from_str(&stdout(folder.path(), &[args, &["-o", "sarif"]].concat()))
                .unwrap();
        let told = sarif["runs"][0]["results"].as_array().unwrap();
        assert_eq!(told.len(), results, "{args:?}");
        for result in told {
            let message = result["message"]["text"].as_str().unwrap();
            assert!(!message.contains("]("), "a link: {message}");
            assert!(!message.contains(misleads), "{message:?}");
            for location in result["locations"].as_array().unwrap() {
                let uri = &location["physicalLocation"]["artifactLocation"]["uri"];
                let uri = uri.as_str().unwrap();
                assert!(
                    uri.starts_with("p/") && !uri.contains([':', '\\', '#']),
                    "{uri}"
                );
            }
        }
        let commands = stdout(folder.path(), &[args, &["-o", "github"]].concat());
        for line in commands.lines() {
            let known = ["::error ", "::warning ", "::notice "];
            assert!(known.iter().any(|begin| line.starts_with(begin)), "{line}");
            // One command a line, its properties ended by the first `::`.
            let (properties, message) = line[2..].split_once("::").unwrap();
            assert!(properties.split(',').count() <= 3, "{line}");
            assert!(
                !message.contains("%0A") && !message.contains("%0D"),
                "{line}"
            );
        }
    }
}

/// How many lines stand this far in. What goes on from the line before stands further in than any line
/// that may follow it.
fn lines_at(text: &str, indent: usize) -> usize {
    let blanks = |line: &str| line.len() - line.trim_start_matches(' ').len();
    text.lines().filter(|line| blanks(line) == indent).count()
}

#[test]
fn texts_have_their_lines_however_long_names_are() {
    let folder = folder();
    for name in NAMES {
        if name.contains('\0') {
            continue;
        }
        let user = format!("--as={name}");
        let args = ["can-i", "get", "pods", &user];
        let answer = json(folder.path(), &args);
        let told = stdout(folder.path(), &args);
        let grants = answer["grants"].as_array().unwrap();
        let headings = grants
            .chunk_by(|a, b| (&a["binding"], &a["subject"]) == (&b["binding"], &b["subject"]))
            .count();
        assert_eq!(
            (lines_at(&told, 0), lines_at(&told, 2)),
            (1 + headings + len(&answer["notes"]), grants.len()),
            "{told}"
        );
        let place = told
            .lines()
            .filter(|line| line.ends_with("  other.yaml:1"))
            .count();
        assert_eq!(place, 0, "{told}");
    }
    let findings = len(&json(folder.path(), &["check"])["findings"]);
    let told = stdout(folder.path(), &["check"]);
    assert_eq!(
        (lines_at(&told, 0), lines_at(&told, 2)),
        (findings + 1, findings)
    );
}

#[test]
fn tables_have_their_columns() {
    let folder = folder();
    let answer = json(folder.path(), &["who-can", "get", "pods"]);
    let subjects = answer["subjects"].as_array().unwrap().iter();
    let rows: usize = subjects.map(|subject| len(&subject["grants"]).max(1)).sum();
    let args = ["who-can", "get", "pods", "-o", "wide", "--system"];
    let table = stdout(folder.path(), &args);
    let table: Vec<&str> = table.lines().take_while(|line| !line.is_empty()).collect();
    assert_eq!(table.len(), 1 + rows);
    // Three blanks stand between columns, and in no cell two.
    let cells = |line: &str| {
        line.split("   ")
            .filter(|cell| !cell.trim().is_empty())
            .count()
    };
    for line in &table[1..] {
        assert!(cells(line) <= 8, "{line}");
        assert!(
            line.starts_with("User ") || line.starts_with("Group "),
            "{line}"
        );
    }
    // kubectl's table, whose lists stand in brackets.
    for name in NAMES.iter().filter(|name| !name.contains('\0')) {
        let user = format!("--as={name}");
        let list = stdout(folder.path(), &["can-i", "--list", &user]);
        for line in list.lines().skip(1) {
            let cells: Vec<&str> = line.split("   ").filter(|cell| !cell.is_empty()).collect();
            assert!((3..=4).contains(&cells.len()), "{line}");
        }
    }
}

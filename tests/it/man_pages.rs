//! The manual pages: their form, what they say, and where they are written.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use pretty_assertions::assert_eq;
use tempfile::TempDir;

use crate::support::gates::{run, text};
use crate::support::stand_in::on_path;

const SUBCOMMANDS: [&str; 13] = [
    "can-i",
    "who-can",
    "lookup",
    "matrix",
    "paths",
    "check",
    "diff",
    "upgrade",
    "test",
    "review",
    "init",
    "completions",
    "man",
];

fn page(arguments: &[&str]) -> String {
    let folder = TempDir::new().unwrap();
    let output = run(folder.path(), &[&["man"], arguments].concat());
    assert_eq!(output.status.code(), Some(0), "{}", text(&output));
    assert!(output.stderr.is_empty(), "{}", text(&output));
    String::from_utf8(output.stdout).unwrap()
}

/// The headings of a page, in their order.
fn headings(page: &str) -> Vec<&str> {
    let lines = page.lines().filter_map(|line| line.strip_prefix(".SH "));
    lines.map(|heading| heading.trim_matches('"')).collect()
}

#[test]
fn the_page_of_the_program_names_all_there_is() {
    let page = page(&[]);
    assert_eq!(
        headings(&page),
        [
            "NAME",
            "SYNOPSIS",
            "DESCRIPTION",
            "OPTIONS",
            "SUBCOMMANDS",
            "EXIT STATUS",
            "FILES",
            "SEE ALSO"
        ]
    );
    let page = page.replace("\\-", "-");
    for name in SUBCOMMANDS {
        let mentions = page.matches(&format!("rbac-eval-{name}(1)")).count();
        assert_eq!(mentions, 2, "{name}");
    }
    assert!(page.contains(".rbac-eval.yaml"));
    for code in ["0", "1", "2", "141"] {
        assert!(page.contains(&format!("\n\\fB{code}\\fR\n")), "{code}");
    }
}

#[test]
fn each_subcommand_has_a_page() {
    for name in SUBCOMMANDS {
        let page = page(&[name]).replace("\\-", "-");
        assert!(page.contains(&format!(".TH rbac-eval-{name} 1 ")), "{page}");
        let headings = headings(&page);
        assert_eq!(headings[..3], ["NAME", "SYNOPSIS", "DESCRIPTION"], "{name}");
        assert!(headings.contains(&"EXAMPLES"), "{name}");
        // More than the line that lists show.
        let description = page
            .split(".SH ")
            .find(|part| part.starts_with("DESCRIPTION"));
        assert!(description.unwrap().contains("\n.PP\n"), "{name}");
        assert!(!headings.contains(&"EXTRA"), "{name}");
    }
}

/// As groff reads the page, with all its warnings.
#[test]
fn pages_are_sound_roff() {
    let all = SUBCOMMANDS.iter().map(|name| vec![*name]);
    for arguments in std::iter::once(Vec::new()).chain(all) {
        let page = page(&arguments);
        // What every reader of roff takes: no line begins a request by chance.
        for line in page.lines().filter(|line| line.starts_with(['.', '\''])) {
            let request = line.split(' ').next().unwrap();
            let known = [
                ".ie", ".el", ".TH", ".SH", ".TP", ".PP", ".RS", ".RE", ".IP", ".nf", ".fi", ".br",
                ".ds",
            ];
            assert!(known.contains(&request), "{line}");
        }
        if on_path("groff").is_some() {
            let output = groff(&page);
            assert!(output.status.success());
            assert_eq!(String::from_utf8_lossy(&output.stderr), "", "{arguments:?}");
            assert!(String::from_utf8_lossy(&output.stdout).contains("offline"));
        }
    }
}

fn groff(page: &str) -> Output {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("page");
    fs::write(&path, page).unwrap();
    Command::new("groff")
        .args(["-man", "-Tutf8", "-ww"])
        .arg(path)
        .stdin(Stdio::null())
        .output()
        .unwrap()
}

#[test]
fn pages_are_written_into_the_folder() {
    let folder = TempDir::new().unwrap();
    let at = folder.path();
    let output = run(at, &["man", "--out", "new/man1"]);
    assert_eq!(text(&output), "note: wrote 14 pages into `new/man1`\n");
    let names = |folder: &Path| {
        let mut names: Vec<String> = fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    };
    let mut expected: Vec<String> = SUBCOMMANDS
        .iter()
        .map(|name| format!("rbac-eval-{name}.1"))
        .collect();
    expected.push("rbac-eval.1".to_owned());
    expected.sort();
    assert_eq!(names(&at.join("new/man1")), expected);
    let written = fs::read_to_string(at.join("new/man1/rbac-eval-can-i.1")).unwrap();
    assert_eq!(written, page(&["can-i"]));
    // Again, over those of before.
    fs::write(at.join("new/man1/rbac-eval.1"), "old").unwrap();
    assert_eq!(
        run(at, &["man", "--out", "new/man1"]).status.code(),
        Some(0)
    );
    assert_eq!(
        fs::read_to_string(at.join("new/man1/rbac-eval.1")).unwrap(),
        page(&[])
    );
    // One alone.
    let output = run(at, &["man", "diff", "--out", "one"]);
    assert_eq!(text(&output), "note: wrote 1 page into `one`\n");
    assert_eq!(names(&at.join("one")), ["rbac-eval-diff.1"]);
}

#[test]
fn nothing_is_written_through_a_link() {
    let folder = TempDir::new().unwrap();
    let at = folder.path();
    let (pages, other) = (at.join("pages"), at.join("other"));
    fs::create_dir(&pages).unwrap();
    fs::write(&other, "mine").unwrap();
    for target in [&other, &at.join("absent")] {
        symlink(target, pages.join("rbac-eval-man.1")).unwrap();
        let output = run(at, &["man", "--out", "pages"]);
        assert_eq!(output.status.code(), Some(2));
        assert_eq!(
            text(&output),
            "error: cannot write `pages/rbac-eval-man.1`: it is there already and isn't a regular file; \
             move it away\n"
        );
        assert_eq!(
            fs::read_dir(&pages).unwrap().count(),
            1,
            "none of the others is written"
        );
        fs::remove_file(pages.join("rbac-eval-man.1")).unwrap();
    }
    assert_eq!(fs::read_to_string(&other).unwrap(), "mine");
    assert!(!at.join("absent").exists());
    // Another name of a page isn't written to.
    fs::hard_link(&other, pages.join("rbac-eval.1")).unwrap();
    assert_eq!(run(at, &["man", "--out", "pages"]).status.code(), Some(0));
    assert_eq!(fs::read_to_string(&other).unwrap(), "mine");
    let output = run(at, &["man", "--out", "other"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(
        text(&output).starts_with("error: cannot write `other`: "),
        "{}",
        text(&output)
    );
}

#[test]
fn an_unknown_subcommand_is_refused() {
    let folder = TempDir::new().unwrap();
    let output = run(folder.path(), &["man", "can-1"]);
    assert_eq!(output.status.code(), Some(2));
    assert_eq!(
        text(&output),
        format!(
            "error: `can-1` is no subcommand; did you mean `can-i`; there are {}\n",
            SUBCOMMANDS.join(", ")
        )
    );
}

//! Holds `DESIGN.md` to the code: who imports whom, and where libraries are known.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use pretty_assertions::assert_eq;

/// The Rust files below a folder, by path from the top of the repository.
fn sources() -> Vec<(PathBuf, String)> {
    let mut files = Vec::new();
    let mut folders = vec![PathBuf::from("src")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|ending| ending == "rs") {
                let text = fs::read_to_string(&path).unwrap();
                files.push((path, text));
            }
        }
    }
    files.sort();
    files
}

/// A text without comments, and without what is compiled for tests alone.
fn code(text: &str) -> String {
    let end = text.find("\n#[cfg(test)]\nmod ").unwrap_or(text.len());
    let lines = text[..end].lines();
    lines
        .filter(|line| !line.trim_start().starts_with("//"))
        .collect::<Vec<_>>()
        .join("\n")
}

fn is_for_tests(path: &Path) -> bool {
    path.components().any(|part| part.as_os_str() == "tests") || path.ends_with("tests.rs")
}

/// The rows of the table of `DESIGN.md` whose heading begins so, cell by cell.
fn table(heading: &str) -> Vec<Vec<String>> {
    let design = fs::read_to_string("DESIGN.md").unwrap();
    let rows = design
        .lines()
        .skip_while(|line| !line.starts_with(heading))
        .skip(2)
        .take_while(|line| line.starts_with('|'));
    let cells = |row: &str| {
        let row = row.trim_matches('|');
        row.split('|').map(|cell| cell.trim().to_owned()).collect()
    };
    let rows: Vec<Vec<String>> = rows.map(cells).collect();
    assert!(!rows.is_empty(), "`DESIGN.md` has no table `{heading}`");
    rows
}

/// The words of a cell that stand in backticks.
fn quoted(cell: &str) -> BTreeSet<String> {
    let parts = cell.split('`').skip(1).step_by(2);
    parts.map(str::to_owned).collect()
}

/// What stands after each `prefix` of a code: `a` of `crate::a::b`, and of `crate::{a, b::c}`.
fn named_after(code: &str, prefix: &str) -> BTreeSet<String> {
    let word = |text: &str| -> String {
        let letters = text.chars();
        letters
            .take_while(|&letter| letter.is_ascii_alphanumeric() || letter == '_')
            .collect()
    };
    let mut found = BTreeSet::new();
    for (at, _) in code.match_indices(prefix) {
        let rest = &code[at + prefix.len()..];
        match rest.strip_prefix('{') {
            None => drop(found.insert(word(rest))),
            Some(list) => {
                let mut depth = 0;
                let mut begins = true;
                for (at, letter) in list.char_indices() {
                    match letter {
                        '{' => depth += 1,
                        '}' if depth == 0 => break,
                        '}' => depth -= 1,
                        ',' if depth == 0 => begins = true,
                        letter if begins && !letter.is_whitespace() => {
                            found.insert(word(&list[at..]));
                            begins = false;
                        }
                        _ => {}
                    }
                }
            }
        }
    }
    found
}

/// The room of a file: the first folder below `src`, or the file itself.
fn room(path: &Path) -> String {
    let below = path.strip_prefix("src").unwrap();
    let first = below.components().next().unwrap();
    let first = first.as_os_str().to_str().unwrap();
    first.strip_suffix(".rs").unwrap_or(first).to_owned()
}

#[test]
fn rooms_import_what_the_map_says_and_all_of_it() {
    let mut imports: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for (path, text) in sources() {
        let room = room(&path);
        if matches!(&*room, "lib" | "main") || is_for_tests(&path) {
            continue;
        }
        let mut named = named_after(&code(&text), "crate::");
        named.remove(&room);
        imports.entry(room).or_default().extend(named);
    }
    let rows = table("| room |");
    let map: BTreeMap<String, BTreeSet<String>> = rows
        .iter()
        .map(|row| (row[0].trim_matches('`').to_owned(), quoted(&row[1])))
        .collect();
    assert_eq!(imports, map);
    let mut above = BTreeSet::new();
    for row in &rows {
        let imports = quoted(&row[1]);
        assert!(
            imports.is_subset(&above),
            "{} imports what is below",
            row[0]
        );
        above.insert(row[0].trim_matches('`').to_owned());
    }
}

#[test]
fn questions_know_each_other_only_by_listed_edges() {
    let mut edges: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let questions: BTreeSet<String> = fs::read_dir("src/analysis")
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .map(|path| path.file_stem().unwrap().to_str().unwrap().to_owned())
        .filter(|name| name != "mod")
        .collect();
    for (path, text) in sources() {
        let Ok(below) = path.strip_prefix("src/analysis") else {
            continue;
        };
        let own = below.components().next().unwrap().as_os_str().to_str();
        let own = own.unwrap().trim_end_matches(".rs").to_owned();
        let code = code(&text);
        let mut named = named_after(&code, "crate::analysis::");
        // A file straight below `analysis` reaches its neighbours so, others by one step more.
        let steps = below.components().count();
        named.extend(named_after(&code, &"super::".repeat(steps)));
        named.retain(|name| *name != own && questions.contains(name));
        if !named.is_empty() {
            edges.entry(own).or_default().extend(named);
        }
    }
    let listed: BTreeMap<String, BTreeSet<String>> = table("| question |")
        .iter()
        .map(|row| (row[0].trim_matches('`').to_owned(), quoted(&row[1])))
        .collect();
    assert_eq!(edges, listed);
}

#[test]
fn libraries_are_known_where_the_map_says() {
    for row in table("| library |") {
        let library = row[0].trim_matches('`');
        let places = quoted(&row[1]);
        let mut used = BTreeSet::new();
        for (path, text) in sources() {
            let code = code(&text);
            if is_for_tests(&path)
                || !code.contains(&format!("use {library}::"))
                    && !code.contains(&format!("{library}::"))
            {
                continue;
            }
            let path = path.to_str().unwrap();
            let place = places.iter().find(|place| path.starts_with(place.as_str()));
            assert!(place.is_some(), "`{library}` is known in {path}");
            used.extend(place.cloned());
        }
        assert_eq!(used, places, "`{library}`");
    }
}

#[test]
fn only_the_edges_of_the_house_do_io() {
    for (path, text) in sources() {
        if matches!(&*room(&path), "files" | "tools" | "cli" | "main") || is_for_tests(&path) {
            continue;
        }
        let code = code(&text);
        for io in [
            "std::fs",
            "std::env",
            "std::process",
            "std::time",
            "std::net",
            "println!",
            "print!(",
            "eprint!",
            "dbg!",
        ] {
            assert!(!code.contains(io), "{} has `{io}`", path.display());
        }
    }
}

#[test]
fn no_two_types_share_a_name() {
    let mut homes: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (path, text) in sources() {
        if is_for_tests(&path) {
            continue;
        }
        for line in code(&text).lines() {
            let line = line.trim_start();
            let line = line.strip_prefix("pub ").unwrap_or(line);
            let line = match line
                .strip_prefix("pub(")
                .and_then(|rest| rest.split_once(") "))
            {
                Some((_, rest)) => rest,
                None => line,
            };
            let name = ["struct ", "enum ", "trait "]
                .iter()
                .find_map(|keyword| line.strip_prefix(keyword));
            if let Some(rest) = name {
                let letters = rest.chars();
                let name: String = letters
                    .take_while(|letter| letter.is_ascii_alphanumeric())
                    .collect();
                homes
                    .entry(name)
                    .or_default()
                    .push(path.display().to_string());
            }
        }
    }
    homes.retain(|_, files| files.len() > 1);
    assert_eq!(homes, BTreeMap::new());
}

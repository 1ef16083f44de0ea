//! The pages of the documentation, taken apart: blocks, prose, headings and links.

use std::fs;
use std::path::Path;

/// A page of the repository, such as `docs/checks.md`.
pub fn page(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(name);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// README and all pages of `docs/`, by name.
pub fn names() -> Vec<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs");
    let mut names: Vec<String> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.ends_with(".md"))
        .map(|name| format!("docs/{name}"))
        .collect();
    names.sort();
    names.insert(0, "README.md".to_owned());
    names
}

/// A fenced block.
pub struct Block<'t> {
    pub language: &'t str,
    /// The number of its first line within the fences.
    pub line: usize,
    pub lines: Vec<&'t str>,
}

pub fn blocks(text: &str) -> Vec<Block<'_>> {
    let mut blocks = Vec::new();
    let mut open: Option<Block> = None;
    for (line, number) in text.lines().zip(1..) {
        match (line.strip_prefix("```"), &mut open) {
            (Some(language), None) => {
                open = Some(Block {
                    language,
                    line: number + 1,
                    lines: Vec::new(),
                });
            }
            (Some(_), Some(_)) => blocks.extend(open.take()),
            (None, Some(block)) => block.lines.push(line),
            (None, None) => {}
        }
    }
    assert!(open.is_none(), "a block has no end");
    blocks
}

/// The lines outside of the blocks; in place of a block stands an empty one.
pub fn outside(text: &str) -> Vec<&str> {
    let mut inside = false;
    let mut lines = Vec::new();
    for line in text.lines() {
        if line.starts_with("```") {
            inside = !inside;
            lines.push("");
        } else if !inside {
            lines.push(line);
        }
    }
    lines
}

/// Paragraphs, list items and rows of tables, each as one line; a code span may go on in the next line, but no
/// further than its paragraph.
pub fn paragraphs(text: &str) -> Vec<String> {
    let mut paragraphs = vec![String::new()];
    for line in outside(text) {
        match paragraphs.last_mut() {
            Some(last) if !line.is_empty() && !line.starts_with(['|', '-', '#']) => {
                last.push(' ');
                last.push_str(line.trim());
            }
            _ => paragraphs.push(line.to_owned()),
        }
    }
    for paragraph in &paragraphs {
        let ends = paragraph.matches('`').count() % 2 == 0;
        assert!(ends, "a code span has no end: {paragraph}");
    }
    paragraphs
}

/// What stands outside of the blocks, without its line breaks.
pub fn prose(text: &str) -> String {
    let words = outside(text)
        .into_iter()
        .flat_map(str::split_whitespace)
        .collect::<Vec<_>>();
    words.join(" ")
}

/// A command line that a page shows, which may be several lines long.
pub struct Command {
    /// The page and the line that it begins in, as `PAGE:LINE`.
    pub place: String,
    pub text: String,
    /// The folder of the repository that the block has gone to.
    pub folder: String,
    /// What the page shows below it.
    pub output: String,
}

/// The commands of a `console` block begin with `$ `; what follows is what they print.
pub fn console(page: &str, block: &Block) -> Vec<Command> {
    let mut commands: Vec<Command> = Vec::new();
    let mut lines = block.lines.iter().zip(block.line..);
    let mut folder = String::new();
    let mut below = false;
    while let Some((line, number)) = lines.next() {
        if let Some(command) = line.strip_prefix("$ ") {
            let mut text = command.to_owned();
            while goes_on(&text) {
                let (more, _) = lines.next().expect("the command goes on");
                text = format!("{text}\n{more}");
            }
            below = !text.starts_with("cd ");
            match text.strip_prefix("cd ") {
                Some(to) => to.clone_into(&mut folder),
                None => commands.push(Command {
                    place: format!("{page}:{number}"),
                    text,
                    folder: folder.clone(),
                    output: String::new(),
                }),
            }
        } else if below && let Some(last) = commands.last_mut() {
            last.output.push_str(line);
            last.output.push('\n');
        }
    }
    commands
}

/// The commands of an `sh` block: every line that isn't empty or a comment.
pub fn script(page: &str, block: &Block) -> Vec<Command> {
    let mut commands = Vec::new();
    let mut lines = block.lines.iter().zip(block.line..);
    while let Some((line, number)) = lines.next() {
        if line.trim().is_empty() || line.starts_with('#') {
            continue;
        }
        let mut text = (*line).to_owned();
        while goes_on(&text) {
            let (more, _) = lines.next().expect("the command goes on");
            text = format!("{text}\n{more}");
        }
        commands.push(Command {
            place: format!("{page}:{number}"),
            text,
            folder: String::new(),
            output: String::new(),
        });
    }
    commands
}

/// Whether a shell would wait for another line.
fn goes_on(text: &str) -> bool {
    text.ends_with(['\\', '|']) || text.matches('\'').count() % 2 == 1
}

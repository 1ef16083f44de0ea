//! Stdout for answers, stderr for everything else; colours only where they are wanted.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Display;
use std::io::{BufWriter, Write};

use anstyle::{AnsiColor, Style};
use clap::error::ContextValue;

use crate::render::API_VERSION;
use crate::text::{escaped, escaped_lines};
use crate::tools::{ToolUse, ToolVersion};

use super::exit::Failure;

const WARNING: Style = AnsiColor::Yellow.on_default().bold();
const ERROR: Style = AnsiColor::Red.on_default().bold();
const YES: Style = AnsiColor::Green.on_default().bold();
const NO: Style = AnsiColor::Red.on_default().bold();

/// A line on stderr. Each begins with `error:`, `warning:` or `note:`, or is indented, and no message
/// begins one.
fn line(prefix: impl Display, message: &str) {
    // There is nowhere to tell that stderr is closed.
    let _ = writeln!(anstream::stderr(), "{prefix} {}", escaped(message));
}

/// A warning. kubectl's prefix has a capital letter.
pub(super) fn warning(message: &str) {
    line(format_args!("{WARNING}warning:{WARNING:#}"), message);
}

/// Something to know about the answer.
pub(super) fn note(message: &str) {
    line("note:", message);
}

/// An error, with kubectl's prefix.
pub(super) fn error(message: &str) {
    line(format_args!("{ERROR}error:{ERROR:#}"), message);
}

/// An error, and indented below it the lines that belong to it.
pub(super) fn error_with_lines(lines: &[String]) {
    let mut lines = lines.iter();
    if let Some(first) = lines.next() {
        error(first);
    }
    for text in lines {
        // Their own indentation stays.
        let rest = text.trim_start_matches(' ');
        let indent = &text[..text.len() - rest.len()];
        below(indent, rest);
    }
}

/// A line on stderr that belongs to the one above.
fn below(indent: &str, text: &str) {
    let _ = writeln!(anstream::stderr(), "  {indent}{}", escaped(text));
}

/// How many messages of a kind are told in full where there are many.
const FEW: usize = 3;

/// How many of so many messages of a kind are told in full, before the rest is counted in a line. One
/// alone isn't worth that line.
pub(super) fn in_full(count: usize) -> usize {
    if count <= FEW + 1 { count } else { FEW }
}

/// What is wrong with the command line, or where nothing of it is given, how it is used.
pub(super) fn usage(problem: &clap::Error) {
    let mut text = problem.render().to_string();
    // What was typed could hold line breaks.
    for (_, value) in problem.context() {
        for typed in typed(value) {
            if let Cow::Owned(shown) = escaped(typed) {
                text = text.replace(typed, &shown);
            }
        }
    }
    let mut lines = text.lines().filter(|line| !line.trim().is_empty());
    if let Some(message) = text.strip_prefix("error: ") {
        error(message.lines().next().unwrap_or_default());
        lines.next();
    } else {
        error("a subcommand is needed");
    }
    for text in lines {
        below("", text);
    }
}

/// The words of a command line that a part of a message holds.
fn typed(value: &ContextValue) -> Vec<&str> {
    match value {
        ContextValue::String(word) => vec![word],
        ContextValue::Strings(words) => words.iter().map(String::as_str).collect(),
        _ => Vec::new(),
    }
}

/// An answer whose first line is `yes` or `no`.
pub(super) fn verdict(text: &str) -> Result<(), Failure> {
    let mut stdout = anstream::stdout().lock();
    let (first, rest) = text.split_once('\n').unwrap_or((text, ""));
    let style = if first == "yes" { YES } else { NO };
    writeln!(stdout, "{style}{first}{style:#}")?;
    stdout.write_all(guarded(rest).as_bytes())?;
    stdout.flush()?;
    Ok(())
}

/// An answer in a text format.
pub(super) fn answer(text: &str) -> Result<(), Failure> {
    write(&guarded(text))
}

/// GitHub's workflow commands.
pub(super) fn commands(text: &str) -> Result<(), Failure> {
    write(&escaped_lines(text))
}

fn write(text: &str) -> Result<(), Failure> {
    let mut stdout = std::io::stdout().lock();
    stdout.write_all(text.as_bytes())?;
    stdout.flush()?;
    Ok(())
}

/// The text without what misleads but for the ends of its lines, none of which is a workflow command.
/// Names are escaped where they become words; this is for those that weren't.
///
/// Source: GitHub's runner takes a line for a command that begins with `::`, after blanks too.
fn guarded(text: &str) -> Cow<'_, str> {
    const COMMAND: &str = "::";
    let text = escaped_lines(text);
    let begins = |line: &str| line.trim_start().starts_with(COMMAND);
    if !text.contains(COMMAND) || !text.lines().any(begins) {
        return text;
    }
    let lines = text.split_inclusive('\n').map(|line| {
        if begins(line) {
            Cow::Owned(line.replacen(COMMAND, "\\u{3a}:", 1))
        } else {
            Cow::Borrowed(line)
        }
    });
    lines.collect::<String>().into()
}

/// The format of a serializable answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum DocumentFormat {
    Json,
    Yaml,
}

/// A serializable answer, and what was around it.
pub(super) struct AnswerDocument<'a, V> {
    pub(super) view: &'a V,
    /// The environment that it is about, if it is about one.
    pub(super) environment: Option<&'a str>,
    /// What rendered folders of the input.
    pub(super) tools: &'a [ToolUse],
}

/// A document as it is written.
#[derive(serde::Serialize)]
struct WrittenDocument<'a, V> {
    #[serde(skip_serializing_if = "Option::is_none")]
    environment: Option<&'a str>,
    #[serde(flatten)]
    view: &'a V,
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    tools: BTreeSet<ToolVersion>,
}

/// Documents about several environments.
#[derive(serde::Serialize)]
#[serde(rename_all = "camelCase")]
struct WrittenList<'a, V> {
    api_version: &'static str,
    kind: &'static str,
    items: Vec<WrittenDocument<'a, V>>,
}

impl<'a, V> AnswerDocument<'a, V> {
    fn to_write(&self) -> WrittenDocument<'a, V> {
        // Of one tool all uses are alike.
        let names: BTreeMap<&str, &ToolUse> =
            self.tools.iter().map(|tool| (tool.name(), tool)).collect();
        WrittenDocument {
            environment: self.environment,
            view: self.view,
            tools: names.values().flat_map(|tool| tool.versions()).collect(),
        }
    }
}

/// Prints an answer.
pub(super) fn document(
    document: &AnswerDocument<'_, impl serde::Serialize>,
    format: DocumentFormat,
) -> Result<(), Failure> {
    // What is flattened is kept whole while it is written.
    match document.tools.is_empty() && document.environment.is_none() {
        true => written(document.view, format),
        false => written(&document.to_write(), format),
    }
}

/// Prints the answers about several environments.
pub(super) fn documents(
    documents: &[AnswerDocument<'_, impl serde::Serialize>],
    format: DocumentFormat,
) -> Result<(), Failure> {
    let list = WrittenList {
        api_version: API_VERSION,
        kind: "List",
        items: documents.iter().map(AnswerDocument::to_write).collect(),
    };
    written(&list, format)
}

fn written(view: &impl serde::Serialize, format: DocumentFormat) -> Result<(), Failure> {
    // Long answers are written as they are made, not kept whole.
    let mut stdout = BufWriter::with_capacity(1 << 18, std::io::stdout().lock());
    match format {
        DocumentFormat::Json => crate::render::to_json(view, &mut stdout)?,
        DocumentFormat::Yaml => crate::render::to_yaml(view, &mut stdout)?,
    }
    stdout.flush()?;
    Ok(())
}

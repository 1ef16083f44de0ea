//! Stdout for answers, stderr for everything else; colours only where they are wanted.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufWriter, Write};

use crate::render::text::clean;
use crate::tools::{ToolUse, ToolVersion};
use anstyle::{AnsiColor, Style};

use super::exit::Failure;

const WARNING: Style = AnsiColor::Yellow.on_default().bold();
const ERROR: Style = AnsiColor::Red.on_default().bold();
const YES: Style = AnsiColor::Green.on_default().bold();
const NO: Style = AnsiColor::Red.on_default().bold();

/// A warning, with kubectl's prefix.
pub(super) fn warning(message: &str) {
    // There is nowhere to tell that stderr is closed.
    let _ = writeln!(
        anstream::stderr(),
        "{WARNING}Warning:{WARNING:#} {}",
        clean(message)
    );
}

/// Something to know about the answer.
pub(super) fn note(message: &str) {
    let _ = writeln!(anstream::stderr(), "note: {}", clean(message));
}

/// An error, with kubectl's prefix.
pub(super) fn error(message: &str) {
    let _ = writeln!(
        anstream::stderr(),
        "{ERROR}error:{ERROR:#} {}",
        clean(message)
    );
}

/// An answer whose first line is `yes` or `no`.
pub(super) fn verdict(text: &str) -> Result<(), Failure> {
    let mut stdout = anstream::stdout().lock();
    let (first, rest) = text.split_once('\n').unwrap_or((text, ""));
    let style = if first == "yes" { YES } else { NO };
    writeln!(stdout, "{style}{first}{style:#}")?;
    stdout.write_all(without_control(rest).as_bytes())?;
    stdout.flush()?;
    Ok(())
}

/// An answer as it stands, in whatever format.
pub(super) fn answer(text: &str) -> Result<(), Failure> {
    let mut stdout = std::io::stdout().lock();
    stdout.write_all(without_control(text).as_bytes())?;
    stdout.flush()?;
    Ok(())
}

/// The text without what steers a terminal; ends of lines and tabs stay. Names are escaped where
/// they become words; this is for those that weren't.
fn without_control(text: &str) -> Cow<'_, str> {
    let steers =
        |character: char| character.is_ascii_control() && !matches!(character, '\n' | '\t');
    if !text.contains(steers) {
        return Cow::Borrowed(text);
    }
    text.chars()
        .fold(String::with_capacity(text.len()), |mut clean, character| {
            if steers(character) {
                clean.extend(character.escape_default());
            } else {
                clean.push(character);
            }
            clean
        })
        .into()
}

/// The format of a serializable answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum DocumentFormat {
    Json,
    Yaml,
}

/// An answer with the versions of what rendered its input.
#[derive(serde::Serialize)]
struct WithTools<'a, V> {
    #[serde(flatten)]
    view: &'a V,
    tools: BTreeSet<ToolVersion>,
}

/// A serializable answer, and what rendered its input.
pub(super) fn document(
    view: &impl serde::Serialize,
    tools: &[ToolUse],
    format: DocumentFormat,
) -> Result<(), Failure> {
    if tools.is_empty() {
        return written(view, format);
    }
    // Of one tool all uses are alike.
    let names: BTreeMap<&str, &ToolUse> = tools.iter().map(|tool| (tool.name(), tool)).collect();
    let tools = names.values().flat_map(|tool| tool.versions()).collect();
    written(&WithTools { view, tools }, format)
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

//! What a tool prints: whether it is objects, and how much of its complaints is shown.

use std::path::Path;

use crate::text::yaml::{self, Limits};

/// The most characters that are shown of what a tool says is wrong.
const SAID_CHARS: usize = 300;

/// A word as a shell takes it.
pub(super) fn shell_word(word: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "/._-+:@,".contains(c);
    if !word.is_empty() && word.chars().all(is_plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', "'\\''"))
}

/// The beginning of what a tool says is wrong, in one line, without the folder that only it saw.
pub(super) fn said(stderr: &str, top: &Path) -> String {
    let top = format!("{}/", top.display());
    let lines = stderr.lines().map(str::trim);
    let line = lines
        .filter(|line| !line.is_empty() && !line.starts_with("# Warning:"))
        .find(|line| !line.starts_with("WARNING"))
        .unwrap_or_default();
    let line = line.strip_prefix("error: ").unwrap_or(line);
    let line = line
        .strip_prefix("Error: ")
        .unwrap_or(line)
        .replace(&top, "");
    if line.chars().nth(SAID_CHARS).is_none() {
        return line;
    }
    let beginning: String = line.chars().take(SAID_CHARS - 1).collect();
    beginning + "…"
}

/// What a tool printed, where it is nothing but objects; else the line at which it isn't.
pub(super) fn objects_only(printed: &[u8]) -> Result<&str, u32> {
    let text = str::from_utf8(printed).map_err(|error| {
        let sound = &printed[..error.valid_up_to()];
        let lines = sound.iter().filter(|byte| **byte == b'\n').count();
        u32::try_from(lines + 1).unwrap_or(u32::MAX)
    })?;
    for document in yaml::documents(text, Limits::default().as_deep_as_kubectl()) {
        let document = document.map_err(|error| error.span().line)?;
        let root = document.root();
        let is = |name: &str| {
            let value = root.get(name).and_then(yaml::Node::as_str);
            value.is_some_and(|value| !value.is_empty())
        };
        let is_object = is("apiVersion") && is("kind");
        if !root.is_null() && !is_object {
            return Err(root.span().line);
        }
    }
    Ok(text)
}

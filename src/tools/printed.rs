//! What a tool prints: whether it is objects, and how much of its complaints is shown.

use std::path::Path;

use crate::text::yaml::{self, Limits};
use crate::text::{beginning, newlines};

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
    let mut lines = stderr
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty() && !line.starts_with("# Warning:"))
        .skip_while(|line| line.starts_with("WARNING"));
    let line = lines.next().unwrap_or_default();
    let line = match logged(line) {
        Some("<") => lines.next().unwrap_or_default().to_owned(),
        // A string of Go is written like one of JSON, but for rare characters.
        Some(error) => serde_json::from_str(error).unwrap_or_else(|_| error.to_owned()),
        None => line.to_owned(),
    };
    let line = line.strip_prefix("error: ").unwrap_or(&line);
    let line = line
        .strip_prefix("Error: ")
        .unwrap_or(line)
        .replace(&top, "");
    beginning(&line, SAID_CHARS).into_owned()
}

/// The error of a line of a log, without its time: `E0102 15:04:05.678901 1 run.go:72] "..." err="..."`.
/// `<` where it has several lines, which follow.
///
/// Source: `k8s.io/klog/v2/internal/serialize`.
fn logged(line: &str) -> Option<&str> {
    let rest = line.strip_prefix('E')?;
    if !rest.starts_with(|first: char| first.is_ascii_digit()) {
        return None;
    }
    let (_, message) = rest.split_once("] ")?;
    let (_, error) = message.split_once(" err=")?;
    Some(error)
}

/// What a tool printed, where it is nothing but objects; else the line at which it isn't.
pub(super) fn objects_only(printed: &[u8]) -> Result<&str, u32> {
    let text = str::from_utf8(printed).map_err(|error| {
        let sound = &printed[..error.valid_up_to()];
        1 + newlines(sound)
    })?;
    for document in yaml::documents(text, Limits::default().as_deep_as_kubectl()) {
        let document = document.map_err(|error| error.span().line)?;
        let root = document.root();
        let is = |name: &str| {
            let value = root.get(name).and_then(yaml::YamlNode::as_str);
            value.is_some_and(|value| !value.is_empty())
        };
        let is_object = is("apiVersion") && is("kind");
        if !root.is_null() && !is_object {
            return Err(root.span().line);
        }
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_said_holds_no_time() {
        let said = |text: &str| said(text, Path::new("/tmp/x/tree"));
        let head = "E1123 15:30:36.180872   27921 run.go:72] \"command failed\" ";
        for (text, expected) in [
            ("error: a\nb\n", "a"),
            ("# Warning: old\n\nError: /tmp/x/tree/a is bad", "a is bad"),
            (&*format!("{head}err=\"no \\\"a\\\"\""), "no \"a\""),
            (
                &*format!("{head}err=<\n\tinvalid: a\n\tb\n >"),
                "invalid: a",
            ),
            ("E1: all is lost", "E1: all is lost"),
            ("", ""),
        ] {
            assert_eq!(said(text), expected, "{text}");
        }
    }
}

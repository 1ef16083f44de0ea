//! What parsers say, in words for people who write manifests rather than programs.

use crate::text::with_excerpts;

/// What is told of a text that is nested deeper.
pub(super) const TOO_DEEP: &str = "nested deeper than 128 levels";

/// A serde message in plain words, with excerpts of what it quotes.
pub(crate) fn plain(message: &str) -> String {
    let message = &*with_excerpts(message);
    if let Some(key) = message.strip_prefix("duplicate field ") {
        return format!("duplicate key {key}");
    }
    if let Some(rest) = message.strip_prefix("invalid type: ")
        && let Some((found, wanted)) = rest.rsplit_once(", expected ")
    {
        return format!("{}, where {} belongs", noun(found), wanted_noun(wanted));
    }
    if message.starts_with("recursion limit exceeded") {
        return TOO_DEEP.to_owned();
    }
    message.to_owned()
}

/// Whether a serde message tells of a duplicate key, which no parser may pass over.
pub(super) fn is_repeated_key(message: &str) -> bool {
    message.starts_with("duplicate field ")
}

fn noun(found: &str) -> String {
    if let Some(value) = found.strip_prefix("string ") {
        return format!("the string {}", value.replace('"', "`"));
    }
    for (theirs, ours) in [
        ("boolean ", "the boolean "),
        ("integer ", "the number "),
        ("floating point ", "the number "),
    ] {
        if let Some(value) = found.strip_prefix(theirs) {
            return format!("{ours}{value}");
        }
    }
    match found {
        "sequence" => "a list".to_owned(),
        "map" => "a mapping".to_owned(),
        "unit value" | "null" => "nothing".to_owned(),
        other => other.to_owned(),
    }
}

fn wanted_noun(wanted: &str) -> &str {
    match wanted {
        "a sequence" => "a list",
        "a map" => "a mapping",
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::plain;

    #[test]
    fn the_words_of_programs_are_gone() {
        for (theirs, ours) in [
            ("duplicate field `kind`", "duplicate key `kind`"),
            (
                "invalid type: sequence, expected a Kubernetes object",
                "a list, where a Kubernetes object belongs",
            ),
            (
                "invalid type: integer `5`, expected a sequence",
                "the number `5`, where a list belongs",
            ),
            (
                "invalid type: string \"x\", expected a mapping of strings",
                "the string `x`, where a mapping of strings belongs",
            ),
            ("expected value", "expected value"),
        ] {
            assert_eq!(plain(theirs), ours);
        }
    }
}

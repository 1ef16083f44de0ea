//! As much of a text as a message shows.

use std::borrow::Cow;

/// The most characters of a text that a message shows.
const SHOWN: usize = 40;

/// The beginning of a text, as long as a message may show: what stands where something else belongs
/// may be anything, a secret too.
///
/// ```
/// use rbac_eval::text::excerpt;
///
/// assert_eq!(excerpt("filse"), "filse");
/// assert_eq!(excerpt(&"x".repeat(100)), format!("{}…", "x".repeat(39)));
/// ```
pub fn excerpt(text: &str) -> Cow<'_, str> {
    beginning(text, SHOWN)
}

/// The beginning of a text, of so many characters at most.
pub(crate) fn beginning(text: &str, most: usize) -> Cow<'_, str> {
    if text.chars().nth(most).is_none() {
        return Cow::Borrowed(text);
    }
    let beginning: String = text.chars().take(most.saturating_sub(1)).collect();
    Cow::Owned(beginning + "…")
}

/// The words of a serde library, with no more of the text that they quote than a message may show.
///
/// ```
/// use rbac_eval::text::with_excerpts;
///
/// let told = format!("unknown field `{}`, expected `id`", "x".repeat(100));
/// assert_eq!(
///     with_excerpts(&told),
///     format!("unknown field `{}…`, expected `id`", "x".repeat(39))
/// );
/// ```
pub fn with_excerpts(message: &str) -> String {
    // What is quoted may hold quotes itself, so its end is looked for from behind.
    let ends: &[&str] = match message.split(' ').next() {
        Some("unknown" | "duplicate") => &["`, expected ", "`, there are ", "`"],
        _ => &["\""],
    };
    let quoted = ends.last().and_then(|quote| {
        let begin = message.find(quote)? + quote.len();
        let rest = &message[begin..];
        let end = ends.iter().find_map(|end| rest.rfind(end))?;
        Some((&message[..begin], &rest[..end], &rest[end..]))
    });
    match quoted {
        Some((before, quoted, after)) => format!("{before}{}{after}", excerpt(quoted)),
        None => message.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_more_is_shown_of_what_a_library_quotes() {
        let long = "x".repeat(100);
        let short = "x".repeat(39) + "…";
        for form in [
            "invalid type: string \"_\", expected a map",
            "invalid type: string \"_\"\", expected a map",
            "invalid value: string \"_\", expected a number",
            "unknown field `_`, expected one of `a`, `b`",
            "unknown field `_`, there are no fields",
            "unknown variant `_`, expected `a` or `b`",
            "duplicate field `_`",
            "missing field `id`",
            "expected value",
        ] {
            let told = with_excerpts(&form.replace('_', &long));
            assert!(!told.contains(&long), "{told}");
            assert_eq!(told.contains(&short), form.contains('_'), "{told}");
            let rest = form.rsplit_once(", ").map_or("", |(_, rest)| rest);
            assert!(told.ends_with(rest), "{told}");
        }
    }
}

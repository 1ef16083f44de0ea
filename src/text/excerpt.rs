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
    if text.chars().nth(SHOWN).is_none() {
        return Cow::Borrowed(text);
    }
    let beginning: String = text.chars().take(SHOWN - 1).collect();
    Cow::Owned(beginning + "…")
}

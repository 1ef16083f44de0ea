//! Text and places in it: [`Files`] names the files that were read, a [`Span`] is a place in one of
//! them, and [`Located`] is a value with the place that it was read from.
//!
//! This room knows nothing of Kubernetes and reads no file itself.

mod excerpt;
mod fingerprint;
mod lines;
mod located;
mod misleading;
mod origins;
mod unread;
mod write;
pub mod yaml;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

pub(crate) use excerpt::beginning;
pub use excerpt::{excerpt, with_excerpts};
pub use fingerprint::Fingerprint;
pub use lines::LineIndex;
pub(crate) use lines::newlines;
pub use located::Located;
pub use misleading::{escaped, escaped_json, escaped_lines, holds_misleading, misleads};
pub use origins::{Origin, Origins, ToldPlace};
pub(crate) use unread::HELM;
pub use unread::{UnreadableFile, WhyUnread};
pub use write::{Quotes, write_yaml};

/// A text and where it came from.
#[derive(Debug, Clone)]
pub struct SourceText {
    /// The path as the user would write it, or `-`.
    pub name: String,
    /// The bytes as they were read; not yet checked to be UTF-8.
    pub bytes: Vec<u8>,
    /// Whether the user named this very file, rather than a folder that holds it.
    pub named: bool,
}

impl SourceText {
    /// The text of objects that a program has, such as those of `k8s-openapi`: JSON, one a line.
    ///
    /// # Errors
    /// If an object can't be written as JSON.
    ///
    /// ```
    /// use k8s_openapi::api::rbac::v1;
    /// use rbac_eval::{Defaults, Policy, SourceText};
    ///
    /// let mut role = v1::ClusterRole::default();
    /// role.metadata.name = Some("empty".into());
    /// let text = SourceText::of_objects("cache", &[role])?;
    /// let policy = Policy::new(&[text], Defaults::Auto)?;
    /// assert!(policy.diagnostics().is_empty());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn of_objects<T: serde::Serialize>(
        name: impl Into<String>,
        objects: &[T],
    ) -> Result<Self, serde_json::Error> {
        let mut bytes = Vec::new();
        for object in objects {
            serde_json::to_writer(&mut bytes, object)?;
            bytes.push(b'\n');
        }
        Ok(SourceText {
            name: name.into(),
            bytes,
            named: true,
        })
    }
}

/// The most bytes of a text that is read: with more, its last line or column might have no number.
pub const MAX_BYTES: usize = u32::MAX as usize - 1;

/// A text of more than [`MAX_BYTES`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("larger than 4 GiB")]
pub struct TextTooLarge;

/// That a text of so many bytes isn't too large.
pub(crate) fn check_size(bytes: usize) -> Result<(), TextTooLarge> {
    if bytes > MAX_BYTES {
        return Err(TextTooLarge);
    }
    Ok(())
}

/// The number of a file in [`Files`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FileId(usize);

/// A line and column of a file, both counted from 1 (a column counts characters).
///
/// Line 0 means the file as a whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Span {
    /// The file.
    pub file: FileId,
    /// The line, from 1; 0 for the file as a whole.
    pub line: u32,
    /// The column, from 1; 0 for the line as a whole.
    pub column: u32,
}

impl Span {
    /// The whole of a file.
    pub fn whole(file: FileId) -> Self {
        Span {
            file,
            line: 0,
            column: 0,
        }
    }
}

/// The names of all files, in the order in which they were read, and the texts of small ones.
///
/// Texts are kept so that what is said of a line can show it. So that a dump doesn't stay in memory
/// twice, none of more than 1 MiB is kept, and no more than 16 MiB in all.
///
/// ```
/// use rbac_eval::text::{Files, SourceText, Span};
///
/// let mut files = Files::default();
/// let id = files.add("rbac.yaml");
/// let place = Span { file: id, line: 14, column: 3 };
/// assert_eq!(files.display(place).to_string(), "rbac.yaml:14:3");
/// assert_eq!(files.file_line(place), "rbac.yaml:14");
///
/// let id = files.add_text(&SourceText {
///     name: "role.yaml".into(),
///     bytes: b"kind: Role\n".to_vec(),
///     named: true,
/// });
/// assert_eq!(files.text(id), Some("kind: Role\n"));
/// ```
#[derive(Debug, Clone, Default)]
pub struct Files {
    names: Vec<String>,
    /// The texts that are kept, by the numbers of their files, which ascend.
    texts: Vec<(FileId, Arc<str>)>,
    /// How many bytes these are.
    kept: usize,
    /// Where texts come from that a program made, by the numbers of their files.
    origins: BTreeMap<FileId, Origins>,
}

/// The largest text that is kept.
const KEPT_EACH: usize = 1 << 20;
/// How many bytes of text are kept in all.
const KEPT_IN_ALL: usize = 16 << 20;

impl Files {
    /// Adds a file of this name and returns its number.
    pub fn add(&mut self, name: impl Into<String>) -> FileId {
        self.names.push(name.into());
        FileId(self.names.len() - 1)
    }

    /// Adds a file and returns its number. Its text is kept where it is small, without a byte order
    /// mark, so that columns fit.
    pub fn add_text(&mut self, file: &SourceText) -> FileId {
        let id = self.add(file.name.clone());
        let bytes = file.bytes.len();
        if bytes <= KEPT_EACH
            && bytes <= KEPT_IN_ALL - self.kept
            && let Ok(text) = str::from_utf8(&file.bytes)
        {
            self.kept += bytes;
            let text = text.strip_prefix('\u{feff}').unwrap_or(text);
            self.texts.push((id, text.into()));
        }
        id
    }

    /// The text of a file, if it is kept.
    pub fn text(&self, id: FileId) -> Option<&str> {
        let at = self.texts.binary_search_by_key(&id, |(known, _)| *known);
        at.ok().map(|at| &*self.texts[at].1)
    }

    /// The name of a file: a path as it was given, `-` for standard input, or a phrase for
    /// what is built in.
    pub fn name(&self, id: FileId) -> &str {
        self.names.get(id.0).map_or("?", String::as_str)
    }

    /// How many files there are.
    pub fn len(&self) -> usize {
        self.names.len()
    }

    /// Whether there is no file.
    pub fn is_empty(&self) -> bool {
        self.names.is_empty()
    }

    /// The number of a file, counted in the order in which they were read.
    pub fn nth(&self, number: usize) -> Option<FileId> {
        (number < self.len()).then_some(FileId(number))
    }

    /// Says what a text was made from, so that its places are told to be there.
    pub fn set_origins(&mut self, id: FileId, origins: Origins) {
        self.origins.insert(id, origins);
    }

    /// A place as it is told. What a program made is told to be where it was made from.
    pub fn place(&self, span: Span) -> ToldPlace<'_> {
        let Some(origins) = self.origins.get(&span.file) else {
            return ToldPlace {
                file: self.name(span.file),
                line: span.line,
                column: span.column,
                rendered: 0,
            };
        };
        let origin = origins.of(span.line);
        ToldPlace {
            file: origin.map_or(self.name(span.file), |origin| &origin.file),
            line: origin.map_or(0, |origin| origin.line),
            column: 0,
            rendered: span.line,
        }
    }

    /// `file:line:column`, leaving out what the place doesn't say.
    pub fn display(&self, span: Span) -> impl fmt::Display + '_ {
        self.place(span)
    }

    /// `file:line`, or the name alone for a file as a whole.
    pub fn file_line(&self, span: Span) -> String {
        ToldPlace {
            column: 0,
            ..self.place(span)
        }
        .to_string()
    }
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;

    use super::*;

    #[test]
    fn texts_are_kept_within_their_bounds() {
        let file = |bytes: &[u8]| SourceText {
            name: "file".to_owned(),
            bytes: bytes.to_vec(),
            named: true,
        };
        let mut files = Files::default();
        let large = files.add_text(&file(&vec![b'x'; KEPT_EACH + 1]));
        let broken = files.add_text(&file(b"\xff"));
        let marked = files.add_text(&file("\u{feff}a".as_bytes()));
        let name = files.add("name");
        assert_eq!(files.text(marked), Some("a"));
        let most = vec![b'y'; KEPT_EACH];
        let all = KEPT_IN_ALL / KEPT_EACH;
        let kept: Vec<FileId> = (0..all).map(|_| files.add_text(&file(&most))).collect();
        for id in [large, broken, name, kept[all - 1]] {
            assert_eq!(files.text(id), None);
        }
        let is_whole = |&id: &FileId| files.text(id).map(str::len) == Some(KEPT_EACH);
        assert!(kept[..all - 1].iter().all(is_whole));
    }

    #[test]
    fn a_text_is_read_if_all_its_places_have_numbers() {
        assert_eq!(check_size(MAX_BYTES), Ok(()));
        assert_eq!(check_size(MAX_BYTES + 1), Err(TextTooLarge));
        assert!(u32::try_from(MAX_BYTES + 1).is_ok());
    }
}

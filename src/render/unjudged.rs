//! What an answer doesn't judge, as every command shows it.

use std::cmp::Reverse;
use std::collections::HashMap;

use serde::Serialize;

use crate::analysis::unjudged::Unjudged;
use crate::diagnostic::{Code, Diagnostic};
use crate::object::ObjectRef;
use crate::text::Files;

use super::markdown;
use super::table::BesideNames;
use super::text::{with_place, wrapped};
use super::words::count;
use super::{DiagnosticView, SourceView};

/// How many of a code are named before the rest is counted.
const SHOWN: usize = 20;

/// A part of the input that isn't judged.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct UnjudgedView {
    /// The object, where one is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub object: Option<ObjectRef>,
    /// Where it stands; absent where no text of the input shows it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<SourceView>,
    /// What it is, and why it isn't judged.
    pub reason: String,
    /// Of which kind it is.
    #[serde(skip)]
    code: &'static Code,
}

impl UnjudgedView {
    /// The views of what isn't judged, whose places are in `files`; the most severe first.
    pub fn all(files: &Files, unjudged: &[Unjudged]) -> Vec<Self> {
        by_severity(unjudged)
            .into_iter()
            .map(|unjudged| UnjudgedView {
                object: unjudged.object.clone(),
                source: unjudged.span.map(|span| SourceView::new(files, span)),
                reason: unjudged.reason.clone(),
                code: unjudged.code,
            })
            .collect()
    }

    /// A sentence, with its place.
    pub fn sentence(&self) -> String {
        match &self.source {
            Some(source) => format!("{} ({source})", self.reason),
            None => self.reason.clone(),
        }
    }

    fn to_line(&self, indent: usize, word: &str) -> String {
        let place = self.source.as_ref().map(ToString::to_string);
        let text = format!("{word}: {}", self.reason);
        with_place(indent, &text, &place.unwrap_or_default())
    }
}

/// What isn't judged, the most severe first.
fn by_severity(unjudged: &[Unjudged]) -> Vec<&Unjudged> {
    let mut sorted: Vec<&Unjudged> = unjudged.iter().collect();
    sorted.sort_by_key(|one| Reverse(one.severity));
    sorted
}

/// Has the first ones of each code shown, so that many of one don't hide others. Says how many of which
/// code aren't, by that or since `show` has no room for them.
fn few_of_each<'v>(
    unjudged: &'v [UnjudgedView],
    mut show: impl FnMut(&'v UnjudgedView) -> bool,
) -> Vec<(&'static Code, usize)> {
    let mut shown: HashMap<&str, usize> = HashMap::new();
    let mut left: Vec<(&Code, usize)> = Vec::new();
    for one in unjudged {
        let number = shown.entry(one.code.id).or_default();
        if *number < SHOWN && show(one) {
            *number += 1;
            continue;
        }
        // There are few codes.
        match left.iter_mut().find(|(code, _)| *code == one.code) {
            Some((_, count)) => *count += 1,
            None => left.push((one.code, 1)),
        }
    }
    left
}

/// A line for each, after a word such as `incomplete`; many of a code are counted.
pub fn lines(unjudged: &[UnjudgedView], indent: usize, word: &str) -> Vec<String> {
    let mut lines = Vec::new();
    let left = few_of_each(unjudged, |one| {
        lines.push(one.to_line(indent, word));
        true
    });
    lines.extend(left.into_iter().map(|(code, count)| {
        let title = code.title;
        let text = format!("{word}: {count} more of {code}, {title} (`-o json` lists them)");
        wrapped(indent, &text)
    }));
    lines
}

/// A sentence of Markdown for each, after a word such as `incomplete`; together of so many bytes at most.
/// Many of a code are counted.
pub fn sentences(unjudged: &[UnjudgedView], word: &str, most: usize) -> Vec<String> {
    let mut sentences: Vec<String> = Vec::new();
    let mut length = 0;
    let left = few_of_each(unjudged, |one| {
        let place = one.source.as_ref().map(ToString::to_string);
        let place = place.map_or_else(String::new, |place| {
            format!(" ({})", markdown::code(&place))
        });
        let sentence = format!("{word}: {}{place}", markdown::prose(&one.reason));
        length += sentence.len();
        let fits = length <= most;
        if fits {
            sentences.push(sentence);
        }
        fits
    });
    sentences.extend(
        left.into_iter()
            .map(|(code, count)| format!("{word}: {count} more of {code}, {}", code.title)),
    );
    sentences
}

/// How many parts aren't judged, in words.
pub fn how_many(unjudged: usize) -> String {
    count(unjudged, "part isn't judged", "parts aren't judged")
}

/// What a list says of its own end, where something isn't judged.
pub(super) fn list_may_lack(unjudged: &[UnjudgedView]) -> Option<String> {
    let told = format!("the list may be incomplete: {}", how_many(unjudged.len()));
    (!unjudged.is_empty()).then(|| format!("{told} (`-o json` lists them)"))
}

/// What a list of names can't say, of which nothing else has to be known.
pub(super) fn beside_names(unjudged: &[UnjudgedView]) -> BesideNames<'static> {
    BesideNames {
        warnings: list_may_lack(unjudged).into_iter().collect(),
        notes: &[],
    }
}

/// What isn't judged as rows of a table of so many columns: what it is stands in the first ones, its
/// place in the last.
pub fn rows(unjudged: &[UnjudgedView], columns: usize) -> Vec<Vec<String>> {
    unjudged
        .iter()
        .map(|one| {
            let object = one.object.as_ref().map(ToString::to_string);
            let mut row = vec![NOT_JUDGED.to_owned(), object.unwrap_or_default()];
            row.push(one.sentence());
            row.resize(columns, String::new());
            row
        })
        .collect()
}

/// What stands in the first column of such a row; no kind can be called so.
const NOT_JUDGED: &str = "(not judged)";

/// The diagnostics of what isn't judged, for the reports of other tools.
pub(super) fn diagnostics(files: &Files, unjudged: &[Unjudged]) -> Vec<DiagnosticView> {
    by_severity(unjudged)
        .into_iter()
        .map(|unjudged| {
            let Unjudged { code, severity, .. } = *unjudged;
            let mut diagnostic = Diagnostic::worded(code, severity, unjudged.reason.clone());
            diagnostic.object.clone_from(&unjudged.object);
            diagnostic.span = unjudged.span;
            DiagnosticView::new(files, &diagnostic)
        })
        .collect()
}

/// The codes of what isn't judged, each once.
pub(super) fn codes(diagnostics: &[DiagnosticView]) -> Vec<&'static Code> {
    let mut codes: Vec<&Code> = diagnostics.iter().map(|one| one.code).collect();
    codes.sort_by_key(|code| code.id);
    codes.dedup();
    codes
}

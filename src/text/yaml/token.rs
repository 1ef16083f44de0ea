//! What the scanner makes of a text.

use std::borrow::Cow;

use super::resolve::Style;
use super::{Error, NodeSpan, YamlFault};

/// A place in a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Mark {
    /// In bytes, from 0.
    pub(super) offset: usize,
    /// From 0.
    pub(super) line: u32,
    /// In characters, from 0.
    pub(super) column: u32,
}

impl Mark {
    pub(super) const BEGIN: Mark = Mark {
        offset: 0,
        line: 0,
        column: 0,
    };

    /// From here to another place.
    pub(super) fn to(self, end: Mark) -> NodeSpan {
        // The text has been found to be short enough.
        let offset = |mark: Mark| u32::try_from(mark.offset).unwrap_or(u32::MAX);
        NodeSpan {
            start: offset(self),
            end: offset(end),
            line: self.line + 1,
            column: self.column + 1,
        }
    }

    /// This place alone.
    pub(super) fn here(self) -> NodeSpan {
        self.to(self)
    }
}

/// A token and where it stands.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Token<'t> {
    pub(super) kind: TokenKind<'t>,
    pub(super) start: Mark,
    pub(super) end: Mark,
}

/// A token.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum TokenKind<'t> {
    StreamEnd,
    /// `%YAML 1.1`
    Version {
        major: u8,
        minor: u8,
    },
    /// `%TAG !handle! prefix`
    TagPrefix {
        handle: &'t str,
        prefix: Cow<'t, str>,
    },
    DocumentStart,
    DocumentEnd,
    BlockSequenceStart,
    BlockMappingStart,
    BlockEnd,
    FlowSequenceStart,
    FlowSequenceEnd,
    FlowMappingStart,
    FlowMappingEnd,
    BlockEntry,
    FlowEntry,
    Key,
    Value,
    Alias(&'t str),
    Anchor(&'t str),
    /// `!handle!suffix`; without a handle, the suffix is the whole tag.
    Tag {
        handle: &'t str,
        suffix: Cow<'t, str>,
    },
    Scalar {
        text: Cow<'t, str>,
        style: Style,
    },
}

/// What the scanner or the parser finds wrong, and where.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct SyntaxError {
    pub(super) problem: Syntax,
    pub(super) at: Mark,
}

/// What can be wrong with the form of a text, in words that say what is missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum Syntax {
    #[error("no `:` follows what has to be a key")]
    KeyWithoutColon,
    #[error("a list may not begin here")]
    EntryNotAllowed,
    #[error("a key may not stand here")]
    KeyNotAllowed,
    #[error(
        "`:` may not stand here, since no key can be before it (a value with `: ` in it needs quotes)"
    )]
    ValueNotAllowed,
    #[error("nothing in YAML begins with this character")]
    NoToken,
    #[error("nothing in YAML begins with a tab; indent with spaces")]
    Tab,
    #[error("nested deeper than 10000 levels")]
    FlowTooDeep,
    #[error("indented deeper than 10000 levels")]
    IndentTooDeep,
    #[error("an unknown directive")]
    UnknownDirective,
    #[error("a directive needs a name")]
    NoDirectiveName,
    #[error("this doesn't belong to a directive")]
    DirectiveTail,
    #[error("`%YAML` needs a version such as `1.1`")]
    VersionForm,
    #[error("`%TAG` needs a handle such as `!a!` and a prefix")]
    TagDirectiveForm,
    #[error("an anchor or alias needs a name of letters, digits, `-` and `_`")]
    AnchorName,
    #[error("a tag that isn't spelled as one")]
    TagForm,
    #[error("an indentation of 0 for a block")]
    ZeroIndent,
    #[error("this doesn't belong to the first line of a block")]
    BlockHeader,
    #[error("a tab where a block is indented; indent with spaces")]
    TabInIndent,
    #[error("`---` or `...` inside of quotes")]
    MarkerInQuotes,
    #[error("quotes that are not closed")]
    OpenQuotes,
    #[error("an unknown escape in double quotes")]
    UnknownEscape,
    #[error("an escape needs hexadecimal digits")]
    EscapeDigits,
    #[error("an escape for what is no character")]
    EscapeValue,
    #[error("a document doesn't begin here, as it has to after a directive")]
    NoDocumentStart,
    #[error("a value belongs here")]
    NoContent,
    #[error("`-` belongs here: what stands in the same column as a list's items is one")]
    NoEntry,
    #[error("a key belongs here: what stands in the same column as a mapping's keys is one")]
    NoKey,
    #[error("`,` or `]` belongs here")]
    OpenSequence,
    #[error("`,` or `}}` belongs here")]
    OpenMapping,
    #[error("unclosed bracket `[`")]
    UnclosedSequence,
    #[error("unclosed bracket `{{`")]
    UnclosedMapping,
    #[error("a second `%YAML`")]
    SecondVersion,
    #[error("another version of YAML than 1.1, which alone kubectl reads")]
    OtherVersion,
    #[error("a second `%TAG` for one handle")]
    SecondHandle,
    #[error("a tag with a handle that no `%TAG` declares")]
    UndeclaredHandle,
}

impl SyntaxError {
    pub(super) fn told(self) -> Error {
        Error::new(YamlFault::Syntax(self.problem.to_string()), self.at.here())
    }
}

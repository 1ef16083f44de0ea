//! From a text to documents, event by event.

use super::build::{Builder, Shape, empty};
use super::parse::{EventKind, Parser};
use super::token::{Mark, SyntaxError};
use super::{Dialect, Document, Error, Limits, NodeSpan, YamlFault, chars};

/// The documents of a text, each as soon as it is asked for. After an error there are no more.
pub fn documents(text: &str, limits: Limits) -> Documents<'_> {
    Documents::new(text, limits, Dialect::Strict)
}

/// The one document of a text; a null where there is none.
///
/// # Errors
/// If the text can't be read, or holds a second document.
pub fn document(text: &str) -> Result<Document<'_>, Error> {
    document_within(text, Limits::default())
}

/// The one document of a text, within other limits.
///
/// # Errors
/// If the text can't be read within them, or holds a second document.
pub fn document_within(text: &str, limits: Limits) -> Result<Document<'_>, Error> {
    let mut documents = documents(text, limits);
    let Some(first) = documents.next() else {
        return Ok(empty(documents.end));
    };
    let first = first?;
    match documents.next() {
        None => Ok(first),
        Some(Err(error)) => Err(error),
        Some(Ok(second)) => Err(Error::new(
            YamlFault::SecondDocument,
            second.root().definition(),
        )),
    }
}

/// What kubectl's library makes of a text: its first document, whatever may follow that; of keys
/// that stand several times, the last; a null where there is none.
///
/// # Errors
/// If the library would refuse the text, or if it can't be read within the limits.
pub fn first_document(text: &str, limits: Limits) -> Result<Document<'_>, Error> {
    let mut documents = Documents::new(text, limits, Dialect::Kubectl);
    match documents.next() {
        None => Ok(empty(documents.end)),
        Some(first) => first,
    }
}

/// The documents of a text.
pub struct Documents<'t> {
    text: &'t str,
    parser: Parser<'t>,
    limits: Limits,
    dialect: Dialect,
    /// Where the last event was.
    end: NodeSpan,
    state: ReadState,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum ReadState {
    /// Not even the characters were looked at.
    New,
    Reading,
    Done,
}

impl<'t> Iterator for Documents<'t> {
    type Item = Result<Document<'t>, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.state == ReadState::Done {
            return None;
        }
        let read = self.read();
        if !matches!(read, Ok(Some(_))) {
            self.state = ReadState::Done;
        }
        read.transpose()
    }
}

impl<'t> Documents<'t> {
    fn new(text: &'t str, limits: Limits, dialect: Dialect) -> Self {
        Documents {
            text,
            parser: Parser::new(text),
            limits,
            dialect,
            end: NodeSpan::BEGIN,
            state: ReadState::New,
        }
    }

    /// Checks the text once.
    fn check(&mut self) -> Result<(), Error> {
        if self.state != ReadState::New {
            return Ok(());
        }
        self.state = ReadState::Reading;
        check(self.text)
    }

    fn read(&mut self) -> Result<Option<Document<'t>>, Error> {
        self.check()?;
        let mut builder = Builder::new(self.text, self.limits, self.dialect);
        loop {
            let event = self.parser.next_event().map_err(SyntaxError::told)?;
            let span = event.start.to(event.end);
            self.end = span;
            match event.kind {
                EventKind::DocumentStart => {}
                EventKind::StreamEnd => return Ok(None),
                EventKind::DocumentEnd => return Ok(Some(builder.finish(span))),
                EventKind::Scalar {
                    text,
                    style,
                    properties,
                } => builder.scalar(text, style, properties, span)?,
                EventKind::SequenceStart { flow, properties } => {
                    builder.begin(Shape::Sequence, flow, &properties, span)?;
                }
                EventKind::MappingStart { flow, properties } => {
                    builder.begin(Shape::Mapping, flow, &properties, span)?;
                }
                EventKind::SequenceEnd | EventKind::MappingEnd => builder.end(span)?,
                EventKind::Alias(name) => builder.alias(name, span)?,
            }
        }
    }
}

/// That places in a text can be numbered, and that it holds only what YAML may.
pub(super) fn check(text: &str) -> Result<(), Error> {
    if u32::try_from(text.len()).is_err() {
        return Err(Error::new(YamlFault::TooLong, NodeSpan::BEGIN));
    }
    match chars::forbidden(text) {
        None => Ok(()),
        Some((at, c)) => Err(Error::new(
            YamlFault::Forbidden(c.into()),
            mark_at(text, at).here(),
        )),
    }
}

/// The place of a byte.
fn mark_at(text: &str, offset: usize) -> Mark {
    let mut mark = Mark::BEGIN;
    while mark.offset < offset {
        match chars::line_end(text.as_bytes(), mark.offset) {
            Some(bytes) => {
                mark.offset += bytes;
                mark.line += 1;
                mark.column = 0;
            }
            None => {
                mark.offset += chars::width(text.as_bytes()[mark.offset]);
                mark.column += 1;
            }
        }
    }
    mark
}

//! From a text to the parser's events, document by document.

use granit_parser::{ErrorKind, Event, Marker, Options, Parser, ScalarStyle, ScanError, StrInput};

use super::build::{Builder, empty};
use super::resolve::Style;
use super::tag::TagShape;
use super::{Document, Error, Limits, NodeSpan, YamlFault};

/// The documents of a text, each as soon as it is asked for. After an error there are no more.
pub fn documents(text: &str, limits: Limits) -> Documents<'_> {
    let mut options = Options::default();
    options.set_emit_comments(false);
    options.flow_nesting_limit = limits.depth;
    // One that is too deep is told with its place by us.
    options.block_nesting_limit = options.block_nesting_limit.max(limits.depth + 1);
    Documents {
        text,
        parser: Parser::new_from_str_with_options(text, options),
        limits,
        end: NodeSpan::BEGIN,
        done: false,
        is_too_long: u32::try_from(text.len()).is_err(),
    }
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

/// The documents of a text.
pub struct Documents<'t> {
    text: &'t str,
    parser: Parser<'t, StrInput<'t>>,
    limits: Limits,
    /// Where the last event was.
    end: NodeSpan,
    done: bool,
    is_too_long: bool,
}

impl<'t> Iterator for Documents<'t> {
    type Item = Result<Document<'t>, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.done {
            return None;
        }
        let read = self.read();
        self.done = !matches!(read, Ok(Some(_)));
        read.transpose()
    }
}

impl<'t> Documents<'t> {
    fn read(&mut self) -> Result<Option<Document<'t>>, Error> {
        if self.is_too_long {
            return Err(Error::new(YamlFault::TooLong, NodeSpan::BEGIN));
        }
        let mut builder = Builder::new(self.text, self.limits);
        while let Some(next) = self.parser.next_event() {
            let (event, span) = next.map_err(|error| syntax(error, self.limits))?;
            let span = place(span.start, span.end)?;
            self.end = span;
            match event {
                Event::StreamStart | Event::DocumentStart(..) => {}
                Event::StreamEnd => return Ok(None),
                Event::DocumentEnd => return Ok(Some(builder.finish())),
                Event::Scalar(text, style, anchor, tag) => {
                    builder.scalar(text, style_of(style), anchor, tag.as_deref(), span)?;
                }
                Event::SequenceStart(style, anchor, tag) => {
                    builder.begin(TagShape::Sequence, style, anchor, tag.as_deref(), span)?;
                }
                Event::MappingStart(style, anchor, tag) => {
                    builder.begin(TagShape::Mapping, style, anchor, tag.as_deref(), span)?;
                }
                Event::SequenceEnd | Event::MappingEnd => builder.end(span)?,
                Event::Alias(anchor) => builder.alias(anchor, span)?,
                // Others come only to who asks the parser for them.
                other => {
                    let message = format!("what the parser calls {other:?}");
                    return Err(Error::new(YamlFault::Syntax(message), span));
                }
            }
        }
        Ok(None)
    }
}

fn style_of(style: ScalarStyle) -> Style {
    match style {
        ScalarStyle::Plain => Style::Plain,
        ScalarStyle::SingleQuoted => Style::SingleQuoted,
        ScalarStyle::DoubleQuoted => Style::DoubleQuoted,
        ScalarStyle::Literal => Style::Literal,
        ScalarStyle::Folded => Style::Folded,
    }
}

/// A place as we count it.
fn place(start: Marker, end: Marker) -> Result<NodeSpan, Error> {
    let offset = |marker: Marker| u32::try_from(marker.byte_offset()?).ok();
    let place = || {
        Some(NodeSpan {
            start: offset(start)?,
            end: offset(end)?,
            line: u32::try_from(start.line()).ok()?,
            column: u32::try_from(start.col()).ok()?.checked_add(1)?,
        })
    };
    // The text has been found to be short enough.
    place().ok_or_else(|| Error::new(YamlFault::TooLong, NodeSpan::BEGIN))
}

/// What the parser says is wrong.
fn syntax(error: ScanError, limits: Limits) -> Error {
    let marker = *error.marker();
    let fault = match error.kind() {
        ErrorKind::UnknownAnchor => YamlFault::UnknownAnchor,
        ErrorKind::RecursionLimitExceeded => YamlFault::TooDeep(limits.depth),
        kind => YamlFault::Syntax(kind.to_string()),
    };
    match place(marker, marker) {
        Ok(span) => Error::new(fault, span),
        Err(error) => error,
    }
}

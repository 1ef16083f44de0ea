//! JSON.

use std::io;

use serde_json::ser::{Formatter, PrettyFormatter, Serializer};

use crate::text::escaped_json;

/// Writes a serializable answer as indented JSON with a newline at its end. What
/// [`misleads`](crate::text::misleads) is written as JSON's own escapes, so that the values stay.
///
/// # Errors
/// If it can't be written.
pub fn to_json(answer: &impl serde::Serialize, out: &mut impl io::Write) -> io::Result<()> {
    let formatter = Escaping(PrettyFormatter::new());
    answer.serialize(&mut Serializer::with_formatter(&mut *out, formatter))?;
    out.write_all(b"\n")
}

/// [`PrettyFormatter`], but for what may stand in a string.
struct Escaping(PrettyFormatter<'static>);

/// Passes these calls on.
macro_rules! as_pretty {
    ($( $name:ident ( $( $argument:ident : $type:ty ),* ) )*) => {
        $(
            fn $name<W: ?Sized + io::Write>(
                &mut self,
                writer: &mut W,
                $( $argument: $type ),*
            ) -> io::Result<()> {
                self.0.$name(writer, $( $argument ),*)
            }
        )*
    };
}

impl Formatter for Escaping {
    fn write_string_fragment<W: ?Sized + io::Write>(
        &mut self,
        writer: &mut W,
        fragment: &str,
    ) -> io::Result<()> {
        writer.write_all(escaped_json(fragment).as_bytes())
    }

    fn write_raw_fragment<W: ?Sized + io::Write>(
        &mut self,
        writer: &mut W,
        fragment: &str,
    ) -> io::Result<()> {
        writer.write_all(escaped_json(fragment).as_bytes())
    }

    as_pretty! {
        begin_array()
        end_array()
        begin_array_value(first: bool)
        end_array_value()
        begin_object()
        end_object()
        begin_object_key(first: bool)
        begin_object_value()
        end_object_value()
    }
}

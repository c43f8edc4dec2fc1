//! The JSON hub protocol: each message is one JSON object, ended by the byte 0x1E.

mod escape;
mod fields;
mod format;
mod negative_zero;
mod object;
mod record;
mod value;
mod writer;

use std::borrow::Cow;

use serde::Serialize;

use crate::error::{EncodeError, ProtocolError};
use crate::message::HubMessage;
use crate::naming::{Naming, Writing};
pub(crate) use escape::write_text;
use fields::Fields;
pub(crate) use negative_zero::with_negative_zeros;
pub(crate) use object::read_properties;
pub(crate) use record::{decode, within_depth};
pub(crate) use writer::JsonWriter;

/// Parses one record, without its separator.
///
/// As in ASP.NET Core, properties may come in any order and are read in the order they come. The
/// last of two properties with the same name counts. Nothing after the closing brace is looked at.
/// A string that is not valid Unicode within an argument, item or result is reported only when
/// that value is decoded.
///
/// # Errors
///
/// Returns an error if the record is not a message. If it has several faults, the error names the
/// first one in reading order; missing properties are found last.
pub fn parse_message(record: &[u8]) -> Result<HubMessage<'_>, ProtocolError> {
    match decode(record) {
        Cow::Borrowed(text) => Fields::read_message(text),
        Cow::Owned(text) => Fields::read_message(&text).map(HubMessage::into_owned),
    }
}

/// Appends a value as JSON, in the compact form that ASP.NET Core's protocol writes.
///
/// Text is escaped as by .NET's relaxed encoder. Floating-point numbers without a fraction are
/// written as integers, NaN and the infinities as null.
///
/// ```
/// let mut out = Vec::new();
/// hubwire::protocol::json::write_value(&mut out, &("<é😀>", 1.0, f64::NAN))?;
/// assert_eq!(String::from_utf8(out).unwrap(), r#"["<é\uD83D\uDE00>",1,null]"#);
/// # Ok::<(), hubwire::protocol::EncodeError>(())
/// ```
///
/// # Errors
///
/// Returns an error if the value's own serialization fails; `out` may then end in a part of the
/// value.
pub fn write_value<T: Serialize + ?Sized>(out: &mut Vec<u8>, value: &T) -> Result<(), EncodeError> {
    write_named(out, value, Naming::AsDeclared)
}

pub(crate) fn write_named<T: Serialize + ?Sized>(
    out: &mut Vec<u8>,
    value: &T,
    naming: Naming,
) -> Result<(), EncodeError> {
    let mut serializer = serde_json::Serializer::with_formatter(out, format::Relaxed);
    match naming {
        Naming::AsDeclared => value.serialize(&mut serializer),
        Naming::DotNet | Naming::DotNetStringEnums => {
            value.serialize(Writing::new(&mut serializer, naming))
        }
    }
    .map_err(EncodeError::new)
}

#[cfg(test)]
mod tests;

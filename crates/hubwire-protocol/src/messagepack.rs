//! The MessagePack hub protocol: each message is one array, prefixed by its length in LEB128.

mod de;
mod encode;
mod error;
mod fields;
mod head;
mod length;
mod ser;
mod writer;

use serde::Serialize;

use crate::error::{EncodeError, ProtocolError};
use crate::message::HubMessage;
use crate::naming::Naming;
pub(crate) use de::Deserializer;
pub(crate) use encode::array_length;
pub(crate) use error::is_nested_too_deeply;
use fields::Fields;
pub(crate) use head::{Head, Input, format_name};
pub(crate) use length::{NextBody, announced, next_body};
use ser::Serializer;
pub(crate) use writer::MessagePackWriter;

/// The deepest nesting of a received value, the same as in MessagePack for C#.
const MAXIMUM_DEPTH: usize = 500;

/// Parses the body of one message, without its length prefix.
///
/// As in ASP.NET Core, the number of elements matters only where a shorter message is valid too,
/// and nothing after the last known element is looked at. Arguments and items that are cut off or
/// of another type are reported only when they are decoded.
///
/// # Errors
///
/// Returns an error if the body is not a message. If it has several faults, the error names the
/// first one in reading order.
pub fn parse_message(body: &[u8]) -> Result<HubMessage<'_>, ProtocolError> {
    Fields::read_message(body)
}

/// Appends a value as MessagePack, in the smallest encoding.
///
/// Structs are maps keyed by the names of their fields, enum variants without data are their
/// names, and bytes (`serialize_bytes`) are bin. Types with a human-readable form are written in
/// that form, a `Uuid` as its 36 characters.
///
/// ```
/// let mut out = Vec::new();
/// hubwire::protocol::messagepack::write_value(&mut out, &("room", 7, None::<()>))?;
/// assert_eq!(out, b"\x93\xa4room\x07\xc0");
/// # Ok::<(), hubwire::protocol::EncodeError>(())
/// ```
///
/// # Errors
///
/// Returns an error if the value's own serialization fails or if it contains an integer of more
/// than 64 bits; `out` may then end in a part of the value.
pub fn write_value<T: Serialize + ?Sized>(out: &mut Vec<u8>, value: &T) -> Result<(), EncodeError> {
    write_named(out, value, Naming::AsDeclared)
}

pub(crate) fn write_named<T: Serialize + ?Sized>(
    out: &mut Vec<u8>,
    value: &T,
    naming: Naming,
) -> Result<(), EncodeError> {
    Ok(value.serialize(&mut Serializer::new(out, naming))?)
}

#[cfg(test)]
mod tests;

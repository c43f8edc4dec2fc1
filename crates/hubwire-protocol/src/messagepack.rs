//! The MessagePack hub protocol: one array a message, behind its length in LEB128.

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
use fields::Fields;
pub(crate) use head::{Head, Input, format_name};
pub(crate) use length::{NextBody, announced, next_body};
use ser::Serializer;
pub(crate) use writer::MessagePackWriter;

/// The deepest nesting of a received value, as in MessagePack for C#.
const MAXIMUM_DEPTH: usize = 500;

/// Parses the body of one message, without the length before it.
///
/// As in ASP.NET Core, the number of elements counts only where a shorter message is one too,
/// and nothing behind the last element that is known is looked at. Arguments and items that are
/// cut off or of another type are left for their decoding to complain of.
///
/// # Errors
///
/// If the body is no message. Of several faults the first in reading order is named.
pub fn parse_message(body: &[u8]) -> Result<HubMessage<'_>, ProtocolError> {
    Fields::read_message(body)
}

/// Appends a value as MessagePack, in the smallest forms.
///
/// Structs are maps from the names of their fields, enums without data their names, bytes
/// (`serialize_bytes`) are bin. What has a readable form is written as that, a `Uuid` as its 36
/// characters.
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
/// If the value's own serialization fails, or it has an integer of more than 64 bits; `out` may
/// then end in a part of the value.
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

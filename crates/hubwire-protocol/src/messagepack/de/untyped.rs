//! What becomes of bytes and of .NET's `DateTimeOffset` where the type asks for neither.

use std::any::type_name;

use base64::prelude::{BASE64_STANDARD, Engine};
use serde::de::Visitor;

use super::Deserializer;
use crate::dotnet::DateTimeOffset;
use crate::messagepack::error::ValueError;
use crate::messagepack::head::Head;
use crate::timestamp::Timestamp;
use crate::timestamp::moment::Moment;

/// Bytes; to a `serde_json::Value`, which takes none, base64 as in JSON.
pub(super) fn visit_binary<'de, V: Visitor<'de>>(
    bytes: &'de [u8],
    visitor: V,
) -> Result<V::Value, ValueError> {
    // There is no asking a visitor what it takes: it is used up by the bytes that it refuses.
    if type_name::<V::Value>() == type_name::<serde_json::Value>() {
        visitor.visit_string(BASE64_STANDARD.encode(bytes))
    } else {
        visitor.visit_borrowed_bytes(bytes)
    }
}

impl Deserializer<'_> {
    /// Takes the two elements of an array, if they are those of a `DateTimeOffset`.
    pub(super) fn date_time_offset(&mut self) -> Option<DateTimeOffset> {
        let mut ahead = self.input;
        let Ok(Head::Extension(-1, bytes)) = ahead.next() else {
            return None;
        };
        let minutes = match ahead.next().ok()? {
            Head::Unsigned(minutes) => i16::try_from(minutes).ok()?,
            Head::Negative(minutes) => i16::try_from(minutes).ok()?,
            _ => return None,
        };
        let moment = Moment::from_clock(Timestamp::from_extension(bytes)?, minutes).ok()?;
        let moment = DateTimeOffset::try_from(moment).ok()?;
        self.input = ahead;
        Some(moment)
    }
}

//! Bytes and .NET's `DateTimeOffset` where the target type asks for neither.

use std::any::type_name;

use base64::prelude::{BASE64_STANDARD, Engine};
use serde::de::Visitor;

use super::Deserializer;
use crate::dotnet::DateTimeOffset;
use crate::messagepack::error::ValueError;
use crate::messagepack::head::Head;
use crate::timestamp::Timestamp;
use crate::timestamp::moment::Moment;

/// Passes bytes to the visitor, or base64 as in JSON to a `serde_json::Value`, which does not
/// accept bytes.
pub(super) fn visit_binary<'de, V: Visitor<'de>>(
    bytes: &'de [u8],
    visitor: V,
) -> Result<V::Value, ValueError> {
    // A visitor cannot be asked what it accepts, and is consumed if it refuses the bytes.
    if type_name::<V::Value>() == type_name::<serde_json::Value>() {
        visitor.visit_string(BASE64_STANDARD.encode(bytes))
    } else {
        visitor.visit_borrowed_bytes(bytes)
    }
}

impl Deserializer<'_> {
    /// Takes the two elements of an array, if they form a `DateTimeOffset`.
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

//! Our own newtypes, to which MessagePack appears as a format that is not human-readable.

use serde::de::{self, Visitor};
use serde::forward_to_deserialize_any;

use super::{Deserializer, not_a_timestamp};
use crate::messagepack::error::ValueError;
use crate::messagepack::head::Head;
use crate::timestamp::Timestamp;

/// The content of one of our own newtypes.
pub(super) enum Tagged<'d, 'de> {
    Binary(&'d mut Deserializer<'de>),
    Enum(&'d mut Deserializer<'de>),
    /// Any number, or text.
    Number(&'d mut Deserializer<'de>),
    /// Shows the form of MessagePack.
    PerProtocol(&'d mut Deserializer<'de>),
    Timestamp(&'d mut Deserializer<'de>),
}

impl<'de> de::Deserializer<'de> for Tagged<'_, 'de> {
    type Error = ValueError;

    fn is_human_readable(&self) -> bool {
        false
    }

    /// Passes bytes, or the twelve bytes of a timestamp's longest form; any other value is passed
    /// as it is.
    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ValueError> {
        match self {
            Self::Binary(from) => from.deserialize_bytes(visitor),
            Self::Enum(from) => from.deserialize_any(visitor),
            Self::Number(from) => from.deserialize_i64(visitor),
            Self::PerProtocol(from) => visitor.visit_newtype_struct(from),
            Self::Timestamp(from) => match from.input.next()? {
                Head::Extension(-1, bytes) => {
                    let timestamp = Timestamp::from_extension(bytes).ok_or_else(not_a_timestamp)?;
                    visitor.visit_bytes(&timestamp.to_longest_extension())
                }
                head => from.visit_head(head, visitor),
            },
        }
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option
        unit unit_struct newtype_struct seq tuple tuple_struct map struct enum identifier
        ignored_any
    }
}

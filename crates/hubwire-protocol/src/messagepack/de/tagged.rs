//! Our own newtypes, which are shown a format that is not for reading.

use serde::de::{self, Visitor};
use serde::forward_to_deserialize_any;

use super::{Deserializer, not_a_timestamp};
use crate::messagepack::error::ValueError;
use crate::messagepack::head::Head;
use crate::timestamp::Timestamp;

/// The inside of one of our own newtypes.
pub(super) enum Tagged<'d, 'de> {
    Binary(&'d mut Deserializer<'de>),
    Enum(&'d mut Deserializer<'de>),
    /// A number of anything, or text.
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

    /// Bytes, and of a timestamp the twelve of its longest form; whatever else it came as.
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

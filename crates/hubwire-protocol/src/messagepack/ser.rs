//! Serde values as MessagePack.
//!
//! This is not rmp-serde's serializer because how a value is written here depends on more than its
//! type: the hub's [`Naming`] names members while they are written, and each of our own types
//! chooses its form (a timestamp is an extension, a GUID beside it is text). rmp-serde knows neither:
//! its configuration is sealed, and whether values are human-readable holds for all of them. Nor can
//! it pass on MessagePack that was received, or write what the JSON text of a `RawValue` says.

use serde::Serialize;
use serde::ser;

use super::encode;
use super::error::ValueError;
use crate::dotnet::{NumberOrName, NumberedAs, is_number};
use crate::naming::Naming;
use crate::tagged::{
    BINARY, DATE_ONLY, DATE_TIME_OFFSET, DECIMAL, RAW_ITEM, RAW_VALUE, TIME_ONLY, TIME_SPAN,
    TIMESTAMP,
};
use crate::timestamp::Timestamp;
use compound::Compound;

mod buffered;
mod compound;

/// Appends one value.
pub(super) struct Serializer<'w> {
    out: &'w mut Vec<u8>,
    naming: Naming,
    within: Within,
}

/// Which of our own types a value is within; outside of them all is written readably, but for bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Within {
    None,
    /// Bytes are bin, as they are outside.
    Binary,
    /// Bytes are the timestamp extension, the twelve of its longest form.
    Timestamp,
    DateTimeOffset,
    Decimal,
    TimeSpan,
    DateOnly,
    TimeOnly,
    /// Bytes are MessagePack already.
    RawItem,
}

impl Within {
    /// The type of ours that a newtype of this name is.
    #[inline]
    fn newtype(name: &str) -> Option<Self> {
        Some(match name {
            // Most are of somebody else.
            _ if !name.starts_with('$') => return None,
            BINARY => Self::Binary,
            TIMESTAMP => Self::Timestamp,
            DATE_TIME_OFFSET => Self::DateTimeOffset,
            DECIMAL => Self::Decimal,
            TIME_SPAN => Self::TimeSpan,
            DATE_ONLY => Self::DateOnly,
            TIME_ONLY => Self::TimeOnly,
            RAW_ITEM => Self::RawItem,
            _ => return None,
        })
    }
}

impl<'w> Serializer<'w> {
    #[inline]
    pub(super) const fn new(out: &'w mut Vec<u8>, naming: Naming) -> Self {
        Self {
            out,
            naming,
            within: Within::None,
        }
    }

    /// Writes the inside of one of our own types.
    #[inline]
    fn serialize_within<T: Serialize + ?Sized>(
        &mut self,
        within: Within,
        value: &T,
    ) -> Result<(), ValueError> {
        let around = std::mem::replace(&mut self.within, within);
        let written = value.serialize(&mut *self);
        self.within = around;
        written
    }

    /// Begins an enum's variant with data: a map of one.
    #[inline]
    fn variant(&mut self, variant: &str) -> Result<(), ValueError> {
        encode::map_length(self.out, 1)?;
        encode::text(self.out, variant)
    }
}

impl<'a, 'w> ser::Serializer for &'a mut Serializer<'w> {
    type Ok = ();
    type Error = ValueError;
    type SerializeSeq = Compound<'a, 'w>;
    type SerializeTuple = Compound<'a, 'w>;
    type SerializeTupleStruct = Compound<'a, 'w>;
    type SerializeTupleVariant = Compound<'a, 'w>;
    type SerializeMap = Compound<'a, 'w>;
    type SerializeStruct = Compound<'a, 'w>;
    type SerializeStructVariant = Compound<'a, 'w>;

    /// .NET's types that have a readable form are written as that, so that a Guid is text.
    #[inline]
    fn is_human_readable(&self) -> bool {
        self.within == Within::None
    }

    #[inline]
    fn serialize_bool(self, value: bool) -> Result<(), ValueError> {
        encode::boolean(self.out, value);
        Ok(())
    }

    #[inline]
    fn serialize_i8(self, value: i8) -> Result<(), ValueError> {
        self.serialize_i64(i64::from(value))
    }

    #[inline]
    fn serialize_i16(self, value: i16) -> Result<(), ValueError> {
        self.serialize_i64(i64::from(value))
    }

    #[inline]
    fn serialize_i32(self, value: i32) -> Result<(), ValueError> {
        self.serialize_i64(i64::from(value))
    }

    #[inline]
    fn serialize_i64(self, value: i64) -> Result<(), ValueError> {
        encode::signed(self.out, value);
        Ok(())
    }

    #[inline]
    fn serialize_i128(self, _: i128) -> Result<(), ValueError> {
        Err(wide_integer())
    }

    #[inline]
    fn serialize_u8(self, value: u8) -> Result<(), ValueError> {
        self.serialize_u64(u64::from(value))
    }

    #[inline]
    fn serialize_u16(self, value: u16) -> Result<(), ValueError> {
        self.serialize_u64(u64::from(value))
    }

    #[inline]
    fn serialize_u32(self, value: u32) -> Result<(), ValueError> {
        self.serialize_u64(u64::from(value))
    }

    #[inline]
    fn serialize_u64(self, value: u64) -> Result<(), ValueError> {
        encode::unsigned(self.out, value);
        Ok(())
    }

    #[inline]
    fn serialize_u128(self, _: u128) -> Result<(), ValueError> {
        Err(wide_integer())
    }

    #[inline]
    fn serialize_f32(self, value: f32) -> Result<(), ValueError> {
        encode::float32(self.out, value);
        Ok(())
    }

    #[inline]
    fn serialize_f64(self, value: f64) -> Result<(), ValueError> {
        encode::float64(self.out, value);
        Ok(())
    }

    #[inline]
    fn serialize_char(self, value: char) -> Result<(), ValueError> {
        match (self.naming, u16::try_from(value)) {
            (Naming::DotNet | Naming::DotNetStringEnums, Ok(unit)) => self.serialize_u16(unit),
            // .NET has no `char` beyond those of one UTF-16 unit.
            _ => encode::text(self.out, value.encode_utf8(&mut [0; 4])),
        }
    }

    #[inline]
    fn serialize_str(self, value: &str) -> Result<(), ValueError> {
        match self.within {
            Within::None | Within::Decimal | Within::RawItem => encode::text(self.out, value),
            _ => self.buffered_text(value),
        }
    }

    #[inline]
    fn serialize_bytes(self, value: &[u8]) -> Result<(), ValueError> {
        match self.within {
            Within::RawItem => {
                self.out.extend_from_slice(value);
                Ok(())
            }
            Within::Timestamp => {
                let timestamp = Timestamp::from_extension(value)
                    .ok_or_else(|| <ValueError as ser::Error>::custom("no timestamp"))?;
                timestamp.with_extension(|bytes| encode::extension(self.out, -1, bytes))
            }
            _ => encode::binary(self.out, value),
        }
    }

    #[inline]
    fn serialize_none(self) -> Result<(), ValueError> {
        self.serialize_unit()
    }

    #[inline]
    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<(), ValueError> {
        value.serialize(self)
    }

    #[inline]
    fn serialize_unit(self) -> Result<(), ValueError> {
        encode::nil(self.out);
        Ok(())
    }

    #[inline]
    fn serialize_unit_struct(self, _: &'static str) -> Result<(), ValueError> {
        self.serialize_unit()
    }

    #[inline]
    fn serialize_unit_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
    ) -> Result<(), ValueError> {
        self.serialize_str(variant)
    }

    #[inline]
    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        name: &'static str,
        value: &T,
    ) -> Result<(), ValueError> {
        if is_number(name) {
            return NumberOrName::write(self, NumberedAs::Text, name, value);
        }
        let Some(within) = Within::newtype(name) else {
            return value.serialize(self);
        };
        self.serialize_within(within, value)
    }

    #[inline]
    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        value: &T,
    ) -> Result<(), ValueError> {
        self.variant(variant)?;
        value.serialize(self)
    }

    #[inline]
    fn serialize_seq(self, length: Option<usize>) -> Result<Compound<'a, 'w>, ValueError> {
        Compound::array(self, length)
    }

    #[inline]
    fn serialize_tuple(self, length: usize) -> Result<Compound<'a, 'w>, ValueError> {
        Compound::array(self, Some(length))
    }

    #[inline]
    fn serialize_tuple_struct(
        self,
        _: &'static str,
        length: usize,
    ) -> Result<Compound<'a, 'w>, ValueError> {
        Compound::array(self, Some(length))
    }

    #[inline]
    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        length: usize,
    ) -> Result<Compound<'a, 'w>, ValueError> {
        self.variant(variant)?;
        Compound::array(self, Some(length))
    }

    #[inline]
    fn serialize_map(self, length: Option<usize>) -> Result<Compound<'a, 'w>, ValueError> {
        Compound::map(self, length)
    }

    #[inline]
    fn serialize_struct(
        self,
        name: &'static str,
        length: usize,
    ) -> Result<Compound<'a, 'w>, ValueError> {
        if name == RAW_VALUE {
            return Ok(Compound::json(self));
        }
        Compound::map(self, Some(length))
    }

    #[inline]
    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        length: usize,
    ) -> Result<Compound<'a, 'w>, ValueError> {
        self.variant(variant)?;
        Compound::map(self, Some(length))
    }
}

fn wide_integer() -> ValueError {
    ser::Error::custom("MessagePack has no integers of 128 bits")
}

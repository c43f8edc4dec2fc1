//! Serializing serde values as MessagePack.

use serde::Serialize;
use serde::ser;

use super::encode;
use super::error::ValueError;
use crate::dotnet::{NumberOrName, NumberedAs, is_number};
use crate::naming::Naming;
use crate::tagged::{
    BINARY, DATE_ONLY, DATE_TIME_OFFSET, DECIMAL, MESSAGEPACK_FORM, PER_PROTOCOL, RAW_ITEM,
    RAW_VALUE, TIME_ONLY, TIME_SPAN, TIMESTAMP,
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

/// The type of ours that a value is inside of. Outside of them, everything except bytes is written
/// in its human-readable form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Within {
    None,
    /// Bytes are written as bin, as they are outside.
    Binary,
    /// Bytes are the timestamp extension in its longest form, of twelve bytes.
    Timestamp,
    DateTimeOffset,
    Decimal,
    TimeSpan,
    DateOnly,
    TimeOnly,
    /// Holds a form, which is outside again.
    PerProtocol,
    /// Bytes are already MessagePack.
    RawItem,
}

impl Within {
    /// Returns the type of ours that has a newtype of this name.
    #[inline]
    fn newtype(name: &str) -> Option<Self> {
        Some(match name {
            // Most newtypes are not ours.
            _ if !name.starts_with('$') => return None,
            BINARY => Self::Binary,
            TIMESTAMP => Self::Timestamp,
            DATE_TIME_OFFSET => Self::DateTimeOffset,
            DECIMAL => Self::Decimal,
            TIME_SPAN => Self::TimeSpan,
            DATE_ONLY => Self::DateOnly,
            TIME_ONLY => Self::TimeOnly,
            PER_PROTOCOL => Self::PerProtocol,
            MESSAGEPACK_FORM => Self::None,
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

    /// Writes the content of one of our own types.
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

    /// Begins an enum variant with data: a map with one entry.
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

    /// .NET writes types in their human-readable form where they have one; a Guid is text.
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
            // .NET has no `char` for characters of more than one UTF-16 code unit.
            _ => encode::text(self.out, value.encode_utf8(&mut [0; 4])),
        }
    }

    #[inline]
    fn serialize_str(self, value: &str) -> Result<(), ValueError> {
        match self.within {
            Within::None | Within::Decimal | Within::PerProtocol | Within::RawItem => {
                encode::text(self.out, value)
            }
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

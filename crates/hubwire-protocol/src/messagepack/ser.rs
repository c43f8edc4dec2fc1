//! Serde values as MessagePack.

use serde::Serialize;
use serde::ser;

use super::encode;
use super::error::ValueError;
use crate::dotnet::{NumberOrName, NumberedAs, is_number};
use crate::naming::Naming;
use crate::tagged::{BINARY, RAW_ITEM, RAW_VALUE, TIMESTAMP};
use crate::timestamp::Timestamp;
use compound::Compound;

mod compound;

/// Appends one value.
pub(super) struct Serializer<'w> {
    out: &'w mut Vec<u8>,
    naming: Naming,
    bytes: Bytes,
}

/// What bytes are written as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Bytes {
    /// Bin, in a value that is written readably otherwise.
    Plain,
    /// Bin, within one of our own types.
    Binary,
    /// The timestamp extension, of the twelve bytes of its longest form.
    Timestamp,
    /// A value that is MessagePack already.
    Verbatim,
}

impl<'w> Serializer<'w> {
    #[inline]
    pub(super) const fn new(out: &'w mut Vec<u8>, naming: Naming) -> Self {
        Self {
            out,
            naming,
            bytes: Bytes::Plain,
        }
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
        self.bytes == Bytes::Plain
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
        encode::text(self.out, value.encode_utf8(&mut [0; 4]))
    }

    #[inline]
    fn serialize_str(self, value: &str) -> Result<(), ValueError> {
        encode::text(self.out, value)
    }

    #[inline]
    fn serialize_bytes(self, value: &[u8]) -> Result<(), ValueError> {
        match self.bytes {
            Bytes::Plain | Bytes::Binary => encode::binary(self.out, value),
            Bytes::Timestamp => {
                let timestamp = Timestamp::from_extension(value)
                    .ok_or_else(|| <ValueError as ser::Error>::custom("no timestamp"))?;
                timestamp.with_extension(|bytes| encode::extension(self.out, -1, bytes))
            }
            Bytes::Verbatim => {
                self.out.extend_from_slice(value);
                Ok(())
            }
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
        let within = match name {
            BINARY => Bytes::Binary,
            RAW_ITEM => Bytes::Verbatim,
            TIMESTAMP => Bytes::Timestamp,
            _ if is_number(name) => {
                return NumberOrName::write(self, NumberedAs::Text, name, value);
            }
            _ => return value.serialize(self),
        };
        let around = std::mem::replace(&mut self.bytes, within);
        let written = value.serialize(&mut *self);
        self.bytes = around;
        written
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

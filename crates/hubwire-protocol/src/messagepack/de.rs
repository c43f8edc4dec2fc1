//! Deserializing serde values from MessagePack.

use std::str;

use serde::de::value::{MapDeserializer, SeqDeserializer};
use serde::de::{self, Error as _, IntoDeserializer, Unexpected, Visitor};
use serde::{Serialize, forward_to_deserialize_any};

use super::MAXIMUM_DEPTH;
use super::error::ValueError;
use super::head::{Head, Input};
use crate::naming::Naming;
use crate::tagged::{
    BINARY, DATE_ONLY, DATE_TIME_OFFSET, DECIMAL, ENUM, PER_PROTOCOL, RAW_VALUE, TIME_ONLY,
    TIME_SPAN, TIMESTAMP,
};
use crate::timestamp::Timestamp;
use crate::transcode::Transcoder;
use access::{Elements, Entries, Members, Variant};
use tagged::Tagged;

mod access;
mod number;
mod tagged;
mod untyped;

/// The code of nil.
const NIL: u8 = 0xC0;

/// So many levels fit every stack, and need no look at what is left of it.
const DEPTH_FOR_ANY_STACK: usize = 16;

/// What may be left of a stack, in bytes, before another one is allocated. One level of a type with
/// a hundred members takes less, even without optimization.
const STACK_OF_A_LEVEL: usize = 512 * 1024;

/// The size of a further stack, in bytes.
const STACK_FOR_MORE: usize = 4 * 1024 * 1024;

/// Reads values one after the other, each directly into its type.
///
/// Nothing is allocated because of an announced length: [`Input::next`] refuses more elements than
/// there are bytes, and bytes are borrowed. Recursion ends at [`MAXIMUM_DEPTH`], and continues
/// on further stacks where types need more than the thread has; values that a type does not want are
/// skipped without recursion.
#[derive(Debug)]
pub(crate) struct Deserializer<'de> {
    input: Input<'de>,
    naming: Naming,
    /// How many more arrays and maps may be nested.
    free_levels: usize,
    /// Whether the key of a map is being read; JavaScript writes numeric keys as text.
    is_key: bool,
}

impl<'de> Deserializer<'de> {
    #[inline]
    pub(crate) const fn new(input: Input<'de>, naming: Naming) -> Self {
        Self {
            input,
            naming,
            free_levels: MAXIMUM_DEPTH,
            is_key: false,
        }
    }

    /// Returns the elements of an array; its head was read before.
    #[inline]
    pub(crate) const fn elements(&mut self, count: u32) -> Elements<'_, 'de> {
        Elements::new(self, count)
    }

    /// Passes any value to the visitor.
    fn visit_head<V: Visitor<'de>>(
        &mut self,
        head: Head<'de>,
        visitor: V,
    ) -> Result<V::Value, ValueError> {
        match head {
            Head::Nil => visitor.visit_unit(),
            Head::Boolean(value) => visitor.visit_bool(value),
            Head::Unsigned(value) => visitor.visit_u64(value),
            Head::Negative(value) => visitor.visit_i64(value),
            Head::Float32(value) => visitor.visit_f32(value),
            Head::Float64(value) => visitor.visit_f64(value),
            Head::Text(text) => visit_text(text, visitor),
            Head::Binary(bytes) => untyped::visit_binary(bytes, visitor),
            Head::Array(count) => self.visit_array(count, visitor),
            Head::Map(count) => self.nested(|this| {
                let mut entries = Entries::new(this, count);
                let value = visitor.visit_map(&mut entries)?;
                entries.finish(value)
            }),
            Head::Extension(-1, bytes) => {
                let timestamp = Timestamp::from_extension(bytes).ok_or_else(not_a_timestamp)?;
                visitor.visit_string(timestamp.to_string())
            }
            Head::Extension(tag, _) => Err(ValueError::Extension(tag)),
        }
    }

    #[inline]
    fn visit_array<V: Visitor<'de>>(
        &mut self,
        count: u32,
        visitor: V,
    ) -> Result<V::Value, ValueError> {
        self.nested(|this| {
            let mut elements = Elements::new(this, count);
            let value = visitor.visit_seq(&mut elements)?;
            elements.finish(value)
        })
    }

    /// Reads a struct: a map keyed by the names of its members, or an array of the members in
    /// order.
    #[inline]
    fn visit_members<V: Visitor<'de>>(
        &mut self,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, ValueError> {
        match self.input.next()? {
            Head::Map(count) => self.nested(|this| {
                let mut members = Members::new(this, count, fields);
                let value = visitor.visit_map(&mut members)?;
                members.finish(value)
            }),
            head => self.visit_head(head, visitor),
        }
    }

    /// Reads the next value as JSON text, for a `RawValue` of `serde_json`.
    fn read_json(&mut self) -> Result<String, ValueError> {
        let mut text = Vec::new();
        let mut serializer = serde_json::Serializer::new(&mut text);
        Transcoder::new(self)
            .serialize(&mut serializer)
            .map_err(ValueError::custom)?;
        String::from_utf8(text).map_err(ValueError::custom)
    }

    #[inline]
    fn nested<T>(
        &mut self,
        read: impl FnOnce(&mut Self) -> Result<T, ValueError>,
    ) -> Result<T, ValueError> {
        self.free_levels = self.free_levels.checked_sub(1).ok_or(ValueError::TooDeep)?;
        let is_deep = self.free_levels < MAXIMUM_DEPTH - DEPTH_FOR_ANY_STACK;
        // A type that contains itself may need more stack than a thread has.
        let value = match is_deep {
            true => stacker::maybe_grow(STACK_OF_A_LEVEL, STACK_FOR_MORE, || read(self))?,
            false => read(self)?,
        };
        self.free_levels += 1;
        Ok(value)
    }
}

/// Passes text to the visitor; invalid UTF-8 is replaced, as in .NET.
#[inline]
fn visit_text<'de, V: Visitor<'de>>(text: &'de [u8], visitor: V) -> Result<V::Value, ValueError> {
    match str::from_utf8(text) {
        Ok(text) => visitor.visit_borrowed_str(text),
        Err(_) => visitor.visit_string(String::from_utf8_lossy(text).into_owned()),
    }
}

fn not_a_timestamp() -> ValueError {
    ValueError::custom("timestamp out of range")
}

fn wide_integer() -> ValueError {
    ValueError::custom("MessagePack has no integers of 128 bits")
}

/// Integers, the common case first. JavaScript writes some of them as floats or as text.
macro_rules! integers {
    ($($deserialize:ident)*) => {$(
        #[inline]
        fn $deserialize<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ValueError> {
            match self.input.next()? {
                Head::Unsigned(value) => visitor.visit_u64(value),
                Head::Negative(value) => visitor.visit_i64(value),
                head => self.visit_head(self.integer(head), visitor),
            }
        }
    )*};
}

impl<'de> de::Deserializer<'de> for &mut Deserializer<'de> {
    type Error = ValueError;

    /// Types are written in their human-readable form; a Guid is text.
    #[inline]
    fn is_human_readable(&self) -> bool {
        true
    }

    #[inline]
    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ValueError> {
        let head = self.input.next()?;
        self.visit_head(head, visitor)
    }

    #[inline]
    fn deserialize_i128<V: Visitor<'de>>(self, _: V) -> Result<V::Value, ValueError> {
        Err(wide_integer())
    }

    #[inline]
    fn deserialize_u128<V: Visitor<'de>>(self, _: V) -> Result<V::Value, ValueError> {
        Err(wide_integer())
    }

    /// Accepts text of one character, or a UTF-16 code unit, as .NET writes it.
    #[inline]
    fn deserialize_char<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ValueError> {
        match self.input.next()? {
            Head::Unsigned(unit) => match u16::try_from(unit)
                .ok()
                .and_then(|unit| char::from_u32(u32::from(unit)))
            {
                Some(character) => visitor.visit_char(character),
                None => Err(ValueError::invalid_value(
                    Unexpected::Unsigned(unit),
                    &visitor,
                )),
            },
            head => self.visit_head(head, visitor),
        }
    }

    /// Accepts text, or a timestamp, which is converted to text, with its offset if it has one; no
    /// bytes.
    #[inline]
    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ValueError> {
        match self.input.next()? {
            Head::Text(text) => visit_text(text, visitor),
            Head::Binary(bytes) => {
                Err(ValueError::invalid_type(Unexpected::Bytes(bytes), &visitor))
            }
            head @ Head::Array(2) => match self.date_time_offset() {
                Some(moment) => visitor.visit_string(moment.to_string()),
                None => self.visit_head(head, visitor),
            },
            head => self.visit_head(head, visitor),
        }
    }

    #[inline]
    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ValueError> {
        self.deserialize_str(visitor)
    }

    /// Accepts bin, the bytes of a text, or an array of integers.
    #[inline]
    fn deserialize_bytes<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ValueError> {
        match self.input.next()? {
            Head::Binary(bytes) | Head::Text(bytes) => visitor.visit_borrowed_bytes(bytes),
            head => self.visit_head(head, visitor),
        }
    }

    #[inline]
    fn deserialize_byte_buf<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ValueError> {
        self.deserialize_bytes(visitor)
    }

    #[inline]
    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ValueError> {
        if self.input.peek() == Some(NIL) {
            self.input.next()?;
            visitor.visit_none()
        } else {
            visitor.visit_some(self)
        }
    }

    #[inline]
    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, ValueError> {
        match name {
            // Most newtypes are not ours.
            _ if !name.starts_with('$') => visitor.visit_newtype_struct(self),
            BINARY => visitor.visit_newtype_struct(Tagged::Binary(self)),
            ENUM => visitor.visit_newtype_struct(Tagged::Enum(self)),
            TIMESTAMP | DATE_TIME_OFFSET => visitor.visit_newtype_struct(Tagged::Timestamp(self)),
            DECIMAL | TIME_SPAN | DATE_ONLY | TIME_ONLY => {
                visitor.visit_newtype_struct(Tagged::Number(self))
            }
            PER_PROTOCOL => visitor.visit_newtype_struct(Tagged::PerProtocol(self)),
            RAW_VALUE => {
                let text = self.read_json()?;
                visitor.visit_map(MapDeserializer::new(std::iter::once((RAW_VALUE, text))))
            }
            _ => visitor.visit_newtype_struct(self),
        }
    }

    /// Accepts an array, or a bin: the bytes that .NET sends for a `byte[]` fit a `Vec<u8>`.
    #[inline]
    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ValueError> {
        match self.input.next()? {
            Head::Array(count) => self.visit_array(count, visitor),
            Head::Binary(bytes) => {
                let mut bytes = SeqDeserializer::<_, ValueError>::new(bytes.iter().copied());
                let value = visitor.visit_seq(&mut bytes)?;
                bytes.end()?;
                Ok(value)
            }
            head => self.visit_head(head, visitor),
        }
    }

    #[inline]
    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, ValueError> {
        self.visit_members(fields, visitor)
    }

    /// Accepts the name of a variant, or a map from that name to its data.
    #[inline]
    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, ValueError> {
        match self.input.next()? {
            Head::Text(name) => match str::from_utf8(name) {
                Ok(name) => visitor.visit_enum(name.into_deserializer()),
                Err(_) => Err(ValueError::custom("name of a variant is not UTF-8")),
            },
            Head::Map(1) => self.nested(|this| visitor.visit_enum(Variant(this))),
            Head::Map(_) => Err(ValueError::invalid_value(Unexpected::Map, &"a map of one")),
            head => self.visit_head(head, visitor),
        }
    }

    #[inline]
    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ValueError> {
        self.input.skip()?;
        visitor.visit_unit()
    }

    integers! {
        deserialize_i8 deserialize_i16 deserialize_i32 deserialize_i64
        deserialize_u8 deserialize_u16 deserialize_u32 deserialize_u64
    }

    #[inline]
    fn deserialize_f64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ValueError> {
        match self.input.next()? {
            Head::Float64(value) => visitor.visit_f64(value),
            head => self.visit_head(head, visitor),
        }
    }

    #[inline]
    fn deserialize_tuple<V: Visitor<'de>>(
        self,
        _: usize,
        visitor: V,
    ) -> Result<V::Value, ValueError> {
        match self.input.next()? {
            Head::Array(count) => self.visit_array(count, visitor),
            head => self.visit_head(head, visitor),
        }
    }

    #[inline]
    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ValueError> {
        match self.input.next()? {
            Head::Text(b"true") if self.is_key => visitor.visit_bool(true),
            Head::Text(b"false") if self.is_key => visitor.visit_bool(false),
            head => self.visit_head(head, visitor),
        }
    }

    forward_to_deserialize_any! {
        f32 unit unit_struct tuple_struct map identifier
    }
}

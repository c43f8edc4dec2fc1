//! Arrays and maps, which begin with the number of their elements.

use serde::Serialize;
use serde::ser;
use serde::ser::{
    SerializeMap, SerializeSeq, SerializeStruct, SerializeStructVariant, SerializeTuple,
    SerializeTupleStruct, SerializeTupleVariant,
};

use super::{Serializer, Within};
use crate::messagepack::encode;
use crate::messagepack::error::ValueError;
use crate::transcode::Transcoder;

/// An array or a map that is being written.
pub(in crate::messagepack) struct Compound<'a, 'w> {
    serializer: &'a mut Serializer<'w>,
    /// The number of elements or pairs that the value announced, or where to insert that number.
    announced: Announced,
    is_map: bool,
    written: usize,
}

enum Announced {
    Count(usize),
    /// The content is JSON text, the value of its only member.
    Json,
    /// The number is inserted at this position at the end.
    Later(usize),
}

impl<'a, 'w> Compound<'a, 'w> {
    #[inline]
    pub(super) fn array(
        serializer: &'a mut Serializer<'w>,
        count: Option<usize>,
    ) -> Result<Self, ValueError> {
        Self::begin(serializer, count, false)
    }

    #[inline]
    pub(super) fn map(
        serializer: &'a mut Serializer<'w>,
        count: Option<usize>,
    ) -> Result<Self, ValueError> {
        Self::begin(serializer, count, true)
    }

    /// Begins a `RawValue` of `serde_json`.
    pub(super) const fn json(serializer: &'a mut Serializer<'w>) -> Self {
        Self {
            serializer,
            announced: Announced::Json,
            is_map: false,
            written: 0,
        }
    }

    #[inline]
    fn begin(
        serializer: &'a mut Serializer<'w>,
        count: Option<usize>,
        is_map: bool,
    ) -> Result<Self, ValueError> {
        let announced = match count {
            Some(count) => {
                write_length(serializer.out, count, is_map)?;
                Announced::Count(count)
            }
            None => Announced::Later(serializer.out.len()),
        };
        Ok(Self {
            serializer,
            announced,
            is_map,
            written: 0,
        })
    }

    #[inline]
    fn element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), ValueError> {
        self.written += 1;
        value.serialize(&mut *self.serializer)
    }

    #[inline]
    fn member<T: Serialize + ?Sized>(
        &mut self,
        name: &'static str,
        value: &T,
    ) -> Result<(), ValueError> {
        if matches!(self.announced, Announced::Json) {
            return self.translate(value);
        }
        self.serializer
            .naming
            .with_messagepack_name(name, |name| encode::text(self.serializer.out, name))?;
        self.element(value)
    }

    /// Writes the value that JSON text represents.
    fn translate<T: Serialize + ?Sized>(&mut self, text: &T) -> Result<(), ValueError> {
        let text = serde_json::to_value(text).map_err(<ValueError as ser::Error>::custom)?;
        let text = text.as_str().unwrap_or_default();
        if self.serializer.within == Within::Decimal {
            return encode::text(self.serializer.out, text);
        }
        let mut from = serde_json::Deserializer::from_str(text);
        Transcoder::new(&mut from).serialize(&mut *self.serializer)
    }

    #[inline]
    fn finish(self) -> Result<(), ValueError> {
        let written = self.written;
        match self.announced {
            Announced::Json => Ok(()),
            Announced::Count(announced) if announced == written => Ok(()),
            Announced::Count(announced) => Err(ValueError::WrongLength { announced, written }),
            Announced::Later(elements) => {
                let out = &mut *self.serializer.out;
                let end = out.len();
                write_length(out, written, self.is_map)?;
                let length = out.len() - end;
                if let Some(all) = out.get_mut(elements..) {
                    all.rotate_right(length);
                }
                Ok(())
            }
        }
    }
}

fn write_length(out: &mut Vec<u8>, count: usize, is_map: bool) -> Result<(), ValueError> {
    if is_map {
        encode::map_length(out, count)
    } else {
        encode::array_length(out, count)
    }
}

impl SerializeSeq for Compound<'_, '_> {
    type Ok = ();
    type Error = ValueError;

    #[inline]
    fn serialize_element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), ValueError> {
        self.element(value)
    }

    #[inline]
    fn end(self) -> Result<(), ValueError> {
        self.finish()
    }
}

impl SerializeTuple for Compound<'_, '_> {
    type Ok = ();
    type Error = ValueError;

    #[inline]
    fn serialize_element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), ValueError> {
        self.element(value)
    }

    #[inline]
    fn end(self) -> Result<(), ValueError> {
        self.finish()
    }
}

impl SerializeTupleStruct for Compound<'_, '_> {
    type Ok = ();
    type Error = ValueError;

    #[inline]
    fn serialize_field<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), ValueError> {
        self.element(value)
    }

    #[inline]
    fn end(self) -> Result<(), ValueError> {
        self.finish()
    }
}

impl SerializeTupleVariant for Compound<'_, '_> {
    type Ok = ();
    type Error = ValueError;

    #[inline]
    fn serialize_field<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), ValueError> {
        self.element(value)
    }

    #[inline]
    fn end(self) -> Result<(), ValueError> {
        self.finish()
    }
}

impl SerializeMap for Compound<'_, '_> {
    type Ok = ();
    type Error = ValueError;

    #[inline]
    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), ValueError> {
        key.serialize(&mut *self.serializer)
    }

    #[inline]
    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), ValueError> {
        self.element(value)
    }

    #[inline]
    fn end(self) -> Result<(), ValueError> {
        self.finish()
    }
}

impl SerializeStruct for Compound<'_, '_> {
    type Ok = ();
    type Error = ValueError;

    #[inline]
    fn serialize_field<T: Serialize + ?Sized>(
        &mut self,
        name: &'static str,
        value: &T,
    ) -> Result<(), ValueError> {
        self.member(name, value)
    }

    #[inline]
    fn end(self) -> Result<(), ValueError> {
        self.finish()
    }
}

impl SerializeStructVariant for Compound<'_, '_> {
    type Ok = ();
    type Error = ValueError;

    #[inline]
    fn serialize_field<T: Serialize + ?Sized>(
        &mut self,
        name: &'static str,
        value: &T,
    ) -> Result<(), ValueError> {
        self.member(name, value)
    }

    #[inline]
    fn end(self) -> Result<(), ValueError> {
        self.finish()
    }
}

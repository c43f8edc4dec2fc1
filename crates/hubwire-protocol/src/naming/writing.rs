//! A serializer that writes JSON under .NET's names.

use serde::ser::{
    self, Serialize, SerializeMap, SerializeSeq, SerializeStruct, SerializeStructVariant,
    SerializeTuple, SerializeTupleStruct, SerializeTupleVariant, Serializer,
};
use serde_json::value::RawValue;

use super::{Naming, case};
use crate::json;

/// What `serde_json` calls its own types, which are written as they are.
pub(super) const PRIVATE: &str = "$serde_json::private::";

/// Gives members of structs their camelCase names and enums without data their numbers.
///
/// Keys of maps are not looked into: there .NET writes names of enums.
pub(crate) struct Writing<S>(S);

impl<S> Writing<S> {
    pub(crate) const fn new(to: S) -> Self {
        Self(to)
    }
}

/// A value that is written under .NET's names, wherever it is.
struct Named<'a, T: ?Sized>(&'a T);

impl<T: Serialize + ?Sized> Serialize for Named<'_, T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(Writing(serializer))
    }
}

macro_rules! scalars {
    ($($serialize:ident $type:ty;)*) => {$(
        fn $serialize(self, value: $type) -> Result<S::Ok, S::Error> {
            self.0.$serialize(value)
        }
    )*};
}

impl<S: Serializer> Serializer for Writing<S> {
    type Ok = S::Ok;
    type Error = S::Error;
    type SerializeSeq = Writing<S::SerializeSeq>;
    type SerializeTuple = Writing<S::SerializeTuple>;
    type SerializeTupleStruct = Writing<S::SerializeTupleStruct>;
    type SerializeTupleVariant = Writing<S::SerializeTupleVariant>;
    type SerializeMap = Writing<S::SerializeMap>;
    type SerializeStruct = Members<S>;
    type SerializeStructVariant = Variant<S>;

    scalars! {
        serialize_bool bool;
        serialize_i8 i8;
        serialize_i16 i16;
        serialize_i32 i32;
        serialize_i64 i64;
        serialize_i128 i128;
        serialize_u8 u8;
        serialize_u16 u16;
        serialize_u32 u32;
        serialize_u64 u64;
        serialize_u128 u128;
        serialize_f32 f32;
        serialize_f64 f64;
        serialize_char char;
        serialize_str &str;
        serialize_bytes &[u8];
        serialize_unit_struct &'static str;
    }

    fn is_human_readable(&self) -> bool {
        self.0.is_human_readable()
    }

    fn serialize_none(self) -> Result<S::Ok, S::Error> {
        self.0.serialize_none()
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<S::Ok, S::Error> {
        self.0.serialize_some(&Named(value))
    }

    fn serialize_unit(self) -> Result<S::Ok, S::Error> {
        self.0.serialize_unit()
    }

    fn serialize_unit_variant(
        self,
        _: &'static str,
        index: u32,
        _: &'static str,
    ) -> Result<S::Ok, S::Error> {
        self.0.serialize_u32(index)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        name: &'static str,
        value: &T,
    ) -> Result<S::Ok, S::Error> {
        self.0.serialize_newtype_struct(name, &Named(value))
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        name: &'static str,
        index: u32,
        variant: &'static str,
        value: &T,
    ) -> Result<S::Ok, S::Error> {
        self.0
            .serialize_newtype_variant(name, index, variant, &Named(value))
    }

    fn serialize_seq(self, length: Option<usize>) -> Result<Self::SerializeSeq, S::Error> {
        self.0.serialize_seq(length).map(Writing)
    }

    fn serialize_tuple(self, length: usize) -> Result<Self::SerializeTuple, S::Error> {
        self.0.serialize_tuple(length).map(Writing)
    }

    fn serialize_tuple_struct(
        self,
        name: &'static str,
        length: usize,
    ) -> Result<Self::SerializeTupleStruct, S::Error> {
        self.0.serialize_tuple_struct(name, length).map(Writing)
    }

    fn serialize_tuple_variant(
        self,
        name: &'static str,
        index: u32,
        variant: &'static str,
        length: usize,
    ) -> Result<Self::SerializeTupleVariant, S::Error> {
        self.0
            .serialize_tuple_variant(name, index, variant, length)
            .map(Writing)
    }

    fn serialize_map(self, length: Option<usize>) -> Result<Self::SerializeMap, S::Error> {
        self.0.serialize_map(length).map(Writing)
    }

    fn serialize_struct(
        self,
        name: &'static str,
        length: usize,
    ) -> Result<Self::SerializeStruct, S::Error> {
        if name.starts_with(PRIVATE) {
            self.0
                .serialize_struct(name, length)
                .map(Members::AsTheyAre)
        } else {
            let map = self.0.serialize_map(Some(length))?;
            Ok(Members::Named(map, String::new()))
        }
    }

    fn serialize_struct_variant(
        self,
        name: &'static str,
        index: u32,
        variant: &'static str,
        length: usize,
    ) -> Result<Self::SerializeStructVariant, S::Error> {
        Ok(Variant {
            to: self.0,
            name,
            index,
            variant,
            members: Vec::with_capacity(length),
        })
    }
}

macro_rules! elements {
    ($($trait:ident $method:ident;)*) => {$(
        impl<S: $trait> $trait for Writing<S> {
            type Ok = S::Ok;
            type Error = S::Error;

            fn $method<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), S::Error> {
                self.0.$method(&Named(value))
            }

            fn end(self) -> Result<S::Ok, S::Error> {
                self.0.end()
            }
        }
    )*};
}

elements! {
    SerializeSeq serialize_element;
    SerializeTuple serialize_element;
    SerializeTupleStruct serialize_field;
    SerializeTupleVariant serialize_field;
}

impl<S: SerializeMap> SerializeMap for Writing<S> {
    type Ok = S::Ok;
    type Error = S::Error;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), S::Error> {
        self.0.serialize_key(key)
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), S::Error> {
        self.0.serialize_value(&Named(value))
    }

    fn end(self) -> Result<S::Ok, S::Error> {
        self.0.end()
    }
}

/// The members of a struct.
pub(crate) enum Members<S: Serializer> {
    /// Of a type of `serde_json`'s own.
    AsTheyAre(S::SerializeStruct),
    /// With room to make names in.
    Named(S::SerializeMap, String),
}

impl<S: Serializer> SerializeStruct for Members<S> {
    type Ok = S::Ok;
    type Error = S::Error;

    fn serialize_field<T: Serialize + ?Sized>(
        &mut self,
        name: &'static str,
        value: &T,
    ) -> Result<(), S::Error> {
        match self {
            Self::AsTheyAre(to) => to.serialize_field(name, value),
            Self::Named(to, room) => {
                room.clear();
                case::push_camel(name, room);
                to.serialize_entry(room.as_str(), &Named(value))
            }
        }
    }

    fn end(self) -> Result<S::Ok, S::Error> {
        match self {
            Self::AsTheyAre(to) => to.end(),
            Self::Named(to, _) => to.end(),
        }
    }
}

/// A variant with named members: they are kept, because a serializer takes them under names
/// that live forever, or all at once.
pub(crate) struct Variant<S> {
    to: S,
    name: &'static str,
    index: u32,
    variant: &'static str,
    members: Vec<(String, Box<RawValue>)>,
}

impl<S: Serializer> SerializeStructVariant for Variant<S> {
    type Ok = S::Ok;
    type Error = S::Error;

    fn serialize_field<T: Serialize + ?Sized>(
        &mut self,
        name: &'static str,
        value: &T,
    ) -> Result<(), S::Error> {
        let mut text = Vec::new();
        json::write_named(&mut text, value, Naming::DotNet).map_err(|error| cause(&error))?;
        let text = String::from_utf8(text).map_err(ser::Error::custom)?;
        let value = RawValue::from_string(text).map_err(ser::Error::custom)?;
        let mut name_on_wire = String::new();
        case::push_camel(name, &mut name_on_wire);
        self.members.push((name_on_wire, value));
        Ok(())
    }

    fn end(self) -> Result<S::Ok, S::Error> {
        let members = Kept(self.members);
        self.to
            .serialize_newtype_variant(self.name, self.index, self.variant, &members)
    }
}

/// What the value itself complained of, which `EncodeError` keeps behind its own text.
fn cause<E: ser::Error>(error: &crate::EncodeError) -> E {
    let source = std::error::Error::source(error).map(ToString::to_string);
    E::custom(source.unwrap_or_else(|| error.to_string()))
}

struct Kept(Vec<(String, Box<RawValue>)>);

impl Serialize for Kept {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(name, value)| (name, value)))
    }
}

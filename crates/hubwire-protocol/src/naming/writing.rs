//! A serializer that writes JSON with .NET's names.

use serde::ser::{
    self, Serialize, SerializeMap, SerializeSeq, SerializeTuple, SerializeTupleStruct,
    SerializeTupleVariant, Serializer,
};

use super::Naming;
use crate::dotnet::{NumberOrName, NumberedAs, is_number};
use crate::tagged::DECIMAL;
use members::{Members, Variant};

mod members;

/// The prefix of `serde_json`'s own types, which are written unchanged.
pub(super) const PRIVATE: &str = "$serde_json::private::";

/// Gives struct members their camelCase names, and enums their numbers if they know them.
///
/// Keys of maps are left alone, because there .NET writes enums by name; but a decimal is text
/// there.
pub(crate) struct Writing<S> {
    to: S,
    naming: Naming,
    place: Place,
    /// The enum if this is its tag, which is always a name.
    tag_of: Option<&'static str>,
}

/// Whether the position is that of a map key or of a value.
#[derive(Clone, Copy, PartialEq)]
enum Place {
    Key,
    Value,
}

impl<S> Writing<S> {
    pub(crate) const fn new(to: S, naming: Naming) -> Self {
        Self {
            to,
            naming,
            place: Place::Value,
            tag_of: None,
        }
    }

    /// Wraps a value inside this one.
    const fn inside<'a, T: ?Sized>(&self, value: &'a T) -> Named<'a, T> {
        Named {
            value,
            naming: self.naming,
            place: self.place,
            tag_of: None,
        }
    }

    fn number_is_unknown<E: ser::Error>(enum_name: &str, variant: &str) -> E {
        E::custom(format_args!(
            "serde does not know the number of `{enum_name}::{variant}`; \
             `#[derive(hubwire::dotnet::Enum)]` for `{enum_name}`, in the place of serde's \
             derives, gives its variants their numbers, and with `Naming::DotNetStringEnums` \
             all enums go by name"
        ))
    }
}

/// A value that is written with .NET's names wherever it occurs.
struct Named<'a, T: ?Sized> {
    value: &'a T,
    naming: Naming,
    place: Place,
    tag_of: Option<&'static str>,
}

impl<T: Serialize + ?Sized> Serialize for Named<'_, T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.value.serialize(Writing {
            to: serializer,
            naming: self.naming,
            place: self.place,
            tag_of: self.tag_of,
        })
    }
}

macro_rules! scalars {
    ($($serialize:ident $type:ty;)*) => {$(
        fn $serialize(self, value: $type) -> Result<S::Ok, S::Error> {
            self.to.$serialize(value)
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
        self.to.is_human_readable()
    }

    fn serialize_none(self) -> Result<S::Ok, S::Error> {
        self.to.serialize_none()
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<S::Ok, S::Error> {
        let inside = self.inside(value);
        self.to.serialize_some(&inside)
    }

    fn serialize_unit(self) -> Result<S::Ok, S::Error> {
        self.to.serialize_unit()
    }

    fn serialize_unit_variant(
        self,
        name: &'static str,
        index: u32,
        variant: &'static str,
    ) -> Result<S::Ok, S::Error> {
        if self.naming == Naming::DotNet && self.tag_of != Some(name) {
            return Err(Self::number_is_unknown(name, variant));
        }
        self.to.serialize_unit_variant(name, index, variant)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        name: &'static str,
        value: &T,
    ) -> Result<S::Ok, S::Error> {
        if self.naming == Naming::DotNet && is_number(name) {
            return NumberOrName::write(self.to, NumberedAs::Number, name, value);
        }
        if self.place == Place::Key && name == DECIMAL {
            let digits = serde_json::to_string(value).map_err(ser::Error::custom)?;
            return self.to.serialize_str(&digits);
        }
        let inside = self.inside(value);
        self.to.serialize_newtype_struct(name, &inside)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        name: &'static str,
        index: u32,
        variant: &'static str,
        value: &T,
    ) -> Result<S::Ok, S::Error> {
        let inside = self.inside(value);
        self.to
            .serialize_newtype_variant(name, index, variant, &inside)
    }

    fn serialize_seq(self, length: Option<usize>) -> Result<Self::SerializeSeq, S::Error> {
        let naming = self.naming;
        self.to
            .serialize_seq(length)
            .map(|to| Writing::new(to, naming))
    }

    fn serialize_tuple(self, length: usize) -> Result<Self::SerializeTuple, S::Error> {
        let naming = self.naming;
        self.to
            .serialize_tuple(length)
            .map(|to| Writing::new(to, naming))
    }

    fn serialize_tuple_struct(
        self,
        name: &'static str,
        length: usize,
    ) -> Result<Self::SerializeTupleStruct, S::Error> {
        let naming = self.naming;
        self.to
            .serialize_tuple_struct(name, length)
            .map(|to| Writing::new(to, naming))
    }

    fn serialize_tuple_variant(
        self,
        name: &'static str,
        index: u32,
        variant: &'static str,
        length: usize,
    ) -> Result<Self::SerializeTupleVariant, S::Error> {
        let naming = self.naming;
        self.to
            .serialize_tuple_variant(name, index, variant, length)
            .map(|to| Writing::new(to, naming))
    }

    fn serialize_map(self, length: Option<usize>) -> Result<Self::SerializeMap, S::Error> {
        let naming = self.naming;
        self.to
            .serialize_map(length)
            .map(|to| Writing::new(to, naming))
    }

    fn serialize_struct(
        self,
        name: &'static str,
        length: usize,
    ) -> Result<Self::SerializeStruct, S::Error> {
        if name.starts_with(PRIVATE) {
            self.to
                .serialize_struct(name, length)
                .map(Members::AsTheyAre)
        } else {
            Members::named(self.to, self.naming, name, length)
        }
    }

    fn serialize_struct_variant(
        self,
        name: &'static str,
        index: u32,
        variant: &'static str,
        length: usize,
    ) -> Result<Self::SerializeStructVariant, S::Error> {
        let variant = (name, index, variant);
        Ok(Variant::new(self.to, self.naming, variant, length))
    }
}

macro_rules! elements {
    ($($trait:ident $method:ident;)*) => {$(
        impl<S: $trait> $trait for Writing<S> {
            type Ok = S::Ok;
            type Error = S::Error;

            fn $method<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), S::Error> {
                let inside = self.inside(value);
                self.to.$method(&inside)
            }

            fn end(self) -> Result<S::Ok, S::Error> {
                self.to.end()
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
        self.to.serialize_key(&Named {
            value: key,
            naming: Naming::AsDeclared,
            place: Place::Key,
            tag_of: None,
        })
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), S::Error> {
        let inside = self.inside(value);
        self.to.serialize_value(&inside)
    }

    fn end(self) -> Result<S::Ok, S::Error> {
        self.to.end()
    }
}

//! A deserializer that reads JSON with .NET's names.

use std::fmt;

use serde::Deserializer;
use serde::de::{self, DeserializeSeed, IntoDeserializer, MapAccess, SeqAccess, Visitor};

use super::Naming;
use super::variant::EnumVisitor;
use super::writing::PRIVATE;

/// Finds members of structs and variants of enums by name, ignoring ASCII case.
pub(crate) struct Reading<D>(pub(super) D);

impl<D> Reading<D> {
    pub(crate) const fn new(from: D) -> Self {
        Self(from)
    }
}

macro_rules! scalars {
    ($($deserialize:ident)*) => {$(
        fn $deserialize<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, D::Error> {
            self.0.$deserialize(visitor)
        }
    )*};
}

macro_rules! containers {
    ($($deserialize:ident)*) => {$(
        fn $deserialize<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, D::Error> {
            self.0.$deserialize(Shown::new(visitor))
        }
    )*};
}

impl<'de, D: Deserializer<'de>> Deserializer<'de> for Reading<D> {
    type Error = D::Error;

    scalars! {
        deserialize_bool deserialize_i8 deserialize_i16 deserialize_i32 deserialize_i64
        deserialize_i128 deserialize_u8 deserialize_u16 deserialize_u32 deserialize_u64
        deserialize_u128 deserialize_f32 deserialize_f64 deserialize_char deserialize_str
        deserialize_string deserialize_unit deserialize_identifier deserialize_ignored_any
    }

    containers! {
        deserialize_any deserialize_bytes deserialize_byte_buf deserialize_option
        deserialize_seq deserialize_map
    }

    fn is_human_readable(&self) -> bool {
        self.0.is_human_readable()
    }

    fn deserialize_unit_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, D::Error> {
        self.0.deserialize_unit_struct(name, visitor)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, D::Error> {
        if name.starts_with(PRIVATE) {
            return self.0.deserialize_newtype_struct(name, visitor);
        }
        self.0.deserialize_newtype_struct(name, Shown::new(visitor))
    }

    fn deserialize_tuple<V: Visitor<'de>>(
        self,
        length: usize,
        visitor: V,
    ) -> Result<V::Value, D::Error> {
        self.0.deserialize_tuple(length, Shown::new(visitor))
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        length: usize,
        visitor: V,
    ) -> Result<V::Value, D::Error> {
        let visitor = Shown::new(visitor);
        self.0.deserialize_tuple_struct(name, length, visitor)
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, D::Error> {
        if name.starts_with(PRIVATE) {
            return self.0.deserialize_struct(name, fields, visitor);
        }
        let visitor = Shown::with_fields(visitor, fields);
        self.0.deserialize_struct(name, fields, visitor)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, D::Error> {
        let visitor = EnumVisitor {
            visitor,
            name,
            variants,
        };
        self.0.deserialize_any(visitor)
    }
}

/// A visitor wrapper that applies .NET's names to everything inside.
pub(super) struct Shown<V> {
    visitor: V,
    /// The members, if the map is a struct.
    fields: Option<&'static [&'static str]>,
}

impl<V> Shown<V> {
    const fn new(visitor: V) -> Self {
        Self {
            visitor,
            fields: None,
        }
    }

    pub(super) const fn with_fields(visitor: V, fields: &'static [&'static str]) -> Self {
        Self {
            visitor,
            fields: Some(fields),
        }
    }
}

macro_rules! forward {
    ($($visit:ident $type:ty;)*) => {$(
        fn $visit<E: de::Error>(self, value: $type) -> Result<V::Value, E> {
            self.visitor.$visit(value)
        }
    )*};
}

impl<'de, V: Visitor<'de>> Visitor<'de> for Shown<V> {
    type Value = V::Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.visitor.expecting(f)
    }

    forward! {
        visit_bool bool;
        visit_i64 i64;
        visit_i128 i128;
        visit_u64 u64;
        visit_u128 u128;
        visit_f64 f64;
        visit_str &str;
        visit_borrowed_str &'de str;
        visit_string String;
        visit_bytes &[u8];
        visit_borrowed_bytes &'de [u8];
        visit_byte_buf Vec<u8>;
    }

    fn visit_none<E: de::Error>(self) -> Result<V::Value, E> {
        self.visitor.visit_none()
    }

    fn visit_some<D: Deserializer<'de>>(self, inside: D) -> Result<V::Value, D::Error> {
        self.visitor.visit_some(Reading(inside))
    }

    fn visit_unit<E: de::Error>(self) -> Result<V::Value, E> {
        self.visitor.visit_unit()
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(self, inside: D) -> Result<V::Value, D::Error> {
        self.visitor.visit_newtype_struct(Reading(inside))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, elements: A) -> Result<V::Value, A::Error> {
        self.visitor.visit_seq(Elements(elements))
    }

    fn visit_map<A: MapAccess<'de>>(self, entries: A) -> Result<V::Value, A::Error> {
        let fields = self.fields;
        self.visitor.visit_map(Entries { entries, fields })
    }
}

struct Elements<A>(A);

impl<'de, A: SeqAccess<'de>> SeqAccess<'de> for Elements<A> {
    type Error = A::Error;

    fn next_element_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, A::Error> {
        self.0.next_element_seed(Inside(seed))
    }

    fn size_hint(&self) -> Option<usize> {
        self.0.size_hint()
    }
}

struct Entries<A> {
    entries: A,
    fields: Option<&'static [&'static str]>,
}

impl<'de, A: MapAccess<'de>> MapAccess<'de> for Entries<A> {
    type Error = A::Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, A::Error> {
        match self.fields {
            Some(fields) => self.entries.next_key_seed(Member { seed, fields }),
            None => self.entries.next_key_seed(Inside(seed)),
        }
    }

    fn next_value_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<T::Value, A::Error> {
        self.entries.next_value_seed(Inside(seed))
    }

    fn size_hint(&self) -> Option<usize> {
        self.entries.size_hint()
    }
}

/// A value inside another value.
pub(super) struct Inside<T>(pub(super) T);

impl<'de, T: DeserializeSeed<'de>> DeserializeSeed<'de> for Inside<T> {
    type Value = T::Value;

    fn deserialize<D: Deserializer<'de>>(self, inside: D) -> Result<T::Value, D::Error> {
        self.0.deserialize(Reading(inside))
    }
}

/// The name of a member.
struct Member<T> {
    seed: T,
    fields: &'static [&'static str],
}

impl<'de, T: DeserializeSeed<'de>> DeserializeSeed<'de> for Member<T> {
    type Value = T::Value;

    fn deserialize<D: Deserializer<'de>>(self, name: D) -> Result<T::Value, D::Error> {
        name.deserialize_str(self)
    }
}

impl<'de, T: DeserializeSeed<'de>> Visitor<'de> for Member<T> {
    type Value = T::Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the name of a member")
    }

    fn visit_str<E: de::Error>(self, name: &str) -> Result<T::Value, E> {
        let name = Naming::DotNet.declared_from_json(name, self.fields);
        self.seed.deserialize(name.into_deserializer())
    }
}

//! The names that types declare, noted while a value is decoded: those of members and of variants, but no keys of maps.

use std::cell::RefCell;
use std::fmt;

use serde::Deserializer;
use serde::de::{self, DeserializeSeed, EnumAccess, MapAccess, SeqAccess, VariantAccess, Visitor};

type Names = &'static [&'static str];

/// The names that may stand at each depth of the path to the value that is being decoded.
#[derive(Debug, Default)]
pub(super) struct DeclaredNames {
    at: RefCell<Vec<Names>>,
}

impl DeclaredNames {
    /// Notes names while something is decoded from `inside`.
    pub(super) const fn noting<D>(&self, inside: D) -> Noting<'_, D> {
        let level = Level {
            noted: self,
            depth: 0,
        };
        Noting { inside, level }
    }

    /// The names at a depth; none if a map stands there, or a struct with `#[serde(flatten)]`, which takes any name.
    pub(super) fn at(&self, depth: usize) -> Names {
        self.at.borrow().get(depth).copied().unwrap_or_default()
    }
}

#[derive(Clone, Copy)]
struct Level<'n> {
    noted: &'n DeclaredNames,
    depth: usize,
}

impl<'n> Level<'n> {
    /// Notes the names of this level, and goes to what is inside.
    fn enter(self, names: Names) -> Self {
        let mut at = self.noted.at.borrow_mut();
        at.truncate(self.depth);
        at.resize(self.depth, &[]);
        at.push(names);
        Self {
            noted: self.noted,
            depth: self.depth + 1,
        }
    }

    const fn of<T>(self, inside: T) -> Noting<'n, T> {
        Noting {
            inside,
            level: self,
        }
    }
}

/// A deserializer, or a part of one, in whose values names are noted.
pub(super) struct Noting<'n, T> {
    inside: T,
    level: Level<'n>,
}

impl<'n, T> Noting<'n, T> {
    const fn visitor<V>(&self, visitor: V, names: Names) -> NotingVisitor<'n, V> {
        NotingVisitor {
            visitor,
            level: self.level,
            names,
        }
    }
}

macro_rules! deserialize {
    ($($deserialize:ident($($argument:ident: $type:ty),*) $names:expr;)*) => {$(
        fn $deserialize<V: Visitor<'de>>(
            self,
            $($argument: $type,)*
            visitor: V,
        ) -> Result<V::Value, D::Error> {
            let visitor = self.visitor(visitor, $names);
            self.inside.$deserialize($($argument,)* visitor)
        }
    )*};
}

impl<'de, D: Deserializer<'de>> Deserializer<'de> for Noting<'_, D> {
    type Error = D::Error;

    deserialize! {
        deserialize_any() &[];
        deserialize_bool() &[];
        deserialize_i8() &[];
        deserialize_i16() &[];
        deserialize_i32() &[];
        deserialize_i64() &[];
        deserialize_i128() &[];
        deserialize_u8() &[];
        deserialize_u16() &[];
        deserialize_u32() &[];
        deserialize_u64() &[];
        deserialize_u128() &[];
        deserialize_f32() &[];
        deserialize_f64() &[];
        deserialize_char() &[];
        deserialize_str() &[];
        deserialize_string() &[];
        deserialize_bytes() &[];
        deserialize_byte_buf() &[];
        deserialize_option() &[];
        deserialize_unit() &[];
        deserialize_unit_struct(name: &'static str) &[];
        deserialize_newtype_struct(name: &'static str) &[];
        deserialize_seq() &[];
        deserialize_tuple(length: usize) &[];
        deserialize_tuple_struct(name: &'static str, length: usize) &[];
        deserialize_map() &[];
        deserialize_struct(name: &'static str, fields: Names) fields;
        deserialize_enum(name: &'static str, variants: Names) variants;
        deserialize_identifier() &[];
        deserialize_ignored_any() &[];
    }

    fn is_human_readable(&self) -> bool {
        self.inside.is_human_readable()
    }
}

struct NotingVisitor<'n, V> {
    visitor: V,
    level: Level<'n>,
    /// Those of a struct's members, or of an enum's variants.
    names: Names,
}

macro_rules! forward {
    ($($visit:ident $type:ty;)*) => {$(
        fn $visit<E: de::Error>(self, value: $type) -> Result<V::Value, E> {
            self.visitor.$visit(value)
        }
    )*};
}

impl<'de, V: Visitor<'de>> Visitor<'de> for NotingVisitor<'_, V> {
    type Value = V::Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.visitor.expecting(f)
    }

    forward! {
        visit_bool bool;
        visit_i8 i8;
        visit_i16 i16;
        visit_i32 i32;
        visit_i64 i64;
        visit_i128 i128;
        visit_u8 u8;
        visit_u16 u16;
        visit_u32 u32;
        visit_u64 u64;
        visit_u128 u128;
        visit_f32 f32;
        visit_f64 f64;
        visit_char char;
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

    fn visit_unit<E: de::Error>(self) -> Result<V::Value, E> {
        self.visitor.visit_unit()
    }

    // Neither has a part of its own in a path.
    fn visit_some<D: Deserializer<'de>>(self, inside: D) -> Result<V::Value, D::Error> {
        self.visitor.visit_some(self.level.of(inside))
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(self, inside: D) -> Result<V::Value, D::Error> {
        self.visitor.visit_newtype_struct(self.level.of(inside))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, elements: A) -> Result<V::Value, A::Error> {
        let inside = self.level.enter(&[]);
        self.visitor.visit_seq(inside.of(elements))
    }

    fn visit_map<A: MapAccess<'de>>(self, entries: A) -> Result<V::Value, A::Error> {
        let inside = self.level.enter(self.names);
        self.visitor.visit_map(inside.of(entries))
    }

    fn visit_enum<A: EnumAccess<'de>>(self, variant: A) -> Result<V::Value, A::Error> {
        let inside = self.level.enter(self.names);
        self.visitor.visit_enum(inside.of(variant))
    }
}

impl<'de, T: DeserializeSeed<'de>> DeserializeSeed<'de> for Noting<'_, T> {
    type Value = T::Value;

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<T::Value, D::Error> {
        self.inside.deserialize(self.level.of(from))
    }
}

impl<'de, A: SeqAccess<'de>> SeqAccess<'de> for Noting<'_, A> {
    type Error = A::Error;

    fn next_element_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, A::Error> {
        self.inside.next_element_seed(self.level.of(seed))
    }

    fn size_hint(&self) -> Option<usize> {
        self.inside.size_hint()
    }
}

impl<'de, A: MapAccess<'de>> MapAccess<'de> for Noting<'_, A> {
    type Error = A::Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, A::Error> {
        self.inside.next_key_seed(seed)
    }

    fn next_value_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<T::Value, A::Error> {
        self.inside.next_value_seed(self.level.of(seed))
    }

    fn size_hint(&self) -> Option<usize> {
        self.inside.size_hint()
    }
}

impl<'de, 'n, A: EnumAccess<'de>> EnumAccess<'de> for Noting<'n, A> {
    type Error = A::Error;
    type Variant = Noting<'n, A::Variant>;

    fn variant_seed<T: DeserializeSeed<'de>>(
        self,
        seed: T,
    ) -> Result<(T::Value, Self::Variant), A::Error> {
        let (name, content) = self.inside.variant_seed(seed)?;
        Ok((name, self.level.of(content)))
    }
}

impl<'de, A: VariantAccess<'de>> VariantAccess<'de> for Noting<'_, A> {
    type Error = A::Error;

    fn unit_variant(self) -> Result<(), A::Error> {
        self.inside.unit_variant()
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<T::Value, A::Error> {
        self.inside.newtype_variant_seed(self.level.of(seed))
    }

    fn tuple_variant<V: Visitor<'de>>(
        self,
        length: usize,
        visitor: V,
    ) -> Result<V::Value, A::Error> {
        let visitor = self.visitor(visitor, &[]);
        self.inside.tuple_variant(length, visitor)
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        fields: Names,
        visitor: V,
    ) -> Result<V::Value, A::Error> {
        let visitor = self.visitor(visitor, fields);
        self.inside.struct_variant(fields, visitor)
    }
}

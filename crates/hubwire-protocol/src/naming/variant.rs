//! Enums that derive serde's traits, which do not reveal the numbers of their variants.

use std::fmt;

use serde::Deserializer;
use serde::de::{
    self, DeserializeSeed, EnumAccess, Error as _, IgnoredAny, IntoDeserializer, MapAccess,
    Unexpected, VariantAccess, Visitor,
};

use super::reading::{Inside, Reading, Shown};

/// Reads an enum as a name in any ASCII case, or as an object from a name to data.
pub(super) struct EnumVisitor<V> {
    pub(super) visitor: V,
    pub(super) name: &'static str,
    pub(super) variants: &'static [&'static str],
}

impl<V> EnumVisitor<V> {
    /// Returns the declared name. A name that is declared in two cases must match exactly.
    fn declared<'n>(&self, name: &'n str) -> &'n str {
        if self.variants.contains(&name) {
            return name;
        }
        let is_name = |variant: &&&str| variant.eq_ignore_ascii_case(name);
        let mut variants = self.variants.iter().filter(is_name);
        match (variants.next(), variants.next()) {
            (Some(variant), None) => variant,
            _ => name,
        }
    }

    fn number_is_unknown<E: de::Error>(&self, number: Unexpected<'_>) -> E {
        let expected = format!(
            "the name of a variant of `{name}`, whose numbers serde does not know; \
             `#[derive(hubwire::dotnet::Enum)]` for `{name}`, in the place of serde's derives, \
             lets numbers be read",
            name = self.name
        );
        E::invalid_type(number, &&*expected)
    }
}

impl<'de, V: Visitor<'de>> Visitor<'de> for EnumVisitor<V> {
    type Value = V::Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.visitor.expecting(f)
    }

    fn visit_u64<E: de::Error>(self, number: u64) -> Result<V::Value, E> {
        Err(self.number_is_unknown(Unexpected::Unsigned(number)))
    }

    fn visit_i64<E: de::Error>(self, number: i64) -> Result<V::Value, E> {
        Err(self.number_is_unknown(Unexpected::Signed(number)))
    }

    fn visit_str<E: de::Error>(self, name: &str) -> Result<V::Value, E> {
        let declared = self.declared(name);
        if !self.variants.contains(&declared) && name.parse::<i64>().is_ok() {
            return Err(self.number_is_unknown(Unexpected::Str(name)));
        }
        self.visitor.visit_enum(declared.into_deserializer())
    }

    fn visit_map<A: MapAccess<'de>>(self, entries: A) -> Result<V::Value, A::Error> {
        self.visitor.visit_enum(Variant(entries))
    }
}

/// An object with one property.
struct Variant<A>(A);

impl<'de, A: MapAccess<'de>> Variant<A> {
    fn value<T: DeserializeSeed<'de>>(mut self, seed: T) -> Result<T::Value, A::Error> {
        let value = self.0.next_value_seed(seed)?;
        match self.0.next_key::<IgnoredAny>()? {
            None => Ok(value),
            Some(_) => Err(A::Error::custom("more than one property")),
        }
    }
}

impl<'de, A: MapAccess<'de>> EnumAccess<'de> for Variant<A> {
    type Error = A::Error;
    type Variant = Self;

    fn variant_seed<T: DeserializeSeed<'de>>(
        mut self,
        seed: T,
    ) -> Result<(T::Value, Self), A::Error> {
        match self.0.next_key_seed(seed)? {
            Some(variant) => Ok((variant, self)),
            None => Err(A::Error::custom("no property")),
        }
    }
}

impl<'de, A: MapAccess<'de>> VariantAccess<'de> for Variant<A> {
    type Error = A::Error;

    fn unit_variant(self) -> Result<(), A::Error> {
        self.value(std::marker::PhantomData)
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<T::Value, A::Error> {
        self.value(Inside(seed))
    }

    fn tuple_variant<V: Visitor<'de>>(
        self,
        length: usize,
        visitor: V,
    ) -> Result<V::Value, A::Error> {
        self.value(Tuple(length, visitor))
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, A::Error> {
        self.value(Struct(Shown::with_fields(visitor, fields)))
    }
}

struct Tuple<V>(usize, V);

impl<'de, V: Visitor<'de>> DeserializeSeed<'de> for Tuple<V> {
    type Value = V::Value;

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<V::Value, D::Error> {
        Reading(from).deserialize_tuple(self.0, self.1)
    }
}

struct Struct<V>(Shown<V>);

impl<'de, V: Visitor<'de>> DeserializeSeed<'de> for Struct<V> {
    type Value = V::Value;

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<V::Value, D::Error> {
        from.deserialize_map(self.0)
    }
}

//! Reading of enums from numbers and names.

use std::fmt;
use std::marker::PhantomData;

use serde::de::{
    self, Deserialize, Deserializer, EnumAccess, MapAccess, Unexpected, VariantAccess, Visitor,
};

use super::enum_names::{Forms, number_in};
use super::enums::Enum;
use crate::tagged::ENUM;

/// Reads an enum. Derived `Deserialize` implementations call this.
///
/// # Errors
///
/// Returns an error if the value is neither the number nor the name of a variant.
pub fn deserialize_enum<'de, E: Enum, D: Deserializer<'de>>(from: D) -> Result<E, D::Error> {
    if !from.is_human_readable() {
        // In binary formats it is read like an enum with serde's derive.
        return from.deserialize_enum(E::NAME, E::NAMES, ByPosition(PhantomData));
    }
    let number = read_number::<E, _>(from)?;
    E::from_number(number).ok_or_else(|| {
        let expected = format!(
            "the number of a variant of `{name}`; `hubwire::dotnet::Open<{name}>` keeps any number",
            name = E::NAME
        );
        de::Error::invalid_value(Unexpected::Signed(number), &&*expected)
    })
}

/// Reads the number of an enum, which need not be that of a variant.
pub(super) fn read_number<'de, E: Enum, D: Deserializer<'de>>(from: D) -> Result<i64, D::Error> {
    from.deserialize_newtype_struct(ENUM, NumberVisitor(Forms::Json, PhantomData::<E>))
}

/// A visitor for a number or a text.
///
/// Only our MessagePack codec is not human-readable inside the newtype.
struct NumberVisitor<E>(Forms, PhantomData<E>);

impl<'de, E: Enum> Visitor<'de> for NumberVisitor<E> {
    type Value = i64;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Forms::Json => write!(f, "the number or the name of a variant of `{}`", E::NAME),
            Forms::MessagePack => write!(f, "the name of a variant of `{}`", E::NAME),
        }
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(mut self, inside: D) -> Result<i64, D::Error> {
        if !inside.is_human_readable() {
            self.0 = Forms::MessagePack;
        }
        inside.deserialize_any(self)
    }

    fn visit_i64<Error: de::Error>(self, number: i64) -> Result<i64, Error> {
        match self.0 {
            Forms::Json => Ok(number),
            Forms::MessagePack => Err(Error::invalid_type(Unexpected::Signed(number), &self)),
        }
    }

    fn visit_u64<Error: de::Error>(self, number: u64) -> Result<i64, Error> {
        match i64::try_from(number) {
            Ok(number) => self.visit_i64(number),
            Err(_) => Err(Error::invalid_value(Unexpected::Unsigned(number), &self)),
        }
    }

    fn visit_str<Error: de::Error>(self, text: &str) -> Result<i64, Error> {
        number_in::<E>(text, self.0).ok_or_else(|| Error::unknown_variant(text, E::NAMES))
    }

    /// Reads a map from a name to null, which serde writes for a unit variant inside an internally
    /// tagged enum.
    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<i64, A::Error> {
        match (self.0, entries.next_entry::<String, ()>()?) {
            (Forms::Json, Some((name, ()))) => self.visit_str(&name),
            _ => Err(de::Error::invalid_type(Unexpected::Map, &self)),
        }
    }
}

/// A visitor for what serde's derive accepts: a position or a name.
struct ByPosition<E>(PhantomData<E>);

impl<'de, E: Enum> Visitor<'de> for ByPosition<E> {
    type Value = E;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a variant of `{}`", E::NAME)
    }

    fn visit_enum<A: EnumAccess<'de>>(self, access: A) -> Result<E, A::Error> {
        let (Identified(value), variant) = access.variant::<Identified<E>>()?;
        variant.unit_variant()?;
        Ok(value)
    }
}

/// A variant that is identified by its position or name.
struct Identified<E>(E);

impl<'de, E: Enum> Deserialize<'de> for Identified<E> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_identifier(IdentifierVisitor(PhantomData))
    }
}

struct IdentifierVisitor<E>(PhantomData<E>);

impl<E: Enum> Visitor<'_> for IdentifierVisitor<E> {
    type Value = Identified<E>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a variant of `{}`", E::NAME)
    }

    fn visit_u64<Error: de::Error>(self, position: u64) -> Result<Identified<E>, Error> {
        let variant = E::VARIANTS
            .iter()
            .find(|variant| u64::from(variant.position) == position);
        let variant =
            variant.ok_or_else(|| Error::invalid_value(Unexpected::Unsigned(position), &self))?;
        Ok(Identified((variant.value)()))
    }

    fn visit_str<Error: de::Error>(self, name: &str) -> Result<Identified<E>, Error> {
        let mut variants = E::VARIANTS.iter();
        let variant = variants
            .find(|variant| variant.name == name || variant.aliases.contains(&name))
            .ok_or_else(|| Error::unknown_variant(name, E::NAMES))?;
        Ok(Identified((variant.value)()))
    }
}

//! An enum that also allows numbers that no variant has.

use std::fmt;

use serde::de::{Deserialize, Deserializer};
use serde::ser::{Serialize, Serializer};

use super::enum_number::Numbered;
use super::enum_reading::read_number;
use super::enums::{Enum, serialize_enum};

/// A variant of an enum, or a number that no variant has. Every enum of .NET can hold such numbers.
///
/// A variant is written as `E` is. Another number is written as a number in JSON, and as text with
/// its digits in MessagePack.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Open<E> {
    /// A variant.
    Known(E),
    /// A number that was not known when the enum was declared.
    Unknown(i64),
}

impl<E: Enum> Open<E> {
    /// Returns the variant with this number, or else keeps the number.
    #[must_use]
    pub fn from_number(number: i64) -> Self {
        E::from_number(number).map_or(Self::Unknown(number), Self::Known)
    }

    /// Returns the number.
    pub fn number(&self) -> i64 {
        match self {
            Self::Known(known) => known.number(),
            Self::Unknown(number) => *number,
        }
    }
}

impl<E> Open<E> {
    /// Returns the variant, unless this is an unknown number.
    pub fn known(self) -> Option<E> {
        match self {
            Self::Known(known) => Some(known),
            Self::Unknown(_) => None,
        }
    }
}

impl<E> From<E> for Open<E> {
    fn from(known: E) -> Self {
        Self::Known(known)
    }
}

/// The number zero, as in .NET.
impl<E: Enum> Default for Open<E> {
    fn default() -> Self {
        Self::from_number(0)
    }
}

/// Writes the name, or the digits of an unknown number.
impl<E: Enum> fmt::Display for Open<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Known(known) => f.pad(known.name()),
            Self::Unknown(number) => fmt::Display::fmt(number, f),
        }
    }
}

impl<E: Enum> Serialize for Open<E> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if !serializer.is_human_readable() {
            return serializer.serialize_i64(self.number());
        }
        match self {
            Self::Known(known) => serialize_enum(known, serializer),
            Self::Unknown(number) => Numbered::new(*number, number).serialize(serializer),
        }
    }
}

impl<'de, E: Enum> Deserialize<'de> for Open<E> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        if !from.is_human_readable() {
            return i64::deserialize(from).map(Self::from_number);
        }
        read_number::<E, _>(from).map(Self::from_number)
    }
}

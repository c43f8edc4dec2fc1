//! Combinations of an enum's variants.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::marker::PhantomData;
use std::ops::{BitOr, BitOrAssign};

use serde::de::{Deserialize, Deserializer};
use serde::ser::{Serialize, Serializer};

use super::enum_number::Numbered;
use super::enum_reading::read_number;
use super::enums::{Enum, Variant};

/// A combination of an enum's variants, as in an enum with `[Flags]` in .NET.
///
/// In JSON with `Naming::DotNet` it is a number. In MessagePack, and with any other naming, it is
/// .NET's text: the name of the variant with this number, or else the names of the variants that
/// are combined, such as `Read, Write`. If variants do not account for all bits, it is a number in
/// JSON and text with the digits in MessagePack.
pub struct Flags<E> {
    number: i64,
    of: PhantomData<fn() -> E>,
}

impl<E> Flags<E> {
    /// Returns the empty combination.
    #[must_use]
    pub const fn empty() -> Self {
        Self::from_number(0)
    }

    /// Returns the flags with this number, which may have bits that no variant has.
    #[must_use]
    pub const fn from_number(number: i64) -> Self {
        Self {
            number,
            of: PhantomData,
        }
    }

    /// Returns the combined numbers of the flags.
    #[must_use]
    pub const fn number(self) -> i64 {
        self.number
    }
}

impl<E: Enum> Flags<E> {
    /// Returns whether all bits of these flags are set.
    #[must_use]
    pub fn contains(self, flags: impl Into<Self>) -> bool {
        let flags = flags.into().number;
        self.number & flags == flags
    }

    /// Returns the variants that its text names: the variant with this number, or else the variants
    /// that are combined, the smallest first. As in .NET, they are found from the largest to the
    /// smallest. Returns `None` if bits are left over.
    fn names(self) -> Option<Vec<&'static Variant<E>>> {
        if let Some(all) = E::VARIANTS.iter().find(|all| all.number == self.number) {
            return Some(vec![all]);
        }
        let mut variants: Vec<_> = E::VARIANTS.iter().filter(|flag| flag.number != 0).collect();
        variants.sort_by_key(|flag| flag.number.cast_unsigned());
        let mut left = self.number;
        let mut names = Vec::new();
        for flag in variants.into_iter().rev() {
            if left & flag.number == flag.number {
                left &= !flag.number;
                names.push(flag);
            }
        }
        names.reverse();
        (left == 0 && !names.is_empty()).then_some(names)
    }
}

impl<E: Enum> From<E> for Flags<E> {
    fn from(flag: E) -> Self {
        Self::from_number(flag.number())
    }
}

impl<E: Enum> FromIterator<E> for Flags<E> {
    fn from_iter<I: IntoIterator<Item = E>>(flags: I) -> Self {
        flags
            .into_iter()
            .fold(Self::empty(), |all, flag| all | flag)
    }
}

impl<E: Enum, F: Into<Self>> BitOr<F> for Flags<E> {
    type Output = Self;

    fn bitor(self, flags: F) -> Self {
        Self::from_number(self.number | flags.into().number)
    }
}

impl<E: Enum, F: Into<Self>> BitOrAssign<F> for Flags<E> {
    fn bitor_assign(&mut self, flags: F) {
        self.number |= flags.into().number;
    }
}

/// Writes .NET's text.
impl<E: Enum> fmt::Display for Flags<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.names() {
            Some(names) => {
                let names: Vec<&str> = names.into_iter().map(Variant::name).collect();
                f.pad(&names.join(", "))
            }
            None => fmt::Display::fmt(&self.number, f),
        }
    }
}

impl<E: Enum> Serialize for Flags<E> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if !serializer.is_human_readable() {
            return serializer.serialize_i64(self.number);
        }
        match self.names() {
            Some(_) => Numbered::new(self.number, &self.to_string()).serialize(serializer),
            None => Numbered::new(self.number, &self.number).serialize(serializer),
        }
    }
}

impl<'de, E: Enum> Deserialize<'de> for Flags<E> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        if !from.is_human_readable() {
            return i64::deserialize(from).map(Self::from_number);
        }
        read_number::<E, _>(from).map(Self::from_number)
    }
}

impl<E: Enum> fmt::Debug for Flags<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({self})", self.number)
    }
}

impl<E> Clone for Flags<E> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<E> Copy for Flags<E> {}

impl<E> Default for Flags<E> {
    fn default() -> Self {
        Self::empty()
    }
}

impl<E> PartialEq for Flags<E> {
    fn eq(&self, other: &Self) -> bool {
        self.number == other.number
    }
}

impl<E> Eq for Flags<E> {}

impl<E> Hash for Flags<E> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.number.hash(state);
    }
}

impl<E> PartialOrd for Flags<E> {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl<E> Ord for Flags<E> {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.number.cmp(&other.number)
    }
}

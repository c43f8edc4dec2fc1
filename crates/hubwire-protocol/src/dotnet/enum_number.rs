//! Numbers of enums that are serialized together with their names.
//!
//! An enum is serialized as nested newtypes, whose names are the digits of its number, around its
//! form by name. Other serializers skip newtypes, or keep their names (as serde's buffers do). Ours
//! read the number from them if it is to be written.

use serde::ser::{self, Impossible, Serialize, Serializer};

/// The names of the newtypes, one for each hexadecimal digit.
const DIGITS: [&str; 16] = [
    "$hubwire::Number0",
    "$hubwire::Number1",
    "$hubwire::Number2",
    "$hubwire::Number3",
    "$hubwire::Number4",
    "$hubwire::Number5",
    "$hubwire::Number6",
    "$hubwire::Number7",
    "$hubwire::Number8",
    "$hubwire::Number9",
    "$hubwire::Number10",
    "$hubwire::Number11",
    "$hubwire::Number12",
    "$hubwire::Number13",
    "$hubwire::Number14",
    "$hubwire::Number15",
];

fn digit(newtype: &str) -> Option<u64> {
    let digit = newtype.strip_prefix("$hubwire::Number")?.parse().ok()?;
    (digit < 16).then_some(digit)
}

/// Returns whether a newtype with this name is a digit of a number.
#[inline]
pub(crate) fn is_number(newtype: &str) -> bool {
    newtype.starts_with("$hubwire::Number")
}

/// A value inside the newtypes of its number.
pub(super) struct Numbered<'a, T> {
    /// The number in zigzag encoding, with the sign in the lowest bit, so small numbers have one
    /// digit.
    zigzag: u64,
    /// The number of digits that are still to be written.
    digits: u32,
    inside: &'a T,
}

impl<'a, T> Numbered<'a, T> {
    pub(super) const fn new(number: i64, inside: &'a T) -> Self {
        let zigzag = ((number << 1) ^ (number >> 63)).cast_unsigned();
        let bits = u64::BITS - zigzag.leading_zeros();
        Self {
            zigzag,
            digits: if bits == 0 { 1 } else { bits.div_ceil(4) },
            inside,
        }
    }
}

impl<T: Serialize> Serialize for Numbered<'_, T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Some(digits) = self.digits.checked_sub(1) else {
            return self.inside.serialize(serializer);
        };
        let digit = usize::try_from((self.zigzag >> (4 * digits)) & 15);
        let newtype = digit.ok().and_then(|digit| DIGITS.get(digit));
        let rest = Self { digits, ..*self };
        serializer.serialize_newtype_struct(newtype.copied().unwrap_or_default(), &rest)
    }
}

const fn from_zigzag(zigzag: u64) -> i64 {
    (zigzag >> 1).cast_signed() ^ -((zigzag & 1).cast_signed())
}

/// The form in which an enum is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NumberedAs {
    Number,
    /// The name, or the digits if the number has no name.
    Text,
}

/// A serializer for the content of a number's newtypes.
pub(crate) struct NumberOrName<S> {
    to: S,
    form: NumberedAs,
    zigzag: u64,
}

impl<S: Serializer> NumberOrName<S> {
    /// Writes a newtype with this name and its content.
    pub(crate) fn write<T: Serialize + ?Sized>(
        to: S,
        form: NumberedAs,
        newtype: &'static str,
        inside: &T,
    ) -> Result<S::Ok, S::Error> {
        let all = Self {
            to,
            form,
            zigzag: 0,
        };
        all.serialize_newtype_struct(newtype, inside)
    }

    fn name(self, name: &str) -> Result<S::Ok, S::Error> {
        match self.form {
            NumberedAs::Number => self.to.serialize_i64(from_zigzag(self.zigzag)),
            NumberedAs::Text => self.to.serialize_str(name),
        }
    }
}

macro_rules! refused {
    ($($serialize:ident $type:ty;)*) => {$(
        fn $serialize(self, _: $type) -> Result<S::Ok, S::Error> {
            Err(no_enum())
        }
    )*};
}

macro_rules! refused_compounds {
    ($($serialize:ident($($type:ty),*) $compound:ident;)*) => {$(
        fn $serialize(self, $(_: $type),*) -> Result<Self::$compound, S::Error> {
            Err(no_enum())
        }
    )*};
}

fn no_enum<E: ser::Error>() -> E {
    E::custom("not the value of an enum")
}

impl<S: Serializer> Serializer for NumberOrName<S> {
    type Ok = S::Ok;
    type Error = S::Error;
    type SerializeSeq = Impossible<S::Ok, S::Error>;
    type SerializeTuple = Impossible<S::Ok, S::Error>;
    type SerializeTupleStruct = Impossible<S::Ok, S::Error>;
    type SerializeTupleVariant = Impossible<S::Ok, S::Error>;
    type SerializeMap = Impossible<S::Ok, S::Error>;
    type SerializeStruct = Impossible<S::Ok, S::Error>;
    type SerializeStructVariant = Impossible<S::Ok, S::Error>;

    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        newtype: &'static str,
        inside: &T,
    ) -> Result<S::Ok, S::Error> {
        let digit = digit(newtype).ok_or_else(no_enum)?;
        let zigzag = (self.zigzag << 4) | digit;
        inside.serialize(Self { zigzag, ..self })
    }

    fn serialize_unit_variant(
        self,
        _: &'static str,
        _: u32,
        name: &'static str,
    ) -> Result<S::Ok, S::Error> {
        self.name(name)
    }

    fn serialize_str(self, names: &str) -> Result<S::Ok, S::Error> {
        self.name(names)
    }

    fn serialize_i64(self, number: i64) -> Result<S::Ok, S::Error> {
        match self.form {
            NumberedAs::Number => self.to.serialize_i64(number),
            NumberedAs::Text => self.to.collect_str(&number),
        }
    }

    refused! {
        serialize_bool bool;
        serialize_i8 i8;
        serialize_i16 i16;
        serialize_i32 i32;
        serialize_u8 u8;
        serialize_u16 u16;
        serialize_u32 u32;
        serialize_u64 u64;
        serialize_f32 f32;
        serialize_f64 f64;
        serialize_char char;
        serialize_bytes &[u8];
        serialize_unit_struct &'static str;
    }

    fn serialize_none(self) -> Result<S::Ok, S::Error> {
        Err(no_enum())
    }

    fn serialize_some<T: Serialize + ?Sized>(self, _: &T) -> Result<S::Ok, S::Error> {
        Err(no_enum())
    }

    fn serialize_unit(self) -> Result<S::Ok, S::Error> {
        Err(no_enum())
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: &T,
    ) -> Result<S::Ok, S::Error> {
        Err(no_enum())
    }

    refused_compounds! {
        serialize_seq(Option<usize>) SerializeSeq;
        serialize_tuple(usize) SerializeTuple;
        serialize_tuple_struct(&'static str, usize) SerializeTupleStruct;
        serialize_tuple_variant(&'static str, u32, &'static str, usize) SerializeTupleVariant;
        serialize_map(Option<usize>) SerializeMap;
        serialize_struct(&'static str, usize) SerializeStruct;
        serialize_struct_variant(&'static str, u32, &'static str, usize) SerializeStructVariant;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[track_caller]
    fn check(number: i64) {
        let mut out = Vec::new();
        let mut to = serde_json::Serializer::new(&mut out);
        let name = "the name";
        let numbered = Numbered::new(number, &name);
        let all = NumberOrName {
            to: &mut to,
            form: NumberedAs::Number,
            zigzag: 0,
        };
        numbered.serialize(all).unwrap();
        assert_eq!(String::from_utf8(out).unwrap(), number.to_string());
        assert_eq!(serde_json::to_string(&numbered).unwrap(), "\"the name\"");
    }

    #[test]
    fn numbers_at_the_edges_come_through() {
        for number in [0, 1, -1, 7, 8, -8, -9, i64::MAX, i64::MIN] {
            check(number);
        }
    }

    #[test]
    fn numbers_near_zero_have_one_digit() {
        for number in -8..8 {
            assert_eq!(Numbered::new(number, &()).digits, 1);
        }
        assert_eq!(Numbered::new(i64::MIN, &()).digits, 16);
    }

    #[test]
    fn what_is_no_number_is_refused() {
        for newtype in ["", "$hubwire::Number", "$hubwire::Number16", "Number1"] {
            assert_eq!(digit(newtype), None, "{newtype}");
        }
        let mut out = Vec::new();
        let mut to = serde_json::Serializer::new(&mut out);
        let written = NumberOrName::write(&mut to, NumberedAs::Number, DIGITS[1], &[1]);
        assert_eq!(written.unwrap_err().to_string(), "not the value of an enum");
    }

    proptest! {
        #[test]
        fn every_number_comes_through(number: i64) {
            check(number);
        }
    }
}

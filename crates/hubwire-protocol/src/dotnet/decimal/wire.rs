//! Serde for decimals: a JSON number with all its digits, text in MessagePack.

use std::borrow::Cow;
use std::fmt;

use serde::de::{self, Deserialize, Deserializer, Unexpected, Visitor};
use serde::ser::{Serialize, SerializeStruct, Serializer};

use super::{Decimal, text};
use crate::dotnet::InvalidValue;
use crate::dotnet::json_text::{self, JsonVisitor};
use crate::tagged::{DECIMAL, RAW_VALUE};

impl Serialize for Decimal {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_newtype_struct(DECIMAL, &Inside(*self))
    }
}

/// The content of the newtype: a `serde_json::value::RawValue` in human-readable formats, otherwise
/// text.
struct Inside(Decimal);

impl Serialize for Inside {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut buffer = [0; text::LONGEST];
        let digits = text::write(self.0, &mut buffer);
        if serializer.is_human_readable() {
            let mut raw = serializer.serialize_struct(RAW_VALUE, 1)?;
            raw.serialize_field(RAW_VALUE, digits)?;
            raw.end()
        } else {
            serializer.serialize_str(digits)
        }
    }
}

impl<'de> Deserialize<'de> for Decimal {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_newtype_struct(DECIMAL, Newtype)
    }
}

const EXPECTED: &str = "a decimal";

/// A number with more digits than a float has.
const NUMBER: Unexpected<'static> = Unexpected::Other("number");

/// A visitor for the newtype, which reads what the format contains.
struct Newtype;

impl<'de> Visitor<'de> for Newtype {
    type Value = Decimal;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(EXPECTED)
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(self, from: D) -> Result<Decimal, D::Error> {
        if from.is_human_readable() {
            json_text::deserialize(
                from,
                Number {
                    floats: Floats::HaveLostDigits,
                },
            )
        } else {
            from.deserialize_str(Number {
                floats: Floats::AsShown,
            })
        }
    }
}

/// How floats are read.
#[derive(Clone, Copy)]
enum Floats {
    /// As the decimal with the fewest digits that is the same float, which JavaScript shows.
    AsShown,
    /// As a number that has lost digits, because serde has buffered it.
    HaveLostDigits,
}

struct Number {
    floats: Floats,
}

fn lost_digits<E: de::Error>(received: Unexpected<'_>) -> E {
    E::invalid_type(
        received,
        &"a decimal as text where serde buffers JSON (flatten, untagged, tag, serde_json::Value), which loses digits: \
         send it as text, or take it out of there",
    )
}

fn parsed<E: de::Error>(digits: &str, received: Unexpected<'_>) -> Result<Decimal, E> {
    digits
        .parse()
        .map_err(|invalid: InvalidValue| invalid.refused(received))
}

impl Visitor<'_> for Number {
    type Value = Decimal;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(EXPECTED)
    }

    fn visit_i64<E: de::Error>(self, whole: i64) -> Result<Decimal, E> {
        Ok(whole.into())
    }

    fn visit_u64<E: de::Error>(self, whole: u64) -> Result<Decimal, E> {
        Ok(whole.into())
    }

    fn visit_f32<E: de::Error>(self, float: f32) -> Result<Decimal, E> {
        let received = Unexpected::Float(float.into());
        match self.floats {
            Floats::AsShown => parsed(&float.to_string(), received),
            Floats::HaveLostDigits => Err(lost_digits(received)),
        }
    }

    fn visit_f64<E: de::Error>(self, float: f64) -> Result<Decimal, E> {
        match self.floats {
            Floats::AsShown => parsed(&float.to_string(), Unexpected::Float(float)),
            Floats::HaveLostDigits => Err(lost_digits(Unexpected::Float(float))),
        }
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Decimal, E> {
        parsed(text, Unexpected::Str(text))
    }
}

impl<'de> JsonVisitor<'de> for Number {
    fn visit_json<E: de::Error>(self, json: Cow<'de, str>) -> Result<Decimal, E> {
        let is_number = json.starts_with(|first: char| first == '-' || first.is_ascii_digit());
        if !is_number {
            let text = json_text::string(&json, &EXPECTED)?;
            return parsed(&text, Unexpected::Str(&text));
        }
        let is_whole = !json.contains(['.', 'e', 'E']);
        match json {
            // Owned text was made from a value without its digits.
            Cow::Owned(_) if !is_whole => Err(lost_digits(NUMBER)),
            json => parsed(&json, NUMBER),
        }
    }
}

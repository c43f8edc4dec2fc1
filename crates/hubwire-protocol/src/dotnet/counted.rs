//! Values that are text in JSON, and a number of ticks or days in MessagePack.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;
use std::str::FromStr;

use serde::de::{self, Deserializer, Unexpected, Visitor};
use serde::ser::{Serialize, Serializer};

use super::InvalidValue;
use super::json_text::{self, JsonVisitor};

/// A value with these forms. Its text is its `Display` output.
pub(crate) trait Counted: Copy + fmt::Display + FromStr<Err = InvalidValue> {
    /// The name of the newtype by which our MessagePack codec recognises the type.
    const NEWTYPE: &'static str;
    /// The expected value, for errors.
    const EXPECTED: &'static str;

    fn from_count(count: i64) -> Result<Self, InvalidValue>;

    fn count(self) -> i64;
}

pub(super) fn serialize<T, S>(value: T, serializer: S) -> Result<S::Ok, S::Error>
where
    T: Counted,
    S: Serializer,
{
    serializer.serialize_newtype_struct(T::NEWTYPE, &Inside(value))
}

/// The content of the newtype: text in human-readable formats, otherwise the count.
struct Inside<T>(T);

impl<T: Counted> Serialize for Inside<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if serializer.is_human_readable() {
            serializer.collect_str(&self.0)
        } else {
            serializer.serialize_i64(self.0.count())
        }
    }
}

pub(super) fn deserialize<'de, T, D>(deserializer: D) -> Result<T, D::Error>
where
    T: Counted,
    D: Deserializer<'de>,
{
    deserializer.deserialize_newtype_struct(T::NEWTYPE, Newtype(PhantomData))
}

/// A visitor for the newtype, which reads what the format contains.
struct Newtype<T>(PhantomData<T>);

impl<'de, T: Counted> Visitor<'de> for Newtype<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(T::EXPECTED)
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(self, from: D) -> Result<T, D::Error> {
        let either = TextOrCount(PhantomData);
        if from.is_human_readable() {
            json_text::deserialize(from, either)
        } else {
            from.deserialize_i64(either)
        }
    }
}

/// A visitor for MessagePack values, and for values of either protocol that serde has buffered.
struct TextOrCount<T>(PhantomData<T>);

impl<T: Counted> Visitor<'_> for TextOrCount<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(T::EXPECTED)
    }

    fn visit_i64<E: de::Error>(self, count: i64) -> Result<T, E> {
        T::from_count(count).map_err(|invalid| invalid.refused(Unexpected::Signed(count)))
    }

    fn visit_u64<E: de::Error>(self, count: u64) -> Result<T, E> {
        match i64::try_from(count) {
            Ok(count) => self.visit_i64(count),
            Err(_) => Err(E::invalid_value(Unexpected::Unsigned(count), &self)),
        }
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<T, E> {
        text.parse()
            .map_err(|invalid: InvalidValue| invalid.refused(Unexpected::Str(text)))
    }
}

impl<'de, T: Counted> JsonVisitor<'de> for TextOrCount<T> {
    /// Reads text. Numbers are refused, because their unit is unknown.
    fn visit_json<E: de::Error>(self, json: Cow<'de, str>) -> Result<T, E> {
        let text = json_text::string(&json, &T::EXPECTED)?;
        text.parse()
            .map_err(|invalid: InvalidValue| invalid.refused(Unexpected::Str(&text)))
    }
}

//! Reading of values from their JSON text, which keeps all digits of numbers and distinguishes
//! numbers from text.
//!
//! `serde_json` provides the text to types that ask for its `RawValue`. Other formats, and values
//! that serde has buffered, provide the value instead.

use std::borrow::Cow;
use std::fmt;

use serde::de::{self, DeserializeSeed, Deserializer, IgnoredAny, MapAccess, Unexpected, Visitor};

use crate::tagged::RAW_VALUE;

/// A visitor for JSON text in addition to ordinary values.
pub(super) trait JsonVisitor<'de>: Visitor<'de> {
    /// Reads the text of one JSON value. It is owned if it was created from a `serde_json::Value`.
    fn visit_json<E: de::Error>(self, json: Cow<'de, str>) -> Result<Self::Value, E>;
}

/// Reads the JSON text if the format provides it, or else the value.
pub(super) fn deserialize<'de, D, V>(from: D, visitor: V) -> Result<V::Value, D::Error>
where
    D: Deserializer<'de>,
    V: JsonVisitor<'de>,
{
    from.deserialize_newtype_struct(RAW_VALUE, Raw(visitor))
}

/// Returns the content of a JSON string, or an error that names the kind of value.
pub(super) fn string<'j, V, E>(json: &'j str, expected: &V) -> Result<Cow<'j, str>, E>
where
    V: de::Expected,
    E: de::Error,
{
    if json.starts_with('"') {
        serde_json::from_str::<Text<'j>>(json)
            .map(|text| text.0)
            .map_err(|_| E::invalid_value(Unexpected::Other("string"), expected))
    } else {
        Err(E::invalid_type(unexpected(json), expected))
    }
}

/// Returns the kind of a JSON value, for errors.
pub(super) fn unexpected(json: &str) -> Unexpected<'_> {
    match json.as_bytes().first() {
        Some(b'n') => Unexpected::Unit,
        Some(b't') => Unexpected::Bool(true),
        Some(b'f') => Unexpected::Bool(false),
        Some(b'[') => Unexpected::Seq,
        Some(b'{') => Unexpected::Map,
        Some(b'"') => Unexpected::Other("string"),
        _ => Unexpected::Other("number"),
    }
}

struct Raw<V>(V);

impl<'de, V: JsonVisitor<'de>> Visitor<'de> for Raw<V> {
    type Value = V::Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.expecting(f)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut text: A) -> Result<V::Value, A::Error> {
        text.next_key::<IgnoredAny>()?;
        let json = text.next_value_seed(TextSeed)?;
        self.0.visit_json(json)
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(self, value: D) -> Result<V::Value, D::Error> {
        value.deserialize_any(self.0)
    }
}

/// Text that is borrowed if possible.
#[derive(serde::Deserialize)]
struct Text<'j>(#[serde(borrow)] Cow<'j, str>);

struct TextSeed;

impl<'de> DeserializeSeed<'de> for TextSeed {
    type Value = Cow<'de, str>;

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<Cow<'de, str>, D::Error> {
        from.deserialize_str(self)
    }
}

impl<'de> Visitor<'de> for TextSeed {
    type Value = Cow<'de, str>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON text")
    }

    fn visit_borrowed_str<E: de::Error>(self, text: &'de str) -> Result<Self::Value, E> {
        Ok(Cow::Borrowed(text))
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Cow::Owned(text.to_owned()))
    }

    fn visit_string<E: de::Error>(self, text: String) -> Result<Self::Value, E> {
        Ok(Cow::Owned(text))
    }
}

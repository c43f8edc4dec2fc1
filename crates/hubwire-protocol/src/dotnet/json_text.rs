//! Values that are read from JSON's own text, so that a number keeps its digits and is not taken for text.
//!
//! `serde_json` shows that text to whoever asks for its `RawValue`. What serde has buffered, and other formats, show
//! the value instead.

use std::borrow::Cow;
use std::fmt;

use serde::de::{self, DeserializeSeed, Deserializer, IgnoredAny, MapAccess, Unexpected, Visitor};

use crate::tagged::RAW_VALUE;

/// A visitor that knows JSON's text, besides the values that it visits.
pub(super) trait JsonVisitor<'de>: Visitor<'de> {
    /// Reads the text of one JSON value, which is owned where it was made from a `serde_json::Value`.
    fn visit_json<E: de::Error>(self, json: Cow<'de, str>) -> Result<Self::Value, E>;
}

/// Reads JSON text where there is any, and else the value.
pub(super) fn deserialize<'de, D, V>(from: D, visitor: V) -> Result<V::Value, D::Error>
where
    D: Deserializer<'de>,
    V: JsonVisitor<'de>,
{
    from.deserialize_newtype_struct(RAW_VALUE, Raw(visitor))
}

/// The text of a JSON string, or what is there instead.
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

/// What JSON text is, for an error that says so.
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

/// Text that is borrowed where it can be.
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

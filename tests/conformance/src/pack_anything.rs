//! .NET's `object` in the MessagePack transcripts: any value that serde can represent.

use std::fmt;

use hubwire::Binary;
use serde::de::{self, Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde::ser::{Serialize, SerializeMap, Serializer};

/// A value of any type. Serde has no timestamps, so they are text here.
#[derive(Debug)]
pub(crate) enum Anything {
    Null,
    Boolean(bool),
    Signed(i64),
    Unsigned(u64),
    Float(f32),
    Double(f64),
    Text(String),
    Bytes(Binary),
    Array(Vec<Self>),
    Map(Vec<(Self, Self)>),
}

impl Anything {
    /// Returns the type that .NET reads, judged by its smallest encoding.
    pub(crate) fn dotnet_name(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Boolean(_) => "System.Boolean",
            Self::Unsigned(number) => match number {
                0..=0xFF => "System.Byte",
                0x100..=0xFFFF => "System.UInt16",
                0x1_0000..=0xFFFF_FFFF => "System.UInt32",
                _ => "System.UInt64",
            },
            Self::Signed(number) => match number {
                -0x80.. => "System.SByte",
                -0x8000.. => "System.Int16",
                -0x8000_0000.. => "System.Int32",
                _ => "System.Int64",
            },
            Self::Float(_) => "System.Single",
            Self::Double(_) => "System.Double",
            Self::Text(_) => "System.String",
            Self::Bytes(_) => "System.Byte[]",
            Self::Array(_) => "System.Object[]",
            Self::Map(_) => "System.Collections.Generic.Dictionary`2",
        }
    }
}

impl Serialize for Anything {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Null => serializer.serialize_unit(),
            Self::Boolean(value) => serializer.serialize_bool(*value),
            Self::Signed(value) => serializer.serialize_i64(*value),
            Self::Unsigned(value) => serializer.serialize_u64(*value),
            Self::Float(value) => serializer.serialize_f32(*value),
            Self::Double(value) => serializer.serialize_f64(*value),
            Self::Text(value) => serializer.serialize_str(value),
            Self::Bytes(value) => value.serialize(serializer),
            Self::Array(elements) => serializer.collect_seq(elements),
            Self::Map(entries) => {
                let mut map = serializer.serialize_map(Some(entries.len()))?;
                for (key, value) in entries {
                    map.serialize_entry(key, value)?;
                }
                map.end()
            }
        }
    }
}

impl<'de> Deserialize<'de> for Anything {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(AnythingVisitor)
    }
}

struct AnythingVisitor;

impl<'de> Visitor<'de> for AnythingVisitor {
    type Value = Anything;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any value")
    }

    fn visit_bool<E: de::Error>(self, value: bool) -> Result<Anything, E> {
        Ok(Anything::Boolean(value))
    }

    fn visit_i64<E: de::Error>(self, value: i64) -> Result<Anything, E> {
        Ok(Anything::Signed(value))
    }

    fn visit_u64<E: de::Error>(self, value: u64) -> Result<Anything, E> {
        Ok(Anything::Unsigned(value))
    }

    fn visit_f32<E: de::Error>(self, value: f32) -> Result<Anything, E> {
        Ok(Anything::Float(value))
    }

    fn visit_f64<E: de::Error>(self, value: f64) -> Result<Anything, E> {
        Ok(Anything::Double(value))
    }

    fn visit_str<E: de::Error>(self, value: &str) -> Result<Anything, E> {
        Ok(Anything::Text(value.to_owned()))
    }

    fn visit_bytes<E: de::Error>(self, value: &[u8]) -> Result<Anything, E> {
        Ok(Anything::Bytes(value.into()))
    }

    fn visit_unit<E: de::Error>(self) -> Result<Anything, E> {
        Ok(Anything::Null)
    }

    fn visit_none<E: de::Error>(self) -> Result<Anything, E> {
        Ok(Anything::Null)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Anything, D::Error> {
        deserializer.deserialize_any(self)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<Anything, A::Error> {
        let mut array = Vec::new();
        while let Some(element) = elements.next_element()? {
            array.push(element);
        }
        Ok(Anything::Array(array))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Anything, A::Error> {
        let mut map = Vec::new();
        while let Some(entry) = entries.next_entry()? {
            map.push(entry);
        }
        Ok(Anything::Map(map))
    }
}

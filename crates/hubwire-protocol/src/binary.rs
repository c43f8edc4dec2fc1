//! Byte strings, which JSON and MessagePack write in different ways.

use std::fmt;
use std::ops::{Deref, DerefMut};

use base64::prelude::{BASE64_STANDARD, Engine};
use serde::de::{self, Deserialize, Deserializer, SeqAccess, Visitor};
use serde::ser::{Serialize, Serializer};

use crate::tagged::BINARY;

/// Bytes that are base64 text in JSON and bin in MessagePack: a `byte[]` to .NET peers.
///
/// A plain `Vec<u8>` is an array of numbers in both protocols. In MessagePack, text and arrays of
/// integers are also read, as .NET does. White space within base64 is skipped, as in .NET.
///
/// ```
/// use hubwire::Binary;
/// use hubwire::protocol::{json, messagepack};
///
/// let picture = Binary::from(vec![1, 2, 3]);
///
/// let mut out = Vec::new();
/// json::write_value(&mut out, &picture)?;
/// assert_eq!(out, b"\"AQID\"");
///
/// let mut out = Vec::new();
/// messagepack::write_value(&mut out, &picture)?;
/// assert_eq!(out, b"\xc4\x03\x01\x02\x03");
/// # Ok::<(), hubwire::protocol::EncodeError>(())
/// ```
#[derive(Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Binary(Vec<u8>);

impl Binary {
    /// Creates an empty value.
    #[must_use]
    pub const fn new() -> Self {
        Self(Vec::new())
    }

    /// Returns the bytes as a vector.
    #[must_use]
    pub fn into_vec(self) -> Vec<u8> {
        self.0
    }
}

impl Deref for Binary {
    type Target = Vec<u8>;

    fn deref(&self) -> &Vec<u8> {
        &self.0
    }
}

impl DerefMut for Binary {
    fn deref_mut(&mut self) -> &mut Vec<u8> {
        &mut self.0
    }
}

impl AsRef<[u8]> for Binary {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

impl From<Vec<u8>> for Binary {
    fn from(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }
}

impl From<&[u8]> for Binary {
    fn from(bytes: &[u8]) -> Self {
        Self(bytes.to_vec())
    }
}

impl<const N: usize> From<[u8; N]> for Binary {
    fn from(bytes: [u8; N]) -> Self {
        Self(bytes.to_vec())
    }
}

impl From<Binary> for Vec<u8> {
    fn from(binary: Binary) -> Self {
        binary.0
    }
}

impl fmt::Debug for Binary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "b\"{}\"", self.0.escape_ascii())
    }
}

impl Serialize for Binary {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serialize(&self.0, serializer)
    }
}

/// Writes bytes in the same way as a [`Binary`].
pub(crate) fn serialize<S: Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_newtype_struct(BINARY, &Inside(bytes))
}

/// The content of the newtype: text, or bytes if the format is not human-readable.
struct Inside<'a>(&'a [u8]);

impl Serialize for Inside<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if serializer.is_human_readable() {
            serializer.serialize_str(&BASE64_STANDARD.encode(self.0))
        } else {
            serializer.serialize_bytes(self.0)
        }
    }
}

impl<'de> Deserialize<'de> for Binary {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_newtype_struct(BINARY, Newtype)
    }
}

/// Reads the newtype; its content depends on the format.
struct Newtype;

impl<'de> Visitor<'de> for Newtype {
    type Value = Binary;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("bytes")
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(
        self,
        deserializer: D,
    ) -> Result<Binary, D::Error> {
        if deserializer.is_human_readable() {
            deserializer.deserialize_str(Readable)
        } else {
            deserializer.deserialize_byte_buf(Plain)
        }
    }
}

/// Reads base64 text, or what an untagged enum has buffered of MessagePack bytes.
struct Readable;

impl Visitor<'_> for Readable {
    type Value = Binary;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("base64 text")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Binary, E> {
        let is_space = |byte: &u8| matches!(byte, b' ' | b'\t' | b'\r' | b'\n');
        let bytes = if text.as_bytes().iter().any(is_space) {
            let digits: Vec<u8> = text.bytes().filter(|byte| !is_space(byte)).collect();
            BASE64_STANDARD.decode(digits)
        } else {
            BASE64_STANDARD.decode(text)
        };
        bytes.map(Binary).map_err(E::custom)
    }

    fn visit_bytes<E: de::Error>(self, bytes: &[u8]) -> Result<Binary, E> {
        Ok(Binary(bytes.to_vec()))
    }
}

/// Reads the bytes themselves.
struct Plain;

impl<'de> Visitor<'de> for Plain {
    type Value = Binary;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("bytes")
    }

    fn visit_bytes<E: de::Error>(self, bytes: &[u8]) -> Result<Binary, E> {
        Ok(Binary(bytes.to_vec()))
    }

    fn visit_byte_buf<E: de::Error>(self, bytes: Vec<u8>) -> Result<Binary, E> {
        Ok(Binary(bytes))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<Binary, A::Error> {
        let mut bytes = Vec::new();
        while let Some(byte) = elements.next_element()? {
            bytes.push(byte);
        }
        Ok(Binary(bytes))
    }
}

#[cfg(test)]
mod tests;

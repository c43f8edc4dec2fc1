//! Types with a different form in each protocol, as some of .NET's types have.
//!
//! A class with `[Key(0)]` is an object in JSON and an array in MessagePack, and so are
//! `KeyValuePair` and `Tuple`. Serde does not tell a type which protocol it is read from or written
//! to; [`Form`] and [`serialize`] do.
//!
//! ```
//! use hubwire::dotnet::per_protocol::{self, Form};
//! use serde::{Deserialize, Serialize, Serializer};
//!
//! /// `KeyValuePair<string, int>`: `{"key":"a","value":1}` in JSON, `["a", 1]` in MessagePack.
//! #[derive(Clone, Debug, Deserialize, PartialEq)]
//! #[serde(from = "Form<Json, (String, i32)>")]
//! struct Count {
//!     word: String,
//!     count: i32,
//! }
//!
//! #[derive(Deserialize, Serialize)]
//! struct Json {
//!     key: String,
//!     value: i32,
//! }
//!
//! impl From<Form<Json, (String, i32)>> for Count {
//!     fn from(form: Form<Json, (String, i32)>) -> Self {
//!         let (word, count) = match form {
//!             Form::Json(json) => (json.key, json.value),
//!             Form::MessagePack(array) => array,
//!         };
//!         Self { word, count }
//!     }
//! }
//!
//! impl Serialize for Count {
//!     fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
//!         let json = Json { key: self.word.clone(), value: self.count };
//!         per_protocol::serialize(&json, &(&self.word, self.count), serializer)
//!     }
//! }
//!
//! # use hubwire::protocol::{HubProtocol, Naming, RawItem, json, messagepack};
//! let count = Count { word: "a".to_owned(), count: 1 };
//! let mut out = Vec::new();
//! json::write_value(&mut out, &count)?;
//! assert_eq!(out, br#"{"key":"a","value":1}"#);
//! out.clear();
//! messagepack::write_value(&mut out, &count)?;
//! assert_eq!(out, b"\x92\xa1a\x01");
//! # for protocol in [HubProtocol::Json, HubProtocol::MessagePack] {
//! #     let both = vec![Some(count.clone()), None];
//! #     let item = RawItem::encode(protocol, Naming::DotNet, &both)?;
//! #     assert_eq!(item.decode::<Vec<Option<Count>>>()?, both);
//! # }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! If serde buffers a value before it knows its type (flatten, untagged, tag), and in formats other
//! than the hub protocols, the JSON form is used.

use std::fmt;
use std::marker::PhantomData;

use serde::de::{Deserialize, Deserializer, Visitor};
use serde::ser::{Serialize, Serializer};

use crate::tagged::{MESSAGEPACK_FORM, PER_PROTOCOL};

/// A received value in the form of its protocol.
///
/// Used in `#[serde(from = "..")]` of a type with two forms, see [the module](self).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form<J, M> {
    /// The value's form in JSON.
    Json(J),
    /// The value's form in MessagePack.
    MessagePack(M),
}

impl<'de, J: Deserialize<'de>, M: Deserialize<'de>> Deserialize<'de> for Form<J, M> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_newtype_struct(PER_PROTOCOL, Either(PhantomData))
    }
}

/// Serializes the form of the protocol that is written.
///
/// # Errors
///
/// Returns an error if that form cannot be serialized.
pub fn serialize<J, M, S>(json: &J, messagepack: &M, serializer: S) -> Result<S::Ok, S::Error>
where
    J: Serialize + ?Sized,
    M: Serialize + ?Sized,
    S: Serializer,
{
    serializer.serialize_newtype_struct(PER_PROTOCOL, &Both { json, messagepack })
}

/// The content of the newtype. Only our MessagePack codec is not human-readable inside the newtype.
struct Both<'v, J: ?Sized, M: ?Sized> {
    json: &'v J,
    messagepack: &'v M,
}

impl<J: Serialize + ?Sized, M: Serialize + ?Sized> Serialize for Both<'_, J, M> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if serializer.is_human_readable() {
            self.json.serialize(serializer)
        } else {
            serializer.serialize_newtype_struct(MESSAGEPACK_FORM, self.messagepack)
        }
    }
}

struct Either<J, M>(PhantomData<(J, M)>);

impl<'de, J: Deserialize<'de>, M: Deserialize<'de>> Visitor<'de> for Either<J, M> {
    type Value = Form<J, M>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value in the form of its protocol")
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(self, from: D) -> Result<Self::Value, D::Error> {
        if from.is_human_readable() {
            J::deserialize(from).map(Form::Json)
        } else {
            let inside = from.deserialize_newtype_struct(MESSAGEPACK_FORM, Inside(PhantomData));
            inside.map(Form::MessagePack)
        }
    }
}

/// The MessagePack form, which is then read like any other value.
struct Inside<M>(PhantomData<M>);

impl<'de, M: Deserialize<'de>> Visitor<'de> for Inside<M> {
    type Value = M;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value in the form of MessagePack")
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(self, from: D) -> Result<M, D::Error> {
        M::deserialize(from)
    }
}

#[cfg(test)]
mod tests {
    use serde::{Deserialize, Serialize, Serializer};

    use super::Form;
    use crate::dotnet::tests::{from_json, from_messagepack, in_json, in_messagepack};

    #[derive(Clone, Copy, Debug, Deserialize, PartialEq)]
    #[serde(from = "Form<Members, (u8, u8)>")]
    struct Point {
        x: u8,
        y: u8,
    }

    #[derive(Deserialize, Serialize)]
    struct Members {
        x: u8,
        y: u8,
    }

    impl From<Form<Members, (u8, u8)>> for Point {
        fn from(form: Form<Members, (u8, u8)>) -> Self {
            let (x, y) = match form {
                Form::Json(members) => (members.x, members.y),
                Form::MessagePack(array) => array,
            };
            Self { x, y }
        }
    }

    impl Serialize for Point {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            let Self { x, y } = *self;
            super::serialize(&Members { x, y }, &(x, y), serializer)
        }
    }

    const POINT: Point = Point { x: 1, y: 2 };

    #[test]
    fn each_protocol_has_its_form() {
        assert_eq!(in_json(&POINT), "{\"x\":1,\"y\":2}");
        assert_eq!(in_messagepack(&POINT), "920102");
        assert_eq!(from_json("{\"y\":2,\"x\":1}"), Ok(POINT));
        assert_eq!(from_messagepack("920102"), Ok(POINT));
        assert!(from_json::<Point>("[1,2]").is_ok_and(|read| read == POINT));
        assert!(from_messagepack::<Point>("82a17801a17902").is_err());
    }

    #[test]
    fn what_is_beside_it_is_readable_in_both_protocols() {
        let both = ([Some(POINT), None], uuid::Uuid::nil());
        assert_eq!(from_json(&in_json(&both)), Ok(both));
        let hex = in_messagepack(&both);
        assert!(hex.starts_with("9292920102c0d924"), "{hex}");
        assert_eq!(from_messagepack(&hex), Ok(both));
    }

    #[derive(Debug, Deserialize, PartialEq, Serialize)]
    #[serde(tag = "kind")]
    enum Shape {
        Dot { at: Point },
    }

    #[test]
    fn buffered_it_has_the_form_of_json() {
        let dot = Shape::Dot { at: POINT };
        assert_eq!(from_json(&in_json(&dot)), Ok(dot));
        let in_messagepack = "82a46b696e64a3446f74a2617482a17801a17902";
        assert_eq!(
            from_messagepack(in_messagepack),
            Ok(Shape::Dot { at: POINT })
        );
    }
}

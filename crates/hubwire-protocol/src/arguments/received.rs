//! Received values, not decoded yet, in the encoding in which they came.

use std::borrow::Cow;

use serde::de::DeserializeOwned;
use serde::ser::{self, Serialize, Serializer};
use serde_json::value::RawValue;

use super::{Arguments, BindArguments, PathNames, binding, misplaced};
use crate::error::{BindError, DecodeError, EncodeError};
use crate::hub_protocol::HubProtocol;
use crate::json;
use crate::messagepack::{self, Head, Input};
use crate::naming::{self, Naming};
use crate::tagged::RAW_ITEM;
use crate::transcode::Transcoder;

/// Received arguments, not decoded yet: it takes the method to know their types.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RawArguments<'a> {
    pub(super) raw: Raw<'a>,
    pub(super) naming: Naming,
}

/// A stream item or a result as it is on the wire, not decoded yet.
///
/// Serialized into a hub message it passes on as it came, and is translated where that message
/// is of another protocol.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RawItem<'a> {
    raw: Raw<'a>,
    naming: Naming,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Raw<'a> {
    /// Well-formed JSON.
    Json(Cow<'a, str>),
    /// One value, or bytes that are none.
    MessagePack(Cow<'a, [u8]>),
}

impl<'a> RawArguments<'a> {
    pub(super) const fn of(raw: Raw<'a>) -> Self {
        let naming = Naming::AsDeclared;
        Self { raw, naming }
    }

    /// Takes the text of a JSON array that was found to be well-formed.
    pub(crate) const fn from_json(array: &'a str) -> Self {
        Self::of(Raw::Json(Cow::Borrowed(array)))
    }

    /// Takes a value that should be an array, or what is left of a message if it is none.
    pub(crate) const fn from_messagepack(value: &'a [u8]) -> Self {
        Self::of(Raw::MessagePack(Cow::Borrowed(value)))
    }

    /// Decodes the arguments under these names; without it they are as serde declares them.
    #[must_use]
    pub const fn with_naming(mut self, naming: Naming) -> Self {
        self.naming = naming;
        self
    }

    /// Decodes each argument once, straight into its type.
    ///
    /// As in ASP.NET Core, JSON arguments are bound in order, so that the first that does not fit
    /// decides; surplus ones are counted to the end, and only then is their number compared. In
    /// MessagePack their number comes first, and is compared before any is decoded.
    ///
    /// ```
    /// # use hubwire::protocol::{HubMessage, HubProtocol};
    /// # let record = b"{\"type\":1,\"target\":\"Add\",\"arguments\":[1,2]}\x1e";
    /// # let (message, _) = HubProtocol::Json.next_message(record, None)?.unwrap();
    /// # let HubMessage::Invocation(invocation) = message else { panic!() };
    /// assert_eq!(invocation.arguments.bind::<(u8, i64)>()?, (1, 2));
    ///
    /// let error = invocation.arguments.bind::<(u8,)>().unwrap_err();
    /// assert_eq!(error.to_string(), "Invocation provides 2 argument(s) but target expects 1.");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// If an argument does not fit, or their number is another.
    pub fn bind<T: BindArguments>(&self) -> Result<T, BindError> {
        match &self.raw {
            Raw::Json(array) => binding::bind_json(array, self.naming),
            Raw::MessagePack(value) => binding::bind_messagepack(value, self.naming),
        }
    }

    pub(super) const fn raw(&self) -> &Raw<'a> {
        &self.raw
    }

    /// Copies what is borrowed, so that the arguments outlive their buffer.
    #[must_use]
    pub fn into_owned(self) -> RawArguments<'static> {
        RawArguments {
            raw: self.raw.into_owned(),
            naming: self.naming,
        }
    }
}

impl RawArguments<'static> {
    /// Encodes arguments under these names, as messages of this protocol carry them.
    ///
    /// ```
    /// use hubwire::protocol::{HubProtocol, Naming, RawArguments};
    ///
    /// let arguments = RawArguments::encode(HubProtocol::Json, Naming::AsDeclared, &("room", 7))?;
    /// assert_eq!(arguments.bind::<(String, u8)>()?, ("room".to_owned(), 7));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// If a value cannot be serialized.
    pub fn encode(
        protocol: HubProtocol,
        naming: Naming,
        arguments: &dyn Arguments,
    ) -> Result<Self, EncodeError> {
        let mut out = Vec::new();
        let raw = match protocol {
            HubProtocol::Json => {
                arguments.write_json(&mut out, naming)?;
                let text = String::from_utf8(out).map_err(EncodeError::new)?;
                Raw::Json(Cow::Owned(text))
            }
            HubProtocol::MessagePack => {
                arguments.write_messagepack(&mut out, naming)?;
                Raw::MessagePack(Cow::Owned(out))
            }
        };
        Ok(Self { raw, naming })
    }
}

/// Received arguments pass on as they came, into the other protocol by translation.
///
/// Names stay those on the wire, whichever naming is asked for. JSON has no bytes and no
/// timestamps: they become text.
impl Arguments for RawArguments<'_> {
    fn write_json(&self, out: &mut Vec<u8>, _: Naming) -> Result<(), EncodeError> {
        match &self.raw {
            Raw::Json(array) => {
                out.extend_from_slice(array.as_bytes());
                Ok(())
            }
            Raw::MessagePack(value) => {
                let value = whole_array(value).ok_or_else(|| EncodeError::new(NOT_WHOLE))?;
                json::write_value(out, &FromMessagePack(value))
            }
        }
    }

    fn write_messagepack(&self, out: &mut Vec<u8>, _: Naming) -> Result<(), EncodeError> {
        match &self.raw {
            Raw::Json(array) => messagepack::write_value(out, &FromJson(array)),
            Raw::MessagePack(value) => {
                let value = whole_array(value).ok_or_else(|| EncodeError::new(NOT_WHOLE))?;
                out.extend_from_slice(value);
                Ok(())
            }
        }
    }
}

impl RawItem<'_> {
    /// Where in the value something does not fit, found by decoding it once more; empty if it is the value itself.
    pub(super) fn misplaced<T: DeserializeOwned>(&self, names: PathNames) -> String {
        misplaced::in_item::<T>(&self.raw, self.naming, names)
    }
}

impl<'a> RawItem<'a> {
    /// The protocol in which the value came.
    #[must_use]
    pub const fn protocol(&self) -> HubProtocol {
        match self.raw {
            Raw::Json(_) => HubProtocol::Json,
            Raw::MessagePack(_) => HubProtocol::MessagePack,
        }
    }

    /// Takes the text of a JSON value that was found to be well-formed.
    pub(crate) const fn from_json(value: &'a str) -> Self {
        Self {
            raw: Raw::Json(Cow::Borrowed(value)),
            naming: Naming::AsDeclared,
        }
    }

    /// Takes a value, or what is left of a message if it is none.
    pub(crate) const fn from_messagepack(value: &'a [u8]) -> Self {
        Self {
            raw: Raw::MessagePack(Cow::Borrowed(value)),
            naming: Naming::AsDeclared,
        }
    }

    /// Decodes the value under these names; without it they are as serde declares them.
    #[must_use]
    pub const fn with_naming(mut self, naming: Naming) -> Self {
        self.naming = naming;
        self
    }

    /// Decodes the value into the type that is expected of it.
    ///
    /// # Errors
    ///
    /// If it does not fit.
    pub fn decode<T: DeserializeOwned>(&self) -> Result<T, DecodeError> {
        match &self.raw {
            Raw::Json(value) => decode_json(value, self.naming),
            Raw::MessagePack(value) => {
                let input = Input::new(value);
                let mut from = messagepack::Deserializer::new(input, self.naming);
                T::deserialize(&mut from).map_err(DecodeError::new)
            }
        }
    }

    /// Copies what is borrowed, so that the value outlives its buffer.
    #[must_use]
    pub fn into_owned(self) -> RawItem<'static> {
        RawItem {
            raw: self.raw.into_owned(),
            naming: self.naming,
        }
    }
}

impl RawItem<'static> {
    /// Encodes a value under these names, as messages of this protocol carry it.
    ///
    /// ```
    /// use hubwire::protocol::{HubProtocol, Naming, RawItem};
    ///
    /// let item = RawItem::encode(HubProtocol::MessagePack, Naming::AsDeclared, "text")?;
    /// assert_eq!(item.decode::<String>()?, "text");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// If the value cannot be serialized.
    pub fn encode<T: Serialize + ?Sized>(
        protocol: HubProtocol,
        naming: Naming,
        value: &T,
    ) -> Result<Self, EncodeError> {
        let mut out = Vec::new();
        let raw = match protocol {
            HubProtocol::Json => {
                json::write_named(&mut out, value, naming)?;
                let text = String::from_utf8(out).map_err(EncodeError::new)?;
                Raw::Json(Cow::Owned(text))
            }
            HubProtocol::MessagePack => {
                messagepack::write_named(&mut out, value, naming)?;
                Raw::MessagePack(Cow::Owned(out))
            }
        };
        Ok(Self { raw, naming })
    }
}

impl Serialize for RawItem<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_newtype_struct(RAW_ITEM, &Inside(&self.raw))
    }
}

/// What is written within the newtype; our MessagePack codec alone shows a format that is not
/// for reading, and takes bytes as they are.
struct Inside<'a>(&'a Raw<'a>);

impl Serialize for Inside<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let is_messagepack = !serializer.is_human_readable();
        match self.0 {
            Raw::Json(value) if is_messagepack => FromJson(value).serialize(serializer),
            Raw::Json(value) => serde_json::from_str::<&RawValue>(value)
                .map_err(ser::Error::custom)?
                .serialize(serializer),
            Raw::MessagePack(value) => {
                let value = whole(value).ok_or_else(|| ser::Error::custom(NOT_WHOLE))?;
                if is_messagepack {
                    serializer.serialize_bytes(value)
                } else {
                    FromMessagePack(value).serialize(serializer)
                }
            }
        }
    }
}

impl Raw<'_> {
    fn into_owned(self) -> Raw<'static> {
        match self {
            Self::Json(text) => Raw::Json(Cow::Owned(text.into_owned())),
            Self::MessagePack(bytes) => Raw::MessagePack(Cow::Owned(bytes.into_owned())),
        }
    }
}

pub(super) const NOT_WHOLE: &str = "received value is malformed";

/// The bytes, if they are one value.
fn whole(value: &[u8]) -> Option<&[u8]> {
    let mut input = Input::new(value);
    input.skip().ok()?;
    input.rest().is_empty().then_some(value)
}

/// The bytes, if they are one array.
fn whole_array(value: &[u8]) -> Option<&[u8]> {
    let is_array = matches!(Input::new(value).next(), Ok(Head::Array(_)));
    whole(value).filter(|_| is_array)
}

/// A MessagePack value that is written in another format.
struct FromMessagePack<'a>(&'a [u8]);

impl Serialize for FromMessagePack<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let input = Input::new(self.0);
        let mut from = messagepack::Deserializer::new(input, Naming::AsDeclared);
        Transcoder::new(&mut from).serialize(serializer)
    }
}

/// JSON text that is written in another format.
struct FromJson<'a>(&'a str);

impl Serialize for FromJson<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut from = serde_json::Deserializer::from_str(self.0);
        Transcoder::new(&mut from).serialize(serializer)
    }
}

fn decode_json<T: DeserializeOwned>(value: &str, naming: Naming) -> Result<T, DecodeError> {
    let decode = |value: &str| match naming {
        Naming::AsDeclared => serde_json::from_str(value),
        Naming::DotNet | Naming::DotNetStringEnums => {
            let mut from = serde_json::Deserializer::from_str(value);
            T::deserialize(naming::Reading::new(&mut from))
        }
    };
    json::with_negative_zeros(value, decode).map_err(DecodeError::new)
}

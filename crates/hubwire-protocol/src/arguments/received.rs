//! Received values that are not decoded yet, in the encoding in which they arrived.

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

/// Received arguments that are not decoded yet, because only the method knows their types.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RawArguments<'a> {
    pub(super) raw: Raw<'a>,
    pub(super) naming: Naming,
}

/// A stream item or a result as it is on the wire, not decoded yet.
///
/// When it is serialized into a hub message of the same protocol, its bytes are copied. In a
/// message of the other protocol it is transcoded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RawItem<'a> {
    pub(super) raw: Raw<'a>,
    naming: Naming,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Raw<'a> {
    /// Well-formed JSON.
    Json(Cow<'a, str>),
    /// A single value, or malformed bytes.
    MessagePack(Cow<'a, [u8]>),
}

impl<'a> RawArguments<'a> {
    pub(super) const fn of(raw: Raw<'a>) -> Self {
        let naming = Naming::AsDeclared;
        Self { raw, naming }
    }

    /// Wraps the text of a JSON array that is known to be well-formed.
    pub(crate) const fn from_json(array: &'a str) -> Self {
        Self::of(Raw::Json(Cow::Borrowed(array)))
    }

    /// Wraps a value that should be an array, or the rest of a message if that is malformed.
    pub(crate) const fn from_messagepack(value: &'a [u8]) -> Self {
        Self::of(Raw::MessagePack(Cow::Borrowed(value)))
    }

    /// Sets the naming for decoding. By default, names are as serde declares them.
    #[must_use]
    pub const fn with_naming(mut self, naming: Naming) -> Self {
        self.naming = naming;
        self
    }

    /// Decodes each argument once, directly into its type.
    ///
    /// JSON arguments are bound in order, as in ASP.NET Core: the first one that does not fit
    /// determines the error. Surplus arguments are counted to the end, and their number is compared
    /// afterwards. MessagePack announces the number first, and it is compared before any argument
    /// is decoded.
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
    /// Returns an error if an argument does not fit, or if the number of arguments differs.
    pub fn bind<T: BindArguments>(&self) -> Result<T, BindError> {
        match &self.raw {
            Raw::Json(array) => binding::bind_json(array, self.naming),
            Raw::MessagePack(value) => binding::bind_messagepack(value, self.naming),
        }
    }

    pub(super) const fn raw(&self) -> &Raw<'a> {
        &self.raw
    }

    /// Copies borrowed data, so the arguments can outlive their buffer.
    #[must_use]
    pub fn into_owned(self) -> RawArguments<'static> {
        RawArguments {
            raw: self.raw.into_owned(),
            naming: self.naming,
        }
    }
}

impl RawArguments<'static> {
    /// Encodes arguments with this naming, as in messages of this protocol.
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
    /// Returns an error if a value cannot be serialized.
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

/// Received arguments are passed on unchanged, or transcoded into the other protocol.
///
/// Names stay as they are on the wire, whatever the naming. JSON has neither bytes nor timestamps:
/// they become text.
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
    /// Returns the path to the part that does not fit, found by decoding the value again; empty for
    /// the value itself.
    pub(super) fn misplaced<T: DeserializeOwned>(&self, names: PathNames) -> String {
        misplaced::in_item::<T>(&self.raw, self.naming, names)
    }
}

impl<'a> RawItem<'a> {
    /// Returns the protocol in which the value arrived.
    #[must_use]
    pub const fn protocol(&self) -> HubProtocol {
        match self.raw {
            Raw::Json(_) => HubProtocol::Json,
            Raw::MessagePack(_) => HubProtocol::MessagePack,
        }
    }

    /// Wraps the text of a JSON value that is known to be well-formed.
    pub(crate) const fn from_json(value: &'a str) -> Self {
        Self {
            raw: Raw::Json(Cow::Borrowed(value)),
            naming: Naming::AsDeclared,
        }
    }

    /// Wraps a value, or the rest of a message if that is malformed.
    pub(crate) const fn from_messagepack(value: &'a [u8]) -> Self {
        Self {
            raw: Raw::MessagePack(Cow::Borrowed(value)),
            naming: Naming::AsDeclared,
        }
    }

    /// Sets the naming for decoding. By default, names are as serde declares them.
    #[must_use]
    pub const fn with_naming(mut self, naming: Naming) -> Self {
        self.naming = naming;
        self
    }

    /// Decodes the value.
    ///
    /// # Errors
    ///
    /// Returns an error if the value does not fit the type.
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

    /// Copies borrowed data, so the value can outlive its buffer.
    #[must_use]
    pub fn into_owned(self) -> RawItem<'static> {
        RawItem {
            raw: self.raw.into_owned(),
            naming: self.naming,
        }
    }
}

impl RawItem<'static> {
    /// Encodes a value with this naming, as in messages of this protocol.
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
    /// Returns an error if the value cannot be serialized.
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

/// The content of the newtype. Only our MessagePack codec is not human-readable inside the newtype,
/// and it writes bytes unchanged.
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

/// Returns the bytes if they are exactly one value.
fn whole(value: &[u8]) -> Option<&[u8]> {
    let mut input = Input::new(value);
    input.skip().ok()?;
    input.rest().is_empty().then_some(value)
}

/// Returns the bytes if they are exactly one array.
fn whole_array(value: &[u8]) -> Option<&[u8]> {
    let is_array = matches!(Input::new(value).next(), Ok(Head::Array(_)));
    whole(value).filter(|_| is_array)
}

/// A MessagePack value that is serialized into another format.
struct FromMessagePack<'a>(&'a [u8]);

impl Serialize for FromMessagePack<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let input = Input::new(self.0);
        let mut from = messagepack::Deserializer::new(input, Naming::AsDeclared);
        Transcoder::new(&mut from).serialize(serializer)
    }
}

/// JSON text that is serialized into another format.
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

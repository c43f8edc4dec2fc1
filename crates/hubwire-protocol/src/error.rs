//! Errors on the wire: faults of the peer's bytes, of our values, and of a call's arguments.

mod bind;

use std::borrow::Cow;
use std::error::Error;
use std::fmt;

pub use bind::BindError;

use crate::excerpt::Excerpt;
use crate::messagepack::{self, format_name};
use crate::without_values::without_values;

type Cause = Box<dyn Error + Send + Sync>;

/// A fault of a peer that ends its connection.
///
/// The display text is SignalR's own, word for word, except that a name is cut to an [`Excerpt`].
/// Together with [`exception_name`], it is the detail that a server with detailed errors puts into
/// its Close message.
///
/// [`exception_name`]: Self::exception_name
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ProtocolError {
    /// The input ended in the middle of a message.
    ConnectionTerminated,
    /// Two headers have the same name (MessagePack).
    DuplicateHeader {
        /// The header's name.
        name: Box<str>,
    },
    /// The message ends within a value, or has fewer elements than it announced (MessagePack).
    EndOfStream,
    /// A completion has both an error and a result.
    ErrorAndResult,
    /// A property that must be a boolean is something else.
    ExpectedBoolean {
        /// The property's name on the wire.
        property: &'static str,
    },
    /// A header's value is not a string.
    ExpectedHeader {
        /// The header's name.
        name: Box<str>,
    },
    /// A property's value has the wrong JSON type.
    ExpectedType {
        /// The property's name on the wire.
        property: &'static str,
        /// The .NET name of the required JSON type.
        token: &'static str,
    },
    /// A number has a fraction or an exponent, or is out of range.
    IntegerOutOfRange {
        /// The .NET name of the integer type.
        type_name: &'static str,
    },
    /// An invocation id or a stream id has more than 256 bytes. ASP.NET Core has no such limit.
    IdTooLong,
    /// The record is not JSON.
    InvalidJson,
    /// The result kind of a completion is neither error, void nor result (MessagePack).
    InvalidResultKind,
    /// The length of a message has more than 31 bits, or is encoded in more than five bytes
    /// (MessagePack).
    LengthTooLarge,
    /// More bytes are buffered than one message may have, and they contain no complete message.
    MessageTooLarge {
        /// The size limit of a message, in bytes, including its framing.
        limit: usize,
    },
    /// The record has more than 64 levels of arrays and objects, or text that `serde_json` would
    /// read as more JSON. To peers, this is a record that is not JSON, as in ASP.NET Core.
    NestedTooDeeply,
    /// A required property is missing.
    MissingProperty {
        /// The property's name on the wire.
        property: &'static str,
    },
    /// A stream id is null.
    NullStreamId,
    /// A hub message arrived where a handshake response was expected.
    NotAHandshakeResponse,
    /// A required string is nil or empty (MessagePack).
    NullOrEmpty {
        /// SignalR's name for the string.
        what: &'static str,
    },
    /// A stream id is neither a string nor null.
    StreamIdNotText {
        /// The .NET name of the JSON token that was found.
        token: &'static str,
    },
    /// A value has a type that is not allowed at its place (MessagePack).
    UnexpectedCode {
        /// The first byte of the value.
        code: u8,
    },
    /// The record is JSON, but not an object.
    UnexpectedToken {
        /// SignalR's name for the JSON token that was found.
        token: &'static str,
    },
    /// A field has the wrong type, or is missing (MessagePack).
    UnreadableField {
        /// SignalR's name for the field.
        field: Cow<'static, str>,
        /// The .NET name of the required type.
        type_name: &'static str,
    },
    /// A field is not the required array or map, or announces more elements than there are
    /// (MessagePack).
    UnreadableLength {
        /// `array` or `map`.
        container: &'static str,
        /// SignalR's name for the field.
        field: &'static str,
    },
}

impl ProtocolError {
    /// Returns the name of the exception that ASP.NET Core throws for this fault.
    #[must_use]
    pub const fn exception_name(&self) -> &'static str {
        match self {
            Self::DuplicateHeader { .. } => "ArgumentException",
            Self::EndOfStream => "EndOfStreamException",
            Self::IntegerOutOfRange { .. } | Self::LengthTooLarge => "FormatException",
            Self::UnexpectedCode { .. } => "MessagePackSerializationException",
            Self::StreamIdNotText { .. } => "InvalidOperationException",
            _ => "InvalidDataException",
        }
    }
}

impl fmt::Display for ProtocolError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ConnectionTerminated => {
                f.write_str("Connection terminated while reading a message.")
            }
            Self::DuplicateHeader { name } => write!(
                f,
                "An item with the same key has already been added. Key: {}",
                Excerpt(name)
            ),
            Self::EndOfStream => f.write_str("Attempted to read past the end of the stream."),
            Self::ErrorAndResult => {
                f.write_str("The 'error' and 'result' properties are mutually exclusive.")
            }
            Self::ExpectedBoolean { property } => {
                write!(f, "Expected '{property}' to be true or false.")
            }
            Self::ExpectedHeader { name } => {
                let name = Excerpt(name);
                write!(f, "Expected header '{name}' to be of type String.")
            }
            Self::ExpectedType { property, token } => {
                write!(f, "Expected '{property}' to be of type {token}.")
            }
            Self::IntegerOutOfRange { type_name } => write!(
                f,
                "Either the JSON value is not in a supported format, or is out of bounds for an {type_name}."
            ),
            Self::IdTooLong => f.write_str("Invocation or stream ID of more than 256 bytes."),
            Self::InvalidJson | Self::NestedTooDeeply => f.write_str("Error reading JSON."),
            Self::InvalidResultKind => f.write_str("Invalid invocation result kind."),
            Self::LengthTooLarge => f.write_str("Messages over 2GB in size are not supported."),
            Self::MessageTooLarge { limit } => write!(
                f,
                "The maximum message size of {limit}B was exceeded. The message size can be configured in AddHubOptions."
            ),
            Self::MissingProperty { property } => {
                write!(f, "Missing required property '{property}'.")
            }
            Self::NullStreamId => f.write_str("Null value for 'streamIds' is not valid."),
            Self::NotAHandshakeResponse => {
                f.write_str("Expected a handshake response from the server.")
            }
            Self::NullOrEmpty { what } => write!(f, "Null or empty {what}."),
            Self::StreamIdNotText { token } => {
                write!(
                    f,
                    "Cannot get the value of a token type '{token}' as a string."
                )
            }
            Self::UnexpectedCode { code } => write!(
                f,
                "Unexpected msgpack code {code} ({}) encountered.",
                format_name(*code)
            ),
            Self::UnexpectedToken { token } => {
                write!(
                    f,
                    "Unexpected JSON Token Type '{token}'. Expected a JSON Object."
                )
            }
            Self::UnreadableField { field, type_name } => {
                write!(f, "Reading '{field}' as {type_name} failed.")
            }
            Self::UnreadableLength { container, field } => {
                write!(f, "Reading {container} length for '{field}' failed.")
            }
        }
    }
}

impl Error for ProtocolError {}

/// A value of ours that cannot be encoded.
#[derive(Debug)]
pub struct EncodeError {
    source: Cause,
}

impl EncodeError {
    /// Wraps the error of the value's own serialization.
    pub fn new(source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self {
            source: source.into(),
        }
    }
}

impl fmt::Display for EncodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("value cannot be written to the hub protocol")
    }
}

impl Error for EncodeError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&*self.source)
    }
}

/// A received item or result that does not fit the type it is decoded into.
#[derive(Debug)]
pub struct DecodeError {
    source: Cause,
}

impl DecodeError {
    /// Wraps the error of the type's own deserialization.
    pub fn new(source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self {
            source: source.into(),
        }
    }

    /// Returns the error of the type's deserialization without the value: only its kind and what
    /// was expected.
    ///
    /// ```
    /// use hubwire::protocol::{HubProtocol, Naming, RawItem};
    ///
    /// let item = RawItem::encode(HubProtocol::Json, Naming::AsDeclared, "hunter2")?;
    /// let error = item.decode::<u8>().unwrap_err();
    /// assert!(error.detail_without_value().starts_with("invalid type: string, expected u8"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn detail_without_value(&self) -> String {
        without_values(&self.source)
    }

    /// Returns whether a value in MessagePack has more than 500 levels of arrays and maps.
    ///
    /// ```
    /// use hubwire::protocol::{HubProtocol, Naming, RawItem};
    ///
    /// let item = RawItem::encode(HubProtocol::MessagePack, Naming::AsDeclared, "hunter2")?;
    /// assert!(!item.decode::<u8>().unwrap_err().is_nested_too_deeply());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn is_nested_too_deeply(&self) -> bool {
        messagepack::is_nested_too_deeply(&*self.source)
    }
}

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("received value does not fit its type")
    }
}

impl Error for DecodeError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&*self.source)
    }
}

/// Returns the text of a cause, which may quote the value.
pub(crate) fn cause_of(source: &dyn Error) -> String {
    Excerpt(source).to_string()
}

/// Adds advice if the cause is an unexpected null.
pub(crate) fn with_advice(mut cause: String) -> String {
    if NULLS.iter().any(|null| cause.starts_with(null)) {
        cause.push_str("; for what may be null, or undefined in JavaScript, take an Option");
    }
    cause
}

/// How the errors of both protocols for an unexpected null begin.
const NULLS: [&str; 2] = ["invalid type: null", "invalid type: nil"];

//! What goes wrong on the wire, by fault: the peer's bytes, our values, a call's arguments.

use std::borrow::Cow;
use std::error::Error;
use std::fmt;

use crate::arguments::{MemberFinder, RawArguments};
use crate::excerpt::Excerpt;
use crate::messagepack::format_name;

type Cause = Box<dyn Error + Send + Sync>;

/// What a peer did that ends its connection.
///
/// The display text is SignalR's own, word for word, but of a name only an [`Excerpt`]: behind
/// [`exception_name`] it is the detail that a server with detailed errors puts into its Close
/// message.
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
    /// The message ends within a value, or before as many as it promised (MessagePack).
    EndOfStream,
    /// A completion has both an error and a result.
    ErrorAndResult,
    /// A property that must be true or false is something else.
    ExpectedBoolean {
        /// The property's name on the wire.
        property: &'static str,
    },
    /// A header's value is no string.
    ExpectedHeader {
        /// The header's name.
        name: Box<str>,
    },
    /// A property's value is of another JSON type than it must be.
    ExpectedType {
        /// The property's name on the wire.
        property: &'static str,
        /// What .NET calls the JSON type it must be of.
        token: &'static str,
    },
    /// A number has a fraction or an exponent, or does not fit.
    IntegerOutOfRange {
        /// What .NET calls the integer type it must fit into.
        type_name: &'static str,
    },
    /// An invocation id or a stream id has more than 256 bytes, which ASP.NET Core allows.
    IdTooLong,
    /// The record is not JSON, or nested too deeply.
    InvalidJson,
    /// A completion is neither an error nor void nor a result (MessagePack).
    InvalidResultKind,
    /// The length of a message is more than 31 bits, or more than five bytes long (MessagePack).
    LengthTooLarge,
    /// More bytes are buffered than one message may have, and none is complete.
    MessageTooLarge {
        /// How many bytes a message may have, its framing included.
        limit: usize,
    },
    /// A property without which the message means nothing is absent.
    MissingProperty {
        /// The property's name on the wire.
        property: &'static str,
    },
    /// A stream id is null.
    NullStreamId,
    /// A handshake response was due and a hub message came.
    NotAHandshakeResponse,
    /// A text without which the message means nothing is nil or empty (MessagePack).
    NullOrEmpty {
        /// What SignalR calls the text.
        what: &'static str,
    },
    /// A stream id is neither a string nor null.
    StreamIdNotText {
        /// What .NET calls the JSON token found instead.
        token: &'static str,
    },
    /// A value is of a type that cannot be here (MessagePack).
    UnexpectedCode {
        /// The byte that the value begins with.
        code: u8,
    },
    /// The record is JSON, but no object.
    UnexpectedToken {
        /// What SignalR calls the JSON token found instead.
        token: &'static str,
    },
    /// A field is of another type than it must be, or missing (MessagePack).
    UnreadableField {
        /// What SignalR calls the field.
        field: Cow<'static, str>,
        /// What .NET calls the type it must be of.
        type_name: &'static str,
    },
    /// A field is not the array or the map it must be, or promises more than there is
    /// (MessagePack).
    UnreadableLength {
        /// `array` or `map`.
        container: &'static str,
        /// What SignalR calls the field.
        field: &'static str,
    },
}

impl ProtocolError {
    /// The name of the exception that ASP.NET Core throws here.
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
            Self::InvalidJson => f.write_str("Error reading JSON."),
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

/// A value of ours that cannot be written.
#[derive(Debug)]
pub struct EncodeError {
    source: Cause,
}

impl EncodeError {
    /// Wraps what the value's own serialization complained of.
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
    /// Wraps what the type's own deserialization complained of.
    pub fn new(source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self {
            source: source.into(),
        }
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

/// Why the arguments of a call could not be bound to the method's parameters.
///
/// The display text is SignalR's own, word for word.
#[derive(Debug)]
#[non_exhaustive]
pub enum BindError {
    /// An argument does not fit its parameter's type.
    Conversion {
        /// The position of the argument, from zero.
        argument: usize,
        /// What finds the member of the argument that does not fit.
        member: MemberFinder,
        /// What the type's own deserialization complained of.
        source: Box<dyn Error + Send + Sync>,
    },
    /// The call has fewer or more arguments than the method has parameters.
    Count {
        /// How many arguments the call has.
        provided: usize,
        /// How many parameters the method takes from the wire.
        expected: usize,
    },
    /// The arguments are no array, or one that promises more than there is (MessagePack).
    NoArray,
}

impl BindError {
    /// The name of the exception that ASP.NET Core throws here.
    #[must_use]
    pub const fn exception_name(&self) -> &'static str {
        "InvalidDataException"
    }

    /// What is wrong and where, for whoever looks after the server. Clients are not told that much.
    ///
    /// The member is found by decoding the arguments once more, so this is for a log that is read. Its names are those
    /// on the wire.
    ///
    /// ```
    /// # use hubwire::protocol::{HubMessage, HubProtocol};
    /// # #[derive(Debug, serde::Deserialize)]
    /// # struct Order { items: Vec<u8> }
    /// # let record = b"{\"type\":1,\"target\":\"Buy\",\"arguments\":[{\"items\":[1,null]}]}\x1e";
    /// # let (message, _) = HubProtocol::Json.next_message(record, None)?.unwrap();
    /// # let HubMessage::Invocation(invocation) = message else { panic!() };
    /// let error = invocation.arguments.bind::<(Order,)>().unwrap_err();
    /// let detail = error.detail(Some("order"), &invocation.arguments);
    /// assert!(detail.starts_with("argument 1, order.items[1]: invalid type: null, expected u8"));
    /// assert!(detail.ends_with("take an Option"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn detail(&self, parameter: Option<&str>, arguments: &RawArguments<'_>) -> String {
        let Self::Conversion {
            argument,
            member,
            source,
        } = self
        else {
            return self.to_string();
        };
        let place = format!(
            "{}{}",
            parameter.unwrap_or_default(),
            member.find(arguments)
        );
        let place = place.trim_start_matches('.');
        let separator = if place.is_empty() { "" } else { ", " };
        format!(
            "argument {}{separator}{place}: {}",
            argument + 1,
            cause_and_advice(&**source)
        )
    }
}

/// What does not fit, and what to do where it is a null.
pub(crate) fn cause_and_advice(source: &dyn Error) -> String {
    let cause = Excerpt(source).to_string();
    let is_null = NULLS.iter().any(|null| cause.starts_with(null));
    let advice = if is_null {
        "; for what may be null, or undefined in JavaScript, take an Option"
    } else {
        ""
    };
    format!("{cause}{advice}")
}

/// What the two protocols say of a null that is not expected.
const NULLS: [&str; 2] = ["invalid type: null", "invalid type: nil"];

impl fmt::Display for BindError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Conversion { .. } => f.write_str(
                "Error binding arguments. Make sure that the types of the provided values match the types of the hub method being invoked.",
            ),
            Self::Count { provided, expected } => {
                write!(f, "Invocation provides {provided} argument(s) but target expects {expected}.")
            }
            Self::NoArray => f.write_str("Reading array length for 'arguments' failed."),
        }
    }
}

impl Error for BindError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Conversion { source, .. } => Some(&**source),
            Self::Count { .. } | Self::NoArray => None,
        }
    }
}

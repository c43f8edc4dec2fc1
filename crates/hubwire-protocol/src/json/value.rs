//! JSON values that are checked by their first token before they are decoded.

use std::borrow::Cow;

use serde_json::value::RawValue;

use super::object::{read_elements, read_properties};
use crate::error::ProtocolError;

/// The first token of a JSON value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Token {
    False,
    Null,
    Number,
    StartArray,
    StartObject,
    String,
    True,
}

impl Token {
    pub(super) fn of(value: &str) -> Self {
        match value.as_bytes().first() {
            Some(b'"') => Self::String,
            Some(b'[') => Self::StartArray,
            Some(b'{') => Self::StartObject,
            Some(b'f') => Self::False,
            Some(b'n') => Self::Null,
            Some(b't') => Self::True,
            _ => Self::Number,
        }
    }

    /// Returns the name that .NET's JSON reader gives the token.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::False => "False",
            Self::Null => "Null",
            Self::Number => "Number",
            Self::StartArray => "StartArray",
            Self::StartObject => "StartObject",
            Self::String => "String",
            Self::True => "True",
        }
    }
}

/// The value of a property or the element of an array, not yet decoded.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Value<'a> {
    /// The text of the value; if the value is broken, everything from its opening bracket on.
    text: &'a str,
    is_whole: bool,
}

impl<'a> Value<'a> {
    pub(super) fn whole(raw: &'a RawValue) -> Self {
        Self {
            text: raw.get(),
            is_whole: true,
        }
    }

    /// Wraps text that begins like an array or an object but is broken.
    ///
    /// Only an opening bracket determines a type; a token that is itself cut off or misspelled
    /// does not.
    pub(super) fn broken(text: &'a str) -> Option<Self> {
        text.starts_with(['[', '{']).then_some(Self {
            text,
            is_whole: false,
        })
    }

    pub(super) fn token(self) -> Token {
        Token::of(self.text)
    }

    /// Returns the text of the value if it is well-formed.
    pub(super) const fn text(self) -> Result<&'a str, ProtocolError> {
        if self.is_whole {
            Ok(self.text)
        } else {
            Err(ProtocolError::InvalidJson)
        }
    }

    /// Checks that the value begins with the required token.
    pub(super) fn expect(
        self,
        property: &'static str,
        token: Token,
    ) -> Result<Self, ProtocolError> {
        if self.token() == token {
            return Ok(self);
        }
        let token = if token == Token::StartArray {
            "Array"
        } else {
            token.name()
        };
        Err(ProtocolError::ExpectedType { property, token })
    }

    pub(crate) fn string(self, property: &'static str) -> Result<Cow<'a, str>, ProtocolError> {
        unescape(self.expect(property, Token::String)?.text()?)
    }

    pub(crate) fn int32(self, property: &'static str) -> Result<i32, ProtocolError> {
        let number = self.expect(property, Token::Number)?.text()?;
        let type_name = "Int32";
        number
            .parse()
            .map_err(|_| ProtocolError::IntegerOutOfRange { type_name })
    }

    pub(super) fn int64(self, property: &'static str) -> Result<i64, ProtocolError> {
        let number = self.expect(property, Token::Number)?.text()?;
        let type_name = "Int64";
        number
            .parse()
            .map_err(|_| ProtocolError::IntegerOutOfRange { type_name })
    }

    pub(super) fn boolean(self, property: &'static str) -> Result<bool, ProtocolError> {
        match self.token() {
            Token::False => Ok(false),
            Token::True => Ok(true),
            _ => Err(ProtocolError::ExpectedBoolean { property }),
        }
    }

    /// Reads the properties of an object, including those before a broken part.
    pub(super) fn properties(
        self,
        on_property: impl FnMut(Name<'a>, Self) -> Result<(), ProtocolError>,
    ) -> Result<(), ProtocolError> {
        read_properties(self.text, on_property)?;
        self.text().map(drop)
    }

    /// Reads the elements of an array, including those before a broken part.
    pub(super) fn elements(
        self,
        on_element: impl FnMut(Self) -> Result<(), ProtocolError>,
    ) -> Result<(), ProtocolError> {
        read_elements(self.text, on_element)?;
        self.text().map(drop)
    }
}

/// The name of a property.
#[derive(Clone, Debug)]
pub(crate) struct Name<'a>(Option<Cow<'a, str>>);

impl<'a> Name<'a> {
    pub(super) fn new(raw: &'a RawValue) -> Self {
        Self(unescape(raw.get()).ok())
    }

    /// Returns the name, or an empty string: a name that is not valid Unicode is just unknown.
    pub(crate) fn known(&self) -> &str {
        self.0.as_deref().unwrap_or_default()
    }

    /// Returns the name of a header, which must be valid Unicode.
    pub(super) fn text(self) -> Result<Cow<'a, str>, ProtocolError> {
        self.0.ok_or(ProtocolError::InvalidJson)
    }
}

/// Returns the text of a well-formed JSON string, borrowed if nothing is escaped.
pub(super) fn unescape(string: &str) -> Result<Cow<'_, str>, ProtocolError> {
    let inside = string
        .strip_prefix('"')
        .and_then(|rest| rest.strip_suffix('"'));
    match inside {
        Some(inside) if memchr::memchr(b'\\', inside.as_bytes()).is_none() => {
            Ok(Cow::Borrowed(inside))
        }
        _ => serde_json::from_str(string)
            .map(Cow::Owned)
            .map_err(|_| ProtocolError::InvalidJson),
    }
}

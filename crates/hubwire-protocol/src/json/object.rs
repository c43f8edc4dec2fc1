//! Reading the properties of a JSON object in the order in which they come.

use std::borrow::Cow;
use std::fmt;
use std::str;

use serde::Deserializer;
use serde::de::{DeserializeSeed, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use crate::error::ProtocolError;

/// The JSON token that a value begins with.
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
    fn of(value: &str) -> Self {
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

    /// The name that .NET's JSON reader gives the token.
    pub(crate) const fn name(self) -> &'static str {
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

/// The value of a property or the element of an array, not decoded.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Value<'a> {
    /// The value; of one that is broken, whatever follows its opening bracket.
    text: &'a str,
    is_whole: bool,
}

impl<'a> Value<'a> {
    fn whole(raw: &'a RawValue) -> Self {
        Self {
            text: raw.get(),
            is_whole: true,
        }
    }

    pub(crate) fn token(self) -> Token {
        Token::of(self.text)
    }

    /// The text of the value, if it begins as it must and is well-formed.
    pub(crate) fn expect(
        self,
        property: &'static str,
        token: Token,
    ) -> Result<&'a str, ProtocolError> {
        self.expect_token(property, token)?;
        self.text()
    }

    pub(crate) fn expect_token(
        self,
        property: &'static str,
        token: Token,
    ) -> Result<(), ProtocolError> {
        if self.token() == token {
            return Ok(());
        }
        let token = if token == Token::StartArray {
            "Array"
        } else {
            token.name()
        };
        Err(ProtocolError::ExpectedType { property, token })
    }

    pub(crate) const fn text(self) -> Result<&'a str, ProtocolError> {
        if self.is_whole {
            Ok(self.text)
        } else {
            Err(ProtocolError::InvalidJson)
        }
    }

    pub(crate) fn string(self, property: &'static str) -> Result<Cow<'a, str>, ProtocolError> {
        unescape(self.expect(property, Token::String)?)
    }

    pub(crate) fn int32(self, property: &'static str) -> Result<i32, ProtocolError> {
        let number = self.expect(property, Token::Number)?;
        number
            .parse()
            .map_err(|_| ProtocolError::IntegerOutOfRange { type_name: "Int32" })
    }

    pub(crate) fn int64(self, property: &'static str) -> Result<i64, ProtocolError> {
        let number = self.expect(property, Token::Number)?;
        number
            .parse()
            .map_err(|_| ProtocolError::IntegerOutOfRange { type_name: "Int64" })
    }

    pub(crate) fn boolean(self, property: &'static str) -> Result<bool, ProtocolError> {
        match self.token() {
            Token::False => Ok(false),
            Token::True => Ok(true),
            _ => Err(ProtocolError::ExpectedBoolean { property }),
        }
    }

    /// Reads the properties of a value that begins as an object.
    pub(crate) fn properties(
        self,
        on_property: impl FnMut(&Cow<'a, [u8]>, Self) -> Result<(), ProtocolError>,
    ) -> Result<(), ProtocolError> {
        read_properties(self.text, on_property)?;
        self.text().map(drop)
    }

    /// Reads the elements of a value that begins as an array.
    pub(crate) fn elements(
        self,
        on_element: impl FnMut(Self) -> Result<(), ProtocolError>,
    ) -> Result<(), ProtocolError> {
        let mut fault = None;
        let visitor = Elements {
            on_element,
            fault: &mut fault,
        };
        let outcome = serde_json::Deserializer::from_str(self.text).deserialize_seq(visitor);
        settle(outcome, fault)?;
        self.text().map(drop)
    }
}

/// The text of a JSON string that was found to be well-formed, borrowed if nothing is escaped.
pub(crate) fn unescape(string: &str) -> Result<Cow<'_, str>, ProtocolError> {
    let inside = string
        .strip_prefix('"')
        .and_then(|rest| rest.strip_suffix('"'));
    match inside {
        Some(inside) if !inside.contains('\\') => Ok(Cow::Borrowed(inside)),
        _ => serde_json::from_str(string)
            .map(Cow::Owned)
            .map_err(|_| ProtocolError::InvalidJson),
    }
}

/// Hands the properties of the object that begins `text` to `on_property`, in their order.
///
/// Names come unescaped. What follows the object is not looked at. A value that is broken
/// somewhere behind its opening bracket is handed on too, because its type is judged before
/// the rest of it is read.
pub(crate) fn read_properties<'a>(
    text: &'a str,
    on_property: impl FnMut(&Cow<'a, [u8]>, Value<'a>) -> Result<(), ProtocolError>,
) -> Result<(), ProtocolError> {
    let start = text.trim_start_matches([' ', '\t', '\r', '\n']);
    if !start.starts_with('{') {
        return Err(not_an_object(start));
    }
    let mut fault = None;
    let visitor = Properties {
        text,
        on_property,
        fault: &mut fault,
    };
    let outcome = serde_json::Deserializer::from_str(text).deserialize_map(visitor);
    settle(outcome, fault)
}

fn not_an_object(value: &str) -> ProtocolError {
    let token = Token::of(value);
    if token == Token::StartArray {
        return ProtocolError::UnexpectedToken { token: "Array" };
    }
    match serde_json::Deserializer::from_str(value).deserialize_ignored_any(IgnoredAny) {
        Ok(_) => ProtocolError::UnexpectedToken {
            token: token.name(),
        },
        Err(_) => ProtocolError::InvalidJson,
    }
}

/// A fault that a callback found is the cause of the outcome; any other failure is the JSON's.
fn settle(
    outcome: Result<(), serde_json::Error>,
    fault: Option<ProtocolError>,
) -> Result<(), ProtocolError> {
    match fault {
        Some(fault) => Err(fault),
        None => outcome.map_err(|_| ProtocolError::InvalidJson),
    }
}

struct Properties<'a, 'f, F> {
    text: &'a str,
    on_property: F,
    fault: &'f mut Option<ProtocolError>,
}

impl<'a, F> Visitor<'a> for Properties<'a, '_, F>
where
    F: FnMut(&Cow<'a, [u8]>, Value<'a>) -> Result<(), ProtocolError>,
{
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'a>>(mut self, mut properties: A) -> Result<(), A::Error> {
        while let Some(name) = properties.next_key_seed(Name)? {
            let value = properties.next_value::<&RawValue>();
            let judged = match &value {
                Ok(raw) => (self.on_property)(&name, Value::whole(raw)),
                Err(_) => match broken_value(self.text, &name) {
                    Some(value) => (self.on_property)(&name, value),
                    None => Ok(()),
                },
            };
            if let Err(fault) = judged {
                *self.fault = Some(fault);
                return Err(A::Error::custom("stopped"));
            }
            value?;
        }
        Ok(())
    }
}

/// What follows the property name, where that begins an array or an object.
///
/// A token that is itself cut off or misspelt has no type; a bracket has.
fn broken_value<'a>(text: &'a str, name: &Cow<'a, [u8]>) -> Option<Value<'a>> {
    let Cow::Borrowed(name) = name else {
        return None;
    };
    let end = name.as_ptr().addr().checked_sub(text.as_ptr().addr())? + name.len();
    let blank = [' ', '\t', '\r', '\n'];
    let behind = text
        .get(end..)?
        .strip_prefix('"')?
        .trim_start_matches(blank);
    let text = behind.strip_prefix(':')?.trim_start_matches(blank);
    text.starts_with(['[', '{']).then_some(Value {
        text,
        is_whole: false,
    })
}

struct Elements<'f, F> {
    on_element: F,
    fault: &'f mut Option<ProtocolError>,
}

impl<'a, F: FnMut(Value<'a>) -> Result<(), ProtocolError>> Visitor<'a> for Elements<'_, F> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array")
    }

    fn visit_seq<A: SeqAccess<'a>>(mut self, mut elements: A) -> Result<(), A::Error> {
        while let Some(element) = elements.next_element::<&RawValue>()? {
            if let Err(fault) = (self.on_element)(Value::whole(element)) {
                *self.fault = Some(fault);
                return Err(A::Error::custom("stopped"));
            }
        }
        Ok(())
    }
}

/// A property name as bytes, so that one which is not valid Unicode is merely unknown.
struct Name;

impl<'de> DeserializeSeed<'de> for Name {
    type Value = Cow<'de, [u8]>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_bytes(self)
    }
}

impl<'de> Visitor<'de> for Name {
    type Value = Cow<'de, [u8]>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a property name")
    }

    fn visit_borrowed_bytes<E>(self, name: &'de [u8]) -> Result<Self::Value, E> {
        Ok(Cow::Borrowed(name))
    }

    fn visit_bytes<E>(self, name: &[u8]) -> Result<Self::Value, E> {
        Ok(Cow::Owned(name.to_vec()))
    }
}

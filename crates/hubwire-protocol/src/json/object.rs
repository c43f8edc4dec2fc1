//! Reading the properties of a JSON object in the order in which they come.

use std::fmt;

use serde::Deserializer;
use serde::de::{Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use super::value::{Name, Token, Value};
use crate::error::ProtocolError;

/// The white space of JSON.
const BLANK: [char; 4] = [' ', '\t', '\r', '\n'];

/// Calls `on_property` with each property, in order, of the object at the front of `text`.
///
/// Nothing after the object is looked at. A value that is broken somewhere after its opening
/// bracket is passed on too, because its type is checked before the rest of it is read.
pub(crate) fn read_properties<'a>(
    text: &'a str,
    on_property: impl FnMut(Name<'a>, Value<'a>) -> Result<(), ProtocolError>,
) -> Result<(), ProtocolError> {
    let start = text.trim_start_matches(BLANK);
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

/// Calls `on_element` with each element, in order, of the array at the front of `text`.
pub(super) fn read_elements<'a>(
    text: &'a str,
    on_element: impl FnMut(Value<'a>) -> Result<(), ProtocolError>,
) -> Result<(), ProtocolError> {
    let mut fault = None;
    let visitor = Elements {
        on_element,
        fault: &mut fault,
    };
    let outcome = serde_json::Deserializer::from_str(text).deserialize_seq(visitor);
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

/// Returns a callback's fault as the cause of the outcome; any other failure is invalid JSON.
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
    F: FnMut(Name<'a>, Value<'a>) -> Result<(), ProtocolError>,
{
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'a>>(mut self, mut properties: A) -> Result<(), A::Error> {
        while let Some(name) = properties.next_key::<&RawValue>()? {
            let value = properties.next_value::<&RawValue>();
            let found = match &value {
                Ok(value) => Some(Value::whole(value)),
                Err(_) => behind(self.text, name).and_then(Value::broken),
            };
            if let Some(found) = found
                && let Err(fault) = (self.on_property)(Name::new(name), found)
            {
                *self.fault = Some(fault);
                return Err(A::Error::custom("stopped"));
            }
            value?;
        }
        Ok(())
    }
}

/// Returns the text after a property's name and colon; `name` must be borrowed from `text`.
fn behind<'a>(text: &'a str, name: &'a RawValue) -> Option<&'a str> {
    let start = name
        .get()
        .as_ptr()
        .addr()
        .checked_sub(text.as_ptr().addr())?;
    let behind = text
        .get(start + name.get().len()..)?
        .trim_start_matches(BLANK);
    Some(behind.strip_prefix(':')?.trim_start_matches(BLANK))
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

//! Building a message from the properties of a record.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Error as _, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};

use super::object::read_properties;
use super::record::within_depth;
use super::value::{Token, Value, unescape};
use crate::arguments::{RawArguments, RawItem};
use crate::error::ProtocolError;
use crate::message::{
    CancelInvocation, Close, Completion, CompletionOutcome, Headers, HubMessage, Invocation,
    StreamItem,
};

/// The properties found so far; the last of two with the same name wins.
#[derive(Debug, Default)]
pub(super) struct Fields<'a> {
    message_type: Option<i32>,
    headers: Headers<'a>,
    invocation_id: Option<Cow<'a, str>>,
    target: Option<Cow<'a, str>>,
    arguments: Option<&'a str>,
    stream_ids: Vec<Cow<'a, str>>,
    item: Option<&'a str>,
    result: Option<&'a str>,
    error: Option<Cow<'a, str>>,
    allow_reconnect: bool,
    sequence_id: Option<i64>,
}

impl<'a> Fields<'a> {
    pub(super) fn read_message(record: &'a str) -> Result<HubMessage<'a>, ProtocolError> {
        let text = within_depth(record);
        // Nearly every record is faultless, and checking for that is cheaper than finding the
        // first fault.
        if let Some(fields) = Self::read_faultless(text) {
            return fields.into_message();
        }
        let mut fields = Self::default();
        let read = read_properties(text, |name, value| fields.take(name.known(), value));
        read.map_err(|error| match error {
            ProtocolError::InvalidJson if text.len() < record.len() => {
                ProtocolError::NestedTooDeeply
            }
            error => error,
        })?;
        fields.into_message()
    }

    /// Returns `None` if a property or its name is malformed or of the wrong type.
    fn read_faultless(text: &'a str) -> Option<Self> {
        let mut fields = Self::default();
        let visitor = Faultless(&mut fields);
        let read = serde_json::Deserializer::from_str(text).deserialize_map(visitor);
        read.is_ok().then_some(fields)
    }

    fn take(&mut self, name: &str, value: Value<'a>) -> Result<(), ProtocolError> {
        match name {
            "type" => self.message_type = Some(value.int32("type")?),
            "headers" => self.headers = read_headers(value)?,
            "invocationId" => self.invocation_id = Some(value.string("invocationId")?),
            "target" => self.target = Some(value.string("target")?),
            "arguments" => {
                self.arguments = Some(value.expect("arguments", Token::StartArray)?.text()?)
            }
            "streamIds" => self.stream_ids = read_stream_ids(value)?,
            "item" => self.item = Some(value.text()?),
            "result" => self.result = Some(value.text()?),
            "error" => self.error = Some(value.string("error")?),
            "allowReconnect" => self.allow_reconnect = value.boolean("allowReconnect")?,
            "sequenceId" => self.sequence_id = Some(value.int64("sequenceId")?),
            _ => {}
        }
        Ok(())
    }

    fn into_message(self) -> Result<HubMessage<'a>, ProtocolError> {
        match required(self.message_type, "type")? {
            1 => self.into_invocation().map(HubMessage::Invocation),
            2 => self.into_stream_item().map(HubMessage::StreamItem),
            3 => self.into_completion().map(HubMessage::Completion),
            4 => self
                .into_stream_invocation()
                .map(HubMessage::StreamInvocation),
            5 => self
                .into_cancel_invocation()
                .map(HubMessage::CancelInvocation),
            6 => Ok(HubMessage::Ping),
            7 => Ok(HubMessage::Close(Close {
                error: self.error,
                allow_reconnect: self.allow_reconnect,
            })),
            8 => required(self.sequence_id, "sequenceId").map(HubMessage::Ack),
            9 => required(self.sequence_id, "sequenceId").map(HubMessage::Sequence),
            unknown => Ok(HubMessage::Unknown(unknown)),
        }
    }

    fn into_invocation(self) -> Result<Invocation<'a>, ProtocolError> {
        // With arguments, an empty name is allowed: the call then fails like one of an unknown
        // method.
        let arguments = self.arguments;
        let target = required(
            self.target
                .filter(|target| arguments.is_some() || !target.is_empty()),
            "target",
        )?;
        Ok(Invocation {
            headers: self.headers,
            invocation_id: self.invocation_id.filter(|id| !id.is_empty()),
            target,
            arguments: RawArguments::from_json(required(arguments, "arguments")?),
            stream_ids: self.stream_ids,
        })
    }

    fn into_stream_invocation(self) -> Result<Invocation<'a>, ProtocolError> {
        if self.target.is_none() {
            return Err(ProtocolError::MissingProperty { property: "target" });
        }
        if self.invocation_id.as_deref().is_none_or(str::is_empty) {
            return Err(ProtocolError::MissingProperty {
                property: "invocationId",
            });
        }
        if self.arguments.is_none() {
            return Err(ProtocolError::MissingProperty {
                property: "arguments",
            });
        }
        self.into_invocation()
    }

    fn into_stream_item(self) -> Result<StreamItem<'a>, ProtocolError> {
        Ok(StreamItem {
            headers: self.headers,
            invocation_id: required_id(self.invocation_id)?,
            item: RawItem::from_json(required(self.item, "item")?),
        })
    }

    fn into_completion(self) -> Result<Completion<'a>, ProtocolError> {
        let invocation_id = required_id(self.invocation_id)?;
        let outcome = match (self.error, self.result) {
            (Some(_), Some(_)) => return Err(ProtocolError::ErrorAndResult),
            (Some(error), None) => CompletionOutcome::Error(error),
            (None, Some(result)) => CompletionOutcome::Result(RawItem::from_json(result)),
            (None, None) => CompletionOutcome::Void,
        };
        Ok(Completion {
            headers: self.headers,
            invocation_id,
            outcome,
        })
    }

    fn into_cancel_invocation(self) -> Result<CancelInvocation<'a>, ProtocolError> {
        let invocation_id = required_id(self.invocation_id)?;
        Ok(CancelInvocation {
            headers: self.headers,
            invocation_id,
        })
    }
}

/// Fills in the properties of a record, and stops at any fault without reporting which.
struct Faultless<'f, 'a>(&'f mut Fields<'a>);

impl<'a> Visitor<'a> for Faultless<'_, 'a> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'a>>(self, mut properties: A) -> Result<(), A::Error> {
        while let Some(Known(name)) = properties.next_key()? {
            let value = Value::whole(properties.next_value()?);
            self.0.take(name, value).map_err(A::Error::custom)?;
        }
        Ok(())
    }
}

/// The name of a property; empty if the property is unknown.
struct Known(&'static str);

impl<'de> Deserialize<'de> for Known {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Name;

        impl Visitor<'_> for Name {
            type Value = Known;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a name")
            }

            fn visit_str<E>(self, name: &str) -> Result<Known, E> {
                let known = NAMES.iter().find(|known| **known == name);
                Ok(Known(known.copied().unwrap_or_default()))
            }
        }

        deserializer.deserialize_str(Name)
    }
}

/// The known property names, frequent ones first.
const NAMES: [&str; 11] = [
    "type",
    "target",
    "arguments",
    "invocationId",
    "item",
    "result",
    "streamIds",
    "error",
    "headers",
    "allowReconnect",
    "sequenceId",
];

fn required<T>(value: Option<T>, property: &'static str) -> Result<T, ProtocolError> {
    value.ok_or(ProtocolError::MissingProperty { property })
}

fn required_id(id: Option<Cow<'_, str>>) -> Result<Cow<'_, str>, ProtocolError> {
    required(id.filter(|id| !id.is_empty()), "invocationId")
}

fn read_headers(value: Value<'_>) -> Result<Headers<'_>, ProtocolError> {
    let value = value.expect("headers", Token::StartObject)?;
    let mut headers = Headers::new();
    value.properties(|name, value| {
        let name = name.text()?;
        if value.token() != Token::String {
            return Err(ProtocolError::ExpectedHeader { name: name.into() });
        }
        headers.push(name, unescape(value.text()?)?);
        Ok(())
    })?;
    Ok(headers)
}

fn read_stream_ids(value: Value<'_>) -> Result<Vec<Cow<'_, str>>, ProtocolError> {
    let value = value.expect("streamIds", Token::StartArray)?;
    let mut stream_ids = Vec::new();
    value.elements(|element| {
        stream_ids.push(match element.token() {
            Token::String => unescape(element.text()?)?,
            Token::Null => return Err(ProtocolError::NullStreamId),
            other => {
                return Err(ProtocolError::StreamIdNotText {
                    token: other.name(),
                });
            }
        });
        Ok(())
    })?;
    Ok(stream_ids)
}

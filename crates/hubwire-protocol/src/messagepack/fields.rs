//! Building a message from the elements of an array.

use std::borrow::Cow;
use std::collections::BTreeSet;

use super::head::{Fault, Head, Input};
use crate::arguments::{RawArguments, RawItem};
use crate::error::ProtocolError;
use crate::message::{
    CancelInvocation, Close, Completion, CompletionOutcome, Headers, HubMessage, Invocation,
    StreamItem,
};

/// The elements of a message, read in order.
///
/// As in ASP.NET Core, the number of elements is checked only where a shorter message is also
/// valid. A missing element is reported at the place where it should be; extra elements are
/// ignored.
pub(super) struct Fields<'a> {
    count: u32,
    input: Input<'a>,
}

impl<'a> Fields<'a> {
    pub(super) fn read_message(body: &'a [u8]) -> Result<HubMessage<'a>, ProtocolError> {
        let mut input = Input::new(body);
        let first = input.peek();
        let Head::Array(count) = input.next()? else {
            return Err(Fault::Unexpected(first.unwrap_or_default()).into());
        };
        Self { count, input }.into_message()
    }

    fn into_message(mut self) -> Result<HubMessage<'a>, ProtocolError> {
        match self.int32("messageType")? {
            1 => self.invocation().map(HubMessage::Invocation),
            2 => self.stream_item().map(HubMessage::StreamItem),
            3 => self.completion().map(HubMessage::Completion),
            4 => self.stream_invocation().map(HubMessage::StreamInvocation),
            5 => self.cancel_invocation().map(HubMessage::CancelInvocation),
            6 => Ok(HubMessage::Ping),
            7 => self.close().map(HubMessage::Close),
            8 => self.int64("sequenceId").map(HubMessage::Ack),
            9 => self.int64("sequenceId").map(HubMessage::Sequence),
            unknown => Ok(HubMessage::Unknown(unknown)),
        }
    }

    fn invocation(mut self) -> Result<Invocation<'a>, ProtocolError> {
        let headers = self.headers()?;
        let invocation_id = self.text("invocationId")?.filter(|id| !id.is_empty());
        let target = required(self.text("target")?, "target for Invocation message")?;
        self.call(headers, invocation_id, target)
    }

    fn stream_invocation(mut self) -> Result<Invocation<'a>, ProtocolError> {
        let headers = self.headers()?;
        let invocation_id = self.invocation_id("invocation ID for StreamInvocation message")?;
        let target = required(self.text("target")?, "target for StreamInvocation message")?;
        self.call(headers, Some(invocation_id), target)
    }

    fn call(
        mut self,
        headers: Headers<'a>,
        invocation_id: Option<Cow<'a, str>>,
        target: Cow<'a, str>,
    ) -> Result<Invocation<'a>, ProtocolError> {
        let (arguments, are_whole) = self.value();
        // Nothing is read after arguments that cannot be bound, because their call fails anyway.
        let stream_ids = if are_whole && self.count > 5 {
            self.stream_ids()?
        } else {
            Vec::new()
        };
        Ok(Invocation {
            headers,
            invocation_id,
            target,
            arguments: RawArguments::from_messagepack(arguments),
            stream_ids,
        })
    }

    fn stream_item(mut self) -> Result<StreamItem<'a>, ProtocolError> {
        let headers = self.headers()?;
        let invocation_id = self.invocation_id("invocation ID for StreamItem message")?;
        let (item, _) = self.value();
        Ok(StreamItem {
            headers,
            invocation_id,
            item: RawItem::from_messagepack(item),
        })
    }

    fn completion(mut self) -> Result<Completion<'a>, ProtocolError> {
        let headers = self.headers()?;
        let invocation_id = self.invocation_id("invocation ID for Completion message")?;
        let outcome = match self.int32("resultKind")? {
            1 => match self.text("error")? {
                Some(error) => CompletionOutcome::Error(error),
                None => CompletionOutcome::Void,
            },
            2 => CompletionOutcome::Void,
            3 => CompletionOutcome::Result(RawItem::from_messagepack(self.whole_value()?)),
            _ => return Err(ProtocolError::InvalidResultKind),
        };
        Ok(Completion {
            headers,
            invocation_id,
            outcome,
        })
    }

    fn cancel_invocation(mut self) -> Result<CancelInvocation<'a>, ProtocolError> {
        let headers = self.headers()?;
        let invocation_id = self.invocation_id("invocation ID for CancelInvocation message")?;
        Ok(CancelInvocation {
            headers,
            invocation_id,
        })
    }

    fn close(mut self) -> Result<Close<'a>, ProtocolError> {
        let error = self.text("error")?;
        let allow_reconnect = self.count > 2 && self.boolean("allowReconnect")?;
        Ok(Close {
            error,
            allow_reconnect,
        })
    }

    fn headers(&mut self) -> Result<Headers<'a>, ProtocolError> {
        let Ok(Head::Map(count)) = self.input.next() else {
            return Err(ProtocolError::UnreadableLength {
                container: "map",
                field: "headers",
            });
        };
        let mut headers = Headers::new();
        let mut names = BTreeSet::new();
        for at in 0..count {
            let name = self.header_text(at, "Key")?;
            let name = required(name, "key in header")?;
            let value = self.header_text(at, "Value")?;
            let value = required(value, "value in header")?;
            if count > 1 && !names.insert(name.clone()) {
                let name = name.into();
                return Err(ProtocolError::DuplicateHeader { name });
            }
            headers.push(name, value);
        }
        Ok(headers)
    }

    fn header_text(
        &mut self,
        at: u32,
        part: &'static str,
    ) -> Result<Option<Cow<'a, str>>, ProtocolError> {
        read_text(&mut self.input)
            .map_err(|_| unreadable(format!("headers[{at}].{part}"), "String"))
    }

    fn stream_ids(&mut self) -> Result<Vec<Cow<'a, str>>, ProtocolError> {
        let Ok(Head::Array(count)) = self.input.next() else {
            return Err(ProtocolError::UnreadableLength {
                container: "array",
                field: "streamIds",
            });
        };
        let mut stream_ids = Vec::new();
        for _ in 0..count {
            let id = read_text(&mut self.input)?;
            stream_ids.push(required(id, "value in streamIds received")?);
        }
        Ok(stream_ids)
    }

    fn invocation_id(&mut self, what: &'static str) -> Result<Cow<'a, str>, ProtocolError> {
        required(self.text("invocationId")?, what)
    }

    /// Reads a string; nil is `None`.
    fn text(&mut self, field: &'static str) -> Result<Option<Cow<'a, str>>, ProtocolError> {
        read_text(&mut self.input).map_err(|_| unreadable(field, "String"))
    }

    fn int32(&mut self, field: &'static str) -> Result<i32, ProtocolError> {
        self.integer()
            .and_then(|value| value.try_into().ok())
            .ok_or_else(|| unreadable(field, "Int32"))
    }

    fn int64(&mut self, field: &'static str) -> Result<i64, ProtocolError> {
        self.integer().ok_or_else(|| unreadable(field, "Int64"))
    }

    fn integer(&mut self) -> Option<i64> {
        match self.input.next() {
            Ok(Head::Unsigned(value)) => value.try_into().ok(),
            Ok(Head::Negative(value)) => Some(value),
            _ => None,
        }
    }

    fn boolean(&mut self, field: &'static str) -> Result<bool, ProtocolError> {
        match self.input.next() {
            Ok(Head::Boolean(value)) => Ok(value),
            _ => Err(unreadable(field, "Boolean")),
        }
    }

    /// Returns the bytes of a value and whether it is complete; an incomplete value takes all
    /// remaining bytes.
    fn value(&mut self) -> (&'a [u8], bool) {
        let all = self.input.rest();
        match self.whole_value() {
            Ok(value) => (value, true),
            Err(_) => (all, false),
        }
    }

    fn whole_value(&mut self) -> Result<&'a [u8], ProtocolError> {
        let all = self.input.rest();
        self.input.skip()?;
        let length = all.len() - self.input.rest().len();
        Ok(all.get(..length).unwrap_or_default())
    }
}

fn read_text<'a>(input: &mut Input<'a>) -> Result<Option<Cow<'a, str>>, Fault> {
    let first = input.peek();
    match input.next()? {
        Head::Nil => Ok(None),
        // Invalid UTF-8 is replaced, as in .NET.
        Head::Text(text) => Ok(Some(String::from_utf8_lossy(text))),
        _ => Err(Fault::Unexpected(first.unwrap_or_default())),
    }
}

fn required<'a>(
    text: Option<Cow<'a, str>>,
    what: &'static str,
) -> Result<Cow<'a, str>, ProtocolError> {
    text.filter(|text| !text.is_empty())
        .ok_or(ProtocolError::NullOrEmpty { what })
}

fn unreadable(field: impl Into<Cow<'static, str>>, type_name: &'static str) -> ProtocolError {
    let field = field.into();
    ProtocolError::UnreadableField { field, type_name }
}

impl From<Fault> for ProtocolError {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::EndOfStream => Self::EndOfStream,
            Fault::Unexpected(code) => Self::UnexpectedCode { code },
        }
    }
}

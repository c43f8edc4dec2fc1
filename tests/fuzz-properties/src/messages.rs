//! What holds of every buffer of JSON hub messages.

use std::collections::BTreeMap;

use hubwire_protocol::{
    Arguments, Completion, CompletionOutcome, Headers, HubMessage, HubProtocol, Invocation, Naming,
    ProtocolError, RawItem, json,
};
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use crate::reference::{first_object, int32, is_too_deep, optional, to_record};

/// Reads the bytes as one record, and as a buffer of them under several limits.
pub fn check(data: &[u8]) {
    check_record(data);
    for limit in [None, Some(16), Some(data.len() / 2), Some(data.len())] {
        check_buffer(data, limit);
    }
    for record in data.split(|&byte| byte == 0x1E) {
        check_record(record);
    }
}

/// Messages come one by one, each within the limit; what comes behind does not matter.
fn check_buffer(data: &[u8], limit: Option<usize>) {
    let visible = limit.unwrap_or(usize::MAX);
    let mut rest = data;
    loop {
        let end = rest.iter().position(|&byte| byte == 0x1E);
        let read = HubProtocol::Json.next_message(rest, limit);
        let Some(end) = end.filter(|&end| end < visible) else {
            let limit = visible;
            match read {
                Ok(None) => assert!(rest.len() <= visible),
                other => {
                    assert!(rest.len() > visible);
                    assert_eq!(other, Err(ProtocolError::MessageTooLarge { limit }));
                }
            }
            return;
        };
        let expected = json::parse_message(&rest[..end]).map(|message| Some((message, end + 1)));
        assert_eq!(read, expected);
        if read.is_err() {
            return;
        }
        rest = &rest[end + 1..];
    }
}

fn check_record(record: &[u8]) {
    let message = json::parse_message(record);
    match &message {
        Ok(message) => {
            check_round_trip(message);
            check_encoding(record, message);
        }
        Err(error) => assert!(!error.to_string().is_empty() && !error.exception_name().is_empty()),
    }
    if let Some(object) = first_object(record) {
        check_by_reference(message.ok().as_ref(), &object);
    }
}

/// An object is accepted if and only if its properties are what they must be. One of whose equal
/// properties only the last is may be refused for the others, but is not read otherwise.
fn check_by_reference(message: Option<&HubMessage<'_>>, object: &Map<String, Value>) {
    let expected = expect(object).filter(|_| !is_too_deep(object));
    let record = to_record(object);
    let read = json::parse_message(&record).ok();
    assert_eq!(read.as_ref().map(seen), expected);
    if message.is_some() {
        assert_eq!(message.map(seen), expected);
    }
}

/// A message that is written again is one record, reads the same and is then written the same.
fn check_round_trip(message: &HubMessage<'_>) {
    assert_eq!(message.clone().into_owned(), *message);
    let Some(written) = write(message) else {
        return;
    };
    assert_eq!(
        written.iter().position(|&byte| byte == 0x1E),
        Some(written.len() - 1)
    );
    let read = HubProtocol::Json.next_message(&written, Some(written.len()));
    let (read, consumed) = read
        .expect("what is written reads")
        .expect("a whole record");
    assert_eq!(consumed, written.len());
    assert_eq!(read, without_empty_error(message.clone()));
    assert_eq!(write(&read), Some(written.clone()));
}

/// Bytes that are not UTF-8 never become text, neither as they are nor replaced.
fn check_encoding(record: &[u8], message: &HubMessage<'_>) {
    let has = |part: &[u8]| record.windows(part.len()).any(|window| window == part);
    let is_text = str::from_utf8(record).is_ok();
    if !is_text && !has("\u{fffd}".as_bytes()) && !has(br"\u") {
        assert!(!format!("{message:?}").contains('\u{fffd}'), "{message:?}");
    }
}

/// An empty error is not written, and so reads as a good end.
fn without_empty_error(message: HubMessage<'_>) -> HubMessage<'_> {
    match message {
        HubMessage::Completion(Completion {
            headers,
            invocation_id,
            outcome: CompletionOutcome::Error(error),
        }) if error.is_empty() => HubMessage::Completion(Completion {
            headers,
            invocation_id,
            outcome: CompletionOutcome::Void,
        }),
        other => other,
    }
}

/// The message as a record; nothing if it is of a type that is not known.
fn write(message: &HubMessage<'_>) -> Option<Vec<u8>> {
    let mut out = Vec::new();
    let none = Headers::new();
    let headers = match message {
        HubMessage::Invocation(call) | HubMessage::StreamInvocation(call) => &call.headers,
        HubMessage::StreamItem(item) => &item.headers,
        HubMessage::Completion(completion) => &completion.headers,
        HubMessage::CancelInvocation(cancel) => &cancel.headers,
        _ => &none,
    };
    let mut writer = HubProtocol::Json.writer(&mut out).with_headers(headers);
    match message {
        HubMessage::Invocation(call) => {
            let (id, ids) = (call.invocation_id.as_deref(), stream_ids(call));
            writer
                .invocation(id, &call.target, &call.arguments, &ids)
                .expect("a call");
        }
        HubMessage::StreamInvocation(call) => {
            let id = call.invocation_id.as_deref().expect("a stream has an id");
            let ids = stream_ids(call);
            writer
                .stream_invocation(id, &call.target, &call.arguments, &ids)
                .expect("a call");
        }
        HubMessage::StreamItem(item) => {
            writer
                .stream_item(&item.invocation_id, &raw(&item.item))
                .expect("an item");
        }
        HubMessage::Completion(Completion {
            invocation_id,
            outcome,
            ..
        }) => match outcome {
            CompletionOutcome::Error(error) => writer.completion_error(invocation_id, error),
            CompletionOutcome::Result(result) => {
                writer
                    .completion_result(invocation_id, &raw(result))
                    .expect("a result");
            }
            CompletionOutcome::Void => writer.completion_void(invocation_id),
        },
        HubMessage::CancelInvocation(cancel) => writer.cancel_invocation(&cancel.invocation_id),
        HubMessage::Ping => writer.ping(),
        HubMessage::Close(close) => writer.close(close.error.as_deref(), close.allow_reconnect),
        HubMessage::Ack(id) => writer.ack(*id),
        HubMessage::Sequence(id) => writer.sequence(*id),
        HubMessage::Unknown(_) => return None,
    }
    Some(out)
}

fn stream_ids<'m>(call: &'m Invocation<'_>) -> Vec<&'m str> {
    call.stream_ids.iter().map(|id| &**id).collect()
}

/// The text of an item, which is JSON whatever its type.
fn raw(item: &RawItem<'_>) -> Box<RawValue> {
    item.decode().expect("an item is well-formed")
}

/// A message by its type's number and what is read of it; an absent part is null.
#[derive(Debug, Default, PartialEq)]
struct Seen {
    message_type: i32,
    headers: BTreeMap<String, String>,
    invocation_id: Option<String>,
    target: Option<String>,
    value: Option<Value>,
    stream_ids: Vec<String>,
    error: Option<String>,
    allow_reconnect: bool,
    sequence_id: Option<i64>,
}

fn seen(message: &HubMessage<'_>) -> Seen {
    let call = |message_type, call: &Invocation<'_>| Seen {
        message_type,
        headers: by_name(&call.headers),
        invocation_id: call.invocation_id.as_deref().map(str::to_owned),
        target: Some(call.target.to_string()),
        value: Some(arguments(call)),
        stream_ids: call.stream_ids.iter().map(|id| id.to_string()).collect(),
        ..Seen::default()
    };
    let by_id = |message_type, id: &str, headers: &Headers<'_>| Seen {
        message_type,
        headers: by_name(headers),
        invocation_id: Some(id.to_owned()),
        ..Seen::default()
    };
    let value = |item: &RawItem<'_>| Some(item.decode().expect("the reference held it"));
    match message {
        HubMessage::Invocation(invocation) => call(1, invocation),
        HubMessage::StreamItem(item) => Seen {
            value: value(&item.item),
            ..by_id(2, &item.invocation_id, &item.headers)
        },
        HubMessage::Completion(Completion {
            headers,
            invocation_id,
            outcome,
        }) => {
            let (value, error) = match outcome {
                CompletionOutcome::Error(error) => (None, Some(error.to_string())),
                CompletionOutcome::Result(result) => (value(result), None),
                CompletionOutcome::Void => (None, None),
            };
            Seen {
                value,
                error,
                ..by_id(3, invocation_id, headers)
            }
        }
        HubMessage::StreamInvocation(invocation) => call(4, invocation),
        HubMessage::CancelInvocation(cancel) => by_id(5, &cancel.invocation_id, &cancel.headers),
        HubMessage::Ping => Seen {
            message_type: 6,
            ..Seen::default()
        },
        HubMessage::Close(close) => Seen {
            message_type: 7,
            error: close.error.as_deref().map(str::to_owned),
            allow_reconnect: close.allow_reconnect,
            ..Seen::default()
        },
        HubMessage::Ack(id) => Seen {
            message_type: 8,
            sequence_id: Some(*id),
            ..Seen::default()
        },
        HubMessage::Sequence(id) => Seen {
            message_type: 9,
            sequence_id: Some(*id),
            ..Seen::default()
        },
        HubMessage::Unknown(message_type) => Seen {
            message_type: *message_type,
            ..Seen::default()
        },
    }
}

/// The last of two equal names counts.
fn by_name(headers: &Headers<'_>) -> BTreeMap<String, String> {
    headers
        .iter()
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect()
}

fn arguments(call: &Invocation<'_>) -> Value {
    let mut array = Vec::new();
    call.arguments
        .write_json(&mut array, Naming::AsDeclared)
        .expect("received arguments are text");
    serde_json::from_slice(&array).expect("the reference held them")
}

/// The message that an object is by the protocol's rules, if each property is what it must be.
fn expect(object: &Map<String, Value>) -> Option<Seen> {
    let text = |name| optional(object, name, Value::as_str).ok();
    let message_type = optional(object, "type", int32).ok()??;
    let headers = optional(object, "headers", pairs).ok()?.unwrap_or_default();
    let invocation_id = text("invocationId")?.map(str::to_owned);
    let target = text("target")?.map(str::to_owned);
    let arguments = optional(object, "arguments", |value| value.as_array().map(|_| value)).ok()?;
    let stream_ids = optional(object, "streamIds", texts)
        .ok()?
        .unwrap_or_default();
    let error = text("error")?.map(str::to_owned);
    let allow_reconnect = optional(object, "allowReconnect", Value::as_bool).ok()?;
    let sequence_id = optional(object, "sequenceId", Value::as_i64).ok()?;
    let invocation_id = invocation_id.filter(|id| !id.is_empty());
    let base = Seen {
        message_type,
        headers,
        invocation_id,
        ..Seen::default()
    };
    match message_type {
        1 | 4 => {
            let (target, value) = (Some(target?), Some(arguments?.clone()));
            let seen = Seen {
                target,
                value,
                stream_ids,
                ..base
            };
            (message_type == 1 || seen.invocation_id.is_some()).then_some(seen)
        }
        2 | 3 | 5 if base.invocation_id.is_none() => None,
        2 => Some(Seen {
            value: Some(object.get("item")?.clone()),
            ..base
        }),
        3 => {
            let value = object.get("result").cloned();
            (value.is_none() || error.is_none()).then_some(Seen {
                value,
                error,
                ..base
            })
        }
        5 => Some(base),
        7 => {
            let allow_reconnect = allow_reconnect.unwrap_or_default();
            Some(Seen {
                message_type,
                error,
                allow_reconnect,
                ..Seen::default()
            })
        }
        8 | 9 => {
            let sequence_id = Some(sequence_id?);
            Some(Seen {
                message_type,
                sequence_id,
                ..Seen::default()
            })
        }
        _ => Some(Seen {
            message_type,
            ..Seen::default()
        }),
    }
}

fn pairs(value: &Value) -> Option<BTreeMap<String, String>> {
    let pair = |(name, value): (&String, &Value)| Some((name.clone(), value.as_str()?.to_owned()));
    value.as_object()?.iter().map(pair).collect()
}

fn texts(value: &Value) -> Option<Vec<String>> {
    value
        .as_array()?
        .iter()
        .map(|element| Some(element.as_str()?.to_owned()))
        .collect()
}

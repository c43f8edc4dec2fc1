//! What holds of every buffer of MessagePack hub messages.

use std::collections::BTreeMap;
use std::fmt::Debug;

use hubwire_protocol::dotnet::{DateOnly, DateTimeOffset, Decimal, TimeOnly, TimeSpan};
use hubwire_protocol::{
    Arguments, Binary, CompletionOutcome, Headers, HubMessage, HubProtocol, Invocation, Naming,
    ProtocolError, RawItem, Timestamp, messagepack,
};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;

const PROTOCOL: HubProtocol = HubProtocol::MessagePack;

/// Reads the bytes as one body, and as a buffer of messages under several limits.
pub fn check(data: &[u8]) {
    check_body(data);
    for limit in [None, Some(3), Some(data.len() / 2), Some(data.len())] {
        check_buffer(data, limit);
    }
}

/// Messages come one by one, each within the limit; what comes behind does not matter.
fn check_buffer(data: &[u8], limit: Option<usize>) {
    let mut rest = data;
    loop {
        let visible = &rest[..rest.len().min(limit.unwrap_or(usize::MAX))];
        let read = PROTOCOL.next_message(rest, limit);
        let body = match length(visible) {
            Length::TooLarge => {
                assert_eq!(read, Err(ProtocolError::LengthTooLarge));
                return;
            }
            Length::Is(length, start) => visible.get(start..start + length),
            Length::Incomplete => None,
        };
        let Some(body) = body else {
            if visible.len() < rest.len() {
                let limit = visible.len();
                assert_eq!(read, Err(ProtocolError::MessageTooLarge { limit }));
            } else {
                assert_eq!(read, Ok(None));
            }
            return;
        };
        assert!(PROTOCOL.may_complete(rest, 1));
        check_body(body);
        let consumed = body.as_ptr().addr() - rest.as_ptr().addr() + body.len();
        let expected = messagepack::parse_message(body).map(|message| Some((message, consumed)));
        assert_eq!(read, expected);
        if read.is_err() {
            return;
        }
        rest = &rest[consumed..];
    }
}

enum Length {
    Incomplete,
    Is(usize, usize),
    TooLarge,
}

/// The length at the front, bit by bit.
fn length(bytes: &[u8]) -> Length {
    let digits = bytes.iter().take_while(|&&byte| byte & 0x80 != 0).count();
    match (digits, bytes.get(digits)) {
        (5.., _) | (4, Some(8..)) => Length::TooLarge,
        (_, None) => Length::Incomplete,
        (_, Some(_)) => {
            let all = bytes[..=digits].iter().rev();
            let length = all.fold(0, |length, byte| length << 7 | usize::from(byte & 0x7F));
            Length::Is(length, digits + 1)
        }
    }
}

fn check_body(body: &[u8]) {
    match messagepack::parse_message(body) {
        Ok(message) => {
            assert_eq!(message.clone().into_owned(), message);
            check_values(&message);
            check_round_trip(&message);
        }
        Err(error) => assert!(!error.to_string().is_empty() && !error.exception_name().is_empty()),
    }
}

/// A message that is written again reads the same and is then written the same; one whose
/// values are malformed is not written.
fn check_round_trip(message: &HubMessage<'_>) {
    let Some(written) = write(message) else {
        return;
    };
    let read = PROTOCOL.next_message(&written, Some(written.len()));
    let (read, consumed) = read
        .expect("what is written reads")
        .expect("a whole message");
    assert_eq!(consumed, written.len());
    assert_eq!(read, *message);
    assert_eq!(write(&read), Some(written));
}

/// The message's bytes; nothing if its type is not known or a value in it is malformed.
fn write(message: &HubMessage<'_>) -> Option<Vec<u8>> {
    let mut out = vec![0xC1];
    let none = Headers::new();
    let headers = match message {
        HubMessage::Invocation(call) | HubMessage::StreamInvocation(call) => &call.headers,
        HubMessage::StreamItem(item) => &item.headers,
        HubMessage::Completion(completion) => &completion.headers,
        HubMessage::CancelInvocation(cancel) => &cancel.headers,
        _ => &none,
    };
    let mut writer = PROTOCOL.writer(&mut out).with_headers(headers);
    let written = match message {
        HubMessage::Invocation(call) => {
            let (id, ids) = (call.invocation_id.as_deref(), stream_ids(call));
            writer.invocation(id, &call.target, &call.arguments, &ids)
        }
        HubMessage::StreamInvocation(call) => {
            let id = call.invocation_id.as_deref().expect("a stream has an id");
            writer.stream_invocation(id, &call.target, &call.arguments, &stream_ids(call))
        }
        HubMessage::StreamItem(item) => writer.stream_item(&item.invocation_id, &item.item),
        HubMessage::Completion(completion) => {
            let id = &*completion.invocation_id;
            match &completion.outcome {
                CompletionOutcome::Error(error) => writer.completion_error(id, error),
                CompletionOutcome::Result(result) => {
                    writer
                        .completion_result(id, result)
                        .expect("a result is well-formed");
                }
                CompletionOutcome::Void => writer.completion_void(id),
            }
            Ok(())
        }
        HubMessage::CancelInvocation(cancel) => {
            writer.cancel_invocation(&cancel.invocation_id);
            Ok(())
        }
        HubMessage::Ping => {
            writer.ping();
            Ok(())
        }
        HubMessage::Close(close) => {
            writer.close(close.error.as_deref(), close.allow_reconnect);
            Ok(())
        }
        HubMessage::Ack(id) => {
            writer.ack(*id);
            Ok(())
        }
        HubMessage::Sequence(id) => {
            writer.sequence(*id);
            Ok(())
        }
        HubMessage::Unknown(_) => return None,
    };
    if written.is_err() {
        assert_eq!(out, [0xC1], "a trace is left");
        return None;
    }
    out.remove(0);
    Some(out)
}

fn stream_ids<'m>(call: &'m Invocation<'_>) -> Vec<&'m str> {
    call.stream_ids.iter().map(|id| &**id).collect()
}

fn check_values(message: &HubMessage<'_>) {
    match message {
        HubMessage::Invocation(call) | HubMessage::StreamInvocation(call) => check_call(call),
        HubMessage::StreamItem(item) => check_item(&item.item),
        HubMessage::Completion(completion) => {
            if let CompletionOutcome::Result(result) = &completion.outcome {
                check_item(result);
            }
        }
        _ => {}
    }
}

/// Arguments are bound or not, and what passes on as JSON is JSON.
fn check_call(call: &Invocation<'_>) {
    let _ = call.arguments.bind::<()>();
    let _ = call.arguments.bind::<(Value, String, f64)>();
    let _ = call.arguments.bind::<(Option<i32>, Vec<String>)>();
    if let Ok((value,)) = call.arguments.bind::<(Value,)>() {
        let mut out = Vec::new();
        (value,)
            .write_messagepack(&mut out, Naming::DotNet)
            .expect("a value");
    }
    let mut json = Vec::new();
    if call
        .arguments
        .write_json(&mut json, Naming::AsDeclared)
        .is_ok()
    {
        let mut values =
            serde_json::Deserializer::from_slice(&json).into_iter::<serde::de::IgnoredAny>();
        let is_json = match values.next() {
            Some(Ok(_)) => true,
            Some(Err(error)) => error.to_string().starts_with("recursion limit"),
            None => false,
        };
        assert!(is_json, "{}", json.escape_ascii());
    }
}

fn check_item(item: &RawItem<'_>) {
    check_type::<Value>(item);
    check_type::<bool>(item);
    check_type::<u8>(item);
    check_type::<i32>(item);
    check_type::<i64>(item);
    check_type::<u64>(item);
    check_type::<char>(item);
    check_type::<String>(item);
    check_type::<Binary>(item);
    check_type::<Timestamp>(item);
    check_type::<DateTimeOffset>(item);
    check_type::<Decimal>(item);
    check_type::<TimeSpan>(item);
    check_type::<DateOnly>(item);
    check_type::<TimeOnly>(item);
    check_type::<Dotnet>(item);
    check_type::<Option<Vec<Option<String>>>>(item);
    check_type::<Vec<u8>>(item);
    check_type::<(i32, String)>(item);
    check_type::<BTreeMap<i16, Value>>(item);
    check_type::<BTreeMap<String, Vec<Binary>>>(item);
    check_type::<Nested>(item);
    check_type::<Shape>(item);
    check_type::<Either>(item);
    // What serde buffers is read under the names that were declared.
    check_named::<Tagged>(item, Naming::AsDeclared);
}

fn check_type<T: Serialize + DeserializeOwned + PartialEq + Debug>(item: &RawItem<'_>) {
    check_named::<T>(item, Naming::AsDeclared);
    check_named::<T>(item, Naming::DotNet);
}

/// What a type takes is written as what it takes for the same.
fn check_named<T: Serialize + DeserializeOwned + PartialEq + Debug>(
    item: &RawItem<'_>,
    naming: Naming,
) {
    let Ok(value) = item.clone().with_naming(naming).decode::<T>() else {
        return;
    };
    let mut out = Vec::new();
    let mut writer = PROTOCOL.writer(&mut out).with_naming(naming);
    writer.stream_item("1", &value).expect("a value");
    let read = PROTOCOL.next_message(&out, None).expect("a message");
    let Some((HubMessage::StreamItem(written), _)) = read else {
        panic!("{read:?}")
    };
    let read = written.item.with_naming(naming).decode::<T>();
    assert_eq!(read.expect("what is written fits"), value);
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Nested {
    name: String,
    #[serde(default)]
    how_many: u32,
    inner: Option<Box<Self>>,
    tags: Option<Vec<String>>,
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
enum Shape {
    Point,
    Text(String),
    Pair(i32, Option<bool>),
    Circle { half_width: i64 },
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind")]
enum Tagged {
    Point,
    Text { value: Option<String> },
}

/// Buffered: of a number it is the decimal, of text the first that takes it.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
enum Dotnet {
    Moment(DateTimeOffset),
    Decimal(Decimal),
    Day(DateOnly),
    Time(TimeOnly),
    Span(TimeSpan),
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
enum Either {
    Number(i64),
    When(Timestamp),
    Text(String),
    Bytes(Binary),
    Both(i64, String),
}

//! Arbitrary messages to be written, and what must be read from each.

use hubwire_protocol::{Close, CompletionOutcome, Headers, HubMessage, HubProtocol};
use proptest::prelude::*;
use serde_json::Value;

/// A message as its sender sees it.
#[derive(Clone, Debug)]
pub(crate) enum Sent {
    Invocation(Option<String>, String, Vec<Value>, Vec<String>),
    StreamInvocation(String, String, Vec<Value>, Vec<String>),
    StreamItem(String, Value),
    Result(String, Value),
    Void(String),
    Error(String, String),
    Cancel(String),
    Ping,
    Close(Option<String>, bool),
    Ack(i64),
    Sequence(i64),
}

pub(crate) type Pairs = Vec<(String, String)>;

/// Generates text with everything special to JSON and SignalR's framing.
pub(crate) fn text() -> impl Strategy<Value = String> {
    let special = "[\\PC\\x00-\\x20\"\\\\\\x{1e}\\x{7f}\\x{2028}\\x{e000}\\x{fffe}😀/é]{0,12}";
    prop_oneof![special, "[a-zA-Z0-9]{0,12}"]
}

fn id() -> impl Strategy<Value = String> {
    text().prop_filter("an empty id is none", |id| !id.is_empty())
}

pub(crate) fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        // A whole float is written, and therefore read, as an integer.
        any::<f64>()
            .prop_filter("no integer", |f| f.fract() != 0.0)
            .prop_map(Value::from),
        text().prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 24, 5, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            prop::collection::vec((text(), inner), 0..5)
                .prop_map(|pairs| Value::Object(pairs.into_iter().collect())),
        ]
    })
}

pub(crate) fn headers() -> impl Strategy<Value = Pairs> {
    prop::collection::vec((text(), text()), 0..4)
}

pub(crate) fn sent() -> impl Strategy<Value = Sent> {
    let arguments = || prop::collection::vec(value(), 0..=3);
    let streams = || prop::collection::vec(text(), 0..3);
    prop_oneof![
        (prop::option::of(id()), text(), arguments(), streams())
            .prop_map(|(id, target, arguments, ids)| Sent::Invocation(id, target, arguments, ids)),
        (id(), text(), arguments(), streams()).prop_map(|(id, target, arguments, ids)| {
            Sent::StreamInvocation(id, target, arguments, ids)
        }),
        (id(), value()).prop_map(|(id, item)| Sent::StreamItem(id, item)),
        (id(), value()).prop_map(|(id, result)| Sent::Result(id, result)),
        id().prop_map(Sent::Void),
        (id(), id()).prop_map(|(id, error)| Sent::Error(id, error)),
        id().prop_map(Sent::Cancel),
        Just(Sent::Ping),
        (prop::option::of(text()), any::<bool>())
            .prop_map(|(error, again)| Sent::Close(error, again)),
        any::<i64>().prop_map(Sent::Ack),
        any::<i64>().prop_map(Sent::Sequence),
    ]
}

impl Sent {
    pub(crate) fn write(&self, protocol: HubProtocol, headers: &Pairs, out: &mut Vec<u8>) {
        let headers: Headers<'_> = headers
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect();
        let mut writer = protocol.writer(out).with_headers(&headers);
        match self {
            Self::Invocation(id, target, arguments, ids) => with_tuple(arguments, |arguments| {
                writer
                    .invocation(id.as_deref(), target, arguments, &borrowed(ids))
                    .unwrap();
            }),
            Self::StreamInvocation(id, target, arguments, ids) => {
                with_tuple(arguments, |arguments| {
                    writer
                        .stream_invocation(id, target, arguments, &borrowed(ids))
                        .unwrap();
                })
            }
            Self::StreamItem(id, item) => writer.stream_item(id, item).unwrap(),
            Self::Result(id, result) => writer.completion_result(id, result).unwrap(),
            Self::Void(id) => writer.completion_void(id),
            Self::Error(id, error) => writer.completion_error(id, error),
            Self::Cancel(id) => writer.cancel_invocation(id),
            Self::Ping => writer.ping(),
            Self::Close(error, again) => writer.close(&Close {
                error: error.as_deref().map(Into::into),
                allow_reconnect: *again,
            }),
            Self::Ack(id) => writer.ack(*id),
            Self::Sequence(id) => writer.sequence(*id),
        }
    }

    /// Compares what was sent, and the headers that were sent with it, with what was read.
    pub(crate) fn check(&self, headers: &Pairs, read: &HubMessage<'_>) {
        match (self, read) {
            (Self::Invocation(id, target, arguments, ids), HubMessage::Invocation(call)) => {
                assert_eq!(id.as_deref(), call.invocation_id.as_deref());
                check_call(call, (target, arguments, ids), headers);
            }
            (
                Self::StreamInvocation(id, target, arguments, ids),
                HubMessage::StreamInvocation(call),
            ) => {
                assert_eq!(Some(&**id), call.invocation_id.as_deref());
                check_call(call, (target, arguments, ids), headers);
            }
            (Self::StreamItem(id, item), HubMessage::StreamItem(read)) => {
                assert_eq!(
                    (&**id, item),
                    (&*read.invocation_id, &read.item.decode().unwrap())
                );
                check_headers(headers, &read.headers);
            }
            (Self::Result(id, result), HubMessage::Completion(read)) => {
                let CompletionOutcome::Result(item) = &read.outcome else {
                    panic!("{read:?}")
                };
                assert_eq!(
                    (&**id, result),
                    (&*read.invocation_id, &item.decode().unwrap())
                );
                check_headers(headers, &read.headers);
            }
            (Self::Void(id), HubMessage::Completion(read)) => {
                assert_eq!(
                    (&**id, &CompletionOutcome::Void),
                    (&*read.invocation_id, &read.outcome)
                );
                check_headers(headers, &read.headers);
            }
            (Self::Error(id, error), HubMessage::Completion(read)) => {
                assert_eq!(CompletionOutcome::Error(error.into()), read.outcome);
                assert_eq!(id, &read.invocation_id);
                check_headers(headers, &read.headers);
            }
            (Self::Cancel(id), HubMessage::CancelInvocation(read)) => {
                assert_eq!(id, &read.invocation_id);
                check_headers(headers, &read.headers);
            }
            (Self::Ping, HubMessage::Ping) => {}
            (Self::Close(error, again), HubMessage::Close(read)) => {
                assert_eq!(
                    (error.as_deref(), *again),
                    (read.error.as_deref(), read.allow_reconnect)
                );
            }
            (Self::Ack(id), HubMessage::Ack(read))
            | (Self::Sequence(id), HubMessage::Sequence(read)) => {
                assert_eq!(id, read);
            }
            _ => panic!("{self:?} was read as {read:?}"),
        }
    }
}

fn check_call(
    call: &hubwire_protocol::Invocation<'_>,
    (target, arguments, stream_ids): (&String, &[Value], &Vec<String>),
    headers: &Pairs,
) {
    assert_eq!(*target, call.target);
    assert_eq!(*stream_ids, call.stream_ids);
    check_headers(headers, &call.headers);
    let bound = match arguments.len() {
        0 => call.arguments.bind::<()>().map(|()| vec![]),
        1 => call.arguments.bind::<(Value,)>().map(|(a,)| vec![a]),
        2 => call
            .arguments
            .bind::<(Value, Value)>()
            .map(|(a, b)| vec![a, b]),
        _ => call
            .arguments
            .bind::<(Value, Value, Value)>()
            .map(|(a, b, c)| vec![a, b, c]),
    };
    assert_eq!(arguments, bound.unwrap());
}

fn check_headers(sent: &Pairs, read: &Headers<'_>) {
    let sent: Vec<_> = sent
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect();
    assert_eq!(sent, read.iter().collect::<Vec<_>>());
}

fn borrowed(ids: &[String]) -> Vec<&str> {
    ids.iter().map(String::as_str).collect()
}

fn with_tuple(values: &[Value], write: impl FnOnce(&dyn hubwire_protocol::Arguments)) {
    match values {
        [] => write(&()),
        [a] => write(&(a,)),
        [a, b] => write(&(a, b)),
        [a, b, c, ..] => write(&(a, b, c)),
    }
}

pub(crate) fn protocol() -> impl Strategy<Value = HubProtocol> {
    prop::sample::select(vec![HubProtocol::Json, HubProtocol::MessagePack])
}

/// Adjusts texts and headers to what MessagePack can carry: they must not be empty, and no header
/// may occur twice.
pub(crate) fn for_protocol(
    protocol: HubProtocol,
    sent: Sent,
    headers: Pairs,
) -> (HubProtocol, Sent, Pairs) {
    if protocol == HubProtocol::Json {
        return (protocol, sent, headers);
    }
    let filled = |text: String| {
        if text.is_empty() {
            "-".to_owned()
        } else {
            text
        }
    };
    let all_filled = |texts: Vec<String>| texts.into_iter().map(filled).collect();
    let headers: std::collections::BTreeMap<_, _> = headers
        .into_iter()
        .map(|(name, value)| (filled(name), filled(value)))
        .collect();
    let sent = match sent {
        Sent::Invocation(id, target, arguments, ids) => {
            Sent::Invocation(id, filled(target), arguments, all_filled(ids))
        }
        Sent::StreamInvocation(id, target, arguments, ids) => {
            Sent::StreamInvocation(id, filled(target), arguments, all_filled(ids))
        }
        other => other,
    };
    (protocol, sent, headers.into_iter().collect())
}

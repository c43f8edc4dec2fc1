//! The same session in JSON and in MessagePack: the hub and the client receive the same.

use std::time::Duration;

use futures_util::stream;
use hubwire::protocol::{
    CompletionOutcome, FrameDecoder, FrameEvent, HubMessage, HubProtocol, Masking, Opcode,
    write_masked_frame,
};
use hubwire::testing::TestClient;
use hubwire::{CancellationToken, HubError, HubResult, SignalR, Stream, StreamReader, hub};
use proptest::prelude::*;
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::timeout;

struct MirrorHub;

#[hub]
impl MirrorHub {
    pub fn echo(&self, text: Option<String>) -> Option<String> {
        text
    }

    pub fn add(&self, a: i32, b: i32) -> i64 {
        i64::from(a) + i64::from(b)
    }

    pub fn nothing(&self) {}

    pub fn fail(&self, text: String) -> HubResult<u8> {
        Err(HubError::new(text))
    }

    pub fn count(&self, count: u8) -> impl Stream<Item = u8> {
        stream::iter(0..count)
    }

    pub async fn sum(&self, mut numbers: StreamReader<i32>) -> HubResult<i64> {
        let mut sum = 0;
        while let Some(number) = numbers.next().await {
            sum += i64::from(number?);
        }
        Ok(sum)
    }

    pub async fn wait(&self, cancel: CancellationToken) -> &'static str {
        cancel.cancelled().await;
        "cancelled"
    }
}

/// What a client sends, in either protocol.
#[derive(Clone, Debug)]
enum Said {
    Call(String, &'static str, Vec<Value>),
    Stream(String, &'static str, Vec<Value>),
    Upload(String, String),
    Item(String, Value),
    End(String),
    Fail(String),
    Cancel(String),
    Ping,
}

/// Arguments as a list of any length; tuples have a fixed length.
struct List<'a>(&'a [Value]);

impl hubwire::manual::Arguments for List<'_> {
    fn write_json(
        &self,
        out: &mut Vec<u8>,
        _: hubwire::Naming,
    ) -> Result<(), hubwire::protocol::EncodeError> {
        hubwire::protocol::json::write_value(out, self.0)
    }

    fn write_messagepack(
        &self,
        out: &mut Vec<u8>,
        _: hubwire::Naming,
    ) -> Result<(), hubwire::protocol::EncodeError> {
        hubwire::protocol::messagepack::write_value(out, self.0)
    }
}

fn write(said: &Said, protocol: HubProtocol, out: &mut Vec<u8>) {
    let mut writer = protocol.writer(out);
    match said {
        Said::Call(id, target, values) => {
            writer
                .invocation(Some(id), target, &List(values), &[])
                .unwrap();
        }
        Said::Stream(id, target, values) => {
            writer
                .stream_invocation(id, target, &List(values), &[])
                .unwrap();
        }
        Said::Upload(id, stream) => {
            writer.invocation(Some(id), "Sum", &(), &[stream]).unwrap();
        }
        Said::Item(stream, item) => writer.stream_item(stream, item).unwrap(),
        Said::End(stream) => writer.completion_void(stream),
        Said::Fail(stream) => writer.completion_error(stream, "broken off"),
        Said::Cancel(id) => writer.cancel_invocation(id),
        Said::Ping => writer.ping(),
    }
}

/// What a client receives, independent of the protocol.
fn heard(message: HubMessage<'_>) -> Option<String> {
    Some(match message {
        HubMessage::StreamItem(item) => {
            let value: Value = item.item.decode().unwrap();
            format!("item {} {value}", item.invocation_id)
        }
        HubMessage::Completion(end) => {
            let outcome = match end.outcome {
                CompletionOutcome::Error(text) => format!("error {text}"),
                CompletionOutcome::Result(value) => {
                    format!("result {}", value.decode::<Value>().unwrap())
                }
                CompletionOutcome::Void => "end".to_owned(),
            };
            format!("completion {} {outcome}", end.invocation_id)
        }
        HubMessage::Ping => return None,
        other => format!("{other:?}"),
    })
}

async fn session(protocol: HubProtocol, said: &[Said]) -> Vec<String> {
    let signalr = SignalR::new();
    let hub = signalr.hub::<MirrorHub>().build(MirrorHub);
    let mut client = TestClient::open(&hub.endpoint(), None).into_pipe();
    let opcode = match protocol {
        HubProtocol::Json => Opcode::Text,
        HubProtocol::MessagePack => Opcode::Binary,
    };
    let handshake = format!(
        "{{\"protocol\":\"{}\",\"version\":1}}\u{1e}",
        protocol.name()
    );
    let mut frames = Vec::new();
    write_masked_frame(&mut frames, Opcode::Text, [9; 4], handshake.as_bytes());
    for said in said {
        let mut message = Vec::new();
        write(said, protocol, &mut message);
        write_masked_frame(&mut frames, opcode, [7; 4], &message);
    }
    client.write_all(&frames).await.unwrap();
    let mut received = Vec::new();
    let mut decoder = FrameDecoder::new(Masking::Forbidden);
    let mut buffer = vec![0; 64 * 1024];
    while let Ok(Ok(count @ 1..)) =
        timeout(Duration::from_millis(10), client.read(&mut buffer)).await
    {
        let mut input = &mut buffer[..count];
        while let Some(event) = decoder.next(&mut input).unwrap() {
            if let FrameEvent::Data { payload, .. } = event {
                received.extend_from_slice(payload);
            }
        }
    }
    let accepted = b"{}\x1e";
    assert_eq!(received.get(..accepted.len()), Some(&accepted[..]));
    let mut rest = &received[accepted.len()..];
    let mut all = Vec::new();
    while let Some((message, consumed)) = protocol.next_message(rest, None).unwrap() {
        all.extend(heard(message));
        rest = &rest[consumed..];
    }
    all
}

fn id() -> impl Strategy<Value = String> {
    "[a-d]"
}

fn value() -> impl Strategy<Value = Value> {
    prop_oneof![
        any::<i32>().prop_map(Value::from),
        "[ -~é中😀]{0,8}".prop_map(Value::from),
        Just(Value::Null),
        Just(Value::from(vec![1, 2])),
    ]
}

fn said() -> impl Strategy<Value = Said> {
    let target = prop::sample::select(vec![
        "Echo", "Add", "Nothing", "Fail", "Count", "Wait", "Nope", "Sum",
    ]);
    let values = || prop::collection::vec(value(), 0..3);
    prop_oneof![
        (id(), target.clone(), values())
            .prop_map(|(id, target, values)| { Said::Call(id, target, values) }),
        (id(), any::<i32>(), any::<i32>())
            .prop_map(|(id, a, b)| { Said::Call(id, "Add", vec![a.into(), b.into()]) }),
        (id(), 0..5_u8).prop_map(|(id, count)| Said::Stream(id, "Count", vec![count.into()])),
        (id(), target, values()).prop_map(|(id, target, values)| Said::Stream(id, target, values)),
        (id(), id()).prop_map(|(id, stream)| Said::Upload(id, stream)),
        (id(), value()).prop_map(|(stream, item)| Said::Item(stream, item)),
        id().prop_map(Said::End),
        id().prop_map(Said::Fail),
        id().prop_map(Said::Cancel),
        Just(Said::Ping),
    ]
}

proptest! {
    #[test]
    fn a_session_is_the_same_in_both_protocols(said in prop::collection::vec(said(), 0..24)) {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .start_paused(true)
            .build()
            .unwrap();
        let json = runtime.block_on(session(HubProtocol::Json, &said));
        let messagepack = runtime.block_on(session(HubProtocol::MessagePack, &said));
        prop_assert_eq!(json, messagepack);
    }
}

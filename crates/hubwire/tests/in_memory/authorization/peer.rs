//! A client that speaks either hub protocol.

use std::time::Duration;

use hubwire::manual::Arguments;
use hubwire::protocol::{
    CompletionOutcome, EncodeError, FrameDecoder, FrameEvent, HubMessage, HubProtocol, Masking,
    Opcode, json, messagepack, write_masked_frame,
};
use hubwire::testing::TestClient;
use hubwire::{HubEndpoint, Naming, Principal};
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};
use tokio::time::timeout;

/// A client over a WebSocket in memory.
pub(super) struct Peer {
    protocol: HubProtocol,
    pipe: DuplexStream,
    decoder: FrameDecoder,
    received: Vec<u8>,
}

/// Arguments as a list of any length.
struct List<'a>(&'a [Value]);

impl Arguments for List<'_> {
    fn write_json(&self, out: &mut Vec<u8>, _: Naming) -> Result<(), EncodeError> {
        json::write_value(out, self.0)
    }

    fn write_messagepack(&self, out: &mut Vec<u8>, _: Naming) -> Result<(), EncodeError> {
        messagepack::write_value(out, self.0)
    }
}

impl Peer {
    pub(super) async fn connect(
        endpoint: &HubEndpoint,
        user: Option<Principal>,
        protocol: HubProtocol,
    ) -> Self {
        let mut peer = Self {
            protocol,
            pipe: TestClient::open(endpoint, user).into_pipe(),
            decoder: FrameDecoder::new(Masking::Forbidden),
            received: Vec::new(),
        };
        let name = protocol.name();
        let handshake = format!("{{\"protocol\":\"{name}\",\"version\":1}}\u{1e}");
        peer.send_frame(Opcode::Text, handshake.as_bytes()).await;
        peer.read().await;
        assert_eq!(peer.received, b"{}\x1e");
        peer.received.clear();
        peer
    }

    async fn send_frame(&mut self, opcode: Opcode, payload: &[u8]) {
        let mut frame = Vec::new();
        write_masked_frame(&mut frame, opcode, [7; 4], payload);
        self.pipe.write_all(&frame).await.unwrap();
    }

    async fn say(&mut self, message: &[u8]) {
        let opcode = match self.protocol {
            HubProtocol::Json => Opcode::Text,
            HubProtocol::MessagePack => Opcode::Binary,
        };
        self.send_frame(opcode, message).await;
    }

    pub(super) async fn invoke(&mut self, id: &str, target: &str, arguments: &[Value]) {
        self.upload(id, target, arguments, &[]).await;
    }

    pub(super) async fn send(&mut self, target: &str, arguments: &[Value]) {
        let mut message = Vec::new();
        let mut writer = self.protocol.writer(&mut message);
        writer
            .invocation(None, target, &List(arguments), &[])
            .unwrap();
        self.say(&message).await;
    }

    pub(super) async fn upload(
        &mut self,
        id: &str,
        target: &str,
        arguments: &[Value],
        streams: &[&str],
    ) {
        let mut message = Vec::new();
        let mut writer = self.protocol.writer(&mut message);
        writer
            .invocation(Some(id), target, &List(arguments), streams)
            .unwrap();
        self.say(&message).await;
    }

    pub(super) async fn stream(
        &mut self,
        id: &str,
        target: &str,
        arguments: &[Value],
        streams: &[&str],
    ) {
        let mut message = Vec::new();
        let mut writer = self.protocol.writer(&mut message);
        writer
            .stream_invocation(id, target, &List(arguments), streams)
            .unwrap();
        self.say(&message).await;
    }

    pub(super) async fn item(&mut self, stream: &str, item: impl Into<Value>) {
        let mut message = Vec::new();
        let mut writer = self.protocol.writer(&mut message);
        writer.stream_item(stream, &item.into()).unwrap();
        self.say(&message).await;
    }

    pub(super) async fn end(&mut self, stream: &str) {
        let mut message = Vec::new();
        self.protocol.writer(&mut message).completion_void(stream);
        self.say(&message).await;
    }

    pub(super) async fn fail(&mut self, stream: &str, error: &str) {
        let mut message = Vec::new();
        let mut writer = self.protocol.writer(&mut message);
        writer.completion_error(stream, error);
        self.say(&message).await;
    }

    pub(super) async fn answer(&mut self, id: &str, result: impl Into<Value>) {
        let mut message = Vec::new();
        let mut writer = self.protocol.writer(&mut message);
        writer.completion_result(id, &result.into()).unwrap();
        self.say(&message).await;
    }

    pub(super) async fn cancel(&mut self, id: &str) {
        let mut message = Vec::new();
        self.protocol.writer(&mut message).cancel_invocation(id);
        self.say(&message).await;
    }

    /// Returns what has arrived, once nothing more can happen.
    pub(super) async fn heard(&mut self) -> Vec<String> {
        self.read().await;
        let mut rest = &*self.received;
        let mut heard = Vec::new();
        while let Some((message, consumed)) = self.protocol.next_message(rest, None).unwrap() {
            heard.extend(text_of(message));
            rest = &rest[consumed..];
        }
        assert_eq!(rest, b"");
        self.received.clear();
        heard
    }

    async fn read(&mut self) {
        let mut buffer = vec![0; 64 * 1024];
        let moment = Duration::from_millis(10);
        while let Ok(Ok(count @ 1..)) = timeout(moment, self.pipe.read(&mut buffer)).await {
            let mut input = &mut buffer[..count];
            while let Some(event) = self.decoder.next(&mut input).unwrap() {
                if let FrameEvent::Data { payload, .. } = event {
                    self.received.extend_from_slice(payload);
                }
            }
        }
    }
}

/// What a client receives, independent of the protocol.
fn text_of(message: HubMessage<'_>) -> Option<String> {
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
        HubMessage::Invocation(asked) => {
            let id = asked.invocation_id.unwrap_or_default();
            format!("asked {id} {}", asked.target)
        }
        HubMessage::Ping => return None,
        other => format!("{other:?}"),
    })
}

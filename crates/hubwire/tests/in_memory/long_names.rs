//! Long ids from a client end its connection, and long names are cut; the server does not keep either.

use futures_util::{Stream, stream};
use hubwire::protocol::{
    Close, Completion, CompletionOutcome, FrameDecoder, FrameEvent, HubMessage, HubProtocol,
    Masking, MessageWriter, Opcode, write_masked_frame,
};
use hubwire::{StreamReader, hub};
use test_support::in_memory::*;
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};
use tokio::time::timeout;

const KIB: usize = 1024;

const PROTOCOLS: [HubProtocol; 2] = [HubProtocol::Json, HubProtocol::MessagePack];

struct NamesHub;

#[hub]
impl NamesHub {
    pub fn numbers(&self, count: u64) -> impl Stream<Item = u64> + use<> {
        stream::iter(0..count)
    }

    pub fn nothing(&self) {}

    pub fn read(&self, numbers: StreamReader<u64>) {
        drop(numbers);
    }
}

fn server() -> TestServer<NamesHub> {
    TestServer::with(NamesHub, |options| options.detailed_errors(true))
}

/// JSON escapes each of these characters with six.
fn name(length: usize) -> String {
    "\u{7f}".repeat(length)
}

/// A client of either protocol that reads only on request.
struct Peer {
    pipe: DuplexStream,
    protocol: HubProtocol,
    frames: FrameDecoder,
    received: Vec<u8>,
}

impl Peer {
    async fn connect(server: &TestServer<NamesHub>, protocol: HubProtocol) -> Self {
        let mut this = Self {
            pipe: server.open().into_pipe(),
            protocol,
            frames: FrameDecoder::new(Masking::Forbidden),
            received: Vec::new(),
        };
        let name = protocol.name();
        let handshake = format!("{{\"protocol\":\"{name}\",\"version\":1}}\u{1e}");
        this.send_bytes(handshake.as_bytes()).await;
        this.read_for_a_second().await;
        assert_eq!(this.received, b"{}\x1e");
        this.received.clear();
        this
    }

    async fn send_bytes(&mut self, bytes: &[u8]) {
        let mut frame = Vec::new();
        write_masked_frame(&mut frame, Opcode::Binary, [7; 4], bytes);
        self.pipe.write_all(&frame).await.unwrap();
    }

    async fn send(&mut self, write: impl FnOnce(&mut MessageWriter<'_>)) {
        self.send_bytes(&written(self.protocol, write)).await;
    }

    /// Sends a message repeatedly until the server has not read for a second, and returns how often.
    async fn flood(&mut self, message: &[u8]) -> usize {
        for count in 0..10_000 {
            if timeout(seconds(1), self.send_bytes(message)).await.is_err() {
                return count;
            }
        }
        panic!("the server keeps reading");
    }

    async fn read_for_a_second(&mut self) {
        let mut buffer = vec![0; 64 * KIB];
        while let Ok(Ok(count @ 1..)) = timeout(seconds(1), self.pipe.read(&mut buffer)).await {
            let mut input = &mut buffer[..count];
            while let Some(event) = self.frames.next(&mut input).unwrap() {
                if let FrameEvent::Data { payload, .. } = event {
                    self.received.extend_from_slice(payload);
                }
            }
        }
    }

    /// Returns everything received within a second.
    async fn heard(&mut self) -> Vec<HubMessage<'static>> {
        self.read_for_a_second().await;
        let received = std::mem::take(&mut self.received);
        let mut rest = &received[..];
        let mut heard = Vec::new();
        while let Some((message, consumed)) = self.protocol.next_message(rest, None).unwrap() {
            heard.push(message.into_owned());
            rest = &rest[consumed..];
        }
        heard
    }
}

/// A call of a method that does not exist. In JSON it is not escaped, because escapes would exceed the
/// maximum message size.
fn call_of(target: &str, protocol: HubProtocol) -> Vec<u8> {
    match protocol {
        HubProtocol::Json => format!(
            "{{\"type\":1,\"invocationId\":\"1\",\"target\":\"{target}\",\"arguments\":[]}}\u{1e}"
        )
        .into_bytes(),
        HubProtocol::MessagePack => written(protocol, |writer| {
            writer.invocation(Some("1"), target, &(), &[]).unwrap();
        }),
    }
}

fn written(protocol: HubProtocol, write: impl FnOnce(&mut MessageWriter<'_>)) -> Vec<u8> {
    let mut message = Vec::new();
    write(&mut protocol.writer(&mut message));
    message
}

/// Writes a message of this kind with this id.
fn with_id(kind: usize, id: &str, writer: &mut MessageWriter<'_>) {
    match kind {
        0 => writer.invocation(Some(id), "Nothing", &(), &[]).unwrap(),
        1 => writer.stream_invocation(id, "Numbers", &(2,), &[]).unwrap(),
        2 => writer.invocation(None, "Read", &(), &[id]).unwrap(),
        3 => writer.stream_item(id, &1).unwrap(),
        4 => writer.completion_void(id),
        _ => writer.cancel_invocation(id),
    }
}

#[tokio::test(start_paused = true)]
async fn an_id_of_more_than_256_bytes_ends_the_connection() {
    let server = server();
    for protocol in PROTOCOLS {
        for kind in 0..6 {
            let mut peer = Peer::connect(&server, protocol).await;
            peer.send(|writer| with_id(kind, &name(256), writer)).await;
            peer.send(|writer| with_id(0, "after", writer)).await;
            let heard = peer.heard().await;
            let is_after = |message: &HubMessage<'_>| matches!(message, HubMessage::Completion(Completion { invocation_id, .. }) if invocation_id == "after");
            assert!(heard.iter().any(is_after), "{protocol:?} {kind}: {heard:?}");

            peer.send(|writer| with_id(kind, &name(257), writer)).await;
            peer.send(|writer| with_id(0, "after", writer)).await;
            let close = HubMessage::Close(Close {
                error: Some(
                    "Connection closed with an error. InvalidDataException: Invocation or stream ID of more than 256 bytes."
                        .into(),
                ),
                allow_reconnect: true,
            });
            assert_eq!(peer.heard().await, [close], "{protocol:?} {kind}");
        }
    }
    server.leaves_nothing_behind().await;
}

#[tokio::test(start_paused = true)]
async fn a_name_in_an_error_is_cut() {
    let server = server();
    for protocol in PROTOCOLS {
        let mut peer = Peer::connect(&server, protocol).await;
        for (length, shown) in [(256, name(256)), (32_000, name(256) + "...")] {
            peer.send_bytes(&call_of(&name(length), protocol)).await;
            let text = format!(
                "Failed to invoke '{shown}' due to an error on the server. HubException: Method does not exist."
            );
            let [HubMessage::Completion(completion)] = &peer.heard().await[..] else {
                panic!("no completion");
            };
            assert_eq!(completion.outcome, CompletionOutcome::Error(text.into()));
        }
    }
    server.leaves_nothing_behind().await;
}

#[tokio::test(start_paused = true)]
async fn unread_completions_stop_the_reader_whatever_names_they_repeat() {
    let server = server();
    let id = name(256);
    let long_id = |writer: &mut MessageWriter<'_>| {
        writer.invocation(Some(&id), "Nothing", &(), &[]).unwrap();
    };
    let long_id_of_a_stream = |writer: &mut MessageWriter<'_>| {
        let arguments = (u64::MAX,);
        writer
            .stream_invocation(&id, "Numbers", &arguments, &[])
            .unwrap();
    };
    for protocol in PROTOCOLS {
        for call in [
            call_of(&name(32_000), protocol),
            written(protocol, long_id),
            written(protocol, long_id_of_a_stream),
        ] {
            let mut peer = Peer::connect(&server, protocol).await;
            let count = peer.flood(&call).await;
            let held = server.signalr.statistics().outbound_memory;
            let what = format!("{protocol:?}: {held} bytes for {count} calls");
            assert!((60 * KIB..80 * KIB).contains(&held), "{what}");
            drop(peer);
            server.leaves_nothing_behind().await;
        }
    }
}

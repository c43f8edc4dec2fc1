//! Ends of a connection that race on several threads: there is one Close frame and one reason, and
//! it is the first.

use std::sync::{Arc, Mutex, mpsc};
use std::time::Duration;

use hubwire::protocol::{FrameDecoder, FrameEvent, Masking, Opcode, write_masked_frame};
use hubwire::testing::TestClient;
use hubwire::{DisconnectReason, HubCallerContext, hub};
use serde_json::{Value, json};
use test_support::in_memory::*;
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};
use tokio::task::JoinSet;
use tokio::time::timeout;

const KIB: usize = 1024;

const CLIENTS: usize = 8;
const ROUNDS: usize = 400;

/// What a client does that ends its connection, or delays that end.
#[derive(Clone, Copy, Debug)]
enum Step {
    Abort,
    Close,
    SendGarbage,
    Wait,
}

const RACES: [&[Step]; 5] = [
    &[Step::Abort],
    &[Step::Abort, Step::SendGarbage],
    &[Step::Abort, Step::Close],
    &[Step::Close],
    &[Step::Wait, Step::Close],
];

struct ClosingHub {
    log: Log,
    released: Mutex<mpsc::Receiver<()>>,
}

#[hub]
impl ClosingHub {
    async fn on_disconnected(&self, _cx: &HubCallerContext<Self>, reason: &DisconnectReason) {
        self.log.note(format!("{reason:?}"));
    }

    pub fn nothing(&self) {}

    pub async fn wait(&self, cx: &HubCallerContext<Self>) {
        cx.connection_aborted().cancelled().await;
    }

    pub fn abort(&self, cx: &HubCallerContext<Self>) {
        cx.abort();
    }

    /// Keeps the session from noticing its abort until the test lets it continue.
    pub fn abort_and_block(&self, cx: &HubCallerContext<Self>) {
        cx.abort();
        let _ = self.released.lock().unwrap().recv();
    }
}

/// Creates a server that queues this many bytes for each client before it accepts no more calls
/// from it. Returns the server, its log, and a sender that releases a blocked thread when it is
/// dropped.
fn server(bytes: usize) -> (TestServer<ClosingHub>, Log, mpsc::Sender<()>) {
    let (log, (release, released)) = (Log::default(), mpsc::channel());
    let hub = ClosingHub {
        log: log.clone(),
        released: Mutex::new(released),
    };
    let server = TestServer::with(hub, |options| options.outbound_buffer_size(bytes));
    (server, log, release)
}

fn keep_broadcasting(server: &TestServer<ClosingHub>) -> JoinSet<()> {
    let all = server.context().clients().all();
    let mut sender = JoinSet::new();
    sender.spawn(async move {
        loop {
            all.send("Text", ("x".repeat(100),)).await.unwrap();
            pass(Duration::from_micros(200)).await;
        }
    });
    sender
}

/// A client that sees every frame, including those after a Close frame.
struct RawClient {
    pipe: DuplexStream,
    frames: FrameDecoder,
    text: String,
    close_frames: usize,
}

impl RawClient {
    async fn connect(server: &TestServer<ClosingHub>) -> Self {
        let mut client = Self {
            pipe: server.open().into_pipe(),
            frames: FrameDecoder::new(Masking::Forbidden),
            text: String::new(),
            close_frames: 0,
        };
        let handshake = json!({"protocol": "json", "version": 1});
        client.send_record(&handshake).await;
        while !client.text.contains("{}\u{1e}") {
            assert!(client.read().await, "the handshake is accepted");
        }
        client
    }

    async fn call(&mut self, target: &str) {
        let call = json!({"type": 1, "invocationId": target, "target": target, "arguments": []});
        self.send_record(&call).await;
    }

    async fn send_record(&mut self, record: &Value) {
        let record = format!("{record}\u{1e}");
        self.send_frame(Opcode::Text, record.as_bytes()).await;
    }

    async fn send_frame(&mut self, opcode: Opcode, payload: &[u8]) {
        let mut frame = Vec::new();
        write_masked_frame(&mut frame, opcode, [1, 2, 3, 4], payload);
        self.send(&frame).await;
    }

    async fn send(&mut self, bytes: &[u8]) {
        // The server may have already ended the connection.
        let _ = self.pipe.write_all(bytes).await;
    }

    /// Reads once, and answers a Close frame; returns `false` at the end.
    async fn read(&mut self) -> bool {
        let mut buffer = [0; KIB];
        let Ok(count @ 1..) = self.pipe.read(&mut buffer).await else {
            return false;
        };
        let mut input = &mut buffer[..count];
        while let Some(event) = self.frames.next(&mut input).unwrap() {
            let is_close = matches!(event, FrameEvent::Close { .. });
            if let FrameEvent::Data { payload, .. } = event {
                self.text.push_str(str::from_utf8(payload).unwrap());
            }
            if is_close {
                self.close_frames += 1;
                // The previous decoder ignores what follows.
                self.frames = FrameDecoder::new(Masking::Forbidden);
                self.send_frame(Opcode::Close, &[]).await;
            }
        }
        true
    }

    async fn take(&mut self, step: Step) {
        match step {
            Step::Abort => self.call("Abort").await,
            Step::Close => self.send_frame(Opcode::Close, &[]).await,
            Step::SendGarbage => self.send(&[0xff; 20]).await,
            Step::Wait => self.call("Wait").await,
        }
    }
}

async fn race(server: &TestServer<ClosingHub>, steps: &[Step]) {
    let mut client = RawClient::connect(server).await;
    client.call("Nothing").await;
    for step in steps {
        client.take(*step).await;
    }
    while client.read().await {}
    assert_eq!(client.close_frames, 1, "Close frames after {steps:?}");
    let messages = client.text.matches("{\"type\":7").count();
    assert!(messages <= 1, "{messages} Close messages after {steps:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn closers_that_race_send_one_close_frame_and_give_one_reason() {
    let (server, log, _) = server(2000);
    let server = Arc::new(server);
    let sender = keep_broadcasting(&server);
    let mut clients = JoinSet::new();
    for number in 0..CLIENTS {
        let server = Arc::clone(&server);
        clients.spawn(async move {
            for round in 0..ROUNDS {
                let raced = race(&server, RACES[(number + round) % RACES.len()]);
                let ended = timeout(seconds(15), raced).await;
                ended.expect("the connection ends");
            }
        });
    }
    while let Some(raced) = clients.join_next().await {
        raced.unwrap();
    }
    drop(sender);
    server.leaves_nothing_behind_soon().await;
    assert_eq!(log.take().len(), CLIENTS * ROUNDS);
}

/// Waits until the log contains the reason of one end, and nothing else.
async fn assert_next_reason(log: &Log, reason: &str) {
    let noted = timeout(seconds(15), async {
        loop {
            match log.take() {
                notes if notes.is_empty() => settle().await,
                notes => return notes,
            }
        }
    });
    assert_eq!(noted.await.expect("a connection ends"), [reason]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn an_abort_counts_even_if_the_client_is_disconnected_before_its_session_notices() {
    let (server, log, release) = server(1024 * KIB);
    let endpoint = server
        .endpoint
        .clone()
        .transport_progress_timeout(Duration::from_millis(400));
    let mut aborted = TestClient::connect(&endpoint).await.unwrap();
    aborted.invoke("Nothing", ()).await.unwrap();
    let mut slow = TestClient::connect(&endpoint).await.unwrap();
    slow.invoke("Nothing", ()).await.unwrap();
    let all = server.context().clients().all();
    for _ in 0..10 {
        all.send("Text", ("x".repeat(16 * KIB),)).await.unwrap();
    }
    // Their pipes have taken 64 KiB each, and refuse the rest.
    while server.signalr.statistics().outbound_bytes > 2 * 7 * 16 * KIB {
        settle().await;
    }
    aborted.send("AbortAndBlock", ()).await.unwrap();
    // Of equally slow clients, the later one is disconnected later.
    assert_next_reason(&log, "TooSlow").await;
    drop(release);
    assert_next_reason(&log, "Aborted").await;
    drop((aborted, slow));
    server.leaves_nothing_behind_soon().await;
}

//! A seed determines a run: the same scenario sends the same bytes twice, including HTTP.

use std::sync::Mutex;

use axum::Router;
use hubwire::options::RandomSource;
use hubwire::protocol::{Opcode, write_masked_frame};
use hubwire::{DisconnectReason, HubCallerContext, HubResult, MapHub, SignalR, hub};
use test_support::handed_over::HandedOver;
use test_support::in_memory::*;
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, WriteHalf, duplex, split};
use tokio::sync::mpsc::UnboundedSender;
use tokio::sync::oneshot;
use tokio::task::JoinSet;

struct NoisyHub {
    log: Log,
}

#[hub]
impl NoisyHub {
    async fn on_connected(&self, cx: &HubCallerContext<Self>) -> HubResult {
        cx.groups()
            .add(cx.connection_id(), cx.request().query())
            .await?;
        let others = cx.clients().others();
        others.send("Came", (cx.connection_id(),)).await?;
        Ok(())
    }

    async fn on_disconnected(
        &self,
        cx: &HubCallerContext<Self>,
        reason: &DisconnectReason,
    ) -> HubResult {
        self.log.note(format!("{} {reason:?}", cx.connection_id()));
        let others = cx.clients().others();
        others.send("Left", (cx.connection_id(),)).await?;
        Ok(())
    }

    pub async fn say(&self, cx: &HubCallerContext<Self>, text: String) -> HubResult<usize> {
        cx.clients()
            .group(cx.request().query())
            .send("Said", (&text,))
            .await?;
        Ok(text.len())
    }

    pub async fn echo_later(&self, text: String) -> String {
        pass(seconds(2)).await;
        text
    }
}

/// The script's ends of the connections, and everything received on them.
struct Wires {
    pipes: UnboundedSender<DuplexStream>,
    writers: Vec<WriteHalf<DuplexStream>>,
    readers: Vec<JoinSet<Vec<u8>>>,
}

impl Wires {
    async fn request(&mut self, head: &str) {
        let (near, far) = duplex(1024 * 1024);
        self.pipes.send(far).unwrap();
        let (mut reader, mut writer) = split(near);
        let request = format!("{head}\r\nHost: test\r\n\r\n");
        writer.write_all(request.as_bytes()).await.unwrap();
        self.writers.push(writer);
        let mut read = JoinSet::new();
        read.spawn(async move {
            let mut bytes = Vec::new();
            // A pipe that is cut off ends like any other pipe.
            let _ = reader.read_to_end(&mut bytes).await;
            bytes
        });
        self.readers.push(read);
        settle().await;
    }

    async fn upgrade(&mut self, query: &str) {
        self.request(&format!(
            "GET /noisy?{query} HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
             Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="
        ))
        .await;
        self.say(r#"{"protocol":"json","version":1}"#).await;
    }

    /// Sends a record on the connection that was opened last.
    async fn say(&mut self, record: &str) {
        let last = self.writers.len() - 1;
        self.say_on(last, record).await;
    }

    async fn say_on(&mut self, wire: usize, record: &str) {
        let mut frame = Vec::new();
        let record = format!("{record}\u{1e}");
        write_masked_frame(&mut frame, Opcode::Text, [9; 4], record.as_bytes());
        self.writers[wire].write_all(&frame).await.unwrap();
        settle().await;
    }

    /// Returns everything received, without the date that HTTP requires.
    async fn transcript(mut self) -> String {
        let mut transcript = String::new();
        for read in &mut self.readers {
            let bytes = read.join_next().await.unwrap().unwrap();
            let text = String::from_utf8_lossy(&bytes).into_owned();
            let dated = |line: &&str| line.starts_with("date: ");
            let lines = text.split("\r\n").filter(|line| !dated(line));
            transcript.extend(lines.map(|line| format!("{}\n", line.escape_debug())));
        }
        transcript
    }
}

/// A linear congruential generator, which is enough if nothing is secret.
fn seeded(seed: u64) -> RandomSource {
    let state = Mutex::new(seed);
    RandomSource::new(move |bytes| {
        let mut state = state.lock().unwrap();
        for byte in bytes {
            *state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            *byte = state.to_be_bytes()[0];
        }
    })
}

/// Runs connections that call methods, end in several ways, and are shut down with the server.
async fn run(seed: u64) -> (String, Vec<String>) {
    let log = Log::default();
    let signalr = SignalR::builder().random_source(seeded(seed)).build();
    let hub = signalr
        .hub::<NoisyHub>()
        .build(NoisyHub { log: log.clone() });
    let app = Router::new().map_hub("/noisy", hub.endpoint());
    let (pipes, accepted) = HandedOver::new();
    let (end, ended) = oneshot::channel::<()>();
    let server = hubwire::serve(accepted, app)
        .with(&signalr)
        .until(async move { drop(ended.await) });
    let mut serving = JoinSet::new();
    serving.spawn(server.into_future());
    let mut wires = Wires {
        pipes,
        writers: Vec::new(),
        readers: Vec::new(),
    };
    for version in [0, 1] {
        let head = format!("POST /noisy/negotiate?negotiateVersion={version} HTTP/1.1");
        wires
            .request(&format!("{head}\r\nConnection: close\r\nContent-Length: 0"))
            .await;
    }
    for number in 0..12 {
        wires
            .upgrade(if number % 2 == 0 { "even" } else { "odd" })
            .await;
        let call = r#"{"type":1,"invocationId":"1","target":"Say","arguments":["hello"]}"#;
        wires.say(call).await;
    }
    let later = r#"{"type":1,"invocationId":"2","target":"EchoLater","arguments":["late"]}"#;
    wires.say_on(5, later).await;
    wires.say_on(6, r#"{"type":7}"#).await;
    wires.say_on(7, r#"{"type":6}"#).await;
    wires.say_on(8, "nonsense").await;
    pass(seconds(40)).await;
    let all = hub.context().clients().all();
    all.send("News", ("the end is near",)).await.unwrap();
    drop(end);
    serving.join_next().await.unwrap().unwrap().unwrap();
    (wires.transcript().await, log.take())
}

#[tokio::test(start_paused = true)]
async fn two_runs_with_one_seed_are_the_same_to_the_byte() {
    let (first, hooks) = run(7).await;
    assert!(
        first.contains("the end is near") && first.contains("Left"),
        "{first}"
    );
    assert_eq!(hooks.len(), 12, "{hooks:?}");
    let (second, hooks_again) = run(7).await;
    assert_eq!(hooks, hooks_again);
    assert!(
        first == second,
        "the hooks ran in the same way, but the bytes differ:\n{first}\n{second}"
    );
}

#[tokio::test(start_paused = true)]
async fn another_seed_gives_different_ids() {
    let (first, _) = run(7).await;
    let (second, _) = run(8).await;
    let ids = |transcript: &str| transcript.matches("connectionId").count();
    assert_eq!(ids(&first), ids(&second));
    assert_ne!(first, second);
}

//! Hostile sockets, which send without a pause while others are measured, and discard what they
//! read.

use std::io::{ErrorKind, Result};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread::{self, JoinHandle};

use clap::ValueEnum;
use serde::Serialize;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::oneshot;
use tokio::task::JoinSet;

use crate::Args;
use crate::hub::Protocol;
use crate::ws::{self, Headers, WebSocket};

/// The number of calls in one frame: a single read of the server takes them all.
const CALLS_PER_FRAME: usize = 1300;
/// The number of streams that a connection may have open.
const STREAMS: usize = 100;
/// How many bytes are read at once, and discarded.
const READ_SIZE: usize = 256 * 1024;

/// The messages that are sent without a pause.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Flood {
    /// Calls of Nothing that want no completion.
    Calls,
    /// Calls of Endless, of which a hundred become streams that never end and the others are refused.
    Streams,
}

impl Flood {
    /// Returns what is sent once, before everything else.
    fn opening(self) -> String {
        match self {
            Self::Calls => {
                "{\"type\":1,\"invocationId\":\"0\",\"target\":\"Nothing\",\"arguments\":[]}\x1e"
                    .to_owned()
            }
            Self::Streams => (0..STREAMS).map(stream_call).collect(),
        }
    }

    /// Returns the server's answer to the opening, if it has these methods.
    fn answer(self) -> &'static [u8] {
        match self {
            Self::Calls => b"{\"type\":3,\"invocationId\":\"0\",\"result\":null}",
            Self::Streams => b"{\"type\":2,",
        }
    }

    /// Returns what is sent repeatedly.
    fn call(self) -> String {
        match self {
            Self::Calls => "{\"type\":1,\"target\":\"Nothing\",\"arguments\":[]}\x1e".to_owned(),
            Self::Streams => stream_call(STREAMS),
        }
    }
}

fn stream_call(id: usize) -> String {
    format!("{{\"type\":4,\"invocationId\":\"{id}\",\"target\":\"Endless\",\"arguments\":[]}}\x1e")
}

/// The totals of all hostile sockets.
#[derive(Default)]
struct Counters {
    sent: AtomicU64,
    received: AtomicU64,
    disconnects: AtomicU64,
}

/// The totals in the form in which they are reported.
#[derive(Serialize)]
pub(crate) struct Flooded {
    sockets: usize,
    sent_bytes: u64,
    received_bytes: u64,
    /// How many were not accepted, or ended before the end of the run.
    disconnects: u64,
}

/// Running hostile sockets, on a thread of their own, where they delay only the server.
pub(crate) struct Flooding {
    sockets: usize,
    counters: Arc<Counters>,
    over: oneshot::Sender<()>,
    thread: JoinHandle<()>,
}

impl Flooding {
    pub(crate) fn begin(args: &Args) -> Option<Self> {
        let flood = args.flood?;
        let counters = Arc::<Counters>::default();
        let (over, mut is_over) = oneshot::channel();
        let thread = thread::spawn({
            let (args, counters) = (args.clone(), Arc::clone(&counters));
            move || {
                let runtime = tokio::runtime::Builder::new_current_thread()
                    .enable_all()
                    .build()
                    .expect("a runtime");
                runtime.block_on(async {
                    tokio::select! {
                        () = run_all(&args, flood, &counters) => {}
                        _ = &mut is_over => {}
                    }
                });
            }
        });
        Some(Self {
            sockets: args.flooders,
            counters,
            over,
            thread,
        })
    }

    pub(crate) fn end(self) -> Flooded {
        // If nobody receives it, all sockets have already ended.
        let _ = self.over.send(());
        self.thread.join().expect("the thread does not panic");
        let count = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        Flooded {
            sockets: self.sockets,
            sent_bytes: count(&self.counters.sent),
            received_bytes: count(&self.counters.received),
            disconnects: count(&self.counters.disconnects),
        }
    }
}

async fn run_all(args: &Args, flood: Flood, counters: &Arc<Counters>) {
    let mut sockets = JoinSet::new();
    for _ in 0..args.flooders {
        let (address, counters) = (args.address.clone(), Arc::clone(counters));
        sockets.spawn(async move {
            let socket = WebSocket::connect(&address, Headers::Required).await?;
            run(socket, flood, &counters).await
        });
    }
    while sockets.join_next().await.is_some() {
        counters.disconnects.fetch_add(1, Ordering::Relaxed);
    }
}

/// Reads until `answer` has arrived.
async fn hear(stream: &mut TcpStream, answer: &[u8]) -> Result<()> {
    let mut heard = Vec::new();
    while !heard.windows(answer.len()).any(|said| said == answer) {
        let received = stream.read_buf(&mut heard).await?;
        if received == 0 || heard.len() > READ_SIZE {
            return Err(ErrorKind::InvalidData.into());
        }
    }
    Ok(())
}

/// Returns only if the server ends the connection or does not have the methods.
async fn run(mut socket: WebSocket, flood: Flood, counters: &Counters) -> Result<()> {
    socket.queue(ws::TEXT, Protocol::Json.handshake());
    socket.queue(ws::TEXT, flood.opening().as_bytes());
    socket.flush().await?;
    socket.queue(ws::TEXT, flood.call().repeat(CALLS_PER_FRAME).as_bytes());
    let (mut stream, frame) = socket.into_parts();
    hear(&mut stream, flood.answer()).await?;
    let (mut reader, mut writer) = stream.split();
    let sending = async {
        loop {
            writer.write_all(&frame).await?;
            let sent = frame.len() as u64;
            counters.sent.fetch_add(sent, Ordering::Relaxed);
        }
    };
    let receiving = async {
        let mut buffer = vec![0; READ_SIZE];
        loop {
            let received = reader.read(&mut buffer).await? as u64;
            counters.received.fetch_add(received, Ordering::Relaxed);
            if received == 0 {
                return Ok(());
            }
        }
    };
    tokio::select! {
        ended = sending => ended,
        ended = receiving => ended,
    }
}

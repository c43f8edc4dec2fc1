//! Connections without a hub protocol, over every transport, without sockets.

use std::future::pending;
use std::io;

use axum::Router;
use axum::serve::Listener;
use futures_util::FutureExt;
use hubwire::connections::{
    Chunk, ConnectionClosed, ConnectionEndpoint, ConnectionHandler, HandlerResult, MapConnections,
    RawConnection,
};
use hubwire::protocol::{Opcode, TransferFormat, Transport};
use hubwire::{SignalR, Statistics};
use test_support::bare_web_socket::{Bare, BareWebSocket};
use test_support::http_client::HttpClient;
use test_support::in_memory::*;
use tokio::io::{DuplexStream, duplex};
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout};

const PLAIN: Option<&str> = Some("text/plain");
const OCTETS: Option<&str> = Some("application/octet-stream");

/// What the handler of a test does.
#[derive(Clone, Copy)]
enum Act {
    Echo,
    /// Takes one chunk, sends two, and ends.
    SayTwo,
    /// Takes one chunk and fails.
    Fail,
    /// Takes one chunk and panics.
    Panic,
    /// Takes nothing until the gate opens, then echoes.
    Wait,
    /// Ignores everything, the end too, for 10 s.
    Ignore,
    /// Drops its connection and goes on.
    Forget,
}

struct Actor {
    act: Act,
    gate: Gate,
    log: Log,
}

impl Actor {
    async fn echo(&self, connection: &mut RawConnection) -> HandlerResult {
        while let Some(chunk) = connection.receive().await {
            if connection.send(chunk).await.is_err() {
                self.log.note("unsent");
            }
        }
        self.log.note("end of input");
        Ok(())
    }
}

impl ConnectionHandler for Actor {
    async fn on_connected(&self, mut connection: RawConnection) -> HandlerResult {
        match self.act {
            Act::Echo => {
                self.echo(&mut connection).await?;
                assert!(connection.connection_closed().is_cancelled());
                assert_eq!(
                    connection.send("late").await,
                    Err(closed(&connection).await)
                );
            }
            Act::SayTwo => {
                connection.receive().await.ok_or("nothing")?;
                connection.send("one").await?;
                connection.send(vec![2, 0xff]).await?;
            }
            Act::Fail => {
                connection.receive().await;
                return Err("a failure".into());
            }
            Act::Panic => {
                connection.receive().await;
                panic!("a panic");
            }
            Act::Wait => {
                self.gate.passed().await;
                self.echo(&mut connection).await?;
            }
            Act::Ignore => {
                pass(seconds(10)).await;
                self.log.note("ignored");
                pending::<()>().await;
            }
            Act::Forget => {
                drop(connection);
                self.gate.passed().await;
            }
        }
        Ok(())
    }
}

async fn closed(connection: &RawConnection) -> ConnectionClosed {
    connection.sender().send("").await.unwrap_err()
}

struct Raw {
    signalr: SignalR,
    endpoint: ConnectionEndpoint,
    gate: Gate,
    log: Log,
    sockets: mpsc::UnboundedSender<DuplexStream>,
    serving: JoinSet<io::Result<()>>,
}

/// A listener for byte streams in memory.
struct InMemory(mpsc::UnboundedReceiver<DuplexStream>);

impl Listener for InMemory {
    type Io = DuplexStream;
    type Addr = ();

    async fn accept(&mut self) -> (DuplexStream, ()) {
        match self.0.recv().await {
            Some(socket) => (socket, ()),
            None => pending().await,
        }
    }

    fn local_addr(&self) -> io::Result<()> {
        Ok(())
    }
}

impl Raw {
    fn new(act: Act) -> Self {
        Self::with(act, |endpoint| endpoint)
    }

    fn with(act: Act, options: impl FnOnce(ConnectionEndpoint) -> ConnectionEndpoint) -> Self {
        let (signalr, gate, log) = (SignalR::new(), Gate::closed(), Log::default());
        let actor = Actor {
            act,
            gate: gate.clone(),
            log: log.clone(),
        };
        let endpoint = options(signalr.connection_handler(actor));
        let app = Router::new().map_connections("/raw", endpoint.clone());
        let (sockets, accepted) = mpsc::unbounded_channel();
        let mut serving = JoinSet::new();
        serving.spawn(
            hubwire::serve(InMemory(accepted), app)
                .with(&signalr)
                .until(pending::<()>())
                .into_future(),
        );
        Self {
            signalr,
            endpoint,
            gate,
            log,
            sockets,
            serving,
        }
    }

    async fn web_socket(&self) -> BareWebSocket<DuplexStream> {
        let (client, server) = duplex(64 * 1024);
        self.sockets.send(server).unwrap();
        BareWebSocket::upgrade(client, "/raw").await
    }

    /// Negotiates and sends the first poll.
    async fn polling(&self) -> HttpClient {
        let client = HttpClient::negotiate(&self.endpoint).await;
        client.poll().await.assert_is(200, OCTETS, "");
        client
    }

    async fn leaves_nothing_behind(mut self) {
        settle().await;
        assert_eq!(self.signalr.statistics(), Statistics::default());
        self.serving.abort_all();
    }
}

#[tokio::test(start_paused = true)]
async fn a_web_socket_gets_back_what_it_sends_as_it_sent_it() {
    let raw = Raw::new(Act::Echo);
    let mut client = raw.web_socket().await;
    client.send(Opcode::Text, "grüße".as_bytes()).await;
    assert_eq!(client.next().await, Bare::Text("grüße".into()));
    client.send(Opcode::Binary, &[0, 0xff]).await;
    assert_eq!(client.next().await, Bare::Binary(vec![0, 0xff]));
    client.send(Opcode::Text, b"").await;
    assert_eq!(client.next().await, Bare::Text(String::new()));
    client.send_fragment(Opcode::Text, b"in pie").await;
    client.send(Opcode::Continuation, b"ces").await;
    assert_eq!(client.next().await, Bare::Text("in pieces".into()));
    assert_eq!(raw.signalr.statistics().connections, 1);
    client.leave(&4000_u16.to_be_bytes()).await;
    settle().await;
    assert_eq!(raw.log.take(), ["end of input"]);
    raw.leaves_nothing_behind().await;
}

#[tokio::test(start_paused = true)]
async fn a_long_message_arrives_in_chunks_that_are_text_each() {
    let raw = Raw::with(Act::Echo, |it| it.application_maximum_buffer_size(1000));
    let mut client = raw.web_socket().await;
    let text = "ä".repeat(2_000);
    client.send(Opcode::Text, text.as_bytes()).await;
    let mut received = String::new();
    while received.len() < text.len() {
        let Bare::Text(chunk) = client.next().await else {
            panic!("not text")
        };
        received += &chunk;
    }
    assert_eq!(received, text);
    client.leave(b"").await;
    raw.leaves_nothing_behind().await;
}

#[tokio::test(start_paused = true)]
async fn text_that_is_none_ends_the_connection() {
    let raw = Raw::new(Act::Echo);
    let mut client = raw.web_socket().await;
    client.send(Opcode::Text, &[0xff]).await;
    assert_eq!(client.next().await, Bare::Close(Some(1007)));
    assert_eq!(client.next().await, Bare::End);
    raw.leaves_nothing_behind().await;
}

#[tokio::test(start_paused = true)]
async fn an_event_stream_gets_back_what_is_posted() {
    let raw = Raw::new(Act::Echo);
    let client = HttpClient::negotiate(&raw.endpoint).await;
    let mut events = client.open_event_stream().await;
    for text in ["x", "two\nlines\n", "{}"] {
        client.post(text).await.assert_is(200, PLAIN, "");
        assert_eq!(events.next().await.as_deref(), Some(text));
    }
    drop(events);
    settle().await;
    assert_eq!(raw.log.take(), ["end of input"]);
    assert_eq!(client.post("x").await.status, 404);
    raw.leaves_nothing_behind().await;
}

#[tokio::test(start_paused = true)]
async fn polls_get_back_what_is_posted_until_delete() {
    let raw = Raw::new(Act::Echo);
    let client = raw.polling().await;
    for body in [&b"text"[..], &[0x7f, 0, 1]] {
        let body = body.to_vec();
        client.post(body.clone()).await.assert_is(200, PLAIN, "");
        let text = String::from_utf8(body).unwrap();
        client.poll().await.assert_is(200, OCTETS, &text);
    }
    let (answer, ()) = tokio::join!(client.poll(), async {
        settle().await;
        client.delete().await.assert_is(202, PLAIN, "");
    });
    answer.assert_is(204, PLAIN, "");
    assert_eq!(client.poll().await.status, 404);
    assert_eq!(raw.log.take(), ["end of input"]);
    raw.leaves_nothing_behind().await;
}

#[tokio::test(start_paused = true)]
async fn three_megabytes_come_back_over_every_transport() {
    const SIZE: usize = 3_000_000;
    let raw = Raw::new(Act::Echo);
    let body: Vec<u8> = (0..SIZE).map(|at| b'a' + (at % 23) as u8).collect();

    let client = raw.polling().await;
    let reading = async {
        let mut read = Vec::new();
        while read.len() < SIZE {
            read.extend(client.poll().await.body.into_bytes());
        }
        read
    };
    let (posted, read) = tokio::join!(client.post(body.clone()), reading);
    posted.assert_is(200, PLAIN, "");
    assert!(read == body);
    client.delete().await;

    let client = HttpClient::negotiate(&raw.endpoint).await;
    let mut events = client.open_event_stream().await;
    let reading = async {
        let mut read = String::new();
        while read.len() < SIZE {
            read += &events.next().await.unwrap();
        }
        read
    };
    let (posted, read) = tokio::join!(client.post(body.clone()), reading);
    posted.assert_is(200, PLAIN, "");
    assert!(read.as_bytes() == body);
    drop(events);
    raw.leaves_nothing_behind().await;
}

#[tokio::test(start_paused = true)]
async fn the_end_of_a_handler_ends_its_connection_after_what_it_sent() {
    let raw = Raw::new(Act::SayTwo);
    let mut client = raw.web_socket().await;
    client.send(Opcode::Text, b"go").await;
    assert_eq!(client.next().await, Bare::Text("one".into()));
    assert_eq!(client.next().await, Bare::Binary(vec![2, 0xff]));
    client.expect_closed(1000).await;

    let client = HttpClient::negotiate(&raw.endpoint).await;
    let response = client.get_event_stream().await;
    client.post("go").await.assert_is(200, PLAIN, "");
    let body = axum::body::to_bytes(response.into_body(), 100)
        .await
        .unwrap();
    let events = b":\r\ndata: one\r\n\r\ndata: \x02\xff\r\n\r\n";
    assert_eq!(*body, events[..]);

    let client = raw.polling().await;
    client.post("go").await.assert_is(200, PLAIN, "");
    settle().await;
    let last = client.poll_unread().await;
    assert_eq!(last.status(), 200);
    let body = axum::body::to_bytes(last.into_body(), 100).await.unwrap();
    assert_eq!(*body, *b"one\x02\xff");
    client.poll().await.assert_is(204, PLAIN, "");
    assert_eq!(client.poll().await.status, 404);
    raw.leaves_nothing_behind().await;
}

#[tokio::test(start_paused = true)]
async fn a_failure_or_a_panic_ends_one_connection_alone() {
    for act in [Act::Fail, Act::Panic] {
        let raw = Raw::new(act);
        let mut other = raw.web_socket().await;
        let mut client = raw.web_socket().await;
        client.send(Opcode::Text, b"go").await;
        client.expect_closed(1011).await;
        let polling = raw.polling().await;
        let (answer, ()) = tokio::join!(polling.poll(), async {
            polling.post("go").await.assert_is(200, PLAIN, "");
        });
        answer.assert_is(204, PLAIN, "");
        assert_eq!(raw.signalr.statistics().connections, 1);
        assert!(other.next().now_or_never().is_none());
        other.leave(b"").await;
        raw.leaves_nothing_behind().await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_handler_that_takes_nothing_holds_up_its_client_and_loses_nothing() {
    const SIZE: usize = 1_000_000;
    let raw = Raw::new(Act::Wait);
    let client = raw.polling().await;
    let mut posting = Box::pin(client.post(vec![b'x'; SIZE]));
    // Polls in the meantime, or the client would be gone.
    for _ in 0..3 {
        let both = futures_util::future::select(&mut posting, Box::pin(client.poll()));
        let futures_util::future::Either::Right((answer, _)) = both.await else {
            panic!("the request has not waited")
        };
        answer.assert_is(200, PLAIN, "");
    }
    raw.gate.open(1);
    let reading = async {
        let mut read = 0;
        while read < SIZE {
            read += client.poll().await.body.len();
        }
        read
    };
    let (posted, read) = tokio::join!(posting, reading);
    posted.assert_is(200, PLAIN, "");
    assert_eq!(read, SIZE);
    client.delete().await;
    raw.leaves_nothing_behind().await;
}

#[tokio::test(start_paused = true)]
async fn small_messages_to_a_handler_that_takes_nothing_are_not_read_without_end() {
    let raw = Raw::new(Act::Wait);
    let mut client = raw.web_socket().await;
    let sending = async {
        for _ in 0..1_000_000 {
            client.send(Opcode::Binary, b"x").await;
        }
    };
    assert!(
        timeout(seconds(20), sending).await.is_err(),
        "all was taken"
    );
    assert_eq!(raw.signalr.statistics().connections, 1);
    drop(client);
    raw.gate.open(1);
    raw.leaves_nothing_behind().await;
}

#[tokio::test(start_paused = true)]
async fn a_client_that_polls_no_more_is_gone_whatever_its_handler_does() {
    let raw = Raw::new(Act::Ignore);
    let client = raw.polling().await;
    assert!(timeout(seconds(1), client.poll()).await.is_err());
    pass(seconds(17)).await;
    assert_eq!(client.poll().await.status, 404);
    let left = raw.signalr.statistics();
    assert_eq!((left.connections, left.tokens), (0, 0));
    assert_eq!((left.orphaned_calls, left.tasks), (1, 1));
    assert_eq!(raw.log.take(), ["ignored"]);
    let began = Instant::now();
    raw.signalr.shutdown().await;
    assert_elapsed(began, 20.0..=21.0);
    raw.leaves_nothing_behind().await;
}

#[tokio::test(start_paused = true)]
async fn a_shutdown_ends_every_connection() {
    let raw = Raw::new(Act::Echo);
    let mut client = raw.web_socket().await;
    let http = HttpClient::negotiate(&raw.endpoint).await;
    let mut events = http.open_event_stream().await;
    let polling = raw.polling().await;
    let began = Instant::now();
    let ((), (), answer, end) = tokio::join!(
        raw.signalr.shutdown(),
        client.expect_closed(1000),
        polling.poll(),
        events.next(),
    );
    answer.assert_is(204, PLAIN, "");
    assert_eq!(end, None);
    assert_elapsed(began, 0.0..=1.0);
    assert_eq!(raw.log.take().len(), 3);
    raw.leaves_nothing_behind().await;
}

#[tokio::test(start_paused = true)]
async fn what_arrives_after_the_handler_dropped_its_connection_is_discarded() {
    let raw = Raw::new(Act::Forget);
    let client = raw.polling().await;
    client
        .post(vec![0; 1_000_000])
        .await
        .assert_is(200, PLAIN, "");
    raw.gate.open(1);
    client.poll().await.assert_is(204, PLAIN, "");
    raw.leaves_nothing_behind().await;
}

#[tokio::test(start_paused = true)]
async fn endpoint_options_apply() {
    let raw = Raw::with(Act::Echo, |it| {
        it.transports([Transport::LongPolling])
            .poll_timeout(seconds(3))
            .disconnect_timeout(seconds(5))
    });
    let client = raw.polling().await;
    let refused = client.get_event_stream().await;
    assert_eq!(refused.status(), 404);
    let began = Instant::now();
    client.poll().await.assert_is(200, PLAIN, "");
    assert_elapsed(began, 3.0..=3.1);
    pass(seconds(7)).await;
    assert_eq!(client.poll().await.status, 404);
    raw.leaves_nothing_behind().await;
}

#[test]
fn a_chunk_knows_its_format() {
    assert_eq!(Chunk::from("a").format(), TransferFormat::Text);
    assert_eq!(Chunk::from(&b"a"[..]).format(), TransferFormat::Binary);
}

//! Peers of event streams and polls that stop, are reset, come back, or are served when the server
//! shuts down.

use std::ops::Range;
use std::time::Duration;

use hubwire::protocol::Transport;
use serde_json::{Value, json};
use test_support::line::Line;
use test_support::way_out::Client as Peer;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::Instant;

use crate::server::{CLIENT_TIMEOUT, HANDSHAKE_TIMEOUT, PROGRESS_TIMEOUT, Server};
use test_support::any_transport::Posts;
use test_support::client::{Client, HANDSHAKE};
use test_support::requests::read_until;
use tokio::io::AsyncWriteExt;

/// How late an end may be on a busy machine; timeouts are checked once a second.
const SLACK: Duration = Duration::from_millis(2_500);

const PULLED: [Transport; 2] = [Transport::ServerSentEvents, Transport::LongPolling];

const GONE: &str = "disconnected: transport closed";
const TIMED_OUT: &str =
    "disconnected: Client hasn't sent a message/ping within the configured ClientTimeoutInterval.";
const TOO_SLOW: &str = "disconnected: The client did not read what was sent to it.";

const PING: &str = "{\"type\":6}\u{1e}";

fn call(target: &str, arguments: &Value) -> Value {
    json!({"type": 1, "invocationId": "1", "target": target, "arguments": arguments})
}

/// An event stream on a kernel that buffers few unread bytes, before its handshake.
async fn open_event_stream(server: &Server) -> (Posts, Line) {
    let posts = Posts::negotiate(server.address, "/hasty").await;
    let socket = tokio::net::TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(4096).unwrap();
    let mut socket = Line::over(socket.connect(server.address).await.unwrap())
        .await
        .unwrap();
    let head = posts.get("Accept: text/event-stream\r\n");
    socket.write_all(head.as_bytes()).await.unwrap();
    read_until(&mut socket, "3\r\n:\r\n\r\n").await;
    (posts, socket)
}

/// Freezes an event stream that has posted this, and returns how long it takes to end and what the
/// hub was told.
async fn freeze(posted: &[String]) -> (Duration, Vec<String>) {
    let server = Server::start().await;
    let (mut posts, mut socket) = open_event_stream(&server).await;
    for body in posted {
        // The response to the last one may wait for as long as the client reads nothing.
        posts.begin(body.as_bytes()).await;
        if body == HANDSHAKE {
            read_until(&mut socket, "{}\u{1e}\r\n\r\n\r\n").await;
        }
    }
    let since = Instant::now();
    server.until_only_bystander().await;
    let elapsed = since.elapsed();
    let mut journal = server.finish().await;
    journal.dedup();
    drop((posts, socket));
    (elapsed, journal)
}

/// Its name, what is posted before, when it ends, and what the hub is told.
type Phase = (
    &'static str,
    Vec<String>,
    Range<Duration>,
    &'static [&'static str],
);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_event_stream_that_stops_is_ended_by_the_timeout_of_its_phase() {
    let millisecond = Duration::from_millis(1);
    let after = |time: Duration| time - 5 * millisecond..time + SLACK;
    let (handshake, ping) = (HANDSHAKE.to_owned(), PING.to_owned());
    let repeat = call("Repeat", &json!(["x", 30_000]));
    let flood = format!("{repeat}\u{1e}").repeat(700);
    let phases: [Phase; 4] = [
        (
            "before the handshake",
            vec![],
            after(HANDSHAKE_TIMEOUT),
            &[],
        ),
        (
            "after a ping",
            vec![handshake.clone(), ping.clone()],
            after(CLIENT_TIMEOUT),
            &["connected", TIMED_OUT],
        ),
        (
            "in a record",
            vec![handshake.clone(), ping + "{\"type\":"],
            after(CLIENT_TIMEOUT),
            &["connected", TIMED_OUT],
        ),
        (
            "while it does not read",
            vec![handshake, flood],
            after(PROGRESS_TIMEOUT),
            &["connected", "repeated", TOO_SLOW],
        ),
    ];
    for (phase, posted, expected, told) in phases {
        let (elapsed, journal) = freeze(&posted).await;
        assert!(expected.contains(&elapsed), "{phase}: {elapsed:?}");
        assert_eq!(journal, told, "{phase}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn storms_of_resets_and_reconnects_leave_nothing() {
    const PEERS: usize = 60;
    const STORMS: usize = 3;
    for transport in PULLED {
        let server = Server::start().await;
        for storm in 0..STORMS {
            let mut connecting = JoinSet::new();
            for number in 0..PEERS {
                let address = server.address;
                let path = format!("/brief?user=user{number}");
                connecting.spawn(async move {
                    let mut peer = Peer::connect_to(&path, transport, address).await;
                    let room = json!([format!("room {}", number % 7)]);
                    peer.send(&call("Enter", &room)).await;
                    assert_eq!(peer.message().await.unwrap()["type"], 3);
                    peer
                });
            }
            let peers = connecting.join_all().await;
            let statistics = server.signalr.statistics();
            if storm == 0 {
                assert_eq!((statistics.users, statistics.groups), (PEERS + 1, 8));
            }
            for peer in peers {
                peer.reset();
            }
        }
        server.journal.until_nth(PEERS * STORMS, GONE).await;
        server.until_only_bystander_and_unfetched_ends().await;
    }
}

/// Echoes until the server's Close message; only the end may follow it.
async fn echo_to_the_end(mut peer: Peer, echoed: watch::Sender<usize>) {
    let mut news = 0;
    for number in 1.. {
        peer.send_if_open(&call("Echo", &json!(["x"]))).await;
        loop {
            let message = peer.message().await.expect("a Close message comes first");
            match message["type"].as_u64() {
                Some(1) => news += 1,
                Some(3) => break,
                _ => {
                    assert_eq!(message, json!({"type": 7, "allowReconnect": true}));
                    assert_eq!(peer.message().await, None);
                    assert!(news > 0 && number > 5, "{news} broadcasts, {number} echoes");
                    return;
                }
            }
        }
        if number == 5 {
            echoed.send_modify(|count| *count += 1);
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_peer_is_told_to_reconnect_at_a_shutdown_under_load() {
    const PEERS: usize = 60;
    let server = Server::start_alone().await;
    let (echoed, mut all_echoed) = watch::channel(0);
    let mut peers = JoinSet::new();
    for number in 0..PEERS {
        let transport = PULLED[number % 2];
        let path = format!("/narrow?user=user{number}");
        let peer = Peer::connect_to(&path, transport, server.address).await;
        peers.spawn(echo_to_the_end(peer, echoed.clone()));
    }
    let mut broadcasting = JoinSet::new();
    let context = server.narrow.context();
    broadcasting.spawn(async move {
        loop {
            context.clients().all().said("news").await.unwrap();
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    });
    let all = all_echoed.wait_for(|count| *count == PEERS);
    tokio::select! {
        all = all => drop(all.unwrap()),
        ended = peers.join_next() => panic!("a peer ended early: {ended:?}"),
    }
    let (ending, bystander): (_, Client) = server.begin_shutdown().await;
    let journal = ending.end_within(Duration::from_secs(15), bystander).await;
    while let Some(peer) = peers.join_next().await {
        peer.unwrap();
    }
    let ends = journal.iter();
    let ends = ends.filter(|entry| *entry == "disconnected: server shutdown");
    assert_eq!(ends.count(), PEERS);
}

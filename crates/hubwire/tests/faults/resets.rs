//! Peers that reset their TCP connection at every point of its life.

use std::time::Duration;

use futures_core::future::BoxFuture;
use hubwire::protocol::{Opcode, write_masked_frame};
use tokio::io::AsyncWriteExt;

use crate::server::Server;
use test_support::client::{HANDSHAKE, Received};
use test_support::line::Line;
use test_support::requests::{UPGRADE, request, send_head};

/// What the hub may be told: the bytes before a reset may have been half a record.
const GONE: &str = "disconnected: transport closed";
const CUT: &str = "disconnected: Connection terminated while reading a message.";

const NO_HOOK: &[&str] = &[];
const PAIR: &[&str] = &["connected", GONE];

/// A point in a connection's life, how to get there and reset, and what the hub then saw.
type Point = (
    &'static str,
    fn(&Server) -> BoxFuture<'_, ()>,
    &'static [&'static str],
);

const BEFORE_THE_HANDSHAKE: &[Point] = &[
    (
        "before sending anything",
        |server| Box::pin(reset_after(server, b"")),
        NO_HOOK,
    ),
    (
        "inside the HTTP head",
        |server| Box::pin(reset_after(server, b"GET /plain HTTP/1.1\r\nHos")),
        NO_HOOK,
    ),
    (
        "after the head, before 101 is read",
        |server| Box::pin(reset_behind_head(server, "GET /plain", b"")),
        NO_HOOK,
    ),
    (
        "after the head of a negotiated id",
        |server| {
            Box::pin(async {
                let line = "POST /plain/negotiate?negotiateVersion=1";
                let response = request(server.address, line, "").await;
                let body: serde_json::Value = serde_json::from_str(&response.body).unwrap();
                let token = body["connectionToken"].as_str().unwrap();
                let mut socket = Line::connect(server.address).await.unwrap();
                let line = format!("GET /plain?id={token}");
                send_head(&mut socket, server.address, &line, UPGRADE, b"").await;
                // The server does not see a request that is reset before it is read.
                socket.readable().await.unwrap();
                socket.set_zero_linger().unwrap();
            })
        },
        NO_HOOK,
    ),
    (
        "after a head with half a frame after it",
        |server| {
            Box::pin(async {
                reset_behind_head(server, "GET /plain", &frame(HANDSHAKE)[..9]).await;
            })
        },
        NO_HOOK,
    ),
    (
        "after 101, before the handshake",
        |server| Box::pin(async { server.upgrade("/plain").await.reset() }),
        NO_HOOK,
    ),
    (
        "inside the header of the handshake's frame",
        |server| Box::pin(reset_upgraded(server, frame(HANDSHAKE)[..3].to_vec())),
        NO_HOOK,
    ),
    (
        "inside the masked payload of the handshake's frame",
        |server| Box::pin(reset_upgraded(server, frame(HANDSHAKE)[..20].to_vec())),
        NO_HOOK,
    ),
    (
        "inside the handshake's record",
        |server| Box::pin(reset_upgraded(server, frame(&HANDSHAKE[..12]))),
        NO_HOOK,
    ),
];

const AFTER_THE_HANDSHAKE: &[Point] = &[
    (
        "right after the handshake, with its response unread",
        |server| Box::pin(reset_upgraded(server, frame(HANDSHAKE))),
        PAIR,
    ),
    (
        "right after the handshake's response",
        |server| Box::pin(async { server.open("/plain?user=somebody").await.reset() }),
        PAIR,
    ),
    (
        "during on_connected",
        |server| {
            Box::pin(async {
                let client = server.open("/connecting-waits?user=somebody").await;
                server.journal.until("connected").await;
                client.reset();
                server.gate.let_one_pass();
            })
        },
        PAIR,
    ),
    (
        "inside a frame's header",
        |server| Box::pin(reset_joined(server, frame(ECHO)[..1].to_vec())),
        PAIR,
    ),
    (
        "inside a masked payload",
        |server| Box::pin(reset_joined(server, frame(ECHO)[..20].to_vec())),
        &["connected", CUT],
    ),
    (
        "between the frames of a record",
        |server| Box::pin(reset_joined(server, frame(&ECHO[..20]))),
        &["connected", CUT],
    ),
    (
        "while a call runs",
        |server| Box::pin(reset_in_a_call(server, 1)),
        &["connected", "slow began", GONE, "slow ended"],
    ),
    (
        "while a call waits for its slot",
        |server| Box::pin(reset_in_a_call(server, 2)),
        &[
            "connected",
            "slow began",
            "slow ended",
            "slow began",
            GONE,
            "slow ended",
        ],
    ),
    (
        "while a completion is being written",
        |server| {
            Box::pin(async {
                let mut client = server.join_with_small_window("/narrow").await;
                // 20 MB are more than two kernels and the queue hold, so a task waits for the
                // socket.
                for _ in 0..700 {
                    client.call("1", "Repeat", r#""x",30000"#).await;
                }
                server.until_tasks(2).await;
                client.reset();
            })
        },
        &["connected", "repeated", GONE],
    ),
];

const AT_THE_END: &[Point] = &[
    (
        "after sending a Close frame",
        |server| {
            Box::pin(async {
                let mut client = server.join("/plain").await;
                client.send_close(&1000_u16.to_be_bytes()).await;
                client.reset();
            })
        },
        PAIR,
    ),
    (
        "after sending a Close message",
        |server| {
            Box::pin(async {
                let mut client = server.join("/plain").await;
                client.send(r#"{"type":7}"#).await;
                client.reset();
            })
        },
        &["connected", "disconnected: closed by the client"],
    ),
    (
        "after receiving the server's Close",
        |server| {
            Box::pin(async {
                let mut client = server.join("/plain").await;
                client.call("1", "Abort", "").await;
                client.expect(r#"{"type":7}"#).await;
                assert_eq!(client.next().await, Received::Close(Some(1000)));
                client.reset();
            })
        },
        &["connected", "disconnected: aborted by the hub"],
    ),
];

const ECHO: &str =
    "{\"type\":1,\"invocationId\":\"1\",\"target\":\"Echo\",\"arguments\":[\"x\"]}\x1e";

fn frame(text: &str) -> Vec<u8> {
    let mut frame = Vec::new();
    write_masked_frame(&mut frame, Opcode::Text, [1, 2, 3, 4], text.as_bytes());
    frame
}

/// Gives the server time to read what was sent.
async fn a_moment() {
    tokio::time::sleep(Duration::from_millis(3)).await;
}

async fn reset_after(server: &Server, bytes: &[u8]) {
    let mut socket = Line::connect(server.address).await.unwrap();
    socket.write_all(bytes).await.unwrap();
    a_moment().await;
    socket.set_zero_linger().unwrap();
}

async fn reset_behind_head(server: &Server, line: &str, behind: &[u8]) {
    let mut socket = Line::connect(server.address).await.unwrap();
    send_head(&mut socket, server.address, line, UPGRADE, behind).await;
    socket.set_zero_linger().unwrap();
}

async fn reset_upgraded(server: &Server, bytes: Vec<u8>) {
    let mut client = server.upgrade("/plain?user=somebody").await;
    client.send_raw(&bytes).await;
    client.reset();
}

async fn reset_joined(server: &Server, bytes: Vec<u8>) {
    let mut client = server.join("/plain").await;
    client.send_raw(&bytes).await;
    a_moment().await;
    client.reset();
}

/// Resets the connection with this many calls, one of them running; then lets all of them
/// continue.
async fn reset_in_a_call(server: &Server, calls: usize) {
    let mut client = server.join("/plain").await;
    for _ in 0..calls {
        client.call("1", "Wait", r#""slow""#).await;
    }
    client.send_frame(Opcode::Ping, b"read").await;
    assert_eq!(client.next().await, Received::Pong(b"read".to_vec()));
    server.journal.until("slow began").await;
    client.reset();
    for call in 1..calls {
        server.gate.let_one_pass();
        server.journal.until_nth(1 + call, "slow began").await;
    }
    // The hook does not wait for the running method.
    server.journal.until(GONE).await;
    server.gate.let_one_pass();
}

async fn assert_clean(points: &[Point]) {
    for (point, reset, expected) in points {
        let server = Server::start().await;
        reset(&server).await;
        if let Some(last) = expected.last() {
            server.journal.until(last).await;
        }
        server.until_only_bystander().await;
        let mut journal = server.finish().await;
        // How many completions were written before the reset depends on the kernel.
        journal.dedup();
        assert_eq!(journal, *expected, "{point}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn before_the_handshake_no_hook_runs() {
    assert_clean(BEFORE_THE_HANDSHAKE).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_the_handshake_both_hooks_run() {
    assert_clean(AFTER_THE_HANDSHAKE).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn at_the_end_the_first_reason_counts() {
    assert_clean(AT_THE_END).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn hundreds_of_resets_at_once_leave_nothing() {
    const CLIENTS: usize = 200;
    let server = Server::start().await;
    let mut clients = Vec::new();
    for number in 0..CLIENTS {
        let path = format!("/plain?user=user{number}");
        let mut client = server.open(&path).await;
        let group = format!("\"room {}\"", number % 7);
        client.call("1", "Enter", &group).await;
        clients.push(client);
    }
    for client in &mut clients {
        client
            .expect(r#"{"type":3,"invocationId":"1","result":null}"#)
            .await;
    }
    let statistics = server.signalr.statistics();
    assert_eq!(statistics.users, CLIENTS + 1);
    assert_eq!(statistics.groups, 8);
    for client in clients {
        client.reset();
    }
    let journal = server.finish().await;
    let ends = journal.iter().filter(|entry| *entry == GONE);
    assert_eq!(ends.count(), CLIENTS);
}

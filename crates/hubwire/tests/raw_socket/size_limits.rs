//! The largest message that a client may send.

use hubwire::protocol::Opcode;

use crate::server::Server;
use test_support::client::Client;

const LIMIT: usize = 32 * 1024;

/// Returns an echo of this length, including its separator, and its text.
fn echo_of(length: usize) -> (String, String) {
    let (before, after) = (
        r#"{"type":1,"invocationId":"1","target":"Echo","arguments":[""#,
        "\"]}\x1e",
    );
    let text = "x".repeat(length - before.len() - after.len());
    (format!("{before}{text}{after}"), text)
}

async fn expect_echoed(client: &mut Client, text: &str) {
    let completion = format!(r#"{{"type":3,"invocationId":"1","result":"{text}"}}"#);
    client.expect(&completion).await;
}

async fn expect_too_large(mut client: Client, limit: usize, detailed: bool) {
    let detail = format!(
        " InvalidDataException: The maximum message size of {limit}B was exceeded. The message size can be configured in AddHubOptions."
    );
    let detail = if detailed { &*detail } else { "" };
    client
        .expect(&format!(
            r#"{{"type":7,"error":"Connection closed with an error.{detail}","allowReconnect":true}}"#
        ))
        .await;
    client.expect_closed(1000).await;
}

#[tokio::test]
async fn a_message_of_the_limit_passes_however_it_is_cut() {
    let server = Server::start().await;
    let mut client = server.open("/detailed").await;
    let (echo, text) = echo_of(LIMIT);
    client.send_text(&echo).await;
    expect_echoed(&mut client, &text).await;

    let quarters: Vec<_> = echo.as_bytes().chunks(LIMIT / 4).collect();
    client.send_fragment(Opcode::Text, quarters[0]).await;
    for quarter in &quarters[1..] {
        client.send_fragment(Opcode::Continuation, quarter).await;
    }
    expect_echoed(&mut client, &text).await;
    client.send_frame(Opcode::Continuation, b"").await;
    client.expect_alive().await;
    client.leave().await;
    server.finish().await;
}

#[tokio::test]
async fn one_byte_more_ends_the_connection() {
    let server = Server::start().await;
    for length in [LIMIT + 1, LIMIT + 2, 200_000] {
        for (path, detailed) in [("/plain", false), ("/detailed", true)] {
            let mut client = server.open(path).await;
            client.send_text(&echo_of(length).0).await;
            expect_too_large(client, LIMIT, detailed).await;
        }
    }
    let journal = server.finish().await;
    let exceeded = "disconnected: The maximum message size of 32768B was exceeded. The message size can be configured in AddHubOptions.";
    let ends = journal.iter().filter(|entry| *entry == exceeded);
    assert_eq!(ends.count(), 6);
}

#[tokio::test]
async fn the_limit_is_seen_before_a_separator_comes() {
    let server = Server::start().await;
    let mut client = server.open("/detailed").await;
    for _ in 0..LIMIT / 1024 {
        client.send_text(&"x".repeat(1024)).await;
    }
    client.send_frame(Opcode::Ping, b"at the limit").await;
    let pong = test_support::client::Received::Pong(b"at the limit".to_vec());
    assert_eq!(client.next().await, pong);
    client.send_text("x").await;
    expect_too_large(client, LIMIT, true).await;
    server.finish().await;
}

#[tokio::test]
async fn the_limit_is_an_option_of_the_hub() {
    let server = Server::start().await;
    let mut client = server.open("/small").await;
    let (echo, text) = echo_of(100);
    client.send_text(&echo).await;
    expect_echoed(&mut client, &text).await;
    client.send_text(&echo_of(101).0).await;
    expect_too_large(client, 100, false).await;

    let mut client = server.open("/unlimited").await;
    let (echo, text) = echo_of(1_000_000);
    client.send_text(&echo).await;
    expect_echoed(&mut client, &text).await;
    client.expect_alive().await;
    client.leave().await;
    server.finish().await;
}

#[tokio::test]
async fn many_small_messages_may_arrive_in_one_large_frame() {
    let server = Server::start().await;
    let mut client = server.open("/plain").await;
    let (echo, text) = echo_of(500);
    let count = 100 * 1024 / echo.len();
    client.send_text(&echo.repeat(count)).await;
    for _ in 0..count {
        expect_echoed(&mut client, &text).await;
    }
    client.expect_alive().await;
    client.leave().await;
    server.finish().await;
}

#[tokio::test]
async fn a_long_message_after_a_slow_call_passes() {
    let server = Server::start().await;
    let mut client = server.open("/unlimited").await;
    client.call("slow", "Wait", r#""slow""#).await;
    server.journal.until("slow began").await;
    client.call("next", "Echo", r#""next""#).await;
    let (echo, text) = echo_of(1_000_000);
    let sending = async {
        client.send_text(&echo).await;
        client
    };
    // The reader stops at 64 KiB until the call has ended; the bytes left in the kernel are read
    // then.
    let (mut client, ()) = tokio::join!(sending, async {
        server.gate.let_one_pass();
    });
    client
        .expect(r#"{"type":3,"invocationId":"slow","result":"slow"}"#)
        .await;
    client
        .expect(r#"{"type":3,"invocationId":"next","result":"next"}"#)
        .await;
    expect_echoed(&mut client, &text).await;
    client.leave().await;
    server.finish().await;
}

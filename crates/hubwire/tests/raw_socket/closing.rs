//! The end of a connection: Close messages, Close frames, and clients that do not return one.

use hubwire::protocol::Opcode;
use tokio::time::Instant;

use crate::server::{HASTY_CLOSE_TIMEOUT, Server};
use test_support::client::{Client, Received};

const TIMED_OUT: &str =
    "Client hasn't sent a message/ping within the configured ClientTimeoutInterval.";

#[tokio::test]
async fn a_close_frame_gets_1000_whatever_its_code() {
    let server = Server::start().await;
    let payloads: [&[u8]; 8] = [
        &[],
        &[0x03, 0xe8],
        b"\x03\xe8bye",
        &[0x03, 0xe9],
        &[0x03, 0xea],
        &[0x03, 0xf3],
        &[0x0b, 0xb8],
        b"\x0f\xa0of my own",
    ];
    for payload in payloads {
        let mut client = server.open("/plain").await;
        client.send_close(payload).await;
        assert_eq!(client.next().await, Received::Close(Some(1000)));
        assert_eq!(client.next().await, Received::Eof);
    }
    let journal = server.finish().await;
    let ends = journal.iter().filter(|entry| entry.starts_with("dis"));
    assert!(
        ends.clone()
            .all(|end| end == "disconnected: transport closed")
    );
    assert_eq!(ends.count(), payloads.len());
}

#[tokio::test]
async fn data_after_a_close_frame_is_discarded() {
    let server = Server::start().await;
    let mut client = server.open("/plain").await;
    let mut bytes = Vec::new();
    let mut frame = |opcode, payload: &[u8]| {
        hubwire::protocol::write_masked_frame(&mut bytes, opcode, [1, 2, 3, 4], payload);
    };
    let note = b"{\"type\":1,\"target\":\"Note\",\"arguments\":[\"late\"]}\x1e";
    frame(Opcode::Close, &[]);
    frame(Opcode::Text, note);
    frame(Opcode::Ping, b"ping");
    client.send_raw(&bytes).await;
    assert_eq!(client.next().await, Received::Close(Some(1000)));
    assert_eq!(client.next().await, Received::Eof);
    let journal = server.finish().await;
    assert_eq!(journal, ["connected", "disconnected: transport closed"]);
}

#[tokio::test]
async fn a_close_message_gets_one() {
    let server = Server::start().await;
    let cases = [
        (r#"{"type":7}"#, "disconnected: closed by the client"),
        (
            r#"{"type":7,"allowReconnect":true}"#,
            "disconnected: closed by the client",
        ),
        (
            r#"{"type":7,"error":"client error"}"#,
            "disconnected: client error",
        ),
    ];
    for (close, end) in cases {
        let mut client = server.open("/detailed").await;
        client.send(close).await;
        client.expect(r#"{"type":7}"#).await;
        client.expect_closed(1000).await;
        server.journal.until(end).await;
    }
    let journal = server.finish().await;
    let ends: Vec<_> = cases.iter().map(|(_, end)| *end).collect();
    let heard = journal.iter().filter(|entry| *entry != "connected");
    assert_eq!(heard.collect::<Vec<_>>(), ends);
}

#[tokio::test]
async fn fin_without_a_close_frame_is_the_end() {
    const HALF_A_FRAME: &[u8] = &[0x81, 0xc7, 1, 2, 3, 4];
    let server = Server::start().await;
    let ends: [(&[u8], _); 3] = [
        (b"", "disconnected: transport closed"),
        (HALF_A_FRAME, "disconnected: transport closed"),
        (
            &[HALF_A_FRAME, b"half a record"].concat(),
            "disconnected: Connection terminated while reading a message.",
        ),
    ];
    for (last_bytes, _) in &ends {
        let mut client = server.open("/plain").await;
        client.send_raw(last_bytes).await;
        client.send_fin().await;
        assert_eq!(client.next().await, Received::Eof);
        server.until_only_bystander().await;
    }
    let journal = server.finish().await;
    let expected = ends.map(|(_, end)| ["connected", end]);
    assert_eq!(journal, expected.concat());
}

#[tokio::test]
async fn a_close_frame_within_a_record_gets_one_all_the_same() {
    let server = Server::start().await;
    let mut client = server.open("/plain").await;
    client.send_text(r#"{"type":"#).await;
    client.send_close(&1000u16.to_be_bytes()).await;
    assert_eq!(client.next().await, Received::Close(Some(1000)));
    assert_eq!(client.next().await, Received::Eof);
    let journal = server.finish().await;
    let cut = "disconnected: Connection terminated while reading a message.";
    assert_eq!(journal, ["connected", cut]);
}

/// Returns no Close but continues to ping, until the server has to give up.
async fn assert_given_up(mut client: Client, since: Instant) {
    assert_eq!(client.next().await, Received::Close(Some(1000)));
    client.send_frame(Opcode::Ping, b"still here").await;
    assert_eq!(client.next().await, Received::Pong(b"still here".to_vec()));
    assert_eq!(client.next().await, Received::Reset);
    assert!(since.elapsed() >= HASTY_CLOSE_TIMEOUT);
}

#[tokio::test]
async fn a_client_that_returns_no_close_is_reset_after_the_close_timeout() {
    let server = Server::start().await;
    let mut client = server.open("/hasty").await;
    let since = Instant::now();
    client.send("hello").await;
    client
        .expect(r#"{"type":7,"error":"Connection closed with an error. InvalidDataException: Error reading JSON.","allowReconnect":true}"#)
        .await;
    assert_given_up(client, since).await;

    let mut client = server.open("/hasty").await;
    let since = Instant::now();
    client.call("1", "Abort", "").await;
    client.expect(r#"{"type":7}"#).await;
    assert_given_up(client, since).await;

    let mut client = server.upgrade("/hasty").await;
    let since = Instant::now();
    client.send("hello").await;
    assert!(matches!(client.next().await, Received::Record(_)));
    assert_given_up(client, since).await;
    server.finish().await;
}

#[tokio::test]
async fn a_client_that_pinged_and_is_silent_is_timed_out() {
    let server = Server::start().await;
    let mut never_pinged = server.open("/hasty").await;
    let mut silent = server.open("/hasty").await;
    silent.send(r#"{"type":6}"#).await;
    silent
        .expect(&format!(
            r#"{{"type":7,"error":"Connection closed with an error. OperationCanceledException: {TIMED_OUT}","allowReconnect":true}}"#
        ))
        .await;
    assert_eq!(silent.next().await, Received::Close(Some(1000)));
    // The connection has ended: even the client's Close gets no response.
    assert_eq!(silent.next().await, Received::Reset);
    never_pinged.expect_alive().await;
    never_pinged.leave().await;
    let mut journal = server.finish().await;
    journal.sort();
    let expected = [
        "connected".to_owned(),
        "connected".to_owned(),
        format!("disconnected: {TIMED_OUT}"),
        "disconnected: transport closed".to_owned(),
    ];
    assert_eq!(journal, expected);
}

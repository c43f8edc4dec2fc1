//! Hooks that fail, panic or are slow.

use hubwire::protocol::Opcode;

use crate::server::Server;
use test_support::client::Received;

const CALL: &str = r#"{"type":1,"invocationId":"1","target":"Note","arguments":["late"]}"#;

#[tokio::test]
async fn a_failing_on_connected_ends_the_connection_for_good() {
    let server = Server::start().await;
    let cases = [
        ("/connecting-fails", ""),
        ("/connecting-panics", ""),
        ("/connecting-panics-detailed", " Panic: boom in a hook"),
    ];
    for (path, detail) in cases {
        let mut client = server.open(path).await;
        client.send(CALL).await;
        client
            .expect(&format!(
                r#"{{"type":7,"error":"Connection closed with an error.{detail}"}}"#
            ))
            .await;
        client.expect_closed(1000).await;
    }
    assert_eq!(server.finish().await, ["connected"; 3]);
}

#[tokio::test]
async fn a_failing_on_disconnected_closes_with_1011() {
    let server = Server::start().await;
    for path in ["/disconnecting-fails", "/disconnecting-panics"] {
        let mut client = server.open(path).await;
        client.send(r#"{"type":7}"#).await;
        client.expect(r#"{"type":7}"#).await;
        client.expect_closed(1011).await;

        let mut client = server.open(path).await;
        client.call("1", "Abort", "").await;
        client.expect(r#"{"type":7}"#).await;
        client.expect_closed(1011).await;
    }
    let journal = server.finish().await;
    assert_eq!(journal.len(), 8, "{journal:?}");
}

#[tokio::test]
async fn nothing_is_left_when_on_disconnected_panics_after_a_lost_connection() {
    let server = Server::start().await;
    let mut client = server.open("/disconnecting-panics").await;
    client.call("1", "Enter", r#""room""#).await;
    client
        .expect(r#"{"type":3,"invocationId":"1","result":null}"#)
        .await;
    drop(client);
    let journal = server.finish().await;
    assert_eq!(journal, ["connected", "disconnected: transport closed"]);
}

#[tokio::test]
async fn web_socket_pings_get_pongs_while_on_connected_runs() {
    let server = Server::start().await;
    let mut client = server.open("/connecting-waits").await;
    server.journal.until("connected").await;
    client.send_frame(Opcode::Ping, b"still here").await;
    assert_eq!(client.next().await, Received::Pong(b"still here".to_vec()));
    server.gate.let_one_pass();
    client.expect_alive().await;
    client.leave().await;
    server.finish().await;
}

#[tokio::test]
async fn a_client_that_leaves_during_on_connected_is_disconnected_after_it() {
    let server = Server::start().await;
    let mut client = server.open("/connecting-waits").await;
    server.journal.until("connected").await;
    client.send(CALL).await;
    client.send_close(&1001u16.to_be_bytes()).await;
    assert_eq!(client.next().await, Received::Close(Some(1000)));
    server.gate.let_one_pass();
    assert_eq!(client.next().await, Received::Eof);
    let journal = server.finish().await;
    // Messages received before the Close are dispatched; their completions reach nobody.
    assert_eq!(
        journal,
        ["connected", "late", "disconnected: transport closed"]
    );
}

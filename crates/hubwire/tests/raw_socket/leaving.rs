//! Clients that leave while a call or a stream delays everything sent after it, which is more than the
//! server reads ahead.

use crate::server::Server;
use test_support::client::Client;

const GONE: &str = "disconnected: transport closed";

/// More than the 64 KiB that the server keeps before it stops reading.
const NOTES: usize = 100;

fn note(number: usize) -> String {
    format!("{number} {}", "x".repeat(1_000))
}

async fn send_notes(client: &mut Client) {
    for number in 0..NOTES {
        let note = note(number);
        let note = format!(r#"{{"type":1,"target":"Note","arguments":["{note}"]}}"#);
        client.send(&note).await;
    }
}

/// Starts a call that waits at the gate, and sends messages that wait for it.
async fn call_and_send_notes(client: &mut Client, server: &Server) {
    client
        .send(r#"{"type":1,"target":"Wait","arguments":["call"]}"#)
        .await;
    server.journal.until("call began").await;
    send_notes(client).await;
}

/// Returns how many notes were recorded.
fn notes(journal: &[String]) -> usize {
    journal.iter().filter(|entry| entry.ends_with('x')).count()
}

#[tokio::test]
async fn a_client_that_leaves_with_a_full_stream_is_noticed_and_its_calls_are_run() {
    for says_goodbye in [false, true] {
        let server = Server::start().await;
        let mut client = server.open("/quiet").await;
        let call = r#"{"type":1,"target":"ReadSecondFirst","arguments":[],"streamIds":["a","b"]}"#;
        client.send(call).await;
        for _ in 0..12 {
            client
                .send(r#"{"type":2,"invocationId":"a","item":1}"#)
                .await;
        }
        send_notes(&mut client).await;
        if says_goodbye {
            client.send_close(&1000u16.to_be_bytes()).await;
        }
        client.send_fin().await;
        server.journal.until(GONE).await;
        server.journal.until("read 10").await;
        drop(client);
        let journal = server.finish().await;
        assert_eq!(notes(&journal), NOTES);
        assert!(journal.contains(&"read 0".to_owned()), "{journal:?}");
    }
}

#[tokio::test]
async fn a_reset_after_a_waiting_call_is_noticed() {
    let server = Server::start().await;
    let mut client = server.open("/quiet").await;
    call_and_send_notes(&mut client, &server).await;
    client.reset();
    server.journal.until(GONE).await;
    server.gate.let_one_pass();
    server.journal.until("call ended").await;
    let journal = server.finish().await;
    assert_eq!(notes(&journal), 0);
}

#[tokio::test]
async fn what_was_sent_before_a_proper_end_waits_for_the_call_before_it() {
    let server = Server::start().await;
    let mut client = server.open("/quiet").await;
    call_and_send_notes(&mut client, &server).await;
    client.send_close(&1000u16.to_be_bytes()).await;
    client.send_fin().await;
    server.gate.let_one_pass();
    server.journal.until(GONE).await;
    drop(client);
    let journal = server.finish().await;
    assert_eq!(notes(&journal), NOTES);
}

#[tokio::test]
async fn a_call_that_does_not_end_keeps_a_connection_only_for_the_client_timeout() {
    for says_goodbye in [false, true] {
        let server = Server::start().await;
        let mut client = server.open("/hasty").await;
        call_and_send_notes(&mut client, &server).await;
        if says_goodbye {
            client.send_close(&1000u16.to_be_bytes()).await;
        }
        client.send_fin().await;
        server.journal.until(GONE).await;
        server.gate.let_one_pass();
        server.journal.until("call ended").await;
        drop(client);
        let journal = server.finish().await;
        assert_eq!(notes(&journal), 0);
    }
}

#[tokio::test]
async fn urgent_data_is_not_an_end() {
    let server = Server::start().await;
    let mut client = server.open("/quiet").await;
    call_and_send_notes(&mut client, &server).await;
    client.send_urgent_byte();
    server.gate.let_one_pass();
    // A read stops at the urgent byte, and bytes after it are noticed only when they arrive.
    server.journal.until(&note(NOTES - 1)).await;
    client.expect_alive().await;
    client.leave().await;
    let journal = server.finish().await;
    assert_eq!(notes(&journal), NOTES);
}

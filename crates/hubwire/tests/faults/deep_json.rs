//! JSON 100,000 levels deep, wherever a message may hold JSON.

use crate::server::Server;
use test_support::client::{Client, Received};

const DEPTH: usize = 100_000;

const BROKEN: &str = "InvalidDataException: Error reading JSON.";

/// Deep values: arrays, objects, both; whole ones and ones that never end.
fn nested(depth: usize) -> Vec<String> {
    let closed =
        |open: &str, core: &str, close: &str| open.repeat(depth) + core + &close.repeat(depth);
    vec![
        closed("[", "", "]"),
        closed(r#"{"a":"#, "1", "}"),
        closed(r#"[{"a":"#, "1", "}]"),
        "[".repeat(depth),
        r#"{"a":"#.repeat(depth),
    ]
}

async fn expect_refused(mut client: Client, fault: &str) {
    client
        .expect(&format!(
            r#"{{"type":7,"error":"Connection closed with an error. {fault}","allowReconnect":true}}"#
        ))
        .await;
    client.expect_closed(1000).await;
}

/// Asserts that records with deep values in the place of `@` end their connections.
async fn assert_refused(templates: &[&str], fault: &str) {
    let server = Server::start().await;
    let values = nested(DEPTH);
    for template in templates {
        for value in &values {
            let mut client = server.join("/large").await;
            client.send(&template.replace('@', value)).await;
            expect_refused(client, fault).await;
        }
    }
    let journal = server.finish().await;
    assert_eq!(journal.len(), 2 * templates.len() * values.len());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn in_arguments_items_results_and_what_is_unknown_it_is_refused() {
    let templates = [
        r#"{"type":1,"invocationId":"1","target":"Echo","arguments":[@]}"#,
        r#"{"arguments":[1,@],"type":1,"invocationId":"1","target":"Nope"}"#,
        r#"{"type":6,"unknown":@}"#,
        r#"{"type":1,"unknown":@,"invocationId":"1","target":"Echo","arguments":["x"]}"#,
        r#"{"type":2,"invocationId":"1","item":@}"#,
        r#"{"type":3,"invocationId":"1","result":@}"#,
    ];
    assert_refused(&templates, BROKEN).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn where_text_belongs_its_type_is_refused_first() {
    let header = "InvalidDataException: Expected header 'a' to be of type String.";
    assert_refused(&[r#"{"type":1,"headers":{"a":@},"target":"Echo"}"#], header).await;
    let target = "InvalidDataException: Expected 'target' to be of type String.";
    assert_refused(&[r#"{"type":1,"target":@}"#], target).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn in_a_handshake_it_is_refused() {
    let server = Server::start().await;
    for value in nested(6_000) {
        let mut client = server.upgrade("/large").await;
        let handshake = format!(r#"{{"protocol":"json","version":1,"extra":{value}}}"#);
        client.send(&handshake).await;
        let response = client.record().await;
        let expected = r#"{"error":"An unexpected error occurred during connection handshake."#;
        assert!(response.starts_with(expected), "{response}");
        assert_eq!(client.next().await, Received::Close(Some(1000)));
        client.reset();
    }
    assert_eq!(server.finish().await, [""; 0]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_wide_or_within_a_string_is_not_deep() {
    let server = Server::start().await;
    let mut client = server.join("/large").await;
    let brackets = "[".repeat(DEPTH);
    client.call("1", "Echo", &format!("\"{brackets}\"")).await;
    let echoed = format!(r#"{{"type":3,"invocationId":"1","result":"{brackets}"}}"#);
    assert!(client.record().await == echoed, "another text");

    let wide = format!("[{}1]", "[],{},".repeat(DEPTH));
    client
        .send(&format!(
            r#"{{"type":1,"unknown":{wide},"invocationId":"2","target":"Echo","arguments":["x"]}}"#
        ))
        .await;
    client
        .expect(r#"{"type":3,"invocationId":"2","result":"x"}"#)
        .await;
    client.leave().await;
    server.finish().await;
}

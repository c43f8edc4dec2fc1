//! Invocation ids, names and headers of a megabyte.

use crate::server::{LARGE, Server};
use test_support::client::Client;

const MEGABYTE: usize = 1024 * 1024;

/// The most bytes that an id may have.
const LONGEST_ID: usize = 256;

const REFUSED: &str =
    r#"{"type":7,"error":"Connection closed with an error.","allowReconnect":true}"#;

/// Returns the Close message of a hub that shows details.
fn refusal(detail: &str) -> String {
    let text = format!("error. InvalidDataException: {detail}\"");
    REFUSED.replace("error.\"", &text)
}

fn long(letter: &str) -> String {
    letter.repeat(MEGABYTE / letter.len())
}

/// Asserts that the next record is this one, without printing a megabyte if it is not.
async fn expect(client: &mut Client, expected: &str) {
    let record = client.record().await;
    let beginning: String = record.chars().take(200).collect();
    assert!(record == expected, "{} bytes: {beginning}", record.len());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_longest_id_is_returned_in_the_completion() {
    let server = Server::start().await;
    let mut client = server.join("/large").await;
    for id in ["i".repeat(LONGEST_ID), "é".repeat(LONGEST_ID / 2)] {
        client.call(&id, "Echo", r#""x""#).await;
        let echoed = format!(r#"{{"type":3,"invocationId":"{id}","result":"x"}}"#);
        expect(&mut client, &echoed).await;

        client.call(&id, "Refuse", "").await;
        let refused = format!(
            r#"{{"type":3,"invocationId":"{id}","error":"An unexpected error occurred invoking 'Refuse' on the server. HubException: there is no such room"}}"#
        );
        expect(&mut client, &refused).await;
    }
    client.leave().await;
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_longest_id_is_kept_while_its_call_waits_and_runs() {
    let server = Server::start().await;
    let mut client = server.join("/large").await;
    let ids = ["a".repeat(LONGEST_ID), "b".repeat(LONGEST_ID)];
    for id in &ids {
        client.call(id, "Wait", r#""slow""#).await;
    }
    for id in &ids {
        server.gate.let_one_pass();
        let ended = format!(r#"{{"type":3,"invocationId":"{id}","result":"slow"}}"#);
        expect(&mut client, &ended).await;
    }
    client.leave().await;
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_id_of_a_megabyte_ends_its_connection_and_no_other() {
    let server = Server::start().await;
    let id = long("é");
    let messages = [
        format!(r#"{{"type":1,"invocationId":"{id}","target":"Echo","arguments":["x"]}}"#),
        format!(r#"{{"type":1,"target":"Echo","arguments":["x"],"streamIds":["1","{id}"]}}"#),
        format!(r#"{{"type":2,"invocationId":"{id}","item":1}}"#),
        format!(r#"{{"type":3,"invocationId":"{id}"}}"#),
        format!(r#"{{"type":4,"invocationId":"{id}","target":"Echo","arguments":["x"]}}"#),
        format!(r#"{{"type":5,"invocationId":"{id}"}}"#),
    ];
    for message in &messages {
        let mut client = server.join("/large").await;
        client.call("1", "Echo", r#""before""#).await;
        client.send(message).await;
        client.call("2", "Echo", r#""behind""#).await;
        expect(
            &mut client,
            r#"{"type":3,"invocationId":"1","result":"before"}"#,
        )
        .await;
        expect(
            &mut client,
            &refusal("Invocation or stream ID of more than 256 bytes."),
        )
        .await;
        client.expect_closed(1000).await;
    }
    let journal = server.finish().await;
    assert_eq!(journal.len(), 2 * messages.len());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_name_of_a_megabyte_is_unknown_and_its_beginning_named() {
    let server = Server::start().await;
    let mut client = server.join("/large").await;
    for letter in ["T", "é"] {
        client.call("1", &long(letter), "1").await;
        let beginning = letter.repeat(256);
        let unknown = format!(
            r#"{{"type":3,"invocationId":"1","error":"Failed to invoke '{beginning}...' due to an error on the server. HubException: Method does not exist."}}"#
        );
        expect(&mut client, &unknown).await;
    }
    client.expect_alive().await;
    client.leave().await;
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn headers_and_unknown_properties_of_a_megabyte_are_skipped() {
    let server = Server::start().await;
    let mut client = server.join("/large").await;
    let text = long("h");
    let extras = [
        format!(r#""headers":{{"{text}":"x"}}"#),
        format!(r#""headers":{{"x":"{text}"}}"#),
        format!(r#""{text}":1"#),
        format!(r#""unknown":"{text}""#),
    ];
    for extra in extras {
        let call =
            format!(r#"{{"type":1,{extra},"invocationId":"1","target":"Echo","arguments":["x"]}}"#);
        client.send(&call).await;
        expect(&mut client, r#"{"type":3,"invocationId":"1","result":"x"}"#).await;
    }
    client.leave().await;
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_limit_refuses_them() {
    let server = Server::start().await;
    let megabyte = long("m");
    let calls = [
        ("/plain", megabyte.clone(), "Echo"),
        ("/plain", "1".to_owned(), &*megabyte),
        ("/large", "i".repeat(LARGE), "Echo"),
    ];
    for (path, id, target) in calls {
        let mut client = server.join(path).await;
        client.call(&id, target, r#""x""#).await;
        let refused = match path {
            "/large" => refusal(&format!(
                "The maximum message size of {LARGE}B was exceeded. The message size can be configured in AddHubOptions."
            )),
            _ => REFUSED.to_owned(),
        };
        expect(&mut client, &refused).await;
        client.expect_closed(1000).await;
    }
    let journal = server.finish().await;
    assert_eq!(journal.len(), 2 * 3);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_handshake_of_a_megabyte_passes_where_the_limit_allows_it() {
    let server = Server::start().await;
    let mut client = server.upgrade("/large").await;
    let padding = long("p");
    let handshake = format!(r#"{{"protocol":"json","version":1,"pad":"{padding}"}}"#);
    client.send(&handshake).await;
    client.expect("{}").await;
    client.leave().await;
    server.finish().await;
}

//! Invalid UTF-8 in binary frames, which pass it on to the JSON parser, in every field of a
//! record.

use hubwire::protocol::Opcode;

use crate::server::Server;
use test_support::client::Client;

/// A byte that cannot begin a character, an incomplete character, an overlong one, a surrogate,
/// and one beyond Unicode.
const BROKEN: [&[u8]; 5] = [
    b"\xff",
    b"\xe4\xb8",
    b"\xc0\x80",
    b"\xed\xa0\x80",
    b"\xf5\x80\x80\x80",
];

const CLOSED: &str = r#"{"type":7,"error":"Connection closed with an error. InvalidDataException: Error reading JSON.","allowReconnect":true}"#;

/// Returns the record with broken text in place of `@`.
fn record(template: &str, broken: &[u8]) -> Vec<u8> {
    let (before, after) = template.split_once('@').unwrap();
    [before.as_bytes(), broken, after.as_bytes(), b"\x1e"].concat()
}

async fn send(client: &mut Client, template: &str, broken: &[u8]) {
    let record = record(template, broken);
    client.send_frame(Opcode::Binary, &record).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn in_fields_that_every_message_needs_it_ends_the_connection() {
    const TEMPLATES: &[&str] = &[
        "@",
        r#"{"type":6@}"#,
        r#"{"type":6,@"a":1}"#,
        r#"{"type":@6}"#,
        r#"{"type":1,"invocationId":"1","target":"Ec@ho","arguments":["x"]}"#,
        r#"{"type":1,"invocationId":"1@","target":"Echo","arguments":["x"]}"#,
        r#"{"type":1,"headers":{"a":"@"},"invocationId":"1","target":"Echo","arguments":["x"]}"#,
        r#"{"type":1,"headers":{"@":"a"},"invocationId":"1","target":"Echo","arguments":["x"]}"#,
        r#"{"type":1,"streamIds":["@"],"invocationId":"1","target":"Echo","arguments":["x"]}"#,
        r#"{"type":1,"invocationId":"1","target":"Echo","arguments":[@]}"#,
        r#"{"type":2,"invocationId":"@","item":1}"#,
        r#"{"type":3,"invocationId":"1","error":"@"}"#,
        r#"{"type":4,"invocationId":"@","target":"Echo","arguments":["x"]}"#,
        r#"{"type":5,"invocationId":"@"}"#,
        r#"{"type":7,"error":"@"}"#,
    ];
    let server = Server::start().await;
    for template in TEMPLATES {
        for broken in BROKEN {
            let mut client = server.join("/large").await;
            send(&mut client, template, broken).await;
            let record = client.record().await;
            assert_eq!(record, CLOSED, "{template} with {broken:x?}");
            client.expect_closed(1000).await;
        }
    }
    let journal = server.finish().await;
    let ends = journal
        .iter()
        .filter(|entry| *entry == "disconnected: Error reading JSON.");
    assert_eq!(ends.count(), TEMPLATES.len() * BROKEN.len());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn in_an_argument_it_fails_only_the_binding() {
    const FAILED: &str = r#"{"type":3,"invocationId":"1","error":"Failed to invoke 'Echo' due to an error on the server. InvalidDataException: Error binding arguments. Make sure that the types of the provided values match the types of the hub method being invoked."}"#;
    let server = Server::start().await;
    let mut client = server.join("/large").await;
    for arguments in [r#"["@"]"#, r#"["x@y"]"#, r#"["\"@"]"#, r#"[{"@":1}]"#] {
        for broken in BROKEN {
            let template = format!(
                r#"{{"type":1,"invocationId":"1","target":"Echo","arguments":{arguments}}}"#
            );
            send(&mut client, &template, broken).await;
            let record = client.record().await;
            assert_eq!(record, FAILED, "{arguments} with {broken:x?}");
        }
    }
    client.expect_alive().await;
    client.leave().await;
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn in_unread_fields_it_is_skipped() {
    const TEMPLATES: &[&str] = &[
        r#"{"type":6,"unknown":"@"}"#,
        r#"{"type":6,"@":1}"#,
        r#"{"type":6,"unknown":[{"@":["@"]}]}"#,
        r#"{"type":2,"invocationId":"9","item":"@"}"#,
        r#"{"type":3,"invocationId":"9","result":"@"}"#,
        r#"{"type":6}@"#,
    ];
    let server = Server::start().await;
    let mut client = server.join("/large").await;
    for template in TEMPLATES {
        for broken in BROKEN {
            send(&mut client, template, broken).await;
            client.expect_alive().await;
        }
    }
    client.leave().await;
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn in_a_handshake_it_is_refused_where_it_is_read() {
    let server = Server::start().await;
    for broken in BROKEN {
        for template in [
            "@",
            r#"{"protocol":"js@on","version":1}"#,
            r#"{"protocol":"json","version":1@}"#,
        ] {
            let mut client = server.upgrade("/plain").await;
            send(&mut client, template, broken).await;
            client
                .expect(r#"{"error":"An unexpected error occurred during connection handshake."}"#)
                .await;
            client.expect_closed(1000).await;
        }
        let mut client = server.upgrade("/plain").await;
        send(
            &mut client,
            r#"{"protocol":"json","version":1,"x":"@"}"#,
            broken,
        )
        .await;
        client.expect("{}").await;
        client.leave().await;
    }
    let journal = server.finish().await;
    assert_eq!(journal.len(), 2 * BROKEN.len());
}

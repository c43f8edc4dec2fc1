//! Records after the handshake that are not messages, and messages that have no meaning here.

use crate::server::Server;

const TYPE_NUMBER: &str = "Expected 'type' to be of type Number.";
const INT32: &str =
    "Either the JSON value is not in a supported format, or is out of bounds for an Int32.";

/// What ends a connection: the record, the kind of the error and its text.
const FATAL: &[(&str, &str, &str)] = &[
    ("hello", "InvalidDataException", "Error reading JSON."),
    ("", "InvalidDataException", "Error reading JSON."),
    ("  ", "InvalidDataException", "Error reading JSON."),
    (
        r#"{"type":1,"#,
        "InvalidDataException",
        "Error reading JSON.",
    ),
    (
        r#"{"type":6,}"#,
        "InvalidDataException",
        "Error reading JSON.",
    ),
    (
        r#"{"type":6/*c*/}"#,
        "InvalidDataException",
        "Error reading JSON.",
    ),
    (
        "\u{feff}{\"type\":6}",
        "InvalidDataException",
        "Error reading JSON.",
    ),
    (
        "[]",
        "InvalidDataException",
        "Unexpected JSON Token Type 'Array'. Expected a JSON Object.",
    ),
    (
        "1",
        "InvalidDataException",
        "Unexpected JSON Token Type 'Number'. Expected a JSON Object.",
    ),
    (
        "null",
        "InvalidDataException",
        "Unexpected JSON Token Type 'Null'. Expected a JSON Object.",
    ),
    (
        r#""x""#,
        "InvalidDataException",
        "Unexpected JSON Token Type 'String'. Expected a JSON Object.",
    ),
    (
        "{}",
        "InvalidDataException",
        "Missing required property 'type'.",
    ),
    (
        r#"{"TYPE":6}"#,
        "InvalidDataException",
        "Missing required property 'type'.",
    ),
    (r#"{"type":null}"#, "InvalidDataException", TYPE_NUMBER),
    (r#"{"type":"1"}"#, "InvalidDataException", TYPE_NUMBER),
    (r#"{"type":1.5}"#, "FormatException", INT32),
    (r#"{"type":99999999999}"#, "FormatException", INT32),
    (
        r#"{"type":1,"invocationId":"1","arguments":[]}"#,
        "InvalidDataException",
        "Missing required property 'target'.",
    ),
    (
        r#"{"type":1,"invocationId":"1","target":1,"arguments":[]}"#,
        "InvalidDataException",
        "Expected 'target' to be of type String.",
    ),
    (
        r#"{"type":1,"invocationId":"1","target":"Echo"}"#,
        "InvalidDataException",
        "Missing required property 'arguments'.",
    ),
    (
        r#"{"type":1,"invocationId":"1","target":"Echo","arguments":{}}"#,
        "InvalidDataException",
        "Expected 'arguments' to be of type Array.",
    ),
    (
        r#"{"type":1,"invocationId":1,"target":"Echo","arguments":["x"]}"#,
        "InvalidDataException",
        "Expected 'invocationId' to be of type String.",
    ),
    (
        r#"{"type":1,"headers":null,"target":"Echo","arguments":["x"]}"#,
        "InvalidDataException",
        "Expected 'headers' to be of type StartObject.",
    ),
    (
        r#"{"type":1,"headers":{"Foo":1},"target":"Echo","arguments":["x"]}"#,
        "InvalidDataException",
        "Expected header 'Foo' to be of type String.",
    ),
    (
        r#"{"type":1,"streamIds":"1","target":"Echo","arguments":["x"]}"#,
        "InvalidDataException",
        "Expected 'streamIds' to be of type Array.",
    ),
    (
        r#"{"type":4,"target":"Echo","arguments":["x"]}"#,
        "InvalidDataException",
        "Missing required property 'invocationId'.",
    ),
    (
        r#"{"type":4,"invocationId":"","target":"Echo","arguments":["x"]}"#,
        "InvalidDataException",
        "Missing required property 'invocationId'.",
    ),
    (
        r#"{"type":2,"item":1}"#,
        "InvalidDataException",
        "Missing required property 'invocationId'.",
    ),
    (
        r#"{"type":2,"invocationId":"9"}"#,
        "InvalidDataException",
        "Missing required property 'item'.",
    ),
    (
        r#"{"type":3}"#,
        "InvalidDataException",
        "Missing required property 'invocationId'.",
    ),
    (
        r#"{"type":3,"invocationId":"9","result":1,"error":"e"}"#,
        "InvalidDataException",
        "The 'error' and 'result' properties are mutually exclusive.",
    ),
    (
        r#"{"type":5}"#,
        "InvalidDataException",
        "Missing required property 'invocationId'.",
    ),
    (
        r#"{"type":7,"error":1}"#,
        "InvalidDataException",
        "Expected 'error' to be of type String.",
    ),
    (
        r#"{"type":7,"allowReconnect":"yes"}"#,
        "InvalidDataException",
        "Expected 'allowReconnect' to be true or false.",
    ),
];

/// Records that are ignored; records after them are not.
const IGNORED: &[&str] = &[
    r#"{"type":0}"#,
    r#"{"type":-1}"#,
    r#"{"type":99,"target":"Echo","arguments":["x"]}"#,
    r#"{"type":8,"sequenceId":1}"#,
    r#"{"type":9,"sequenceId":1}"#,
    r#"{"type":2,"invocationId":"9","item":1}"#,
    r#"{"type":3,"invocationId":"9"}"#,
    r#"{"type":3,"invocationId":"9","result":1}"#,
    r#"{"type":3,"invocationId":"9","error":"e"}"#,
    r#"{"type":3,"invocationId":"s1","result":null}"#,
    r#"{"type":5,"invocationId":"9"}"#,
    r#"{"type":6}x"#,
    r#"{"type":6}{"type":6}"#,
    " \n{\"type\":6}\t",
];

#[tokio::test]
async fn a_record_that_is_no_message_ends_the_connection() {
    let server = Server::start().await;
    for (record, _, _) in FATAL {
        let mut client = server.open("/plain").await;
        client.send(record).await;
        client
            .expect(
                r#"{"type":7,"error":"Connection closed with an error.","allowReconnect":true}"#,
            )
            .await;
        client.expect_closed(1000).await;
    }
    let journal = server.finish().await;
    assert_eq!(journal.len(), 2 * FATAL.len());
}

#[tokio::test]
async fn detailed_errors_say_what_was_wrong_and_the_hub_is_told_too() {
    let server = Server::start().await;
    let mut expected_journal = Vec::new();
    for (record, kind, text) in FATAL {
        let mut client = server.open("/detailed").await;
        client.send(record).await;
        client
            .expect(&format!(
                r#"{{"type":7,"error":"Connection closed with an error. {kind}: {text}","allowReconnect":true}}"#
            ))
            .await;
        client.expect_closed(1000).await;
        server.until_only_bystander().await;
        expected_journal.push("connected".to_owned());
        expected_journal.push(format!("disconnected: {text}"));
    }
    assert_eq!(server.finish().await, expected_journal);
}

#[tokio::test]
async fn calls_before_a_bad_record_are_completed_and_those_after_it_are_not_run() {
    let server = Server::start().await;
    let mut client = server.open("/plain").await;
    let call = |id: &str| {
        format!(r#"{{"type":1,"invocationId":"{id}","target":"Note","arguments":["{id}"]}}"#)
    };
    let text = format!("{}\x1ehello\x1e{}\x1e", call("1"), call("2"));
    client.send_text(&text).await;
    for record in [
        r#"{"type":3,"invocationId":"1","result":null}"#,
        r#"{"type":7,"error":"Connection closed with an error.","allowReconnect":true}"#,
    ] {
        client.expect(record).await;
    }
    client.send(&call("3")).await;
    client.expect_closed(1000).await;
    let journal = server.finish().await;
    assert_eq!(
        journal,
        ["connected", "1", "disconnected: Error reading JSON."]
    );
}

#[tokio::test]
async fn records_without_a_meaning_are_skipped_and_reading_continues() {
    let server = Server::start().await;
    let mut client = server.open("/detailed").await;
    for record in IGNORED {
        client.send(record).await;
        client.expect_alive().await;
    }
    let all = IGNORED.join("\x1e");
    client.send(&all).await;
    client.expect_alive().await;
    client.leave().await;
    server.finish().await;
}

//! Hub messages of the MessagePack protocol in both directions.

use hubwire_protocol::{
    Close, CompletionOutcome, HandshakeRequest, HubMessage, HubProtocol, ProtocolError,
};

use crate::transcript::{Conversation, Direction, payload, read};

const CLOSED: &str = "Connection closed with an error.";

/// Cases in which .NET does not treat more than 31 bits as a number, and continues.
const WRAPPED: [&str; 3] = [
    "array-of-4-billion",
    "headers-of-4-billion",
    "stream-ids-of-4-billion",
];

/// Returns what the server sent after the handshake response.
pub(crate) fn messages_to_client(conversation: &Conversation) -> Option<Vec<u8>> {
    let sent = payload(conversation, Direction::ToClient)?;
    Some(sent.strip_prefix(b"{}\x1e")?.to_vec())
}

/// Returns every message, and the fault that ends them if there is one.
pub(crate) fn parse(
    mut bytes: &[u8],
    limit: Option<usize>,
) -> (Vec<HubMessage<'_>>, Option<ProtocolError>) {
    let mut messages = Vec::new();
    loop {
        match HubProtocol::MessagePack.next_message(bytes, limit) {
            Ok(Some((message, consumed))) => {
                messages.push(message);
                bytes = &bytes[consumed..];
            }
            Ok(None) => return (messages, None),
            Err(error) => return (messages, Some(error)),
        }
    }
}

/// Returns the error of the Close message that ended the conversation.
fn recorded_error(conversation: &Conversation) -> Option<String> {
    let sent = messages_to_client(conversation)?;
    match parse(&sent, None) {
        (messages, None) => match messages.last()? {
            HubMessage::Close(Close { error, .. }) => error.clone().map(String::from),
            _ => None,
        },
        (_, Some(error)) => panic!("{error}"),
    }
}

/// Returns whether the connection ended for another reason than the format of a message.
fn is_about_something_else(case: &str, error: &str) -> bool {
    case == "client-timeout"
        || error.contains("Failed to serialize")
        || error.contains("is not valid for invocation ID")
}

/// Checks every conversation of a file, and returns how many of them end in a refusal.
fn check(file: &str) -> usize {
    let mut refusals = 0;
    for ((case, connection), conversation) in read(&format!("messagepack/{file}.jsonl")) {
        let Some(sent) = payload(&conversation, Direction::ToServer) else {
            continue;
        };
        let Ok(Some((_, start))) = HandshakeRequest::read(&sent, None) else {
            continue;
        };
        let expected = recorded_error(&conversation)
            .filter(|error| error.starts_with(CLOSED) && !is_about_something_else(&case, error));
        let (_, error) = parse(&sent[start..], Some(32 * 1024));
        refusals += usize::from(error.is_some());
        if WRAPPED.contains(&&*case) {
            assert!(error.is_some());
            continue;
        }
        let told = error.map(|error| match expected.as_deref() {
            Some(CLOSED) => CLOSED.to_owned(),
            _ => format!("{CLOSED} {}: {error}", error.exception_name()),
        });
        assert_eq!(told, expected, "{file}: {case}, {connection}");
    }
    refusals
}

#[test]
fn malformed_messages_are_refused_with_the_same_words() {
    assert_eq!(check("malformed"), 34);
}

#[test]
fn messages_are_refused_where_they_were() {
    let files = [
        "invocation",
        "close_ping",
        "client_results",
        "size_limits",
        "streams",
        "types",
    ];
    assert_eq!(files.map(check), [14, 6, 1, 1, 0, 0]);
}

/// Writes a parsed message; arguments and items stay as they arrived.
fn rewrite(message: &HubMessage<'_>) -> Vec<u8> {
    let mut out = Vec::new();
    let mut writer = HubProtocol::MessagePack.writer(&mut out);
    match message {
        HubMessage::Invocation(call) => {
            let id = call.invocation_id.as_deref();
            writer
                .invocation(id, &call.target, &call.arguments, &[])
                .unwrap();
        }
        HubMessage::StreamItem(item) => {
            writer.stream_item(&item.invocation_id, &item.item).unwrap();
        }
        HubMessage::Completion(completion) => {
            let id = &*completion.invocation_id;
            match &completion.outcome {
                CompletionOutcome::Void => writer.completion_void(id),
                CompletionOutcome::Error(error) => writer.completion_error(id, error),
                CompletionOutcome::Result(result) => writer.completion_result(id, result).unwrap(),
            }
        }
        HubMessage::Ping => writer.ping(),
        HubMessage::Close(close) => writer.close(close),
        other => panic!("a server does not send {other:?}"),
    }
    out
}

#[test]
fn what_the_server_wrote_is_written_alike() {
    let mut count = 0;
    for file in [
        "client_results",
        "close_ping",
        "handshake",
        "invocation",
        "malformed",
        "size_limits",
        "streams",
        "types",
    ] {
        for ((case, _), conversation) in read(&format!("messagepack/{file}.jsonl")) {
            let Some(sent) = messages_to_client(&conversation) else {
                continue;
            };
            if sent.starts_with(b"{") {
                // A client that chose JSON.
                continue;
            }
            let (messages, error) = parse(&sent, None);
            assert_eq!(error, None, "{file}: {case}");
            let written: Vec<_> = messages.iter().flat_map(rewrite).collect();
            assert_eq!(
                written.escape_ascii().to_string(),
                sent.escape_ascii().to_string(),
                "{file}: {case}"
            );
            count += messages.len();
        }
    }
    assert!(count > 2000, "{count} messages");
}

//! Hub messages in both directions.

use hubwire_protocol::{
    CompletionOutcome, HandshakeRequest, HubMessage, HubProtocol, ProtocolError, RECORD_SEPARATOR,
    RawItem,
};
use serde_json::value::RawValue;

use crate::transcript::{Conversation, Direction, payload, read};

const CLOSED: &str = "Connection closed with an error.";

/// Returns the error of the Close message that ended the conversation.
fn recorded_error(conversation: &Conversation) -> Option<String> {
    let sent = payload(conversation, Direction::ToClient)?;
    let last = sent
        .strip_suffix(&[RECORD_SEPARATOR])?
        .split(|&byte| byte == RECORD_SEPARATOR)
        .next_back()?;
    match HubProtocol::Json.next_message(&[last, &[RECORD_SEPARATOR]].concat(), None) {
        Ok(Some((HubMessage::Close(close), _))) => close.error.map(|error| error.into_owned()),
        _ => None,
    }
}

/// Returns whether the error is about a result that .NET cannot write; the message itself does not
/// show that.
fn is_about_a_result(error: &str) -> bool {
    error.contains("ArgumentException") || error.contains("JsonException")
}

/// Returns the error for the first message to the server that we refuse.
fn replay(sent: &[u8]) -> Option<ProtocolError> {
    let Ok(Some((_, mut at))) = HandshakeRequest::read(sent, None) else {
        return None;
    };
    loop {
        match HubProtocol::Json.next_message(&sent[at..], Some(32 * 1024)) {
            Ok(Some((_, consumed))) => at += consumed,
            Ok(None) => return None,
            Err(error) => return Some(error),
        }
    }
}

/// Checks every conversation of a file, and returns how many of them end in a refusal.
fn check(file: &str, has_details: bool) -> usize {
    let mut refusals = 0;
    for ((case, connection), conversation) in read(file) {
        let Some(sent) = payload(&conversation, Direction::ToServer) else {
            continue;
        };
        let expected = recorded_error(&conversation)
            .filter(|error| error.starts_with(CLOSED) && !is_about_a_result(error));
        let told = replay(&sent).map(|error| match has_details {
            true => format!("{CLOSED} {}: {error}", error.exception_name()),
            false => CLOSED.to_owned(),
        });
        assert_eq!(told, expected, "{file}: {case}, {connection}");
        refusals += usize::from(expected.is_some());
    }
    refusals
}

#[test]
fn malformed_records_are_refused_with_the_same_words() {
    assert_eq!(check("malformed_detailed.jsonl", true), 52);
}

#[test]
fn calls_are_refused_where_they_were() {
    assert_eq!(check("invocation.jsonl", false), 3);
    assert_eq!(check("types.jsonl", true), 0);
    assert_eq!(check("errors_detailed.jsonl", true), 0);
}

#[test]
fn broken_text_fails_where_it_is_decoded() {
    for case in ["invalid-utf8", "lone-surrogate"] {
        let conversations = read("malformed.jsonl");
        let conversation = &conversations[&(case.to_owned(), "w".to_owned())];
        let sent = payload(conversation, Direction::ToServer).unwrap();
        let (_, start) = HandshakeRequest::read(&sent, None).unwrap().unwrap();
        let (message, _) = HubProtocol::Json
            .next_message(&sent[start..], None)
            .unwrap()
            .unwrap();
        let HubMessage::Invocation(call) = message else {
            panic!("{case}: no invocation")
        };
        assert_eq!(call.target, "Echo");
        assert!(call.arguments.bind::<(String,)>().is_err(), "{case}");
    }
}

/// Writes a parsed message; strings are decoded and encoded again, everything else stays as it
/// arrived.
fn rewrite(message: HubMessage<'_>) -> Vec<u8> {
    let mut out = Vec::new();
    let mut writer = HubProtocol::Json.writer(&mut out);
    match message {
        HubMessage::Invocation(call) => {
            let id = call.invocation_id.as_deref();
            writer
                .invocation(id, &call.target, &call.arguments, &[])
                .unwrap();
        }
        HubMessage::StreamItem(item) => match decode(&item.item) {
            Ok(text) => writer.stream_item(&item.invocation_id, &text).unwrap(),
            Err(raw) => writer.stream_item(&item.invocation_id, &raw).unwrap(),
        },
        HubMessage::Completion(completion) => match completion.outcome {
            CompletionOutcome::Void => writer.completion_void(&completion.invocation_id),
            CompletionOutcome::Error(error) => {
                writer.completion_error(&completion.invocation_id, &error);
            }
            CompletionOutcome::Result(result) => match decode(&result) {
                Ok(text) => writer
                    .completion_result(&completion.invocation_id, &text)
                    .unwrap(),
                Err(raw) => writer
                    .completion_result(&completion.invocation_id, &raw)
                    .unwrap(),
            },
        },
        HubMessage::Ping => writer.ping(),
        HubMessage::Close(close) => writer.close(&close),
        other => panic!("a server does not send {other:?}"),
    }
    out
}

fn decode(item: &RawItem<'_>) -> Result<String, Box<RawValue>> {
    item.decode().map_err(|_| item.decode().unwrap())
}

#[test]
fn what_the_server_wrote_is_written_alike() {
    let mut count = 0;
    for file in [
        "invocation.jsonl",
        "types.jsonl",
        "errors_detailed.jsonl",
        "malformed.jsonl",
    ] {
        for ((case, _), conversation) in read(file) {
            let Some(sent) = payload(&conversation, Direction::ToClient) else {
                continue;
            };
            let mut rest = sent.strip_prefix(b"{}\x1e").unwrap_or_default();
            while let Some((message, consumed)) =
                HubProtocol::Json.next_message(rest, None).unwrap()
            {
                let (record, behind) = rest.split_at(consumed);
                let written = rewrite(message);
                assert_eq!(
                    written.escape_ascii().to_string(),
                    record.escape_ascii().to_string(),
                    "{file}: {case}"
                );
                rest = behind;
                count += 1;
            }
        }
    }
    assert!(count > 400, "{count} messages");
}

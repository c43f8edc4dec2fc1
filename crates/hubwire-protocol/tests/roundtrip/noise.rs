//! Whatever a peer sends, the outcome is a value and not a panic.

use fuzz_properties::messagepack;
use hubwire_protocol::{
    CompletionOutcome, HandshakeRequest, HandshakeResponse, HubMessage, HubProtocol,
    NegotiateResponse, choose_negotiate_version, json,
};
use proptest::prelude::*;
use proptest::sample::Index;
use serde_json::Value;

use crate::sent::{for_protocol, headers, sent};

/// Reads a record in every way, down to its values; whether it is accepted agrees with serde's
/// own opinion of its JSON.
fn read(record: &[u8]) {
    let _ = HandshakeRequest::parse(record);
    let _ = HandshakeResponse::read(record);
    let _ = NegotiateResponse::from_json(record);
    let Ok(message) = json::parse_message(record) else {
        return;
    };
    match message.into_owned() {
        HubMessage::Invocation(call) | HubMessage::StreamInvocation(call) => {
            let _ = call.arguments.bind::<()>();
            let _ = call.arguments.bind::<(Value, String, f64)>();
            let _ = call.arguments.bind::<(Option<i32>, Vec<String>)>();
        }
        HubMessage::StreamItem(item) => drop(item.item.decode::<Value>()),
        HubMessage::Completion(completion) => {
            if let CompletionOutcome::Result(result) = completion.outcome {
                let _ = result.decode::<String>();
            }
        }
        _ => {}
    }
    let mut values =
        serde_json::Deserializer::from_slice(record).into_iter::<serde::de::IgnoredAny>();
    assert!(
        values.next().is_some_and(|first| first.is_ok()),
        "accepted, but not JSON"
    );
}

/// Bytes that JSON and SignalR give a meaning to, more often than others.
fn bytes() -> impl Strategy<Value = Vec<u8>> {
    let token = prop_oneof![
        4 => prop::sample::select(vec![
            "{", "}", "[", "]", ":", ",", "\"", "\\", "\\u", "d83d", "\u{1e}", " ", "null", "true", "-",
            "1", "e9", ".", "\"type\":", "\"target\":", "\"arguments\":[", "\"headers\":{",
            "\"streamIds\":[", "\"invocationId\":\"1\"", "\"item\":", "\"protocol\":\"json\"",
            "\"version\":1",
        ]).prop_map(|token| token.as_bytes().to_vec()),
        1 => prop::collection::vec(any::<u8>(), 1..3),
    ];
    prop::collection::vec(token, 0..30).prop_map(|tokens| tokens.concat())
}

/// Heads and texts that MessagePack and SignalR give a meaning to, more often than others.
fn messagepack_bytes() -> impl Strategy<Value = Vec<u8>> {
    let token = prop_oneof![
        4 => prop::sample::select(vec![
            &b"\x96\x01\x80\xa11\xa1T"[..], b"\x94\x02\x80\xa11", b"\x95\x03\x80\xa11\x03", b"\x90",
            b"\x91", b"\x92", b"\x80", b"\x81", b"\xa1x", b"\xa0", b"\xc0", b"\xc1", b"\xc2", b"\x01",
            b"\xff", b"\xd9\x02ab", b"\xc4\x01\xff", b"\xcb\x3f\xf8\0\0\0\0\0\0", b"\xdd\xff\xff\xff\xff",
            b"\xdc\0\x01", b"\xdf\0\0\0\x01", b"\xd6\xff\0\0\0\0", b"\xd7\xff\0\0\0\0\0\0\0\x01", b"\xd4\x05x",
            b"\xa4name", b"\xa8how_many", b"\xa7HowMany", b"\xa5inner", b"\xa5Point", b"\xa4kind", b"\xd3",
        ]).prop_map(<[u8]>::to_vec),
        1 => prop::collection::vec(any::<u8>(), 1..3),
    ];
    prop::collection::vec(token, 0..20).prop_map(|tokens| tokens.concat())
}

proptest! {
    #[test]
    fn noise(record in bytes()) {
        read(&record);
    }

    #[test]
    fn damaged_messages(
        message in sent(),
        headers in headers(),
        faults in prop::collection::vec((any::<Index>(), bytes()), 1..4),
    ) {
        let mut record = Vec::new();
        message.write(HubProtocol::Json, &headers, &mut record);
        record.pop();
        for (at, fault) in faults {
            let at = at.index(record.len());
            record.splice(at..=at, fault);
            if record.is_empty() {
                break;
            }
        }
        read(&record);
    }

    #[test]
    fn messagepack_noise(buffer in messagepack_bytes()) {
        messagepack::check(&buffer);
    }

    #[test]
    fn damaged_messagepack(
        message in sent(),
        headers in headers(),
        faults in prop::collection::vec((any::<Index>(), messagepack_bytes()), 0..4),
    ) {
        let (protocol, message, headers) = for_protocol(HubProtocol::MessagePack, message, headers);
        let mut buffer = Vec::new();
        message.write(protocol, &headers, &mut buffer);
        for (at, fault) in faults {
            let at = at.index(buffer.len());
            buffer.splice(at..=at, fault);
            if buffer.is_empty() {
                break;
            }
        }
        messagepack::check(&buffer);
    }

    /// A limit never accepts a message that is longer, and never refuses one that is not.
    #[test]
    fn limits(buffer in bytes(), limit in 0..60_usize) {
        let end = buffer.iter().position(|&byte| byte == 0x1E).map(|end| end + 1);
        let fits = end.is_some_and(|end| end <= limit);
        match HubProtocol::Json.next_message(&buffer, Some(limit)) {
            Ok(Some((_, consumed))) => prop_assert_eq!(Some(consumed), end.filter(|_| fits)),
            Ok(None) => prop_assert!(!fits && buffer.len() <= limit),
            Err(hubwire_protocol::ProtocolError::MessageTooLarge { .. }) => {
                prop_assert!(!fits && buffer.len() > limit);
            }
            Err(_) => prop_assert!(fits),
        }
    }

    #[test]
    fn versions(value in "\\PC{0,8}|[ +-]{0,2}[0-9]{0,12}", minimum in -2..3) {
        if let Ok(version) = choose_negotiate_version([&value], minimum) {
            prop_assert!(version <= 1);
        }
    }
}

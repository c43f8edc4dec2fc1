//! Messages that end the connection, with ASP.NET Core's error texts.

use super::hex;
use crate::{HubProtocol, ProtocolError};

#[track_caller]
fn refuse(bytes: &[u8], limit: Option<usize>) -> ProtocolError {
    HubProtocol::MessagePack
        .next_message(bytes, limit)
        .expect_err("a fault")
}

#[track_caller]
fn check(body: &str, expected: &str) {
    let body = hex(body);
    let bytes = [&[body.len() as u8][..], &body].concat();
    let error = refuse(&bytes, Some(1000));
    let text = format!("{}: {error}", error.exception_name());
    assert_eq!(text, expected, "{body:02x?}");
}

#[test]
fn lengths() {
    for prefix in ["ff ff ff ff 08", "ff ff ff ff ff 01", "80 80 80 80 80"] {
        let error = refuse(&hex(prefix), Some(1000));
        assert_eq!(
            error.to_string(),
            "Messages over 2GB in size are not supported."
        );
        assert_eq!(error.exception_name(), "FormatException");
    }
    let bytes = [&[0x80, 0x01][..], &[0; 128]].concat();
    assert_eq!(
        refuse(&bytes, Some(129)),
        ProtocolError::MessageTooLarge { limit: 129 }
    );
}

#[test]
fn bodies_that_are_no_message() {
    let end = "EndOfStreamException: Attempted to read past the end of the stream.";
    let type_failed = "InvalidDataException: Reading 'messageType' as Int32 failed.";
    let code = |code| {
        format!("MessagePackSerializationException: Unexpected msgpack code {code} encountered.")
    };
    check("", end);
    check("96 01", end);
    check("dd ff ff ff ff 01", end);
    check("dc", end);
    check("90", type_failed);
    check("96 c0 80 a1 31 a1 54 91 a1 78 90", type_failed);
    check("91 a1 31", type_failed);
    check("91 cb 3f f0 00 00 00 00 00 00", type_failed);
    check("91 cf 00 00 01 00 00 00 00 00", type_failed);
    check("91 d3 80 00 00 00 00 00 00 00", type_failed);
    check("c0", &code("192 (nil)"));
    check("05", &code("5 (positive fixint)"));
    check("80", &code("128 (fixmap)"));
    check("c1", &code("193 ((never used))"));
    check("7b 22 74", &code("123 (positive fixint)"));
    check("ff", &code("255 (negative fixint)"));
    check("a0", &code("160 (fixstr)"));
    check("cb 00 00 00 00 00 00 00 00", &code("203 (float 64)"));
}

#[test]
fn headers() {
    let invalid = |text: &str| format!("InvalidDataException: {text}");
    let behind = "a1 31 a3 41 64 64 92 28 02 90";
    for (headers, expected) in [
        ("c0", "Reading map length for 'headers' failed."),
        ("90", "Reading map length for 'headers' failed."),
        ("df ff ff ff ff", "Reading map length for 'headers' failed."),
        ("8f a1 61", "Reading map length for 'headers' failed."),
        ("81 01 a1 61", "Reading 'headers[0].Key' as String failed."),
        (
            "81 a1 61 01",
            "Reading 'headers[0].Value' as String failed.",
        ),
        (
            "82 a1 61 a1 62 a1 63 c4 00",
            "Reading 'headers[1].Value' as String failed.",
        ),
        ("81 a0 a1 62", "Null or empty key in header."),
        ("81 c0 a1 62", "Null or empty key in header."),
        ("81 a1 61 a0", "Null or empty value in header."),
        ("81 a1 61 c0", "Null or empty value in header."),
    ] {
        for message_type in ["01", "02", "03", "04", "05"] {
            check(
                &format!("96 {message_type} {headers} {behind}"),
                &invalid(expected),
            );
        }
    }
    check(
        &format!("96 01 82 a1 61 a1 62 a1 61 a1 63 {behind}"),
        "ArgumentException: An item with the same key has already been added. Key: a",
    );
    check(
        "92 05",
        "EndOfStreamException: Attempted to read past the end of the stream.",
    );
    check(
        "91 05",
        &invalid("Reading map length for 'headers' failed."),
    );
}

#[test]
fn ids_and_targets() {
    let invalid = |text: &str| format!("InvalidDataException: {text}");
    for (body, expected) in [
        (
            "96 01 80 01 a1 54 90 90",
            "Reading 'invocationId' as String failed.",
        ),
        (
            "96 01 80 c4 01 31 a1 54 90 90",
            "Reading 'invocationId' as String failed.",
        ),
        (
            "96 01 80 a1 31 c0 90 90",
            "Null or empty target for Invocation message.",
        ),
        (
            "96 01 80 a1 31 a0 90 90",
            "Null or empty target for Invocation message.",
        ),
        (
            "96 01 80 a1 31 05 90 90",
            "Reading 'target' as String failed.",
        ),
        (
            "96 01 80 a1 31 d9 ff 90 90",
            "Reading 'target' as String failed.",
        ),
        (
            "96 04 80 c0 a1 54 90 90",
            "Null or empty invocation ID for StreamInvocation message.",
        ),
        (
            "96 04 80 a0 a1 54 90 90",
            "Null or empty invocation ID for StreamInvocation message.",
        ),
        (
            "96 04 80 a1 31 c0 90 90",
            "Null or empty target for StreamInvocation message.",
        ),
        (
            "94 02 80 c0 01",
            "Null or empty invocation ID for StreamItem message.",
        ),
        (
            "94 03 80 c0 02",
            "Null or empty invocation ID for Completion message.",
        ),
        (
            "93 05 80 c0",
            "Null or empty invocation ID for CancelInvocation message.",
        ),
        ("92 05 80", "Reading 'invocationId' as String failed."),
        ("92 01 80", "Reading 'invocationId' as String failed."),
        ("93 01 80 c0", "Reading 'target' as String failed."),
    ] {
        check(body, &invalid(expected));
    }
}

#[test]
fn stream_ids() {
    let call = |stream_ids: &str| format!("96 01 80 a1 31 a1 54 90 {stream_ids}");
    let length = "InvalidDataException: Reading array length for 'streamIds' failed.";
    let empty = "InvalidDataException: Null or empty value in streamIds received.";
    check(&call("c0"), length);
    check(&call("a1 78"), length);
    check(&call("dd ff ff ff ff"), length);
    check(&call(""), length);
    check(&call("91 c0"), empty);
    check(&call("91 a0"), empty);
    check(
        &call("91 01"),
        "MessagePackSerializationException: Unexpected msgpack code 1 (positive fixint) encountered.",
    );
    check(
        &call("91 a5 31"),
        "EndOfStreamException: Attempted to read past the end of the stream.",
    );
}

#[test]
fn completions() {
    let invalid = |text: &str| format!("InvalidDataException: {text}");
    for (behind, expected) in [
        ("00", "Invalid invocation result kind."),
        ("04 01", "Invalid invocation result kind."),
        ("a1 33 01", "Reading 'resultKind' as Int32 failed."),
        ("", "Reading 'resultKind' as Int32 failed."),
        ("01", "Reading 'error' as String failed."),
        ("01 05", "Reading 'error' as String failed."),
    ] {
        check(&format!("93 03 80 a1 37 {behind}"), &invalid(expected));
    }
    let end = "EndOfStreamException: Attempted to read past the end of the stream.";
    check("94 03 80 a1 37 03", end);
    check("95 03 80 a1 37 03 92 01", end);
    check(
        "95 03 80 a1 37 03 c1",
        "MessagePackSerializationException: Unexpected msgpack code 193 ((never used)) encountered.",
    );
}

#[test]
fn what_is_about_the_connection() {
    let invalid = |text: &str| format!("InvalidDataException: {text}");
    for (body, expected) in [
        ("91 07", "Reading 'error' as String failed."),
        ("92 07 05", "Reading 'error' as String failed."),
        ("93 07 c0 01", "Reading 'allowReconnect' as Boolean failed."),
        ("93 07 c0 c0", "Reading 'allowReconnect' as Boolean failed."),
        ("91 08", "Reading 'sequenceId' as Int64 failed."),
        ("92 08 a1 35", "Reading 'sequenceId' as Int64 failed."),
        (
            "92 09 cf ff ff ff ff ff ff ff ff",
            "Reading 'sequenceId' as Int64 failed.",
        ),
    ] {
        check(body, &invalid(expected));
    }
}

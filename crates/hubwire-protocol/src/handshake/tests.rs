//! Handshakes as specified; recorded ones are replayed in `tests/vectors.rs`.

use super::*;

fn text(refusal: &HandshakeRefusal) -> String {
    match refusal {
        HandshakeRefusal::Unexpected(fault) => {
            format!("{refusal} {}: {fault}", fault.exception_name())
        }
        _ => refusal.to_string(),
    }
}

fn request(protocol: &str, version: i32) -> HandshakeRequest<'_> {
    HandshakeRequest {
        protocol: protocol.into(),
        version,
    }
}

#[test]
fn requests_are_read_in_any_shape() {
    for record in [
        r#"{"protocol":"json","version":1}"#,
        r#" { "version" : 1 , "protocol" : "json" } "#,
        r#"{"protocol":"xml","protocol":"json","version":9,"version":1,"x":{"version":[]}}"#,
        r#"{"\u0070rotocol":"\u006ason","version":1}trailing"#,
    ] {
        assert_eq!(
            HandshakeRequest::parse(record.as_bytes()).unwrap(),
            request("json", 1)
        );
    }
}

#[test]
fn faults_are_told_as_dotnet_tells_them() {
    for (record, fault) in [
        (
            "hello",
            "JsonReaderException: 'h' is an invalid start of a value. LineNumber: 0 | BytePositionInLine: 0.",
        ),
        (
            " \n hello",
            "JsonReaderException: 'h' is an invalid start of a value. LineNumber: 1 | BytePositionInLine: 1.",
        ),
        (
            "\u{feff}{}",
            "JsonReaderException: '0xEF' is an invalid start of a value. LineNumber: 0 | BytePositionInLine: 0.",
        ),
        (
            "{",
            "JsonReaderException: The handshake request is not valid JSON.",
        ),
        (
            "",
            "JsonReaderException: The handshake request is not valid JSON.",
        ),
        (
            "[]",
            "InvalidDataException: Unexpected JSON Token Type 'Array'. Expected a JSON Object.",
        ),
        (
            r#"{"protocol":1}"#,
            "InvalidDataException: Expected 'protocol' to be of type String.",
        ),
        (
            r#"{"version":"1"}"#,
            "InvalidDataException: Expected 'version' to be of type Number.",
        ),
        (
            r#"{"version":1.5}"#,
            "FormatException: Either the JSON value is not in a supported format, or is out of bounds for an Int32.",
        ),
        (
            r#"{"type":6}"#,
            "InvalidDataException: Missing required property 'protocol'. Message content: {\"type\":6}",
        ),
        (
            r#"{"protocol":"json"}"#,
            "InvalidDataException: Missing required property 'version'. Message content: {\"protocol\":\"json\"}",
        ),
    ] {
        let refusal = HandshakeRequest::parse(record.as_bytes()).unwrap_err();
        let expected = format!("An unexpected error occurred during connection handshake. {fault}");
        assert_eq!(text(&refusal), expected);
    }
}

#[test]
fn a_request_may_have_as_many_bytes_as_a_message() {
    let pad = "x".repeat(100);
    let buffer = format!("{{\"protocol\":\"json\",\"version\":1,\"pad\":\"{pad}\"}}\u{1e}rest");
    let size = buffer.len() - "rest".len();
    let read = |limit| HandshakeRequest::read(buffer.as_bytes(), Some(limit));
    assert_eq!(read(size), Ok(Some((request("json", 1), size))));
    assert_eq!(read(size - 1), Err(HandshakeRefusal::Canceled));
    assert_eq!(
        HandshakeRequest::read(&buffer.as_bytes()[..size - 1], Some(size)),
        Ok(None)
    );
}

#[test]
fn a_protocol_is_found_by_name_version_and_format() {
    let all = [TransferFormat::Text, TransferFormat::Binary];
    let resolve = |name, version, formats: &[_]| {
        request(name, version)
            .resolve(&[HubProtocol::Json], formats)
            .map_err(|refusal| refusal.to_string())
    };
    for (name, version) in [("json", 1), ("JSON", 2), ("json", 0), ("Json", -1)] {
        assert_eq!(resolve(name, version, &all), Ok(HubProtocol::Json));
    }
    for (name, version, formats, refusal) in [
        ("xml", 99, &all[..], "The protocol 'xml' is not supported."),
        ("", 1, &all, "The protocol '' is not supported."),
        (
            "JSON",
            99,
            &all,
            "The server does not support version 99 of the 'JSON' protocol.",
        ),
        (
            "JSON",
            1,
            &[TransferFormat::Binary],
            "Cannot use the 'json' protocol on the current transport. The transport does not support 'Text' transfer format.",
        ),
    ] {
        assert_eq!(resolve(name, version, formats), Err(refusal.to_owned()));
    }
    let (name, shown) = ("x".repeat(30_000), "x".repeat(256));
    assert_eq!(
        resolve(&name, 1, &all),
        Err(format!("The protocol '{shown}...' is not supported."))
    );
    let refusal = request("json", 1).resolve(&[], &all).unwrap_err();
    assert_eq!(refusal.to_string(), "The protocol 'json' is not supported.");
}

#[test]
fn clients_write_requests() {
    let mut out = Vec::new();
    request("json", 1).write(&mut out);
    assert_eq!(out, b"{\"protocol\":\"json\",\"version\":1}\x1e");
}

#[test]
fn clients_read_responses() {
    let refused = |text: &'static str| HandshakeResponse::Refused(text.into());
    for (buffer, expected) in [
        ("{}\u{1e}", Ok(Some((HandshakeResponse::Accepted, 3)))),
        (
            "{}\u{1e}{\"type\":6}\u{1e}",
            Ok(Some((HandshakeResponse::Accepted, 3))),
        ),
        (
            "{\"minorVersion\":0}\u{1e}",
            Ok(Some((HandshakeResponse::Accepted, 19))),
        ),
        ("{\"error\":\"no\"}\u{1e}", Ok(Some((refused("no"), 15)))),
        ("{", Ok(None)),
        (
            "{\"error\":\"no\",\"type\":6}\u{1e}",
            Err("Expected a handshake response from the server."),
        ),
        (
            "{\"error\":null}\u{1e}",
            Err("Expected 'error' to be of type String."),
        ),
        (
            "[]\u{1e}",
            Err("Unexpected JSON Token Type 'Array'. Expected a JSON Object."),
        ),
        ("\u{1e}", Err("Error reading JSON.")),
    ] {
        let read = HandshakeResponse::read(buffer.as_bytes()).map_err(|error| error.to_string());
        assert_eq!(read, expected.map_err(str::to_owned), "{buffer}");
    }
}

#[test]
fn refusals_are_escaped_like_messages() {
    let refusal = request("'\"😀<", 1)
        .resolve(&[HubProtocol::Json], &[])
        .unwrap_err();
    let mut out = Vec::new();
    HandshakeResponse::refused(&refusal).write(&mut out);
    let expected = "{\"error\":\"The protocol ''\\\"\\uD83D\\uDE00<' is not supported.\"}\u{1e}";
    assert_eq!(String::from_utf8(out).unwrap(), expected);
}

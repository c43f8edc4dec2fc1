//! Both protocols, split at every byte.

use super::*;

fn scan_in_steps(protocol: Protocol, bytes: &[u8], step: usize) -> Vec<String> {
    let mut scanner = Scanner::new(protocol);
    let mut seen = Vec::new();
    for chunk in bytes.chunks(step) {
        scanner
            .feed(chunk, &mut |m| seen.push(format!("{m:?}")))
            .unwrap();
    }
    assert!(scanner.is_open() && scanner.partial.is_empty());
    seen
}

#[test]
fn json_messages_are_told_apart_however_the_bytes_are_cut() {
    let bytes = b"{}\x1e{\"type\":6}\x1e\
        {\"type\":1,\"target\":\"bench\",\"arguments\":[\"@#00000000000000ffxxx\"]}\x1e\
        {\"type\":3,\"invocationId\":\"1\",\"result\":\"@#0000000000000010\"}\x1e\
        {\"type\":3,\"invocationId\":\"2\"}\x1e\
        {\"type\":3,\"invocationId\":\"3\",\"error\":\"no\"}\x1e\
        {\"error\":\"bye\",\"type\":7}\x1e";
    for step in 1..=bytes.len() {
        let seen = scan_in_steps(Protocol::Json, bytes, step);
        assert_eq!(seen.len(), 6, "step {step}");
        assert_eq!(
            seen[..4],
            [
                "Ping",
                "Invocation { stamp: Some(255) }",
                "Completion { stamp: Some(16) }",
                "Completion { stamp: None }",
            ]
        );
        assert!(seen[4].starts_with("Failure") && seen[5].starts_with("Close"));
    }
}

#[test]
fn messagepack_messages_are_told_apart_however_the_bytes_are_cut() {
    let mut bytes = b"{}\x1e".to_vec();
    bytes.extend_from_slice(Protocol::MessagePack.ping());
    // 300 bytes of payload make the length two bytes long. What we send reads back the same.
    let mut template = Protocol::MessagePack.invocation("bench", &[Argument::Stamped(300)]);
    bytes.extend_from_slice(template.fill(7, 255));
    for body in [
        &b"\x94\x03\x80\xa11\x02"[..],
        b"\x95\x03\x80\xa11\x01\xa2no",
        b"\x92\x07\xa3bye",
    ] {
        bytes.push(body.len() as u8);
        bytes.extend_from_slice(body);
    }
    for step in 1..=bytes.len() {
        let seen = scan_in_steps(Protocol::MessagePack, &bytes, step);
        assert_eq!(seen.len(), 5, "step {step}");
        assert_eq!(
            seen[..3],
            [
                "Ping",
                "Invocation { stamp: Some(255) }",
                "Completion { stamp: None }"
            ]
        );
        assert!(seen[3].starts_with("Failure") && seen[4].starts_with("Close"));
    }
}

#[test]
fn messagepack_of_any_size() {
    for size in [
        18, 31, 32, 255, 256, 16_419, 20_000, 32_767, 33_000, 40_000, 65_535, 65_536, 200_000,
    ] {
        let mut template = Protocol::MessagePack.invocation("bench", &[Argument::Stamped(size)]);
        let mut bytes = b"{}\x1e".to_vec();
        bytes.extend_from_slice(template.fill(7, 255));
        for step in [1000, 4096, bytes.len()] {
            let seen = scan_in_steps(Protocol::MessagePack, &bytes, step);
            assert_eq!(
                seen,
                ["Invocation { stamp: Some(255) }"],
                "size {size}, step {step}"
            );
        }
    }
}

#[test]
fn a_refused_handshake_is_an_error() {
    let mut scanner = Scanner::new(Protocol::Json);
    assert!(
        scanner
            .feed(b"{\"error\":\"no\"}\x1e", &mut |_| ())
            .is_err()
    );
}

#[test]
fn json_invocations() {
    let mut template = Protocol::Json.invocation(
        "SendToGroup",
        &[Argument::Text("g1"), Argument::Stamped(20)],
    );
    assert_eq!(
        template.fill(0xAB, 0x1234),
        b"{\"type\":1,\"invocationId\":\"000000ab\",\"target\":\"SendToGroup\",\
          \"arguments\":[\"g1\",\"@#0000000000001234xx\"]}\x1e"
    );
}

#[test]
fn messagepack_invocations() {
    let mut template = Protocol::MessagePack.invocation("Echo", &[Argument::Text("a")]);
    assert_eq!(
        template.fill(1, 0),
        b"\x15\x96\x01\x80\xa800000001\xa4Echo\x91\xa1a\x90"
    );
}

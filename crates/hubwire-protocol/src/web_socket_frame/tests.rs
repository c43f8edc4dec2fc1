//! Frames as in RFC 6455; recorded ones are replayed in `tests/vectors.rs`.

use super::*;

const MASK: [u8; 4] = [0x37, 0xfa, 0x21, 0x3d];

/// An event that may outlive its buffer.
#[derive(Clone, Debug, PartialEq)]
enum Seen {
    Data(Vec<u8>, DataKind, bool),
    Ping(Vec<u8>),
    Pong(Vec<u8>),
    Close(Option<u16>, String),
}

fn feed(decoder: &mut FrameDecoder, mut bytes: Vec<u8>) -> Result<Vec<Seen>, FrameError> {
    let mut input = &mut bytes[..];
    let mut seen = Vec::new();
    while let Some(event) = decoder.next(&mut input)? {
        seen.push(match event {
            FrameEvent::Data {
                payload,
                kind,
                is_end,
            } => Seen::Data(payload.to_vec(), kind, is_end),
            FrameEvent::Ping(payload) => Seen::Ping(payload.into_owned()),
            FrameEvent::Pong(payload) => Seen::Pong(payload.into_owned()),
            FrameEvent::Close { code, reason } => Seen::Close(code, reason.into_owned()),
        });
    }
    assert_eq!(input, b"", "all input is consumed");
    Ok(seen)
}

fn decode(bytes: Vec<u8>) -> Result<Vec<Seen>, FrameError> {
    feed(&mut FrameDecoder::new(Masking::Required), bytes)
}

fn frame(opcode: Opcode, payload: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    write_masked_frame(&mut out, opcode, MASK, payload);
    out
}

fn fragment(opcode: Opcode, payload: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    write_masked_fragment(&mut out, opcode, MASK, payload);
    out
}

/// Returns a masked frame header of any kind, complete with a mask of zeros.
fn header(first: u8, length: &[u8]) -> Vec<u8> {
    [&[first, length[0] | 0x80], &length[1..], &[0; 4]].concat()
}

#[test]
fn rfc_6455_examples() {
    // The masked examples of section 5.7.
    let hello = vec![
        0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58,
    ];
    assert_eq!(frame(Opcode::Text, b"Hello"), hello);
    assert_eq!(
        decode(hello).unwrap(),
        [Seen::Data(b"Hello".to_vec(), DataKind::Text, true)]
    );
    let mut unmasked = Vec::new();
    write_frame(&mut unmasked, Opcode::Text, b"Hello");
    assert_eq!(unmasked, b"\x81\x05Hello");
    let mut decoder = FrameDecoder::new(Masking::Forbidden);
    let seen = feed(&mut decoder, unmasked).unwrap();
    assert_eq!(seen, [Seen::Data(b"Hello".to_vec(), DataKind::Text, true)]);
}

#[test]
fn the_length_takes_as_many_bytes_as_it_needs() {
    for (len, expected) in [
        (0, &[0x82, 0][..]),
        (125, &[0x82, 125]),
        (126, &[0x82, 126, 0, 126]),
        (65535, &[0x82, 126, 0xFF, 0xFF]),
        (65536, &[0x82, 127, 0, 0, 0, 0, 0, 1, 0, 0]),
    ] {
        assert_eq!(encode_header(Opcode::Binary, len).as_bytes(), expected);
        let payload = vec![7; len];
        let seen = decode(frame(Opcode::Binary, &payload)).unwrap();
        assert_eq!(seen, [Seen::Data(payload, DataKind::Binary, true)]);
    }
}

#[test]
fn control_frames_pass_between_fragments() {
    let bytes = [
        fragment(Opcode::Text, "é".as_bytes().split_at(1).0),
        frame(Opcode::Ping, b"mid"),
        fragment(Opcode::Continuation, b""),
        frame(Opcode::Pong, b""),
        frame(Opcode::Continuation, "é".as_bytes().split_at(1).1),
        frame(Opcode::Binary, b""),
    ]
    .concat();
    let expected = [
        Seen::Data(b"\xC3".to_vec(), DataKind::Text, false),
        Seen::Ping(b"mid".to_vec()),
        Seen::Pong(Vec::new()),
        Seen::Data(b"\xA9".to_vec(), DataKind::Text, true),
        Seen::Data(Vec::new(), DataKind::Binary, true),
    ];
    assert_eq!(decode(bytes).unwrap(), expected);
}

#[test]
fn payload_is_handed_on_as_it_comes() {
    let mut decoder = FrameDecoder::new(Masking::Required);
    // A frame that announces 2^63 - 1 bytes costs as much as any other.
    let promise = [&[127][..], &[0x7F], &[0xFF; 7]].concat();
    assert_eq!(feed(&mut decoder, header(0x82, &promise)).unwrap(), []);
    let seen = feed(&mut decoder, b"now".to_vec()).unwrap();
    assert_eq!(seen, [Seen::Data(b"now".to_vec(), DataKind::Binary, false)]);
}

#[test]
fn an_idle_decoder_is_small() {
    assert!(
        size_of::<FrameDecoder>() <= 64,
        "{}",
        size_of::<FrameDecoder>()
    );
}

#[test]
fn violations() {
    let unmasked = b"\x81\x05Hello".to_vec();
    let long_ping = header(0x89, &[126]);
    for (bytes, error) in [
        (unmasked, FrameError::Unmasked),
        (header(0xC1, &[0]), FrameError::ReservedBits),
        (header(0xA1, &[0]), FrameError::ReservedBits),
        (header(0x91, &[0]), FrameError::ReservedBits),
        (header(0x83, &[0]), FrameError::ReservedOpcode),
        (header(0x8B, &[0]), FrameError::ReservedOpcode),
        (header(0x09, &[0]), FrameError::FragmentedControl),
        (long_ping, FrameError::ControlTooLong),
        (header(0x88, &[127]), FrameError::ControlTooLong),
        (header(0x80, &[0]), FrameError::OrphanContinuation),
        (
            [fragment(Opcode::Text, b""), header(0x81, &[0])].concat(),
            FrameError::InterruptedMessage,
        ),
        (
            [fragment(Opcode::Text, b""), header(0x82, &[0])].concat(),
            FrameError::InterruptedMessage,
        ),
        (
            [
                fragment(Opcode::Text, b""),
                frame(Opcode::Continuation, b""),
                header(0x80, &[0]),
            ]
            .concat(),
            FrameError::OrphanContinuation,
        ),
        (header(0x82, &[127, 0x80]), FrameError::LengthOverflow),
        (frame(Opcode::Close, b"\x03"), FrameError::ClosePayload),
        (
            frame(Opcode::Close, b"\x03\xE8\xFF"),
            FrameError::CloseReason,
        ),
    ] {
        assert_eq!(decode(bytes), Err(error));
        assert_eq!(error.close_code(), 1002);
    }
}

#[test]
fn a_mask_from_a_server_is_a_violation() {
    let mut decoder = FrameDecoder::new(Masking::Forbidden);
    assert_eq!(
        feed(&mut decoder, frame(Opcode::Text, b"x")),
        Err(FrameError::Masked)
    );
}

#[test]
fn close_codes_and_reasons() {
    let close = |payload: &[u8]| decode(frame(Opcode::Close, payload));
    assert_eq!(close(b"").unwrap(), [Seen::Close(None, String::new())]);
    let reason = "bye, é".as_bytes();
    for code in [
        1000_u16, 1001, 1002, 1003, 1007, 1008, 1011, 1014, 3000, 4000, 4999,
    ] {
        let payload = [&code.to_be_bytes()[..], reason].concat();
        assert_eq!(
            close(&payload).unwrap(),
            [Seen::Close(Some(code), "bye, é".to_owned())]
        );
    }
    for code in [0_u16, 999, 1004, 1005, 1006, 1015, 1016, 2999, 5000, 65535] {
        assert_eq!(close(&code.to_be_bytes()), Err(FrameError::CloseCode(code)));
    }
}

#[test]
fn what_follows_a_close_is_swallowed() {
    let bytes = [frame(Opcode::Close, b""), frame(Opcode::Text, b"late")].concat();
    assert_eq!(decode(bytes).unwrap(), [Seen::Close(None, String::new())]);
}

#[test]
fn text_is_checked_across_fragments_and_binary_is_not() {
    let invalid = b"ok\xFFrest";
    let mut decoder = FrameDecoder::new(Masking::Required);
    let mut bytes = frame(Opcode::Text, invalid);
    let mut input = &mut bytes[..];
    let event = decoder.next(&mut input).unwrap();
    let (payload, kind) = (&mut b"ok".to_owned()[..], DataKind::Text);
    assert_eq!(
        event,
        Some(FrameEvent::Data {
            payload,
            kind,
            is_end: false
        })
    );
    assert_eq!(decoder.next(&mut input), Err(FrameError::InvalidText));
    assert_eq!(FrameError::InvalidText.close_code(), 1007);

    assert_eq!(
        decode(frame(Opcode::Binary, invalid)).unwrap(),
        [Seen::Data(invalid.to_vec(), DataKind::Binary, true)]
    );
    let half = [
        fragment(Opcode::Text, b"\xC3"),
        frame(Opcode::Continuation, b""),
    ];
    assert_eq!(decode(half.concat()), Err(FrameError::InvalidText));
    let split = [
        fragment(Opcode::Text, b"\xC3"),
        fragment(Opcode::Continuation, b"x"),
    ];
    assert_eq!(decode(split.concat()), Err(FrameError::InvalidText));
}

#[test]
fn a_failed_decoder_stays_failed() {
    let mut decoder = FrameDecoder::new(Masking::Required);
    assert_eq!(
        feed(&mut decoder, header(0x83, &[0])),
        Err(FrameError::ReservedOpcode)
    );
    let good = frame(Opcode::Text, b"good");
    assert_eq!(feed(&mut decoder, good), Err(FrameError::ReservedOpcode));
}

#[test]
fn a_half_close_is_no_close() {
    let mut decoder = FrameDecoder::new(Masking::Required);
    let bytes = frame(Opcode::Close, b"\x03\xE8why");
    let (head, tail) = bytes.split_at(9);
    assert_eq!(feed(&mut decoder, head.to_vec()).unwrap(), []);
    let expected = [Seen::Close(Some(1000), "why".to_owned())];
    assert_eq!(feed(&mut decoder, tail.to_vec()).unwrap(), expected);
}

#[test]
fn close_frames_are_cut_to_fit() {
    assert_eq!(close_frame(1000, ""), [0x88, 2, 0x03, 0xE8]);
    assert_eq!(close_frame(1002, "no"), [0x88, 4, 0x03, 0xEA, b'n', b'o']);
    let frame = close_frame(1011, &"é".repeat(100));
    let mut decoder = FrameDecoder::new(Masking::Forbidden);
    let expected = [Seen::Close(Some(1011), "é".repeat(61))];
    assert_eq!(feed(&mut decoder, frame).unwrap(), expected);
}

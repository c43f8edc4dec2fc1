//! WebSocket frames, valid and invalid.

use hubwire_protocol::{FrameDecoder, FrameError, FrameEvent, Masking};

use crate::transcript::{Direction, Event, read};

/// Returns the bytes of a frame as the client sent them.
fn frame(event: &Event) -> Option<Vec<u8>> {
    let head = event.head();
    let mut payload = event.payload()?;
    if head[1] & 0x80 != 0 {
        let mask = &head[head.len() - 4..];
        payload
            .iter_mut()
            .zip(mask.iter().cycle())
            .for_each(|(byte, mask)| *byte ^= mask);
    }
    Some([head, payload].concat())
}

#[derive(Debug, Default, PartialEq)]
struct Seen {
    data: Vec<u8>,
    pings: Vec<Vec<u8>>,
    close: Option<(Option<u16>, String)>,
    error_code: Option<u16>,
}

fn decode(mut bytes: Vec<u8>) -> Seen {
    let mut decoder = FrameDecoder::new(Masking::Required);
    let mut input = &mut bytes[..];
    let mut seen = Seen::default();
    loop {
        match decoder.next(&mut input) {
            Ok(Some(FrameEvent::Data { payload, .. })) => seen.data.extend_from_slice(payload),
            Ok(Some(FrameEvent::Ping(payload))) => seen.pings.push(payload.into_owned()),
            Ok(Some(FrameEvent::Pong(_))) => {}
            Ok(Some(FrameEvent::Close { code, reason })) => {
                seen.close = Some((code, reason.into_owned()));
            }
            Ok(None) => return seen,
            Err(error) => {
                seen.error_code = Some(FrameError::close_code(error));
                return seen;
            }
        }
    }
}

fn check(file: &str) -> (usize, usize) {
    let (mut good, mut bad) = (0, 0);
    for ((case, connection), conversation) in read(file) {
        if connection != "w" {
            continue;
        }
        let from_client = |event: &&Event| {
            event.is(Direction::ToServer, "frame") || event.is(Direction::ToServer, "bytes")
        };
        let bytes: Option<Vec<Vec<u8>>> = conversation
            .iter()
            .filter(from_client)
            .map(frame_or_bytes)
            .collect();
        let Some(bytes) = bytes.filter(|frames| !frames.is_empty()) else {
            continue;
        };
        let seen = decode(bytes.concat());
        let answered = |code| {
            conversation
                .iter()
                .any(|event| event.is(Direction::ToClient, "frame") && event.code == Some(code))
        };
        let expected = [1002, 1007].into_iter().find(|&code| answered(code));
        assert_eq!(seen.error_code, expected, "{file}: {case}");
        if expected.is_some() {
            bad += 1;
            continue;
        }
        good += 1;
        let pongs: Vec<_> = conversation
            .iter()
            .filter(|event| event.is_pong())
            .collect();
        let pongs: Vec<_> = pongs.iter().filter_map(|event| event.payload()).collect();
        assert_eq!(seen.pings, pongs, "{file}: {case}");
        let sent = conversation
            .iter()
            .find(|event| from_client(event) && event.is_close_frame());
        let sent = sent.map(|event| (event.code, event.reason().to_owned()));
        assert_eq!(seen.close, sent, "{file}: {case}");
    }
    (good, bad)
}

fn frame_or_bytes(event: &Event) -> Option<Vec<u8>> {
    if event.is(Direction::ToServer, "bytes") {
        event.payload()
    } else {
        frame(event)
    }
}

#[test]
fn frames_are_judged_alike() {
    assert_eq!(check("ws_frames.jsonl"), (12, 11));
    assert_eq!(check("ws_close.jsonl"), (14, 6));
}

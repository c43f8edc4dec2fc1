//! WebSocket frames: the events do not depend on how the bytes are split, except for the splits
//! themselves.

use hubwire_protocol::{
    DataKind, FrameDecoder, FrameError, FrameEvent, Masking, Opcode, write_frame,
    write_masked_fragment, write_masked_frame,
};
use proptest::prelude::*;
use proptest::sample::Index;

/// An event; the pieces of a message's payload are joined.
#[derive(Clone, Debug, PartialEq)]
enum Seen {
    Data {
        payload: Vec<u8>,
        kind: DataKind,
        is_end: bool,
    },
    Ping(Vec<u8>),
    Pong(Vec<u8>),
    Close(Option<u16>, String),
    Error(FrameError),
}

fn see(seen: &mut Vec<Seen>, event: FrameEvent<'_>) {
    match event {
        FrameEvent::Data {
            payload,
            kind,
            is_end,
        } => match seen.last_mut() {
            Some(Seen::Data {
                payload: before,
                is_end: ended @ false,
                ..
            }) => {
                before.extend_from_slice(payload);
                *ended = is_end;
            }
            _ => seen.push(Seen::Data {
                payload: payload.to_vec(),
                kind,
                is_end,
            }),
        },
        FrameEvent::Ping(payload) => seen.push(Seen::Ping(payload.into_owned())),
        FrameEvent::Pong(payload) => seen.push(Seen::Pong(payload.into_owned())),
        FrameEvent::Close { code, reason } => seen.push(Seen::Close(code, reason.into_owned())),
    }
}

fn decode(masking: Masking, bytes: &[u8], cuts: &[usize]) -> Vec<Seen> {
    let mut decoder = FrameDecoder::new(masking);
    let mut bytes = bytes.to_vec();
    let mut rest = &mut bytes[..];
    let mut seen = Vec::new();
    for cut in cuts.iter().chain([&usize::MAX]) {
        let mut piece = rest.split_off_mut(..(*cut).min(rest.len())).unwrap();
        loop {
            match decoder.next(&mut piece) {
                Ok(Some(event)) => see(&mut seen, event),
                Ok(None) => break,
                Err(error) => {
                    seen.push(Seen::Error(error));
                    return seen;
                }
            }
        }
        assert!(piece.is_empty(), "{} bytes are left", piece.len());
    }
    seen
}

/// A message, its fragments and the control frames between them.
#[derive(Clone, Debug)]
struct Message {
    kind: DataKind,
    payload: Vec<u8>,
    fragments: Vec<Index>,
    controls: Vec<(bool, Vec<u8>)>,
}

fn message() -> impl Strategy<Value = Message> {
    let payload = prop_oneof![
        "\\PC{0,40}".prop_map(|text| (DataKind::Text, text.into_bytes())),
        prop::collection::vec(any::<u8>(), 0..300).prop_map(|bytes| (DataKind::Binary, bytes)),
    ];
    let control = (any::<bool>(), prop::collection::vec(any::<u8>(), 0..=125));
    (
        payload,
        prop::collection::vec(any::<Index>(), 0..4),
        prop::collection::vec(control, 0..3),
    )
        .prop_map(|((kind, payload), fragments, controls)| Message {
            kind,
            payload,
            fragments,
            controls,
        })
}

impl Message {
    fn write(&self, mask: [u8; 4], out: &mut Vec<u8>) {
        let mut ends: Vec<_> = self
            .fragments
            .iter()
            .map(|end| end.index(self.payload.len() + 1))
            .collect();
        ends.sort_unstable();
        let mut controls = self.controls.iter();
        let mut start = 0;
        let mut opcode = match self.kind {
            DataKind::Text => Opcode::Text,
            DataKind::Binary => Opcode::Binary,
        };
        for end in ends {
            write_masked_fragment(out, opcode, mask, &self.payload[start..end]);
            if let Some((is_ping, payload)) = controls.next() {
                let opcode = if *is_ping { Opcode::Ping } else { Opcode::Pong };
                write_masked_frame(out, opcode, mask, payload);
            }
            (start, opcode) = (end, Opcode::Continuation);
        }
        write_masked_frame(out, opcode, mask, &self.payload[start..]);
    }

    /// Checks the message and the control frames between its fragments, each joined.
    fn check(&self, seen: &mut std::vec::IntoIter<Seen>) {
        let mut received = Vec::new();
        let mut controls = Vec::new();
        loop {
            match seen.next().expect("more of the message") {
                Seen::Data {
                    payload,
                    kind,
                    is_end,
                } => {
                    assert_eq!(kind, self.kind);
                    received.extend(payload);
                    if is_end {
                        break;
                    }
                }
                Seen::Ping(payload) => controls.push((true, payload)),
                Seen::Pong(payload) => controls.push((false, payload)),
                other => panic!("{other:?}"),
            }
        }
        assert_eq!(received, self.payload);
        assert_eq!(
            controls,
            self.controls[..self.fragments.len().min(self.controls.len())]
        );
    }
}

fn cuts() -> impl Strategy<Value = Vec<usize>> {
    prop::collection::vec(prop_oneof![0..4_usize, 0..200_usize], 0..60)
}

proptest! {
    #[test]
    fn messages_arrive_whatever_their_fragments_and_cuts(
        messages in prop::collection::vec(message(), 1..5),
        mask in any::<[u8; 4]>(),
        cuts in cuts(),
    ) {
        let mut bytes = Vec::new();
        messages.iter().for_each(|message| message.write(mask, &mut bytes));
        let seen = decode(Masking::Required, &bytes, &cuts);
        prop_assert_eq!(&seen, &decode(Masking::Required, &bytes, &[]));
        let mut seen = seen.into_iter();
        messages.iter().for_each(|message| message.check(&mut seen));
        prop_assert_eq!(seen.next(), None);
    }

    #[test]
    fn server_frames_are_read_by_clients(len in prop_oneof![0..300_usize, 65_500..65_600_usize]) {
        let payload: Vec<u8> = (0..=u8::MAX).cycle().take(len).collect();
        let mut bytes = Vec::new();
        write_frame(&mut bytes, Opcode::Binary, &payload);
        let expected = [Seen::Data { payload, kind: DataKind::Binary, is_end: true }];
        prop_assert_eq!(decode(Masking::Forbidden, &bytes, &[]), expected);
    }

    #[test]
    fn faults_are_found_wherever_the_bytes_are_cut(
        messages in prop::collection::vec(message(), 1..4),
        mask in any::<[u8; 4]>(),
        faults in prop::collection::vec((any::<Index>(), any::<u8>()), 1..4),
        cuts in cuts(),
    ) {
        let mut bytes = Vec::new();
        messages.iter().for_each(|message| message.write(mask, &mut bytes));
        for (at, byte) in &faults {
            *at.get_mut(&mut bytes) = *byte;
        }
        prop_assert_eq!(
            decode(Masking::Required, &bytes, &cuts),
            decode(Masking::Required, &bytes, &[])
        );
    }

    #[test]
    fn noise_is_judged_wherever_it_is_cut(
        bytes in prop::collection::vec(any::<u8>(), 0..64),
        cuts in cuts(),
        is_masked in any::<bool>(),
    ) {
        let masking = if is_masked { Masking::Required } else { Masking::Forbidden };
        prop_assert_eq!(decode(masking, &bytes, &cuts), decode(masking, &bytes, &[]));
    }

    /// Text with an invalid or incomplete part fails where the standard library says.
    #[test]
    fn text_is_accepted_if_and_only_if_it_is_utf8(
        mut payload in "\\PC{0,20}".prop_map(String::into_bytes),
        fault in prop::option::of((any::<Index>(), any::<u8>())),
        end in any::<Index>(),
        cuts in cuts(),
    ) {
        payload.truncate(end.index(payload.len() + 1));
        if let Some((at, byte)) = fault && !payload.is_empty() {
            *at.get_mut(&mut payload) = byte;
        }
        let mut bytes = Vec::new();
        write_masked_frame(&mut bytes, Opcode::Text, [9, 8, 7, 6], &payload);
        let failed = decode(Masking::Required, &bytes, &cuts).contains(&Seen::Error(FrameError::InvalidText));
        prop_assert_eq!(failed, std::str::from_utf8(&payload).is_err());
    }
}

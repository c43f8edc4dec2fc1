//! What holds of every client's WebSocket bytes, wherever they are cut.

use hubwire_protocol::{
    DataKind, FrameDecoder, FrameError, FrameEvent, Masking, Opcode, write_masked_frame,
};

/// What has arrived whole: a message or the payload of a control frame.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Kind {
    Binary,
    Close,
    Ping,
    Pong,
    Text,
}

impl Kind {
    const fn opcode(self) -> Opcode {
        match self {
            Self::Binary => Opcode::Binary,
            Self::Close => Opcode::Close,
            Self::Ping => Opcode::Ping,
            Self::Pong => Opcode::Pong,
            Self::Text => Opcode::Text,
        }
    }
}

/// All that a decoder made of its input.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Decoded {
    pub(crate) whole: Vec<(Kind, Vec<u8>)>,
    /// What came of a message that did not end.
    partial: Option<(Kind, Vec<u8>)>,
    pub(crate) fault: Option<FrameError>,
}

/// Sizes of pieces, as many as the first byte says, and the bytes to be cut into them.
pub(crate) fn split_input(data: &[u8]) -> (&[u8], &[u8]) {
    let Some((count, rest)) = data.split_first() else {
        return (data, data);
    };
    rest.split_at(usize::from(count % 16).min(rest.len()))
}

/// Decodes the bytes whole, cut as the input says, and one by one.
pub fn check(data: &[u8]) {
    let (cuts, bytes) = split_input(data);
    for masking in [Masking::Required, Masking::Forbidden] {
        let whole = decode(masking, bytes, [].into_iter());
        let cut = decode(masking, bytes, cuts.iter().map(|&size| usize::from(size)));
        assert_eq!(cut, whole, "cut");
        let bytewise = decode(masking, bytes, std::iter::repeat_n(1, bytes.len()));
        assert_eq!(bytewise, whole, "byte by byte");
        check_text(&whole);
        check_round_trip(&whole);
    }
}

/// Decodes the bytes in pieces of these sizes, and the rest in one.
pub(crate) fn decode(masking: Masking, bytes: &[u8], cuts: impl Iterator<Item = usize>) -> Decoded {
    let mut decoder = FrameDecoder::new(masking);
    let mut bytes = bytes.to_vec();
    let mut rest = &mut bytes[..];
    let mut decoded = Decoded::default();
    for cut in cuts.chain([usize::MAX]) {
        let size = cut.min(rest.len());
        let mut piece = rest.split_off_mut(..size).expect("a piece of the rest");
        loop {
            match decoder.next(&mut piece) {
                Ok(Some(event)) => decoded.see(event),
                Ok(None) => break,
                Err(error) => {
                    assert_eq!(decoder.next(&mut piece), Err(error), "a fault is for ever");
                    decoded.fault = Some(error);
                    return decoded;
                }
            }
        }
        assert!(piece.is_empty(), "{} bytes are left", piece.len());
    }
    decoded
}

impl Decoded {
    fn see(&mut self, event: FrameEvent<'_>) {
        let last = self.whole.last();
        assert!(
            last.is_none_or(|(kind, _)| *kind != Kind::Close),
            "{event:?} behind a close"
        );
        match event {
            FrameEvent::Data {
                payload,
                kind,
                is_end,
            } => {
                let kind = match kind {
                    DataKind::Binary => Kind::Binary,
                    DataKind::Text => Kind::Text,
                };
                let (known, mut gathered) = self.partial.take().unwrap_or((kind, Vec::new()));
                assert_eq!(kind, known, "a message changes its kind");
                gathered.extend_from_slice(payload);
                if is_end {
                    self.whole.push((kind, gathered));
                } else {
                    self.partial = Some((kind, gathered));
                }
            }
            FrameEvent::Ping(payload) => self.whole.push((Kind::Ping, payload.into_owned())),
            FrameEvent::Pong(payload) => self.whole.push((Kind::Pong, payload.into_owned())),
            FrameEvent::Close { code, reason } => {
                let mut payload = code.map(u16::to_be_bytes).map_or(vec![], Vec::from);
                payload.extend_from_slice(reason.as_bytes());
                self.whole.push((Kind::Close, payload));
            }
        }
    }
}

/// Whole text is UTF-8, and text that goes on may become UTF-8.
fn check_text(decoded: &Decoded) {
    for (kind, payload) in &decoded.whole {
        assert!(*kind != Kind::Text || str::from_utf8(payload).is_ok());
    }
    if let Some((Kind::Text, payload)) = &decoded.partial {
        assert!(str::from_utf8(payload).map_or_else(|error| error.error_len().is_none(), |_| true));
    }
}

/// What has arrived arrives again when it is sent again.
fn check_round_trip(decoded: &Decoded) {
    let mut out = Vec::new();
    for (kind, payload) in &decoded.whole {
        write_masked_frame(
            &mut out,
            kind.opcode(),
            true,
            [0x37, 0xfa, 0x21, 0x3d],
            payload,
        );
    }
    let again = decode(Masking::Required, &out, [].into_iter());
    assert_eq!((again.whole, again.fault), (decoded.whole.clone(), None));
}

//! The frames of a server, decoded in place.

use std::io::{Error, ErrorKind, Result};

use super::{CLOSE, PING, PONG};

pub(super) enum Piece<'a> {
    Data(&'a [u8]),
    Ping(Vec<u8>),
    Pong,
    Close(u16),
}

/// An incremental frame decoder; it buffers at most a frame header or a control frame.
#[derive(Default)]
pub(super) struct Decoder {
    head: Vec<u8>,
    opcode: u8,
    /// How many payload bytes of the current frame are still to come.
    left: u64,
    control: Vec<u8>,
}

impl Decoder {
    pub(super) fn next<'a>(&mut self, bytes: &mut &'a [u8]) -> Result<Option<Piece<'a>>> {
        while self.left == 0 {
            // Between frames. In the usual case the whole short header is in the buffer and needs
            // no copy.
            if self.head.is_empty() {
                match header(bytes)? {
                    Some((size, opcode, left)) => {
                        *bytes = &bytes[size..];
                        self.begin(opcode, left);
                    }
                    None => {
                        self.head.extend_from_slice(bytes);
                        *bytes = &[];
                        return Ok(None);
                    }
                }
            } else {
                let Some((&first, rest)) = bytes.split_first() else {
                    return Ok(None);
                };
                self.head.push(first);
                *bytes = rest;
                match header(&self.head)? {
                    Some((_, opcode, left)) => {
                        self.head.clear();
                        self.begin(opcode, left);
                    }
                    None => continue,
                }
            }
            if self.left == 0 && self.opcode >= CLOSE {
                return Ok(Some(self.end_control()));
            }
        }
        if bytes.is_empty() {
            return Ok(None);
        }
        let (taken, rest) = bytes.split_at(
            bytes
                .len()
                .min(usize::try_from(self.left).unwrap_or(usize::MAX)),
        );
        *bytes = rest;
        self.left -= taken.len() as u64;
        if self.opcode < CLOSE {
            return Ok(Some(Piece::Data(taken)));
        }
        self.control.extend_from_slice(taken);
        Ok((self.left == 0).then(|| self.end_control()))
    }

    fn begin(&mut self, opcode: u8, left: u64) {
        self.opcode = opcode;
        self.left = left;
        self.control.clear();
    }

    fn end_control(&mut self) -> Piece<'static> {
        match self.opcode {
            PING => Piece::Ping(std::mem::take(&mut self.control)),
            PONG => Piece::Pong,
            _ => Piece::Close(match self.control[..] {
                [high, low, ..] => u16::from_be_bytes([high, low]),
                _ => 1005,
            }),
        }
    }
}

/// Returns header size, opcode and payload size, or `None` if the header is not complete yet.
fn header(bytes: &[u8]) -> Result<Option<(usize, u8, u64)>> {
    let &[first, second, ref rest @ ..] = bytes else {
        return Ok(None);
    };
    if first & 0x70 != 0 || second & 0x80 != 0 {
        return Err(Error::new(
            ErrorKind::InvalidData,
            "a frame with reserved bits, or masked",
        ));
    }
    let opcode = first & 0x0F;
    Ok(match second {
        126 => rest
            .first_chunk()
            .map(|n| (4, opcode, u16::from_be_bytes(*n) as u64)),
        127 => rest
            .first_chunk()
            .map(|n| (10, opcode, u64::from_be_bytes(*n))),
        n => Some((2, opcode, n as u64)),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decode_in_steps(bytes: &[u8], step: usize) -> (Vec<u8>, Vec<String>) {
        let (mut data, mut control) = (Vec::new(), Vec::new());
        let mut decoder = Decoder::default();
        for mut chunk in bytes.chunks(step) {
            while let Some(piece) = decoder.next(&mut chunk).unwrap() {
                match piece {
                    Piece::Data(d) => data.extend_from_slice(d),
                    Piece::Ping(p) => {
                        control.push(format!("ping {}", String::from_utf8(p).unwrap()))
                    }
                    Piece::Pong => control.push("pong".into()),
                    Piece::Close(code) => control.push(format!("close {code}")),
                }
            }
        }
        (data, control)
    }

    #[test]
    fn frames_come_out_the_same_however_the_bytes_are_cut() {
        let mut bytes = vec![
            0x81, 3, b'a', b'b', b'c', 0x89, 2, b'h', b'i', 0x81, 0, 0x8A, 0,
        ];
        bytes.extend([0x01, 126, 0, 200]);
        bytes.extend([b'x'; 200]);
        bytes.extend([0x80, 127, 0, 0, 0, 0, 0, 1, 0x11, 0x70]);
        bytes.extend(vec![b'y'; 70_000]);
        bytes.extend([0x88, 2, 0x03, 0xE8]);
        let mut expected = b"abc".to_vec();
        expected.extend([b'x'; 200]);
        expected.extend(vec![b'y'; 70_000]);
        for step in [1, 2, 3, 7, 100, 4096, bytes.len()] {
            let (data, control) = decode_in_steps(&bytes, step);
            assert!(data == expected, "step {step}");
            assert_eq!(control, ["ping hi", "pong", "close 1000"], "step {step}");
        }
    }

    #[test]
    fn masked_and_reserved_frames_are_refused() {
        assert!(Decoder::default().next(&mut &[0x81, 0x80][..]).is_err());
        assert!(Decoder::default().next(&mut &[0xC1, 0x00][..]).is_err());
    }
}

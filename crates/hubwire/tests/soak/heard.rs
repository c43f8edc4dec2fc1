//! Parsing of hub messages on a client, incrementally and without storing them.

use hubwire::protocol::HubProtocol;

use crate::numbered::filler;

/// The part of a message before its filler.
const LONGEST_HEAD: usize = 256;

/// The part after the filler: `"]}`, or a null as a result.
const LONGEST_TAIL: usize = 32;

const SEPARATOR: u8 = 0x1E;

/// Something that a client received.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Heard {
    /// The next number of a source.
    Number { source: String, number: u64 },
    /// A completion without a label, a ping, or the message that ends the connection.
    Other(String),
}

#[derive(Clone, Copy, Debug)]
enum Part {
    /// The length of a MessagePack message, and how many of its bits have arrived.
    Length(usize, u32),
    Head,
    /// The number of filler bytes still to come.
    Filler(usize),
    Tail,
}

/// Parses messages.
#[derive(Debug)]
pub(crate) struct Ears {
    protocol: HubProtocol,
    part: Part,
    /// The part of the message that has arrived, without its filler.
    text: Vec<u8>,
    /// How many bytes of a MessagePack message are still to come.
    left: usize,
    tail: usize,
}

impl Ears {
    pub(crate) fn new(protocol: HubProtocol) -> Self {
        Self {
            protocol,
            part: start(protocol),
            text: Vec::new(),
            left: 0,
            tail: 0,
        }
    }

    /// Takes more bytes, however they are split; returns the completed messages, or what is wrong.
    pub(crate) fn hear(&mut self, mut bytes: &[u8]) -> Result<Vec<Heard>, String> {
        let mut heard = Vec::new();
        while !bytes.is_empty() {
            if let Part::Filler(missing) = &mut self.part {
                let (now, rest) = bytes.split_at((*missing).min(bytes.len()));
                if now != filler(now.len()).as_bytes() {
                    return Err(format!("other filler after {}", self.text()));
                }
                *missing -= now.len();
                self.left = self.left.saturating_sub(now.len());
                if *missing == 0 {
                    self.part = Part::Tail;
                    heard.extend(self.end_of_message()?);
                }
                bytes = rest;
            } else {
                let (byte, rest) = (bytes[0], &bytes[1..]);
                self.byte(byte)?;
                if byte == SEPARATOR && self.protocol == HubProtocol::Json {
                    heard.push(self.finish()?);
                } else {
                    heard.extend(self.end_of_message()?);
                }
                bytes = rest;
            }
        }
        Ok(heard)
    }

    fn byte(&mut self, byte: u8) -> Result<(), String> {
        match &mut self.part {
            Part::Length(length, bits) => {
                *length |= usize::from(byte & 0x7F) << *bits;
                *bits += 7;
                if byte < 0x80 {
                    self.left = *length;
                    self.part = Part::Head;
                }
                return Ok(());
            }
            Part::Head => {
                self.text.push(byte);
                self.left = self.left.saturating_sub(1);
                if let Some(size) = self.filler_begins() {
                    self.part = Part::Filler(size);
                }
            }
            _ => {
                self.text.push(byte);
                self.left = self.left.saturating_sub(1);
                self.tail += 1;
            }
        }
        if self.text.len() > LONGEST_HEAD || self.tail > LONGEST_TAIL {
            return Err(format!("more than was said: {}", self.text()));
        }
        Ok(())
    }

    /// Returns how much filler begins here, if any.
    fn filler_begins(&self) -> Option<usize> {
        let close = self.text.iter().position(|byte| *byte == b'>')?;
        let behind = &self.text[close + 1..];
        let begins = match self.protocol {
            HubProtocol::Json => behind == b"\",\"",
            // The first byte of a text's length tells how many bytes the length has.
            _ => match behind.first()? {
                0xD9 => behind.len() == 2,
                0xDA => behind.len() == 3,
                0xDB => behind.len() == 5,
                _ => behind.len() == 1,
            },
        };
        let size = || self.label()?.split(' ').nth(2)?.parse().ok();
        begins.then(size)?
    }

    fn label(&self) -> Option<&str> {
        let open = self.text.iter().position(|byte| *byte == b'<')?;
        let label = &self.text[open + 1..];
        let close = label.iter().position(|byte| *byte == b'>')?;
        std::str::from_utf8(&label[..close]).ok()
    }

    /// Handles the end of a MessagePack message with a known length.
    fn end_of_message(&mut self) -> Result<Option<Heard>, String> {
        let is_over = !matches!(self.part, Part::Length(..)) && self.left == 0;
        if self.protocol == HubProtocol::Json || !is_over {
            return Ok(None);
        }
        self.finish().map(Some)
    }

    fn finish(&mut self) -> Result<Heard, String> {
        if matches!(self.part, Part::Filler(1..)) {
            return Err(format!("less than was said: {}", self.text()));
        }
        let heard = match self.numbered() {
            Some(numbered) => numbered,
            None => Heard::Other(self.text()),
        };
        *self = Self::new(self.protocol);
        Ok(heard)
    }

    fn numbered(&self) -> Option<Heard> {
        let mut words = self.label()?.split(' ');
        Some(Heard::Number {
            source: words.next()?.to_owned(),
            number: words.next()?.parse().ok()?,
        })
    }

    fn text(&self) -> String {
        String::from_utf8_lossy(&self.text).into_owned()
    }
}

fn start(protocol: HubProtocol) -> Part {
    match protocol {
        HubProtocol::Json => Part::Head,
        _ => Part::Length(0, 0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn push(protocol: HubProtocol, label: &str, filler: &str) -> Vec<u8> {
        let mut bytes = Vec::new();
        let mut writer = protocol.writer(&mut bytes);
        let arguments = (label, filler);
        writer.invocation(None, "Push", &arguments, &[]).unwrap();
        bytes
    }

    #[test]
    fn messages_are_heard_however_they_are_cut() {
        for protocol in [HubProtocol::Json, HubProtocol::MessagePack] {
            let mut bytes = Vec::new();
            let sizes = [10, 31, 32, 255, 256, 0x3C3E, 65_535, 65_536, 100_000];
            for (number, size) in sizes.into_iter().enumerate() {
                let label = format!("<all {number} {size}>");
                bytes.extend(push(protocol, &label, filler(size)));
                protocol.writer(&mut bytes).ping();
            }
            for cut in [1, 7, 1_000, bytes.len()] {
                let mut ears = Ears::new(protocol);
                let parts = bytes.chunks(cut);
                let heard: Vec<_> = parts.flat_map(|part| ears.hear(part).unwrap()).collect();
                assert_eq!(heard.len(), 2 * sizes.len());
                for (number, heard) in heard.iter().step_by(2).enumerate() {
                    let (source, number) = ("all".to_owned(), number as u64);
                    assert_eq!(*heard, Heard::Number { source, number });
                }
            }
        }
    }

    #[test]
    fn what_is_longer_or_shorter_than_it_says_or_other_is_noticed() {
        for protocol in [HubProtocol::Json, HubProtocol::MessagePack] {
            for wrong in [filler(2_000), filler(999), &"y".repeat(1_000)] {
                let mut ears = Ears::new(protocol);
                let mut bytes = push(protocol, "<all 0 1000>", wrong);
                bytes.extend(push(protocol, "<all 1 10>", filler(10)));
                assert!(ears.hear(&bytes).is_err(), "{protocol:?} {}", wrong.len());
            }
        }
    }
}

//! Packing the texts of a request into one allocation.

use http::Version;

/// The size of the counter of left-out bytes at the beginning of `packed`.
pub(super) const LEFT_OUT_SIZE: usize = size_of::<u32>();

/// Packs texts as long as there is space.
pub(super) struct Packer {
    packed: Vec<u8>,
    room: usize,
    left_out: usize,
}

impl Packer {
    pub(super) fn new(version: Version, room: usize) -> Self {
        let mut packed = Vec::with_capacity(512);
        packed.extend_from_slice(&[0; LEFT_OUT_SIZE]);
        packed.push(version_byte(version));
        Self {
            packed,
            room,
            left_out: 0,
        }
    }

    /// Packs texts that belong together, or leaves all of them out.
    pub(super) fn pack(&mut self, texts: &[&[u8]]) {
        let bytes: usize = texts.iter().map(|text| text.len()).sum();
        let size = bytes + texts.len() * size_of::<u16>();
        let fits = texts.iter().all(|text| u16::try_from(text.len()).is_ok());
        if size > self.room || !fits {
            self.left_out += bytes;
            return;
        }
        self.room -= size;
        for text in texts {
            let length = u16::try_from(text.len()).unwrap_or_default();
            self.packed.extend_from_slice(&length.to_le_bytes());
            self.packed.extend_from_slice(text);
        }
    }

    /// Packs a text that is identified by its position and therefore always present, if only as an
    /// empty one.
    pub(super) fn pack_or_empty(&mut self, text: &str) {
        let left_out = self.left_out;
        self.pack(&[text.as_bytes()]);
        if self.left_out > left_out {
            self.packed.extend_from_slice(&0_u16.to_le_bytes());
            self.room = self.room.saturating_sub(size_of::<u16>());
        }
    }

    pub(super) fn into_packed(mut self) -> Box<[u8]> {
        let left_out = u32::try_from(self.left_out).unwrap_or(u32::MAX);
        if let Some(start) = self.packed.first_chunk_mut() {
            *start = left_out.to_le_bytes();
        }
        self.packed.into()
    }
}

/// Returns ten times the version, which [`http_version`](super::ConnectionRequest::http_version) reads.
fn version_byte(version: Version) -> u8 {
    match version {
        Version::HTTP_09 => 9,
        Version::HTTP_10 => 10,
        Version::HTTP_2 => 20,
        Version::HTTP_3 => 30,
        _ => 11,
    }
}

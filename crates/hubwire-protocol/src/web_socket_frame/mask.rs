//! Masking, which is the same operation as unmasking.

/// The mask of a frame, and the current position in it.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Mask {
    /// The key, rotated so that its first byte applies to the next byte of payload.
    key: [u8; 4],
}

impl Mask {
    pub(super) const fn new(key: [u8; 4]) -> Self {
        Self { key }
    }

    /// Applies the mask to the next part of the payload.
    pub(super) fn apply(&mut self, payload: &mut [u8]) {
        if self.key == [0; 4] {
            return;
        }
        let [a, b, c, d] = self.key;
        let wide = u64::from_ne_bytes([a, b, c, d, a, b, c, d]);
        let (chunks, tail) = payload.as_chunks_mut::<8>();
        for chunk in chunks {
            *chunk = (u64::from_ne_bytes(*chunk) ^ wide).to_ne_bytes();
        }
        for (byte, key) in tail.iter_mut().zip([a, b, c, d].into_iter().cycle()) {
            *byte ^= key;
        }
        self.key.rotate_left(payload.len() % 4);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_cut_gives_the_same() {
        let key = [0x37, 0xfa, 0x21, 0x3d];
        let payload: Vec<u8> = (0..61).collect();
        let expected: Vec<u8> = payload
            .iter()
            .zip(key.iter().cycle())
            .map(|(byte, key)| byte ^ key)
            .collect();
        for cut in 0..=payload.len() {
            let mut masked = payload.clone();
            let mut mask = Mask::new(key);
            let (head, tail) = masked.split_at_mut(cut);
            mask.apply(head);
            mask.apply(tail);
            assert_eq!(masked, expected, "cut at {cut}");
        }
    }
}

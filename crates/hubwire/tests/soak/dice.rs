//! Randomness that can be reproduced with a seed.

/// SplitMix64: each number follows from the previous one.
#[derive(Clone, Debug)]
pub(crate) struct Dice(u64);

impl Dice {
    /// Creates dice with this name; they are independent of all other dice.
    pub(crate) fn new(seed: u64, name: &str) -> Self {
        let name = name.bytes().fold(seed, |state, byte| {
            (state ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01B3)
        });
        Self(name)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// Returns a number that is at least 0 and less than 1.
    pub(crate) fn fraction(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }

    pub(crate) fn below(&mut self, bound: usize) -> usize {
        (self.fraction() * bound as f64) as usize
    }

    /// Returns a number between the two; every doubling is equally likely.
    pub(crate) fn between(&mut self, low: usize, high: usize) -> usize {
        let (low, high) = (low as f64, high.max(low) as f64);
        (low * (high / low).powf(self.fraction())) as usize
    }

    /// Returns the size of a message: most are small, one in twenty has the largest size.
    pub(crate) fn size(&mut self, largest: usize) -> usize {
        let (low, high) = match self.below(20) {
            0 => (largest / 4, largest),
            1..8 => (1_000, largest / 8),
            _ => (SMALLEST, 1_000),
        };
        self.between(low.clamp(SMALLEST, largest), high.clamp(SMALLEST, largest))
    }
}

/// The smallest message, without its envelope.
pub(crate) const SMALLEST: usize = 10;

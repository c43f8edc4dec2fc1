//! The three forms of MessagePack's timestamp extension.

use super::Timestamp;

impl Timestamp {
    /// Reads the bytes of an extension of type -1.
    pub(crate) fn from_extension(bytes: &[u8]) -> Option<Self> {
        let (seconds, nanoseconds) = if let Ok(bytes) = <[u8; 4]>::try_from(bytes) {
            (i64::from(u32::from_be_bytes(bytes)), 0)
        } else if let Ok(bytes) = <[u8; 8]>::try_from(bytes) {
            let both = u64::from_be_bytes(bytes);
            let seconds = both & 0x3_FFFF_FFFF;
            (
                i64::try_from(seconds).ok()?,
                u32::try_from(both >> 34).ok()?,
            )
        } else {
            let (nanoseconds, seconds) = bytes.split_first_chunk::<4>()?;
            let seconds = i64::from_be_bytes(seconds.try_into().ok()?);
            (seconds, u32::from_be_bytes(*nanoseconds))
        };
        Self::from_unix(seconds, nanoseconds).ok()
    }

    /// Returns the bytes of the longest form.
    pub(crate) fn to_longest_extension(self) -> [u8; 12] {
        let mut bytes = [0; 12];
        let (nanoseconds, seconds) = bytes.split_at_mut(4);
        nanoseconds.copy_from_slice(&self.nanoseconds.to_be_bytes());
        seconds.copy_from_slice(&self.seconds.to_be_bytes());
        bytes
    }

    /// Calls `write` with the bytes of the smallest form.
    pub(crate) fn with_extension<T>(self, write: impl FnOnce(&[u8]) -> T) -> T {
        let Ok(seconds @ 0..0x4_0000_0000) = u64::try_from(self.seconds) else {
            return write(&self.to_longest_extension());
        };
        match u32::try_from(seconds) {
            Ok(seconds) if self.nanoseconds == 0 => write(&seconds.to_be_bytes()),
            _ => write(&(u64::from(self.nanoseconds) << 34 | seconds).to_be_bytes()),
        }
    }
}

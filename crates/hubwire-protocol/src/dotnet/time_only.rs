//! .NET's `TimeOnly`: a time of day.

use std::fmt;
use std::str::FromStr;

use serde::de::{Deserialize, Deserializer};
use serde::ser::{Serialize, Serializer};

use super::counted::{self, Counted};
use super::{InvalidValue, TimeSpan, time_span};
use crate::tagged::TIME_ONLY;

#[cfg(test)]
mod tests;

/// A time of day with a precision of 100 ns: a `TimeOnly` for .NET peers.
///
/// In JSON it is text, `"03:04:05"` or `"03:04:05.5000000"`. In MessagePack it is the number of
/// ticks of 100 ns since midnight. Both forms can be read from MessagePack, and from JSON that
/// serde has buffered (`flatten`, `untagged`, `tag`). Other JSON must contain text.
///
/// ```
/// use hubwire::dotnet::TimeOnly;
/// use hubwire::protocol::json;
///
/// let opens = TimeOnly::from_hms(9, 30, 0)?;
///
/// let mut out = Vec::new();
/// json::write_value(&mut out, &opens)?;
/// assert_eq!(out, b"\"09:30:00\"");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TimeOnly(u64);

const OUT_OF_RANGE: InvalidValue = InvalidValue::OutOfRange("TimeOnly");
const SECOND: u64 = TimeSpan::TICKS_PER_SECOND.unsigned_abs();

impl TimeOnly {
    /// 00:00:00.
    pub const MIDNIGHT: Self = Self(0);
    /// 23:59:59.9999999.
    pub const MAX: Self = Self(86_400 * SECOND - 1);

    /// Creates a time from the hours, minutes and seconds after midnight.
    ///
    /// # Errors
    ///
    /// Returns an error if `hour` exceeds 23, or if `minute` or `second` exceeds 59.
    pub const fn from_hms(hour: u8, minute: u8, second: u8) -> Result<Self, InvalidValue> {
        if hour > 23 || minute > 59 || second > 59 {
            return Err(OUT_OF_RANGE);
        }
        let seconds = hour as u64 * 3_600 + minute as u64 * 60 + second as u64;
        Ok(Self(seconds * SECOND))
    }

    /// Creates a time from the number of ticks of 100 ns since midnight.
    ///
    /// # Errors
    ///
    /// Returns an error if the number is negative, or is a day or more.
    pub const fn from_ticks(ticks: i64) -> Result<Self, InvalidValue> {
        let since_midnight = ticks.unsigned_abs();
        if ticks < 0 || since_midnight > Self::MAX.0 {
            return Err(OUT_OF_RANGE);
        }
        Ok(Self(since_midnight))
    }

    /// Returns the number of ticks of 100 ns since midnight.
    #[must_use]
    pub const fn ticks(self) -> i64 {
        self.0.cast_signed()
    }

    /// Returns the hour, from 0 to 23.
    #[must_use]
    pub const fn hour(self) -> u8 {
        (self.0 / SECOND / 3_600) as u8
    }

    /// Returns the minute, from 0 to 59.
    #[must_use]
    pub const fn minute(self) -> u8 {
        (self.0 / SECOND / 60 % 60) as u8
    }

    /// Returns the second, from 0 to 59.
    #[must_use]
    pub const fn second(self) -> u8 {
        (self.0 / SECOND % 60) as u8
    }

    /// Returns the nanoseconds within the second, a multiple of 100.
    #[must_use]
    pub const fn subsec_nanoseconds(self) -> u32 {
        (self.0 % SECOND) as u32 * 100
    }
}

impl fmt::Display for TimeOnly {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        time_span::write_clock(self.0, f)
    }
}

impl fmt::Debug for TimeOnly {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for TimeOnly {
    type Err = InvalidValue;

    /// Parses `hh:mm[:ss[.fffffff]]`.
    fn from_str(text: &str) -> Result<Self, InvalidValue> {
        time_span::clock(text)
            .map(Self)
            .map_err(|_| InvalidValue::Syntax("03:04:05.5000000"))
    }
}

impl Counted for TimeOnly {
    const NEWTYPE: &'static str = TIME_ONLY;
    const EXPECTED: &'static str = "a time of day";

    fn from_count(ticks: i64) -> Result<Self, InvalidValue> {
        Self::from_ticks(ticks)
    }

    fn count(self) -> i64 {
        self.ticks()
    }
}

impl Serialize for TimeOnly {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        counted::serialize(*self, serializer)
    }
}

impl<'de> Deserialize<'de> for TimeOnly {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        counted::deserialize(deserializer)
    }
}

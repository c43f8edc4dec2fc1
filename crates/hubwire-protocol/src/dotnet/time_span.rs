//! .NET's `TimeSpan`: a number of ticks of 100 ns.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use serde::de::{Deserialize, Deserializer};
use serde::ser::{Serialize, Serializer};

use super::InvalidValue;
use super::counted::{self, Counted};
use crate::tagged::TIME_SPAN;

mod text;

#[cfg(test)]
mod tests;

pub(super) use text::{clock, write_clock};

/// A duration in ticks of 100 ns, which may be negative: a `TimeSpan` for .NET peers.
///
/// In JSON it is text: `"1.02:03:04.5000000"` is a day, two hours, three minutes and 4.5 seconds.
/// In MessagePack it is the number of ticks. Both forms can be read from MessagePack. JSON must
/// contain text, because the unit of a number would be unknown; but if serde has buffered the JSON
/// (`flatten`, `untagged`, `tag`), a number is read as ticks.
///
/// ```
/// use std::time::Duration;
///
/// use hubwire::dotnet::TimeSpan;
/// use hubwire::protocol::{json, messagepack};
///
/// let span = TimeSpan::try_from(Duration::from_millis(1500))?;
///
/// let mut out = Vec::new();
/// json::write_value(&mut out, &span)?;
/// assert_eq!(out, b"\"00:00:01.5000000\"");
///
/// let mut out = Vec::new();
/// messagepack::write_value(&mut out, &span)?;
/// assert_eq!(out, b"\xce\x00\xe4\xe1\xc0");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TimeSpan(i64);

impl TimeSpan {
    /// The empty time span.
    pub const ZERO: Self = Self(0);
    /// `-10675199.02:48:05.4775808`.
    pub const MIN: Self = Self(i64::MIN);
    /// `10675199.02:48:05.4775807`.
    pub const MAX: Self = Self(i64::MAX);
    /// The number of ticks in a second.
    pub const TICKS_PER_SECOND: i64 = 10_000_000;

    /// Creates a time span from a number of ticks of 100 ns.
    #[must_use]
    pub const fn from_ticks(ticks: i64) -> Self {
        Self(ticks)
    }

    /// Returns the number of ticks of 100 ns.
    #[must_use]
    pub const fn ticks(self) -> i64 {
        self.0
    }
}

impl TryFrom<Duration> for TimeSpan {
    type Error = InvalidValue;

    /// Truncates fractions of 100 ns. Fails if the duration exceeds the range of a `TimeSpan`,
    /// about 29,227 years.
    fn try_from(duration: Duration) -> Result<Self, InvalidValue> {
        let ticks = i64::try_from(duration.as_nanos() / 100);
        ticks
            .map(Self)
            .map_err(|_| InvalidValue::OutOfRange("TimeSpan"))
    }
}

impl TryFrom<TimeSpan> for Duration {
    type Error = InvalidValue;

    /// Fails if the time span is negative.
    fn try_from(span: TimeSpan) -> Result<Self, InvalidValue> {
        let ticks =
            u64::try_from(span.0).map_err(|_| InvalidValue::OutOfRange("std::time::Duration"))?;
        let per_second = TimeSpan::TICKS_PER_SECOND.unsigned_abs();
        Ok(Self::from_secs(ticks / per_second) + Self::from_nanos(ticks % per_second * 100))
    }
}

impl fmt::Display for TimeSpan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        text::write(*self, f)
    }
}

impl fmt::Debug for TimeSpan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for TimeSpan {
    type Err = InvalidValue;

    /// Parses `[-][d.]hh:mm[:ss[.fffffff]]`, or a number of days, as in .NET's constant format.
    fn from_str(text: &str) -> Result<Self, InvalidValue> {
        text::read(text)
    }
}

impl Counted for TimeSpan {
    const NEWTYPE: &'static str = TIME_SPAN;
    const EXPECTED: &'static str = "a time span";

    fn from_count(ticks: i64) -> Result<Self, InvalidValue> {
        Ok(Self(ticks))
    }

    fn count(self) -> i64 {
        self.0
    }
}

impl Serialize for TimeSpan {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        counted::serialize(*self, serializer)
    }
}

impl<'de> Deserialize<'de> for TimeSpan {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        counted::deserialize(deserializer)
    }
}

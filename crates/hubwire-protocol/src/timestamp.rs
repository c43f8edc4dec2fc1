//! A point in time, which JSON and MessagePack write in ways of their own.

use std::error::Error;
use std::fmt;
use std::str::FromStr;
use std::time::{Duration, SystemTime};

use serde::de::{Deserialize, Deserializer};
use serde::ser::{Serialize, Serializer};

use crate::tagged::TIMESTAMP;

pub(crate) mod calendar;
mod extension;
pub(crate) mod moment;
pub(crate) mod text;

/// A point in time in UTC, to the nanosecond, between the years 1 and 9999.
///
/// JSON writes it as ISO 8601 text, `2020-01-02T03:04:05.5Z`, and MessagePack as its timestamp
/// extension, so that it is a `DateTime` to .NET peers of either protocol. Read are both forms
/// in MessagePack, and in JSON text with any offset from UTC, or without one, as .NET writes a
/// `DateTime` that says nothing of its zone: that is taken to be in UTC.
///
/// A `DateTimeOffset` of .NET's is read as the same moment in both protocols, but a timestamp that is sent is no
/// `DateTimeOffset` in MessagePack: that is [`dotnet::DateTimeOffset`](crate::dotnet::DateTimeOffset).
///
/// ```
/// use hubwire::Timestamp;
/// use hubwire::protocol::{json, messagepack};
///
/// let timestamp: Timestamp = "2020-01-02T04:34:05.5+01:30".parse()?;
/// assert_eq!(timestamp.to_string(), "2020-01-02T03:04:05.5Z");
///
/// let mut out = Vec::new();
/// json::write_value(&mut out, &timestamp)?;
/// assert_eq!(out, b"\"2020-01-02T03:04:05.5Z\"");
///
/// let mut out = Vec::new();
/// messagepack::write_value(&mut out, &Timestamp::UNIX_EPOCH)?;
/// assert_eq!(out, b"\xd6\xff\0\0\0\0");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp {
    /// Since 1970-01-01, and before it less than zero.
    seconds: i64,
    nanoseconds: u32,
}

impl Timestamp {
    /// 1970-01-01T00:00:00Z.
    pub const UNIX_EPOCH: Self = Self {
        seconds: 0,
        nanoseconds: 0,
    };
    /// 0001-01-01T00:00:00Z, the first that .NET has.
    pub const MIN: Self = Self {
        seconds: -62_135_596_800,
        nanoseconds: 0,
    };
    /// 9999-12-31T23:59:59.999999999Z.
    pub const MAX: Self = Self {
        seconds: 253_402_300_799,
        nanoseconds: 999_999_999,
    };

    /// What the system's clock says now.
    ///
    /// For the application to call: nothing of Hubwire itself reads this clock, and pausing tokio's does not stop it.
    /// A clock beyond the years that a timestamp has reads as [`MIN`](Self::MIN) or [`MAX`](Self::MAX).
    ///
    /// ```
    /// use hubwire::Timestamp;
    ///
    /// assert!(Timestamp::now() > Timestamp::UNIX_EPOCH);
    /// ```
    #[must_use]
    #[expect(
        clippy::disallowed_methods,
        reason = "the application asks for the wall clock; no decision of ours hangs on it"
    )]
    pub fn now() -> Self {
        let now = SystemTime::now();
        Self::try_from(now).unwrap_or(if now < SystemTime::UNIX_EPOCH {
            Self::MIN
        } else {
            Self::MAX
        })
    }

    /// So many seconds, and nanoseconds more, after 1970-01-01T00:00:00Z.
    ///
    /// # Errors
    ///
    /// If there are a billion nanoseconds or more, or the year is not between 1 and 9999.
    pub const fn from_unix(seconds: i64, nanoseconds: u32) -> Result<Self, TimestampError> {
        if seconds < Self::MIN.seconds
            || seconds > Self::MAX.seconds
            || nanoseconds > Self::MAX.nanoseconds
        {
            return Err(TimestampError::OutOfRange);
        }
        Ok(Self {
            seconds,
            nanoseconds,
        })
    }

    /// The whole seconds since 1970-01-01T00:00:00Z, rounded down.
    #[must_use]
    pub const fn unix_seconds(self) -> i64 {
        self.seconds
    }

    /// The nanoseconds behind [`unix_seconds`](Self::unix_seconds).
    #[must_use]
    pub const fn subsec_nanoseconds(self) -> u32 {
        self.nanoseconds
    }
}

/// What is no [`Timestamp`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TimestampError {
    /// The year is not between 1 and 9999, or there are too many nanoseconds.
    OutOfRange,
    /// The text is not a date, with a time and an offset or without, after ISO 8601.
    Syntax,
}

impl fmt::Display for TimestampError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::OutOfRange => "timestamp is not between the years 1 and 9999",
            Self::Syntax => "timestamp is not of the form 2000-01-01T00:00:00Z",
        })
    }
}

impl Error for TimestampError {}

impl TryFrom<SystemTime> for Timestamp {
    type Error = TimestampError;

    fn try_from(time: SystemTime) -> Result<Self, TimestampError> {
        let out_of_range = |_| TimestampError::OutOfRange;
        match time.duration_since(SystemTime::UNIX_EPOCH) {
            Ok(after) => {
                let seconds = after.as_secs().try_into().map_err(out_of_range)?;
                Self::from_unix(seconds, after.subsec_nanos())
            }
            Err(error) => {
                let before = error.duration();
                let seconds: i64 = before.as_secs().try_into().map_err(out_of_range)?;
                match before.subsec_nanos() {
                    0 => Self::from_unix(-seconds, 0),
                    nanoseconds => Self::from_unix(-seconds - 1, 1_000_000_000 - nanoseconds),
                }
            }
        }
    }
}

impl TryFrom<Timestamp> for SystemTime {
    type Error = TimestampError;

    /// Fails only where the system's clock has a smaller range.
    fn try_from(timestamp: Timestamp) -> Result<Self, TimestampError> {
        let seconds = Duration::from_secs(timestamp.seconds.unsigned_abs());
        let whole = if timestamp.seconds < 0 {
            Self::UNIX_EPOCH.checked_sub(seconds)
        } else {
            Self::UNIX_EPOCH.checked_add(seconds)
        };
        whole
            .and_then(|whole| {
                whole.checked_add(Duration::from_nanos(u64::from(timestamp.nanoseconds)))
            })
            .ok_or(TimestampError::OutOfRange)
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(text::write(*self, &mut [0; text::LONGEST]))
    }
}

impl fmt::Debug for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Timestamp {
    type Err = TimestampError;

    /// Reads a date, a time and an offset; without an offset it is in UTC, without a time midnight.
    fn from_str(text: &str) -> Result<Self, TimestampError> {
        text::read(text).map(|moment| moment.timestamp)
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_newtype_struct(TIMESTAMP, &Inside(*self))
    }
}

/// What is written within the newtype: text, or where that is not for reading the bytes of the
/// timestamp extension's longest form.
struct Inside(Timestamp);

impl Serialize for Inside {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if serializer.is_human_readable() {
            serializer.serialize_str(text::write(self.0, &mut [0; text::LONGEST]))
        } else {
            serializer.serialize_bytes(&self.0.to_longest_extension())
        }
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        moment::deserialize(TIMESTAMP, deserializer).map(|moment| moment.timestamp)
    }
}

#[cfg(test)]
mod tests;

//! A point in time, which JSON and MessagePack write in different ways.

use std::error::Error;
use std::fmt;
use std::str::FromStr;
use std::time::{Duration, SystemTime};

use serde::de::{self, Deserialize, Deserializer, Unexpected};
use serde::ser::{Serialize, Serializer};

use crate::tagged::TIMESTAMP;

pub(crate) mod calendar;
mod extension;
pub(crate) mod moment;
pub(crate) mod text;

/// A point in time in UTC, with nanosecond precision, between the years 1 and 9999.
///
/// JSON writes it as ISO 8601 text, `2020-01-02T03:04:05.5Z`, and MessagePack as its timestamp
/// extension, which makes it a `DateTime` to .NET peers in either protocol. MessagePack reads both
/// forms. JSON text may have any offset from UTC, or none, which is how .NET writes a `DateTime`
/// without a known zone; it is then taken to be in UTC.
///
/// .NET's `DateTimeOffset` is read as the same moment in both protocols. A `Timestamp` that is
/// sent, however, is not a `DateTimeOffset` in MessagePack: use
/// [`dotnet::DateTimeOffset`](crate::dotnet::DateTimeOffset) for that.
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
    /// Seconds since 1970-01-01, negative before it.
    seconds: i64,
    nanoseconds: u32,
}

impl Timestamp {
    /// 1970-01-01T00:00:00Z.
    pub const UNIX_EPOCH: Self = Self {
        seconds: 0,
        nanoseconds: 0,
    };
    /// 0001-01-01T00:00:00Z, the earliest time in .NET.
    pub const MIN: Self = Self {
        seconds: -62_135_596_800,
        nanoseconds: 0,
    };
    /// 9999-12-31T23:59:59.999999999Z.
    pub const MAX: Self = Self {
        seconds: 253_402_300_799,
        nanoseconds: 999_999_999,
    };

    /// Returns the current time of the system's clock.
    ///
    /// This is for applications: Hubwire itself does not read this clock, and pausing tokio's
    /// clock does not stop it. A clock outside the range of a timestamp reads as
    /// [`MIN`](Self::MIN) or [`MAX`](Self::MAX).
    ///
    /// ```
    /// use hubwire::Timestamp;
    ///
    /// assert!(Timestamp::now() > Timestamp::UNIX_EPOCH);
    /// ```
    #[must_use]
    #[expect(
        clippy::disallowed_methods,
        reason = "the application asks for the current time; the library does not use it"
    )]
    pub fn now() -> Self {
        let now = SystemTime::now();
        Self::try_from(now).unwrap_or(if now < SystemTime::UNIX_EPOCH {
            Self::MIN
        } else {
            Self::MAX
        })
    }

    /// Creates a timestamp from the seconds since 1970-01-01T00:00:00Z and additional nanoseconds.
    ///
    /// # Errors
    ///
    /// Returns an error if there are a billion nanoseconds or more, or if the year is not between
    /// 1 and 9999.
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

    /// Returns the whole seconds since 1970-01-01T00:00:00Z, rounded down.
    #[must_use]
    pub const fn unix_seconds(self) -> i64 {
        self.seconds
    }

    /// Returns the nanoseconds after [`unix_seconds`](Self::unix_seconds).
    #[must_use]
    pub const fn subsec_nanoseconds(self) -> u32 {
        self.nanoseconds
    }
}

/// The reason why a value is not a valid [`Timestamp`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TimestampError {
    /// The year is not between 1 and 9999, or there are too many nanoseconds.
    OutOfRange,
    /// The text is not an ISO 8601 date with an optional time and offset.
    Syntax,
}

impl TimestampError {
    /// Serde's error, which a log can show without the value.
    fn refused<E: de::Error>(self, received: Unexpected<'_>) -> E {
        let expected = match self {
            Self::OutOfRange => "a timestamp between the years 1 and 9999",
            Self::Syntax => "a timestamp of the form 2000-01-01T00:00:00Z",
        };
        E::invalid_value(received, &expected)
    }
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

    /// Fails only if the system's clock has a smaller range.
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

    /// Reads a date, a time and an offset. Without an offset the time is in UTC; without a time it
    /// is midnight.
    fn from_str(text: &str) -> Result<Self, TimestampError> {
        text::read(text).map(|moment| moment.timestamp)
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_newtype_struct(TIMESTAMP, &Inside(*self))
    }
}

/// The content of the newtype: text, or the bytes of the timestamp extension's longest form if the
/// format is not human-readable.
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

//! .NET's `DateTimeOffset`: a point in time with the offset from UTC of the clock that it was read
//! from.

use std::fmt;
use std::str::FromStr;

use serde::de::{Deserialize, Deserializer, Unexpected};
use serde::ser::{Serialize, Serializer};

use super::InvalidValue;
use crate::tagged::DATE_TIME_OFFSET;
use crate::timestamp::moment::{self, LARGEST_OFFSET, Moment};
use crate::timestamp::{Timestamp, TimestampError};

#[cfg(test)]
mod tests;

/// A point in time with an offset from UTC: a `DateTimeOffset` for .NET peers.
///
/// In JSON it is text, `"2020-01-02T03:04:05+02:00"`. In MessagePack it is an array of the local
/// time as a timestamp and the offset in minutes, as .NET writes it. Every form of a [`Timestamp`]
/// can be read too. A value without an offset is in UTC, whereas .NET assumes the time zone of the
/// machine.
///
/// A `Timestamp` also reads both forms, and drops the offset. It writes a `DateTime` in
/// MessagePack, not a `DateTimeOffset`.
///
/// Two values are equal if both the point in time and the offset are equal. They are ordered by the
/// point in time first.
///
/// ```
/// use hubwire::dotnet::DateTimeOffset;
/// use hubwire::protocol::{json, messagepack};
///
/// let sent: DateTimeOffset = "2020-01-02T03:04:05+02:00".parse()?;
/// assert_eq!(sent.timestamp().to_string(), "2020-01-02T01:04:05Z");
/// assert_eq!(sent.offset_minutes(), 120);
///
/// let mut out = Vec::new();
/// json::write_value(&mut out, &sent)?;
/// assert_eq!(out, b"\"2020-01-02T03:04:05+02:00\"");
///
/// let mut out = Vec::new();
/// messagepack::write_value(&mut out, &sent)?;
/// assert_eq!(out, b"\x92\xd6\xff\x5e\x0d\x5d\xa5\x78");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DateTimeOffset {
    timestamp: Timestamp,
    offset_minutes: i16,
}

impl DateTimeOffset {
    /// Creates a point in time with an offset from UTC in minutes.
    ///
    /// # Errors
    ///
    /// Returns an error if the offset exceeds 840 minutes (14 hours) in either direction, or if the
    /// year of the local time is not between 1 and 9999.
    pub fn new(timestamp: Timestamp, offset_minutes: i16) -> Result<Self, InvalidValue> {
        let out_of_range = InvalidValue::OutOfRange("DateTimeOffset");
        if offset_minutes.unsigned_abs() > LARGEST_OFFSET {
            return Err(out_of_range);
        }
        let clock = moment::shifted(timestamp, i64::from(offset_minutes));
        clock.map_err(|_| out_of_range)?;
        Ok(Self {
            timestamp,
            offset_minutes,
        })
    }

    /// Returns the point in time.
    #[must_use]
    pub const fn timestamp(self) -> Timestamp {
        self.timestamp
    }

    /// Returns the number of minutes by which the local time is ahead of UTC.
    #[must_use]
    pub const fn offset_minutes(self) -> i16 {
        self.offset_minutes
    }

    /// Returns the local time as if it were in UTC.
    fn clock(self) -> Timestamp {
        // `new` has checked the range.
        moment::shifted(self.timestamp, i64::from(self.offset_minutes)).unwrap_or(self.timestamp)
    }
}

impl From<Timestamp> for DateTimeOffset {
    /// Creates the value with an offset of zero.
    fn from(timestamp: Timestamp) -> Self {
        Self {
            timestamp,
            offset_minutes: 0,
        }
    }
}

impl From<DateTimeOffset> for Timestamp {
    fn from(moment: DateTimeOffset) -> Self {
        moment.timestamp
    }
}

impl fmt::Display for DateTimeOffset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        moment::write(self.clock(), self.offset_minutes, f)
    }
}

impl fmt::Debug for DateTimeOffset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl TryFrom<Moment> for DateTimeOffset {
    type Error = InvalidValue;

    fn try_from(moment: Moment) -> Result<Self, InvalidValue> {
        Self::new(moment.timestamp, moment.offset_minutes)
    }
}

impl FromStr for DateTimeOffset {
    type Err = InvalidValue;

    /// Parses every form of a [`Timestamp`].
    fn from_str(text: &str) -> Result<Self, InvalidValue> {
        match text.parse::<Moment>() {
            Ok(moment) => moment.try_into(),
            Err(TimestampError::OutOfRange) => Err(InvalidValue::OutOfRange("DateTimeOffset")),
            Err(TimestampError::Syntax) => Err(InvalidValue::Syntax("2020-01-02T03:04:05+02:00")),
        }
    }
}

impl Serialize for DateTimeOffset {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_newtype_struct(DATE_TIME_OFFSET, &Inside(*self))
    }
}

/// The content of the newtype: text in human-readable formats, otherwise an array.
struct Inside(DateTimeOffset);

impl Serialize for Inside {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if serializer.is_human_readable() {
            serializer.collect_str(&self.0)
        } else {
            (self.0.clock(), self.0.offset_minutes).serialize(serializer)
        }
    }
}

impl<'de> Deserialize<'de> for DateTimeOffset {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let moment = moment::deserialize(DATE_TIME_OFFSET, deserializer)?;
        moment
            .try_into()
            .map_err(|invalid: InvalidValue| invalid.refused(Unexpected::Other("timestamp")))
    }
}

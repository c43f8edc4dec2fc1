//! .NET's `DateTimeOffset`: a moment, and how far the clock that it was read from is ahead of UTC.

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

/// A point in time that keeps the offset from UTC it was given with: a `DateTimeOffset` to .NET peers.
///
/// In JSON it is text, `"2020-01-02T03:04:05+02:00"`, and in MessagePack an array of the clock's reading as a timestamp
/// and the offset in minutes, as .NET writes it. Read is all that a [`Timestamp`] is read from; what has no offset is
/// in UTC, where .NET takes the time zone of the machine.
///
/// A `Timestamp` reads both forms as well, and leaves out the offset. What it writes in MessagePack is no
/// `DateTimeOffset`, but a `DateTime`.
///
/// Equal are moments with the same offset; they are ordered by the moment first.
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
    /// A moment, by a clock that is so many minutes ahead of UTC.
    ///
    /// # Errors
    ///
    /// If there are more than 840 minutes, 14 hours, or what the clock shows is not between the years 1 and 9999.
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

    /// The moment.
    #[must_use]
    pub const fn timestamp(self) -> Timestamp {
        self.timestamp
    }

    /// How many minutes the clock is ahead of UTC.
    #[must_use]
    pub const fn offset_minutes(self) -> i16 {
        self.offset_minutes
    }

    /// What the clock shows, as if it were in UTC.
    fn clock(self) -> Timestamp {
        // In range since it was made.
        moment::shifted(self.timestamp, i64::from(self.offset_minutes)).unwrap_or(self.timestamp)
    }
}

impl From<Timestamp> for DateTimeOffset {
    /// The moment by a clock in UTC.
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

    /// Reads what a [`Timestamp`] is read from.
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

/// What is written within the newtype: text, or an array where that is not for reading.
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

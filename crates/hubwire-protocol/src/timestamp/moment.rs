//! A moment with its offset from UTC, in each of its forms.

use std::fmt;
use std::str::FromStr;

use serde::de::{self, Deserialize, Deserializer, IgnoredAny, SeqAccess, Unexpected, Visitor};

use super::{Timestamp, TimestampError, text};
use crate::tagged::TIMESTAMP;

/// 14 hours, in minutes: the largest offset in .NET.
pub(crate) const LARGEST_OFFSET: u16 = 14 * 60;

/// A moment, and how many minutes its clock was ahead of UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Moment {
    pub(crate) timestamp: Timestamp,
    pub(crate) offset_minutes: i16,
}

impl Moment {
    const fn in_utc(timestamp: Timestamp) -> Self {
        Self {
            timestamp,
            offset_minutes: 0,
        }
    }

    /// Converts the `DateTimeOffset` of .NET's MessagePack: the clock's reading, written as if it
    /// were UTC, and the offset.
    pub(crate) fn from_clock(
        clock: Timestamp,
        offset_minutes: i16,
    ) -> Result<Self, TimestampError> {
        if offset_minutes.unsigned_abs() > LARGEST_OFFSET {
            return Err(TimestampError::OutOfRange);
        }
        Ok(Self {
            timestamp: shifted(clock, -i64::from(offset_minutes))?,
            offset_minutes,
        })
    }
}

/// Returns the timestamp that is this many minutes later.
pub(crate) fn shifted(timestamp: Timestamp, minutes: i64) -> Result<Timestamp, TimestampError> {
    Timestamp::from_unix(timestamp.seconds + minutes * 60, timestamp.nanoseconds)
}

/// Writes a clock's reading with its offset: `2020-01-02T03:04:05+02:00`.
pub(crate) fn write(
    clock: Timestamp,
    offset_minutes: i16,
    f: &mut fmt::Formatter<'_>,
) -> fmt::Result {
    let mut buffer = [0; text::LONGEST];
    let text = text::write(clock, &mut buffer);
    let sign = if offset_minutes < 0 { '-' } else { '+' };
    let minutes = offset_minutes.unsigned_abs();
    let text = text.strip_suffix('Z').unwrap_or(text);
    write!(f, "{text}{sign}{:02}:{:02}", minutes / 60, minutes % 60)
}

impl FromStr for Moment {
    type Err = TimestampError;

    fn from_str(text: &str) -> Result<Self, TimestampError> {
        text::read(text)
    }
}

/// Reads one of our own newtypes: text, the timestamp extension, or the array of .NET's
/// `DateTimeOffset`.
///
/// Serde buffers that array as text and a number, so it must also be read from a human-readable
/// format.
pub(crate) fn deserialize<'de, D: Deserializer<'de>>(
    newtype: &'static str,
    from: D,
) -> Result<Moment, D::Error> {
    from.deserialize_newtype_struct(newtype, MomentVisitor)
}

struct MomentVisitor;

impl<'de> Visitor<'de> for MomentVisitor {
    type Value = Moment;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a timestamp")
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(self, from: D) -> Result<Moment, D::Error> {
        if from.is_human_readable() {
            from.deserialize_any(self)
        } else {
            from.deserialize_bytes(self)
        }
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Moment, E> {
        text.parse()
            .map_err(|invalid: TimestampError| invalid.refused(Unexpected::Str(text)))
    }

    fn visit_bytes<E: de::Error>(self, bytes: &[u8]) -> Result<Moment, E> {
        ClockVisitor.visit_bytes(bytes).map(Moment::in_utc)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<Moment, A::Error> {
        let missing = |have| de::Error::invalid_length(have, &"a timestamp and an offset");
        let Clock(clock) = elements.next_element()?.ok_or_else(|| missing(0))?;
        let offset = elements.next_element()?.ok_or_else(|| missing(1))?;
        if elements.next_element::<IgnoredAny>()?.is_some() {
            return Err(missing(3));
        }
        Moment::from_clock(clock, offset).map_err(|invalid| invalid.refused(Unexpected::Seq))
    }
}

/// A timestamp that is not an array.
struct Clock(Timestamp);

impl<'de> Deserialize<'de> for Clock {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_newtype_struct(TIMESTAMP, ClockVisitor)
            .map(Self)
    }
}

struct ClockVisitor;

impl<'de> Visitor<'de> for ClockVisitor {
    type Value = Timestamp;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a timestamp without an offset")
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(self, from: D) -> Result<Timestamp, D::Error> {
        if from.is_human_readable() {
            from.deserialize_str(self)
        } else {
            from.deserialize_bytes(self)
        }
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Timestamp, E> {
        text.parse()
            .map_err(|invalid: TimestampError| invalid.refused(Unexpected::Str(text)))
    }

    fn visit_bytes<E: de::Error>(self, bytes: &[u8]) -> Result<Timestamp, E> {
        Timestamp::from_extension(bytes)
            .ok_or_else(|| TimestampError::OutOfRange.refused(Unexpected::Bytes(bytes)))
    }
}

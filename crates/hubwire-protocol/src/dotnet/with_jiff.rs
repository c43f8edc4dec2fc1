//! Conversions from and to `jiff`. Fractions of .NET's 100 ns are truncated, except in `Timestamp`
//! and `DateTimeOffset`, which keep them.

use jiff::civil::{Date, Time};
use jiff::{SignedDuration, Zoned};

use super::{DateOnly, DateTimeOffset, InvalidValue, TimeOnly, TimeSpan};
use crate::{Timestamp, TimestampError};

impl TryFrom<SignedDuration> for TimeSpan {
    type Error = InvalidValue;

    /// Fails if the duration exceeds the range of a `TimeSpan`, about 29,227 years.
    fn try_from(duration: SignedDuration) -> Result<Self, InvalidValue> {
        i64::try_from(duration.as_nanos() / 100)
            .map(Self::from_ticks)
            .map_err(|_| InvalidValue::OutOfRange("TimeSpan"))
    }
}

impl From<TimeSpan> for SignedDuration {
    fn from(span: TimeSpan) -> Self {
        let ticks = span.ticks();
        Self::from_micros(ticks / 10) + Self::from_nanos(ticks % 10 * 100)
    }
}

impl TryFrom<Date> for DateOnly {
    type Error = InvalidValue;

    /// Fails if the year is not between 1 and 9999.
    fn try_from(date: Date) -> Result<Self, InvalidValue> {
        let part = |number: i8| u8::try_from(number).unwrap_or_default();
        let year = u16::try_from(date.year()).unwrap_or_default();
        Self::from_ymd(year, part(date.month()), part(date.day()))
    }
}

impl From<DateOnly> for Date {
    fn from(date: DateOnly) -> Self {
        // The values are at most 9999, 12 and 31, which jiff accepts.
        let part = |number: u8| number.cast_signed();
        Self::constant(
            date.year().cast_signed(),
            part(date.month()),
            part(date.day()),
        )
    }
}

impl From<Time> for TimeOnly {
    fn from(time: Time) -> Self {
        let part = i64::from;
        let seconds = part(time.hour()) * 3_600 + part(time.minute()) * 60 + part(time.second());
        let ticks = i64::from(time.subsec_nanosecond()) / 100;
        // Times in jiff have no leap seconds.
        Self::from_ticks(seconds * TimeSpan::TICKS_PER_SECOND + ticks).unwrap_or(Self::MAX)
    }
}

impl From<TimeOnly> for Time {
    fn from(time: TimeOnly) -> Self {
        // The values are at most 23, 59, 59 and 999,999,900, which jiff accepts.
        let part = |number: u8| number.cast_signed();
        let nanoseconds = time.subsec_nanoseconds().cast_signed();
        Self::constant(
            part(time.hour()),
            part(time.minute()),
            part(time.second()),
            nanoseconds,
        )
    }
}

impl TryFrom<jiff::Timestamp> for Timestamp {
    type Error = TimestampError;

    /// Fails if the year is not between 1 and 9999.
    fn try_from(timestamp: jiff::Timestamp) -> Result<Self, TimestampError> {
        let nanoseconds = timestamp.as_nanosecond();
        let seconds = i64::try_from(nanoseconds.div_euclid(1_000_000_000));
        let seconds = seconds.map_err(|_| TimestampError::OutOfRange)?;
        Self::from_unix(seconds, nanoseconds.rem_euclid(1_000_000_000) as u32)
    }
}

impl TryFrom<Timestamp> for jiff::Timestamp {
    type Error = jiff::Error;

    /// Fails on the last day of the year 9999, which is outside of jiff's range.
    fn try_from(timestamp: Timestamp) -> Result<Self, jiff::Error> {
        let nanoseconds = timestamp.subsec_nanoseconds().cast_signed();
        Self::new(timestamp.unix_seconds(), nanoseconds)
    }
}

impl TryFrom<&Zoned> for DateTimeOffset {
    type Error = InvalidValue;

    /// Truncates the offset to whole minutes. Fails if the result exceeds 14 hours, or if the year
    /// is not between 1 and 9999.
    fn try_from(zoned: &Zoned) -> Result<Self, InvalidValue> {
        let out_of_range = InvalidValue::OutOfRange("DateTimeOffset");
        let timestamp = Timestamp::try_from(zoned.timestamp()).map_err(|_| out_of_range)?;
        let minutes = i16::try_from(zoned.offset().seconds() / 60).map_err(|_| out_of_range)?;
        Self::new(timestamp, minutes)
    }
}

impl TryFrom<DateTimeOffset> for Zoned {
    type Error = jiff::Error;

    /// Fails on the last day of the year 9999, which is outside of jiff's range.
    fn try_from(moment: DateTimeOffset) -> Result<Self, jiff::Error> {
        let seconds = i32::from(moment.offset_minutes()) * 60;
        let offset = jiff::tz::Offset::from_seconds(seconds)?;
        let timestamp = jiff::Timestamp::try_from(moment.timestamp())?;
        Ok(timestamp.to_zoned(offset.to_time_zone()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_there_and_back() {
        for ticks in [0, 1, -1, 15_000_000, -15_000_001, i64::MIN, i64::MAX] {
            let span = TimeSpan::from_ticks(ticks);
            assert_eq!(TimeSpan::try_from(SignedDuration::from(span)), Ok(span));
        }
        assert_eq!(
            SignedDuration::from(TimeSpan::from_ticks(15)),
            SignedDuration::from_nanos(1_500)
        );
        assert!(TimeSpan::try_from(SignedDuration::MAX).is_err());
    }

    #[test]
    fn dates_and_times_there_and_back() {
        for date in [DateOnly::MIN, DateOnly::MAX, DateOnly::UNIX_EPOCH] {
            let foreign = Date::from(date);
            assert_eq!(foreign.to_string(), date.to_string());
            assert_eq!(DateOnly::try_from(foreign), Ok(date));
        }
        assert!(DateOnly::try_from(Date::MIN).is_err());
        assert!(DateOnly::try_from(Date::ZERO).is_err());
        for time in [TimeOnly::MIDNIGHT, TimeOnly::MAX] {
            assert_eq!(TimeOnly::from(Time::from(time)), time);
        }
    }

    #[test]
    fn moments_there_and_back() {
        for timestamp in [Timestamp::MIN, Timestamp::UNIX_EPOCH] {
            let foreign = jiff::Timestamp::try_from(timestamp).unwrap();
            assert_eq!(Timestamp::try_from(foreign), Ok(timestamp));
        }
        assert!(jiff::Timestamp::try_from(Timestamp::MAX).is_err());
        assert!(Timestamp::try_from(jiff::Timestamp::MIN).is_err());
        let moment: DateTimeOffset = "2020-01-02T03:04:05.5-11:30".parse().unwrap();
        let foreign = Zoned::try_from(moment).unwrap();
        assert_eq!(DateTimeOffset::try_from(&foreign), Ok(moment));
    }
}

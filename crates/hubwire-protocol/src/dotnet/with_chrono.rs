//! Conversions from and to `chrono`. Fractions of .NET's 100 ns are truncated, except in
//! `Timestamp` and `DateTimeOffset`, which keep them.

use chrono::{DateTime, FixedOffset, NaiveDate, NaiveTime, Offset, TimeDelta, Timelike, Utc};

use super::{DateOnly, DateTimeOffset, InvalidValue, TimeOnly, TimeSpan};
use crate::{Timestamp, TimestampError};

impl TryFrom<TimeDelta> for TimeSpan {
    type Error = InvalidValue;

    /// Fails if the duration exceeds the range of a `TimeSpan`, about 29,227 years.
    fn try_from(delta: TimeDelta) -> Result<Self, InvalidValue> {
        delta
            .num_seconds()
            .checked_mul(Self::TICKS_PER_SECOND)
            .and_then(|ticks| ticks.checked_add(i64::from(delta.subsec_nanos() / 100)))
            .map(Self::from_ticks)
            .ok_or(InvalidValue::OutOfRange("TimeSpan"))
    }
}

impl From<TimeSpan> for TimeDelta {
    fn from(span: TimeSpan) -> Self {
        let ticks = span.ticks();
        Self::microseconds(ticks / 10) + Self::nanoseconds(ticks % 10 * 100)
    }
}

impl TryFrom<NaiveDate> for DateOnly {
    type Error = InvalidValue;

    /// Fails if the year is not between 1 and 9999.
    fn try_from(date: NaiveDate) -> Result<Self, InvalidValue> {
        let since_epoch = date.signed_duration_since(NaiveDate::default()).num_days();
        let epoch = i64::from(Self::UNIX_EPOCH.day_number());
        i32::try_from(epoch + since_epoch)
            .map_err(|_| InvalidValue::OutOfRange("DateOnly"))
            .and_then(Self::from_day_number)
    }
}

impl From<DateOnly> for NaiveDate {
    fn from(date: DateOnly) -> Self {
        let since_epoch = date.day_number() - DateOnly::UNIX_EPOCH.day_number();
        // Years up to 9999 are well within chrono's range.
        Self::default() + TimeDelta::days(i64::from(since_epoch))
    }
}

impl TryFrom<NaiveTime> for TimeOnly {
    type Error = InvalidValue;

    /// Fails within a leap second.
    fn try_from(time: NaiveTime) -> Result<Self, InvalidValue> {
        if time.nanosecond() >= 1_000_000_000 {
            return Err(InvalidValue::OutOfRange("TimeOnly"));
        }
        let seconds = i64::from(time.num_seconds_from_midnight());
        let ticks = i64::from(time.nanosecond() / 100);
        Self::from_ticks(seconds * TimeSpan::TICKS_PER_SECOND + ticks)
    }
}

impl From<TimeOnly> for NaiveTime {
    fn from(time: TimeOnly) -> Self {
        let since_midnight = TimeDelta::from(TimeSpan::from_ticks(time.ticks()));
        Self::default() + since_midnight
    }
}

impl<Tz: chrono::TimeZone> TryFrom<DateTime<Tz>> for Timestamp {
    type Error = TimestampError;

    /// Fails if the year is not between 1 and 9999, or within a leap second.
    fn try_from(time: DateTime<Tz>) -> Result<Self, TimestampError> {
        Self::from_unix(time.timestamp(), time.timestamp_subsec_nanos())
    }
}

impl From<Timestamp> for DateTime<Utc> {
    fn from(timestamp: Timestamp) -> Self {
        // Years up to 9999 are well within chrono's range.
        Self::default()
            + TimeDelta::seconds(timestamp.unix_seconds())
            + TimeDelta::nanoseconds(i64::from(timestamp.subsec_nanoseconds()))
    }
}

impl<Tz: chrono::TimeZone> TryFrom<DateTime<Tz>> for DateTimeOffset {
    type Error = InvalidValue;

    /// Truncates the offset to whole minutes. Fails if the result exceeds 14 hours, if the year is
    /// not between 1 and 9999, or within a leap second.
    fn try_from(time: DateTime<Tz>) -> Result<Self, InvalidValue> {
        let out_of_range = InvalidValue::OutOfRange("DateTimeOffset");
        let minutes = time.offset().fix().local_minus_utc() / 60;
        let minutes = i16::try_from(minutes).map_err(|_| out_of_range)?;
        let timestamp = Timestamp::try_from(time).map_err(|_| out_of_range)?;
        Self::new(timestamp, minutes)
    }
}

impl From<DateTimeOffset> for DateTime<FixedOffset> {
    fn from(moment: DateTimeOffset) -> Self {
        let utc = DateTime::<Utc>::from(moment.timestamp());
        // Offsets of up to 14 hours are within chrono's range.
        match FixedOffset::east_opt(i32::from(moment.offset_minutes()) * 60) {
            Some(offset) => utc.with_timezone(&offset),
            None => utc.fixed_offset(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_there_and_back() {
        for ticks in [0, 1, -1, 15_000_000, -15_000_001, i64::MIN, i64::MAX] {
            let span = TimeSpan::from_ticks(ticks);
            assert_eq!(TimeSpan::try_from(TimeDelta::from(span)), Ok(span));
        }
        assert_eq!(
            TimeDelta::from(TimeSpan::from_ticks(15)),
            TimeDelta::nanoseconds(1_500)
        );
        assert!(TimeSpan::try_from(TimeDelta::MAX).is_err());
    }

    #[test]
    fn dates_and_times_there_and_back() {
        for date in [DateOnly::MIN, DateOnly::MAX, DateOnly::UNIX_EPOCH] {
            let foreign = NaiveDate::from(date);
            assert_eq!(foreign.to_string(), date.to_string());
            assert_eq!(DateOnly::try_from(foreign), Ok(date));
        }
        assert!(DateOnly::try_from(NaiveDate::MAX).is_err());
        for time in [TimeOnly::MIDNIGHT, TimeOnly::MAX] {
            assert_eq!(TimeOnly::try_from(NaiveTime::from(time)), Ok(time));
        }
        let leap = NaiveTime::from_hms_nano_opt(23, 59, 59, 1_500_000_000).unwrap();
        assert!(TimeOnly::try_from(leap).is_err());
    }

    #[test]
    fn moments_there_and_back() {
        for timestamp in [Timestamp::MIN, Timestamp::MAX, Timestamp::UNIX_EPOCH] {
            assert_eq!(
                Timestamp::try_from(DateTime::<Utc>::from(timestamp)),
                Ok(timestamp)
            );
        }
        let moment: DateTimeOffset = "2020-01-02T03:04:05.5-11:30".parse().unwrap();
        let foreign = DateTime::<FixedOffset>::from(moment);
        assert_eq!(format!("{foreign:?}"), "2020-01-02T03:04:05.500-11:30");
        assert_eq!(DateTimeOffset::try_from(foreign), Ok(moment));
    }
}

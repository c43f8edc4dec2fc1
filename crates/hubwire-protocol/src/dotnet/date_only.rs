//! .NET's `DateOnly`: a day of the calendar.

use std::fmt;
use std::str::FromStr;

use serde::de::{Deserialize, Deserializer};
use serde::ser::{Serialize, Serializer};

use super::InvalidValue;
use super::counted::{self, Counted};
use crate::tagged::DATE_ONLY;
use crate::timestamp::calendar::{date_from_days, days_from_date, days_of_month};
use crate::timestamp::text::Rest;

#[cfg(test)]
mod tests;

/// A day in the years 1 to 9999: a `DateOnly` for .NET peers.
///
/// In JSON it is text, `"2020-01-02"`. In MessagePack it is the number of days since 0001-01-01.
/// Both forms can be read from MessagePack, and from JSON that serde has buffered (`flatten`,
/// `untagged`, `tag`). Other JSON must contain text.
///
/// ```
/// use hubwire::dotnet::DateOnly;
/// use hubwire::protocol::json;
///
/// let born = DateOnly::from_ymd(2020, 1, 2)?;
///
/// let mut out = Vec::new();
/// json::write_value(&mut out, &born)?;
/// assert_eq!(out, b"\"2020-01-02\"");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DateOnly {
    /// The number of days since 0001-01-01.
    days: i32,
}

const OUT_OF_RANGE: InvalidValue = InvalidValue::OutOfRange("DateOnly");
/// The number of days from 0001-01-01 to 1970-01-01.
const BEFORE_EPOCH: i64 = DateOnly::UNIX_EPOCH.days as i64;

impl DateOnly {
    /// 0001-01-01.
    pub const MIN: Self = Self { days: 0 };
    /// 9999-12-31.
    pub const MAX: Self = Self { days: 3_652_058 };
    /// 1970-01-01.
    pub const UNIX_EPOCH: Self = Self { days: 719_162 };

    /// Creates a day from its date.
    ///
    /// # Errors
    ///
    /// Returns an error if there is no such day, or if its year is not between 1 and 9999.
    pub const fn from_ymd(year: u16, month: u8, day: u8) -> Result<Self, InvalidValue> {
        let (year, month, day) = (year as i64, month as i64, day as i64);
        if month < 1 || month > 12 || day < 1 || day > days_of_month(year, month) {
            return Err(OUT_OF_RANGE);
        }
        let days = days_from_date(year, month, day) + BEFORE_EPOCH;
        Self::from_day_number(days as i32)
    }

    /// Creates a day from the number of days since 0001-01-01.
    ///
    /// # Errors
    ///
    /// Returns an error if the year is not between 1 and 9999.
    pub const fn from_day_number(days: i32) -> Result<Self, InvalidValue> {
        if days < Self::MIN.days || days > Self::MAX.days {
            return Err(OUT_OF_RANGE);
        }
        Ok(Self { days })
    }

    /// Returns the number of days since 0001-01-01.
    #[must_use]
    pub const fn day_number(self) -> i32 {
        self.days
    }

    const fn date(self) -> (i64, i64, i64) {
        date_from_days(self.days as i64 - BEFORE_EPOCH)
    }

    /// Returns the year, from 1 to 9999.
    #[must_use]
    pub const fn year(self) -> u16 {
        self.date().0 as u16
    }

    /// Returns the month, from 1 to 12.
    #[must_use]
    pub const fn month(self) -> u8 {
        self.date().1 as u8
    }

    /// Returns the day of the month, from 1 to 31.
    #[must_use]
    pub const fn day(self) -> u8 {
        self.date().2 as u8
    }
}

impl fmt::Display for DateOnly {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (year, month, day) = self.date();
        write!(f, "{year:04}-{month:02}-{day:02}")
    }
}

impl fmt::Debug for DateOnly {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for DateOnly {
    type Err = InvalidValue;

    /// Parses `2020-01-02`.
    fn from_str(text: &str) -> Result<Self, InvalidValue> {
        let mut rest = Rest::of(text);
        let days = rest.date().filter(|_| rest.is_empty());
        let days = days.ok_or(InvalidValue::Syntax("2020-01-02"))?;
        Self::from_count(days + BEFORE_EPOCH)
    }
}

impl Counted for DateOnly {
    const NEWTYPE: &'static str = DATE_ONLY;
    const EXPECTED: &'static str = "a date";

    fn from_count(days: i64) -> Result<Self, InvalidValue> {
        Self::from_day_number(i32::try_from(days).map_err(|_| OUT_OF_RANGE)?)
    }

    fn count(self) -> i64 {
        i64::from(self.days)
    }
}

impl Serialize for DateOnly {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        counted::serialize(*self, serializer)
    }
}

impl<'de> Deserialize<'de> for DateOnly {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        counted::deserialize(deserializer)
    }
}

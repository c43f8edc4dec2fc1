//! Timestamps as ISO 8601 text.

use super::calendar::{date_from_days, days_from_date, days_of_month};
use super::moment::Moment;
use super::{Timestamp, TimestampError};

/// The most characters that are written.
pub(super) const LONGEST: usize = "2000-01-01T00:00:00.000000000Z".len();

const DAY: i64 = 86_400;

/// Writes the text into `buffer`, with as many fractional digits as needed.
pub(super) fn write(timestamp: Timestamp, buffer: &mut [u8; LONGEST]) -> &str {
    let (year, month, day) = date_from_days(timestamp.seconds.div_euclid(DAY));
    let second = timestamp.seconds.rem_euclid(DAY);
    let mut text = Text { buffer, length: 0 };
    text.digits(year, 4);
    text.push(b'-');
    text.digits(month, 2);
    text.push(b'-');
    text.digits(day, 2);
    text.push(b'T');
    text.digits(second / 3_600, 2);
    text.push(b':');
    text.digits(second / 60 % 60, 2);
    text.push(b':');
    text.digits(second % 60, 2);
    if timestamp.nanoseconds > 0 {
        let (mut fraction, mut digits) = (i64::from(timestamp.nanoseconds), 9);
        while fraction % 10 == 0 {
            (fraction, digits) = (fraction / 10, digits - 1);
        }
        text.push(b'.');
        text.digits(fraction, digits);
    }
    text.push(b'Z');
    let length = text.length;
    let written = buffer.get(..length).unwrap_or_default();
    str::from_utf8(written).unwrap_or_default()
}

struct Text<'b> {
    buffer: &'b mut [u8; LONGEST],
    length: usize,
}

impl Text<'_> {
    fn push(&mut self, byte: u8) {
        if let Some(next) = self.buffer.get_mut(self.length) {
            *next = byte;
            self.length += 1;
        }
    }

    fn digits(&mut self, number: i64, count: u32) {
        for place in (0..count).rev() {
            let digit = number / 10_i64.pow(place) % 10;
            self.push(b'0' + digit as u8);
        }
    }
}

/// Reads `2000-01-01T00:00:00Z`, or with `+01:30` or `-01:30` in place of `Z`. The fraction may
/// have any length; the first nine digits count.
///
/// As in .NET's JSON, the seconds or the whole time may be missing. Without an offset, the time is
/// taken to be in UTC.
pub(super) fn read(text: &str) -> Result<Moment, TimestampError> {
    let mut rest = Rest::of(text);
    let days = rest.date().ok_or(TimestampError::Syntax)?;
    let (second, nanoseconds, offset) = if rest.is_empty() {
        (0, 0, 0)
    } else {
        rest.time_and_offset().ok_or(TimestampError::Syntax)?
    };
    if !rest.is_empty() {
        return Err(TimestampError::Syntax);
    }
    let seconds = days * DAY + second - offset * 60;
    Ok(Moment {
        timestamp: Timestamp::from_unix(seconds, nanoseconds)?,
        // The offset is less than a day.
        offset_minutes: i16::try_from(offset).unwrap_or_default(),
    })
}

/// The text that was not read yet.
pub(crate) struct Rest<'t>(&'t [u8]);

impl<'t> Rest<'t> {
    pub(crate) const fn of(text: &'t str) -> Self {
        Self(text.as_bytes())
    }

    pub(crate) const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Reads a date and returns the days since 1970-01-01.
    pub(crate) fn date(&mut self) -> Option<i64> {
        let year = self.digits(4)?;
        self.byte(b'-')?;
        let month = self.digits(2).filter(|month| (1..=12).contains(month))?;
        self.byte(b'-')?;
        let day = self.digits(2)?;
        if day == 0 || day > days_of_month(year, month) {
            return None;
        }
        Some(days_from_date(year, month, day))
    }

    /// Reads seconds, nanoseconds, and the offset in minutes.
    fn time_and_offset(&mut self) -> Option<(i64, u32, i64)> {
        self.byte(b'T')?;
        let hour = self.digits(2).filter(|&hour| hour < 24)?;
        self.byte(b':')?;
        let minute = self.digits(2).filter(|&minute| minute < 60)?;
        let (second, nanoseconds) = match self.byte(b':') {
            Some(()) => {
                let second = self.digits(2).filter(|&second| second < 60)?;
                (second, self.fraction()?)
            }
            None => (0, 0),
        };
        let second = hour * 3_600 + minute * 60 + second;
        Some((second, nanoseconds, self.offset()?))
    }

    fn fraction(&mut self) -> Option<u32> {
        if self.byte(b'.').is_none() {
            return Some(0);
        }
        let (mut nanoseconds, mut place) = (self.digit()? * 100_000_000, 10_000_000);
        while let Some(digit) = self.digit() {
            nanoseconds += digit * place;
            place /= 10;
        }
        u32::try_from(nanoseconds).ok()
    }

    /// Returns how many minutes the clock was ahead of UTC; zero if the text has no offset.
    fn offset(&mut self) -> Option<i64> {
        let sign = match self.0.split_first() {
            None => return Some(0),
            Some((b'Z', rest)) => {
                self.0 = rest;
                return Some(0);
            }
            Some((b'+', _)) => 1,
            Some((b'-', _)) => -1,
            Some(_) => return None,
        };
        self.0 = self.0.get(1..)?;
        let hours = self.digits(2).filter(|&hours| hours < 24)?;
        self.byte(b':')?;
        let minutes = self.digits(2).filter(|&minutes| minutes < 60)?;
        Some(sign * (hours * 60 + minutes))
    }

    fn byte(&mut self, expected: u8) -> Option<()> {
        self.0 = self.0.strip_prefix(&[expected])?;
        Some(())
    }

    fn digits(&mut self, count: u32) -> Option<i64> {
        (0..count).try_fold(0, |number, _| Some(number * 10 + self.digit()?))
    }

    fn digit(&mut self) -> Option<i64> {
        let (digit, rest) = self.0.split_first()?;
        if !digit.is_ascii_digit() {
            return None;
        }
        self.0 = rest;
        Some(i64::from(digit - b'0'))
    }
}

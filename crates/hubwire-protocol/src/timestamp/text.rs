//! Timestamps as text after ISO 8601.

use super::calendar::{date_from_days, days_from_date, days_of_month};
use super::{Timestamp, TimestampError};

/// The most characters that are written.
pub(super) const LONGEST: usize = "2000-01-01T00:00:00.000000000Z".len();

const DAY: i64 = 86_400;

/// Writes the text into `buffer`, with as many digits of the fraction as it has.
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

/// Reads `2000-01-01T00:00:00Z`, with a fraction of any length, of which nine digits count, and
/// with `+01:30` or `-01:30` in the place of `Z`.
pub(super) fn read(text: &str) -> Result<Timestamp, TimestampError> {
    let mut rest = Rest(text.as_bytes());
    let (days, second) = rest.date_and_second().ok_or(TimestampError::Syntax)?;
    let nanoseconds = rest.fraction().ok_or(TimestampError::Syntax)?;
    let offset = rest.offset().ok_or(TimestampError::Syntax)?;
    if !rest.0.is_empty() {
        return Err(TimestampError::Syntax);
    }
    Timestamp::from_unix(days * DAY + second - offset, nanoseconds)
}

/// What was not read yet.
struct Rest<'t>(&'t [u8]);

impl Rest<'_> {
    fn date_and_second(&mut self) -> Option<(i64, i64)> {
        let year = self.digits(4)?;
        self.byte(b'-')?;
        let month = self.digits(2).filter(|month| (1..=12).contains(month))?;
        self.byte(b'-')?;
        let day = self.digits(2)?;
        if day == 0 || day > days_of_month(year, month) {
            return None;
        }
        self.byte(b'T')?;
        let hour = self.digits(2).filter(|&hour| hour < 24)?;
        self.byte(b':')?;
        let minute = self.digits(2).filter(|&minute| minute < 60)?;
        self.byte(b':')?;
        let second = self.digits(2).filter(|&second| second < 60)?;
        let days = days_from_date(year, month, day);
        Some((days, hour * 3_600 + minute * 60 + second))
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

    /// The seconds by which the clock that was read is ahead of UTC.
    fn offset(&mut self) -> Option<i64> {
        let sign = match self.0.split_first()? {
            (b'Z', rest) => {
                self.0 = rest;
                return Some(0);
            }
            (b'+', _) => 1,
            (b'-', _) => -1,
            _ => return None,
        };
        self.0 = self.0.get(1..)?;
        let hours = self.digits(2).filter(|&hours| hours < 24)?;
        self.byte(b':')?;
        let minutes = self.digits(2).filter(|&minutes| minutes < 60)?;
        Some(sign * (hours * 3_600 + minutes * 60))
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

//! Time spans as text, in .NET's constant format.

use std::fmt;

use super::TimeSpan;
use crate::dotnet::InvalidValue;

const FORM: InvalidValue = InvalidValue::Syntax("1.02:03:04.5000000");
const OUT_OF_RANGE: InvalidValue = InvalidValue::OutOfRange("TimeSpan");

const SECOND: u64 = TimeSpan::TICKS_PER_SECOND.unsigned_abs();
const DAY: u64 = 86_400 * SECOND;
/// The number of decimal digits of a second that ticks represent.
const FRACTION_DIGITS: usize = 7;

/// Writes `[-][d.]hh:mm:ss[.fffffff]`.
pub(super) fn write(span: TimeSpan, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    if span.0 < 0 {
        f.write_str("-")?;
    }
    let ticks = span.0.unsigned_abs();
    if ticks >= DAY {
        write!(f, "{}.", ticks / DAY)?;
    }
    write_clock(ticks % DAY, f)
}

/// Writes `hh:mm:ss[.fffffff]`.
pub(in crate::dotnet) fn write_clock(ticks: u64, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let seconds = ticks / SECOND;
    let (hours, minutes) = (seconds / 3_600, seconds / 60 % 60);
    write!(f, "{hours:02}:{minutes:02}:{:02}", seconds % 60)?;
    match ticks % SECOND {
        0 => Ok(()),
        fraction => write!(f, ".{fraction:07}"),
    }
}

/// Reads `[-][d.]hh:mm[:ss[.fffffff]]`, or a number of days.
pub(super) fn read(text: &str) -> Result<TimeSpan, InvalidValue> {
    let (is_negative, unsigned) = match text.strip_prefix('-') {
        Some(unsigned) => (true, unsigned),
        None => (false, text),
    };
    let (days, clock_text) = match unsigned.split_once(':') {
        None => (number(unsigned)?, None),
        Some((first, _)) => match first.split_once('.') {
            None => (0, Some(unsigned)),
            Some((days, _)) => (number(days)?, unsigned.get(days.len() + 1..)),
        },
    };
    let ticks = clock_text.map_or(Ok(0), clock)?;
    let ticks = u64::from(days)
        .checked_mul(DAY)
        .and_then(|days| days.checked_add(ticks))
        .ok_or(OUT_OF_RANGE)?;
    let ticks = if is_negative {
        0_i64.checked_sub_unsigned(ticks)
    } else {
        0_i64.checked_add_unsigned(ticks)
    };
    ticks.map(TimeSpan).ok_or(OUT_OF_RANGE)
}

/// Reads `hh:mm[:ss[.fffffff]]` as ticks, less than a day.
pub(in crate::dotnet) fn clock(text: &str) -> Result<u64, InvalidValue> {
    let (hours, rest) = text.split_once(':').ok_or(FORM)?;
    let (minutes, seconds) = match rest.split_once(':') {
        Some((minutes, seconds)) => (minutes, Some(seconds)),
        None => (rest, None),
    };
    let (seconds, fraction) = match seconds.and_then(|seconds| seconds.split_once('.')) {
        Some((seconds, fraction)) => (number(seconds)?, ticks_of(fraction)?),
        None => (seconds.map_or(Ok(0), number)?, 0),
    };
    let (hours, minutes) = (number(hours)?, number(minutes)?);
    if hours > 23 || minutes > 59 || seconds > 59 {
        return Err(FORM);
    }
    let seconds = u64::from(hours * 3_600 + minutes * 60 + seconds);
    Ok(seconds * SECOND + u64::from(fraction))
}

/// Parses a number with at least one digit; leading zeros are allowed.
fn number(digits: &str) -> Result<u32, InvalidValue> {
    if digits.bytes().all(|byte| byte.is_ascii_digit()) {
        digits.parse().map_err(|_| FORM)
    } else {
        Err(FORM)
    }
}

/// Parses up to seven digits of a fraction.
fn ticks_of(fraction: &str) -> Result<u32, InvalidValue> {
    if fraction.len() > FRACTION_DIGITS {
        return Err(FORM);
    }
    let missing = (FRACTION_DIGITS - fraction.len()) as u32;
    Ok(number(fraction)? * 10_u32.pow(missing))
}

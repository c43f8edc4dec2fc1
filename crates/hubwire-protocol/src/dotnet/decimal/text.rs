//! Decimals as text.

use super::{Decimal, InvalidValue, LARGEST, LARGEST_SCALE, OUT_OF_RANGE};

/// The maximum length of the text: a sign, 29 digits and a point; or a sign, a zero, a point and 28
/// digits.
pub(super) const LONGEST: usize = "-0.0000000000000000000000000001".len();

const FORM: InvalidValue = InvalidValue::Syntax("1.10");

/// Writes the text to the end of `buffer`, backwards.
pub(super) fn write(decimal: Decimal, buffer: &mut [u8; LONGEST]) -> &str {
    let mut begins = buffer.len();
    let mut push = |byte| {
        begins -= usize::from(begins > 0);
        if let Some(place) = buffer.get_mut(begins) {
            *place = byte;
        }
    };
    let mut rest = decimal.digits;
    let mut written = 0;
    while rest > 0 || written <= decimal.scale {
        if written == decimal.scale && written > 0 {
            push(b'.');
        }
        push(b'0' + (rest % 10) as u8);
        rest /= 10;
        written += 1;
    }
    if decimal.is_negative {
        push(b'-');
    }
    let text = buffer.get(begins..).unwrap_or_default();
    str::from_utf8(text).unwrap_or_default()
}

/// Parses `-1.10` and `1.1e2`.
pub(super) fn read(text: &str) -> Result<Decimal, InvalidValue> {
    let (is_negative, unsigned) = match text.as_bytes() {
        [b'-', rest @ ..] => (true, rest),
        [b'+', rest @ ..] => (false, rest),
        all => (false, all),
    };
    let (number, exponent) = match unsigned.iter().position(|byte| matches!(byte, b'e' | b'E')) {
        Some(at) => {
            let (number, exponent) = unsigned.split_at(at);
            (
                number,
                read_exponent(exponent.get(1..).unwrap_or_default())?,
            )
        }
        None => (unsigned, 0),
    };
    let (whole, fraction) = match number.iter().position(|byte| *byte == b'.') {
        Some(at) => {
            let (whole, fraction) = number.split_at(at);
            (whole, digits(fraction.get(1..).unwrap_or_default())?)
        }
        None => (number, &b""[..]),
    };
    let whole = digits(whole)?;
    let point = i64::try_from(whole.len()).map_err(|_| OUT_OF_RANGE)?;
    let point = point.saturating_add(exponent);
    let (digits, scale) = round(whole.iter().chain(fraction).map(|byte| byte - b'0'), point)?;
    Ok(Decimal {
        // There is no negative zero.
        is_negative: is_negative && digits > 0,
        digits,
        scale,
    })
}

/// Checks that the text has at least one digit and nothing else.
fn digits(text: &[u8]) -> Result<&[u8], InvalidValue> {
    match text {
        [] => Err(FORM),
        text if text.iter().all(u8::is_ascii_digit) => Ok(text),
        _ => Err(FORM),
    }
}

fn read_exponent(text: &[u8]) -> Result<i64, InvalidValue> {
    let (sign, text) = match text {
        [b'-', rest @ ..] => (-1, rest),
        [b'+', rest @ ..] => (1, rest),
        all => (1, all),
    };
    let exponent = digits(text)?.iter().fold(0_i64, |exponent, digit| {
        exponent
            .saturating_mul(10)
            .saturating_add(i64::from(digit - b'0'))
    });
    Ok(sign * exponent)
}

/// Returns the number and scale for these digits with the decimal point after the first `point` of
/// them, rounded half to even as in .NET.
fn round(digits: impl Iterator<Item = u8>, mut point: i64) -> Result<(u128, u32), InvalidValue> {
    let mut digits = digits.peekable();
    while digits.next_if_eq(&0).is_some() {
        point = point.saturating_sub(1);
    }
    if digits.peek().is_none() {
        // A zero keeps its scale, up to the maximum.
        return Ok((0, scale(point.min(0))));
    }
    let mut number = 0_u128;
    while point > 0 || digits.peek().is_some() && point > -i64::from(LARGEST_SCALE) {
        let digit = digits.peek().copied().unwrap_or(0);
        let more = number * 10 + u128::from(digit);
        if more > LARGEST {
            break;
        }
        digits.next();
        number = more;
        point -= 1;
    }
    let is_up = match digits.next() {
        Some(5) => number % 2 == 1 || digits.any(|digit| digit != 0),
        Some(digit) => digit > 5,
        None => false,
    };
    number += u128::from(is_up);
    if number > LARGEST {
        number = number.div_ceil(10);
        point += 1;
    }
    if point > 0 {
        return Err(OUT_OF_RANGE);
    }
    if point < -i64::from(LARGEST_SCALE) {
        return Ok((0, LARGEST_SCALE));
    }
    Ok((number, scale(point)))
}

/// Returns the number of digits after a decimal point that is `point` digits after the last digit.
fn scale(point: i64) -> u32 {
    u32::try_from(point.unsigned_abs()).map_or(LARGEST_SCALE, |scale| scale.min(LARGEST_SCALE))
}

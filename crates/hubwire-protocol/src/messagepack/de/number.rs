//! Integers in the forms that JavaScript writes.

use std::str;

use super::Deserializer;
use crate::messagepack::head::Head;

/// 2^53: from here on JavaScript's encoder writes whole numbers as floats.
const FIRST_FLOAT: f64 = 9_007_199_254_740_992.0;
/// 2^63, the first integer that does not fit an `i64`.
const BEYOND_I64: f64 = 9_223_372_036_854_775_808.0;
/// 2^64, the first integer that does not fit a `u64`.
const BEYOND_U64: f64 = 18_446_744_073_709_551_616.0;

impl<'de> Deserializer<'de> {
    /// Returns the integer that a value represents, or the value itself.
    #[cold]
    pub(super) fn integer(&self, head: Head<'de>) -> Head<'de> {
        let integer = match head {
            Head::Float64(float) => from_float(float),
            Head::Text(digits) if self.is_key => from_digits(digits),
            _ => None,
        };
        integer.unwrap_or(head)
    }
}

/// Converts a whole number that JavaScript can write only as a float. Other floats are not
/// integers, as in JSON.
fn from_float(float: f64) -> Option<Head<'static>> {
    if float == 0.0 && float.is_sign_negative() {
        return Some(Head::Unsigned(0));
    }
    // Floats of this size have no fraction.
    if (FIRST_FLOAT..BEYOND_U64).contains(&float) {
        return Some(Head::Unsigned(float as u64));
    }
    if (-BEYOND_I64..=-FIRST_FLOAT).contains(&float) {
        return Some(Head::Negative(float as i64));
    }
    None
}

/// Reads the number in a key, with the syntax of JSON.
fn from_digits(digits: &[u8]) -> Option<Head<'static>> {
    let digits = str::from_utf8(digits).ok()?;
    if digits.starts_with('+') {
        return None;
    }
    match digits.parse() {
        Ok(number) => Some(Head::Unsigned(number)),
        Err(_) => match digits.parse() {
            Ok(0) => Some(Head::Unsigned(0)),
            Ok(number) => Some(Head::Negative(number)),
            Err(_) => None,
        },
    }
}

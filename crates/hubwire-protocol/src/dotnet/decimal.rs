//! .NET's `decimal`: 28 to 29 digits and a scale.

use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::str::FromStr;

use super::InvalidValue;

mod text;
mod wire;

#[cfg(test)]
mod tests;

/// A decimal number with 28 to 29 digits: a `decimal` for .NET peers.
///
/// In JSON it is a number with all digits, and in MessagePack it is text, as .NET writes it. It
/// keeps its scale: `1.10` stays `1.10`, and equals `1.1`.
///
/// ```
/// use hubwire::dotnet::Decimal;
/// use hubwire::protocol::{json, messagepack};
///
/// let price: Decimal = "1.10".parse()?;
///
/// let mut out = Vec::new();
/// json::write_value(&mut out, &price)?;
/// assert_eq!(out, b"1.10");
///
/// let mut out = Vec::new();
/// messagepack::write_value(&mut out, &price)?;
/// assert_eq!(out, b"\xa41.10");
///
/// let largest: Decimal = serde_json::from_str("79228162514264337593543950335")?;
/// assert_eq!(largest, Decimal::MAX);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Reading
///
/// Numbers and text can be read in both protocols, including `1e2`. Digits beyond the precision are
/// rounded half to even, as in .NET. JavaScript's floats in MessagePack are read with the digits
/// that JavaScript itself would show.
///
/// # When serde buffers JSON
///
/// Inside `#[serde(flatten)]`, `#[serde(untagged)]` and `#[serde(tag = "..")]`, and from a
/// `serde_json::Value` or `serde_json::from_reader`, the digits of a number are lost before its
/// type is known. Only whole numbers of at most 64 bits can be read there. Any other number is an
/// error that names the alternatives: text, which keeps its digits everywhere, or a type that serde
/// does not buffer.
///
/// Written *into* a `serde_json::Value`, a number with a fraction becomes a float, and excess
/// digits are lost. Formats other than those of Hubwire and `serde_json` are not supported.
///
/// ```
/// use hubwire::dotnet::Decimal;
///
/// #[derive(serde::Deserialize)]
/// #[serde(tag = "kind")]
/// enum Offer {
///     Sale { price: Decimal },
/// }
///
/// let offer = serde_json::from_str::<Offer>(r#"{"kind":"Sale","price":1.10}"#);
/// assert!(offer.is_err_and(|error| error.to_string().contains("send it as text")));
///
/// let Offer::Sale { price } = serde_json::from_str(r#"{"kind":"Sale","price":"1.10"}"#)?;
/// assert_eq!(price.to_string(), "1.10");
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Copy)]
pub struct Decimal {
    is_negative: bool,
    /// Less than 2^96.
    digits: u128,
    /// The number of digits after the decimal point, at most 28.
    scale: u32,
}

/// The maximum number of digits after the decimal point.
const LARGEST_SCALE: u32 = 28;
/// The maximum number that the digits may form.
const LARGEST: u128 = (1 << 96) - 1;

const OUT_OF_RANGE: InvalidValue = InvalidValue::OutOfRange("Decimal");

impl Decimal {
    /// The number zero.
    pub const ZERO: Self = Self {
        is_negative: false,
        digits: 0,
        scale: 0,
    };
    /// 79228162514264337593543950335.
    pub const MAX: Self = Self {
        is_negative: false,
        digits: LARGEST,
        scale: 0,
    };
    /// -79228162514264337593543950335.
    pub const MIN: Self = Self {
        is_negative: true,
        ..Self::MAX
    };

    /// Creates the number `mantissa` / 10^`scale`.
    ///
    /// ```
    /// use hubwire::dotnet::Decimal;
    ///
    /// assert_eq!(Decimal::new(-110, 2)?.to_string(), "-1.10");
    /// # Ok::<(), hubwire::dotnet::InvalidValue>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Returns an error if the absolute value of `mantissa` has more than 96 bits, or `scale` is
    /// more than 28.
    pub const fn new(mantissa: i128, scale: u32) -> Result<Self, InvalidValue> {
        let digits = mantissa.unsigned_abs();
        if digits > LARGEST || scale > LARGEST_SCALE {
            return Err(OUT_OF_RANGE);
        }
        Ok(Self {
            is_negative: mantissa < 0,
            digits,
            scale,
        })
    }

    /// Returns all digits, with the sign.
    #[must_use]
    pub const fn mantissa(self) -> i128 {
        let digits = self.digits.cast_signed();
        if self.is_negative { -digits } else { digits }
    }

    /// Returns the number of digits after the decimal point, at most 28.
    #[must_use]
    pub const fn scale(self) -> u32 {
        self.scale
    }

    /// Returns the integer part and the fraction, the latter in units of 10^-28. Equal numbers have
    /// equal parts.
    const fn parts(self) -> (i128, i128) {
        let unit = 10_i128.pow(self.scale);
        let mantissa = self.mantissa();
        let rest = 10_i128.pow(LARGEST_SCALE - self.scale);
        (mantissa / unit, mantissa % unit * rest)
    }
}

impl Default for Decimal {
    fn default() -> Self {
        Self::ZERO
    }
}

impl PartialEq for Decimal {
    fn eq(&self, other: &Self) -> bool {
        self.parts() == other.parts()
    }
}

impl Eq for Decimal {}

impl PartialOrd for Decimal {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Decimal {
    fn cmp(&self, other: &Self) -> Ordering {
        self.parts().cmp(&other.parts())
    }
}

impl Hash for Decimal {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.parts().hash(state);
    }
}

impl fmt::Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(text::write(*self, &mut [0; text::LONGEST]))
    }
}

impl fmt::Debug for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Decimal {
    type Err = InvalidValue;

    /// Parses `-1.10` and `1.1e2`, without whitespace. Excess digits after the decimal point are
    /// rounded.
    fn from_str(text: &str) -> Result<Self, InvalidValue> {
        text::read(text)
    }
}

macro_rules! from_integers {
    ($($integer:ty)*) => {$(
        impl From<$integer> for Decimal {
            fn from(whole: $integer) -> Self {
                Self {
                    is_negative: i128::from(whole) < 0,
                    digits: i128::from(whole).unsigned_abs(),
                    scale: 0,
                }
            }
        }
    )*};
}

from_integers! { i8 i16 i32 i64 u8 u16 u32 u64 }

//! The types of .NET that have different forms in JSON and MessagePack.
//!
//! Each is read and written as .NET does it in both protocols:
//!
//! | | .NET | JSON | MessagePack |
//! | --- | --- | --- | --- |
//! | [`Decimal`] | `decimal` | `1.10` | text |
//! | [`TimeSpan`] | `TimeSpan` | `"1.02:03:04.5000000"` | ticks of 100 ns |
//! | [`DateOnly`] | `DateOnly` | `"2020-01-02"` | days since 0001-01-01 |
//! | [`TimeOnly`] | `TimeOnly` | `"03:04:05"` | ticks of 100 ns |
//! | [`DateTimeOffset`] | `DateTimeOffset` | `"2020-01-02T03:04:05+02:00"` | a timestamp and minutes |
//!
//! [`Enum`] gives the variants of an enum their numbers. [`Open`] also keeps numbers that no
//! variant has, and [`Flags`] combines variants.
//!
//! Other types with different forms in JSON and MessagePack, such as classes with `[Key(0)]`, can
//! be written with [`per_protocol`].
//!
//! A `DateTime` is a [`Timestamp`](crate::Timestamp), a `byte[]` a [`Binary`](crate::Binary).
//!
//! The features `chrono`, `jiff` and `rust_decimal` add conversions from and to the types of those
//! crates with `From` and `TryFrom`. These are distinct types, because the serde forms of those
//! crates differ from .NET's in MessagePack.

mod counted;
mod date_only;
mod date_time_offset;
mod decimal;
mod enum_names;
mod enum_number;
mod enum_reading;
mod enums;
mod flags;
mod invalid_value;
mod json_text;
mod open;
pub mod per_protocol;
mod time_only;
mod time_span;
#[cfg(feature = "chrono")]
mod with_chrono;
#[cfg(feature = "jiff")]
mod with_jiff;
#[cfg(feature = "rust_decimal")]
mod with_rust_decimal;

pub use date_only::DateOnly;
pub use date_time_offset::DateTimeOffset;
pub use decimal::Decimal;
pub use enum_reading::deserialize_enum;
pub use enums::{Enum, Variant, serialize_enum};
pub use flags::Flags;
pub use invalid_value::InvalidValue;
pub use open::Open;
pub use time_only::TimeOnly;
pub use time_span::TimeSpan;

pub(crate) use enum_number::{NumberOrName, NumberedAs, is_number};

#[cfg(test)]
mod enum_tests;
#[cfg(test)]
mod tests;

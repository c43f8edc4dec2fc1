//! The types that .NET's classes carry, in both of the forms that .NET gives them.
//!
//! Each is one type that is read and written as .NET does it, in JSON and in MessagePack:
//!
//! | | .NET | JSON | MessagePack |
//! | --- | --- | --- | --- |
//! | [`Decimal`] | `decimal` | `1.10` | text |
//! | [`TimeSpan`] | `TimeSpan` | `"1.02:03:04.5000000"` | ticks of 100 ns |
//! | [`DateOnly`] | `DateOnly` | `"2020-01-02"` | days since 0001-01-01 |
//! | [`TimeOnly`] | `TimeOnly` | `"03:04:05"` | ticks of 100 ns |
//! | [`DateTimeOffset`] | `DateTimeOffset` | `"2020-01-02T03:04:05+02:00"` | a timestamp and minutes |
//!
//! [`Enum`] gives an enum the numbers of its variants; [`Open`] is one that keeps a number that no variant has, and
//! [`Flags`] is one whose values are combined.
//!
//! Other types that are one thing in JSON and another in MessagePack, as a class with `[Key(0)]` is, are made with
//! [`per_protocol`].
//!
//! A `DateTime` is a [`Timestamp`](crate::Timestamp), a `byte[]` a [`Binary`](crate::Binary).
//!
//! By the features `chrono`, `jiff` and `rust_decimal` they are made of those crates' types by `From` and `TryFrom`, and
//! those of them. They are distinct types since those crates' own serde forms are not .NET's in MessagePack.

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

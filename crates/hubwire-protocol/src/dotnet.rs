//! The types that .NET's classes carry, each of which reads and writes what .NET does in both hub
//! protocols.
//!
//! - [`Enum`] gives an enum the numbers of its variants. [`Open`] is one that keeps a number that
//!   no variant has, and [`Flags`] is one whose values are combined.

mod enum_names;
mod enum_number;
mod enum_reading;
mod enums;
mod flags;
mod open;

pub use enum_reading::deserialize_enum;
pub use enums::{Enum, Variant, serialize_enum};
pub use flags::Flags;
pub use open::Open;

pub(crate) use enum_number::{NumberOrName, NumberedAs, is_number};

#[cfg(test)]
mod enum_tests;

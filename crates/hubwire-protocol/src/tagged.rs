//! Names by which our own newtypes tell our MessagePack codec what they are.
//!
//! To any other format they are newtype structs, which most leave out: what is inside is
//! written readably, as text. The MessagePack codec knows the names, and shows what is inside a
//! format that is not for reading, in which it is bytes.

/// Bytes: text in base64, or bin.
pub(crate) const BINARY: &str = "$hubwire::Binary";
/// An enum that knows its numbers, where it is read.
pub(crate) const ENUM: &str = "$hubwire::Enum";
/// A point in time: text after ISO 8601, or the timestamp extension.
pub(crate) const TIMESTAMP: &str = "$hubwire::Timestamp";
/// A point in time with its offset: text after ISO 8601, or an array of a timestamp and minutes.
pub(crate) const DATE_TIME_OFFSET: &str = "$hubwire::DateTimeOffset";
/// A number with all its digits: JSON's own, or text.
pub(crate) const DECIMAL: &str = "$hubwire::Decimal";
/// A length of time: text, or ticks.
pub(crate) const TIME_SPAN: &str = "$hubwire::TimeSpan";
/// A day: text, or the days since 0001-01-01.
pub(crate) const DATE_ONLY: &str = "$hubwire::DateOnly";
/// A time of day: text, or ticks.
pub(crate) const TIME_ONLY: &str = "$hubwire::TimeOnly";
/// A value with a form of its own in each protocol.
pub(crate) const PER_PROTOCOL: &str = "$hubwire::PerProtocol";
/// The form in MessagePack of such a value, which is a value like any other.
pub(crate) const MESSAGEPACK_FORM: &str = "$hubwire::MessagePackForm";
/// A received value that passes on as it came.
pub(crate) const RAW_ITEM: &str = "$hubwire::RawItem";
/// JSON text of `serde_json`, which is translated.
pub(crate) const RAW_VALUE: &str = "$serde_json::private::RawValue";

//! The names by which our MessagePack codec recognises our own newtypes.
//!
//! In other formats they are plain newtype structs, and most formats write only the content, as
//! text. The MessagePack codec knows the names and presents itself to the content as a format that
//! is not human-readable; the content is then bytes.

/// Bytes: base64 text, or bin.
pub(crate) const BINARY: &str = "$hubwire::Binary";
/// An enum that knows its numbers, when it is read.
pub(crate) const ENUM: &str = "$hubwire::Enum";
/// A point in time: ISO 8601 text, or the timestamp extension.
pub(crate) const TIMESTAMP: &str = "$hubwire::Timestamp";
/// A point in time with its offset: ISO 8601 text, or an array of a timestamp and minutes.
pub(crate) const DATE_TIME_OFFSET: &str = "$hubwire::DateTimeOffset";
/// A number with all its digits: a JSON number, or text.
pub(crate) const DECIMAL: &str = "$hubwire::Decimal";
/// A duration: text, or ticks.
pub(crate) const TIME_SPAN: &str = "$hubwire::TimeSpan";
/// A day: text, or the days since 0001-01-01.
pub(crate) const DATE_ONLY: &str = "$hubwire::DateOnly";
/// A time of day: text, or ticks.
pub(crate) const TIME_ONLY: &str = "$hubwire::TimeOnly";
/// A value with a form of its own in each protocol.
pub(crate) const PER_PROTOCOL: &str = "$hubwire::PerProtocol";
/// The form in MessagePack of such a value, which is a value like any other.
pub(crate) const MESSAGEPACK_FORM: &str = "$hubwire::MessagePackForm";
/// A received value that is passed on unchanged.
pub(crate) const RAW_ITEM: &str = "$hubwire::RawItem";
/// JSON text of `serde_json`, which is converted.
pub(crate) const RAW_VALUE: &str = "$serde_json::private::RawValue";

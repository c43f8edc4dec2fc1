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
/// A received value that passes on as it came.
pub(crate) const RAW_ITEM: &str = "$hubwire::RawItem";
/// JSON text of `serde_json`, which is translated.
pub(crate) const RAW_VALUE: &str = "$serde_json::private::RawValue";

//! What a received value does not fit, in ASP.NET Core's words.

use std::error::Error;

use super::RawItem;
use crate::error::DecodeError;
use crate::excerpt::Excerpt;
use crate::hub_protocol::HubProtocol;

impl RawItem<'_> {
    /// What is wrong with a value that is no `T`: the kind of exception and the text that clients of
    /// ASP.NET Core may read. `field` is what the protocol calls the value: `item`, `argument`.
    ///
    /// In JSON the text is that of the library, here as there; it may quote the value, and so is an
    /// [`Excerpt`].
    #[must_use]
    pub fn misfit<T>(&self, error: &DecodeError, field: &str) -> (&'static str, String) {
        match self.protocol() {
            HubProtocol::Json => {
                let cause = error.source().unwrap_or(error);
                ("JsonException", Excerpt(cause).to_string())
            }
            HubProtocol::MessagePack => {
                let name = dotnet_type_name::<T>();
                let text =
                    format!("Deserializing object of the `{name}` type for '{field}' failed.");
                ("InvalidDataException", text)
            }
        }
    }
}

/// The simple name that .NET gives a type, or the Rust name of one that .NET does not have.
///
/// ```
/// assert_eq!(hubwire::protocol::dotnet_type_name::<Option<i32>>(), "Int32");
/// assert_eq!(hubwire::protocol::dotnet_type_name::<String>(), "String");
/// ```
#[must_use]
pub fn dotnet_type_name<T: ?Sized>() -> &'static str {
    let full = std::any::type_name::<T>();
    // A value that may be null is no type of its own in .NET's texts.
    let full = full.strip_prefix("core::option::Option<").unwrap_or(full);
    let plain = full.split('<').next().unwrap_or(full);
    match plain
        .rsplit("::")
        .next()
        .unwrap_or(plain)
        .trim_end_matches('>')
    {
        "bool" => "Boolean",
        "char" => "Char",
        "f32" => "Single",
        "f64" => "Double",
        "i8" => "SByte",
        "i16" => "Int16",
        "i32" => "Int32",
        "i64" => "Int64",
        "u8" => "Byte",
        "u16" => "UInt16",
        "u32" => "UInt32",
        "u64" => "UInt64",
        name => name,
    }
}

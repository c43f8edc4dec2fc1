//! Descriptions of received values that do not fit, for clients in ASP.NET Core's words, and for
//! the log.

use std::error::Error;

use serde::de::DeserializeOwned;

use super::{PathNames, RawItem};
use crate::error::{DecodeError, cause_of, with_advice};
use crate::excerpt::Excerpt;
use crate::hub_protocol::HubProtocol;

impl RawItem<'_> {
    /// Returns ASP.NET Core's exception name and text for a value that is not a `T`, which clients
    /// may read. `field` is the protocol's name for the value: `item` or `argument`.
    ///
    /// In JSON, the text is that of the JSON library, as in ASP.NET Core. It is an [`Excerpt`],
    /// because it may quote the value.
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

impl RawItem<'_> {
    /// Returns what is wrong with a value that is not a `T`, and where, for the server's operator.
    ///
    /// The member is found by decoding the value again, so call this only if the result is logged.
    /// Its names are those on the wire.
    ///
    /// ```
    /// # use hubwire::protocol::{HubProtocol, Naming, RawItem};
    /// # #[derive(Debug, serde::Deserialize)]
    /// # struct Line { count: u8 }
    /// let lines = serde_json::json!([{"count": 1}, {"count": 256}]);
    /// let item = RawItem::encode(HubProtocol::Json, Naming::AsDeclared, &lines)?;
    /// let error = item.decode::<Vec<Line>>().unwrap_err();
    /// let detail = item.misfit_detail::<Vec<Line>>(&error);
    /// assert!(detail.starts_with("[1].count: invalid value: integer `256`, expected u8"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn misfit_detail<T: DeserializeOwned>(&self, error: &DecodeError) -> String {
        self.detail_with::<T>(PathNames::All, cause_of(error.source().unwrap_or(error)))
    }

    /// Returns the [`misfit_detail`](Self::misfit_detail) without the value. It contains only the
    /// kind of value, what was expected, and where. The key of a map is part of the value,
    /// and is shown as `[key]`.
    #[must_use]
    pub fn misfit_detail_without_value<T: DeserializeOwned>(&self, error: &DecodeError) -> String {
        self.detail_with::<T>(PathNames::Declared, error.detail_without_value())
    }

    fn detail_with<T: DeserializeOwned>(&self, names: PathNames, cause: String) -> String {
        let (member, cause) = (self.misplaced::<T>(names), with_advice(cause));
        match member.trim_start_matches('.') {
            "" => cause,
            member => format!("{member}: {cause}"),
        }
    }
}

/// Returns .NET's simple name of a type, or the Rust name if .NET has no such type.
///
/// ```
/// assert_eq!(hubwire::protocol::dotnet_type_name::<Option<i32>>(), "Int32");
/// assert_eq!(hubwire::protocol::dotnet_type_name::<String>(), "String");
/// ```
#[must_use]
pub fn dotnet_type_name<T: ?Sized>() -> &'static str {
    let full = std::any::type_name::<T>();
    // In .NET's texts, nullable types have the name of the inner type.
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

//! The names of struct members and enum variants on the wire.

mod case;
mod reading;
mod variant;
mod writing;

pub(crate) use reading::Reading;
pub(crate) use writing::Writing;

/// The names of struct members and enum variants on the wire.
///
/// The code that writes or decodes a value chooses the naming, not the type of the value. The same
/// type can talk to peers of either kind.
///
/// | | `AsDeclared` | `DotNet` | `DotNetStringEnums` |
/// | --- | --- | --- | --- |
/// | members in JSON | as serde declares them | camelCase out, any ASCII case in | the same |
/// | members in MessagePack | as serde declares them | PascalCase, case counts | the same |
/// | enums in JSON | their names | their numbers; names in any case are read too | their names, read in any case |
/// | enums in MessagePack | their names | their names | their names |
/// | `char` in MessagePack | text | a number, if it is one unit of UTF-16; both are read | the same |
///
/// Serde does not reveal the numbers of an enum's variants. `#[derive(hubwire::dotnet::Enum)]`, in
/// place of serde's derives, does ([`dotnet::Enum`](crate::dotnet::Enum)). Under `DotNet`, an enum
/// without it is an error where its number would have to be written or is read in JSON, unless it
/// is the tag of an adjacently tagged enum. Keys of maps stay as they are, and enums used as keys
/// go by name.
///
/// Values that serde buffers before it decides on a type are read under their declared names,
/// although their structs are written under .NET's names. These are structs that contain
/// `#[serde(flatten)]`, and the contents of untagged, internally tagged and adjacently tagged
/// enums. Declare such members with the names that the peers use, by `#[serde(rename_all =
/// "camelCase")]` and aliases.
///
/// ```
/// use hubwire::{Naming, SignalR, hub};
/// use serde::Serialize;
///
/// #[derive(Serialize)]
/// struct Price {
///     current_price: u32, // "currentPrice" in JSON, "CurrentPrice" in MessagePack
/// }
///
/// struct PriceHub;
///
/// #[hub]
/// impl PriceHub {
///     pub async fn price(&self) -> Price {
///         Price { current_price: 7 }
///     }
/// }
///
/// let signalr = SignalR::new();
/// let prices = signalr.hub().naming(Naming::DotNet).build(PriceHub);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Naming {
    /// The names that serde declares.
    #[default]
    AsDeclared,
    /// The names that .NET's serializers use by default.
    #[serde(rename = "dotnet")]
    DotNet,
    /// The names that .NET's serializers use with a `JsonStringEnumConverter`: enums go by name in
    /// JSON too, which also works for enums of other crates.
    #[serde(rename = "dotnet_string_enums")]
    DotNetStringEnums,
}

impl Naming {
    /// Calls `write` with the name of a member in MessagePack.
    #[inline]
    pub(crate) fn with_messagepack_name<T>(
        self,
        declared: &str,
        write: impl FnOnce(&str) -> T,
    ) -> T {
        match self {
            Self::AsDeclared => write(declared),
            Self::DotNet | Self::DotNetStringEnums => {
                // Most names are a single word, in which only the first letter changes.
                let name: String = case::pascal_characters(declared).collect();
                write(&name)
            }
        }
    }

    /// Returns the declared name of the member called `name` in MessagePack, or a name of no
    /// member if there is none.
    #[inline]
    pub(crate) fn declared_from_messagepack<'n>(
        self,
        name: &'n str,
        fields: &'static [&'static str],
    ) -> &'n str {
        match self {
            Self::AsDeclared => name,
            Self::DotNet | Self::DotNetStringEnums => declared(name, fields, case::is_pascal),
        }
    }

    /// Returns the declared name of the member called `name` in JSON, or a name of no member if
    /// there is none.
    pub(crate) fn declared_from_json<'n>(
        self,
        name: &'n str,
        fields: &'static [&'static str],
    ) -> &'n str {
        match self {
            Self::AsDeclared => name,
            Self::DotNet | Self::DotNetStringEnums => declared(name, fields, case::is_any_case),
        }
    }
}

fn declared<'n>(
    name: &'n str,
    fields: &'static [&'static str],
    is_name_of: fn(&str, &str) -> bool,
) -> &'n str {
    match fields.iter().find(|field| is_name_of(name, field)) {
        Some(field) => field,
        // The declared name itself is not a name on the wire.
        None if fields.contains(&name) => "",
        None => name,
    }
}

#[cfg(test)]
mod tests;

//! How members of structs and variants of enums are called on the wire.

mod case;
mod reading;
mod variant;
mod writing;

pub(crate) use reading::Reading;
pub(crate) use writing::Writing;

/// How members of structs and variants of enums are called on the wire.
///
/// Decided by whoever writes or decodes a value, not by its type: one derived type can talk to
/// peers of either kind.
///
/// | | `AsDeclared` | `DotNet` | `DotNetStringEnums` |
/// | --- | --- | --- | --- |
/// | members in JSON | as serde declares them | camelCase out, any ASCII case in | the same |
/// | members in MessagePack | as serde declares them | PascalCase, case counts | the same |
/// | enums in JSON | their names | their numbers; names in any case are read too | their names, read in any case |
/// | enums in MessagePack | their names | their names | their names |
/// | `char` in MessagePack | text | a number, if it is one unit of UTF-16; both are read | the same |
///
/// Serde does not tell which numbers the variants of an enum have: `#[derive(hubwire::dotnet::Enum)]`,
/// in the place of serde's derives, does ([`dotnet::Enum`](crate::dotnet::Enum)). Under `DotNet` an
/// enum without it is an error where its number would have to be written or is read in JSON, unless
/// it is the tag of an adjacently tagged enum. Keys of maps stay as they are, enums by name.
///
/// What serde buffers before it decides on a type is read under the names it was declared with,
/// though its structs are written under .NET's: structs with `#[serde(flatten)]` in them, and
/// what lies within untagged, internally and adjacently tagged enums. Declare such members with
/// the names of the peers, by `#[serde(rename_all = "camelCase")]` and aliases.
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
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Naming {
    /// As serde declares them.
    #[default]
    AsDeclared,
    /// As .NET's serializers do by default.
    DotNet,
    /// As .NET's serializers do where a `JsonStringEnumConverter` is added: enums go by name in
    /// JSON too, so that enums of other crates can be sent.
    DotNetStringEnums,
}

impl Naming {
    /// Hands on the name of a member as it is written in MessagePack.
    #[inline]
    pub(crate) fn with_messagepack_name<T>(
        self,
        declared: &str,
        write: impl FnOnce(&str) -> T,
    ) -> T {
        match self {
            Self::AsDeclared => write(declared),
            Self::DotNet | Self::DotNetStringEnums => {
                // Most names are a word, of which only the first letter changes.
                let name: String = case::pascal_characters(declared).collect();
                write(&name)
            }
        }
    }

    /// The declared name of the member that is called `name` in MessagePack; of no member if
    /// there is none.
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

    /// The declared name of the member that is called `name` in JSON; of no member if there is
    /// none.
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
        // The declared name itself is not the member's name on the wire.
        None if fields.contains(&name) => "",
        None => name,
    }
}

#[cfg(test)]
mod tests;

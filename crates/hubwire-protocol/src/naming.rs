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
/// | | `AsDeclared` | `DotNet` |
/// | --- | --- | --- |
/// | members in JSON | as serde declares them | camelCase out, any ASCII case in |
/// | members in MessagePack | as serde declares them | PascalCase, case counts |
/// | enums without data in JSON | their names | their numbers; names are read too |
/// | enums without data in MessagePack | their names | their names |
/// | `char` in MessagePack | text | a number, if it is one unit of UTF-16; both are read |
///
/// An enum's number is the position of its variant, from zero. Keys of maps stay as they are.
///
/// What serde buffers before it decides on a type is read under the names it was declared with,
/// though its structs are written under .NET's: structs with `#[serde(flatten)]` in them, and
/// what lies within untagged, internally and adjacently tagged enums. Declare such members with
/// the names of the peers, by `#[serde(rename_all = "camelCase")]` and aliases.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Naming {
    /// As serde declares them.
    #[default]
    AsDeclared,
    /// As .NET's serializers do by default.
    DotNet,
}

impl Naming {
    /// Hands on the name of a member as it is written in MessagePack.
    #[inline]
    pub(crate) fn with_messagepack_name<T>(
        self,
        declared: &'static str,
        write: impl FnOnce(&str) -> T,
    ) -> T {
        match self {
            Self::AsDeclared => write(declared),
            Self::DotNet => {
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
            Self::DotNet => declared(name, fields, case::is_pascal),
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
            Self::DotNet => declared(name, fields, case::is_any_case),
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

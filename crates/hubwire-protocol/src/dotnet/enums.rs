//! Enums with numbered variants.

use serde::ser::{Serialize, Serializer};

use super::enum_number::Numbered;

/// An enum with numbers declared for its variants, as in .NET.
///
/// `#[derive(hubwire::dotnet::Enum)]` implements it, together with serde's `Serialize` and
/// `Deserialize`. It replaces serde's derives, which do not know the numbers. It supports
/// `#[serde(rename = "..")]`, `#[serde(rename_all = "..")]` and `#[serde(alias = "..")]`.
///
/// | | `Naming::AsDeclared` | `Naming::DotNet` | `Naming::DotNetStringEnums` |
/// | --- | --- | --- | --- |
/// | JSON | the name | the number | the name |
/// | a key of a map in JSON | the name | the name | the name |
/// | MessagePack | the name | the name | the name |
///
/// Reading does not depend on the naming. JSON accepts the number of a variant, or its name in any
/// ASCII case. MessagePack accepts the name as it is written. Both accept digits in text as a
/// number, and several names separated by commas as their numbers combined, as .NET's `Enum.Parse`
/// does. Any other value is an error, unless [`Open`](super::Open) keeps it. If serde buffers a
/// value before it decides on a type (`flatten`, untagged and internally tagged enums), MessagePack
/// is read as JSON is.
///
/// For serializers of other formats, the enum behaves as with serde's derives. A
/// `serde_json::Value` created from it contains its name, whatever the hub's naming.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not an enum with numbers",
    note = "`#[derive(hubwire::dotnet::Enum)]`, in the place of serde's derives, makes it one"
)]
pub trait Enum: Sized + 'static {
    /// The name of the enum.
    const NAME: &'static str;
    /// The names of its variants as they are written, in the order of [`VARIANTS`](Self::VARIANTS).
    const NAMES: &'static [&'static str];
    /// Its variants in the order of their declaration.
    const VARIANTS: &'static [Variant<Self>];

    /// Returns the value's variant.
    fn variant(&self) -> &'static Variant<Self>;

    /// Returns the number that is declared for the variant.
    fn number(&self) -> i64 {
        self.variant().number
    }

    /// Returns the name of the variant as it is written.
    fn name(&self) -> &'static str {
        self.variant().name
    }

    /// Returns the variant with this number.
    #[must_use]
    fn from_number(number: i64) -> Option<Self> {
        let mut variants = Self::VARIANTS.iter();
        let variant = variants.find(|variant| variant.number == number)?;
        Some((variant.value)())
    }
}

/// A variant of an [`Enum`].
#[derive(Debug)]
pub struct Variant<E> {
    pub(super) name: &'static str,
    pub(super) aliases: &'static [&'static str],
    pub(super) number: i64,
    pub(super) position: u32,
    pub(super) value: fn() -> E,
}

impl<E> Variant<E> {
    /// Describes a variant. `position` is its index among all variants, from zero, as serde counts.
    #[must_use]
    pub const fn new(
        position: u32,
        number: i64,
        name: &'static str,
        aliases: &'static [&'static str],
        value: fn() -> E,
    ) -> Self {
        Self {
            name,
            aliases,
            number,
            position,
            value,
        }
    }

    /// Returns the name as it is written.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// Returns the declared number.
    #[must_use]
    pub const fn number(&self) -> i64 {
        self.number
    }
}

/// Writes an enum. Derived `Serialize` implementations call this.
///
/// # Errors
///
/// Returns the serializer's errors.
pub fn serialize_enum<E: Enum, S: Serializer>(value: &E, serializer: S) -> Result<S::Ok, S::Error> {
    let variant = value.variant();
    let unit = UnitVariant {
        of: E::NAME,
        position: variant.position,
        name: variant.name,
    };
    if serializer.is_human_readable() {
        Numbered::new(variant.number, &unit).serialize(serializer)
    } else {
        unit.serialize(serializer)
    }
}

/// The variant as serde's derive would write it.
struct UnitVariant {
    of: &'static str,
    position: u32,
    name: &'static str,
}

impl Serialize for UnitVariant {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_unit_variant(self.of, self.position, self.name)
    }
}

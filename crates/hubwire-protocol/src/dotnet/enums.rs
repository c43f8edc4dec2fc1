//! Enums that know the numbers of their variants.

use serde::ser::{Serialize, Serializer};

use super::enum_number::Numbered;

/// An enum whose variants have the numbers that are declared for them, as .NET's have.
///
/// `#[derive(hubwire::dotnet::Enum)]` implements it, and serde's `Serialize` and `Deserialize`
/// besides: it stands in the place of their derives, which know no numbers. It honours
/// `#[serde(rename = "..")]`, `#[serde(rename_all = "..")]` and `#[serde(alias = "..")]`.
///
/// | | `Naming::AsDeclared` | `Naming::DotNet` | `Naming::DotNetStringEnums` |
/// | --- | --- | --- | --- |
/// | JSON | the name | the number | the name |
/// | a key of a map in JSON | the name | the name | the name |
/// | MessagePack | the name | the name | the name |
///
/// Read is, under any naming, in JSON a number that a variant has, or a name in any ASCII case;
/// in MessagePack a name as it is written. Digits in text are a number, and names with commas
/// between them are the numbers of all of them together, as .NET's `Enum.Parse` takes them. What
/// is no variant is an error; [`Open`](super::Open) keeps it. Where serde buffers a value before
/// it decides on a type (`flatten`, untagged and internally tagged enums), MessagePack is read as
/// JSON is.
///
/// To serializers of other formats the enum is what serde's derives make of it. A
/// `serde_json::Value` of one has its name, whatever the hub's naming is.
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

    /// Which variant the value is.
    fn variant(&self) -> &'static Variant<Self>;

    /// The number that is declared for the variant.
    fn number(&self) -> i64 {
        self.variant().number
    }

    /// The name of the variant as it is written.
    fn name(&self) -> &'static str {
        self.variant().name
    }

    /// The variant that has this number.
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
    /// A variant, its `position` among the others as serde counts it: from zero.
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

    /// The name as it is written.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// The number that is declared.
    #[must_use]
    pub const fn number(&self) -> i64 {
        self.number
    }
}

/// Writes an enum; what its `Serialize` does.
///
/// # Errors
///
/// Those of the serializer.
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

/// What serde's own derive would write.
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

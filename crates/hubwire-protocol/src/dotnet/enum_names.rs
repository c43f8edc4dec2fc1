//! The number that a text says.

use super::enums::{Enum, Variant};

/// In which forms .NET reads an enum.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Forms {
    /// A number, or text in which case does not count.
    Json,
    /// Text in which case counts.
    MessagePack,
}

/// The number of a name, of digits, or of several names with commas between them, as .NET's
/// `Enum.Parse` has it.
pub(super) fn number_in<E: Enum>(text: &str, forms: Forms) -> Option<i64> {
    if let Some(variant) = named::<E>(text, forms) {
        return Some(variant.number);
    }
    if let Ok(number) = text.trim().parse() {
        return Some(number);
    }
    let mut names = text.split(',');
    names.try_fold(0, |numbers, name| {
        named::<E>(name.trim(), forms).map(|variant| numbers | variant.number)
    })
}

/// The variant of this name; none where the name is that of two in different cases.
fn named<E: Enum>(name: &str, forms: Forms) -> Option<&'static Variant<E>> {
    let is_exact = |known: &str| known == name;
    if let Some(variant) = called::<E>(is_exact).next() {
        return Some(variant);
    }
    if forms == Forms::MessagePack {
        return None;
    }
    let mut variants = called::<E>(|known| known.eq_ignore_ascii_case(name));
    let variant = variants.next()?;
    variants.next().is_none().then_some(variant)
}

fn called<E: Enum>(is_name: impl Fn(&str) -> bool) -> impl Iterator<Item = &'static Variant<E>> {
    E::VARIANTS.iter().filter(move |variant| {
        is_name(variant.name) || variant.aliases.iter().any(|alias| is_name(alias))
    })
}

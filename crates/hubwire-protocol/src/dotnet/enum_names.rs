//! The number of an enum that a text stands for.

use super::enums::{Enum, Variant};

/// The rules by which .NET reads an enum.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Forms {
    /// Numbers, and text regardless of case.
    Json,
    /// Text with the exact case.
    MessagePack,
}

/// Returns the number of a name, of digits, or of several names separated by commas, as .NET's
/// `Enum.Parse` does.
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

/// Returns the variant with this name; `None` if two variants match in different cases.
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

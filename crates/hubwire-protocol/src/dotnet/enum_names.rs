//! The number that a text says.

use super::enums::{Enum, Variant};

/// Whether case matters in a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Case {
    /// As in .NET's MessagePack.
    Counts,
    /// As in .NET's JSON; a name that is written exactly so goes first.
    Ignored,
}

/// The number of a name, of digits, or of several names with commas between them, as .NET's
/// `Enum.Parse` has it.
pub(super) fn number_in<E: Enum>(text: &str, case: Case) -> Option<i64> {
    if let Some(variant) = named::<E>(text, case) {
        return Some(variant.number);
    }
    if let Ok(number) = text.trim().parse() {
        return Some(number);
    }
    let mut names = text.split(',');
    names.try_fold(0, |numbers, name| {
        named::<E>(name.trim(), case).map(|variant| numbers | variant.number)
    })
}

/// The variant of this name; none where the name is that of two in different cases.
fn named<E: Enum>(name: &str, case: Case) -> Option<&'static Variant<E>> {
    let is_exact = |known: &str| known == name;
    if let Some(variant) = called::<E>(is_exact).next() {
        return Some(variant);
    }
    if case == Case::Counts {
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

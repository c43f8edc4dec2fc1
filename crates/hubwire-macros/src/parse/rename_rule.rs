//! The cases that serde's `rename_all` supports.

use syn::LitStr;

/// The case of all variants' names.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum RenameRule {
    /// PascalCase, as in Rust.
    #[default]
    Pascal,
    Lower,
    Upper,
    Camel,
    Snake,
    ScreamingSnake,
    Kebab,
    ScreamingKebab,
}

const RULES: [(&str, RenameRule); 8] = [
    ("lowercase", RenameRule::Lower),
    ("UPPERCASE", RenameRule::Upper),
    ("PascalCase", RenameRule::Pascal),
    ("camelCase", RenameRule::Camel),
    ("snake_case", RenameRule::Snake),
    ("SCREAMING_SNAKE_CASE", RenameRule::ScreamingSnake),
    ("kebab-case", RenameRule::Kebab),
    ("SCREAMING-KEBAB-CASE", RenameRule::ScreamingKebab),
];

impl RenameRule {
    pub(super) fn parse(text: &LitStr) -> syn::Result<Self> {
        let value = text.value();
        match RULES.iter().find(|(name, _)| *name == value) {
            Some((_, rule)) => Ok(*rule),
            None => {
                let names = RULES.map(|(name, _)| format!("\"{name}\""));
                let message = format!("`rename_all` is one of {}", names.join(", "));
                Err(syn::Error::new_spanned(text, message))
            }
        }
    }

    pub(super) fn apply(self, variant: &str) -> String {
        match self {
            Self::Pascal => variant.to_owned(),
            Self::Lower => variant.to_ascii_lowercase(),
            Self::Upper => variant.to_ascii_uppercase(),
            Self::Camel => {
                let mut letters = variant.chars();
                let first = letters.next().map(|letter| letter.to_ascii_lowercase());
                first.into_iter().chain(letters).collect()
            }
            Self::Snake => words(variant, '_'),
            Self::ScreamingSnake => words(variant, '_').to_ascii_uppercase(),
            Self::Kebab => words(variant, '-'),
            Self::ScreamingKebab => words(variant, '-').to_ascii_uppercase(),
        }
    }
}

/// Returns the name in lowercase, with a separator before each former capital.
fn words(variant: &str, separator: char) -> String {
    let mut words = String::new();
    for (at, letter) in variant.char_indices() {
        if at > 0 && letter.is_uppercase() {
            words.push(separator);
        }
        words.push(letter.to_ascii_lowercase());
    }
    words
}

//! The names that guests choose.

use super::accounts;
use super::refusal::Refusal;

/// The length of a name; the page's field takes no more.
const MAXIMUM_CHARACTERS: usize = 40;

/// A name that a guest may have, unless another has it.
#[derive(Debug)]
pub(super) struct Name(String);

/// A name as names are compared: two that look the same are one name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Key(String);

impl Name {
    /// Checks the name that a guest has chosen, and trims it.
    ///
    /// # Errors
    ///
    /// If it is empty or too long, has characters that are no part of a name, or is an account's.
    pub(super) fn of_guest(text: &str) -> Result<Self, Refusal> {
        let text = text.trim();
        let key = Key::of(text);
        let is_name = !key.0.is_empty()
            && text.chars().count() <= MAXIMUM_CHARACTERS
            && !text.chars().any(changes_the_line);
        if !is_name {
            return Err(Refusal::NoName);
        }
        match accounts::reserved_names().any(|name| Key::of(name) == key) {
            true => Err(Refusal::NameTaken),
            false => Ok(Self(text.to_owned())),
        }
    }

    pub(super) fn key(&self) -> Key {
        Key::of(&self.0)
    }

    pub(super) fn into_text(self) -> String {
        self.0
    }
}

impl Key {
    /// Leaves out what cannot be seen: the case counts no more than characters without width.
    pub(super) fn of(name: &str) -> Self {
        let visible: String = name.chars().filter(|it| !has_no_width(*it)).collect();
        let words = visible.split_whitespace().map(str::to_lowercase);
        Self(words.collect::<Vec<_>>().join(" "))
    }
}

/// Control characters, and those that end a line or turn its direction.
fn changes_the_line(character: char) -> bool {
    character.is_control() || matches!(character, '\u{2028}'..='\u{202E}' | '\u{2066}'..='\u{2069}')
}

/// Soft hyphens, joiners, marks of direction and variation selectors.
fn has_no_width(character: char) -> bool {
    matches!(
        character,
        '\u{AD}' | '\u{200B}'..='\u{200F}' | '\u{2060}'..='\u{2064}' | '\u{FE00}'..='\u{FE0F}' | '\u{FEFF}'
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_trimmed_and_has_1_to_40_characters() {
        for (text, name) in [
            (" Ada ", "Ada"),
            ("x", "x"),
            ("Ångström, 世界 🪺", "Ångström, 世界 🪺"),
            (&"ü".repeat(40), &*"ü".repeat(40)),
        ] {
            assert_eq!(Name::of_guest(text).unwrap().into_text(), name);
        }
        for text in [
            "",
            " \t",
            "\u{200B}",
            "a\0b",
            "a\nb",
            "a\u{202E}b",
            "a\u{2028}b",
            &"x".repeat(41),
        ] {
            assert!(
                matches!(Name::of_guest(text), Err(Refusal::NoName)),
                "{text:?}"
            );
        }
    }

    #[test]
    fn no_guest_has_the_name_of_an_account() {
        for text in ["ann", "Ann", " ADMIN ", "a\u{200D}dmin", "\u{FEFF}bob"] {
            assert!(
                matches!(Name::of_guest(text), Err(Refusal::NameTaken)),
                "{text:?}"
            );
        }
        for text in ["anna", "an n", "administrator"] {
            assert!(Name::of_guest(text).is_ok(), "{text:?}");
        }
    }

    #[test]
    fn names_that_look_the_same_are_one() {
        let ada = Key::of("Ada Lovelace");
        for text in [
            "ada lovelace",
            "ADA  Lovelace",
            "Ada\u{A0}Lovelace",
            "A\u{AD}da Lovelace",
        ] {
            assert_eq!(Key::of(text), ada, "{text:?}");
        }
        assert_ne!(Key::of("AdaLovelace"), ada);
    }
}

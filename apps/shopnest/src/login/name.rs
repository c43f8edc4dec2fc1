//! The names that guests choose.

use unicode_normalization::UnicodeNormalization;

use super::accounts;
use super::refusal::Refusal;

/// The length of a name; the page's field takes no more.
const MAXIMUM_CHARACTERS: usize = 40;

/// The length of a name in a token that another program has signed, as it is kept: in the form NFKC,
/// one character may stand for eighteen.
const MAXIMUM_SIGNED_BYTES: usize = 500;

/// A name that a guest may have, unless another has it. If it was chosen here, it is in Unicode's
/// form NFKC.
#[derive(Debug)]
pub(super) struct Name(String);

/// A name as names are compared: the case does not count, nor how the characters are written.
///
/// Different letters that look alike, such as a Cyrillic `а` and a Latin one, are not the same.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Key(String);

impl Name {
    /// Checks the name that a guest has chosen, and brings it into the form NFKC with single spaces.
    ///
    /// # Errors
    ///
    /// If it is empty or too long, has characters that are no part of a name, or is an account's.
    pub(super) fn of_guest(text: &str) -> Result<Self, Refusal> {
        let text: String = text.trim().nfkc().collect();
        let words = text.split(' ').filter(|word| !word.is_empty());
        let text = words.collect::<Vec<_>>().join(" ");
        let is_name = (1..=MAXIMUM_CHARACTERS).contains(&text.chars().count())
            && text.chars().all(is_of_a_name);
        if !is_name {
            return Err(Refusal::NoName);
        }
        Self(text).unless_an_accounts()
    }

    /// Keeps the name of a token that is good, whoever has signed it, as it is.
    ///
    /// # Errors
    ///
    /// If it is empty or too long, has control characters, or is an account's.
    pub(super) fn signed(text: String) -> Result<Self, Refusal> {
        let name = Self(text);
        let is_short = name.0.len() <= MAXIMUM_SIGNED_BYTES
            && (1..=MAXIMUM_SIGNED_BYTES).contains(&name.key().0.len());
        if !is_short || name.0.chars().any(char::is_control) {
            return Err(Refusal::NoName);
        }
        name.unless_an_accounts()
    }

    fn unless_an_accounts(self) -> Result<Self, Refusal> {
        let key = self.key();
        match accounts::reserved_names().any(|name| Key::of(name) == key) {
            true => Err(Refusal::NameTaken),
            false => Ok(self),
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
    pub(super) fn of(name: &str) -> Self {
        // Some letters have one other case only: `ß` and `SS`, `ı` and `I`.
        let upper = name.nfkc().flat_map(char::to_uppercase);
        let folded: String = upper.flat_map(char::to_lowercase).nfkc().collect();
        // An `İ` in lower case: the second dot is not seen.
        Self(folded.replace("i\u{307}", "i"))
    }
}

fn is_of_a_name(character: char) -> bool {
    match character {
        ' ' | '-' | '_' | '.' | '\'' => true,
        _ => character.is_alphanumeric() && !is_blank(character),
    }
}

/// Letters that cannot be seen: the fillers of Hangul, and blanks among Egyptian hieroglyphs.
fn is_blank(character: char) -> bool {
    matches!(
        character,
        '\u{115F}' | '\u{1160}' | '\u{3164}' | '\u{FFA0}' | '\u{13441}' | '\u{13442}'
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
            ("Ada  M.\u{A0}O'Hara-Lovelace_2", "Ada M. O'Hara-Lovelace_2"),
            ("Ångström 世界", "Ångström 世界"),
            ("A\u{30A}ngstro\u{308}m", "Ångström"),
            ("Ａｄａ　７", "Ada 7"),
            (&"ü".repeat(40), &*"ü".repeat(40)),
        ] {
            assert_eq!(Name::of_guest(text).unwrap().into_text(), name);
        }
        // The last one is one character, which stands for eighteen.
        for text in ["", " \t", &"x".repeat(41), &"\u{FDFA}".repeat(3)] {
            assert_eq!(refusal(text), Some(Refusal::NoName), "{text:?}");
        }
    }

    #[test]
    fn a_name_has_letters_and_digits_only() {
        for character in [
            '\0', '\n', '\t', '\u{2028}', '\u{332}', '🪺', '<', '"', '/', '@', '\u{2800}',
        ] {
            let text = format!("a{character}b");
            assert_eq!(refusal(&text), Some(Refusal::NoName), "{text:?}");
        }
    }

    #[test]
    fn nothing_that_cannot_be_seen_is_part_of_a_name() {
        // `Default_Ignorable_Code_Point` of Unicode 17, and blanks that it leaves out.
        let ignorable = [
            '\u{AD}'..='\u{AD}',
            '\u{34F}'..='\u{34F}',
            '\u{61C}'..='\u{61C}',
            '\u{115F}'..='\u{1160}',
            '\u{17B4}'..='\u{17B5}',
            '\u{180B}'..='\u{180F}',
            '\u{200B}'..='\u{200F}',
            '\u{202A}'..='\u{202E}',
            '\u{2060}'..='\u{206F}',
            '\u{3164}'..='\u{3164}',
            '\u{FE00}'..='\u{FE0F}',
            '\u{FEFF}'..='\u{FEFF}',
            '\u{FFA0}'..='\u{FFA0}',
            '\u{FFF0}'..='\u{FFFB}',
            '\u{1BCA0}'..='\u{1BCA3}',
            '\u{1D173}'..='\u{1D17A}',
            '\u{E0000}'..='\u{E0FFF}',
            '\u{2800}'..='\u{2800}',
            '\u{13441}'..='\u{13442}',
        ];
        for character in ignorable.into_iter().flatten() {
            for text in [
                format!("admin{character}"),
                format!("{character}admin"),
                format!("ad{character}min"),
                character.to_string(),
            ] {
                assert_eq!(refusal(&text), Some(Refusal::NoName), "{text:?}");
            }
        }
    }

    #[test]
    fn no_guest_has_the_name_of_an_account() {
        for text in [
            "ann",
            "Ann",
            " ADMIN ",
            "ａｄｍｉｎ",
            "ＡＤＭＩＮ",
            "𝐚𝐝𝐦𝐢𝐧",
            "ⓑⓞⓑ",
            "ADMİN",
            "admın",
        ] {
            assert_eq!(refusal(text), Some(Refusal::NameTaken), "{text:?}");
        }
        // The last one begins with a Cyrillic letter.
        for text in ["anna", "an n", "administrator", "ádmin", "\u{430}dmin"] {
            assert!(Name::of_guest(text).is_ok(), "{text:?}");
        }
    }

    #[test]
    fn names_that_are_written_in_another_way_are_one() {
        for (name, others) in [
            (
                "Ada Lovelace",
                ["ada lovelace", "ADA  Lovelace", "Ada\u{A0}Lovelace"],
            ),
            (
                "René Strauß",
                ["Rene\u{301} Strauß", "RENÉ STRAUSS", "rené strauss"],
            ),
            ("ΟΔΟΣ", ["οδος", "οδοσ", "Οδος"]),
        ] {
            let key = Name::of_guest(name).unwrap().key();
            for other in others {
                assert_eq!(Name::of_guest(other).unwrap().key(), key, "{other:?}");
            }
        }
        assert_ne!(Key::of("AdaLovelace"), Key::of("Ada Lovelace"));
    }

    fn refusal(text: &str) -> Option<Refusal> {
        Name::of_guest(text).err()
    }
}

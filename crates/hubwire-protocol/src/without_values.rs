//! What a deserializer complains of, without the value that it complains about.

use std::fmt::Display;

/// What is said of a complaint that may have the value anywhere in it.
const GENERAL: &str = "the value does not fit its type";

/// What serde calls values that it shows, and those that it does not.
const KINDS: [&str; 20] = [
    "boolean",
    "integer",
    "floating point",
    "number",
    "character",
    "string",
    "byte array",
    "unit value",
    "null",
    "nil",
    "Option value",
    "newtype struct",
    "sequence",
    "map",
    "enum",
    "unit variant",
    "newtype variant",
    "tuple variant",
    "struct variant",
    "any value",
];

/// Serde's own texts without what was received; of a text that somebody else wrote, nothing is shown.
///
/// What was expected, and what is missing, is declared by the type.
pub(crate) fn without_values(complaint: &dyn Display) -> String {
    let text = complaint.to_string();
    for what in ["invalid type", "invalid value"] {
        if let Some(of) = text.strip_prefix(what).and_then(|it| it.strip_prefix(": ")) {
            return unexpected(what, of);
        }
    }
    for what in ["unknown variant", "unknown field"] {
        if text.starts_with(&format!("{what} `")) {
            return unknown(what, &text);
        }
    }
    let is_declared = ["missing field `", "duplicate field `", "invalid length "]
        .iter()
        .any(|beginning| text.starts_with(beginning));
    match is_declared {
        true => text,
        false => GENERAL.to_owned(),
    }
}

/// `integer `256`, expected u8`: the value is between quotation marks, which may occur in it.
fn unexpected(what: &str, text: &str) -> String {
    let Some((received, expected)) = text.rsplit_once(", expected ") else {
        return what.to_owned();
    };
    let kind = received.split(['`', '"']).next().unwrap_or_default().trim();
    match KINDS.contains(&kind) {
        true => format!("{what}: {kind}, expected {expected}"),
        false => format!("{what}, expected {expected}"),
    }
}

/// `` `x`, expected one of `A`, `B` ``: the name is the peer's, and may be anything.
fn unknown(what: &str, text: &str) -> String {
    match text.rsplit_once("`, expected ") {
        Some((_, expected)) => format!("{what}, expected {expected}"),
        None => what.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use std::fmt::Debug;

    use proptest::prelude::*;
    use serde::Deserialize;
    use serde::de::DeserializeOwned;

    use super::*;

    fn complaint<T: DeserializeOwned + Debug>(json: &str) -> String {
        let text = without_values(&serde_json::from_str::<T>(json).unwrap_err());
        let place = text.find(" at line ").unwrap_or(text.len());
        text[..place].to_owned()
    }

    #[derive(Debug, Deserialize)]
    enum Colour {
        Red,
        Green,
    }

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Point {
        #[expect(dead_code, reason = "only read")]
        x: u8,
    }

    #[test]
    fn the_kind_and_what_was_expected_stay() {
        for (json, shown) in [
            ("256", "invalid value: integer, expected u8"),
            ("1.5", "invalid type: floating point, expected u8"),
            ("true", "invalid type: boolean, expected u8"),
            ("null", "invalid type: null, expected u8"),
            ("[7]", "invalid type: sequence, expected u8"),
            ("{\"a\":7}", "invalid type: map, expected u8"),
            (
                r#""`, expected \" secret""#,
                "invalid type: string, expected u8",
            ),
            (
                r#"", expected secret""#,
                "invalid type: string, expected u8",
            ),
        ] {
            assert_eq!(complaint::<u8>(json), shown);
        }
        assert_eq!(
            complaint::<char>("\"``\""),
            "invalid value: string, expected a character"
        );
        let colours = "unknown variant, expected `Red` or `Green`";
        assert_eq!(complaint::<Colour>("\"Blue\""), colours);
        assert_eq!(complaint::<Colour>("\"`, expected secret\""), colours);
        assert!(matches!(
            [Colour::Red, Colour::Green],
            [Colour::Red, Colour::Green]
        ));
        assert_eq!(complaint::<Point>("{}"), "missing field `x`");
        assert_eq!(
            complaint::<Point>("{\"secret\":1}"),
            "unknown field, expected `x`"
        );
        assert_eq!(
            complaint::<[u8; 3]>("[1]"),
            "invalid length 1, expected an array of length 3"
        );
    }

    #[test]
    fn a_text_of_somebody_elses_is_not_shown() {
        assert_eq!(without_values(&"bad secret"), GENERAL);
        assert_eq!(
            without_values(&"invalid type: secret, expected a date"),
            "invalid type, expected a date"
        );
        assert_eq!(without_values(&"invalid value: secret"), "invalid value");
        assert_eq!(without_values(&"unknown field `secret`"), "unknown field");
    }

    proptest! {
        #[test]
        fn no_text_is_shown(text in ".{0,40}") {
            let json = serde_json::to_string(&format!("secret{text}secret")).unwrap();
            prop_assert!(!complaint::<u8>(&json).contains("secret"));
            prop_assert!(!complaint::<Colour>(&json).contains("secret"));
            prop_assert!(!complaint::<Point>(&json).contains("secret"));
        }
    }
}

//! Texts of deserialization errors without the values that they quote.

use std::fmt::Display;

/// The text for errors that may quote the value anywhere.
const GENERAL: &str = "the value does not fit its type";

/// Serde's names for kinds of values.
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

/// Returns serde's own error texts without the received value. Any other text is replaced by a
/// general one.
///
/// What was expected, or is missing, stays: it is declared by the type.
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
    let names_a_field = ["missing field `", "duplicate field `"]
        .iter()
        .any(|beginning| text.starts_with(beginning));
    match names_a_field || tells_a_length(&text) {
        true => text,
        false => GENERAL.to_owned(),
    }
}

/// Handles texts like ``integer `256`, expected u8``. The value is quoted, and may itself contain
/// quotation marks.
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

/// `invalid length 1, expected a tuple of size 2`
fn tells_a_length(text: &str) -> bool {
    let length = text
        .strip_prefix("invalid length ")
        .and_then(|rest| rest.split_once(", expected "))
        .map_or("", |(length, _)| length);
    !length.is_empty() && length.bytes().all(|digit| digit.is_ascii_digit())
}

/// Handles texts like `` `x`, expected one of `A`, `B` `` and `` `x`, there are no fields ``. The name
/// is the peer's and may contain anything, such as the beginning of what serde writes after it.
fn unknown(what: &str, text: &str) -> String {
    match text.rsplit_once("`, expected ") {
        Some((_, expected)) if are_names(expected) && !text.contains("`, there are no ") => {
            format!("{what}, expected {expected}")
        }
        _ => what.to_owned(),
    }
}

/// Serde lists the names that it knows in backticks.
fn are_names(expected: &str) -> bool {
    expected.starts_with('`') || expected.starts_with("one of `")
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::fmt::Debug;
    use std::net::Ipv4Addr;

    use proptest::prelude::*;
    use serde::Deserialize;
    use serde::de::DeserializeOwned;

    use super::*;

    fn whole<T: DeserializeOwned + Debug>(json: &str) -> String {
        without_values(&serde_json::from_str::<T>(json).unwrap_err())
    }

    fn complaint<T: DeserializeOwned + Debug>(json: &str) -> String {
        let text = whole::<T>(json);
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
        #[expect(dead_code, reason = "only decoded")]
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
        assert_eq!(without_values(&"invalid length secret"), GENERAL);
        assert_eq!(
            without_values(&"invalid length secret, expected 3"),
            GENERAL
        );
        assert_eq!(
            without_values(&"invalid type: secret, expected a date"),
            "invalid type, expected a date"
        );
        assert_eq!(without_values(&"invalid value: secret"), "invalid value");
        assert_eq!(without_values(&"unknown field `secret`"), "unknown field");
    }

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Nothing {}

    #[derive(Debug, Deserialize)]
    enum Never {}

    #[test]
    fn a_type_that_declares_no_names_shows_none() {
        for text in ["a", "`, expected hunter2", "`, there are no hunter2"] {
            let name = serde_json::to_string(text).unwrap();
            let field = complaint::<Nothing>(&format!("{{{name}:1}}"));
            assert_eq!(field, "unknown field");
            assert_eq!(complaint::<Never>(&name), "unknown variant");
        }
    }

    fn texts() -> impl Strategy<Value = String> {
        let of_serde = [
            "`",
            "\"",
            ", expected ",
            "`, expected ",
            "\", expected ",
            "`, expected one of `",
            "`, there are no ",
            "`, there are no fields",
            "`, there are no variants",
            "unknown field `",
            " at line 1 column 1",
        ];
        let part = prop_oneof![
            prop::sample::select(of_serde.map(str::to_owned).to_vec()),
            ".{0,10}",
        ];
        prop::collection::vec(part, 0..4).prop_map(|parts| parts.join("secret"))
    }

    proptest! {
        #[test]
        fn no_text_is_shown(text in texts()) {
            let text = serde_json::to_string(&format!("secret{text}secret")).unwrap();
            let field = format!("{{{text}:1}}");
            for shown in [
                whole::<u8>(&text),
                whole::<char>(&text),
                whole::<Colour>(&text),
                whole::<Never>(&text),
                whole::<Colour>(&field),
                whole::<Never>(&field),
                whole::<Point>(&text),
                whole::<Point>(&field),
                whole::<Nothing>(&field),
                whole::<BTreeMap<u8, u8>>(&field),
                whole::<BTreeMap<bool, u8>>(&field),
                whole::<Ipv4Addr>(&text),
            ] {
                prop_assert!(!shown.contains("secret"), "{}", shown);
            }
        }
    }
}

//! `-0` as an integer, which `serde_json` reads as a float.

use std::borrow::Cow;

/// The maximum number of zeros in a text that are replaced one by one.
const MAXIMUM_ZEROS: usize = 16;

/// Decodes JSON that may contain `-0`, which becomes 0 if an integer is expected and stays `-0.0`
/// if a float is expected.
///
/// If decoding fails at a `-0`, it is replaced by 0 and the text is decoded again. If serde has
/// buffered the number, the error has no position. In that case, and after 16 replacements, which
/// would otherwise take too long, all remaining zeros are replaced.
#[inline]
pub(crate) fn with_negative_zeros<T>(
    json: &str,
    mut decode: impl FnMut(&str) -> serde_json::Result<T>,
) -> serde_json::Result<T> {
    decode(json).or_else(|error| decode_again(json, error, decode))
}

#[cold]
fn decode_again<T>(
    json: &str,
    mut error: serde_json::Error,
    mut decode: impl FnMut(&str) -> serde_json::Result<T>,
) -> serde_json::Result<T> {
    let mut plain = Cow::Borrowed(json);
    for _ in 0..MAXIMUM_ZEROS {
        let Some(minus) = refused_zero(&plain, &error) else {
            break;
        };
        plain.to_mut().replace_range(minus..=minus, " ");
        match decode(&plain) {
            Ok(value) => return Ok(value),
            Err(next) => error = next,
        }
    }
    match without_negative_zeros(&plain) {
        Some(plain) => decode(&plain),
        None => Err(error),
    }
}

/// Returns the position of the minus sign of the zero at which the text was refused.
fn refused_zero(json: &str, error: &serde_json::Error) -> Option<usize> {
    let mut line_begins = 0;
    for _ in 1..error.line() {
        let rest = json.as_bytes().get(line_begins..)?;
        line_begins += memchr::memchr(b'\n', rest)? + 1;
    }
    // The column, counted from one, is that of the number's last byte.
    let ends = line_begins + error.column();
    let minus = ends.checked_sub(2)?;
    is_zero(json.as_bytes(), minus)
        .then_some(minus)
        .filter(|_| json.get(minus..ends) == Some("-0"))
}

/// Returns the JSON text with `0` for each `-0`; `None` if it contains none.
fn without_negative_zeros(json: &str) -> Option<String> {
    let bytes = json.as_bytes();
    let mut plain = String::new();
    let mut copied = 0;
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        match byte {
            b'"' => at = end_of_string(bytes, at),
            b'-' if is_zero(bytes, at) => {
                plain.push_str(json.get(copied..at)?);
                at += 1;
                copied = at;
            }
            _ => at += 1,
        }
    }
    if copied == 0 {
        return None;
    }
    plain.push_str(json.get(copied..)?);
    Some(plain)
}

/// Returns whether this minus sign belongs to a number that is just `-0`, and not to an exponent.
fn is_zero(bytes: &[u8], minus: usize) -> bool {
    let before = minus.checked_sub(1).and_then(|before| bytes.get(before));
    let begins = !matches!(before, Some(b'e' | b'E'));
    let ends = !matches!(bytes.get(minus + 2), Some(b'.' | b'e' | b'E' | b'0'..=b'9'));
    begins && bytes.get(minus + 1) == Some(&b'0') && ends
}

/// Returns the position after the string that begins here.
pub(super) fn end_of_string(bytes: &[u8], begins: usize) -> usize {
    let mut at = begins + 1;
    while let Some(&byte) = bytes.get(at) {
        match byte {
            b'"' => return at + 1,
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
    at
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn zeros_alone() {
        for (json, plain) in [
            ("-0", "0"),
            ("[-0,1,-0 ]", "[0,1,0 ]"),
            ("{\"-0\":-0,\"\\\"\":\"-0\"}", "{\"-0\":0,\"\\\"\":\"-0\"}"),
        ] {
            assert_eq!(without_negative_zeros(json).as_deref(), Some(plain));
        }
        for json in [
            "0",
            "-0.0",
            "-0e1",
            "1e-0",
            "1E-0",
            "\"-0\"",
            "-1",
            "\"\\\"-0\"",
            "\"-0",
            "-",
        ] {
            assert_eq!(without_negative_zeros(json), None, "{json}");
        }
    }

    /// Decodes the text and counts the attempts.
    fn counted<T: serde::de::DeserializeOwned>(json: &str) -> (Option<T>, usize) {
        let mut times = 0;
        let decoded = with_negative_zeros(json, |json| {
            times += 1;
            serde_json::from_str(json)
        });
        (decoded.ok(), times)
    }

    #[test]
    fn few_are_decoded_one_by_one() {
        let few = |count: usize| format!("[{}]", vec!["-0"; count].join(",\n"));
        assert_eq!(counted::<Vec<u8>>(&few(16)), (Some(vec![0; 16]), 17));
        assert_eq!(counted::<Vec<u8>>(&few(1_000)), (Some(vec![0; 1_000]), 18));
        assert_eq!(counted::<Vec<f64>>(&few(1_000)).1, 1);
        assert_eq!(counted::<Vec<u8>>("[1,\"-0\"]"), (None, 1));
        let (both, _) = counted::<(f64, u8, f64)>("[-0,-0,-0]");
        assert!(
            both.is_some_and(|(one, _, other)| one.is_sign_negative() && other.is_sign_negative())
        );
    }

    proptest! {
        #[test]
        fn whatever_comes(json in "[-0-9eE.\"\\\\a,中]{0,20}") {
            if let Some(plain) = without_negative_zeros(&json) {
                prop_assert!(plain.len() < json.len());
                prop_assert_eq!(without_negative_zeros(&plain), None);
            }
        }
    }
}

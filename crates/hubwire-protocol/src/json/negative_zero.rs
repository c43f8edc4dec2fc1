//! `-0` as an integer, which `serde_json` reads as a float.

/// Returns the JSON text with `0` for each `-0`, if it contains any. Used only after the text was
/// refused.
#[cold]
pub(crate) fn without_negative_zeros(json: &str) -> Option<String> {
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

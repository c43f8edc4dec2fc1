//! Checks of a record before it is read as JSON: its encoding and its depth.

use std::borrow::Cow;
use std::str;

use super::negative_zero::end_of_string;
use crate::tagged::RAW_VALUE;

/// The deepest nesting that is read; the default of .NET's JSON reader.
const MAXIMUM_DEPTH: usize = 64;

/// Returns the record as text, borrowed if it is valid UTF-8.
///
/// Otherwise, each invalid sequence is replaced by lone surrogates in a copy. Like the sequence
/// itself, they are skipped within a string, make its decoding fail, and are invalid JSON
/// everywhere else.
pub(crate) fn decode(record: &[u8]) -> Cow<'_, str> {
    match str::from_utf8(record) {
        Ok(text) => Cow::Borrowed(text),
        Err(_) => Cow::Owned(replace_invalid(record)),
    }
}

fn replace_invalid(record: &[u8]) -> String {
    let mut text = String::with_capacity(record.len() + 12);
    for chunk in record.utf8_chunks() {
        text.push_str(chunk.valid());
        if !chunk.invalid().is_empty() {
            let backslashes = text.bytes().rev().take_while(|&byte| byte == b'\\').count();
            // An open escape must not swallow the replacement. A single surrogate would form a
            // pair with an escaped low surrogate after it, so there are two.
            text.push_str(if backslashes % 2 == 0 {
                r"\ud800\ud800"
            } else {
                "\0"
            });
        }
    }
    text
}

/// Returns the part of the text that .NET's reader would read: up to the bracket that nests too
/// deeply.
///
/// A member whose name makes `serde_json` read a string as JSON counts as too deep as well,
/// because that JSON may nest unseen. Cut text is broken JSON, so the fault is found when reading
/// gets there, after all faults before it.
pub(crate) fn within_depth(text: &str) -> &str {
    let text = within_brackets(text);
    // Without `$` or a backslash, the name of that member cannot be spelled.
    if memchr::memchr2(b'$', b'\\', text.as_bytes()).is_none() {
        return text;
    }
    first_raw_value(text)
        .and_then(|end| text.get(..end))
        .unwrap_or(text)
}

/// Finds the first member whose name makes `serde_json` read its string as JSON.
fn first_raw_value(text: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    let mut at = 0;
    while let Some(begins) = memchr::memchr(b'"', bytes.get(at..)?).map(|quote| at + quote) {
        at = end_of_string(bytes, begins);
        let behind = text.get(at..)?.trim_ascii_start();
        if behind.starts_with(':') && is_raw_value(text.get(begins..at)?) {
            return Some(begins);
        }
    }
    None
}

fn is_raw_value(name: &str) -> bool {
    /// Each character may be escaped to six.
    const LONGEST: usize = 6 * RAW_VALUE.len() + 2;
    match name.contains('\\') {
        true if name.len() > LONGEST => false,
        true => serde_json::from_str::<String>(name).is_ok_and(|name| name == RAW_VALUE),
        false => name.trim_matches('"') == RAW_VALUE,
    }
}

fn within_brackets(text: &str) -> &str {
    let mut brackets = memchr::memchr2_iter(b'[', b'{', text.as_bytes());
    if brackets.nth(MAXIMUM_DEPTH).is_none() {
        return text;
    }
    first_too_deep(text)
        .and_then(|end| text.get(..end))
        .unwrap_or(text)
}

fn first_too_deep(text: &str) -> Option<usize> {
    let mut depth = 0_usize;
    let mut in_string = false;
    let mut bytes = text.bytes().enumerate();
    while let Some((at, byte)) = bytes.next() {
        match byte {
            b'"' => in_string = !in_string,
            b'\\' if in_string => drop(bytes.next()),
            b'[' | b'{' if !in_string && depth == MAXIMUM_DEPTH => return Some(at),
            b'[' | b'{' if !in_string => depth += 1,
            b']' | b'}' if !in_string => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn nested(depth: usize) -> String {
        "[".repeat(depth) + &"]".repeat(depth)
    }

    #[test]
    fn sixty_four_levels_are_read() {
        assert_eq!(within_depth(&nested(64)), nested(64));
        assert_eq!(within_depth(&nested(65)), "[".repeat(64));
    }

    #[test]
    fn json_within_text_is_too_deep() {
        let begins = r#"{"a":["$serde_json::private::RawValue"],"b":{"#;
        for name in [
            r#""$serde_json::private::RawValue""#,
            r#""\u0024serde_json::private::RawValue""#,
            r#""$serde_json::private::R\u0061wValue""#,
        ] {
            assert_eq!(within_depth(&format!("{begins}{name} :\"1\"}}}}")), begins);
        }
        let whole = r#"{"$":"\n","\"$serde_json::private::RawValue":"$serde_json::private::RawValue","a\\":1}"#;
        assert_eq!(within_depth(whole), whole);
    }

    #[test]
    fn many_brackets_are_not_deep() {
        let flat = format!("[{}]", "[],".repeat(100));
        assert_eq!(within_depth(&flat), flat);
        let text = format!(r#"["\"{}"]"#, "[".repeat(100));
        assert_eq!(within_depth(&text), text);
    }

    #[test]
    fn an_invalid_sequence_cannot_hide() {
        let decode = |bytes: &[u8]| serde_json::from_str::<String>(&decode(bytes));
        for broken in [
            &b"\"\xFF\""[..],
            b"\"\\ud83d\xFF\\ude00\"",
            b"\"\\\xFF\"",
            b"\"\xE4\xB8\"",
        ] {
            assert!(decode(broken).is_err(), "{broken:x?}");
        }
        assert_eq!(decode("\"中\"".as_bytes()).unwrap(), "中");
    }

    #[test]
    fn an_invalid_sequence_behind_a_backslash_is_no_json() {
        let skip = |bytes: &[u8]| serde_json::from_str::<serde::de::IgnoredAny>(&decode(bytes));
        assert!(skip(b"\"\\\xFF\"").is_err());
        assert!(skip(b"\"\\\\\xFF\"").is_ok());
    }
}

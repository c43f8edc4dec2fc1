//! Escaping text as .NET's relaxed JSON encoder does.

use std::convert::Infallible;

/// Appends a JSON string, including its quotes.
pub(crate) fn write_text(out: &mut Vec<u8>, text: &str) {
    out.push(b'"');
    let Ok(()) = escape::<Infallible>(text, |part| {
        out.extend_from_slice(part);
        Ok(())
    });
    out.push(b'"');
}

/// Passes the content of a JSON string to `sink` in parts.
fn escape<E>(text: &str, mut sink: impl FnMut(&[u8]) -> Result<(), E>) -> Result<(), E> {
    if text
        .bytes()
        .fold(true, |plain, byte| plain & is_plain(byte))
    {
        return sink(text.as_bytes());
    }
    escape_some(text, sink)
}

/// Like [`escape`], but for text without quotes, backslashes and control characters below the
/// space.
pub(super) fn escape_fragment<E>(
    fragment: &str,
    mut sink: impl FnMut(&[u8]) -> Result<(), E>,
) -> Result<(), E> {
    match is_below_delete(fragment.as_bytes()) {
        true => sink(fragment.as_bytes()),
        false => escape_some(fragment, sink),
    }
}

/// Returns whether all bytes are below 0x7F; checks eight at a time.
fn is_below_delete(bytes: &[u8]) -> bool {
    const ONES: u64 = u64::MAX / 255;
    let (words, rest) = bytes.as_chunks::<8>();
    // Adding one sets the high bit of 0x7F, and carries only out of bytes whose high bit is
    // already set.
    let is_above = |word: &[u8; 8]| {
        let word = u64::from_ne_bytes(*word);
        (word | word.wrapping_add(ONES)) & (ONES << 7) != 0
    };
    !words.iter().any(is_above) && rest.iter().all(|byte| *byte < 0x7F)
}

fn escape_some<E>(text: &str, mut sink: impl FnMut(&[u8]) -> Result<(), E>) -> Result<(), E> {
    let mut rest = text;
    while let Some(at) = rest.find(is_escaped) {
        let (plain, from) = rest.split_at(at);
        sink(plain.as_bytes())?;
        let mut characters = from.chars();
        if let Some(character) = characters.next() {
            escape_character(character, &mut sink)?;
        }
        rest = characters.as_str();
    }
    sink(rest.as_bytes())
}

/// Passes one character to `sink`, escaped.
pub(super) fn escape_character<E>(
    character: char,
    mut sink: impl FnMut(&[u8]) -> Result<(), E>,
) -> Result<(), E> {
    let short = match character {
        '"' => br#"\""#,
        '\\' => br"\\",
        '\u{8}' => br"\b",
        '\t' => br"\t",
        '\n' => br"\n",
        '\u{c}' => br"\f",
        '\r' => br"\r",
        _ => {
            let mut units = [0; 2];
            let units = character.encode_utf16(&mut units);
            return units
                .iter()
                .try_for_each(|&unit| sink(&six_characters(unit)));
        }
    };
    sink(short)
}

/// Returns whether an ASCII byte is written as it is; all other bytes need a closer look.
const fn is_plain(byte: u8) -> bool {
    matches!(byte, b' '..=b'~') & (byte != b'"') & (byte != b'\\')
}

/// Returns whether the encoder of ASP.NET Core's hub protocol escapes the character.
///
/// The list beyond ASCII follows the .NET documentation on character encoding ("global block
/// list"): control characters, separators other than the space, private use, noncharacters and
/// everything outside the basic plane. .NET also escapes code points that its Unicode version does
/// not know. Here they are written as they are, which decodes to the same text.
const fn is_escaped(character: char) -> bool {
    matches!(character,
        '\0'..='\x1F' | '"' | '\\' | '\x7F'..='\u{A0}'
        | '\u{1680}' | '\u{2000}'..='\u{200A}' | '\u{2028}' | '\u{2029}' | '\u{202F}'
        | '\u{205F}' | '\u{3000}' | '\u{E000}'..='\u{F8FF}' | '\u{FDD0}'..='\u{FDEF}'
        | '\u{FFFE}'..)
}

fn six_characters(unit: u16) -> [u8; 6] {
    let digit = |shift: u16| {
        let digit = (unit >> shift & 0xF) as u8;
        if digit < 10 {
            b'0' + digit
        } else {
            b'A' + digit - 10
        }
    };
    [b'\\', b'u', digit(12), digit(8), digit(4), digit(0)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: &str) {
        let mut out = Vec::new();
        write_text(&mut out, text);
        assert_eq!(String::from_utf8(out).unwrap(), format!("\"{expected}\""));
        assert_eq!(
            serde_json::from_str::<String>(&format!("\"{expected}\"")).unwrap(),
            text
        );
    }

    #[test]
    fn recorded_result_of_aspnet_core_10() {
        check(
            "a\"b\\c/d<e>&'+é中😀\u{1}\t\r\n\u{1e}\u{2028}\u{7f}",
            r#"a\"b\\c/d<e>&'+é中\uD83D\uDE00\u0001\t\r\n\u001E\u2028\u007F"#,
        );
    }

    #[test]
    fn the_edges_of_what_is_escaped() {
        check(
            "~\u{7f}\u{80}\u{9f}\u{a0}\u{a1}",
            "~\\u007F\\u0080\\u009F\\u00A0\u{a1}",
        );
        check(
            "\u{1fff}\u{2000}\u{200a}\u{200b}",
            "\u{1fff}\\u2000\\u200A\u{200b}",
        );
        check(
            "\u{d7ff}\u{e000}\u{f8ff}\u{f900}",
            "\u{d7ff}\\uE000\\uF8FF\u{f900}",
        );
        check(
            "\u{fffd}\u{fffe}\u{ffff}\u{10000}",
            "\u{fffd}\\uFFFE\\uFFFF\\uD800\\uDC00",
        );
        check("\u{8}\u{c}\u{b}\0", "\\b\\f\\u000B\\u0000");
    }

    #[test]
    fn each_byte_is_looked_at_wherever_it_stands() {
        for length in 0..20 {
            let plain = "a".repeat(length);
            assert!(is_below_delete(plain.as_bytes()), "{length}");
            for at in 0..length {
                for byte in [0x7F, 0x80, 0xC3, 0xFF] {
                    let mut bytes = plain.clone().into_bytes();
                    bytes[at] = byte;
                    assert!(!is_below_delete(&bytes), "{length} {at} {byte}");
                }
                let mut bytes = plain.clone().into_bytes();
                bytes[at] = 0x7E;
                assert!(is_below_delete(&bytes), "{length} {at}");
            }
        }
    }

    #[test]
    fn text_between_escapes_stays() {
        check("", "");
        check("שלום \"עולם\"", "שלום \\\"עולם\\\"");
        check("\"", "\\\"");
    }
}

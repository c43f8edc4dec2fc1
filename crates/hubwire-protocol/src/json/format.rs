//! The `serde_json` formatter that writes like ASP.NET Core's protocol.

use std::io::{self, Write};

use serde_json::ser::{CharEscape, CompactFormatter, Formatter};

use super::escape::{escape_character, escape_fragment};

/// Compact JSON in the style of .NET's relaxed encoder.
pub(super) struct Relaxed;

impl Formatter for Relaxed {
    fn write_f32<W: ?Sized + Write>(&mut self, writer: &mut W, value: f32) -> io::Result<()> {
        match is_whole(value.into()) {
            true => write_whole(writer, |digits| CompactFormatter.write_f32(digits, value)),
            false => CompactFormatter.write_f32(writer, value),
        }
    }

    fn write_f64<W: ?Sized + Write>(&mut self, writer: &mut W, value: f64) -> io::Result<()> {
        match is_whole(value) {
            true => write_whole(writer, |digits| CompactFormatter.write_f64(digits, value)),
            false => CompactFormatter.write_f64(writer, value),
        }
    }

    fn write_string_fragment<W: ?Sized + Write>(
        &mut self,
        writer: &mut W,
        fragment: &str,
    ) -> io::Result<()> {
        escape_fragment(fragment, |part| writer.write_all(part))
    }

    fn write_char_escape<W: ?Sized + Write>(
        &mut self,
        writer: &mut W,
        char_escape: CharEscape,
    ) -> io::Result<()> {
        let character = match char_escape {
            CharEscape::Quote => '"',
            CharEscape::ReverseSolidus => '\\',
            CharEscape::Solidus => '/',
            CharEscape::Backspace => '\u{8}',
            CharEscape::FormFeed => '\u{c}',
            CharEscape::LineFeed => '\n',
            CharEscape::CarriageReturn => '\r',
            CharEscape::Tab => '\t',
            CharEscape::AsciiControl(byte) => char::from(byte),
        };
        escape_character(character, |part| writer.write_all(part))
    }
}

/// Returns whether a number may be written with a fraction of zero; larger numbers are written
/// with an exponent.
fn is_whole(value: f64) -> bool {
    value as i64 as f64 == value
}

/// Writes a number without the `.0` that marks a whole number as a float.
fn write_whole<W: ?Sized + Write>(
    writer: &mut W,
    write: impl FnOnce(&mut &mut [u8]) -> io::Result<()>,
) -> io::Result<()> {
    // The longest finite double has 24 characters.
    let mut digits = [0; 32];
    let mut free = &mut digits[..];
    write(&mut free)?;
    let unused = free.len();
    let number = digits.get(..digits.len() - unused).unwrap_or_default();
    writer.write_all(number.strip_suffix(b".0").unwrap_or(number))
}

#[cfg(test)]
mod tests {
    use super::super::write_value;

    #[track_caller]
    fn check(value: &impl serde::Serialize, expected: &str) {
        let mut out = Vec::new();
        write_value(&mut out, value).unwrap();
        assert_eq!(String::from_utf8(out).unwrap(), expected);
    }

    #[test]
    fn whole_floats_have_no_fraction() {
        check(
            &[1.0, -0.0, 1.5, 0.1, 16_777_216.0, -3.0],
            "[1,-0,1.5,0.1,16777216,-3]",
        );
        check(&[0.1_f32, 2.0], "[0.1,2]");
        check(&serde_json::json!({"a": 1.0}), r#"{"a":1}"#);
    }

    #[test]
    fn every_finite_float_fits_the_scratch_space() {
        for value in [
            f64::MAX,
            f64::MIN,
            f64::MIN_POSITIVE,
            -5e-324,
            1.234_567_890_123_456_7e-300,
        ] {
            let mut out = Vec::new();
            write_value(&mut out, &value).unwrap();
            assert_eq!(serde_json::from_slice::<f64>(&out).unwrap(), value);
        }
    }

    #[test]
    fn what_json_cannot_say_is_null() {
        check(
            &[f64::NAN, f64::INFINITY, f64::NEG_INFINITY],
            "[null,null,null]",
        );
    }

    #[test]
    fn keys_are_escaped_like_values() {
        let map = std::collections::BTreeMap::from([("<\u{1e}\u{1F600}", "'")]);
        check(&map, r#"{"<\u001E\uD83D\uDE00":"'"}"#);
    }
}

//! Excerpts of text from a peer, which may be as long as a message.

use std::fmt::{self, Debug, Display, Formatter, Write};

/// The number of characters shown.
const MAXIMUM_LENGTH: usize = 256;

/// Shows the first 256 characters of a text that a peer wrote, and `...` in place of the rest.
///
/// A peer chooses the length of its names, and JSON may escape each of their characters to six.
/// `Debug` also escapes control characters. Use it in logs, where a peer must not be able to forge
/// lines. Text that was already escaped stays the same.
///
/// ```
/// use hubwire::protocol::Excerpt;
///
/// assert_eq!(Excerpt("Echo").to_string(), "Echo");
/// let long = "x".repeat(30_000);
/// assert_eq!(Excerpt(long).to_string(), "x".repeat(256) + "...");
/// assert_eq!(format!("{:?}", Excerpt("Echo\n")), r"Echo\n");
/// ```
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Excerpt<T>(pub T);

impl<T: Display> Display for Excerpt<T> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let whole = LimitedExcerpt::new(&self.0, MAXIMUM_LENGTH);
        Display::fmt(&whole, f)
    }
}

impl<T: Display> Debug for Excerpt<T> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let whole = LimitedExcerpt::new(&self.0, MAXIMUM_LENGTH);
        Debug::fmt(&whole, f)
    }
}

/// An [`Excerpt`] of a given maximum length.
///
/// ```
/// use hubwire::protocol::LimitedExcerpt;
///
/// assert_eq!(LimitedExcerpt::new("Echo", 2).to_string(), "Ec...");
/// ```
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct LimitedExcerpt<T> {
    text: T,
    maximum_length: usize,
}

impl<T> LimitedExcerpt<T> {
    /// Creates an excerpt of the first `maximum_length` characters of a text.
    pub const fn new(text: T, maximum_length: usize) -> Self {
        Self {
            text,
            maximum_length,
        }
    }
}

impl<T: Display> Display for LimitedExcerpt<T> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let mut cut = Cut::new(f, self.maximum_length);
        let written = write!(cut, "{}", self.text);
        cut.finish(written)
    }
}

impl<T: Display> Debug for LimitedExcerpt<T> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let mut cut = Cut::new(f, self.maximum_length);
        let written = write!(Escaping(&mut cut), "{}", self.text);
        cut.finish(written)
    }
}

/// Escapes characters that would break the line or be invisible.
struct Escaping<'c, 'f, 'b>(&'c mut Cut<'f, 'b>);

impl Write for Escaping<'_, '_, '_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        text.chars().try_for_each(|character| match character {
            // Texts that were escaped before stay as they are.
            '"' | '\'' | '\\' => self.0.write_char(character),
            _ => write!(self.0, "{}", character.escape_debug()),
        })
    }
}

/// Passes on a number of characters and then fails, which stops the formatting early.
struct Cut<'f, 'b> {
    f: &'f mut Formatter<'b>,
    left: usize,
    is_over: bool,
}

impl<'f, 'b> Cut<'f, 'b> {
    const fn new(f: &'f mut Formatter<'b>, maximum_length: usize) -> Self {
        Self {
            f,
            left: maximum_length,
            is_over: false,
        }
    }

    fn finish(self, written: fmt::Result) -> fmt::Result {
        match self.is_over {
            true => self.f.write_str("..."),
            false => written,
        }
    }
}

impl Write for Cut<'_, '_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let Some((end, _)) = text.char_indices().nth(self.left) else {
            self.left -= text.chars().count();
            return self.f.write_str(text);
        };
        if !self.is_over {
            self.f.write_str(text.get(..end).unwrap_or_default())?;
        }
        self.left = 0;
        self.is_over = true;
        Err(fmt::Error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn characters_count_and_not_bytes_or_pieces() {
        for character in ["x", "é", "😀"] {
            let whole = character.repeat(256);
            assert_eq!(Excerpt(&whole).to_string(), whole);
            for more in ["x", "é", &"x".repeat(1000)] {
                let cut = format!("{whole}...");
                assert_eq!(Excerpt(format!("{whole}{more}")).to_string(), cut);
                let pieces = Excerpt(format_args!("{whole}{more}{more}"));
                assert_eq!(pieces.to_string(), cut);
            }
        }
        assert_eq!(Excerpt("").to_string(), "");
    }

    #[test]
    fn the_log_gets_no_line_of_a_peers() {
        let shown = format!("{:?}", Excerpt("\"a\"\n\u{1b}[31m\\ é\u{2028}"));
        assert_eq!(shown, r#""a"\n\u{1b}[31m\ é\u{2028}"#);
        let again = format!("{:?}", Excerpt(&shown));
        assert_eq!(again, shown);
        let long = format!("{:?}", Excerpt("\n".repeat(30_000)));
        assert_eq!(long, r"\n".repeat(128) + "...");
    }

    /// Continues after it was told to stop.
    struct Stubborn;

    impl Display for Stubborn {
        fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
            for _ in 0..300 {
                let _ = f.write_str("ab");
            }
            Ok(())
        }
    }

    #[test]
    fn who_does_not_stop_is_cut_too() {
        let shown = Excerpt(Stubborn).to_string();
        assert_eq!(shown, "ab".repeat(128) + "...");
    }

    /// Fails on its own.
    struct Failing;

    impl Display for Failing {
        fn fmt(&self, _: &mut Formatter<'_>) -> fmt::Result {
            Err(fmt::Error)
        }
    }

    #[test]
    fn a_failure_of_the_text_itself_stays_one() {
        let mut out = String::new();
        assert!(write!(out, "{}", Excerpt(Failing)).is_err());
    }
}

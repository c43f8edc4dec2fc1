//! The text of an error for the log.

use std::error::Error;
use std::fmt::Write;

/// Returns an error and its causes, in a line.
pub(super) fn with_causes(error: &(dyn Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let _ = write!(text, ": {error}");
        cause = error.source();
    }
    text
}

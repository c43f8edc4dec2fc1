//! The error of an option that makes no sense.

use std::fmt;

/// An option whose value makes no sense, such as a timeout of zero.
///
/// [`HubOptions::validate`](super::HubOptions::validate) and its like return it; builders panic
/// with its text.
///
/// ```
/// use hubwire::options::HubOptions;
///
/// let mut options = HubOptions::default();
/// options.outbound_buffer_size = 0;
/// let invalid = options.validate().unwrap_err();
/// assert_eq!(invalid.option(), "outbound_buffer_size");
/// assert_eq!(invalid.to_string(), "`outbound_buffer_size` is 0: it must be at least 1");
/// ```
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{text}")]
pub struct InvalidOption {
    option: &'static str,
    text: String,
}

impl InvalidOption {
    pub(crate) fn new(
        option: &'static str,
        value: impl fmt::Debug,
        reason: impl fmt::Display,
    ) -> Self {
        Self::with_text(option, format!("`{option}` is {value:?}: {reason}"))
    }

    /// Creates an error with a text of its own, which names the option and the value.
    pub(crate) fn with_text(option: &'static str, text: String) -> Self {
        Self { option, text }
    }

    /// Refuses sizes of zero.
    pub(crate) fn refuse_zero(sizes: &[(&'static str, usize)]) -> Result<(), Self> {
        match sizes.iter().find(|(_, size)| *size == 0) {
            Some((option, size)) => Err(Self::new(option, size, "it must be at least 1")),
            None => Ok(()),
        }
    }

    /// Returns the name of the option.
    #[must_use]
    pub fn option(&self) -> &'static str {
        self.option
    }
}

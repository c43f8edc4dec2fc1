//! The error for values that a .NET type does not have.

use std::error::Error;
use std::fmt;

use serde::de::{self, Unexpected};

/// The error for values that one of the types for .NET does not have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum InvalidValue {
    /// The value is out of range for the type with this name.
    OutOfRange(&'static str),
    /// The text does not have this form.
    Syntax(&'static str),
}

impl InvalidValue {
    /// Serde's error, which a log can show without the value.
    pub(super) fn refused<E: de::Error>(self, received: Unexpected<'_>) -> E {
        match self {
            Self::OutOfRange(type_name) => E::invalid_value(
                received,
                &&*format!("a value within the range of {type_name}"),
            ),
            Self::Syntax(form) => E::invalid_value(received, &&*format!("text of the form {form}")),
        }
    }
}

impl fmt::Display for InvalidValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::OutOfRange(type_name) => write!(f, "value is beyond the range of {type_name}"),
            Self::Syntax(form) => write!(f, "text is not of the form {form}"),
        }
    }
}

impl Error for InvalidValue {}

//! What is no value of a type.

use std::error::Error;
use std::fmt;

/// What is no value of one of the types that .NET's classes carry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum InvalidValue {
    /// It is beyond the range of this type.
    OutOfRange(&'static str),
    /// The text is not of this form.
    Syntax(&'static str),
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

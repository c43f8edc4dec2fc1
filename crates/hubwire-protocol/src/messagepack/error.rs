//! Errors of reading values from MessagePack and writing them.

use std::error::Error;
use std::fmt;
use std::iter;

use serde::de::{self, Expected, Unexpected};
use serde::ser;

use super::head::{Fault, format_name};
use crate::error::EncodeError;

/// The reason why a value cannot be read from MessagePack or written as MessagePack.
#[derive(Debug)]
pub(crate) enum ValueError {
    /// An error of the value's own type.
    Custom(Box<str>),
    /// The bytes end within the value.
    EndOfStream,
    /// An extension that is not a timestamp.
    Extension(i8),
    /// Arrays and maps are nested too deeply.
    TooDeep,
    /// More elements or bytes than a length can express.
    TooLong(usize),
    /// A byte that cannot begin a value.
    Unexpected(u8),
    /// The number of elements that the value announced differs from the number that it wrote.
    WrongLength { announced: usize, written: usize },
}

impl fmt::Display for ValueError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Custom(text) => f.write_str(text),
            Self::EndOfStream => f.write_str("value is cut off"),
            Self::Extension(tag) => write!(f, "extension type {tag} is not supported"),
            Self::TooDeep => write!(f, "nested more than {} levels deep", super::MAXIMUM_DEPTH),
            Self::TooLong(length) => write!(f, "length of {length} exceeds 2147483647"),
            Self::Unexpected(code) => {
                write!(
                    f,
                    "unexpected MessagePack code {code} ({})",
                    format_name(*code)
                )
            }
            Self::WrongLength { announced, written } => {
                write!(
                    f,
                    "{announced} elements were announced and {written} written"
                )
            }
        }
    }
}

impl Error for ValueError {}

/// How many errors of a chain are looked at, which ends one that has no end.
const CHAIN_LENGTH: usize = 16;

/// Returns whether the cause of an error, itself or behind other errors, is a value that is nested
/// too deeply.
pub(crate) fn is_nested_too_deeply(cause: &(dyn Error + 'static)) -> bool {
    iter::successors(Some(cause), |&error| error.source())
        .take(CHAIN_LENGTH)
        .any(|error| matches!(error.downcast_ref(), Some(ValueError::TooDeep)))
}

impl de::Error for ValueError {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self::Custom(message.to_string().into())
    }

    /// Uses serde's own text, but with `nil` as the name of a unit.
    fn invalid_type(unexpected: Unexpected<'_>, expected: &dyn Expected) -> Self {
        match unexpected {
            Unexpected::Unit => {
                de::Error::custom(format_args!("invalid type: nil, expected {expected}"))
            }
            _ => de::Error::custom(format_args!(
                "invalid type: {unexpected}, expected {expected}"
            )),
        }
    }
}

impl ser::Error for ValueError {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self::Custom(message.to_string().into())
    }
}

impl From<Fault> for ValueError {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::EndOfStream => Self::EndOfStream,
            Fault::Unexpected(code) => Self::Unexpected(code),
        }
    }
}

impl From<ValueError> for EncodeError {
    fn from(error: ValueError) -> Self {
        Self::new(error)
    }
}

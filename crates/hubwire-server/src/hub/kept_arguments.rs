//! The arguments of a call as its client has sent them, kept for filters and policies that read
//! them.

use hubwire_protocol::{DecodeError, RawItem};
use serde::de::DeserializeOwned;

/// Decodes an argument, counted from 0. `remedy` says how arguments are kept, for whoever has not.
pub(super) fn decode_argument<T: DeserializeOwned>(
    arguments: Option<&[RawItem<'_>]>,
    position: usize,
    remedy: &str,
) -> Result<T, DecodeError> {
    let arguments = arguments.ok_or_else(|| not_kept(remedy))?;
    let argument = arguments.get(position);
    let argument = argument.ok_or_else(|| no_argument(position, arguments.len()))?;
    argument.decode()
}

/// Creates the error for arguments that were not kept.
pub(super) fn not_kept(remedy: &str) -> DecodeError {
    DecodeError::new(format!("the arguments were not kept: {remedy}"))
}

/// Creates the error for an argument that a call does not have.
pub(super) fn no_argument(position: usize, count: usize) -> DecodeError {
    DecodeError::new(format!(
        "there is no argument {position}: the call has {count}"
    ))
}

//! Arguments to be sent, and received values that are not decoded yet.

use serde::de::SeqAccess;

use crate::error::EncodeError;
use crate::naming::Naming;

mod binding;
mod declared_names;
mod items;
mod misfit;
mod misplaced;
mod received;
mod tuples;
mod wire_path;
mod with_defaults;

pub use misfit::dotnet_type_name;
pub use misplaced::MemberFinder;
pub(crate) use misplaced::PathNames;
pub use received::{RawArguments, RawItem};
pub use with_defaults::{DefaultArguments, WithDefaults};

/// Arguments of an invocation: a tuple of serializable values.
///
/// Implemented for tuples of up to 16 values. A single argument is `(value,)`, and no arguments are
/// `()`. The trait is object-safe, so the same arguments can be kept and written once for each
/// protocol in use.
///
/// ```
/// use hubwire::protocol::{Arguments, Naming};
///
/// let mut out = Vec::new();
/// let arguments: &dyn Arguments = &("room", 7);
/// arguments.write_json(&mut out, Naming::AsDeclared)?;
/// assert_eq!(out, br#"["room",7]"#);
///
/// out.clear();
/// arguments.write_messagepack(&mut out, Naming::AsDeclared)?;
/// assert_eq!(out, b"\x92\xa4room\x07");
/// # Ok::<(), hubwire::protocol::EncodeError>(())
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a list of arguments",
    label = "not a tuple of at most 16 serializable values",
    note = "arguments are a tuple, also when there is one of them, `(value,)`, or none, `()`",
    note = "each value must implement `serde::Serialize`, `Send` and `Sync`"
)]
pub trait Arguments: Send + Sync {
    /// Appends the arguments as a JSON array.
    ///
    /// # Errors
    ///
    /// Returns an error if a value cannot be serialized; `out` may then end with a part of the
    /// array.
    fn write_json(&self, out: &mut Vec<u8>, naming: Naming) -> Result<(), EncodeError>;

    /// Appends the arguments as a MessagePack array.
    ///
    /// # Errors
    ///
    /// Returns an error if a value cannot be serialized; `out` may then end with a part of the
    /// array.
    fn write_messagepack(&self, out: &mut Vec<u8>, naming: Naming) -> Result<(), EncodeError>;
}

/// A type that received arguments can be bound to: a tuple of deserializable values.
///
/// Implemented for tuples of up to 16 values.
#[diagnostic::on_unimplemented(
    message = "received arguments cannot be bound to `{Self}`",
    label = "not a tuple of at most 16 deserializable values",
    note = "arguments are bound to a tuple, also when there is one of them, `(T,)`, or none, `()`",
    note = "each type must implement `serde::de::DeserializeOwned`"
)]
pub trait BindArguments: Sized {
    /// The number of arguments, including those that may be left out.
    const COUNT: usize;

    /// The number of arguments that may not be left out.
    const REQUIRED: usize = Self::COUNT;

    /// Decodes `COUNT` elements and counts them in `provided`. Returns `None` if there are fewer
    /// than `REQUIRED`.
    ///
    /// # Errors
    ///
    /// Returns an error if an element does not fit its type.
    fn bind_elements<'de, A: SeqAccess<'de>>(
        elements: &mut A,
        provided: &mut usize,
    ) -> Result<Option<Self>, A::Error>;
}

#[cfg(test)]
mod tests;

//! What may be a parameter of a hub method, and what its result.

use serde::Serialize;
use serde::de::DeserializeOwned;

/// A type that can be decoded from the wire: owned and deserializable.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be a parameter of a hub method",
    label = "does not come from the wire",
    note = "parameters are decoded from what the client sent: derive `serde::Deserialize` and own the data"
)]
pub trait HubArgument: Sized {
    /// The type itself.
    type Decoded: DeserializeOwned + Send + 'static;
}

impl<T: DeserializeOwned + Send + 'static> HubArgument for T {
    type Decoded = T;
}

/// A type that a hub method can answer with.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be the result of a hub method",
    label = "cannot be sent to the client",
    note = "results are serialized for the client: derive `serde::Serialize`"
)]
pub trait HubReturn: Serialize {}

impl<T: Serialize + ?Sized> HubReturn for T {}

/// Fails to compile, at the type's own place, where a parameter cannot come from the wire.
pub const fn assert_argument<T: HubArgument>() {}

/// Fails to compile, at the type's own place, where a result cannot be sent.
pub const fn assert_result<T: HubReturn>() {}

//! The types that hub methods may take as parameters, return as results, and stream in either
//! direction.

use futures_core::Stream;
use serde::Serialize;
use serde::de::DeserializeOwned;

/// A type that can be decoded from the wire: owned and deserializable.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be a parameter of a hub method",
    label = "does not come from the wire",
    note = "parameters are decoded from what the client sent: derive `serde::Deserialize` and own the data",
    note = "what the call lends is borrowed: `&HubCallerContext<Self>`, `&Caller`, `&HubContext<Self>`"
)]
pub trait HubArgument: Sized {
    /// The type itself.
    type Decoded: DeserializeOwned + Send + 'static;
}

impl<T: DeserializeOwned + Send + 'static> HubArgument for T {
    type Decoded = T;
}

/// A type that a client can leave out at the end of a call's arguments.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be a parameter that clients may leave out",
    label = "cannot be decoded, or has no default",
    note = "an argument that is left out is `Default::default()`: implement `Default`, or take an `Option`",
    note = "parameters are decoded from what the client sent: derive `serde::Deserialize` and own the data"
)]
pub trait HubDefaultArgument: Sized {
    /// The type itself.
    type Decoded: DeserializeOwned + Default + Send + 'static;
}

impl<T: DeserializeOwned + Default + Send + 'static> HubDefaultArgument for T {
    type Decoded = T;
}

/// A type that a hub method can return.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be the result of a hub method",
    label = "cannot be sent to the client",
    note = "results are serialized for the client: derive `serde::Serialize`",
    note = "a stream is `impl Stream<Item = T>`, or its method carries `#[hub(stream)]`"
)]
pub trait HubReturn: Serialize {}

impl<T: Serialize + ?Sized> HubReturn for T {}

/// A type that a client can stream to a hub method: owned and deserializable.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be read from a stream of the client's",
    label = "does not come from the wire",
    note = "items are decoded from what the client sent: derive `serde::Deserialize` and own the data"
)]
pub trait HubStreamArgument: Sized {
    /// The type itself.
    type Decoded: DeserializeOwned + Send + 'static;
}

impl<T: DeserializeOwned + Send + 'static> HubStreamArgument for T {
    type Decoded = T;
}

/// A type that a hub method can stream to the client.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be an item of a hub method's stream",
    label = "cannot be sent to the client",
    note = "items are serialized for the client: derive `serde::Serialize`"
)]
pub trait HubStreamItem: Serialize {}

impl<T: Serialize + ?Sized> HubStreamItem for T {}

/// A stream that a hub method can return.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be streamed to the client",
    label = "not a stream that can be sent",
    note = "a streaming method returns a `Stream` that is `Send`"
)]
pub trait HubStream: Stream + Send + Sized {}

impl<S: Stream + Send> HubStream for S {}

/// Fails to compile, at the type's own span, if a parameter cannot be decoded.
pub const fn assert_argument<T: HubArgument>() {}

/// Fails to compile, at the type's own span, if a parameter cannot be decoded, or has no default.
pub const fn assert_default_argument<T: HubDefaultArgument>() {}

/// Fails to compile, at the type's own span, if the items of a client's stream cannot be decoded.
pub const fn assert_stream_argument<T: HubStreamArgument>() {}

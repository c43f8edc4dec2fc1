//! The declared result type of a client method: any type except a [`Result`].
//!
//! Inherent methods take precedence over trait methods, so [`Expected::kind`] of a [`Result`]
//! differs from that of any other type, even if the `Result` is written as an alias.

use std::fmt;
use std::marker::PhantomData;

use crate::client_result::decode;
use crate::{ClientResultError, ClientReturn, ConnectionId, RawClientResult};

/// Determines what kind of type `T` is.
#[derive(Debug)]
pub struct Expected<T>(PhantomData<fn() -> T>);

/// Returns the marker for a type that a client method is declared to return.
#[must_use]
pub const fn expected<T>() -> Expected<T> {
    Expected(PhantomData)
}

impl<T, E> Expected<Result<T, E>> {
    /// Returns the marker for a type that no client returns.
    #[must_use]
    pub const fn kind(self) -> ExpectsResult {
        ExpectsResult
    }
}

/// Implemented for every type; a [`Result`] shadows its method with an inherent one.
pub trait ExpectedValue: Sized {
    /// Returns the marker for a type that clients may return.
    #[must_use]
    fn kind(self) -> ExpectsValue {
        ExpectsValue
    }
}

impl<T> ExpectedValue for Expected<T> {}

/// A type that cannot be declared as the result of a client method. No type implements it.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be a client result",
    label = "is a `Result`",
    note = "write the type that the client returns: the proxy's method returns `Result<T, ClientResultError>` of it"
)]
pub trait ResultOfClient: Sized {
    /// Never used, because there is no implementation.
    const DECODER: ClientResultDecoder<Self>;
}

/// Marks a [`Result`].
#[derive(Clone, Copy, Debug)]
pub struct ExpectsResult;

impl ExpectsResult {
    /// Fails to compile, with the message of [`ResultOfClient`].
    #[must_use]
    pub fn decoder<T: ResultOfClient>(self) -> ClientResultDecoder<T> {
        T::DECODER
    }
}

/// Marks any other type.
#[derive(Clone, Copy, Debug)]
pub struct ExpectsValue;

impl ExpectsValue {
    /// Returns the decoder for the type.
    #[must_use]
    pub fn decoder<T: ClientReturn>(self) -> ClientResultDecoder<T> {
        ClientResultDecoder::new()
    }
}

/// Decodes the result of a client into a `T`. It carries no bounds, which makes the compiler
/// report a type that cannot be decoded only once.
pub struct ClientResultDecoder<T>(
    fn(&ConnectionId, RawClientResult) -> Result<T, ClientResultError>,
);

impl<T: ClientReturn> ClientResultDecoder<T> {
    pub(crate) fn new() -> Self {
        Self(decode)
    }
}

impl<T> ClientResultDecoder<T> {
    pub(crate) fn decode(
        &self,
        connection_id: &ConnectionId,
        result: RawClientResult,
    ) -> Result<T, ClientResultError> {
        (self.0)(connection_id, result)
    }
}

impl<T> fmt::Debug for ClientResultDecoder<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ClientResultDecoder")
    }
}

//! What a client is expected to return, decided by its type: anything but a [`Result`].
//!
//! A method of a type goes before one of a trait, so [`Expected::kind`] of a [`Result`] is not that of any other
//! type, whatever alias it was written as.

use std::fmt;
use std::marker::PhantomData;

use crate::client_result::decode;
use crate::{ClientResultError, ClientReturn, RawClientResult};

/// Asks what kind of type `T` is.
#[derive(Debug)]
pub struct Expected<T>(PhantomData<fn() -> T>);

/// A type that a client method is declared to return.
#[must_use]
pub const fn expected<T>() -> Expected<T> {
    Expected(PhantomData)
}

impl<T, E> Expected<Result<T, E>> {
    /// No client returns it.
    #[must_use]
    pub const fn kind(self) -> ExpectsResult {
        ExpectsResult
    }
}

/// What every type has that is no [`Result`].
pub trait ExpectedValue: Sized {
    /// Clients may return it.
    #[must_use]
    fn kind(self) -> ExpectsValue {
        ExpectsValue
    }
}

impl<T> ExpectedValue for Expected<T> {}

/// A type that a client method cannot be declared to return; there is none that may.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be a client result",
    label = "is a `Result`",
    note = "write the type that the client returns: the proxy's method returns `Result<T, ClientResultError>` of it"
)]
pub trait ResultOfClient: Sized {
    /// Decodes nothing.
    const DECODER: ClientResultDecoder<Self>;
}

/// What is expected is a [`Result`].
#[derive(Clone, Copy, Debug)]
pub struct ExpectsResult;

impl ExpectsResult {
    /// Fails to compile.
    #[must_use]
    pub fn decoder<T: ResultOfClient>(self) -> ClientResultDecoder<T> {
        T::DECODER
    }
}

/// What is expected is the value itself.
#[derive(Clone, Copy, Debug)]
pub struct ExpectsValue;

impl ExpectsValue {
    /// What decodes it.
    #[must_use]
    pub fn decoder<T: ClientReturn>(self) -> ClientResultDecoder<T> {
        ClientResultDecoder::new()
    }
}

/// Turns what a client returned into a `T`. It carries no bounds, so that of a type which cannot be decoded is
/// told only once.
pub struct ClientResultDecoder<T>(fn(RawClientResult) -> Result<T, ClientResultError>);

impl<T: ClientReturn> ClientResultDecoder<T> {
    pub(crate) fn new() -> Self {
        Self(decode)
    }
}

impl<T> ClientResultDecoder<T> {
    pub(crate) fn decode(&self, result: RawClientResult) -> Result<T, ClientResultError> {
        (self.0)(result)
    }
}

impl<T> fmt::Debug for ClientResultDecoder<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ClientResultDecoder")
    }
}

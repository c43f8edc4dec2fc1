//! Determines whether a return value of hub code can be an error, by its type and not by how that
//! is written.
//!
//! Inherent methods take precedence over trait methods, so [`Returned::kind`] of a [`Result`]
//! differs from that of any other type. Neither has bounds, because an error type that missed a
//! bound would be taken for a value. The bounds are on the methods of the two kinds.

use std::future::Future;
use std::marker::PhantomData;

use futures_core::Stream;

use super::reply::FallibleCall;
use super::{HubError, HubResult, HubReturn, HubStream, HubStreamItem, Reply, StreamSink};

/// Sends an item of a stream. It carries no bounds, which makes the compiler report an item that
/// cannot be sent only once.
pub type SendItem<T> = fn(&StreamSink, T) -> HubResult;

/// Determines what kind of type `T` is.
#[derive(Debug)]
pub struct Returned<T>(PhantomData<fn() -> T>);

/// Returns the marker for a type that hub code returned.
#[must_use]
pub const fn returned<T>() -> Returned<T> {
    Returned(PhantomData)
}

/// Returns the marker for the type of a value that hub code returned.
pub const fn returned_by<T>(_: &T) -> Returned<T> {
    returned()
}

/// Returns the marker for the type of a stream's items.
pub const fn streamed_by<S: HubStream>(_: &S) -> Returned<<S::Sent as Stream>::Item> {
    returned()
}

impl<T, E> Returned<Result<T, E>> {
    /// Returns the marker for a type that can be an error.
    #[must_use]
    pub const fn kind(&self) -> ReturnsResult {
        ReturnsResult
    }
}

/// Implemented for every type; a [`Result`] shadows its method with an inherent one.
pub trait ReturnedValue {
    /// Returns the marker for a type that is not an error.
    #[must_use]
    fn kind(&self) -> ReturnsValue {
        ReturnsValue
    }
}

impl<T> ReturnedValue for Returned<T> {}

/// A [`Result`], including one that is written as an alias.
pub trait AnyResult {
    /// The type of a success.
    type Value;
    /// The type of an error.
    type Error;

    /// Returns the result itself.
    ///
    /// # Errors
    ///
    /// Returns its own error.
    fn into_result(self) -> Result<Self::Value, Self::Error>;
}

impl<T, E> AnyResult for Result<T, E> {
    type Value = T;
    type Error = E;

    fn into_result(self) -> Self {
        self
    }
}

/// An error that hub code can return.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be the error of a hub method",
    label = "cannot be turned into a `HubError`",
    note = "implement `std::error::Error` for `{Self}`, to hide it from clients and log it, or return a `HubError`"
)]
pub trait IntoHubError {
    /// Converts the error to one of a hub method.
    fn into_hub_error(self) -> HubError;
}

impl<E> IntoHubError for E
where
    HubError: From<E>,
{
    fn into_hub_error(self) -> HubError {
        self.into()
    }
}

/// A type that a hook can return.
#[diagnostic::on_unimplemented(
    message = "a hook cannot return `{Self}`",
    label = "nobody reads it",
    note = "a hook returns nothing, or a `HubResult` of nothing"
)]
pub trait HookReturn {}

impl HookReturn for () {}

/// Marks a [`Result`].
#[derive(Clone, Copy, Debug)]
pub struct ReturnsResult;

impl ReturnsResult {
    /// Creates a run with a result for the caller.
    #[must_use]
    pub fn reply<R>(self, run: impl Future<Output = R> + Send + 'static) -> Reply
    where
        R: AnyResult<Value: HubReturn, Error: IntoHubError> + 'static,
    {
        Reply::call(FallibleCall::new(run))
    }

    /// Returns the outcome of a hook.
    ///
    /// # Errors
    ///
    /// Returns the hook's error.
    pub fn hook<R>(self, outcome: R) -> HubResult
    where
        R: AnyResult<Value: HookReturn, Error: IntoHubError>,
    {
        match outcome.into_result() {
            Ok(_) => Ok(()),
            Err(error) => Err(error.into_hub_error()),
        }
    }

    /// Returns the stream that a method returned.
    ///
    /// # Errors
    ///
    /// Returns the method's error.
    pub fn stream<S, E: IntoHubError>(self, made: Result<S, E>) -> HubResult<S> {
        made.map_err(E::into_hub_error)
    }

    /// Returns the function that sends an item, or ends the stream with its error.
    #[must_use]
    pub fn sending<R>(self, _: Returned<R>) -> SendItem<R>
    where
        R: AnyResult<Value: HubStreamItem, Error: IntoHubError>,
    {
        |sink, item| match item.into_result() {
            Ok(item) => sink.send(&item),
            Err(error) => Err(error.into_hub_error()),
        }
    }
}

/// Marks any other type: the value itself.
#[derive(Clone, Copy, Debug)]
pub struct ReturnsValue;

impl ReturnsValue {
    /// Creates a run with a value for the caller.
    #[must_use]
    pub fn reply<T: HubReturn>(self, run: impl Future<Output = T> + Send + 'static) -> Reply {
        Reply::value(run)
    }

    /// Returns the outcome of a hook.
    ///
    /// # Errors
    ///
    /// Never.
    pub fn hook<T: HookReturn>(self, _: T) -> HubResult {
        Ok(())
    }

    /// Returns the stream that a method returned.
    ///
    /// # Errors
    ///
    /// Never.
    pub fn stream<S>(self, stream: S) -> HubResult<S> {
        Ok(stream)
    }

    /// Returns the function that sends an item.
    #[must_use]
    pub fn sending<T: HubStreamItem>(self, _: Returned<T>) -> SendItem<T> {
        |sink, item| sink.send(&item)
    }
}

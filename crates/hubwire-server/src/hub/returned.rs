//! Whether what hub code returned can have failed: decided by its type, not by how that is written.
//!
//! A method of a type goes before one of a trait, so [`Returned::kind`] of a [`Result`] is not that of any
//! other type. Neither has bounds: an error type that missed one would be taken for a value. Bounds are at the
//! methods of the two kinds.

use std::future::Future;
use std::marker::PhantomData;

use super::reply::FallibleCall;
use super::{HubError, HubResult, HubReturn, HubStreamItem, Reply, StreamSink};

/// Sends an item of a stream. It carries no bounds, so that of an item which cannot be sent is told only once.
pub type SendItem<T> = fn(&StreamSink, T) -> HubResult;

/// Asks what kind of type `T` is.
#[derive(Debug)]
pub struct Returned<T>(PhantomData<fn() -> T>);

/// A type that hub code returned.
#[must_use]
pub const fn returned<T>() -> Returned<T> {
    Returned(PhantomData)
}

/// The type of a value that hub code returned.
pub const fn returned_by<T>(_: &T) -> Returned<T> {
    returned()
}

impl<T, E> Returned<Result<T, E>> {
    /// Can have failed.
    #[must_use]
    pub const fn kind(&self) -> ReturnsResult {
        ReturnsResult
    }
}

/// What every type has that is no [`Result`].
pub trait ReturnedValue {
    /// Cannot have failed.
    #[must_use]
    fn kind(&self) -> ReturnsValue {
        ReturnsValue
    }
}

impl<T> ReturnedValue for Returned<T> {}

/// A [`Result`], whatever alias it was written as.
pub trait AnyResult {
    /// What a success has.
    type Value;
    /// Why it failed.
    type Error;

    /// The result itself.
    ///
    /// # Errors
    ///
    /// Its own.
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
    /// The error as one of a hub method.
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

/// What a hook can return.
#[diagnostic::on_unimplemented(
    message = "a hook cannot return `{Self}`",
    label = "nobody reads it",
    note = "a hook returns nothing, or a `HubResult` of nothing"
)]
pub trait HookReturn {}

impl HookReturn for () {}

/// What was returned is a [`Result`].
#[derive(Clone, Copy, Debug)]
pub struct ReturnsResult;

impl ReturnsResult {
    /// A run whose result the caller gets.
    #[must_use]
    pub fn reply<R>(self, run: impl Future<Output = R> + Send + 'static) -> Reply
    where
        R: AnyResult<Value: HubReturn, Error: IntoHubError> + 'static,
    {
        Reply::call(FallibleCall::new(run))
    }

    /// What a hook returned.
    ///
    /// # Errors
    ///
    /// The hook's.
    pub fn hook<R>(self, outcome: R) -> HubResult
    where
        R: AnyResult<Value: HookReturn, Error: IntoHubError>,
    {
        match outcome.into_result() {
            Ok(_) => Ok(()),
            Err(error) => Err(error.into_hub_error()),
        }
    }

    /// The stream that a method returned.
    ///
    /// # Errors
    ///
    /// What the method failed with.
    pub fn stream<S, E: IntoHubError>(self, made: Result<S, E>) -> HubResult<S> {
        made.map_err(E::into_hub_error)
    }

    /// What sends an item, or ends the stream with its error.
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

/// What was returned is the value itself.
#[derive(Clone, Copy, Debug)]
pub struct ReturnsValue;

impl ReturnsValue {
    /// A run whose value the caller gets.
    #[must_use]
    pub fn reply<T: HubReturn>(self, run: impl Future<Output = T> + Send + 'static) -> Reply {
        Reply::value(run)
    }

    /// What a hook returned.
    ///
    /// # Errors
    ///
    /// None.
    pub fn hook<T: HookReturn>(self, _: T) -> HubResult {
        Ok(())
    }

    /// The stream that a method returned.
    ///
    /// # Errors
    ///
    /// None.
    pub fn stream<S>(self, stream: S) -> HubResult<S> {
        Ok(stream)
    }

    /// What sends an item.
    #[must_use]
    pub fn sending<T: HubStreamItem>(self, _: Returned<T>) -> SendItem<T> {
        |sink, item| sink.send(&item)
    }
}

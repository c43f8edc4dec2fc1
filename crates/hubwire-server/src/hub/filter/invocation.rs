//! A call as filters see it, and what it results in.

use std::fmt;
use std::time::Duration;

use futures_core::Stream;
use hubwire_core::HubName;
use hubwire_protocol::{DecodeError, HubProtocol, Naming, RawArguments, RawItem};
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::time::Instant;

use crate::hub::success::Success;
use crate::hub::{Caller, HubResult, StartStream};
use crate::node::Guarded;

/// A call of a hub method, before the method runs.
pub struct HubInvocation {
    pub(super) hub: HubName,
    pub(super) method: Box<str>,
    pub(super) caller: Caller,
    /// `None` if no filter reads arguments.
    pub(super) arguments: Option<Vec<RawItem<'static>>>,
    pub(super) is_replaced: bool,
    pub(super) encoding: Encoding,
    pub(super) received: Instant,
}

/// How values of a call are written.
#[derive(Clone, Copy, Debug)]
pub(super) struct Encoding {
    pub(super) protocol: HubProtocol,
    pub(super) naming: Naming,
}

impl Encoding {
    fn encode<T: Serialize + ?Sized>(self, value: &T) -> HubResult<RawItem<'static>> {
        Ok(RawItem::encode(
            self.protocol,
            self.naming,
            &Success(value),
        )?)
    }
}

impl HubInvocation {
    /// The connection that the call came from. A filter may send to clients and invoke them as the method may.
    #[must_use]
    pub fn caller(&self) -> &Caller {
        &self.caller
    }

    /// The hub's name, see [`HubBuilder::name`](crate::HubBuilder::name).
    #[must_use]
    pub fn hub_name(&self) -> &HubName {
        &self.hub
    }

    /// The method's name as it is declared, not as the client spelt it.
    #[must_use]
    pub fn method_name(&self) -> &str {
        &self.method
    }

    /// How long ago the call was received.
    #[must_use]
    pub fn elapsed(&self) -> Duration {
        self.received.elapsed()
    }

    /// How many arguments the client sent; 0 if no filter of the hub [reads](super::HubFilter::reads_arguments) them.
    #[must_use]
    pub fn argument_count(&self) -> usize {
        self.arguments.as_ref().map_or(0, Vec::len)
    }

    /// Decodes an argument, counted from 0.
    ///
    /// The type is the filter's choice: it need not be that of the method's parameter.
    ///
    /// # Errors
    ///
    /// If the argument has another type, if there is none at this position, or if no filter of the hub
    /// [reads](super::HubFilter::reads_arguments) arguments.
    pub fn argument<T: DeserializeOwned>(&self, position: usize) -> Result<T, DecodeError> {
        let arguments = self.arguments.as_ref().ok_or_else(|| {
            DecodeError::new("the arguments were not kept: say so in `HubFilter::reads_arguments`")
        })?;
        let argument = arguments
            .get(position)
            .ok_or_else(|| no_argument(position, arguments.len()))?;
        argument.decode()
    }

    /// Gives the method another argument at a position, counted from 0.
    ///
    /// # Errors
    ///
    /// If the value cannot be serialized, and as [`HubInvocation::argument`]. Whether the value fits the method's
    /// parameter is found out when the method is called: if it does not, the call fails with a hidden error.
    pub fn replace_argument<T: Serialize + ?Sized>(
        &mut self,
        position: usize,
        value: &T,
    ) -> HubResult {
        let value = RawItem::encode(self.encoding.protocol, self.encoding.naming, value)?;
        let arguments = self.arguments.as_mut().ok_or_else(|| {
            DecodeError::new("the arguments were not kept: say so in `HubFilter::reads_arguments`")
        })?;
        let count = arguments.len();
        let argument = arguments
            .get_mut(position)
            .ok_or_else(|| no_argument(position, count))?;
        *argument = value;
        self.is_replaced = true;
        Ok(())
    }

    /// Encodes a result, to be returned in place of the method's.
    ///
    /// It need not have the type of the method's own result.
    ///
    /// # Errors
    ///
    /// If the value cannot be serialized.
    pub fn result<T: Serialize + ?Sized>(&self, value: &T) -> HubResult<InvocationResult> {
        Ok(InvocationResult(Outcome::Value(
            self.encoding.encode(value)?,
        )))
    }

    /// A stream of items, to be returned in place of the one of a method that streams.
    pub fn stream_result<S>(&self, stream: S) -> InvocationResult
    where
        S: Stream<Item: Serialize> + Send + 'static,
    {
        let start: StartStream = Box::new(|sink| Box::pin(sink.send_all(stream)));
        InvocationResult(Outcome::Stream(Guarded::new(start)))
    }

    /// The arguments that the method is called with in place of those that the client sent, if any was replaced.
    pub(super) fn replaced_arguments(&self) -> Option<HubResult<RawArguments<'static>>> {
        let arguments = self.arguments.as_ref().filter(|_| self.is_replaced)?;
        let arguments = RawArguments::from_items(self.encoding.protocol, arguments);
        let named = arguments.map(|arguments| arguments.with_naming(self.encoding.naming));
        Some(named.map_err(Into::into))
    }
}

fn no_argument(position: usize, count: usize) -> DecodeError {
    DecodeError::new(format!(
        "there is no argument {position}, but {count} in all"
    ))
}

impl fmt::Debug for HubInvocation {
    /// Leaves the arguments out, which a log must not have.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HubInvocation")
            .field("hub", &self.hub)
            .field("method", &self.method)
            .field("caller", &self.caller)
            .finish_non_exhaustive()
    }
}

/// What a call results in, encoded as it goes to the client.
///
/// A filter makes one with [`HubInvocation::result`].
pub struct InvocationResult(pub(super) Outcome);

pub(super) enum Outcome {
    Value(RawItem<'static>),
    /// The client gets no response, and no filter reads the result.
    Unread,
    Stream(Guarded<StartStream>),
}

impl InvocationResult {
    /// Decodes the result; that of a method without one is null.
    ///
    /// # Errors
    ///
    /// If the result has another type, if it is a stream, or if the client gets no response and no filter of the hub
    /// [reads](super::HubFilter::reads_results) results.
    pub fn decode<T: DeserializeOwned>(&self) -> Result<T, DecodeError> {
        match &self.0 {
            Outcome::Value(value) => value.decode(),
            Outcome::Stream(_) => Err(DecodeError::new("the result is a stream")),
            Outcome::Unread => Err(DecodeError::new(
                "the result was not encoded: say so in `HubFilter::reads_results`",
            )),
        }
    }

    /// Whether the method returned a stream, which has not begun.
    #[must_use]
    pub fn is_stream(&self) -> bool {
        matches!(self.0, Outcome::Stream(_))
    }
}

impl fmt::Debug for InvocationResult {
    /// Leaves the value out, which a log must not have.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.0 {
            Outcome::Value(_) => "InvocationResult::Value",
            Outcome::Unread => "InvocationResult::Unread",
            Outcome::Stream(_) => "InvocationResult::Stream",
        })
    }
}

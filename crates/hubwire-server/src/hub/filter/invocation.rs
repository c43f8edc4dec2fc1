//! A call as filters see it, and its result.

use std::fmt;
use std::time::Duration;

use futures_core::Stream;
use hubwire_core::HubName;
use hubwire_protocol::{DecodeError, Headers, HubProtocol, Naming, RawArguments, RawItem};
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::time::Instant;

use crate::hub::kept_arguments::{decode_argument, no_argument, not_kept};
use crate::hub::success::Success;
use crate::hub::{Caller, HubResult, StartStream};
use crate::node::Guarded;

/// How a filter gets the arguments of calls.
const REMEDY: &str = "return `true` from `HubFilter::reads_arguments`";

/// A call of a hub method, before the method runs.
pub struct HubInvocation {
    pub(super) hub: HubName,
    pub(super) method: Box<str>,
    pub(super) caller: Caller,
    pub(super) headers: Headers<'static>,
    /// `None` if no filter reads arguments.
    pub(super) arguments: Option<Vec<RawItem<'static>>>,
    /// The number of parameters for which there are no arguments.
    pub(super) left_out: usize,
    pub(super) is_replaced: bool,
    pub(super) encoding: Encoding,
    pub(super) received: Instant,
}

/// How the values of a call are encoded.
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
    /// Returns the connection that the call came from. A filter may send to clients and invoke them
    /// as the method may.
    #[must_use]
    pub fn caller(&self) -> &Caller {
        &self.caller
    }

    /// Returns the hub's name, see [`HubBuilder::name`](crate::HubBuilder::name).
    #[must_use]
    pub fn hub_name(&self) -> &HubName {
        &self.hub
    }

    /// Returns the method's name as it is declared, which may differ in case from the client's
    /// spelling.
    #[must_use]
    pub fn method_name(&self) -> &str {
        &self.method
    }

    /// Returns the headers of the message, which are not those of an HTTP request: a client may
    /// send other ones with each call. .NET clients that are traced send the trace context; most
    /// others send none.
    ///
    /// [`ConnectionRequest`](crate::ConnectionRequest) has the headers of the request that opened
    /// the connection.
    #[must_use]
    pub fn headers(&self) -> &Headers<'static> {
        &self.headers
    }

    /// Returns the time since the call was received.
    #[must_use]
    pub fn elapsed(&self) -> Duration {
        self.received.elapsed()
    }

    /// Returns the number of arguments; 0 if no filter of the hub
    /// [reads](super::HubFilter::reads_arguments) them.
    ///
    /// It is less than the number of the method's parameters if the client has left some out that
    /// are marked with `#[hub(default)]`.
    #[must_use]
    pub fn argument_count(&self) -> usize {
        self.arguments.as_ref().map_or(0, Vec::len)
    }

    /// Decodes an argument, counted from 0.
    ///
    /// The type need not be that of the method's parameter.
    ///
    /// # Errors
    ///
    /// Returns an error if the argument has another type, if there is none at this position, or if
    /// no filter of the hub [reads](super::HubFilter::reads_arguments) arguments.
    pub fn argument<T: DeserializeOwned>(&self, position: usize) -> Result<T, DecodeError> {
        decode_argument(self.arguments.as_deref(), position, REMEDY)
    }

    /// Replaces the argument at a position, counted from 0.
    ///
    /// If the client has left out arguments, the first of these can be set like this, too.
    ///
    /// # Errors
    ///
    /// Returns an error if the value cannot be serialized, and in the cases of
    /// [`HubInvocation::argument`] except for another type. The value is decoded as the method's
    /// parameter only when the method is called: if it does not fit, the call fails with a hidden
    /// error.
    pub fn replace_argument<T: Serialize + ?Sized>(
        &mut self,
        position: usize,
        value: &T,
    ) -> HubResult {
        let value = RawItem::encode(self.encoding.protocol, self.encoding.naming, value)?;
        let arguments = self.arguments.as_mut().ok_or_else(|| not_kept(REMEDY))?;
        let count = arguments.len();
        match arguments.get_mut(position) {
            Some(argument) => *argument = value,
            None if position == count && self.left_out > 0 => {
                arguments.push(value);
                self.left_out -= 1;
            }
            None => return Err(no_argument(position, count).into()),
        }
        self.is_replaced = true;
        Ok(())
    }

    /// Encodes a result to return in place of the method's result.
    ///
    /// It need not have the type of the method's own result.
    ///
    /// # Errors
    ///
    /// Returns an error if the value cannot be serialized.
    pub fn result<T: Serialize + ?Sized>(&self, value: &T) -> HubResult<InvocationResult> {
        Ok(InvocationResult(Outcome::Value(
            self.encoding.encode(value)?,
        )))
    }

    /// Creates a stream of items to return in place of a streaming method's stream.
    pub fn stream_result<S>(&self, stream: S) -> InvocationResult
    where
        S: Stream<Item: Serialize> + Send + 'static,
    {
        let start: StartStream = Box::new(|sink| Box::pin(sink.send_all(stream)));
        InvocationResult(Outcome::Stream(Guarded::new(start)))
    }

    /// Returns the arguments that the method is called with; `None` if no argument was replaced.
    pub(super) fn replaced_arguments(&self) -> Option<HubResult<RawArguments<'static>>> {
        let arguments = self.arguments.as_ref().filter(|_| self.is_replaced)?;
        let arguments = RawArguments::from_items(self.encoding.protocol, arguments);
        let named = arguments.map(|arguments| arguments.with_naming(self.encoding.naming));
        Some(named.map_err(Into::into))
    }
}

impl fmt::Debug for HubInvocation {
    /// Omits the arguments, which must not be logged.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HubInvocation")
            .field("hub", &self.hub)
            .field("method", &self.method)
            .field("caller", &self.caller)
            .finish_non_exhaustive()
    }
}

/// The result of a call, encoded as it is sent to the client.
///
/// A filter creates one with [`HubInvocation::result`].
pub struct InvocationResult(pub(super) Outcome);

pub(super) enum Outcome {
    Value(RawItem<'static>),
    /// The client gets no response, and no filter reads the result.
    Unread,
    Stream(Guarded<StartStream>),
}

impl InvocationResult {
    /// Decodes the result. The result of a method without one is null.
    ///
    /// # Errors
    ///
    /// Returns an error if the result has another type, if it is a stream, or if the client gets no
    /// response and no filter of the hub [reads](super::HubFilter::reads_results) results.
    pub fn decode<T: DeserializeOwned>(&self) -> Result<T, DecodeError> {
        match &self.0 {
            Outcome::Value(value) => value.decode(),
            Outcome::Stream(_) => Err(DecodeError::new("the result is a stream")),
            Outcome::Unread => Err(DecodeError::new(
                "the result was not encoded: say so in `HubFilter::reads_results`",
            )),
        }
    }

    /// Returns whether the method returned a stream, which has not begun.
    #[must_use]
    pub fn is_stream(&self) -> bool {
        matches!(self.0, Outcome::Stream(_))
    }
}

impl fmt::Debug for InvocationResult {
    /// Omits the value, which must not be logged.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.0 {
            Outcome::Value(_) => "InvocationResult::Value",
            Outcome::Unread => "InvocationResult::Unread",
            Outcome::Stream(_) => "InvocationResult::Stream",
        })
    }
}

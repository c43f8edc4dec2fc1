//! The call of a hub method, before its arguments are decoded.

use std::marker::PhantomData;

use hubwire_protocol::{BindArguments, BindError};
use serde::de::DeserializeOwned;
use tokio_util::sync::CancellationToken;

use super::{Hub, HubCall, HubCallerContext, LentStreamReader};

/// A call of a method of hub `H`: the caller, the undecoded arguments, and the resources made for
/// the call.
#[derive(Debug)]
pub struct Call<'a, H: Hub> {
    call: HubCall<'a>,
    hub: PhantomData<fn() -> H>,
}

impl<'a, H: Hub> Call<'a, H> {
    pub(crate) fn new(call: HubCall<'a>) -> Self {
        Self {
            call,
            hub: PhantomData,
        }
    }

    /// Returns the context to pass to the method.
    #[must_use]
    pub fn context(&self) -> HubCallerContext<H> {
        HubCallerContext::new(self.call.caller_in_scope())
    }

    /// Returns the token to pass to the method: it fires when the caller cancels the call or its
    /// connection ends.
    ///
    /// It is not an argument on the wire.
    ///
    /// # Panics
    ///
    /// Panics if [`Hub::resources`] made no token for this method; that refuses the call.
    #[must_use]
    #[track_caller]
    pub fn cancellation_token(&self) -> CancellationToken {
        let token = self.call.cancellation_token();
        token.expect("`Hub::resources` makes the token of a method that takes one")
    }

    /// Returns the client's stream at this position among the method's streams, to be opened when
    /// the method runs.
    ///
    /// # Panics
    ///
    /// Panics if [`Hub::resources`] made no stream of such items at this position; that refuses
    /// the call.
    #[must_use]
    #[track_caller]
    pub fn stream_reader<T>(&self, index: usize) -> LentStreamReader<T>
    where
        T: DeserializeOwned + Send + 'static,
    {
        let reader = self.call.stream_reader(index);
        reader.expect("`Hub::resources` makes the streams that a method takes, with these items")
    }

    /// Decodes the arguments into the types of the method's parameters.
    ///
    /// # Errors
    ///
    /// Returns [`BindError`] if the number of arguments is wrong or an argument does not fit its
    /// type. The caller gets it as an error completion, and the connection lives on.
    pub fn arguments<T: BindArguments>(&self) -> Result<T, BindError> {
        self.call.arguments.bind()
    }
}

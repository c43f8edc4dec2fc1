//! A call of a hub's method, before its arguments are decoded.

use std::marker::PhantomData;

use hubwire_protocol::{BindArguments, BindError};
use serde::de::DeserializeOwned;
use tokio_util::sync::CancellationToken;

use super::{Hub, HubCall, HubCallerContext, LentStreamReader};

/// A call of a method of hub `H`: who called, arguments still as they came, and what was made for the call.
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

    /// The context to hand to the method.
    #[must_use]
    pub fn context(&self) -> HubCallerContext<H> {
        HubCallerContext::new(self.call.caller_in_scope())
    }

    /// The token to hand to the method: fires when the caller cancels the call or its connection ends.
    ///
    /// On the wire there is no argument for it.
    ///
    /// # Panics
    ///
    /// If [`Hub::resources`] made none for this method; that refuses the call.
    #[must_use]
    #[track_caller]
    pub fn cancellation_token(&self) -> CancellationToken {
        let token = self.call.cancellation_token();
        token.expect("`Hub::resources` makes the token of a method that takes one")
    }

    /// The client's stream at this place among the method's streams, to be handed to the method when it runs.
    ///
    /// # Panics
    ///
    /// If [`Hub::resources`] made no stream of such items at this place for this method; that refuses the call.
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
    /// [`BindError`] when their number differs or one does not fit its type; the caller gets it as an
    /// error completion, and the connection lives.
    pub fn arguments<T: BindArguments>(&self) -> Result<T, BindError> {
        self.call.arguments.bind()
    }
}

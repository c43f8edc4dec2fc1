//! A call of a hub's method, before its arguments are decoded.

use std::marker::PhantomData;
use std::sync::Arc;

use hubwire_core::InvocationScope;
use hubwire_protocol::{BindArguments, BindError};
use serde::de::DeserializeOwned;
use tokio_util::sync::CancellationToken;

use crate::hub::{Hub, HubCall, HubCallerContext, StreamReader};

/// A call of a method of hub `H`: who called, and arguments still as they came.
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
        let scope: Arc<dyn InvocationScope> = self.call.resources.slot();
        HubCallerContext::new(self.call.caller.in_scope(scope))
    }

    /// The token to hand to the method: fires when the caller cancels the call or its connection ends.
    ///
    /// The same one each time. On the wire there is no argument for it.
    #[must_use]
    pub fn cancellation_token(&self) -> CancellationToken {
        self.call.resources.token()
    }

    /// The next stream that the client sends along, in the order of the method's parameters.
    #[must_use]
    pub fn stream_reader<T>(&self) -> StreamReader<T>
    where
        T: DeserializeOwned + Send + 'static,
    {
        self.call.resources.stream_reader()
    }

    /// Decodes the arguments into the types of the method's parameters.
    ///
    /// # Errors
    ///
    /// [`BindError`] when their number differs or one does not fit its type; the caller gets it as an
    /// error completion, and the connection lives.
    pub fn bind<T: BindArguments>(&self) -> Result<T, BindError> {
        self.call.arguments.bind()
    }
}

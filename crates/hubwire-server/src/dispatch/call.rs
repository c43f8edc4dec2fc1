//! A call of a hub's method, before its arguments are decoded.

use std::marker::PhantomData;

use hubwire_protocol::{BindArguments, BindError};

use crate::hub::{Hub, HubCall, HubCallerContext};

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
        HubCallerContext::new(self.call.caller.clone())
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
